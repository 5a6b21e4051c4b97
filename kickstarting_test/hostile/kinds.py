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
"""Kinds of files that a reader may meet in the place of the one it expects.

Each takes the path of a valid file and puts something else there. Not here:
who reads them (`load_paths.py`), what holds for all (`hostile_test.py`).
"""

from collections.abc import Callable, Iterator, Mapping
import io
import json
import os
import pathlib
import random
import shutil
from typing import Any, TypeAlias
import warnings
import zipfile

import numpy as np

Change: TypeAlias = Callable[[pathlib.Path], None]
MARKER = 'HOSTILE_MARKER'  # environment variable: what no reader may make
_MIB = 2**20


class Payload:
  """What makes a file when it is unpickled."""

  def __reduce__(self) -> Any:
    return open, (os.environ[MARKER], 'w')


def _content(content: bytes | str) -> Change:
  data = content.encode() if isinstance(content, str) else content
  return lambda path: _replace(path, lambda: path.write_bytes(data))


def _of_valid(change: Callable[[bytes], bytes]) -> Change:
  def apply(path: pathlib.Path) -> None:
    data = change(path.read_bytes() if path.is_file() else bytes(99))
    _replace(path, lambda: path.write_bytes(data))
  return apply


def _replace(path: pathlib.Path, make: Callable[[], Any]) -> None:
  """Puts something else where a file or folder is."""
  if path.is_dir() and not path.is_symlink():
    shutil.rmtree(path)
  else:
    path.unlink(missing_ok=True)
  make()


def _sparse(path: pathlib.Path) -> None:
  with path.open('wb') as file:
    file.truncate(20 * 2**30)


def _pickled(path: pathlib.Path) -> None:
  _content(np.array([Payload()], object).dumps())(path)


def _pickled_array(path: pathlib.Path) -> None:
  content = io.BytesIO()
  np.savez(content, x=np.array([Payload()], object))
  _content(content.getvalue())(path)


