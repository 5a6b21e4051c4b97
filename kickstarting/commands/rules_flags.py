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
"""Flags that fit the rules of a population to the length of a run.

Not here: the presets (`kickstarting/pbt/rules.py`), which of them a binary
takes.
"""

from typing import Any

from absl import flags

from kickstarting import pbt

_READY_FRAMES = flags.DEFINE_integer(
    'ready_frames', None, 'Frames of a member between two decisions, in place '
    'of the preset\'s.', lower_bound=1)
_BURN_IN_FRAMES = flags.DEFINE_integer(
    'burn_in_frames', None, 'Frames of a member before its first decision, in '
    'place of the preset\'s.', lower_bound=0)
_WINDOW = flags.DEFINE_integer(
    'returns', None, 'Rounds of the suite that are compared, the last ones, in '
    'place of the preset\'s.', lower_bound=1)
_MARGIN = flags.DEFINE_float(
    'margin', None, 'By how much a member is better than the one that copies '
    'it, in the unit of the scores: points, or the returns themselves where '
    'tasks have no reference; in place of the preset\'s.', lower_bound=0.0)


def values() -> dict[str, Any]:
  """Returns what the flags say; see `evolution.describe`."""
  return {
      flag.name: flag.value
      for flag in (_READY_FRAMES, _BURN_IN_FRAMES, _WINDOW, _MARGIN)}


def rules(preset: str) -> pbt.Rules:
  """Returns the rules of a preset, as the flags have them."""
  return pbt.adapt(
      pbt.get_preset(preset), every=_READY_FRAMES.value,
      burn_in=_BURN_IN_FRAMES.value, window=_WINDOW.value,
      margin=_MARGIN.value)
