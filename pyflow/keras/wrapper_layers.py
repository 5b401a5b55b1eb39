"""Layers around layers: for every step of time, and in both directions."""

from __future__ import annotations

from typing import Any

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.keras.base_layer import Layer
from pyflow.keras.layer_serialization import deserialize_layer, serialize_layer
from pyflow.layers.core_layer import CoreLayer
from pyflow.ops.array import reshape
from pyflow.ops.array_joining import concat
from pyflow.ops.array_reversing import ReverseV2 as tf_reverse
from pyflow.ops.array_shape import shape as tf_shape


@export("keras.layers.Wrapper")
class Wrapper(Layer):
    """A layer that does its work by another one, `layer`."""

    def __init__(self, layer: Any, **kwargs: Any):
        assert isinstance(layer, CoreLayer)
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer._dtype = self.layer._dtype or self.dtype
            self.layer.build(input_shape)
            self.layer.built = True
        self.built = True

    @property
    def activity_regularizer(self) -> Any:
        return getattr(vars(self).get("layer"), "activity_regularizer", None)

    @activity_regularizer.setter
    def activity_regularizer(self, value: Any) -> None:
        """It is the inner layer's."""

    def get_config(self) -> dict[str, Any]:
        config = {"name": self.name, "trainable": self.trainable}
        if hasattr(self, "_batch_input_shape"):
            config["batch_input_shape"] = self._batch_input_shape
        return {**config, "dtype": self.dtype, "layer": serialize_layer(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        config = dict(config)
        return cls(deserialize_layer(config.pop("layer"), custom_objects), **config)


@export("keras.layers.TimeDistributed")
class TimeDistributed(Wrapper):
    """Applies a layer to each step of sequences [batch_size, time, ...]."""

    def __init__(self, layer: Any, **kwargs: Any):
        if not isinstance(layer, CoreLayer):
            raise ValueError(f"Please initialize `TimeDistributed` layer with a `Layer` instance. You passed: {layer}")
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        sizes = TensorShape(input_shape).as_list()
        if len(sizes) < 3:
            raise ValueError(
                "`TimeDistributed` Layer should be passed an `input_shape ` with at least 3 dimensions, received: "
                + str(sizes)
            )
        super().build(TensorShape([sizes[0], *sizes[2:]]))

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = TensorShape(input_shape).as_list()
        inner = TensorShape(self.layer.compute_output_shape(TensorShape([sizes[0], *sizes[2:]]))).as_list()
        return TensorShape([inner[0], sizes[1], *inner[1:]])

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        kwargs = {"training": training} if "training" in self.layer._call_fn_args else {}
        sizes = inputs.shape.as_list()
        steps = sizes[1] or tf_shape(inputs)[1]
        inner = [n or tf_shape(inputs)[i + 2] for i, n in enumerate(sizes[2:])]
        flat = reshape(inputs, [-1, *inner])
        flat.set_shape([None, *sizes[2:]])
        if mask is not None and "mask" in self.layer._call_fn_args:
            kwargs["mask"] = reshape(mask, [-1, *mask.shape.as_list()[2:]])
        outputs = self.layer.call(flat, **kwargs)
        found = outputs.shape.as_list()
        rest = [n or tf_shape(outputs)[i + 1] for i, n in enumerate(found[1:])]
        result = reshape(outputs, [-1, steps, *rest])
        result.set_shape([sizes[0], sizes[1], *found[1:]])
        return result

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask


@export("keras.layers.Bidirectional")
class Bidirectional(Wrapper):
    """A recurrent layer forwards and another one backwards.

    Args:
      merge_mode: what becomes of their outputs: "sum", "mul", "ave", "concat", or None for a list of both.
      backward_layer: by default the same as `layer`.
    """

    def __init__(
        self, layer: Any, merge_mode: Any = "concat", weights: Any = None, backward_layer: Any = None, **kwargs: Any
    ):
        if not isinstance(layer, CoreLayer):
            raise ValueError(f"Please initialize `Bidirectional` layer with a `Layer` instance. You passed: {layer}")
        if merge_mode not in ("sum", "mul", "ave", "concat", None):
            raise ValueError('Invalid merge mode. Merge mode should be one of {"sum", "mul", "ave", "concat", None}')
        super().__init__(layer, **kwargs)
        del self.layer
        self._attributes.pop("layer", None)
        object.__setattr__(self, "layer", layer)
        self.forward_layer = self._again(layer)
        if backward_layer is None:
            self.backward_layer = self._again(layer, go_backwards=not layer.go_backwards)  # type: ignore[misc]
        else:
            self.backward_layer = backward_layer
            object.__setattr__(self, "_backward_given", True)
            if layer.go_backwards == backward_layer.go_backwards:  # type: ignore[misc]
                raise ValueError("Forward layer and backward layer should have different `go_backwards` value.")
        self.forward_layer._name = "forward_" + self.forward_layer.name
        self.backward_layer._name = "backward_" + self.backward_layer.name
        self.merge_mode = merge_mode
        if weights:
            half = len(weights) // 2
            self.forward_layer._initial_weights = weights[:half]
            self.backward_layer._initial_weights = weights[half:]
        self.stateful, self.return_sequences, self.return_state = (
            layer.stateful,
            layer.return_sequences,  # type: ignore[misc]
            layer.return_state,  # type: ignore[misc]
        )
        self.supports_masking = True
        self.input_spec = layer.input_spec

    @staticmethod
    def _again(layer: Any, **changed: Any) -> Any:
        made = type(layer).from_config({**layer.get_config(), **changed})
        return made

    def build(self, input_shape: Any = None) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            with name_scope(layer.name):
                layer._dtype = layer._dtype or self.dtype
                layer.build(input_shape)
                layer.built = True
        self.built = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        found = self.forward_layer.compute_output_shape(input_shape)
        states = found[1:] if self.return_state else []
        output = TensorShape(found[0] if self.return_state else found).as_list()
        if self.merge_mode == "concat":
            output[-1] *= 2  # type: ignore[misc]
        first = [TensorShape(output)] if self.merge_mode else [TensorShape(output)] * 2
        made = [*first, *states, *states]
        return made if len(made) > 1 else made[0]

    def __call__(self, inputs: Any, initial_state: Any = None, constants: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        if isinstance(inputs, list) and initial_state is None and len(inputs) > 1:
            inputs, initial_state = inputs[0], inputs[1:]
        if constants is not None:
            raise NotImplementedError("Bidirectional(constants)")
        if initial_state is None:
            return super().__call__(inputs, **kwargs)
        states = nest.flatten(initial_state)
        if len(states) % 2:
            raise ValueError("When passing `initial_state` to a Bidirectional RNN, the state should be a list "
                             "containing the states of the underlying RNNs. Found: " + str(initial_state))  # fmt: skip
        if all(hasattr(x, "_keras_history") for x in states):
            spec, self.input_spec = self.input_spec, None
            try:
                return super().__call__([inputs, *states], **kwargs)
            finally:
                self.input_spec = spec
        return super().__call__(inputs, initial_state=states, **kwargs)

    def _maybe_build(self, inputs: Any) -> None:
        super()._maybe_build(inputs[0] if isinstance(inputs, list) else inputs)

    def call(self, inputs: Any, training: Any = None, mask: Any = None, initial_state: Any = None) -> Any:
        if isinstance(inputs, list):
            inputs, initial_state = inputs[0], inputs[1:]
        mask = nest.flatten(mask)[0] if mask is not None else None
        half = len(initial_state) // 2 if initial_state else 0
        outputs = []
        for layer, states in (
            (self.forward_layer, initial_state[:half] if initial_state else None),
            (self.backward_layer, initial_state[half:] if initial_state else None),
        ):
            with name_scope(layer.name):
                known = layer._call_fn_args
                given = {"training": training, "mask": mask, "initial_state": states}
                outputs.append(layer.call(inputs, **{k: v for k, v in given.items() if k in known and v is not None}))
        states = []
        if self.return_state:
            states = [*outputs[0][1:], *outputs[1][1:]]
            outputs = [o[0] for o in outputs]
        forward, backward = outputs
        if self.return_sequences:
            backward = tf_reverse(backward, [0 if getattr(self.forward_layer, "time_major", False) else 1])
        merged: Any = {
            "concat": lambda: concat([forward, backward], -1),
            "sum": lambda: forward + backward,
            "ave": lambda: (forward + backward) / 2,
            "mul": lambda: forward * backward,
            None: lambda: [forward, backward],
        }[self.merge_mode]()
        if states:
            return [*merged, *states] if self.merge_mode is None else [merged, *states]
        return merged

    def reset_states(self) -> None:
        """Sets the states of both layers to zeros."""
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        made = nest.flatten(mask)[0] if self.return_sequences else None
        first = [made, made] if self.merge_mode is None else [made]
        states = [None] * (2 * len(self.forward_layer._sizes())) if self.return_state else []
        found = [*first, *states]
        return found if len(found) > 1 else found[0]

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "merge_mode": self.merge_mode}
        if getattr(self, "_backward_given", False):
            config["backward_layer"] = serialize_layer(self.backward_layer)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        config = dict(config)
        config.pop("num_constants", None)
        if config.get("backward_layer") is not None:
            config["backward_layer"] = deserialize_layer(config["backward_layer"], custom_objects)
        return cls(deserialize_layer(config.pop("layer"), custom_objects), **config)
