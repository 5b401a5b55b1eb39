"""Ops that only move elements, on the GPU: for each element of the output, where in the input it was.

What numpy does with strides alone, it is asked for them; what has margins, is turned round or repeated is put into
coordinates. Either way the op is an element-wise one, and becomes part of the shader of those around it.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, Callable

import numpy as np

from pyflow.ops.gpu import Dispatch, groups, size, word_of
from pyflow.ops.gpu_indices import (
    constant,
    coordinates,
    element,
    flat,
    number,
    strided,
    strides_of,
    total,
)

# One shader looks into so many inputs for each element; more are copied one by one.
_FEW_INPUTS = 6
_LARGEST_SUM = 27


def _stand_in(shape: Any) -> np.ndarray:
    """An array of that shape that nobody looks into; its strides count elements."""
    return np.empty(shape, np.int8)


def _index_in(whole: np.ndarray, seen: np.ndarray) -> str | None:
    """The index of each element of a view, from that in the view; None for what is no view."""
    if not np.may_share_memory(whole, seen):
        return None
    offset = seen.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    return strided(seen.shape, seen.strides, offset)


def as_view(node: Any) -> str | None:
    """The output of an op whose kernel gives a view of its first input, where the others are known."""
    definition, source = node.definition, node.inputs[0]
    whole = _stand_in(source.shape)
    arguments = dict(zip(definition.input_names, [whole, *map(constant, node.inputs[1:])]))
    if any(value is None for value in arguments.values()):
        return None
    arguments.update(node.attrs)
    try:
        seen = definition.cpu(*[arguments[name] for name in definition.cpu_parameters])
    except Exception:  # the kernel says what is wrong when it runs
        return None
    index = _index_in(whole, seen)
    return None if index is None else element(source, definition.input_names[0], index)


def seen_as(function: Callable[[Any, Any], Any]) -> Callable[[Any], str | None]:
    """A rule for what `function(array, node)` shows as a view of the only input."""

    def rule(node: Any) -> str | None:
        (source,) = node.inputs
        whole = _stand_in(source.shape)
        index = _index_in(whole, function(whole, node))
        return None if index is None else element(source, node.definition.input_names[0], index)

    return rule


# ---------------------------------------------------------------- parts and wholes


def parts(axis: Callable[[Any], int | None]) -> Callable[[Any], list[str] | None]:
    """A rule for the outputs as parts of the input `value` that follow each other along an axis."""

    def rule(node: Any) -> list[str] | None:
        along = axis(node)
        if along is None:
            return None
        source = next(v for v, name in zip(node.inputs, node.definition.input_names) if name == "value")
        along %= len(source.shape)
        strides = strides_of(source.shape)
        start, texts = 0, []
        for output in node.outputs:
            # Unpack's outputs are without the axis.
            shape = output.shape
            if len(shape) < len(source.shape):
                shape = (*shape[:along], 1, *shape[along:])
            texts.append(element(source, "value", strided(shape, strides, start * strides[along])))
            start += shape[along]
        return texts

    return rule


def joined(axis: Callable[[Any], int | None], first: int = 0) -> Callable[[Any], str | None]:
    """A rule for inputs one after the other along an axis: a few of them, in one shader.

    Args:
      first: the position of the first of the inputs `values`.
    """

    def rule(node: Any) -> str | None:
        along, values = axis(node), _values(node, first)
        if along is None or len(values) > _FEW_INPUTS:
            return None
        shape, extents = _as_slabs(node, values, along)
        at = coordinates(shape)
        start, ends, chosen = 0, list(itertools.accumulate(extents)), []
        for j, extent in enumerate(extents):
            inner = [at[0], f"({at[1]} - {start}u)" if start else at[1], at[2]]
            chosen.append(element(values[j], f"values{j}", flat((shape[0], extent, shape[2]), inner)))
            start = ends[j]
        text = chosen[-1]
        for j in range(len(values) - 2, -1, -1):
            text = f"select({text}, {chosen[j]}, {at[1]} < {ends[j]}u)"
        return text

    return rule


def joined_one_by_one(axis: Callable[[Any], int | None], first: int = 0) -> Callable[[Any], list[Dispatch] | None]:
    """As `joined`, for any number of inputs: each is copied to its place by itself."""

    def rule(node: Any) -> list[Dispatch] | None:
        along, values = axis(node), _values(node, first)
        if along is None:
            return None
        shape, extents = _as_slabs(node, values, along)
        start, dispatches = 0, []
        for value, extent in zip(values, extents):
            place = strided((shape[0], extent, shape[2]), strides_of(shape), start * shape[2])
            dispatches.append(placed(value, node.outputs[0], place))
            start += extent
        return dispatches

    return rule


def placed(value: Any, output: Any, place: str) -> Dispatch:
    """Copies a value into another at an index computed from that in the value."""
    return Dispatch(
        "array/place.wgsl",
        [value],
        [output],
        groups(size(value)),
        functions={"place": f"fn place(i: u32) -> u32 {{ return {place}; }}"},
        types={"T": word_of(value)},
        COUNT=size(value),
    )


_STITCHED = """@group(0) @binding(1) var<storage, read> rows: array<i32>;
fn place(i: u32) -> u32 {{ return u32(rows[i / {width}u]) * {width}u + i % {width}u; }}"""


def stitched(node: Any) -> list[Dispatch] | None:
    """`DynamicStitch`, where the indices are known and none comes twice."""
    count, output = node.attrs["N"], node.outputs[0]
    known = [constant(v) for v in node.inputs[:count]]
    if any(v is None or not v.size for v in known):
        return None
    places = np.concatenate([v.reshape(-1) for v in known])
    if places.min() < 0 or len(np.unique(places)) != len(places) or len(places) != output.shape[0]:
        return None
    width = math.prod(output.shape[1:])
    dispatches = []
    for indices, data in zip(node.inputs[:count], node.inputs[count:]):
        functions, grid = {"place": _STITCHED.format(width=width)}, groups(size(data))
        types, count = {"T": word_of(data)}, size(data)
        dispatches.append(Dispatch("array/place.wgsl", [data, indices], [output], grid, types, functions, COUNT=count))
    return dispatches


def _values(node: Any, first: int) -> list[Any]:
    return node.inputs[first : first + node.attrs["N"]]


def _as_slabs(node: Any, values: list[Any], axis: int) -> tuple[tuple[int, int, int], list[int]]:
    """The output's shape with the axes before and after the one made one each, and the inputs' parts of it."""
    whole = node.outputs[0].shape
    axis %= len(whole)
    outer, inner = math.prod(whole[:axis]), math.prod(whole[axis + 1 :])
    return (outer, whole[axis], inner), [size(v) // (outer * inner) for v in values]


# ---------------------------------------------------------------- margins


def where(conditions: list[str], taken: str, otherwise: str = "T(0)") -> str:
    """An element where all the conditions hold."""
    return f"select({otherwise}, {taken}, {' && '.join(conditions)})" if conditions else taken


def padded(node: Any) -> str | None:
    """`Pad` and `PadV2`. u32 wraps around: what lies before the first element is larger than any extent."""
    source, shape, pairs = node.inputs[0], node.outputs[0].shape, constant(node.inputs[1])
    if pairs is None:
        return None
    at, conditions = [], []
    for c, (before, after), extent in zip(coordinates(shape), pairs.tolist(), source.shape):
        c = f"({c} - {before}u)" if before else c
        if before or after:
            conditions.append(f"{c} < {extent}u")
        at.append(c)
    otherwise = "constant_values" if len(node.inputs) > 2 else "T(0)"
    return where(conditions, element(source, "input", flat(source.shape, at)), otherwise)


def _leaves_out_border(node: Any) -> bool:
    return node.attrs["mode"] in ("REFLECT", b"REFLECT")


def mirrored(node: Any) -> str | None:
    """`MirrorPad`: coordinates before the beginning and after the end are turned round."""
    source, pairs = node.inputs[0], constant(node.inputs[1])
    if pairs is None:
        return None
    shift = 0 if _leaves_out_border(node) else 1
    at = []
    for c, (before, after), extent in zip(coordinates(node.outputs[0].shape), pairs.tolist(), source.shape):
        inside = f"({c} - {before}u)" if before else c
        if after:
            inside = f"select({inside}, {number(2 * extent + before - 2 + shift)} - {c}, {c} >= {before + extent}u)"
        if before:
            inside = f"select({inside}, {number(before - shift)} - {c}, {c} < {before}u)"
        at.append(inside)
    return element(source, "input", flat(source.shape, at))


def mirrored_gradient(node: Any) -> str | None:
    """`MirrorPadGrad`: the sum over the images that an element has along each axis."""
    source, pairs = node.inputs[0], constant(node.inputs[1])
    if pairs is None:
        return None
    inner = 1 if _leaves_out_border(node) else 0
    images: list[list[tuple[str, str]]] = []  # for each axis (place, condition)
    for c, (before, after), extent in zip(coordinates(node.outputs[0].shape), pairs.tolist(), node.outputs[0].shape):
        places = [(f"({c} + {before}u)" if before else c, "")]
        if before:
            places.append((f"({before + inner - 1}u - {c})", f"{c} - {inner}u < {before}u"))
        if after:
            last = 2 * extent + before - 1 - inner
            places.append((f"({last}u - {c})", f"{extent - inner - 1}u - {c} < {after}u"))
        images.append(places)
    if math.prod(map(len, images)) > _LARGEST_SUM:
        return None
    terms = []
    for combination in itertools.product(*images):
        taken = element(source, "input", flat(source.shape, [place for place, _ in combination]))
        terms.append(where([c for _, c in combination if c], taken))
    return total(terms)


# ---------------------------------------------------------------- repeated, turned round, shifted


def tiled(node: Any) -> str | None:
    """`Tile`: with axes in pairs (repetition, position), the first of each has no stride."""
    source, times = node.inputs[0], constant(node.inputs[1])
    if times is None:
        return None
    shape = [n for pair in zip(times.tolist(), source.shape) for n in pair]
    strides = [s for stride in strides_of(source.shape) for s in (0, stride)]
    return element(source, "input", strided(shape, strides))


def rolled(node: Any) -> str | None:
    """`Roll`."""
    source, (shift, axis) = node.inputs[0], map(constant, node.inputs[1:])
    if shift is None or axis is None:
        return None
    shape = source.shape
    by = [0] * len(shape)
    for s, a in zip(np.reshape(shift, -1).tolist(), np.reshape(axis, -1).tolist()):
        by[a] += s
    moved = [f"(({c} + {(-s) % n}u) % {n}u)" if s % n else c for c, s, n in zip(coordinates(shape), by, shape)]
    return element(source, "input", flat(shape, moved))


def sequences_reversed(node: Any) -> str:
    """`ReverseSequence`: the lengths are looked up where they are needed."""
    source, lengths = node.inputs
    seq_dim, batch_dim = node.attrs["seq_dim"], node.attrs["batch_dim"]
    at = coordinates(source.shape)
    c, length = at[seq_dim], f"u32(seq_lengths[{at[batch_dim]}])"
    at[seq_dim] = f"select({c}, {length} - 1u - {c}, {c} < {length})"
    return element(source, "input", flat(source.shape, at))


# ---------------------------------------------------------------- blocks


def blocks_packed(node: Any, block: list[int] | None, paddings: Any) -> str | None:
    """`SpaceToBatchND` and its older form: batch = (position in block, batch), position = block's."""
    if block is None or paddings is None:
        return None
    source, shape = node.inputs[0], node.outputs[0].shape
    at = coordinates((*block, source.shape[0], *shape[1:]))
    count = len(block)
    inside, batch, blocks, rest = at[:count], at[count], at[count + 1 : 2 * count + 1], at[2 * count + 1 :]
    conditions, places = [], []
    margins = paddings.tolist()
    for position, which, side, (before, after), extent in zip(inside, blocks, block, margins, source.shape[1:]):
        place = f"({which} * {side}u + {position} - {before}u)"
        if before or after:
            conditions.append(f"{place} < {extent}u")
        places.append(place)
    taken = element(source, "input", flat(source.shape, [batch, *places, *rest]))
    return where(conditions, taken)


