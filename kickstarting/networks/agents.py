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
"""The modules of agents that share parts: cores and heads behind one torso.

Not here: which parts there are (`branches.py`, read it first), parts of tasks
(`by_task.py`), the torso (`build.py`), the core itself (`core.py`), what is
learnt (`losses/mix_and_match.py`, `losses/distral.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import types
from kickstarting.losses import distral
from kickstarting.losses import mix_and_match
from kickstarting.networks import branches as branches_lib
from kickstarting.networks import by_task
from kickstarting.networks import core as core_lib

MIXTURE, MIXING = 'mixture', 'mixing'  # module and name of the parameter


def initial_state(
    branches: Sequence[branches_lib.Branch], core_size: int, batch_size: int
) -> dict[str, types.CoreState]:
  """Returns the states of all cores; leaves [B, core_size].

  Cores of tasks have one together, since a stream has one task.
  """
  return {
      branch.core: core_lib.initial_state(
          branch.core_kind, core_size, batch_size) for branch in branches}


class Agents:
  """The modules of all branches; to be made inside a Haiku transform."""

  def __init__(
      self,
      branches: Sequence[branches_lib.Branch],
      core_size: int,
      num_actions: int,
      factors: Sequence[int],
      combination: str,
      features: branches_lib.Features,
      has_taught_value: bool = False,
  ):
    self._branches = branches
    self._combination = combination
    self._features = features
    self._projections = [
        hk.Linear(features.size, name=f'features_{task}')
        for task in range(features.num_tasks)]
    self._taught_value = (
        hk.Linear(1, name='taught_value') if has_taught_value else None)
    self._num_actions = num_actions
    self._factors = factors
    self._cores = {
        name: core_lib.CORES[branch.core_kind](core_size, name)
        for name, branch in _parts(branches, 'core').items()}
    self._policies = {
        name: self._policy(name, branch)
        for name, branch in _parts(branches, 'policy').items()}
    self._baselines = {
        name: hk.Linear(1, name=name) for name in _parts(branches, 'baseline')}

  def __call__(
      self,
      inputs: types.Array,
      task: types.Array | None,
      should_reset: types.Array,
      state: Mapping[str, types.CoreState],
  ) -> tuple[types.AgentOutput, dict[str, types.CoreState]]:
    """Unrolls all agents, and mixes them.

    Args:
      inputs: of the cores; [T, B, D] float32.
      task: of each stream; [T, B] int32; read if a branch has parts for each.
      should_reset: True where an episode starts; [T, B] bool.
      state: before the first step; leaves [B, core_size].

    Returns:
      The output, and the state after the last step.
    """
    if task is not None:
      task = task[0]  # a stream has the same at all times
    outputs, states = {}, {}
    for branch in self._branches:
      name = branch.core
      if name not in outputs:
        outputs[name], states[name] = self._core(
            branch, inputs, task, should_reset, state[name])
    logits, values = zip(*(
        self._heads(branch, outputs[branch.core], task)
        for branch in self._branches))
    output = self._combine(logits, values)
    last = outputs[self._branches[-1].core]
    taught_value = None
    if self._taught_value is not None:
      taught_value = self._taught_value(last)[..., 0]
    return output._replace(
        features=self._compared(last, task), taught_value=taught_value), states

  def _core(self, branch, inputs, task, should_reset, state):
    """Returns the outputs [T, B, core_size] and the state of one core."""

    def unroll(name):
      def part(xs):
        inputs, should_reset, state = xs
        output, state = self._cores[name](
            inputs, should_reset, jax.tree.map(lambda x: x[0], state))
        return output, jax.tree.map(lambda x: x[jnp.newaxis], state)
      return part

    output, state = by_task.apply(
        [unroll(name) for name in branch.parts(branch.core)],
        (inputs, should_reset, jax.tree.map(lambda x: x[jnp.newaxis], state)),
        task)
    return output, jax.tree.map(lambda x: x[0], state)

  def _combine(self, logits, values):
    """Makes one policy of those of the branches."""
    if len(self._branches) == 1:
      return types.AgentOutput(logits[0], values[0])
    if self._combination != 'mixture':
      own, shared = logits
      if self._combination == 'two_columns':
        own = own + _Mixture()() * shared
      return types.AgentOutput(own, values[0], distilled=shared)
    policies = jnp.stack(logits, axis=-2)  # [T, B, K, A]
    shares = mix_and_match.shares_along(_Mixture()(), len(self._branches))
    return types.AgentOutput(
        mix_and_match.mixture_log_probs(policies, shares),
        mix_and_match.mixture_value(jnp.stack(values, axis=-1), shares),
        policies)

  def _compared(self, features, task):
    """Returns the final agent's features [T, B, D], or None."""
    if self._projections:
      return by_task.apply(self._projections, features, task)
    return features if self._features.are_given else None

  def _heads(self, branch, features, task):
    """Returns logits [T, B, A] and values [T, B] of one agent."""

    def heads(policy, baseline):
      return lambda x: (self._policies[policy](x), self._baselines[baseline](x))

    logits, values = by_task.apply(
        [heads(*names) for names in zip(
            branch.parts(branch.policy), branch.parts(branch.baseline))],
        features, task)
    return self._place(branch, logits), values[..., 0]

  def _policy(
      self, name: str, branch: branches_lib.Branch
  ) -> Callable[..., jax.Array]:
    if self._is_narrow(branch):
      return _policy_head(len(branch.actions), name)
    if not self._factors:
      return _policy_head(self._num_actions, name)
    head = _policy_head(sum(self._factors), name)
    return lambda features: _join(head(features), self._factors)

  def _is_narrow(self, branch: branches_lib.Branch) -> bool:
    """Whether its head has its own actions only: no other branch shares it."""
    return bool(branch.actions) and all(
        other is branch or other.policy != branch.policy
        for other in self._branches)

  def _place(self, branch: branches_lib.Branch, logits: jax.Array) -> jax.Array:
    """Gives actions that an agent lacks minus infinity."""
    if not branch.actions:
      return logits
    actions = np.array(branch.actions)
    if not self._is_narrow(branch):
      logits = logits[..., actions]
    missing = jnp.full(logits.shape[:-1] + (self._num_actions,), -jnp.inf)
    return missing.at[..., actions].set(logits)


