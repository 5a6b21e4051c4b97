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
"""What every distribution over actions is: a record of functions.

Here: `Distribution`, `check_same`. Not here: any of them. Read `categorical.py`
next.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax

from kickstarting import checks
from kickstarting import types

# What can be exact, or not.
QUANTITIES = frozenset({'entropy', 'cross_entropy', 'kl'})


class Distribution(NamedTuple):
  """A family of policies; its members are parameter arrays [..., P].

  Functions are pure and take any leading axes. Gradients flow into all
  parameters and into no action. `cross_entropy` and `kl` are as defined:
  infinite where q lacks what p does; see `restrict`.

  log_prob(parameters [..., P], actions [..., *action.shape]) -> [...]: the
    logarithm of a probability, or of a density. It is minus infinity for what
    the policy lacks.
  sample(parameters, rng_key) -> actions; the key is consumed.
  mode(parameters) -> actions, of the largest probability or density.
  entropy(parameters) -> [...] in nats; it may be negative where it is of a
    density.
  cross_entropy(p, q) -> [...]: -E_p log q.
  kl(p, q) -> [...]: E_p log(p / q), at least 0.
  temper(parameters, temperature) -> parameters of p^(1 / temperature),
    normalised; below 1 sharpens.
  restrict(p, q) -> p without the actions that q lacks, normalised.
  to_environment(actions) -> what an environment takes of them.
  """

  name: str  # of the family, in errors
  num_parameters: int  # P
  action: types.ArraySpec  # of one action as it is stored
  log_prob: Callable[[types.Array, types.Array], jax.Array]
  sample: Callable[[types.Array, types.Array], jax.Array]
  mode: Callable[[types.Array], jax.Array]
  entropy: Callable[[types.Array], jax.Array]
  cross_entropy: Callable[[types.Array, types.Array], jax.Array]
  kl: Callable[[types.Array, types.Array], jax.Array]
  temper: Callable[..., jax.Array]
  restrict: Callable[[types.Array, types.Array], types.Array]
  to_environment: Callable[[types.Array], types.Array]
  exact: frozenset[str] = QUANTITIES  # others are estimates, as documented


def check_same(
    name: str, found: Distribution, expected: Distribution
) -> None:
  """Raises UserError unless two policies are of one family and one size.

  Args:
    name: of whom `found` is, in the error.
    found: its distribution.
    expected: that of the student.
  """
  mine, theirs = (
      (one.name, one.num_parameters, one.action) for one in (found, expected))
  if mine != theirs:
    raise checks.UserError(
        f'{name} is {found.name} with {found.num_parameters} parameters and'
        f' actions of shape {found.action.shape}; expected {expected.name} with'
        f' {expected.num_parameters} parameters and actions of shape'
        f' {expected.action.shape}, as of the student. Choose one of the same'
        ' actions, or train it again with these.')
