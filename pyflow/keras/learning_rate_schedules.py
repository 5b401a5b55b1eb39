"""tf.keras.optimizers.schedules: learning rates that depend on the step."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.keras.serialization import deserialize_keras_object, published, serialize_keras_object
from pyflow.train.learning_rate_decay import (
    cosine_decay,
    cosine_decay_restarts,
    exponential_decay,
    inverse_time_decay,
    linear_cosine_decay,
    piecewise_constant,
    polynomial_decay,
)


@export("keras.optimizers.schedules.LearningRateSchedule")
class LearningRateSchedule:
    """A function from the step to the learning rate, with a config."""

    _config_names: tuple[str, ...] = ()
    _scope = ""

    def __call__(self, step: Any) -> Any:
        with name_scope(self.name or self._scope):  # type: ignore[attr-defined]
            return self._rate(step)

    def _rate(self, step: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__}.__call__")

    def get_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._config_names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)


def _schedule(name: str, function: Callable, module: str, doc: str, **defaults: Any) -> type:
    """A schedule that is a function of the step and arguments, of which `defaults` has the optional ones."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = [p for p in inspect.signature(function).parameters if p != "step"]
    parameters = [inspect.Parameter("self", kind)]
    for argument in own:
        parameters.append(inspect.Parameter(argument, kind, default=defaults.get(argument, inspect.Parameter.empty)))
    signature = inspect.Signature([*parameters, inspect.Parameter("name", kind, default=None)])

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        for argument, value in bound.arguments.items():
            if argument != "self":
                setattr(self, argument, value)

    def rate(self: Any, step: Any) -> Any:
        return function(step=step, **{argument: getattr(self, argument) for argument in own})

    init.__signature__ = signature  # type: ignore[attr-defined]
    body = {"__init__": init, "_rate": rate, "_config_names": (*own, "name"), "_scope": name, "__doc__": doc,
            "__module__": __name__}  # fmt: skip
    return export(f"keras.{module}.{name}")(type(name, (LearningRateSchedule,), body))


def _exponential(step: Any, initial_learning_rate: Any, decay_steps: Any, decay_rate: Any, staircase: Any) -> Any:
    return exponential_decay(initial_learning_rate, step, decay_steps, decay_rate, staircase)


def _inverse_time(step: Any, initial_learning_rate: Any, decay_steps: Any, decay_rate: Any, staircase: Any) -> Any:
    return inverse_time_decay(initial_learning_rate, step, decay_steps, decay_rate, staircase)


def _polynomial(
    step: Any, initial_learning_rate: Any, decay_steps: Any, end_learning_rate: Any, power: Any, cycle: Any
) -> Any:
    return polynomial_decay(initial_learning_rate, step, decay_steps, end_learning_rate, power, cycle)


def _piecewise(step: Any, boundaries: Any, values: Any) -> Any:
    return piecewise_constant(step, [float(b) for b in boundaries], values)


def _cosine(step: Any, initial_learning_rate: Any, decay_steps: Any, alpha: Any) -> Any:
    return cosine_decay(initial_learning_rate, step, decay_steps, alpha)


def _cosine_restarts(
    step: Any, initial_learning_rate: Any, first_decay_steps: Any, t_mul: Any, m_mul: Any, alpha: Any
) -> Any:
    return cosine_decay_restarts(initial_learning_rate, step, first_decay_steps, t_mul, m_mul, alpha)


def _linear_cosine(
    step: Any, initial_learning_rate: Any, decay_steps: Any, num_periods: Any, alpha: Any, beta: Any
) -> Any:
    return linear_cosine_decay(initial_learning_rate, step, decay_steps, num_periods, alpha, beta)


_S, _E = "optimizers.schedules", "experimental"
ExponentialDecay = _schedule(
    "ExponentialDecay", _exponential, _S, "rate · decay_rate^(step / decay_steps).", staircase=False
)
InverseTimeDecay = _schedule(
    "InverseTimeDecay", _inverse_time, _S, "rate / (1 + decay_rate · step / decay_steps).", staircase=False
)
PolynomialDecay = _schedule(
    "PolynomialDecay", _polynomial, _S, "From one rate to another along a power of the step.",
    end_learning_rate=0.0001, power=1.0, cycle=False,
)  # fmt: skip
PiecewiseConstantDecay = _schedule(
    "PiecewiseConstantDecay", _piecewise, _S, "One rate up to each boundary, and one after."
)
CosineDecay = _schedule("CosineDecay", _cosine, _E, "Half a cosine (Loshchilov and Hutter, 2016).", alpha=0.0)
CosineDecayRestarts = _schedule(
    "CosineDecayRestarts", _cosine_restarts, _E, "Halves of cosines (Loshchilov and Hutter, 2016).",
    t_mul=2.0, m_mul=1.0, alpha=0.0,
)  # fmt: skip
LinearCosineDecay = _schedule(
    "LinearCosineDecay", _linear_cosine, _E, "A line times a cosine (Bello et al., 2017).",
    num_periods=0.5, alpha=0.0, beta=0.001,
)  # fmt: skip


@export("keras.optimizers.schedules.serialize")
def serialize_schedule(learning_rate_schedule: Any) -> Any:
    """The class and config of a schedule."""
    return serialize_keras_object(learning_rate_schedule)


@export("keras.optimizers.schedules.deserialize")
def deserialize_schedule(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The schedule that `serialize` described."""
    return deserialize_keras_object(config, published("optimizers.schedules"), custom_objects, "decay")
