"""tf.while_loop: the condition and the body become functions that a `While` node runs."""

from __future__ import annotations

import contextlib
from typing import Any, Callable

from pyflow.core import dtypes, nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor, internal_convert_to_tensor_or_indexed_slices
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.function_graph import FunctionGraph
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.node_count import count_named, count_nodes, uncounted
from pyflow.core.registry import raw
from pyflow.core.resources import handle_data
from pyflow.core.scopes import control_dependencies, get_default_graph, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.core.type_specs import TypeSpec
from pyflow.ops.cond import unite_inputs
from pyflow.ops.tensor_array import TensorArray, runtime_name

# Before the program's own variables a loop counts its rounds, and has the number that it may make.
COUNTERS = 2


@export("while_loop")
def while_loop(
    cond: Callable,
    body: Callable,
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """Repeats `loop_vars = body(*loop_vars)` as long as `cond(*loop_vars)` is true.

    Args:
      cond: from the loop's variables to a boolean scalar.
      body: from the loop's variables to their next values, in the same structure.
      loop_vars: a (nested) list or tuple of tensors, numbers, sparse tensors, `TensorArray`s: the first values.
      shape_invariants: shapes that hold in every round, in the structure of `loop_vars`, where a shape changes.
      parallel_iterations: how many rounds TensorFlow may overlap; rounds follow each other here.
      back_prop: False where no gradient is wanted.
      swap_memory: accepted for compatibility.
      maximum_iterations: an int scalar: the loop ends after so many rounds.
      return_same_structure: whether one variable is returned in the list that it was given in.

    Returns:
      The last values, in the structure of `loop_vars`; of a single variable, that one alone.

    Raises:
      TypeError: `cond` or `body` cannot be called.
      ValueError: there are no variables, or the body gives other shapes, dtypes or structures than it got.
    """
    if not callable(cond):
        raise TypeError("cond must be callable.")
    if not callable(body):
        raise TypeError("body must be callable.")
    if parallel_iterations < 1:
        raise TypeError("parallel_iterations must be a positive integer.")
    with name_scope(name, "while", loop_vars) as scope:
        if not loop_vars:
            raise ValueError("No loop variables provided")
        loop = _Construction(loop_vars, shape_invariants, maximum_iterations, return_same_structure)
        loop.build_cond(cond)
        result = loop.build_body(body)
        outputs = loop.finish(parallel_iterations, back_prop, scope)
    leaves = nest.flatten(result, expand_composites=True)
    values = [x.with_flow(t) if isinstance(x, TensorArray) else t for x, t in zip(leaves, outputs)]
    packed = nest.pack_sequence_as(result, values, expand_composites=True)
    return packed if return_same_structure or len(values) != 1 else packed[0]


class _Construction:
    """The two functions of a loop while they are built."""

    def __init__(self, loop_vars: Any, shape_invariants: Any, maximum_iterations: Any, keeps_structure: bool):
        self.structure = loop_vars
        self._keeps_structure = keeps_structure
        self._outer = get_default_graph()
        self._given_limit, self._limit = self._maximum(maximum_iterations)
        self._counts = self._given_limit is not None
        with contextlib.nullcontext() if self._counts else uncounted(self._outer):
            self._counter = convert_to_tensor(0, name="iteration_counter")
        parts = [_converted(v) for v in nest.flatten(loop_vars)]
        self.initial = nest.flatten([_flow(p) for p in parts], expand_composites=True)
        self.shapes = self._shapes(parts, shape_invariants)
        self._enter()
        self._scope = self._outer.get_name_scope()
        scope = self._scope.replace("/", "_")
        self.cond = FunctionGraph(f"{scope}_cond", "while loop")
        self.body = FunctionGraph(f"{scope}_body", "while loop")
        self.body.counted_captures = self.cond.counted_captures

    def _enter(self) -> None:
        """Counts what is made for each variable on the way into the loop."""
        outer = self._outer
        outer.unique_name("while_context")
        if isinstance(outer, FunctionGraph):
            for tensor in self.initial:
                if tensor.graph is not outer:
                    outer.capture(tensor)
        count_named(outer, *["Enter"] * self._count)
        count_nodes(outer, *["Merge"] * self._count)

    @property
    def _count(self) -> int:
        """The number of variables of TensorFlow's loop, which counts rounds only if there is a limit."""
        return len(self.initial) + self._counts

    def _shapes(self, parts: list, shape_invariants: Any) -> list[TensorShape]:
        if shape_invariants is None:
            flows = [_flow(part) for part in parts]
            return [
                shape
                for x in flows
                for shape in (
                    _invariants(x, x.get_shape())
                    if isinstance(x, SparseTensor)
                    else [t.shape for t in nest.flatten(x, expand_composites=True)]
                )
            ]
        nest.assert_same_structure(self.structure, shape_invariants, expand_composites=False)
        given = nest.flatten_up_to(self.structure, shape_invariants)
        shapes = [s for part, shape in zip(parts, given) for s in _invariants(part, shape)]
        for tensor, shape in zip(self.initial, shapes):
            if not _covers(shape, tensor.shape):
                raise ValueError(
                    f"The shape invariant specified for {tensor.name} is not compatible with the initial shape of the "
                    f"loop variable. It enters the loop with shape {tensor.shape}, but the specified shape invariant "
                    f"is {shape}."
                )
        return shapes

    @staticmethod
    def _maximum(maximum_iterations: Any) -> tuple[Tensor | None, Tensor | None]:
        """The number of rounds that the loop may make, as it is given and as int32."""
        if maximum_iterations is None:
            return None, None
        limit = convert_to_tensor(maximum_iterations, name="maximum_iterations")
        if limit.shape.ndims != 0:
            raise ValueError(f"maximum_iterations must be a scalar, saw shape: {limit.shape}")
        if limit.dtype == dtypes.int32:
            return limit, limit
        with uncounted(limit.graph):
            return limit, raw.Cast(limit, DstT=dtypes.int32)

    def _inputs(self, graph: FunctionGraph, name: str) -> Any:
        """The loop's variables inside a function, in the structure that the program gave."""
        graph.add_input(dtypes.int32, (), name if self._counts else "loop_counter")
        graph.add_input(dtypes.int32, (), "maximum_iterations")
        own = []
        for tensor, shape in zip(self.initial, self.shapes):
            inside = graph.add_input(tensor.dtype.base_dtype, shape.as_tuple(), name)
            if (data := handle_data(tensor)) is not None:
                inside.__dict__["_handle_data"] = data
            own.append(inside)
        leaves = nest.flatten(self.structure, expand_composites=True)
        values = [x.with_flow(t) if isinstance(x, TensorArray) else t for x, t in zip(leaves, own)]
        return nest.pack_sequence_as(self.structure, values, expand_composites=True)

    def build_cond(self, cond: Callable) -> None:
        with self.cond.as_default():
            arguments = self._inputs(self.cond, "Merge")
            if self._counts:
                self.cond.count_use(self._given_limit)
                within = raw.Less(self.cond.inputs[0], self.cond.inputs[1])
            predicate = convert_to_tensor(cond(*arguments))
            if predicate.dtype.base_dtype != dtypes.bool:
                raise TypeError(
                    f"Input 'input' of 'LoopCond' Op has type {predicate.dtype.base_dtype.name} that does not match "
                    "expected type of bool."
                )
            if predicate.shape.ndims:
                sizes = ",".join("?" if d is None else str(d) for d in predicate.shape.as_list())
                raise ValueError(
                    f"Shape must be rank 0 but is rank {predicate.shape.ndims} for '{self._scope}/LoopCond' (op: "
                    f"'LoopCond') with input shapes: [{sizes}]."
                )
            if self._counts:
                predicate = raw.LogicalAnd(within, predicate)
            self.cond.outputs = [raw.Identity(predicate, name="LoopCond")]

    def build_body(self, body: Callable) -> Any:
        """Gives what the body returned."""
        with self.body.as_default():
            arguments = self._inputs(self.body, "Identity")
            count_named(self.body, *["Switch"] * self._count)
            count_nodes(self.body, *["Identity"] * self._count)
            with contextlib.nullcontext() if self._counts else uncounted(self.body):
                counter = raw.Add(self.body.inputs[0], 1, name="add" if self._counts else "loop_counter_next")
            result = body(*arguments)
            result = self._checked(arguments, counter, result)
            result = nest.pack_sequence_as(result, [_converted(x) for x in nest.flatten(result)])
            following = nest.flatten([_flow(x) for x in nest.flatten(result)], expand_composites=True)
            tensors = []
            if self._counts:
                count_named(self.body, "NextIteration")
            for i, tensor in enumerate(following):
                count_nodes(self.body, "NextIteration")
                self._check_next(i, tensor, self.body.unique_name("NextIteration"))
                if tensor.graph is not self.body:
                    tensor = self.body.capture(tensor)
                    with uncounted(self.body):
                        tensor = raw.Identity(tensor)
                elif _is_ref(tensor):
                    with uncounted(self.body):
                        tensor = raw.Identity(tensor)
                tensors.append(tensor)
            self.body.outputs = [counter, self.body.inputs[1], *tensors]
        return result

    def _checked(self, arguments: Any, counter: Tensor, result: Any) -> Any:
        """What the body returned, in a list if it is one tensor.

        Raises:
          TypeError, ValueError: its structure is not that of the loop's variables.
        """
        if not self._counts:
            if not nest.is_sequence_or_composite(result):
                result = [result]
            nest.assert_same_structure(list(arguments), list(result), expand_composites=True)
            return result
        # With a limit, the variables stand in one of two places beside the counter.
        alone = len(arguments) == 1 and not self._keeps_structure
        before = [self.body.inputs[0], arguments[0] if alone else arguments]
        nest.assert_same_structure(before, [counter, result], expand_composites=True)
        return [result] if alone else result

    def _check_next(self, i: int, tensor: Tensor, name: str) -> None:
        initial, shape = self.initial[i], self.shapes[i]
        if not _covers(shape, tensor.shape):
            raise ValueError(
                f"Input tensor '{initial.name}' enters the loop with shape {initial.shape}, but has shape "
                f"{tensor.shape} after one iteration. To allow the shape to vary across iterations, use the "
                "`shape_invariants` argument of tf.while_loop to specify a less-specific shape."
            )
        if tensor.dtype.base_dtype != initial.dtype.base_dtype:
            merge = self.cond.inputs[COUNTERS + i].op.name
            raise InvalidArgumentError(
                None,
                None,
                f"Input 1 of node {merge} was passed {runtime_name(tensor.dtype)} from {name}:0 incompatible with "
                f"expected {runtime_name(initial.dtype)}.",
            )

    def finish(self, parallel_iterations: int, back_prop: bool, scope: str) -> list[Tensor]:
        """Adds the node; gives the last values of the program's variables."""
        with uncounted(self._outer):
            limit = convert_to_tensor(-1, name="maximum_iterations") if self._limit is None else self._limit
            initial = [self._counter, limit, *self.initial]
            outputs = loop_node(self.cond, self.body, initial, self.shapes, parallel_iterations, back_prop)
        if self._counts:
            raw.Identity(outputs[0], name="Exit")  # TensorFlow's loop counts too: the others are Exit_1 and so on
        return [raw.Identity(t, name="Exit") for t in outputs[COUNTERS : COUNTERS + len(self.initial)]]


def loop_node(
    cond: FunctionGraph,
    body: FunctionGraph,
    initial: list[Tensor],
    shapes: list[TensorShape],
    parallel_iterations: int = 10,
    back_prop: bool = True,
    name: str = "While",
) -> list[Tensor]:
    """A `While` node for two functions that capture what they use; gives its outputs.

    Args:
      initial: the variables' first values; the first two of them count.
      shapes: what holds of the shapes of the variables behind those two.
    """
    given = len(initial)
    arguments = [(graph, graph.inputs[:given]) for graph in (cond, body)]
    captured = unite_inputs([cond, body])
    for graph, own in arguments:
        graph.inputs = own + graph.inputs
        graph.register()
    body.outputs = body.outputs + body.inputs[given:]
    attrs: dict[str, Any] = {
        "cond": cond.attr,
        "body": body.attr,
        "output_shapes": [TensorShape([]), TensorShape([]), *shapes, *[t.shape for t in captured]],
        "parallel_iterations": parallel_iterations,
    }
    if not back_prop:
        attrs["_back_prop"] = False
    kind = "While" if cond.is_stateful or body.is_stateful else "StatelessWhile"
    with control_dependencies([op for graph in (cond, body) for op in graph.outer_control_inputs]):
        op = get_default_graph().create_op(kind, [*initial, *captured], attrs=attrs, name=name)
    return op.outputs


def _is_ref(tensor: Tensor) -> bool:
    return tensor.dtype._is_ref_dtype


def _converted(value: Any) -> Any:
    return (
        value if isinstance(value, (TensorArray, SparseTensor)) else internal_convert_to_tensor_or_indexed_slices(value)
    )


def _flow(x: Any) -> Any:
    return x.flow if isinstance(x, TensorArray) else x


def _covers(wide: TensorShape, narrow: TensorShape) -> bool:
    """Whether everything of the narrow shape is of the wide one."""
    if wide.dims is None:
        return True
    if narrow.dims is None or len(wide.as_list()) != len(narrow.as_list()):
        return False
    return all(w is None or w == n for w, n in zip(wide.as_list(), narrow.as_list()))


def _invariants(part: Any, shape: Any) -> list[TensorShape]:
    """The shapes of a variable's components; of a sparse one, from its dense shape."""
    if isinstance(shape, TypeSpec):
        specs = nest.flatten(getattr(shape, "_component_specs", shape))
        return [s.shape for s in specs]
    shape = TensorShape(shape)
    if isinstance(part, SparseTensor):
        rank = shape.ndims
        return [TensorShape([None, rank]), TensorShape([None]), TensorShape([rank])]
    if isinstance(part, IndexedSlices):
        shapes = [shape, TensorShape([shape[0] if shape.dims is not None else None])]
        return shapes if part.dense_shape is None else [*shapes, TensorShape([shape.ndims])]
    return [shape]
