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
"""Runs the example of the README as a reader would; checks tables."""

import contextlib
import io
import pathlib
import re

from absl.testing import absltest
import jax

import kickstarting

_README = pathlib.Path(__file__).parents[1] / 'README.md'


def _examples() -> list[str]:
  """Returns the Python of the README."""
  return re.findall(
      r'^```python\n(.*?)^```$', _README.read_text('utf-8'), re.M | re.S)


class ReadmeTest(absltest.TestCase):

  def test_a_whole_run_takes_ten_lines(self):
    example, _ = _examples()
    self.assertLessEqual(
        len([line for line in example.splitlines() if line.strip()]), 12)
    folder = self.create_tempdir().full_path
    names = {}
    with contextlib.chdir(folder):
      exec(example, names)
    # CartPole's usual bar; a random policy gets about 22. Not all of the last
    # episodes need be as good: actions are drawn, and learning goes on.
    for name in ('expert', 'student'):
      scores = [record['score'] or 0.0 for record in names[name].records]
      self.assertGreater(max(scores), 475, name)
    for path in ('curve.png', 'student.npz', 'results/student/policy.npz'):
      self.assertTrue((pathlib.Path(folder) / path).exists(), path)

  def test_example_draws_the_student_to_its_teacher(self):
    _, example = _examples()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
      exec(example, {})
    values = [float(line.split()[-1]) for line in printed.getvalue().split('\n')
              if line]
    self.assertLen(values, 5)
    # Cross-entropy starts at that of a uniform student, log(4) = 1.386.
    self.assertAlmostEqual(values[0], 1.386, places=3)
    self.assertLess(values[-1], 0.8 * values[0])


class MixAndMatchPageTest(absltest.TestCase):

  def test_example_is_a_network(self):
    page = (_README.parent / 'docs' / 'mix_and_match.md').read_text('utf-8')
    (example,) = re.findall(r'^```python\n(.*?)^```$', page, re.M | re.S)
    names = {}
    exec(example, names)
    self.assertLen(names['network'].branches, 2)


class DistillationPageTest(absltest.TestCase):

  def test_table_has_every_method(self):
    page = (_README.parent / 'docs' / 'distillation.md').read_text('utf-8')
    rows = re.findall(
        r'^\| `(\w+)`.*\| (yes|no) \| ([\w, ]+) \|$', page, re.M)
    self.assertEqual(
        {name: (gradient == 'yes', needs.split(', '))
         for name, gradient, needs in rows},
        {name: (method.is_gradient_field, [
            {'logits': 'policy'}.get(need, need)
            for need in sorted(method.needs)] or ['nothing'])
         for name, method in kickstarting.METHODS.items()
         if not name.endswith('_plus_r')})


if __name__ == '__main__':
  jax.config.update('jax_numpy_rank_promotion', 'raise')
  absltest.main()
