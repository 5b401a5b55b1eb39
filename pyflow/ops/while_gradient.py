"""The gradient of a loop is a loop backwards: it takes what the rounds computed from lists that the loop fills."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.autodiff import backpropagate, is_gated, needed_inputs, reached_from
from pyflow.core import dtypes
from pyflow.core.constants import static_value
from pyflow.core.function_graph import FunctionGraph, function_named
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.node_count import count_nodes, uncounted
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.tensor import Tensor
from pyflow.ops.function_gradient_graph import (
    GradientGraph,
    add_input,
    add_output,
    dense,
    differentiable,
    loop_around,
    zeros_like,
)
from pyflow.ops.tensor_list_ops import EmptyTensorList, TensorListPopBack, TensorListPushBack, shape_tensor
from pyflow.ops.while_loop import COUNTERS, loop_node

# The loops that count the rounds forwards and backwards in TensorFlow's gradient.
_COUNTING = (*["Const", "Enter", "Merge", "Switch", "Const", "Add", "NextIteration", "Exit"],) + (
    *["Const", "Enter", "Merge", "GreaterEqual", "Enter", "LoopCond", "Switch", "Sub", "NextIteration", "Exit"],
)

# What makes a tensor of the rows of one.
_TO_DENSE = ("Const", "Const", "Const", "StridedSlice", "UnsortedSegmentSum")


class _BodyGradient(GradientGraph):
    """The body of the loop backwards; each tensor of the forward body that it uses is popped from a list."""

    def __init__(self, op: Operation, cond: FunctionGraph, body: FunctionGraph):
        super().__init__("while_gradient_body", op, body, 0)
        self._cond = cond
        self._keeps_shapes = True
        around, conditionals = loop_around(self)
        self._depth = 1 if around is None else 1 + around._depth
        self._conditionals = 0 if around else conditionals
        # Of TensorFlow's nodes: those that pushes or pops wait for, and the predicates kept.
        self._waits: set[str] = set()
        self._predicates: set[Tensor] = set()
        self._silent, self._unsaid = False, set[Tensor]()
        self._found: dict[Tensor, Tensor] = {}
        self._unchanged = {i for i, (x, y) in enumerate(zip(body.inputs, body.outputs)) if x is y}
        # Of each list: the node's output that holds it after the loop; itself before and after a round backwards.
        self.lists: list[tuple[Tensor, Tensor, Tensor]] = []

    def _stays(self, i: int) -> bool:
        return i in self._unchanged

    def capture(self, tensor: Tensor) -> Tensor:
        """As for any function; counts what a branch took unsaid when the body itself uses it."""
        captured = super().capture(tensor)
        if self._silent:
            self._unsaid.add(tensor)
        elif tensor in self._unsaid:
            self._unsaid.discard(tensor)
            self._count_known(tensor, self._input_outside(tensor))
        return captured

    def capture_silently(self, graph: FunctionGraph, tensor: Tensor) -> Tensor:
        """What a graph in this one gets of a tensor around it that TensorFlow would keep in another way."""
        before, self._silent = self._silent, True
        try:
            with uncounted(self):
                return FunctionGraph.capture(graph, tensor)
        finally:
            self._silent = before

    def count_stack(self, switches: int = 0) -> None:
        # A stack with its size, a push and a pop, ways into the loops forwards and backwards.
        count_nodes(self, "Const", "StackV2", "StackPushV2", "StackPopV2", *["Enter"] * (2 * self._depth))
        count_nodes(self, *["Switch"] * switches, *["Switch", "Switch"] * self._conditionals)
        if not self._waits:
            count_nodes(self, *["Enter"] * self._conditionals)  # of the predicates
        waits = {"b_sync", "f_sync"} if switches else {"b_sync"}
        count_nodes(self, *["ControlTrigger"] * len(waits - self._waits))
        self._waits |= waits

    def count_branch_not_taken(self, tensor: Tensor) -> None:
        """Counts the zeros for when a branch that uses the tensor was not taken."""
        if tensor.shape.is_fully_defined():
            count_nodes(self, "Const", "Switch")
        else:
            count_nodes(self, "Switch", "Shape", "Const", "Fill")
            self.count_stack(1)

    def count_predicate(self, tensor: Tensor, switches: int) -> None:
        """Counts what keeps the predicate of a conditional of the body, once."""
        if tensor not in self._predicates:
            self._predicates.add(tensor)
            self.count_stack(switches)

    def is_let_in(self, tensor: Tensor) -> bool:
        """Whether a tensor of the body, or of a branch in it, is one from outside the loop."""
        return self._origin(tensor) is not None

    def _origin(self, tensor: Tensor) -> Tensor | None:
        while tensor.graph is not self._forward and tensor.op._captured_from is not None:
            tensor = tensor.op._captured_from
        return tensor.op._captured_from if tensor.graph is self._forward else None

    def count_known(self, tensor: Tensor, switches: int = 0) -> None:
        """Counts what TensorFlow makes for a forward tensor: another constant, a way into the loop, or a stack."""
        origin = self._origin(tensor)
        if tensor.op.type == "Const":
            count_nodes(self, "Const")
        elif origin is not None:
            self.count_capture(origin)
        else:
            self.count_stack(switches)

    def _count_known(self, tensor: Tensor, outside: Tensor | None) -> None:
        self.count_known(tensor)

    def _remembered(self, tensor: Tensor) -> Tensor:
        return self._kept(tensor)

    def _kept(self, tensor: Tensor) -> Tensor:
        """What a round computed; what it joined of other tensors is joined anew of these."""
        found = self._found.get(tensor)
        if found is None:
            parts = self._parts(tensor)
            with self.as_default(), self._at_function_level():
                if parts:  # An axis of its own: the body's is counted where the gradients take it over.
                    found = raw.ConcatV2(list(map(self._kept, parts)), static_value(tensor.op.inputs[-1]))
            self._found[tensor] = found = self._from_list(tensor) if found is None else found
        return found

    def _parts(self, tensor: Tensor) -> list[Tensor]:
        """The tensors of the round that it was joined of, if nothing of it comes from elsewhere."""
        op = tensor.op
        if op.type != "ConcatV2" or static_value(op.inputs[-1]) is None:
            return []
        parts = op.inputs[:-1]
        given = [t for t in parts if static_value(t) is not None or self._input_outside(t) is not None]
        return [] if given or any(t._static_shape is None for t in parts) else list(parts)

    def _from_list(self, tensor: Tensor) -> Tensor:
        op, body = self._op, self._forward
        dtype = tensor.dtype.base_dtype
        with op.graph.as_default(), _outside_scopes(op.graph):
            empty = EmptyTensorList(shape_tensor(tensor), -1, element_dtype=dtype)
            _place_before(op, *[t.op for t in empty.op.inputs], empty.op)
        self._cond.add_input(dtypes.variant, (), "accumulator")
        before = body.add_input(dtypes.variant, (), "accumulator")
        with body.as_default(), body._at_function_level():
            body.outputs.append(TensorListPushBack(before, tensor))
        add_input(op, empty)
        filled = add_output(op, dtypes.variant, (), "T")
        with self.as_default(), self._at_function_level():
            before = self.add_input(dtypes.variant, (), "accumulator")
            self.inputs.pop()
            after, value = TensorListPopBack(before, shape_tensor(tensor), element_dtype=dtype)
        value._static_shape = tensor._static_shape
        if "_handle_data" in tensor.__dict__:
            value.__dict__["_handle_data"] = tensor.__dict__["_handle_data"]
        self.lists.append((filled, before, after))
        return value


def _place_before(op: Operation, *made: Operation) -> None:
    """Gives nodes that are made later, but are inputs of a node, their place before it in the order of a run."""
    for other in made:
        op._made_before += 1
        other._id = op._id - 1 / (op._made_before + 1)  # type: ignore[assignment]


def _outside_scopes(graph: Any) -> Any:
    return graph.control_dependencies(None)


def while_gradient(op: Operation, dys: Any) -> list:
    """The gradients of a `While` node's inputs, from those of its outputs (None where nothing is known)."""
    count = len(op.inputs)
    count_nodes(op.graph, *_COUNTING)
    cond, body = function_named(op.graph, op.attrs["cond"]), function_named(op.graph, op.attrs["body"])
    if op.attrs.get("_back_prop") is False:
        for i in range(COUNTERS, len(dys)):
            if dys[i] is None and _is_of_program(body, i) and differentiable(body.inputs[i]):
                count_nodes(op.graph, "ZerosLike")
        return [None] * count
    gradient = _BodyGradient(op, cond, body)
    around, conditionals = loop_around(gradient)
    if around is not None:  # the number of rounds is kept as well
        around.count_stack(conditionals and conditionals + 1)
    unchanged = gradient._unchanged
    reached = _reached(needed_inputs(op), body, unchanged)
    lists = {i for i in range(2, count) if i >= len(dys) or dys[i] is None and _is_only_pushed(body, i)}
    reached &= _used(body, [i for i in range(len(dys)) if dys[i] is not None], reached)
    wanted = [i for i in range(2, count) if i in reached and i not in lists and differentiable(body.inputs[i])]
    carried = [i for i in wanted if i not in unchanged and body.inputs[i].dtype != dtypes.resource]
    given = {i: dense(dys[i]) for i in range(len(dys)) if dys[i] is not None}
    start = {i: given.get(i) if i in given else zeros_like(op.outputs[i]) for i in carried}
    _count_exits(op, body, carried, wanted, given)

    with gradient.as_default():
        counter, total = gradient.add_input(dtypes.int32, (), "counter"), gradient.add_input(dtypes.int32, (), "total")
        incoming = {i: gradient.add_input(body.inputs[i].dtype, _shape_of(body, i), "grad") for i in carried}
        found = backpropagate(
            [body.outputs[i] for i in carried], list(incoming.values()), [body.inputs[i] for i in wanted]
        )
        with uncounted(gradient):
            result = dict(zip(wanted, map(dense, found)))
            outgoing = [result[i] if result[i] is not None else raw.ZerosLike(incoming[i]) for i in carried]
        sums = [i for i in wanted if i not in incoming and result[i] is not None]
        before = {i: _sum_input(gradient, body.inputs[i], result[i]) for i in sums}
        with uncounted(gradient):
            added = [raw.AddV2(before[i], result[i]) for i in sums]
            following = raw.Add(counter, 1)
    _count_results(op, body, around, dict(zip(wanted, found)))
    with uncounted(op.graph):
        zeros = [zeros_like(op.inputs[i]) for i in sums]
    gradient.inputs = [counter, total, *incoming.values(), *before.values(), *[b for _, b, _ in gradient.lists]]
    gradient.outputs = [following, total, *outgoing, *added, *[after for _, _, after in gradient.lists]]
    # Each output is a tensor of the gradient's own: one that stands for something outside is handed on.
    with gradient.as_default(), uncounted(gradient):
        gradient.outputs = [t if t.graph is gradient else raw.Identity(t) for t in gradient.outputs]
    initial = [*[start[i] for i in carried], *zeros, *[filled for filled, _, _ in gradient.lists]]
    with uncounted(op.graph):
        outputs = _backwards(op, gradient, initial)
        grads: list[Any] = [None] * count
        for i, output in zip([*carried, *sums], outputs):
            grads[i] = output
        for i in unchanged:
            if i in given and i >= 2 and i < count:
                grads[i] = given[i] if grads[i] is None else raw.AddV2(grads[i], given[i])
    # Lists that this very gradient added to the node have come since the walk looked at its inputs.
    return [*grads, *[None] * (len(op.inputs) - count)]


