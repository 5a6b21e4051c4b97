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

What is odd here is odd there: measured on google-deepmind/lab at b1db91a, or
read there. The "level" is a corridor: the agent strafes from the middle of 11
cells, and the end that is marked in the image has +1. Levels whose name ends in
`_dies` abort the process inside a step, `_stalls` never comes back, `_talks`
changes its instruction every five steps, `_endless` has no limit of time. Not
here: tests.
"""

import ctypes
import os
import shutil
import signal
import sys
import tempfile
import time
import zipfile

import numpy as np

_DMLAB30 = frozenset('contributed/dmlab30/' + name for name in (
    'explore_goal_locations_large', 'explore_goal_locations_small',
    'explore_object_locations_large', 'explore_object_locations_small',
    'explore_object_rewards_few', 'explore_object_rewards_many',
    'explore_obstructed_goals_large', 'explore_obstructed_goals_small',
    'language_answer_quantitative_question',
    'language_execute_random_task', 'language_select_described_object',
    'language_select_located_object', 'lasertag_one_opponent_large',
    'lasertag_one_opponent_small', 'lasertag_three_opponents_large',
    'lasertag_three_opponents_small', 'natlab_fixed_large_map',
    'natlab_varying_map_randomized', 'natlab_varying_map_regrowth',
    'psychlab_arbitrary_visuomotor_mapping', 'psychlab_continuous_recognition',
    'psychlab_sequential_comparison', 'psychlab_visual_search',
    'rooms_collect_good_objects_test', 'rooms_collect_good_objects_train',
    'rooms_exploit_deferred_effects_test',
    'rooms_exploit_deferred_effects_train', 'rooms_keys_doors_puzzle',
    'rooms_select_nonmatching_object', 'rooms_watermaze',
    'skymaze_irreversible_path_hard', 'skymaze_irreversible_path_varied'))
_LEVELS = _DMLAB30 | {
    'nav_maze_static_01', 'nav_maze_static_02', 'lt_horseshoe_color',
    'lt_chasm', 'stand_in/dies', 'stand_in/stalls', 'stand_in/talks',
    'stand_in/endless'}
# Of an episode, by a part of the level's name; the first that fits counts.
_SECONDS = (
    ('endless', None), ('rooms_select', 12), ('watermaze', 120), ('rooms', 60),
    ('skymaze', 60), ('language_answer', 60), ('select_described', 60),
    ('language', 120), ('_small', 90), ('rewards_few', 90), ('explore', 120),
    ('natlab', 120), ('visual_search', 150), ('lasertag', 240),
    ('psychlab', 300), ('', 12))
_GENERATED = ('language', 'keys_doors', 'explore', 'lasertag', 'skymaze')
_SHOWS_IMAGES = ('visuomotor', 'continuous_recognition')
_SIZES = ('width', 'height')
_BOOLEANS = ('hasAltCameras', 'localLevelCache', 'globalLevelCache')
_CONFIG = ('logLevel', 'datasetPath', 'allowHoldOutLevels', 'mixerSeed', 'fps',
           'episodeLengthSeconds')
_ACTIONS = (
    ('LOOK_LEFT_RIGHT_PIXELS_PER_FRAME', -512, 512),
    ('LOOK_DOWN_UP_PIXELS_PER_FRAME', -512, 512),
    ('STRAFE_LEFT_RIGHT', -1, 1), ('MOVE_BACK_FORWARD', -1, 1),
    ('FIRE', 0, 1), ('JUMP', 0, 1), ('CROUCH', 0, 1))
_CELLS = 11
_FAULT_AT = 7  # steps
_makers = set()  # processes that made one, of this one's ancestors too


class Lab:
  """As deepmind_lab.Lab."""

  def __init__(
      self, level, observations, config=None, renderer='software',
      level_cache=None, temp_folder=''):
    if _makers - {os.getpid()}:  # forked from one that had made one
      time.sleep(1e6)
    if not isinstance(level, str) or not isinstance(observations, list) or (
        config is not None and not isinstance(config, dict)):
      raise TypeError('argument of the wrong type')
    if renderer not in ('software', 'hardware'):
      raise RuntimeError(f'Failed to set renderer; actual "{renderer}"!')
    config = config or {}
    for name, value in config.items():
      _check_setting(name, value)
    if level not in _LEVELS:
      raise RuntimeError(f'Invalid levelName flag {level!r}')
    if level.endswith('_test') and config.get('allowHoldOutLevels') != 'true':
      raise RuntimeError('Hold-out levels are not allowed')
    self._level, self._names = level, observations
    self._config = config
    self._cache = level_cache
    self._height = int(config.get('height', 240))
    self._width = int(config.get('width', 320))
    self._fps = int(config.get('fps', 60))
    self._seconds = next(
        seconds for part, seconds in _SECONDS if part in level)
    if 'episodeLengthSeconds' in config:
      self._seconds = float(config['episodeLengthSeconds'])
    for name in observations:
      if name not in [row['name'] for row in self.observation_spec()]:
        raise ValueError(f"Unknown observation '{name}'.")
    self._is_running = self._is_closed = False
    self._num_episodes = 0
    self._is_folder_ours = not temp_folder
    self._folder = temp_folder or tempfile.mkdtemp(prefix='dmlab_temp_folder_')
    os.makedirs(os.path.join(self._folder, 'baselab'), exist_ok=True)
    _makers.add(os.getpid())
    sys.stdout.write('a line that Lua wrote\n')

  def fps(self):
    """Returns the frames of a second."""
    return self._fps

  def action_spec(self):
    """Returns what the seven numbers of an action are."""
    return [{'name': name, 'min': low, 'max': high}
            for name, low, high in _ACTIONS]

  def observation_spec(self):
    """Returns what can be observed."""
    rows = [
        ('RGB_INTERLEAVED', (self._height, self._width, 3), np.uint8),
        ('RGB', (3, self._height, self._width), np.uint8),
        ('INSTR', (), str), ('VEL.TRANS', (3,), np.float64),
        ('VEL.ROT', (3,), np.float64), ('TEAM.SCORE', (2,), np.float64),
        ('FRAMES_REMAINING_AT_60', (1,), np.float64),
        ('MAP_FRAME_NUMBER', (1,), np.float64)]
    return [{'name': name, 'shape': shape, 'dtype': dtype}
            for name, shape, dtype in rows]

  def reset(self, episode=-1, seed=None):
    """Starts an episode; kills the process after `close`."""
    del episode
    if self._is_closed:
      os.kill(os.getpid(), signal.SIGSEGV)
    if seed is not None and not isinstance(seed, int):
      raise ValueError("'seed' must be int or None")
    if self._shows_images() and not self._config.get('datasetPath'):
      raise RuntimeError('Follow instructions to download datasets here')
    if any(part in self._level for part in _GENERATED):
      self._compile(seed)
    self._rng = np.random.default_rng(seed)
    self._place, self._steps, self._frames = _CELLS // 2, 0, 0
    self._goal = int(self._rng.integers(2)) * (_CELLS - 1)
    self._is_running = True
    self._num_episodes += 1
    return True

  def step(self, action, num_steps=1):
    """Plays an action; returns a Python float."""
    self._check_running('advance')
    if not isinstance(action, np.ndarray):
      raise TypeError('argument 1 must be numpy.ndarray')
    if action.shape != (7,):
      raise ValueError('action must have shape (7)')
    if action.dtype != np.intc:
      raise ValueError('action must have dtype np.intc')
    # As the engine does: whatever lies there, in order or not.
    values = (ctypes.c_int * 7).from_address(action.ctypes.data)
    self._steps += 1
    if self._steps == _FAULT_AT:
      self._break()
    self._frames += num_steps
    self._place = min(max(self._place + values[2], 0), _CELLS - 1)
    if self._place == self._goal:
      self._is_running = False
      return 1.0
    self._is_running = self._seconds is None or self._seconds_left() > 0
    return 0.0

  def observations(self):
    """Returns fresh arrays; raises where no episode is."""
    self._check_running('observe')
    image = np.zeros((self._height, self._width, 3), np.uint8)
    image[:, :self._width * (self._place + 1) // _CELLS] = 255
    edge = self._width // _CELLS
    goal = slice(-edge, None) if self._goal else slice(edge)
    image[:, goal, 0] = 128
    image[0, 0] = (  # for tests, what the engine does not tell
        self._level.endswith('_test'),
        self._config.get('allowHoldOutLevels') == 'true',
        int(self._config.get('mixerSeed', 0)) % 251)
    image[0, 1] = self._num_episodes == 1  # the first differs from all others
    text = ''
    if 'language' in self._level:
      text = 'Pick the blue object in the cyan room'
    if self._level.endswith('talks'):
      text = f'go to {self._steps // 5}'
    found = {
        'RGB_INTERLEAVED': image, 'RGB': np.array(image.transpose(2, 0, 1)),
        'INSTR': text, 'VEL.TRANS': np.zeros(3), 'VEL.ROT': np.zeros(3),
        'TEAM.SCORE': np.zeros(2),
        'FRAMES_REMAINING_AT_60': np.array([self._seconds_left() * 60]),
        'MAP_FRAME_NUMBER': np.array([float(self._frames)])}
    return {name: found[name] for name in self._names}

  def is_running(self):
    """Returns whether there is an episode."""
    return self._is_running

  def close(self):
    """Returns whether it was open."""
    was_open, self._is_closed = not self._is_closed, True
    self._is_running = False
    if was_open and self._is_folder_ours:
      shutil.rmtree(self._folder)
    return was_open

  def _check_running(self, verb):
    if not self._is_running:
      raise RuntimeError(f'Environment in wrong status to {verb}.')

  def _seconds_left(self):
    """Counts as the engine does, with its errors of rounding."""
    if self._seconds is None:
      return 0.0
    return self._seconds - self._frames / self._fps

  def _shows_images(self):
    return any(part in self._level for part in _SHOWS_IMAGES)

  def _break(self):
    """Has the faults of the level."""
    if self._level.endswith('dies'):
      os.abort()
    if self._level.endswith('stalls'):
      time.sleep(1e6)
    if self._shows_images():
      folder = self._config['datasetPath']
      if folder != 'dummy' and not os.path.isfile(f'{folder}/0001.png'):
        os.abort()

  def _compile(self, seed):
    """Makes a map, or takes it from the cache."""
    with tempfile.TemporaryDirectory(dir=self._folder) as folder:
      path = os.path.join(folder, 'map.pk3')
      key = f'explore_maze_noaas_{(seed or 0) % 3}'
      if self._cache is not None and self._cache.fetch(key, path):
        try:
          with zipfile.ZipFile(path) as file:
            assert file.read('map.bsp') == key.encode()
        except (OSError, zipfile.BadZipFile):
          os.abort()
        return
      with zipfile.ZipFile(path, 'w') as file:
        file.writestr('map.bsp', key)
      if self._cache is not None:
        self._cache.write(key, path)


def _check_setting(name, value):
  """Raises as the engine does."""
  if not isinstance(name, str) or not isinstance(value, str):
    raise TypeError('bad argument type for built-in operation')
  if name in _SIZES:
    if int(value) < 4 or int(value) % 4:
      raise RuntimeError(f"'{name}' must be a positive multiple of 4.")
  elif name in _BOOLEANS:
    if value not in ('true', 'false'):
      raise RuntimeError(
          f'Invalid boolean arg must be either "true" or "false"; actual'
          f' "{value}"')
  elif name not in _CONFIG:
    raise RuntimeError(f'Invalid setting: "{name}" = "{value}"')
