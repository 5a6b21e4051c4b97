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
"""Controllers and members of a tiny population, as threads.

Here: `TestCase`, whose methods run them. Not here: tests.
"""

import concurrent.futures
import dataclasses
import time

from kickstarting import pbt
from kickstarting.populations import controller as controller_lib
from kickstarting.populations import generations
from kickstarting.populations import member as member_lib
from kickstarting_test.runtime import taped
from kickstarting_test.runtime import tiny

SIZE, EVERY = 2, 4 * tiny.ROLLOUT
RULES = pbt.Rules(
    pbt.Ready(EVERY), pbt.Margin(window=1, points=0.0), {
        'learning_rate': pbt.Evolution(pbt.LogUniform(0.01, 0.1)),
        'alpha': pbt.Evolution(pbt.LogUniform(0.5, 2.0), probability=1.0)})
CONFIG = dataclasses.replace(tiny.LOCKSTEP, frames=5 * EVERY)
GENERATIONS = 4  # after the first


def make_problem(member, reward=1.0):
  """Returns a problem by which later members earn more."""
  return tiny.make_problem(make_environment=lambda block: taped.TapedBatch(
      [2 + member + block % 3, 3], task=[0, 1], words=[b'go'],
      reward=reward + member))


class TestCase(tiny.TestCase):
  """Runs controllers and members."""

  config, rules = CONFIG, RULES

  def run_member(self, i, should_stop=lambda: False, judge=None, **kwargs):
    """Runs one member to its end; returns that, and its records."""
    records = []
    ending = member_lib.train_member(
        make_problem(i, **kwargs),
        generations.member_config(self.config, self.rules, i), self.rules, i,
        self.folder,
        on_record=records.append, judge=judge, should_stop=should_stop)
    return ending, records

  def make_controller(self):
    """Makes the controller of the run in the folder, new or old."""
    return controller_lib.Controller(
        make_problem(0), self.config, self.rules, SIZE, self.folder)

  def train_all(self, members=range(SIZE), member_kwargs=None):
    """Runs controller and members to the end; returns what members return."""
    self.stop = False
    with concurrent.futures.ThreadPoolExecutor(SIZE) as pool:
      controller = self.make_controller()
      futures = [
          pool.submit(self.run_member, i, lambda: self.stop,
                      **(member_kwargs or {}).get(i, {})) for i in members]

      def supervise():
        for future in futures:
          if future.done():
            future.result()  # raises what it raised

      try:
        controller.run(
            lambda: False, supervise,
            are_finished=lambda: all(future.done() for future in futures))
      except BaseException:
        self.stop = True
        raise
      return [future.result() for future in futures]

  def train_until(self, last, until_they_wait=False):
    """Leaves a run of which so many generations have orders.

    Args:
      last: generation that has orders.
      until_they_wait: members are stopped not before they wait for the next.
    """

    def die(generation, orders):
      del orders
      if generation == last:
        raise tiny.Killed()

    stop = []
    with concurrent.futures.ThreadPoolExecutor(SIZE) as pool:
      controller = self.make_controller()
      futures = [
          pool.submit(self.run_member, i, lambda: bool(stop))
          for i in range(SIZE)]
      with self.assertRaises(tiny.Killed):
        controller.run(lambda: False, on_generation=die)
      files = generations.Files(self.folder)
      while until_they_wait and not all(
          files.report(i, last + 1).exists() for i in range(SIZE)):
        time.sleep(0.01)
      stop.append(True)
      for future in futures:
        future.result()

  def run_member_until(self, i, is_over):
    """Runs a member that is gone, unsaved, once `is_over`."""

    def on_record(record):
      del record
      if is_over():
        raise tiny.Killed()

    return member_lib.train_member(
        make_problem(i),
        generations.member_config(self.config, self.rules, i), self.rules, i,
        self.folder, on_record=on_record)
