"""Changing rows by index on the GPU, with the same result at every run: no two invocations write to one place.

Updates of one row are strung together first (scatter/chains.wgsl), and then done by whoever has the first of them, in
their order. Indices that come from the host are checked there; others that are out of range are left out.
"""

from __future__ import annotations

import math
import re
from typing import Any, Callable

from pyflow.ops.gpu import Dispatch, groups, size, word_of
from pyflow.ops.gpu_gather import place_of
from pyflow.ops.gpu_movement import placed

# Looking for equals takes so many comparisons for each update.
_MOST_UPDATES = 1 << 16
# So many updates in all are looked at by the elements of the output rather than strung together.
_FEW_LOOKS = 1 << 22


class _Rows:
    """Which rows the updates change: the number of rows, of updates, of elements in each, and the shader's `row`."""

    def __init__(self, indices: Any, shape: Any, depth: int | None):
        self.indices = indices
        if depth is None:
            self.rows, self.count, self.width = shape[0], size(indices), math.prod(shape[1:])
            self.text = "fn row(p: u32) -> u32 { return u32(indices[p]); }"
        else:
            self.rows, self.width = math.prod(shape[:depth]), math.prod(shape[depth:])
            self.count = math.prod(indices.shape[:-1])
            place, inside = place_of("p", shape, depth)
            self.text = f"fn row(p: u32) -> u32 {{ return select(0xffffffffu, {place}, {' && '.join(inside)}); }}"

    def strung(self, chain: Any) -> Dispatch:
        """What strings updates of one row together."""
        grid, functions = groups(self.count), {"row": self.text}
        constants = {"COUNT": self.count, "ROWS": self.rows, "work": self.count**2}
        return Dispatch("scatter/chains.wgsl", [self.indices], [chain], grid, functions=functions, **constants)

    def changed(self, node: Any, updates: Any, targets: list[Any], change: str, scalars: list[Any], word: str) -> list:
        """The dispatches that change rows of the targets; `change` is the text of the shader's function."""
        distinct = DISTINCT in node.attrs
        chain = self.indices if distinct else node.scratch((2 * self.count,), self.indices.dtype)
        constants = {"COUNT": self.count, "WIDTH": self.width, "ROWS": self.rows, "DISTINCT": distinct}
        constants |= {"SAME": size(updates) == 1 != self.count * self.width, "work": self.count * self.width}
        inputs = [self.indices, chain, updates, *scalars]
        changing = Dispatch(
            "scatter/rows.wgsl",
            inputs,
            targets,
            groups(self.count * self.width),
            types={"T": word},
            functions={"row": self.text, "change": change},
            **constants,
        )
        return [changing] if distinct else [self.strung(chain), changing]


# The attr of a step whose indices are known to be all different, but for such as are out of range.
DISTINCT = "_distinct"

# An expression of `a` and `b`, or one for each WGSL type.
Expression = str | dict[str, str]
LARGER: Expression = {"f32": "larger(a, b)", "i32": "max(a, b)"}
SMALLER: Expression = {"f32": "smaller(a, b)", "i32": "min(a, b)"}
# What an UnsortedSegmentMax or -Min has for segments without elements.
LOWEST: Expression = {"f32": "-3.4028234e38", "i32": "bitcast<i32>(0x80000000u)"}
HIGHEST: Expression = {"f32": "3.4028234e38", "i32": "0x7fffffff"}


def _of(expression: Expression, word: str) -> str:
    return expression if isinstance(expression, str) else expression[word]


def _change(expression: Expression, word: str) -> str:
    """The shader's `change`, where `a` is the old value and `b` the update."""
    named = {"a": "target_[at]", "b": "v"}
    text = re.sub(r"\b[ab]\b", lambda m: named[m[0]], _of(expression, word))
    return f"fn change(at: u32, v: T) {{ target_[at] = {text}; }}"


