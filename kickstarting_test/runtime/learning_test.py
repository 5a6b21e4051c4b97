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
"""Does an agent learn? Slow: it trains a network for a while."""

from absl.testing import absltest
import jax
import pytest

from kickstarting import agent as agent_lib
from kickstarting import update_config
from kickstarting.environments import python_batch
from kickstarting.environments import scores
from kickstarting.networks import build
from kickstarting.runtime import training
from kickstarting.runtime import training_config
from kickstarting.weights import controllers
from kickstarting_test.environments import fakes

jax.config.update('jax_numpy_rank_promotion', 'raise')


@pytest.mark.slow
class LearningTest(absltest.TestCase):

  def test_catch_is_learnt(self):
    # A random player of this Catch scores 0, a perfect one 100. Eight runs of
    # four seeds, lockstep and threaded, ended between 76 and 100.
    def make_environment(block):
      return python_batch.task_batch(
          {'catch': lambda seed: fakes.Catch(seed, rows=4, columns=3)}, 16,
          seed=2, actor_id=block)

    spec = make_environment(0).spec
    network = build.NetworkConfig('flat', 16, False, False)
    problem = training.Problem(
        agent=agent_lib.make_agent(network, spec.observation, spec.num_actions),
        network={},
        update=update_config.UpdateConfig(),
        make_environment=make_environment,
        make_labeller=lambda task: None,
        make_window=lambda frames: scores.ScoreWindow(
            [-1 / 3], [1.0], frames),
        task_names=('catch',),
        teacher_names=(),
        controller=controllers.scheduled(0.0))
    records = []
    outcome = training.train(
        problem,
        training_config.TrainingConfig(
            frames=30_000, unroll_steps=4, streams=16, splits=1,
            learning_rate=5e-3,
            entropy_cost=1e-2, window_frames=3_000, record_frames=3_000,
            lockstep=True, seed=2),
        on_record=records.append)
    self.assertLess(records[0]['score'], 20)
    self.assertGreater(outcome.score, 60)


if __name__ == '__main__':
  absltest.main()
