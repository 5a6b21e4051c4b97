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
"""From flags to a problem: suite, agent, teachers, controller.

Here: `load_teachers`, `make_problem`, `run`. Not here: the binaries.
"""

from collections.abc import Callable, Iterator, Sequence
import contextlib
import dataclasses
import json
import pathlib
import sys
from typing import Any, TypeAlias

import jax
import numpy as np

from experiments import shared_flags
from experiments import workdir as workdir_lib
from kickstarting import agent as agent_lib
from kickstarting import losses
from kickstarting import update as update_lib
from kickstarting.environments import base
from kickstarting.environments import envpool_batch
from kickstarting.environments import scores
from kickstarting.environments import seeds
from kickstarting.environments import suites
from kickstarting.networks import branches
from kickstarting.networks import build as build_lib
from kickstarting.populations import judging
from kickstarting.runtime import actor as actor_lib
from kickstarting.runtime import checkpoint as checkpoint_lib
from kickstarting.runtime import evaluation
from kickstarting.runtime import logger as logger_lib
from kickstarting.runtime import parameter_store
from kickstarting.runtime import training
from kickstarting.runtime import training_config
from kickstarting.teachers import acting
from kickstarting.teachers import labelling
from kickstarting.teachers import policy_file
from kickstarting.teachers import teacher as teacher_lib
from kickstarting.teachers import zoo
from kickstarting.weights import controllers
from kickstarting.weights import parsing
from kickstarting.weights import schedules


@dataclasses.dataclass(frozen=True)
class Teaching:
  """Teachers, who speaks where, and what moves their weights."""

  teachers: tuple[teacher_lib.Teacher, ...]
  teacher_of_task: np.ndarray  # int32 [tasks], -1 for none
  controller: controllers.WeightController


# Of a batch and the row of its first task; owns the batch.
Wrap: TypeAlias = Callable[
    [base.BatchedEnvironment, int], base.BatchedEnvironment]

_EVALUATION_STREAMS = 40  # of a task, at most
_JUDGED_EPISODES = 10  # of a task, at every record, where others act too
_FOREVER = 2**62  # frames
NO_TEACHING = Teaching((), np.zeros(0, np.int32), controllers.scheduled(0.0))


def suite_from_flags() -> suites.Suite:
  """Returns the suite that --suite and --tasks name."""
  return suites.get_suite(
      shared_flags.SUITE.value, shared_flags.TASKS.value or None)


def load_teachers(
    specs: Sequence[str],
    suite: suites.Suite,
    weights: str,
    frames: int,
    gives_features: bool = False,
) -> Teaching:
  """Loads teachers and routes them.

  A teacher is called after the task that it is named for, or after its file.

  Args:
    specs: of --teachers.
    suite: the student's tasks.
    weights: of --weights.
    frames: of the whole run, for shares in `weights`.
    gives_features: whether teachers give what their cores compute.

  Raises:
    ValueError: a file is missing or damaged, a teacher fits no task.
  """
  teachers: list[teacher_lib.Teacher] = []
  assignments: dict[str, int] = {}
  named = {spec.rpartition('=')[0] for spec in specs}
  for spec in specs:
    if spec == 'zoo':
      teachers += zoo.load_experts(
          [task for task in suite.task_names if task not in named],
          gives_features=gives_features)
      continue
    task, _, path = spec.rpartition('=')
    if task:
      assignments[task] = len(teachers)
    teachers.append(teacher_lib.from_policy(
        task.strip(teacher_lib.EVERY_TASK) or path,
        policy_file.load_policy(path), gives_features=gives_features))
  routing = teacher_lib.route(teachers, suite.task_names, assignments)
  controller = _controller(weights, frames)
  controller.init(len(teachers))  # raises now if the numbers do not match
  return Teaching(tuple(teachers), routing, controller)


def _controller(weights: str, frames: int) -> controllers.WeightController:
  """Returns what --weights names."""
  name, _, path = weights.partition(':')
  if name != 'replay':
    return parsing.from_string(weights, total_frames=frames)
  with _reading(f'--weights={weights}', path):
    return controllers.replay(json.loads(pathlib.Path(path).read_text()))


