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
"""The front door: `train` and `evaluate`, and `Run`, what came of a run.

  run = training.train('gymnasium:CartPole-v1', frames=200_000)
  run.score, run.evaluate(episodes=100), run.plot('curve.png')

Not here: what a run follows from (`description.py`), the loop (`runtime/`).
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import functools
import os
import pathlib
from typing import Any

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import description as description_lib
from kickstarting import files
from kickstarting import named_networks
from kickstarting import playing
from kickstarting import recorder as recorder_lib
from kickstarting import run_folder
from kickstarting import runs
from kickstarting.environments import suites
from kickstarting.networks import own
from kickstarting.runtime import interrupts
from kickstarting.runtime import logger as logger_lib
from kickstarting.runtime import processor
from kickstarting.runtime import training as loop
from kickstarting.teachers import policy_file

_SEED = 1  # of an evaluation


@dataclasses.dataclass(frozen=True)
class Run:
  """What came of a run.

  Attributes:
    description: what it followed from.
    ended: 'finished', or 'interrupted' if the user stopped it.
    frames: of the environments.
    seconds: of training.
    score: over the last window; NaN if a task has not ended an episode in it.
    records: of the curves, oldest first; see `runtime.training.train`.
    policy: the newest; plays, teaches, and is saved.
    warnings: what was odd, see `runtime/advice.py`; each once.
    workdir: where all that is on disk, if anywhere.
    again: `train` with the arguments of the run; others may be given.
  """

  description: description_lib.Description = dataclasses.field(repr=False)
  ended: str
  frames: int
  seconds: float
  score: float
  records: Sequence[Mapping[str, Any]] = dataclasses.field(repr=False)
  policy: policy_file.Policy = dataclasses.field(repr=False)
  warnings: Sequence[str]
  workdir: pathlib.Path | None
  again: Callable[..., 'Run'] = dataclasses.field(repr=False)  # see `extend`

  @property
  def task_scores(self) -> dict[str, float]:
    """The score of each task over the last window."""
    return dict(self.records[-1]['task_score']) if self.records else {}

  def evaluate(
      self, episodes: int = 100, *, greedy: bool = False, seed: int = _SEED
  ) -> dict[str, Any]:
    """Lets the policy play on its own; see `evaluate`."""
    return evaluate(
        self.policy, self.description.suite, episodes=episodes, greedy=greedy,
        seed=seed)

  def extend(self, frames: float) -> 'Run':
    """Goes on for more frames.

    In a folder the run goes on where it was, optimiser included; without one
    its policy is trained further. The learning rate and weights that are given
    in shares of the budget follow the new one: that of the whole run in a
    folder, the frames that are added without one.

    Args:
      frames: more of them.

    Returns:
      The whole run.

    Raises:
      ValueError: there are none, or as for `train`.
    """
    more = int(checks.check_positive_finite('frames', frames))
    if self.workdir is not None:
      return self.again(
          frames=self.description.config.frames + more, resume=True)
    run = self.again(frames=more, init=self.policy)
    later = [
        {**record, 'frames': record['frames'] + self.frames}
        for record in run.records]
    return dataclasses.replace(
        run, frames=self.frames + run.frames,
        seconds=self.seconds + run.seconds,
        warnings=[*self.warnings, *run.warnings],
        records=[*self.records, *later])

  def plot(self, path: str | os.PathLike[str] = 'curve.png') -> pathlib.Path:
    """Draws score against frames, as PNG and PDF.

    Args:
      path: of the picture; its suffix is put right.

    Returns:
      Path of the PNG.

    Raises:
      ValueError: the picture cannot be written.
    """
    from kickstarting import figures  # matplotlib takes its time

    place = files.user_path('path', os.fspath(path)).with_suffix('')
    return figures.draw_records(
        place, {self.description.suite.name: [self.records]},
        title=f'{self.description.suite.name}, seed'
        f' {self.description.config.seed}')


def train(
    env: suites.Env,
    *,
    frames: float,
    workdir: str | os.PathLike[str] | None = None,
    resume: bool = False,
    on_record: Callable[[Mapping[str, Any]], None] | None = None,
    on_policy: Callable[[policy_file.Policy], None] | None = None,
    progress: bool = True,
    **options: Any,
) -> Run:
  """Trains one student.

  Ctrl-C, or the stop button of a notebook, ends it cleanly; what there is then
  is returned.

  Args:
    env: name of a suite, gymnasium:ID, envpool:ID, PATH.py:function,
      module:function, a function of a seed, or a suite; see `suites.suite_of`.
    frames: budget, in frames of the environments.
    workdir: empty or new folder for checkpoints, records and the policy; None:
      nothing is written.
    resume: whether to go on with the run in `workdir`.
    on_record: called with every record of the curves.
    on_policy: called before that with the policy as it is then, whose
      `info['frames']` says when that is: to play it, save it, watch it.
    progress: whether to print a line now and then.
    **options: `tasks`, `settings`, `network`, `teachers`, `weights`, `method`,
      `seed`, `learning_rate`, ... All are listed, with their defaults, by
      `kickstarting train --help`; see `description.describe`.

  Raises:
    ValueError: something is unknown, or does not fit; before anything starts.
    loop.TrainingError: the loss is not finite.
  """
  processor.share()
  for name, value in (('on_record', on_record), ('on_policy', on_policy)):
    if value is not None:
      checks.check_callable(name, value)
  checks.check_bool('progress', progress)
  description = description_lib.describe(env, frames=frames, **options)
  problem = description.problem()
  folder = run_folder.named(workdir, resume=resume)
  recorder = recorder_lib.Recorder(
      description.config.frames, on_record,
      has_lines=progress and folder is None)
  learn = loop.train
  if on_policy is not None:
    learn = functools.partial(loop.train, on_params=lambda frames, params: (
        on_policy(description.policy(params, frames))))
  with interrupts.requested() as should_stop, run_folder.owned(
      folder, 'train', description.to_json(), resume=resume,
      say=logger_lib.say if progress else lambda text: None) as finish:
    if folder is None:
      outcome = learn(
          problem, description.config, on_record=recorder,
          should_stop=should_stop)
    else:
      outcome = runs.run(
          problem, description.config, folder, resume=resume,
          should_stop=should_stop, on_record=recorder, has_lines=progress,
          train=learn)
      recorder.records = logger_lib.read_records(folder)
    policy = description.policy(outcome.params, outcome.frames)
    if folder is not None and own.is_found(description.network):
      policy.save(folder / 'policy.npz')
    finish({
        'ended': outcome.ended, 'score': outcome.score,
        'frames': outcome.frames, 'seconds': outcome.seconds})
  return Run(
      description, outcome.ended, outcome.frames, outcome.seconds,
      outcome.score, recorder.records, policy, recorder.warnings, folder,
      functools.partial(
          train, env, workdir=workdir, on_record=on_record,
          on_policy=on_policy, progress=progress, **options))


def evaluate(
    policy: Run | policy_file.Policy | str | os.PathLike[str],
    env: suites.Env,
    *,
    episodes: int = 100,
    greedy: bool = False,
    seed: int = _SEED,
    network: Any = None,
    tasks: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    progress: bool = False,
) -> dict[str, Any]:
  """Lets a policy play on its own.

  Args:
    policy: that plays, or a run, a file or a folder of one.
    env: see `train`.
    episodes: of each task.
    greedy: whether it takes its most probable action; it draws one if not.
    seed: of environments and actions; no training episode is among them.
    network: of one's own, if a file has such a policy; see
      `named_networks.load_policy`.
    tasks: names of some of the tasks; None for all.
    settings: of the environments.
    progress: whether to print a line for each task.

  Returns:
    See `playing.evaluate`.

  Raises:
    ValueError: there is no such policy, or it does not fit the environment.
    threads.Stopped: the user asked to stop.
  """
  checks.check_count('episodes', episodes)
  suite = suites.suite_of(env, tasks, settings)
  if isinstance(policy, Run):
    policy = policy.policy
  if not isinstance(policy, policy_file.Policy):
    policy = named_networks.load_policy(policy, network)
  agent = playing.agent_for(policy, suite)
  with interrupts.requested() as should_stop:
    manner = playing.Manner(should_stop=should_stop)
    if not progress:
      manner = manner._replace(say=lambda text: None)
    return playing.evaluate(
        agent_lib.greedy(agent) if greedy else agent, suite, policy.params,
        episodes, seed, manner=manner)
