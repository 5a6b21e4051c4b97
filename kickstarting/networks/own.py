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
"""Networks of one's own: a Haiku function, or functions of any framework.

Here: `agent_of`, `of_function`, and `make_network`, which gives such a network
the form of ours: its parameters, whatever tree they are, become one dict of
arrays by path, which checkpoints and policy files hold. Not here: the networks
that are shipped (`build.py`), reading a network from where it is written
(`kickstarting/description.py`).
"""

from collections.abc import Callable, Iterator, Mapping
import contextlib
import dataclasses
import sys
from typing import Any, NamedTuple, TypeAlias

import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.networks import build

_FIRST = 0  # dm_env.StepType.FIRST
_MODULE = 'own'  # in the place of a module's name
_ALONE = 'observation'  # the name of an array that has none
# In what a file says of a network of one's own.
_PATH, _SCALES = 'path', 'scales_value'


class Functions(NamedTuple):
  """What makes a network; see `agent_of`."""

  init: Callable[..., Any]
  apply: Callable[..., Any]
  initial_state: Callable[[int], types.CoreState] | None = None


@dataclasses.dataclass(frozen=True)
class OwnNetwork:
  """A network of one's own.

  Attributes:
    functions: number of actions -> its functions.
    path: where others find it, module:name or PATH.py:name; empty: nowhere, so
      that a policy with it cannot be saved.
    scales_value: whether its value has units of its own.
  """

  functions: Callable[[int], Functions]
  path: str = ''
  scales_value: bool = False


def agent_of(
    init: Callable[..., Any],
    apply: Callable[..., Any],
    initial_state: Callable[[int], types.CoreState] | None = None,
    *,
    path: str = '',
) -> OwnNetwork:
  """Returns a network made of the functions of any framework.

  Observations are as the environment gives them, with an axis [N] in front: an
  array, or a dict of arrays.

  Args:
    init: (rng_key, observation) -> parameters: any tree of arrays of floats.
    apply: (parameters, observation) -> logits [N, A] and value [N]. With an
      initial state: (parameters, observation, state) -> ((logits, value),
      state).
    initial_state: N -> the state in which an episode begins, leaves [N, ...];
      None for a network without memory.
    path: module:name or PATH.py:name, where what this returns is found; needed
      to save a policy.

  Raises:
    ValueError: one of them is no function.
  """
  checks.check_callable('init', init)
  checks.check_callable('apply', apply)
  if initial_state is not None:
    checks.check_callable('initial_state', initial_state)
  functions = Functions(init, apply, initial_state)
  return OwnNetwork(lambda num_actions: functions, path)


def of_function(function: Callable[[Any], Any], path: str = '') -> OwnNetwork:
  """Returns the network of a Haiku function.

  Args:
    function: observation -> features [N, D], on which a policy and a value are
      put; or -> logits [N, A] and value [N].
    path: where the function is found; if empty, it is looked for.
  """

  def functions(num_actions: int) -> Functions:
    def network(observation):
      output = function(observation)
      if isinstance(output, tuple):
        return output
      head = hk.Linear(
          num_actions, w_init=hk.initializers.VarianceScaling(0.01),
          name='policy')
      return head(output), hk.Linear(1, name='baseline')(output)[..., 0]

    return Functions(*hk.without_apply_rng(hk.transform(network)))

  return OwnNetwork(functions, path or _place_of(function))


def _place_of(function: Callable[..., Any]) -> str:
  """Returns where others find a function; empty: they do not."""
  name = getattr(function, '__qualname__', '')
  module = getattr(function, '__module__', '')
  if not name.isidentifier() or not module:  # a lambda, or inside of another
    return ''
  if module == '__main__':
    file = getattr(sys.modules['__main__'], '__file__', None)
    return f'{file}:{name}' if file else ''
  return f'{module}:{name}'


Network: TypeAlias = build.NetworkConfig | OwnNetwork


def to_json(network: Network) -> dict[str, Any]:
  """Returns what a file says of a network."""
  if isinstance(network, OwnNetwork):
    return {_PATH: network.path, _SCALES: network.scales_value}
  return build.to_json(network)


def is_own(saved: Mapping[str, Any]) -> bool:
  """Returns whether what a file says is of a network of one's own."""
  return set(saved) == {_PATH, _SCALES}


def is_found(network: Network) -> bool:
  """Returns whether a policy with a network can be saved."""
  return not isinstance(network, OwnNetwork) or bool(network.path)


def as_saved(network: OwnNetwork, saved: Mapping[str, Any]) -> OwnNetwork:
  """Returns a network of one's own as a policy file has it."""
  return dataclasses.replace(network, scales_value=bool(saved[_SCALES]))


def place_of(saved: Mapping[str, Any]) -> Any:
  """Returns where a network of one's own is, as a file says."""
  return saved[_PATH]


def adapt(network: Network, what: str, **fields: Any) -> Network:
  """Returns a network of ours with other fields, and one of one's own as it is.

  Args:
    network: of either kind.
    what: would need the fields, for messages; empty if they are not needed.
    **fields: of `NetworkConfig`.

  Raises:
    ValueError: a network of one's own lacks what is needed.
  """
  if not isinstance(network, OwnNetwork):
    return dataclasses.replace(network, **fields)
  if what:
    raise checks.UserError(
        f'{what} needs a part of the network that one of your own does not'
        ' have; expected one that is shipped. Leave it out, or choose one of'
        f' {", ".join(build.NETWORKS)}.')
  return network


