"""Functions at run time: branches, loops and calls as programs of their own, planned once per shapes of inputs."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.errors import OpError
from pyflow.core.function_graph import FunctionGraph, function_named
from pyflow.core.resources import VariableCell
from pyflow.core.tensor import StaticShape
from pyflow.ops.primitives import primitives
from pyflow.ops.tensor_array_storage import ElementShape
from pyflow.ops.tensor_list import TensorList
from pyflow.runtime.liveness import dead_variables

if TYPE_CHECKING:
    from pyflow.runtime.program import Program, Step, Value

_CACHED_PLANS = 64
_LARGEST_BOUND_CONSTANT = 16
# What looks at a variable through its handle without changing it; everything else that takes the handle may write.
HANDLE_READERS = frozenset(
    ("ReadVariableOp", "VarIsInitializedOp", "VariableShape", "ResourceGather", "ResourceGatherNd")
)

# (index of an input, its value): inputs whose value is known when the calling step is planned.
Bindings = tuple[tuple[int, "Constant"], ...]


class Constant:
    """A small array that can be compared and hashed."""

    __slots__ = ("array", "_key")

    def __init__(self, array: np.ndarray):
        self.array = array
        self._key = array.dtype.str, array.shape, array.tobytes()

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Constant) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


class Function:
    """A function of a session's graph, called with arrays, variables' cells and other resources.

    Args:
      session: whose variables it works on.
      graph: the function.
      bindings: inputs whose value is always the same at the place it is called from.
      returns: which of its outputs it computes; None stands for all.
    """

    def __init__(self, session: Any, graph: FunctionGraph, bindings: Bindings = (), returns: Any = None):
        self._session = session
        self._graph = graph
        self._bindings = dict(bindings)
        self._outputs = graph.outputs if returns is None else [graph.outputs[i] for i in returns]
        self._plans: collections.OrderedDict[Any, Any] = collections.OrderedDict()

    def __call__(self, arguments: Any) -> Any:
        key = tuple([a.shape if type(a) is np.ndarray else _key(a) for a in arguments])
        plan = self._plans.get(key)
        return (self.plan(key) if plan is None else plan).run(arguments)

    def program(self, key: tuple) -> Program:
        """What it computes from arguments of these keys, as steps to be lowered."""
        from pyflow.runtime.executable import optimized

        return optimized(self._session, self._outputs, self._graph.control_outputs, self._feeds(key))

    def _feeds(self, key: tuple) -> dict[Any, Any]:
        feeds: dict[Any, Any] = dict(zip(self._graph.inputs, key))
        for index, constant in self._bindings.items():
            feeds[self._graph.inputs[index]] = constant.array
        return feeds

    def plan(self, key: tuple) -> Any:
        """The executable for arguments of these keys: shapes of arrays, cells of variables, None for other things."""
        plan = self._plans.get(key)
        if plan is None:
            from pyflow.runtime.executable import Executable

            plan = Executable(self._session, self._outputs, self._graph.control_outputs, self._feeds(key))
            _remember(self._plans, key, plan)
        return plan

    def output_shapes(self, inputs: list[Value]) -> list[StaticShape] | None:
        """The shapes it returns for such inputs, or None where shapes of inputs are unknown, or cannot be as they are.

        A branch that isn't taken may have shapes that do not fit: that is an error only once it is run.
        """
        key = planning_key(inputs)
        try:
            return None if key is None else [v.shape for v in self.plan(key).fetches]
        except OpError:
            return None


class Loop:
    """A `While`: runs `body` on the loop's variables as long as `cond` holds.

    Variables that the body hands on unchanged (captured tensors above all) are not moved from round to round; those
    that only matter for what is `unused` of the results keep their first values.
    """

    def __init__(
        self,
        session: Any,
        cond: FunctionGraph,
        body: FunctionGraph,
        bindings: Bindings = (),
        unused: frozenset[int] = frozenset(),
    ):
        fixed = set(invariants(body))
        bindings = tuple(item for item in bindings if item[0] in fixed)
        dead = dead_variables(cond, body, unused) if unused - fixed else frozenset()
        self._carried = [i for i in range(len(body.inputs)) if i not in fixed and i not in dead]
        self._cond = Function(session, cond, bindings)
        self._body = Function(session, body, bindings, self._carried)
        self._session = session
        self._compiled: collections.OrderedDict[Any, Any] = collections.OrderedDict()

    def __call__(self, initial: list) -> list:
        key = self._keys(initial)
        compiled = self._compiled[key] if key in self._compiled else self._compile(key)
        values = None
        if compiled is not None:
            with primitives.serial():
                values = compiled.run(initial)
        if values is None:
            values = self._planned_anew(initial, key)
        for i in self._carried:  # what was given belongs to somebody else
            if values[i] is initial[i] and isinstance(values[i], np.ndarray):
                values[i] = values[i].copy()
        return values

    def _keys(self, values: list) -> tuple:
        """The variables' keys; of an array of tensors that another one may follow, none."""
        keys = [v.shape if type(v) is np.ndarray else _key(v) for v in values]
        for i in self._carried:
            if type(keys[i]) is ElementShape:
                keys[i] = None
        return tuple(keys)

    def _compile(self, key: tuple) -> Any:
        """The loop as one function if no round changes the shapes of its variables, else None."""
        from pyflow.runtime.cpu.loops import LoweredLoop

        body = self._body.program(key)
        stable = all(v.shape == key[i] or key[i] is None for i, v in zip(self._carried, body.fetches))
        compiled = LoweredLoop(self._cond.program(key), body, self._carried, self._session) if stable else None
        _remember(self._compiled, key, compiled)
        return compiled

    def _planned_anew(self, initial: list, key: tuple | None) -> list:
        """Runs the loop with condition and body planned for the shapes at hand, again where these have changed."""
        values = list(initial)
        while key is not None:
            cond, body = self._cond.plan(key), self._body.plan(key)
            with primitives.serial():
                key = self._rounds(values, key, cond, body)
        return values

    def _rounds(self, values: list, key: tuple, cond: Any, body: Any) -> tuple | None:
        """Runs until the condition fails, or the shapes change: then gives the new key."""
        carried = self._carried
        stable = all(v.shape == key[i] or key[i] is None for i, v in zip(carried, body.fetches))
        test, step = cond.borrow(), body.borrow()
        try:
            while test(values)[0]:
                for i, value in zip(carried, step(values)):
                    values[i] = value
                if not stable:
                    now = self._keys(values)
                    if now != key:
                        return now
        finally:
            cond.give_back(test)
            body.give_back(step)
        return None

    def output_shapes(self, inputs: list[Value]) -> list[StaticShape] | None:
        """The shapes of the loop's variables if no round changes them, else None."""
        key = planning_key(inputs)
        if key is None:
            return None
        shapes = list(key)
        for i, value in zip(self._carried, self._body.program(key).fetches):
            if key[i] is not None and value.shape != key[i]:
                return None
            shapes[i] = value.shape if key[i] is None else key[i]
        return [s if isinstance(s, tuple) or s is None else () for s in shapes]


