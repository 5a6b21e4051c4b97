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
"""Starts a worker process; run as a script, with two descriptors.

Imports modules of `kickstarting.environments` past the `__init__` of the
package: that loads JAX, which no worker needs. Not here: what a worker does
(`worker.py`).
"""

import pathlib
import sys
import types

PACKAGES = ('kickstarting', 'kickstarting.environments')


def _stand_in() -> None:
  """Puts empty packages in the place of ours, in which modules are found."""
  folder = pathlib.Path(__file__).resolve().parent
  for name, path in zip(PACKAGES, (folder.parent, folder), strict=True):
    package = types.ModuleType(name)
    package.__path__ = [str(path)]
    sys.modules[name] = package


def main() -> None:
  """Serves the batch that started this process."""
  del sys.path[0]  # the folder of this script
  _stand_in()
  from kickstarting.environments import worker

  worker.serve(int(sys.argv[1]), int(sys.argv[2]), PACKAGES)


if __name__ == '__main__':
  main()
