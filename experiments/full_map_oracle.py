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
"""Walks shortest paths on the full map to what a level asks for.

Plays Memory, LockedRoom, obstructed mazes and UnlockToUnlock: it knows where
keys lie and which boxes hide them, and carries aside what blocks its way. Its
return is an upper bound that an agent with a view of its own need not reach.
Not here: the scripted bot and the episode around both
(`reference_players.py`).
"""

import collections
from collections.abc import Callable, Collection, Iterator
from typing import Any

from minigrid.core import constants

_THINGS = ('key', 'ball', 'box')  # what can be carried

# Unwrapped MiniGrid environments, objects and actions have no useful types.
Env = Any
Action = int


class _NoWayError(Exception):
  """No walk leads to where the oracle wants to be."""


def actions(world: Env) -> Iterator[Action]:
  """Yields the walk through the sub-goals of a level, until one is cut off.

  Args:
    world: an unwrapped MiniGrid environment, just reset.
  """
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
  other = _find(world, is_other)
  return [last] if other is None else [other, last]


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
