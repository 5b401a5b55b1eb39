"""Adam, RMSProp and Adadelta: steps scaled by running averages of squared gradients."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.init_scope import init_scope
from pyflow.core.registry import raw
from pyflow.core.scopes import colocate_with, control_dependencies, get_default_graph
from pyflow.ops.cast import cast
from pyflow.ops.control_flow import group
from pyflow.ops.initializers import ones_initializer
from pyflow.ops.math_unary import sqrt
from pyflow.ops.state import assign, assign_sub
from pyflow.ops.state_scatter import scatter_add
from pyflow.train.rule_optimizer import RuleOptimizer


@export("train.AdamOptimizer")
class AdamOptimizer(RuleOptimizer):
    """Adam (Kingma and Ba, 2014), with epsilon outside of the bias correction ("epsilon hat" in the paper).

    Args:
      learning_rate: float or tensor of shape ().
      beta1, beta2: floats; the decay of the averages of the gradient and of its square.
      epsilon: float; keeps the division finite.
    """

    _rule = "Adam"
    _slot_inputs = {"m": "m", "v": "v"}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ):
        super().__init__(use_locking, name)
        self._lr, self._beta1, self._beta2, self._epsilon = learning_rate, beta1, beta2, epsilon

    def _hyperparameters(self) -> dict[str, tuple[Any, str]]:
        return {
            "lr": (self._lr, "learning_rate"),
            "beta1": (self._beta1, "beta1"),
            "beta2": (self._beta2, "beta2"),
            "epsilon": (self._epsilon, "epsilon"),
        }

    def _get_beta_accumulators(self) -> tuple[Any, Any]:
        with init_scope():
            graph = get_default_graph()
            return (
                self._get_non_slot_variable("beta1_power", graph=graph),
                self._get_non_slot_variable("beta2_power", graph=graph),
            )

    def _create_slots(self, var_list: list) -> None:
        first = min(var_list, key=lambda v: v.name)
        self._create_non_slot_variable(initial_value=self._beta1, name="beta1_power", colocate_with=first)
        self._create_non_slot_variable(initial_value=self._beta2, name="beta2_power", colocate_with=first)
        super()._create_slots(var_list)

    def _scalars(self, var: Any, dtype: Any) -> dict[str, Any]:
        beta1_power, beta2_power = self._get_beta_accumulators()
        powers = {"beta1_power": cast(beta1_power, dtype), "beta2_power": cast(beta2_power, dtype)}
        return {**powers, **super()._scalars(var, dtype)}

    def _apply_sparse_shared(self, grad: Any, var: Any, indices: Any, scatter_add: Any) -> Any:
        """The averages of all rows decay; those of the given rows also take up their gradients."""
        s = self._scalars(var, var.dtype.base_dtype)
        lr = s["lr"] * sqrt(1 - s["beta2_power"]) / (1 - s["beta1_power"])
        averages = []
        for slot, beta in (("m", s["beta1"]), ("v", s["beta2"])):
            average = self.get_slot(var, slot)
            added = (grad if slot == "m" else grad * grad) * (1 - beta)
            decayed = assign(average, average * beta, use_locking=self._use_locking)
            with control_dependencies([decayed]):
                averages.append(scatter_add(average, indices, added))
        m, v = averages
        root = sqrt(v)
        update = assign_sub(var, lr * m / (root + s["epsilon"]), use_locking=self._use_locking)
        return group(update, m, v)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        def add_rows(x: Any, indices: Any, values: Any) -> Any:
            return scatter_add(x, indices, values, use_locking=self._use_locking)

        return self._apply_sparse_shared(grad.values, var, grad.indices, add_rows)

    def _resource_scatter_add(self, x: Any, i: Any, v: Any) -> Any:
        with control_dependencies([raw.ResourceScatterAdd(x.handle, i, v)]):
            return x.value()

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return self._apply_sparse_shared(grad, handle, indices, self._resource_scatter_add)

    def _finish(self, update_ops: list, name_scope: str) -> Any:
        powers = []
        with control_dependencies(update_ops):
            accumulators = self._get_beta_accumulators()
            with colocate_with(accumulators[0]):
                for power, beta in zip(accumulators, ("beta1", "beta2")):
                    powers.append(power.assign(power * self._tensors[beta], use_locking=self._use_locking))
        return group(*update_ops, *powers, name=name_scope)


@export("train.RMSPropOptimizer")
class RMSPropOptimizer(RuleOptimizer):
    """Gradients divided by the root of a running average of their squares (Hinton, Coursera lecture 6e).

    Args:
      learning_rate: float or tensor of shape ().
      decay: float; of the average.
      momentum: float.
      epsilon: float; keeps the division finite.
      centered: use the variance about a running mean instead of the mean square.
    """

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ):
        super().__init__(use_locking, name)
        self._learning_rate, self._decay, self._momentum, self._epsilon = learning_rate, decay, momentum, epsilon
        self._centered = centered
        self._rule = "CenteredRMSProp" if centered else "RMSProp"
        self._slot_inputs = {"ms": "rms", **({"mg": "mg"} if centered else {}), "mom": "momentum"}

    def _create_slots(self, var_list: list) -> None:
        for var in var_list:
            if var.get_shape().is_fully_defined():
                ones: Any = ones_initializer(dtype=var.dtype.base_dtype)
            else:
                ones = raw.OnesLike(convert_to_tensor(var))
            self._get_or_make_slot_with_initializer(var, ones, var.get_shape(), var.dtype.base_dtype, "rms", self._name)
            if self._centered:
                self._zeros_slot(var, "mg", self._name)
            self._zeros_slot(var, "momentum", self._name)

    def _hyperparameters(self) -> dict[str, tuple[Any, str]]:
        return {
            "lr": (self._learning_rate, "learning_rate"),
            "rho": (self._decay, "decay"),
            "momentum": (self._momentum, "momentum"),
            "epsilon": (self._epsilon, "epsilon"),
        }


@export("train.AdadeltaOptimizer")
class AdadeltaOptimizer(RuleOptimizer):
    """Steps in the units of the variable, from averages of squared gradients and squared updates (Zeiler, 2012)."""

    _rule = "Adadelta"
    _slot_inputs = {"accum": "accum", "accum_update": "accum_update"}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ):
        super().__init__(use_locking, name)
        self._lr, self._rho, self._epsilon = learning_rate, rho, epsilon

    def _hyperparameters(self) -> dict[str, tuple[Any, str]]:
        return {"lr": (self._lr, "lr"), "rho": (self._rho, "rho"), "epsilon": (self._epsilon, "epsilon")}
