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
"""Tests of the recurrent core: resets, unrolls, the single step."""

from absl.testing import absltest
import haiku as hk
import jax
import numpy as np

from kickstarting.networks import core
from kickstarting_test.networks import examples

jax.config.update('jax_numpy_rank_promotion', 'raise')

_T, _B, _D, _H = 5, 3, 2, 4
_CORE = hk.without_apply_rng(hk.transform(
    lambda *args: core.ResettableLSTM(_H, name='core')(*args)))
_UNROLL = jax.jit(_CORE.apply)
_INPUTS = np.random.default_rng(0).normal(size=(_T, _B, _D)).astype(np.float32)
_STATE = examples.core_state(1, _B, _H)
_PARAMS = examples.params(
    lambda key: _CORE.init(key, _INPUTS, np.ones((_T, _B), bool), _STATE), 2)


def _resets(*where):
  should_reset = np.zeros((_T, _B), bool)
  for t, b in where:
    should_reset[t, b] = True
  return should_reset


def _sigmoid(x):
  return 1 / (1 + np.exp(-x))


def _slow_unroll(inputs, should_reset, state):
  """An LSTM without peepholes, forget gate shifted by 1, stream by stream."""
  linear = _PARAMS['core/~/lstm/linear']
  outputs = np.zeros((_T, _B, _H))
  last = np.zeros((2, _B, _H))
  for b in range(_B):
    hidden, cell = np.array(state.hidden[b]), np.array(state.cell[b])
    for t in range(_T):
      if should_reset[t, b]:
        hidden, cell = np.zeros(_H), np.zeros(_H)
      gates = np.concatenate([inputs[t, b], hidden]) @ linear['w'] + linear['b']
      write, new, forget, read = np.split(gates, 4)
      cell = _sigmoid(forget + 1) * cell + _sigmoid(write) * np.tanh(new)
      hidden = _sigmoid(read) * np.tanh(cell)
      outputs[t, b] = hidden
    last[:, b] = hidden, cell
  return outputs, last


class ResettableLSTMTest(absltest.TestCase):

  def test_equals_a_slow_lstm(self):
    should_reset = _resets((0, 0), (2, 1), (3, 1), (4, 2))
    outputs, state = _UNROLL(_PARAMS, _INPUTS, should_reset, _STATE)
    expected, last = _slow_unroll(_INPUTS, should_reset, _STATE)
    np.testing.assert_allclose(outputs, expected, atol=1e-6)
    np.testing.assert_allclose(state, last, atol=1e-6)

  def test_reset_inside_equals_two_unrolls(self):
    should_reset = _resets(*((2, b) for b in range(_B)))
    outputs, state = _UNROLL(_PARAMS, _INPUTS, should_reset, _STATE)
    before, _ = _UNROLL(_PARAMS, _INPUTS[:2], should_reset[:2], _STATE)
    zeros = jax.tree.map(np.zeros_like, _STATE)
    after, end = _UNROLL(_PARAMS, _INPUTS[2:], _resets()[2:], zeros)
    np.testing.assert_array_equal(outputs, np.concatenate([before, after]))
    np.testing.assert_array_equal(state, end)

  def test_steps_one_by_one_equal_the_scan(self):
    should_reset = _resets((1, 0), (4, 2))
    outputs, end = _UNROLL(_PARAMS, _INPUTS, should_reset, _STATE)
    state = _STATE
    for t in range(_T):
      output, state = _UNROLL(
          _PARAMS, _INPUTS[t:t + 1], should_reset[t:t + 1], state)
      self.assertEqual(output.shape, (1, _B, _H))
      np.testing.assert_allclose(output[0], outputs[t], atol=1e-6)
    np.testing.assert_allclose(state, end, atol=1e-6)

  def test_initial_state_is_zero(self):
    for kind in ('lstm', 'feedforward_and_lstm'):
      np.testing.assert_array_equal(
          core.initial_state(kind, _H, _B), np.zeros((2, _B, _H)))
    self.assertEqual(core.initial_state('feedforward', _H, _B), ())


class OtherCoresTest(absltest.TestCase):

  def _unroll(self, kind, state):
    function = hk.without_apply_rng(hk.transform(
        lambda *args: core.CORES[kind](_H, name='core')(*args)))
    args = _INPUTS, _resets((2, 0)), state
    params = examples.params(lambda key: function.init(key, *args), 3)
    return params, *function.apply(params, *args)

  def test_feedforward_has_no_memory(self):
    params, outputs, state = self._unroll('feedforward', ())
    layer = params['core/linear']
    np.testing.assert_allclose(
        outputs, np.maximum(_INPUTS @ layer['w'] + layer['b'], 0), atol=1e-6)
    self.assertEqual(state, ())

  def test_both_are_added(self):
    params, outputs, state = self._unroll('feedforward_and_lstm', _STATE)
    layer = params['core/~/feedforward/linear']
    lstm = {'core/~/lstm/linear': params['core/~/recurrent/~/lstm/linear']}
    recurrent, last = _UNROLL(lstm, _INPUTS, _resets((2, 0)), _STATE)
    direct = np.maximum(_INPUTS @ layer['w'] + layer['b'], 0)
    np.testing.assert_allclose(outputs, recurrent + direct, atol=1e-5)
    np.testing.assert_allclose(state, last, atol=1e-6)


if __name__ == '__main__':
  absltest.main()
