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
"""Kickstarts a population whose teacher weights evolve.

  python -m experiments.pbt                      # minigrid8, shipped experts
  python -m experiments.pbt --population=16 --preset=impala
  python -m experiments.pbt --weighting=per_teacher

Population Based Training moves the learning rate, the entropy cost and the
weights of the teachers; all members learn as one program on one device.
`--frames` are those of each member. Beside curves and checkpoints the folder
gets the lineage (`lineage.jsonl`), the hyper-parameters over the life of the
best member's weights (`schedule.json`) and its policy. Not here: the rules of
the presets (`kickstarting/pbt/rules.py`).
"""

import functools
import json

from absl import flags
import numpy as np

from experiments import build
from experiments import cli
from experiments import population_figures
from experiments import shared_flags
from experiments import workdir as workdir_lib
from kickstarting import pbt
from kickstarting import update as update_lib
from kickstarting.networks import build as networks
from kickstarting.populations import training as population_training
from kickstarting.runtime import training_config

flags.adopt_module_key_flags(shared_flags)
_POPULATION = flags.DEFINE_integer(
    'population', 8, 'Members.', lower_bound=1)
_PRESET = flags.DEFINE_enum(
    'preset', 'kickstarting', list(pbt.PRESETS), 'Paper whose rules are taken.')
_READY_FRAMES = flags.DEFINE_integer(
    'ready_frames', 100_000, 'Frames of a member between two decisions, in '
    'place of the paper\'s; 0 leaves the paper\'s.', lower_bound=0)
_BURN_IN_FRAMES = flags.DEFINE_integer(
    'burn_in_frames', 200_000, 'Frames of a member before its first decision, '
    'in place of the paper\'s.', lower_bound=0)
_WINDOW = flags.DEFINE_integer(
    'returns', 5, 'Last rounds of the suite that are compared.', lower_bound=1)
_WEIGHTING = flags.DEFINE_enum(
    'weighting', 'shared', ['shared', 'per_teacher', 'none'],
    'shared: one weight for all teachers (alpha); per_teacher: a factor of its '
    'own for each as well (rho); none: the weight stays 1.')

flags.FLAGS.set_default('teachers', ['zoo'])


def _rules() -> pbt.Rules:
  rules = pbt.with_intervals(
      pbt.get_preset(_PRESET.value), every=_READY_FRAMES.value or None,
      burn_in=_BURN_IN_FRAMES.value, window=_WINDOW.value)
  fixed = {
      'shared': {'rho'}, 'per_teacher': set(), 'none': {'alpha', 'rho'},
  }[_WEIGHTING.value]
  return pbt.without(rules, fixed)


def main(argv):
  del argv
  folder = workdir_lib.choose('pbt')
  suite = build.suite_from_flags()
  network = networks.get_network(shared_flags.NETWORK.value)
  config = shared_flags.config_from_flags(training_config.TrainingConfig)
  update = shared_flags.config_from_flags(update_lib.UpdateConfig)
  teaching = build.load_teachers(
      shared_flags.TEACHERS.value, suite, 'constant:1', config.frames)
  population = population_training.PopulationConfig(
      _rules(), _POPULATION.value)
  problem = build.make_problem(
      suite, network, update, config, teaching, population.num_members)
  workdir_lib.begin(folder, 'pbt')
  stop = workdir_lib.StopRequest()
  print(f'{suite.name}: {len(suite.tasks)} tasks, {len(teaching.teachers)}'
        f' teachers, {population.num_members} members of'
        f' {config.frames / 1e6:.2f} M frames; results in {folder}', flush=True)
  outcome = build.run(
      problem, config, folder, resume=shared_flags.RESUME.value,
      should_stop=stop, train=functools.partial(
          population_training.train, population=population))
  best = int(outcome.scores.argmax())
  segments = pbt.ancestry(outcome.records, best, outcome.frames)
  schedule = {
      name: dict(zip(('frames', 'values'), pbt.schedule(segments, name)))
      for name in outcome.hypers
  }
  (folder / 'schedule.json').write_text(json.dumps(schedule, indent=2) + '\n')
  (folder / 'lineage.jsonl').write_text(
      ''.join(json.dumps(record) + '\n' for record in outcome.records))
  build.export(
      folder / 'policy.npz', network, suite,
      population_training.member(outcome.params, best),
      {'frames': outcome.frames, 'seed': config.seed})
  teachers = problem.teacher_names
  pictures = {
      'score': population_figures.draw_scores(folder / 'score', folder),
      'lambda': population_figures.draw_lambdas(
          folder / 'lambda', segments, teachers),
      'lineage': population_figures.draw_lineage(
          folder / 'lineage', outcome.records, outcome.frames, best),
  }
  weight = lambda segment: float(
      segment.hypers['alpha'] * np.mean(segment.hypers['rho'] or [0.0]))
  workdir_lib.finish(folder, {
      'ended': outcome.ended,
      'score': float(outcome.scores[best]),
      'score_top3': float(np.sort(outcome.scores)[-3:].mean()),
      'scores': outcome.scores.tolist(),
      'best_member': best,
      'lambda_start': weight(segments[0]),
      'lambda_end': weight(segments[-1]),
      'copies': sum(r['parent'] != r['member'] for r in outcome.records),
      'frames': outcome.frames * population.num_members,
      'frames_per_member': outcome.frames,
      'frames_per_second': outcome.frames_per_second,
      'seconds': outcome.seconds,
      'workdir': str(folder),
      'figure': str(pictures['score']),
      'figures': {name: str(path) for name, path in pictures.items()},
  })


if __name__ == '__main__':
  cli.run(main)
