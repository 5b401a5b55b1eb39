"""Calls of layers on tensors that come from a Keras model's inputs: of such calls a model is made up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pyflow.core import nest
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_identity import identity

_NEVER_CALLED = "The layer has never been called and thus has no defined "


class KerasHistory(NamedTuple):
    """Which call of which layer made a tensor, and the how-manieth of the outputs it is."""

    layer: Any
    node_index: int
    tensor_index: int


class Node:
    """A call of a layer.

    Attributes:
      outbound_layer: the layer.
      inbound_layers, node_indices, tensor_indices: where the inputs come from, in their structure.
      input_tensors, output_tensors, input_shapes, output_shapes: in their structure.
      arguments: the other arguments of the call.
    """

    def __init__(self, layer: Any, inputs: Any, outputs: Any, arguments: dict[str, Any]):
        self.outbound_layer = layer
        self.input_tensors, self.output_tensors, self.arguments = inputs, outputs, arguments
        flat = nest.flatten(inputs)
        histories = [x._keras_history for x in flat]

        def of(part: str) -> Any:
            return nest.pack_sequence_as(inputs, [getattr(h, part) for h in histories])

        self.inbound_layers = of("layer") if flat else []
        self.node_indices, self.tensor_indices = (of("node_index"), of("tensor_index")) if flat else ([], [])
        self.input_shapes, self.output_shapes = (nest.map_structure(static_shape, x) for x in (inputs, outputs))
        for inbound in {id(h.layer): h.layer for h in histories}.values():
            inbound._outbound_nodes = [*inbound._outbound_nodes, self]
        layer._inbound_nodes = [*layer._inbound_nodes, self]
        for i, x in enumerate(nest.flatten(outputs)):
            x._keras_history = KerasHistory(layer, len(layer._inbound_nodes) - 1, i)

    def iterate_inbound(self) -> Any:
        """(layer, node_index, tensor_index, tensor) of each input."""
        for x in nest.flatten(self.input_tensors):
            yield (*x._keras_history, x)


def own_node(model: Any, inputs: Any, outputs: Any) -> Node:
    """The first node of a model: what it was made of."""
    node = Node.__new__(Node)
    node.outbound_layer, node.input_tensors, node.output_tensors = model, inputs, outputs
    node.inbound_layers, node.node_indices, node.tensor_indices, node.arguments = [], [], [], {}
    node.input_shapes, node.output_shapes = (nest.map_structure(static_shape, x) for x in (inputs, outputs))
    node.is_own = True  # type: ignore[attr-defined]
    return node


def static_shape(x: Any) -> Any:
    """The static shape as a tuple, None if the rank is unknown."""
    shape = TensorShape(x.shape)
    return None if shape.ndims is None else tuple(shape.as_list())


def record_call(layer: Any, inputs: Any, outputs: Any, arguments: dict[str, Any]) -> Any:
    """Notes a call whose inputs are all of a Keras model; gives the outputs, which are none of the inputs."""
    flat = nest.flatten(inputs)
    if not flat or not all(hasattr(x, "_keras_history") for x in flat):
        return outputs
    known = {id(x) for x in flat}
    outputs = nest.map_structure(lambda x: identity(x) if id(x) in known and isinstance(x, Tensor) else x, outputs)
    if all(hasattr(x, "graph") for x in nest.flatten(outputs)):
        Node(layer, inputs, outputs, arguments)
    return outputs


class LayerNodes:
    """The part of a layer that tells of its calls in Keras models."""

    name: Any
    _inbound_nodes: Any = ()
    _outbound_nodes: Any = ()

    inbound_nodes = property(lambda self: list(self._inbound_nodes), doc="Its calls in Keras models.")
    outbound_nodes = property(lambda self: list(self._outbound_nodes), doc="The calls that use what it gives.")

    def _at(self, index: int, attribute: str, what: str) -> Any:
        if not self._inbound_nodes:
            raise RuntimeError(_NEVER_CALLED + f"{what}.")
        if index >= len(self._inbound_nodes):
            raise ValueError(
                f"Asked to get {what} at node {index}, but the layer has only {len(self._inbound_nodes)} inbound nodes."
            )
        found = getattr(self._inbound_nodes[index], attribute)
        return found[0] if isinstance(found, list) and len(found) == 1 else found

    def _masks_at(self, index: int, attribute: str) -> Any:
        tensors = self._at(index, attribute, attribute.partition("_")[0])
        if isinstance(tensors, list):
            return [getattr(x, "_keras_mask", None) for x in tensors]
        return getattr(tensors, "_keras_mask", None)

    def get_input_at(self, node_index: int) -> Any:
        """The inputs of its how-manieth call in a Keras model."""
        return self._at(node_index, "input_tensors", "input")

    def get_output_at(self, node_index: int) -> Any:
        """The outputs of its how-manieth call in a Keras model."""
        return self._at(node_index, "output_tensors", "output")

    def get_input_shape_at(self, node_index: int) -> Any:
        """The static shapes of the inputs of its how-manieth call in a Keras model."""
        return self._at(node_index, "input_shapes", "input shape")

    def get_output_shape_at(self, node_index: int) -> Any:
        """The static shapes of the outputs of its how-manieth call in a Keras model."""
        return self._at(node_index, "output_shapes", "output shape")

    def get_input_mask_at(self, node_index: int) -> Any:
        """The masks of the inputs of its how-manieth call in a Keras model."""
        return self._masks_at(node_index, "input_tensors")

    def get_output_mask_at(self, node_index: int) -> Any:
        """The masks of the outputs of its how-manieth call in a Keras model."""
        return self._masks_at(node_index, "output_tensors")

    def _only(self, get: Callable[[int], Any], what: str) -> Any:
        nodes = self._inbound_nodes
        if not nodes:
            ending = " has no inbound nodes." if what == "output" else " is not connected, no input to return."
            raise AttributeError(f"Layer {self.name}{ending}")
        if len(nodes) > 1:
            raise AttributeError(
                f"Layer {self.name} has multiple inbound nodes, hence the notion of \"layer {what}\" is ill-defined. "
                f"Use `get_{what}_at(node_index)` instead."
            )
        return get(0)

    def _only_shape(self, get: Callable[[int], Any], attribute: str, what: str) -> Any:
        nodes = self._inbound_nodes
        if not nodes:
            raise AttributeError(_NEVER_CALLED + f"{what} shape.")
        if len({str(getattr(node, attribute)) for node in nodes}) > 1:
            raise AttributeError(
                f'The layer "{self.name} has multiple inbound nodes, with different {what} shapes. Hence the notion of '
                f'"{what} shape" is ill-defined for the layer. Use `get_{what}_shape_at(node_index)` instead.'
            )
        return get(0)

    input = property(lambda self: self._only(self.get_input_at, "input"), doc="The input of its only call.")
    output = property(lambda self: self._only(self.get_output_at, "output"), doc="The output of its only call.")
    input_mask = property(lambda self: self._only(self.get_input_mask_at, "input"))
    output_mask = property(lambda self: self._only(self.get_output_mask_at, "output"))
    input_shape = property(lambda self: self._only_shape(self.get_input_shape_at, "input_shapes", "input"))
    output_shape = property(lambda self: self._only_shape(self.get_output_shape_at, "output_shapes", "output"))
