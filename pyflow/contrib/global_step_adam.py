"""tf.contrib.opt: Adam that knows how far it is by the global step instead of counting itself."""

from __future__ import annotations

from typing import Any

from pyflow.contrib.adam_variants import LazyAdamOptimizer
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.ops.array_identity import identity
from pyflow.ops.cast import cast
from pyflow.ops.control_flow import group
from pyflow.ops.math_binary import pow as power
from pyflow.train.adaptive import AdamOptimizer


class _ByGlobalStep(AdamOptimizer):
    """The powers of the betas come from the global step; there are no variables for them."""

    def __init__(
        self,
        global_step: Any = 0,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ):
        super().__init__(learning_rate, beta1, beta2, epsilon, use_locking, name)
        self._global_step = global_step
        self._global_step_on_worker: Any = None

    def _create_slots(self, var_list: list) -> None:
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _prepare(self) -> None:
        super()._prepare()
        self._global_step_on_worker = cast(identity(self._global_step) + 1, dtypes.float32)

    def _get_beta_accumulators(self) -> tuple[Any, Any]:
        step = self._global_step_on_worker
        return power(self._tensors["beta1"], step), power(self._tensors["beta2"], step)

    def _scalars(self, var: Any, dtype: Any) -> dict[str, Any]:
        first, second = self._get_beta_accumulators()
        powers = {"beta1_power": cast(first, dtype), "beta2_power": cast(second, dtype)}
        return {**powers, **{key: cast(tensor, dtype) for key, tensor in self._tensors.items()}}

    def _finish(self, update_ops: list, name_scope: str) -> Any:
        return group(*update_ops, name=name_scope)


@export("contrib.opt.AdamGSOptimizer")
class AdamGSOptimizer(_ByGlobalStep):
    """Adam with the number of its steps taken from `global_step`, so that workers share no further variables."""


@export("contrib.opt.LazyAdamGSOptimizer")
class LazyAdamGSOptimizer(_ByGlobalStep, LazyAdamOptimizer):
    """`LazyAdamOptimizer` with the number of its steps taken from `global_step`."""
