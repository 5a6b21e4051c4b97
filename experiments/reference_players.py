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
adds the last action where the bot stops one short. `oracle` walks shortest
paths on the full map; it plays what the bot cannot, and its return is an upper
bound that a fair agent need not reach.

Not here: episodes and files (`measure_references.py`).
"""

import collections
from collections.abc import Callable, Collection, Iterator
from typing import Any

from minigrid.core import constants
from minigrid.envs.babyai.core import verifier
from minigrid.utils import baby_ai_bot

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

_THINGS = ('key', 'ball', 'box')  # what can be carried

# What the bot raises where it has no plan.
_BOT_ERRORS = (AssertionError, TypeError, baby_ai_bot.DisappearedBoxError)


class _NoWayError(Exception):
  """No walk leads to where the oracle wants to be."""


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
  player = _bot(world, level) if source(level) == BOT else _oracle(world)
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


def _oracle(world: Env) -> Iterator[Action]:
  """Yields the walk through the sub-goals of a level, until one is cut off."""
  try:
    yield from _sub_goals(world)
  except _NoWayError:
    return


def _sub_goals(world: Env) -> Iterator[Action]:
  actions = world.actions
  success = getattr(world, 'success_pos', None)
  if success is not None:  # Memory
    yield from _walk(world, lambda position, _: position == tuple(success))
    return
  for door in _doors(world):
    yield from _open(world, door)
  goal = _find(world, lambda item: item.type == 'goal')
  if goal is not None:  # LockedRoom
    yield from _walk(world, lambda position, _: position == goal)
    return
  yield from _drop(world)
  yield from _face(world, _find(world, lambda item: item is _target(world)))
  yield actions.pickup


def _open(world: Env, door: tuple[int, int]) -> Iterator[Action]:
  """Opens a locked door; its key is carried after that."""
  actions = world.actions
  before = _ball_before(door, world)
  if before is not None:
    yield from _face(world, before)
    yield actions.pickup
    yield from _drop(world)
  key, is_hidden = _key(world, door)
  if world.carrying is not None:
    yield from _drop(world)
  yield from _face(world, key)
  if is_hidden:
    yield actions.toggle
  yield actions.pickup
  yield from _face(world, door)
  yield actions.toggle


def _key(world: Env, door: tuple[int, int]) -> tuple[tuple[int, int], bool]:
  """Returns where the key of a door is, and whether in a box."""
  colour = world.grid.get(*door).color
  is_key = lambda item: (
      item is not None and item.type == 'key' and item.color == colour)
  hidden = _find(world, lambda item: is_key(getattr(item, 'contains', None)))
  return hidden or _find(world, is_key), hidden is not None


def _find(world: Env, accept: Callable[[Any], Any]):
  """Returns the position of the first object that `accept` wants, or None."""
  for x in range(world.grid.width):
    for y in range(world.grid.height):
      item = world.grid.get(x, y)
      if item is not None and accept(item):
        return x, y
  return None


def _target(world: Env) -> Any:
  """Returns what is to be picked up in the end; None where nothing is."""
  if hasattr(world, 'instrs'):  # BabyAI
    return world.instrs.desc.obj_set[0]
  return getattr(world, 'obj', None)


def _doors(world: Env) -> list[tuple[int, int]]:
  """Returns the locked doors to open, in order; the target's room is last."""
  last = _door(world)
  key, _ = _key(world, last)
  if _route(world, _is_facing(key), _may_be_passed) is not None:
    return [last]
  is_other = lambda item: _is_locked(item) and item is not world.grid.get(*last)
  return [_find(world, is_other), last]


def _door(world: Env) -> tuple[int, int]:
  """Returns the locked door to open; of several, one of the target's room."""
  target = _target(world)
  if target is not None:
    room = world.room_from_pos(*target.cur_pos)
    for cell in room.door_pos:
      if cell is not None:
        item = world.grid.get(*cell)
        if item is not None and _is_locked(item):
          return cell
  return _find(world, _is_locked)


def _ball_before(door: tuple[int, int], world: Env) -> tuple[int, int] | None:
  """Returns the ball that blocks a door, as obstructed mazes have it."""
  x, y = door
  for cell in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)):
    item = world.grid.get(*cell)
    if item is not None and item.type == 'ball' and item is not _target(world):
      return cell
  return None


