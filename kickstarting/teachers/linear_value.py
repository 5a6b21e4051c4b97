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
"""A value function for a teacher that lacks one: linear in its features.

Whoever changes what a teacher does takes its value away with that: the old one
is that of another policy. Here a new one is fitted to what the teacher was seen
to get. Not here: playing it (`runtime/measured_value.py`).
"""

import dataclasses
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting.teachers import teacher as teacher_lib

# Times the number of steps; features of an LSTM lie within [-1, 1]. With the
# last the value is nearly constant.
_RIDGES = (1e-3, 1e-2, 0.1, 1.0, 1e3)


class Fit(NamedTuple):
  """A linear value function."""

  weights: np.ndarray  # float32 [D + 1]; the last is the constant
  # Share of the variance of the returns that it explains in episodes that it
  # was not fitted to; NaN where all returns are equal.
  explained: float


def monte_carlo_returns(
    reward: np.ndarray,
    discount: np.ndarray,
    step_type: np.ndarray,
) -> np.ndarray:
  """Returns the discounted return from every step, NaN where it is not known.

  It is not known in a last step, nor before the end of an episode that was not
  seen; an episode that was cut by a limit of time pays nothing afterwards.

  Args:
    reward: that came with a step; [T+1, B].
    discount: of what follows a step, gamma included; [T+1, B].
    step_type: of `dm_env.StepType`; [T+1, B].

  Returns:
    float64 [T+1, B].
  """
  is_first, is_last = step_type == 0, step_type == 2
  returns = np.full(reward.shape, np.nan)
  for t in reversed(range(len(reward) - 1)):
    rest = np.where(is_last[t + 1], 0.0, discount[t + 1] * returns[t + 1])
    is_known = ~is_last[t] & ~is_first[t + 1]
    returns[t] = np.where(is_known, reward[t + 1] + rest, np.nan)
  return returns


def fit(
    features: np.ndarray, returns: np.ndarray, fold: np.ndarray
) -> Fit:
  """Fits by ridge regression, to all steps whose return is known.

  Either fold is fitted to and the other looked at, which chooses the penalty
  and says what is explained.

  Args:
    features: [N, D].
    returns: [N], NaN where they are not known.
    fold: [N] of 0 and 1; the steps of an episode are in one.

  Raises:
    ValueError: a fold has no step whose return is known.
  """
  is_known = ~np.isnan(returns)
  folds = [is_known & (fold == i) for i in (0, 1)]
  if not all(map(np.any, folds)):
    raise checks.UserError(
        f'{is_known.sum()} steps of a teacher have a known return; expected'
        ' episodes that end in both halves of its streams. Play it longer.')
  x = np.concatenate([features, np.ones_like(features[:, :1])], axis=-1)
  x = x.astype(np.float64)
  sums = [_Sums(x[i].T @ x[i], x[i].T @ returns[i], i.sum()) for i in folds]
  errors = np.zeros(len(_RIDGES))
  for here, there in zip(sums, folds[::-1]):
    for i, ridge in enumerate(_RIDGES):
      guess = x[there] @ _solve(here, ridge)
      errors[i] += np.square(guess - returns[there]).sum()
  best = int(np.argmin(errors))
  variance = is_known.sum() * returns[is_known].var()
  both = _Sums(*(a + b for a, b in zip(*sums)))
  return Fit(
      _solve(both, _RIDGES[best]).astype(np.float32),
      float(1 - errors[best] / variance) if variance > 0 else float('nan'))


class _Sums(NamedTuple):
  """What a regression needs of N steps."""

  xx: np.ndarray  # [D + 1, D + 1]
  xy: np.ndarray  # [D + 1]
  num: int


def _solve(sums: _Sums, ridge: float) -> np.ndarray:
  penalty = np.full(len(sums.xy), ridge * sums.num)
  penalty[-1] = 0.0  # the constant is free
  return np.linalg.solve(sums.xx + np.diag(penalty), sums.xy)


def with_value(
    teacher: teacher_lib.Teacher, weights: np.ndarray, *, gives_features: bool
) -> teacher_lib.Teacher:
  """Returns a teacher whose value is linear in its features.

  Args:
    teacher: one that gives its features.
    weights: of `fit`; [D + 1].
    gives_features: whether it still gives them.
  """

  def encode(params, tokens):
    return teacher.encode(params['policy'], tokens)

  def unroll(params, timesteps, context, state):
    output, state = teacher.unroll(params['policy'], timesteps, context, state)
    value = output.features @ params['value'][:-1] + params['value'][-1]
    return output._replace(
        value=value,
        features=output.features if gives_features else None), state

  return dataclasses.replace(
      teacher, params={'policy': teacher.params, 'value': jnp.asarray(weights)},
      encode=encode, unroll=unroll, has_value=True,
      architecture=(teacher.architecture, 'linear value', gives_features),
      feature_size=teacher.feature_size if gives_features else 0)
