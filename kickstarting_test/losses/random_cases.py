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
"""What each public function of the loss core takes, for random inputs.

`CASES` has every function that `functions` finds; a new one is to be added
here. Not here: how values are made (`random_arguments.py`), what must come out
(`random_inputs_test.py`).
"""

from collections.abc import Callable, Mapping
import importlib
import inspect
import pkgutil
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from kickstarting import checks
from kickstarting import distributions
from kickstarting import losses
from kickstarting import products
from kickstarting import types
from kickstarting import weights
from kickstarting.losses import distillation
from kickstarting.losses import divergences
from kickstarting.losses import method_step
from kickstarting.losses import mix_and_match
from kickstarting.losses import reduction
from kickstarting.losses import rewards
from kickstarting.losses import transitions as transitions_lib
from kickstarting_test.losses import random_arguments as arguments_lib

# Part of functions of one more, which the records of it hold.
LEFT_OUT = ('distributions.gaussian.moments',)

_Array, _Number = arguments_lib.Array, arguments_lib.Number
_Choice, _Record = arguments_lib.Choice, arguments_lib.Record
Values = Mapping[str, Any]
_NOTHING: frozenset[str] = frozenset()
_INFINITE = frozenset({'inf', '-inf'})
_ANYTHING = frozenset({'inf', '-inf', 'nan'})


class Case(NamedTuple):
  """A function and what it takes."""

  arguments: dict[str, arguments_lib.Argument]
  # Which numbers that are not finite may come out of arguments, all of whose
  # arrays and numbers but logits are finite and not too large.
  may_be: Callable[[Values], frozenset[str]] = lambda values: _NOTHING
  # Shows a result that is no tree of arrays: what a schedule gives, say.
  show: Callable[[Any], Any] = lambda result: result
  is_of_host: bool = False  # never inside jax.jit
  unread: tuple[str, ...] = ()  # parts of records that are not looked at
  # Whose size makes values of others wrong, which are not known in jax.jit.
  bounds: tuple[str, ...] = ()

  def reads(self, name: str) -> bool:
    """Whether an argument is looked at."""
    return name not in self.unread


def functions() -> dict[str, Callable[..., Any]]:
  """Returns the public functions of the loss core by 'package.module.name'."""
  found = {}
  modules = [products, *(
      importlib.import_module(f'{package.__name__}.{info.name}')
      for package in (distributions, losses, weights)
      for info in pkgutil.iter_modules(package.__path__))]
  for module in modules:
    for name, value in vars(module).items():
      place = f'{module.__name__.removeprefix("kickstarting.")}.{name}'
      if (inspect.isfunction(value) and not name.startswith('_')
          and value.__module__ == module.__name__ and place not in LEFT_OUT):
        found[place] = value
  return found


def _logits(axes='...A'):
  return _Array('logits', axes)


def _float(axes='...'):
  return _Array('float', axes)


_LEGAL = {'is_legal': _Array('bool', '...A', is_optional=True)}
_PAIR = {
    'teacher_logits': _logits(), 'student_logits': _logits(),
    'teacher_temperature': _Number((0.5, 1.0, 2.0)),
    'student_temperature': _Number((0.5, 1.0, 2.0)), **_LEGAL}
_TRANSITIONS = {
    'transitions': _Record(transitions_lib.Transitions),
    'transitions.policy_tm1': _logits('TBA'),
    'transitions.v_tm1': _float('TB'),
    'transitions.v_t': _float('TB'),
    'transitions.a_tm1': _Array('int', 'TB'),
    'transitions.r_t': _float('TB'),
    'transitions.discount_t': _Array('share', 'TB'),
    'transitions.behaviour_log_prob_tm1': _float('TB'),
    'transitions.is_learnable_tm1': _Array('bool', 'TB'),
}
_CLIPS = {
    'lambda_': _Number((0.0, 0.5, 1.0)), 'rho_clip': _Number((1.0, np.inf)),
    'c_clip': _Number((0.5, 1.0)), 'pg_rho_clip': _Number((0.5, np.inf))}
