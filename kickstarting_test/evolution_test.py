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
"""Tests of evolution.py: what makes a population, and what makes none."""

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting import checks
from kickstarting import description
from kickstarting import evolution


class DescribeTest(parameterized.TestCase):

  def _student(self, teachers='zoo', frames=1e6):
    return description.describe(
        'minigrid8', tasks=['FourRooms'], teachers=teachers, frames=frames,
        **({'weights': evolution.WEIGHTS} if teachers else {}))

  def test_what_evolves(self):
    for weighting, kept in (
        ('shared', {'alpha'}), ('per_teacher', {'rho'}), ('none', set())):
      made = evolution.describe(
          self._student(), members=3, weighting=weighting, ready_frames=1000,
          burn_in_frames=0)
      self.assertEqual(
          {'alpha', 'rho'} & set(made.rules.evolutions), kept)
      self.assertEqual(made.rules.ready.every, 1000)
    problem = made.problem()
    made.check(problem, processes=False)
    self.assertIsNone(made.judge(problem))

  @parameterized.parameters(
      ({'members': 0}, 'members is 0'),
      ({'weighting': 'some'}, "unknown weighting 'some'"),
      ({'preset': 'kickstarting'}, 'preset kickstarting evolves after 20000000'
       ' frames, but a member has 1000000'),
      ({'preset': 'impala', 'burn_in_frames': 0},
       "no rule for alpha, which weighting 'shared' evolves"))
  def test_what_cannot_be(self, options, text):
    with self.assertRaisesRegex(checks.UserError, text):
      evolution.describe(self._student(), **options)

  def test_nothing_to_weight(self):
    with self.assertRaisesRegex(
        checks.UserError, "weighting is 'shared' without teachers"):
      evolution.describe(self._student(()))
    evolution.describe(self._student(()), weighting='none')


if __name__ == '__main__':
  absltest.main()