def _face(world: Env, target: tuple[int, int]) -> Iterator[Action]:
  """Walks until `target` is the cell in front."""
  return _walk(world, _is_facing(target))


def _is_facing(target: tuple[int, int]) -> Callable[[Any, int], bool]:
  """Returns what accepts a state with `target` in front."""

  def accept(position, direction):
    step = constants.DIR_TO_VEC[direction]
    return (position[0] + step[0], position[1] + step[1]) == target

  return accept


def _drop(
    world: Env, keep_free: Collection[tuple[int, int]] = ()
) -> Iterator[Action]:
  """Drops what is carried into the nearest free cell beside no door."""

  def is_free(position, direction):
    x, y = (int(c) for c in position + constants.DIR_TO_VEC[direction])
    if world.grid.get(x, y) is not None or (x, y) in keep_free:
      return False
    neighbours = ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1))
    items = [world.grid.get(*cell) for cell in neighbours]
    return not any(
        item is not None and item.type == 'door' for item in items
    )

  yield from _walk(world, is_free)
  yield world.actions.drop


def _walk(world: Env, accept: Callable[[Any, int], bool]) -> Iterator[Action]:
  """Yields the shortest walk to a (position, direction) that is accepted.

  Where things stand in the only way, it carries them aside first.
  """
  ways: set[tuple[int, int]] = set()  # not to be blocked in turn
  route = _route(world, accept, _is_passable)
  while route is None:
    yield from _clear(world, accept, ways)
    route = _route(world, accept, _is_passable)
  for _, action in route:
    front = world.grid.get(*world.front_pos)
    is_shut = front is not None and front.type == 'door' and not front.is_open
    if action == world.actions.forward and is_shut:
      yield world.actions.toggle
    yield action


def _clear(
    world: Env,
    accept: Callable[[Any, int], bool],
    ways: set[tuple[int, int]],
) -> Iterator[Action]:
  """Carries the first thing on the way aside; adds the way to `ways`."""
  route = _route(world, accept, _may_be_passed)
  if route is None:
    raise _NoWayError
  cells = [position for (position, _), _ in route]
  ways.update(cells)
  thing = next(cell for cell in cells if _is_thing(world.grid.get(*cell)))
  held_at = None
  if world.carrying is not None:
    yield from _drop(world, keep_free=ways)
    held_at = int(world.front_pos[0]), int(world.front_pos[1])
  yield from _face(world, thing)
  yield world.actions.pickup
  yield from _drop(world, keep_free=ways)
  if held_at is not None:
    yield from _face(world, held_at)
    yield world.actions.pickup


def _route(
    world: Env,
    accept: Callable[[Any, int], bool],
    is_passable: Callable[[Any], bool],
) -> list[tuple[Any, Action]] | None:
  """Returns the shortest way as (state reached, action), None without one."""
  start = (tuple(map(int, world.agent_pos)), int(world.agent_dir))
  came_from: dict[Any, Any] = {start: None}
  queue = collections.deque([start])
  while queue:
    state = queue.popleft()
    if accept(*state):
      return _retrace(came_from, state)
    (x, y), direction = state
    dx, dy = constants.DIR_TO_VEC[direction]
    following = [
        (((x, y), (direction - 1) % 4), world.actions.left),
        (((x, y), (direction + 1) % 4), world.actions.right),
    ]
    if is_passable(world.grid.get(x + dx, y + dy)):
      ahead = (int(x + dx), int(y + dy))
      following.append(((ahead, direction), world.actions.forward))
    for neighbour, action in following:
      if neighbour not in came_from:
        came_from[neighbour] = (state, action)
        queue.append(neighbour)
  return None


def _retrace(came_from: dict, state: Any) -> list[tuple[Any, Action]]:
  route = []
  while came_from[state] is not None:
    before, action = came_from[state]
    route.append((state, action))
    state = before
  return route[::-1]


def _is_locked(item: Any) -> bool:
  return item.type == 'door' and item.is_locked


def _is_thing(item: Any) -> bool:
  return item is not None and item.type in _THINGS


def _may_be_passed(item: Any) -> bool:
  """Whether a cell is free once what lies there was carried aside."""
  return _is_passable(item) or _is_thing(item)


def _is_passable(item: Any) -> bool:
  if item is None or item.type in ('floor', 'goal'):
    return True
  return item.type == 'door' and not item.is_locked