def make_network(
    network: OwnNetwork, observation_spec: Mapping[str, Any], num_actions: int
) -> build.Network:
  """Gives a network the form of ours.

  Args:
    network: of one's own.
    observation_spec: name -> anything with `shape` and `dtype`.
    num_actions: A.

  Returns:
    See `build.make_network`; the parameters are {'own': {path: array}}.

  Raises:
    ValueError: it gives no logits and value of the right shapes, or has
      parameters that are no floats.
  """
  functions = network.functions(num_actions)

  def read(observation):
    observation = {
        name: x for name, x in observation.items() if name != types.TASK}
    is_alone = list(observation) == [_ALONE]
    return observation[_ALONE] if is_alone else observation

  example = {
      name: jax.ShapeDtypeStruct((1, *spec.shape), spec.dtype)
      for name, spec in observation_spec.items()}
  shown = ', '.join(
      f'{name} {tuple(x.shape)}' for name, x in example.items())
  with _blaming(shown):
    tree = jax.eval_shape(functions.init, jax.random.key(0), read(example))
  leaves, structure = jax.tree_util.tree_flatten_with_path(tree)
  names = [_name(path) for path, _ in leaves]
  _check_parameters(names, [leaf for _, leaf in leaves])

  def pack(params):
    return {_MODULE: dict(zip(names, jax.tree.leaves(params), strict=True))}

  def unpack(params):
    return jax.tree.unflatten(
        structure, [params[_MODULE][name] for name in names])

  def apply(params, observation, state):
    """Returns the output [N], and the next state."""
    if functions.initial_state is None:
      found = functions.apply(unpack(params), read(observation))
    else:
      found = functions.apply(unpack(params), read(observation), state)
      if not isinstance(found, tuple) or len(found) != 2:
        raise checks.UserError(
            f'a network with memory returned {_what(found)}; expected'
            ' ((logits, value), state). Return both.')
      found, state = found
    num = next(iter(observation.values())).shape[0]
    return _output(found, num, num_actions), state

  def initial_state(batch_size):
    if functions.initial_state is None:
      return ()
    return functions.initial_state(batch_size)

  def unroll(params, timesteps, context, state):
    del context
    steps, batch = timesteps.step_type.shape
    if functions.initial_state is None:
      merged = jax.tree.map(
          lambda x: jnp.reshape(x, (steps * batch, *x.shape[2:])),
          timesteps.observation)
      output, _ = apply(params, merged, state)
      return jax.tree.map(
          lambda x: x.reshape(steps, batch, *x.shape[1:]), output), state
    fresh = initial_state(batch)

    def step(state, now):
      observation, is_first = now
      state = jax.tree.map(
          lambda x, y: jnp.where(
              is_first.reshape(-1, *[1] * (jnp.ndim(x) - 1)), x, y),
          fresh, state)
      output, state = apply(params, observation, state)
      return state, output

    state, output = jax.lax.scan(
        step, state, (timesteps.observation, timesteps.step_type == _FIRST))
    return output, state

  def init(rng_key, timesteps, tokens):
    del tokens
    merged = jax.tree.map(lambda x: x[0], timesteps.observation)
    return pack(functions.init(rng_key, read(merged)))

  made = build.Network(
      init, lambda params, tokens: build.InstructionContext((), ()), unroll,
      initial_state, lambda params, timesteps: params)
  with _blaming(shown):  # raises now what is wrong with its output
    jax.eval_shape(
        lambda params, observation: apply(
            params, observation, initial_state(1)), pack(tree), example)
  return made


@contextlib.contextmanager
def _blaming(observation: str) -> Iterator[None]:
  """Says that what is raised is the user's network's, in one line."""
  try:
    yield
  except checks.UserError:
    raise
  except Exception as error:
    text = ' '.join(str(error).split())[:300]
    raise checks.UserError(
        f'the network raised {type(error).__name__} ({text}); expected one that'
        f' reads {observation}: the array itself if there is one, else a dict'
        ' of them. Correct it.') from error


def _name(path: Any) -> str:
  """Returns the name of a parameter, from its place in the tree."""
  parts = (
      str(getattr(key, 'key', getattr(key, 'name', getattr(key, 'idx', key))))
      for key in path)
  return '/'.join(parts).replace('|', '_')


def _check_parameters(names: list[str], leaves: list[Any]) -> None:
  """Raises ValueError unless the parameters are floats with names."""
  if len(set(names)) < len(names):
    raise checks.UserError(
        f'the parameters of the network have the names {names[:8]}; expected'
        ' each once. Rename them.')
  for name, leaf in zip(names, leaves):
    if not jnp.issubdtype(leaf.dtype, jnp.floating):
      raise checks.UserError(
          f'init returned {name!r} of type {leaf.dtype}; expected floats alone,'
          ' which are learnt. Leave everything else out, as nnx.split(model,'
          ' nnx.Param, ...) and equinox.partition(model,'
          ' equinox.is_inexact_array) do.')


def _output(found: Any, num: int, num_actions: int) -> types.AgentOutput:
  """Returns what a network gives, in our form."""
  try:
    logits, value = found
    shapes = np.shape(logits), np.shape(value)
  except (TypeError, ValueError):
    shapes = None
  if shapes is not None and shapes[1] == (num, 1):
    value, shapes = value[:, 0], (shapes[0], (num,))
  if shapes != ((num, num_actions), (num,)):
    raise checks.UserError(
        f'the network returned {_what(found)} for {num} observations; expected'
        f' logits of shape {(num, num_actions)}, for {num_actions} actions, and'
        f' a value of shape {(num,)}. Correct its last layers.')
  return types.AgentOutput(
      jnp.asarray(logits, jnp.float32), jnp.asarray(value, jnp.float32))


def _what(found: Any) -> str:
  """Returns the shapes of what a network returned."""
  if isinstance(found, (tuple, list)):
    return f'({", ".join(map(_what, found))})'
  if hasattr(found, 'shape'):
    return f'an array of shape {tuple(found.shape)}'
  return f'a {type(found).__name__}'
