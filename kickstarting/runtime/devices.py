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
"""Which device acts, and over which ones a learner's batch is spread.

With several learner devices each has the parameters and an equal share of the
streams; the compiler adds their gradients up, as the loss is one sum or mean
over the batch. Not here: what is computed (`loop.py`, `actor.py`).
"""

from typing import Any, NamedTuple

import jax
from jax import sharding
import numpy as np

from kickstarting import checks
from kickstarting import types

_BATCH = 'batch'


class Placement(NamedTuple):
  """Where a run computes; see `make_placement`."""

  mesh: sharding.Mesh  # of the learner's devices
  actors: jax.Device

  @property
  def replicated(self) -> sharding.NamedSharding | None:
    """What is on every learner device; None with one, where all is."""
    return self._sharding() if self.mesh.size > 1 else None

  def for_learner(self, tree: types.PyTree) -> types.PyTree:
    """Puts parameters and the like on every learner device."""
    return jax.device_put(tree, self.replicated)

  def for_actors(self, tree: types.PyTree) -> types.PyTree:
    """Puts parameters where actors read them."""
    if self.mesh.devices.tolist() == [self.actors] == jax.devices()[:1]:
      return tree
    return jax.device_put(tree, self.actors)

  def spread(self, trajectory: types.Trajectory) -> types.Trajectory:
    """Cuts a batch [T+1, B] over the learner devices, without waiting.

    Raises:
      ValueError: it cannot be cut into equal shares.
    """
    num_devices, num_streams = self.mesh.size, len(trajectory.task)
    if num_devices == 1:
      return jax.device_put(trajectory)
    if num_streams % num_devices:
      raise checks.UserError(
          f'a learner batch has {num_streams} streams, but learner_devices is'
          f' {num_devices}; expected a multiple. Change streams.')
    by_time, by_stream = self._sharding(None, _BATCH), self._sharding(_BATCH)
    where: Any = types.map_streams(
        lambda axis, _: by_time if axis else by_stream, trajectory)
    return jax.device_put(
        trajectory, where._replace(instructions=self._sharding()))

  def _sharding(self, *axes: str | None) -> sharding.NamedSharding:
    return sharding.NamedSharding(self.mesh, sharding.PartitionSpec(*axes))


def make_placement(
    learner_devices: int = 1, actor_device: int = 0
) -> Placement:
  """Returns where a run computes.

  Args:
    learner_devices: so many of `jax.devices()`, from the first.
    actor_device: number of the one on which actors act.

  Raises:
    ValueError: there are not so many.
  """
  known = jax.devices()
  if not 1 <= learner_devices <= len(known):
    raise checks.UserError(
        f'learner_devices is {learner_devices}, but there are {len(known)}'
        f' devices ({known[0].platform}); expected 1 to {len(known)}.')
  if not 0 <= actor_device < len(known):
    raise checks.UserError(
        f'actor_device is {actor_device}, but there are {len(known)} devices'
        f' ({known[0].platform}); expected 0 to {len(known) - 1}.')
  return Placement(
      sharding.Mesh(np.array(known[:learner_devices]), (_BATCH,)),
      known[actor_device])
