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
"""Pictures of populations: scores, teacher weights, who copied whom.

Not here: curves of single students (`figures.py`).
"""

from collections.abc import Mapping, Sequence
import os
import pathlib
from typing import Any

import numpy as np

from kickstarting import drawing
from kickstarting import figures
from kickstarting import pbt


def draw_scores(
    path: str | os.PathLike[str], records: Sequence[Mapping[str, Any]]
) -> pathlib.Path:
  """Draws the score of every member, and the mean of the three best.

  Args:
    path: without suffix; PNG and PDF are written.
    records: of the curves.

  Returns:
    Path of the PNG.
  """
  figure, axes = drawing.subplots(figsize=(7, 4.2))
  frames = np.array([r['frames'] for r in records]) / 1e6
  for member in records[0]['member_score'] if records else ():
    scores = [r['member_score'].get(member) for r in records]
    axes.plot(
        frames, [np.nan if s is None else s for s in scores],
        color='tab:blue', alpha=0.3, linewidth=0.8,
        label='members' if member == '0' else None)
  top = [r['score_top3'] for r in records]
  axes.plot(
      frames, [np.nan if s is None else s for s in top], color='tab:orange',
      linewidth=2, label='mean of the three best')
  axes.set_xlabel('environment frames of each member (millions)')
  figures.set_scale(axes, returns=figures.scored_by_returns(records))
  axes.set_xlim(left=0)
  axes.grid(alpha=0.3)
  axes.legend(loc='best')
  return drawing.save(figure, path)


def draw_lambdas(
    path: str | os.PathLike[str],
    segments: Sequence[pbt.Segment],
    teachers: Sequence[str],
) -> pathlib.Path:
  """Draws each teacher's weight over the life of some weights.

  Source: Schmitt et al. (2018), Figure 2, bottom, arXiv:1803.03835.

  Args:
    path: without suffix; PNG and PDF are written.
    segments: from `pbt.ancestry`.
    teachers: names.

  Returns:
    Path of the PNG.
  """
  figure, axes = drawing.subplots(figsize=(7, 4.2))
  ends = np.cumsum([0] + [s.end - s.start for s in segments]) / 1e6
  weights = np.array([
      s.hypers['alpha'] * np.asarray(s.hypers['rho']) for s in segments])
  if weights.size and (weights == weights[:, :1]).all():
    weights, teachers = weights[:, :1], ['every teacher']
  for name, values in zip(teachers, weights.T):
    axes.stairs(values, ends, baseline=None, label=name)
  axes.set_yscale('log')
  axes.set_xlabel('environment frames in the ancestry (millions)')
  axes.set_ylabel('weight of the teacher, lambda')
  axes.grid(alpha=0.3)
  if len(teachers):
    axes.legend(loc='best', fontsize='small')
  return drawing.save(figure, path)


def draw_lineage(
    path: str | os.PathLike[str],
    records: Sequence[pbt.Record],
    frames: int,
    best: int,
) -> pathlib.Path:
  """Draws a line per member, and an arrow for every copy.

  Args:
    path: without suffix; PNG and PDF are written.
    records: of the lineage.
    frames: of each member at the end.
    best: member whose ancestry is drawn bold.

  Returns:
    Path of the PNG.
  """
  size = 1 + max(record['member'] for record in records)
  figure, axes = drawing.subplots(
      figsize=(7, 1.2 + 0.3 * size))
  for member in range(size):
    axes.plot([0, frames / 1e6], [member] * 2, color='lightgrey', linewidth=1)
  for record in records:
    if record['parent'] != record['member']:
      axes.annotate(
          '', xy=(record['frames'] / 1e6, record['member']),
          xytext=(record['parent_frames'] / 1e6, record['parent']),
          arrowprops={'arrowstyle': '->', 'color': (
              'tab:red' if record['rescued'] else 'tab:blue'), 'alpha': 0.6})
  for segment in pbt.ancestry(records, best, frames):
    axes.plot(
        [segment.start / 1e6, segment.end / 1e6], [segment.member] * 2,
        color='tab:orange', linewidth=3)
  axes.set_xlabel('environment frames of each member (millions)')
  axes.set_ylabel('member')
  axes.set_yticks(range(size))
  axes.set_title('copies (arrows) and the ancestry of the best member (bold)')
  return drawing.save(figure, path)
