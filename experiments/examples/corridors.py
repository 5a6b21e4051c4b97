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
"""A suite of your own.

  python -m experiments.train --suite=experiments/examples/corridors.py \
      --frames=100_000

Explained in `docs/your_own_environment.md`. The environment stands in a file of
its own (`corridor.py`), so that processes that play it load nothing else.
"""

import pathlib

from kickstarting.environments import worker_process
from kickstarting.environments.suites import own

_FILE = pathlib.Path(__file__).with_name('corridor.py')


def _builder(length: int) -> worker_process.Builder:
  return worker_process.Builder(f'{_FILE}:Corridor', {'length': length})


SUITE = own.of_builders(
    'corridors', {'short': _builder(3), 'long': _builder(10)},
    # Mean returns of the uniformly random policy (experiments.random_returns,
    # 5,000 episodes), and of the shortest way.
    references={'short': (0.49, 0.98), 'long': (-0.52, 0.91)},
    defaults={'network': 'flat', 'learning_rate': 0.003})
