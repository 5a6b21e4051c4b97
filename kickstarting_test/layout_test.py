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
"""The rules of the house: headers, docstrings, tests, targets, import walls.

Sources are read, not imported, but for the public names. The package is looked
at where it is imported from, the rest beside this file, so that an installed
wheel is checked as well as a checkout. Not here: what lint and types check
(`pyproject.toml`). Read `docs/architecture.md` for the reasons.
"""

import ast
import itertools
import pathlib
import re
import subprocess
import sys

from absl.testing import absltest

import kickstarting
from tools import make_build

_ROOT = pathlib.Path(__file__).parents[1]
_PACKAGE = pathlib.Path(kickstarting.__file__).parent
_FOLDERS = ('.ci', 'benchmarks', 'docs', 'experiments', 'kickstarting_test',
            'tools')
_HEADER = '# Copyright 2026 The kickstarting Authors.\n#\n# Licensed under the'

# Who may import whom inside the library; a room may always import itself,
# `types` and `checks`; `files` as well unless it is pure. The public names,
# kickstarting/__init__.py, and the commands stand above all rooms.
_MAY_IMPORT = {
    'types': (),
    'checks': (),
    'files': (),
    'archives': (),
    'inputs': (),
    'products': ('inputs',),
    'distributions': ('inputs',),
    'losses': ('distributions', 'inputs', 'products'),
    'weights': ('losses',),
    'pbt': (),
    'networks': ('losses',),
    'watcher': (),
    'children': ('watcher',),
    'environments': ('children', 'options'),
    'agent': ('networks', 'return_scale'),
    'teachers': ('agent', 'archives', 'distributions', 'environments', 'losses',
                 'networks', 'return_scale'),
    'minibatches': (),
    'return_scale': (),
    'options': (),
    'update_config': ('losses', 'options'),
    'update': ('agent', 'losses', 'minibatches', 'return_scale',
               'update_config'),
    'runtime': ('agent', 'distributions', 'environments', 'losses', 'networks',
                'options', 'teachers', 'update', 'update_config', 'weights'),
    'populations': ('agent', 'environments', 'losses', 'networks', 'pbt',
                    'runtime', 'teachers', 'update', 'weights'),
    'teaching': ('environments', 'networks', 'teachers', 'weights'),
    'playing': ('agent', 'environments', 'populations', 'runtime', 'teachers'),
    'drawing': (),
    'figures': ('drawing', 'runtime'),
    'run_folder': ('runtime',),
    'recorder': ('runtime',),
    'population_run': ('description', 'environments', 'evolution', 'networks',
                       'population_figures', 'populations', 'recorder',
                       'run_folder', 'runs', 'runtime', 'teachers',
                       'training'),
    'erring': ('environments', 'losses', 'runtime', 'teachers', 'teaching',
               'update_config'),
    'named_networks': ('environments', 'networks', 'teachers'),
    'description': ('environments', 'erring', 'named_networks', 'networks',
                    'playing', 'problems', 'runs', 'runtime', 'teachers',
                    'teaching', 'update_config', 'weights'),
    'mixtures': ('agent', 'description', 'environments', 'networks', 'pbt',
                 'playing', 'populations', 'runs', 'runtime', 'teachers',
                 'teaching', 'weights'),
    'population_figures': ('drawing', 'figures', 'pbt', 'runtime'),
    'evolution': ('description', 'environments', 'pbt', 'playing',
                  'population_figures', 'populations', 'runtime'),
    'watching': ('agent', 'environments', 'named_networks', 'networks',
                 'playing', 'teachers'),
    'training': ('agent', 'description', 'environments', 'figures',
                 'named_networks', 'networks', 'playing', 'recorder',
                 'run_folder', 'runs', 'runtime', 'teachers'),
    'problems': ('agent', 'environments', 'losses', 'networks', 'playing',
                 'return_scale', 'runtime', 'teachers', 'teaching',
                 'update_config', 'weights'),
    'runs': ('agent', 'environments', 'losses', 'networks', 'runtime',
             'teachers', 'update_config'),
    '__main__': ('commands',),
}
_PURE = ('distributions', 'losses', 'weights', 'pbt')
_IMPURE_IMPORTS = (
    'asyncio', 'concurrent', 'haiku', 'io', 'multiprocessing', 'orbax', 'os',
    'pathlib', 'queue', 'random', 'shutil', 'tempfile', 'threading', 'time')