def changed_rows(
    expression: Expression, check: Callable[[Any, Any], None], depth: bool = False
) -> Callable[[Any], list | None]:
    """A rule for ops with inputs (variable, indices, updates), which change rows or slices of the variable.

    Args:
      expression: the new value from `a`, the old one, and `b`, the update.
      check: raises where one of its indices is out of range; also takes the number of rows, or with slices the shape.
      depth: whether the last axis of the indices holds coordinates.
    """

    def rule(node: Any) -> list | None:
        variable, indices, updates = node.inputs
        shape = variable.cell.shape
        rows = _Rows(indices, shape, indices.shape[-1] if depth else None)
        if rows.count > _MOST_UPDATES:
            return None
        node.check(indices, lambda array: check(array, shape if depth else shape[0]))
        word = "f32" if variable.cell.dtype.name == "float32" else "i32"
        return rows.changed(node, updates, [variable], _change(expression, word), [], word)

    return rule


def segments(
    expression: Expression, initial: Expression, check: Callable[[Any, int], None]
) -> Callable[[Any], list | None]:
    """A rule for `UnsortedSegmentSum` and the like: updates of shape indices.shape + [...] combined row by row."""

    def rule(node: Any) -> list | None:
        data, indices, _ = node.inputs
        shape = node.outputs[0].shape
        if data.dtype.name == "int64":
            return None
        node.check(indices, lambda array: check(array, shape[0]))
        return _combined(node, _Rows(indices, shape, None), data, expression, initial)

    return rule


def slices(check: Callable[[Any, Any], None]) -> Callable[[Any], list | None]:
    """A rule for `ScatterNd`."""

    def rule(node: Any) -> list | None:
        indices, updates, _ = node.inputs
        shape = node.outputs[0].shape
        if updates.dtype.name not in ("float32", "int32"):
            return None
        node.check(indices, lambda array: check(array, shape))
        return _combined(node, _Rows(indices, shape, indices.shape[-1]), updates, "a + b", "T(0)")

    return rule


def _combined(node: Any, rows: _Rows, data: Any, expression: Expression, initial: Expression) -> list | None:
    output, word = node.outputs[0], word_of(data)
    if size(output) * rows.count <= _FEW_LOOKS:
        functions = {
            "row": rows.text,
            "initial": f"fn initial() -> T {{ return {_of(initial, word)}; }}",
            "combine": f"fn combine(a: T, b: T) -> T {{ return {_of(expression, word)}; }}",
        }
        constants = {"COUNT": rows.count, "ROWS": rows.rows, "WIDTH": rows.width, "work": size(output) * rows.count}
        common: dict[str, Any] = {"functions": functions, "types": {"T": word}}
        inputs = [rows.indices, data]
        return [Dispatch("scatter/segments.wgsl", inputs, [output], groups(size(output)), **common, **constants)]
    if rows.count > _MOST_UPDATES:
        return None
    value = {"value": f"fn value() -> T {{ return {_of(initial, word)}; }}"}
    types, count = {"T": word}, size(output)
    filled = Dispatch("array/fill.wgsl", [], [output], groups(count), types, value, COUNT=count)
    return [filled, *rows.changed(node, data, [output], _change(expression, word), [], word)]


def changed_copy(expression: Expression, check: Callable[[Any, Any], None]) -> Callable[[Any], list | None]:
    """A rule for ops with inputs (tensor, indices, updates), which give the tensor with slices changed."""

    def rule(node: Any) -> list | None:
        tensor, indices, updates = node.inputs
        if tensor.dtype.name not in ("float32", "int32"):
            return None
        rows = _Rows(indices, tensor.shape, indices.shape[-1])
        if rows.count > _MOST_UPDATES:
            return None
        node.check(indices, lambda array: check(array, tensor.shape))
        output, word = node.outputs[0], word_of(tensor)
        change = _change(expression, word)
        return [placed(tensor, output, "i"), *rows.changed(node, updates, [output], change, [], word)]

    return rule


# ---------------------------------------------------------------- unique rows


def firsts(x: Any, chain: Any, y: Any) -> list[Dispatch]:
    """Strings equal elements of a vector together and gives the first of each, with -1 in the place of the others."""
    rows = _Rows(x, (2**32 - 1,), None)
    first = Dispatch("scatter/firsts.wgsl", [x, chain], [y], groups(rows.count), COUNT=rows.count)
    return [rows.strung(chain), first]


