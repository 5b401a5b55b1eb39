"""`tf.graph_util`: GraphDefs made smaller, for inference."""

from __future__ import annotations

import re
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.operation import Operation
from pyflow.core.tensor_proto import array_to_proto
from pyflow.platform import logging
from pyflow.protos.graph_pb2 import GraphDef, NodeDef

# What counts as a variable where `must_run_on_cpu` is asked to keep them all on the CPU.
_VARIABLE_OPS = frozenset(
    "Assign AssignAdd AssignSub Queue ScatterAdd ScatterSub ScatterUpdate TruncatedNormal Variable VariableV2".split()
)
_STORED = ("Variable", "VariableV2", "VarHandleOp")


@export("graph_util.must_run_on_cpu")
def must_run_on_cpu(node: Any, pin_variables_on_cpu: bool = False) -> bool:
    """Whether a node (an Operation or NodeDef) has no kernel for a GPU under TensorFlow 1.15 because of its dtype.

    Args:
      pin_variables_on_cpu: whether variables count as such nodes.
    """
    definition = node.node_def if isinstance(node, Operation) else node
    assert isinstance(definition, NodeDef)
    if pin_variables_on_cpu and definition.op in _VARIABLE_OPS:
        return True
    if definition.op == "Const":
        return definition.attr["dtype"].type in (dtypes.string, dtypes.int32)
    if definition.op in ("DynamicStitch", "ParallelDynamicStitch"):
        return definition.attr["T"].type == dtypes.int32
    return definition.op == "Cast" and definition.attr["SrcT"].type == dtypes.int32


def node_name(text: str) -> str:
    """The node that an input names: "a" of "a", "^a" and "a:1"."""
    return text.removeprefix("^").partition(":")[0]


@export("graph_util.extract_sub_graph")
def extract_sub_graph(graph_def: Any, dest_nodes: Any) -> Any:
    """The nodes that `dest_nodes` (names) need, themselves among them, in the order in which they were.

    Raises:
      TypeError: `graph_def` is no GraphDef, or `dest_nodes` is a single name.
      AssertionError: a name is not in the graph.
    """
    if not isinstance(graph_def, GraphDef):
        raise TypeError("graph_def must be a graph_pb2.GraphDef proto.")
    if isinstance(dest_nodes, str):
        raise TypeError("dest_nodes must be a list.")
    nodes = {node.name: node for node in graph_def.node}
    for name in dest_nodes:
        assert name in nodes, f"{name} is not in graph"
    needed: set[str] = set()
    pending = list(dest_nodes)
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += [node_name(text) for text in nodes[name].input]
    extracted = GraphDef(versions=graph_def.versions)
    if graph_def.HasField("library"):
        extracted.library.CopyFrom(graph_def.library)
    extracted.node.extend(node for node in graph_def.node if node.name in needed)
    return extracted


@export("graph_util.tensor_shape_from_node_def_name")
def tensor_shape_from_node_def_name(graph: Any, input_name: str) -> Any:
    """The static shape of a tensor of a graph; without a colon the name means the first output."""
    return graph.get_tensor_by_name(input_name if ":" in input_name else f"{input_name}:0").get_shape()


@export("graph_util.remove_training_nodes")
def remove_training_nodes(input_graph: Any, protected_nodes: Any = None) -> Any:
    """A GraphDef without what does nothing at inference: CheckNumerics and Identity nodes.

    Args:
      protected_nodes: names of nodes that stay.
    """
    protected = set(protected_nodes or ())
    removed = {node.name for node in input_graph.node if node.op == "CheckNumerics"} - protected
    nodes = []
    for node in input_graph.node:
        if node.name not in removed:
            kept = NodeDef()
            kept.CopyFrom(node)
            kept.input[:] = [text for text in node.input if re.sub(r"^\^", "", text) not in removed]
            nodes.append(kept)
    awaited = {text[1:] for node in nodes for text in node.input if text.startswith("^")}
    spliced = {
        node.name: node.input[0]
        for node in nodes
        if node.op == "Identity"
        and node.name not in protected | awaited
        and not any(text.startswith("^") for text in node.input)
    }
    result = GraphDef()
    for node in nodes:
        if node.name not in spliced:
            node.input[:] = [_source(text, spliced) for text in node.input]
            result.node.add().CopyFrom(node)
    return result


def _source(text: str, spliced: dict[str, str]) -> str:
    while (name := re.sub(r"^\^", "", text)) in spliced:
        text = spliced[name]
    return text


