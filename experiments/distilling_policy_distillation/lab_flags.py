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
"""Flags of the figures, made from the configuration dataclasses.

Whatever the papers do not print is a default that a flag changes. Not here:
the flags of training (`shared_flags.py`), which differ in meaning.
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
from typing import Any

from absl import flags

from experiments.distilling_policy_distillation import laboratory
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import tabular
from experiments.distilling_policy_distillation import teachers
from kickstarting import checks
from kickstarting.commands import run_flags

flags.adopt_module_key_flags(run_flags)
FLAGS = flags.FLAGS

_LAB = {
    'mdps': 'Decision processes, each with a teacher and its students.',
    'steps': 'Updates of each student, one episode each.',
    'points': 'Points of a curve beside its start.',
    'chunk': 'MDPs in one program, at most.',
    'slots': 'Students that learn at a time.',
    'workers': 'Processes, with a curve each.',
    'memory_gib': 'What those may need together.',
    'seed': 'Of MDPs, teachers and episodes.',
}
_GRID = {
    'size': 'Cells of a side of a grid world.',
    'wall': 'Probability of a cell to be a wall.',
    'terminal': 'Probability of a cell to end the episode, for each of the '
                'rewards 10, -10, 5, -5.',
    'penalty': 'Probability of a cell to pay -1.',
}
_DYNAMICS = {
    'noise': 'Probability of a random move in the place of a chosen one.',
    'end_probability': 'Of each step to end the episode.',
}
_TEACHER = {
    'teacher_steps': 'Steps of Q-learning.',
    'teacher_rate': 'Step size of Q-learning.',
    'epsilon': 'Random actions in Q-learning.',
    'teacher_discount': 'Gamma of Q-learning and of the teacher\'s value.',
    'value_episodes': 'Episodes that the teacher\'s value is the mean of; 0: '
                      'the exact value.',
}
_UPDATE = {
    'learning_rate': 'Of the students: plain gradient descent.',
    'value_rate': 'Of the students\' TD(0) value.',
    'discount': 'Gamma of rewards in the students\' returns, and of a '
                'teacher\'s value in them.',
    'distill_discount': 'Gamma of all else that updates put into returns: '
                        'distances to the teacher and log-probabilities. With '
                        'that of rewards students learn to end their episodes, '
                        'as each of its steps costs something.',
    'restart': 'Let an episode that arrives at a terminal cell go on at the '
               'start. Students learn so; their return is measured as ever.',
    'critic': 'Subtract the student\'s own value from returns.',
    'floor': 'Share of the uniform policy in a teacher, for methods that read '
             'the logarithm of its probabilities.',
    'max_steps': 'Steps of an episode that are learnt from.',
}

_DEFINE: Mapping[type, Callable[..., Any]] = {
    int: flags.DEFINE_integer, float: flags.DEFINE_float,
    bool: flags.DEFINE_bool}

HELPER = flags.DEFINE_bool(
    'helper', False, 'Take up curves of the run in --workdir; set by the run '
    'itself for the processes that it starts.')

for _config, _texts in (
    (laboratory.LabConfig, _LAB), (mdp_lib.GridConfig, _GRID),
    (mdp_lib.Dynamics, _DYNAMICS), (teachers.TeacherConfig, _TEACHER),
    (tabular.UpdateConfig, _UPDATE)):
  for _field in dataclasses.fields(_config):
    if _field.name in _texts:
      _DEFINE[type(_field.default)](
          _field.name, _field.default, _texts[_field.name])


def refuse(names: Sequence[str], reason: str) -> None:
  """Raises ValueError if a flag was given that has no effect.

  Args:
    names: of such flags.
    reason: why they have none; ends the sentence "--name has no effect".
  """
  for name in names:
    if FLAGS[name].present:
      raise checks.UserError(
          f'--{name} has no effect {reason}; leave it out.')
