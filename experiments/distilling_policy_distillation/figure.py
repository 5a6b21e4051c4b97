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
"""What the binaries of the sampled figures share.

Here: `main`, which runs groups of students and writes CSV, pictures and JSON,
and the teachers of the grid worlds. Not here: which groups and panels there are
(`figure_3.py` and its like).
"""

from collections.abc import Callable, Mapping, Sequence
import functools
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.distilling_policy_distillation import lab_flags
from experiments.distilling_policy_distillation import laboratory
from experiments.distilling_policy_distillation import learning
from experiments.distilling_policy_distillation import mdp as mdp_lib
from experiments.distilling_policy_distillation import measuring
from experiments.distilling_policy_distillation import panels as panels_lib
from experiments.distilling_policy_distillation import paper
from experiments.distilling_policy_distillation import progress as progress_lib
from experiments.distilling_policy_distillation import tabular
from experiments.distilling_policy_distillation import teachers
from experiments.distilling_policy_distillation import workers
from kickstarting import checks
from kickstarting.commands import run_flags
from kickstarting.commands import stopping
from kickstarting.commands import workdir as workdir_lib
from kickstarting.losses import distillation

Found = Mapping[str, Mapping[str, np.ndarray]]  # from `workers.run`


def main(
    name: str,
    title: str,
    make_groups: Callable[[], Sequence[laboratory.Group]],
    draw: Callable[[Found, int], Sequence[Sequence[panels_lib.Panel]]],
    summarise: Callable[[Found], dict[str, Any]] = lambda found: {},
) -> None:
  """Runs a figure.

  Args:
    name: of the module.
    title: of the picture.
    make_groups: from flags.
    draw: what was found, steps of a curve -> rows of panels.
    summarise: what was found -> more for the JSON.
  """
  program = f'distilling_policy_distillation.{name}'
  folder = workdir_lib.choose(program, owns=not lab_flags.HELPER.value)
  config = run_flags.config_from_flags(laboratory.LabConfig)
  groups = make_groups()
  laboratory.check(config, groups)
  if lab_flags.HELPER.value:
    _help(config, groups, folder)
    return
  stop = workdir_lib.begin(folder, program)
  print(f'{config.mdps} MDPs, {sum(len(g.curves) for g in groups)} curves of'
        f' {config.steps} updates; results in {folder}', flush=True)
  began = time.monotonic()
  try:
    found, core_seconds = workers.run(
        config, groups, folder,
        [*workdir_lib.program(), '--resume', f'--workdir={folder}', '--helper'],
        should_stop=stop, report=functools.partial(print, flush=True))
  except learning.Interrupted:
    workdir_lib.finish(folder, {
        'ended': 'interrupted', 'workdir': str(folder)})
    return
  panels = draw(found, config.steps)
  picture = panels_lib.draw(folder / name, panels, title)
  table = panels_lib.write_csv(folder / f'{name}.csv', panels)
  returns = compare(found)
  workdir_lib.finish(folder, {
      'ended': 'finished', 'mdps': config.mdps, 'steps': config.steps,
      'seconds': round(time.monotonic() - began),
      'core_seconds': round(core_seconds),  # of all runs in this folder
      'final_returns': returns, **summarise(found), 'figure': str(picture),
      'csv': str(table), 'workdir': str(folder)})


def _help(config, groups, folder) -> None:
  """Takes up curves of a run that another process started."""
  relay = progress_lib.Relay(functools.partial(print, flush=True))
  try:
    learning.work(config, groups, folder, relay, stopping.accept())
  except learning.Interrupted:
    pass


def compare(found: Found) -> dict[str, dict[str, float]]:
  """Prints final returns, the paper's in parentheses; returns ours."""
  returns: dict[str, dict[str, float]] = {}
  cells: dict[str, dict[str, str]] = {}
  for group, curves in found.items():
    returns[group] = {}
    for name, values in curves.items():
      end = panels_lib.curve(1, values[-1:, :, 0])
      mean, error = float(end.mean[0]), panels_lib.ERRORS * float(end.error[0])
      theirs = paper.returns(group).get(name)
      returns[group][name] = round(mean, 3)
      cells.setdefault(name, {})[group] = f'{mean:.2f} ± {error:.2f}' + (
          '' if theirs is None else f' ({theirs})')
  print_table('return', list(found), {
      name: [row.get(group, '') for group in found]
      for name, row in cells.items()})
  return returns


