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
"""Tests of learning.py: curves, their order, resumption, broken teachers.

Not here: several processes (`workers_test.py`).
"""

import dataclasses
import os
import pathlib
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import jax
import numpy as np

from experiments.distilling_policy_distillation import laboratory
from experiments.distilling_policy_distillation import learning
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import tabular
from kickstarting.runtime import exchange

_DYNAMICS = mdp_lib.Dynamics(2, 0.0, 0.01)
_CONFIG = laboratory.LabConfig(
    mdps=5, steps=40, points=2, chunk=2, workers=1)


def _always_right(num):
  mdps = mdp_lib.stack([mdp_lib.chain(3)] * num)
  logits = np.full((num, 8, 2), -np.inf, np.float32)
  logits[..., mdp_lib.RIGHT] = 0.0
  return mdps, tabular.Table(logits, np.zeros((num, 8), np.float32))


def _group(make=lambda first, num, key: _always_right(num), **curves):
  return laboratory.Group(
      'corridors', 8, _DYNAMICS, make, curves or {
          'copy': tabular.UpdateConfig(learning_rate=0.5),
          'alone': tabular.UpdateConfig('baseline', learning_rate=0.05)})


class _Finished(list):
  """Takes what progress is told; keeps the labels of finished curves."""

  def update(self, label, share):
    """Forgets it."""

  def finish(self, label, text):
    """Keeps the label."""
    assert text.startswith('return')
    self.append(label)

  def say(self, text):
    """Forgets it."""


def _run(folder, *groups, config=_CONFIG, finished=None, **options):
  """Does all the work in this process; returns what was found."""
  finished = _Finished() if finished is None else finished
  learning.work(config, groups, folder, finished, **options)
  return laboratory.collect(config, groups, folder)[0]


