"""The optimizers of tf.keras."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies
from pyflow.core.tensor import Tensor
from pyflow.keras import backend
from pyflow.keras import initializer_classes as initializers
from pyflow.keras.optimizer_base import Optimizer
from pyflow.ops.array_gather import gather
from pyflow.ops.array_identity import identity as tf_identity
from pyflow.ops.cast import cast
from pyflow.ops.constant import constant_v1 as tf_constant
from pyflow.ops.math_binary import Maximum as maximum
from pyflow.ops.math_binary import pow as tf_pow
from pyflow.ops.math_unary import abs as tf_abs
from pyflow.ops.math_unary import sqrt, square
from pyflow.ops.resource_variable_base import BaseResourceVariable


class CommonOptimizer(Optimizer):
    """An optimizer of given numbers and slots, which begin at 0."""

    _slot_names: tuple[str, ...] = ()

    def __init__(self, name: str, learning_rate: Any, kwargs: dict[str, Any], **hyper: Any):
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", learning_rate if self._lr is None else self._lr)
        self._set_hyper("decay", self._initial_decay)
        for key, value in hyper.items():
            self._set_hyper(key, value)

    def _set_momentum(self, momentum: Any) -> None:
        if isinstance(momentum, (int, float)) and (momentum < 0 or momentum > 1):
            raise ValueError("`momentum` must be between [0, 1].")
        self._momentum = isinstance(momentum, Tensor) or callable(momentum) or momentum > 0
        self._set_hyper("momentum", momentum)

    def _create_slots(self, var_list: list) -> None:
        for slot in self._slot_names:
            for var in var_list:
                self.add_slot(var, slot)

    def _hypers(self, dtype: Any, *names: str) -> list:
        return [tf_identity(self._get_hyper(name, dtype)) for name in names]

    def _apply(self, op_type: str, *inputs: Any, **attrs: Any) -> Any:
        given: list[Any] = list(inputs)
        return getattr(raw, op_type)(*[x.handle if isinstance(x, BaseResourceVariable) else x for x in given], **attrs)


@export("keras.optimizers.SGD")
class SGD(CommonOptimizer):
    """v = momentum · v - learning_rate · gradient; var += v, or ahead along v with `nesterov`."""

    _config_names = ("learning_rate", "decay", "momentum", "nesterov")

    def __init__(
        self, learning_rate: Any = 0.01, momentum: Any = 0.0, nesterov: bool = False, name: str = "SGD", **kwargs: Any
    ):
        super().__init__(name, kwargs.pop("lr", learning_rate), kwargs)
        self._set_momentum(momentum)
        self._slot_names = ("momentum",) if self._momentum else ()
        self.nesterov = nesterov

    def _prepare(self, dtype: Any) -> dict[str, Any]:
        return {**super()._prepare(dtype), "momentum": self._hypers(dtype, "momentum")[0]}

    def _update(self, grad: Any, var: Any, s: dict[str, Any]) -> Any:
        if self._momentum:
            return self._apply("ResourceApplyKerasMomentum", var, self.get_slot(var, "momentum"), s["lr"], grad,
                               s["momentum"], use_nesterov=self.nesterov)  # fmt: skip
        return self._apply("ResourceApplyGradientDescent", var, s["lr"], grad)

    def _update_rows(self, grad: Any, rows: Any, var: Any, s: dict[str, Any]) -> Any:
        if self._momentum:
            return self._apply("ResourceSparseApplyKerasMomentum", var, self.get_slot(var, "momentum"), s["lr"], grad,
                               rows, s["momentum"], use_nesterov=self.nesterov)  # fmt: skip
        return self._apply("ResourceScatterAdd", var, rows, -grad * s["lr"])


def _add_rows(var: Any, rows: Any, values: Any) -> Any:
    """The variable after values have been added to rows."""
    with control_dependencies([raw.ResourceScatterAdd(var.handle, rows, values)]):
        return var.read_value()


@export("keras.optimizers.Adam")
class Adam(CommonOptimizer):
    """Steps along the mean of gradients by the root of the mean of their squares (Kingma and Ba, 2014).

    Args:
      amsgrad: the largest mean of squares so far in the place of the mean (Reddi et al., 2018).
    """

    _config_names = ("learning_rate", "decay", "beta_1", "beta_2", "epsilon", "amsgrad")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: Any = 0.9,
        beta_2: Any = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        name: str = "Adam",
        **kwargs: Any,
    ):
        super().__init__(name, kwargs.pop("lr", learning_rate), kwargs, beta_1=beta_1, beta_2=beta_2)
        self.epsilon, self.amsgrad = epsilon or backend.epsilon(), amsgrad
        self._slot_names = ("m", "v", *(["vhat"] if amsgrad else []))

    def _prepare(self, dtype: Any) -> dict[str, Any]:
        b1, b2 = self._hypers(dtype, "beta_1", "beta_2")
        step = cast(self.iterations + 1, dtype)
        p1, p2 = tf_pow(b1, step), tf_pow(b2, step)
        lr = super()._prepare(dtype)["lr"]
        return {"lr": lr, "b1": b1, "b2": b2, "p1": p1, "p2": p2, "rate": lr * (sqrt(1 - p2) / (1 - p1))}

    def _update(self, grad: Any, var: Any, s: dict[str, Any]) -> Any:
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        numbers = s["p1"], s["p2"], s["lr"], s["b1"], s["b2"], tf_constant(self.epsilon, grad.dtype), grad
        if self.amsgrad:
            return self._with_largest(grad, var, s)
        return self._apply("ResourceApplyAdam", var, m, v, *numbers)

    def _with_largest(self, grad: Any, var: Any, s: dict[str, Any]) -> Any:
        m, v, vhat = (self.get_slot(var, name) for name in ("m", "v", "vhat"))
        new_m = m.assign_add((grad - m) * (1 - s["b1"]))
        new_v = v.assign_add((square(grad) - v) * (1 - s["b2"]))
        largest = vhat.assign(maximum(vhat, new_v))
        return var.assign_sub(s["rate"] * new_m / (sqrt(largest) + self.epsilon))

    def _update_rows(self, grad: Any, rows: Any, var: Any, s: dict[str, Any]) -> Any:
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        with control_dependencies([m.assign(m * s["b1"]), v.assign(v * s["b2"])]):
            new_m = _add_rows(m, rows, grad * (1 - s["b1"]))
            new_v = _add_rows(v, rows, grad * grad * (1 - s["b2"]))
        if self.amsgrad:
            vhat = self.get_slot(var, "vhat")
            new_v = vhat.assign(maximum(vhat, new_v))
        return var.assign_sub(s["rate"] * new_m / (sqrt(new_v) + self.epsilon))


@export("keras.optimizers.Adamax")
class Adamax(CommonOptimizer):
    """Adam with the largest of recent gradients in the place of the root of the mean of squares."""

    _config_names = ("learning_rate", "decay", "beta_1", "beta_2", "epsilon")
    _slot_names = ("m", "v")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: Any = 0.9,
        beta_2: Any = 0.999,
        epsilon: float = 1e-7,
        name: str = "Adamax",
        **kwargs: Any,
    ):
        super().__init__(name, kwargs.pop("lr", learning_rate), kwargs, beta_1=beta_1, beta_2=beta_2)
        self.epsilon = epsilon or backend.epsilon()

    def _prepare(self, dtype: Any) -> dict[str, Any]:
        b1, b2 = self._hypers(dtype, "beta_1", "beta_2")
        p1 = tf_pow(b1, cast(self.iterations + 1, dtype))
        return {**super()._prepare(dtype), "b1": b1, "b2": b2, "p1": p1}

    def _update(self, grad: Any, var: Any, s: dict[str, Any]) -> Any:
        slots = self.get_slot(var, "m"), self.get_slot(var, "v")
        epsilon = tf_constant(self.epsilon, grad.dtype)
        return self._apply("ResourceApplyAdaMax", var, *slots, s["p1"], s["lr"], s["b1"], s["b2"], epsilon, grad)

    def _update_rows(self, grad: Any, rows: Any, var: Any, s: dict[str, Any]) -> Any:
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        new_m = gather(m, rows) * s["b1"] + grad * (1 - s["b1"])
        new_v = maximum(gather(v, rows) * s["b2"], tf_abs(grad))
        with control_dependencies(
            [m.scatter_update(IndexedSlices(new_m, rows)), v.scatter_update(IndexedSlices(new_v, rows))]
        ):
            return _add_rows(var, rows, -s["lr"] / (1 - s["p1"]) * (new_m / (new_v + self.epsilon)))


@export("keras.optimizers.Nadam")
class Nadam(CommonOptimizer):
    """Adam with Nesterov's momentum (Dozat, 2015)."""

    _config_names = ("learning_rate", "decay", "beta_1", "beta_2", "epsilon")
    _slot_names = ("m", "v")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: Any = 0.9,
        beta_2: Any = 0.999,
        epsilon: float = 1e-7,
        name: str = "Nadam",
        **kwargs: Any,
    ):
        kwargs["decay"] = kwargs.pop("schedule_decay", 0.004)
        super().__init__(name, kwargs.pop("lr", learning_rate), kwargs, beta_1=beta_1, beta_2=beta_2)
        self.epsilon = epsilon or backend.epsilon()
        self._m_cache: Any = None

    def _create_slots(self, var_list: list) -> None:
        if self._m_cache is None:
            self._m_cache = self._variable("momentum_cache", [], var_list[0].dtype.base_dtype, 1.0)
            self._weights.append(self._m_cache)
        super()._create_slots(var_list)

    def _decayed_lr(self, dtype: Any) -> Any:
        return self._get_hyper("learning_rate", dtype)

    def _prepare(self, dtype: Any) -> dict[str, Any]:
        b1, b2, decay = self._hypers(dtype, "beta_1", "beta_2", "decay")
        step = cast(self.iterations + 1, dtype)
        now = b1 * (1.0 - 0.5 * tf_pow(0.96, decay * step))
        later = b1 * (1.0 - 0.5 * tf_pow(0.96, decay * (step + 1)))
        schedule = cast(self._m_cache, dtype) * now
        schedule = tf_identity(self._m_cache.assign(schedule))
        return {"lr": super()._prepare(dtype)["lr"], "b1": b1, "b2": b2, "now": now, "later": later,
                "schedule": schedule, "next": schedule * later, "p2": tf_pow(b2, step)}  # fmt: skip

    def _update(self, grad: Any, var: Any, s: dict[str, Any]) -> Any:
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        new_m = m.assign(s["b1"] * m + (1 - s["b1"]) * grad)
        new_v = v.assign(s["b2"] * v + (1 - s["b2"]) * square(grad))
        mean = (1 - s["now"]) * (grad / (1 - s["schedule"])) + s["later"] * (new_m / (1 - s["next"]))
        return var.assign(var - s["lr"] * mean / (sqrt(new_v / (1 - s["p2"])) + self.epsilon))

    def _update_rows(self, grad: Any, rows: Any, var: Any, s: dict[str, Any]) -> Any:
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        with control_dependencies([m.assign(m * s["b1"]), v.assign(v * s["b2"])]):
            new_m = gather(_add_rows(m, rows, grad * (1 - s["b1"])), rows)
            new_v = gather(_add_rows(v, rows, grad * grad * (1 - s["b2"])), rows)
        mean = (1 - s["now"]) * (grad / (1 - s["schedule"])) + s["later"] * (new_m / (1 - s["next"]))
        return _add_rows(var, rows, -s["lr"] * mean / (sqrt(new_v / (1 - s["p2"])) + self.epsilon))


