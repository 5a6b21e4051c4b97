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
"""How the streams of one acting batch are dealt out.

Acting is cheapest with many streams side by side, learning takes fewest frames
with many small updates, and the members of a population act together: so a
batch becomes several learner batches, and each of these holds streams of every
member. Not here: who cuts (`actor.py`) and who sorts by member
(`populations/`).
"""

import dataclasses

import numpy as np

from kickstarting import checks


@dataclasses.dataclass(frozen=True)
class Layout:
  """Stream s goes to learner batch s % splits, for member s // splits % P.

  Within a learner batch, stream s is member s % P's. Streams are ordered by
  task, so that every member finds every task in every learner batch.
  """

  splits: int = 1  # learner batches that an acting batch is cut into
  num_members: int = 1  # P, of the population that acts together

  def members(self, num_streams: int) -> np.ndarray:
    """Returns whose each stream of an acting batch is; int64 [num_streams].

    Raises:
      ValueError: the streams cannot be dealt out evenly.
    """
    share = self.splits * self.num_members
    if num_streams % share:
      raise checks.UserError(
          f'a batch has {num_streams} streams; expected a multiple of {share},'
          f' {self.splits} learner batches times {self.num_members} members.'
          ' Change the number of streams per task.')
    return np.arange(num_streams) // self.splits % self.num_members

  def member(self, stream: int) -> int:
    """Returns whose a stream of an acting batch is."""
    return stream // self.splits % self.num_members


WHOLE = Layout()  # one student, one learner batch
