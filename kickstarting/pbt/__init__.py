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
"""Population Based Training as pure transforms of plain dicts.

`population.py` is the dict; `rules.py` says what may happen to it, as data,
`presets.py` has the papers' settings by name, `fitting.py` fits them to a run;
`evolution.py` makes it happen; `lineage.py` remembers it. Not here: who runs
the members (`populations/`).
"""

from kickstarting.pbt.evolution import copy
from kickstarting.pbt.evolution import Events
from kickstarting.pbt.evolution import is_due
from kickstarting.pbt.evolution import ready
from kickstarting.pbt.evolution import step
from kickstarting.pbt.fitting import adapt
from kickstarting.pbt.fitting import check_run
from kickstarting.pbt.fitting import check_scores
from kickstarting.pbt.fitting import in_frames
from kickstarting.pbt.fitting import without
from kickstarting.pbt.lineage import ancestry
from kickstarting.pbt.lineage import first_records
from kickstarting.pbt.lineage import Record
from kickstarting.pbt.lineage import schedule
from kickstarting.pbt.lineage import Segment
from kickstarting.pbt.lineage import to_records
from kickstarting.pbt.perturbation import draw_hypers
from kickstarting.pbt.perturbation import explore
from kickstarting.pbt.population import absolute
from kickstarting.pbt.population import add_returns
from kickstarting.pbt.population import make_population
from kickstarting.pbt.population import Population
from kickstarting.pbt.population import relative
from kickstarting.pbt.population import scores
from kickstarting.pbt.population import stack
from kickstarting.pbt.population import unstack
from kickstarting.pbt.presets import get_preset
from kickstarting.pbt.presets import PRESETS
from kickstarting.pbt.priors import Categorical
from kickstarting.pbt.priors import LogUniform
from kickstarting.pbt.priors import Uniform
from kickstarting.pbt.rules import Evolution
from kickstarting.pbt.rules import Margin
from kickstarting.pbt.rules import MULTIPLY_OR_DIVIDE
from kickstarting.pbt.rules import Ready
from kickstarting.pbt.rules import Rules
from kickstarting.pbt.rules import Truncation
from kickstarting.pbt.rules import TTest
from kickstarting.pbt.rules import UP_OR_DOWN
from kickstarting.pbt.selection import exploit

__all__ = (
    'Categorical',
    'Events',
    'Evolution',
    'LogUniform',
    'MULTIPLY_OR_DIVIDE',
    'Margin',
    'PRESETS',
    'Population',
    'Ready',
    'Record',
    'Rules',
    'Segment',
    'TTest',
    'Truncation',
    'UP_OR_DOWN',
    'Uniform',
    'absolute',
    'adapt',
    'add_returns',
    'ancestry',
    'check_run',
    'check_scores',
    'copy',
    'draw_hypers',
    'exploit',
    'explore',
    'first_records',
    'get_preset',
    'in_frames',
    'is_due',
    'make_population',
    'ready',
    'relative',
    'schedule',
    'scores',
    'stack',
    'step',
    'to_records',
    'unstack',
    'without',
)
