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
"""Tests of labelling, against teachers that read one whole stream each.

The teachers are small recurrent networks in plain jax.numpy, so that the
oracle can be plain numpy: it joins consecutive trajectories into one, and reads
it stream by stream with the full table of instructions.
"""

from typing import Any, NamedTuple

from absl.testing import absltest
import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import types
from kickstarting.environments import base
from kickstarting.teachers import labelling
from kickstarting.teachers import teacher as teacher_lib
from kickstarting_test.networks import examples

jax.config.update('jax_numpy_rank_promotion', 'raise')

_A, _B = 4, 8
_TEACHER_OF_STREAM = np.array([1, 0, -1, 3, 2, 0, 1, 3], np.int32)
_CORE_SIZES = (2, 2, 2, 5)  # of the four teachers
_FORGET = np.float32(0.9)


def _make_teacher(seed, core_size, traces, gives_features=False):
  """Makes a teacher whose state adds up all it saw since an episode began."""
  rng = np.random.default_rng(seed)
  draw = lambda *shape: rng.normal(size=shape).astype(np.float32)
  params = {
      'words': draw(1000, core_size),
      'x': draw(3, core_size),
      'logits': draw(core_size, _A),
      'value': draw(core_size, 1),
  }

  def encode(params, tokens):
    return (params['words'][tokens] * (tokens > 0)[..., None]).sum(1)

  def unroll(params, timesteps, context, state):
    traces.append(core_size)

    def step(state, timestep):
      keep = (timestep.step_type != base.FIRST)[:, None]
      state = (
          _FORGET * state['sum'] * keep
          + timestep.observation['x'] @ params['x']
          + context[timestep.instruction])
      return {'sum': state}, state

    state, sums = jax.lax.scan(step, state, timesteps)
    return types.AgentOutput(
        sums @ params['logits'], (sums @ params['value'])[..., 0],
        features=sums @ params['logits'][:, :2] if gives_features else None
    ), state

  return teacher_lib.Teacher(
      name=f'teacher {seed}',
      params=params,
      encode=encode,
      unroll=unroll,
      initial_state=lambda size: {'sum': jnp.zeros((size, core_size))},
      architecture=core_size,
      num_actions=_A,
      observation=examples.FLAT_SPEC,
      feature_size=2 if gives_features else 0,
  )


def _slow_label(teachers, timesteps, tokens):
  """Reads all of every stream; tokens [L] of each timestep are given whole."""
  steps, streams = timesteps.step_type.shape
  logits, value = np.zeros((steps, streams, _A)), np.zeros((steps, streams))
  for b, k in enumerate(_TEACHER_OF_STREAM[:streams]):
    if k < 0:
      continue
    params = teachers[k].params
    for t in range(steps):
      if t == 0 or timesteps.step_type[t, b] == base.FIRST:
        state = np.zeros(_CORE_SIZES[k])
      state = _FORGET * state + timesteps.observation['x'][t, b] @ params['x']
      for word in tokens[t, b]:
        if word:
          state = state + params['words'][word]
      logits[t, b] = state @ params['logits']
      value[t, b] = (state @ params['value'])[0]
  return logits, value


def _table(seed, timesteps):
  """Renumbers the instructions into a table of its own, with more padding."""
  order = np.random.default_rng(seed).permutation(6)
  table = np.zeros((6, 9), np.int32)
  table[order[:4], :5] = examples.TOKENS
  return timesteps._replace(
      instruction=order[timesteps.instruction].astype(np.int32)), table


class _Labelled(NamedTuple):
  """One trajectory, what `label` was given and gave, and what it should."""

  given: tuple[Any, ...]  # carry, timesteps, tokens
  output: types.TeacherOutput
  expected: tuple[np.ndarray, np.ndarray]
  num_traces: int


