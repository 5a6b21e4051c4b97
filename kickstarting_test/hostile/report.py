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
"""Runs every hostile case and says what became of them.

  python -m kickstarting_test.hostile.report            # a summary
  python -m kickstarting_test.hostile.report --json     # a line for each case
  python -m kickstarting_test.hostile.report --thin     # fewer much like others
  python -m kickstarting_test.hostile.report policy     # of some groups

Forks, so it must be a process of its own, in which nothing has computed yet.
"""

from collections.abc import Iterator, Sequence
import dataclasses
import json
import sys
import time
from typing import Any

from kickstarting_test.hostile import flag_cases
from kickstarting_test.hostile import limits
from kickstarting_test.hostile import load_paths

_KEEP = 4  # of so many that are alike, one


def outcomes(
    groups: Sequence[str] = (), is_thin: bool = False
) -> Iterator[limits.Outcome]:
  """Yields what becomes of all cases, or those of some groups."""
  keep = _KEEP if is_thin else 1

  def maker(module: Any, name: str) -> Any:
    return lambda folder: limits.thinned(module.cases(name, folder), keep)

  makers = {
      **{name: maker(load_paths, name) for name in load_paths.LOAD_PATHS},
      **{name: maker(flag_cases, name) for name in flag_cases.BINARIES}}
  return limits.run([makers[name] for name in groups or makers])


def summary(found: Sequence[limits.Outcome], seconds: float) -> list[str]:
  """Returns lines: cases by group, the slowest, the largest, the failed."""
  lines = [f'{len(found)} cases in {seconds:.0f} s',
           f'{"group":<52} cases refused right failed seconds']
  for group in dict.fromkeys(case.group for case in found):
    mine = [case for case in found if case.group == group]
    kinds = [sum(case.kind == kind for case in mine)
             for kind in ('refused', 'right', 'failed')]
    lines.append(f'{group:<52} {len(mine):5} {kinds[0]:7} {kinds[1]:5}'
                 f' {kinds[2]:6} {sum(case.seconds for case in mine):7.1f}')
  for what, key, scale, unit in (
      ('slowest', 'seconds', 1, 's'), ('largest', 'num_bytes', 2**20, 'MiB')):
    for case in sorted(found, key=lambda case: -getattr(case, key))[:5]:
      lines.append(f'{what}: {getattr(case, key) / scale:.2f} {unit}:'
                   f' {_shown(case)}')
  lines += [f'failed: {_shown(case)}: {ascii(case.text[-500:])}'
            for case in found if case.kind == 'failed']
  return lines


def _shown(case: limits.Outcome) -> str:
  return ascii(f'{case.group}: {case.name[:100]}')


def _write(text: str) -> None:
  sys.stdout.write(text + '\n')
  sys.stdout.flush()


def main(argv: Sequence[str]) -> int:
  """Prints; returns whether a case failed."""
  groups = [name for name in argv if not name.startswith('--')]
  start = time.monotonic()
  found = []
  for outcome in outcomes(groups, '--thin' in argv):
    found.append(outcome)
    if '--json' in argv:
      _write(json.dumps(dataclasses.asdict(outcome)))
  if '--json' not in argv:
    _write('\n'.join(summary(found, time.monotonic() - start)))
  return int(any(case.kind == 'failed' for case in found))


if __name__ == '__main__':
  sys.exit(main(sys.argv[1:]))