class RunTest(parameterized.TestCase):

  def _folder(self):
    return pathlib.Path(self.create_tempdir().full_path)

  def test_curves_of_all_chunks(self):
    finished = _Finished()
    found = _run(self._folder(), _group(), finished=finished)['corridors']
    self.assertEqual(set(found), {'copy', 'alone', 'teacher'})
    self.assertEqual(found['copy'].shape, (3, 5, 4))
    self.assertEqual(found['teacher'].shape, (1, 5, 4))
    # The teacher goes 3 steps right; the student starts as the uniform policy.
    np.testing.assert_allclose(found['teacher'][0, :, 0], 0.99**3, rtol=1e-4)
    np.testing.assert_allclose(found['copy'][0, :, 0], 0.0, atol=1e-5)
    np.testing.assert_allclose(  # log 2 in each of three states, 0.99 a step
        found['copy'][0, :, 2], np.log(2) * (1 + 0.99 + 0.99**2), rtol=1e-4)
    np.testing.assert_allclose(
        found['copy'][0, :, 1], found['copy'][0, :, 3], rtol=1e-5)
    self.assertGreater(found['copy'][-1, :, 0].min(), 0.9)
    self.assertLess(found['copy'][-1, :, 2].max(), 0.3)
    self.assertEqual(finished[-1], 'corridors | MDPs 4 to 4 | alone')

  def test_large_ones_begin(self):
    finished = _Finished()
    many = dataclasses.replace(
        _group(), name='more actions', max_mdps=2,
        dynamics=dataclasses.replace(_DYNAMICS, num_actions=3))
    _run(self._folder(), _group(), many, finished=finished)
    self.assertEqual([label.split(' | ')[:2] for label in finished[::2]], [
        ['more actions', 'MDPs 0 to 1'], ['corridors', 'MDPs 0 to 1'],
        ['corridors', 'MDPs 2 to 3'], ['corridors', 'MDPs 4 to 4']])

  def test_goes_on_after_what_is_on_disk(self):
    folder, groups = self._folder(), [_group()]
    whole = _run(self._folder(), *groups)
    finished = _Finished()
    self.assertLen(laboratory.missing(_CONFIG, groups, folder), 6)
    with self.assertRaises(learning.Interrupted):
      _run(folder, *groups, finished=finished,
           should_stop=lambda: len(finished) >= 3)
    self.assertEqual(
        sorted(os.listdir(folder / 'curves')),
        ['corridors-0-alone.npz', 'corridors-0-copy.npz',
         'corridors-2-copy.npz'])
    self.assertLen(laboratory.missing(_CONFIG, groups, folder), 3)
    resumed = _run(folder, *groups, finished=finished)
    self.assertLen(finished, 2 * 3)
    jax.tree.map(np.testing.assert_array_equal, resumed, whole)

  def test_a_students_curve_does_not_depend_on_the_others(self):
    curves = _group().curves
    both = _run(self._folder(), _group())
    one = _run(self._folder(), _group(alone=curves['alone']))
    np.testing.assert_array_equal(
        both['corridors']['alone'], one['corridors']['alone'])

  def test_who_takes_long_begins(self):
    """Corridors of 1 to 3 cells a side, each with the results of its own."""
    steps = (1, 3, 2)

    def make(first, num, key):
      del key
      mdps = [mdp_lib.chain(n) for n in steps[first:first + num]]
      blank = lambda x: np.zeros((8 - len(x), *x.shape[1:]), x.dtype)
      pad = lambda x: np.concatenate([x, blank(x)]) if np.ndim(x) else x
      teacher = _always_right(num)[1]
      teacher.logits[0] = teacher.logits[0, :, ::-1]  # to the bad end
      return mdp_lib.stack([jax.tree.map(pad, mdp) for mdp in mdps]), teacher

    seen = []
    real = learning.sampling.make_learner

    def make_learner(*args, **kwargs):
      learner = real(*args, **kwargs)

      def init(mdps, teacher):
        seen.append(np.asarray(mdps.start).tolist())
        return learner.init(mdps, teacher)

      return learner._replace(init=init)

    self.enter_context(mock.patch.object(
        learning.sampling, 'make_learner', make_learner))
    found = _run(
        self._folder(), _group(make),
        config=dataclasses.replace(_CONFIG, mdps=3, chunk=3))['corridors']
    self.assertEqual(seen, [[3, 2, 1]] * 2)  # in the middle of each
    np.testing.assert_allclose(
        found['copy'][0, :, 2],
        [np.log(2) * sum(0.99**i for i in range(n)) for n in steps], rtol=1e-4)
    np.testing.assert_allclose(
        found['teacher'][0, :, 0], [-0.99, 0.99**3, 0.99**2], rtol=1e-4)
    np.testing.assert_allclose(
        found['copy'][-1, :, 0], found['teacher'][0, :, 0], atol=0.1)

  def test_leaves_a_curve_that_another_one_is_at(self):
    folder, finished = self._folder(), _Finished()
    lock = exchange.Lock(folder / 'locks' / 'corridors-2-copy')
    self.addCleanup(lock.release)
    self.assertTrue(lock.try_acquire())
    learning.work(_CONFIG, [_group()], folder, finished)
    self.assertLen(finished, 5)
    [left] = laboratory.missing(_CONFIG, [_group()], folder)
    self.assertEqual(left.file_name, 'corridors-2-copy')
    with self.assertRaisesRegex(
        ValueError, "curve 'corridors-2-copy' of .* is not finished; another"):
      laboratory.collect(_CONFIG, [_group()], folder)

  def test_a_broken_teacher(self):

    def make(first, num, key):
      del first, key
      mdps, teacher = _always_right(num)
      teacher.logits[0, 3] = np.nan
      return mdps, teacher

    with self.assertRaisesRegex(
        ValueError, 'teacher of corridors has logits that make no policy'):
      _run(self._folder(), _group(make))

  def test_what_is_wrong_stops_what_waits(self):
    made = []

    def make(first, num, key):
      del key
      made.append(first)
      mdps, teacher = _always_right(num)
      teacher.value[0, 3] = np.inf
      return mdps, teacher

    with self.assertRaisesRegex(ValueError, 'a value that is not finite'):
      _run(self._folder(), _group(make))
    self.assertEqual(made, [0])

  def test_a_curve_of_another_size(self):
    folder = self._folder()
    _run(folder, _group())
    (folder / 'curves' / 'corridors-4-copy.npz').replace(
        folder / 'curves' / 'corridors-2-copy.npz')
    with self.assertRaisesRegex(ValueError, r'shape .*, and there are 2 MDPs'):
      _run(folder, _group())

  def test_a_damaged_curve(self):
    folder = self._folder()
    (folder / 'curves').mkdir()
    (folder / 'curves' / 'corridors-2-copy.npz').write_bytes(b'no archive')
    with self.assertRaisesRegex(
        ValueError,
        "corridors-2-copy.npz'.* is damaged .*cut off"):
      _run(folder, _group())


if __name__ == '__main__':
  absltest.main()