def sums(chain: Any, updates: Any, y: Any, count: int) -> Dispatch:
    """The sum of all updates of a row in the place of the first, and zeros in those of the others."""
    types, constants = {"T": word_of(updates)}, {"COUNT": count, "WIDTH": size(updates) // count}
    grid = groups(size(updates))
    return Dispatch("scatter/sums.wgsl", [chain, updates], [y], grid, types, work=size(updates), **constants)


# ---------------------------------------------------------------- optimisers


_WORD = re.compile(r"\b[A-Za-z_]\w*\b")


def optimised_rows(names: list[str], variables: list[str], updates: dict[str, str]) -> Callable[[Any], list | None]:
    """A rule for an optimiser's sparse op, from the new values that its dense op gives the variable and its slots.

    Args:
      names: the op's arguments, `indices` and `grad` among them.
      variables: those that are changed.
      updates: for each variable its new value, where later ones see what earlier ones have changed.
    """

    def rule(node: Any) -> list | None:
        given = dict(zip(names, node.inputs))
        shape = given[variables[0]].cell.shape
        rows = _Rows(given["indices"], shape, None)
        if rows.count > _MOST_UPDATES or any(given[v].cell.shape != shape for v in variables):
            return None
        limit = shape[0]
        node.check(given["indices"], lambda array: _check_rows(array, limit))
        scalars = [n for n in names if n not in (*variables, "indices", "grad") and _number(given[n]) is None]
        change, used = _optimiser_text(given, variables, updates, scalars, node.attrs)
        if 3 + len(used) + len(variables) > 8:
            return None
        targets = [given[v] for v in variables]
        return rows.changed(node, given["grad"], targets, change, [given[n] for n in used], "f32")

    return rule


def _number(value: Any) -> str | None:
    constant = value.constant if value.cell is None else None
    return None if constant is None or value.dtype.name != "float32" else f"f32({float(constant)!r})"


def _check_rows(indices: Any, limit: int) -> None:
    wrong = (indices < 0) | (indices >= limit)
    if wrong.any():
        from pyflow.core.errors import InvalidArgumentError

        i = int(wrong.argmax())
        raise InvalidArgumentError(None, None, f"Index {indices[i]} at offset {i} in indices is out of range")


def _optimiser_text(
    given: dict[str, Any], variables: list[str], updates: dict[str, str], scalars: list[str], attrs: dict[str, Any]
) -> tuple[str, list[str]]:
    """(the shader's `change` with the bindings that it needs, the scalars that are bound)."""
    words = {w for text in updates.values() for w in _WORD.findall(text)}
    used = [n for n in scalars if n in words]
    where = {v: f"slot_{j}" if j else "target_" for j, v in enumerate(variables)}
    stands_for = {v: f"{v}_now" for v in variables} | {n: f"{n}_[0]" for n in used}
    stands_for |= {n: str(_number(v)) for n, v in given.items() if n in words and n not in stands_for and n != "grad"}
    stands_for |= {n: str(attrs[n]).lower() for n in words if isinstance(attrs.get(n), bool)}
    bindings = [f"@group(0) @binding({3 + j}) var<storage, read> {n}_: array<f32>;" for j, n in enumerate(used)]
    for j, v in enumerate(variables[1:], 4 + len(used)):
        bindings.append(f"@group(0) @binding({j}) var<storage, read_write> {where[v]}: array<f32>;")
    lines = [f"var {v}_now = {where[v]}[at];" for v in variables]
    for v, text in updates.items():
        lines.append(f"{v}_now = {_WORD.sub(lambda m: stands_for.get(m[0], m[0]), text)};")
    lines += [f"{where[v]}[at] = {v}_now;" for v in updates]
    head, body = "\n".join(bindings), "\n    ".join(lines)
    return f"{head}\nfn change(at: u32, grad: T) {{\n    {body}\n}}", used
