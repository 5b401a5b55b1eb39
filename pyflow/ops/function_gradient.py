"""The gradient of a call: a function that computes anew what it needs of the function called."""

from __future__ import annotations

from typing import Any

from pyflow.autodiff import backpropagate
from pyflow.core.function_graph import FunctionGraph, function_named
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor
from pyflow.ops.function_gradient_graph import dense, differentiable, zeros_like


def call_gradient(op: Operation, dys: Any) -> list:
    """The gradients of the inputs of a node that calls a function, from those of its outputs."""
    called = function_named(op.graph, op.attrs.get("f", op.type))
    dys = [dense(dy) if dy is not None else zeros_like(y) for y, dy in zip(op.outputs, dys) if differentiable(y)]
    gradient = gradient_function(called)
    wanted = [i for i, x in enumerate(called.inputs) if differentiable(x)]
    by_name = "f" not in op.attrs  # a node whose type is the function's name
    results = call(gradient, [*op.inputs, *dys], name="SymbolicGradient" if by_name else None)
    if by_name:
        for i, result in zip(wanted, results):
            result._static_shape = op.inputs[i]._static_shape
    grads: list[Any] = [None] * len(op.inputs)
    for i, result in zip(wanted, results):
        grads[i] = result
    return grads


def gradient_function(called: FunctionGraph) -> FunctionGraph:
    """From a function's inputs and its outputs' gradients to the gradients of its inputs."""
    if called.gradient_name:
        return function_named(called, called.gradient_name)
    graph = FunctionGraph(f"{called.name}_grad", "function", called.outer_graph)
    with graph.as_default():
        inputs = [graph.add_input(t.dtype, t._static_shape, "x") for t in called.inputs]
        ys = [t for t in called.outputs if differentiable(t)]
        seeds = [graph.add_input(t.dtype.base_dtype, t._static_shape, "dy") for t in ys]
        copies = copy_nodes(called, graph, dict(zip(called.inputs, inputs)))
        wanted = [x for x in inputs if differentiable(x)]
        # The scope in a node's name tells arrays of gradients apart; the copies must not be taken for gradients.
        with graph.name_scope(f"gradients_of_{called.name}"):
            found = backpropagate([copies[y] for y in ys], seeds, wanted)
        graph.outputs = [zeros_like(x) if g is None else raw.Identity(dense(g)) for x, g in zip(wanted, found)]
    graph.register()
    called.gradient_name = graph.name
    return graph


def copy_nodes(source: FunctionGraph, target: FunctionGraph, copies: dict[Tensor, Tensor]) -> dict[Tensor, Tensor]:
    """Adds the nodes that a function's outputs depend on to another graph.

    Args:
      copies: for tensors of the source, such as its inputs, what takes their place; the rest is added.
    """
    operations: dict[Operation, Operation] = {}
    for op in source.needed():
        if op.outputs and all(t in copies for t in op.outputs):
            continue
        waits = [operations[other] for other in op._control_inputs if other in operations]
        with target.control_dependencies(waits):
            attrs = {name: value for name, value in op.attrs.items() if name != "_class"}
            copy = target.add_node(op.definition, [copies[t] for t in op.inputs], attrs, op.name.rpartition("/")[2])
        operations[op] = copy
        for old, new in zip(op.outputs, copy.outputs):
            new._static_shape = old._static_shape
            copies[old] = new
    return copies


def call(function: FunctionGraph, arguments: list, name: str | None = None) -> list[Tensor]:
    """A node that calls a function; gives its outputs. What the function captured is added to the arguments."""
    kind = "StatefulPartitionedCall" if function.is_stateful else "PartitionedCall"
    attrs = {"f": function.attr, "Tout": [t.dtype.base_dtype for t in function.outputs]}
    op = get_default_graph().create_op(kind, [*arguments, *function.captures], attrs=attrs, name=name)
    for output, inner in zip(op.outputs, function.outputs):
        output._static_shape = inner._static_shape
    return op.outputs
