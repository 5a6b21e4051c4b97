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
"""Tests of entry.py: the command line of the installed package."""

import os
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

import kickstarting
from kickstarting.commands import entry


class EntryTest(parameterized.TestCase):

  def _run(self, *arguments):
    return subprocess.run(
        [sys.executable, '-m', 'kickstarting', *arguments],
        capture_output=True, text=True, timeout=120.0)

  def test_usage(self):
    for arguments, status in (([], 2), (['--help'], 0), (['help'], 0)):
      done = self._run(*arguments)
      self.assertEqual(done.returncode, status)
      self.assertEqual(done.stdout, entry.usage() + '\n')
      self.assertEqual(done.stderr, '')

  def test_help_that_nobody_reads_to_its_end(self):
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, 'w') as closed:
      done = subprocess.run(
          [sys.executable, '-m', 'kickstarting', 'train', '--help'],
          stdout=closed, stderr=subprocess.PIPE, text=True, timeout=120.0)
    self.assertEqual((done.returncode, done.stderr), (0, ''))

  def test_version(self):
    self.assertEqual(
        self._run('--version').stdout, kickstarting.__version__ + '\n')

  def test_no_such_command(self):
    done = self._run('trian')
    self.assertEqual(done.returncode, 2)
    self.assertRegex(
        done.stderr, "^error: there is no command 'trian'; expected one of tr")
    self.assertLen(done.stderr.splitlines(), 1)

  @parameterized.parameters(*entry.COMMANDS)
  def test_every_command_says_what_it_is(self, name):
    done = self._run(name, '--help')
    self.assertEqual(done.returncode, 0, done.stderr)
    self.assertIn(f'  kickstarting {name} ', done.stdout)
    self.assertIn('\nthis command:\n', done.stdout)
    self.assertIn('\n  --tasks\n', done.stdout)
    learns = name not in ('evaluate', 'watch', 'export')
    self.assertEqual('\nlearning:\n' in done.stdout and (
        '\nDefaults are those of minigrid8;' in done.stdout), learns)

  def test_help_beside_an_environment_has_its_defaults(self):
    for flag, default in (
        ('--env=gymnasium:CartPole-v1', 8), ('--suite=nowhere', 1)):
      done = self._run('train', '--help', flag)
      self.assertEqual(done.returncode, 0, done.stderr)
      self.assertIn(f'\n  --epochs={default}\n', done.stdout)

  @parameterized.parameters(
      ('evaluate', '--learning_rate=1'), ('watch', '--frames=3'),
      ('watch', '--workdir=x'))
  def test_a_flag_without_effect(self, name, flag):
    done = self._run(name, '--policy=zoo', flag)
    self.assertEqual(done.returncode, 2)
    self.assertRegex(
        done.stderr, '^error: --[a-z_]+ has no effect on this command; leave')


if __name__ == '__main__':
  absltest.main()