class Functions:
    """The functions of one session."""

    def __init__(self, session: Any):
        self._session = session
        self._made: dict[Any, Any] = {}

    def function(self, op: Any, attr: Any, bindings: Bindings = ()) -> Function:
        """What an attr of a node names."""
        graph = attr if isinstance(attr, FunctionGraph) else function_named(op.graph, attr)
        key = graph, _version(graph), bindings
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = Function(self._session, graph, bindings)
        return made

    def loop(
        self, op: Any, cond: Any, body: Any, bindings: Bindings = (), unused: frozenset[int] = frozenset()
    ) -> Loop:
        """The loop of a node with attrs `cond` and `body`; nobody looks at its outputs of the indices `unused`."""
        cond, body = function_named(op.graph, cond), function_named(op.graph, body)
        key = cond, body, _version(cond), _version(body), bindings, unused
        if key not in self._made:
            self._made[key] = Loop(self._session, cond, body, bindings, unused)
        return self._made[key]

    def clear(self) -> None:
        self._made.clear()


def _remember(plans: collections.OrderedDict[Any, Any], key: tuple, plan: Any) -> None:
    plans[key] = plan
    if len(plans) > _CACHED_PLANS:
        plans.popitem(last=False)


def _version(graph: FunctionGraph) -> tuple[int, int, int]:
    return graph._last_id, graph._mutations, len(graph.outputs)


def invariants(body: FunctionGraph) -> list[int]:
    """The loop variables that a body returns as it got them."""
    return [i for i, (x, y) in enumerate(zip(body.inputs, body.outputs)) if x is y]


def _key(argument: Any) -> Any:
    if type(argument) is TensorList:
        return None
    if isinstance(argument, (np.ndarray, np.generic)):
        return argument.shape
    return argument if isinstance(argument, VariableCell) else getattr(argument, "planning_key", None)


def planning_key(inputs: list[Value]) -> tuple | None:
    """As the key that the arguments will have at run time; None if it isn't known yet."""
    key: list[Any] = []
    for value in inputs:
        if isinstance(value.cell, VariableCell) and (value.step is None or value.step.type != "ReadCell"):
            key.append(value.cell)
        elif value.dtype in (dtypes.resource, dtypes.variant):
            key.append(value.elements)
        elif value.known_shape:
            key.append(value.shape)
        else:
            return None
    return tuple(key)


