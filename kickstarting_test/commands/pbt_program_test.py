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
"""Tests of pbt_program.py: a population in one process."""

import pathlib

from absl.testing import absltest
from absl.testing import flagsaver

from kickstarting import description
from kickstarting import evolution
from kickstarting.commands import pbt_program
from kickstarting.runtime import logger
from kickstarting.teachers import policy_file


class RunTest(absltest.TestCase):

  def test_the_policy_of_the_best_member_is_written(self):
    population = evolution.describe(
        description.describe(
            'envpool:CartPole-v1', frames=640, streams=4, unroll_steps=8,
            epochs=1, minibatches=1, record_frames=320, splits=1),
        members=2, weighting='none', ready_frames=320, burn_in_frames=0,
        margin=1.0)
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    with flagsaver.as_parsed():
      result = pbt_program.run(
          population, population.problem(), folder, lambda: False)
    self.assertEqual(result['ended'], 'finished')
    self.assertLen(result['scores'], 2)
    self.assertEqual(result['frames_per_member'], 640)
    self.assertEqual(
        policy_file.load_policy(folder).info['frames'], 640)
    self.assertLen(logger.read_records(folder), 2)


if __name__ == '__main__':
  absltest.main()
