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
"""Teachers that err on purpose, with the value of what they then do.

Not here: where they err (`teachers/flipped.py`), how their value is measured
(`runtime/measured_value.py`).
"""

from collections.abc import Callable
import dataclasses

import jax
import numpy as np

from kickstarting import losses
from kickstarting import teaching as teaching_lib
from kickstarting import update_config
from kickstarting.environments import seeds
from kickstarting.environments import suites
from kickstarting.environments.suites import batches
from kickstarting.runtime import measured_value
from kickstarting.teachers import flipped

_STREAMS = 16  # of each task
STEPS = 2000  # of each stream


def plays(share: float, update: update_config.UpdateConfig) -> bool:
  """Whether teachers are to play first; they have to give features then."""
  return bool(share) and 'value' in losses.get_method(update.method).needs


def flip(
    teaching: teaching_lib.Teaching,
    suite: suites.Suite,
    share: float,
    update: update_config.UpdateConfig,
    seed: int,
    say: Callable[[str], None],
) -> teaching_lib.Teaching:
  """Returns teachers that err in a share of the observations.

  Where the method of the student reads their value, they play for it first: the
  same episodes whenever it is measured, with the student's discount and
  transform of rewards.

  Args:
    teaching: the teachers; they give features if they are to play.
    suite: of the student.
    share: in [0, 1]; 0 leaves them as they are.
    update: of the student.
    seed: of the episodes that they play.
    say: is told what they are found to do.

  Raises:
    ValueError: see `flipped.flip` and `measured_value.measure`.
  """
  if not share:
    return teaching
  teachers = tuple(flipped.flip(t, share) for t in teaching.teachers)
  if plays(share, update):
    teachers = _measured(
        dataclasses.replace(teaching, teachers=teachers), suite, update, seed,
        say)
  return dataclasses.replace(teaching, teachers=teachers)


def _measured(teaching, suite, update, seed, say):
  """Returns the teachers with their own value."""
  rows = np.flatnonzero(teaching.teacher_of_task >= 0)
  suite = suite._replace(tasks=tuple(suite.tasks[row] for row in rows))
  environment = batches.make_environment(
      suite, _STREAMS * len(rows), seed, group=seeds.Group.MEASUREMENT)
  say(f'{len(teaching.teachers)} teachers play'
      f' {STEPS * environment.num_streams} frames, by which their value is'
      ' measured')
  measured = measured_value.measure(
      teaching.teachers, environment,
      teaching.teacher_of_task[rows][environment.task],
      discount=update.discount, reward_transform=update.reward_transform,
      steps=STEPS, rng_key=jax.random.key(seed),
      gives_features=bool(update.feature_cost))
  for each in measured:
    say(f'{each.teacher.name:24} return, discounted,'
        f' {each.mean_return:6.3f}, value before {each.mean_old_value:6.3f};'
        f' the new value explains {each.explained:6.1%} of the variance')
  return tuple(each.teacher for each in measured)