def bindings_of(inputs: list[Value]) -> Bindings:
    """The inputs with small constant values: shapes, axes, sizes."""
    return tuple(
        (i, Constant(value.constant))
        for i, value in enumerate(inputs)
        if value.cell is None
        and isinstance(value.constant, np.ndarray)
        and value.constant.size <= _LARGEST_BOUND_CONSTANT
        and value.constant.dtype.kind in "iub"
    )


def plan_call(session: Any, step: Step, used: set[Any]) -> None:
    """Completes a step that runs functions: the constants among its inputs, and the shapes of what it returns.

    Args:
      used: the tensors whose values are needed.
    """
    unused = frozenset(i for i, t in enumerate(step.op.outputs) if t not in used)
    step.attrs = {**step.attrs, "_bindings": bindings_of(step.inputs), "unused": unused}
    shapes = _call_shapes(session, step)
    for value, shape in zip(step.outputs, shapes or ()):
        if shape is not None:
            value.shape = shape


def _call_shapes(session: Any, step: Step) -> list[StaticShape] | None:
    functions, attrs, bindings = session.functions, step.attrs, step.attrs["_bindings"]
    if step.op.definition.calls == "loop":
        loop = functions.loop(step.op, attrs["cond"], attrs["body"], bindings, attrs["unused"])
        return loop.output_shapes(step.inputs)
    first, called = called_functions(step.op)
    bindings = tuple((i - first, c) for i, c in bindings if i >= first)
    results = [functions.function(step.op, f, bindings).output_shapes(step.inputs[first:]) for f in called]
    if any(shapes is None for shapes in results):
        return None
    for function, shapes in zip(called, results):
        for i, tensor in enumerate(function.outputs):
            if tensor.op.type == "FakeParam":  # what only the other branch computes, and only its gradient uses
                shapes[i] = next((r[i] for f, r in zip(called, results) if f.outputs[i].op.type != "FakeParam"), None)
    return [_common(shapes) for shapes in zip(*results)]


def called_functions(op: Any) -> tuple[int, list]:
    """Of a node that runs functions: the index of the first input that they get, and the functions."""
    kind, attrs = op.definition.calls, op.attrs
    if kind == "loop":
        first, names = 0, [attrs["cond"], attrs["body"]]
    elif kind == "call":
        first, names = 0, [attrs.get("f", op.type)]
    else:
        first, names = 1, attrs["branches"] if "branches" in attrs else [attrs["then_branch"], attrs["else_branch"]]
    return first, [function_named(op.graph, name) for name in names]


def _common(shapes: tuple) -> StaticShape:
    """What holds of all of them."""
    first = shapes[0]
    if any(s is None or len(s) != len(shapes[0]) for s in shapes):
        return None
    return tuple(d if all(s[i] == d for s in shapes) else None for i, d in enumerate(first))


def passed_on(step: Step) -> list[int]:
    """The outputs of a step that runs functions that are its inputs of the same index."""
    return invariants(called_functions(step.op)[1][1]) if step.op.definition.calls == "loop" else []


def written_by_call(step: Step) -> list[VariableCell]:
    """The variables that the functions run by a step may change."""
    cells = [step.inputs[i].cell for i in sorted(_changed_inputs(step.op))]
    return [cell for cell in cells if isinstance(cell, VariableCell)]


def written_inputs(graph: FunctionGraph) -> set[int]:
    """The inputs of a function that are variables which it may change."""
    index = {t: i for i, t in enumerate(graph.inputs) if t.dtype is dtypes.resource or t.dtype._is_ref_dtype}
    written: set[int] = set()
    if not index:
        return written
    for op in graph.needed():
        if op.type in HANDLE_READERS or op.type == "Identity":
            continue
        changed = _changed_inputs(op) if op.definition.calls else None
        wanted = [arg.is_ref for arg in op.definition.inputs for _ in arg.dtypes(op.attrs)]
        for position, tensor in enumerate(op.inputs):
            tensor = _origin(tensor)
            if tensor not in index:
                continue
            if position in changed if changed is not None else tensor.dtype is dtypes.resource or wanted[position]:
                written.add(index[tensor])
    return written


def _changed_inputs(op: Any) -> set[int]:
    first, called = called_functions(op)
    return {i + first for function in called for i in written_inputs(function)}


def _origin(tensor: Any) -> Any:
    while tensor.op.type == "Identity" and tensor.dtype in (dtypes.resource, tensor.op.inputs[0].dtype):
        tensor = tensor.op.inputs[0]
    return tensor
