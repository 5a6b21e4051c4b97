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
"""Losses on arrays: pure functions, time-major, to be composed freely.

Here are the public names of the loss core; they need jax, rlax and chex only.
Not here: networks, threads, files. Read `transitions.py` first, then
`actor_critic.py` and `kickstart.py`.
"""

from kickstarting.distributions.categorical import entropy
from kickstarting.distributions.categorical import log_prob
from kickstarting.losses.actor_critic import a2c
from kickstarting.losses.actor_critic import vtrace_actor_critic
from kickstarting.losses.distillation import get_method
from kickstarting.losses.distillation import KICKSTARTING
from kickstarting.losses.distillation import Method
from kickstarting.losses.distillation import METHODS
from kickstarting.losses.distral import apply_distral
from kickstarting.losses.divergences import cross_entropy
from kickstarting.losses.divergences import DIVERGENCES
from kickstarting.losses.divergences import forward_kl
from kickstarting.losses.divergences import get_divergence
from kickstarting.losses.divergences import jensen_shannon
from kickstarting.losses.divergences import negative_log_likelihood
from kickstarting.losses.divergences import reverse_kl
from kickstarting.losses.divergences import squared_error
from kickstarting.losses.kickstart import diagnostics
from kickstarting.losses.kickstart import distillation_loss
from kickstarting.losses.kickstart import feature_regression
from kickstarting.losses.kickstart import kickstarting_terms
from kickstarting.losses.kickstart import sample_weights
from kickstarting.losses.method_choice import choose_method
from kickstarting.losses.method_unroll import apply_method
from kickstarting.losses.method_unroll import check_teacher_discount
from kickstarting.losses.method_unroll import MethodOutput
from kickstarting.losses.mix_and_match import check_shares
from kickstarting.losses.mix_and_match import get_transfer
from kickstarting.losses.mix_and_match import knowledge_transfer
from kickstarting.losses.mix_and_match import masked_transfer
from kickstarting.losses.mix_and_match import mixture_log_probs
from kickstarting.losses.mix_and_match import mixture_transfer
from kickstarting.losses.mix_and_match import mixture_value
from kickstarting.losses.mix_and_match import shares_along
from kickstarting.losses.mix_and_match import TRANSFERS
from kickstarting.losses.off_policy import check_clips
from kickstarting.losses.off_policy import log_importance_ratios
from kickstarting.losses.off_policy import vtrace
from kickstarting.losses.off_policy import VTraceOutput
from kickstarting.losses.reduction import REDUCTIONS
from kickstarting.losses.reduction import total
from kickstarting.losses.rewards import clip_unit
from kickstarting.losses.rewards import get_reward_transform
from kickstarting.losses.rewards import identity
from kickstarting.losses.rewards import optimistic_asymmetric_clip
from kickstarting.losses.rewards import REWARD_TRANSFORMS
from kickstarting.losses.transitions import split_transitions
from kickstarting.losses.transitions import Transitions

__all__ = (
    'DIVERGENCES',
    'KICKSTARTING',
    'METHODS',
    'Method',
    'MethodOutput',
    'REDUCTIONS',
    'REWARD_TRANSFORMS',
    'TRANSFERS',
    'Transitions',
    'VTraceOutput',
    'a2c',
    'apply_distral',
    'apply_method',
    'check_clips',
    'check_shares',
    'check_teacher_discount',
    'choose_method',
    'clip_unit',
    'cross_entropy',
    'diagnostics',
    'distillation_loss',
    'entropy',
    'feature_regression',
    'forward_kl',
    'get_divergence',
    'get_method',
    'get_reward_transform',
    'get_transfer',
    'identity',
    'jensen_shannon',
    'kickstarting_terms',
    'knowledge_transfer',
    'log_importance_ratios',
    'log_prob',
    'masked_transfer',
    'mixture_log_probs',
    'mixture_transfer',
    'mixture_value',
    'negative_log_likelihood',
    'optimistic_asymmetric_clip',
    'reverse_kl',
    'sample_weights',
    'shares_along',
    'split_transitions',
    'squared_error',
    'total',
    'vtrace',
    'vtrace_actor_critic',
)
