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
"""Tests of recorder.py: what is kept, said and passed on."""

import contextlib
import io

from absl.testing import absltest

from kickstarting import recorder

_RECORD = {
    'frames': 500, 'frames_per_second': 10.0, 'seconds': 50.0,
    'score': float('nan'), 'lambda': {}, 'entropy': 0.5}


class RecorderTest(absltest.TestCase):

  def test_records_are_kept_as_json_has_them(self):
    passed = []
    mine = recorder.Recorder(1000, passed.append, has_lines=False)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
      mine(dict(_RECORD))
    self.assertIsNone(mine.records[0]['score'])
    self.assertLen(passed, 1)
    self.assertEqual(out.getvalue(), '')
    self.assertEmpty(mine.warnings)


if __name__ == '__main__':
  absltest.main()
