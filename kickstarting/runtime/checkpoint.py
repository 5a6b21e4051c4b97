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
"""Checkpoints of a run: arrays and JSON, written whole or not at all.

Orbax writes each checkpoint into a temporary folder and renames it; this module
adds what a resumed run must know before it trusts one: version, network and a
checksum of every array. No pickle is involved. Not here: what is looked at
before it is read (`checkpoint_files.py`), trained policies as files to share
(`teachers/policy_file.py`).
"""

from collections.abc import Iterator, Mapping
import contextlib
import json
import os
import pathlib
import re
import shutil
import sys
from typing import Any
import zlib

from absl import logging
import jax
import numpy as np
import orbax.checkpoint as ocp

from kickstarting import checks
from kickstarting import files
from kickstarting import types
from kickstarting.runtime import checkpoint_files

FORMAT_VERSION = 2
# As TensorStore writes it, where it does not raise an OSError.
_OS_ERROR = re.compile(r"os_error_code='(\d+)'")


class DamagedError(checks.UserError):
  """A checkpoint cannot be read, or is not what was written."""


@contextlib.contextmanager
def _reading(where: str) -> Iterator[None]:
  """Turns whatever a damaged checkpoint makes the libraries raise into one.

  Where an array cannot be read, those whose reading is under way are abandoned:
  their threads report to an event loop that has ended, with a traceback each,
  from then on at any time.
  """
  report = sys.unraisablehook

  def report_others(error: Any) -> None:
    if str(error.exc_value) != 'Event loop is closed':
      report(error)

  sys.unraisablehook = report_others
  verbosity = logging.get_verbosity()
  logging.set_verbosity(logging.FATAL)  # what is logged is raised as well
  try:
    yield
  except Exception as e:  # Orbax and TensorStore raise many kinds
    kind = '' if isinstance(e, checks.UserError) else f'{type(e).__name__}: '
    raise DamagedError(
        f'{where} cannot be read, it is damaged or incomplete'
        f' ({kind}{" ".join(str(e).split())[:200]}). Delete that folder to'
        ' resume from the one before, or restore it from a copy.') from e
  finally:
    logging.set_verbosity(verbosity)
  sys.unraisablehook = report


def _flatten(tree: types.PyTree) -> dict[str, np.ndarray]:
  return {
      jax.tree_util.keystr(path): np.asarray(leaf)
      for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
  }


def _checksum(array: np.ndarray) -> int:
  return zlib.crc32(np.ascontiguousarray(array).tobytes())


@contextlib.contextmanager
def _writing(path: pathlib.Path) -> Iterator[None]:
  """As `files.writing`, for what Orbax and TensorStore raise.

  They log each error several times before they raise it, so that nothing is
  lost if their log is silent.
  """
  verbosity = logging.get_verbosity()
  logging.set_verbosity(logging.FATAL)
  try:
    with files.writing(path):
      try:
        yield
      except Exception as error:  # pylint: disable=broad-except
        code = _OS_ERROR.search(str(error))
        if code is None:
          raise
        number = int(code.group(1))
        raise OSError(number, os.strerror(number)) from error
  finally:
    logging.set_verbosity(verbosity)


