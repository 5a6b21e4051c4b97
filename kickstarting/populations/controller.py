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
"""The controller of a population of processes.

Here: `Controller`, which turns reports into orders by `pbt.step`. Not here: the
files (`generations.py`, read it first), the members (`member.py`).
"""

from collections.abc import Callable, Mapping, Sequence
import functools
import pathlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kickstarting import files as files_lib
from kickstarting import pbt
from kickstarting.populations import evolving
from kickstarting.populations import generations
from kickstarting.runtime import checkpoint as checkpoint_lib
from kickstarting.runtime import exchange
from kickstarting.runtime import loop
from kickstarting.runtime import threads
from kickstarting.runtime import training
from kickstarting.runtime import training_config


class Controller:
  """Turns the reports of a generation into the orders of the next.

  Everything that it knows is in files: one that is killed is started again.
  """

  def __init__(
      self,
      problem: training.Problem,
      config: training_config.TrainingConfig,
      rules: pbt.Rules,
      num_members: int,
      folder: pathlib.Path,
  ):
    """Writes the first orders unless there are some.

    Raises:
      ValueError: the rules name what is no hyper-parameter of the learner, do
        not count frames, or cannot do anything; see `evolving.fit_rules` and
        `generations.check_rules`.
    """
    rules = evolving.fit_rules(problem, config, rules, num_members)
    generations.check_rules(rules, config, num_members)
    self._files = generations.Files(folder)
    self._pulse = exchange.Pulse(self._files.pulse, generations.PULSE_TIMEOUT_S)
    self._pulse.beat()
    self._problem = problem
    self._rules = rules
    self._num_members = num_members
    population, self._key = evolving.first_population(
        problem, config, rules, num_members)
    self._like = generations.published_like(problem, config)
    self._num_generations = (config.frames - 1) // rules.ready.every
    if self._files.newest_generation() is None:
      self._write(0, pbt.absolute(population, 0), pbt.first_records(population),
                  list(range(num_members)))

  def run(
      self,
      should_stop: Callable[[], bool],
      supervise: Callable[[], None] = lambda: None,
      on_generation: Callable[[int, Mapping[str, Any]], None] = (
          lambda generation, orders: None),
      are_finished: Callable[[], bool] = lambda: False,
  ) -> None:
    """Serves every generation that is left, or until members are finished.

    Args:
      should_stop: polled while waiting; True ends the run.
      supervise: called now and then; starts members again that died.
      on_generation: called with each generation and its new orders.
      are_finished: whether no report comes any more. An update of more frames
        than a generation, or than the last one, leaves generations out.

    Raises:
      threads.Stopped: `should_stop` said so.
      loop.TrainingError: every member failed.
    """
    check = functools.partial(self.check, supervise)
    check()
    newest = self._files.newest_generation()
    assert newest is not None
    for generation in range(newest + 1, self._num_generations + 1):
      try:
        reports = [
            generations.check_report(path, exchange.wait_for(
                path, lambda: should_stop() or are_finished(), check))
            for path in (self._files.report(member, generation)
                         for member in range(self._num_members))]
      except threads.Stopped:
        if should_stop():
          raise
        return
      on_generation(generation, self._decide(generation, reports))

  def check(self, supervise: Callable[[], None]) -> None:
    """Says that the controller lives, and looks after the members."""
    self._pulse.beat()
    supervise()

  def _decide(
      self, generation: int, reports: Sequence[Mapping[str, Any]]
  ) -> dict[str, Any]:
    orders = self._files.read_orders(generation - 1)
    population = generations.from_json(orders['population'])
    population = pbt.add_returns(
        population, [report['returns'] for report in reports])
    for member, report in enumerate(reports):
      if report['rejoined'] not in (None, orders['parents'][member]):
        # Its weights are not those that earned its returns.
        population['returns'] = population['returns'].at[member].set(jnp.nan)
    population, base = pbt.relative(
        population | {'frames': np.array([r['frames'] for r in reports])})
    failed = np.array([
        report['failed'] or not self._is_readable(member, generation)
        for member, report in enumerate(reports)])
    if failed.all():
      raise loop.TrainingError(
          f'every member failed in generation {generation}; expected at least'
          ' one to copy from. Lower the bounds of learning_rate, or look for'
          ' extreme rewards.')
    population, events = pbt.step(
        population, jax.random.fold_in(self._key, generation), self._rules,
        failed=failed)
    records = [
        _rejoined(orders, member, report['rejoined'])
        for member, report in enumerate(reports)
        if report['rejoined'] is not None]
    records += pbt.to_records(events, generation, base)
    return self._write(
        generation, pbt.absolute(population, base), records,
        np.asarray(events.parent).tolist())

  def _is_readable(self, member: int, generation: int) -> bool:
    """Whether what a member published can be copied."""
    try:
      generations.read_published(
          self._files, member, generation, self._like, self._problem)
    except checkpoint_lib.DamagedError:
      return False
    return True

  def _write(self, generation, population, records, parents) -> dict[str, Any]:
    orders = {
        'generation': generation,
        'parents': parents,
        'records': records,
        'population': generations.to_json(population),
    }
    files_lib.write_json(self._files.orders(generation), orders)
    return orders


def _rejoined(
    orders: Mapping[str, Any], member: int, parent: int
) -> pbt.Record:
  """Returns the record of a member that lost its own weights."""
  population = orders['population']
  return {
      'step': orders['generation'],
      'member': member,
      'parent': parent,
      'rescued': True,
      'frames': population['frames'][member],
      'parent_frames': population['frames'][parent],
      'score': None,
      'hypers': {n: x[member] for n, x in population['hypers'].items()},
  }
