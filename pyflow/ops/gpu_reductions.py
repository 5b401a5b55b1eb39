"""Reductions on the GPU: sums, extremes, products along any axes, places of extremes, running sums, softmax."""

from __future__ import annotations

import math
from typing import Any, Callable, NamedTuple

from pyflow.core import dtypes
from pyflow.ops.gpu import Choice, Dispatch, groups, word_of
from pyflow.ops.gpu_indices import constant

# A part of a row is added up by one workgroup, one of a column by one invocation; more of them take another pass.
_ROW_PART = 2048
_COLUMN_PART = 256
_WHOLE_COLUMN = 512
# So many rows keep a CPU busy that acts as a GPU, even if each is done by one invocation.
_ENOUGH_ROWS = 64
# So many results keep a GPU busy though each has a whole column to itself.
_MANY_RESULTS = 1024
_SHORT_COLUMN = 128


class Combination(NamedTuple):
    """How elements become one number: WGSL expressions of `v` (or `x`, before it has the type), of `a` and `b`, of
    nothing, and of `a`; and the type that they are combined in, if it is not the elements' own."""

    element: str
    combine: str
    initial: str
    finish: str
    word: str = ""


def _extreme(word: str, lowest_bits: str, lowest_integer: str) -> dict[str, Combination]:
    floats = Combination("v", f"{word}er(a, b)", lowest_bits, "a")
    integers = Combination("v", f"{'max' if word == 'larg' else 'min'}(a, b)", lowest_integer, "a")
    return {"f32": floats, "i32": integers}


_SUM = Combination("v", "a + b", "A(0)", "a")
_KINDS: dict[str, Combination | dict[str, Combination]] = {
    "Sum": _SUM,
    "Mean": _SUM._replace(finish="a / A(WHOLE)"),
    "Prod": Combination("v", "a * b", "A(1)", "a"),
    "Max": _extreme("larg", "-infinity()", "bitcast<i32>(0x80000000u)"),
    "Min": _extreme("small", "infinity()", "bitcast<i32>(0x7fffffffu)"),
    "All": Combination("v", "a & b", "1u", "a"),
    "Any": Combination("v", "a | b", "0u", "a"),
    "EuclideanNorm": _SUM._replace(element="v * v", finish="sqrt(a)"),
    "L2Loss": _SUM._replace(element="v * v", finish="a * 0.5"),
    "NotFinite": Combination(
        "select(0, 1, is_infinite(f32(x))) | select(0, 2, is_nan(f32(x)))", "a | b", "0", "a", word="i32"
    ),
}


