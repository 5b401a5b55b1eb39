"""A GraphDef cut down to what lies between some inputs and outputs (`tensorflow.python.tools.strip_unused_lib`)."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.protos.graph_pb2 import GraphDef
from pyflow.train.graph_util import extract_sub_graph


def strip_unused(
    input_graph_def: Any, input_node_names: list[str], output_node_names: list[str], placeholder_type_enum: Any
) -> Any:
    """The nodes that the outputs need, with placeholders in the places of the inputs.

    Args:
      placeholder_type_enum: the dtype of the placeholders, or a list of one for each input.

    Raises:
      KeyError: an input is not in the graph.
    """
    present = {node.name for node in input_graph_def.node}
    for name in input_node_names:
        if ":" in name:
            raise ValueError(f"Name '{name}' appears to refer to a Tensor, not an Operation.")
        if name not in present:
            raise KeyError(f"The following input nodes were not found: {set(input_node_names) - present}")
    types = dict(zip(input_node_names, _each(placeholder_type_enum, len(input_node_names))))
    replaced = GraphDef(versions=input_graph_def.versions)
    if input_graph_def.HasField("library"):
        replaced.library.CopyFrom(input_graph_def.library)
    for node in input_graph_def.node:
        if node.name not in types:
            replaced.node.add().CopyFrom(node)
            continue
        placeholder = replaced.node.add(name=node.name, op="Placeholder")
        placeholder.attr["dtype"].type = types[node.name]  # type: ignore
        if "_output_shapes" in node.attr:
            placeholder.attr["_output_shapes"].CopyFrom(node.attr["_output_shapes"])
        if "shape" in node.attr:
            placeholder.attr["shape"].CopyFrom(node.attr["shape"])
    return extract_sub_graph(replaced, output_node_names)


def _each(types: Any, count: int) -> list[int]:
    types = list(types) if isinstance(types, (list, tuple)) else [types] * count
    return [dtypes.as_dtype(dtype).as_datatype_enum for dtype in types]
