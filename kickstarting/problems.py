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
"""Composition: suite, network, teachers, update and configuration -> Problem.

Whatever is wrong with a run is found here, before it has a folder. Here:
`make_problem`. Not here: the parts (`teaching.py`, `playing.py`,
`environments/suites/batches.py`), runs (`runs.py`).
"""

from collections.abc import Mapping
import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import losses
from kickstarting import playing
from kickstarting import return_scale
from kickstarting import teaching as teaching_lib
from kickstarting import types
from kickstarting import update_config
from kickstarting.environments import scores
from kickstarting.environments import seeds
from kickstarting.environments import suites
from kickstarting.environments import task_observation
from kickstarting.environments.suites import batches
from kickstarting.networks import branches
from kickstarting.networks import own
from kickstarting.runtime import devices
from kickstarting.runtime import replay
from kickstarting.runtime import training
from kickstarting.runtime import training_config
from kickstarting.teachers import acting
from kickstarting.teachers import labelling
from kickstarting.teachers import teacher as teacher_lib
from kickstarting.weights import schedules as schedules_lib

_ACTIONS = 'policy'  # in the names of modules whose last axis are the actions


def make_problem(
    suite: suites.Suite,
    network: own.Network,
    update: update_config.UpdateConfig,
    config: training_config.TrainingConfig,
    teaching: teaching_lib.Teaching = teaching_lib.NO_TEACHING,
    *,
    num_members: int = 1,
    members_per_batch: int | None = None,
    schedules: Mapping[str, schedules_lib.Schedule] | None = None,
    manner: playing.Manner = playing.USUAL,
    wrap: batches.Wrap = batches.unwrapped,
) -> training.Problem:
  """Composes a problem for `training.train`, or for a population.

  Args:
    suite: tasks.
    network: of the student; whether it has a second value, a scale of its
      value, and projects its features, the update says.
    update: of the student.
    config: streams are those of one member.
    teaching: teachers, if any.
    num_members: of the population.
    members_per_batch: whose streams a batch holds; None for all of them.
    schedules: of the learner's hyper-parameters, in place of the configuration.
    manner: how the student plays where others act in training.
    wrap: what stands between the environments and the agent.

  Raises:
    ValueError: there are not so many devices or streams, a teacher does not fit
      the suite's environment, the method of the update lacks one, or A2C would
      learn from an older policy's actions.
  """
  training.check_who_acts(update, config)
  _check_counts(suite, config, members_per_batch or num_members)
  is_taught = update.teacher_discount is not None
  network = own.adapt(
      dataclasses.replace(network, scales_value=update.scale_free),
      'teacher_discount' if is_taught else '', taught_value=is_taught)
  if update.feature_cost:
    if num_members > 1 or wrap is not batches.unwrapped:
      raise checks.UserError(
          f'feature_cost is {update.feature_cost}, but no mixture or population'
          ' projects its features; expected 0 here. Train one student instead.')
    network = own.adapt(network, 'feature_cost', features=branches.Features(
        num_tasks=len(suite.tasks),
        size=teacher_lib.check_features(teaching.teachers)))
    wrap = task_observation.TaskObservation
  spec, frames_per_step = batches.look_at(suite, wrap)
  _check_teachers(teaching, update, spec)
  update_config.check_divergence(update.divergence, spec.num_actions)
  control = _control(update, config)
  others_act = bool(control.teacher_share or control.epsilon)
  if others_act:
    _check_others(control, teaching, num_members)

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
      network=own.to_json(network),
      update=update,
      make_environment=lambda block: wrap(batches.make_environment(
          suite, config.streams, config.seed, block,
          splits=config.splits * num_members), 0),
      make_labeller=make_labeller,
      make_window=make_window,
      task_names=suite.task_names,
      teacher_names=tuple(t.name for t in teaching.teachers),
      controller=teaching.controller,
      frames_per_step=frames_per_step,
      schedules=schedules or {},
      referee=playing.make_referee(
          agent, suite, config.seed, make_window, manner=manner,
          wrap=wrap) if others_act else None,
  )


