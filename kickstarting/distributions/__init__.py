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
"""Policies as distributions over actions: pure functions, jax only.

A `Distribution` is a record of functions of a parameter array [..., P], the
same for student and teacher; the losses read nothing else of a policy. Not
here: networks that give the parameters, environments that take the actions.
Read `distribution.py` first, then `categorical.py`.
"""

from kickstarting.distributions.categorical import is_of_choices
from kickstarting.distributions.categorical import make_categorical
from kickstarting.distributions.categorical import or_categorical
from kickstarting.distributions.distribution import check_same
from kickstarting.distributions.distribution import Distribution
from kickstarting.distributions.factored import make_factored
from kickstarting.distributions.gaussian import make_gaussian
from kickstarting.distributions.tanh_gaussian import make_tanh_gaussian

__all__ = (
    'Distribution',
    'check_same',
    'is_of_choices',
    'make_categorical',
    'make_factored',
    'make_gaussian',
    'make_tanh_gaussian',
    'or_categorical',
)
