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
"""Tests suites of a user's own environments."""

import math
import textwrap

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting.environments import suites
from kickstarting.environments import worker_pool
from kickstarting.environments import worker_process
from kickstarting.environments.suites import own

_HISTORY = 'kickstarting_test.environments.faulty:History'
_POOL = worker_pool.PoolConfig(streams_per_worker=4)


class OwnTest(parameterized.TestCase):

  def test_a_function_is_called_after_its_module_or_file(self):
    for target, name in (
        ('levels.mazes:make', 'mazes'), ('mazes:make', 'mazes'),
        ('levels.v2/mazes.py:make', 'mazes'), ('mazes.v2.py:make', 'mazes.v2'),
        ('levels.mazes:Maze', 'Maze')):
      self.assertEqual(suites.of_environment(target).task_names, (name,))

  def test_one_environment(self):
    suite = suites.of_environment(_HISTORY, {'length': 2})
    self.assertEqual(suite.task_names, ('History',))
    self.assertEqual(suite.score_cap, math.inf)
    batch = suite.make_batch(2, seed=0, pool=_POOL)
    self.addCleanup(batch.close)
    batch.reset()
    for expected in (1, 2, 0):
      batch.send(np.zeros(2, np.int32))
      np.testing.assert_array_equal(batch.receive().step_type, expected)

  def test_a_file(self):
    path = self.create_tempfile('levels.py', textwrap.dedent(f"""
        from kickstarting.environments import worker_process
        from kickstarting.environments.suites import own

        SUITE = own.of_builders(
            'histories', {{
                'short': worker_process.Builder({_HISTORY!r}, {{'length': 2}}),
                'long': worker_process.Builder({_HISTORY!r}, {{'length': 9}}),
            }}, references={{'short': (0, 5), 'long': (1, 7)}},
            defaults={{'network': 'flat'}})
        """)).full_path
    suite = suites.get_suite(path, ['long', 'short'])
    self.assertEqual(suite.task_names, ('long', 'short'))
    self.assertEqual(suite.reference_returns.tolist(), [7, 5])
    self.assertEqual(suite.score_cap, 100)
    batch = suite.make_batch(1, seed=0, pool=_POOL)
    self.addCleanup(batch.close)
    batch.reset()
    for _ in range(2):
      batch.send(np.zeros(2, np.int32))
      step = batch.receive()
    self.assertEqual(step.step_type.tolist(), [1, 2])

  def test_references_of_other_tasks(self):
    builders = {'a': worker_process.Builder(_HISTORY)}
    with self.assertRaisesRegex(
        ValueError, r"references are of \['b'\], but the tasks are \['a'\]"):
      own.of_builders('mine', builders, {'b': (0.0, 1.0)})

  @parameterized.parameters(
      ('', 'has no suite called SUITE; expected one'),
      ('SUITE = 3', 'has no suite called SUITE'),
  )
  def test_files_without_a_suite(self, text, message):
    path = self.create_tempfile('levels.py', text).full_path
    with self.assertRaisesRegex(ValueError, message):
      suites.get_suite(path)

  def test_no_file(self):
    with self.assertRaisesRegex(ValueError, "there is no file '/no/such.py'"):
      suites.get_suite('/no/such.py')


if __name__ == '__main__':
  absltest.main()