def blocks_unpacked(node: Any, block: list[int] | None, crops: Any) -> str | None:
    """`BatchToSpaceND` and its older form."""
    if block is None or crops is None:
        return None
    source, shape = node.inputs[0], node.outputs[0].shape
    count = len(block)
    at = coordinates(shape)
    places, inside = [], []
    for c, side, (before, _) in zip(at[1:], block, crops.tolist()):
        c = f"({c} + {before}u)" if before else c
        places.append(f"({c} / {side}u)")
        inside.append(f"({c} % {side}u)")
    unpacked = (*block, shape[0], *source.shape[1:])
    return element(source, "input", flat(unpacked, [*inside, at[0], *places, *at[1 + count :]]))


# ---------------------------------------------------------------- the gradient of a strided slice


def slice_gradient(node: Any, index: Callable[..., tuple]) -> str | None:
    """`StridedSliceGrad`: dy where an element is in the slice, else 0.

    Args:
      index: gives numpy's index from begin, end and strides.
    """
    begin, end, strides = map(constant, node.inputs[1:4])
    dy, shape = node.inputs[4], node.outputs[0].shape
    if begin is None or end is None or strides is None:
        return None
    chosen = _stand_in(shape)[index(begin, end, strides)]
    if chosen.shape != tuple(dy.shape):
        return None
    entries = _without_new_axes(index(begin, end, strides), len(shape))
    conditions, places, extents = [], [], []
    for c, entry, whole in zip(coordinates(shape), entries, shape):
        taken = range(whole)[entry if isinstance(entry, slice) else slice(entry, entry + 1 or None)]
        start, step = taken[0], taken.step
        if start or step < 0:
            c = f"({start}u - {c})" if step < 0 else f"({c} - {start}u)"
        if abs(step) > 1:
            conditions.append(f"{c} % {abs(step)}u == 0u")
            c = f"({c} / {abs(step)}u)"
        if len(taken) != whole:
            conditions.append(f"{c} < {len(taken)}u")
        places.append(c)
        extents.append(len(taken))
    return where(conditions, element(dy, "dy", flat(extents, places)))


def _without_new_axes(index: tuple, rank: int) -> list[Any]:
    """An entry for each axis of the array: what the ellipsis stands for written out."""
    entries = [e for e in index if e is not None]
    at = next((i for i, e in enumerate(entries) if e is Ellipsis), len(entries))
    left = rank - sum(e is not Ellipsis for e in entries)
    return [*entries[:at], *[slice(None)] * left, *entries[at + 1 :]]