def _is_only_pushed(body: FunctionGraph, i: int) -> bool:
    """Whether a variable of the loop is a list that the rounds push onto, as gradients made before had it added."""
    before, after = body.inputs[i], body.outputs[i]
    return after.op.type == "TensorListPushBack" and after.op.inputs[0] is before and len(before._consumers) == 1


def _is_of_program(body: FunctionGraph, i: int) -> bool:
    return i >= COUNTERS and body.inputs[i].op._captured_from is None and body.inputs[i].dtype != dtypes.variant


def _count_exits(op: Operation, body: FunctionGraph, carried: list[int], wanted: list[int], given: dict) -> None:
    """Counts what TensorFlow makes of the gradients of a loop's last values, on their way to its first ones."""
    for i in range(COUNTERS, len(op.outputs)):
        if not _is_of_program(body, i) or not differentiable(body.inputs[i]):
            continue
        if i not in given and i not in carried:
            count_nodes(op.graph, "ZerosLike")
        if i not in wanted:
            count_nodes(op.graph, "Enter")
            continue
        count_nodes(op.graph, "Enter", "Merge", "Switch", "NextIteration", "Exit")
        if is_gated():  # both ways through the switch
            count_nodes(op.graph, "NoOp", "Identity", "Identity")


def _count_results(op: Operation, body: FunctionGraph, around: Any, found: dict[int, Any]) -> None:
    """Counts what TensorFlow makes of the gradients that came out of the body."""
    for i, gradient in found.items():
        if _is_of_program(body, i):
            if isinstance(gradient, IndexedSlices):
                count_nodes(op.graph, *_TO_DENSE)
            if gradient is None:
                known = body.inputs[i].shape.is_fully_defined()
                count_nodes(op.graph, *(["Const"] if known else ["Shape", "Const", "Fill", "Enter"]))
            elif body.inputs[i] is body.outputs[i] and gradient.op.type != "AddN":
                count_nodes(op.graph, "AddN")
        elif isinstance(gradient, IndexedSlices):
            parts = 2 if gradient.dense_shape is None else 3
            count_nodes(op.graph, *["Const", "Enter", "Merge", "Switch", "NextIteration", "Exit"] * parts)
            count_nodes(op.graph, *["Const", "ConcatV2"] * 2, *["Maximum"] * (parts - 2))
        elif gradient is not None:
            count_nodes(op.graph, "Const", *["Enter", "Merge", "Switch", "Add", "NextIteration", "Exit"])
            if not gradient.shape.is_fully_defined():
                count_nodes(op.graph, "Shape", "Fill")
                if around is not None:
                    around.count_stack()


