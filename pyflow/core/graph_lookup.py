"""Finding nodes and tensors of a graph by name or by object, with TF's words when there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor

if TYPE_CHECKING:
    from pyflow.core.graph import Graph

_TENSOR_NAME_FORM = 'Tensor names must be of the form "<op_name>:<output_index>".'


def find(graph: Graph, obj: Any, allow_tensor: bool, allow_operation: bool) -> Any:
    """See `Graph.as_graph_element`."""
    if allow_tensor and allow_operation:
        wanted = "Tensor or Operation"
    elif allow_tensor:
        wanted = "Tensor"
    elif allow_operation:
        wanted = "Operation"
    else:
        raise ValueError("allow_tensor and allow_operation can't both be False.")
    if hasattr(obj, "_as_graph_element"):
        element = obj._as_graph_element()
        obj = obj if element is None else element
    if isinstance(obj, bytes):
        obj = obj.decode()
    if isinstance(obj, str):
        return _find_by_name(graph, obj, allow_tensor, allow_operation, wanted)
    if isinstance(obj, Tensor) and allow_tensor:
        if obj.graph is not graph:
            raise ValueError(f"Tensor {obj} is not an element of this graph.")
        return obj
    if isinstance(obj, Operation) and allow_operation:
        if obj.graph is not graph:
            raise ValueError(f"Operation {obj} is not an element of this graph.")
        return obj
    raise TypeError(f"Can not convert a {type(obj).__name__} into a {wanted}.")


def _find_by_name(graph: Graph, name: str, allow_tensor: bool, allow_operation: bool, wanted: str) -> Any:
    nodes = graph._nodes_by_name
    if ":" in name:
        if not allow_tensor:
            raise ValueError(f"Name {name!r} appears to refer to a Tensor, not a {wanted}.")
        op_name, _, index = name.partition(":")
        if not index.isdigit():
            raise ValueError(
                f"The name {name!r} looks a like a Tensor name, but is not a valid one. {_TENSOR_NAME_FORM}"
            )
        if op_name not in nodes:
            raise KeyError(
                f"The name {name!r} refers to a Tensor which does not exist. The operation, {op_name!r}, does not "
                "exist "
                "in the graph."
            )
        outputs = nodes[op_name].outputs
        if int(index) >= len(outputs):
            raise KeyError(
                f"The name {name!r} refers to a Tensor which does not exist. The operation, {op_name!r}, exists but "
                "only "
                f"has {len(outputs)} outputs."
            )
        return outputs[int(index)]
    if allow_operation:
        if name not in nodes:
            raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")
        return nodes[name]
    if name in nodes:
        message = f"The name {name!r} refers to an Operation, not a {wanted}."
    else:
        message = f"The name {name!r} looks like an (invalid) Operation name, not a {wanted}."
    raise ValueError(f"{message} {_TENSOR_NAME_FORM}")
