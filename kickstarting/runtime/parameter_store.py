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
"""Where the learner leaves parameters for the actors.

Not here: what either of them does with them (`loop.py`, `actor.py`).
"""

import threading
from typing import NamedTuple

import numpy as np

from kickstarting import types


class Versioned(NamedTuple):
  """Parameters, and what tells them from those before and after.

  version: grows with whatever changes the policy: every update, and every
    decision of a population.
  copies: int64 [P], how often each member took another's parameters; None where
    nobody does.
  """

  version: int
  params: types.Params
  copies: np.ndarray | None = None


class ParameterStore:
  """Holds the newest parameters; a published pair is never changed."""

  def __init__(
      self,
      version: int,
      params: types.Params,
      copies: np.ndarray | None = None,
  ):
    self._lock = threading.Lock()
    self._newest = Versioned(version, params, copies)

  def publish(
      self,
      version: int,
      params: types.Params,
      copies: np.ndarray | None = None,
  ) -> None:
    """Replaces the parameters. The arrays must not be changed later."""
    with self._lock:
      self._newest = Versioned(version, params, copies)

  def get(self) -> Versioned:
    """Returns the newest parameters."""
    with self._lock:
      return self._newest
