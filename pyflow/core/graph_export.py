"""Nodes and graphs as `NodeDef` and `GraphDef`, as TensorFlow 1.15 would write the same graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflow.core.attr_proto import attr_to_proto
from pyflow.core.conditional_export import ConditionalWriter, uses_references
from pyflow.core.shapes import TensorShape

if TYPE_CHECKING:
    from pyflow.core.graph import Graph
    from pyflow.core.operation import Operation


def node_def(op: Operation) -> Any:
    """A node as a `NodeDef`. All attrs are written, those with default values too."""
    from pyflow.protos.graph_pb2 import NodeDef

    return _write_node(op, NodeDef())


def _write_node(op: Operation, node: Any, inputs: list[str] | None = None) -> Any:
    node.name, node.op, node.device = op.name, op.type, op.device
    if inputs is None:
        inputs = [*_data_inputs(op), *(f"^{other.name}" for other in op._control_input_ops)]
    node.input.extend(inputs)
    signature = op.definition.attrs
    for name, value in op.attrs.items():
        spec = signature.get(name)
        node.attr[name].CopyFrom(attr_to_proto(spec.kind if spec else "", value))
    return node


def graph_def(graph: Graph, from_version: int | None = None, add_shapes: bool = False) -> Any:
    """A graph as a `GraphDef`: its nodes in the order of their making, the library of its functions.

    Args:
      from_version: has no effect; TensorFlow 1.15, too, writes all nodes whatever it is.
      add_shapes: whether nodes get an attr `_output_shapes` with the static shapes of their outputs.

    Raises:
      ValueError: the graph needs more than 2 GB.
    """
    from google.protobuf.message import EncodeError

    from pyflow.protos.graph_pb2 import GraphDef

    del from_version
    exported = GraphDef()
    exported.versions.producer, exported.versions.min_consumer = graph._producer, graph._min_consumer
    size = 0

    def write(op: Operation, inputs: list[str]) -> None:
        nonlocal size
        node = _write_node(op, exported.node.add(), inputs)
        if add_shapes and op.outputs:
            shapes = [TensorShape(tensor._static_shape).as_proto() for tensor in op.outputs]
            node.attr["_output_shapes"].list.shape.extend(shapes)
        if op.type == "_ValueOrInitialValue":
            _write_as_switches(exported, node)
        try:
            size += node.ByteSize()
        except EncodeError:
            size = 2**31
        if size >= 2**31:
            raise ValueError("GraphDef cannot be larger than 2GB.")

    operations = graph.get_operations()
    conditionals = ConditionalWriter(exported, write, set(graph._names.in_use))
    for op in operations:
        # A graph sorts control inputs by name, though a node by itself keeps them in the order in which they came.
        waits = sorted(f"^{other.name}" for other in op._control_input_ops)
        if uses_references(op):
            conditionals.conditional(op, _data_inputs(op), waits)
        else:
            write(op, _data_inputs(op) + waits)
    if conditionals.renamed:
        for node in exported.node:
            for i, text in enumerate(node.input):
                node.input[i] = conditionals.renamed.get(text, text)
    for function in graph._functions.values():
        if function.name not in conditionals.functions:
            exported.library.function.append(function.definition)
            if gradient := getattr(function, "declared_gradient", ""):
                exported.library.gradient.add(function_name=function.name, gradient_func=gradient)
    return exported


def _write_as_switches(exported: Any, node: Any) -> None:
    """Turns the node that takes a variable's value or an initial one into what TensorFlow has for that.

    A function could not have the variable itself as an argument there, so it is the older form of a conditional.
    """
    scope = node.name.rpartition("/")[0] or node.name
    taken = {other.name for other in exported.node}
    dtype = node.attr["T"].type
    ref, initial_value = node.input[:2]
    waits = list(node.input[2:])

    def add(name: str, op: str, inputs: list[str], types: dict[str, int]) -> str:
        name, number = f"{scope}/{name}", 0
        base = name
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        new = exported.node.add(name=name, op=op, input=inputs, device=node.device)
        for attr, value in types.items():
            new.attr[attr].type = value
        return name

    known = add("IsVariableInitialized", "IsVariableInitialized", [ref, *waits], {"dtype": dtype})
    own = add("Switch", "RefSwitch", [ref, known], {"T": dtype})
    read = add("read", "Identity", [f"{own}:1"], {"T": dtype})
    other = add("Switch_1", "Switch", [initial_value, known], {"T": dtype})
    node.op = "Merge"
    del node.input[:]
    node.input.extend([other, read])
    node.attr["N"].i = 2
    node.attr.pop("_class", None)
    if "_output_shapes" in node.attr:
        node.attr["_output_shapes"].list.shape.add()  # of the number of the value that was taken


def _data_inputs(op: Operation) -> list[str]:
    return [_input_name(tensor.op.name, tensor.value_index) for tensor in op.inputs]


def _input_name(op_name: str, index: int) -> str:
    return op_name if index == 0 else f"{op_name}:{index}"