_TEACHER = {
    'teacher': _Record(types.TeacherOutput),
    'teacher.policy': _logits('T+1BA'),
    'teacher.value': _float('T+1B'),
    'teacher.index': _Array('int', 'B', 'K'),
    'teacher.features': _float('T+1BD'),
}
_OUTPUT = {
    'output': _Record(types.AgentOutput),
    'output.policy': _logits('T+1BA'),
    'output.value': _float('T+1B'),
    'output.taught_value': _float('T+1B'),
}
_TRAJECTORY = {
    'trajectory': _Record(types.Trajectory),
    'trajectory.timesteps': _Record(types.Timestep),
    'trajectory.timesteps.reward': _float('T+1B'),
    'trajectory.timesteps.discount': _Array('share', 'T+1B'),
    'trajectory.timesteps.step_type': _Array('int', 'T+1B', 'A'),
    'trajectory.actions': _Array('int', 'TB'),
    'trajectory.behaviour_log_prob': _float('TB'),
}
_DIVERGENCE = _Choice(tuple(divergences.DIVERGENCES))
# Two that read different parts of a step; the tables are in other tests.
_METHODS = tuple(map(distillation.get_method, (
    'n_distill_plus_r', 'kl_regularised', 'td_teacher_v', 'v_gated')))
_METHOD = _Choice(_METHODS, is_optional=False)
_STEPS = {
    name: argument for record in ('step', 'following')
    for name, argument in {
        record: _Record(method_step.Step),
        **{f'{record}.{field}': _float()
           for field in method_step.Step._fields}}.items()}
_MIXTURE = {
    'logits': _logits('...KA'), 'shares': _Array('simplex', 'K')}
_DISTRAL = {'kl_cost': _Number((0.5, 1.0), False),
            'entropy_cost': _Number((0.0, 0.5), False)}
_CALLED = (3.0, 0.0, 1e9)  # frames at which schedules are shown


def _lacks(values, *names):
  """Whether logits lack an action, whatever their sizes."""
  return any(
      np.any(np.isneginf(np.asarray(value, np.float32)))
      for name, value in values.items()
      if name in names and arguments_lib.is_traceable(value)
      and value.dtype.kind != 'c')


def _where_lacking(*names):
  return lambda values: (
      frozenset({'-inf'}) if _lacks(values, *names) or _some_illegal(values)
      else _NOTHING)


def _some_illegal(values):
  return not np.all(values.get('is_legal', True))


def _where_both(values):
  """Of policies, one of which may lack what the other one does."""
  return _INFINITE if _lacks(
      values, *(name for name in values
                if 'logits' in name or 'policy' in name)) else _NOTHING


def _reverse(values):
  lacking = _lacks(values, 'teacher_logits', 'teacher_logits_tm1',
                   'teacher.policy')
  name = values.get('divergence', 'reverse_kl')
  if name == 'squared_error':
    return _INFINITE | {'nan'}
  return frozenset({'inf'}) if lacking and name == 'reverse_kl' else _NOTHING


def _without_logits(result):
  """Leaves out what is handed on as it was."""
  if hasattr(result, 'transitions'):
    return result._replace(transitions=_without_logits(result.transitions))
  return result._replace(policy_tm1=None)


def _floored(values):
  """Without a floor, logs of 0 are what they are."""
  if float(values.get('floor', 1.0)) < checks.LEAST:
    return _ANYTHING
  return _reverse({'divergence': 'none', **values})


def _schedule(schedule):
  return [schedule(frames) for frames in _CALLED]


def _controller(controller):
  from kickstarting.weights import controllers  # pylint: disable=g-import-not-at-top
  try:
    state = controller.init(2)
  except ValueError:  # made for another number of teachers
    state = controller.init(1)
  return [controller.update(state, controllers.Progress(frames))[1]
          for frames in _CALLED]


def _host(arguments, show=_schedule):
  return Case(arguments, show=show, is_of_host=True)


def _named(table):
  def show(found):
    assert found in tuple(table.values())
    return ()
  return Case({'name': _Choice(tuple(table), is_optional=False)}, show=show)


def _family(arguments):
  return Case(arguments, show=lambda found: (), is_of_host=True)


