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
"""A stand-in for DeepMind Lab with the real engine's manners, faults included.

What is odd here is odd there: measured on google-deepmind/lab at b1db91a. The
"level" is a corridor: the agent strafes from the middle of 11 cells, and the
end that is marked in the image has +1. Levels whose name ends in `_dies` abort
the process inside a step, `_stalls` never comes back, `_talks` changes its
instruction every five steps. Not here: tests.
"""

import ctypes
import os
import signal
import sys
import tempfile
import time

import numpy as np

_LEVELS = (
    'contributed/dmlab30/rooms_watermaze',
    'contributed/dmlab30/rooms_collect_good_objects_train',
    'contributed/dmlab30/rooms_collect_good_objects_test',
    'contributed/dmlab30/explore_goal_locations_small',
    'contributed/dmlab30/language_select_described_object',
    'contributed/dmlab30/psychlab_continuous_recognition',
    'nav_maze_static_01',
    'stand_in/dies',
    'stand_in/stalls',
    'stand_in/talks',
)
_CONFIG = ('width', 'height', 'logLevel', 'datasetPath', 'allowHoldOutLevels',
           'mixerSeed', 'fps')
_OBSERVATIONS = ('RGB_INTERLEAVED', 'INSTR', 'FRAMES_REMAINING_AT_60')
_FRAMES = 720
_CELLS = 11
_FAULT_AT = 7  # steps


class Lab:
  """As deepmind_lab.Lab."""

  def __init__(
      self, level, observations, config=None, renderer='software',
      level_cache=None):
    if not isinstance(observations, list):
      raise TypeError('must be list')
    if renderer not in ('software', 'hardware'):
      raise RuntimeError('Invalid renderer')
    config = config or {}
    for name, value in config.items():
      if not isinstance(value, str):
        raise TypeError('bad argument')
      if name not in _CONFIG:
        raise RuntimeError(f'Invalid setting "{name}" = "{value}"')
    if level not in _LEVELS:
      raise RuntimeError(f'Failed to connect RL API: level {level!r}')
    for name in observations:
      if name not in _OBSERVATIONS:
        raise RuntimeError(f'Unknown observation {name!r}')
    if level.endswith('_test') and config.get('allowHoldOutLevels') != 'true':
      raise RuntimeError('Hold-out levels are not allowed')
    self._level, self._names = level, observations
    self._config = config
    self._cache = level_cache
    self._height = int(config.get('height', 240))
    self._width = int(config.get('width', 320))
    self._is_running = self._is_closed = False
    sys.stdout.write('a line that Lua wrote\n')

  def reset(self, episode=-1, seed=None):
    """Starts an episode; kills the process after `close`."""
    del episode
    if self._is_closed:
      os.kill(os.getpid(), signal.SIGSEGV)
    if seed is not None and type(seed) is not int:
      raise ValueError('an integer is required')
    if 'psychlab' in self._level and not self._config.get('datasetPath'):
      raise RuntimeError('Cannot find the data set')
    if 'explore' in self._level:
      self._compile(seed)
    self._rng = np.random.default_rng(seed)
    self._place, self._steps, self._frames = _CELLS // 2, 0, _FRAMES
    self._goal = int(self._rng.integers(2)) * (_CELLS - 1)
    self._is_running = True
    return True

  def step(self, action, num_steps=1):
    """Plays an action; returns a Python float."""
    self._check_running()
    if not isinstance(action, np.ndarray) or action.dtype != np.intc or (
        action.shape != (7,)):
      raise ValueError('action must be a 1d int array of shape (7)')
    # As the engine does: whatever lies there, in order or not.
    values = (ctypes.c_int * 7).from_address(action.ctypes.data)
    self._steps += 1
    if self._steps == _FAULT_AT and self._level.endswith('dies'):
      os.abort()
    if self._steps == _FAULT_AT and self._level.endswith('stalls'):
      time.sleep(1e6)
    self._frames -= num_steps
    self._place = min(max(self._place + values[2], 0), _CELLS - 1)
    if self._place == self._goal:
      self._is_running = False
      return 1.0
    self._is_running = self._frames > 0
    return 0.0

  def observations(self):
    """Returns fresh arrays; raises where no episode is."""
    self._check_running()
    image = np.zeros((self._height, self._width, 3), np.uint8)
    image[:, :self._width * (self._place + 1) // _CELLS] = 255
    edge = self._width // _CELLS
    goal = slice(-edge, None) if self._goal else slice(edge)
    image[:, goal, 0] = 128
    image[0, 0] = (  # for tests, what the engine does not tell
        self._level.endswith('_test'),
        self._config.get('allowHoldOutLevels') == 'true',
        int(self._config.get('mixerSeed', 0)) % 251)
    text = ''
    if 'language' in self._level:
      text = 'Pick the blue object in the cyan room'
    if self._level.endswith('talks'):
      text = f'go to {self._steps // 5}'
    found = {
        'RGB_INTERLEAVED': image, 'INSTR': text,
        'FRAMES_REMAINING_AT_60': np.array([float(self._frames)])}
    return {name: found[name] for name in self._names}

  def is_running(self):
    """Returns whether there is an episode."""
    return self._is_running

  def close(self):
    """Returns whether it was open."""
    was_open, self._is_closed = not self._is_closed, True
    return was_open

  def _check_running(self):
    if not self._is_running:
      raise RuntimeError('Environment in wrong status for call')

  def _compile(self, seed):
    """Makes a map, or takes it from the cache."""
    if self._cache is None:
      return
    with tempfile.TemporaryDirectory() as folder:
      path = os.path.join(folder, 'map.pk3')
      key = f'explore_maze_noaas_{(seed or 0) % 3}'
      if self._cache.fetch(key, path):
        with open(path, 'rb') as file:
          assert file.read() == b'map of ' + key.encode()
        return
      with open(path, 'wb') as file:
        file.write(b'map of ' + key.encode())
      self._cache.write(key, path)
