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
"""Actions between -1 and 1: the tanh of diagonal Gaussians.

An action is stored as u, before the tanh: its probability is computed from
there, since at an action of exactly 1 there is none. Densities are of the
action itself, tanh u:

  log pi(tanh u) = log N(u) - sum_n log(1 - tanh(u_n)^2).

The last term is of u alone, so that it falls out of every ratio and every
divergence, which are those of the Gaussians. Only the entropy has no closed
form.

Not here: the Gaussians themselves (`gaussian.py`). Read
`../losses/divergences.py` next.
"""

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import inputs
from kickstarting.distributions import distribution
from kickstarting.distributions import gaussian as gaussian_lib

_NODES = 32  # of the quadrature


def make_tanh_gaussian(
    size: int, *, floor: float = gaussian_lib.FLOOR
) -> distribution.Distribution:
  """Returns the policies over N numbers of -1 to 1, given by [..., 2 N].

  Parameters are those of `make_gaussian`. The entropy, and the cross-entropy,
  which holds the same term, need E log(1 - tanh(u)^2) of each part. It is
  computed by Gauss-Hermite quadrature with 32 nodes, whose error for a part is
  below 2e-4 nats for deviations of u up to 2, 3e-3 up to 3 and 3e-2 up to 5.
  `temper` takes the power of the density of u.

  Args:
    size: N.
    floor: smallest deviation of u; see `make_gaussian`.

  Raises:
    ValueError: there is no number, or the floor is negative.
  """
  base = gaussian_lib.make_gaussian(size, floor=floor)
  nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
  weights = weights / weights.sum()

  def log_slope(u):
    """Returns log(1 - tanh(u)^2) without its rounding to log 0; [...]."""
    return 2.0 * (np.log(2.0) - u - jax.nn.softplus(-2.0 * u))

  def stretch(parameters):
    """Returns E log(1 - tanh(u)^2), summed over parts; [...]."""
    mean, variance = gaussian_lib.moments(parameters, size, floor)
    deviation = jnp.sqrt(variance)
    total = sum(
        float(weight) * log_slope(mean + float(node) * deviation)
        for node, weight in zip(nodes, weights))
    return jnp.sum(jnp.asarray(total), axis=-1)

  def log_prob(parameters, actions):
    actions, = inputs.arrays(actions=(actions, float, '...N'))
    return base.log_prob(parameters, actions) - jnp.sum(
        log_slope(actions), axis=-1)

  return base._replace(
      name='tanh Gaussian',
      log_prob=log_prob,
      entropy=lambda parameters: base.entropy(parameters) + stretch(parameters),
      cross_entropy=lambda p, q: base.cross_entropy(p, q) + stretch(p),
      to_environment=jnp.tanh,
      exact=frozenset({'kl'}))