_COUNT = _Choice((1, 3), ('3', None, 0, -1, 2.5, True), is_optional=False)
_FLOOR = _Choice((0.0, 0.1), ('1', None, -1.0, True, 1j))
_FAMILY = distributions.make_gaussian(2)
_FAMILY_OF_1 = distributions.make_gaussian(1)
_FRAMES = {'start': _Number(is_optional=False),
           'frames': _Number((10.0, 1e7), False)}
_TEXTS = (None, 3, b'1', '', ':', ';', 'no:1', 'linear', 'linear:1',
          'linear:a:b', 'linear:-1:5', 'linear:1:0', 'linear:nan:5',
          'linear:1:inf', 'steps:', 'steps:0=1,0=2', 'constant:1e999',
          'constant:1%', 'linear:1:50%', 'cosine:1:2:3:4', 'piecewise:a=b',
          'constant:1;cut=0', 'constant:1;cut=5;cut=6', 'constant:1;rho=',
          'constant:1;what=1', '\x00', 'constant:' + '9' * 500, ['linear'], {})

CASES: dict[str, Case] = {
    'losses.actor_critic.vtrace_actor_critic': Case(
        {**_TRANSITIONS, **_CLIPS, 'ratio_clip': _Number((0.2, np.inf)),
         'normalise_advantages': _Choice((False, True))}),
    'losses.actor_critic.a2c': Case(
        {**_TRANSITIONS, 'lambda_': _CLIPS['lambda_'],
         'normalise_advantages': _Choice((False, True))}),
    'distributions.distribution.check_same': _family({
        'name': _Choice(('teacher',), (), is_optional=False),
        'found': _Choice((_FAMILY,), (), is_optional=False),
        'expected': _Choice((_FAMILY,), (), is_optional=False)}),
    'distributions.categorical.or_categorical': _family(
        {'distribution': _Choice((None, _FAMILY_OF_1), ('x', 3), False),
         'policy': _Choice((np.zeros((3, 2), np.float32),), (), False)}),
    'distributions.categorical.is_of_choices': _family(
        {'distribution': _Choice((None, _FAMILY_OF_1), ('x', 3), False)}),
    'distributions.categorical.make_categorical': _family(
        {'num_actions': _COUNT}),
    'distributions.factored.make_factored': _family({'num_actions': _Choice(
        ((3, 2), [1], (2, 2, 2)), ('no such', '', None, 3, (), (0,), (2.5,)),
        is_optional=False)}),
    'distributions.gaussian.make_gaussian': _family(
        {'size': _COUNT, 'floor': _FLOOR}),
    'distributions.tanh_gaussian.make_tanh_gaussian': _family(
        {'size': _COUNT, 'floor': _FLOOR}),
    'distributions.categorical.log_probs': Case(
        {'logits': _logits(), 'temperature': _Number(), **_LEGAL},
        _where_lacking('logits')),
    'distributions.categorical.logits_and_legal': Case(
        {'is_legal': _Array('bool', '...A'), 'logits': _logits()},
        lambda values: _ANYTHING),
    'distributions.categorical.restrict': Case(
        {'logits': _logits(), 'able_logits': _logits()},
        # What is no number to begin with is handed on.
        lambda values: _ANYTHING),
    'distributions.categorical.expectation': Case(
        {'log_p': _float('...A'), 'values': _float('...A')},
        lambda values: _ANYTHING),  # of logs of probabilities above 1
    'distributions.categorical.log_prob': Case(
        {'logits': _logits(), 'actions': _Array('int', '...')},
        lambda values: frozenset({'-inf'})),
    'distributions.categorical.action_log_prob': Case(
        {'logits': _logits(), 'actions': _Array('int', '...')},
        lambda values: frozenset({'-inf'})),
    'distributions.categorical.take': Case(
        {'x': _float('...A'), 'actions': _Array('int', '...'),
         'otherwise': _Number(is_optional=False)}),
    'distributions.categorical.entropy': Case({'logits': _logits(), **_LEGAL}),
    'losses.distillation.get_method': _named(distillation.METHODS),
    'losses.distillation.check_method': Case(
        {'method': _METHOD}, show=lambda found: ()),
    'losses.method_step.floor_teacher': Case(
        {'teacher_logits': _logits(), 'floor': _Number((1e-3, 0.5, 1.0)),
         **_LEGAL},
        lambda values: frozenset({'-inf'})),
    'losses.method_step.make_step': Case(
        {'student_logits': _logits(), 'teacher_logits': _logits(),
         'actions': _Array('int', '...'), 'student_value': _float(),
         'teacher_value': _float(), 'divergence': _DIVERGENCE,
         'teacher_temperature': _Number((1.0,)), 'floor': _Number((1e-3, 0.5))},
        _floored),
    'losses.distillation.pseudo_reward': Case(
        {'method': _METHOD, **_STEPS, 'reward': _float(),
         'discount': _Array('share', '...'), 'weight': _Number()}),
    'losses.distillation.teacher_reward': Case(
        {'method': _METHOD, **_STEPS, 'discount': _Array('share', '...'),
         'weight': _Number()}),
    'losses.distral.columns_weight': Case(
        _DISTRAL, show=lambda x: jnp.asarray(x, jnp.float32)),
    'losses.distral.apply_distral': Case(
        {**_TRANSITIONS, 'distilled_logits_tm1': _logits('TBA'), **_DISTRAL},
        _where_both, lambda result: (result[0].r_t, result[1])),
    'losses.distral.regularised_rewards': Case(
        {'r_t': _float(), 'task_logits_tm1': _logits(),
         'distilled_logits_tm1': _logits(), 'a_tm1': _Array('int', '...'),
         **_DISTRAL}, lambda values: _INFINITE),
    'losses.distral.distillation_loss': Case(
        {'task_logits': _logits(), 'distilled_logits': _logits()}),
    'losses.divergences.cross_entropy': Case(_PAIR),
    'losses.divergences.forward_kl': Case(_PAIR),
    'losses.divergences.reverse_kl': Case(_PAIR, _reverse),
    'losses.divergences.jensen_shannon': Case(
        {**_PAIR, 'beta': _Number((0.0, 0.3, 0.5, 1.0))}),
    'losses.divergences.negative_log_likelihood': Case(_PAIR),
    'losses.divergences.squared_error': Case({
        **_PAIR, 'teacher_temperature': _Number((1.0,)),
        'student_temperature': _Number((1.0,))}, lambda values: _ANYTHING),
    'losses.divergences.get_divergence': _named(divergences.DIVERGENCES),
    'losses.gradients.pass_where': Case(
        {'condition': _Array('bool', '...'), 'x': _float('...A')}),
    'losses.kickstart.sample_weights': Case(
        {'alpha': _Number(is_optional=False), 'rho': _Array('share', 'K'),
         'teacher_index': _Array('int', 'B', 'K')}, lambda values: (
             _ANYTHING if np.any(np.asarray(values['teacher_index']) > 1)
             or np.size(values['rho']) < 2 else _NOTHING), bounds=('rho',)),
    'losses.kickstart.distillation_loss': Case(
        {'student_logits_tm1': _logits('TBA'),
         'teacher_logits_tm1': _logits('TBA'), 'divergence': _DIVERGENCE,
         'teacher_temperature': _Number((1.0,)),
         'student_temperature': _Number((1.0,)),
         'is_legal': _Array('bool', 'TBA', is_optional=True)}, _reverse),
    'losses.kickstart.kickstarting_terms': Case(
        {'rl_terms': _Record(dict), 'rl_terms.baseline': _float('TB'),
         **_TRANSITIONS, **_TEACHER, 'weights': _Array('share', 'B'),
         'divergence': _DIVERGENCE, 'teacher_temperature': _Number((1.0,)),
         'student_temperature': _Number((1.0,))}, _reverse,
        unread=('teacher.features',)),
    'losses.kickstart.feature_regression': Case(
        {'student_features_tm1': _float('TBD'), **_TEACHER,
         'is_pulled': _Array('bool', 'TB')},
        unread=('teacher.policy', 'teacher.value', 'teacher.index')),
    'losses.kickstart.diagnostics': Case(
        {**_TRANSITIONS, **_TEACHER}, unread=('teacher.features',)),
    'losses.method_choice.choose_method': Case(
        {name: _Choice((True, False), (None, 'yes', 1, 0.0, b''), False)
         for name in ('leaves_teacher_states', 'must_converge',
                      'wants_improvement', 'is_teacher_strong',
                      'has_teacher_value')}
        , show=lambda found: ()),
    'losses.method_unroll.apply_method': Case(
        {'method': _METHOD, **_TRANSITIONS, **_OUTPUT, **_TRAJECTORY,
         **{name.replace('teacher', 'trajectory.teacher', 1): argument
            for name, argument in _TEACHER.items()},
         'weights': _Array('share', 'B'), 'divergence': _DIVERGENCE,
         'teacher_temperature': _Number((1.0,)), 'floor': _Number((1e-3, 0.5))},
        _floored, _without_logits,
        unread=('trajectory.timesteps.reward', 'trajectory.timesteps.discount',
                'trajectory.timesteps.step_type', 'output.taught_value',
                'trajectory.behaviour_log_prob', 'trajectory.timesteps',
                'trajectory.teacher.features')),
    'losses.method_unroll.check_teacher_discount': Case(
        {'method': _Choice(_METHODS[:2], is_optional=False),
         'teacher_discount': _Number(is_optional=False)},
        show=lambda found: ()),
    'losses.mix_and_match.check_shares': Case(
        {'shares': _Array('simplex', 'K')}, is_of_host=True),
    'losses.mix_and_match.shares_along': Case(
        {'mixing': _Number((0.0, 0.3, 1.0), False),
         'num_agents': _Choice(
             (1, 2, 3), (0, -1, 1.5, None, 'two', True, np.ones(2)), False)}),
    'losses.mix_and_match.mixture_log_probs': Case(
        _MIXTURE, lambda values: frozenset({'-inf'})),
    'losses.mix_and_match.mixture_value': Case(
        {'values': _float('...K'), 'shares': _Array('simplex', 'K')}),
    'losses.mix_and_match.knowledge_transfer': Case(_MIXTURE),
    'losses.mix_and_match.masked_transfer': Case(_MIXTURE),
    'losses.mix_and_match.mixture_transfer': Case(_MIXTURE),
    'losses.mix_and_match.get_transfer': _named(mix_and_match.TRANSFERS),
    'losses.off_policy.log_importance_ratios': Case(
        {'policy': _logits(), 'behaviour_log_prob': _float(),
         'actions': _Array('int', '...')}, lambda values: _INFINITE),
    'losses.off_policy.log_ratios': Case(
        {'policy': _logits(), 'behaviour_log_prob': _float(),
         'actions': _Array('int', '...')}, lambda values: _INFINITE),
    'losses.off_policy.check_clips': Case(
        {name: argument._replace(is_optional=False)
         for name, argument in _CLIPS.items()}, show=lambda checked: ()),
    'losses.off_policy.vtrace': Case(
        {'v_tm1': _float('TB'), 'v_t': _float('TB'), 'r_t': _float('TB'),
         'discount_t': _Array('share', 'TB'), 'log_rho_tm1': _logits('TB'),
         'is_learnable_tm1': _Array('bool', 'TB', is_optional=True), **_CLIPS}),
    'products.product': Case({'factor': _float(), 'x': _float()}),
    'losses.reduction.total': Case({
        'terms': _Record(dict), 'terms.baseline': _float('TB'),
        'terms.negative_entropy': _float('TB'),
        'costs': _Record(dict), 'costs.baseline': _Number(is_optional=False),
        'costs.negative_entropy': _float('B'),
        'is_learnable': _Array('bool', 'TB'),
        'reduction': _Choice(reduction.REDUCTIONS),
        'applies_to': _Record(dict, True),
        'applies_to.baseline': _Array('bool', 'TB', is_optional=True)}),
    'losses.rewards.identity': Case({'reward': _float()}),
    'losses.rewards.clip_unit': Case({'reward': _float()}),
    'losses.rewards.optimistic_asymmetric_clip': Case({'reward': _float()}),
    'losses.rewards.get_reward_transform': _named(rewards.REWARD_TRANSFORMS),
    'losses.transitions.at_tm1': Case(
        {'sequence': _float('T+1B')}, show=jnp.asarray, unread=('sequence',)),
    'losses.transitions.at_t': Case(
        {'sequence': _float('T+1B')}, show=jnp.asarray, unread=('sequence',)),
    'losses.transitions.split_transitions': Case(
        {**_OUTPUT, **_TRAJECTORY, 'discount': _Number((0.9,), False),
         'reward_transform': _Choice(
             tuple(rewards.REWARD_TRANSFORMS.values()))},
        show=_without_logits, unread=('output.taught_value',)),
    'losses.transitions.check_transitions': Case(
        _TRANSITIONS, lambda values: _ANYTHING),
    'weights.schedules.check_weight': _host(
        {'name': _Choice(('weight',), ('weight',), False),
         'value': _Number(is_optional=False)}, show=lambda x: [x]),
    'weights.schedules.constant': _host({'value': _Number(is_optional=False)}),
    'weights.schedules.linear': _host(_FRAMES),
    'weights.schedules.cosine': _host({**_FRAMES, 'end': _Number((0.5,))}),
    'weights.schedules.exponential': _host({
        'start': _FRAMES['start'], 'half_life_frames': _FRAMES['frames'],
        'floor': _Number((0.0, 0.5))}),
    'weights.schedules.piecewise': _host({
        'boundaries': _Choice(
            ((0, 5.0), (1e6, 2e6)),
            (None, 'ab', (), (1,), (2, 1), (1, 1), (-1, 1), (0, np.inf),
             (0, np.nan), ('a', 'b'), 3, (None, 1), [[0], [1]]), False),
        'values': _Choice(
            ((0, 5.0), (1.0, 2)),
            (None, 'ab', (), (1,), (-1, 1), (0, np.inf), (0, np.nan),
             ('a', 'b'), 3, (None, 1), [[0], [1]]), False),
        'interpolation': _Choice(('linear', 'step'))}),
    'weights.schedules.cut': _host({
        'schedule': _Choice(
            (lambda frames: 1.0,), ('linear', None, 1.0), False),
        'frames': _Number((5.0,), False)}),
    'weights.schedules.points_of': _host({
        'schedule': _Choice(
            ({'alpha': {'frames': [0], 'values': [1.0]}},),
            (None, 3, 'text', {}, [], {'alpha': 1}, {'alpha': {}},
             {'alpha': {'frames': 0, 'values': [1.0]}}), False),
        'name': _Choice(('alpha',), ('alpha',), False)},
        show=lambda points: points),
    'weights.controllers.scheduled': _host({
        'alpha': _Number(is_optional=False),
        'rho': _Choice(((1.0, 0.5), None), (1.0, 'ab', ('a', 'b'), (-1, 1),
                                            (np.nan, 1), (None, 1), {}))},
                                           _controller),
    'weights.controllers.replay': _host({'schedule': _Choice(
        ({'alpha': {'frames': [0], 'values': [1.0]},
          'rho': {'frames': [0, 5], 'values': [[1.0, 1.0], [0.5, 0.0]]}},),
        (None, 3, 'text', {}, [], {'alpha': 1}, {'alpha': {}, 'rho': {}},
         {'alpha': {'frames': [0], 'values': [1.0]},
          'rho': {'frames': [0, 5], 'values': [[1.0], [0.5, 0.0]]}},
         {'alpha': {'frames': [0], 'values': [1.0]},
          'rho': {'frames': [0, 5], 'values': [1.0, 2.0]}},
         {'alpha': {'frames': 0, 'values': 1.0},
          'rho': {'frames': [0], 'values': [[1.0]]}},
         {'alpha': {'frames': [0], 'values': ['a']},
          'rho': {'frames': [0], 'values': [[1.0]]}}), False)}, _controller),
    'weights.parsing.from_string': _host({
        'spec': _Choice(('linear:1:50%', 'constant:1;rho=1,0.5',
                         'exponential:1:5e5;cut=3e6'), _TEXTS, False),
        'total_frames': _Number((1e6,), False)}, _controller),
    'weights.parsing.schedule_from_string': _host({
        'spec': _Choice(('linear:1:50%', 'steps:0=1,5=0'), _TEXTS, False),
        'total_frames': _Number((1e6,), False)}),
}
