"""One update rule, four ops: an optimiser's `ApplyX`, `ResourceApplyX`, `SparseApplyX` and `ResourceSparseApplyX`.

A rule is a function that changes a variable and its slots in place. The dense ops hand it the variables block by block,
so that its intermediates stay in the cache; the sparse ones hand it the rows that have gradients.
"""

from __future__ import annotations

import inspect
from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op
from pyflow.ops import parallel
from pyflow.ops.gpu import INDEXED, dispatches
from pyflow.ops.gpu_scatter import optimised_rows
from pyflow.ops.shape_rules import merge, merge_dim, with_parameters, with_rank
from pyflow.ops.state import widened

_BLOCK = 1 << 15

Rule = Callable[..., None]


def define_updates(
    name: str,
    dense: str,
    sparse: str | None,
    rule: Rule,
    doc: str,
    gpu: Any = None,
    kinds: tuple[str, ...] = ("", "Resource"),
    **attrs: Any,
) -> dict[str, Any]:
    """Registers the ops of an optimiser.

    Args:
      name: the optimiser, for example "Momentum".
      dense: the inputs of `Apply<name>` in TF's order; a star marks the variable and its slots.
      sparse: those of `SparseApply<name>`, with `indices`; None where there is no such op.
      rule: called with those inputs but `indices`, and the attrs but `use_locking`, as keywords; the gradient is
        `grad`.
      gpu: the dense ops for the GPU; the sparse ones do the same with rows.
      kinds: what the op types begin with, "" for reference variables.
      attrs: the attrs beside `use_locking`.
    """
    made = {}
    for prefix, inputs in (("", dense), ("Sparse", sparse)):
        if inputs is not None:
            for resource in kinds:
                op_type = f"{resource}{prefix}Apply{name}"
                made[op_type] = _define(op_type, inputs.split(), rule, doc, attrs, bool(resource), gpu)
    return made


def _define(op_type: str, inputs: list[str], rule: Rule, doc: str, attrs: dict, is_resource: bool, gpu: Any) -> Any:
    names = [n.rstrip("*") for n in inputs]
    variables = [n.rstrip("*") for n in inputs if n.endswith("*")]
    kinds = dict.fromkeys(variables, "resource" if is_resource else "Ref(T)")
    kinds |= {"indices": "Tindices", "global_step": "int64"}
    arguments = ", ".join(f"{n}: {kinds.get(n, 'T')}" for n in names)
    types: dict[str, Any] = {"T": dtypes.NUMERIC}
    if "indices" in names:
        types["Tindices"] = dtypes.INDEX
        gpu = gpu and dispatches(optimised_rows(names, variables, gpu.updates), types=INDEXED)
    body = {
        "__doc__": doc,
        "__module__": rule.__module__,
        "stateful": is_resource,  # the others are known by their reference inputs
        "shape": _shape_rule(names, variables, is_resource),
        "cpu": with_parameters([*names, *attrs], _kernel(names, variables, list(attrs), rule)),
        "grad": NOT_DIFFERENTIABLE,
        "gpu": gpu,
    }
    output = "()" if is_resource else "(out: Ref(T))"
    return op(f"{op_type}({arguments}) -> {output}", **types, use_locking=attr("bool", False), **attrs)(
        type(op_type, (), body)
    )


def _shape_rule(names: list[str], variables: list[str], is_resource: bool) -> Callable:
    """The variable and its slots have one shape, the gradient that of the variable or its rows; the rest is scalar."""

    def rule(*shapes: Any) -> Any:
        given = dict(zip(names, shapes))
        var = None
        for name, shape in given.items():
            if name in variables:
                known = shape if not is_resource else shape and shape[1]
                var = _merged(variables[0], var, name, known)
            elif name in ("grad", "delta"):
                rows = shape and with_rank(given["indices"], 1)[:1] if "indices" in given else None
                if rows is None:
                    _merged("var", var, name, shape)
                elif shape:
                    merge_dim(rows[0], shape[0])
                    merge(var, (None, *shape[1:]))
            elif name != "indices":
                with_rank(shape, 0)
        return [] if is_resource else var

    return with_parameters([f"{n}_handle" if is_resource and n in variables else n for n in names], rule)


def _merged(first: str, known: Any, name: str, shape: Any) -> Any:
    try:
        return merge(known, shape)
    except ShapeError as error:
        words = f"{first} and {name} do not have the same shape{list(known)} {list(shape)}"
        raise ShapeError(str(error), at_run=words) from None


