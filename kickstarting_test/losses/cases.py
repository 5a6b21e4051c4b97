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
"""What the tests of the kickstarting loss share: a student and its teacher.

T steps, B streams, A actions. Not here: tests.
"""

import numpy as np

from kickstarting import types
from kickstarting.losses import transitions as transitions_lib

T, B, A = 4, 3, 5


def normal(seed, *shape):
  """Returns standard normal noise of a seed; float32."""
  return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def make_logits(seed):
  """Makes float32 [T, B, A]."""
  return normal(seed, T, B, A)


def softmax(logits):
  """Returns probabilities, over the last axis."""
  weights = np.exp(logits)
  return weights / weights.sum(-1, keepdims=True)


def make_transitions():
  """Makes transitions; step 1 of stream 0 is dead."""
  v = normal(0, T + 1, B)
  is_learnable_tm1 = np.ones((T, B), bool)
  is_learnable_tm1[1, 0] = False
  return transitions_lib.Transitions(
      policy_tm1=make_logits(1),
      v_tm1=v[:-1],
      v_t=v[1:],
      a_tm1=np.arange(T * B, dtype=np.int32).reshape(T, B) % A,
      r_t=normal(2, T, B),
      discount_t=np.float32(0.9) * is_learnable_tm1,
      behaviour_log_prob_tm1=-np.abs(normal(3, T, B)),
      is_learnable_tm1=is_learnable_tm1,
  )


def make_teacher(*index):
  """Makes a teacher; `index` per stream, the first for all if not given."""
  return types.TeacherOutput(
      policy=normal(4, T + 1, B, A),
      value=np.zeros((T + 1, B), np.float32),
      index=np.array(index or (0, 0, 0), np.int32),
  )


def cross_entropy(teacher_logits, student_logits):
  """Returns the cross-entropy as the paper's sum over actions; [T, B]."""
  return -(softmax(teacher_logits) * np.log(softmax(student_logits))).sum(-1)
