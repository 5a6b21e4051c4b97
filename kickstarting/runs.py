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
"""A run in a folder: checkpoints, logs, and the policy that it ends with.

Here: `run`, `policy_of`. Not here: what is trained (`problems.py`).
"""

from collections.abc import Callable, Mapping
import pathlib
import sys
from typing import Any

import jax

from kickstarting import agent as agent_lib
from kickstarting import losses
from kickstarting import update_config
from kickstarting.environments import suites
from kickstarting.environments.suites import batches
from kickstarting.networks import own
from kickstarting.runtime import advice
from kickstarting.runtime import checkpoint as checkpoint_lib
from kickstarting.runtime import logger as logger_lib
from kickstarting.runtime import training
from kickstarting.runtime import training_config
from kickstarting.teachers import policy_file


def run(
    problem: training.Problem,
    config: training_config.TrainingConfig,
    folder: pathlib.Path,
    *,
    resume: bool,
    should_stop: Callable[[], bool],
    label: str = '',
    train: Callable[..., Any] = training.train,
    on_record: Callable[[dict[str, Any]], None] | None = None,
    has_lines: bool = True,
) -> Any:
  """Trains with checkpoints and logs in `folder`.

  Args:
    problem: what is trained.
    config: how.
    folder: of the run.
    resume: continue the run in it.
    should_stop: polled; True ends the run cleanly; see `loop.run`.
    label: starts each line of progress.
    train: `training.train`, or that of a population, or a part of either.
    on_record: is called with each record after it was written.
    has_lines: whether to print lines of progress, and what is odd, now and
      then.

  Returns:
    What `train` returns.
  """
  checkpointer = checkpoint_lib.Checkpointer(folder / 'checkpoints')
  latest = checkpointer.latest()
  if resume and latest is None:
    logger_lib.say(f'{label}no checkpoint in {folder} yet: starting at frame 0')
    resume = False
  logger = logger_lib.RunLogger(
      folder, total_frames=config.frames, label=label, has_lines=has_lines,
      resume_frames=latest if resume else (0 if folder.exists() else None))

  adviser = advice.Adviser(config.frames)
  is_advised = has_lines and getattr(train, 'func', train) is training.train

  def record(values: dict[str, Any]) -> None:
    logger(values)
    for text in adviser(values) if is_advised else ():
      logger_lib.say(f'{label}warning: {text}', sys.stderr)
    if on_record is not None:
      on_record(values)

  try:
    outcome = train(
        problem, config, on_record=record, checkpointer=checkpointer,
        resume=resume, should_stop=should_stop)
    if outcome.stragglers:
      logger_lib.say(
          f'did not stop in time: {", ".join(outcome.stragglers)}', sys.stderr)
    if config.lockstep and outcome.ended == 'interrupted':
      logger_lib.say(
          f'{label}in lockstep, resuming goes on from the last checkpoint:'
          f' {checkpointer.latest() or 0} frames')
    return outcome
  finally:
    logger.close()
    checkpointer.close()


def policy_of(
    network: own.Network,
    suite: suites.Suite,
    params: Any,
    update: update_config.UpdateConfig,
    info: Mapping[str, Any],
    wrap: batches.Wrap = batches.unwrapped,
) -> policy_file.Policy:
  """Returns a trained agent as a policy.

  Of the parameters only those of the network are taken: what learnt with it, to
  be left behind, may be among them. Its `info` says by which method it was
  trained, and whether its value is that of the rewards.

  Args:
    network: of the agent.
    suite: that it was trained on.
    params: of the agent.
    update: by which it was trained.
    info: more about the run.
    wrap: what stands between the environments and the agent.
  """
  spec = batches.spec_of(suite, wrap)
  agent = agent_lib.make_agent(network, spec.observation, spec.num_actions)
  mine = jax.eval_shape(agent.init, jax.random.key(0))
  params = {module: params[module] for module in mine}
  return policy_file.Policy(
      network=network,
      params=jax.device_get(params),
      num_actions=spec.num_actions,
      observation=policy_file.observation_of(spec.observation),
      max_words=spec.max_words,
      tasks=suite.task_names,
      info={
          **info,
          'method': losses.get_method(update.method).name,
          # Distral's rewards hold what its policies cost each other.
          'has_value': update.value_is_of_rewards and (
              isinstance(network, own.OwnNetwork)
              or len(network.branches) == 1
              or network.combination == 'mixture'),
      },
  )
