"""The WGSL of a unit of element-wise steps: one invocation an element, every intermediate in a register."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.ops.gpu import WGSL_TYPES, groups
from pyflow.runtime.program import Step, Value
from pyflow.runtime.webgpu import shaders
from pyflow.runtime.webgpu.fusing import Fusing, Unit
from pyflow.runtime.webgpu.node import is_constant, is_reference

_WORKGROUP = 64
_WORD = re.compile(r"\b[A-Za-z_]\w*\b")
_NOT_FINITE = {"inf": "0x7f800000u", "-inf": "0xff800000u", "nan": "0x7fc00000u"}


class Source:
    """The text of a unit's shader, the values it is bound to in order, and its grid."""

    def __init__(self, unit: Unit, fusing: Fusing):
        self.bound: list[Value] = []
        self._unit, self._root = unit, fusing.root
        self._shape: tuple[int, ...] = unit.shape
        self._bindings: list[str] = []
        self._loads: list[str] = []
        self._lines: list[str] = []
        self._names: dict[Any, str] = {}  # of values, and of variables by their cell's id
        self._buffers: dict[Any, str] = {}
        self._odd: dict[str, str] = {}  # numbers that WGSL has no literals for
        self._changed = unit.cells()
        self._read: set[int] = set()
        for work in unit.works:
            self._step(work.step, work.how)
        stores = [self._store(v, fusing.root(v), self._names[v]) for v in fusing.stored(unit)]
        stores += [f"{self._buffer(v, 'read_write')}[i] = {self._names[c]};" for c, v in self._changed.items()]
        count = math.prod(self._shape)
        self.overwritten = {c for c in self._changed if c not in self._read}  # variables whose old value is not needed
        self.grid = (*groups(count, _WORKGROUP), 1)
        self.text = self._assemble(count, stores)

    def _assemble(self, count: int, stores: list[str]) -> str:
        body = "\n    ".join([*self._loads, *self._lines, *stores])
        odd = [f"var<private> {name}: u32 = {bits};" for name, bits in self._odd.items()]
        functions = shaders.functions_used(body)
        head = "\n".join([*self._bindings, *odd, *([functions] if functions else [])])
        return (
            f"{head}\n\n@compute @workgroup_size({_WORKGROUP})\n"
            "fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {\n"
            f"    let i = id.x + id.y * size.x * {_WORKGROUP}u;\n    if (i >= {count}u) {{ return; }}\n    {body}\n}}\n"
        )

    def _step(self, step: Step, how: Any) -> None:
        if step.type == "ReadCell":
            self._names[step.outputs[0]] = self._cell(step.inputs[0])
            return
        words = self._words(step, how)
        for name, expression in how.updates.items():
            value = self._input(step, name)
            kind = WGSL_TYPES[value.cell.dtype.name]  # type: ignore[union-attr]
            self._names[id(value.cell)] = words[name] = self._let(self._filled(expression, words), kind)
        for value, expression in zip(step.outputs, how.expressions):
            text = expression if isinstance(expression, str) else expression(step)
            self._names[value] = self._let(self._filled(text, words), WGSL_TYPES[value.dtype.name])

    def _let(self, expression: str, kind: str) -> str:
        name = f"v{len(self._lines)}"
        self._lines.append(f"let {name}: {kind} = {expression};")
        return name

    def _input(self, step: Step, name: str) -> Value:
        return step.inputs[step.definition.input_names.index(name)]  # type: ignore[union-attr]

    def _words(self, step: Step, how: Any) -> dict[str, Any]:
        """What the words of the op's expressions stand for: text, or a value and the shape to see it in."""
        definition: Any = step.definition
        words: dict[str, Any] = {}
        for name, attr in definition.attrs.items():
            value = step.attrs.get(name)
            if attr.kind == "type" and getattr(value, "name", "") in WGSL_TYPES:
                words[name] = WGSL_TYPES[value.name]
            elif attr.kind in ("bool", "int", "float"):
                words[name] = shaders.literal(value, {"bool": "bool", "int": "i32", "float": "f32"}[attr.kind])
        layout = how.layout(step) if how.layout else [v.shape for v in step.inputs]
        flat = iter(zip(step.inputs, layout))
        for name, group in zip(definition.input_names, definition.group_inputs(step.inputs, step.attrs)):
            if isinstance(group, list):
                words.update({f"{name}{j}": next(flat) for j in range(len(group))})
            else:
                words[name] = next(flat)
        return words

    def _filled(self, expression: str, words: dict[str, Any]) -> str:
        def text(match: re.Match) -> str:
            word = words.get(match[0], match[0])
            return word if isinstance(word, str) else self._element(*word)

        return _WORD.sub(text, expression)

    def _element(self, value: Value, shape: Any) -> str:
        """The name (or literal) of this invocation's element of a value."""
        if is_reference(value):
            return self._cell(value)
        root = self._root(value)
        for known in (value, root):
            if known in self._names:
                return self._names[known]
        if root.cell is not None and id(root.cell) in self._changed:
            return self._cell(root)
        if is_constant(value) and np.size(value.constant) == 1:
            return self._constant(value)
        index = _index(shape, self._shape)
        key = (root if root.cell is None else id(root.cell), index)
        if key not in self._names:
            kind = WGSL_TYPES[value.dtype.name]
            name = self._names[key] = f"x{len(self._loads)}"
            element = f"{self._buffer(root, 'read')}[{index}]"
            self._loads.append(f"let {name} = {element + ' != 0u' if kind == 'bool' else element};")
        return self._names[key]

    def _cell(self, value: Value) -> str:
        """The name of this invocation's element of a variable, as it is at this point."""
        key = id(value.cell)
        if key not in self._names:
            access = "read_write" if key in self._changed else "read"
            name = self._names[key] = f"x{len(self._loads)}"
            self._read.add(key)
            self._loads.append(f"let {name} = {self._buffer(value, access)}[i];")
        return self._names[key]

    def _buffer(self, value: Value, access: str) -> str:
        key = value if value.cell is None else id(value.cell)
        if key not in self._buffers:
            dtype = value.dtype if value.cell is None else value.cell.dtype
            kind = "u32" if dtype is dtypes.bool else WGSL_TYPES[dtype.name]
            name = self._buffers[key] = f"b{len(self.bound)}"
            binding = f"@group(0) @binding({len(self.bound)}) var<storage, {access}>"
            self._bindings.append(f"{binding} {name}: array<{kind}>;")
            self.bound.append(value)
        return self._buffers[key]

    def _store(self, value: Value, root: Value, name: str) -> str:
        converted = f"select(0u, 1u, {name})" if value.dtype is dtypes.bool else name
        return f"{self._buffer(root, 'read_write')}[i] = {converted};"

    def _constant(self, value: Value) -> str:
        kind = WGSL_TYPES[value.dtype.name]
        number = np.asarray(value.constant).reshape(-1)[0]
        if kind == "f32" and not np.isfinite(number):
            name = str(float(number)).replace("-", "minus_") + "_bits"
            self._odd[name] = _NOT_FINITE[str(float(number))]
            return f"bitcast<f32>({name})"
        return shaders.literal(number, kind)


def _index(shape: Any, over: tuple[int, ...]) -> str:
    """The index into a contiguous array of a shape that broadcasts to `over`, from the flat index there."""
    if math.prod(shape) == math.prod(over):
        return "i"
    if math.prod(shape) == 1:
        return "0"
    aligned = (*(1,) * (len(over) - len(shape)), *shape)
    parts, inner, stride = [], 1, 1
    run = None  # (elements inside, stride, size) of neighbouring dimensions that are walked through as one
    for size, extent in zip(reversed(aligned), reversed(over)):
        if size == extent and extent != 1:
            run = (run[0], run[1], run[2] * extent) if run else (inner, stride, extent)
        elif run and extent != 1:
            parts.append(run)
            run = None
        inner *= extent
        stride *= size
    parts += [run] if run else []
    total = math.prod(over)
    terms = []
    for inside, step, size in parts:
        term = "i" if inside == 1 else f"i / {inside}u"
        term = term if inside * size == total else f"{'(' + term + ')' if inside > 1 else term} % {size}u"
        terms.append(term if step == 1 else f"({term}) * {step}u")
    return " + ".join(terms)
