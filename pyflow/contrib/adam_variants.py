"""tf.contrib.opt's relatives of Adam: AdaMax, Nadam, and Adam that leaves rows without gradient alone."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.scopes import colocate_with, control_dependencies, get_default_graph
from pyflow.ops.array_gather import gather
from pyflow.ops.cast import cast
from pyflow.ops.control_flow import group
from pyflow.ops.math_binary import maximum
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import sqrt, square
from pyflow.ops.resource_variable import is_resource_variable
from pyflow.ops.state import assign
from pyflow.train.adaptive import AdamOptimizer


class _ByRows(AdamOptimizer):
    """Variables of both kinds get their sparse gradients, each row once, in `_update_rows`."""

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return self._update_rows(grad.values, var, grad.indices)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return self._update_rows(grad, handle, indices)

    def _update_rows(self, grad: Any, var: Any, indices: Any) -> Any:
        raise NotImplementedError()

    def _step_size(self, s: dict[str, Any]) -> Any:
        return s["lr"] * sqrt(1 - s["beta2_power"]) / (1 - s["beta1_power"])


@export("contrib.opt.LazyAdamOptimizer")
class LazyAdamOptimizer(_ByRows):
    """Adam that, of variables with sparse gradients, changes only the rows that have one, and only their averages.

    Faster than Adam for large embeddings, but not the same: averages of other rows do not decay.
    """

    def _update_rows(self, grad: Any, var: Any, indices: Any) -> Any:
        s = self._scalars(var, var.dtype.base_dtype)
        lr = self._step_size(s)
        averages, rows = [], []
        for slot, beta, added in (("m", s["beta1"], lambda g: g), ("v", s["beta2"], square)):
            average = self.get_slot(var, slot)
            now = beta * gather(average, indices) + (1 - beta) * added(grad)
            averages.append(average.scatter_update(IndexedSlices(now, indices)))
            rows.append(now)
        if not is_resource_variable(var):
            rows = [gather(average, indices) for average in averages]
        m, v = rows
        step = lr * m / (sqrt(v) + s["epsilon"])
        return group(var.scatter_sub(IndexedSlices(step, indices)), *averages)


@export("contrib.opt.NadamOptimizer")
class NadamOptimizer(_ByRows):
    """Adam with Nesterov's momentum (Dozat, 2016)."""

    def _prepare(self) -> None:
        super()._prepare()
        self._attrs = {"use_nesterov": True}

    def _update_rows(self, grad: Any, var: Any, indices: Any) -> Any:
        s = self._scalars(var, var.dtype.base_dtype)
        lr = self._step_size(s)
        averages = []
        for slot, beta, added in (("m", s["beta1"], grad), ("v", s["beta2"], grad * grad)):
            average = self.get_slot(var, slot)
            decayed = assign(average, average * beta, use_locking=self._use_locking)
            with control_dependencies([decayed]):
                changed = average.scatter_add(IndexedSlices(added * (1 - beta), indices))
            with control_dependencies([changed]):
                averages.append(gather(average, indices))
        m, v = averages
        step = lr * (grad * (1 - s["beta1"]) + s["beta1"] * m) / (sqrt(v) + s["epsilon"])
        return group(var.scatter_sub(IndexedSlices(step, indices)))


@export("contrib.opt.AdaMaxOptimizer")
class AdaMaxOptimizer(_ByRows):
    """Adam with the largest gradient instead of the average of squares (Kingma and Ba, 2014, section 7.1).

    Of variables with sparse gradients only the rows that have one change.
    """

    _rule = "AdaMax"

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "AdaMax",
    ):
        super().__init__(learning_rate, beta1, beta2, epsilon, use_locking, name)

    def _power(self) -> Any:
        return self._get_non_slot_variable("beta1_power", graph=get_default_graph())

    def _create_slots(self, var_list: list) -> None:
        first = min(var_list, key=lambda v: v.name)
        self._create_non_slot_variable(initial_value=self._beta1, name="beta1_power", colocate_with=first)
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _scalars(self, var: Any, dtype: Any) -> dict[str, Any]:
        power = {"beta1_power": cast(self._power(), dtype)}
        return {**power, **{key: cast(tensor, dtype) for key, tensor in self._tensors.items()}}

    def _update_rows(self, grad: Any, var: Any, indices: Any) -> Any:
        s = self._scalars(var, var.dtype.base_dtype)
        slots = self.get_slot(var, "m"), self.get_slot(var, "v")
        m = gather(slots[0], indices) * s["beta1"] + grad * (1 - s["beta1"])
        v = maximum(gather(slots[1], indices) * s["beta2"], absolute(grad))
        step = s["lr"] / (1 - s["beta1_power"]) * (m / (v + s["epsilon"]))
        with control_dependencies([step]):
            changes = [slot.scatter_update(IndexedSlices(rows, indices)) for slot, rows in zip(slots, (m, v))]
            return group(var.scatter_sub(IndexedSlices(step, indices)), *changes)

    def _finish(self, update_ops: list, name_scope: str) -> Any:
        power = self._power()
        with control_dependencies(update_ops), colocate_with(power):
            update = power.assign(power * self._tensors["beta1"], use_locking=self._use_locking)
        return group(*update_ops, update, name=name_scope)
