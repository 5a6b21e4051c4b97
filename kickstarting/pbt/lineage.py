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
"""Who copied whom, and the schedule of hyper-parameters that came of it.

The events of `evolution.step` become records, plain dicts that JSON can hold;
from all records of a run the ancestry of a member follows, and from that the
value of each hyper-parameter over the life of its weights. Not here: what
happens in a step (`evolution.py`); files.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.pbt import evolution
from kickstarting.pbt import population as population_lib

Record = dict[str, Any]


class Segment(NamedTuple):
  """A stretch of training under one set of hyper-parameters."""

  member: int  # in whose place
  start: int  # that member's own environment frames
  end: int
  hypers: Mapping[str, float | list[float]]


def first_records(population: population_lib.Population) -> list[Record]:
  """Returns one record per member of where it starts."""
  frames = np.asarray(population['frames']).tolist()
  return [
      {
          'step': 0,
          'member': member,
          'parent': member,
          'rescued': False,
          'frames': frames[member],
          'parent_frames': frames[member],
          'score': None,
          'hypers': hypers,
      }
      for member, hypers in enumerate(_rows(population['hypers']))
  ]


def to_records(
    events: evolution.Events, step: int, base: int = 0
) -> list[Record]:
  """Returns one record for each member that was looked at.

  Args:
    events: of one step.
    step: its number, from 1 up; the same for all records of one step.
    base: of the frames of the events; see `relative`.
  """
  old_hypers, new_hypers = _rows(events.old_hypers), _rows(events.new_hypers)
  scores = np.asarray(events.scores)
  return [
      {
          'step': step,
          'member': member,
          'parent': int(events.parent[member]),
          'rescued': bool(events.rescued[member]),
          'frames': base + int(events.frames[member]),
          'parent_frames': base + int(events.parent_frames[member]),
          'score': (
              float(scores[member]) if np.isfinite(scores[member]) else None),
          'old_hypers': old_hypers[member],
          'hypers': new_hypers[member],
      }
      for member in np.flatnonzero(np.asarray(events.ready)).tolist()
  ]


def ancestry(
    records: Iterable[Record], member: int, frames: int
) -> list[Segment]:
  """Returns the life of a member's weights, back to where they began.

  Args:
    records: of the whole run, in order.
    member: whose weights.
    frames: its own environment frames by now.

  Returns:
    Segments, the oldest first. Curves of a population are rebuilt from them:
    Espeholt et al. (2018), appendix F, arXiv:1802.01561.

  Raises:
    ValueError: no record of the member, or of one that it descends from.
  """
  by_member: dict[int, list[Record]] = {}
  for record in records:
    by_member.setdefault(record['member'], []).append(record)
  segments: list[Segment] = []
  end, before = frames, float('inf')
  while True:
    earlier = [
        r for r in by_member.get(member, ()) if r['step'] < before]
    if not earlier:
      raise checks.UserError(
          f'no record of member {member} before step {before}; expected at'
          ' least the one of its start. Pass all records of the run.')
    record = earlier[-1]
    segments.append(
        Segment(member, record['frames'], end, record['hypers']))
    if record['step'] == 0:
      return segments[::-1]
    before, member = record['step'], record['parent']
    end = record['parent_frames']


def schedule(
    segments: Sequence[Segment], name: str
) -> tuple[list[float], list[float | list[float]]]:
  """Returns a hyper-parameter over the life of some weights.

  Args:
    segments: from `ancestry`.
    name: of the hyper-parameter.

  Returns:
    Environment frames from which a value holds, from 0 up, and the values:
    what `weights.schedules.piecewise` takes with interpolation 'step'.
  """
  boundaries: list[float] = []
  values: list[float | list[float]] = []
  age = 0
  for segment in segments:
    value = segment.hypers[name]
    is_empty = boundaries and boundaries[-1] == age
    if is_empty:
      values[-1] = value
    elif not values or values[-1] != value:
      boundaries.append(age)
      values.append(value)
    age += segment.end - segment.start
  return boundaries, values


def _rows(hypers: Mapping[str, types.Array]) -> list[dict[str, Any]]:
  """Returns the hyper-parameters of each member."""
  columns = {name: np.asarray(x).tolist() for name, x in hypers.items()}
  size = len(next(iter(columns.values()), ()))
  return [
      {name: column[i] for name, column in columns.items()}
      for i in range(size)
  ]
