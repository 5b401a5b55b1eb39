"""The WGSL of a unit of element-wise steps, every intermediate in a register.

An invocation does one element, or four neighbours where there are many: vectors are loaded and stored with one access.
The same text can take the place of what a product does with its result, instead of being a shader by itself.
"""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import numpy as np

from pyflow.core import dtypes
from pyflow.ops.gpu import STORED_TYPES, WGSL_TYPES, groups
from pyflow.ops.gpu_indices import strided, strides_of
from pyflow.runtime.program import Value
from pyflow.runtime.webgpu import shaders
from pyflow.runtime.webgpu.fusing import Fusing, Unit
from pyflow.runtime.webgpu.node import Work, elements, is_constant, is_reference, places_of_inputs

_WORKGROUP = 64
# From so many elements on an invocation does four: there are still enough invocations.
_MANY = 1 << 12
_WORD = re.compile(r"(?<!\.)\b([A-Za-z_]\w*)\b(\[?)")
_NOT_FINITE = {"inf": "0x7f800000u", "-inf": "0xff800000u", "nan": "0x7fc00000u"}


class _Load(NamedTuple):
    """An element of a buffer that the steps start from.

    Attributes:
      stride: how far its index moves from one of four neighbours to the next, 1 or 0; None where that varies.
    """

    name: str
    kind: str
    buffer: str
    index: str
    stride: int | None


