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
"""What the paper's figures show at the end of their curves, to compare with.

Read off the figures of Czarnecki et al. (2019), arXiv:1902.02186, to about one
in the last digit. Not here: our own values (`figure.py` prints both).
"""

from collections.abc import Mapping
import types

RATE = ', rate '  # in the name of a group, before a step size

# Group of a figure -> curve -> undiscounted return after 30,000 updates.
RETURNS: Mapping[str, Mapping[str, float]] = types.MappingProxyType({
    'temperature 0': {
        'teacher driven': 5.15, 'student driven': 5.25, 'uniform driven': 5.0,
        'teacher': 5.2},
    'temperature 0.01': {'teacher': 5.1},
    'temperature 0.1': {'teacher': 5.9},
    '4 actions': {
        'on_policy_distill': 6.6, 'expected_entropy_regularised': 6.3,
        'entropy_regularised': 6.6, 'baseline': 6.6, 'teacher': 6.6},
    '40 actions': {
        'on_policy_distill': 6.5, 'expected_entropy_regularised': 6.3,
        'entropy_regularised': 5.5, 'baseline': 1.4, 'teacher': 6.6},
    '400 actions': {
        'on_policy_distill': 5.8, 'expected_entropy_regularised': 6.1,
        'entropy_regularised': -4.2, 'baseline': -2.0, 'teacher': 6.6},
    '4000 actions': {
        'on_policy_distill': 3.8, 'expected_entropy_regularised': 4.7,
        'entropy_regularised': -10.0, 'baseline': -0.8, 'teacher': 6.6},
    '0 % flipped, monte_carlo': {
        'on_policy_distill': 7.3, 'entropy_regularised': 7.3,
        'kl_regularised': 7.3, 'on_policy_distill_plus_r': 7.3,
        'teacher': 7.3},
    '15 % flipped, monte_carlo': {
        'on_policy_distill': 5.4, 'entropy_regularised': 4.6,
        'on_policy_distill_plus_r': 7.2, 'td_teacher_v': 6.5},
    '25 % flipped, monte_carlo': {
        'on_policy_distill': 3.2, 'entropy_regularised': 2.1,
        'kl_regularised': 2.2, 'on_policy_distill_plus_r': 6.8,
        'v_gated_plus_r': 7.2, 'teacher_v_reward': 7.3, 'td_teacher_v': 5.6,
        'baseline': 6.7, 'td_zero_v': 3.7},
    'optimal teacher, T = 5': {
        'on_policy_distill': 0.95, 'on_policy_distill_plus_r': 0.95,
        'entropy_regularised': 0.95, 'teacher_v_reward': 0.95,
        'td_teacher_v': 0.95, 'td_zero_v': 0.36, 'baseline': 0.95,
        'teacher': 0.95},
    'adversarial teacher, T = 5': {
        'on_policy_distill': -0.95, 'on_policy_distill_plus_r': -0.95,
        'entropy_regularised': -0.95, 'v_gated_plus_r': 0.08,
        'teacher_v_reward': 0.95, 'td_teacher_v': -0.53, 'td_zero_v': 0.36,
        'baseline': 0.95, 'teacher': -0.95},
})

# The same, summed cross-entropy where the uniform policy acts.
OVER_UNIFORM: Mapping[str, Mapping[str, float]] = types.MappingProxyType({
    'temperature 0': {
        'teacher driven': 49.0, 'student driven': 33.0, 'uniform driven': 4.8},
})


def returns(group: str) -> Mapping[str, float]:
  """Returns what the paper shows of a group, with whatever step size."""
  return RETURNS.get(group.split(RATE)[0], {})
