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
"""Compares the contents of a wheel with the package that it should hold.

`python tools/check_wheel.py WHEEL PACKAGE_FOLDER` lists what is missing and
what does not belong, and fails if there is any. Not here: building the wheel
(`test.sh`) and what goes into it (`setup.py`).
"""

import argparse
import pathlib
import sys
import zipfile


def problems(names: set[str], package: pathlib.Path) -> list[str]:
  """Lists the differences between a wheel and a package.

  Args:
    names: the files of the wheel.
    package: the folder of the package's sources.

  Returns:
    One line per difference; empty when there is none.
  """
  # README and the like describe a folder to those who browse the sources.
  expected = {
      path.relative_to(package.parent).as_posix()
      for path in package.rglob('*')
      if path.is_file()
      and '__pycache__' not in path.parts
      and path.suffix != '.md'
  }
  inside = {
      name for name in names if not name.split('/')[0].endswith('.dist-info')
  }
  return [
      *(f'missing from the wheel: {name}'
        for name in sorted(expected - inside)),
      *(f'does not belong in the wheel: {name}'
        for name in sorted(inside - expected)),
  ]


def main() -> int:
  """Prints the verdict and returns the exit status."""
  parser = argparse.ArgumentParser(description='Compares a wheel with sources.')
  parser.add_argument('wheel')
  parser.add_argument('package', help='folder of its sources')
  parsed = parser.parse_args()
  wheel, package = parsed.wheel, parsed.package
  with zipfile.ZipFile(wheel) as archive:
    names = set(archive.namelist())
  found = problems(names, pathlib.Path(package))
  print('\n'.join(found) or f'{len(names)} files, as expected')
  return int(bool(found))


if __name__ == '__main__':
  sys.exit(main())
