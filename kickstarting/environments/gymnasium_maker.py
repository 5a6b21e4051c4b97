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
"""Makes an environment of Gymnasium from its ID, in any process.

Loads neither JAX nor the rest of the package. Not here: what is done with it
(`python_streams.py`), suites (`suites/own.py`).
"""

from typing import Any

from kickstarting import checks
from kickstarting.environments import engines

TARGET = f'{__name__}:make'  # for `worker_process.Builder`
# Packages that register environments when they are loaded.
_PROVIDERS = {
    'MiniGrid-': 'minigrid', 'BabyAI-': 'minigrid', 'ALE/': 'ale_py'}


def make(seed: int, id: str, **settings: Any) -> Any:
  """Returns the environment that Gymnasium registers under an ID.

  Args:
    seed: unused; the first reset has it.
    id: of the environment, such as CartPole-v1; with the package that registers
      it in front, as package:Name-v0, if Gymnasium does not know it.
    **settings: of the environment.

  Raises:
    UserError: there is no Gymnasium, no such ID, no such setting, or the
      environment lacks a package.
  """
  del seed
  gymnasium = engines.load(
      'gymnasium', 'make', "Install it with pip install '.[envs]'.")
  for start, package in _PROVIDERS.items():
    if id.startswith(start):
      engines.load(
          package, '__version__', f'Install it with pip install {package}.')
  try:
    return gymnasium.make(id, **settings)
  except (gymnasium.error.Error, ImportError, TypeError) as error:
    # Whatever it warns of stands in its text as well.
    text = ' '.join(str(error).split())[:300]
    raise checks.UserError(
        f'gymnasium:{id} cannot be made ({text}); expected the ID of an'
        ' environment that is registered, with settings that it has, and all'
        ' packages that it needs. Correct the ID or the settings, install what'
        ' is missing, or name the package that registers it, as'
        ' gymnasium:package:Name-v0.') from error
