"""Graphs of layers: how calls of layers from inputs to outputs are found, run again and described."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np

from pyflow.core import dtypes, nest
from pyflow.keras.input_layer import InputLayer
from pyflow.keras.layer_serialization import deserialize_layer


class LayerGraph(NamedTuple):
    """What lies between inputs and outputs.

    Attributes:
      nodes: the calls of layers, those first that come first.
      layers: the layers, inputs first.
      keys: the names of the calls: the layer's, and the number of the call.
    """

    nodes: list[Any]
    layers: list[Any]
    keys: set[tuple[Any, int]]


def find_layers(inputs: list[Any], outputs: list[Any]) -> LayerGraph:
    """The calls and layers that lead from the inputs to the outputs.

    Raises:
      ValueError: the outputs depend on other inputs, or names come twice.
    """
    order: list[Any] = []  # nodes, each after those that it needs
    indices: dict[int, int] = {}  # of layers, in the order in which they are met
    done: set[int] = set()
    starts = {id(x) for x in inputs}

    def visit(tensor: Any) -> None:
        stack: list[tuple[Any, Any]] = [(_node_of(tensor), None)]
        while stack:
            node, rest = stack.pop()
            if rest is None:
                if id(node) in done:
                    continue
                done.add(id(node))
                indices.setdefault(id(node.outbound_layer), len(indices))
                is_start = all(id(x) in starts for x in nest.flatten(node.output_tensors))
                rest = iter([] if is_start or isinstance(node.outbound_layer, InputLayer) else _inbound(node))
            for x in rest:
                stack += [(node, rest), (_node_of(x), None)]
                break
            else:
                order.append(node)

    for x in outputs:
        visit(x)
    depths: dict[int, int] = {}
    layer_depths: dict[int, int] = {}
    layers: dict[int, Any] = {}
    for node in reversed(order):
        layer = node.outbound_layer
        depth = max(depths.get(id(node), 0), layer_depths.get(id(layer), 0))
        depths[id(node)] = layer_depths[id(layer)] = depth
        layers[id(layer)] = layer
        if not isinstance(layer, InputLayer) and not all(id(x) in starts for x in nest.flatten(node.output_tensors)):
            for x in _inbound(node):
                before = _node_of(x)
                depths[id(before)] = max(depth + 1, depths.get(id(before), 0))
    for x in inputs:
        layer = x._keras_history.layer
        if id(layer) not in layers:
            layers[id(layer)], layer_depths[id(layer)] = layer, 0
            indices[id(layer)] = -1
            depths[id(_node_of(x))] = 0
            order.append(_node_of(x))
    sorted_layers = sorted(layers.values(), key=lambda y: (-layer_depths[id(y)], indices[id(y)]))
    nodes = sorted(order, key=lambda n: -depths[id(n)])
    _check(inputs, nodes, sorted_layers)
    return LayerGraph(nodes, sorted_layers, {(n.outbound_layer, _index(n)) for n in nodes})


def _node_of(tensor: Any) -> Any:
    history = tensor._keras_history
    return history.layer._inbound_nodes[history.node_index]


def _index(node: Any) -> int:
    return next(i for i, n in enumerate(node.outbound_layer._inbound_nodes) if n is node)


def _inbound(node: Any) -> list[Any]:
    return nest.flatten(node.input_tensors)


def _check(inputs: list[Any], nodes: list[Any], layers: list[Any]) -> None:
    computable = {id(x) for x in inputs}
    named: list[str] = []
    for node in nodes:
        layer = node.outbound_layer
        if not isinstance(layer, InputLayer):
            for x in _inbound(node):
                if id(x) not in computable:
                    raise ValueError(
                        f'Graph disconnected: cannot obtain value for tensor {x} at layer "{layer.name}". The '
                        f"following previous layers were accessed without issue: {named}"
                    )
            named.append(layer.name)
        if not isinstance(layer, InputLayer) or all(id(x) in computable for x in nest.flatten(node.output_tensors)):
            computable |= {id(x) for x in nest.flatten(node.output_tensors)}
    names = [layer.name for layer in layers]
    for name in names:
        if names.count(name) != 1:
            raise ValueError(
                f'The name "{name}" is used {names.count(name)} times in the model. All layer names should be unique.'
            )


def run_graph(model: Any, inputs: list[Any], training: Any) -> list[Any]:
    """The outputs for other inputs: calls every layer again."""
    values = {id(x): y for x, y in zip(model.inputs, inputs)}
    for node in model._graph.nodes:
        if isinstance(node.outbound_layer, InputLayer) or not all(id(x) in values for x in _inbound(node)):
            continue
        arguments = dict(node.arguments)
        found = nest.map_structure(lambda x: values[id(x)], node.input_tensors)
        arguments = {
            k: nest.map_structure(lambda v: values.get(id(v), v), a) if k != "mask" else a
            for k, a in arguments.items()
        }  # fmt: skip
        arguments.pop("mask", None)
        layer = node.outbound_layer
        if "training" in layer._call_fn_args and training is not None:
            arguments.setdefault("training", training)
        outputs = layer(found, **arguments)
        for x, y in zip(nest.flatten(node.output_tensors), nest.flatten(outputs)):
            values[id(x)] = y
    return [values[id(x)] for x in model.outputs]


# ---------------------------------------------------------------- configs


def graph_config(model: Any) -> dict[str, Any]:
    """The layers, how they are connected, and where inputs and outputs are."""
    keep = {id(n) for n in model._graph.nodes}
    numbers: dict[tuple[int, int], int] = {}
    for layer in model._graph.layers:
        kept = [i for i, node in enumerate(layer._inbound_nodes) if id(node) in keep]
        first = int(hasattr(layer, "_nested_outputs"))  # a model's own outputs come before those of calls
        numbers |= {(id(layer), i): n for n, i in enumerate(kept, first)}
    described = []
    for layer in model._graph.layers:
        calls = []
        for node in layer._inbound_nodes:
            if id(node) in keep and not isinstance(layer, InputLayer):
                kwargs = {k: _plain(v) for k, v in node.arguments.items() if _is_plain(v)}
                calls.append(
                    [[h.layer.name, numbers[id(h.layer), h.node_index], h.tensor_index, kwargs]
                     for h in (x._keras_history for x in _inbound(node))]
                )  # fmt: skip
        described.append(
            {
                "name": layer.name,
                "class_name": type(layer).__name__,
                "config": layer.get_config(),
                "inbound_nodes": calls,
            }
        )

    def places(tensors: list[Any]) -> list:
        histories = [x._keras_history for x in tensors]
        return [[h.layer.name, numbers[id(h.layer), h.node_index], h.tensor_index] for h in histories]

    return {
        "name": model.name,
        "layers": described,
        "input_layers": places(model.inputs),
        "output_layers": places(model.outputs),
    }


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(_plain(value))
    except TypeError:
        return False
    return True


def _plain(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value.name if isinstance(value, dtypes.DType) else value


def tensors_of_config(config: dict[str, Any], custom_objects: Any = None) -> tuple[list[Any], list[Any], dict]:
    """Inputs, outputs and layers by name, made anew from `graph_config`'s."""
    layers: dict[str, Any] = {}
    waiting: list[tuple[Any, Any]] = []
    for described in config["layers"]:
        layer = deserialize_layer(described, custom_objects)
        layers[described["name"]] = layer
        waiting += [(layer, call) for call in described["inbound_nodes"]]
    made: dict[str, list] = {}
    for name, layer in layers.items():
        has_outputs = isinstance(layer, InputLayer) or hasattr(layer, "_nested_outputs")
        made[name] = [layer._inbound_nodes[0].output_tensors] if has_outputs else []

    def tensor(place: Any) -> Any:
        return nest.flatten(made[place[0]][place[1]])[place[2]]

    while waiting:
        later = []
        for layer, call in waiting:
            if all(place[1] < len(made[place[0]]) for place in call):
                found = [tensor(place) for place in call]
                kwargs = call[0][3] if len(call[0]) > 3 else {}
                outputs = layer(found[0] if len(found) == 1 else found, **kwargs)
                made[layer.name].append(outputs)
            else:
                later.append((layer, call))
        if len(later) == len(waiting):
            raise ValueError("The config of the model has layers whose inputs are never made")
        waiting = later
    inputs = [tensor(place) for place in config["input_layers"]]
    return inputs, [tensor(place) for place in config["output_layers"]], layers
