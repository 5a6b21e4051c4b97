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
"""What a worker process does: it owns environments and answers a batch.

Messages, the batch's and the answers:
  B builds environments and starts an episode in each: H, what they observe
  M maps the shared arrays: none
  R starts an episode in every stream: D
  S takes a step, or restarts after LAST: D
  E instead of an answer: what an environment raised: a line, and its traceback
  W instead of an answer: what is wrong with what an environment returned

Loads neither JAX nor the rest of the package, unless an environment does. Not
here: the other side (`worker_process.py`).
"""

from collections.abc import Mapping, Sequence
import os
import signal
import sys
import traceback
from typing import Any

import numpy as np

from kickstarting import checks
from kickstarting.environments import channel as channel_lib
from kickstarting.environments import observations
from kickstarting.environments import python_streams
from kickstarting.environments import shared_arrays
from kickstarting.environments import targets

_FIRST, _MID, _LAST = 0, 1, 2  # dm_env.StepType


def serve(control: int, memory: int, stand_ins: Sequence[str] = ()) -> None:
  """Answers until the batch is closed or its process has ended.

  Should environments hang then, a watcher ends this process.

  Args:
    control: descriptor of a socket.
    memory: descriptor of the shared arrays.
    stand_ins: modules to be forgotten before one that is not ours is loaded.
  """
  signal.signal(signal.SIGINT, signal.SIG_IGN)  # the batch tells us
  for descriptor in (control, memory):
    os.set_inheritable(descriptor, False)  # by what environments start
  channel = channel_lib.Channel(control)
  try:
    streams = _Streams(channel.receive()[1], memory, stand_ins)
    channel.send(b'H', streams.describe())
    while True:
      kind, content = channel.receive()
      if kind == b'M':
        streams.attach(content)
        continue
      (streams.reset if kind == b'R' else streams.step)()
      channel.send(b'D')
  except channel_lib.Closed:
    streams.close()
  except checks.UserError as error:
    channel.send(b'W', str(error))
  except (Exception, SystemExit) as error:  # of an environment: whatever it is
    sys.stdout.flush()  # the batch shows what it wrote
    channel.send(b'E', [targets.in_a_line(error), traceback.format_exc()])


class _Streams:
  """The environments of a worker."""

  def __init__(
      self, request: Mapping[str, Any], memory: int, stand_ins: Sequence[str]
  ):
    sys.path[:] = request['path']
    self._memory = memory
    self._first = request['first_stream']
    self._key = request['instruction_key']
    self._streams: list[python_streams.Stream] = []
    for row in request['rows']:
      make = targets.resolve(row['target'], stand_ins)
      targets.check_signature(make, row['task'], row['seed'], row['arguments'])
      environment = make(row['seed'], **row['arguments'])
      self._streams.append(python_streams.make_stream(
          row['task'], environment, row['seed'],
          request['bootstrap_on_timeout']))
    self._begun = [stream.reset() for stream in self._streams]

  def describe(self) -> list[dict[str, Any]]:
    """Returns what each stream has: its actions, and what it observes."""
    found = []
    for i, (stream, step) in enumerate(zip(self._streams, self._begun)):
      found.append({
          'num_actions': stream.num_actions(),
          'observation': [
              (name, array.shape, array.dtype.name)
              for name, array in self._numbers(i, step).items()]})
    return found

  def attach(self, content: Mapping[str, Any]) -> None:
    """Maps the arrays of the batch."""
    fields = [shared_arrays.Field(name, tuple(shape), dtype)
              for name, shape, dtype in content['fields']]
    arrays = shared_arrays.attach(
        self._memory, fields, content['num_streams'])
    mine = slice(self._first, self._first + len(self._streams))
    self._arrays = {name: array[mine] for name, array in arrays.items()}
    prefix = shared_arrays.OBSERVATION
    self._expected = {
        field.name.removeprefix(prefix): (field.shape, np.dtype(field.dtype))
        for field in fields if field.name.startswith(prefix)}

  def reset(self) -> None:
    """Starts an episode in every stream."""
    begun, self._begun = self._begun, []  # the first is there already
    for i, stream in enumerate(self._streams):
      self._write(i, begun[i] if begun else stream.reset(), _FIRST)

  def step(self) -> None:
    """Steps every stream, or restarts it after LAST."""
    self._begun = []
    for i, stream in enumerate(self._streams):
      if self._arrays['step_type'][i] == _LAST:
        self._write(i, stream.reset(), _FIRST)
      else:
        self._write(i, stream.step(int(self._arrays['action'][i])), _MID)

  def close(self) -> None:
    """Closes every environment."""
    for stream in self._streams:
      stream.close()

  def _numbers(self, i: int, step: python_streams.Step):
    return observations.numbers(
        step.observation, self._key, self._streams[i].task_name,
        self._first + i)

  def _write(
      self, i: int, step: python_streams.Step, step_type: int
  ) -> None:
    stream, arrays = self._streams[i], self._arrays
    numbers = self._numbers(i, step)
    observations.check(
        numbers, self._expected, stream.task_name, self._first + i)
    with np.errstate(over='ignore'):  # infinite rewards are found by the batch
      arrays['reward'][i] = step.reward
    arrays['discount'][i] = step.discount
    arrays['step_type'][i] = _LAST if step.is_last else step_type
    for name, array in numbers.items():
      arrays[shared_arrays.OBSERVATION + name][i] = array
    text = observations.instruction(
        step.observation, self._key, stream.task_name)
    text = text[:shared_arrays.TEXT_BYTES]
    arrays['text'][i, :len(text)] = np.frombuffer(text, np.uint8)
    arrays['text_length'][i] = len(text)
