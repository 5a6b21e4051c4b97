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
"""The learner's update: one pure function of state, hypers and trajectory.

Here: `make_update`, the optimisers. The same function serves one student, a
mapped population and a worker process; nothing in it knows which. Not here:
what shapes it (`update_config.py`), the terms of the loss (`losses/`), what
feeds it (`runtime/`).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import losses
from kickstarting import minibatches
from kickstarting import return_scale
from kickstarting import types
from kickstarting import update_config
from kickstarting.losses import gradients
from kickstarting.losses import off_policy
from kickstarting.losses import transitions as transitions_lib

_FATAL = ('loss', 'grad_norm')  # metrics that end a run if they are no numbers


class Update(NamedTuple):
  """Pure functions; jit them where they are used.

  init(params) -> LearnerState.
  update(state, hypers, trajectory) -> (state, metrics), metrics float32 []:
    means over the steps, if there are several.
  """

  init: Callable[[types.Params], types.LearnerState]
  update: Callable[..., tuple[types.LearnerState, dict[str, jax.Array]]]


def make_optimizer(
    config: update_config.UpdateConfig
) -> optax.GradientTransformation:
  """Returns the optimiser without its learning rate, which is in `Hypers`.

  RMSProp takes TensorFlow's form, as IMPALA did: epsilon inside the square
  root, accumulator starting at one. Source: Espeholt et al. (2018), Table D.3,
  arXiv:1802.01561, and the authors' published code.
  """
  if not isinstance(config.optimizer, str):
    scale = config.optimizer
  elif config.optimizer == 'adam':
    scale = optax.scale_by_adam()
  else:
    scale = optax.scale_by_rms(
        decay=0.99, eps=config.rmsprop_epsilon, initial_scale=1.0,
        eps_in_sqrt=True)
  return optax.chain(optax.clip_by_global_norm(config.max_grad_norm), scale)


def _features(
    output: types.AgentOutput, teacher: types.TeacherOutput | None
) -> tuple[types.Array, types.TeacherOutput]:
  """Returns the student's features of the sources, and the teacher's output."""
  if output.features is None or teacher is None or teacher.features is None:
    raise checks.UserError(
        'feature_cost is not 0, but the student or its teachers give no'
        ' features; expected both. Let the student\'s network project them'
        ' (NetworkConfig.features) and the teachers give theirs, or set it to'
        ' 0.')
  return transitions_lib.at_tm1(output.features), teacher


def _with_cause(
    means: dict[str, jax.Array], of_steps: dict[str, jax.Array]
) -> dict[str, jax.Array]:
  """Returns metrics that tell what was no number first.

  After a step that is none, nothing is; so other metrics than those that end a
  run are of the first step then.

  Args:
    means: of all steps.
    of_steps: [epochs, parts].
  """
  return {
      name: mean if name in _FATAL else jnp.where(
          jnp.isfinite(mean), mean, of_steps[name][0, 0])
      for name, mean in means.items()}


def make_update(
    config: update_config.UpdateConfig, agent: agent_lib.Agent
) -> Update:
  """Builds the learner's update.

  Args:
    config: static choices.
    agent: the student.
  """
  optimizer = make_optimizer(config)
  method = losses.get_method(config.method)

  def init(params: types.Params) -> types.LearnerState:
    return types.LearnerState(
        params, optimizer.init(params), jnp.zeros((), jnp.int32))

  def rl_terms(transitions):
    if config.algorithm == 'a2c':
      return losses.a2c(
          transitions, lambda_=config.vtrace_lambda,
          normalise_advantages=config.scale_free)
    return losses.vtrace_actor_critic(
        transitions, lambda_=config.vtrace_lambda, rho_clip=config.rho_clip,
        c_clip=config.c_clip, pg_rho_clip=config.pg_rho_clip,
        ratio_clip=config.ratio_clip or float('inf'),
        normalise_advantages=config.scale_free)

  def targets(transitions):
    """Returns what the value of the rewards is to be, in units of its scale."""
    log_rho_tm1 = off_policy.log_ratios(
        transitions.policy_tm1, transitions.behaviour_log_prob_tm1,
        transitions.a_tm1)
    found, _ = losses.vtrace(
        transitions.v_tm1, transitions.v_t, transitions.r_t,
        transitions.discount_t, log_rho_tm1,
        is_learnable_tm1=transitions.is_learnable_tm1,
        lambda_=config.vtrace_lambda)
    return found

  def add_returns(of_rewards, of_teachers):
    """Adds the terms of two returns; the policy's entropy is one."""
    return {
        name: term if name == 'negative_entropy' else term + of_teachers[name]
        for name, term in of_rewards.items()}

  def loss_fn(params, hypers, trajectory):
    teacher = trajectory.teacher
    if teacher is None and not method.adds_reward:
      raise checks.UserError(
          f'method is {method.name!r} but the trajectory has no teacher;'
          ' expected at least one, or there is nothing to learn from. Name'
          f' teachers, or choose the method {losses.KICKSTARTING!r}.')
    output, _ = agent.unroll(
        params, trajectory.timesteps,
        agent.encode(params, trajectory.instructions),
        trajectory.initial_core_state)
    transform = losses.get_reward_transform(config.reward_transform)
    as_told = teacher
    if agent.scale is not None:  # from here on all is in units of the scale
      scale = agent.scale(params)
      output = output._replace(value=output.value / scale)
      if teacher is not None:
        teacher = teacher._replace(value=teacher.value / scale)
        trajectory = trajectory._replace(teacher=teacher)
    transitions = losses.split_transitions(
        output, trajectory, discount=config.discount,
        reward_transform=transform if agent.scale is None else (
            lambda reward: transform(reward) / scale))
    if output.distilled is not None:
      transitions, loss_of_tasks = losses.apply_distral(
          transitions, transitions_lib.at_tm1(output.distilled),
          kl_cost=hypers.transfer_cost, entropy_cost=hypers.entropy_cost)
    has_teacher = jnp.zeros(trajectory.task.shape, bool)
    weights = jnp.zeros(trajectory.task.shape)
    if teacher is not None:
      has_teacher = jnp.asarray(teacher.index) >= 0
      weights = losses.sample_weights(hypers.alpha, hypers.rho, teacher.index)
    of_rewards = transitions
    transitions, loss_of_method, taught = losses.apply_method(
        method, transitions, output, trajectory, weights,
        divergence=config.divergence,
        teacher_temperature=config.teacher_temperature,
        floor=config.teacher_floor,
        teacher_discount=config.teacher_discount)
    if not method.has_return:
      terms = {}
      if method.reads_student_value or config.learns_value:
        terms = {'baseline': rl_terms(of_rewards)['baseline']}
    elif taught is None:
      terms = rl_terms(transitions)
    elif method.adds_reward:
      terms = add_returns(rl_terms(transitions), rl_terms(taught))
    else:
      transitions, terms = taught, rl_terms(taught)
    costs = {
        'policy_gradient': 1.0,
        'baseline': hypers.baseline_cost,
        'negative_entropy': hypers.entropy_cost,
    }
    costs = {name: costs[name] for name in terms}
    extra = {}
    if loss_of_method is not None:
      terms['distillation'] = loss_of_method
      costs['distillation'] = weights
    if output.distilled is not None:
      terms['distral'] = loss_of_tasks
      costs['distral'] = hypers.transfer_cost
      if 'negative_entropy' in terms:  # the rewards hold it
        costs['negative_entropy'] = 0.0
    if output.policies is not None:
      policies = gradients.pass_where(
          transitions.is_learnable_tm1, transitions_lib.at_tm1(output.policies))
      terms['transfer'] = losses.get_transfer(config.transfer)(
          policies,
          losses.shares_along(hypers.mixing, policies.shape[-2]))
      costs['transfer'] = hypers.transfer_cost
    if config.feature_cost:
      is_learnable_tm1 = transitions.is_learnable_tm1
      terms['feature_regression'] = losses.feature_regression(
          *_features(output, teacher), is_learnable_tm1 & jnp.broadcast_to(
              weights != 0, is_learnable_tm1.shape))
      costs['feature_regression'] = config.feature_cost * weights
    # What is measured does not depend on the weights.
    applies_to = dict.fromkeys(terms, of_rewards.is_learnable_tm1)
    for name in ('distillation', 'feature_regression'):
      if name in terms:
        applies_to[name] = of_rewards.is_learnable_tm1 & jnp.broadcast_to(
            has_teacher, of_rewards.is_learnable_tm1.shape)
    if teacher is not None:
      extra = losses.diagnostics(of_rewards, as_told)  # value in rewards
      labelled = jnp.maximum(jnp.sum(extra.pop('is_labelled')), 1)
      extra = {name: jnp.sum(x) / labelled for name, x in extra.items()}
    loss, metrics = losses.total(
        terms, costs, transitions.is_learnable_tm1,
        reduction=config.reduction, applies_to=applies_to)
    metrics |= extra
    metrics['learnable_fraction'] = jnp.mean(
        of_rewards.is_learnable_tm1.astype(jnp.float32))
    seen = {}
    if agent.scale is not None:
      metrics['return_scale'] = jnp.asarray(scale)
      seen = return_scale.moments(
          jax.lax.stop_gradient(targets(of_rewards)) * scale,
          of_rewards.is_learnable_tm1)
    return loss, (metrics, seen)

  def update(
      state: types.LearnerState,
      hypers: types.Hypers,
      trajectory: types.Trajectory,
  ) -> tuple[types.LearnerState, dict[str, jax.Array]]:
    params = state.params
    if agent.adopt is not None:
      params = agent.adopt(params, hypers)
    if agent.absorb is not None:  # the last timestep comes again
      params = agent.absorb(
          params, jax.tree.map(lambda x: x[:-1], trajectory.timesteps))

    def step(now, batch):
      params, opt_state = now
      grads, (metrics, seen) = jax.grad(loss_fn, has_aux=True)(
          params, hypers, batch)
      updates, opt_state = optimizer.update(grads, opt_state)
      params = jax.tree.map(
          lambda p, u: p - hypers.learning_rate * u, params, updates)
      metrics['grad_norm'] = optax.tree.norm(grads)
      return (params, opt_state), (metrics, seen)

    parts = minibatches.most(trajectory.task.shape[-1], config.minibatches)
    now = params, state.opt_state
    if config.epochs * parts == 1:
      now, (metrics, seen) = step(now, trajectory)
    else:
      dealt = minibatches.deal_streams(trajectory, parts)
      now, of_steps = jax.lax.scan(
          lambda now, _: jax.lax.scan(step, now, dealt), now,
          length=config.epochs)
      metrics, seen = jax.tree.map(jnp.mean, of_steps)
      metrics = _with_cause(metrics, of_steps[0])
    if agent.scale is not None:
      params, opt_state = now
      now = return_scale.absorb(params, seen), opt_state
    return types.LearnerState(*now, state.updates + 1), metrics

  return Update(init, update)
