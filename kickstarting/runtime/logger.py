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
"""Where records go: a progress line, TensorBoard, a JSONL file.

Here: `RunLogger` and reading the file back. Not here: what a record holds
(`training.py`).
"""

from collections.abc import Mapping, Sequence
import contextlib
import json
import math
import os
import pathlib
import re
import sys
import time
from typing import Any, TextIO

from tensorboardX import event_file_writer
from tensorboardX.proto import event_pb2
from tensorboardX.proto import summary_pb2

from kickstarting import files
from kickstarting.runtime import notebook

RECORDS = 'records.jsonl'
_WHAT = 'the records of a run, one in a line'
LINE_S = 5.0  # between two lines of progress
_BAR_S = 0.5  # between two looks of a bar in a notebook
_MAX_LINE_BYTES = 4 * 2**20
_MAX_BYTES = 2**30
_NUMBER = (float, type(None))  # None stands for what is not finite
# Of a record; there may be more, and less.
_KINDS: files.Kinds = {
    'frames': float, 'score': _NUMBER, 'score_cap': _NUMBER, 'entropy': _NUMBER,
    'transfer': _NUMBER, 'frames_per_second': _NUMBER, 'cuts': _NUMBER,
    'score_median': _NUMBER, 'score_top3': _NUMBER, 'best_member': int,
    'mixing': (float, dict, type(None)), 'task_score': dict,
    'task_score_top3': dict, 'member_score': dict, 'lambda': dict,
}
_OF_NUMBERS = ('task_score', 'task_score_top3', 'member_score', 'lambda',
               'mixing')
_NO_CURVES = ('frames', 'score_cap')  # one is the axis, one never changes
_NO_TAG = re.compile(r'[^-/\w.]')  # what TensorBoard has not in names


def say(text: str, stream: TextIO | None = None) -> None:
  """Writes a line for who watches a run, at once.

  Args:
    text: of the line.
    stream: where to; None for standard output.
  """
  print(text, file=stream or sys.stdout, flush=True)


class Lines:
  """Says how far a run is, now and then and at its end.

  In lines, or by a bar where this runs in a notebook.
  """

  def __init__(
      self,
      total_frames: int,
      label: str = '',
      stream: TextIO | None = None,
      line_s: float = LINE_S,
  ):
    """Says nothing yet.

    Args:
      total_frames: budget, for the time left.
      label: starts each line.
      stream: of the lines; None for standard output.
      line_s: least time between two lines, in seconds.
    """
    self._total_frames = total_frames
    self._label = label
    self._stream = stream
    self._line_s = line_s
    self._last = -float('inf')
    self._bar = notebook.bar() if stream is None else None

  def __call__(self, record: Mapping[str, Any]) -> None:
    """Takes a record, the newest one."""
    now = time.monotonic()
    share = min(1.0, record['frames'] / self._total_frames)
    pause = self._line_s if self._bar is None else _BAR_S
    if now - self._last >= pause or share == 1.0:
      self._last = now
      text = self._label + progress_line(record, self._total_frames)
      if self._bar is None:
        say(text, self._stream)
      else:
        self._bar(text, share)


class RunLogger:
  """Writes the records of one run."""

  def __init__(
      self,
      folder: str | os.PathLike[str],
      *,
      total_frames: int,
      label: str = '',
      resume_frames: int | None = None,
      stream: TextIO | None = None,
      line_s: float = LINE_S,
      has_lines: bool = True,
  ):
    """Opens the files.

    Args:
      folder: of the run.
      total_frames: budget, for the time left.
      label: starts each line.
      resume_frames: drop records after so many frames, which a resumed run
        will write again; None for a new run.
      stream: of the progress line; standard output by default.
      line_s: least time between two lines, in seconds.
      has_lines: whether there are any.
    """
    self._path = pathlib.Path(folder) / RECORDS
    if resume_frames is not None:
      kept = [r for r in read_records(folder) if r['frames'] <= resume_frames]
      files.write_text(
          self._path, ''.join(json.dumps(r) + '\n' for r in kept))
    with files.writing(self._path):
      self._path.parent.mkdir(parents=True, exist_ok=True)
      self._file = self._path.open('a', encoding='utf-8')
    self._board = _Board(self._path.parent / 'tensorboard', resume_frames)
    self._lines = (
        Lines(total_frames, label, stream, line_s) if has_lines else None)

  def __call__(self, record: Mapping[str, Any]) -> None:
    """Writes one record; see `training.train`.

    Raises:
      files.OutputError: it cannot be written, or the file is gone.
    """
    files.check_same(self._path, self._file.fileno())
    with files.writing(self._path):
      text = json.dumps(files.without_nan(record), allow_nan=False)
      self._file.write(text + '\n')
      self._file.flush()
    scalars: dict[str, float] = {}
    for name, value in record.items():
      if isinstance(value, Mapping):
        scalars |= {f'{name}/{key}': v for key, v in value.items()}
      elif name not in _NO_CURVES:
        scalars[name] = value
    # There is no value before there is one, as of a score.
    self._board.add(record['frames'], {
        name: v for name, v in scalars.items() if math.isfinite(v)})
    if self._lines is not None:
      self._lines(record)

  def close(self) -> None:
    """Closes the files; nothing of them is left to be written."""
    with contextlib.suppress(OSError):  # what failed before was raised there
      self._file.close()
    self._board.close()


