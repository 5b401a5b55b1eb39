"""A step as the rules for the GPU see it, and whether it can be done there at all."""

from __future__ import annotations

import math
import re
from typing import Any, Callable, Iterable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.resources import VariableCell
from pyflow.ops.gpu import ALIAS, Choice, Dispatch, Dispatches, ElementWise, Inspected, elementwise, groups, word_of
from pyflow.runtime.functions import HANDLE_READERS
from pyflow.runtime.program import Step, Value
from pyflow.runtime.resources import NodeContext
from pyflow.runtime.webgpu import shaders

_IN_CELLS = (dtypes.float32, dtypes.float16, dtypes.int32)

# What updates call a value that has the shape of the variable; their others are numbers.
_WHOLE = ("value", "grad", "delta")

# A read of a variable that is written before the value is used.
COPY = elementwise("reference")


def is_reference(value: Value) -> bool:
    """Whether the value stands for a variable, not for what was in it when it was read."""
    return value.cell is not None and (value.step is None or value.step.type != "ReadCell")


def shape_of(value: Value) -> Any:
    """The shape of a value, or of the variable it stands for."""
    cell = value.cell if is_reference(value) else None
    return value.shape if cell is None else cell.shape


def elements(value: Value) -> int:
    """The number of elements of a value, or of the variable it stands for."""
    return math.prod(shape_of(value))


def changed(step: Step) -> list[Value]:
    """The inputs that stand for variables which the step changes."""
    only_reads = step.type == "ReadCell" or step.type in HANDLE_READERS
    return [] if only_reads else [v for v in step.inputs if is_reference(v)]


def _dtype_of(value: Value) -> dtypes.DType:
    cell: Any = value.cell if is_reference(value) else None
    return value.dtype if cell is None else cell.dtype


def is_constant(value: Value) -> bool:
    return value.constant is not None and value.cell is None


class Node:
    """What a rule for the GPU is given: the step's values and attrs, and a way to make further values.

    Attributes:
      each_run_values: what is computed on the host at the start of each run, with the functions.
      checks: (value, function): what is called with the value's array where it comes from the host.
    """

    def __init__(self, step: Step, session: Any):
        self.op, self.attrs, self.inputs, self.outputs = step.op, step.attrs, step.inputs, step.outputs
        self.definition = step.definition
        self._session = session
        self.each_run_values: dict[Value, Callable[[], Any]] = {}
        self.checks: list[tuple[Value, Callable[[Any], None]]] = []

    def scratch(self, shape: tuple[int, ...], dtype: dtypes.DType = dtypes.float32) -> Value:
        """A value for use between the node's dispatches."""
        return Value(dtype, tuple(shape))

    def fixed(self, array: Any) -> Value:
        """A value that is the same at each run."""
        return Value(dtypes.as_dtype(array.dtype), array.shape, constant=array)

    def each_run(self, function: Callable[[Any], Any], shape: tuple[int, ...], dtype: dtypes.DType) -> Value:
        """A value that `function(ctx)` computes on the host at the start of each run."""
        value, ctx = Value(dtype, tuple(shape)), NodeContext(self.op, self._session)
        self.each_run_values[value] = lambda: function(ctx)
        return value

    def check(self, value: Value, function: Callable[[Any], None]) -> None:
        """Has `function(array)` raise for what the op refuses, if the value is one that comes from the host."""
        self.checks.append((value, function))


