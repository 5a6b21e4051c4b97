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
"""Writes BUILD from the imports of the sources.

`python tools/make_build.py` writes it; with `--check` it fails when BUILD is
stale. Each module is a library (or a binary, where it runs as `__main__`), each
test a test; external dependencies are comments, as in `# pip: jax`. Not here:
what may import what (`kickstarting_test/layout_test.py`).
"""

import argparse
import ast
from collections.abc import Iterable, Mapping
import graphlib
import pathlib
import sys

FOLDERS = (
    'benchmarks', 'experiments', 'kickstarting', 'kickstarting_test', 'tools')

_DATA = {  # folder of a module -> what its modules read
    'kickstarting/environments': ['kickstarting/environments/data/**'],
    'kickstarting/environments/suites': ['kickstarting/environments/data/**'],
    'kickstarting/teachers': ['kickstarting/teachers/experts/**'],
}
_TEST_DATA = {  # these look at the checkout itself
    'layout_test': ['*', '.ci/*', 'docs/**', *(f'{f}/**' for f in FOLDERS)],
    'readme_test': ['README.md', 'docs/**'],
    'update_goldens_test': ['kickstarting_test/update_goldens.json'],
}
_DISTRIBUTIONS = {  # where the name to install is not the name to import
    'absl': 'absl-py',
    'dm_env': 'dm-env',
    'haiku': 'dm-haiku',
    'orbax': 'orbax-checkpoint',
}
_HEAD = '''# Written by tools/make_build.py; edit that instead.

load("@rules_python//python:py_binary.bzl", "py_binary")
load("@rules_python//python:py_library.bzl", "py_library")
load("@rules_python//python:py_test.bzl", "py_test")

package(default_visibility = ["//visibility:private"])

licenses(["notice"])

exports_files(["LICENSE"])
'''


def module_name(path: str) -> str:
  """Returns the name under which the file at `path` is imported."""
  return path.removesuffix('.py').removesuffix('/__init__').replace('/', '.')


def target_name(path: str) -> str:
  """Returns the target of the file at `path`: losses_vtrace(_test)."""
  name = module_name(path)
  for folder in ('kickstarting.', 'kickstarting_test.'):
    name = name.removeprefix(folder)
  return name.replace('.', '_')


