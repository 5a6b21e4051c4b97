# Copyright 2026 The kickstarting Authors.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     https://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
# ==============================================================================
"""Tests of tools/make_build.py on a project of a few lines."""

from absl.testing import absltest

from tools import make_build

_SOURCES = {
    'kickstarting/__init__.py': 'from kickstarting.losses.a import f\n',
    'kickstarting/losses/__init__.py': '',
    'kickstarting/losses/a.py': (
        'import threading\n'
        'import haiku as hk\n'
        'from absl import flags\n'
        'from kickstarting.losses import b\n'
    ),
    'kickstarting/losses/b.py': 'import jax.numpy as jnp\n',
    'kickstarting/teachers/zoo.py': '',
    'experiments/train.py': (
        "from kickstarting import f\nif __name__ == '__main__':\n  f()\n"
    ),
    'kickstarting_test/losses/a_test.py': (
        "import kickstarting.losses.a\nRUN = ['-m', 'experiments.train']\n"
        "MAKE = 'kickstarting.losses.b:f'\n"
    ),
}


class MakeBuildTest(absltest.TestCase):

  def _rule(self, path, files=()):
    text = make_build.render(_SOURCES, files)
    (rule,) = [r for r in text.split('\n\n') if f'srcs = ["{path}"]' in r]
    return rule.strip()

  def test_library_lists_modules_and_distributions_but_not_stdlib(self):
    self.assertEqual(
        self._rule('kickstarting/losses/a.py'),
        'py_library(\n'
        '    name = "losses_a",\n'
        '    srcs = ["kickstarting/losses/a.py"],\n'
        '    deps = [\n'
        '        ":losses_b",\n'
        '        # pip: absl-py\n'
        '        # pip: dm-haiku\n'
        '    ],\n'
        ')',
    )

  def test_public_target_holds_the_whole_library(self):
    rule = self._rule('kickstarting/__init__.py')
    self.assertIn('name = "kickstarting"', rule)
    self.assertIn('//visibility:public', rule)
    for target in ('losses', 'losses_a', 'losses_b', 'teachers_zoo'):
      self.assertIn(f'":{target}"', rule)
    self.assertNotIn('experiments', rule)

  def test_script_is_a_binary_that_depends_on_the_package_of_a_symbol(self):
    rule = self._rule('experiments/train.py')
    self.assertStartsWith(rule, 'py_binary(')
    self.assertIn('main = "experiments/train.py"', rule)
    self.assertIn('":kickstarting"', rule)

  def test_test_depends_on_what_it_imports_and_what_it_runs(self):
    rule = self._rule('kickstarting_test/losses/a_test.py')
    self.assertStartsWith(rule, 'py_test(\n    name = "losses_a_test"')
    self.assertIn('":losses_a"', rule)
    self.assertIn('":experiments_train"', rule)
    self.assertIn('":losses_b"', rule)

  def test_data_is_listed_only_where_there_is_some(self):
    path = 'kickstarting/teachers/zoo.py'
    self.assertNotIn('glob', self._rule(path))
    files = ['kickstarting/teachers/experts/minigrid8/manifest.json']
    self.assertIn('glob(["kickstarting/teachers/experts/**"])',
                  self._rule(path, files))

  def test_targets_that_need_each_other_are_refused(self):
    sources = _SOURCES | {
        'kickstarting/losses/b.py': "RUN = 'experiments.train'\n"}
    with self.assertRaisesRegex(
        ValueError, 'targets depend on each other: .*losses_b.* <- '):
      make_build.render(sources, [])


if __name__ == '__main__':
  absltest.main()
