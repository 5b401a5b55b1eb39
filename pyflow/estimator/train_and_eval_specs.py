"""`tf.estimator.TrainSpec` and `tf.estimator.EvalSpec`: what `tf.estimator.train_and_evaluate` does."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from pyflow.core.api import export
from pyflow.estimator.exporter import Exporter
from pyflow.train.session_run_hook import SessionRunHook


def validate_hooks(hooks: Any) -> tuple:
    """The hooks as a tuple.

    Raises:
      TypeError: one is none.
    """
    hooks = tuple(hooks or [])
    for hook in hooks:
        if not isinstance(hook, SessionRunHook):
            raise TypeError(f"All hooks must be `SessionRunHook` instances, given: {hook}")
    return hooks


def _validate_input_fn(input_fn: Any) -> None:
    if not callable(input_fn):
        raise TypeError(f"`input_fn` must be callable, given: {input_fn}")


def _validate_exporters(exporters: Any) -> tuple:
    if not exporters:
        return ()
    if isinstance(exporters, Exporter):
        exporters = [exporters]
    names: list[str] = []
    try:
        for each in exporters:
            if not isinstance(each, Exporter):
                raise TypeError
            if not each.name:
                raise ValueError(
                    f"An Exporter cannot have a name that is `None` or empty. All exporter names: "
                    f"{[e.name for e in exporters]}"
                )
            if not isinstance(each.name, str):
                raise ValueError(f"An Exporter must have a string name. Given: {type(each.name)}")
            if each.name in names:
                raise ValueError(
                    "`exporters` must have unique names. Such a name cannot be `None`. All exporter names: "
                    f"{[e.name for e in exporters]}"
                )
            names.append(each.name)
    except TypeError:
        # Two causes, one message: what cannot be iterated, or what isn't an exporter.
        raise TypeError(
            f"`exporters` must be an Exporter, an iterable of Exporter, or `None`, found {exporters}."
        ) from None
    return tuple(exporters)


@export("estimator.TrainSpec")
class TrainSpec(namedtuple("TrainSpec", ("input_fn", "max_steps", "hooks"))):
    """How to train.

    Args:
      input_fn: makes the input, as for `Estimator.train`.
      max_steps: the global step to stop at; None: the end of the input.
      hooks: `SessionRunHook`s.

    Raises:
      ValueError: `max_steps` is not positive.
      TypeError: an argument is of another type.
    """

    __slots__ = ()

    def __new__(cls, input_fn: Any, max_steps: int | None = None, hooks: Any = None) -> TrainSpec:
        _validate_input_fn(input_fn)
        if max_steps is not None and max_steps <= 0:
            raise ValueError(f"Must specify max_steps > 0, given: {max_steps}")
        return super().__new__(cls, input_fn, max_steps, validate_hooks(hooks))


_EVAL_FIELDS = ("input_fn", "steps", "name", "hooks", "exporters", "start_delay_secs", "throttle_secs")


@export("estimator.EvalSpec")
class EvalSpec(namedtuple("EvalSpec", _EVAL_FIELDS)):
    """How to evaluate and export.

    Args:
      input_fn: makes the input, as for `Estimator.evaluate`.
      steps: how many batches; None: all.
      name: the evaluation's name.
      hooks: `SessionRunHook`s.
      exporters: an `Exporter`, or several.
      start_delay_secs: how long an evaluator of its own waits at first, in seconds.
      throttle_secs: seconds from one evaluation to the next at least.

    Raises:
      ValueError: a number is out of its range, or names of exporters are missing or equal.
      TypeError: an argument is of another type.
    """

    __slots__ = ()

    def __new__(
        cls,
        input_fn: Any,
        steps: int | None = 100,
        name: str | None = None,
        hooks: Any = None,
        exporters: Any = None,
        start_delay_secs: float = 120,
        throttle_secs: float = 600,
    ) -> EvalSpec:
        _validate_input_fn(input_fn)
        if steps is not None and steps <= 0:
            raise ValueError(f"Must specify steps > 0, given: {steps}")
        if name is not None and not isinstance(name, str):
            raise TypeError(f"`name` must be string, given: {name}")
        hooks = validate_hooks(hooks)
        exporters = _validate_exporters(exporters)
        if start_delay_secs < 0:
            raise ValueError(f"Must specify start_delay_secs >= 0, given: {start_delay_secs}")
        if throttle_secs < 0:
            raise ValueError(f"Must specify throttle_secs >= 0, given: {throttle_secs}")
        return super().__new__(cls, input_fn, steps, name, hooks, exporters, start_delay_secs, throttle_secs)


def assert_eval_spec(eval_spec: Any) -> None:
    """Raises TypeError if it is no `EvalSpec`."""
    if not isinstance(eval_spec, EvalSpec):
        raise TypeError(f"`eval_spec` must have type `tf.estimator.EvalSpec`. Got: {type(eval_spec)}")
