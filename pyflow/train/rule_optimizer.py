"""What the optimisers share whose update of a variable is one op: `Apply<rule>` and its sparse and resource forms."""

from __future__ import annotations

from typing import Any

from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import get
from pyflow.ops.cast import cast
from pyflow.ops.resource_variable import is_resource_variable
from pyflow.train.optimizer import Optimizer


class RuleOptimizer(Optimizer):
    """An optimiser that is told by the name of its op.

    Attributes:
      _rule: "Momentum" for `ApplyMomentum`, `SparseApplyMomentum`, `ResourceApplyMomentum` ...
      _slot_inputs: for each input of the op that is a slot, the slot's name.
      _attrs: attrs of the op.
    """

    _rule = ""
    _slot_inputs: dict[str, str] = {}

    def __init__(self, use_locking: bool, name: str):
        super().__init__(use_locking, name)
        self._attrs: dict[str, Any] = {}

    def _hyperparameters(self) -> dict[str, tuple[Any, str]]:
        """For each scalar input of the op: its value (or a function that gives it) and its tensor's name."""
        raise NotImplementedError()

    def _prepare(self) -> None:
        for key, (value, name) in self._hyperparameters().items():
            setattr(self, self._tensor_name(key, name), convert_to_tensor(self._call_if_callable(value), name=name))

    def _tensor_name(self, key: str, name: str) -> str:
        """Which attribute holds the tensor of a hyperparameter; subclasses of programs use and replace them."""
        return f"_{key}_t" if hasattr(self, "_lr") else f"_{name}_tensor"

    @property
    def _tensors(self) -> dict[str, Any]:
        names = {key: self._tensor_name(key, name) for key, (_, name) in self._hyperparameters().items()}
        return {key: getattr(self, name) for key, name in names.items()}

    def _scalars(self, var: Any, dtype: Any) -> dict[str, Any]:
        """The scalar inputs of the op for a variable."""
        return {key: cast(tensor, dtype) for key, tensor in self._tensors.items()}

    def _create_slots(self, var_list: list) -> None:
        for var in var_list:
            for slot in self._slot_inputs.values():
                self._zeros_slot(var, slot, self._name)

    def _apply(self, prefix: str, var: Any, gradient: Any, indices: Any = None) -> Any:
        definition = get(f"{prefix}Apply{self._rule}")
        inputs = dict(self._scalars(var, var.dtype.base_dtype))
        for key, slot in self._slot_inputs.items():
            inputs[key] = _reference(self.get_slot(var, slot))
        inputs["delta" if "delta" in definition.input_names else "grad"] = gradient
        if indices is not None:
            inputs["indices"] = indices
        return definition(_reference(var), use_locking=self._use_locking, **inputs, **self._attrs)

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return self._apply("", var, grad).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return self._apply("Resource", handle, grad)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return self._apply("Sparse", var, grad.values, grad.indices).op

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return self._apply("ResourceSparse", handle, grad, indices)


def _reference(var: Any) -> Any:
    return var.handle if is_resource_variable(var) else var._ref()
