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
"""Tests of parsing.py: what each text means, and what is refused."""

import re

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from kickstarting import checks
from kickstarting.weights import controllers
from kickstarting.weights import parsing


def _weights(spec, frames, num_teachers=1, **kwargs):
  controller = parsing.from_string(spec, **kwargs)
  _, weights = controller.update(
      controller.init(num_teachers), controllers.Progress(frames)
  )
  return weights


class FromStringTest(parameterized.TestCase):

  @parameterized.parameters(
      ('constant:1', 1e9, 1.0),
      ('linear:1:2e6', 1e6, 0.5),
      ('linear:2:2e6', 2e6, 0.0),
      ('cosine:1:2e6', 1e6, 0.5),
      ('cosine:1:2e6:0.5', 2e6, 0.5),
      ('exponential:1:5e5', 1e6, 0.25),
      ('exponential:1:5e5:0.3', 1e6, 0.3),
      ('piecewise:0=1,1e6=0.5,2e6=0', 15e5, 0.25),
      ('steps:0=1,1e6=0.5,2e6=0', 15e5, 0.5),
      ('constant:1;cut=3e6', 3e6 - 1, 1.0),
      ('constant:1;cut=3e6', 3e6, 0.0),
      (' linear:1:2e6 ; cut=3e6 ', 1e6, 0.5),
  )
  def test_alpha(self, spec, frames, expected):
    self.assertAlmostEqual(float(_weights(spec, frames).alpha), expected)

  @parameterized.parameters(
      ('linear:1:40%', 2e6, 0.5),
      ('piecewise:0%=1,50%=0', 25e5, 0.5),
      ('constant:1;cut=12.5%', 125e4, 0.0),
      ('constant:1;cut=12.5%', 125e4 - 1, 1.0),
  )
  def test_share_of_the_run(self, spec, frames, expected):
    weights = _weights(spec, frames, total_frames=10_000_000)
    self.assertAlmostEqual(float(weights.alpha), expected)

  def test_rho(self):
    weights = _weights('constant:2;rho=1,0.5,0;cut=10', 0, num_teachers=3)
    self.assertEqual(weights.alpha, 2.0)
    np.testing.assert_array_equal(weights.rho, [1.0, 0.5, 0.0])
    np.testing.assert_array_equal(
        _weights('constant:2', 0, num_teachers=2).rho, [1.0, 1.0]
    )

  def test_rho_of_another_number_of_teachers(self):
    controller = parsing.from_string('constant:1;rho=1,1')
    with self.assertRaisesRegex(ValueError, 'rho has 2 factors but there are'):
      controller.init(3)

  @parameterized.parameters(
      (
          'sine:1:2e6',
          "unknown schedule 'sine'; expected one of constant, cosine, "
          'exponential, linear, piecewise, steps. Write for example '
          'linear:START:FRAMES.',
      ),
      ('', "unknown schedule ''; expected one of constant, cosine"),
      (
          'linear:1',
          'linear has 1 arguments; expected linear:START:FRAMES. Add or',
      ),
      ('constant:1:2', 'constant has 2 arguments; expected constant:WEIGHT.'),
      (
          'cosine:1:2:3:4',
          'cosine has 4 arguments; expected cosine:START:FRAMES[:END].',
      ),
      ('linear:one:2e6', "found 'one'; expected a number like 0.5 or 2e6. Cor"),
      ('linear:1:-2e6', 'frames is -2000000.0; expected a finite number'),
      ('linear:-1:2e6', 'start is -1.0; expected a finite weight'),
      ('constant:nan', 'value is nan; expected a finite weight'),
      (
          'linear:1:40%',
          '40% is a share of the run but the length of the run is not known; '
          'expected a number of frames. Pass total_frames, or write frames.',
      ),
      (
          'piecewise:0=1,5',
          "found '0=1,5'; expected piecewise:FRAMES=WEIGHT,FRAMES=WEIGHT,...",
      ),
      ('steps:5=1,0=1', 'boundaries are [5.0, 0.0]; expected finite frames'),
      (
          'constant:1;end=3',
          "found 'end=3'; expected cut=FRAMES or rho=WEIGHT,WEIGHT,..., each "
          'at most once. Remove it or correct its name.',
      ),
      ('constant:1;cut=3;cut=4', "found 'cut=4'; expected cut=FRAMES"),
      ('constant:1;cut=0', 'frames is 0.0; expected'),
      ('constant:1;rho=1,-1', 'rho[1] is -1.0; expected a finite weight'),
      ('constant:1;rho=', "found ''; expected a number"),
  )
  def test_errors_quote_the_text(self, spec, message):
    with self.assertRaisesRegex(
        ValueError, re.escape(f'weights {spec!r}: {message}')
    ):
      parsing.from_string(spec)


class ScheduleTest(parameterized.TestCase):

  @parameterized.product(spec=(None, 3, b'linear:1:5', {}))
  def test_what_is_no_text(self, spec):
    for parse in (parsing.from_string, parsing.schedule_from_string):
      with self.assertRaisesRegex(checks.UserError, 'spec is .*; expected'):
        parse(spec)

  @parameterized.parameters((0.0, 0.0), (2e5, 0.5), (4e5, 1.0), (1e6, 1.0))
  def test_rises(self, frames, expected):
    schedule = parsing.schedule_from_string(
        'piecewise:0=0,40%=1', total_frames=1_000_000)
    self.assertAlmostEqual(schedule(frames), expected)

  @parameterized.parameters(
      ('lienar:1:5', "unknown schedule 'lienar'"),
      ('constant:1;cut=3', "found '1;cut=3'; expected a number"),
      ('linear:1:50%', '50% is a share of the run but the length'))
  def test_errors_quote_the_text(self, spec, message):
    with self.assertRaisesRegex(
        ValueError, re.escape(f'schedule {spec!r}: {message}')):
      parsing.schedule_from_string(spec)


if __name__ == '__main__':
  absltest.main()
