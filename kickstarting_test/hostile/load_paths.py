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
"""Everything that reads a file from outside, and what a valid one looks like.

Here: `LOAD_PATHS`, `cases`. Not here: what is put in the place of a valid file
(`kinds.py`), flags (`flag_cases.py`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
import dataclasses
import functools
import json
import pathlib
import shutil
import types as python_types
from typing import Any

from absl import flags
from absl.testing import flagsaver
import jax
import numpy as np

from experiments import csv_files
from experiments import mixture_figures
from experiments.distilling_policy_distillation import laboratory
from kickstarting import agent as agent_lib
from kickstarting import description
from kickstarting import figures
from kickstarting import files
from kickstarting import teaching
from kickstarting import types
from kickstarting.commands import resuming
from kickstarting.commands import run_files
from kickstarting.commands import run_flags
from kickstarting.environments import suites
from kickstarting.environments import targets
from kickstarting.networks import build
from kickstarting.populations import generations
from kickstarting.runtime import checkpoint
from kickstarting.runtime import exchange
from kickstarting.runtime import logger
from kickstarting.runtime import training
from kickstarting.teachers import policy_file
from kickstarting.teachers import teacher as teacher_lib
from kickstarting.teachers import zoo
from kickstarting_test.hostile import kinds
from kickstarting_test.hostile import limits


@dataclasses.dataclass(frozen=True)
class LoadPath:
  """One way into the library.

  Attributes:
    where: what errors name, where that is not the file itself.
    prepare: writes what is valid into an empty folder.
    targets: files in it that are changed, one at a time.
    load: reads it; raises a UserError, or is right.
    families: of changes.
    is_right: names of changes after which it may be right; all others are to be
      refused.
    more: changes of its own.
  """

  prepare: Callable[[pathlib.Path], None]
  targets: Callable[[pathlib.Path], Sequence[str]]
  load: Callable[[pathlib.Path], Any]
  families: Sequence[Mapping[str, kinds.Change]] = (kinds.ANY,)
  is_right: Callable[[str], bool] = lambda name: False
  more: Callable[[pathlib.Path], Iterator[tuple[str, kinds.Change]]] = (
      lambda folder: iter(()))
  where: str = ''


def cases(name: str, template: pathlib.Path) -> list[limits.Case]:
  """Returns the cases of a load path, whose valid files go into `template`."""
  if not flags.FLAGS.is_parsed():
    flags.FLAGS(['hostile'])
  path = LOAD_PATHS[name]
  path.prepare(template)
  path.load(template)  # what is valid is right
  shutil.rmtree(template)
  template.mkdir()
  path.prepare(template)
  found = []
  for target in path.targets(template):
    families = [pair for family in path.families for pair in family.items()]
    for label, change in (*families, *path.more(template / target)):
      found.append(limits.Case(
          name, f'{target}: {label}',
          functools.partial(_run, path, template, target, change),
          (path.where or pathlib.Path(target).name,),
          path.is_right(f'{target}: {label}'), '=' in label))
  return found


def _run(path, template, target, change, folder) -> None:
  """Changes a file among valid ones, and reads them."""
  shutil.copytree(template, folder, symlinks=True, dirs_exist_ok=True)
  change(folder / target)
  path.load(folder)


_NETWORK = build.NetworkConfig(
    'flat', 4, reads_previous=False, reads_instruction=False,
    observation_keys=('x',))
_TASK = 'DoorKey-8x8'


def _policy() -> policy_file.Policy:
  spec = {'x': types.ArraySpec((3,), np.dtype(np.float32))}
  agent = agent_lib.make_agent(_NETWORK, spec, 7)
  shapes = jax.eval_shape(agent.init, jax.random.key(0))
  return policy_file.Policy(
      network=_NETWORK,
      params=jax.tree.map(lambda x: np.ones(x.shape, np.float32), shapes),
      num_actions=7, observation=spec, max_words=1, tasks=(_TASK,),
      info={'frames': 10, 'method': 'kickstarting', 'has_value': True})


def _save_policy(folder: pathlib.Path) -> None:
  policy_file.save_policy(folder / 'policy.npz', _policy())


def _load_policy(folder: pathlib.Path) -> None:
  policy = policy_file.load_policy(folder / 'policy.npz')
  teacher_lib.from_policy('a', policy)
  for x in jax.tree.leaves(policy.params):
    assert np.isfinite(x).all()


def _of_metadata(path: pathlib.Path) -> Iterator[tuple[str, kinds.Change]]:
  """Yields changes of the JSON in a policy file."""
  with np.load(path) as saved:
    valid = json.loads(str(saved['metadata']))

  def inside(change: kinds.Change) -> kinds.Change:
    def apply(path: pathlib.Path) -> None:
      with np.load(path) as saved:
        arrays = dict(saved)
      text = path.with_name('metadata.json')
      text.write_text(str(arrays['metadata']))
      change(text)
      content = text.read_text()
      text.unlink()
      np.savez(path, **{**arrays, 'metadata': np.asarray(content)})
    return apply

  for name, change in {**kinds.JSON, **dict(kinds.of_json(valid))}.items():
    yield f'metadata {name}', inside(change)


def _save_experts(folder: pathlib.Path) -> None:
  source = folder / 'source.npz'
  policy_file.save_policy(source, _policy())
  zoo.add_expert(
      source, _TASK,
      {'lineage': {_TASK: 3, 'School': 4}, 'score': 1.0},
      folder)
  source.unlink()


def _load_experts(folder: pathlib.Path) -> None:
  zoo.manifest(folder)
  zoo.training_frames([_TASK], folder)
  [expert] = zoo.load_experts([_TASK], folder)
  assert expert.name == _TASK


_STATE = {'params': {'w': np.arange(6.0).reshape(2, 3), 'b': np.zeros(3)},
          'count': np.asarray(3), 'none': np.zeros((0, 2))}


def _save_checkpoint(folder: pathlib.Path) -> None:
  checkpointer = checkpoint.Checkpointer(folder / 'checkpoints')
  checkpointer.save(10, _STATE, {'network': {'torso': 'flat'}, 'frames': 10})
  checkpointer.close()


def _load_checkpoint(folder: pathlib.Path) -> None:
  checkpointer = checkpoint.Checkpointer(folder / 'checkpoints')
  try:
    state, _ = checkpointer.restore(_STATE, {'torso': 'flat'})
  finally:
    checkpointer.close()
  jax.tree.map(np.testing.assert_array_equal, state, _STATE)


def _files_of_checkpoint(folder: pathlib.Path) -> list[str]:
  found = [path for path in sorted(folder.rglob('*')) if path.is_file()]
  of_data = [path for path in found if '/d/' in str(path)]
  return ['checkpoints', 'checkpoints/10', *(
      str(path.relative_to(folder)) for path in found
      if path not in of_data[1:])]


def _of_checkpoint(path: pathlib.Path) -> Iterator[tuple[str, kinds.Change]]:
  if path.name == 'metadata':
    yield from kinds.of_json(json.loads(path.read_text()))
  if path.name == 'checkpoints':
    for name in ('9' * 23, '010', '٣', '11'):
      yield f'a folder called {name}', (
          lambda path, name=name: (path / name).mkdir())
    yield 'a file called 11', lambda path: (path / '11').write_bytes(b'x')


def _write_config(folder: pathlib.Path) -> None:
  files.write_json(folder / 'config.json', {
      'program': 'train', 'command': 'python', 'git_revision': None,
      'flags': {name: value for name, value in run_flags.own_flags().items()
                if name not in resuming.MAY_DIFFER}})


def _adopt(folder: pathlib.Path) -> None:
  with flagsaver.flagsaver():
    resuming.adopt(folder, 'train')


def _load_result(folder: pathlib.Path) -> None:
  run_files.ended(folder, evaluation_score=float, tasks=dict)


_RECORD = {
    'frames': 10, 'score': 3.0, 'score_cap': 100.0, 'entropy': 1.0,
    'frames_per_second': 9.0, 'task_score': {'a': 1.0}, 'lambda': {'b': 0.5},
    'transfer': 0.1, 'mixing': {'0': 0.5}, 'member_score': {'0': 1.0},
    'best_member': 0, 'score_median': 1.0, 'score_top3': 1.0}


def _write_records(folder: pathlib.Path) -> None:
  files.write_text(folder / logger.RECORDS, ''.join(
      json.dumps(_RECORD | {'frames': frames}) + '\n'
      for frames in (10, 20, 30)))


def _load_records(folder: pathlib.Path) -> None:
  logger.read_records(folder, ('score', 'task_score'), must_exist=True)
  frames, scores = figures.curve(folder)
  assert frames.dtype == scores.dtype == np.float64
  frames, shares = mixture_figures.mixing_curve(folder)
  assert frames.dtype == shares.dtype == np.float64
  logger.RunLogger(folder, total_frames=30, resume_frames=20).close()


def _of_line(path: pathlib.Path) -> Iterator[tuple[str, kinds.Change]]:
  line = path.read_text().splitlines()[0]
  yield from kinds.of_json(json.loads(line))
  for i, text in enumerate(('', '[]', 'null', '{"frames"', '\0', '{}', '3')):
    yield f'line 2 is {i}', lambda path, text=text: path.write_text(
        f'{line}\n{text}\n{line}\n')


def _write_schedule(folder: pathlib.Path) -> None:
  points = {'frames': [0, 10], 'values': [0.5, 0.25]}
  files.write_json(folder / 'schedule.json', {
      'alpha': points, 'rho': {'frames': [0, 10], 'values': [[1.0], [2.0]]},
      **dict.fromkeys(training.LEARNER_HYPERS, points)})


def _load_schedule(folder: pathlib.Path) -> None:
  path = folder / 'schedule.json'
  suite = suites.get_suite('minigrid8')
  described = description.describe(suite, learner_schedule=str(path))
  for schedule in described.schedules.values():
    assert np.isfinite(schedule(5))
  try:
    teaching.load_teachers([], suite, f'replay:{path}', 1000)
  except ValueError as error:
    if 'rho has 1 factors but there are 0' not in str(error):
      raise


def _write_exchanged(folder: pathlib.Path) -> None:
  files.write_json(folder / 'message.json', {'frames': 1})
  files.write_json(folder / 'alive', 17)
  files.write_json(folder / 'lock', {
      'pid': 1, 'host': 'here', 'command': 'python'})


def _load_exchanged(folder: pathlib.Path) -> None:
  exchange.wait_for(folder / 'message.json', lambda: False)
  exchange.Pulse(folder / 'alive', 1e9).check()
  exchange.check_free(folder / 'lock')
  lock = exchange.Lock(folder / 'lock')
  assert lock.try_acquire()
  lock.release()


def _write_generations(folder: pathlib.Path) -> None:
  there = generations.Files(folder)
  record = {'step': 0, 'member': 0, 'parent': 0, 'rescued': False, 'frames': 0,
            'parent_frames': 0, 'score': None, 'hypers': {'alpha': 1.0},
            'old_hypers': {'alpha': 1.0}}
  for generation in (0, 1):
    files.write_json(there.orders(generation), {
        'generation': generation, 'parents': [0, 1], 'records': [record],
        'population': {
            'hypers': {'alpha': [1.0, 2.0]}, 'frames': [1, 2],
            'returns': [[0.5], [float('nan')]], 'num_episodes': [1, 2],
            'lineage': {'ready_frames': [0, 0], 'ready_episodes': [0, 0]}}})
  files.write_json(there.report(0, 1), {
      'frames': 10, 'returns': [1.0, 2.0], 'failed': False, 'rejoined': None,
      'has_checkpoint': False})


def _load_generations(folder: pathlib.Path) -> None:
  there = generations.Files(folder)
  newest = there.newest_generation()
  assert newest is not None
  generations.lineage(folder)
  generations.from_json(there.read_orders(newest)['population'])
  there.read_report(0, 1)
  generations.saved_frames(folder, 0)


def _write_table(folder: pathlib.Path) -> None:
  csv_files.write(folder / 'table.csv', [
      {'name': 'a', 'random_return': '1', 'random_episodes': '2'}] * 3)


def _of_table(path: pathlib.Path) -> Iterator[tuple[str, kinds.Change]]:
  text = path.read_text()
  for i, other in enumerate((
      'name\na\n', text + 'a,b\n', text + 'a,b,c,d\n', text + '"a', ',' * 10**5,
      text.replace('name', 'nom'), text + '\0\0\0\n', 'x' * 200_000 + text)):
    yield f'other {i}', lambda path, other=other: path.write_text(other)


def _curve() -> laboratory.Curve:
  group = python_types.SimpleNamespace(name='group')
  chunk = laboratory.Chunk(group, 0, 4)  # type: ignore[arg-type]
  return laboratory.Curve(chunk, 'curve')


def _write_curve(folder: pathlib.Path) -> None:
  _curve().save(
      folder, values=np.ones((3, 4, 2)), teacher=np.ones((1, 4, 2)),
      seconds=2.0)


def _load_curve(folder: pathlib.Path) -> None:
  found = _curve().load(folder)
  assert found['values'].shape[1:] == (4, 2)
  assert np.isfinite(float(found['seconds']))


_MODULE = '''
from kickstarting.environments import suites
from kickstarting.environments.suites import own
from kickstarting.environments import worker_process
def make(seed): pass
SUITE = own.of_builders('mine', {'a': worker_process.Builder('x:y')})
'''


def _write_module(folder: pathlib.Path) -> None:
  (folder / 'mine.py').write_text(_MODULE)


def _load_module(folder: pathlib.Path) -> None:
  assert callable(targets.resolve(f'{folder / "mine.py"}:make'))
  suites.get_suite(str(folder / 'mine.py'))


def _of_module(path: pathlib.Path) -> Iterator[tuple[str, kinds.Change]]:
  for i, text in enumerate((
      'def make(:', '(' * 300 + ')' * 300, 'x = "', '\tx\n y', 'make = 3',
      _MODULE + 'SUITE = 3', _MODULE + 'make = None')):
    yield f'other {i}', lambda path, text=text: path.write_text(text)


def _one(*names: str) -> Callable[[pathlib.Path], Sequence[str]]:
  return lambda folder: names


def _of_file(path: pathlib.Path) -> Iterator[tuple[str, kinds.Change]]:
  return kinds.of_json(json.loads(path.read_text()))


def _ends(*ends: str) -> Callable[[str], bool]:
  return lambda name: name.endswith(ends)


_VALUES = lambda name: '=' in name  # some other values are as good
LOAD_PATHS: Mapping[str, LoadPath] = python_types.MappingProxyType({
    'policy': LoadPath(
        _save_policy, _one('policy.npz'), _load_policy,
        (kinds.ANY, kinds.ARCHIVES),
        lambda name: _VALUES(name) or name.endswith((
            'half_a_character', 'bytes_before', 'bytes_behind', 'is missing')),
        _of_metadata),
    'experts': LoadPath(
        _save_experts, _one('manifest.json', f'{_TASK}.npz'), _load_experts,
        (kinds.ANY, kinds.JSON),
        lambda name: _VALUES(name) or name.endswith((
            'score is missing', f'lineage.{_TASK} is missing',
            'lineage.School is missing')),  # runs may have any names
        lambda path: _of_file(path) if path.suffix == '.json' else iter(())),
    'checkpoint': LoadPath(
        _save_checkpoint, _files_of_checkpoint, _load_checkpoint, (kinds.ANY,),
        lambda name: _VALUES(name) or 'metadata/metadata' not in name or (
            'is missing' in name),
        _of_checkpoint, where='checkpoints'),
    'config': LoadPath(
        _write_config, _one('config.json'), _adopt, (kinds.ANY, kinds.JSON),
        lambda name: _VALUES(name) or _ends(
            'git_revision is missing', 'command is missing')(name),
        _of_file),
    'result': LoadPath(
        lambda folder: files.write_json(folder / 'result.json', {
            'ended': 'finished', 'evaluation_score': 1.5, 'tasks': {'a': 1}}),
        _one('result.json'), _load_result, (kinds.ANY, kinds.JSON),
        lambda name: _VALUES(name) or name.endswith('tasks.a is missing'),
        _of_file),
    'records': LoadPath(
        _write_records, _one(logger.RECORDS), _load_records,
        (kinds.ANY, kinds.JSON),
        lambda name: _VALUES(name) or 'is missing' in name or _ends(
            'half', 'without_its_last_bytes')(name),
        _of_line),
    'schedule': LoadPath(
        _write_schedule, _one('schedule.json'), _load_schedule,
        (kinds.ANY, kinds.JSON), _VALUES, _of_file),
    'exchanged': LoadPath(
        _write_exchanged, _one('message.json', 'alive', 'lock'),
        _load_exchanged, (kinds.ANY, kinds.JSON),
        lambda name: name.startswith('lock') or _VALUES(name) or _ends(
            'object', 'name_twice', 'half_a_character', 'half', 'number',
            'endless', 'not_a_number', 'is missing')(name),
        _of_file),
    'generations': LoadPath(
        _write_generations,
        _one('generations/0001.json', 'members/0/reports/0001.json'),
        _load_generations, (kinds.ANY, kinds.JSON),
        lambda name: _VALUES(name) or 'old_hypers' in name or _ends(
            'alpha is missing', '.0 is missing', 'bytes_changed')(name),
        _of_file),
    'table': LoadPath(
        _write_table, _one('table.csv'), lambda folder: csv_files.read(
            folder / 'table.csv', ('name', 'random_return')),
        (kinds.ANY,), _ends('half', 'last_bytes', 'byte_changed', 'other 6'),
        _of_table),
    'curve': LoadPath(
        _write_curve, _one('curves/group-0-curve.npz'), _load_curve,
        (kinds.ANY, kinds.ARCHIVES),
        _ends('bytes_before', 'bytes_behind', 'not_a_number',
              'endless_numbers')),
    'module': LoadPath(
        _write_module, _one('mine.py'), _load_module,
        ({name: change for name, change in kinds.ANY.items()
          if name != 'long_line'},),  # it is Python
        more=_of_module),
})
