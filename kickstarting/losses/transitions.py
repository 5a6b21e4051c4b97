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
"""The one place that aligns T+1 timesteps into T transitions.

`_tm1` is the source of a transition and `_t` its destination; every loss takes
arrays that were sliced here.

Not here: anything that computes a loss. Read `off_policy.py` or
`actor_critic.py` next.
"""

from typing import NamedTuple

import chex
import jax.numpy as jnp

from kickstarting import checks
from kickstarting import distributions
from kickstarting import inputs
from kickstarting import types
from kickstarting.losses import rewards

FIRST, LAST = 0, 2  # of dm_env.StepType, without the import


class Transitions(NamedTuple):
  """T transitions of B streams, sliced by `split_transitions`."""

  policy_tm1: types.Array  # float32 [T, B, P], the learner's, as parameters
  v_tm1: types.Array  # float32 [T, B], the learner's value of the source
  v_t: types.Array  # float32 [T, B], the learner's value of the destination
  a_tm1: types.Array  # [T, B, ...], int32 [T, B] where they are choices
  r_t: types.Array  # float32 [T, B], transformed
  discount_t: types.Array  # float32 [T, B], gamma times the environment's own
  behaviour_log_prob_tm1: types.Array  # float32 [T, B], of who acted
  is_learnable_tm1: types.Array  # bool [T, B], False for dead transitions


def at_tm1(sequence: types.Array) -> types.Array:
  """Takes the T sources of T+1 timesteps; any axes after the first."""
  _check_timed(sequence)
  return sequence[:-1]


def at_t(sequence: types.Array) -> types.Array:
  """Takes the T destinations of T+1 timesteps; any axes after the first."""
  _check_timed(sequence)
  return sequence[1:]


def _check_timed(sequence: types.Array) -> None:
  kind = getattr(getattr(sequence, 'dtype', None), 'kind', 'O')
  if kind in 'OUS' or not getattr(sequence, 'shape', ()):
    raise checks.UserError(
        f'sequence is {checks.short(sequence)}; expected an array [T+1, ...].')


def split_transitions(
    output: types.AgentOutput,
    trajectory: types.Trajectory,
    *,
    discount: chex.Numeric,
    reward_transform: rewards.RewardTransform = rewards.identity,
) -> Transitions:
  """Slices a trajectory, and the learner's view of it, into transitions.

  Example of T = 4 with an episode that ends inside; row i of each column below
  is read at the index in brackets:

    i  source [i]  action [i]  destination [i+1]  discount_t       is_learnable
    0  MID   s_0   a_0         MID   s_1, r_1     gamma * d_1      1
    1  MID   s_1   a_1         LAST  s_2, r_2     gamma * d_2      1
    2  LAST  s_2   (ignored)   FIRST s_3, (r_3)   0                0
    3  FIRST s_3   a_3         MID   s_4, r_4     gamma * d_4      1

    source:      policy_tm1, v_tm1, is_learnable_tm1   output[i]
    action:      a_tm1, behaviour_log_prob_tm1         trajectory.actions[i]
    destination: v_t, r_t, discount_t                  output[i+1]

  Environments reset on the step after LAST, whatever the action: that
  transition is dead, its discount is 0 and nothing is learnt from it. The
  environment's own discount d is 0 where the episode terminated (row 1 then
  learns from r_2 alone) and 1 where it only ran out of time (row 1 then
  bootstraps from V(s_2)). A stream that is cut, since its environment broke,
  goes on with FIRST and has no LAST: the transition into FIRST is dead as well,
  and the one before it bootstraps from the last value that was seen.

  Args:
    output: the learner's unroll over the trajectory; [T+1, B]; gradients flow.
    trajectory: an unroll of the behaviour policy; a non-finite reward is kept.
    discount: gamma, in [0, 1].
    reward_transform: element-wise, applied to the raw reward.

  Returns:
    Transitions; [T, B].

  Raises:
    ValueError: if discount is outside [0, 1], or an array has other axes or
      another dtype than the rest.
  """
  gamma = checks.check_fraction('discount', discount)
  checks.check_record('output', output, types.AgentOutput)
  checks.check_record('trajectory', trajectory, types.Trajectory)
  checks.check_record(
      'trajectory.timesteps', trajectory.timesteps, types.Timestep)
  checks.check_callable('reward_transform', reward_transform)
  timesteps = trajectory.timesteps
  policy, value, reward, own_discount, step_type, actions, log_prob = (
      inputs.arrays(**{
          'output.policy': (output.policy, float, 'T+1BA'),
          'output.value': (output.value, float, 'T+1B'),
          'timesteps.reward': (timesteps.reward, float, 'T+1B'),
          'timesteps.discount': (timesteps.discount, float, 'T+1B'),
          'timesteps.step_type': (timesteps.step_type, int, 'T+1B'),
          'actions': _actions(trajectory.actions),
          'behaviour_log_prob': (trajectory.behaviour_log_prob, float, 'TB'),
      }))
  is_learnable_tm1 = (at_tm1(step_type) != LAST) & (at_t(step_type) != FIRST)
  discount_t = gamma * at_t(own_discount)
  return Transitions(
      policy_tm1=at_tm1(policy),
      v_tm1=at_tm1(value),
      v_t=at_t(value),
      a_tm1=actions,
      r_t=reward_transform(at_t(reward)),
      discount_t=jnp.where(is_learnable_tm1, discount_t, 0.0),
      behaviour_log_prob_tm1=log_prob,
      is_learnable_tm1=is_learnable_tm1,
  )


def _actions(actions: types.Array) -> tuple[types.Array, type, str]:
  """Returns what `inputs.arrays` takes of actions: choices, or several numbers.

  What fits no distribution is refused where one is known.
  """
  has_parts = getattr(actions, 'ndim', 2) == 3
  is_number = has_parts and jnp.issubdtype(actions.dtype, jnp.floating)
  return actions, float if is_number else int, 'TBN' if has_parts else 'TB'


def check_transitions(
    transitions: Transitions,
    distribution: distributions.Distribution | None = None,
) -> Transitions:
  """Checks transitions that a caller built by hand, and returns them.

  Args:
    transitions: of any policy.
    distribution: of the policy; None: choices, by their logits.

  Raises:
    ValueError: a field has other axes or another dtype than the rest, or than
      the distribution has; there is no step; or a learnable step has a choice
      that the logits lack.
  """
  checks.check_record('transitions', transitions, Transitions)
  kinds: dict[str, type] = {'is_learnable_tm1': bool}
  axes = {'policy_tm1': 'TBA'}
  if distributions.is_of_choices(distribution):
    kinds['a_tm1'] = int
  else:
    assert distribution is not None
    axes['a_tm1'] = 'TBN'
    if distribution.action.dtype.kind == 'i':
      kinds['a_tm1'] = int
  checked = Transitions(*inputs.arrays(**{
      field: (value, kinds.get(field, float), axes.get(field, 'TB'))
      for field, value in transitions._asdict().items()}))
  distribution = distributions.or_categorical(distribution, checked.policy_tm1)
  size = distribution.action.shape
  if checked.a_tm1.shape[2:] != size:
    raise checks.UserError(
        f'a_tm1 has shape {checked.a_tm1.shape}; expected [T, B, {size[0]}], as'
        f' actions of the {distribution.name} distribution have.')
  if not size:
    inputs.actions(
        'a_tm1', transitions.a_tm1, checked.policy_tm1.shape[-1],
        where=checked.is_learnable_tm1)
  return checked
