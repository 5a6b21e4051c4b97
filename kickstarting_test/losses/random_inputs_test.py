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
"""Tests of losses/ and weights/: random inputs, good ones and odd ones.

Every public function answers with finite numbers (or with what its docstring
says) or with an error that a user can act on, outside `jax.jit` and under it
alike. With --num_examples=10000 the file is run on its own, for hours; see
docs/architecture.md.
"""

import collections
import functools
import math
import re
import sys
import time

from absl import flags
from absl.testing import absltest
from absl.testing import parameterized
import hypothesis
from hypothesis import strategies as st
import jax
import numpy as np

from kickstarting import checks
from kickstarting_test.losses import random_arguments as arguments_lib
from kickstarting_test.losses import random_cases

jax.config.update('jax_numpy_rank_promotion', 'raise')

_NUM_EXAMPLES = flags.DEFINE_integer(
    'num_examples', 100, 'Of random inputs for each function.', lower_bound=1)
# A run of the usual length takes one size, and compiles as many programs of a
# function; what else there is shows all but its shapes there.
_USUAL, _MAX_COMPILED = 100, 1
_FUNCTIONS = random_cases.functions()


# What names in tables are called in errors.
_KINDS_OF_NAMES = {'method', 'divergence', 'transfer', 'reward', 'weight',
                   'weights', 'schedule', 'rho', 'values'}


class Refused(Exception):
  """An answer that a user can act on; its text."""


class Odd(Exception):
  """An answer that nobody expects."""


@functools.cache
def _plans():
  """Returns a strategy for a seed, a size, and what is odd."""
  place = st.integers(0, 2**16)
  return st.tuples(
      st.integers(0, 2**32 - 1),
      st.integers(0, 0 if _NUM_EXAMPLES.value <= _USUAL else
                  len(arguments_lib.SIZES) - 1),
      st.one_of(st.none(), place),  # odd to a compiler
      st.lists(place, max_size=2))  # odd values


