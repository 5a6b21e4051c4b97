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
"""A step of learning with a convolution, alone and in a loop: ours and XLA's.

  python -m benchmarks.convolution

The loop is what learning from a batch more than once compiles to. Ours and
XLA's take turns; the last line of output is JSON, milliseconds a step. Not
here: whether both are the same (`networks/convolution_test.py`).
"""

from collections.abc import Callable
import json
import platform
import statistics
import time

from absl import flags
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting.commands import cli
from kickstarting.networks import convolution

_ROUNDS = flags.DEFINE_integer(
    'rounds', 5, 'Repetitions, interleaved.', lower_bound=1)
_STEPS = 32  # of a loop
_SHAPE = (128, 10, 10, 4)  # a minibatch of MinAtar's pictures
_MODULES: dict[str, Callable[[], Callable[[jax.Array], jax.Array]]] = {
    'ours': lambda: convolution.Conv2D(16, 3),
    'xla': lambda: hk.Conv2D(16, 3, padding='VALID'),
}


def _steps(name: str, number: int) -> Callable[[], None]:
  """Returns what takes so many steps, compiled as one function."""

  def loss(x):
    features = hk.Flatten()(jax.nn.relu(_MODULES[name]()(x)))
    return jnp.mean(jnp.square(hk.Linear(64)(features)))

  network = hk.transform(loss)
  x = jnp.asarray(np.random.default_rng(0).random(_SHAPE), jnp.float32)
  params = network.init(jax.random.key(0), x)

  def step(params, _):
    gradient = jax.grad(network.apply)(params, None, x)
    return jax.tree.map(lambda p, g: p - 0.01 * g, params, gradient), None

  take = jax.jit(
      lambda params: jax.lax.scan(step, params, None, length=number)[0]
      if number > 1 else step(params, None)[0])
  return lambda: jax.block_until_ready(take(params))


def main(argv):
  del argv
  times: dict[str, list[float]] = {}
  measured = {
      f'{name}, {"in a loop" if number > 1 else "alone"}': (
          _steps(name, number), number)
      for number in (1, _STEPS) for name in _MODULES}
  for take, _ in measured.values():
    take()  # compiles
  for _ in range(_ROUNDS.value):
    for name, (take, number) in measured.items():
      began = time.perf_counter()
      for _ in range(_STEPS // number):
        take()
      times.setdefault(name, []).append(
          (time.perf_counter() - began) / _STEPS * 1e3)
  print(json.dumps({
      **{name: round(statistics.median(found), 3)
         for name, found in times.items()},
      'machine': platform.machine()}), flush=True)


if __name__ == '__main__':
  cli.run(main)