def widened(node: Node, rule: Callable[[Any], Any]) -> Any:
    """What `rule` gives for the node with float32 copies in the place of float16 inputs and outputs."""
    inputs, outputs = node.inputs, node.outputs
    copies = {v: Value(dtypes.float32, v.shape) for v in (*inputs, *outputs) if v.dtype is dtypes.float16}
    for value, copy in copies.items():
        if is_constant(value):
            copy.constant = np.asarray(value.constant, np.float32)
    node.inputs, node.outputs = ([copies.get(v, v) for v in values] for values in (inputs, outputs))
    dispatches = rule(node)
    node.inputs, node.outputs = inputs, outputs
    if dispatches is None or not copies:
        return dispatches

    def converted(source: Value, target: Value) -> Dispatch:
        types, count = {"T": word_of(source), "R": word_of(target)}, math.prod(source.shape)  # type: ignore[arg-type]
        return Dispatch("array/convert.wgsl", [source], [target], groups(count), types, COUNT=count)

    before = [converted(v, copies[v]) for v in dict.fromkeys(inputs) if v in copies and not is_constant(v)]
    return [*before, *dispatches, *(converted(copies[v], v) for v in outputs if v in copies)]


_USED = re.compile(r"\b([A-Za-z_]\w*)\b\s*(\[)?")


class Work:
    """How a step is done on the device: its op's `ElementWise` or `ALIAS`, or the dispatches of its rule.

    Attributes:
      texts: of an element-wise step, the expressions of its outputs.
      layout: for each input the shape it is seen in, before it broadcasts.
      looked_up: the inputs of which an element needs others than that in its own place.
    """

    __slots__ = ("step", "how", "dispatches", "node", "texts", "layout", "looked_up", "_used")

    def __init__(self, step: Step, how: Any, dispatches: Iterable = (), node: Node | None = None, texts: Any = ()):
        self.step, self.how, self.dispatches, self.node, self.texts = step, how, list(dispatches), node, texts
        self.layout = [shape_of(v) for v in step.inputs]
        self._used = self.looked_up = frozenset(range(len(step.inputs)))
        if self.is_alias:
            self._used = frozenset((0,))
        elif isinstance(how, Dispatches):
            bound = {v for d in self.each_dispatch() for v in d.inputs}
            self._used = frozenset(i for i, v in enumerate(step.inputs) if v in bound or is_reference(v))
        elif step.definition is None:  # a read of a variable
            self.looked_up = frozenset()
        else:
            if how.layout:
                self.layout = how.layout(step)
            places = places_of_inputs(step)
            found = [m for text in (*texts, *how.updates, *how.updates.values()) for m in _USED.findall(text)]
            self._used = frozenset(places[name] for name, _ in found if name in places)
            self.looked_up = frozenset(places[name] for name, bracket in found if name in places and bracket)

    @property
    def is_elementwise(self) -> bool:
        return isinstance(self.how, ElementWise)

    @property
    def is_alias(self) -> bool:
        return self.how is ALIAS

    @property
    def inputs(self) -> list[Value]:
        """Those of the step's inputs that the device needs."""
        return [v for i, v in enumerate(self.step.inputs) if i in self._used]

    def each_dispatch(self) -> Iterable[Any]:
        """The dispatches of a step that is not element-wise, with those of all ways where there is a choice."""
        for item in self.dispatches:
            yield from [d for way in item.ways.values() for d in way] if isinstance(item, Choice) else [item]

    @property
    def takes_steps(self) -> bool:
        """Whether its last dispatch can go on with element-wise steps, instead of storing what it computes."""
        if not self.dispatches or changed(self.step):
            return False
        return all(d.outputs == self.step.outputs[:1] and shaders.stored_at_once(d.shader) for d in self.last())

    def last(self) -> list[Any]:
        """The last dispatch of a step that is not element-wise, of each of its ways where there is a choice."""
        item = self.dispatches[-1]
        return [way[-1] for way in item.ways.values()] if isinstance(item, Choice) else [item]

    @property
    def over(self) -> Any:
        """The shape that an element-wise step runs over."""
        references = changed(self.step)
        return shape_of(references[0]) if references else self.step.outputs[0].shape

    def at_other_places(self) -> list[Value]:
        """The inputs of which an element needs others than that with its own flat index, single numbers left out."""
        if not self.is_elementwise:
            return self.inputs
        same = (1, math.prod(self.over))
        places = enumerate(self.step.inputs)
        return [
            v for i, v in places if i in self._used and (i in self.looked_up or math.prod(self.layout[i]) not in same)
        ]


