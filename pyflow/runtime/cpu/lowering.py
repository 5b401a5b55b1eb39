"""Lowering to numpy: a program becomes the source of one Python function, a line per step.

Constants, kernels and buffers are globals of that function, intermediates its locals; so a run looks nothing up and
tests nothing. A second set of buffers is made only when two threads run the same program at once.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from sys import getrefcount
from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.evaluation import bind_attrs, evaluator
from pyflow.runtime.cpu.buffers import (
    SMALL_BYTES,
    Plan,
    aligned,
    fresh,
    is_view,
    is_worth_a_piece,
    plan_buffers,
    roots,
)
from pyflow.runtime.cpu.direct import direct_line
from pyflow.runtime.program import Program, Step, Value, destinations
from pyflow.runtime.resources import NodeContext

# Of all ufuncs these two deprecate a third positional argument; for the others a keyword would only cost time.
_OUT_BY_KEYWORD = (np.maximum, np.minimum)
# Arithmetic on two numpy scalars costs a tenth of the ufunc's call.
_OPERATORS = {
    np.add: "+",
    np.subtract: "-",
    np.multiply: "*",
    np.true_divide: "/",
    np.less: "<",
    np.less_equal: "<=",
    np.greater: ">",
    np.greater_equal: ">=",
    np.logical_and: "&",
    np.logical_or: "|",
}


class Lowered:
    """The compiled form of a program; `frame()` gives a runnable copy with buffers of its own.

    Args:
      first: the number of its first step, which names are made of.
      places: the Python expressions for where some values are to be written.
      repeats: whether it runs many times in a row with the same buffers.
    """

    def __init__(
        self,
        program: Program,
        session: Any,
        traced: bool = False,
        first: int = 0,
        places: Mapping[Value, str] = types.MappingProxyType({}),
        repeats: bool = False,
    ):
        self._repeats = repeats
        self._fresh: dict[str, Value] = {}
        self._first = first
        self._places = places
        self._names: dict[Value, str] = {}
        self._globals: dict[str, Any] = {"empty": np.empty, "lowered": self}
        self._lines: list[str] = []
        self._scalars: set[Value] = set()  # those that are numpy's scalars for sure
        self._step_of_line: dict[int, Step] = {}
        self._session = session
        self._program = program
        self._roots = roots(program)
        self._fetched = {self._roots.get(v, v) for v in program.fetches}
        self.plan: Plan = plan_buffers(program, self._wants_buffer)
        for i, value in enumerate(program.feeds):
            self._names[value] = f"f{i}"
        self.entry: list[str] = []
        if program.feeds:
            self.entry.append(f"{', '.join(self._names[v] for v in program.feeds)}, = feeds")
            scalars = [i for i, v in enumerate(program.feeds) if v.shape == () and _is_array(v)]
            self.entry += [f"f{i} = f{i}[()]" for i in scalars]
        for index, step in enumerate(program.steps, first):
            self._lower(index, step)
            if traced:
                self._globals["clock"] = None
                self._lines.append(f"clock({index})")
        self.results = [self._fetch(v) for v in program.fetches]

    @functools.cached_property
    def source(self) -> str:
        """The Python function."""
        lines = [*self.entry, *self._lines, f"return ({''.join(r + ', ' for r in self.results)})"]
        return "def run(feeds):\n" + "\n".join("    " + line for line in lines) + "\n"

    @functools.cached_property
    def _code(self) -> types.CodeType:
        return compiled(self.source)

    def lines(self) -> list[tuple[str, Step | None]]:
        """What is run after `entry` and before `results` are looked at, each line with its step."""
        return [(line, self._step_of_line.get(i)) for i, line in enumerate(self._lines)]

    def frame(self, clock: Callable[[int], None] | None = None) -> Callable[[Any], tuple]:
        """A function from the fed arrays to the fetched ones, with its own buffers."""
        namespace = self.namespace()
        if clock is not None:
            namespace["clock"] = clock
        return types.FunctionType(self._code, namespace)

    def namespace(self) -> dict[str, Any]:
        """The globals of such a function."""
        namespace = dict(self._globals)
        for value, array in self.plan.arrays().items():
            namespace[self._names[value]] = array
        for name, value in self._fresh.items():
            namespace[name] = fresh(value.shape, value.dtype.as_numpy_dtype)  # type: ignore[arg-type]
        for index, step in enumerate(self._program.steps, self._first):
            for j, (shape, dtype) in enumerate(step.scratch):
                namespace[f"s{index}_{j}"] = aligned(shape, dtype)
        return namespace

    def step_at(self, line: int) -> Step | None:
        """The step that a line of the compiled function belongs to."""
        return self._step_of_line.get(line - 2 - len(self.entry))

    def _wants_buffer(self, value: Value) -> bool:
        return value not in self._places and fills(value)

    def _lower(self, index: int, step: Step) -> None:
        if step.type == "ReadCell":
            self._lower_read(index, step)
        elif step.type == "inline":
            names = [self.name_of(v) for v in step.inputs]
            out = ", ".join(self._target(index, i, step) for i in range(len(step.outputs)))
            self._emit(step, step.attrs["line"].format(*names, out=out))
        elif step.kernel is not None:
            self._lower_fused(index, step)
        elif step.outputs and step.outputs[0].dtype is dtypes.variant and step.definition.variant:  # type: ignore[union-attr]
            self._globals[f"k{index}"] = step.definition.variant  # type: ignore[union-attr]
            arguments = ", ".join(self.name_of(v) for v in step.inputs)
            self._emit(step, f"{self._target(index, 0, step)} = k{index}({arguments})")
        elif _is_narrow(step) or (step.definition.takes_out and not _writes_out(step)):  # type: ignore[union-attr]
            context = self._context(step)
            self._globals[f"k{index}"] = evaluator(step.definition, step.attrs, context)  # type: ignore[arg-type]
            arguments = ", ".join(self.name_of(v) for v in step.inputs)
            self._emit(step, f"{self._targets(index, step)}k{index}({arguments})")
        else:
            self._lower_kernel(index, step)

    def _lower_kernel(self, index: int, step: Step) -> None:
        definition = step.definition
        assert definition is not None
        direct = direct_line(step)
        if direct is not None:
            line, names = direct
            self._globals.update(names)
            out = self._out(index, 0, step) if definition.takes_out else self._target(index, 0, step)
            self._emit(step, line.format(*[self.name_of(v) for v in step.inputs], out=out))
            return
        self._globals[f"k{index}"] = definition.cpu
        grouped = definition.group_inputs(step.inputs, step.attrs)
        bound = bind_attrs(definition, step.attrs, self._context(step))
        if _allocates(step):
            operands = [self.name_of(v) for v in step.inputs]
            symbol = _OPERATORS.get(definition.cpu) if len(operands) == 2 and step.outputs[0].shape == () else None
            if symbol:
                self._scalars.add(step.outputs[0])
            call = f" {symbol} ".join(operands) if symbol else f"k{index}({', '.join(operands)})"
            self._emit(step, f"{self._target(index, 0, step)} = {call}")
            return
        arguments = []
        for parameter in definition.cpu_parameters:
            if parameter in definition.input_names:
                item = grouped[definition.input_names.index(parameter)]
                if isinstance(item, list):
                    item = "[" + ", ".join(self.name_of(v) for v in item) + "]"
                    arguments.append(item)
                else:
                    arguments.append(self.name_of(item))
            elif parameter == "out":
                outs = [self._out(index, i, step) for i in range(len(step.outputs))]
                out = outs[0] if definition.single_output else f"({', '.join(outs)},)"
                arguments.append(f"out={out}" if definition.cpu in _OUT_BY_KEYWORD else out)
            else:
                self._globals[f"a{index}_{parameter}"] = bound[parameter]
                arguments.append(f"a{index}_{parameter}")
        call = f"k{index}({', '.join(arguments)})"
        if definition.takes_out or not step.outputs:
            self._emit(step, call)
        elif definition.single_output:
            self._emit(step, f"{self._target(index, 0, step)} = {call}")
        else:
            self._emit(step, self._targets(index, step) + call)

    def _context(self, step: Step) -> NodeContext:
        restored = destinations(self._program, step) if step.type == "RestoreV2" else ()
        return NodeContext(step.op, self._session, step.attrs, restored)

    def _lower_fused(self, index: int, step: Step) -> None:
        self._globals[f"k{index}"] = step.kernel
        returns = "returns" in step.attrs
        arguments = [self.name_of(v) for v in step.inputs]
        arguments += [] if returns else [self._out(index, i, step) for i in range(len(step.outputs))]
        arguments += [f"s{index}_{j}" for j in range(len(step.scratch))]
        self._emit(step, f"{self._targets(index, step) if returns else ''}k{index}({', '.join(arguments)})")

    def _lower_read(self, index: int, step: Step) -> None:
        cell, name = self.name_of(step.inputs[0]), self._target(index, 0, step)
        self._emit(step, f"{name} = {cell}.value")
        self._emit(step, f"if {name} is None: raise {cell}.uninitialized()")
        if step.attrs.get("copy"):
            self._emit(step, f"{name} = {name}.copy()")

    def _targets(self, index: int, step: Step) -> str:
        return (
            "".join(self._target(index, i, step) + ", " for i in range(len(step.outputs))) + "= "
            if step.outputs
            else ""
        )

    def _target(self, index: int, i: int, step: Step) -> str:
        name = self._names[step.outputs[i]] = f"t{index}_{i}"
        return name

    def _out(self, index: int, i: int, step: Step) -> str:
        """The name of the array that output `i` is written into: a planned buffer, or one allocated here."""
        value = step.outputs[i]
        if value in self._places:
            self._emit(step, f"{self._target(index, i, step)} = {self._places[value]}")
        elif value in self.plan.slot_of:
            self._names[value] = f"b{index}_{i}"
        else:
            name = self._target(index, i, step)
            if self._repeats and is_worth_a_piece(value):
                self._fresh[f"e{index}_{i}"] = value
                self._emit(step, f"{name} = next(e{index}_{i})")
                return name
            self._globals[f"d{index}_{i}"] = np.dtype(value.dtype.as_numpy_dtype)
            self._emit(step, f"{name} = empty({value.shape!r}, d{index}_{i})")
        return self._names[value]

    def name_of(self, value: Value) -> str:
        """What a value is called in the lines that use it."""
        name = self._names.get(value)
        if name is None:
            name = self._names[value] = f"c{self._first}_{len(self._globals)}"
            constant = value.constant
            is_number = isinstance(constant, np.ndarray) and constant.ndim == 0 and constant.dtype != object
            self._globals[name] = constant[()] if is_number else constant
        return name

    def _emit(self, step: Step, line: str) -> None:
        self._step_of_line[len(self._lines)] = step
        self._lines.append(line)

    def _fetch(self, value: Value) -> str:
        """A fetched value belongs to the caller: what is fed, constant or a variable's storage is copied."""
        name = self.name_of(value)
        if self._program.lends or value.dtype in (dtypes.resource, dtypes.variant):
            return name
        if value.cell is not None and value.step is None:
            return name
        if value.shape == () and value.dtype is not dtypes.string:
            return name if value in self._scalars else f"{name}[()]"
        root = self._roots.get(value, value)
        owner = root.step
        if owner is None or root.constant is not None or owner.type == "ReadCell":
            shared = True
        else:
            shared = owner.definition is not None and owner.definition.stateful
        if not shared and value not in self._roots and value.known_shape and value.shape:
            return name
        self._globals["own"], self._globals["deliver"] = _own, _deliver
        return f"own({name})" if shared or value in self._roots else f"deliver({name})"