class _Board:
  """Scalars for TensorBoard, written by the thread that has them.

  A writer with a thread of its own would not say that it has died.
  """

  def __init__(self, folder: pathlib.Path, resume_frames: int | None):
    self._folder = folder
    with files.writing(folder):
      folder.mkdir(parents=True, exist_ok=True)
      self._writer = event_file_writer.EventsWriter(
          # Files are named by the second; a resumed run must not take the same.
          str(folder / 'events'), f'.{resume_frames or 0}')
    if resume_frames is not None:
      # The board drops the step itself as well, which the records keep.
      self._write(resume_frames + 1, session_log=event_pb2.SessionLog(
          status=event_pb2.SessionLog.START))

  def add(self, step: int, scalars: Mapping[str, float]) -> None:
    """Writes the values of all curves at a step."""
    self._write(step, summary=summary_pb2.Summary(value=[
        summary_pb2.Summary.Value(
            tag=_NO_TAG.sub('_', name), simple_value=float(value))
        for name, value in scalars.items()]))

  def close(self) -> None:
    """Closes the file."""
    with contextlib.suppress(OSError):
      self._writer.close()

  def _write(self, step: int, **content: Any) -> None:
    with files.writing(self._folder):
      self._writer.write_event(event_pb2.Event(
          wall_time=time.time(), step=step, **content))
      self._writer.flush()


def progress_text(frames: int, total_frames: int) -> str:
  """Says how many frames of a budget are done, in millions or thousands."""
  unit, name = (1e6, 'M') if total_frames >= 1e6 else (1e3, 'k')
  return f'{frames / unit:6.2f} of {total_frames / unit:.2f} {name} frames'


def progress_line(record: Mapping[str, Any], total_frames: int) -> str:
  """Returns one line: frames, speed, score, weights, entropy, time left."""
  rate = record['frames_per_second']
  num_members = len(record.get('member_score', ())) or 1
  left = num_members * (total_frames - record['frames']) / max(rate, 1e-9)
  parts = [
      progress_text(record['frames'], total_frames),
      f'{rate:6.0f} frames/s',
      f'score {_shown(record["score"])}',
  ]
  if 'member_score' in record:
    parts.append(f'median {_shown(record["score_median"])}')
    parts.append(f'copies {record["copies"]}')
  if record['lambda']:
    weights = list(record['lambda'].values())
    parts.append(f'lambda {sum(weights) / len(weights):.3f}')
  if 'transfer' in record:  # the agent is a mixture
    mixing = record['mixing']
    if isinstance(mixing, Mapping):
      mixing = sum(mixing.values()) / len(mixing)
    parts.append(f'mixing {mixing:.2f}')
  if 'entropy' in record:
    parts.append(f'entropy {record["entropy"]:.2f}')
  if 'teacher_agreement' in record:
    parts.append(f'agreement {100 * record["teacher_agreement"]:3.0f} %')
  if record.get('cuts'):
    parts.append(f'{record["cuts"]} streams cut')
  minutes, seconds = divmod(int(max(left, 0)), 60)
  parts.append(f'{minutes}:{seconds:02d} left')
  return ' | '.join(parts)


def _shown(score: float) -> str:
  """Returns a score, or a dash where there is none yet."""
  return f'{score:5.1f}' if math.isfinite(score) else '    -'


def read_records(
    folder: str | os.PathLike[str],
    needs: Sequence[str] = (),
    *,
    must_exist: bool = False,
) -> list[dict[str, Any]]:
  """Returns the records of a run; none if there is no file.

  A last line that was cut off when the process was killed is left out.

  Args:
    folder: of the run.
    needs: what every record must have, beside its frames.
    must_exist: whether there must be a record.

  Raises:
    files.InputError: a line is damaged, or no record; the text has its number.
      Or there is no record.
  """
  path = pathlib.Path(folder) / RECORDS
  records = _read(path, needs) if os.path.lexists(path) else []
  if must_exist and not records:
    raise files.InputError(
        f'{files.shown(folder)} holds no records of a run; expected'
        f' {RECORDS!r} in it. Name the folder of a run that has begun.')
  return records


def _read(path: pathlib.Path, needs: Sequence[str]) -> list[dict[str, Any]]:
  """Returns the records of a file; see `read_records`."""
  records = []
  with files.opened(path, _WHAT) as file:
    number = 0
    while line := file.readline(_MAX_LINE_BYTES + 1):
      number += 1
      where = f'line {number} of {files.shown(path)}'
      try:
        record = _parse(line, where)
        files.check_fields(record, dict.fromkeys(needs, object), where, _WHAT)
      except files.InputError:
        is_cut_off = not line.endswith(b'\n') and len(line) <= _MAX_LINE_BYTES
        if not is_cut_off:
          raise
        break  # a run that goes on writes the rest of it about now
      records.append(record)
      if file.tell() > _MAX_BYTES:
        raise files.InputError(
            f'{files.shown(path)} has more than {_MAX_BYTES} bytes; expected'
            f' {_WHAT}. Draw longer runs from a copy with every tenth line.')
  return records


def _parse(line: bytes, where: str) -> dict[str, Any]:
  """Returns the record of a line."""
  if len(line) > _MAX_LINE_BYTES:
    raise files.InputError(
        f'{where} has more than {_MAX_LINE_BYTES} bytes; expected {_WHAT}.'
        ' Delete that line.')
  try:
    text = line.decode('utf-8')
  except UnicodeDecodeError as error:
    raise files.InputError(
        f'{where} is no text ({error.reason}); expected {_WHAT}. Delete that'
        ' line.') from error
  record = files.parse_json(text, where, _WHAT, kind=dict)
  files.check_fields(
      record, _KINDS, where, _WHAT,
      optional=[name for name in _KINDS if name != 'frames'])
  for name in _OF_NUMBERS:
    of_names = record.get(name)
    if isinstance(of_names, dict):
      files.check_fields(
          of_names, dict.fromkeys(of_names, _NUMBER), where, _WHAT)
  return record
