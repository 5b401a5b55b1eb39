"""`tf.import_graph_def`: the nodes of a `GraphDef` are added to a graph."""

from __future__ import annotations

from typing import Any

from pyflow.core import registry
from pyflow.core.api import export
from pyflow.core.convert import convert
from pyflow.core.node_import import Importer, parse_input
from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.core.tensor import Tensor


@export("import_graph_def", "graph_util.import_graph_def")
def import_graph_def(
    graph_def: Any,
    input_map: dict | None = None,
    return_elements: Any = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> list | None:
    """Adds the nodes of a GraphDef to the default graph.

    Args:
      input_map: from names of tensors in `graph_def` ("a", "a:1", "^a" for a control input) to tensors that are used
        instead of them.
      return_elements: names of operations ("a") and tensors ("a:0") in `graph_def`.
      name: a scope for the names of all nodes; "" adds them with the names they have.
      op_dict: has no effect.
      producer_op_list: an OpList of the program that wrote the graph; attrs that are unknown here and have that
        program's default are left out.

    Returns:
      The operations and tensors that `return_elements` names, or None.

    Raises:
      TypeError: an argument is of the wrong type.
      ValueError: the GraphDef is not consistent, a key of `input_map` or a return element is not in it.
      NotFoundError: it has an op that is not registered.
      UnimplementedError: it has an op that no longer existed in its version.
    """
    from pyflow.core import control_flow_import  # which few programs need

    del op_dict
    graph_def = _as_graph_def(graph_def)
    mapped = _checked_input_map(input_map)
    elements = _checked_elements(return_elements)
    if producer_op_list is not None:
        graph_def = _without_foreign_defaults(graph_def, producer_op_list)
    graph_def = control_flow_import.make_functional(graph_def)
    with name_scope(name, "import", mapped.values()) as scope:
        if not all(isinstance(value, Tensor) for value in mapped.values()):
            if not scope:
                raise ValueError(
                    "tf.import_graph_def() requires a non-empty `name` if `input_map` contains non-Tensor values. Try "
                    "calling tf.convert_to_tensor() on `input_map` values before calling tf.import_graph_def()."
                )
            with name_scope("_inputs"):
                mapped = {key: convert(value) for key, value in mapped.items()}
        graph = get_default_graph()
        graph._check_not_finalized()
        importer = Importer(graph, graph_def, {parse_input(k): v for k, v in mapped.items()}, scope)
        with graph._lock:
            importer.run()
    importer.check_input_map()
    return None if elements is None else [importer.element(text) for text in elements]


def _as_graph_def(graph_def: Any) -> Any:
    from google.protobuf.message import Message

    from pyflow.protos.graph_pb2 import GraphDef

    if isinstance(graph_def, GraphDef):
        return graph_def
    if isinstance(graph_def, Message) and graph_def.DESCRIPTOR.name == "GraphDef":  # TensorFlow's own
        return GraphDef.FromString(graph_def.SerializeToString())
    raise TypeError("graph_def must be a GraphDef proto.")


def _checked_input_map(input_map: Any) -> dict[str, Any]:
    if input_map is None:
        return {}
    if not (isinstance(input_map, dict) and all(isinstance(key, (str, bytes)) for key in input_map)):
        raise TypeError("input_map must be a dictionary mapping strings to Tensor objects.")
    return {key.decode() if isinstance(key, bytes) else key: value for key, value in input_map.items()}


def _checked_elements(elements: Any) -> list[str] | None:
    if elements is None:
        return None
    elements = tuple(elements)
    if not all(isinstance(element, (str, bytes)) for element in elements):
        raise TypeError("return_elements must be a list of strings.")
    return [element.decode() if isinstance(element, bytes) else element for element in elements]


def _without_foreign_defaults(graph_def: Any, producer_op_list: Any) -> Any:
    """A copy without the attrs that only the producer knows, where they have the producer's default."""
    producer_ops = {op.name: op for op in producer_op_list.op}
    copy = type(graph_def)()
    copy.CopyFrom(graph_def)
    for node in copy.node:
        definition, producer_op = registry.OPS.get(node.op), producer_ops.get(node.op)
        if definition is None or producer_op is None:
            continue
        for spec in producer_op.attr:
            if spec.name in node.attr and spec.name not in definition.attrs and spec.HasField("default_value"):
                default = type(node.attr[spec.name]).FromString(spec.default_value.SerializeToString())
                if node.attr[spec.name] == default:
                    del node.attr[spec.name]
    return copy
