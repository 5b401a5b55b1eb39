"""Variables that live behind a resource handle: `VarHandleOp`, and the ops that read and assign."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, one_of, op
from pyflow.core.resources import HandleData, VariableCell
from pyflow.core.tensor import StaticShape, brackets
from pyflow.ops.gpu import update
from pyflow.ops.shape_rules import merge, no_outputs, scalar
from pyflow.ops.state import CountUpTo, next_count, widened


@op("VarHandleOp() -> (resource: resource)", container="", shared_name="", dtype=attr("type"), shape=attr("shape"))
class VarHandleOp:
    """A handle on a variable of the session."""

    stateful = True
    shape = scalar

    def cpu(ctx, container, shared_name, shape):
        name = shared_name or ctx.op_name
        dtype = ctx.op.attrs["dtype"]
        return ctx.resources.get_or_create(
            VariableCell,
            container,
            name,
            lambda: VariableCell(name, dtype, True, shape.as_tuple(), ctx.resources.forget_plans),
        )

    grad = NOT_DIFFERENTIABLE


def variable_shape_of(handle: HandleData | None, dtype: Any) -> StaticShape:
    """The static shape of the variable behind a handle.

    Raises:
      ShapeError: it is a variable of another dtype.
    """
    if handle is None:
        return None
    known, shape = handle
    if known is not dtype:
        raise ShapeError(f"Trying to read variable with wrong dtype. Expected {_c_name(known)} got {_c_name(dtype)}")
    return shape


def _c_name(dtype: Any) -> Any:
    return {"float32": "float", "float64": "double", "float16": "half"}.get(dtype.name, dtype.name)


@op("ReadVariableOp(resource: resource) -> (value: dtype)", dtype=attr("type"))
class ReadVariableOp:
    """The variable's value at this point: what is assigned later does not change it."""

    stateful = True

    def shape(resource_handle, dtype):
        return variable_shape_of(resource_handle, dtype)

    def cpu(resource):
        return resource.read().copy()

    def grad(op, dy):
        return dy


@op("VarIsInitializedOp(resource: resource) -> (is_initialized: bool)")
class VarIsInitializedOp:
    """Whether the variable has a value."""

    stateful = True
    shape = scalar

    def cpu(resource):
        return np.bool_(resource.value is not None)

    grad = NOT_DIFFERENTIABLE


@op("VariableShape(input: resource) -> (output: out_type)", out_type=one_of(dtypes.INDEX, default=dtypes.int32))
class VariableShape:
    """The shape of the variable's value."""

    stateful = True

    def shape(input_handle):
        return (None,) if input_handle is None or input_handle[1] is None else (len(input_handle[1]),)

    def cpu(input, out_type):
        return np.array(input.read().shape, out_type.as_numpy_dtype)

    grad = NOT_DIFFERENTIABLE


def _assignable(resource_handle, value, dtype):
    merge(variable_shape_of(resource_handle, dtype), value)
    return []


def _updatable(resource_handle, value, dtype):
    known = variable_shape_of(resource_handle, dtype)
    try:
        merge(known, value)
    except ShapeError as error:
        raise ShapeError(str(error), at_run=_unequal(known, value)) from None
    return []


def _unequal(variable: StaticShape, value: StaticShape) -> str:
    return (
        f"Cannot update variable with shape {brackets(variable)} using a Tensor with shape {brackets(value)}, "
        "shapes must be equal."
    )


@op("AssignVariableOp(resource: resource, value: dtype) -> ()", dtype=attr("type"))
class AssignVariableOp:
    """Gives the variable a new value."""

    stateful = True
    shape = _assignable

    def cpu(resource, value):
        if resource.dtype is dtypes.bfloat16:
            value = narrowed(value)
        resource.assign(value)

    grad = NOT_DIFFERENTIABLE
    gpu = update(resource="value")


def narrowed(value: Any) -> Any:
    """float32 as bfloat16; anything else as it is."""
    return dtypes.float32_to_bfloat16(value) if np.asarray(value).dtype == np.float32 else value


def _update(cell: VariableCell, ufunc: Any, value: Any) -> None:
    current = cell.writable()
    if current.shape != np.shape(value):
        raise errors.InvalidArgumentError(None, None, _unequal(current.shape, np.shape(value)))
    if cell.dtype is dtypes.bfloat16:
        total = ufunc(dtypes.bfloat16_to_float32(current), widened(value))
        np.copyto(current, dtypes.float32_to_bfloat16(total))
    else:
        ufunc(current, value, out=current)


@op("AssignAddVariableOp(resource: resource, value: dtype) -> ()", dtype=attr("type"))
class AssignAddVariableOp:
    """variable += value."""

    stateful = True
    shape = _updatable

    def cpu(resource, value):
        _update(resource, np.add, value)

    grad = NOT_DIFFERENTIABLE
    gpu = update(resource="resource + value")


@op("AssignSubVariableOp(resource: resource, value: dtype) -> ()", dtype=attr("type"))
class AssignSubVariableOp:
    """variable -= value."""

    stateful = True
    shape = _updatable

    def cpu(resource, value):
        _update(resource, np.subtract, value)

    grad = NOT_DIFFERENTIABLE
    gpu = update(resource="resource - value")


@op("DestroyResourceOp(resource: resource) -> ()", ignore_lookup_error=True)
class DestroyResourceOp:
    """Makes the variable uninitialised again."""

    stateful = True
    shape = no_outputs

    def cpu(resource, ignore_lookup_error):
        if isinstance(resource, VariableCell):
            if resource.value is None and not ignore_lookup_error:
                raise resource.uninitialized()
            resource.value = None

    grad = NOT_DIFFERENTIABLE


@op("ResourceCountUpTo(resource: resource) -> (output: T)", limit=attr("int"), T=dtypes.INDEX)
class ResourceCountUpTo:
    """The variable's value before it is increased by one; an error once it has reached `limit`."""

    stateful = True
    shape = scalar

    def cpu(resource, limit):
        return next_count(resource, limit)

    grad = NOT_DIFFERENTIABLE


@export("count_up_to")
def count_up_to(ref: Any, limit: int, name: str | None = None) -> Any:
    """The value of an int variable before it is increased by one.

    Raises when run:
      OutOfRangeError: the variable has reached `limit`.
    """
    if ref.dtype._is_ref_dtype:
        return CountUpTo(ref, limit=limit, name=name)
    return ResourceCountUpTo(ref.handle, limit, T=ref.dtype, name=name)
