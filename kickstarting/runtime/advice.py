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
"""What a run should not do, noticed in its records, and said once.

Thresholds are rules of thumb. Not here: what stops a run (`training.py`).
"""

from collections.abc import Mapping
import math
from typing import Any

_LOST = 0.2  # of the agreement with teachers
_LITTLE = 0.01  # entropy of a policy that has nearly stopped to try
_EARLY = 0.5  # share of the budget
_DOMINANT = 100.0  # value loss of a step, without cost
_RECORDS = 3  # one after another, so that a single one says nothing
_DROP = 1.0 / 3.0  # of the score


class Adviser:
  """Reads the records of one student, oldest first."""

  def __init__(self, total_frames: int):
    """Starts with a new run.

    Args:
      total_frames: its budget.
    """
    self._total = total_frames
    self._said: set[str] = set()
    self._agreement = 0.0  # the highest
    self._weight = 0.0  # of the teachers, the highest
    self._dominant = 0  # records
    self._score_alone: float | None = None  # when the weights became 0

  def __call__(self, record: Mapping[str, Any]) -> list[str]:
    """Returns what is to be said of the newest record, most often nothing."""
    found = {
        'agreement': self._of_agreement(record),
        'entropy': self._of_entropy(record),
        'value': self._of_value(record),
        'score': self._of_score(record),
    }
    new = {name: text for name, text in found.items()
           if text and name not in self._said}
    self._said |= set(new)
    return list(new.values())

  def _of_agreement(self, record: Mapping[str, Any]) -> str:
    agreement, weight = record.get('teacher_agreement'), _weight(record)
    if agreement is None:
      return ''
    self._weight = max(self._weight, weight)
    self._agreement = max(self._agreement, agreement)
    is_high = weight > 0 and weight >= 0.5 * self._weight
    if not is_high or agreement > self._agreement - _LOST:
      return ''
    return (
        f'the student agrees with its teachers in {agreement:.0%} of the steps,'
        f' after {self._agreement:.0%}, though their weight is {weight:.2g}:'
        ' raise the weight, or lower the learning rate.')

  def _of_entropy(self, record: Mapping[str, Any]) -> str:
    entropy = record.get('entropy')
    is_early = record['frames'] < _EARLY * self._total
    if entropy is None or not is_early or entropy > _LITTLE:
      return ''
    return (
        f'the policy has an entropy of {entropy:.2g} and hardly tries anything'
        ' any more: raise entropy_cost, or lower the learning rate.')

  def _of_value(self, record: Mapping[str, Any]) -> str:
    loss = record.get('baseline', 0.0)
    self._dominant = self._dominant + 1 if loss > _DOMINANT else 0
    if self._dominant < _RECORDS:
      return ''
    return (
        f'the value loss, {loss:.3g} a step, dominates what moves the policy:'
        ' set scale_free, or lower baseline_cost.')

  def _of_score(self, record: Mapping[str, Any]) -> str:
    score = record.get('score')
    if score is None or math.isnan(score):
      return ''
    if not record.get('lambda') or _weight(record) > 0:
      return ''
    if self._score_alone is None:
      self._score_alone = score
    before = self._score_alone
    if before <= 0 or score > before * (1.0 - _DROP):
      return ''
    return (
        f'the score has fallen from {before:.4g} to {score:.4g} since the'
        ' weight of the teachers is 0: they were let go too early. Let the'
        ' weight fall more slowly.')


def _weight(record: Mapping[str, Any]) -> float:
  """Returns the largest weight of a teacher; 0 if there is none."""
  return max(record.get('lambda', {}).values(), default=0.0)