def print_table(
    corner: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]
) -> None:
  """Prints cells as a table in Markdown."""
  for name, cells in ((corner, columns), ('---', ['---'] * len(columns)),
                      *rows.items()):
    print(f'| {name} | {" | ".join(cells)} |', flush=True)


def update(method: str, **fields: Any) -> tabular.UpdateConfig:
  """Returns how a student learns, from the flags.

  A critic is for those who have returns.
  """
  fields['critic'] = lab_flags.FLAGS.critic and (
      distillation.get_method(method).has_return)
  return run_flags.config_from_flags(
      tabular.UpdateConfig, method=method, **fields)


def _grid_worlds(first: int, num: int) -> mdp_lib.MDP:
  """Returns the grid worlds from number `first` on; checked."""
  mdps = mdp_lib.grid_worlds(
      num, run_flags.config_from_flags(mdp_lib.GridConfig),
      lab_flags.FLAGS.seed, first)
  dynamics = run_flags.config_from_flags(mdp_lib.Dynamics)
  for i in range(num):
    mdp_lib.check(jax.tree.map(lambda x, i=i: x[i], mdps), dynamics)
  return mdps


@functools.cache  # groups with chunks of one size share their teachers
def _q_of_teachers(first: int, num: int) -> np.ndarray:
  """Returns Q of the teachers of grid worlds; they learn with moves alone."""
  config = run_flags.config_from_flags(teachers.TeacherConfig)
  dynamics = run_flags.config_from_flags(mdp_lib.Dynamics, num_actions=4)
  key = jax.random.fold_in(jax.random.key(lab_flags.FLAGS.seed), first)
  mdps = jax.tree.map(jnp.asarray, _grid_worlds(first, num))
  return np.asarray(jax.jit(lambda: teachers.q_learning(
      config, mdps, dynamics, key))())


def grid_group(
    name: str,
    curves: Mapping[str, tabular.UpdateConfig],
    *,
    temperature: float = 0.0,
    flipped: float = 0.0,
    num_actions: int = 4,
    needs_value: bool = True,
    max_mdps: int | None = None,
) -> laboratory.Group:
  """Returns students on the grid worlds of the flags, with Q-learnt teachers.

  Args:
    name: of the group.
    curves: name -> how a student learns.
    temperature: of the teachers.
    flipped: share of the states in which their best action is another one.
    num_actions: those beyond the four moves stay where they are; the teachers
      learn without them and never take them.
    needs_value: whether a method reads the teachers' values.
    max_mdps: grid worlds, at most; None for as many as elsewhere.
  """
  if num_actions < 4:
    raise checks.UserError(
        f'there are {num_actions} actions; expected at least the 4 moves of a'
        ' grid world.')
  checks.check_fraction('flipped', flipped)
  teachers.check_temperature(temperature)
  run_flags.config_from_flags(mdp_lib.GridConfig)
  dynamics = run_flags.config_from_flags(
      mdp_lib.Dynamics, num_actions=num_actions)
  config = run_flags.config_from_flags(teachers.TeacherConfig)

  def make(first, num, rng_key):
    mdps = _grid_worlds(first, num)
    q = _q_of_teachers(first, num)
    logits = teachers.flip(
        teachers.policy_logits(q, temperature), flipped,
        np.random.default_rng([lab_flags.FLAGS.seed, first, 1]))
    value = np.zeros(mdps.is_terminal.shape, np.float32)
    if needs_value:
      value = np.asarray(teachers.estimate_value(
          config, mdps, dynamics, logits, rng_key, lab_flags.FLAGS.max_steps,
          lab_flags.FLAGS.restart))
    return mdps, tabular.Table(logits, value)

  num_states = lab_flags.FLAGS.size**2 + 1
  return laboratory.Group(name, num_states, dynamics, make, curves, max_mdps)


def panel(
    title: str, curves: Mapping[str, np.ndarray], steps: int, measure: str,
    label: str
) -> panels_lib.Panel:
  """Returns a panel of one measure, with the teacher's return as a line."""
  column = measuring.MEASURES.index(measure)
  lines = {}
  if measure == 'return':
    lines['teacher'] = float(curves['teacher'][0, :, 0].mean())
  return panels_lib.Panel(
      title,
      {name: panels_lib.curve(steps, values[:, :, column])
       for name, values in curves.items() if name != 'teacher'},
      lines, label)