def _label_all(
    num_steps: int, num_trajectories: int, num_streams: int = _B
) -> tuple[labelling.Labeller, list[_Labelled]]:
  """Labels consecutive trajectories, and all of them at once, slowly."""
  traces = []
  teachers = [
      _make_teacher(k, size, traces) for k, size in enumerate(_CORE_SIZES)]
  labeller = labelling.make_labeller(
      teachers, _TEACHER_OF_STREAM[:num_streams])
  timesteps = examples.timesteps(
      0, examples.FLAT_SPEC, (num_steps * num_trajectories + 1, num_streams),
      _A)
  expected = _slow_label(
      teachers, timesteps, examples.TOKENS[timesteps.instruction])
  records = []
  carry = labeller.initial_carry()
  for i in range(num_trajectories):
    part = slice(i * num_steps, (i + 1) * num_steps + 1)
    given = carry, *_table(i, jax.tree.map(lambda x, s=part: x[s], timesteps))
    before = len(traces)
    output, carry = labeller.label(*given)
    records.append(_Labelled(
        given, output, tuple(x[part] for x in expected),
        len(traces) - before))
  return labeller, records


class LabellingTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls._labeller, cls._records = _label_all(3, 3)

  def _assert_close(self, output, expected):
    for got, want in zip((output.policy, output.value), expected):
      np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)

  def test_equals_teachers_that_read_the_whole_stream(self):
    for record in self._records:
      self._assert_close(record.output, record.expected)

  def test_trajectories_of_one_transition(self):
    _, records = _label_all(1, 3, num_streams=2)
    for record in records:
      self._assert_close(record.output, record.expected)

  def test_one_call_per_group_and_no_retracing(self):
    # Teachers 0 and 1 have equally many streams, teacher 2 fewer, teacher 3
    # another architecture. The very first timestep is read on its own.
    self.assertEqual(
        [record.num_traces for record in self._records], [3 + 3, 0, 0])

  def test_index_is_the_teacher_of_each_stream(self):
    index = self._records[0].output.index
    np.testing.assert_array_equal(index, _TEACHER_OF_STREAM)
    self.assertEqual(index.dtype, np.int32)

  def test_streams_without_a_teacher(self):
    without = _TEACHER_OF_STREAM < 0
    for record in self._records:
      self.assertFalse(np.any(record.output.policy[:, without]))
      self.assertFalse(np.any(record.output.value[:, without]))
      self.assertTrue(np.all(record.output.value[:, ~without]))

  def test_a_stale_core_shows(self):
    _, timesteps, tokens = self._records[1].given
    fresh, _ = self._labeller.label(
        self._labeller.initial_carry(), timesteps, tokens)
    differs = np.any(
        fresh.policy[0] != self._records[1].output.policy[0], axis=-1)
    goes_on = (_TEACHER_OF_STREAM >= 0) & (timesteps.step_type[0] != base.FIRST)
    self.assertTrue(np.any(goes_on))
    np.testing.assert_array_equal(differs, goes_on)

  def test_the_last_timestep_is_read_once(self):
    for before, after in zip(self._records, self._records[1:]):
      np.testing.assert_array_equal(
          before.output.policy[-1], after.output.policy[0])

  def test_a_carry_is_not_changed(self):
    again, _ = self._labeller.label(*self._records[1].given)
    np.testing.assert_array_equal(
        again.policy, self._records[1].output.policy)


class FeaturesTest(absltest.TestCase):

  def test_travel_with_the_logits(self):
    # Here they are the first two logits, so that one tells the other.
    teachers = [
        _make_teacher(k, size, [], gives_features=True)
        for k, size in enumerate(_CORE_SIZES)]
    labeller = labelling.make_labeller(teachers, _TEACHER_OF_STREAM)
    timesteps = examples.timesteps(0, examples.FLAT_SPEC, (4, _B), _A)
    carry = labeller.initial_carry()
    for part in (slice(0, 3), slice(2, 4)):
      output, carry = labeller.label(
          carry, *_table(0, jax.tree.map(lambda x, s=part: x[s], timesteps)))
      np.testing.assert_allclose(
          output.features, output.policy[..., :2], atol=1e-5)
    self.assertTrue(np.any(output.features))

  def test_without_there_are_none(self):
    _, [record] = _label_all(1, 1)
    self.assertIsNone(record.output.features)


if __name__ == '__main__':
  absltest.main()
