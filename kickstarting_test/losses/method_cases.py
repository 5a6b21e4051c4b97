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
"""An unroll of a student with teachers, and Table 1 once more, by hand.

Here: what the tests of methods share.
"""

import jax
import numpy as np

from kickstarting import types
from kickstarting.losses import distillation
from kickstarting.losses import method_unroll
from kickstarting.losses import transitions as transitions_lib

jax.config.update('jax_numpy_rank_promotion', 'raise')

T, B, A = 5, 3, 4
GAMMA = 0.9
FLOOR = 0.05
LAST = ((2, 0), (3, 2))  # stream 0 terminates, stream 2 runs out of time
WEIGHTS = np.array([0.5, 0.0, 2.0], np.float32)
WITHOUT_TEACHER = 1  # stream
STUDENT_DRIVEN = tuple(
    name for name, method in distillation.METHODS.items()
    if method.control == 'student')


def normal(seed, *shape):
  return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def make():
  """Returns an unroll of the student and its trajectory."""
  step_type = np.ones((T + 1, B), np.int32)
  discount = np.ones((T + 1, B), np.float32)
  for t, b in LAST:
    step_type[t, b], step_type[t + 1, b] = 2, 0
  discount[LAST[0]] = 0.0
  output = types.AgentOutput(
      normal(0, T + 1, B, A), normal(1, T + 1, B))
  trajectory = types.Trajectory(
      timesteps=types.Timestep(
          {}, None, None, normal(2, T + 1, B), discount, step_type),
      actions=np.random.default_rng(3).integers(
          0, A, (T, B)).astype(np.int32),
      behaviour_log_prob=-np.abs(normal(4, T, B)),
      initial_core_state=None, instructions=None, task=None,
      teacher=types.TeacherOutput(
          2 * normal(5, T + 1, B, A), normal(6, T + 1, B),
          np.array([0, -1, 0], np.int32)))
  return output, trajectory


def apply(name, output, trajectory, weights=WEIGHTS, **options):
  transitions = transitions_lib.split_transitions(
      output, trajectory, discount=GAMMA)
  return method_unroll.apply_method(
      distillation.get_method(name), transitions, output, trajectory, weights,
      **{'floor': FLOOR, **options})[:2]


def _softmax(x):
  x = np.exp(np.float64(x) - np.max(x))
  return x / x.sum()


class Slow:
  """The quantities of one step as sums over actions, as the paper's."""

  def __init__(self, output, trajectory, t, b, has_action=True):
    self.p = _softmax(trajectory.teacher.policy[t, b])
    self.q = _softmax(output.policy[t, b])
    self.floored = (1 - FLOOR) * self.p + FLOOR / A
    self.teacher_value = float(trajectory.teacher.value[t, b])
    self.student_value = float(output.value[t, b])
    self.action = trajectory.actions[t, b] if has_action else None

  def distance(self):
    return -sum(p * np.log(q) for p, q in zip(self.p, self.q))

  def reverse(self):
    return -sum(q * np.log(p) for p, q in zip(self.floored, self.q))

  def reverse_kl(self):
    return sum(q * np.log(q / p) for p, q in zip(self.floored, self.q))

  def log_teacher(self):
    if self.action is None:
      return -self.reverse()
    return np.log(self.floored[self.action])

  def log_student(self):
    if self.action is None:
      return sum(q * np.log(q) for q in self.q)
    return np.log(self.q[self.action])


# Table 1 once more, by hand: loss, what step i gives, what step i+1 gives.
NOTHING = lambda s: 0.0
TABLE = {
    'on_policy_distill': (Slow.distance, NOTHING, NOTHING),
    'entropy_regularised': (NOTHING, Slow.log_teacher, NOTHING),
    'n_distill': (Slow.distance, NOTHING, lambda s: -s.distance()),
    'expected_entropy_regularised': (
        Slow.reverse, NOTHING, Slow.log_teacher),
    'expected_kl_regularised': (
        Slow.reverse_kl, NOTHING, lambda s: -s.reverse_kl()),
    'kl_regularised': (
        NOTHING, lambda s: s.log_teacher() - s.log_student(), NOTHING),
    'v_gated': (
        lambda s: s.distance() if s.teacher_value > s.student_value else 0.0,
        NOTHING, NOTHING),
    'teacher_v_reward': (
        NOTHING, lambda s: -s.teacher_value, lambda s: s.teacher_value),
    'td_teacher_v': (NOTHING, NOTHING, lambda s: s.teacher_value),
    'td_zero_v': (NOTHING, NOTHING, NOTHING),
    'baseline': (NOTHING, NOTHING, NOTHING),
}
ALWAYS_REWARDED = {'teacher_v_reward', 'td_teacher_v', 'td_zero_v', 'baseline'}
