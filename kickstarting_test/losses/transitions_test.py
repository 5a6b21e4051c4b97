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
"""Tests of transitions.py: the table of its docstring, literally."""

from absl.testing import absltest
from absl.testing import parameterized
import chex
import jax
import numpy as np

from kickstarting import types
from kickstarting.losses import rewards
from kickstarting.losses import transitions

jax.config.update('jax_numpy_rank_promotion', 'raise')

_FIRST, _MID, _LAST = 0, 1, 2


def _column(*values, dtype=np.float32):
  return np.array(values, dtype)[:, np.newaxis]


def _case(num_streams=1):
  """Makes the example of the docstring: T = 4 and A = 2, streams alike."""
  timesteps = types.Timestep(
      observation={},
      instruction=_column(0, 0, 0, 0, 0, dtype=np.int32),
      previous_action=_column(0, 0, 1, 0, 0, dtype=np.int32),
      reward=_column(9.0, 0.5, 2.0, np.nan, -3.0),
      discount=_column(1.0, 1.0, 0.5, 1.0, 1.0),
      step_type=_column(_MID, _MID, _LAST, _FIRST, _MID, dtype=np.int32),
  )
  output = types.AgentOutput(
      policy=np.arange(10, dtype=np.float32).reshape(5, 1, 2),
      value=_column(10.0, 11.0, 12.0, 13.0, 14.0),
  )
  trajectory = types.Trajectory(
      timesteps=timesteps,
      actions=_column(0, 1, 1, 0, dtype=np.int32),
      behaviour_log_prob=-np.arange(4, dtype=np.float32).reshape(4, 1),
      initial_core_state=(),
      instructions=np.zeros((1, 1), np.int32),
      task=np.zeros(1, np.int32),
      teacher=None,
  )
  return jax.tree.map(
      lambda x: np.repeat(x, num_streams, 1) if x.ndim > 1 else x,
      (output, trajectory),
  )


class SplitTransitionsTest(chex.TestCase):

  @chex.variants(with_jit=True, without_jit=True)
  def test_table(self):
    output, trajectory = _case()
    split = self.variant(
        lambda o, t: transitions.split_transitions(o, t, discount=0.9)
    )(output, trajectory)
    expected = transitions.Transitions(
        policy_tm1=np.arange(8, dtype=np.float32).reshape(4, 1, 2),
        v_tm1=_column(10.0, 11.0, 12.0, 13.0),
        v_t=_column(11.0, 12.0, 13.0, 14.0),
        a_tm1=_column(0, 1, 1, 0, dtype=np.int32),
        r_t=_column(0.5, 2.0, np.nan, -3.0),
        # The dead transition gets 0 although its environment's discount is 1.
        discount_t=_column(0.9, 0.45, 0.0, 0.9),
        behaviour_log_prob_tm1=-np.arange(4, dtype=np.float32).reshape(4, 1),
        is_learnable_tm1=_column(True, True, False, True, dtype=bool),
    )
    for name, array in expected._asdict().items():
      np.testing.assert_allclose(getattr(split, name), array, err_msg=name)

  def test_a_stream_that_is_cut(self):
    output, trajectory = _case()
    step_type = _column(_MID, _MID, _MID, _FIRST, _MID, dtype=np.int32)
    split = transitions.split_transitions(
        output, trajectory._replace(
            timesteps=trajectory.timesteps._replace(step_type=step_type)),
        discount=0.9)
    np.testing.assert_array_equal(
        split.is_learnable_tm1, _column(True, True, False, True, dtype=bool))
    np.testing.assert_allclose(split.discount_t, _column(0.9, 0.45, 0.0, 0.9))

  def test_reward_transform(self):
    split = transitions.split_transitions(
        *_case(), discount=0.9, reward_transform=rewards.clip_unit
    )
    np.testing.assert_array_equal(split.r_t, _column(0.5, 1.0, np.nan, -1.0))

  def test_one_step(self):
    output, trajectory = _case()
    output = jax.tree.map(lambda x: x[:2], output)
    trajectory = trajectory._replace(
        timesteps=jax.tree.map(lambda x: x[:2], trajectory.timesteps),
        actions=trajectory.actions[:1],
        behaviour_log_prob=trajectory.behaviour_log_prob[:1],
    )
    split = transitions.split_transitions(output, trajectory, discount=0.9)
    np.testing.assert_array_equal(split.v_tm1, [[10.0]])
    np.testing.assert_array_equal(split.v_t, [[11.0]])

  def test_discount_may_be_traced(self):
    split = jax.jit(
        lambda g: transitions.split_transitions(*_case(), discount=g)
    )(0.5)
    np.testing.assert_array_equal(split.discount_t[0], [0.5])

  @parameterized.parameters(-0.1, 1.1)
  def test_discount_error(self, discount):
    with self.assertRaisesRegex(ValueError, f'discount is {discount}; expect'):
      transitions.split_transitions(*_case(), discount=discount)

  @parameterized.parameters(
      ('output', 'value', lambda x: x[:-1]),
      ('output', 'policy', lambda x: x[:-1]),
      ('output', 'policy', lambda x: x[..., 0]),
      ('trajectory', 'actions', lambda x: x[:-1]),
      ('trajectory', 'actions', lambda x: x[:, 0]),
      ('trajectory', 'actions', lambda x: x.astype(np.float32)),
      ('trajectory', 'behaviour_log_prob', lambda x: x.astype(np.int32)),
      ('timesteps', 'reward', lambda x: x[:, :1]),
      ('timesteps', 'discount', lambda x: x.astype(bool)),
      ('timesteps', 'step_type', lambda x: x.astype(np.float32)),
  )
  def test_shape_and_dtype_errors(self, record, field, spoil):
    output, trajectory = _case(num_streams=2)
    records = {
        'output': output,
        'timesteps': trajectory.timesteps,
        'trajectory': trajectory,
    }
    spoilt = spoil(getattr(records[record], field))
    records[record] = records[record]._replace(**{field: spoilt})
    trajectory = records['trajectory']._replace(timesteps=records['timesteps'])
    with self.assertRaises(ValueError):
      transitions.split_transitions(
          records['output'], trajectory, discount=0.9
      )

  def test_timesteps_must_be_one_more_than_actions(self):
    output, trajectory = _case()
    output = output._replace(value=output.value[:-1])
    trajectory = trajectory._replace(
        timesteps=jax.tree.map(lambda x: x[:-1], trajectory.timesteps)
    )
    with self.assertRaises(ValueError):
      transitions.split_transitions(output, trajectory, discount=0.9)

  @parameterized.parameters(
      ('v_t', lambda x: x[:-1]),
      ('a_tm1', lambda x: x.astype(np.float32)),
      ('is_learnable_tm1', lambda x: x.astype(np.float32)),
      ('behaviour_log_prob_tm1', lambda x: x[:-1]),
      ('r_t', lambda x: x[:, 0]),
  )
  def test_check_transitions(self, field, spoil):
    split = transitions.split_transitions(*_case(), discount=0.9)
    transitions.check_transitions(split)
    with self.assertRaises(ValueError):
      transitions.check_transitions(
          split._replace(**{field: spoil(np.asarray(getattr(split, field)))})
      )


if __name__ == '__main__':
  absltest.main()
