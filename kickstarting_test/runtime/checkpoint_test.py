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
"""Tests of `runtime/checkpoint.py`: what is restored is what was saved."""

from collections.abc import Iterator
import json
import os
import pathlib
import shutil
import sys
import time

from absl.testing import absltest
from absl.testing import parameterized
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import types
from kickstarting.runtime import checkpoint

_NETWORK = {'torso': 'flat', 'core_size': 8, 'observation_keys': ['x']}


def _state(value: float = 1.0) -> types.PyTree:
  """Returns what a run saves, and what has gone wrong in such savers."""
  return {
      'learner': types.LearnerState(
          {'linear/~/w': {'b': jnp.full((2, 3), float(value))}},
          (np.zeros((0, 3), np.float32), ()),
          jnp.asarray(7, jnp.int32)),
      'rng_key': jax.random.key_data(jax.random.key(3)),
      'best': np.array([-np.inf, np.nan, 1 / 3], np.float64),
      'window': {'frame': np.array([1, 2**40], np.int64)},
      'empty': np.zeros(0, np.int64),
      'count': 5,
      'large': np.arange(100_000, dtype=np.float32),
  }


class CheckpointTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'checkpoints'

  def _open(self, **kwargs) -> checkpoint.Checkpointer:
    checkpointer = checkpoint.Checkpointer(self.folder, **kwargs)
    self.addCleanup(checkpointer.close)
    return checkpointer

  def _save(self, *frames: int) -> None:
    checkpointer = checkpoint.Checkpointer(self.folder)
    for number in frames:
      checkpointer.save(number, _state(number), {'network': _NETWORK})
    checkpointer.close()

  def _files(self, frames: int) -> Iterator[pathlib.Path]:
    """Yields the files that hold array data, largest first."""
    files = [p for p in (self.folder / str(frames)).rglob('*') if p.is_file()]
    return iter(sorted(files, key=lambda p: -p.stat().st_size))

  def test_round_trip_in_another_process_life(self):
    self._save(10)
    state, metadata = self._open().restore(_state(), _NETWORK)
    expected = _state(10)
    self.assertEqual(
        jax.tree.structure(state), jax.tree.structure(expected))
    for got, wanted in zip(jax.tree.leaves(state), jax.tree.leaves(expected)):
      wanted = np.asarray(wanted)
      self.assertEqual(got.dtype, wanted.dtype)
      self.assertEqual(got.shape, wanted.shape)
      self.assertEqual(got.tobytes(), wanted.tobytes())  # NaN counts, too
    self.assertEqual(metadata['network'], _NETWORK)

  def test_newest_is_restored_and_two_are_kept(self):
    self._save(10, 20, 100)
    checkpointer = self._open()
    self.assertEqual(checkpointer.latest(), 100)
    state, _ = checkpointer.restore(_state(), _NETWORK)
    np.testing.assert_array_equal(
        state['learner'].params['linear/~/w']['b'], 100)
    self.assertCountEqual(os.listdir(self.folder), ['20', '100'])

  def test_number_kept_is_a_choice(self):
    checkpointer = self._open(keep=1)
    for frames in (1, 2):
      checkpointer.save(frames, _state(), {'network': _NETWORK})
    self.assertEqual(os.listdir(self.folder), ['2'])

  def test_network_of_tuples_is_the_network_of_lists(self):
    self._save(10)
    network = _NETWORK | {'observation_keys': ('x',)}
    self._open().restore(_state(), network)

  @parameterized.parameters(10, 9)
  def test_saves_go_forwards_and_overwrite_nothing(self, frames):
    self._save(10)
    with self.assertRaisesRegex(
        ValueError, f'holds a checkpoint of 10 frames; expected .* got {frames}'
    ):
      self._open().save(frames, _state(3), {'network': _NETWORK})
    state, _ = self._open().restore(_state(), _NETWORK)
    np.testing.assert_array_equal(
        state['learner'].params['linear/~/w']['b'], 10)

  def test_nothing_there(self):
    checkpointer = self._open()
    self.assertIsNone(checkpointer.latest())
    with self.assertRaisesRegex(ValueError, 'No checkpoint in .*--resume'):
      checkpointer.restore(_state(), _NETWORK)

  def test_other_network_names_both(self):
    self._save(10)
    with self.assertRaisesRegex(
        ValueError, "is of network .*'core_size': 8.*uses .*'core_size': 9"):
      self._open().restore(_state(), _NETWORK | {'core_size': 9})

  def test_other_version(self):
    with absltest.mock.patch.object(checkpoint, 'FORMAT_VERSION', 99):
      self._save(10)
    with self.assertRaisesRegex(
        ValueError, 'has format version 99; this library reads version 2'):
      self._open().restore(_state(), _NETWORK)

  @parameterized.parameters('missing', 'left over')
  def test_other_kind_of_state(self, side):
    self._save(10)
    like = _state()
    if side == 'missing':
      like['further'] = np.zeros(2)
    else:
      del like['count']
    name = 'further' if side == 'missing' else 'count'
    with self.assertRaisesRegex(
        ValueError, f'another kind of state: .*{name}.* on one side only'):
      self._open().restore(like, _NETWORK)

  @parameterized.product(
      damage=('truncated', 'deleted', 'changed'), which=(0, 1, 2))
  def test_damage_is_seen(self, damage, which):
    # The three largest files, arrays among them. The error says what to do,
    # nothing in the folder is changed, and the checkpoint before is intact.
    self._save(10, 20)
    path = list(self._files(20))[which]
    data = path.read_bytes()
    if damage == 'deleted':
      path.unlink()
    elif damage == 'truncated':
      path.write_bytes(data[:len(data) // 2])
    else:
      middle = len(data) // 2
      path.write_bytes(
          data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1:])
    before = sorted(self.folder.rglob('*'))
    with self.assertRaisesRegex(
        ValueError, r"Checkpoint '.*20' .*(damaged|changed).* Delete that"):
      self._open().restore(_state(), _NETWORK)
    self.assertEqual(sorted(self.folder.rglob('*')), before)
    shutil.rmtree(self.folder / '20')
    state, _ = self._open().restore(_state(), _NETWORK)
    np.testing.assert_array_equal(
        state['learner'].params['linear/~/w']['b'], 10)

  def test_arrays_exchanged_inside_the_metadata_are_seen(self):
    self._save(10)
    path = self.folder / '10' / 'metadata' / 'metadata'
    metadata = json.loads(path.read_text())
    name = next(iter(metadata['checksums']))
    metadata['checksums'][name] += 1
    path.write_text(json.dumps(metadata))
    with self.assertRaisesRegex(ValueError, 'array .* has changed since'):
      self._open().restore(_state(), _NETWORK)

  @parameterized.named_parameters(
      ('no_checksums', {'checksums': {}}, 'is missing'),
      ('no_checksums_nor_arrays', {'checksums': {}, 'empty': {}},
       'another kind of state'),
      ('no_checksums_at_all', {'checksums': None},
       "'checksums': it holds null"),
      ('checksums_of_text', {'checksums': {'a': 'x'}}, "'a': it holds a text"),
      ('no_list_of_what_is_empty', {'empty': None}, "'empty': it holds null"),
      ('full_arrays_that_are_empty', {'empty': {"['count']": [[3], 'int64']}},
       'for an array without elements'),
      ('too_many_elements', {'empty': {"['empty']": [[0, 10**18], 'int64']}},
       r'of shape \(0, 10+\), not int64'),
      ('elements_of_no_type', {'empty': {"['empty']": [[0], 'x, y']}},
       'damaged'),
      ('version_of_text', {'format_version': 'x'}, "format version 'x'"))
  def test_metadata_that_says_something_else(self, change, message):
    self._save(10)
    path = self.folder / '10' / 'metadata' / 'metadata'
    metadata = json.loads(path.read_text())
    if change.get('empty'):
      metadata['checksums'] |= dict.fromkeys(change['empty'], 0)
      change = {'empty': metadata['empty'] | change['empty']}
    metadata |= change
    path.write_text(json.dumps(metadata))
    with self.assertRaisesRegex(checks.UserError, message):
      self._open().restore(_state(), _NETWORK)

  @parameterized.named_parameters(
      ('other_shape', {'large': np.zeros(5)}, r'float32 of shape'),
      ('other_type', {'large': np.zeros(100_000, np.int8)}, 'is float32 of'),
      ('other_axes', {'large': np.zeros((1, 1), np.float32)}, 'is float32 of'))
  def test_arrays_that_a_run_does_not_need_are_not_read(self, change, message):
    self._save(10)
    checkpointer = self._open()
    with absltest.mock.patch.object(
        checkpointer._manager, 'restore', side_effect=AssertionError):
      with self.assertRaisesRegex(checkpoint.DamagedError, message):
        checkpointer.restore(_state() | change, _NETWORK)

  @parameterized.parameters('_CHECKPOINT_METADATA', 'metadata/metadata',
                            'arrays/manifest.ocdbt')
  def test_pipes_and_links_are_not_opened(self, name):
    self._save(10)
    path = self.folder / '10' / name
    path.unlink()
    for make in (os.mkfifo, lambda path: path.symlink_to(path)):
      make(path)
      with self.assertRaisesRegex(checks.UserError, 'is no regular file'):
        self._open()
      path.unlink()

  def test_arrays_that_cannot_be_read_are_one_error(self):
    state = {f'{i}': np.arange(3000.) + i for i in range(60)}
    checkpointer = checkpoint.Checkpointer(self.folder)
    checkpointer.save(10, state, {'network': _NETWORK})
    checkpointer.close()
    for path in self._files(10):
      if path.stat().st_size > 10_000:
        path.write_bytes(b'x')
    seen = []
    with absltest.mock.patch.object(sys, 'unraisablehook', seen.append):
      with self.assertRaisesRegex(checkpoint.DamagedError, 'cannot be read'):
        self._open().restore(state, _NETWORK)
      time.sleep(0.2)  # threads that read go on
    self.assertEmpty(seen)

  def test_folder_of_a_killed_save_is_ignored(self):
    self._save(10, 20)
    # What a process that was killed inside `save` leaves behind.
    shutil.copytree(
        self.folder / '20', self.folder / '30.orbax-checkpoint-tmp-123')
    checkpointer = self._open()
    self.assertEqual(checkpointer.latest(), 20)
    checkpointer.restore(_state(), _NETWORK)
    checkpointer.save(30, _state(30), {'network': _NETWORK})
    self.assertEqual(checkpointer.latest(), 30)


if __name__ == '__main__':
  absltest.main()
