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
"""Tests of the instruction encoder, against words read one by one."""

from absl.testing import absltest
import haiku as hk
import jax
import numpy as np

from kickstarting.networks import instruction
from kickstarting_test.networks import examples

jax.config.update('jax_numpy_rank_promotion', 'raise')

_ENCODER = hk.without_apply_rng(hk.transform(
    lambda tokens: instruction.InstructionEncoder(name='instruction')(tokens)))
_ENCODE = jax.jit(_ENCODER.apply)
_PARAMS = examples.params(
    lambda key: _ENCODER.init(key, examples.TOKENS), 0)


def _sigmoid(x):
  return 1 / (1 + np.exp(-x))


def _slow_encode(words):
  """Reads the words of one instruction, without padding."""
  table = _PARAMS['instruction/~/words']['embeddings']
  linear = _PARAMS['instruction/~/lstm/linear']
  hidden, cell = np.zeros(64), np.zeros(64)
  # An instruction without words is one step on zeros.
  for x in [table[word] for word in words] or [np.zeros(20)]:
    gates = np.concatenate([x, hidden]) @ linear['w'] + linear['b']
    write, new, forget, read = np.split(gates, 4)
    cell = _sigmoid(forget + 1) * cell + _sigmoid(write) * np.tanh(new)
    hidden = _sigmoid(read) * np.tanh(cell)
  return hidden


class InstructionEncoderTest(absltest.TestCase):

  def test_output_at_the_last_word(self):
    expected = [
        _slow_encode([word for word in row if word]) for row in examples.TOKENS
    ]
    np.testing.assert_allclose(
        _ENCODE(_PARAMS, examples.TOKENS), expected, atol=1e-5)

  def test_padding_changes_nothing(self):
    trimmed = examples.TOKENS[:3, :3]
    np.testing.assert_array_equal(
        _ENCODE(_PARAMS, trimmed), _ENCODE(_PARAMS, examples.TOKENS)[:3])

  def test_sizes_of_the_paper(self):
    self.assertEqual(
        jax.tree.map(np.shape, _PARAMS),
        {
            'instruction/~/words': {'embeddings': (1000, 20)},
            'instruction/~/lstm/linear': {'w': (84, 256), 'b': (256,)},
        })


if __name__ == '__main__':
  absltest.main()