def _flip(data: bytes) -> bytes:
  """Changes three bytes: one may be a part of a header that nobody reads."""
  changed = bytearray(data)
  for quarter in (1, 2, 3):
    changed[quarter * len(data) // 4] ^= 0xff
  return bytes(changed)


ANY: Mapping[str, Change] = {
    'empty': _content(b''),
    'one_byte': _content(b'\n'),
    'half': _of_valid(lambda data: data[:len(data) // 2]),
    'without_its_last_bytes': _of_valid(lambda data: data[:-3]),
    'bytes_changed': _of_valid(_flip),
    'random': _content(random.Random(1).randbytes(5000)),
    'zeros': _content(bytes(4096)),
    'long_line': _content(b'a' * (8 * _MIB)),
    'no_text': _content(b'\xff\xfe\x00{"a": 1}'),
    'utf16': _content('{"frames": 1}'.encode('utf-16')),
    'sparse_of_20_gib': lambda path: _replace(path, lambda: _sparse(path)),
    'pickle': _pickled,
    'pickled_array': _pickled_array,
    'pipe': lambda path: _replace(path, lambda: os.mkfifo(path)),
    'folder': lambda path: _replace(path, path.mkdir),
    'link_to_itself': lambda path: _replace(
        path, lambda: path.symlink_to(path)),
    'link_to_nothing': lambda path: _replace(
        path, lambda: path.symlink_to('nothing')),
    'endless_device': lambda path: _replace(
        path, lambda: path.symlink_to('/dev/zero')),
    'empty_device': lambda path: _replace(
        path, lambda: path.symlink_to('/dev/null')),
}
if os.geteuid():  # everybody but root needs permission
  ANY = {**ANY, 'forbidden': lambda path: path.chmod(0)}

JSON: Mapping[str, Change] = {
    'null': _content('null'),
    'list': _content('[]'),
    'object': _content('{}'),
    'number': _content('3'),
    'text': _content('"x"'),
    'deep_list': _content('[' * 100_000 + ']' * 100_000),
    'deep_object': _content('{"a":' * 5000 + '1' + '}' * 5000),
    'not_a_number': _content('{"frames": NaN}'),
    'endless': _content('{"frames": -Infinity}'),
    'too_large_a_number': _content('{"frames": 1e999}'),
    'number_of_5000_digits': _content('{"frames": ' + '9' * 5000 + '}'),
    'number_of_400_digits': _content('{"frames": ' + '9' * 400 + '}'),
    'name_twice': _content('{"frames": 1, "frames": [2]}'),
    'two_values': _content('{} {}'),
    'half_a_character': _content('{"frames": "\\ud800"}'),
}

_ODD: tuple[Any, ...] = (
    None, True, -1, 0.5, 10**19, 1e300, '', 'x' * 5000, '../../x', [],
    [[1, 'a']], {}, {'\n': {'a': [None]}})


def of_json(valid: Any) -> Iterator[tuple[str, Change]]:
  """Yields valid JSON with one value changed, or missing."""
  for place in _places(valid):
    name = '.'.join(map(str, place))
    for i, odd in enumerate(_ODD):
      yield f'{name}={i}', _changed(place, lambda old, odd=odd: odd)
    yield f'{name} is missing', _changed(place, None)


def _places(valid: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple]:
  """Yields where the values of JSON are, those of long lists but once."""
  if place:
    yield place
  if len(place) < 3:
    items = valid.items() if isinstance(valid, dict) else (
        list(enumerate(valid))[:1] if isinstance(valid, list) else ())
    for key, value in items:
      yield from _places(value, (*place, key))


def _changed(place: tuple, change: Callable[[Any], Any] | None) -> Change:
  def apply(path: pathlib.Path) -> None:
    line, *rest = path.read_text().splitlines() if (
        path.suffix == '.jsonl') else [path.read_text()]
    whole = json.loads(line)
    inner = whole
    for key in place[:-1]:
      inner = inner[key]
    if change is None:
      del inner[place[-1]]
    else:
      inner[place[-1]] = change(inner[place[-1]])
    path.write_text('\n'.join([json.dumps(whole), *rest]) + '\n')
  return apply


def _arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
  with np.load(path) as saved:
    return dict(saved)


def _with_arrays(**arrays: Any) -> Change:
  """Changes arrays; None removes one."""
  def apply(path: pathlib.Path) -> None:
    kept = {name: x for name, x in {**_arrays(path), **arrays}.items()
            if x is not None}
    np.savez_compressed(path, **kept)
  return apply


def _first(change: Callable[[np.ndarray], Any]) -> Change:
  """Changes the first array of numbers."""
  def apply(path: pathlib.Path) -> None:
    arrays = _arrays(path)
    name = next(n for n, x in arrays.items() if x.dtype.kind == 'f')
    _with_arrays(**{name: change(arrays[name])})(path)
  return apply


def _with_member(
    name: str, content: bytes, *, is_alone: bool = False
) -> Change:
  def apply(path: pathlib.Path) -> None:
    with zipfile.ZipFile(
        path, 'w' if is_alone else 'a', zipfile.ZIP_DEFLATED) as file:
      with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # a name that is there twice
        file.writestr(name, content)
  return apply


def _header(shape: Any, kind: str = '<f4', numbers: bytes = b'') -> bytes:
  """Returns a file of one array, which may declare anything."""
  text = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}"
  text = text.ljust(117) + '\n'
  return (b'\x93NUMPY\x01\x00' + len(text).to_bytes(2, 'little')
          + text.encode('latin1') + numbers)


def _lying(path: pathlib.Path) -> None:
  """Says that a member has other sizes than it has."""
  data = bytearray(path.read_bytes())
  place = data.rfind(b'PK\1\2')
  data[place + 24:place + 28] = (2**31).to_bytes(4, 'little')
  path.write_bytes(data)


def _many(path: pathlib.Path) -> None:
  with zipfile.ZipFile(path, 'w') as file:
    for i in range(12_000):
      file.writestr(f'{i}.npy', b'')


ARCHIVES: Mapping[str, Change] = {
    'no_arrays': _content(
        b'PK\5\6' + bytes(18)),
    'not_a_number': _first(lambda x: np.full_like(x, np.nan)),
    'endless_numbers': _first(lambda x: np.full_like(x, np.inf)),
    'numbers_that_are_text': _first(lambda x: np.full(x.shape, 'x')),
    'numbers_that_are_complex': _first(lambda x: x.astype(np.complex64)),
    'an_axis_more': _first(lambda x: x[None]),
    'an_axis_less': _first(lambda x: x.reshape(-1)[:1].reshape(())),
    'no_elements': _first(lambda x: x[:0]),
    'zip_bomb': _with_arrays(bomb=np.zeros(3 * 10**7, np.int8)),
    'zip_bomb_alone': _with_member('bomb.npy', _header(
        (6 * 10**7,), '|i1', bytes(6 * 10**7)), is_alone=True),
    'huge_shape': _with_member('more.npy', _header((10**15,))),
    'shape_beyond_64_bits': _with_member('more.npy', _header((10**30, 0))),
    'negative_shape': _with_member('more.npy', _header((-1,))),
    'shape_of_text': _with_member('more.npy', _header("('a',)")),
    'shape_of_40_axes': _with_member('more.npy', _header((1,) * 40)),
    'header_that_is_code': _with_member(
        'more.npy', _header("__import__('os').system('true')")),
    'deep_header': _with_member('more.npy', _header('(' * 60 + ')' * 60)),
    'unknown_type': _with_member('more.npy', _header((1,), 'what', b'1234')),
    'type_of_objects': _with_member('more.npy', _header((1,), '|O', bytes(8))),
    'name_twice': lambda path: _with_member(
        zipfile.ZipFile(path).namelist()[0], _header((1,)))(path),
    'name_of_another_folder': _with_member('../../x.npy', _header((0,))),
    'absolute_name': _with_member('/x.npy', _header((0,))),
    'name_and_part_of_it': _with_arrays(
        **{'a': np.zeros(1), 'a|b': np.ones(1)}),
    'no_array': _with_member('readme.txt', b'hello'),
    'many_members': _many,
    'sizes_that_lie': _lying,
    'bytes_before': _of_valid(lambda data: b'#!/bin/sh\n' + data),
    'bytes_behind': _of_valid(lambda data: data + bytes(100)),
    'objects': lambda path: _with_arrays(
        x=np.array([Payload()], object))(path),
}
