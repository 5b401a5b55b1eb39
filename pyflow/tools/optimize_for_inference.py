"""A GraphDef made smaller and quicker for inference (`tensorflow.python.tools.optimize_for_inference_lib`)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core.tensor_proto import make_ndarray, make_tensor_proto
from pyflow.platform import logging
from pyflow.protos.graph_pb2 import GraphDef, NodeDef
from pyflow.tools.strip_unused import strip_unused
from pyflow.train.graph_util import remove_training_nodes

# Which inputs of a normalization are the convolution, its mean, variance, offset and scale.
_INPUTS = {
    "BatchNormWithGlobalNormalization": (0, 1, 2, 3, 4),
    "FusedBatchNorm": (0, 3, 4, 2, 1),
}
EPSILON_ATTR = {"BatchNormWithGlobalNormalization": "variance_epsilon", "FusedBatchNorm": "epsilon"}


def optimize_for_inference(
    input_graph_def: Any,
    input_node_names: list[str],
    output_node_names: list[str],
    placeholder_type_enum: Any,
    toco_compatible: bool = False,
) -> Any:
    """The part of a frozen graph between inputs and outputs, with normalizations folded into convolutions.

    Resizing stays apart from convolutions: TensorFlow joins the two unless the graph is to be `toco_compatible`, and
    gets the same results.

    Args:
      placeholder_type_enum: the dtype of the inputs, or a list of one for each.

    Raises:
      ValueError: two nodes have one name, or an input is missing.
    """
    del toco_compatible
    ensure_graph_is_valid(input_graph_def)
    graph = strip_unused(input_graph_def, input_node_names, output_node_names, placeholder_type_enum)
    graph = remove_training_nodes(graph, output_node_names)
    graph = fold_batch_norms(graph)
    ensure_graph_is_valid(graph)
    return graph


def ensure_graph_is_valid(graph_def: Any) -> None:
    """Checks that names are those of one node each, and inputs are there.

    Raises:
      ValueError: they aren't.
    """
    nodes: dict[str, Any] = {}
    for node in graph_def.node:
        if node.name in nodes:
            raise ValueError("Duplicate node names detected for ", node.name)
        nodes[node.name] = node
    for node in graph_def.node:
        for name in node.input:
            if node_name_from_input(name) not in nodes:
                raise ValueError("Input for ", node.name, " not found: ", name)


def node_name_from_input(node_name: str) -> str:
    """The name of the node that an input of another comes from, or that it waits for."""
    name = node_name.removeprefix("^")
    head, _, tail = name.rpartition(":")
    return head if head and tail.isdigit() else name


def node_from_map(node_map: dict[str, Any], name: str) -> Any:
    """The node that an input comes from.

    Raises:
      ValueError: there is none of that name.
    """
    own = node_name_from_input(name)
    if own not in node_map:
        raise ValueError(f"No node named '{name}' found in map.")
    return node_map[own]


def values_from_const(node_def: Any) -> np.ndarray:
    """The array of a Const node.

    Raises:
      ValueError: it is another node.
    """
    if node_def.op != "Const":
        raise ValueError(f"Node named '{node_def.name}' should be a Const op for values_from_const.")
    return make_ndarray(node_def.attr["value"].tensor)


def scale_after_normalization(node: Any) -> bool:
    """Whether a normalization multiplies by its scale."""
    if node.op == "BatchNormWithGlobalNormalization":
        return node.attr["scale_after_normalization"].b
    return True


def fold_batch_norms(input_graph_def: Any) -> Any:
    """A graph in which normalizations by constants are part of the weights of the convolutions before them.

    What a convolution or a depthwise one with constant weights gives is scaled by scaling its weights; the offset that
    remains is added by a `BiasAdd` of the normalization's name.

    Raises:
      ValueError: nodes share a name.
    """
    nodes: dict[str, Any] = {}
    for node in input_graph_def.node:
        if node.name in nodes:
            raise ValueError("Duplicate node names detected for ", node.name)
        nodes[node.name] = node
    added: list[Any] = []
    replaced: set[str] = set()
    for node in input_graph_def.node:
        folded = _folded(nodes, node) if node.op in _INPUTS else None
        if folded is not None:
            replaced.update(folded[0])
            added += folded[1]
    result = GraphDef(versions=input_graph_def.versions)
    for node in [n for n in input_graph_def.node if n.name not in replaced] + added:
        result.node.add().CopyFrom(node)
    return result


def _folded(nodes: dict[str, Any], node: Any) -> tuple[list[str], list[Any]] | None:
    """The names of the nodes that a convolution with a normalization replaces, and the new ones; or None."""
    convolution, *parameters = (node_from_map(nodes, node.input[i]) for i in _INPUTS[node.op])
    if convolution.op not in ("Conv2D", "DepthwiseConv2dNative"):
        logging.warning("Didn't find expected Conv2D or DepthwiseConv2dNative input to '%s'", node.name)
        return None
    weights_node = node_from_map(nodes, convolution.input[1])
    if any(each.op != "Const" for each in (weights_node, *parameters)):
        logging.warning("Didn't find expected constants as the parameters of '%s'", node.name)
        return None
    weights = values_from_const(weights_node)
    mean, variance, offset, scale = map(values_from_const, parameters)
    channels = weights.shape[3] if convolution.op == "Conv2D" else weights.shape[2] * weights.shape[3]
    if any(each.shape != (channels,) for each in (mean, variance, offset, scale)):
        logging.warning("The parameters of '%s' aren't of shape (%d,)", node.name, channels)
        return None
    epsilon = node.attr[EPSILON_ATTR[node.op]].f
    factor = 1.0 / np.vectorize(math.sqrt)(variance + epsilon)
    if scale_after_normalization(node):
        factor = factor * scale
    sizes = weights.shape[3:] if convolution.op == "Conv2D" else weights.shape[2:]
    scaled = (weights * factor.reshape(sizes)).astype(weights.dtype)
    moved = (-mean * factor + offset).astype(weights.dtype)
    new_convolution = NodeDef()
    new_convolution.CopyFrom(convolution)
    bias = NodeDef(name=node.name, op="BiasAdd", input=[convolution.name, convolution.name + "_bn_offset"])
    bias.attr["T"].CopyFrom(convolution.attr["T"])
    bias.attr["data_format"].CopyFrom(convolution.attr["data_format"])
    constants = [_constant(weights_node.name, scaled), _constant(convolution.name + "_bn_offset", moved)]
    used = [node.name, convolution.name, weights_node.name, *(each.name for each in parameters)]
    return used, [constants[0], new_convolution, constants[1], bias]


def _constant(name: str, value: np.ndarray) -> Any:
    node = NodeDef(name=name, op="Const")
    tensor = make_tensor_proto(value)
    node.attr["dtype"].type = tensor.dtype
    node.attr["value"].tensor.CopyFrom(tensor)
    return node
