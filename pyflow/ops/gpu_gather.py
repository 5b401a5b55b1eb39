"""Picking by index on the GPU: for each element of the output, which row of the parameters it is in.

Indices that come from the host are checked there; where others are out of range, the result is 0, as TensorFlow has it
on GPUs.
"""

from __future__ import annotations

import math
from typing import Any, Callable

from pyflow.ops.gpu import WGSL_TYPES
from pyflow.ops.gpu_indices import constant, coordinates, element, flat, number, strides_of, total


def rows(check: Callable[[Any, int], None], params: str = "params") -> Callable[[Any], str | None]:
    """A rule for `Gather`, `GatherV2` and the like.

    Args:
      check: raises where one of its indices is not below a limit.
      params: the argument that has the rows.
    """

    def rule(node: Any) -> str | None:
        source, indices = node.inputs[0], node.inputs[1]
        shape = source.shape if source.cell is None else source.cell.shape
        batch = node.attrs.get("batch_dims", 0)
        batch += len(indices.shape) if batch < 0 else 0
        axis = batch
        if len(node.inputs) > 2:
            known = constant(node.inputs[2])
            if known is None:
                return None
            axis = int(known) % len(shape)
        limit = shape[axis]
        node.check(indices, lambda array: check(array, limit))
        before, middle = math.prod(shape[:batch]), math.prod(shape[batch:axis])
        count, inner = math.prod(indices.shape[batch:]), math.prod(shape[axis + 1 :])
        b, m, j, k = coordinates((before, middle, count, inner))
        index = f"u32(indices[{flat((before, count), [b, j])}])"
        taken = element(_output(node), params, flat((before, middle, limit, inner), [b, m, index, k]))
        return _where_inside(node, [f"{index} < {limit}u"], taken)

    return rule


def slices(check: Callable[[Any, Any], None], params: str = "params") -> Callable[[Any], str]:
    """A rule for `GatherNd` and the like; `check` raises where one of its index vectors lies outside of a shape."""

    def rule(node: Any) -> str:
        source, indices = node.inputs
        shape = source.shape if source.cell is None else source.cell.shape
        depth = indices.shape[-1]
        node.check(indices, lambda array: check(array, shape))
        count, inner = math.prod(indices.shape[:-1]), math.prod(shape[depth:])
        j, k = coordinates((count, inner))
        place, inside = place_of(j, shape, depth)
        taken = element(_output(node), params, total([_scaled(place, inner), *([k] if k != "0u" else [])]))
        return _where_inside(node, inside, taken)

    return rule


def place_of(j: str, shape: Any, depth: int) -> tuple[str, list[str]]:
    """(the flat index over the first `depth` axes that index vector j names, the conditions for it to be inside)."""
    found = [f"u32(indices[{_scaled(j, depth)} + {d}u])" for d in range(depth)]
    terms = [_scaled(index, stride) for index, stride in zip(found, strides_of(shape[:depth]))]
    return f"({total(terms)})", [f"{index} < {extent}u" for index, extent in zip(found, shape)]


def _scaled(text: str, factor: int) -> str:
    return text if factor == 1 else f"({text}) * {number(factor)}"


def _output(node: Any) -> Any:
    return node.outputs[0]


def _where_inside(node: Any, conditions: list[str], taken: str) -> str:
    zero = "false" if node.outputs[0].dtype.name == "bool" else f"{WGSL_TYPES[node.outputs[0].dtype.name]}(0)"
    return f"select({zero}, {taken}, {' && '.join(conditions)})" if conditions else taken
