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
"""A problem from its parts, its run, and the policy file at the end.

Here: `make_problem`, `run`, `export`. Not here: the parts (`streams.py`,
`teaching.py`, `playing.py`), the binaries.
"""

from collections.abc import Callable
import dataclasses
import pathlib
import sys
from typing import Any

import jax
import numpy as np

from experiments import playing
from experiments import shared_flags
from experiments import streams as streams_lib
from experiments import teaching as teaching_lib
from experiments import workdir as workdir_lib
from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import losses
from kickstarting import update as update_lib
from kickstarting.environments import scores
from kickstarting.environments import suites
from kickstarting.networks import build as build_lib
from kickstarting.runtime import checkpoint as checkpoint_lib
from kickstarting.runtime import logger as logger_lib
from kickstarting.runtime import training
from kickstarting.runtime import training_config
from kickstarting.teachers import acting
from kickstarting.teachers import labelling
from kickstarting.teachers import policy_file
from kickstarting.teachers import teacher as teacher_lib


def make_problem(
    suite: suites.Suite,
    network: build_lib.NetworkConfig,
    update: update_lib.UpdateConfig,
    config: training_config.TrainingConfig,
    teaching: teaching_lib.Teaching = teaching_lib.NO_TEACHING,
    num_members: int = 1,
    wrap: streams_lib.Wrap = streams_lib.unwrapped,
    *,
    members_per_batch: int | None = None,
) -> training.Problem:
  """Composes a problem for `training.train`, or for a population.

  Whatever is wrong with the flags of a run is found here, before it has a
  folder.

  Args:
    suite: tasks.
    network: of the student; whether it has a second value, the update says.
    update: of the student.
    config: streams are those of one member.
    teaching: teachers, if any.
    num_members: of the population.
    wrap: what stands between the environments and the agent.
    members_per_batch: whose streams a batch holds; None for all of them.

  Raises:
    ValueError: there are not so many devices or streams, a teacher does not fit
      the suite's environment, the method of the update lacks one, or A2C would
      learn from an older policy's actions.
  """
  training.check_who_acts(update, config)
  network = dataclasses.replace(
      network, taught_value=update.teacher_discount is not None)
  streams_lib.check_counts(suite, config, members_per_batch or num_members)
  if not teaching.teachers:
    teaching_lib.check_without(config.frames)
  spec, frames_per_step = streams_lib.look_at(suite, wrap)
  for teacher in teaching.teachers:
    teacher_lib.check_fits(teacher, spec.num_actions, spec.observation)
  method = losses.get_method(update.method)
  if not teaching.teachers and not method.adds_reward:
    raise checks.UserError(
        f'method {method.name!r} without teachers: there is nothing to learn'
        ' from; expected at least one. Name --teachers, or choose a method that'
        f' adds the reward, such as {losses.KICKSTARTING}.')
  if 'value' in method.needs:
    teacher_lib.check_value(teaching.teachers, method.name)
  teacher_lib.check_q(teaching.teachers, update.divergence)
  if update.feature_cost and not network.features.num_tasks:
    raise checks.UserError(
        f'--feature_cost={update.feature_cost}, but the student does not'
        ' project its features; expected 0 here. experiments.kickstart makes'
        ' such a student.')
  control = _control(update, config)
  others_act = bool(control.teacher_share or control.epsilon)
  if others_act and not teaching.teachers:
    raise checks.UserError(
        f'--teacher_share={control.teacher_share} and --epsilon='
        f'{control.epsilon} without teachers; expected at least one, with which'
        ' the student shares its acting. Name --teachers, or leave both 0.')
  if others_act and num_members > 1:
    raise checks.UserError(
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
      list(suite.random_returns), list(suite.reference_returns), frames,
      suite.score_cap)
  return training.Problem(
      agent=agent,
      network=build_lib.to_json(network),
      update=update,
      make_environment=lambda block: wrap(streams_lib.make_environment(
          suite, config.streams, config.seed, block,
          splits=config.splits * num_members), 0),
      make_labeller=make_labeller,
      make_window=make_window,
      task_names=suite.task_names,
      teacher_names=tuple(t.name for t in teaching.teachers),
      controller=teaching.controller,
      frames_per_step=frames_per_step,
      schedules=teaching_lib.learner_schedules(),
      referee=playing.make_referee(
          agent, suite, config.seed, make_window, wrap) if others_act else None,
  )


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


def network_from_flags() -> build_lib.NetworkConfig:
  """Returns the network that --network names, and what it reads."""
  return dataclasses.replace(
      build_lib.get_network(shared_flags.NETWORK.value),
      observation_keys=tuple(shared_flags.OBSERVATION_KEYS.value),
      torso_dtype=shared_flags.TORSO_DTYPE.value)


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
    should_stop: polled; True ends the run cleanly; see `loop.run`.
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
    if config.lockstep and outcome.ended == 'interrupted':
      print(f'{label}in lockstep, --resume goes on from the last checkpoint:'
            f' {checkpointer.latest() or 0} frames', flush=True)
    return outcome
  finally:
    logger.close()
    checkpointer.close()


def export(
    path: pathlib.Path,
    network: build_lib.NetworkConfig,
    suite: suites.Suite,
    params: Any,
    update: update_lib.UpdateConfig,
    info: dict[str, Any],
    wrap: streams_lib.Wrap = streams_lib.unwrapped,
) -> None:
  """Writes a trained agent as a policy file.

  Of the parameters only those of the network are taken: what learnt with it, to
  be left behind, may be among them. Its `info` says by which method it was
  trained, and whether its value is that of the rewards.
  """
  spec = streams_lib.spec_of(suite, wrap)
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
          'method': update.method,
          # Distral's rewards hold what its policies cost each other.
          'has_value': update.value_is_of_rewards and (
              len(network.branches) == 1 or network.combination == 'mixture'),
          'command': workdir_lib.command(),
          'git_revision': workdir_lib.git_revision(),
      },
  ))
