"""`tf.gradients`: one walk over the graph from the ys back to the xs; the rules live with the ops."""

from __future__ import annotations

import collections
import contextlib
import contextvars
import enum
from collections.abc import Iterator
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import (
    convert,
    convert_n_to_tensor_or_indexed_slices,
    internal_convert_to_tensor_or_indexed_slices,
)
from pyflow.core.gradient_registry import gradient_function
from pyflow.core.gradient_sums import aggregate
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.node_count import count_nodes
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.resources import handle_data
from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.core.tensor import Tensor

_TRAINABLE = frozenset(
    d.name
    for d in (
        dtypes.float16,
        dtypes.float32,
        dtypes.float64,
        dtypes.bfloat16,
        dtypes.complex64,
        dtypes.complex128,
        dtypes.resource,
        dtypes.variant,
    )
)


@export("AggregationMethod")
class AggregationMethod:
    """How gradients that reach a tensor by several paths are summed. All methods give one `AddN` here."""

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


@export("UnconnectedGradients")
class UnconnectedGradients(enum.Enum):
    """What `gradients` gives for an x that ys do not depend on: None, or zeros."""

    NONE = "none"
    ZERO = "zero"


def is_trainable(tensor_or_dtype: Any) -> bool:
    """Whether gradients flow through tensors of this dtype."""
    return getattr(tensor_or_dtype, "dtype", tensor_or_dtype).base_dtype.name in _TRAINABLE


@export("gradients")
def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str | None = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = UnconnectedGradients.NONE,
) -> list[Any]:
    """Symbolic derivatives of the sum of `ys` with respect to each of `xs`.

    Args:
      ys: a tensor or list of tensors.
      xs: a tensor or variable, or list of these.
      grad_ys: the gradient that each y starts with; None stands for ones.
      gate_gradients: make a node's gradients wait for each other.
      aggregation_method: one of `AggregationMethod`.
      stop_gradients: tensors to treat as constants.
      unconnected_gradients: what an x is given that ys don't depend on.

    Returns:
      A list with, for each x, a `Tensor` of its shape, `IndexedSlices` where only rows of it were used, or None.

    Raises:
      LookupError: an op on the way has no gradient registered.
      TypeError: a y is complex and has no `grad_ys`, or a given gradient is of the wrong kind.
    """
    try:
        unconnected_gradients = UnconnectedGradients(unconnected_gradients)
    except ValueError:
        raise ValueError(f"Unknown value for unconnected_gradients: {unconnected_gradients!r}") from None
    if aggregation_method not in (None, 0, 1, 2):
        raise ValueError(f"Invalid aggregation_method specified {aggregation_method}.")
    ys, xs, stops = _as_list(ys), _as_list(xs), _as_list(stop_gradients) if stop_gradients is not None else []
    seeds = [None] * len(ys) if grad_ys is None else _as_list(grad_ys)
    with name_scope(name, "gradients", [*ys, *xs, *stops, *seeds]):
        get_default_graph().unique_name("uid")
        y_tensors = convert_n_to_tensor_or_indexed_slices(ys, name="y")
        xs = [getattr(x, "handle", x) if getattr(x, "_should_act_as_resource_variable", False) else x for x in xs]
        x_tensors = [
            internal_convert_to_tensor_or_indexed_slices(x, None, f"x_{i}", as_ref=True) for i, x in enumerate(xs)
        ]
        walk = _Walk(y_tensors, x_tensors, stops, colocate_gradients_with_ops, gate_gradients)
        walk.run(_initial_gradients(seeds, y_tensors, colocate_gradients_with_ops))
    return [walk.result(x, unconnected_gradients) for x in x_tensors]


def backpropagate(ys: list[Tensor], grad_ys: list, xs: list[Tensor]) -> list[Any]:
    """What `gradients` gives, of tensors only, in the scopes as they are; for the gradients of ops that run functions.

    Args:
      grad_ys: the gradient that each y starts with; None for a y that nothing is known of.
    """
    walk = _Walk(ys, xs, [], False, is_gated(), True)
    walk.run(grad_ys)
    return [walk.result(x, UnconnectedGradients.NONE) for x in xs]


def _as_list(x: Any) -> list:
    return list(x) if isinstance(x, (list, tuple)) else [x]


def _maybe_colocated(op: Operation, colocate: bool) -> Any:
    return get_default_graph().colocate_with(op) if colocate else contextlib.nullcontext()


