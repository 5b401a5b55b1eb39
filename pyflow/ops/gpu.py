"""What an op says of itself for the GPU: an expression for each element, or dispatches of shaders.

An op's `gpu` is one of five things, all of them descriptions only; `runtime/webgpu` makes programs of them:

- `elementwise("max(features, T(0))")`: the output, element by element, in WGSL. The words are the op's arguments and
  attrs; inputs broadcast as numpy's do. Neighbouring ops of this kind become one shader.
- `update(var="var - alpha * delta")`: the same for variables that are changed in place.
- `dispatches(rule)`: `rule(node)` gives the dispatches of shaders that compute the outputs, or None if this node had
  better stay on the CPU.
- `ALIAS`: the output is the first input, under another shape.
- `Inspected(rule, refuse)`: the output is the first input, unless the host refuses what the device says of it.

A tuple of these has the first that takes the node.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Sequence

from pyflow.core import dtypes
from pyflow.core.dtypes import DType

# The dtypes there are on a GPU. int64 is held as i32 (what does not fit is refused on its way up), so an op that
# computes with it has to say that this is enough for it; bool is held as u32. float16 is there where the adapter has
# it: it is stored as such and computed with as f32. Element-wise ops take it wherever they take float32.
NUMBERS = (dtypes.float32, dtypes.int32)
FLOAT32 = (dtypes.float32,)
FLOATS = (dtypes.float32, dtypes.float16)
REALS = (*FLOATS, dtypes.int32)
PLAIN = (dtypes.float32, dtypes.int32, dtypes.bool)
INDEXED = (dtypes.float32, dtypes.int32, dtypes.bool, dtypes.int64)
ANY = (*INDEXED, dtypes.float16)
WGSL_TYPES = {"float32": "f32", "float16": "f32", "int32": "i32", "int64": "i32", "bool": "bool"}
STORED_TYPES = WGSL_TYPES | {"float16": "f16", "bool": "u32"}

MAX_GROUPS = 65535


class ElementWise:
    """Outputs (and new values of variables) as WGSL expressions of one element of each input.

    Attributes:
      expressions: for each output its expression, or a function of the node that gives it (or a list of them for
        several outputs), or None where the node stays on the CPU.
      updates: for each variable by argument its new value; later ones see what earlier ones have changed.
      types: the dtypes that inputs and outputs may have.
      layout: function of the node that gives for each input the shape to see it in, before it broadcasts.
    """

    def __init__(
        self,
        expressions: Sequence[str | Callable[[Any], str]],
        updates: dict[str, str],
        types: tuple[DType, ...],
        layout: Callable[[Any], list[tuple[int, ...]] | None] | None,
    ):
        self.expressions, self.updates, self.types, self.layout = expressions, updates, types, layout


def elementwise(
    *expressions: str | Callable[[Any], str], types: tuple[DType, ...] = NUMBERS, layout: Any = None
) -> ElementWise:
    """The outputs, each as a WGSL expression; see `ElementWise`.

    In an expression an argument's name stands for its element (`inputs0`, `inputs1` ... where it is a list), the name
    of a type attr for the WGSL type, that of another attr for its value. Functions of shaders/common can be called.
    `i` is the flat index of the output's element, `x[...]` the element of an input at any flat index, which comes from
    memory; `gpu_indices` has words for such.
    """
    return ElementWise(expressions, {}, types, layout)


def by_type(floats: str, integers: str) -> Callable[[Any], str]:
    """An expression for outputs of floats and one for the others."""
    return lambda node: floats if node.outputs[0].dtype.is_floating else integers


def update(*, types: tuple[DType, ...] = NUMBERS, **updates: str) -> ElementWise:
    """New values for variables, in the order given; see `elementwise`."""
    return ElementWise((), updates, types, None)


class Dispatches:
    """A rule that gives the dispatches for a node.

    Attributes:
      widened: whether the rule is given float32 copies of inputs and outputs that are float16.
    """

    def __init__(self, rule: Callable[[Any], Any], types: tuple[DType, ...], widened: bool):
        self.rule, self.types, self.widened = rule, types, widened


def dispatches(rule: Callable[[Any], Any], types: tuple[DType, ...] = NUMBERS, *, widened: bool = False) -> Dispatches:
    """`rule(node)` gives a list of `Dispatch` and `Choice`, or None where the node stays on the CPU.

    The node has `inputs`, `outputs` (flat lists of values with `shape`, `dtype` and perhaps `constant`), `attrs`, and
    makes further values: `scratch(shape, dtype)`, `fixed(array)`, and `each_run(function, shape, dtype)` for what
    `function(ctx)` computes on the host at the start of each run. `check(value, function)` has `function(array)` raise
    for what the op refuses, if the value comes from the host. A rule that knows float32 only is `widened` to float16.
    """
    return Dispatches(rule, types, widened)


class Inspected:
    """The output is the first input, which the host never sees: only a number that tells what is wrong with it.

    Attributes:
      rule: of a node whose output is that number, an int32 of shape [1]; gives the dispatches that compute it.
      refuse: `refuse(number, **attrs)` raises if something is wrong.
    """

    def __init__(self, rule: Callable[[Any], list], types: tuple[DType, ...], refuse: Callable[..., None]):
        self.rule, self.types, self.refuse = rule, types, refuse


class _Alias:
    def __repr__(self) -> str:
        return "ALIAS"


ALIAS: Any = _Alias()


class Dispatch:
    """One run of a compute shader.

    Attributes:
      shader: the file below shaders/.
      inputs, outputs: the values bound to it, in the order of its bindings.
      grid: numbers of workgroups.
      constants: the values of its overrides.
      types: what stands for its type aliases.
      functions: what takes the place of functions in it, by name: their whole text.
      work: the operations it does, for profiles.
    """

    __slots__ = ("shader", "inputs", "outputs", "grid", "constants", "types", "functions", "work")

    def __init__(
        self,
        shader: str,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        grid: tuple[int, ...],
        types: dict[str, str] | None = None,
        functions: dict[str, str] | None = None,
        work: int = 0,
        **constants: Any,
    ):
        self.shader, self.inputs, self.outputs = shader, list(inputs), list(outputs)
        self.grid: Any = (*grid, 1, 1)[:3]
        self.constants, self.types, self.functions, self.work = constants, types or {}, functions or {}, work


class Choice:
    """Several ways to do the same, each a list of dispatches; which is fastest on a device is found by trying."""

    __slots__ = ("name", "ways")

    def __init__(self, name: str, ways: dict[str, list[Dispatch]]):
        self.name, self.ways = name, ways


def groups(count: int, size: int = 64) -> tuple[int, int]:
    """A grid of workgroups of that size for `count` invocations, in two dimensions where one has not enough."""
    needed = max(1, -(-count // size))
    if needed <= MAX_GROUPS:
        return needed, 1
    rows = -(-needed // MAX_GROUPS)
    return -(-needed // rows), rows


def word_of(value: Any) -> str:
    """The WGSL type that a value's elements have in memory; of what no device has, and stays on the CPU, any."""
    return STORED_TYPES.get(value.dtype.name, "i32")


def size(value: Any) -> int:
    """The number of elements of a value."""
    return math.prod(value.shape)