def _kernel(names: list[str], variables: list[str], attrs: list[str], rule: Rule) -> Callable:
    positions = [names.index(n) for n in variables]
    renamed = ["grad" if n == "delta" else n for n in [*names, *attrs]]
    first, position = positions[0], renamed.index("grad")
    order = [renamed.index(n) for n in inspect.signature(rule).parameters]

    def kernel(*arguments: Any) -> Any:
        """Small dense updates, of which a network has many, go straight to the rule."""
        cell, gradient = arguments[first], arguments[position]
        if cell.dtype is dtypes.bfloat16 or gradient.size > 2 * _BLOCK:
            return any_kernel(*arguments)
        values, shape = list(arguments), gradient.shape
        for i in positions:
            values[i] = array = arguments[i].read()
            if array.shape != shape:
                return any_kernel(*arguments)
        rule(*[values[i] for i in order])
        return None if cell.is_resource else cell

    def any_kernel(*arguments: Any) -> Any:
        values = dict(zip([*names, *attrs], arguments))
        cells = [values[n] for n in variables]
        stored = arrays = {n: cell.changing() for n, cell in zip(variables, cells)}
        is_bfloat16 = cells[0].dtype is dtypes.bfloat16
        if is_bfloat16:  # computed in float32, rounded once
            arrays = {n: dtypes.bfloat16_to_float32(a) for n, a in stored.items()}
            values = {n: v if n in arrays else widened(v) for n, v in values.items()}
        indices = values.pop("indices", None)
        gradient = values.pop("delta" if "delta" in values else "grad")
        others = {n: v for n, v in values.items() if n not in arrays}
        if indices is None:
            _check_shapes(arrays, gradient)
            _by_blocks(rule, arrays, gradient, others)
        else:
            _by_rows(rule, arrays, gradient, indices, others)
        if is_bfloat16:
            for n, array in arrays.items():
                np.copyto(stored[n], dtypes.float32_to_bfloat16(array))
        return cells[0] if not cells[0].is_resource else None

    return any_kernel if "indices" in names else kernel


def _check_shapes(arrays: dict[str, np.ndarray], gradient: np.ndarray) -> None:
    first, *rest = arrays.items()
    for name, array in rest:
        if array.shape != first[1].shape:
            raise InvalidArgumentError(
                None,
                None,
                f"{first[0]} and {name} do not have the same shape{list(first[1].shape)} {list(array.shape)}",
            )
    if np.shape(gradient) != first[1].shape:
        raise InvalidArgumentError(
            None, None, f"var and grad do not have the same shape{list(first[1].shape)} {list(np.shape(gradient))}"
        )


def _by_blocks(rule: Rule, arrays: dict, gradient: Any, others: dict) -> None:
    size = np.size(gradient)
    contiguous = all(a.flags.c_contiguous for a in arrays.values())
    if size <= 2 * _BLOCK or not contiguous:
        rule(**arrays, grad=gradient, **others)
        return
    flat = {n: a.reshape(-1) for n, a in arrays.items()}
    gradient = gradient.reshape(-1)

    def part(block: slice) -> None:
        rule(**{n: a[block] for n, a in flat.items()}, grad=gradient[block], **others)

    parallel.run(part, [slice(start, start + _BLOCK) for start in range(0, size, _BLOCK)])


def _by_rows(rule: Rule, arrays: dict, gradient: np.ndarray, indices: np.ndarray, others: dict) -> None:
    var = next(iter(arrays.values()))
    if indices.size and (indices.min() < 0 or indices.max() >= len(var)):
        i = int(np.flatnonzero((indices < 0) | (indices >= len(var)))[0])
        raise InvalidArgumentError(None, None, f"Index {indices[i]} at offset {i} in indices is out of range")
    if len(gradient) != len(indices):
        raise InvalidArgumentError(None, None, "grad must be the same size as indices in the first dimension.")
    if len(np.unique(indices)) == len(indices):
        _update_rows(rule, arrays, gradient, indices, others)
        return
    for i in range(len(indices)):  # an index that comes again sees what its first occurrence did
        _update_rows(rule, arrays, gradient[i : i + 1], indices[i : i + 1], others)


def _update_rows(rule: Rule, arrays: dict, gradient: np.ndarray, indices: np.ndarray, others: dict) -> None:
    rows = {n: a[indices] for n, a in arrays.items()}
    rule(**rows, grad=gradient, **others)
    for n, a in arrays.items():
        a[indices] = rows[n]
