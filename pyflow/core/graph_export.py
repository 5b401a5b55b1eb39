"""Graphs as `GraphDef` protocol buffers."""

from __future__ import annotations

from typing import Any

from pyflow.core.attr_proto import attr_to_proto, natural_kind
from pyflow.core.graph import Graph
from pyflow.core.operation import Operation
from pyflow.core.shapes import TensorShape
from pyflow.protos.graph_pb2 import AttrValue, GraphDef, NodeDef

# The versions that TF 1.15 writes.
GRAPH_DEF_VERSION = 134
GRAPH_DEF_VERSION_MIN_CONSUMER = 0


def node_def(op: Operation, add_shapes: bool = False) -> NodeDef:
    """A node as TensorFlow writes it; with `add_shapes`, its static output shapes in the attr `_output_shapes`."""
    node = NodeDef(name=op.name, op=op.type, device=op.device)
    node.input.extend(t.op.name if t.value_index == 0 else t.name for t in op.inputs)
    node.input.extend(sorted(f"^{c.name}" for c in op._control_inputs))
    for name, value in op.attrs.items():
        declared = op.op_def.attrs.get(name)
        node.attr[name].CopyFrom(attr_to_proto(declared.kind if declared else natural_kind(value), value))
    if add_shapes and op.outputs:
        shapes = AttrValue()
        shapes.list.shape.extend(TensorShape(t._static_shape).as_proto() for t in op.outputs)
        node.attr["_output_shapes"].CopyFrom(shapes)
    return node


def graph_def(graph: Graph, from_version: int | None = None, add_shapes: bool = False) -> GraphDef:
    """The nodes made after `from_version` (all of them by default), in the order of their making."""
    result: Any = GraphDef()
    result.versions.producer = GRAPH_DEF_VERSION
    result.versions.min_consumer = GRAPH_DEF_VERSION_MIN_CONSUMER
    for op in graph.get_operations():
        if from_version is None or op._id > from_version:
            result.node.append(node_def(op, add_shapes))
    return result
