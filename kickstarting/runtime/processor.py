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
"""How acting and learning share a processor.

Here: `share` (XLA's settings, before JAX starts) and `leave_a_core`. A learner
and an actor are to compute side by side, each in its own thread; with XLA's
defaults their operations go through a common pool of threads, where the two
wait for each other. `benchmarks/throughput.py` measures it. Not here: the
threads themselves (`threads.py`).
"""

import os

import jax
import jaxlib

# The scheduler that optimises for memory orders operations one after the other,
# so that few are handed to the pool; the older switch for the same choice is
# deprecated, the newer unknown to older versions, which end at an unknown flag.
if tuple(map(int, jaxlib.__version__.split('.')[:2])) >= (0, 10):
  _SCHEDULER = 'xla_cpu_scheduler_type', 'CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED'
else:
  _SCHEDULER = 'xla_cpu_enable_concurrency_optimized_scheduler', 'false'

_XLA_FLAGS = (
    ('xla_cpu_multi_thread_eigen', 'false'),
    _SCHEDULER,
)


def share() -> None:
  """Makes JAX compute in the thread that asks for it, as far as it can.

  XLA still hands a program with many operations that are ready at a time on to
  its pool, which then has one thread.

  Changes `XLA_FLAGS`, `PJRT_NPROC` and a setting of JAX, for this process and
  those it starts; what is set already in either variable is left as it is. Call
  it before the first computation: afterwards it has no effect. Devices other
  than the CPU are not touched.
  """
  flags = os.environ.get('XLA_FLAGS', '').split()
  known = {flag.lstrip('-').split('=')[0] for flag in flags}
  flags += [
      f'--{name}={value}' for name, value in _XLA_FLAGS if name not in known]
  os.environ['XLA_FLAGS'] = ' '.join(flags)
  os.environ.setdefault('PJRT_NPROC', '1')
  jax.config.update('jax_cpu_enable_async_dispatch', False)


def leave_a_core() -> None:
  """Keeps the calling thread, and those it starts, off one core.

  Woken actors and environments would otherwise interrupt the learner. Nothing
  happens with a single core, or where the system cannot tell.
  """
  if not hasattr(os, 'sched_setaffinity'):
    return
  cores = sorted(os.sched_getaffinity(0))  # 0 is the calling thread
  if len(cores) > 1:
    os.sched_setaffinity(0, cores[:-1])
