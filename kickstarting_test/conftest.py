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
"""Lets pytest run absltest cases: parses the flags and gives a fresh folder.

`absltest.main` does this for a file that is run on its own. Not here: fixtures;
what tests share stands in modules that they import.
"""

import os
import tempfile

from absl import flags
from absl.testing import absltest  # noqa: F401, defines test_tmpdir
import haiku.experimental.flax

from kickstarting_test.experiments import binaries

_TEMPORARY = tempfile.TemporaryDirectory()  # removed with the process


def pytest_configure() -> None:
  """Called by pytest before it collects."""
  flags.FLAGS.set_default('test_tmpdir', _TEMPORARY.name)
  flags.FLAGS.mark_as_parsed()
  # Workers inherit the folder of the process that started them.
  os.environ.setdefault(binaries.COMPILED, f'{_TEMPORARY.name}/compiled')
  # unittest's assertWarns asks every loaded module for this; what Haiku puts in
  # the place of a missing Flax raises whatever it is asked.
  haiku.experimental.flax.__warningregistry__ = {}
