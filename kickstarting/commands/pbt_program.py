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
"""All members of a population as one program, in this process.

Not here: a process for each (`pbt_processes.py`), the program
(`kickstarting/populations/training.py`).
"""

from collections.abc import Callable
import functools
import pathlib
from typing import Any

import numpy as np

from kickstarting import evolution
from kickstarting import runs
from kickstarting.commands import problem_flags
from kickstarting.commands import run_flags
from kickstarting.populations import scoring
from kickstarting.populations import training as population_training
from kickstarting.runtime import training


def run(
    population: evolution.Population,
    problem: training.Problem,
    folder: pathlib.Path,
    stop: Callable[[], bool],
) -> dict[str, Any]:
  """Trains a population, and writes the policy of its best member.

  Args:
    population: what it is.
    problem: what its members learn from.
    folder: of the run.
    stop: polled; see `runs.run`.

  Returns:
    What `pbt_processes.run` returns.
  """
  outcome = runs.run(
      problem, population.student.config, folder,
      resume=run_flags.RESUME.value, should_stop=stop,
      train=functools.partial(
          population_training.train, population=population.config,
          judge=population.judge(problem)))
  best, *_ = scoring.best_three(outcome.scores)
  problem_flags.export(
      folder / 'policy.npz', population.student,
      population_training.member(outcome.params, best), outcome.frames)
  return {
      'ended': outcome.ended,
      'scores': [s if np.isfinite(s) else None for s in outcome.scores],
      'frames_per_member': outcome.frames,
      'frames_per_second': outcome.frames_per_second,
      'seconds': outcome.seconds,
      'records': outcome.records,
  }