_THREADS = ('concurrent', 'multiprocessing', 'queue', 'threading')
_PICKLES = ('cloudpickle', 'dill', 'joblib', 'marshal', 'pickle', 'shelve')


def _files() -> dict[str, pathlib.Path]:
  """Returns path from the root -> file, for all that the project tracks."""
  files = {
      path.relative_to(_PACKAGE.parent).as_posix(): path
      for path in _PACKAGE.rglob('*')
  }
  rest = itertools.chain(
      _ROOT.glob('*'), *((_ROOT / folder).rglob('*') for folder in _FOLDERS))
  files.update((path.relative_to(_ROOT).as_posix(), path) for path in rest)
  return {
      name: path
      for name, path in sorted(files.items())
      if path.is_file() and '__pycache__' not in path.parts
  }


_FILES = _files()
_SOURCES = {
    name: path.read_text('utf-8')
    for name, path in _FILES.items()
    if name.endswith('.py')
}
_MODULES = [name for name in _SOURCES if name.startswith('kickstarting/')]


def _room(path: str) -> str:
  """Returns the room of a module: kickstarting/<room>.py or .../<room>/."""
  return path.split('/')[1].removesuffix('.py')


def _imports(path: str) -> set[str]:
  """Returns all that a module imports, `from a import b` as `a.b`."""
  names: set[str] = set()
  for node in ast.walk(ast.parse(_SOURCES[path])):
    if isinstance(node, ast.Import):
      names.update(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
      names.update(f'{node.module}.{alias.name}' for alias in node.names)
  return names


class SourcesTest(absltest.TestCase):

  def test_licence_header(self):
    self.assertEmpty([
        path for path, text in _SOURCES.items() if not text.startswith(_HEADER)
    ])

  def test_module_docstring(self):
    self.assertEmpty([
        path for path, text in _SOURCES.items()
        if not ast.get_docstring(ast.parse(text))
    ])

  def test_every_module_has_a_test_in_the_same_place(self):
    tests = {
        path: f'kickstarting_test/{path[len("kickstarting/"):-3]}_test.py'
        for path in _MODULES
        if not path.endswith('__.py')
    }
    self.assertEmpty([
        f'{path} lacks {test}'
        for path, test in tests.items()
        if test not in _SOURCES
    ])

  def test_no_module_is_called_like_a_top_level_package(self):
    # A test that is run as a script would find it in the package's place.
    self.assertEmpty([
        path for path in _SOURCES
        if '/' in path
        and pathlib.PurePath(path).stem in ('kickstarting', *_FOLDERS)
    ])

  def test_folders_of_modules_are_packages(self):
    folders = {path.rpartition('/')[0] for path in _MODULES}
    self.assertContainsSubset({f'{f}/__init__.py' for f in folders}, _MODULES)

  def test_no_paths_of_a_machine(self):
    pattern = re.compile(rb'(^|[^a-zA-Z0-9_.])/(work|farm|root|home|tmp)/')
    self.assertEmpty([
        f'{name}:{number}'
        for name, path in _FILES.items()
        if path.suffix not in ('.npz', '.pdf', '.png')
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if pattern.search(line)
    ])


class ImportWallsTest(absltest.TestCase):

  def _assert_no_imports(self, paths, forbidden, allowed=()):
    self.assertEmpty([
        f'{path} imports {name}'
        for path in paths
        for name in sorted(_imports(path).difference(allowed))
        if name.split('.')[0] in forbidden
    ])

  def test_library_imports_only_the_library(self):
    self._assert_no_imports(_MODULES, _FOLDERS)

  def test_pure_rooms_touch_nothing(self):
    self._assert_no_imports(
        [path for path in _MODULES if _room(path) in _PURE], _IMPURE_IMPORTS)

  def test_threads_live_in_the_runtime(self):
    self._assert_no_imports(
        [path for path in _MODULES
         if _room(path) not in (
             'children', 'commands', 'populations', 'runtime')],
        _THREADS, allowed=['multiprocessing.connection'])  # starts nothing

  def test_rooms_are_imported_in_one_direction(self):
    wrong = []
    for path in _MODULES:
      room = _room(path)
      if path == 'kickstarting/__init__.py' or room == 'commands':
        continue  # they stand above all rooms
      self.assertIn(room, _MAY_IMPORT, 'a new room needs its row')
      allowed = ('types', 'checks', room, *_MAY_IMPORT[room])
      if room not in _PURE:
        allowed += ('files',)
      wrong += [
          f'{path} imports {name}'
          for name in sorted(_imports(path))
          if name.split('.')[0] == 'kickstarting'
          and name.split('.')[1] not in allowed
      ]
    self.assertEmpty(wrong)

  def test_no_pickle(self):
    self._assert_no_imports(_SOURCES, _PICKLES)
    self.assertEmpty([
        f'{path}:{node.value.lineno}'
        for path, text in _SOURCES.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.keyword)
        and node.arg == 'allow_pickle'
        and ast.unparse(node.value) != 'False'
    ])


  def test_importing_a_loss_loads_the_loss_core_alone(self):
    code = 'import sys, kickstarting; kickstarting.vtrace; print(*sys.modules)'
    modules = subprocess.run(
        [sys.executable, '-c', code], check=True, capture_output=True, text=True
    ).stdout.split()
    self.assertNoCommonElements(
        {name.split('.')[0] for name in modules},
        ('envpool', 'gymnasium', 'haiku', 'matplotlib', 'optax', 'orbax'))


  def test_importing_the_package_loads_nothing_that_takes_long(self):
    for module in ('kickstarting', 'kickstarting.commands.entry',
                   'kickstarting.commands.stopping'):
      code = f'import sys, {module}; print(*sys.modules)'
      modules = subprocess.run(
          [sys.executable, '-c', code], check=True, capture_output=True,
          text=True).stdout.split()
      self.assertNoCommonElements(modules, ('absl', 'jax', 'numpy'), module)

  def test_flags_are_read_by_commands_alone(self):
    wrong = [
        f'{path} imports {name}' for path in _SOURCES
        if path.startswith('kickstarting/')
        and not path.startswith('kickstarting/commands/')
        for name in _imports(path) if name in ('absl.flags', 'absl.app')]
    self.assertEmpty(wrong)


