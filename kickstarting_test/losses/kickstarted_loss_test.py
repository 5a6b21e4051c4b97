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
"""Tests of the whole loss of a kickstarted student, gradients included.

Not here: the terms one by one (`kickstart_test.py`).
"""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import numpy as np

from kickstarting.losses import actor_critic
from kickstarting.losses import kickstart
from kickstarting.losses import reduction
from kickstarting_test.losses import cases

jax.config.update('jax_numpy_rank_promotion', 'raise')

_RL_COSTS = {'policy_gradient': 1.0, 'baseline': 0.5, 'negative_entropy': 0.01}


def _loss(
    policy_tm1, transitions, teacher, alpha, rho, divergence='cross_entropy'
):
  """The whole loss of a kickstarted student."""
  transitions = transitions._replace(policy_tm1=policy_tm1)
  weights = kickstart.sample_weights(alpha, rho, teacher.index)
  terms = kickstart.kickstarting_terms(
      actor_critic.vtrace_actor_critic(transitions),
      transitions,
      teacher,
      weights,
      divergence=divergence,
  )
  costs = {**_RL_COSTS, 'distillation': weights}
  return reduction.total(terms, costs, transitions.is_learnable_tm1)[0]


def _rl_loss(policy_tm1, transitions):
  transitions = transitions._replace(policy_tm1=policy_tm1)
  terms = actor_critic.vtrace_actor_critic(transitions)
  return reduction.total(terms, _RL_COSTS, transitions.is_learnable_tm1)[0]


# As users compile: `test.sh` sets another way, in which programs that are equal
# but for a zero may round differently.
_USUAL = {'xla_cpu_use_fusion_emitters': True}
_VALUE_AND_GRAD = jax.jit(
    jax.value_and_grad(_loss), static_argnames='divergence',
    compiler_options=_USUAL)
_RL_VALUE_AND_GRAD = jax.jit(
    jax.value_and_grad(_rl_loss), compiler_options=_USUAL)


class KickstartedLossTest(parameterized.TestCase):

  def test_gradient_is_weighted_difference_of_policies(self):
    transitions = cases.make_transitions()
    teacher = cases.make_teacher(0, -1, 1)
    arguments = (transitions, teacher, 0.5, np.array([1.0, 4.0], np.float32))
    _, gradient = _VALUE_AND_GRAD(transitions.policy_tm1, *arguments)
    _, rl_gradient = _RL_VALUE_AND_GRAD(transitions.policy_tm1, transitions)
    difference = cases.softmax(transitions.policy_tm1) - cases.softmax(
        teacher.policy[:-1]
    )
    weights = np.array([0.5, 0.0, 2.0]) * transitions.is_learnable_tm1
    weights = weights[..., np.newaxis] / 11  # Learnable steps.
    np.testing.assert_allclose(
        gradient - rl_gradient, weights * difference, atol=1e-6
    )

  @parameterized.product(
      case=('alpha', 'rho', 'no_teacher', 'no_teachers'),
      logit=(0.3, float('nan'), float('-inf')),
      # A NaN comes back through either in its own way.
      divergence=('cross_entropy', 'reverse_kl'),
  )
  def test_weight_zero_is_the_rl_loss_bit_for_bit(
      self, case, logit, divergence
  ):
    alpha, rho = 1.0, np.ones(2, np.float32)
    teacher = cases.make_teacher(0, 1, 0)
    if case == 'alpha':
      alpha = 0.0
    elif case == 'rho':
      rho *= 0
    else:
      teacher = cases.make_teacher(-1, -1, -1)
    if case == 'no_teachers':
      rho = rho[:0]
    teacher = teacher._replace(policy=np.full_like(teacher.policy, logit))
    transitions = cases.make_transitions()
    args = (transitions.policy_tm1, transitions)
    chex.assert_trees_all_equal(
        _VALUE_AND_GRAD(*args, teacher, alpha, rho, divergence=divergence),
        _RL_VALUE_AND_GRAD(*args),
        strict=True,
    )

  def test_weight_zero_is_the_rl_loss_bit_for_bit_without_jit(self):
    transitions = cases.make_transitions()
    teacher = cases.make_teacher(0, 1, 0)
    teacher.policy[:] = np.nan
    args = (transitions.policy_tm1, transitions)
    chex.assert_trees_all_equal(
        jax.value_and_grad(_loss)(*args, teacher, 0.0, np.ones(2, np.float32)),
        jax.value_and_grad(_rl_loss)(*args),
        strict=True,
    )

  @parameterized.parameters('cross_entropy', 'reverse_kl')
  def test_steps_without_a_teacher_ignore_its_logits(self, divergence):
    transitions = cases.make_transitions()
    teacher = cases.make_teacher(0, -1, 1)
    spoilt = teacher._replace(policy=np.copy(teacher.policy))
    spoilt.policy[:, 1] = np.nan
    spoilt.policy[1, 0] = np.nan  # The dead step.

    def value_and_grad(teacher):
      return _VALUE_AND_GRAD(
          transitions.policy_tm1,
          transitions,
          teacher,
          1.0,
          np.ones(2, np.float32),
          divergence=divergence,
      )

    chex.assert_trees_all_equal(
        value_and_grad(spoilt), value_and_grad(teacher)
    )

  def test_nan_of_a_teacher_that_counts_is_not_hidden(self):
    teacher = cases.make_teacher()
    teacher.policy[0, 0] = np.nan
    transitions = cases.make_transitions()
    loss = _loss(
        transitions.policy_tm1, transitions, teacher, 1.0, np.ones(1)
    )
    self.assertTrue(np.isnan(loss))

  def test_order_of_teachers_does_not_matter(self):
    transitions = cases.make_transitions()
    results = [
        _VALUE_AND_GRAD(
            transitions.policy_tm1,
            transitions,
            cases.make_teacher(*order),
            0.5,
            np.array(rho, np.float32),
        )
        for order, rho in (((0, 1, 2), (1, 2, 3)), ((2, 0, 1), (2, 3, 1)))
    ]
    chex.assert_trees_all_equal(*results)


if __name__ == '__main__':
  absltest.main()
