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
"""What the learner loop runs.

Here: `Program`, the functions of a run, and `Steering`, what sets its
hyper-parameters and judges it. Not here: who calls them (`loop.py`); those of
one student (`training.py`), of many (`populations/`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from kickstarting import types
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import layout as layout_lib
from kickstarting.runtime import sources


class Program(NamedTuple):
  """The functions of a run; pure but for those of the environments.

  init: rng_key -> LearnerState.
  update: (LearnerState, hypers, trajectory) -> (LearnerState, metrics), the
    metrics float32, all of one shape: [], or [P] for a population.
  """

  init: Callable[[types.Array], types.LearnerState]
  update: Callable[..., tuple[types.LearnerState, dict[str, jax.Array]]]
  act: actor_lib.ActorFunctions
  make_environment: sources.MakeEnvironment
  make_labeller: sources.MakeLabeller
  layout: layout_lib.Layout
  # (parameters, hypers) -> parameters: puts in what actors read of the
  # hyper-parameters. None where they read nothing.
  adopt: Callable[[types.Params, types.Hypers], types.Params] | None = None


class Steering(Protocol):
  """What sets the hyper-parameters of a run, and what judges it.

  Frames are those of one member; a student alone is its only member.
  """

  def begin(self, state: types.LearnerState) -> None:
    """Takes notice of how the learner starts; called before all else."""

  def hypers(self, frames: int) -> types.Hypers:
    """Returns the hyper-parameters of the next update."""

  def preview(self, frames: int) -> types.Hypers:
    """Returns what `hypers` would say; changes nothing, in the record neither.

    Called where `Program.adopt` is there.
    """

  def observe(self, frames: int, episodes: Sequence[actor_lib.Episode]) -> None:
    """Takes notice of episodes that ended."""

  def check(self, frames: int, metrics: Mapping[str, np.ndarray]) -> None:
    """Looks at an update's metrics; raises TrainingError to end the run."""

  def record(self, frames: int, params: types.Params) -> dict[str, Any]:
    """Returns what a record of the curves says of the run.

    May play to find out; then it raises `threads.Stopped` when the run is to
    end, and is called again, perhaps before any `hypers`, when it is resumed.
    """

  def evolve(
      self, frames: int, state: types.LearnerState
  ) -> tuple[types.LearnerState, np.ndarray]:
    """Returns the learner's state to go on with, and who took another's.

    What actors hold of those members, bool [P], is of other weights: it is not
    learned from, and episodes under way are not observed. Called after every
    `record` except that of the end of the run. May wait; then it raises
    `threads.Stopped` when the run is to end, and is called again when the run
    is resumed.

    The arrays of the state are given away: the next update overwrites them.
    """

  def snapshot(self) -> dict[str, types.PyTree]:
    """Returns all that `restore` needs, as arrays."""

  def restore(self, saved: Mapping[str, types.PyTree]) -> None:
    """Takes back what a checkpoint holds."""
