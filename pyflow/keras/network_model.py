"""Network: a layer that is made of layers, with inputs and outputs."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from pyflow.core import nest
from pyflow.core.graph import Graph
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.keras import saving
from pyflow.keras.backend import batch_get_value, floatx
from pyflow.keras.base_layer import Layer
from pyflow.keras.model_summary import print_summary
from pyflow.keras.network import find_layers, graph_config, run_graph, tensors_of_config
from pyflow.keras.serialization import plain_value
from pyflow.layers.call_context import call_context
from pyflow.layers.core_layer import CoreLayer
from pyflow.layers.layer_nodes import own_node
from pyflow.layers.reachability import depends_on
from pyflow.ops.placeholder import placeholder as tf_placeholder


class Network(Layer):
    """What models have in common but training.

    Attributes:
      inputs, outputs: tensors; None for a subclassed model that hasn't been called.
      input_names, output_names: of the input layers, and of the layers that make the outputs.
    """

    _compute_output_and_mask_jointly = True
    inputs: Any = None
    outputs: Any = None
    input_names: Any = None
    output_names: Any = None
    _graph: Any = None

    def __init__(self, *args: Any, **kwargs: Any):
        if len(args) >= 2 or len(args) == 1 and "outputs" in kwargs or {"inputs", "outputs"} <= set(kwargs):
            names = dict(zip(("inputs", "outputs", "name"), args)) | kwargs
            super().__init__(name=names.get("name"), trainable=names.get("trainable", True))
            self._connect(names["inputs"], names["outputs"])
        else:
            name = args[0] if args and isinstance(args[0], str) else kwargs.get("name")
            super().__init__(name=name, dtype=kwargs.get("dtype"))
        self._is_compiled = False
        self.optimizer: Any = None

    def _connect(self, inputs: Any, outputs: Any) -> None:
        """Makes the model of what lies between inputs and outputs."""
        self._nested_inputs, self._nested_outputs = inputs, outputs
        self.inputs, self.outputs = nest.flatten(inputs), nest.flatten(outputs)
        for x in self.inputs:
            if not hasattr(x, "_keras_history"):
                raise ValueError(
                    f"Input tensors to a {type(self).__name__} must come from `tf.keras.Input`. Received: {x} "
                    "(missing previous layer metadata)."
                )
        if len({id(x) for x in self.inputs}) != len(self.inputs):
            raise ValueError(f"The list of inputs passed to the model is redundant. All inputs should only appear once."
                             f" Found: {self.inputs}")  # fmt: skip
        self._make_history(self.outputs)
        for x in self.outputs:
            if not hasattr(x, "_keras_history"):
                raise ValueError(
                    f"Output tensors to a {type(self).__name__} must be the output of a TensorFlow `Layer` (thus "
                    f"holding past layer metadata). Found: {x}"
                )
        self._graph = find_layers(self.inputs, self.outputs)
        self.input_names = [x._keras_history.layer.name for x in self.inputs]
        self.output_names = unique_names([x._keras_history.layer.name for x in self.outputs])
        self.built = True
        self.supports_masking = True
        self._dtype = self._dtype or self.outputs[0].dtype.base_dtype.name
        calls = [node for node in self._inbound_nodes if not getattr(node, "is_own", False)]
        self._inbound_nodes = [own_node(self, inputs, outputs), *calls]

    @property
    def _layers(self) -> list:  # type: ignore[override]
        if self._graph is not None:
            return self._graph.layers
        return Layer._layers.fget(self)  # type: ignore[attr-defined]

    @_layers.setter
    def _layers(self, value: Any) -> None:
        """Layers are found in the graph or among the attributes."""

    @property
    def layers(self) -> list:
        """The layers, inputs among them, in the order in which they are run."""
        return self._layers

    @property
    def _is_graph_network(self) -> bool:
        return self._graph is not None

    @property
    def stateful(self) -> bool:
        """Whether a layer keeps its state from batch to batch."""
        return any(getattr(layer, "stateful", False) for layer in self._layers)

    @stateful.setter
    def stateful(self, value: bool) -> None:
        """It depends on the layers."""

    def reset_states(self) -> None:
        """Resets the states of the layers that keep theirs."""
        for layer in self._layers:
            if getattr(layer, "stateful", False) and hasattr(layer, "reset_states"):
                layer.reset_states()

    # ---------------------------------------------------------------- calls

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """The outputs for the inputs: of all layers, one after the other.

        Raises:
          NotImplementedError: a subclass doesn't say how.
        """
        if self._graph is None:
            raise NotImplementedError("When subclassing the `Model` class, you should implement a `call` method.")
        given = nest.flatten(inputs)
        if mask is not None:
            for x, m in zip(given, nest.flatten(mask)):
                x._keras_mask = m
        outputs = run_graph(self, given, training)
        if isinstance(self._nested_outputs, Tensor):
            return outputs[0]
        return nest.pack_sequence_as(self._nested_outputs, outputs)

    def build(self, input_shape: Any) -> None:
        """Makes the variables of a subclassed model, by a call in a graph of its own kind of inputs."""
        if self._graph is None and type(self).call is not Network.call and not call_context.layers:
            is_list = isinstance(input_shape, list)
            made = [tf_placeholder(floatx(), s) for s in (input_shape if is_list else [input_shape])]
            self(made if is_list else made[0])
        self.built = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the outputs."""
        if self._graph is None:
            return None
        masks = [getattr(x, "_keras_mask", None) for x in nest.flatten(self.call(inputs, mask=mask))]
        return masks[0] if len(masks) == 1 else masks

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The static shape of the outputs for inputs of that shape."""
        if self._graph is None:
            return super().compute_output_shape(input_shape)
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        with Graph().as_default():
            sample = [tf_placeholder(x.dtype, s) for x, s in zip(self.inputs, shapes)]
            known = {id(x): y for x, y in zip(self.inputs, [s.shape for s in sample])}
            for node in self._graph.nodes:
                if id(nest.flatten(node.output_tensors)[0]) in known:
                    continue
                given = nest.map_structure(lambda x: known[id(x)], node.input_tensors)
                found = node.outbound_layer.compute_output_shape(given)
                for x, s in zip(nest.flatten(node.output_tensors), found if isinstance(found, list) else [found]):
                    known[id(x)] = TensorShape(s)
        found = [known[id(x)] for x in self.outputs]
        return found[0] if len(found) == 1 else found

    # ---------------------------------------------------------------- variables, losses, updates

    @property
    def weights(self) -> list:
        """All variables, layer by layer."""
        found: dict[int, Any] = {}
        for layer in self._layers:
            found |= {id(w): w for w in layer.weights}
        own = self._trainable_weights + self._non_trainable_weights
        return list((found | {id(w): w for w in own}).values())

    variables = property(lambda self: self.weights, doc="The same as `weights`.")

    def get_weights(self) -> list:
        """The values of `weights`."""
        return batch_get_value(self.weights)

    def count_params(self) -> int:
        """How many numbers its variables hold."""
        return int(sum(np.prod(w.shape.as_list()) for w in self.weights))

    def _relevant(self, found: list, tag: str) -> list:
        if self.inputs is None:
            return found
        return [x for x in found if getattr(x, tag, True) or depends_on(x, self.inputs)]

    @property
    def losses(self) -> list:
        """The losses that its layers have added, for its inputs."""
        return self._relevant(CoreLayer.losses.fget(self), "_unconditional_loss")  # type: ignore[attr-defined]

    @property
    def updates(self) -> list:
        """What its layers want to be run in every step of training, for its inputs."""
        if not self.trainable and not self.stateful:
            return []
        return self._relevant(CoreLayer.updates.fget(self), "_unconditional_update")  # type: ignore[attr-defined]

    @property
    def state_updates(self) -> list:
        """The updates of layers that keep their state."""
        return [u for layer in self._layers if getattr(layer, "stateful", False) for u in layer.updates]

    # ---------------------------------------------------------------- descriptions

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """The layer of a name, or at a place.

        Raises:
          ValueError: there is none.
        """
        if index is not None:
            if len(self.layers) <= index:
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has {len(self.layers)} layers."
                )
            return self.layers[index]
        if not name:
            raise ValueError("Provide either a layer name or layer index.")
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError("No such layer: " + name)

    input_spec = property(lambda self: None, lambda self, value: None, doc="None: the layers check.")

    def get_config(self) -> dict[str, Any]:
        """The layers and how they are connected.

        Raises:
          NotImplementedError: it is a subclassed model.
        """
        if self._graph is None:
            raise NotImplementedError
        return graph_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """The model that `get_config` described."""
        inputs, outputs, _ = tensors_of_config(config, custom_objects)
        return cls(inputs=inputs, outputs=outputs, name=config.get("name"))

    def _model_config(self) -> dict[str, Any]:
        config = {"class_name": type(self).__name__, "config": self.get_config()}
        return {**config, "keras_version": "2.2.4-tf", "backend": "tensorflow"}

    def to_json(self, **kwargs: Any) -> str:
        """The config as JSON, for `model_from_json`."""
        return json.dumps(self._model_config(), default=plain_value, **kwargs)

    def to_yaml(self, **kwargs: Any) -> str:
        """The config as YAML, for `model_from_yaml`.

        Raises:
          ImportError: PyYAML is not installed.
        """
        try:
            import yaml  # type: ignore[import-untyped]
        except ImportError:
            raise ImportError("Requires yaml module installed (`pip install pyyaml`).") from None
        return yaml.dump(json.loads(self.to_json()), **kwargs)

    def _checkpoint_children(self) -> list[tuple[str, Any]]:
        return saving.checkpoint_children(self)

    def save_weights(self, filepath: Any, overwrite: bool = True, save_format: Any = None) -> None:
        """Writes the weights: to an HDF5 file if the name ends so, or else to a checkpoint.

        Args:
          save_format: "h5" or "tf", whatever the name.
        """
        path = os.fspath(filepath)
        is_hdf5 = saving.is_hdf5_name(path) if save_format is None else save_format.lower() in ("h5", "hdf5", "keras")
        if save_format is not None and not is_hdf5 and save_format.lower() not in ("tf", "tensorflow"):
            raise ValueError(f'Unknown format "{save_format}". Was expecting one of {{"tf", "h5"}}.')
        if is_hdf5:
            saving.save_weights_to_hdf5(self, path)
        else:
            saving.save_checkpoint(self, path)

    def load_weights(self, filepath: Any, by_name: bool = False) -> Any:
        """Sets the weights to those of an HDF5 file or a checkpoint.

        Args:
          by_name: whether layers of an HDF5 file are found by their names.
        """
        path = os.fspath(filepath)
        if saving.is_hdf5_name(path) or not os.path.exists(path + ".index"):
            return saving.load_weights_from_hdf5(self, path, by_name)
        if by_name:
            raise NotImplementedError(
                "Weights may only be loaded based on topology into Models when loading TensorFlow-formatted weights "
                "(got by_name=True to load_weights)."
            )
        return saving.load_checkpoint(self, path)

    def save(
        self, filepath: Any, overwrite: bool = True, include_optimizer: bool = True, save_format: Any = None,
        signatures: Any = None,
    ) -> None:  # fmt: skip
        """Writes the model to an HDF5 file; see `tf.keras.models.save_model`."""
        saving.save_model(self, filepath, overwrite, include_optimizer, save_format, signatures)

    def summary(self, line_length: Any = None, positions: Any = None, print_fn: Any = None) -> None:
        """Prints the layers with their output shapes and numbers of parameters.

        Raises:
          ValueError: the model is not built.
        """
        if not self.built:
            raise ValueError("This model has not yet been built. Build the model first by calling `build()` or calling "
                             "`fit()` with some data, or specify an `input_shape` argument in the first layer(s) for "
                             "automatic build.")  # fmt: skip
        print_summary(self, line_length=line_length, positions=positions, print_fn=print_fn or print)


def unique_names(names: list[str]) -> list[str]:
    """The names, with numbers behind those that come again."""
    counts: dict[str, int] = {}
    found = []
    for name in names:
        count = counts.get(name, 0)
        counts[name] = count + 1
        found.append(f"{name}_{count}" if count else name)
    return found
