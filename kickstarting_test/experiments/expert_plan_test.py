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
"""Tests of `experiments/expert_plan.py`."""

from absl.testing import absltest

from experiments import expert_plan
from kickstarting.environments import suites
from kickstarting.teachers import zoo


class PlanTest(absltest.TestCase):

  def test_one_expert_for_each_task_of_minigrid8(self):
    experts = [step.name for step in expert_plan.PLAN
               if step is not expert_plan.SCHOOL]
    self.assertCountEqual(experts, suites.get_suite('minigrid8').task_names)
    self.assertCountEqual(experts, zoo.manifest())
    for step in expert_plan.PLAN[1:]:
      self.assertEqual(step.tasks, (step.name,))

  def test_teachers_come_before_those_they_teach(self):
    done = set()
    for step in expert_plan.PLAN:
      if step.teacher is not None:
        self.assertIn(step.teacher, done)
      done.add(step.name)

  def test_the_manifest_tells_what_the_plan_does(self):
    for step in expert_plan.PLAN[1:]:
      entry = zoo.manifest()[step.name]
      # The last unroll may pass the budget.
      self.assertBetween(entry['frames'], step.frames, step.frames + 5_000)
      self.assertEqual(entry['teacher'], step.teacher)
      self.assertEqual(entry['teacher_frames'], expert_plan.SCHOOL.frames)
      self.assertIn(f'--tasks={step.name}', entry['command'])

  def test_tasks_are_known(self):
    for step in expert_plan.PLAN:
      suites.get_suite('minigrid_all', step.tasks)


if __name__ == '__main__':
  absltest.main()
