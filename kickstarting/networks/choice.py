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
"""Which network an environment gets if nobody names one: `choose`.

Not here: the networks by name (`build.py`), whether a network can read an
observation (`reading.py`).
"""

from collections.abc import Mapping
from typing import Any

from kickstarting import checks
from kickstarting.networks import build
from kickstarting.networks import reading


def choose(observation: Mapping[str, Any]) -> build.NetworkConfig:
  """Returns a network that reads all of an observation.

  MiniGrid's view gets its own network, with memory. Everything else gets two
  layers without memory on normalised vectors and small convolutions.

  Args:
    observation: name -> anything with `shape` and `dtype`.

  Raises:
    ValueError: there is nothing to read.
  """
  if not observation:
    raise checks.UserError(
        'the observation has no array of numbers; expected at least one. Add'
        ' one to the observation.')
  grid = build.get_network('grid_small')
  try:
    reading.entries(grid, observation)
    return grid
  except checks.UserError:  # it is something else than MiniGrid's view
    return build.get_network('mlp_small')
