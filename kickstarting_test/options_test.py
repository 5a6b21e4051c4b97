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
"""Tests of options.py: fields that say what they are."""

import dataclasses

from absl.testing import absltest

from kickstarting import options
from kickstarting import update_config
from kickstarting.environments import worker_pool
from kickstarting.runtime import training_config


class OptionTest(absltest.TestCase):

  def test_all_that_users_set_say_what_they_are(self):
    for config in (training_config.TrainingConfig, update_config.UpdateConfig,
                   worker_pool.PoolConfig):
      for field in dataclasses.fields(config):
        if field.metadata:
          with self.subTest(field.name):
            self.assertIn(field.metadata['group'], options.GROUPS)
            self.assertRegex(field.metadata['text'], r'^[A-Za-z].{8,}\.$')
            self.assertEqual(getattr(config, field.name), field.default)


if __name__ == '__main__':
  absltest.main()
