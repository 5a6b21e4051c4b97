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
"""Tests what a suite promises."""

import math

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting.environments import seeds
from kickstarting.environments.suites import suite as suite_lib

_TASKS = (
    suite_lib.Task('a', 'level-a', max_words=3),
    suite_lib.Task('b', 'level-b', max_words=5, random_return=1.0),
)


def _suite(tasks=_TASKS, **fields):
  return suite_lib.complete(suite_lib.Suite(
      'mine', tasks, lambda *args: args, **fields))


class SuiteTest(parameterized.TestCase):

  def test_the_longest_instruction(self):
    self.assertEqual(_suite().max_words, 5)
    self.assertEqual(_suite(max_words=9).max_words, 9)
    self.assertEqual(_suite().select(['a']).max_words, 3)
    # Some tasks played alone keep the shapes of all.
    self.assertEqual(_suite()._replace(tasks=_TASKS[:1]).max_words, 5)

  def test_what_makes_a_batch_is_told(self):
    suite = _suite(settings={'x': 1})
    tasks, streams, settings = suite.make_batch(
        7, seed=3, group=seeds.Group.EVALUATION)
    self.assertEqual(tasks, _TASKS)
    self.assertEqual(settings, {'x': 1})
    self.assertEqual(streams.per_task, 7)
    self.assertEqual(streams.keywords(), {
        'seed': 3, 'actor_id': 0, 'group': seeds.Group.EVALUATION,
        'max_words': 5, 'bootstrap_on_timeout': False})

  @parameterized.parameters(
      (dict(tasks=()), "suite 'mine' has no tasks; expected at least one"),
      (dict(tasks=_TASKS + _TASKS[:1]), "'mine' has 'a' twice; expected each"),
      (dict(tasks=(_TASKS[0], _TASKS[1]._replace(level='level-a'))),
       "'mine' has 'level-a' twice"),
      (dict(tasks=(_TASKS[0]._replace(reference_return=0.0),)),
       "task 'a': reference_return 0.0 is not above random_return 0.0"),
      (dict(score_cap=math.nan), "score_cap of suite 'mine' is nan"),
      (dict(score_cap=0.0), "score_cap of suite 'mine' is 0.0"),
  )
  def test_errors(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      _suite(**fields)

  def test_unknown_settings(self):
    suite_lib.check_settings({'cache': 1}, ('cache', 'width'), 'Lab')
    with self.assertRaisesRegex(
        ValueError, "unknown setting of Lab 'cahce'; .*'cache'"):
      suite_lib.check_settings({'cahce': 1}, ('cache', 'width'), 'Lab')


if __name__ == '__main__':
  absltest.main()
