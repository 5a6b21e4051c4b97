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
"""Tests of method_choice.py: the rows of the decision diagram."""

import inspect

from absl.testing import absltest
from absl.testing import parameterized

from kickstarting.losses import distillation
from kickstarting.losses import method_choice

_E, _O, _N = 'expected_entropy_regularised', 'on_policy_distill', 'n_distill'
_ER, _OR, _NR = (f'{name}_plus_r' for name in (_E, _O, _N))
_KEYS = (
    'leaves_teacher_states', 'must_converge', 'wants_improvement',
    'is_teacher_strong', 'has_teacher_value')

# Czarnecki et al. (2019), Figure 1, one row for each path through it.
_ROWS = (
    ((False,), 'teacher_distill', ()),
    ((True, False, False), _E, (_O, _N)),
    ((True, False, True, True), _ER, (_OR, _NR)),
    ((True, False, True, False, True), 'teacher_v_reward', ()),
    ((True, False, True, False, False), _ER, (_OR, _NR)),
    ((True, True, False), _E, (_N,)),
    ((True, True, True, True), _ER, (_NR,)),
    ((True, True, True, False, True), 'teacher_v_reward', ()),
    ((True, True, True, False, False), _ER, (_NR,)),
)


class ChooseMethodTest(parameterized.TestCase):

  @parameterized.parameters(*_ROWS)
  def test_rows(self, answers, preferred, feasible):
    choice = method_choice.choose_method(**dict(zip(_KEYS, answers)))
    self.assertEqual(choice, (preferred, feasible))
    for name in (preferred, *feasible):
      self.assertIn(name, distillation.METHODS)

  @parameterized.parameters(*(row for row in _ROWS if row[0][1:]))
  def test_a_question_without_an_answer(self, answers, *_):
    missing = _KEYS[len(answers) - 1]
    with self.assertRaisesRegex(
        ValueError, f'{missing} is None; expected True or False'):
      method_choice.choose_method(**dict(zip(_KEYS, answers[:-1])))

  def test_guarantees_are_kept(self):
    # Whoever asks for convergence gets no update without a loss of its own.
    for answers, preferred, feasible in _ROWS:
      if answers[1:2] == (True,):
        for name in (preferred, *feasible):
          self.assertTrue(distillation.METHODS[name].is_gradient_field, name)

  def test_every_question_is_an_argument(self):
    self.assertEqual(
        tuple(inspect.signature(method_choice.choose_method).parameters), _KEYS)


if __name__ == '__main__':
  absltest.main()