class BuildTest(absltest.TestCase):

  def test_build_is_up_to_date(self):
    sources = {
        name: text for name, text in _SOURCES.items()
        if name.startswith(tuple(f'{f}/' for f in make_build.FOLDERS))
    }
    expected = make_build.render(sources, _FILES)
    self.assertEqual(
        (_ROOT / 'BUILD').read_text('utf-8'),
        expected,
        'run: python tools/make_build.py',
    )

  def test_versions_agree(self):
    module = (_ROOT / 'MODULE.bazel').read_text('utf-8')
    changelog = (_ROOT / 'CHANGELOG.md').read_text('utf-8')
    self.assertIn(f'version = "{kickstarting.__version__}"', module)
    self.assertIn(f'## {kickstarting.__version__}', changelog)

  def test_oldest_requirements_are_the_lower_bounds(self):
    def lines(name):
      text = (_ROOT / name).read_text('utf-8')
      return [line for line in text.splitlines() if not line.startswith('#')]

    self.assertEqual(
        [line.replace('>=', '==')
         for name in ('requirements.txt', 'requirements-envs.txt')
         for line in lines(name)],
        lines('requirements-oldest.txt'),
    )


class PublicNamesTest(absltest.TestCase):

  def test_all_is_sorted_and_exists(self):
    self.assertEqual(kickstarting.__all__, sorted(kickstarting.__all__))
    self.assertContainsSubset(kickstarting.__all__, dir(kickstarting))

  def test_public_names_are_documented(self):
    undocumented = []
    for name in kickstarting.__all__:
      value = getattr(kickstarting, name)
      # A record without a docstring gets its signature for one.
      if callable(value) and re.match(rf'{name}\(|$', value.__doc__ or ''):
        undocumented.append(name)
    self.assertEmpty(undocumented)


if __name__ == '__main__':
  absltest.main()
