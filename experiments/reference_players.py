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
"""Scripted players for Python `minigrid`, whose returns are the references.

Two players. `bot` is `BabyAIBot` of the `minigrid` package, which explores
with the agent's own view. BabyAI levels tell it what to do; for MiniGrid
levels this module states the instruction, lets it take lava for walls, and
adds the last action where the bot stops one short. `oracle` plays what the bot
cannot.

Not here: the oracle's walk (`full_map_oracle.py`); many episodes and files
(`measure_references.py`).
"""

from collections.abc import Iterator
from typing import Any

from minigrid.envs.babyai.core import verifier
from minigrid.utils import baby_ai_bot

from experiments import full_map_oracle

BOT = 'scripted bot'
ORACLE = 'full-map oracle'

_ORACLE_LEVELS = (
    'MiniGrid-Memory',
    'MiniGrid-LockedRoom',
    'MiniGrid-ObstructedMaze-1Dlh',
    'MiniGrid-ObstructedMaze-2Dlh',
    'MiniGrid-ObstructedMaze-1Q',
    'MiniGrid-ObstructedMaze-2Q',
    'MiniGrid-ObstructedMaze-Full',
    'BabyAI-UnlockToUnlock',
)

# What the bot raises where it has no plan.
_BOT_ERRORS = (AssertionError, TypeError, baby_ai_bot.DisappearedBoxError)

# Unwrapped MiniGrid environments, objects and actions have no useful types.
Env = Any
Action = int


def source(level: str) -> str:
  """Returns which player plays a level: BOT or ORACLE."""
  return ORACLE if level.startswith(_ORACLE_LEVELS) else BOT


def play(env: Env, level: str) -> tuple[float, int, bool]:
  """Plays the episode that `env.reset` has just begun, to its end.

  Args:
    env: a Gymnasium MiniGrid environment.
    level: its name.

  Returns:
    The return, the length in steps, and whether the player gave up early (it
    then waits for the end, and the return counts).
  """
  world = env.unwrapped
  is_for_bot = source(level) == BOT
  player = _bot(world, level) if is_for_bot else full_map_oracle.actions(world)
  lava = [c for c in world.grid.grid if c is not None and c.type == 'lava']
  episode_return, steps, is_over, is_lost = 0.0, 0, False, False
  while not is_over:
    _rename(lava, 'wall')
    action = next(player, None)
    _rename(lava, 'lava')
    if action is None:
      is_lost, action = True, world.actions.done
    _, reward, terminated, truncated, _ = env.step(action)
    episode_return += float(reward)
    steps += 1
    is_over = terminated or truncated
  return episode_return, steps, is_lost


def _rename(objects: list[Any], type_name: str) -> None:
  for item in objects:
    item.type = type_name


class _Lost(Exception):
  """The bot goes round in circles."""


class _BoundedBot(baby_ai_bot.BabyAIBot):
  """The bot, which can plan one action for ever where doors lock it in."""

  _MAX_SEARCHES = 1000  # for one action; a handful is usual

  def replan(self, action_taken=None):
    """Suggests an action; see `BabyAIBot.replan`."""
    self._searches_before = self.bfs_counter
    return super().replan(action_taken)

  def _breadth_first_search(self, *args, **kwargs):
    if self.bfs_counter - self._searches_before > self._MAX_SEARCHES:
      raise _Lost()
    return super()._breadth_first_search(*args, **kwargs)


def _bot(world: Env, level: str) -> Iterator[Action]:
  """Yields the bot's actions, until it fails."""
  is_babyai = level.startswith('BabyAI')
  if not is_babyai:
    # Descriptions with a location ask for the room; ours have none.
    if not hasattr(world, 'room_from_pos'):
      world.room_from_pos = lambda *unused_position: None
    world.instrs = _instruction(world, level)
    world.instrs.reset_verifier(world)
  bot = _BoundedBot(world)
  action = None
  while True:
    try:
      action = bot.replan(action)
    except (_Lost, *_BOT_ERRORS):
      return
    front = world.grid.get(*world.front_pos)
    if (
        not is_babyai
        and action == world.actions.done
        and front is not None
        and front.type == 'goal'
    ):
      action = world.actions.forward  # the bot stops in front of the goal
    yield action
    if not is_babyai and action == world.actions.drop:
      _refresh(world.instrs)


def _refresh(instruction: verifier.Instr) -> None:
  """Looks up objects again after a drop, as BabyAI levels do themselves."""
  if isinstance(instruction, verifier.BeforeInstr):
    _refresh(instruction.instr_a)
    _refresh(instruction.instr_b)
  else:
    instruction.update_objs_poss()


def _instruction(world: Env, level: str) -> verifier.Instr:
  """Returns in BabyAI's terms what a MiniGrid level asks for."""
  describe = verifier.ObjDesc
  if 'RedBlueDoors' in level:
    return verifier.BeforeInstr(
        verifier.OpenInstr(describe('door', 'red')),
        verifier.OpenInstr(describe('door', 'blue')),
    )
  if 'UnlockPickup' in level or 'KeyCorridor' in level or 'Maze' in level:
    return verifier.PickupInstr(describe(world.obj.type, world.obj.color))
  if 'Unlock' in level:
    return verifier.OpenInstr(describe('door', world.door.color))
  if 'Fetch' in level:
    return verifier.PickupInstr(describe(world.targetType, world.targetColor))
  if 'GoToDoor' in level:
    return verifier.GoToInstr(describe('door', world.target_color))
  if 'GoToObject' in level:
    return verifier.GoToInstr(describe(world.targetType, world.target_color))
  if 'PutNear' in level:
    return verifier.PutNextInstr(
        describe(world.move_type, world.moveColor),
        describe(world.target_type, world.target_color),
    )
  goal = describe(None)
  goal.type = 'goal'  # not one of the types that `describe` accepts
  return verifier.GoToInstr(goal)
