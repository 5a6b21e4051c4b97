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
"""What students learn from, helped and alone, as the flags say.

Here: `helped`, `alone`, `export`. Not here: composing a problem (`build.py`),
the binaries.
"""

import dataclasses
import pathlib
from typing import Any

from experiments import build
from experiments import run_flags
from experiments import shared_flags
from experiments import streams as streams_lib
from experiments import teaching as teaching_lib
from kickstarting import update as update_lib
from kickstarting.environments import suites
from kickstarting.environments import task_observation
from kickstarting.networks import branches
from kickstarting.networks import build as networks
from kickstarting.runtime import training
from kickstarting.runtime import training_config
from kickstarting.teachers import teacher as teacher_lib


def helped(
    suite: suites.Suite,
    update: update_lib.UpdateConfig,
    config: training_config.TrainingConfig,
    teaching: teaching_lib.Teaching,
) -> training.Problem:
  """Returns what a student with teachers learns from.

  Raises:
    ValueError: see `build.make_problem`; teachers give no features, or of
      different sizes.
  """
  network = build.network_from_flags()
  wrap: streams_lib.Wrap = streams_lib.unwrapped
  if update.feature_cost:
    network = _mimicking(network, suite, teaching)
    wrap = task_observation.TaskObservation
  return build.make_problem(
      suite, network, update, config, teaching, wrap=wrap)


def _mimicking(network, suite, teaching) -> networks.NetworkConfig:
  """Returns the network of a student that regresses on teachers' features."""
  return dataclasses.replace(network, features=branches.Features(
      num_tasks=len(suite.tasks),
      size=teacher_lib.check_features(teaching.teachers)))


def alone(
    suite: suites.Suite, **overrides: Any
) -> tuple[training.Problem, training_config.TrainingConfig]:
  """Returns what a student that nobody helps learns from, and how.

  Args:
    suite: its tasks.
    **overrides: fields of the configuration that are not taken from flags.
  """
  of_teachers = {  # what only teachers are read with
      field.name: field.default
      for field in dataclasses.fields(update_lib.UpdateConfig)
      if field.name in (
          'feature_cost', 'divergence', 'teacher_temperature', 'teacher_floor',
          'teacher_discount', 'learns_value')}
  update = shared_flags.update_from_flags(method='baseline', **of_teachers)
  config = run_flags.config_from_flags(
      training_config.TrainingConfig, teacher_share=0.0, epsilon=0.0,
      **overrides)
  return build.make_problem(
      suite, build.network_from_flags(), update,
      config), config


def export(
    path: pathlib.Path,
    suite: suites.Suite,
    outcome: training.Outcome,
    update: update_lib.UpdateConfig,
    teacher_frames: int | None,
) -> None:
  """Writes a student as a policy file, without what only helped it learn."""
  build.export(
      path, build.network_from_flags(), suite,
      outcome.params, update, {
          'frames': outcome.frames, 'seed': shared_flags.FLAGS.seed,
          'teacher_frames': teacher_frames})
