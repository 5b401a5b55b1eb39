"""The gradient of a conditional is a conditional; what the branch taken computed is returned by the node as well."""

from __future__ import annotations

from typing import Any

from pyflow.autodiff import backpropagate, needed_inputs
from pyflow.core.function_graph import FunctionGraph, function_named
from pyflow.core.node_count import count_nodes, uncounted
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.cond import conditional
from pyflow.ops.function_gradient_graph import GradientGraph, add_output, dense, differentiable, zeros_like
from pyflow.ops.tensor_list_ops import FakeParam


class _BranchGradient(GradientGraph):
    """The gradient of one branch; what it uses of the branch becomes an output of the node."""

    def __init__(self, op: Operation, branches: list[FunctionGraph], index: int):
        super().__init__("cond_gradient", op, branches[index], 1)
        self._branches = branches
        self._counts_captures = False  # TensorFlow's gradient is in the same branch

    def _remembered(self, tensor: Tensor) -> Tensor:
        with uncounted(self):
            return self._as_output(tensor)

    def _as_output(self, tensor: Tensor) -> Tensor:
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
        return FunctionGraph.capture(self, output)


def branches_gradient(op: Operation, dys: Any) -> list:
    """The gradients of a conditional node's inputs, from those of its outputs."""
    attrs = op.attrs
    names = attrs["branches"] if "branches" in attrs else [attrs["then_branch"], attrs["else_branch"]]
    branches = [function_named(op.graph, name) for name in names]
    inputs = op.inputs[1:]
    wanted = [i for i, needed in enumerate(needed_inputs(op)[1:]) if needed and differentiable(inputs[i])]
    known = [i for i, dy in enumerate(dys) if dy is not None and differentiable(op.outputs[i])]
    seeds = [dense(dys[i]) for i in known]
    count_nodes(op.graph, *["Switch"] * len(known))
    graphs, found = [], []
    for index, branch in enumerate(branches):
        graph = _BranchGradient(op, branches, index)
        with graph.as_default():
            grads = backpropagate(
                [branch.outputs[i] for i in known],
                [graph.capture(s) for s in seeds],
                [branch.inputs[i] for i in wanted],
            )
            found.append([dense(g) for g in grads])
        graphs.append(graph)
    used = [k for k in range(len(wanted)) if any(grads[k] is not None for grads in found)]
    # Of each input and branch, TensorFlow merges the gradient with zeros for when the branch is not taken.
    pairs = [sum(grads[k] is not None for grads in found) for k in used]
    count_nodes(op.graph, *["Merge"] * (6 * sum(pairs) + sum(n > 1 for n in pairs)))
    for graph, grads in zip(graphs, found):
        with graph.as_default(), uncounted(graph):
            graph.outputs = [
                raw.Identity(zeros_like(graph.capture(inputs[wanted[k]])) if grads[k] is None else grads[k])
                for k in used
            ]
    result: list[Any] = [None] * len(op.inputs)
    if used:
        kind = "Case" if "branches" in attrs else "If"
        for k, gradient in zip(used, conditional(kind, op.inputs[0], graphs, name=f"{op.type}_grad")):
            result[wanted[k] + 1] = gradient
    return result
