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
"""Environments that start processes and have memory, as engines do.

Here: `Parent`, and a learner that plays it until somebody ends it:

  python -m kickstarting_test.environments.parents FOLDER HOW WHERE STEPS

Not here: tests.
"""

import json
import os
import pathlib
import subprocess
import sys
import threading
import time

from kickstarting_test.environments import faulty


class Parent(faulty.History):
  """Has a child, and memory with a name; notes both in a folder.

  `how` it has the child: `spawn` with all descriptors that may be inherited,
  `fork` with all that there are, `leave` in a session of its own.
  """

  def __init__(
      self, seed: int, folder: str, how: str = 'spawn', start_s: float = 0.0):
    super().__init__(seed)
    path = pathlib.Path(f'/dev/shm/parents_test_{os.getpid()}')
    path.write_bytes(b'x')
    with path.open('r+b') as file:
      self._memory = open_memory(file.fileno())
    if how == 'fork':
      child = os.fork()
      if not child:
        time.sleep(1e6)
        os._exit(0)
    else:
      child = subprocess.Popen(
          ['sleep', '1000000'], close_fds=False,
          start_new_session=how == 'leave').pid
    note = pathlib.Path(folder, f'{os.getpid()}.json')
    note.with_suffix('.part').write_text(json.dumps(
        {'pids': [os.getpid(), child], 'memory': str(path)}))
    note.with_suffix('.part').rename(note)
    time.sleep(start_s)


def open_memory(descriptor: int):
  """Maps a file, in the way of engines: nobody is told of it."""
  import mmap

  return mmap.mmap(descriptor, 0)


def main() -> None:
  """Plays for some steps, or for ever."""
  import numpy as np

  from kickstarting.environments import process_batch
  from kickstarting.environments import worker_pool
  from kickstarting.environments import worker_process

  folder, how, where, steps = sys.argv[1:]
  batches = []

  def make() -> None:
    batches.append(process_batch.task_batch(
        {'parent': worker_process.Builder(
            'kickstarting_test.environments.parents:Parent', {
                'folder': folder, 'how': how,
                'start_s': 1e6 if where == 'start' else 0.0})},
        2, seed=0, pool=worker_pool.PoolConfig(streams_per_worker=1)))
    batches[0].reset()

  if where == 'thread':
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
  else:
    make()
  [batch] = batches
  pathlib.Path(folder, 'playing').touch()
  step = 0
  while step != int(steps):
    batch.send(np.zeros(2, np.int32))
    batch.receive()
    time.sleep(0.01)
    step += 1
  pathlib.Path(folder, 'restarts').write_text(str(batch.restarts))
  batch.close()


if __name__ == '__main__':
  main()
