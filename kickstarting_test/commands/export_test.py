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
"""Tests of export.py: a policy in a file of its own."""

import dataclasses
import json
import os
import pathlib

from absl.testing import absltest
import jax
import numpy as np

from kickstarting import training
from kickstarting.teachers import policy_file
from kickstarting.teachers import zoo
from kickstarting_test.experiments import binaries

_TASK = 'DoorKey-8x8'


class ExportTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'mine.npz'

  def _export(self, *flags):
    return binaries.run(
        'kickstarting', 'export', f'--output={self.path}', *flags)

  def test_a_shipped_expert_in_half_the_bytes_and_whole_again(self):
    sizes = []
    for flags in (('--policy=zoo', f'--tasks={_TASK}'),
                  (f'--policy={self.path}', '--dtype=float16')):
      result = json.loads(self._export(*flags).stdout)
      self.assertEqual(result['policy'], str(self.path))
      self.assertEqual(result['tasks'], [_TASK])
      self.assertEqual(result['bytes'], os.path.getsize(self.path))
      sizes.append(result['bytes'])
    self.assertLess(sizes[1], sizes[0])
    expert, read = zoo.load_expert(_TASK), policy_file.load_policy(self.path)
    # Experts are shipped in half precision.
    jax.tree.map(np.testing.assert_array_equal, read.params, expert.params)
    self.assertEqual(read.info, expert.info)

  def test_statistics_are_kept_whole(self):
    policy = training.train(
        'envpool:CartPole-v1', frames=64, streams=2, unroll_steps=8,
        progress=False, record_frames=64).policy
    scale = {'return_scale': {
        'mean_square': np.float32(1e9), 'count': np.float32(1e5)}}
    path = self.path.with_name('run.npz')
    policy_file.save_policy(path, dataclasses.replace(
        policy, params={**policy.params, **scale}))
    self.assertEqual(self._export(
        f'--policy={path}', '--dtype=float16').returncode, 0)
    read = policy_file.load_policy(self.path).params
    self.assertEqual(read['return_scale'], scale['return_scale'])
    name = 'torso/normaliser'
    jax.tree.map(
        np.testing.assert_array_equal, read[name], policy.params[name])

  def test_what_cannot_be(self):
    policy = zoo.load_expert(_TASK)
    large = self.path.with_name('large.npz')
    policy_file.save_policy(large, dataclasses.replace(
        policy, params=jax.tree.map(lambda x: x + 1e6, policy.params)))
    for flags, text in (
        ((), '--policy is missing'),
        (('--policy=zoo',), '--tasks has 0 tasks; expected one'),
        (('--policy=zoo', '--tasks=DoorKey-9x9'), "Did you mean 'DoorKey-8x8'"),
        ((f'--policy={large}', f'--tasks={_TASK}'), 'is no zoo; expected none'),
        ((f'--policy={large}', '--dtype=float16'), 'float16 does not hold'),
        ((f'--policy={large}', '--seed=3'), '--seed has no effect on this')):
      done = self._export(*flags)
      self.assertEqual(done.returncode, 2)
      self.assertRegex(done.stderr, f'^error: .*{text}.*\n$')
      self.assertFalse(self.path.exists())


if __name__ == '__main__':
  absltest.main()
