"""Optimizer: the base class of all optimisers."""

from __future__ import annotations

from typing import Any

from pyflow.autodiff import gradients
from pyflow.core import dtypes, nest
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor, convert_to_tensor_or_indexed_slices
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.init_scope import init_scope
from pyflow.core.registry import raw
from pyflow.core.scopes import (
    colocate_with,
    control_dependencies,
    get_collection,
    get_collection_ref,
    get_default_graph,
    name_scope,
)
from pyflow.core.tensor import Tensor
from pyflow.ops.control_flow import group
from pyflow.ops.control_flow import tuple as wait_for_all
from pyflow.ops.resource_variable import is_resource_variable
from pyflow.ops.state import assign_add
from pyflow.ops.variables import Variable, trainable_variables
from pyflow.train import slot_creator


@export("train.Optimizer")
class Optimizer:
    """Minimises a loss by updating variables along its gradients.

    A subclass says how one variable is updated: `_apply_dense`, `_apply_sparse`, and their forms for resource
    variables; `_create_slots` makes the variables it keeps, `_prepare` its hyperparameter tensors.

    Args:
      use_locking: accepted for compatibility; updates of one session are not interleaved.
      name: prefix of the nodes it makes.
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str):
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[Any, Any]] = {}
        self._non_slot_dict: dict[tuple[str, Any], Any] = {}

    def get_name(self) -> str:
        return self._name

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Any:
        """The operation that updates `var_list` so as to reduce `loss`, and adds one to `global_step`.

        Raises:
          ValueError: the loss depends on none of the variables, or one is of a dtype that can't be optimised.
        """
        grads_and_vars = self.compute_gradients(
            loss,
            var_list=var_list,
            gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
            grad_loss=grad_loss,
        )
        if all(g is None for g, _ in grads_and_vars):
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that do not support gradients, "
                "between "
                f"variables {[str(v) for _, v in grads_and_vars]} and loss {loss}."
            )
        return self.apply_gradients(grads_and_vars, global_step=global_step, name=name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[tuple[Any, Any]]:
        """A list of (gradient, variable); the gradient is None where the loss doesn't depend on the variable.

        Args:
          loss: the tensor to minimise, or a function that makes it.
          var_list: the variables; None takes the trainable ones.
          gate_gradients: `GATE_NONE`, `GATE_OP` (a node's gradients wait for each other) or `GATE_GRAPH` (all do).
          grad_loss: the gradient that the loss starts with.
        """
        if callable(loss):
            loss, gate_gradients = loss(), Optimizer.GATE_NONE
        if gate_gradients not in (Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH):
            raise ValueError(
                "gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH.  Not "
                f"{gate_gradients}"
            )
        self._assert_valid_dtypes([loss])
        if grad_loss is not None:
            self._assert_valid_dtypes([grad_loss])
        if var_list is None:
            var_list = trainable_variables() + get_collection(GraphKeys.TRAINABLE_RESOURCE_VARIABLES)
        else:
            var_list = nest.flatten(var_list)
        if not var_list:
            raise ValueError("No variables to optimize.")
        grads = gradients(
            loss,
            [_Target(v).reference for v in var_list],
            grad_ys=grad_loss,
            gate_gradients=gate_gradients == Optimizer.GATE_OP,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gate_gradients == Optimizer.GATE_GRAPH:
            grads = wait_for_all(grads)
        self._assert_valid_dtypes([v for g, v in zip(grads, var_list) if g is not None and v.dtype != dtypes.resource])
        return list(zip(grads, var_list))

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """The operation that applies gradients from `compute_gradients`, and adds one to `global_step`.

        Raises:
          ValueError: there is no gradient at all.
          TypeError: one is no tensor.
        """
        grads_and_vars = tuple(grads_and_vars)
        if not grads_and_vars:
            raise ValueError("No variables provided.")
        targets = [(_as_gradient(g), v, _Target(v)) for g, v in grads_and_vars]
        var_list = [v for g, v, _ in targets if g is not None]
        if not var_list:
            raise ValueError(f"No gradients provided for any variable: {[str(v) for _, v in grads_and_vars]}.")
        with init_scope():
            self._create_slots(var_list)
        updates = []
        with name_scope(name, self._name) as name:
            self._prepare()
            for gradient, var, target in targets:
                if gradient is not None:
                    with name_scope("update_" + var.op.name), colocate_with(var):
                        updates.append(target.update_op(self, gradient))
            if global_step is None:
                train_op = self._finish(updates, name)
            else:
                with control_dependencies([self._finish(updates, "update")]), colocate_with(global_step):
                    if is_resource_variable(global_step):
                        one = convert_to_tensor(1, dtype=global_step.dtype)
                        train_op = raw.AssignAddVariableOp(global_step.handle, one, name=name)
                    else:
                        train_op = assign_add(global_step, 1, name=name)
        train_op = train_op.op if isinstance(train_op, Tensor) else train_op
        collected = get_collection_ref(GraphKeys.TRAIN_OP)
        if train_op not in collected:
            collected.append(train_op)
        return train_op

    # ---------------------------------------------------------------- slots

    def get_slot(self, var: Any, name: str) -> Any:
        """The slot of that name of a variable, or None."""
        return self._slots.get(name, {}).get(_var_key(var))

    def get_slot_names(self) -> list[str]:
        return sorted(self._slots)

    def variables(self) -> list:
        """The optimiser's own variables in the default graph, by name."""
        own = [*self._non_slot_dict.values(), *(s for slots in self._slots.values() for s in slots.values())]
        return sorted((v for v in own if v.op.graph is get_default_graph()), key=lambda v: v.name)

    def _create_non_slot_variable(self, initial_value: Any, name: str, colocate_with: Any) -> Any:
        key = (name, colocate_with.graph)
        if key not in self._non_slot_dict:
            with get_default_graph().colocate_with(colocate_with):
                self._non_slot_dict[key] = Variable(
                    initial_value, name=name, trainable=False, use_resource=is_resource_variable(colocate_with)
                )
        return self._non_slot_dict[key]

    def _get_non_slot_variable(self, name: str, graph: Any = None) -> Any:
        return self._non_slot_dict.get((name, graph))

    def _non_slot_variables(self) -> Any:
        return self._non_slot_dict.values()

    def _slot_dict(self, slot_name: str) -> dict:
        return self._slots.setdefault(slot_name, {})

    def _get_or_make_slot(self, var: Any, val: Any, slot_name: str, op_name: str) -> Any:
        slots = self._slot_dict(slot_name)
        if _var_key(var) not in slots:
            slots[_var_key(var)] = slot_creator.create_slot(var, val, op_name)
        return slots[_var_key(var)]

    def _get_or_make_slot_with_initializer(
        self, var: Any, initializer: Any, shape: Any, dtype: Any, slot_name: str, op_name: str
    ) -> Any:
        slots = self._slot_dict(slot_name)
        if _var_key(var) not in slots:
            slots[_var_key(var)] = slot_creator.create_slot_with_initializer(var, initializer, shape, dtype, op_name)
        return slots[_var_key(var)]

    def _zeros_slot(self, var: Any, slot_name: str, op_name: str) -> Any:
        slots = self._slot_dict(slot_name)
        if _var_key(var) not in slots:
            slots[_var_key(var)] = slot_creator.create_zeros_slot(var, op_name)
        return slots[_var_key(var)]

    # ---------------------------------------------------------------- what subclasses define

    def _valid_dtypes(self) -> set:
        return {dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64}

    def _assert_valid_dtypes(self, tensors: list) -> None:
        valid = self._valid_dtypes()
        for t in tensors:
            if t.dtype.base_dtype not in valid:
                raise ValueError(f"Invalid type {t.dtype.base_dtype!r} for {t.name}, expected: {list(valid)}.")

    def _create_slots(self, var_list: list) -> None:
        """Makes the slots of the variables."""

    def _prepare(self) -> None:
        """Makes the tensors of the hyperparameters."""

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        raise NotImplementedError()

    def _resource_apply_dense(self, grad: Tensor, handle: Any) -> Any:
        raise NotImplementedError()

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        raise NotImplementedError()

    def _resource_apply_sparse(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        raise NotImplementedError()

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        values, indices = _deduplicate_indexed_slices(grad.values, grad.indices)
        return self._apply_sparse(IndexedSlices(values, indices, grad.dense_shape), var)

    def _resource_apply_sparse_duplicate_indices(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        values, indices = _deduplicate_indexed_slices(grad, indices)
        return self._resource_apply_sparse(values, handle, indices)

    def _finish(self, update_ops: list, name_scope: str) -> Any:
        return group(*update_ops, name=name_scope)

    def _call_if_callable(self, param: Any) -> Any:
        return param() if callable(param) else param


def _var_key(var: Any) -> tuple:
    return var.op.graph, var.op.name


def _as_gradient(gradient: Any) -> Any:
    if gradient is None:
        return None
    try:
        return convert_to_tensor_or_indexed_slices(gradient)
    except TypeError:
        raise TypeError(f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {gradient}") from None


def _deduplicate_indexed_slices(values: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
    """Rows with the same index become one, their sum."""
    unique, positions = raw.Unique(indices)
    return raw.UnsortedSegmentSum(values, positions, raw.Shape(unique)[0]), unique


class _Target:
    """Something to be optimised: a reference or resource variable, or a tensor (only to differentiate by)."""

    def __init__(self, v: Any):
        if v.op.type != "VarHandleOp" and not isinstance(v, (Variable, Tensor)):
            raise NotImplementedError("Trying to optimize unsupported type ", v)
        self._var: Any = v
        self._is_resource = v.op.type == "VarHandleOp" or is_resource_variable(v)

    @property
    def reference(self) -> Any:
        if self._is_resource or isinstance(self._var, Tensor):
            return self._var
        return self._var._ref()

    def update_op(self, optimizer: Optimizer, gradient: Any) -> Any:
        var = self._var
        if isinstance(var, Tensor):
            raise NotImplementedError("Trying to update a Tensor ", var)
        if isinstance(gradient, IndexedSlices):
            if var.constraint is not None:
                raise RuntimeError("Cannot use a constraint function on a sparse variable.")
            if self._is_resource:
                return optimizer._resource_apply_sparse_duplicate_indices(gradient.values, var, gradient.indices)
            return optimizer._apply_sparse_duplicate_indices(gradient, var)
        apply = optimizer._resource_apply_dense if self._is_resource else optimizer._apply_dense
        update = apply(gradient, var)
        if var.constraint is None:
            return update
        with control_dependencies([update]):
            return var.assign(var.constraint(var))