def _initial_gradients(seeds: list, ys: list, colocate: bool) -> list:
    if len(seeds) != len(ys):
        raise ValueError(f"Passed {len(seeds)} grad_ys for {len(ys)} ys")
    result = []
    for i, (seed, y) in enumerate(zip(convert_n_to_tensor_or_indexed_slices(seeds, name="grad_y"), ys)):
        with _maybe_colocated(y.op, colocate):
            if seed is None:
                if y.dtype.is_complex:
                    raise TypeError(f"Gradients of complex tensors must set grad_ys (y.dtype = {y.dtype!r})")
                known = y.shape.is_fully_defined()
                shape = convert(y.shape.as_list(), dtypes.int32, "Shape") if known else raw.Shape(y, name="Shape")
                one = convert(1, y.dtype.base_dtype, f"grad_ys_{i}")
                result.append(raw.Fill(shape, one, name="Fill"))
                continue
            _check_seed(seed, y)
            if isinstance(seed, IndexedSlices):
                result.append(
                    IndexedSlices(
                        raw.Identity(seed.values, name=f"grad_ys_{i}_values"),
                        raw.Identity(seed.indices, name=f"grad_ys_{i}_indices"),
                        None if seed.dense_shape is None else raw.Identity(seed.dense_shape, name=f"grad_ys_{i}_shape"),
                    )
                )
            else:
                result.append(raw.Identity(seed, name=f"grad_ys_{i}"))
    return result


def _check_seed(seed: Any, y: Tensor) -> None:
    dtype, words = seed.dtype, f"with type {y.dtype.name} must"
    if y.dtype.is_floating or y.dtype.is_integer:
        if not dtype.is_floating and not dtype.is_integer:
            raise TypeError(
                f"Gradient type {dtype.name} generated for real or integer-valued tensor {y} {words} be real or integer"
            )
    elif y.dtype.is_complex:
        if not dtype.is_complex:
            raise TypeError(f"Gradient type {dtype.name} generated for complex-valued tensor {y} {words} be real")
    elif y.dtype == dtypes.variant:
        if dtype != dtypes.variant:
            raise TypeError(f"Gradient type {dtype.name} generated for variant tensor {y} {words} be variant")
    elif y.dtype != dtypes.resource:
        raise TypeError(f"Tensor {y} {words} be numeric to obtain a default gradient")
    elif dtype == dtypes.resource:
        raise TypeError(f"Input gradient {seed} for resource tensor {y} should not be a resource")


def needed_inputs(op: Operation) -> list[bool]:
    """Which inputs' gradients matter, for the gradient of an op that runs functions, while it is made."""
    return _needed.get() or [True] * len(op.inputs)


_needed: contextvars.ContextVar[list[bool] | None] = contextvars.ContextVar("needed_inputs", default=None)


def is_gated() -> bool:
    """Whether a node's gradients are made to wait for each other, for the gradient of an op that runs functions."""
    return _gates.get()


_gates: contextvars.ContextVar[bool] = contextvars.ContextVar("gates", default=False)


class _Walk:
    """The state of one call: what gradients have reached each output of the ops between ys and xs."""

    def __init__(self, ys: list, xs: list, stops: list, colocate: bool, gate: bool, in_function: bool = False):
        self._ys, self._xs, self._colocate, self._gate = ys, xs, colocate, gate
        self._in_function = in_function
        self._grads: dict[Operation, list[Any]] = {}
        self._pending: collections.Counter[Operation] = collections.Counter()
        sources = [x.op for x in xs]
        reached = reached_from(sources)
        self._to_ops = list(dict.fromkeys(y.op for y in ys if y.op in reached))
        self._between = _between(self._to_ops, reached)
        for op in self._between:
            self._pending.update(t.op for t in _inputs(op) if t.op in self._between)
        # The xs that depend on no other x end the walk, as do the ops behind stop_gradients.
        self._stop_ops = {op for op in sources if not any(self._pending[t.op] for t in _inputs(op))}
        self._stop_ops.update(s.op for s in stops)

    def run(self, seeds: list) -> None:
        for y, seed in zip(self._ys, seeds):
            self._add(y, seed)
        queue = collections.deque(op for op in self._to_ops if not self._pending[op])
        while queue:
            op = queue.popleft()
            with _maybe_colocated(op, self._colocate):
                for tensor, gradient in zip(_inputs(op), self._input_gradients(op)):
                    if gradient is not None:
                        self._check_shape(op, tensor, gradient)
                        self._add(tensor, gradient)
            for tensor in _inputs(op):
                if tensor.op in self._between:
                    self._pending[tensor.op] -= 1
                    if self._pending[tensor.op] == 0:
                        queue.append(tensor.op)

    def result(self, x: Tensor, unconnected: UnconnectedGradients) -> Any:
        received = self._grads.get(x.op)
        gradient = received[x.value_index] if received else None
        if isinstance(gradient, list):  # x is an output of an op that the walk did not come to
            gradient = aggregate(gradient, x.op)
        if gradient is None and unconnected is UnconnectedGradients.ZERO:
            return _zeros_of_variable(x) if x.dtype == dtypes.resource else PUBLIC["zeros_like"](x)
        return gradient

    def _add(self, tensor: Any, gradient: Any) -> None:
        op = tensor.op
        received = self._grads.setdefault(op, [[] for _ in op.outputs])
        received[tensor.value_index if isinstance(tensor, Tensor) else 0].append(gradient)

    def _input_gradients(self, op: Operation) -> list:
        received = self._grads.setdefault(op, [[] for _ in op.outputs])
        for i, parts in enumerate(received):
            received[i] = aggregate(parts, op)
        nothing = [None] * len(op.inputs)
        if op in self._stop_ops or all(g is None for g in received):
            return nothing
        if op._captured_from is not None:
            return received
        try:
            function = gradient_function(op)
        except LookupError:
            raise LookupError(f"No gradient defined for operation '{op.name}' (op type: {op.type})") from None
        if function is None:
            return nothing
        outputs = list(received)
        if not op.definition.calls:  # functions have outputs that are of no interest, and know what to make of that
            for i, gradient in enumerate(outputs):
                if gradient is None and is_trainable(op.outputs[i]):
                    outputs[i] = _zeros(op.outputs[i])
        with name_scope(op.name + "_grad"), self._told_needed(op):
            result = function(op, *outputs)
            result = list(result) if isinstance(result, (list, tuple)) and not isinstance(result, Tensor) else [result]
            if len(result) != len(op.inputs):
                raise ValueError(
                    f"Num gradients {len(result)} generated for op {op.node_def} do not match num inputs "
                    f"{len(op.inputs)}"
                )
            if self._gate and not op.definition.calls and (several := sum(g is not None for g in result)) > 1:
                if self._in_function:  # its nodes run one by one: nothing is gained by waiting
                    count_nodes(get_default_graph(), "NoOp", *["Identity"] * several)
                else:
                    result = _gated(result)
        return result

    @contextlib.contextmanager
    def _told_needed(self, op: Operation) -> Iterator[None]:
        """Tells the gradient of an op that runs functions which of its inputs the walk goes on from."""
        if not op.definition.calls:
            yield
            return
        token = _needed.set([t.op in self._between for t in op.inputs])
        gates = _gates.set(self._gate)
        try:
            yield
        finally:
            _needed.reset(token)
            _gates.reset(gates)

    @staticmethod
    def _check_shape(op: Operation, tensor: Tensor, gradient: Any) -> None:
        if isinstance(gradient, Tensor) and tensor.dtype != dtypes.resource:
            try:
                gradient.set_shape(tensor.get_shape())
            except ValueError:
                raise ValueError(
                    "Incompatible shapes between op input and calculated input gradient.  Forward operation: "
                    f"{op.name}.  Input index: {_inputs(op).index(tensor)}. Original input shape: {tensor.shape}.  "
                    "Calculated "
                    f"input gradient shape: {gradient.shape}"
                ) from None


