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
"""What tests of the runtime share: a scripted batch and a small agent.

Here: `TapedBatch`, whose every timestep is known beforehand and which writes
each call onto a tape, and `make_agent`, a recurrent agent that reads all it is
given, without Haiku. Not here: tests; other environments
(`kickstarting_test/environments/fakes.py`).
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import types
from kickstarting.environments import base
from kickstarting.environments import instructions as instructions_lib

NUM_ACTIONS = 3
WORDS = (b'go', b'fetch', b'open', b'put the key', b'look')


class TapedBatch(base.BatchedEnvironment):
  """Stream i plays episodes of lengths[i], with reward 1 + i at each step."""

  def __init__(
      self,
      lengths: Sequence[int | Sequence[int]],
      task: Sequence[int] | None = None,
      tape: list[str] | None = None,
      name: str = 'batch',
      reward: float = 1.0,
      words: Sequence[bytes] = WORDS,
  ):
    """Initialises the batch.

    Args:
      lengths: of the episodes of each stream; several are taken in turn.
      task: row of the task list of each stream; 0 by default.
      tape: takes the names of the calls.
      name: written before each call.
      reward: of stream 0; the others get 1 more each.
      words: the instructions of the episodes, in turn.
    """
    self.num_streams = len(lengths)
    self.task = np.array(task or [0] * len(lengths), np.int32)
    self.spec = base.EnvironmentSpec(
        NUM_ACTIONS, {'x': types.ArraySpec((2,), np.dtype(np.float32))}, 4)
    self.instructions = instructions_lib.InstructionTable(4)
    self.sent: list[np.ndarray] = []
    self.returned: list[types.Timestep] = []
    self.is_closed = False
    self.reward = reward  # may be changed on the way
    self._words = words
    self._lengths = [[n] if isinstance(n, int) else list(n) for n in lengths]
    self._episode = np.zeros(self.num_streams, np.int64)
    self._step = np.zeros(self.num_streams, np.int64)
    self._tape = tape if tape is not None else []
    self._name = name

  def reset(self) -> types.Timestep:
    """Starts an episode in every stream."""
    self._tape.append(f'{self._name} reset')
    return self._timestep()

  def send(self, actions: np.ndarray) -> None:
    """Notes the actions."""
    self._tape.append(f'{self._name} send')
    self.sent.append(np.array(actions))

  def receive(self) -> types.Timestep:
    """Steps every stream; a stream at its LAST starts again."""
    self._tape.append(f'{self._name} receive')
    over = self._step == self._current_length()
    self._episode += over
    self._step = np.where(over, 0, self._step + 1)
    return self._timestep()

  def close(self) -> None:
    """Notes the call."""
    self._tape.append(f'{self._name} close')
    self.is_closed = True

  def _current_length(self) -> np.ndarray:
    return np.array([
        lengths[episode % len(lengths)]
        for lengths, episode in zip(self._lengths, self._episode)
    ])

  def _timestep(self) -> types.Timestep:
    is_first = self._step == 0
    is_last = self._step == self._current_length()
    streams = np.arange(self.num_streams)
    step_type = np.where(is_last, base.LAST, base.MID)
    step_type = np.where(is_first, base.FIRST, step_type).astype(np.int32)
    reward = np.where(is_first, 0.0, self.reward + streams)
    actions = self.sent[-1] if self.sent else np.zeros(len(streams), np.int32)
    timestep = types.Timestep(
        observation={
            'x': np.stack([self._step, streams], axis=1).astype(np.float32)},
        # A new instruction in every episode, shared by no two streams at first.
        instruction=self.instructions.intern_many(
            self._words[n % len(self._words)] for n in self._episode + streams),
        previous_action=base.previous_action(actions, step_type),
        reward=reward.astype(np.float32),
        discount=np.where(is_last, 0.0, 1.0).astype(np.float32),
        step_type=step_type,
    )
    self.returned.append(timestep)
    return timestep


def make_agent() -> agent_lib.Agent:
  """Returns an agent whose logits depend on all that it reads."""

  def init(rng_key):
    return {
        'policy': 0.1 * jax.random.normal(rng_key, (5, NUM_ACTIONS)),
        'value': jnp.zeros(5),
        'word': jnp.ones(()),
    }

  def initial_state(batch_size):
    return jnp.zeros((batch_size,))

  def encode(params, tokens):
    return params['word'] * jnp.sum(tokens / 1000.0, axis=-1)  # [U]

  def unroll(params, timesteps, context, state):
    def step(state, timestep):
      state = jnp.where(timestep.step_type == base.FIRST, 0.0, state)
      state = 0.5 * state + timestep.observation['x'][:, 0]
      features = jnp.stack([
          state,
          timestep.observation['x'][:, 1],
          context[timestep.instruction],
          timestep.previous_action.astype(jnp.float32),
          timestep.reward,
      ], axis=-1)  # [B, 5]
      output = types.AgentOutput(
          features @ params['policy'], features @ params['value'])
      return state, output

    state, output = jax.lax.scan(step, state, timesteps)
    return output, state

  def step(params, rng_key, timestep, context, state):
    timesteps = jax.tree.map(lambda x: jnp.asarray(x)[None], timestep)
    output, state = unroll(params, timesteps, context, state)
    output = jax.tree.map(lambda x: x[0], output)
    actions = jax.random.categorical(rng_key, output.policy)
    return (actions.astype(jnp.int32), output), state

  return agent_lib.Agent(init, initial_state, encode, step, unroll)