class _Function:
  """A function, tried outside jax.jit and under it."""

  def __init__(self, name):
    self.name = name
    self.case = random_cases.CASES[name]
    self._function = _FUNCTIONS[name]
    self._programs = {}
    self._num_compiled = 0
    self.counts = collections.Counter()

  def try_plan(self, plan):
    """Tries one input; raises Odd with what it was."""
    seed, size, abstract, places = plan
    arguments = self.case.arguments
    chosen = [arguments_lib.choose(arguments, place, False) for place in places]
    if abstract is not None:
      chosen.append(arguments_lib.choose(arguments, abstract, True))
    oddities = tuple(dict(filter(None, chosen)).items())
    values = arguments_lib.make(arguments, seed, size, oddities)
    try:
      outcome = self._try(values, oddities)
    except Exception as error:
      shown = {name: value for name, value in values.items()
               if not isinstance(value, arguments_lib.Record)}
      raise Odd(
          f'{self.name}, seed {seed}, size {size}, odd: {oddities},'
          f' arguments: {shown}') from error
    self.counts[outcome] += 1

  def _try(self, values, oddities):
    odd = dict(oddities)
    if _NUM_EXAMPLES.value <= _USUAL and not self.case.is_of_host:
      if (set(odd.values()) & arguments_lib.OTHER_SHAPES
          and not isinstance(self._call_jitted(values), Refused)):
        # One more shape that is right would compile every operation anew.
        return 'looked at'
    eager = self._call(values)
    self._check_refusal(eager, values, odd)
    if not isinstance(eager, Refused):
      self._check_finite(eager, values)
    if not self.case.is_of_host:
      self._check_jitted(eager, self._call_jitted(values), values, odd)
    return 'refused' if isinstance(eager, Refused) else 'answered'

  def _call(self, values):
    try:
      result = self._function(**arguments_lib.assemble(
          self.case.arguments, values))
      return [np.asarray(leaf) for leaf in _leaves(self.case.show(result))]
    except checks.UserError as error:
      return Refused(str(error))

  def _call_jitted(self, values):
    """Returns leaves, Refused, or None if only the shapes were looked at."""
    traced, static = {}, {}
    for name, value in values.items():
      number = _as_float32(self.case.arguments[name], value)
      if number is not None:
        traced[name] = number
      elif arguments_lib.is_traceable(value):
        traced[name] = np.asarray(value)
      else:
        static[name] = value
    key = repr([(name, x.shape, jax.dtypes.canonicalize_dtype(x.dtype))
                for name, x in traced.items()] + [
                    (name, repr(value)) for name, value in static.items()])
    if key not in self._programs:
      self._programs[key] = self._compile(traced, static)
    program = self._programs[key]
    if isinstance(program, Refused) or program is None:
      return program
    return [np.asarray(leaf) for leaf in program(traced)]

  def _compile(self, traced, static):
    function = jax.jit(lambda traced: _leaves(self.case.show(self._function(
        **arguments_lib.assemble(
            self.case.arguments,
            _in_order(self.case.arguments, {**traced, **static}))))))
    try:
      checked = function.trace(traced)
    except checks.UserError as error:
      return Refused(str(error))
    if any(isinstance(value, list) for value in static.values()) or (
        self._num_compiled >= _MAX_COMPILED
        and _NUM_EXAMPLES.value <= _USUAL):
      return None
    self._num_compiled += 1
    return checked.lower().compile()

  def _check_refusal(self, eager, values, odd):
    """Raises unless an error is right, and helps."""
    if not isinstance(eager, Refused):
      for name, oddity in odd.items():
        is_array = isinstance(self.case.arguments[name], arguments_lib.Array)
        record = name.rpartition('.')[0]
        if record and not isinstance(
            values.get(record), arguments_lib.Record):
          continue
        if (is_array and oddity in arguments_lib.MUST_BE_REFUSED
            and self.case.reads(name) and _size(values.get(name)) > 0):
          raise Odd(f'{name} is not refused')
      return
    text = str(eager)
    if not odd:
      raise Odd(f'good arguments are refused: {text}')
    words = set(re.findall(r'\w+', text))
    names = {part for name in self.case.arguments for part in name.split('.')}
    if not words & (names | _KINDS_OF_NAMES):
      raise Odd(f'no argument is named: {text}')
    if 'expected' not in text:
      raise Odd(f'what was expected is not said: {text}')

  def _check_finite(self, leaves, values):
    """Raises if a number is not finite and its docstring does not say so."""
    if _is_wild(self.case.arguments, values):
      return
    found = set()
    for leaf in leaves:
      if leaf.dtype.kind == 'f':
        found |= {'nan'} if np.isnan(leaf).any() else set()
        found |= {'inf'} if np.isposinf(leaf).any() else set()
        found |= {'-inf'} if np.isneginf(leaf).any() else set()
    if found and not found <= self.case.may_be(values):
      raise Odd(f'found {found} in {leaves}')

  def _check_jitted(self, eager, jitted, values, odd):
    """Raises unless both answers agree, as far as values are known."""
    if jitted is None:
      return
    if isinstance(eager, Refused):
      if not isinstance(jitted, Refused) and not (
          _may_depend_on_values(odd) or set(odd) & set(self.case.bounds)):
        raise Odd(f'refused outside jax.jit alone: {eager}')
      if not isinstance(jitted, Refused) and all(
          isinstance(self.case.arguments[name], arguments_lib.Array)
          for name in odd):
        self._check_finite(jitted, values)
      return
    if isinstance(jitted, Refused):
      raise Odd(f'refused under jax.jit alone: {jitted}')
    tolerance = 1e-5 * _scale(self.case.arguments, values)
    for a, b in zip(eager, jitted, strict=True):
      if a.shape != b.shape or a.dtype != b.dtype:
        raise Odd(f'{a.dtype}{a.shape} outside jax.jit, {b.dtype}{b.shape}')
      with np.errstate(over='ignore'):
        is_close = np.allclose(a, b, rtol=1e-4, atol=tolerance, equal_nan=True)
      if not is_close:
        raise Odd(f'{a} outside jax.jit, {b} under it')


