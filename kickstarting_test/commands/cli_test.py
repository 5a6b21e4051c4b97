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
"""Tests of cli.py and of what it is told by the wiring."""

import contextlib
import errno
import io
import os
import subprocess
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import flagsaver
from absl.testing import parameterized
import numpy as np

from kickstarting import problems
from kickstarting import teaching as teaching_lib
from kickstarting import update_config
from kickstarting.commands import cli
from kickstarting.commands import problem_flags
from kickstarting.commands import shared_flags
from kickstarting.environments import suites
from kickstarting.environments.suites import batches
from kickstarting.networks import build as networks
from kickstarting.runtime import exchange
from kickstarting.runtime import loop
from kickstarting.runtime import threads
from kickstarting.runtime import training_config
from kickstarting_test.experiments import binaries


def _raised(call) -> BaseException:
  try:
    call()
  except Exception as error:  # pylint: disable=broad-except
    return error
  raise AssertionError('nothing was raised')


class IsMistakeTest(parameterized.TestCase):

  def test_user_errors_are(self):
    error = _raised(lambda: networks.get_network('gird'))
    self.assertTrue(cli.is_mistake(error))

  def test_errors_of_builtins_that_we_call_are_defects(self):
    module = type(cli)('experiments.other')
    exec('def call(): max([])', vars(module))
    self.assertFalse(cli.is_mistake(_raised(module.call)))

  def test_value_errors_of_libraries_are_defects(self):
    error = _raised(lambda: np.stack([]))
    self.assertIsInstance(error, ValueError)
    self.assertFalse(cli.is_mistake(error))

  def test_other_errors_are_defects(self):
    self.assertFalse(cli.is_mistake(_raised(lambda: {}['x'])))

  def test_diverged_training_is(self):
    self.assertTrue(cli.is_mistake(loop.TrainingError('loss is nan')))
    self.assertTrue(cli.is_mistake(exchange.ExchangeError('gone')))

  @parameterized.parameters(
      (lambda: networks.get_network('gird'), True),
      (lambda: np.stack([]), False))
  def test_errors_of_actors_are_what_their_causes_are(self, call, expected):
    group = threads.ThreadGroup()
    group.start('actor 0', call)
    group.join()
    self.assertEqual(cli.is_mistake(_raised(group.check)), expected)


class MistakesTest(parameterized.TestCase):
  """What users get wrong in flags is one clear line."""

  def test_a2c_with_actors_beside_the_learner(self):
    error = _raised(lambda: problems.make_problem(
        suites.get_suite('minigrid8'), networks.get_network('flat'),
        update_config.UpdateConfig(algorithm='a2c'),
        training_config.TrainingConfig()))
    self.assertRegex(str(error), 'Add --lockstep --splits=1')
    self.assertTrue(cli.is_mistake(error))

  @parameterized.named_parameters(
      ('suite', {'suite': 'minigird8'}, problem_flags.describe,
       "unknown suite 'minigird8'.*minigrid8"),
      ('task', {'tasks': ['DorKey-8x8']}, problem_flags.describe,
       "unknown task .*'DorKey-8x8'.*DoorKey-8x8"),
      ('network', {'network': 'gird'},
       problem_flags.describe,
       "unknown network 'gird'.*grid_small"),
      ('divergence', {'divergence': 'kl'},
       problem_flags.describe,
       "divergence is 'kl'; expected one of .*cross_entropy"),
      ('seed', {'seed': -1},
       lambda: batches.make_environment(
           suites.get_suite('minigrid8', ['DoorKey-8x8']), 1, -1),
       'seed is -1; expected 0 or more'))
  def test_flag(self, values, call, text):
    with flagsaver.flagsaver(**values):
      error = _raised(call)
    self.assertRegex(str(error), text)
    self.assertTrue(cli.is_mistake(error))

  @parameterized.parameters(
      (['nowhere.npz'], 'constant:1', "No policy at 'nowhere.npz'"),
      ([], 'constnat:1', "weights 'constnat:1'"),
      ([], 'linear:1:50%;rho=1,2', 'rho has 2 factors but there are 0'),
      ([], 'replay:nowhere.json', "'nowhere.json' cannot be read"),
      ([], f'replay:{__file__}', 'weights=replay:.*Expecting value'))
  def test_teachers_and_weights(self, specs, weights, text):
    suite = suites.get_suite('minigrid8')
    error = _raised(
        lambda: teaching_lib.load_teachers(specs, suite, weights, 1_000_000))
    self.assertRegex(str(error), text)
    self.assertTrue(cli.is_mistake(error))

  @parameterized.parameters(
      ('nowhere.json', "learner_schedule=nowhere.json: .*cannot be read"),
      (__file__, 'learner_schedule=.*Expecting value'),
      ('weights', "expected 'learning_rate' with lists of 'frames'"))
  def test_learner_schedule(self, path, text):
    if path == 'weights':
      path = self.create_tempfile(content='{"alpha": {}}').full_path
    with flagsaver.flagsaver(learner_schedule=path):
      error = _raised(problem_flags.describe)
    self.assertRegex(str(error), text)
    self.assertTrue(cli.is_mistake(error))


