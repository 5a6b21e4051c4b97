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
"""How a run is driven: budget, actors, optimisation, intervals.

Not here: what is trained (`training.Problem`), what shapes the update
(`update.UpdateConfig`).
"""

import dataclasses
import types

from kickstarting import checks
from kickstarting import options
from kickstarting.environments import seeds

MOST = 2**53  # of any count: floats hold every whole number up to here
_USUAL = types.MappingProxyType({  # frames, and parts of the budget
    'window_frames': (500_000, 6),
    'record_frames': (50_000, 60),
    'checkpoint_frames': (1_000_000, 3),
})


@dataclasses.dataclass(frozen=True)
class TrainingConfig:
  """How a run is driven. Frames are environment frames everywhere."""

  frames: int = options.option(
      3_000_000, 'run',
      'Budget in environment frames; automatic resets count.')
  unroll_steps: int = options.option(
      20, 'learning',
      'Steps of an unroll (T).')
  streams: int = options.option(
      32, 'learning',
      'Environments in one learner batch, about; the nearest multiple of the '
      'number of tasks is taken.')
  splits: int = options.option(
      4, 'learning',
      'Learner batches that an acting batch is cut into.')
  batches_per_actor: int = options.option(
      1, 'run',
      'Acting batches that an actor alternates.')
  num_actors: int = options.option(
      1, 'run',
      'Actor threads.')
  queue_size: int = options.option(
      4, 'run',
      'Learner batches that may wait.')
  learner_devices: int = options.option(
      1, 'run',
      'Devices over which a learner batch is spread.')
  actor_device: int = options.option(
      0, 'run',
      'Number of the device on which actors act.')
  learner_core: bool = options.option(
      True, 'run',
      'Actors leave one core to a learner on the CPU.')
  replay_share: float = options.option(
      0.0, 'learning',
      'Share of older unrolls in what an update learns from, drawn evenly from '
      'those that are kept; fresh ones are as many as ever.')
  replay_unrolls: int = options.option(
      10_000, 'learning',
      'Unrolls of a stream that are kept for --replay_share, the newest ones.')
  lockstep: bool = options.option(
      False, 'run',
      'Act and learn in turn: slower, but exactly repeatable.')
  learning_rate: float = options.option(
      1e-3, 'learning',
      'At the start; it falls linearly to 0.')
  entropy_cost: float = options.option(
      1e-3, 'learning',
      'Multiplier of the negative entropy in the loss.')
  baseline_cost: float = options.option(
      0.5, 'learning',
      'Multiplier of the value loss.')
  mixing: float = 1.0  # of a mixture of agents: 1 is the final agent alone
  transfer_cost: float = 0.0  # of what it learns from the others
  teacher_share: float = options.option(
      0.0, 'teachers',
      'Share of the teacher in the policy that acts; 1 where the method says '
      'that the teacher acts.')
  epsilon: float = options.option(
      0.0, 'learning',
      'Share of the uniform policy in the policy that acts.')
  window_frames: int = options.option(
      0, 'output',
      'Length of the sliding window of the score, in frames; 500,000, or a '
      'sixth of a smaller budget, if 0.')
  record_frames: int = options.option(
      0, 'output',
      'Frames between two records of the curves; 50,000, or a sixtieth of a '
      'smaller budget, if 0.')
  checkpoint_frames: int = options.option(
      0, 'output',
      'Frames between two checkpoints; 1,000,000, or a third of a smaller '
      'budget, if 0.')
  seed: int = options.option(
      1, 'run',
      'Of environments, parameters and actions.')

  def __post_init__(self):
    checks.check_fields(self)
    for field, (most, parts) in _USUAL.items():
      if not getattr(self, field):  # the class is frozen for everybody else
        object.__setattr__(
            self, field, max(1, min(most, self.frames // parts)))
    for field in (
        'frames', 'unroll_steps', 'streams', 'splits', 'batches_per_actor',
        'num_actors', 'queue_size', 'learner_devices', 'window_frames',
        'record_frames', 'checkpoint_frames', 'replay_unrolls'):
      if getattr(self, field) < 1:
        raise checks.UserError(
            f'{field} is {getattr(self, field)}; expected at least 1.')
      if getattr(self, field) > MOST:
        raise checks.UserError(
            f'{field} is {getattr(self, field):.6g}; expected at most {MOST}.'
            ' Lower it.')
    for field in ('mixing', 'teacher_share', 'epsilon', 'replay_share'):
      checks.check_fraction(field, getattr(self, field))
    if self.replay_share == 1.0:
      raise checks.UserError(
          'replay_share is 1.0, which leaves nothing fresh to learn from;'
          ' expected less, such as 0.5. Lower it.')
    for field in (
        'learning_rate', 'entropy_cost', 'baseline_cost', 'transfer_cost'):
      checks.check_not_negative(field, getattr(self, field))
    checks.check_seed('seed', self.seed)
    if self.lockstep and self.num_actors != 1:
      raise checks.UserError(
          f'num_actors is {self.num_actors} with lockstep; expected 1: several'
          ' actors do not run in a fixed order. Drop one of the two.')
    batches = self.num_actors * self.batches_per_actor
    if batches > seeds.MAX_ACTORS:
      raise checks.UserError(
          f'num_actors * batches_per_actor is {batches}; expected at most'
          f' {seeds.MAX_ACTORS}, so that no two batches play the same episodes.'
          ' Use fewer batches of more streams.')