def _size(value):
  return value.size if isinstance(value, np.ndarray) else 1


def _in_order(arguments, values):
  return {name: values[name] for name in arguments if name in values}


def _leaves(result):
  return jax.tree.leaves(result)


def _may_depend_on_values(odd):
  return any(oddity in arguments_lib.VALUES for oddity in odd.values())


def _as_float32(argument, value):
  """Returns a number of a Number as float32, or None for what is none."""
  if not isinstance(argument, arguments_lib.Number):
    return None
  try:
    number = checks.as_number('', value)
  except checks.UserError:
    return None
  with np.errstate(over='ignore'):
    return None if number is None else np.float32(number)


def _numbers(arguments, values):
  """Yields arrays of what is no logits, float32, and of logits."""
  for name, value in values.items():
    argument = arguments[name]
    kind = getattr(argument, 'kind', 'float')
    if isinstance(argument, arguments_lib.Number):
      value = _as_float32(argument, value)
    if getattr(getattr(value, 'dtype', None), 'kind', '') == 'c':
      continue
    if isinstance(argument, (arguments_lib.Array, arguments_lib.Number)):
      try:
        with np.errstate(over='ignore'):
          yield kind, np.asarray(value, np.float32), argument
      except (TypeError, ValueError):
        continue


def _is_wild(arguments, values):
  """Whether NaN, infinity or what has no square was put in."""
  for kind, x, argument in _numbers(arguments, values):
    if np.isnan(x).any():
      return True
    # A discount above 1 makes of what is large what is larger.
    limit = 1.0 if kind == 'share' else arguments_lib.LARGE
    if kind in ('float', 'share', 'simplex') and not (
        np.abs(x) <= limit).all():
      if not (isinstance(argument, arguments_lib.Number) and math.inf in
              argument.good):
        return True
  return False


def _scale(arguments, values):
  """Returns what sums that cancel out are rounded in proportion to."""
  largest = max([1.0, *(
      float(np.max(np.abs(x[np.isfinite(x)]), initial=0.0))
      for kind, x, _ in _numbers(arguments, values) if kind == 'float')])
  return largest if largest <= 1e3 else largest**2


def _say(text):
  sys.stdout.write(f'{text}\n')
  sys.stdout.flush()


class RandomInputsTest(parameterized.TestCase):

  def test_every_function_has_a_case(self):
    self.assertEqual(set(_FUNCTIONS), set(random_cases.CASES))

  @parameterized.parameters(sorted(_FUNCTIONS))
  def test_finite_or_refused_in_plain_words(self, name):
    function = _Function(name)
    number = _NUM_EXAMPLES.value
    start = time.monotonic()

    @hypothesis.settings(
        max_examples=number, derandomize=True, database=None, deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        # A plan is short as it is, and shrinking would compile for minutes.
        phases=(hypothesis.Phase.generate,))
    @hypothesis.given(_plans())
    def try_all(plan):
      try:
        function.try_plan(plan)
      except Odd as error:  # said at once: the rest takes hours
        if number > _USUAL:
          _say(f'FOUND {error}: {error.__cause__!r}')
        raise
      done = function.counts.total()
      if number > _USUAL and done % 1000 == 0:
        _say(f'{name}: {done} of {number}')

    try_all()
    self.assertGreater(function.counts['answered'], 0)
    _say(f'{name}: {dict(function.counts)},'
         f' {time.monotonic() - start:.1f} s')


if __name__ == '__main__':
  # Half of the inputs are errors, and JAX looks at files for each of them.
  jax.config.update('jax_traceback_filtering', 'off')
  absltest.main()