def imported_names(tree: ast.Module) -> set[str]:
  """Returns all that a module imports, `from a import b` as `a.b`.

  A string that is exactly the name of a module counts too, and what is before
  the colon of `module:function`: a test that runs `python -m experiments.train`
  needs that file.
  """
  names: set[str] = set()
  for node in ast.walk(tree):
    if isinstance(node, ast.Import):
      names.update(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
      names.update(f'{node.module}.{alias.name}' for alias in node.names)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
      if node.value.startswith(tuple(f'{folder}.' for folder in FOLDERS)):
        names.add(node.value.partition(':')[0])
  return names


def _dependencies(
    names: Iterable[str], targets: Mapping[str, str]
) -> tuple[set[str], set[str]]:
  """Splits imported names into our targets and distributions of others."""
  ours, others = set(), set()
  for name in names:
    top = name.split('.')[0]
    if name in targets:
      ours.add(targets[name])
    elif name.rpartition('.')[0] in targets:  # a symbol of that module
      ours.add(targets[name.rpartition('.')[0]])
    elif top not in sys.stdlib_module_names and top not in FOLDERS:
      others.add(_DISTRIBUTIONS.get(top, top))
  return ours, others


def _check_order(
    trees: Mapping[str, ast.Module], targets: Mapping[str, str]
) -> None:
  """Raises ValueError if targets depend on each other."""
  graph = {}
  for path, tree in trees.items():
    ours, _ = _dependencies(imported_names(tree), targets)
    graph[target_name(path)] = ours - {target_name(path)}
  try:
    graphlib.TopologicalSorter(graph).prepare()
  except graphlib.CycleError as error:
    raise ValueError(
        f'targets depend on each other: {" <- ".join(error.args[1])}; expected'
        ' none that needs itself. An import, or the name of a module as a'
        ' string, has to go elsewhere.') from error


def _has_main(tree: ast.Module) -> bool:
  """Returns whether a module can be run."""
  return any(
      isinstance(node, ast.If) and '__main__' in ast.dump(node.test)
      for node in tree.body
  )


def _block(name: str, lines: Iterable[str]) -> str:
  """Returns one attribute that holds a list, or nothing."""
  inner = ''.join(f'        {line}\n' for line in lines)
  return f'    {name} = [\n{inner}    ],\n' if inner else ''


def _data_globs(path: str, files: Iterable[str]) -> list[str]:
  """Returns the patterns of what the module at `path` reads."""
  if path.endswith('_test.py'):
    return _TEST_DATA.get(target_name(path), [])
  patterns = _DATA.get(path.rpartition('/')[0], [])
  return [
      pattern  # an empty glob is an error
      for pattern in patterns
      if any(file.startswith(pattern.removesuffix('**')) for file in files)
  ]


def _rule(
    path: str, tree: ast.Module, globs: list[str], targets: Mapping[str, str]
) -> str:
  """Returns the rule for the file at `path`."""
  name = target_name(path)
  ours, others = _dependencies(imported_names(tree), targets)
  if name == 'kickstarting':  # the public target holds the whole library
    ours |= {
        target
        for module, target in targets.items()
        if module.startswith('kickstarting.')
    }
  rule = 'py_library'
  if path.endswith('_test.py'):
    rule = 'py_test'
  elif _has_main(tree):
    rule = 'py_binary'
  text = f'{rule}(\n    name = "{name}",\n    srcs = ["{path}"],\n'
  if globs:
    text += f'    data = glob({globs}),\n'.replace("'", '"')
  if rule != 'py_library':
    # An __init__.py in each folder would hide the package behind the workspace
    # of the same name.
    text += f'    legacy_create_init = 0,\n    main = "{path}",\n'
  if name == 'kickstarting':
    text += '    visibility = ["//visibility:public"],\n'
  text += _block(
      'deps',
      [f'":{target}",' for target in sorted(ours - {name})]
      + [f'# pip: {other}' for other in sorted(others)],
  )
  return f'{text})\n'


def render(sources: Mapping[str, str], files: Iterable[str]) -> str:
  """Returns the text of BUILD.

  Args:
    sources: path from the root -> text of each Python file of `FOLDERS`.
    files: paths of all files there; decides which data exists.

  Raises:
    ValueError: targets depend on each other, which Bazel refuses.
  """
  files = list(files)
  targets = {module_name(path): target_name(path) for path in sources}
  trees = {path: ast.parse(text) for path, text in sorted(sources.items())}
  _check_order(trees, targets)
  rules = [
      _rule(path, tree, _data_globs(path, files), targets)
      for path, tree in trees.items()
  ]
  return '\n'.join([_HEAD, *rules])


def read(root: pathlib.Path) -> tuple[dict[str, str], list[str]]:
  """Reads what `render` needs from a checkout."""
  paths = [
      path
      for folder in FOLDERS
      for path in (root / folder).rglob('*')
      if path.is_file() and '__pycache__' not in path.parts
  ]
  sources = {
      path.relative_to(root).as_posix(): path.read_text('utf-8')
      for path in paths
      if path.suffix == '.py'
  }
  return sources, [path.relative_to(root).as_posix() for path in paths]


def main() -> int:
  """Writes BUILD, or compares it, and returns the exit status."""
  parser = argparse.ArgumentParser(description='Writes BUILD.')
  parser.add_argument(
      '--check', action='store_true', help='compare it instead')
  is_check = parser.parse_args().check
  root = pathlib.Path(__file__).parents[1]
  build = root / 'BUILD'
  text = render(*read(root))
  if not is_check:
    build.write_text(text, 'utf-8')
    return 0
  if build.exists() and build.read_text('utf-8') == text:
    return 0
  print('BUILD is stale; run: python tools/make_build.py')
  return 1


if __name__ == '__main__':
  sys.exit(main())