def reached_from(sources: list[Operation]) -> set[Operation]:
    """The ops that depend on the sources by a path of trainable tensors."""
    reached: set[Operation] = set()
    inner = _functions_around()
    pending = list(sources)
    while pending:
        op = pending.pop()
        if op not in reached:
            reached.add(op)
            for output in op.outputs:
                if is_trainable(output):
                    pending += output._consumers
                    pending += [g.captures[output].op for g in inner if output in g.captures]
    return reached


def _inputs(op: Operation) -> Any:
    """The inputs; of an input of a function around the walk, the tensor outside that it stands for."""
    return op.inputs if op._captured_from is None else (op._captured_from,)


def _functions_around() -> list:
    """The functions whose bodies are under construction, the innermost first."""
    graph: Any = get_default_graph()
    found = []
    while graph.building_function:
        found.append(graph)
        graph = graph.outer_graph
    return found


def _between(to_ops: list[Operation], reached: set[Operation]) -> dict[Operation, None]:
    """Of the reached ops, those that the ys depend on."""
    between: dict[Operation, None] = {}
    queue = collections.deque(to_ops)
    while queue:
        op = queue.popleft()
        if op in reached and op not in between:
            between[op] = None
            queue.extend(t.op for t in _inputs(op))
    return between


def _zeros(tensor: Tensor) -> Tensor:
    graph: Any = get_default_graph()
    if hasattr(graph, "zeros_of_output") and (zeros := graph.zeros_of_output(tensor)) is not None:
        return zeros
    return _zeros_of_variable(tensor) if tensor.dtype == dtypes.resource else raw.ZerosLike(tensor, name="zeros_like")


def _zeros_of_variable(handle: Tensor) -> Tensor:
    dtype, shape = handle_data(handle) or (dtypes.float32, None)
    known = None if shape is None or None in shape else convert(list(shape), dtypes.int32, "Const")
    return PUBLIC["zeros"](raw.VariableShape(handle) if known is None else known, dtype=dtype)


def _gated(gradients: list) -> list:
    """The gradients behind a node that waits for all of them."""
    from pyflow.core.registry import get

    graph = get_default_graph()
    with graph.device(None), graph.colocate_with(None, ignore_existing=True), name_scope("tuple"):
        present = [g for g in gradients if g is not None]
        with graph.control_dependencies([g.op for g in present]):
            gate = get("NoOp")(name="group_deps")
        with graph.control_dependencies([gate]):
            return [None if g is None else _identity(g, "control_dependency") for g in gradients]


def _identity(gradient: Any, name: str) -> Any:
    with get_default_graph().colocate_with(gradient.op):
        if isinstance(gradient, IndexedSlices):
            return IndexedSlices(raw.Identity(gradient.values, name=name), gradient.indices, gradient.dense_shape)
        return raw.Identity(gradient, name=name)