def fills(value: Value) -> bool:
    """Whether a step fills an array that it is given with the value, rather than to allocate one."""
    step = value.step
    return (
        step is not None
        and value.dtype is not dtypes.variant
        and _writes_out(step)
        and value.known_shape
        and value.nbytes > 0
        and not _allocates(step)
    )


def _writes_out(step: Step) -> bool:
    if step.definition is None:
        return step.type == "fused" and "returns" not in step.attrs
    return step.definition.takes_out and not _is_narrow(step) and all(v.known_shape for v in step.outputs)


def _allocates(step: Step) -> bool:
    """Whether the kernel is a ufunc whose small result it had better allocate itself."""
    definition = step.definition
    if definition is None or type(definition.cpu).__name__ != "ufunc" or step.outputs[0].nbytes > SMALL_BYTES:
        return False
    if step.outputs[0].dtype.as_numpy_dtype is np.object_:
        return False
    with np.errstate(all="ignore"):
        trial = definition.cpu(*(np.ones((), v.dtype.as_numpy_dtype) for v in step.inputs))
    return trial.dtype == step.outputs[0].dtype.as_numpy_dtype


def compiled(source: str) -> types.CodeType:
    """The code of the one function that the source defines."""
    module = compile(source, "<program>", "exec")
    return next(c for c in module.co_consts if isinstance(c, types.CodeType))


def _deliver(value: Any) -> Any:
    """A result in the form TF gives it: what has no dimensions is a scalar."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _own(value: Any) -> Any:
    """As `_deliver`, in memory of its own."""
    if not isinstance(value, np.ndarray):
        return value
    # A batch of a dataset, say, is nobody else's: that takes as long to copy as to make.
    if value.base is None and value.flags.owndata and getrefcount(value) <= _ONLY_HERE:
        return _deliver(value)
    return _deliver(value.copy())


def _references() -> int:
    """How many references there are to an array that only a program holds, as `_own` counts them."""
    held = np.empty(1)

    def count(value: Any) -> int:
        return getrefcount(value)

    return count(held)


_ONLY_HERE = _references()


def _is_array(value: Value) -> bool:
    return value.cell is None and value.dtype not in (dtypes.string, dtypes.resource, dtypes.variant)


def _is_narrow(step: Step) -> bool:
    values = step.inputs + step.outputs
    return any(v.dtype is dtypes.bfloat16 for v in values) and not step.definition.has_ref_input and not is_view(step)  # type: ignore[union-attr]
