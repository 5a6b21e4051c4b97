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
"""What becomes of the runs of a plan: experts in a folder.

Here: `shipped`, `ship`. A run of one level becomes its expert if none there is
better: it is copied in half precision, with its score and its lineage in the
manifest. Not here: the plan (`expert_plan.py`), the runs (`train_experts.py`).
"""

from collections.abc import Mapping
import pathlib
from typing import Any

from experiments import ablation
from experiments import expert_plan
from kickstarting.commands import run_files
from kickstarting.environments import suites
from kickstarting.teachers import zoo


def shipped(name: str, experts: pathlib.Path) -> pathlib.Path | None:
  """Returns the file of the expert that a run became, if it became one."""
  found = [entry['file'] for entry in zoo.manifest(experts).values()
           if entry.get('run') == name]
  return experts / found[0] if found else None


def ship(
    folder: pathlib.Path, step: expert_plan.Step, experts: pathlib.Path
) -> None:
  """Makes a finished run of one level its expert, unless there is a better.

  Args:
    folder: of the runs.
    step: of the run.
    experts: folder of the experts.

  Raises:
    ValueError: a run that went into this one is not known.
  """
  if not ablation.is_finished(folder / step.name):
    return
  result = run_files.ended(
      folder / step.name, frames=int, evaluation_score=float, tasks=dict)
  task, = step.tasks
  known = zoo.manifest(experts)
  if task in known and known[task]['score'] >= result['evaluation_score']:
    return
  config = run_files.config(folder / step.name)
  zoo.add_expert(folder / step.name / 'policy.npz', task, {
      'run': step.name,
      'level': suites.get_suite('minigrid_all', [task]).levels[0],
      'lineage': _lineage(step, folder, known),
      'seed': config['flags']['seed'],
      'score': result['evaluation_score'],
      'return': result['tasks'][task]['return'],
      'episodes': result['tasks'][task]['episodes'],
      'command': config['command'],
  }, experts)
  print(f'{task}: {step.name}, {result["evaluation_score"]:.1f}', flush=True)


def _lineage(
    step: expert_plan.Step, folder: pathlib.Path,
    known: Mapping[str, Mapping[str, Any]],
) -> dict[str, int]:
  """Returns the frames of all runs that went into one, by name."""
  frames = {name: cost for entry in known.values()
            for name, cost in entry.get('lineage', {}).items()}
  return {
      name: frames[name]
            if name in frames and not ablation.is_finished(folder / name)
            else run_files.ended(folder / name, frames=int)['frames']
      for name in expert_plan.lineage(step.name)}
