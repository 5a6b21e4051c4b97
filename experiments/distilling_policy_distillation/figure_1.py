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
"""Figure 1: which update to take, as a picture of the decision diagram.

  python -m experiments.distilling_policy_distillation.figure_1

Drawn from the data that `choose_method` walks through
(`kickstarting/losses/method_choice.py`). Not here: the answers.
"""

import pathlib
import textwrap
from typing import Any

from absl import flags

from kickstarting import drawing
from kickstarting.commands import cli
from kickstarting.commands import run_flags
from kickstarting.commands import workdir as workdir_lib
from kickstarting.losses import method_choice

flags.adopt_module_key_flags(run_flags)


def leaves(node: method_choice.Node) -> int:
  """Returns how many leaves are below a node."""
  if isinstance(node, method_choice.Choice):
    return 1
  return leaves(node.no) + leaves(node.yes)


def _text(node: method_choice.Node) -> str:
  if isinstance(node, method_choice.Question):
    return textwrap.fill(node.text, 24)
  return '\nor '.join((node.preferred, *node.feasible))


def _draw(
    axes: Any, node: method_choice.Node, depth: int, top: float
) -> float:
  """Draws a node with its leaves below `top`; returns its height."""
  height = top - leaves(node) / 2
  colour = 'C1'  # of a leaf
  if isinstance(node, method_choice.Question):
    colour = 'C0'
    below = top
    for answer, child in (('no', node.no), ('yes', node.yes)):
      there = _draw(axes, child, depth + 1, below)
      below -= leaves(child)
      # It begins behind the box.
      axes.annotate(
          '', (depth + 0.98, there), (depth + 0.2, height), zorder=0,
          arrowprops={'arrowstyle': '->', 'color': 'grey'})
      axes.text(
          depth + 0.86, height + (0.86 - 0.2) / 0.78 * (there - height), answer,
          fontsize='small', color='grey', ha='center', va='center',
          backgroundcolor='white', zorder=1)
  axes.text(
      depth, height, _text(node), ha='left', va='center', fontsize='small',
      zorder=2, bbox={
          'boxstyle': 'round', 'edgecolor': colour, 'facecolor': 'white'})
  return height


def draw(path: pathlib.Path) -> pathlib.Path:
  """Draws the diagram as PNG and PDF; returns the path of the PNG."""
  total = leaves(method_choice.DIAGRAM)
  figure, axes = drawing.subplots(figsize=(14, 0.8 * total))
  _draw(axes, method_choice.DIAGRAM, 0, 0.0)
  axes.set_xlim(-0.05, 6.0)
  axes.set_ylim(-total, 0)
  axes.set_axis_off()
  return drawing.save(figure, path)


def main(argv):
  del argv
  program = 'distilling_policy_distillation.figure_1'
  folder = workdir_lib.choose(program)
  workdir_lib.begin(folder, program)
  picture = draw(folder / 'figure_1')
  workdir_lib.finish(folder, {
      'ended': 'finished', 'figure': str(picture), 'workdir': str(folder)})


if __name__ == '__main__':
  cli.run(main)