class _Mixture(hk.Module):
  """Holds how much the last branch counts; the update writes it.

  It is 0 at first: the first agent acts.
  """

  def __init__(self):
    super().__init__(name=MIXTURE)

  def __call__(self) -> jax.Array:
    return jax.lax.stop_gradient(
        hk.get_parameter(MIXING, [], init=jnp.zeros))


def _parts(
    branches: Sequence[branches_lib.Branch], part: str
) -> dict[str, branches_lib.Branch]:
  """Returns the names of all modules of a kind, and who names each first.

  A module that is made twice would be two in Haiku.
  """
  found: dict[str, branches_lib.Branch] = {}
  for branch in branches:
    for name in branch.parts(getattr(branch, part)):
      found.setdefault(name, branch)
  return found


def adopt(
    params: types.Params, hypers: types.Hypers, combination: str
) -> types.Params:
  """Returns parameters that hold what combines branches now."""
  if combination == 'one_column':
    return params
  if combination == 'two_columns':
    return with_mixing(params, distral.columns_weight(
        hypers.transfer_cost, hypers.entropy_cost))
  return with_mixing(params, hypers.mixing)


def with_mixing(params: types.Params, mixing: types.Scalar) -> types.Params:
  """Returns parameters in which the last branch counts so much."""
  mixing = jnp.asarray(mixing, jnp.float32)
  return {**params, MIXTURE: {**params[MIXTURE], MIXING: mixing}}


def one_hot_actions(
    actions: types.Array, num_actions: int, factors: Sequence[int]
) -> jax.Array:
  """Returns [N, num_actions] of actions [N]; [N, sum(factors)] if factored."""
  if not factors:
    return jax.nn.one_hot(actions, num_actions)
  parts = jnp.unravel_index(actions, tuple(factors))
  return jnp.concatenate([
      jax.nn.one_hot(part, size) for part, size in zip(parts, factors)],
      axis=-1)


def _policy_head(num_actions: int, name: str) -> hk.Linear:
  return hk.Linear(
      num_actions, w_init=hk.initializers.VarianceScaling(0.01), name=name)


def _join(logits: jax.Array, factors: Sequence[int]) -> jax.Array:
  """Returns log prod_j pi_j(a_j), up to a constant, for all a; [..., A]."""
  parts: list[Any] = jnp.split(logits, np.cumsum(factors)[:-1].tolist(), -1)
  joined = parts[0]
  for part in parts[1:]:
    joined = (joined[..., :, jnp.newaxis] + part[..., jnp.newaxis, :]).reshape(
        joined.shape[:-1] + (-1,))
  return joined
