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
"""Pictures of curricula of agents: scores, and how far the mixing has come.

Not here: curves of other students (`figures.py`).
"""

from collections.abc import Mapping, Sequence
import itertools
import os
import pathlib
from typing import Any

import numpy as np

from kickstarting import drawing
from kickstarting import figures
from kickstarting.runtime import logger as logger_lib

_TRANSFER = 'transfer'  # only mixtures have it among their metrics


def mixing_curve(
    folder: str | os.PathLike[str]
) -> tuple[np.ndarray, np.ndarray]:
  """Returns frames [N] and the share of the complex agent [N] of a run.

  Of a population it is that of its best member. Of an agent that is no mixture
  there are none, N = 0.
  """
  records = [r for r in logger_lib.read_records(folder)
             if _TRANSFER in r and 'mixing' in r]
  return (np.array([r['frames'] for r in records], np.float64),
          np.array([_mixing(r) for r in records], np.float64))


def _mixing(record: Mapping[str, Any]) -> float:
  mixing = record['mixing']
  if isinstance(mixing, Mapping):
    return mixing.get(str(record.get('best_member')), np.nan)
  return mixing


def draw(
    path: str | os.PathLike[str],
    runs: Mapping[str, Sequence[str | os.PathLike[str]]],
    *,
    title: str,
) -> pathlib.Path:
  """Draws scores, and below them the mixing, as PNG and PDF.

  Source: Czarnecki et al. (2018), Figures 4, 5 and 7, arXiv:1806.01780.

  Args:
    path: without suffix.
    runs: label -> folders of its runs (seeds); mean, and range if several.
    title: of the picture.

  Returns:
    Path of the PNG.
  """
  figure, (above, below) = drawing.subplots(
      2, figsize=(7, 6), sharex=True, height_ratios=(3, 1))
  returns = figures.are_returns(itertools.chain(*runs.values()))
  for i, (label, folders) in enumerate(runs.items()):
    for axes, read in ((above, figures.curve), (below, mixing_curve)):
      curves = [c for c in map(read, folders) if len(c[0])]
      if not curves:
        continue
      frames, values = figures.on_grid(
          curves, starts_at_0=axes is below or not returns)
      axes.plot(
          frames / 1e6, values.mean(axis=0), label=label, color=f'C{i}')
      if len(curves) > 1:
        axes.fill_between(
            frames / 1e6, values.min(axis=0), values.max(axis=0),
            color=f'C{i}', alpha=0.2, linewidth=0)
  above.set_title(title)
  figures.set_scale(above, returns=returns)
  above.legend(loc='best', fontsize='small')
  below.set_ylabel('share of the\ncomplex agent')
  below.set_ylim(-0.05, 1.05)
  below.set_xlabel('frames of each agent (millions)')
  below.set_xlim(left=0)
  for axes in (above, below):
    axes.grid(alpha=0.3)
  return drawing.save(figure, path)