@export("keras.optimizers.Adagrad")
class Adagrad(CommonOptimizer):
    """Steps by the root of the sum of all squared gradients (Duchi et al., 2011)."""

    _config_names = ("learning_rate", "decay", "initial_accumulator_value", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        name: str = "Adagrad",
        **kwargs: Any,
    ):
        if initial_accumulator_value < 0.0:
            raise ValueError(f"initial_accumulator_value must be non-negative: {initial_accumulator_value}")
        super().__init__(name, kwargs.pop("lr", learning_rate), kwargs)
        self._initial_accumulator_value = self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon or backend.epsilon()

    def _create_slots(self, var_list: list) -> None:
        for var in var_list:
            self.add_slot(var, "accumulator", initializers.plain.Constant(self._initial_accumulator_value))

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """The optimizer that `get_config` described; without a value, accumulators begin at 0."""
        return super().from_config({"initial_accumulator_value": 0.0, **config}, custom_objects)

    def _update(self, grad: Any, var: Any, s: dict[str, Any]) -> Any:
        accumulated = self.get_slot(var, "accumulator").assign_add(square(grad))
        return var.assign_sub(s["lr"] * grad / (sqrt(accumulated) + self.epsilon))

    def _update_rows(self, grad: Any, rows: Any, var: Any, s: dict[str, Any]) -> Any:
        accumulated = gather(_add_rows(self.get_slot(var, "accumulator"), rows, square(grad)), rows)
        return _add_rows(var, rows, -s["lr"] * grad / (sqrt(accumulated) + self.epsilon))


