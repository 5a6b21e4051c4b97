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
"""Tests of `runtime/logger.py`."""

import contextlib
import io
import json
import os
import pathlib
import struct
from unittest import mock

from absl.testing import absltest
from tensorboardX import proto

from kickstarting import files
from kickstarting.runtime import logger


def _record(frames: int, **changes) -> dict:
  return {
      'frames': frames,
      'seconds': frames / 1000,
      'frames_per_second': 1000.0,
      'score': 12.34,
      'entropy': 1.5,
      'teacher_agreement': 0.25,
      'return': {'Maze': 0.5, 'Slow': 0.0},
      'lambda': {'a': 1.0, 'b': 0.5},
  } | changes


def _scalars(folder: pathlib.Path) -> dict[str, list[tuple[int, float]]]:
  """Returns tag -> (step, value) as TensorBoard shows them."""
  scalars: dict[str, list[tuple[int, float]]] = {}
  for path in sorted((folder / 'tensorboard').glob('events*')):
    data, position = path.read_bytes(), 0
    while position < len(data):
      (length,) = struct.unpack_from('<Q', data, position)
      event = proto.event_pb2.Event.FromString(
          data[position + 12:position + 12 + length])
      position += 16 + length
      if event.session_log.status == proto.event_pb2.SessionLog.START:
        scalars = {
            tag: [(s, v) for s, v in values if s < event.step]
            for tag, values in scalars.items()
        }
      for value in event.summary.value:
        scalars.setdefault(value.tag, []).append(
            (event.step, value.simple_value))
  return scalars


class RunLoggerTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    self.stream = io.StringIO()

  def _log(self, *records, line_s=0.0, **kwargs):
    run = logger.RunLogger(
        self.folder, total_frames=1_000_000, stream=self.stream,
        line_s=line_s, **kwargs)
    for record in records:
      run(record)
    run.close()

  def _frames(self):
    return [r['frames'] for r in logger.read_records(self.folder)]

  def test_progress_line(self):
    self.assertEqual(
        logger.progress_line(_record(250_000), 1_000_000),
        '  0.25 of 1.00 M frames |   1000 frames/s | score  12.3 |'
        ' lambda 0.750 | entropy 1.50 | agreement  25 % | 12:30 left')

  def test_progress_line_without_teachers(self):
    record = _record(1_200_000, **{'lambda': {}})
    del record['teacher_agreement']
    self.assertEqual(
        logger.progress_line(record, 1_000_000),
        '  1.20 of 1.00 M frames |   1000 frames/s | score  12.3 |'
        ' entropy 1.50 | 0:00 left')

  def test_progress_of_a_small_budget_is_in_thousands(self):
    self.assertStartsWith(
        logger.progress_line(_record(1_280), 50_000),
        '  1.28 of 50.00 k frames |')

  def test_progress_line_of_a_mixture(self):
    for mixing in (0.25, {'0': 0.1, '1': 0.4}):
      line = logger.progress_line(
          _record(1, transfer=0.5, mixing=mixing), 1_000_000)
      self.assertIn(' | mixing 0.25 | entropy', line)
    line = logger.progress_line(_record(1, mixing=0.25), 1_000_000)
    self.assertNotIn('mixing', line)

  def test_a_score_that_is_not_known_yet(self):
    nan = float('nan')
    record = _record(1, score=nan, task_score={'Maze': nan, 'Slow': 1.0})
    self.assertIn(
        ' | score     - | ', logger.progress_line(record, 1_000_000))
    line = logger.progress_line(record | {
        'member_score': {'0': nan}, 'score_median': nan, 'copies': 0}, 10)
    self.assertIn('| median     - |', line)
    self._log(record, _record(2))
    self.assertIsNone(logger.read_records(self.folder)[0]['score'])
    scalars = _scalars(self.folder)
    self.assertEqual([step for step, _ in scalars['score']], [2])
    self.assertNotIn('task_score/Maze', scalars)
    self.assertEqual(scalars['task_score/Slow'], [(1, 1.0)])

  def test_lines_keep_their_distance_but_for_the_last(self):
    self._log(
        _record(1), _record(2), _record(1_000_000), line_s=100.0, label='me ')
    lines = self.stream.getvalue().splitlines()
    self.assertLen(lines, 2)
    self.assertStartsWith(lines[0], 'me   0.00 of 1.00 M frames')
    self.assertStartsWith(lines[1], 'me   1.00 of 1.00 M frames')

  def test_file_holds_one_json_object_per_record(self):
    records = [_record(1), _record(2)]
    self._log(*records)
    lines = (self.folder / logger.RECORDS).read_text().splitlines()
    self.assertEqual([json.loads(line) for line in lines], records)
    self.assertEqual(logger.read_records(self.folder), records)

  def test_not_a_number_becomes_null(self):
    # JSON has no NaN; other readers than Python's would refuse the file.
    self._log(_record(1, score=float('inf'), **{'return': {'a': float('nan')}}))
    text = (self.folder / logger.RECORDS).read_text()
    self.assertNotIn('NaN', text)
    self.assertNotIn('Infinity', text)
    [record] = logger.read_records(self.folder)
    self.assertIsNone(record['score'])
    self.assertEqual(record['return'], {'a': None})

  def test_records_are_on_disk_before_the_end(self):
    run = logger.RunLogger(
        self.folder, total_frames=10, stream=self.stream)
    self.addCleanup(run.close)
    run(_record(1))
    self.assertEqual(self._frames(), [1])

  def test_resume_drops_what_will_be_written_again(self):
    self._log(_record(10), _record(20), _record(30))
    self._log(_record(25), resume_frames=20)
    self.assertEqual(self._frames(), [10, 20, 25])

  def test_resume_before_the_first_checkpoint_starts_anew(self):
    self._log(_record(10))
    self._log(_record(12), resume_frames=0)
    self.assertEqual(self._frames(), [12])

  def test_torn_last_line_is_left_out(self):
    self._log(_record(10), _record(20))
    path = self.folder / logger.RECORDS
    text = path.read_text()
    for length in range(len(text) - 2, len(text) // 2 + 2, -7):
      path.write_text(text[:length])
      self.assertEqual(self._frames(), [10])
    self._log(_record(21), resume_frames=20)
    self.assertEqual(self._frames(), [10, 21])

  def test_a_line_that_is_being_written_is_left_out(self):
    # A reader may see the first half of it, and the rest when it looks again.
    class Growing(io.BytesIO):
      parts = [b'{"frames": 1}\n', b'{"fra', b'mes": 2}\n', b'']

      def readline(self, size):
        del size
        return self.parts.pop(0)

    self._log(_record(10))
    with mock.patch.object(
        logger.files, 'opened',
        lambda path, what: contextlib.nullcontext(Growing())):
      self.assertEqual(logger.read_records(self.folder), [{'frames': 1}])

  def test_a_damaged_line_in_the_middle_is_named(self):
    self._log(_record(10), _record(20))
    path = self.folder / logger.RECORDS
    first, last = path.read_bytes().splitlines(keepends=True)
    for line, reason in (
        (b'{"frames": 15,\n', 'damaged'), (b'\xff\xfe\n', 'no text'),
        (b'\0\0\n', 'damaged'), (b'\n', 'damaged'), (b'[]\n', 'a list'),
        (b'null\n', 'holds null'), (b'{"score": 3}\n', "'frames' is missing"),
        (b'{"frames": "15"}\n', "'frames': it holds a text, not a number"),
        (b'{"frames": true}\n', "'frames': it holds true or false"),
        (b'{"frames": 1, "task_score": 3}\n', "'task_score': it holds a who"),
        (b'{"frames": 1, "lambda": {"a": []}}\n', "'a': it holds a list"),
        (b'{"frames": 1e999}\n', 'too large'),
        (b'[' * 10_000 + b'\n', 'too deeply'),
        (b' ' * 5_000_000 + b'\n', 'more than 4194304 bytes')):
      with self.subTest(reason):
        path.write_bytes(first + line + last)
        with self.assertRaisesRegex(
            files.InputError, f"line 2 of '.*{logger.RECORDS}' .*{reason}"):
          logger.read_records(self.folder)

  def test_a_whole_last_line_that_is_damaged_is_named(self):
    self._log(_record(10))
    with (self.folder / logger.RECORDS).open('a') as file:
      file.write('{"score": 3}\n')
    with self.assertRaisesRegex(files.InputError, 'line 2 of'):
      logger.read_records(self.folder)

  def test_what_a_reader_needs(self):
    self._log({**_record(10)})
    self.assertLen(logger.read_records(self.folder, ('score',)), 1)
    with self.assertRaisesRegex(files.InputError, "line 1 .*'x' is missing"):
      logger.read_records(self.folder, ('score', 'x'))
    with self.assertRaisesRegex(files.InputError, 'holds no records of a run'):
      logger.read_records(self.folder / 'none', must_exist=True)

  def test_no_file_no_records(self):
    self.assertEqual(logger.read_records(self.folder), [])

  def test_no_regular_file(self):
    self.folder.mkdir()
    os.mkfifo(self.folder / logger.RECORDS)
    with self.assertRaisesRegex(files.InputError, 'not a regular file'):
      logger.read_records(self.folder)

  def test_tensorboard_holds_all_scalars(self):
    self._log(_record(10))
    scalars = _scalars(self.folder)
    self.assertEqual(scalars['score'], [(10, struct.unpack(
        'f', struct.pack('f', 12.34))[0])])
    self.assertEqual(scalars['lambda/b'], [(10, 0.5)])
    self.assertEqual(scalars['return/Maze'], [(10, 0.5)])
    self.assertNotIn('frames', scalars)

  def test_a_cap_is_kept_but_is_no_curve(self):
    self._log(_record(10) | {'score_cap': float('inf')})
    self.assertNotIn('score_cap', _scalars(self.folder))
    [record] = logger.read_records(self.folder)
    self.assertIsNone(record['score_cap'])

  def test_tensorboard_shows_a_resumed_run_once(self):
    self._log(_record(10), _record(20), _record(30))
    self._log(_record(30), _record(40), resume_frames=20)
    steps = [step for step, _ in _scalars(self.folder)['score']]
    self.assertEqual(steps, [10, 20, 30, 40])


if __name__ == '__main__':
  absltest.main()
