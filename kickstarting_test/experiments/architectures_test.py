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
"""Tests the study of architectures, as a process.

Its flags are those of a study, which others in this process may not be.
"""

import pathlib

from absl.testing import absltest

from kickstarting_test.experiments import binaries


def _study(folder, *teacher, seed=1):
  return binaries.run(
      'experiments.architectures', f'--workdir={folder}', *teacher,
      f'--seeds={seed}', '--student_architecture=grid_small', '--shares=50,100',
      '--scores=-100,1000',
      '--extra=--suite=minigrid_all --tasks=Empty-Random-6x6 --streams=8'
      ' --unroll_steps=10 --frames=1600 --record_frames=400')


class ArchitecturesTest(absltest.TestCase):

  def test_a_small_study(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'study'
    done = _study(folder, '--teacher_architecture=flat')
    result = binaries.last_line(done)
    self.assertEqual(
        list(result['table']), ['from scratch', 'kickstarted'])
    row = result['table']['from scratch']
    self.assertEqual(list(row['score_at']), ['50 %', '100 %'])
    self.assertEqual(list(row['frames_to']), ['-100', '1000'])
    first, second = row['frames_to'].values()
    self.assertBetween(first, 1, 400)  # that of the first record
    self.assertIsNone(second)
    self.assertRegex(
        done.stdout, r'\| student \| score at 50 % \| .* M frames to ')
    self.assertIn('| improvement |', done.stdout)
    self.assertGreater(
        pathlib.Path(result['figure']).stat().st_size, 5000)

    # With a teacher that is there already nothing is left to be run.
    again = _study(folder, f'--teacher={folder}/teacher-0')
    self.assertNotIn('--workdir', again.stdout)
    self.assertEqual(binaries.last_line(again), result)

  def test_a_teacher_that_is_none(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    done = _study(folder, f'--teacher={folder}')
    self.assertEqual(done.returncode, 2)
    self.assertIn(f"'{folder}' holds no run that has ended", done.stderr)

  def test_a_student_that_begins_as_its_teacher_did(self):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'study'
    done = _study(folder, '--teacher_architecture=grid_small', seed=0)
    self.assertEqual(done.returncode, 2)
    self.assertIn('seeds is 0 and the teacher has seed 0; exp', done.stderr)
    self.assertFalse(folder.exists())


if __name__ == '__main__':
  absltest.main()