def learner_schedules() -> dict[str, schedules.Schedule]:
  """Returns the hyper-parameters over time that --learner_schedule names."""
  path = shared_flags.LEARNER_SCHEDULE.value
  if not path:
    return {}
  with _reading(f'--learner_schedule={path}', path):
    points = json.loads(pathlib.Path(path).read_text())
    return {
        name: schedules.piecewise(
            points[name]['frames'], points[name]['values'],
            interpolation='step')
        for name in training.LEARNER_HYPERS}


@contextlib.contextmanager
def _reading(flag: str, path: str) -> Iterator[None]:
  """Names the flag in errors of a file that it names."""
  try:
    yield
  except OSError as error:
    raise ValueError(
        f'{flag}: {path!r} cannot be read ({error.strerror}); name the'
        ' schedule.json of a run of experiments.pbt.') from error
  except (KeyError, TypeError) as error:
    raise ValueError(
        f'{flag}: {error} is missing or has no points; name the schedule.json'
        ' of a run of experiments.pbt.') from error
  except ValueError as error:
    raise ValueError(f'{flag}: {error}') from error


def make_environment(
    suite: suites.Suite,
    streams: int,
    seed: int,
    block: int = 0,
    group: seeds.Group = seeds.Group.TRAINING,
    splits: int = 1,
) -> base.BatchedEnvironment:
  """Makes a batch of about `streams` * `splits` streams over all tasks."""
  per_task = splits * max(1, round(streams / len(suite.tasks)))
  return envpool_batch.task_batch(
      suite.levels, per_task, seed=seed,
      actor_id=block, group=group, max_words=suite.max_words,
      bootstrap_on_timeout=shared_flags.BOOTSTRAP_ON_TIMEOUT.value)


def unwrapped(
    environment: base.BatchedEnvironment, first_row: int
) -> base.BatchedEnvironment:
  """Leaves a batch as it is: the usual `Wrap`."""
  del first_row
  return environment


def spec_of(
    suite: suites.Suite, wrap: Wrap = unwrapped
) -> base.EnvironmentSpec:
  """Returns what the tasks of a suite share."""
  environment = wrap(
      make_environment(suite, 1, 0, group=seeds.Group.MEASUREMENT), 0)
  environment.close()
  return environment.spec


def make_problem(
    suite: suites.Suite,
    network: build_lib.NetworkConfig,
    update: update_lib.UpdateConfig,
    config: training_config.TrainingConfig,
    teaching: Teaching = NO_TEACHING,
    num_members: int = 1,
    wrap: Wrap = unwrapped,
) -> training.Problem:
  """Composes a problem for `training.train`, or for a population.

  Args:
    suite: tasks.
    network: of the student.
    update: of the student.
    config: streams are those of one member.
    teaching: teachers, if any.
    num_members: whose streams a batch holds.
    wrap: what stands between the environments and the agent.

  Raises:
    ValueError: a teacher does not fit the suite's environment, the method of
      the update lacks one, or A2C would learn from an older policy's actions.
  """
  training.check_who_acts(update, config)
  spec = spec_of(suite, wrap)
  for teacher in teaching.teachers:
    teacher_lib.check_fits(teacher, spec.num_actions, spec.observation)
  method = losses.get_method(update.method)
  if not teaching.teachers and not method.adds_reward:
    raise ValueError(
        f'method {method.name!r} without teachers: there is nothing to learn'
        ' from; expected at least one. Name --teachers, or choose a method that'
        f' adds the reward, such as {losses.KICKSTARTING}.')
  if 'value' in method.needs:
    teacher_lib.check_value(teaching.teachers, method.name)
  teacher_lib.check_q(teaching.teachers, update.divergence)
  if update.feature_cost and not network.features.num_tasks:
    raise ValueError(
        f'--feature_cost={update.feature_cost}, but the student does not'
        ' project its features; expected 0 here. experiments.kickstart makes'
        ' such a student.')
  control = _control(update, config)
  others_act = bool(control.teacher_share or control.epsilon)
  if others_act and not teaching.teachers:
    raise ValueError(
        f'--teacher_share={control.teacher_share} and --epsilon='
        f'{control.epsilon} without teachers; expected at least one, with which'
        ' the student shares its acting. Name --teachers, or leave both 0.')
  if others_act and num_members > 1:
    raise ValueError(
        'members of a population are compared by what they do themselves, but'
        f' --teacher_share is {control.teacher_share} and --epsilon'
        f' {control.epsilon}; expected 0. Train one student instead.')

  def make_labeller(task: np.ndarray) -> labelling.Labeller | None:
    if not teaching.teachers:
      return None
    return acting.let_act(labelling.make_labeller(
        teaching.teachers, teaching.teacher_of_task[task]), control)

  agent = agent_lib.make_agent(network, spec.observation, spec.num_actions)
  make_window = lambda frames: scores.ScoreWindow(
      list(suite.random_returns), list(suite.reference_returns), frames)
  return training.Problem(
      agent=agent,
      network=build_lib.to_json(network),
      update=update,
      make_environment=lambda block: wrap(make_environment(
          suite, config.streams, config.seed, block,
          splits=config.splits * num_members), 0),
      make_labeller=make_labeller,
      make_window=make_window,
      task_names=suite.task_names,
      teacher_names=tuple(t.name for t in teaching.teachers),
      controller=teaching.controller,
      schedules=learner_schedules(),
      referee=_make_referee(
          agent, lambda: wrap(make_environment(
              suite, _JUDGED_EPISODES * len(suite.tasks), config.seed,
              group=seeds.Group.SELECTION), 0),
          make_window) if others_act else None,
  )


