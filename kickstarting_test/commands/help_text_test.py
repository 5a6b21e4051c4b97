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
"""Tests of help_text.py: groups, defaults, widths."""

from absl.testing import absltest

from kickstarting import options
from kickstarting.commands import help_text
from kickstarting.commands import shared_flags  # noqa: F401, it defines them


class RenderTest(absltest.TestCase):

  def test_groups_and_defaults(self):
    text = help_text.render('Does something.\n\nNot here: more.\n')
    self.assertStartsWith(text, 'Does something.\n\n')
    self.assertNotIn('Not here', text)
    places = [text.index(f'\n{name}:\n') for name in options.GROUPS]
    self.assertEqual(places, sorted(places))
    for line in ('  --frames=3000000', '  --[no]lockstep  (false)', '  --env',
                 '      Budget in environment frames; automatic resets count.'):
      self.assertIn(f'\n{line}\n', text)
    self.assertNotIn('only_check_args', text)  # of absl
    self.assertLessEqual(max(map(len, text.splitlines())), 80)

  def test_what_a_command_does_not_read_is_left_out(self):
    read = frozenset({'env', 'seed'})
    text = help_text.render('Plays.', read)
    self.assertIn('\n  --env\n', text)
    self.assertIn('\n  --seed=1\n', text)
    for name in ('learning_rate', 'frames', 'teachers', 'workdir'):
      self.assertNotIn(f'\n  --{name}', text)

  def test_whose_defaults_they_are(self):
    text = help_text.render('Trains.', of='gymnasium:CartPole-v1')
    self.assertIn(
        '\n\nDefaults are those of gymnasium:CartPole-v1; beside --env', text)
    self.assertLessEqual(max(map(len, text.splitlines())), 80)


if __name__ == '__main__':
  absltest.main()