def places_of_inputs(step: Step) -> dict[str, int]:
    """Where the inputs are that expressions name: `x`, or `values0`, `values1` ... for those of a list."""
    definition: Any = step.definition
    numbers = list(range(len(step.inputs)))
    places: dict[str, int] = {}
    for name, place in zip(definition.input_names, definition.group_inputs(numbers, step.attrs)):
        places.update({f"{name}{j}": p for j, p in enumerate(place)} if isinstance(place, list) else {name: place})
    return places


def work_of(step: Step, session: Any, device: Any) -> Work | None:
    """How the device would do the step, or None where the CPU has to."""
    gpu = step.definition.gpu if step.definition is not None else None
    if gpu is None or not all(_has_elements(v) for v in _needed(step, gpu)):
        return None
    if "shader-f16" not in device.features:
        if any(_dtype_of(v) is dtypes.float16 for v in (*step.inputs, *step.outputs)):
            return None
    max_bindings = device.limits["max-storage-buffers-per-shader-stage"]
    for how in gpu if isinstance(gpu, tuple) else (gpu,):
        if isinstance(how, Inspected):
            return None  # the host has a part in it
        work = _work(step, how, session)
        if work is not None and _is_possible(work, max_bindings):
            return work
    return None


def _is_possible(work: Work, max_bindings: int) -> bool:
    step, how = work.step, work.how
    if not all(_has_elements(v) for v in work.inputs):
        return False
    if how is ALIAS:
        return step.outputs[0].dtype in (*_IN_CELLS, dtypes.bool, dtypes.int64)
    types = how.types
    if dtypes.float32 in types and (isinstance(how, ElementWise) or how.widened):
        types = (*types, dtypes.float16)
    if not all(v.dtype in types or is_reference(v) for v in (*work.inputs, *step.outputs)):
        return False
    if not all(_fits_cell(v) for v in work.inputs if is_reference(v)):
        return False
    if how.__class__ is ElementWise:
        single = (v for v in work.inputs if is_constant(v) and math.prod(v.shape) == 1)  # type: ignore[arg-type]
        if len(set(work.inputs) - set(single)) + (not how.updates) > max_bindings:
            return False
        return not how.updates or _has_one_shape(work)
    return True


def _needed(step: Step, gpu: Any) -> list[Value]:
    """The outputs that have to be made: by dispatches, none of those that have no elements, behind the first."""
    rest = step.outputs[1:]
    if isinstance(gpu, Dispatches):
        rest = [v for v in rest if 0 not in (shape_of(v) or ())]
    return [*step.outputs[:1], *rest]


def _work(step: Step, how: Any, session: Any) -> Work | None:
    if how is ALIAS:
        return Work(step, how)
    node = Node(step, session)
    if isinstance(how, Dispatches):
        if not all(_has_elements(v) or is_constant(v) for v in step.inputs):
            return None
        dispatches = widened(node, how.rule) if how.widened else how.rule(node)
        return None if dispatches is None else Work(step, how, dispatches, node)
    texts: list[Any] = []
    for expression in how.expressions:
        text = expression if isinstance(expression, str) else expression(node)
        texts += text if isinstance(text, list) else [text]
    return None if None in texts else Work(step, how, (), node, texts)


def _has_one_shape(work: Work) -> bool:
    """Whether what an update changes and what it is changed by are of the shape it runs over, as they have to be."""
    inputs, places = work.step.inputs, places_of_inputs(work.step)
    same = [inputs[places[name]] for name in _WHOLE if name in places] + [v for v in inputs if is_reference(v)]
    return all(shape_of(v) == work.over for v in same)


def _has_elements(value: Value) -> bool:
    shape = shape_of(value)
    return shape is not None and None not in shape and 0 not in shape


def _fits_cell(value: Value) -> bool:
    return isinstance(value.cell, VariableCell) and value.cell.dtype in _IN_CELLS
