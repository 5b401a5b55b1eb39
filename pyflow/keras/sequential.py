"""tf.keras.Sequential: layers one behind the other."""

from __future__ import annotations

from typing import Any

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.keras.backend import floatx
from pyflow.keras.input_layer import Input, InputLayer
from pyflow.keras.layer_serialization import deserialize_layer, serialize_layer
from pyflow.keras.model import Model
from pyflow.keras.network_model import Network
from pyflow.layers.call_context import call_context
from pyflow.layers.core_layer import CoreLayer
from pyflow.platform import logging


@export("keras.Sequential", "keras.models.Sequential")
class Sequential(Model):
    """A model in which each layer works on what the one before gives.

    Its inputs are known when the first layer says so (`input_shape`), or from the first data.

    Args:
      layers: the first layers.
    """

    def __init__(self, layers: Any = None, name: str | None = None):
        super().__init__(name=name)
        self._stack: list[Any] = []
        self._deferred = True
        self._first_input: Any = None
        self.supports_masking = True
        for layer in layers if isinstance(layers, (list, tuple)) else [layers] if layers else []:
            self.add(layer)

    @property
    def _layers(self) -> list:  # type: ignore[override]
        return list(vars(self).get("_stack", ()))

    @_layers.setter
    def _layers(self, value: Any) -> None:
        """Layers come by `add`."""

    @property
    def layers(self) -> list:
        """The layers, without the input."""
        stack = self._layers
        return stack[1:] if stack and isinstance(stack[0], InputLayer) else stack

    def add(self, layer: Any) -> None:
        """Adds a layer behind the others.

        Raises:
          TypeError: it is no layer.
          ValueError: it has several inputs or outputs.
        """
        if hasattr(layer, "_keras_history") and isinstance(layer._keras_history.layer, InputLayer):
            layer = layer._keras_history.layer
        if not isinstance(layer, CoreLayer):
            raise TypeError(f"The added layer must be an instance of class Layer. Found: {layer}")
        self.built = False
        if not self._stack and self._first_input is None:
            self._begin(layer)
        else:
            self._stack.append(layer)
            if self.outputs:
                self.outputs = [self._single(layer(self.outputs[0]))]
        if self.outputs:
            self._finish()

    def _begin(self, layer: Any) -> None:
        if isinstance(layer, InputLayer):
            self._stack.append(layer)
            self._first_input = layer._inbound_nodes[0].output_tensors[0]
            self.inputs = self.outputs = [self._first_input]
            return
        shape, dtype = first_shape(layer)
        if shape is None:
            self._stack.append(layer)
            self._first_input = False
            return
        given = Input(batch_shape=shape, dtype=dtype, name=layer.name + "_input")
        layer(given)
        self._stack += [given._keras_history.layer, layer]
        self._first_input = given
        self.inputs, self.outputs = [given], [self._single(layer._inbound_nodes[-1].output_tensors)]

    @staticmethod
    def _single(outputs: Any) -> Any:
        flat = nest.flatten(outputs)
        if len(flat) != 1:
            raise ValueError("All layers in a Sequential model should have a single output tensor. For multi-output "
                             "layers, use the functional API.")  # fmt: skip
        return flat[0]

    def _finish(self) -> None:
        self._connect(self.inputs[0], self.outputs[0])
        self.built = True

    def pop(self) -> None:
        """Takes the last layer away.

        Raises:
          TypeError: there is none.
        """
        if not self.layers:
            raise TypeError("There are no layers in the model.")
        self._stack.pop()
        if self.inputs is not None:
            if not self.layers:
                self.inputs = self.outputs = None
                self.built = False
            else:
                self.outputs = [self._single(self._stack[-1]._inbound_nodes[-1].output_tensors)]
                self._finish()

    def build(self, input_shape: Any = None) -> None:
        """Makes the variables, for inputs of that shape with the batch dimension."""
        if self._graph is None and input_shape is not None and not call_context.layers:
            self._start(TensorShape(input_shape).as_list(), None)
        self.built = True

    def _start(self, shape: list, dtype: Any) -> None:
        """Connects the layers to an input of that shape."""
        first = self._stack[0]
        given = Input(batch_shape=tuple(shape), dtype=dtype, name=first.name + "_input")
        x = given
        with name_scope(self.name):
            for layer in self._stack:
                x = self._single(layer(x))
        self._first_input = given
        self._stack.insert(0, given._keras_history.layer)
        self.inputs, self.outputs = [given], [x]
        self._finish()

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """The outputs of the last layer."""
        if self._graph is not None:
            return super().call(inputs, training=training, mask=mask)
        x = inputs
        for layer in self.layers:
            kwargs = {"training": training} if training is not None and "training" in layer._call_fn_args else {}
            x = layer(x, **kwargs)
        return x

    def predict_proba(self, x: Any, batch_size: int = 32, verbose: int = 0) -> Any:
        """The same as `predict`, for models that give probabilities."""
        predictions = self.predict(x, batch_size, verbose)
        if predictions.min() < 0.0 or predictions.max() > 1.0:
            logging.warning(
                "Network returning invalid probability values. The last layer might not normalize predictions into "
                "probabilities (like softmax or sigmoid would)."
            )
        return predictions

    def predict_classes(self, x: Any, batch_size: int = 32, verbose: int = 0) -> Any:
        """The most probable class of each example."""
        proba = self.predict(x, batch_size=batch_size, verbose=verbose)
        return proba.argmax(axis=-1) if proba.shape[-1] > 1 else (proba > 0.5).astype("int32")

    def get_config(self) -> dict[str, Any]:
        """The classes and configs of the layers."""
        config: dict[str, Any] = {"name": self.name, "layers": [serialize_layer(layer) for layer in self.layers]}
        if self._graph is None and getattr(self, "_build_input_shape", None):
            config["build_input_shape"] = self._build_input_shape
        return config

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """The model that `get_config` described."""
        name = config.get("name") if isinstance(config, dict) else None
        layers = config["layers"] if isinstance(config, dict) else config
        model = cls(name=name)
        for described in layers:
            model.add(deserialize_layer(described, custom_objects))
        if not model.inputs and isinstance(config, dict) and config.get("build_input_shape"):
            model.build(config["build_input_shape"])
        return model


def first_shape(layer: Any) -> tuple[Any, Any]:
    """The shape and dtype that the first of a model's layers expects, if it says so."""
    while isinstance(layer, Network) and layer.layers:
        if layer.inputs:
            return tuple(layer.inputs[0].shape.as_list()), layer.inputs[0].dtype.base_dtype.name
        layer = layer.layers[0]
    shape = getattr(layer, "_batch_input_shape", None)
    return shape, layer.dtype or floatx()
