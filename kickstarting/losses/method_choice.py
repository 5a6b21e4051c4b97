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
"""Which update to take: the decision diagram of Figure 1, as data.

Czarnecki et al. (2019), arXiv:1902.02186, Figure 1. Here: the questions, the
leaves, and `choose_method`, which walks from one to the other. Not here: what
the methods are (`distillation.py`), the picture
(`experiments/distilling_policy_distillation/figure_1.py`).
"""

from typing import NamedTuple, TypeAlias

from kickstarting import checks

_R = '_plus_r'


class Choice(NamedTuple):
  """A leaf of the diagram."""

  preferred: str  # a key of `distillation.METHODS`
  feasible: tuple[str, ...] = ()  # others that keep what was asked for


class Question(NamedTuple):
  """A node of the diagram."""

  argument: str  # of `choose_method`
  text: str
  no: 'Question | Choice'
  yes: 'Question | Choice'


Node: TypeAlias = Question | Choice


def _cloning(suffix: str, converges: bool) -> Choice:
  oscillating = () if converges else (f'on_policy_distill{suffix}',)
  return Choice(f'expected_entropy_regularised{suffix}',
                (*oscillating, f'n_distill{suffix}'))


def _improving(converges: bool) -> Question:
  return Question(
      'is_teacher_strong', 'Is the teacher strong?',
      no=Question(
          'has_teacher_value', 'Does the teacher have a value function?',
          no=_cloning(_R, converges), yes=Choice('teacher_v_reward')),
      yes=_cloning(_R, converges))


def _on_policy(converges: bool) -> Question:
  return Question(
      'wants_improvement', 'Does the final return matter more than speed?',
      no=_cloning('', converges), yes=_improving(converges))


DIAGRAM: Node = Question(
    'leaves_teacher_states',
    'Will the student meet states that the teacher does not?',
    no=Choice('teacher_distill'),
    yes=Question(
        'must_converge', 'Must convergence be guaranteed?',
        no=_on_policy(converges=False), yes=_on_policy(converges=True)))


def choose_method(
    *,
    leaves_teacher_states: bool,
    must_converge: bool | None = None,
    wants_improvement: bool | None = None,
    is_teacher_strong: bool | None = None,
    has_teacher_value: bool | None = None,
) -> Choice:
  """Answers which distillation update to take.

  Source: Czarnecki et al. (2019), Figure 1, arXiv:1902.02186.

  Args:
    leaves_teacher_states: whether the student is judged, or goes on learning,
      in states that it visits itself.
    must_converge: whether convergence has to be guaranteed.
    wants_improvement: whether the final return is worth more than fast copying.
    is_teacher_strong: whether the teacher is near the best.
    has_teacher_value: whether there is a value function of the teacher.

  Returns:
    The preferred method, and others that are feasible.

  Raises:
    ValueError: a question that the diagram asks has no answer.
  """
  answers = dict(locals())
  node = DIAGRAM
  while isinstance(node, Question):
    answer = answers[node.argument]
    if answer is None:
      raise checks.UserError(
          f'{node.argument} is None; expected True or False, for the answers'
          f' before it lead to the question: {node.text}')
    checks.check_bool(node.argument, answer)
    node = node.yes if answer else node.no
  return node
