"""The WGSL of a unit of element-wise steps: one invocation an element, every intermediate in a register."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.ops.gpu import STORED_TYPES, WGSL_TYPES, groups
from pyflow.ops.gpu_indices import strided, strides_of
from pyflow.runtime.program import Value
from pyflow.runtime.webgpu import shaders
from pyflow.runtime.webgpu.fusing import Fusing, Unit
from pyflow.runtime.webgpu.node import Work, is_constant, is_reference, places_of_inputs

_WORKGROUP = 64
_WORD = re.compile(r"(?<!\.)\b([A-Za-z_]\w*)\b(\[?)")
_NOT_FINITE = {"inf": "0x7f800000u", "-inf": "0xff800000u", "nan": "0x7fc00000u"}


class Source:
    """The text of a unit's shader, the values it is bound to in order, and its grid."""

    def __init__(self, unit: Unit, fusing: Fusing):
        self.bound: list[Value] = []
        assert unit.count is not None
        self._count, self._root = unit.count, fusing.root
        self._bindings: list[str] = []
        self._loads: list[str] = []
        self._lines: list[str] = []
        self._names: dict[Any, str] = {}  # of values, and of variables by their cell's id
        self._buffers: dict[Any, str] = {}
        self._halves: set[str] = set()  # buffers of float16
        self._odd: dict[str, str] = {}  # numbers that WGSL has no literals for
        self._changed = unit.cells()
        self._read: set[int] = set()
        for work in unit.works:
            self._work(work)
        stores = [self._store(v, fusing.root(v), self._names[v]) for v in fusing.stored(unit)]
        stores += [self._new_value(v, self._names[c]) for c, v in self._changed.items()]
        self.overwritten = {c for c in self._changed if c not in self._read}  # variables whose old value is not needed
        self.grid = (*groups(self._count, _WORKGROUP), 1)
        self.text = self._assemble(stores)

    def _assemble(self, stores: list[str]) -> str:
        body = "\n    ".join([*self._loads, *self._lines, *stores])
        odd = [f"var<private> {name}: u32 = {bits};" for name, bits in self._odd.items()]
        functions = shaders.functions_used(body)
        enable = ["enable f16;"] if self._halves or "f16(" in body else []
        head = "\n".join([*enable, *self._bindings, *odd, *([functions] if functions else [])])
        return (
            f"{head}\n\n@compute @workgroup_size({_WORKGROUP})\n"
            "fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {\n"
            f"    let i = id.x + id.y * size.x * {_WORKGROUP}u;\n    if (i >= {self._count}u) {{ return; }}\n"
            f"    {body}\n}}\n"
        )

    def _work(self, work: Work) -> None:
        step, how = work.step, work.how
        if step.type == "ReadCell":
            self._names[step.outputs[0]] = self._cell(step.inputs[0])
            return
        words = self._words(work)
        for name, expression in how.updates.items():
            cell: Any = words[name][0].cell
            changed = self._let(self._filled(expression, words), cell.dtype)
            self._names[id(cell)] = words[name] = changed
        for value, text in zip(step.outputs, work.texts):
            self._names[value] = self._let(self._filled(text, words), value.dtype)

    def _let(self, expression: str, dtype: dtypes.DType) -> str:
        name = f"v{len(self._lines)}"
        rounded = f"f32(f16({expression}))" if dtype is dtypes.float16 else expression
        self._lines.append(f"let {name}: {WGSL_TYPES[dtype.name]} = {rounded};")
        return name

    def _words(self, work: Work) -> dict[str, Any]:
        """What the words of the op's expressions stand for: text, or a value and the shape to see it in."""
        step, definition = work.step, work.step.definition
        words: dict[str, Any] = {}
        for name, attr in definition.attrs.items():  # type: ignore[union-attr]
            value: Any = step.attrs.get(name)
            if attr.kind == "type" and getattr(value, "name", "") in WGSL_TYPES:
                words[name] = WGSL_TYPES[value.name]
            elif attr.kind in ("bool", "int", "float"):
                words[name] = shaders.literal(value, {"bool": "bool", "int": "i32", "float": "f32"}[attr.kind])
        over = work.over
        words.update((name, (step.inputs[i], work.layout[i], over)) for name, i in places_of_inputs(step).items())
        return words

    def _filled(self, expression: str, words: dict[str, Any]) -> str:
        def text(match: re.Match) -> str:
            word = words.get(match[1], match[1])
            if isinstance(word, str):
                return word + match[2]
            value = word[0]
            return f"{self._buffer(self._root(value), 'read')}[" if match[2] else self._element(*word)

        return _widened(_WORD.sub(text, expression), self._halves)

    def _element(self, value: Value, shape: Any, over: Any) -> str:
        """The name of this invocation's element of a value, which broadcasts from `shape` to `over`."""
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
        index = _index(shape, over)
        key = (root if root.cell is None else id(root.cell), index)
        if key not in self._names:
            kind = WGSL_TYPES[value.dtype.name]
            name = self._names[key] = f"x{len(self._loads)}"
            element = f"{self._buffer(root, 'read')}[{index}]"
            element = _widened(element, self._halves)
            self._loads.append(f"let {name} = {element + ' != 0u' if kind == 'bool' else element};")
        return self._names[key]

    def _cell(self, value: Value) -> str:
        """The name of this invocation's element of a variable, as it is at this point."""
        key = id(value.cell)
        if key not in self._names:
            access = "read_write" if key in self._changed else "read"
            name = self._names[key] = f"x{len(self._loads)}"
            self._read.add(key)
            self._loads.append(_widened(f"let {name} = {self._buffer(value, access)}[i];", self._halves))
        return self._names[key]

    def _buffer(self, value: Value, access: str) -> str:
        key = value if value.cell is None else id(value.cell)
        if key not in self._buffers:
            cell: Any = value.cell
            dtype = value.dtype if cell is None else cell.dtype
            kind = STORED_TYPES[dtype.name]
            name = self._buffers[key] = f"b{len(self.bound)}"
            self._halves |= {name} if kind == "f16" else set()
            binding = f"@group(0) @binding({len(self.bound)}) var<storage, {access}>"
            self._bindings.append(f"{binding} {name}: array<{kind}>;")
            self.bound.append(value)
        return self._buffers[key]

    def _new_value(self, variable: Value, name: str) -> str:
        buffer = self._buffer(variable, "read_write")
        return f"{buffer}[i] = {f'f16({name})' if buffer in self._halves else name};"

    def _store(self, value: Value, root: Value, name: str) -> str:
        converted = {dtypes.bool: f"select(0u, 1u, {name})", dtypes.float16: f"f16({name})"}.get(value.dtype, name)
        if math.prod(value.shape) != self._count:  # type: ignore[arg-type]
            return f"if (i == 0u) {{ {self._buffer(root, 'read_write')}[0] = {converted}; }}"
        return f"{self._buffer(root, 'read_write')}[i] = {converted};"

    def _constant(self, value: Value) -> str:
        kind = WGSL_TYPES[value.dtype.name]
        number = np.asarray(value.constant).reshape(-1)[0]
        if kind == "f32" and not np.isfinite(number):
            name = str(float(number)).replace("-", "minus_") + "_bits"
            self._odd[name] = _NOT_FINITE[str(float(number))]
            return f"bitcast<f32>({name})"
        # No literal where it is used: what can be computed from literals alone has to be finite in WGSL.
        literal = shaders.literal(number, kind)
        if literal not in self._names:
            name = self._names[literal] = f"c{len(self._loads)}"
            self._loads.append(f"let {name} = {literal};")
        return self._names[literal]


def _widened(text: str, halves: set[str]) -> str:
    """The text with f32 of each element that it takes from buffers of float16."""
    for name in halves:
        at = 0
        while match := re.compile(rf"\b{name}\[").search(text, at):
            depth, end = 1, match.end()
            while depth:
                depth += {"[": 1, "]": -1}.get(text[end], 0)
                end += 1
            text = f"{text[: match.start()]}f32({text[match.start() : end]}){text[end:]}"
            at = match.end() + len("f32(")
    return text


def _index(shape: Any, over: tuple[int, ...]) -> str:
    """The index into a contiguous array of a shape that broadcasts to `over`, from the flat index there."""
    aligned = (*(1,) * (len(over) - len(shape)), *shape)
    strides = [0 if size == 1 else stride for size, stride in zip(aligned, strides_of(aligned))]
    return strided(over, strides)