def by_lanes(name: str, rows: int, count: int, dispatch: Callable[[int, tuple[int, int]], Dispatch]) -> list:
    """What `dispatch(lanes, grid)` gives for so many invocations that share a row, or the choice between it and one.

    Few share a row where there are rows enough, or little to share.
    """
    if count <= 16 or count <= 64 and rows >= _MANY_RESULTS:
        return [dispatch(1, groups(rows, 64))]
    lanes = 8 if count <= 128 else 64
    together = dispatch(lanes, groups(rows, 64 // lanes))
    if rows < _ENOUGH_ROWS:
        return [together]
    alone = dispatch(1, groups(rows, 64))
    return [Choice(f"{name} {rows}x{count}", {"together": [together], "alone": [alone]})]


def reduction(kind: str) -> Callable[[Any], list | None]:
    """A rule for an op with inputs (values, axes)."""

    def rule(node: Any) -> list | None:
        axes = constant(node.inputs[1])
        return None if axes is None else reduced(node, kind, axes.reshape(-1).tolist())

    return rule


def not_finite(node: Any) -> list:
    """What is not finite in the first input: 1 for infinities, 2 for NaN, 3 for both."""
    return reduced(node, "NotFinite", list(range(len(node.inputs[0].shape))))


def _summed_as(value: Any) -> str:
    """The WGSL type in which a value's elements are combined."""
    return "f32" if value.dtype.is_floating else word_of(value)


def reduced(node: Any, kind: str, axes: list[int]) -> list:
    """The first input combined along axes: one group of neighbouring axes after the other, the innermost first."""
    source, output = node.inputs[0], node.outputs[0]
    word, how = _summed_as(source), _KINDS[kind]
    combination = how[word] if isinstance(how, dict) else how
    groups_of_axes = _grouped(source.shape, {axis % max(len(source.shape), 1) for axis in axes})
    passes = [i for i, (_, is_reduced) in enumerate(groups_of_axes) if is_reduced][::-1]
    sizes = [extent for extent, _ in groups_of_axes]
    whole = math.prod(sizes[i] for i in passes)
    word = combination.word or word
    summed = {"f32": dtypes.float32, "i32": dtypes.int32}.get(word, source.dtype)
    dispatches: list = []
    value = source
    for i in passes:
        outer, count, inner = math.prod(sizes[:i]), sizes[i], math.prod(sizes[i + 1 :])
        sizes[i] = 1
        while True:
            parts, size = _parts(outer, count, inner)
            is_last = parts == 1 and i == passes[-1]
            result = output if is_last else node.scratch((outer, parts, inner), summed)
            step = combination._replace(
                element=combination.element if value is source else "v", finish=combination.finish if is_last else "a"
            )
            dispatches += _one_pass(value, result, (outer, count, inner), parts, size, step, word, whole)
            value, count = result, parts
            if parts == 1:
                break
    return dispatches


def _grouped(shape: Any, axes: set[int]) -> list[tuple[int, bool]]:
    """(size, whether it is reduced) of neighbouring axes of one kind taken as one; at least one is reduced."""
    found: list[tuple[int, bool]] = []
    for axis, extent in enumerate(shape):
        if extent == 1:
            continue
        if found and found[-1][1] == (axis in axes):
            found[-1] = (found[-1][0] * extent, found[-1][1])
        else:
            found.append((extent, axis in axes))
    return found if any(is_reduced for _, is_reduced in found) else [*found, (1, True)]


def _parts(outer: int, count: int, inner: int) -> tuple[int, int]:
    """In how many parts the middle axis is reduced, and of what size."""
    if inner == 1:
        size = min(count, _ROW_PART)
    elif count <= (_WHOLE_COLUMN if outer * inner >= _MANY_RESULTS else _SHORT_COLUMN):
        size = count
    else:
        size = min(_COLUMN_PART, max(32, math.isqrt(count)))
    return -(-count // size), size


def _one_pass(
    x: Any, y: Any, shape: tuple[int, int, int], parts: int, size: int, step: Combination, word: str, whole: int
) -> list:
    outer, count, inner = shape
    functions = {
        "initial": f"fn initial() -> A {{ return {step.initial}; }}",
        "element": f"fn element(x: T) -> A {{ let v = A(x); return {step.element}; }}",
        "combine": f"fn combine(a: A, b: A) -> A {{ return {step.combine}; }}",
        "finish": f"fn finish(a: A) -> A {{ return {step.finish}; }}",
    }
    common: dict[str, Any] = {"functions": functions, "types": {"T": word_of(x), "A": word, "R": word_of(y)}}
    common |= {"PARTS": parts, "SIZE": size, "COUNT": count, "WHOLE": whole, "work": 4 * outer * count * inner}
    if inner > 1:
        grid = groups(outer * parts * inner)
        return [Dispatch("reduce/columns.wgsl", [x], [y], grid, OUTER=outer, INNER=inner, **common)]

    def rows(lanes: int, grid: tuple[int, int]) -> Dispatch:
        return Dispatch("reduce/rows.wgsl", [x], [y], grid, ROWS=outer, LANES=lanes, **common)

    return by_lanes("rows", outer * parts, min(size, count), rows)


# ---------------------------------------------------------------- along one axis


def _slabs(shape: Any, axis: int) -> dict[str, int]:
    axis %= len(shape)
    return {"OUTER": math.prod(shape[:axis]), "COUNT": shape[axis], "INNER": math.prod(shape[axis + 1 :])}


def arg_extreme(sign: str) -> Callable[[Any], list[Dispatch] | None]:
    """A rule for `ArgMax` (">") and `ArgMin` ("<"): the first of the best; NaN is as bad as can be."""

    def rule(node: Any) -> list[Dispatch] | None:
        (x, axis), word = node.inputs, word_of(node.inputs[0])
        axis = constant(axis)
        if axis is None or not -len(x.shape) <= int(axis) < len(x.shape):
            return None
        better = f"a {sign} b"
        if x.dtype.is_floating:
            worst = "-infinity()" if sign == ">" else "infinity()"
            better = f"!is_nan(f32(a)) && select({better}, f32(a) {sign} {worst}, is_nan(f32(b)))"
        slabs = _slabs(x.shape, int(axis))
        before = f"fn before(a: T, b: T) -> bool {{ return {better}; }}"
        return [
            Dispatch(
                "reduce/arg_extreme.wgsl",
                [x],
                node.outputs,
                groups(slabs["OUTER"] * slabs["INNER"]),
                types={"T": word},
                functions={"before": before},
                work=math.prod(x.shape),
                **slabs,
            )
        ]

    return rule


def running(combine: str, initial: str) -> Callable[[Any], list[Dispatch] | None]:
    """A rule for sums and the like from the beginning to each element along an axis."""

    def rule(node: Any) -> list[Dispatch] | None:
        x, axis = node.inputs[0], constant(node.inputs[1])
        if axis is None or axis.shape or not -len(x.shape) <= int(axis) < len(x.shape):
            return None
        slabs = _slabs(x.shape, int(axis))
        functions = {
            "initial": f"fn initial() -> T {{ return {initial}; }}",
            "combine": f"fn combine(a: T, b: T) -> T {{ return {combine}; }}",
        }
        return [
            Dispatch(
                "reduce/running.wgsl",
                [x],
                node.outputs,
                groups(slabs["OUTER"] * slabs["INNER"]),
                types={"T": word_of(x)},
                functions=functions,
                work=math.prod(x.shape),
                EXCLUSIVE=node.attrs["exclusive"],
                REVERSE=node.attrs["reverse"],
                **slabs,
            )
        ]

    return rule


# ---------------------------------------------------------------- softmax


def softmax(finish: str) -> Callable[[Any], list]:
    """A rule for what `finish` makes of `shifted` (an element less the largest) and `sum` (of their exponentials)."""

    def rule(node: Any) -> list:
        (x,) = node.inputs
        count, rows = x.shape[-1], math.prod(x.shape[:-1])
        functions = {"finish": f"fn finish(shifted: f32, sum: f32) -> f32 {{ return {finish}; }}"}
        constants = {"ROWS": rows, "COUNT": count, "work": 16 * rows * count}

        def shared(lanes: int, grid: tuple[int, int]) -> Dispatch:
            file = "softmax/softmax.wgsl"
            return Dispatch(file, [x], node.outputs, grid, functions=functions, LANES=lanes, **constants)

        return by_lanes("softmax", rows, count, shared)

    return rule


_LOGARITHM = "fn logarithm(sum: f32) -> f32 { return natural_log(sum); }"
_SPARSE_LABEL = """fn label(row: u32, k: u32) -> f32 {
    let right = u32(labels[row]);
    return select(select(0.0, 1.0, k == right), not_a_number(), right >= COUNT);
}"""
_SPARSE_PART = "fn part(wanted: f32, logarithm: f32) -> f32 { return select(logarithm, wanted, wanted != 1.0); }"


def cross_entropy(node: Any) -> list:
    """`SoftmaxCrossEntropyWithLogits`."""
    features, labels = node.inputs
    row_step, step = _steps(features.shape)
    label_row_step, label_step = _steps(labels.shape)
    steps = {"ROW_STEP": row_step, "STEP": step, "LABEL_ROW_STEP": label_row_step, "LABEL_STEP": label_step}
    return _cross_entropy(node, {"logarithm": _LOGARITHM}, "f32", steps)


def _steps(shape: Any) -> tuple[int, int]:
    """How far apart rows and columns are, where one stands for all if there is one only."""
    rows, columns = (1,) * (2 - len(shape)) + tuple(shape)
    return (columns if rows > 1 else 0), (1 if columns > 1 else 0)


def sparse_cross_entropy(check: Callable[[Any, int], None]) -> Callable[[Any], list]:
    """A rule for `SparseSoftmaxCrossEntropyWithLogits`; labels out of range give NaN where `check` cannot see them."""

    def rule(node: Any) -> list:
        features, labels = node.inputs
        count = features.shape[-1]
        node.check(labels, lambda array: check(array, count))
        functions = {"logarithm": _LOGARITHM, "label": _SPARSE_LABEL, "part": _SPARSE_PART}
        return _cross_entropy(node, functions, "i32", {"ROW_STEP": count})

    return rule


def _cross_entropy(node: Any, functions: dict[str, str], labels: str, steps: dict[str, int]) -> list:
    rows, count = node.outputs[1].shape
    common: dict[str, Any] = {"functions": functions, "types": {"L": labels}}
    common |= {"ROWS": rows, "COUNT": count, "work": 16 * rows * count, **steps}

    def shared(lanes: int, grid: tuple[int, int]) -> Dispatch:
        return Dispatch("softmax/cross_entropy.wgsl", node.inputs, node.outputs, grid, LANES=lanes, **common)

    return by_lanes("cross entropy", rows, count, shared)
