"""The table that `Model.summary` prints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import nest
from pyflow.keras.input_layer import InputLayer


def _is_sequential_like(model: Any) -> bool:
    """Whether each layer has one input from the layer before."""
    if type(model).__name__ == "Sequential" or model._graph is None:
        return True
    for node in model._graph.nodes:
        if len(nest.flatten(node.inbound_layers)) > 1:
            return False
    keep = {id(n) for n in model._graph.nodes}
    for layer in model.layers:
        if sum(id(node) in keep for node in layer._inbound_nodes) > 1:
            return False
    return _one_per_depth(model)


def _one_per_depth(model: Any) -> bool:
    """Whether no two calls could be made at the same time."""
    depths: dict[int, int] = {}
    for node in model._graph.nodes:
        own = depths.setdefault(id(node), 0)
        for layer, index, _, _ in node.iterate_inbound():
            before = layer._inbound_nodes[index]
            if before is not node:
                own = max(own, depths.get(id(before), 0) + 1)
        depths[id(node)] = own
    return len(set(depths.values())) == len(depths)


def print_summary(model: Any, line_length: Any = None, positions: Any = None, print_fn: Any = None) -> None:
    """Prints the layers of a model, and how many parameters they have.

    Args:
      line_length: of the whole table, in letters.
      positions: where its columns end, in letters or as parts of the line.
    """
    plain = _is_sequential_like(model)
    line_length = line_length or (65 if plain else 98)
    positions = positions or ([0.45, 0.85, 1.0] if plain else [0.33, 0.55, 0.67, 1.0])
    if positions[-1] <= 1:
        positions = [int(line_length * p) for p in positions]
    titles = ["Layer (type)", "Output Shape", "Param #", *([] if plain else ["Connected to"])]

    def row(fields: list[Any]) -> None:
        line = ""
        for i, field in enumerate(fields):
            line = (line[:-1] + " " if i else line) + str(field)
            line = line[: positions[i]]
            line += " " * (positions[i] - len(line))
        print_fn(line)

    print_fn(f'Model: "{model.name}"')
    print_fn("_" * line_length)
    row(titles)
    print_fn("=" * line_length)
    for i, layer in enumerate(model.layers):
        try:
            shape = layer.output_shape
        except AttributeError:
            shape = "multiple"
        except RuntimeError:
            shape = "?"
        count: Any = layer.count_params() if layer.built else "0 (unused)"
        label = f"{layer.name} ({type(layer).__name__})"
        if plain:
            row([label, shape, count])
        else:
            _with_connections(model, layer, [label, shape, count], row)
        print_fn(("=" if i == len(model.layers) - 1 else "_") * line_length)
    trainable = getattr(model, "_collected_trainable_weights", None) or model.trainable_weights
    sizes = [sum(int(np.prod(w.shape.as_list())) for w in {id(v): v for v in weights}.values())
             for weights in (trainable, model.non_trainable_weights)]  # fmt: skip
    print_fn(f"Total params: {sum(sizes):,}")
    print_fn(f"Trainable params: {sizes[0]:,}")
    print_fn(f"Non-trainable params: {sizes[1]:,}")
    print_fn("_" * line_length)


def _with_connections(model: Any, layer: Any, fields: list[Any], row: Callable) -> None:
    keep = {id(n) for n in model._graph.nodes}
    connections = [
        f"{inbound.name}[{index}][{place}]"
        for node in layer._inbound_nodes
        if id(node) in keep and not isinstance(layer, InputLayer)
        for inbound, index, place, _ in node.iterate_inbound()
    ]
    row([*fields, connections[0] if connections else ""])
    for connection in connections[1:]:
        row(["", "", "", connection])
