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
from kickstarting.teachers import teacher as teacher_lib
from kickstarting.teachers import zoo


class PlanTest(absltest.TestCase):

  def test_names_are_given_once(self):
    names = [step.name for step in expert_plan.PLAN]
    self.assertCountEqual(names, set(names))

  def test_each_task_of_minigrid8_has_a_run(self):
    alone = {step.tasks[0] for step in expert_plan.PLAN
             if len(step.tasks) == 1}
    self.assertContainsSubset(
        suites.get_suite('minigrid8').task_names, alone)
    self.assertContainsSubset(zoo.manifest(), alone)

  def test_a_run_comes_after_what_it_needs(self):
    done = set()
    for step in expert_plan.PLAN:
      self.assertContainsSubset(step.parents, done)
      self.assertContainsSubset(
          step.teachers, (*step.tasks, teacher_lib.EVERY_TASK))
      done.add(step.name)

  def test_lineage_holds_each_ancestor_once(self):
    self.assertEqual(expert_plan.lineage('school'), ('school',))
    self.assertEqual(expert_plan.lineage('FourRooms'), ('FourRooms', 'school'))

  def test_the_manifest_tells_what_the_plan_does(self):
    steps = {step.name: step for step in expert_plan.PLAN}
    for task, entry in zoo.manifest().items():
      with self.subTest(task):
        step = steps[entry['run']]
        self.assertEqual(step.tasks, (task,))
        self.assertCountEqual(
            entry['lineage'], expert_plan.lineage(entry['run']))
        for name, frames in entry['lineage'].items():
          # The last unroll may pass the budget.
          self.assertBetween(
              frames, steps[name].frames, steps[name].frames + 5_000)
        self.assertIn(f'--tasks={task}', entry['command'])

  def test_tasks_are_known(self):
    for step in expert_plan.PLAN:
      suites.get_suite('minigrid_all', step.tasks)


if __name__ == '__main__':
  absltest.main()
