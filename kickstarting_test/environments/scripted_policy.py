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
"""A fixed policy on MiniGrid's 7x7 view, to compare implementations with.

It walks to what the instruction names, or else to a goal, a key or a closed
door in view, does there what seems right, and wanders when it sees nothing of
interest: enough to end a fair share of the episodes of most levels. A function
of observation, instruction and a random generator alone, over a whole batch.

Not here: a player worth imitating, or the comparison itself.
"""

import numpy as np

from kickstarting.environments import instructions

_LEFT, _RIGHT, _FORWARD, _PICK_UP, _DROP, _TOGGLE, _DONE = range(7)
_EMPTY, _FLOOR, _DOOR, _KEY, _BALL, _BOX, _GOAL = 1, 3, 4, 5, 6, 7, 8
_CLOSED, _LOCKED = 1, 2
_TYPES = {b'door': _DOOR, b'key': _KEY, b'ball': _BALL, b'box': _BOX}
_COLOURS = (b'red', b'green', b'blue', b'purple', b'yellow', b'grey')
_FAR = 99
_AGENT = (3, 6)  # the agent looks along the second axis, towards 0
_AHEAD = (3, 5)
_LEFT_CELL = (2, 6)
_RIGHT_CELL = (4, 6)


def _says(tokens: np.ndarray, *words: bytes) -> np.ndarray:
  """Returns whether an instruction has one of the words; bool [B]."""
  buckets = [instructions.word_bucket(word) for word in words]
  return np.isin(tokens, buckets).any(axis=1)


def _named(image: np.ndarray, tokens: np.ndarray) -> np.ndarray:
  """Returns where the objects of the instruction are; bool [B, 7, 7]."""
  kind, colour = image[..., 0], image[..., 1]
  is_type = np.zeros(kind.shape, bool)
  for word, value in _TYPES.items():
    is_type |= _says(tokens, word)[:, None, None] & (kind == value)
  is_thing = np.isin(kind, (_KEY, _BALL, _BOX))
  is_type |= _says(tokens, b'object')[:, None, None] & is_thing
  is_colour = np.repeat(
      ~_says(tokens, *_COLOURS)[:, None, None], 7, axis=1
  ) & np.ones(kind.shape, bool)
  for value, word in enumerate(_COLOURS):
    is_colour |= _says(tokens, word)[:, None, None] & (colour == value)
  return is_type & is_colour & ~_says(tokens, b'matching')[:, None, None]


def _interest(
    image: np.ndarray, tokens: np.ndarray, carried: np.ndarray
) -> np.ndarray:
  """Returns how much each cell attracts; int [B, 7, 7], 0 for not at all."""
  kind, colour, state = np.moveaxis(image, -1, 0)
  has_key = (carried[:, 0] == _KEY)[:, None, None]
  fits = has_key & (carried[:, 1][:, None, None] == colour)
  is_locked = (kind == _DOOR) & (state == _LOCKED)
  interest = np.zeros(kind.shape, int)
  interest[(kind == _DOOR) & (state == _CLOSED)] = 1
  interest[(kind == _KEY) & (carried[:, 0] == _EMPTY)[:, None, None]] = 2
  interest[is_locked & fits] = 3
  is_target = _named(image, tokens) & ~(is_locked & ~fits)
  is_open = (kind == _DOOR) & (state == 0)
  opens = _says(tokens, b'open', b'unlock')[:, None, None]
  has_hands = (carried[:, 0] == _EMPTY) | ~_says(tokens, b'pick')
  is_target &= has_hands[:, None, None]
  interest[is_target & ~(is_open & opens)] = 4
  interest[kind == _GOAL] = 5
  interest[:, _AGENT[0], _AGENT[1]] = 0  # what is carried
  return interest


def _distances(is_target: np.ndarray, is_free: np.ndarray) -> np.ndarray:
  """Returns steps from every cell to the nearest target; int [B, 7, 7]."""
  distance = np.full((len(is_target), 9, 9), _FAR)
  inner = distance[:, 1:-1, 1:-1]
  inner[is_target] = 0
  for _ in range(12):
    nearest = np.minimum(
        np.minimum(distance[:, :-2, 1:-1], distance[:, 2:, 1:-1]),
        np.minimum(distance[:, 1:-1, :-2], distance[:, 1:-1, 2:]),
    )
    np.minimum(inner, np.where(is_free, nearest + 1, _FAR), out=inner)
  return inner


def act(
    image: np.ndarray, tokens: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
  """Returns the policy's actions; int32 [B].

  Args:
    image: uint8 [B, 7, 7, 3].
    tokens: the instructions; int32 [B, L].
    rng: chooses where the policy has no opinion, and now and then at random.
  """
  batch = len(image)
  carried = image[:, _AGENT[0], _AGENT[1]]
  is_free = np.isin(image[..., 0], (_EMPTY, _FLOOR)) | (
      (image[..., 0] == _DOOR) & (image[..., 2] == 0)
  )
  interest = _interest(image, tokens, carried)
  best = interest.max(axis=(1, 2))
  distance = _distances(
      (interest == best[:, None, None]) & (interest > 0), is_free
  )
  ahead, left, right = (
      distance[:, x, y] for x, y in (_AHEAD, _LEFT_CELL, _RIGHT_CELL)
  )
  # Wander: straight on where that is possible, with turns at random.
  turn = rng.integers(2, size=batch)
  goes_on = is_free[:, _AHEAD[0], _AHEAD[1]] & (rng.random(batch) < 0.85)
  action = np.where(goes_on, _FORWARD, turn)
  # Clear the way at times.
  front = image[:, _AHEAD[0], _AHEAD[1], 0]
  carries = carried[:, 0] != _EMPTY
  clears = np.isin(front, (_KEY, _BALL, _BOX)) & ~carries
  action = np.where(clears & (rng.random(batch) < 0.3), _PICK_UP, action)
  # Walk to the target.
  nearest = np.minimum(ahead, np.minimum(left, right))
  is_seen = nearest < _FAR
  walk = np.where(
      ahead == nearest, _FORWARD, np.where(left == nearest, _LEFT, _RIGHT)
  )
  action = np.where(is_seen, walk, action)
  # Do something with it.
  takes = _says(tokens, b'pick', b'get', b'fetch', b'put') | (best == 2)
  opens = _says(tokens, b'open', b'unlock') | (best == 1) | (best == 3)
  act_there = np.where(takes, _PICK_UP, _DONE)
  act_there = np.where((front == _DOOR) & opens, _TOGGLE, act_there)
  act_there = np.where(front == _GOAL, _FORWARD, act_there)
  action = np.where(ahead == 0, act_there, action)
  # Put down what is carried: beside the target, or to have free hands.
  puts = _says(tokens, b'put') & (ahead == 1)
  needs_hands = _says(tokens, b'pick') & (
      rng.random(batch)
      < np.where(_named(image, tokens).any(axis=(1, 2)), 0.3, 0.1)
  )
  drops = carries & (front == _EMPTY) & (puts | needs_hands)
  action = np.where(drops, _DROP, action)
  # Errors, so that no level can hold the policy in a loop.
  errs = rng.random(batch) < 0.1
  return np.where(errs, rng.integers(5, size=batch), action).astype(np.int32)
