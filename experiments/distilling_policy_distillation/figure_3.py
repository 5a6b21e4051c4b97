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
"""Figure 3: who should act while a student copies a teacher.

  python -m experiments.distilling_policy_distillation.figure_3
  python -m experiments.distilling_policy_distillation.figure_3 \
      --mdps=100 --steps=3000

Students on grid worlds minimise the cross-entropy with their teacher in the
states that the teacher, the student or the uniform policy visits, for teachers
of three temperatures. Czarnecki et al. (2019), Figure 3, arXiv:1902.02186. Not
here: students (`sampling.py`), teachers (`teachers.py`).
"""

from absl import flags
import numpy as np

from experiments.distilling_policy_distillation import figure
from experiments.distilling_policy_distillation import lab_flags
from experiments.distilling_policy_distillation import measuring
from experiments.distilling_policy_distillation import panels as panels_lib
from experiments.distilling_policy_distillation import paper
from experiments.distilling_policy_distillation import speed
from kickstarting.commands import cli
from kickstarting.commands import flag_values

flags.adopt_module_key_flags(lab_flags)
flags.FLAGS.set_default('teacher_rate', 0.1)
flags.FLAGS.set_default('teacher_steps', 20_000)  # as good as the paper's
_TEMPERATURES = flags.DEFINE_list(
    'temperatures', ['0', '0.01', '0.1'], 'Of the teachers; 0: greedy.')
_CONTROLS = flags.DEFINE_list(
    'controls', ['teacher', 'student', 'uniform'], 'Who acts; or "mixture".')

_LABELS = {
    'over_student': 'cross-entropy, student acts',
    'over_teacher': 'cross-entropy, teacher acts',
    'over_uniform': 'cross-entropy, uniform acts',
    'return': 'return of the student',
}
_SHARES = (0.8, 0.9, 0.95)  # of the way from the start to the teacher's return
_OWN = 'student driven'
_OVER_TEACHER = measuring.MEASURES.index('over_teacher')
_OVER_UNIFORM = measuring.MEASURES.index('over_uniform')


def make_groups():
  """Returns the students of each temperature."""
  return [
      figure.grid_group(
          f'temperature {value:g}', {
              f'{control} driven': figure.update(
                  'on_policy_distill', control=control)
              for control in _CONTROLS.value},
          temperature=value, needs_value=False)
      for value in flag_values.numbers(
          'temperatures', _TEMPERATURES.value, low=0)]


def draw(found, steps):
  """Returns a row for each temperature, and one of speed-ups."""
  rows = [
      [figure.panel(group, curves, steps, measure, label)
       for measure, label in _LABELS.items()]
      for group, curves in found.items()]
  return [*rows, _speed_ups(found)]


def _speed_ups(found):
  """Returns a panel for each of the others, over the teacher's entropy."""
  first = next(iter(found.values()))
  if _OWN not in first:
    return []
  entropy = np.array([
      curves['teacher'][0, :, _OVER_TEACHER].mean()
      for curves in found.values()])
  others = [name for name in first if name not in ('teacher', _OWN)]
  panels = []
  for other in others:
    lines = {}
    for measure, label in _LABELS.items():
      ratios = [
          speed.speed_up(
              curves[_OWN], curves[other], curves['teacher'], measure)
          for curves in found.values()]
      lines[label] = panels_lib.Curve(entropy, *np.transpose(ratios))
    panels.append(panels_lib.Panel(
        f'{_OWN}, against {other}', lines, label='speed-up',
        x_label='entropy of the teacher, summed over an episode'))
  return panels


def summarise(found):
  """Prints and returns how many updates each student needs, and the rest."""
  updates = {group: _updates(curves) for group, curves in found.items()}
  columns = next(iter(next(iter(updates.values())).values()))
  figure.print_table('updates to', list(columns), {
      f'{group}, {name}': [
          'not reached' if x is None else f'{x:,.0f}' for x in needed.values()]
      for group, rows in updates.items() for name, needed in rows.items()})
  over_uniform = {
      group: {name: float(values[-1, :, _OVER_UNIFORM].mean())
              for name, values in curves.items() if name != 'teacher'}
      for group, curves in found.items()}

  def cell(group, name):
    theirs = paper.OVER_UNIFORM.get(group, {}).get(name)
    return f'{over_uniform[group][name]:.1f}' + (
        '' if theirs is None else f' ({theirs})')

  figure.print_table(
      'cross-entropy where the uniform policy acts', list(found), {
          name: [cell(group, name) for group in found]
          for name in next(iter(over_uniform.values()))})
  speed_ups = {}
  for panel in _speed_ups(found):
    figure.print_table(panel.title, list(found), {
        label: [f'{ratio:.2f} ± {panels_lib.ERRORS * error:.2f}'
                for ratio, error in zip(line.mean, line.error)]
        for label, line in panel.curves.items()})
    speed_ups[panel.title] = {
        label: dict(zip(found, line.mean.tolist()))
        for label, line in panel.curves.items()}
  return {
      'updates_to_the_teachers_return': updates,
      'cross_entropy_where_uniform_acts': over_uniform,
      'speed_ups': speed_ups,
  }


def _updates(curves):
  """Returns how many updates each student of a group needs.

  To come a share of the way to the teacher's return; and, where the student
  acts in one of them, how many that one needs to be as good as each of them is
  at the end.
  """
  steps = lab_flags.FLAGS.steps
  mean = {name: values[:, :, 0].mean(axis=1) for name, values in curves.items()}
  teacher = float(mean.pop('teacher')[0])
  table = {
      name: {
          f'{share:.0%} of the way': speed.steps_to(
              values, values[0] + share * (teacher - values[0]), steps)
          for share in _SHARES}
      for name, values in mean.items()}
  if _OWN in mean:
    for name, values in mean.items():
      table[name][f'its end, {_OWN}'] = speed.steps_to(
          mean[_OWN], values[-1], steps)
  return table


def main(argv):
  del argv
  figure.main(
      'figure_3', 'Who acts', make_groups, draw, summarise)


if __name__ == '__main__':
  cli.run(main)