class FlagsTest(parameterized.TestCase):
  """What is wrong with the text of a flag is one line, and status 2."""

  @parameterized.parameters(
      ('--seeed=1', "Unknown command line flag 'seeed'. Did you mean: seed"),
      ('--streams=x', "invalid literal for int"),
      ('--streams=99999999999999999999', 'streams is 99999999999999999999'),
      ('--learning_rate=nan', '--learning_rate is nan; expected a number'),
      ('--lockstep=maybe', 'lockstep'), ('stray', 'are no flags'),
      ('--network=' + 'x' * 5000, "unknown network 'xxxx"),
      ('--lockstep=' + 'x' * 5000, 'xxxx'))
  def test_flag(self, flag, text):
    error = io.StringIO()
    with flagsaver.flagsaver(), mock.patch.object(
        sys, 'argv', ['binary', flag]), contextlib.redirect_stderr(error):
      with self.assertRaises(SystemExit) as end:
        cli.run(lambda argv: networks.get_network(shared_flags.NETWORK.value))
    self.assertEqual(end.exception.code, 2)
    self.assertRegex(error.getvalue(), f'^error: .*{text}')
    self.assertLen(error.getvalue().splitlines(), 1)
    self.assertLess(len(error.getvalue()), 1000)


_PRINTING = (
    'import errno, sys\n'
    'from kickstarting.commands import cli\n'
    'from kickstarting.commands import stopping\n'
    'def main(argv):\n'
    '  print("a line", flush={flush})\n'
    '  {then}\n'
    'cli.run(main)\n')


def _buffered() -> dict[str, str]:
  """Returns the environment, with buffers that the end of a process writes."""
  return {name: value for name, value in os.environ.items()
          if name != 'PYTHONUNBUFFERED'}


class OutputTest(parameterized.TestCase):
  """Standard output and error that cannot be written."""

  def _run(self, code, output):
    with open(output, 'w') as out:
      done = subprocess.run(
          [sys.executable, '-c', code], stdout=out, stderr=subprocess.PIPE,
          text=True, cwd=binaries.ROOT, timeout=binaries.DEADLINE_S,
          env=_buffered())
    return done.returncode, done.stderr

  @parameterized.parameters(True, False)
  def test_a_full_disk(self, flush):
    status, error = self._run(
        _PRINTING.format(flush=flush, then='return 0'), '/dev/full')
    self.assertEqual(status, 2)
    self.assertRegex(
        error, r"^error: 'standard output' cannot be written \(No space left on"
        r' device\)\. .*\n$')

  def test_a_full_disk_for_errors_as_well(self):
    code = 'import os; os.dup2(1, 2)\n' + _PRINTING.format(
        flush=True, then='return 0')
    self.assertEqual(self._run(code, '/dev/full'), (2, ''))

  def test_a_terminal_that_is_gone_is_a_request_to_stop(self):
    code = 'input()\n' + _PRINTING.format(
        flush=True, then='return 7 if stopping.requested() else 8')
    ours, its = os.openpty()
    with subprocess.Popen(
        [sys.executable, '-c', code], stdin=subprocess.PIPE, stdout=its,
        stderr=subprocess.PIPE, text=True, cwd=binaries.ROOT) as process:
      os.close(its)
      os.close(ours)
      _, error = process.communicate('go\n', timeout=binaries.DEADLINE_S)
    self.assertEqual(
        (process.returncode, error),
        (7, 'the terminal is gone; once more ends it at once\n'))

  @parameterized.parameters(
      (OSError(errno.ENOSPC, 'No space left on device', '/x'), True,
       "'/x' cannot be written .No space left on device"),
      (OSError(errno.EROFS, 'Read-only file system'), True,
       "'a file' cannot be written .Read-only file system"),
      (OSError(errno.ECONNRESET, 'reset'), False, ''))
  def test_errors_of_a_disk_are_no_defects(self, error, expected, text):
    self.assertEqual(cli.is_mistake(error), expected)
    if expected:
      code = (
          'from kickstarting.commands import cli\n'
          f'def main(argv): raise OSError(*{(*error.args, error.filename)!r})\n'
          'cli.run(main)\n')
      status, said = self._run(code, os.devnull)
      self.assertEqual(status, 2)
      self.assertRegex(said, f'^error: {text}.*\n$')


if __name__ == '__main__':
  absltest.main()