def start_from(
    problem: training.Problem, params: types.Params
) -> training.Problem:
  """Returns a problem whose student begins with given parameters.

  Those of a policy with fewer actions will do: it has the first of the
  student's, and the others begin as those of a new one.

  Args:
    problem: of the student.
    params: of a policy of the same network; others are left behind.

  Raises:
    ValueError: the student has parameters of other names or shapes.
  """
  fresh = jax.eval_shape(problem.agent.init, jax.random.key(0))
  given = {}
  for module, arrays in fresh.items():
    for name, array in arrays.items():
      if module == return_scale.MODULE and module not in params:
        continue  # its value had none, and is in rewards
      value = params.get(module, {}).get(name)
      shape = None if value is None else np.shape(value)
      is_narrower = _ACTIONS in module and shape is not None and (
          shape[:-1] == array.shape[:-1] and shape[-1] <= array.shape[-1])
      if shape != array.shape and not is_narrower:
        raise checks.UserError(
            f'init has {module}/{name} of shape {shape}, but the student has'
            f' {array.shape}; expected a policy of the same network, with the'
            ' same actions or the first of them. Name its network and the'
            ' environment that it was trained in, or leave init out.')
      given[module, name] = jnp.asarray(value, array.dtype)

  def init(rng_key):
    params = problem.agent.init(rng_key)
    return {
        module: {
            name: _begun(array, given.get((module, name)))
            for name, array in arrays.items()}
        for module, arrays in params.items()}

  return dataclasses.replace(problem, agent=problem.agent._replace(init=init))


def _begun(fresh: types.Array, given: types.Array | None) -> types.Array:
  """Returns a parameter, with what is given in the place of its first part."""
  if given is None or given.shape == fresh.shape:
    return fresh if given is None else given
  return jnp.asarray(fresh).at[..., :given.shape[-1]].set(given)


def _check_counts(
    suite: suites.Suite,
    config: training_config.TrainingConfig,
    num_members: int,
) -> None:
  """Checks that batches can be made, and cut over the devices.

  Args:
    suite: of the tasks.
    config: streams are those of one member.
    num_members: whose streams a batch holds.

  Raises:
    ValueError: a batch has too many streams, does not divide, or there are not
      so many devices.
  """
  devices.make_placement(config.learner_devices, config.actor_device)
  num_tasks = len(suite.tasks)
  learner = num_tasks * num_members * batches.per_task(suite, config.streams)
  replayed = replay.num_replayed(learner, config.replay_share)
  if config.replay_share and not replayed:
    raise checks.UserError(
        f'replay_share is {config.replay_share} with {learner} streams in a'
        ' batch, of which that is none; expected at least one. Raise it, or'
        ' leave it out.')
  learner += replayed
  if learner * config.splits > seeds.MAX_STREAMS:
    raise checks.UserError(
        f'streams={config.streams}, splits={config.splits} and replay_share='
        f'{config.replay_share} make {learner * config.splits} streams of'
        f' {num_tasks} tasks and {num_members} members; expected at most'
        f' {seeds.MAX_STREAMS}. Lower one of them.')
  if num_members > 1 and config.replay_share:
    raise checks.UserError(
        f'replay_share is {config.replay_share}, but members of one program'
        ' replay nothing; expected 0. Leave it out, or give each member a'
        ' process of its own.')
  if learner % config.learner_devices:
    raise checks.UserError(
        f'a learner batch has {learner} streams, but learner_devices is'
        f' {config.learner_devices}; expected a divisor. Change streams.')


def _check_teachers(teaching, update, spec) -> None:
  """Raises ValueError if a teacher does not fit, or a method lacks one."""
  for teacher in teaching.teachers:
    teacher_lib.check_fits(teacher, spec.num_actions, spec.observation)
  method = losses.get_method(update.method)
  if not teaching.teachers and not method.adds_reward:
    raise checks.UserError(
        f'method {method.name!r} without teachers: there is nothing to learn'
        ' from; expected at least one. Name teachers, or choose a method that'
        f' adds the reward, such as {losses.KICKSTARTING}.')
  if 'value' in method.needs:
    teacher_lib.check_value(teaching.teachers, method.name)
  teacher_lib.check_q(teaching.teachers, update.divergence)


def _control(
    update: update_config.UpdateConfig, config: training_config.TrainingConfig
) -> acting.Control:
  """Returns who acts: as the method says, or else the configuration."""
  shares = {'teacher': 1.0, 'mixture': 0.5}
  control = losses.get_method(update.method).control
  return acting.Control(
      teacher_share=config.teacher_share or shares.get(control, 0.0),
      epsilon=1.0 if control == 'uniform' else config.epsilon,
      temperature=update.teacher_temperature)


def _check_others(control, teaching, num_members) -> None:
  """Raises ValueError if nobody is there to act, or students are compared."""
  if not teaching.teachers:
    raise checks.UserError(
        f'teacher_share={control.teacher_share} and epsilon={control.epsilon}'
        ' without teachers; expected at least one, with which the student'
        ' shares its acting. Name teachers, or leave both 0.')
  if num_members > 1:
    raise checks.UserError(
        'members of a population are compared by what they do themselves, but'
        f' teacher_share is {control.teacher_share} and epsilon'
        f' {control.epsilon}; expected 0. Train one student instead.')
