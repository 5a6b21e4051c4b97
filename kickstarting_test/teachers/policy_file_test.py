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
import json
import os
import pathlib
import tracemalloc
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import files
from kickstarting.networks import build
from kickstarting.teachers import policy_file
from kickstarting_test.networks import examples

_NETWORK = build.NetworkConfig(
    'flat', 4, reads_previous=False, reads_instruction=False,
    observation_keys=('x',))


def _policy(**fields):
  policy = policy_file.Policy(
      network=_NETWORK,
      params={},
      num_actions=7,
      observation=examples.GRID_SPEC | examples.FLAT_SPEC,
      max_words=12,
      tasks=('DoorKey-5x5', 'Unlock'),
      info={'frames': 1000, 'note': 'best of 3'},
  )
  agent = agent_lib.make_agent(_NETWORK, dict(policy.observation), 7)
  return dataclasses.replace(
      policy, **{'params': examples.params(agent.init, 0), **fields})


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
        f"policy.npz' is (not a policy file, .*or it is )?damaged .*{message}.*"
        '(copy it again|write it anew)'):
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

    full = OSError(28, 'No space left on device')
    with mock.patch.object(os, 'fsync', side_effect=full):
      with self.assertRaisesRegex(files.OutputError, 'No space left'):
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
    for i in range(0, len(data), 31):
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
    self.assertGreater(damaged, len(data) // 62)

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
      self._assert_damaged('objects of Python')
    self.assertFalse(proof.exists())

  @parameterized.parameters(
      ('[1]', ''), ('{', ''), ('{"format_version": 1}', 'network'),
      ('NaN', 'no JSON'), ('{"a":' + '[' * 70 + ']' * 70 + '}', 'too deeply'))
  def test_metadata_that_is_none(self, metadata, message):
    self._path.parent.mkdir()
    np.savez(self._path, metadata=np.asarray(metadata))
    self._assert_damaged(message)

  @parameterized.named_parameters(
      ('unknown_torso', {'network': {'torso': 'mlp'}}, "unknown torso 'mlp'"),
      ('unknown_field', {'network': {'torso': 'flat', 'colour': 3}}, 'colour'),
      ('network_is_none', {'network': None}, "'network': it holds null"),
      ('size_is_text', {'network': {'torso': 'flat', 'core_size': 'x'}},
       "'core_size': it holds a text, not a whole number"),
      ('branches_of_text', {'network': {'torso': 'flat', 'branches': ['x']}},
       'branches.: it holds a text, not an object'),
      ('many_branches', {'network': {
          'torso': 'flat', 'branches': [{'num_tasks': 10**9}]}},
       '1000000000 tasks'),
      ('huge_core', {'network': {'torso': 'flat', 'core_size': 10**12}},
       'core_size is 1000000000000; expected 1 to'),
      ('many_actions', {'num_actions': 10**9},
       'num_actions is 1000000000; exp'),
      ('no_actions', {'num_actions': 0}, 'num_actions is 0; expected 1 to'),
      ('actions_are_true', {'num_actions': True}, "'num_actions': it holds tr"),
      ('other_actions', {'num_actions': 8}, 'of another network: 2 arrays'),
      ('words_are_text', {'max_words': '12'}, "'max_words': it holds a text"),
      ('tasks_are_text', {'tasks': 'Unlock'}, "'tasks': it holds a text"),
      ('tasks_of_numbers', {'tasks': [1]}, 'tasks are not all texts'),
      ('info_is_a_list', {'info': []}, "'info': it holds a list"),
      ('method_is_a_list', {'info': {'method': []}}, "'method': it holds a li"),
      ('observation_of_objects', {'observation': {'x': [[3], 'O']}},
       "observation 'x'"),
      ('observation_of_nothing', {'observation': {'x': 3}}, "observation 'x'"),
      ('endless_observation', {'observation': {'x': [[10**9, 10**9], 'int8']}},
       "observation 'x'"),
      ('observation_is_missing', {'observation': {}}, r"reads \['x'\]"))
  def test_wrong_metadata(self, change, message):
    self._save()
    with np.load(self._path) as archive:
      arrays = dict(archive)
    metadata = json.loads(str(arrays['metadata']))
    arrays['metadata'] = np.asarray(json.dumps(metadata | change))
    np.savez(self._path, **arrays)
    self._assert_damaged(message)

  @parameterized.named_parameters(
      ('missing', {'policy|w': None}, "1 arrays differ.*'policy|w'.*None"),
      ('left_over', {'more|w': np.zeros(3)}, "'more|w' with shape"),
      ('both_a_group_and_an_array', {'policy': np.zeros(3)}, "'policy' with"),
      ('other_shape', {'policy|w': np.zeros((9, 7))}, r'shape \(9, 7\)'),
      ('numbers_that_are_text', {'policy|b': np.full(7, 'x')}, 'type <U1'),
      ('numbers_that_are_whole', {'policy|b': np.zeros(7, int)}, 'type int64'),
      ('not_a_number', {'policy|b': np.full(7, np.nan)}, 'NaN or infinite'),
      ('too_large_for_us', {'policy|b': np.full(7, 1e300)}, 'NaN or infinite'),
      ('metadata_of_numbers', {'metadata': np.zeros(3)}, "text 'metadata'"))
  def test_arrays_of_another_network(self, change, message):
    self._save()
    with np.load(self._path) as archive:
      arrays = dict(archive) | change
    with np.errstate(over='ignore'):
      np.savez(self._path, **{
          name: x for name, x in arrays.items() if x is not None})
      self._assert_damaged(message)

  def test_numbers_are_not_read_before_their_shapes_fit(self):
    self._save()
    with np.load(self._path) as archive:
      arrays = dict(archive) | {'bomb': np.zeros(10**7)}
    np.savez_compressed(self._path, **arrays)
    self.assertLess(self._path.stat().st_size, 200_000)
    tracemalloc.start()
    self.addCleanup(tracemalloc.stop)
    self._assert_damaged("'bomb' with shape .10000000,., expected None")
    self.assertLess(tracemalloc.get_traced_memory()[1], 10_000_000)

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
