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
"""An episode of a policy as an animated picture: `watch`.

What is shown is what the environment renders (Gymnasium's `rgb_array`), or else
a picture that it observes. Levels that EnvPool plays are shown by Gymnasium,
where it has them under the same name. Not here: scores (`training.py`).
"""

from collections.abc import Mapping
import io
import os
import pathlib
from typing import Any

import jax
import numpy as np

from kickstarting import agent as agent_lib
from kickstarting import checks
from kickstarting import files
from kickstarting import named_networks
from kickstarting import playing
from kickstarting.environments import base
from kickstarting.environments import python_batch
from kickstarting.environments import seeds
from kickstarting.environments import suites
from kickstarting.networks import mixed
from kickstarting.teachers import policy_file

_LAST = base.LAST
_LEAST_SIDE = 160  # pixels; smaller pictures are enlarged


def watch(
    policy: policy_file.Policy | str | os.PathLike[str],
    env: suites.Env,
    path: str | os.PathLike[str],
    *,
    task: str | None = None,
    settings: Mapping[str, Any] | None = None,
    network: Any = None,
    greedy: bool = False,
    seed: int = 1,
    max_steps: int = 1000,
    frames_per_second: float = 15.0,
) -> dict[str, Any]:
  """Lets a policy play one episode, and writes it as a GIF.

  Args:
    policy: that plays, or a file or folder of one.
    env: see `training.train`.
    path: of the GIF.
    task: of the suite; None for the first.
    settings: of the environment.
    network: of one's own, if a file has such a policy.
    greedy: whether it takes its most probable action.
    seed: of environment and actions.
    max_steps: after which the episode is cut.
    frames_per_second: of the GIF.

  Returns:
    'return', 'steps', whether it was 'cut', and the 'path'.

  Raises:
    ValueError: there is nothing to show, the policy does not fit, or the file
      cannot be written.
  """
  checks.check_count('max_steps', max_steps)
  checks.check_positive_finite('frames_per_second', frames_per_second)
  checks.check_seed('seed', seed)
  place = files.user_path('path', os.fspath(path))
  suite = suites.suite_of(env, [task] if task else None, settings)
  if not isinstance(policy, policy_file.Policy):
    policy = named_networks.load_policy(policy, network)
  agent = playing.agent_for(policy, suite)
  if greedy:
    agent = agent_lib.greedy(agent)
  pictures, returned, is_cut = _play(
      agent, policy.params, suite, seed, max_steps)
  _write(place, pictures, frames_per_second)
  return {'return': returned, 'steps': len(pictures) - 1, 'cut': is_cut,
          'path': str(place)}


def _play(
    agent: agent_lib.Agent, params: Any, suite: suites.Suite, seed: int,
    max_steps: int
) -> tuple[list[np.ndarray], float, bool]:
  """Returns the pictures of an episode, its return, and whether it was cut."""
  task = suite.tasks[0]
  if suite.make_one is None:
    raise checks.UserError(
        f'environments of {suite.name} cannot be shown; expected one of'
        ' Gymnasium, or one of your own. Choose another one.')
  made: list[Any] = []
  make_one = suite.make_one

  def build(seed):
    made.append(make_one(task, seed, suite.settings))
    return made[-1]

  batch = python_batch.task_batch(
      {task.name: build}, 1, seed=seed, group=seeds.Group.EVALUATION,
      max_words=suite.max_words, instruction_every_step=True)
  try:
    agent_lib.check_meets(agent.reads, agent.num_actions, batch.spec)
    step, encode = jax.jit(agent.step), jax.jit(agent.encode)
    timestep = batch.reset()
    state = agent.initial_state(1)
    pictures = [_picture(made[0], timestep, task.name)]
    returned, key = 0.0, jax.random.key(seed)
    while timestep.step_type[0] != _LAST and len(pictures) <= max_steps:
      key, now = jax.random.split(key)
      tokens = batch.instructions.tokens[timestep.instruction]
      (actions, _), state = step(
          params, now, timestep._replace(instruction=np.zeros(1, np.int32)),
          encode(params, tokens), state)
      batch.send(np.asarray(actions))
      timestep = batch.receive()
      returned += float(timestep.reward[0])
      pictures.append(_picture(made[0], timestep, task.name))
    return pictures, returned, bool(timestep.step_type[0] != _LAST)
  finally:
    batch.close()


def _picture(env: Any, timestep: Any, task: str) -> np.ndarray:
  """Returns what an environment shows; uint8 [height, width, 3]."""
  if getattr(env, 'render_mode', None) == 'rgb_array':
    picture = np.asarray(env.render())
    if picture.ndim == 3 and picture.shape[2] == 3:
      return picture.astype(np.uint8)
  for array in timestep.observation.values():
    shown = jax.ShapeDtypeStruct(array.shape[1:], array.dtype)
    if mixed.is_picture(shown) and array.dtype == np.uint8:
      num = 3 if array.shape[-1] >= 3 else 1
      picture = array[0][..., :num]
      return np.broadcast_to(picture, (*picture.shape[:2], 3))
  raise checks.UserError(
      f'task {task!r} shows nothing; expected an environment with render_mode'
      " 'rgb_array', or one that observes a picture of bytes. Make it with"
      " render_mode='rgb_array'.")


def _write(
    place: pathlib.Path, pictures: list[np.ndarray], frames_per_second: float
) -> None:
  """Writes a GIF, whole or not at all."""
  from PIL import Image  # comes with matplotlib, and takes its time

  scale = max(1, -(-_LEAST_SIDE // min(pictures[0].shape[:2])))
  frames = [
      Image.fromarray(np.ascontiguousarray(
          picture.repeat(scale, axis=0).repeat(scale, axis=1)))
      for picture in pictures]
  content = io.BytesIO()
  frames[0].save(
      content, format='GIF', save_all=True, append_images=frames[1:],
      duration=1000.0 / frames_per_second, loop=0)
  files.write_bytes(place, content.getvalue())