@export("keras.optimizers.Adadelta")
class Adadelta(CommonOptimizer):
    """Steps as long as recent ones, by the root of the mean of recent squared gradients (Zeiler, 2012)."""

    _config_names = ("learning_rate", "decay", "rho", "epsilon")
    _slot_names = ("accum_grad", "accum_var")

    def __init__(
        self, learning_rate: Any = 0.001, rho: Any = 0.95, epsilon: float = 1e-7, name: str = "Adadelta", **kwargs: Any
    ):
        super().__init__(name, kwargs.pop("lr", learning_rate), kwargs, rho=rho)
        self.epsilon = epsilon or backend.epsilon()

    def _prepare(self, dtype: Any) -> dict[str, Any]:
        numbers = {"rho": self._hypers(dtype, "rho")[0], "epsilon": tf_constant(self.epsilon, dtype)}
        return {**super()._prepare(dtype), **numbers}

    def _update(self, grad: Any, var: Any, s: dict[str, Any]) -> Any:
        slots = self.get_slot(var, "accum_grad"), self.get_slot(var, "accum_var")
        return self._apply("ResourceApplyAdadelta", var, *slots, s["lr"], s["rho"], s["epsilon"], grad)

    def _update_rows(self, grad: Any, rows: Any, var: Any, s: dict[str, Any]) -> Any:
        slots = self.get_slot(var, "accum_grad"), self.get_slot(var, "accum_var")
        return self._apply("ResourceSparseApplyAdadelta", var, *slots, s["lr"], s["rho"], s["epsilon"], grad, rows)