def _reached(needed: list[bool], body: FunctionGraph, unchanged: set[int]) -> set[int]:
    """The loop's variables that depend on inputs whose gradients matter, from the start or after some rounds."""
    reached = {i for i, is_needed in enumerate(needed) if is_needed}
    while True:
        ops = reached_from([body.inputs[i].op for i in reached])
        more = {i for i, y in enumerate(body.outputs) if i not in reached | unchanged and y.op in ops}
        if not more:
            return reached
        reached |= more


def _used(body: FunctionGraph, given: list[int], reached: set[int]) -> set[int]:
    """The loop's variables that some of its last values depend on, by what is reached from its first ones."""
    ops = reached_from([body.inputs[i].op for i in reached])
    places = {t.op: i for i, t in enumerate(body.inputs)}
    used, pending, seen = set[int](), list(given), set[Operation]()
    while pending:
        i = pending.pop()
        if i in used:
            continue
        used.add(i)
        behind = [body.outputs[i].op]
        while behind:
            op = behind.pop()
            if op not in ops or op in seen:
                continue
            seen.add(op)
            behind += [t.op for t in op.inputs]
            if op in places:
                pending.append(places[op])
    return used


def _shape_of(body: FunctionGraph, i: int) -> Any:
    return body.inputs[i]._static_shape


def _sum_input(gradient: FunctionGraph, forward: Tensor, term: Tensor) -> Tensor:
    return gradient.add_input(term.dtype, term._static_shape or forward._static_shape, "sum")


def _backwards(op: Operation, gradient: FunctionGraph, initial: list[Tensor]) -> list[Tensor]:
    """The loop that runs the gradient's body as often as the forward loop ran its own."""
    cond = FunctionGraph("while_gradient_cond", "while loop")
    with cond.as_default():
        own = [cond.add_input(t.dtype, t._static_shape, "arg") for t in gradient.inputs]
        cond.outputs = [raw.Less(own[0], own[1])]
    shapes = [t.shape for t in gradient.inputs[2:]]
    zero = raw.Const(value=np.int32(0), dtype=dtypes.int32, name="counter")
    outputs = loop_node(cond, gradient, [zero, op.outputs[0], *initial], shapes, name=f"{op.type}_grad")
    return outputs[2:]
