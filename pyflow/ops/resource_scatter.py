"""Reading and changing parts of a variable behind a handle: gather and scatter."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import INDEX, NUMERIC
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op, raw
from pyflow.core.tensor import StaticShape
from pyflow.ops import gpu_gather
from pyflow.ops.gpu import INDEXED, dispatches, elementwise
from pyflow.ops.gpu_scatter import LARGER, SMALLER, Expression, changed_rows
from pyflow.ops.resource_state import narrowed, variable_shape_of
from pyflow.ops.shape_rules import merge, with_rank_at_least
from pyflow.ops.state_scatter import (
    check_indices,
    check_nd_indices,
    check_rows,
    check_slice_indices,
    check_slices,
    scatter_rows,
    scatter_slices,
    truncated_quotient,
)


def _rows_shape(resource_handle, indices, batch_dims, dtype):
    params = with_rank_at_least(variable_shape_of(resource_handle, dtype), 1)
    if params is None or indices is None:
        return None
    batch = merge(params[:batch_dims], indices[:batch_dims])
    return (*(batch or ()), *indices[batch_dims:], *params[batch_dims + 1 :])


@op(
    "ResourceGather(resource: resource, indices: Tindices) -> (output: dtype)",
    batch_dims=0,
    validate_indices=True,
    dtype=attr("type"),
    Tindices=INDEX,
)
class ResourceGather:
    """Rows of a variable, by index; with `batch_dims` from each entry of the leading dimensions separately."""

    stateful = True
    shape = _rows_shape

    def cpu(resource, indices, batch_dims):
        params, indices = resource.read(), np.asarray(indices)
        check_indices(indices, params.shape[batch_dims])
        if batch_dims == 0:
            return params[indices]
        batch = params.shape[:batch_dims]
        rows = params.reshape(-1, *params.shape[batch_dims:])
        flat = indices.reshape(len(rows), -1)
        chosen = rows[np.arange(len(rows))[:, None], flat]
        return chosen.reshape(*batch, *indices.shape[batch_dims:], *params.shape[batch_dims + 1 :])

    gpu = elementwise(gpu_gather.rows(check_indices, "resource"), types=INDEXED)

    def grad(op, dy):
        from pyflow.ops.array_shape import size

        handle, indices = op.inputs
        shape = variable_shape(handle)
        count = raw.ExpandDims(size(indices), 0)
        rows = raw.Reshape(dy, raw.ConcatV2([count, shape[1:]], 0))
        return IndexedSlices(rows, raw.Reshape(indices, count), shape), None


def variable_shape(handle: Any, out_type: Any = dtypes.int32) -> Any:
    """The shape of the variable behind a handle: a constant if it is known, else a tensor that is computed when run."""
    from pyflow.core.resources import handle_data
    from pyflow.ops.constant import constant

    known = handle_data(handle)
    if known is None or known[1] is None or None in known[1]:
        return raw.VariableShape(handle, out_type=out_type)
    return constant(list(known[1]), dtype=out_type)


def _slices_shape(resource_handle, indices, dtype):
    params = variable_shape_of(resource_handle, dtype)
    if params is None or indices is None or indices[-1] is None:
        return None
    if indices[-1] > len(params):
        raise ShapeError("indices.shape[-1] must be <= params.rank")
    return (*indices[:-1], *params[indices[-1] :])


def _check_slice_indices(indices: Any, shape: Any) -> None:
    check_nd_indices(indices, shape, "param shape")


@op("ResourceGatherNd(resource: resource, indices: Tindices) -> (output: dtype)", dtype=attr("type"), Tindices=INDEX)
class ResourceGatherNd:
    """Slices of a variable, by index vectors into its leading dimensions."""

    stateful = True
    shape = _slices_shape

    def cpu(resource, indices):
        params = resource.read()
        check_nd_indices(indices, params.shape, "param shape")
        return np.array(params[tuple(np.moveaxis(indices, -1, 0))])

    gpu = elementwise(gpu_gather.slices(_check_slice_indices, "resource"), types=INDEXED)

    def grad(op, dy):
        handle, indices = op.inputs
        shape = variable_shape(handle, indices.dtype)
        if indices.shape.ndims == 2 and indices.shape.as_list()[-1] == 1:
            return IndexedSlices(dy, raw.Squeeze(indices, squeeze_dims=[-1]), shape), None
        return raw.ScatterNd(indices, dy, shape), None


# ---------------------------------------------------------------- rows


def _rows_rule(resource_handle: Any, indices: StaticShape, updates: StaticShape, dtype: Any) -> list:
    check_rows(variable_shape_of(resource_handle, dtype), indices, updates)
    return []


def _define_rows(kind: str, combine: Callable | None, what: str, gpu: Expression) -> Any:
    def cpu(resource, indices, updates):
        scatter_rows(resource, indices, narrowed(updates) if _is_bfloat16(resource) else updates, combine)

    name = f"ResourceScatter{kind}"
    body = {"__doc__": what, "stateful": True, "shape": _rows_rule, "cpu": cpu, "grad": NOT_DIFFERENTIABLE}
    body["gpu"] = dispatches(changed_rows(gpu, check_indices), types=INDEXED)
    types: Any = attr("type", allowed=NUMERIC) if combine else attr("type")
    register = op(f"{name}(resource: resource, indices: Tindices, updates: dtype) -> ()", dtype=types, Tindices=INDEX)
    return register(type(name, (), {**body, "__module__": __name__}))


def _is_bfloat16(cell: Any) -> bool:
    return cell.dtype is dtypes.bfloat16


ResourceScatterUpdate = _define_rows("Update", None, "Replaces rows.", "b")
ResourceScatterAdd = _define_rows("Add", np.add, "Adds to rows.", "a + b")
ResourceScatterSub = _define_rows("Sub", np.subtract, "Subtracts from rows.", "a - b")
ResourceScatterMul = _define_rows("Mul", np.multiply, "Multiplies rows.", "a * b")
ResourceScatterDiv = _define_rows("Div", truncated_quotient, "Divides rows.", "a / b")
ResourceScatterMin = _define_rows("Min", np.minimum, "The smaller of rows and updates.", SMALLER)
ResourceScatterMax = _define_rows("Max", np.maximum, "The larger of rows and updates.", LARGER)


# ---------------------------------------------------------------- slices


def _slices_rule(ref_handle: Any, indices: StaticShape, updates: StaticShape, T: Any) -> list:
    check_slices(variable_shape_of(ref_handle, T), indices, updates)
    return []


def _define_slices(kind: str, combine: Callable | None, what: str, gpu: Expression) -> Any:
    def cpu(ref, indices, updates):
        scatter_slices(ref, indices, narrowed(updates) if _is_bfloat16(ref) else updates, combine)

    name = f"ResourceScatterNd{kind}"
    body = {"__doc__": what, "stateful": True, "shape": _slices_rule, "cpu": cpu, "grad": NOT_DIFFERENTIABLE}
    body["gpu"] = dispatches(changed_rows(gpu, check_slice_indices, depth=True), types=INDEXED)
    signature = f"{name}(ref: resource, indices: Tindices, updates: T) -> ()"
    register = op(signature, T=attr("type"), Tindices=INDEX, use_locking=True)
    return register(type(name, (), {**body, "__module__": __name__}))


ResourceScatterNdUpdate = _define_slices("Update", None, "Replaces slices.", "b")
ResourceScatterNdAdd = _define_slices("Add", np.add, "Adds to slices.", "a + b")
ResourceScatterNdSub = _define_slices("Sub", np.subtract, "Subtracts from slices.", "a - b")