def mimicking(
    network: build_lib.NetworkConfig, suite: suites.Suite, teaching: Teaching
) -> build_lib.NetworkConfig:
  """Returns the network of a student that regresses on teachers' features.

  Its streams must tell the task: wrap them in `TaskObservation`.

  Raises:
    ValueError: teachers give no features, or of different sizes.
  """
  return dataclasses.replace(network, features=branches.Features(
      num_tasks=len(suite.tasks),
      size=teacher_lib.check_features(teaching.teachers)))


def _control(
    update: update_lib.UpdateConfig, config: training_config.TrainingConfig
) -> acting.Control:
  """Returns who acts: as the method says, or else the configuration."""
  shares = {'teacher': 1.0, 'mixture': 0.5}
  control = losses.get_method(update.method).control
  return acting.Control(
      teacher_share=config.teacher_share or shares.get(control, 0.0),
      epsilon=1.0 if control == 'uniform' else config.epsilon,
      temperature=update.teacher_temperature)


def _make_referee(
    agent: agent_lib.Agent,
    make: Callable[[], base.BatchedEnvironment],
    make_window: Callable[[int], scores.ScoreWindow],
) -> Callable[[Any, int], scores.ScoreWindow]:
  """Returns what lets the student play alone, the same episodes every time."""
  functions = actor_lib.make_actor_functions(agent)

  def referee(params, frames):
    environment = make()
    actor = actor_lib.StreamActor(
        functions, environment, None, jax.random.key(frames))
    returns, _ = evaluation.play(
        actor, parameter_store.ParameterStore(0, params),
        np.ones_like(environment.task))
    window = make_window(_FOREVER)
    for task, [episode_return] in zip(environment.task, returns, strict=True):
      window.add(frames, int(task), episode_return)
    return window

  return referee


def make_judge(
    problem: training.Problem,
    suite: suites.Suite,
    seed: int,
    rounds: int,
    num_members: int,
    agent: agent_lib.Agent | None = None,
    wrap: Wrap = unwrapped,
) -> judging.Judge:
  """Returns a judge.

  Args:
    problem: whose parameters play.
    suite: of which a decision takes `rounds` episodes of each task.
    seed: of the run; decisions see other episodes than training does, and
      those of MAX_ACTORS decisions before again.
    rounds: of the suite.
    num_members: that play together.
    agent: who plays with them; None for the problem's own.
    wrap: see `make_problem`.

  Raises:
    ValueError: there are more streams than seeds.
  """
  streams = rounds * len(suite.tasks) * num_members
  if streams > seeds.MAX_STREAMS:
    raise ValueError(
        f'{rounds} rounds of {len(suite.tasks)} tasks for {num_members} members'
        f' are {streams} episodes side by side; expected at most'
        f' {seeds.MAX_STREAMS}. Lower --returns or --population.')
  return judging.Judge(
      agent or problem.agent, lambda decision: wrap(make_environment(
          suite, rounds * len(suite.tasks), seed, decision % seeds.MAX_ACTORS,
          seeds.Group.SELECTION, splits=num_members), 0))


