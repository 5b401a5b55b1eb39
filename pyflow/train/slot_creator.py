"""Slots: variables that an optimiser or moving average keeps beside each variable."""

from __future__ import annotations

from typing import Any

from pyflow.core.scopes import colocate_with
from pyflow.core.shapes import TensorShape
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_shape import shape as shape_op
from pyflow.ops.initializers import zeros_initializer
from pyflow.ops.resource_variable import is_resource_variable
from pyflow.ops.variable_scope import get_variable, get_variable_scope, variable_scope
from pyflow.ops.variables import Variable


def _create(primary: Any, value: Any, validate_shape: bool, shape: Any, dtype: Any) -> Any:
    scope = get_variable_scope()
    partitioner = scope.partitioner
    scope.set_partitioner(None)
    try:
        slot = get_variable(
            "",
            initializer=value,
            trainable=False,
            use_resource=is_resource_variable(primary),
            shape=shape if callable(value) else None,
            dtype=dtype,
            validate_shape=validate_shape,
        )
    finally:
        scope.set_partitioner(partitioner)
    info = primary._get_save_slice_info() if isinstance(primary, Variable) else None
    if info is not None:
        own_name = slot.name[len(primary.op.name + "/") : -2]
        slot._set_save_slice_info(
            Variable.SaveSliceInfo(
                f"{info.full_name}/{own_name}", info.full_shape[:], info.var_offset[:], info.var_shape[:]
            )
        )
    return slot


def _in_scope(primary: Any, name: str, colocate: bool, value: Any, shape: TensorShape | None, dtype: Any) -> Any:
    static = shape if shape is not None else value.get_shape()
    with variable_scope(None, f"{primary.op.name}/{name}"):
        if not colocate:
            return _create(primary, value, static.is_fully_defined(), shape, dtype)
        with colocate_with(primary):
            return _create(primary, value, static.is_fully_defined(), shape, dtype)


def create_slot(primary: Any, val: Any, name: str, colocate_with_primary: bool = True) -> Any:
    """A slot `<primary>/<name>` that starts as the tensor `val`."""
    return _in_scope(primary, name, colocate_with_primary, val, None, None)


def create_slot_with_initializer(
    primary: Any, initializer: Any, shape: TensorShape, dtype: Any, name: str, colocate_with_primary: bool = True
) -> Any:
    """A slot of the given shape and dtype, filled by an initializer."""
    return _in_scope(primary, name, colocate_with_primary, initializer, shape, dtype)


def create_zeros_slot(primary: Any, name: str, dtype: Any = None, colocate_with_primary: bool = True) -> Any:
    """A slot of the primary's shape that starts at zero."""
    dtype = primary.dtype if dtype is None else dtype
    static = primary.get_shape()
    if static.is_fully_defined():
        return create_slot_with_initializer(primary, zeros_initializer(), static, dtype, name, colocate_with_primary)
    value = primary.initialized_value() if isinstance(primary, Variable) else primary
    return create_slot(primary, zeros(shape_op(value), dtype=dtype), name, colocate_with_primary)
