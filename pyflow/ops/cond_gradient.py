"""The gradient of a conditional is a conditional; what the branch taken computed is returned by the node as well."""

from __future__ import annotations

from typing import Any

from pyflow.autodiff import backpropagate, is_gated, needed_inputs
from pyflow.core.function_graph import FunctionGraph, function_named
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.node_count import count_nodes, uncounted
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.cond import conditional
from pyflow.ops.function_gradient_graph import GradientGraph, add_output, dense, differentiable, loop_around, zeros_like
from pyflow.ops.tensor_list_ops import FakeParam


class _BranchGradient(GradientGraph):
    """The gradient of one branch; what it uses of the branch becomes an output of the node."""

    def __init__(self, op: Operation, branches: list[FunctionGraph], index: int):
        super().__init__("cond_gradient", op, branches[index], 1)
        self._branches = branches
        self._counts_captures = False  # TensorFlow's gradient is in the same branch
        self._loop, conditionals = loop_around(self)
        self._switches = conditionals + 2  # into each conditional, and to the branch taken
        self._keeps_shapes = self.repeats_constants = self._loop is not None

    def count_stack(self, switches: int = 0) -> None:
        if self._loop is not None:
            self._loop.count_stack(switches or self._switches)

    def is_let_in(self, tensor: Tensor) -> bool:
        return self._loop is None or self._loop.is_let_in(tensor)

    def _let_in(self, outside: Tensor) -> Tensor:
        return super()._let_in(outside) if self._loop is None else self._loop.capture_silently(self, outside)

    def _count_known(self, tensor: Tensor, outside: Tensor | None) -> None:
        if self._loop is not None:
            self._loop.count_known(tensor, self._switches)

    def _remembered(self, tensor: Tensor) -> Tensor:
        dtype = tensor.dtype.base_dtype
        for branch in self._branches:
            if branch is self._forward:
                branch.outputs.append(tensor)
                continue
            with branch.as_default(), branch._at_function_level():
                branch.outputs.append(FakeParam(dtype=dtype, shape=TensorShape(tensor._static_shape)))
        output = add_output(self._op, dtype, tensor._static_shape, "Tout")
        if "_handle_data" in tensor.__dict__:
            output.__dict__["_handle_data"] = tensor.__dict__["_handle_data"]
        return FunctionGraph.capture(self, output) if self._loop is None else self._loop.capture_silently(self, output)


def branches_gradient(op: Operation, dys: Any) -> list:
    """The gradients of a conditional node's inputs, from those of its outputs."""
    attrs = op.attrs
    names = attrs["branches"] if "branches" in attrs else [attrs["then_branch"], attrs["else_branch"]]
    branches = [function_named(op.graph, name) for name in names]
    inputs = op.inputs[1:]
    wanted = [i for i, needed in enumerate(needed_inputs(op)[1:]) if needed and differentiable(inputs[i])]
    known = [i for i, dy in enumerate(dys) if dy is not None and differentiable(op.outputs[i])]
    seeds = [dense(dys[i]) for i in known]
    graphs, found = [], []
    for index, branch in enumerate(branches):
        graph = _BranchGradient(op, branches, index)
        if index == 0:
            _count_ways_in(op, graph, len(known))
        with graph.as_default():
            grads = backpropagate(
                [branch.outputs[i] for i in known],
                [graph.capture(s) for s in seeds],
                [branch.inputs[i] for i in wanted],
            )
            found.append(grads)
        graphs.append(graph)
    used = [k for k in range(len(wanted)) if any(grads[k] is not None for grads in found)]
    for k in used:
        _count_merges(graphs[0], inputs[wanted[k]], [grads[k] for grads in found if grads[k] is not None])
    for graph, grads in zip(graphs, found):
        with graph.as_default(), uncounted(graph):
            graph.outputs = [
                raw.Identity(zeros_like(graph.capture(inputs[wanted[k]])) if grads[k] is None else dense(grads[k]))
                for k in used
            ]
    result: list[Any] = [None] * len(op.inputs)
    if used:
        kind = "Case" if "branches" in attrs else "If"
        for k, gradient in zip(used, conditional(kind, op.inputs[0], graphs, name=f"{op.type}_grad")):
            result[wanted[k] + 1] = gradient
            gradient.__dict__["_summands"] = sum(grads[k] is not None for grads in found)
    return result


def _count_ways_in(op: Operation, graph: _BranchGradient, count: int) -> None:
    """Counts what TensorFlow makes to have the gradients of the outputs go to the branch taken."""
    count_nodes(op.graph, *["Switch"] * count)
    if is_gated():
        count_nodes(op.graph, *["NoOp", "Identity", "Identity"] * count)
    if graph._loop is not None and count:
        graph._loop.count_predicate(op.inputs[0], graph._switches - 1 if graph._switches > 2 else 0)


def _count_merges(graph: _BranchGradient, tensor: Tensor, gradients: list) -> None:
    """Counts what merges the gradient of an input in each branch that uses it with zeros for the others."""
    for gradient in gradients:
        if graph._loop is None:
            count_nodes(graph, "Switch", "Identity", "Shape", "Const", "Fill", "Merge")
        else:
            count_nodes(graph, "Merge")
            graph._loop.count_branch_not_taken(tensor)
        if isinstance(gradient, IndexedSlices):  # the zeros are made rows as well: all of them
            count_nodes(graph, "Shape", *["Const"] * 5, "StridedSlice", "Range", "Merge", "Merge")
