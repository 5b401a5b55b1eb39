"""tf.keras.utils: classes as vectors, vectors of length 1, pictures of models."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.keras.input_layer import InputLayer


@export("keras.utils.to_categorical")
def to_categorical(y: Any, num_classes: Any = None, dtype: str = "float32") -> np.ndarray:
    """Numbers of classes as vectors that have a 1 at the class."""
    y = np.array(y, dtype="int")
    shape = y.shape[:-1] if y.shape and y.shape[-1] == 1 and len(y.shape) > 1 else y.shape
    flat = y.ravel()
    found = np.zeros((flat.shape[0], num_classes or np.max(flat) + 1), dtype=dtype)
    found[np.arange(flat.shape[0]), flat] = 1
    return np.reshape(found, (*shape, found.shape[1]))


@export("keras.utils.normalize")
def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """An array divided by its norm along an axis; zeros stay."""
    norms = np.atleast_1d(np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    return x / np.expand_dims(norms, axis)


def _pydot() -> Any:
    try:
        import pydot  # type: ignore[import-untyped]
    except ImportError:
        raise ImportError(
            "Failed to import pydot. You must install pydot and graphviz for `pydotprint` to work."
        ) from None
    return pydot


@export("keras.utils.model_to_dot")
def model_to_dot(
    model: Any, show_shapes: bool = False, show_layer_names: bool = True, rankdir: str = "TB",
    expand_nested: bool = False, dpi: Any = 96, subgraph: bool = False,
) -> Any:  # fmt: skip
    """The layers of a model and their connections as a graph of pydot.

    Raises:
      ImportError: pydot is not installed.
    """
    pydot = _pydot()
    if expand_nested or subgraph:
        raise NotImplementedError("keras.utils.model_to_dot(expand_nested, subgraph)")
    dot = pydot.Dot()
    dot.set("rankdir", rankdir)
    dot.set("concentrate", True)
    dot.set("dpi", dpi)
    dot.set_node_defaults(shape="record")
    for layer in model.layers:
        kind = type(layer).__name__
        label = f"{layer.name}: {kind}" if show_layer_names else kind
        if show_shapes:
            label = f"{label}\n|{{input:|output:}}|{{{{{layer.input_shape}}}|{{{layer.output_shape}}}}}"
        dot.add_node(pydot.Node(str(id(layer)), label=label))
    keep = {id(node) for node in model._graph.nodes} if model._graph is not None else set()
    for layer in model.layers:
        for node in layer._inbound_nodes:
            if id(node) in keep:
                for inbound, *_ in node.iterate_inbound():
                    if any(inbound is other for other in model.layers):
                        dot.add_edge(pydot.Edge(str(id(inbound)), str(id(layer))))
    return dot


@export("keras.utils.plot_model")
def plot_model(
    model: Any, to_file: str = "model.png", show_shapes: bool = False, show_layer_names: bool = True,
    rankdir: str = "TB", expand_nested: bool = False, dpi: Any = 96,
) -> None:  # fmt: skip
    """Draws the layers of a model and their connections into an image file.

    Raises:
      ImportError: pydot is not installed.
    """
    dot = model_to_dot(model, show_shapes, show_layer_names, rankdir, expand_nested, dpi)
    dot.write(to_file, format=os.path.splitext(to_file)[1][1:] or "png")


@export("keras.utils.get_source_inputs")
def get_source_inputs(tensor: Any, layer: Any = None, node_index: Any = None) -> list:
    """The inputs of the model that a tensor comes from."""
    if not hasattr(tensor, "_keras_history"):
        return [tensor]
    if layer is None or node_index:
        layer, node_index, _ = tensor._keras_history
    if isinstance(layer, InputLayer) or not layer._inbound_nodes:
        return [tensor]
    found: dict[int, Any] = {}
    for x in nest.flatten(layer._inbound_nodes[node_index].input_tensors):
        found |= {id(y): y for y in get_source_inputs(x)}
    return list(found.values())
