"""The graph of the last program, or of a file, as the page draws it."""

from __future__ import annotations

from typing import Any

import pyflow
from playground import Refused, offered
from pyflow.core import dtypes
from pyflow.core.shapes import TensorShape
from pyflow.protos.meta_graph_pb2 import MetaGraphDef, SavedModel
from pyflow.runtime.session import BaseSession
from pyflow.tools import inspection

_MOST_NODES = 100_000
_MOST_BYTES = 1 << 28
_MOST_TEXT = 400

_shown: dict[str, Any] = {}  # "graph": a Graph or GraphDef, "nodes": its nodes by name
_last_session: list[Any] = []


def install() -> None:
    """Has the graph of the last session remembered: a program may have made a graph of its own."""
    initialize = BaseSession.__init__

    def init(self: BaseSession, *args: Any, **options: Any) -> None:
        initialize(self, *args, **options)
        _last_session[:] = [self.graph]

    BaseSession.__init__ = init


def keep(default: Any) -> None:
    """Remembers what the last program built: the default graph, or if it is empty that of its last session."""
    graph = default if default.version or not _last_session else _last_session[0]
    _last_session.clear()
    _shown.clear()
    _shown["graph"] = graph


@offered
def nodes(path: str = "") -> dict[str, list]:
    """{"names", "ops", "devices", "inputs"}, one entry a node; inputs are numbers of nodes, a control input's negative.

    Args:
      path: a file with a graph; empty for that of the last program.
    """
    if path:
        _shown["graph"] = _of_file(path)
    definition = _definition()
    if len(definition.node) > _MOST_NODES:
        raise Refused(f"A graph of {len(definition.node)} nodes is too large to be shown")
    number = {node.name: i for i, node in enumerate(definition.node)}
    inputs = [
        [_edge(text, number) for text in node.input if text.lstrip("^").split(":")[0] in number]
        for node in definition.node
    ]
    return {
        "names": [node.name for node in definition.node],
        "ops": [node.op for node in definition.node],
        "devices": [node.device.rpartition("device:")[2] for node in definition.node],
        "inputs": inputs,
    }


def _edge(text: str, number: dict[str, int]) -> int:
    i = number[text.lstrip("^").split(":")[0]]
    return -1 - i if text.startswith("^") else i


@offered
def node(name: str) -> dict[str, Any]:
    """{"op", "device", "inputs", "shapes", "attrs"} of a node, each as text."""
    _definition()
    found = _shown["nodes"].get(name)
    if found is None:
        raise Refused(f"There is no node {name}")
    shapes = [str(TensorShape(shape)) for shape in found.attr["_output_shapes"].list.shape]
    attrs = {key: _text(value) for key, value in sorted(found.attr.items()) if not key.startswith("_output")}
    return {"op": found.op, "device": found.device, "inputs": list(found.input), "shapes": shapes, "attrs": attrs}


def _definition() -> Any:
    graph = _shown.get("graph")
    if graph is None:
        raise Refused("No program has run yet")
    if isinstance(graph, pyflow.Graph):
        graph = _shown["graph"] = graph.as_graph_def(add_shapes=True)
    if "nodes" not in _shown or _shown.get("of") is not graph:
        _shown["nodes"], _shown["of"] = {node.name: node for node in graph.node}, graph
    return graph


def _text(value: Any) -> str:
    kind = value.WhichOneof("value")
    if kind == "type":
        return dtypes.as_dtype(value.type).name
    if kind == "shape":
        return str(TensorShape(value.shape))
    if kind == "s":
        return value.s.decode(errors="replace")[:_MOST_TEXT]
    if kind == "tensor":
        return f"{dtypes.as_dtype(value.tensor.dtype).name} {TensorShape(value.tensor.tensor_shape)}"
    text = " ".join(str(getattr(value, kind)).split()) if kind else ""
    return text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT] + " …"


def _of_file(path: str) -> Any:
    with open(path, "rb") as file:
        content = file.read(_MOST_BYTES + 1)
    message = inspection.as_message(content, len(content)) if len(content) <= _MOST_BYTES else None
    if isinstance(message, SavedModel):
        message = message.meta_graphs[0]
    if message is None:
        raise Refused(f"{path} has no graph that can be shown")
    return message.graph_def if isinstance(message, MetaGraphDef) else message
