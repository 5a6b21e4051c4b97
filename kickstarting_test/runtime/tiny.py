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
"""A problem of some dozen updates, and a test case that trains on it.

Here: `make_problem` over a scripted batch (`taped.py`) with one teacher, and
`TestCase`, which collects records. Not here: tests.
"""

import dataclasses
import pathlib
import tempfile

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import types
from kickstarting import update_config
from kickstarting.environments import scores
from kickstarting.runtime import checkpoint
from kickstarting.runtime import training
from kickstarting.runtime import training_config
from kickstarting.teachers import labelling
from kickstarting.weights import controllers
from kickstarting_test.runtime import taped

STEPS, STREAMS = 4, 2
ROLLOUT = STEPS * STREAMS  # frames
FRAMES = 20 * ROLLOUT
LOCKSTEP = training_config.TrainingConfig(
    frames=FRAMES, unroll_steps=STEPS, streams=STREAMS, splits=1,
    learning_rate=0.05, window_frames=8 * ROLLOUT, record_frames=ROLLOUT,
    checkpoint_frames=6 * ROLLOUT, lockstep=True)
THREADED = dataclasses.replace(LOCKSTEP, lockstep=False)


def make_labeller(task: np.ndarray) -> labelling.Labeller:
  """Returns a teacher that grows surer with every trajectory."""

  def label(carry, timesteps, tokens):
    del tokens
    shape = timesteps.step_type.shape
    logits = np.tile(np.float32([2, 0, -carry]), (*shape, 1))
    return types.TeacherOutput(
        logits, np.zeros(shape, np.float32), np.zeros_like(task)), carry + 1

  return labelling.Labeller(lambda: 0, label)


class Lambda:
  """A controller with a state, which notes the frames of every update."""

  def __init__(self):
    self.frames: list[int] = []
    self.controller = controllers.WeightController(self._init, self._update)

  def _init(self, num_teachers):
    return {'updates': np.zeros(num_teachers, np.int32)}

  def _update(self, state, progress):
    self.frames.append(int(progress.frames))
    weights = controllers.TeacherWeights(
        np.float32(1.0), 0.9 ** state['updates'].astype(np.float32))
    return {'updates': state['updates'] + 1}, weights


def make_problem(**changes) -> training.Problem:
  """Returns the problem, with some of its fields changed."""
  values = {
      'agent': taped.make_agent(),
      'network': {'torso': 'taped'},
      'update': update_config.UpdateConfig(),
      'make_environment': lambda block: taped.TapedBatch(
          [2 + block % 3, 3], task=[0, 1], words=[b'go']),
      'make_labeller': make_labeller,
      'make_window': lambda frames: scores.ScoreWindow(
          [0.0, 0.0], [10.0, 10.0], frames),
      'task_names': ('short', 'long'),
      'teacher_names': ('expert',),
      'controller': Lambda().controller,
  }
  return training.Problem(**(values | changes))


def assert_same(got: types.PyTree, expected: types.PyTree) -> None:
  """Compares trees, bit for bit."""
  jax.tree.map(np.testing.assert_array_equal, got, expected)


class Killed(Exception):
  """Raised where a process is thought to be killed."""


def compile_once() -> None:
  """Keeps compiled functions in a file, as every run compiles them anew."""
  jax.config.update('jax_compilation_cache_dir', tempfile.mkdtemp(
      dir=absltest.TEST_TMPDIR.value))
  jax.config.update('jax_persistent_cache_min_compile_time_secs', 0)
  jax.config.update('jax_persistent_cache_min_entry_size_bytes', -1)


def compile_always() -> None:
  """Undoes `compile_once`."""
  jax.config.update('jax_compilation_cache_dir', None)


class TestCase(parameterized.TestCase):
  """Trains, and collects the records."""

  def setUp(self):
    super().setUp()
    self.records = []
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def checkpointer(self, name: str = 'run') -> checkpoint.Checkpointer:
    """Opens the checkpoints of a run."""
    checkpointer = checkpoint.Checkpointer(self.folder / name)
    self.addCleanup(checkpointer.close)
    return checkpointer

  def train(self, problem=None, config=LOCKSTEP, **kwargs) -> training.Outcome:
    """Calls `training.train`."""
    return training.train(
        problem or make_problem(), config,
        **({'on_record': self.records.append} | kwargs))

  def kill_after(self, frames: int):
    """Returns an `on_record` that raises once a run is past `frames`."""

    def on_record(record):
      self.records.append(record)
      if record['frames'] > frames:
        raise Killed()

    return on_record
