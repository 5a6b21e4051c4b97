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
"""Tests of advice.py: each thing is noticed, said once, and has a cause."""

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting.runtime import advice

_FINE = {'score': 50.0, 'entropy': 1.0, 'baseline': 0.1,
         'teacher_agreement': 0.9, 'lambda': {'a': 1.0, 'b': 0.5}}


def _advise(*changes):
  """Returns what is said of records 10 frames apart, of a budget of 100."""
  adviser = advice.Adviser(100)
  return [adviser({**_FINE, 'frames': 10 * i, **change})
          for i, change in enumerate(changes, 1)]


class AdviserTest(parameterized.TestCase):

  @parameterized.parameters(
      ([{}, {'teacher_agreement': 0.65}] * 2, 'agrees .* in 65%', 1),
      ([{'entropy': 0.005}] * 3, 'entropy of 0.005', 0),
      ([{'baseline': 900.0}] * 5, 'value loss, 900 a step', 2),
      ([{}, {'lambda': {'a': 0.0}}, {'lambda': {'a': 0.0}, 'score': 30.0},
        {'lambda': {'a': 0.0}, 'score': 30.0}],
       'from 50 to 30 since .* let go too early', 2))
  def test_is_said_once(self, changes, text, place):
    said = _advise(*changes)
    self.assertEqual([len(texts) for texts in said],
                     [i == place for i in range(len(said))])
    self.assertRegex(said[place][0], text)

  @parameterized.parameters(
      [[{}] * 9],
      [[{}, {'teacher_agreement': 0.5, 'lambda': {'a': 0.1}}]],  # a low weight
      [[{}] * 6 + [{'entropy': 0.001}]],  # at the end it may
      [[{'baseline': 900.0}, {}] * 4],
      [[{}, {'lambda': {'a': 0.0}, 'score': 40.0}] * 3],
      [[{'score': None, 'lambda': {'a': 0.0}}, {'score': float('nan')}]],
      [[{'lambda': {'a': 0.0}, 'score': -5.0},
        {'lambda': {'a': 0.0}, 'score': -9.0}]])
  def test_nothing_is_said(self, changes):
    self.assertEmpty(sum(_advise(*changes), []))

  def test_a_student_without_teachers(self):
    adviser = advice.Adviser(100)
    self.assertEmpty(adviser({'frames': 10, 'score': 3.0, 'lambda': {}}))
    self.assertEmpty(adviser({'frames': 20, 'score': 1.0, 'lambda': {}}))


if __name__ == '__main__':
  absltest.main()