def run(
    problem: training.Problem,
    config: training_config.TrainingConfig,
    folder: pathlib.Path,
    *,
    resume: bool,
    should_stop: Callable[[], bool],
    label: str = '',
    train: Callable[..., Any] = training.train,
) -> Any:
  """Trains with checkpoints and logs in `folder`.

  Args:
    problem: what is trained.
    config: how.
    folder: of the run.
    resume: continue the run in it.
    should_stop: polled; True ends the run cleanly.
    label: starts each line of progress.
    train: `training.train`, or that of a population.

  Returns:
    What `train` returns.
  """
  checkpointer = checkpoint_lib.Checkpointer(folder / 'checkpoints')
  latest = checkpointer.latest()
  if resume and latest is None:
    print(f'{label}no checkpoint in {folder} yet: starting at frame 0',
          flush=True)
    resume = False
  logger = logger_lib.RunLogger(
      folder, total_frames=config.frames, label=label,
      resume_frames=latest if resume else (0 if folder.exists() else None))
  try:
    outcome = train(
        problem, config, on_record=logger, checkpointer=checkpointer,
        resume=resume, should_stop=should_stop)
    if outcome.stragglers:
      print(f'did not stop in time: {", ".join(outcome.stragglers)}',
            file=sys.stderr, flush=True)
    return outcome
  finally:
    logger.close()
    checkpointer.close()


def export(
    path: pathlib.Path,
    network: build_lib.NetworkConfig,
    suite: suites.Suite,
    params: Any,
    info: dict[str, Any],
    wrap: Wrap = unwrapped,
) -> None:
  """Writes a trained agent as a policy file.

  Of the parameters only those of the network are taken: what learnt with it, to
  be left behind, may be among them.
  """
  spec = spec_of(suite, wrap)
  agent = agent_lib.make_agent(network, spec.observation, spec.num_actions)
  mine = jax.eval_shape(agent.init, jax.random.key(0))
  params = {module: params[module] for module in mine}
  policy_file.save_policy(path, policy_file.Policy(
      network=network,
      params=params,
      num_actions=spec.num_actions,
      observation=policy_file.observation_of(spec.observation),
      max_words=spec.max_words,
      tasks=suite.task_names,
      info=info | {
          'command': workdir_lib.command(),
          'git_revision': workdir_lib.git_revision(),
      },
  ))


def evaluate(
    agent: agent_lib.Agent,
    suite: suites.Suite,
    params: Any,
    episodes: int,
    seed: int,
    label: str = '',
    wrap: Wrap = unwrapped,
) -> dict[str, Any]:
  """Evaluates a policy on a suite, and prints a line for each task.

  One task after the other: together, the longest episodes of all would set how
  long the streams of every other task play on.

  Returns:
    'score' of the suite, 'frames' played, and 'tasks': per task 'return',
    'standard_error', 'score', 'episodes'.
  """
  environments = (
      wrap(make_environment(
          suite._replace(tasks=(task,)), min(_EVALUATION_STREAMS, episodes),
          seed, group=seeds.Group.EVALUATION), row)
      for row, task in enumerate(suite.tasks))
  played = evaluation.evaluate(
      agent, params, environments, episodes, jax.random.key(seed))
  frames = 0
  table: dict[str, dict[str, Any]] = {}
  for task, ([returns], more_frames) in zip(suite.tasks, played, strict=True):
    frames += more_frames
    mean = returns.mean()
    row = table[task.name] = {
        'return': float(mean),
        'standard_error': float(returns.std() / np.sqrt(len(returns))),
        'score': float(scores.capped_score(
            mean, task.random_return, task.reference_return)),
        'episodes': len(returns),
    }
    print(f'{label}{task.name:24} return {row["return"]:7.3f} +- '
          f'{row["standard_error"]:.3f}  score {row["score"]:6.1f}'
          f'  episodes {row["episodes"]}', flush=True)
  return {
      'score': float(np.mean([row['score'] for row in table.values()])),
      'frames': frames,
      'tasks': table,
  }