@export("graph_util.convert_variables_to_constants")
def convert_variables_to_constants(
    sess: Any,
    input_graph_def: Any,
    output_node_names: Any,
    variable_names_whitelist: Any = None,
    variable_names_blacklist: Any = None,
) -> Any:
    """The part of a GraphDef that some nodes need, with constants instead of variables.

    Args:
      sess: a session that holds the variables.
      output_node_names: names of the nodes.
      variable_names_whitelist, variable_names_blacklist: names of the only variables to convert, of those not to.

    Raises:
      FailedPreconditionError: a variable has no value.
    """
    graph_def = extract_sub_graph(input_graph_def, output_node_names)
    variables = [
        node
        for node in graph_def.node
        if node.op in _STORED
        and (variable_names_whitelist is None or node.name in variable_names_whitelist)
        and (variable_names_blacklist is None or node.name not in variable_names_blacklist)
    ]
    names = [node.name for node in variables]
    values = sess.run([_value_tensor(sess.graph, node) for node in variables]) if variables else []
    logging.info("Froze %d variables.", len(values))
    converted = _with_constants(graph_def, dict(zip(names, values)))
    logging.info("Converted %d variables to const ops.", len(values))
    return converted


def _value_tensor(graph: Any, node: Any) -> Any:
    if node.op != "VarHandleOp":
        return graph.get_tensor_by_name(f"{node.name}:0")
    try:
        return graph.get_tensor_by_name(f"{node.name}/Read/ReadVariableOp:0")
    except KeyError:
        handle = graph.get_tensor_by_name(f"{node.name}:0")
        return next(op.outputs[0] for op in handle.consumers() if op.type == "ReadVariableOp")


def _with_constants(graph_def: Any, values: dict[str, Any]) -> Any:
    result = GraphDef()  # without a version: TensorFlow leaves it out, too
    if graph_def.HasField("library"):
        result.library.CopyFrom(graph_def.library)
    handles = {node.name for node in graph_def.node if node.op == "VarHandleOp" and node.name in values}
    for node in graph_def.node:  # handles that were only given on
        if node.op == "Identity" and node_name(node.input[0]) in handles:
            handles.add(node.name)
    for node in graph_def.node:
        source = node_name(node.input[0]) if node.input else ""
        if node.name in values:
            constant = result.node.add(name=node.name, op="Const")
            constant.attr["dtype"].CopyFrom(node.attr["dtype"])
            constant.attr["value"].tensor.CopyFrom(_constant(values[node.name], node.attr["dtype"].type))
        elif node.op == "ReadVariableOp" and source in handles:
            read = result.node.add(name=node.name, op="Identity", input=node.input)
            read.attr["T"].CopyFrom(node.attr["dtype"])
        elif node.op == "Identity" and source in handles:
            given_on = result.node.add(name=node.name, op="Identity", input=node.input)
            given_on.attr["T"].CopyFrom(_dtype_behind(source, graph_def))
        elif node.op == "ResourceGather" and source in handles:
            _add_gather(result, node)
        else:
            result.node.add().CopyFrom(node)
    return result


def _constant(value: Any, dtype: int) -> Any:
    return array_to_proto(value, dtypes.as_dtype(dtype))


def _dtype_behind(name: str, graph_def: Any) -> Any:
    nodes = {node.name: node for node in graph_def.node}
    while nodes[name].op != "VarHandleOp":
        name = node_name(nodes[name].input[0])
    return nodes[name].attr["dtype"]


def _add_gather(result: Any, node: Any) -> None:
    """Rows of a constant, instead of rows of a variable behind a handle."""
    axis = result.node.add(name=f"{node.name}/axis", op="Const")
    axis.attr["dtype"].type = dtypes.int32.as_datatype_enum
    axis.attr["value"].tensor.dtype = dtypes.int32.as_datatype_enum
    axis.attr["value"].tensor.int_val.append(0)
    axis.attr["value"].tensor.tensor_shape.SetInParent()
    gather = result.node.add(name=node.name, op="GatherV2", input=[*node.input[:2], axis.name, *node.input[2:]])
    gather.attr["Tparams"].CopyFrom(node.attr["dtype"])
    gather.attr["Tindices"].CopyFrom(node.attr["Tindices"])
    gather.attr["Taxis"].type = dtypes.int32.as_datatype_enum
    if "_class" in node.attr:
        gather.attr["_class"].CopyFrom(node.attr["_class"])