class Checkpointer:
  """Saves to and restores from the folder of one run."""

  def __init__(self, folder: str | os.PathLike[str], keep: int = 2):
    """Opens a folder.

    Args:
      folder: created if missing.
      keep: newest checkpoints that are kept.

    Raises:
      files.OutputError: it cannot be created.
    """
    self._folder = pathlib.Path(folder).absolute()
    checkpoint_files.check_folder(self._folder)
    with _writing(self._folder):
      self._manager = ocp.CheckpointManager(
          self._folder,
          item_handlers={
              'arrays': ocp.StandardCheckpointHandler(),
              'metadata': ocp.JsonCheckpointHandler()},
          options=ocp.CheckpointManagerOptions(
              max_to_keep=keep, enable_async_checkpointing=False),
      )
      self._descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)

  def latest(self) -> int | None:
    """Returns the frames of the newest checkpoint; None without any."""
    return max(self._manager.all_steps(), default=None)

  def save(
      self, frames: int, state: types.PyTree, metadata: Mapping[str, Any]
  ) -> None:
    """Writes a checkpoint.

    Args:
      frames: environment frames so far; names the checkpoint.
      state: a pytree of arrays and numbers.
      metadata: JSON; must hold 'network', which `restore` compares.

    Raises:
      ValueError: there is a checkpoint of so many frames or more; a run writes
        forwards, and never over what is there.
      files.OutputError: it cannot be written, or the folder is gone; those
        before are intact.
    """
    files.check_same(self._folder, self._descriptor)
    latest = self.latest()
    if latest is not None and frames <= latest:
      raise checks.UserError(
          f'{str(self._folder)!r} holds a checkpoint of {latest} frames;'
          f' expected to save one of more than that, got {frames}. Resume that'
          ' run, or name another folder.')
    arrays = _flatten(state)
    metadata = dict(metadata) | {
        'format_version': FORMAT_VERSION,
        'checksums': {k: _checksum(v) for k, v in arrays.items()},
        # Orbax refuses arrays without elements.
        'empty': {
            k: [list(v.shape), str(v.dtype)]
            for k, v in arrays.items() if not v.size
        },
    }
    arrays = {k: v for k, v in arrays.items() if v.size}
    try:
      with _writing(self._folder / str(frames)):
        self._manager.save(
            frames,
            args=ocp.args.Composite(
                arrays=ocp.args.StandardSave(arrays),
                metadata=ocp.args.JsonSave(metadata)),
            force=True)
        self._manager.wait_until_finished()
    except files.OutputError:
      for part in self._folder.glob(f'{frames}.orbax-checkpoint-tmp*'):
        shutil.rmtree(part, ignore_errors=True)
      raise

  def restore(
      self, like: types.PyTree, network: Any, frames: int | None = None
  ) -> tuple[types.PyTree, dict[str, Any]]:
    """Reads a checkpoint.

    Args:
      like: a tree of the same structure and shapes as the state saved; arrays
        of score windows may differ in their leading axis.
      network: JSON of the network in use.
      frames: which one; None for the newest.

    Returns:
      The state and the metadata that were saved.

    Raises:
      DamagedError: it cannot be read.
      ValueError: there is none; its version or network differ.
    """
    frames = self.latest() if frames is None else frames
    if frames is None:
      raise checks.UserError(
          f'No checkpoint in {files.shown(self._folder)}; start the run without'
          ' --resume, or name the folder of a run that saved one.')
    path = self._folder / str(frames)
    where = f'Checkpoint {files.shown(path)}'
    paths, tree = jax.tree_util.tree_flatten_with_path(like)
    wanted = {jax.tree_util.keystr(path): leaf for path, leaf in paths}
    with _reading(where):
      checkpoint_files.check_sizes(path, wanted)
      metadata = checkpoint_files.read_metadata(path / 'metadata' / 'metadata')
    version = metadata['format_version']
    if version != FORMAT_VERSION:
      raise checks.UserError(
          f'{where} has format version {files.shown(version, 40)}; this library'
          f' reads version {FORMAT_VERSION}. Resume with the version that wrote'
          ' it.')
    network = json.loads(json.dumps(network))  # as it was read: no tuples
    if metadata['network'] != network:
      raise checks.UserError(
          f'{where} is of network {files.shown(metadata["network"])}, but this'
          f' run uses {files.shown(network)}. Resume with the same flags as the'
          ' run was started.')
    checksums, empty = metadata['checksums'], metadata['empty']
    different = sorted(set(wanted) ^ set(checksums))
    if different:
      raise checks.UserError(
          f'{where} holds another kind of state: {different[0]!r} is on one'
          ' side only. Resume with the same flags as the run was started.')
    with _reading(where):
      found = {
          name: (tuple(shape), dtype) for name, (shape, dtype) in empty.items()
      } | checkpoint_files.listed(self._manager, frames)
      checkpoint_files.check_listed(found, wanted)
      arrays = self._manager.restore(
          frames, args=ocp.args.Composite(arrays=ocp.args.StandardRestore())
      )['arrays']
      arrays |= {
          name: np.zeros(*found[name]) for name in empty}
    for name, checksum in checksums.items():
      if _checksum(np.asarray(arrays[name])) != checksum:
        raise DamagedError(
            f'{where} is damaged: the array {name!r} has changed since it was'
            ' written. Delete that folder to resume from the one before.')
    return jax.tree_util.tree_unflatten(
        tree, [np.asarray(arrays[name]) for name in wanted]), metadata

  def close(self) -> None:
    """Waits for what is under way."""
    self._manager.close()
    os.close(self._descriptor)