class Source:
    """The text of a unit's shader or of a product's ending, the values it is bound to in order, and its grid."""

    def __init__(self, unit: Unit, fusing: Fusing, width: int = 0, first_binding: int = 0):
        """The source of a unit.

        Args:
          width: of an ending, how many elements `store_result` is given, 1 or 4.
          first_binding: the number of the first buffer.
        """
        self.bound: list[Value] = []
        assert unit.count is not None
        self._count, self._root = unit.count, fusing.root
        self._width = width or (4 if unit.count >= _MANY and unit.count % 4 == 0 else 1)
        self._first_binding = first_binding
        self._buffers: dict[Any, str] = {}
        self._kinds: dict[str, str] = {}  # of buffers: their elements'
        self._access: dict[str, str] = {}
        self._single: set[str] = set()  # buffers that are accessed element by element
        self._loads: list[_Load] = []
        self._constants: list[str] = []
        self._lines: list[str] = []
        self._names: dict[Any, str] = {}  # of values, and of variables by their cell's id
        self._halves: set[str] = set()  # buffers of float16
        self._odd: dict[str, str] = {}  # numbers that WGSL has no literals for
        self._changed = unit.cells()
        self._read: set[int] = set()
        self._product: Value | None = None
        if unit.product is not None:
            self._product = unit.product.step.outputs[0]
            self._names[self._product] = "of_product"
        for work in unit.works:
            if work is not unit.product:
                self._work(work)
        stored = [v for v in fusing.stored(unit) if v in self._names]  # a product's other outputs are not
        self._stores = [(self._buffer(fusing.root(v), "read_write"), self._stored(v), v) for v in stored]
        self._stores += [(self._buffer(v, "read_write"), self._stored(v), v) for v in self._changed.values()]
        self.overwritten = {c for c in self._changed if c not in self._read}  # variables whose old value is not needed
        self.grid = (*groups(self._count // self._width, _WORKGROUP), 1)

    def shader(self) -> str:
        """The whole text of a shader that does only this."""
        body = self._body()
        declared = self._declared()
        functions = shaders.functions_used("\n".join([*declared, body]))
        enable = ["enable f16;"] if "f16" in "".join([*declared, body]) else []
        head = "\n".join([*enable, *declared, *([functions] if functions else [])])
        return (
            f"{head}\n\n@compute @workgroup_size({_WORKGROUP})\n"
            "fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {\n"
            f"    let at = id.x + id.y * size.x * {_WORKGROUP}u;\n"
            f"    if (at >= {self._count // self._width}u) {{ return; }}\n    {body}\n}}\n"
        )

    def ending(self) -> str:
        """The text of `store_result` for a product, and of all that it needs."""
        body = self._body()
        return "\n".join([*self._declared(), f"fn store_result(at: u32, v: VALUE) {{\n    {body}\n}}"])

    def _declared(self) -> list[str]:
        """The bindings, and the function for one element where a body calls it."""
        bindings = []
        for number, name in enumerate(self._buffers.values(), self._first_binding):
            kind = self._kinds[name] if self._width == 1 or name in self._single else f"vec4<{self._kinds[name]}>"
            access = f"var<storage, {self._access[name]}>"
            bindings.append(f"@group(0) @binding({number}) {access} {name}: array<{kind}>;")
        odd = [f"var<private> {name}: u32 = {bits};" for name, bits in self._odd.items()]
        return [*bindings, *odd, *self._function()]

    def _loaded(self, load: _Load) -> str:
        return self._computed_with(load, f"{load.buffer}[{load.index}]")

    def _computed_with(self, load: _Load, stored: str) -> str:
        """An element as it is computed with, from how it is stored."""
        return f"{stored} != 0u" if load.kind == "bool" else f"f32({stored})" if load.buffer in self._halves else stored

    def _is_vector(self, load: _Load) -> bool:
        return load.stride == 1 and load.buffer not in self._single

    def _body(self) -> str:
        """What is done for the element at `at`, or for the four from 4 * at on."""
        self._single |= {load.buffer for load in self._loads if load.stride != 1}
        self._single |= {name for name, _, v in self._stores if self._is_number(v)}
        if not self._stores:
            return ""
        if self._width == 1:
            given = [f"let of_product = {self._computed('v')};"] if self._product is not None else []
            loads = [f"let {x.name} = {self._loaded(x)};" for x in self._loads]
            stores = [
                f"if (i == 0u) {{ {buffer}[0] = {text}; }}" if self._is_number(v) else f"{buffer}[i] = {text};"
                for buffer, text, v in self._stores
            ]
            return "\n    ".join(["let i = at;", *given, *loads, *self._constants, *self._lines, *stores])
        lines = ["let i = 4u * at;"]
        parts = "xyzw"
        arguments = [[f"i + {j}u" if j else "i"] for j in range(4)]
        for load in self._loads:
            if self._is_vector(load):
                lines.append(f"let {load.name} = {load.buffer}[{_quarter(load.index)}];")
            elif load.stride == 0:
                lines.append(f"let {load.name} = {self._loaded(load)};")
            for j in range(4):
                if self._is_vector(load):
                    arguments[j].append(self._computed_with(load, f"{load.name}.{parts[j]}"))
                elif load.stride == 0:
                    arguments[j].append(load.name)
        if self._product is not None:
            for j in range(4):
                arguments[j].append(self._computed(f"v.{parts[j]}"))
        lines += [f"let four{j} = one_of_four({', '.join(arguments[j])});" for j in range(4)]
        for k, (buffer, _, value) in enumerate(self._stores):
            if self._is_number(value):
                lines.append(f"if (at == 0u) {{ {buffer}[0] = four0.r{k}; }}")
            else:
                four = ", ".join(f"four{j}.r{k}" for j in range(4))
                lines.append(f"{buffer}[at] = vec4<{self._kinds[buffer]}>({four});")
        return "\n    ".join(lines)

    def _function(self) -> list[str]:
        """The function that `_body` calls for each of four elements, and the struct of its results."""
        if self._width == 1 or not self._stores:
            return []
        parameters = ["i: u32"]
        inside = []
        for load in self._loads:
            if self._is_vector(load) or load.stride == 0:
                parameters.append(f"{load.name}: {load.kind}")
            else:
                inside.append(f"let {load.name} = {self._loaded(load)};")
        if self._product is not None:
            parameters.append(f"of_product: {WGSL_TYPES[self._product.dtype.name]}")
        members = ", ".join(f"r{k}: {self._kinds[buffer]}" for k, (buffer, _, _) in enumerate(self._stores))
        results = ", ".join(text for _, text, _ in self._stores)
        body = "\n    ".join([*inside, *self._constants, *self._lines, f"return Results({results});"])
        head = f"fn one_of_four({', '.join(parameters)}) -> Results"
        return [f"struct Results {{ {members} }}\n{head} {{\n    {body}\n}}"]

    def _computed(self, v: str) -> str:
        """An element that a product gives, in the type that steps compute with."""
        product: Any = self._product
        return f"{WGSL_TYPES[product.dtype.name]}({v})"

    def _is_number(self, value: Value) -> bool:
        """Whether the unit computes it only once."""
        return value.cell is None and math.prod(value.shape) != self._count  # type: ignore[arg-type]

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
            if not match[2]:
                return self._element(*word)
            buffer = self._buffer(self._root(value), "read")
            self._single.add(buffer)
            return f"{buffer}["

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
            self._names[key] = self._load(root, WGSL_TYPES[value.dtype.name], index, _stride(shape, over), "read")
        return self._names[key]

    def _load(self, root: Value, kind: str, index: str, stride: int | None, access: str) -> str:
        name = f"x{len(self._loads)}"
        self._loads.append(_Load(name, kind, self._buffer(root, access), index, stride))
        return name

    def _cell(self, value: Value) -> str:
        """The name of this invocation's element of a variable, as it is at this point."""
        key = id(value.cell)
        if key not in self._names:
            access = "read_write" if key in self._changed else "read"
            self._read.add(key)
            cell: Any = value.cell
            index, stride = ("i", 1) if elements(value) > 1 or self._count == 1 else ("0u", 0)
            self._names[key] = self._load(value, WGSL_TYPES[cell.dtype.name], index, stride, access)
        return self._names[key]

    def _buffer(self, value: Value, access: str) -> str:
        key = value if value.cell is None else id(value.cell)
        if key not in self._buffers:
            cell: Any = value.cell
            dtype = value.dtype if cell is None else cell.dtype
            name = self._buffers[key] = f"e{len(self.bound)}"
            self._kinds[name] = STORED_TYPES[dtype.name]
            self._halves |= {name} if dtype is dtypes.float16 else set()
            self._access[name] = access
            self.bound.append(value)
        return self._buffers[key]

    def _stored(self, value: Value) -> str:
        """An element as it is stored."""
        name = self._names[value if value.cell is None else id(value.cell)]
        dtype = value.dtype if value.cell is None else value.cell.dtype  # type: ignore[union-attr]
        return {dtypes.bool: f"select(0u, 1u, {name})", dtypes.float16: f"f16({name})"}.get(dtype, name)

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
            name = self._names[literal] = f"c{len(self._constants)}"
            self._constants.append(f"let {name} = {literal};")
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


def _stride(shape: Any, over: tuple[int, ...]) -> int | None:
    """How that index moves within four neighbours that start at a multiple of 4; None where not evenly."""
    if math.prod(shape) == 1:
        return 0
    if math.prod(shape) == math.prod(over):
        return 1
    if over[-1] % 4:
        return None
    return 1 if shape[-1] == over[-1] else 0


def _quarter(index: str) -> str:
    return "at" if index == "i" else f"({index}) / 4u"
