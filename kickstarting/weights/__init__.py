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
"""What moves the weights of the teachers over time.

Here are the public names; they need numpy only.
Not here: how a weight enters the loss, in `losses/kickstart.py`. Read
`controllers.py` first, then `schedules.py`.
"""

from kickstarting.weights.controllers import Progress
from kickstarting.weights.controllers import replay
from kickstarting.weights.controllers import scheduled
from kickstarting.weights.controllers import TeacherWeights
from kickstarting.weights.controllers import WeightController
from kickstarting.weights.parsing import from_string
from kickstarting.weights.schedules import constant
from kickstarting.weights.schedules import cosine
from kickstarting.weights.schedules import cut
from kickstarting.weights.schedules import exponential
from kickstarting.weights.schedules import linear
from kickstarting.weights.schedules import piecewise
from kickstarting.weights.schedules import Schedule

__all__ = (
    'Progress',
    'Schedule',
    'TeacherWeights',
    'WeightController',
    'constant',
    'cosine',
    'cut',
    'exponential',
    'from_string',
    'linear',
    'piecewise',
    'replay',
    'scheduled',
)
