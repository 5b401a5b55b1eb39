"""Functions as `FunctionDef`s, in the form that TensorFlow's control flow v2 and calls have."""

from __future__ import annotations

import re
from typing import Any

from pyflow.core.attr_proto import attr_to_proto
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor


def function_def(graph: Any) -> Any:
    """A `FunctionGraph` as a `FunctionDef`; nodes that nothing it returns depends on are left out."""
    from pyflow.protos.graph_pb2 import FunctionDef

    definition = FunctionDef()
    definition.signature.name = graph.name
    nodes = [op for op in graph.needed() if op not in {t.op for t in graph.inputs}]
    result_names = [argument.name for argument in graph.op_def.outputs]
    names = _Names(graph.inputs, nodes, result_names)
    for tensor in graph.inputs:
        argument = definition.signature.input_arg.add()
        argument.name, argument.type = names.of(tensor), tensor.dtype.as_datatype_enum
    for op in nodes:
        _write_node(definition.node_def.add(), op, names)
    for name, tensor in zip(result_names, graph.outputs):
        result = definition.signature.output_arg.add()
        result.name = name
        result.type = tensor.dtype.base_dtype.as_datatype_enum
        definition.ret[result.name] = names.of(tensor)
    for op in graph.control_outputs:
        name = names.fresh(op.name)
        definition.signature.control_output.append(name)
        definition.control_ret[name] = names.node(op)
    for name, value in getattr(graph, "function_attrs", {}).items():
        definition.attr[name].CopyFrom(attr_to_proto("", value))
    definition.signature.is_stateful = graph.is_stateful
    return definition


class _Names:
    """What the body calls its tensors: arguments by their names, outputs of nodes as "node:output:index"."""

    def __init__(self, arguments: list[Tensor], nodes: list[Operation], results: list[str]):
        self._taken = {*(op.name for op in nodes), *results}
        self._nodes = {op: self.fresh(op.name) for op in nodes if op.name in results}
        self._arguments = {tensor: self.fresh(tensor.op.name) for tensor in arguments}

    def node(self, op: Operation) -> str:
        """What a node is called: as in the graph, unless a result of the function is called that."""
        return self._nodes.get(op, op.name)

    def fresh(self, name: str) -> str:
        """A valid name of an argument that is not in use."""
        base = re.sub(r"[^a-z0-9_]", "_", name.lower())
        base = base if base[:1].isalpha() else f"arg_{base}"
        name, number = base, 0
        while name in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name)
        return name

    def of(self, tensor: Tensor) -> str:
        known = self._arguments.get(tensor)
        if known is not None:
            return known
        op, index = tensor.op, tensor.value_index
        for argument in op.definition.outputs:
            count = len(argument.dtypes(op.attrs))
            if index < count:
                return f"{self.node(op)}:{argument.name}:{index}"
            index -= count
        raise IndexError(tensor.name)


def _write_node(node: Any, op: Operation, names: _Names) -> None:
    node.name, node.op, node.device = names.node(op), op.type, op.device
    node.input.extend(names.of(tensor) for tensor in op.inputs)
    node.input.extend(sorted(f"^{names.node(other)}" for other in op._control_inputs if other._captured_from is None))
    signature = op.definition.attrs
    for name, value in op.attrs.items():
        if name != "_class":  # nodes outside cannot be named here
            spec = signature.get(name)
            node.attr[name].CopyFrom(attr_to_proto(spec.kind if spec else "", value))
