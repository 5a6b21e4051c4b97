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
"""Tests of policy files: round trips, damage, hostile content."""

import dataclasses
import pathlib
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting.networks import build
from kickstarting.teachers import policy_file
from kickstarting_test.networks import examples


def _policy():
  rng = np.random.default_rng(0)
  draw = lambda *shape: rng.normal(size=shape).astype(np.float32)
  return policy_file.Policy(
      network=build.NetworkConfig(
          'flat', 4, reads_previous=False, observation_keys=('x', 'y')),
      params={
          'core/~/lstm/linear': {'w': draw(3, 4), 'b': draw(4)},
          'policy': {'w': draw(4, 7), 'b': draw(7)},
      },
      num_actions=7,
      observation=examples.GRID_SPEC | examples.FLAT_SPEC,
      max_words=12,
      tasks=('DoorKey-5x5', 'Unlock'),
      info={'frames': 1000, 'note': 'best of 3'},
  )


class PolicyFileTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self._folder = pathlib.Path(self.create_tempdir().full_path)
    self._path = self._folder / 'deeper' / 'policy.npz'

  def _save(self, **kwargs):
    policy = _policy()
    policy_file.save_policy(self._path, policy, **kwargs)
    return policy

  def _assert_damaged(self, message=''):
    with self.assertRaisesRegex(
        ValueError,
        f"policy.npz' is not a policy file, or it is damaged .*{message}.*"
        'Copy the file again, or train the agent anew'):
      policy_file.load_policy(self._path)

  @parameterized.parameters((np.float32, 0), (np.float16, 1e-3))
  def test_round_trip(self, dtype, rtol):
    policy = self._save(dtype=dtype)
    for path in (self._path, str(self._path), self._path.parent):
      loaded = policy_file.load_policy(path)
      jax.tree.map(
          lambda x, y: np.testing.assert_allclose(x, y, rtol=rtol, atol=0),
          loaded.params, policy.params)
      for value in jax.tree.leaves(loaded.params):
        self.assertEqual(value.dtype, np.float32)
      self.assertEqual(
          dataclasses.replace(loaded, params=None),
          dataclasses.replace(policy, params=None))

  def test_half_precision_is_what_half_precision_keeps(self):
    policy = self._save(dtype=np.float16)
    jax.tree.map(
        lambda x, y: np.testing.assert_array_equal(x, y.astype(np.float16)),
        policy_file.load_policy(self._path).params, policy.params)

  def test_writes_one_file(self):
    self._save()
    self._save()
    self.assertEqual(list(self._path.parent.iterdir()), [self._path])

  def test_failure_in_the_middle_leaves_the_old_file(self):
    self._save()
    before = self._path.read_bytes()

    def fail(file, **unused_arrays):
      file.write(b'half')
      raise OSError('disk full')

    with mock.patch.object(np, 'savez_compressed', fail):
      with self.assertRaisesRegex(OSError, 'disk full'):
        self._save(dtype=np.float16)
    self.assertEqual(self._path.read_bytes(), before)
    self.assertEqual(list(self._path.parent.iterdir()), [self._path])

  def test_missing_file(self):
    for path in (self._path, self._folder):
      with self.assertRaisesRegex(
          ValueError,
          r"No policy at '.*policy.npz'; expected a file written by"):
        policy_file.load_policy(path)

  @parameterized.parameters(0, 1, 100, 0.5, 0.99)
  def test_truncated_file(self, length):
    self._save()
    data = self._path.read_bytes()
    end = length if isinstance(length, int) else int(length * len(data))
    self._path.write_bytes(data[:end])
    self._assert_damaged()

  def test_any_changed_byte_is_noticed_or_harmless(self):
    policy = self._save()
    data = self._path.read_bytes()
    damaged = 0
    for i in range(0, len(data), 7):
      self._path.write_bytes(
          data[:i] + bytes([data[i] ^ 0xff]) + data[i + 1:])
      try:
        loaded = policy_file.load_policy(self._path)
      except ValueError as error:
        damaged += 1
        self.assertRegex(str(error), 'damaged')
      else:
        jax.tree.map(
            np.testing.assert_array_equal, loaded.params, policy.params)
    self.assertGreater(damaged, len(data) // 14)

  @parameterized.parameters(b'', b'hello', b'\x80\x04K\x01.')
  def test_other_bytes(self, data):
    self._path.parent.mkdir()
    self._path.write_bytes(data)
    self._assert_damaged()

  def test_a_single_array(self):
    self._path.parent.mkdir()
    with self._path.open('wb') as f:
      np.save(f, np.zeros(3))
    self._assert_damaged()

  def test_pickled_code_is_not_run(self):
    proof = self._folder / 'code has run'

    class Hostile:

      def __reduce__(self):
        return pathlib.Path.touch, (proof,)

    self._save()
    with np.load(self._path, allow_pickle=False) as archive:
      arrays = dict(archive)
    for name in ('metadata', 'policy|w'):
      with self._path.open('wb') as f:
        np.savez(f, **arrays | {name: np.array([Hostile()], object)})
      self.assertIn(b'touch', self._path.read_bytes())
      self._assert_damaged('Object arrays cannot be loaded')
    self.assertFalse(proof.exists())

  @parameterized.parameters(
      ('[1]', ''), ('{', ''), ('{"format_version": 1}', 'network'),
      ('{"format_version": 1, "network": {"torso": "mlp",'
       ' "observation_keys": []}}', "unknown torso 'mlp'"),
      ('{"format_version": 1, "network": {"torso": "flat", "colour": 3,'
       ' "observation_keys": []}}', 'colour'),
  )
  def test_wrong_metadata(self, metadata, message):
    self._path.parent.mkdir()
    np.savez(self._path, metadata=np.asarray(metadata))
    self._assert_damaged(message)

  def test_other_version(self):
    with mock.patch.object(policy_file, 'FORMAT_VERSION', 2):
      self._save()
    with self.assertRaisesRegex(
        ValueError,
        "policy.npz' has format version 2; this library reads version 1"):
      policy_file.load_policy(self._path)

  def test_flatten(self):
    tree = {'a/b': {'w': 1, 'b': 2}, 'c': {'d': {'e': 3}}}
    flat = policy_file.flatten(tree)
    self.assertEqual(flat, {'a/b|w': 1, 'a/b|b': 2, 'c|d|e': 3})
    self.assertEqual(policy_file.unflatten(flat), tree)


if __name__ == '__main__':
  absltest.main()
