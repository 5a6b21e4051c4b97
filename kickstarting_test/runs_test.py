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
"""Tests of runs.py; interrupted ones are in `runtime/resume_test.py`."""

import pathlib

from absl.testing import absltest
import jax

from kickstarting import problems
from kickstarting import runs
from kickstarting import update_config
from kickstarting.environments import suites
from kickstarting.networks import build as networks
from kickstarting.runtime import logger
from kickstarting.runtime import training_config
from kickstarting.teachers import policy_file

_SUITE = suites.get_suite('minigrid8', ['DoorKey-8x8'])


class RunTest(absltest.TestCase):

  def test_a_run_leaves_records_and_a_policy(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    network = networks.get_network('grid_small')
    update = update_config.UpdateConfig()
    config = training_config.TrainingConfig(
        frames=640, streams=4, splits=2, record_frames=160)
    problem = problems.make_problem(_SUITE, network, update, config)
    outcome = runs.run(
        problem, config, folder, resume=False, should_stop=lambda: False)
    self.assertEqual(outcome.ended, 'finished')
    self.assertEqual(logger.read_records(folder)[-1]['frames'], outcome.frames)
    more = {**outcome.params, 'of_no_network': {'w': jax.numpy.ones(3)}}
    runs.policy_of(network, _SUITE, more, update, {
        'frames': outcome.frames}).save(folder / 'policy.npz')
    policy = policy_file.load_policy(folder / 'policy.npz')
    self.assertEqual(set(policy.params), set(outcome.params))
    self.assertEqual(policy.tasks, ('DoorKey-8x8',))
    self.assertEqual(policy.info, {
        'frames': outcome.frames, 'method': update.method, 'has_value': True})


if __name__ == '__main__':
  absltest.main()