@export("keras.optimizers.RMSprop")
class RMSprop(CommonOptimizer):
    """Steps by the root of the mean of recent squared gradients (Tieleman and Hinton, 2012).

    Args:
      centered: the variance of gradients in the place of the mean of squares.
    """

    _config_names = ("learning_rate", "decay", "rho", "momentum", "epsilon", "centered")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        name: str = "RMSprop",
        **kwargs: Any,
    ):
        super().__init__(name, kwargs.pop("lr", learning_rate), kwargs, rho=rho)
        self._set_momentum(momentum)
        self.epsilon, self.centered = epsilon or backend.epsilon(), centered
        self._slot_names = ("rms", *(["momentum"] if self._momentum else []), *(["mg"] if centered else []))

    def _prepare(self, dtype: Any) -> dict[str, Any]:
        rho, momentum = self._hypers(dtype, "rho", "momentum")
        return {
            **super()._prepare(dtype),
            "rho": rho,
            "momentum": momentum,
            "epsilon": tf_constant(self.epsilon, dtype),
        }

    def _update(self, grad: Any, var: Any, s: dict[str, Any]) -> Any:
        if self._momentum:
            slots = [self.get_slot(var, name) for name in ("rms", "momentum")]
            numbers = s["lr"], s["rho"], s["momentum"], s["epsilon"], grad
            if self.centered:
                return self._apply("ResourceApplyCenteredRMSProp", var, self.get_slot(var, "mg"), *slots, *numbers)
            return self._apply("ResourceApplyRMSProp", var, *slots, *numbers)
        rms = self.get_slot(var, "rms")
        moved = rms.assign(s["rho"] * rms + (1 - s["rho"]) * square(grad))
        if self.centered:
            mg = self.get_slot(var, "mg")
            moved = moved - square(mg.assign(s["rho"] * mg + (1 - s["rho"]) * grad))
        return var.assign(var - s["lr"] * grad / (sqrt(moved) + s["epsilon"]))

    def _update_rows(self, grad: Any, rows: Any, var: Any, s: dict[str, Any]) -> Any:
        if self._momentum:
            slots = [self.get_slot(var, name) for name in ("rms", "momentum")]
            numbers = s["lr"], s["rho"], s["momentum"], s["epsilon"], grad, rows
            if self.centered:
                return self._apply(
                    "ResourceSparseApplyCenteredRMSProp", var, self.get_slot(var, "mg"), *slots, *numbers
                )
            return self._apply("ResourceSparseApplyRMSProp", var, *slots, *numbers)

        def moved(slot: str, value: Any) -> Any:
            v = self.get_slot(var, slot)
            with control_dependencies([v.assign(v * s["rho"])]):
                return gather(_add_rows(v, rows, value * (1 - s["rho"])), rows)

        mean = moved("rms", grad * grad)
        if self.centered:
            mean = mean - square(moved("mg", grad))
        return _add_rows(var, rows, -s["lr"] * grad / (sqrt(mean) + s["epsilon"]))
