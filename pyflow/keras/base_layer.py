"""tf.keras.layers.Layer: a layer that owns its variables and what is assigned to its attributes."""

from __future__ import annotations

import abc
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

import pyflow.layers.layer as scoped_layers
from pyflow.core import nest
from pyflow.core.api import PUBLIC, export
from pyflow.core.graph import Graph
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.keras.activation_functions import serialize as serialize_activation
from pyflow.keras.backend import floatx, get_session, track_variable
from pyflow.keras.initializer_classes import get as get_initializer
from pyflow.keras.penalties import get_constraint, get_regularizer
from pyflow.keras.serialization import serialize_keras_object
from pyflow.layers.call_context import call_context
from pyflow.layers.core_layer import CoreLayer, unique_object_name
from pyflow.layers.layer import to_snake_case
from pyflow.ops.placeholder import placeholder as tf_placeholder
from pyflow.ops.variable_base import Variable, VariableAggregation, VariableSynchronization

_LAYER_KEYS = ("_layers", "_inbound_nodes", "_outbound_nodes", "_metrics", "_attributes")


class LayerMeta(abc.ABCMeta):
    """Of layers; the layers of `tf.layers` count as Keras's too."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return super().__instancecheck__(instance) or (
            cls.__dict__.get("_is_base", False) and isinstance(instance, CoreLayer)
        )


@export("keras.layers.Layer")
class Layer(scoped_layers.Layer, metaclass=LayerMeta):
    """What computes tensors from tensors, with variables that it makes when it is first called.

    A subclass overrides `build`, which makes variables by `add_weight`, and `call`, which does the work. Layers and
    variables that are assigned to attributes, lists of layers too, are its own.

    Args:
      trainable: whether its variables are to be trained.
      name: by default made from the class's name.
      dtype: of its variables; by default that of its first input.
      dynamic: raises NotImplementedError if true: graphs are always static.
      input_shape, batch_input_shape, input_dim, batch_size, weights (keywords): of the first layer of a model.
    """

    _is_base = True
    _keras_style = True
    _scope: Any = None
    _reuse: Any = None
    _use_resource_variables = True
    _compute_output_and_mask_jointly = False
    _make_history: Any = staticmethod(lambda tensors: None)  # see op_layer.py

    def __init__(
        self, trainable: bool = True, name: str | None = None, dtype: Any = None, dynamic: bool = False, **kwargs: Any
    ):
        if dynamic:
            raise NotImplementedError("keras.layers.Layer(dynamic=True): graphs are always static")
        if "input_dim" in kwargs and "input_shape" not in kwargs:
            kwargs["input_shape"] = (kwargs["input_dim"],)
        kwargs.pop("input_dim", None)
        self._attributes: dict[str, None] = {}
        self._metrics: list[Any] = []
        for argument in ("_scope", "_reuse"):
            kwargs.pop(argument, None)
        regularizer = kwargs.pop("activity_regularizer", None)
        CoreLayer.__init__(self, trainable=trainable, name=name, dtype=dtype, dynamic=False, **kwargs)
        self._activity_regularizer = get_regularizer(regularizer)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Many attributes come from tables of arguments."""

    def _init_set_name(self, name: Any, zero_based: bool = True) -> None:
        self._name = name or unique_object_name(to_snake_case(type(self).__name__), zero_based=zero_based)

    def _name_scope(self) -> Any:
        return self.name

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Adds losses to the model's: tensors, or functions that make them.

        Args:
          inputs: anything but None says that the losses depend on the inputs of the layer.
        """
        CoreLayer.add_loss(self, losses, inputs)

    # ---------------------------------------------------------------- parts

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _LAYER_KEYS and "_attributes" in vars(self):
            if isinstance(value, (CoreLayer, list, tuple, dict)):
                self._attributes[name] = None
            elif isinstance(value, Variable) and "_trainable_weights" in vars(self):
                self._own_variable(value)
        object.__setattr__(self, name, value)

    def _own_variable(self, v: Any) -> None:
        owned = self._trainable_weights, self._non_trainable_weights
        if not any(v is w for weights in (*owned, *(part.weights for part in self._layers)) for w in weights):
            owned[0 if v.trainable else 1].append(v)
            track_variable(v)

    @property
    def _layers(self) -> list:  # type: ignore[override]
        found: dict[int, Any] = {}

        def look(value: Any) -> None:
            if isinstance(value, CoreLayer):
                if not getattr(value, "_is_metric", False):
                    found.setdefault(id(value), value)
            elif isinstance(value, (list, tuple)):
                for part in value:
                    look(part)
            elif isinstance(value, dict):
                for part in value.values():
                    look(part)

        for name in vars(self).get("_attributes", ()):
            if not name.startswith(("_trainable_w", "_non_trainable_w", "_initial_weights")):
                look(vars(self).get(name))
        return list(found.values())

    @_layers.setter
    def _layers(self, value: Any) -> None:
        """Layers are found among the attributes."""

    def add_weight(  # type: ignore[override]
        self,
        name: str | None = None,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        constraint: Any = None,
        partitioner: Any = None,
        use_resource: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        **kwargs: Any,
    ) -> Any:
        """Makes a variable of the layer; initializer, regularizer and constraint may be given by name."""
        made = CoreLayer.add_weight(
            self,
            name or "Variable",
            shape,
            dtype,
            get_initializer(initializer),
            get_regularizer(regularizer),
            trainable,
            get_constraint(constraint),
            partitioner,
            use_resource,
            synchronization,
            aggregation,
            **kwargs,
        )
        track_variable(made)
        return made

    def _session(self) -> Any:
        return get_session(self.weights)

    def set_weights(self, weights: Any) -> None:
        """Sets the values of `weights`, which Keras's session initializes before."""
        is_whole = len(weights) == len(self.weights)
        super().set_weights([np.asarray(w) for w in weights] if is_whole else weights)

    # ---------------------------------------------------------------- calls

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Builds the layer if it is not built, and gives what `call` gives.

        Raises:
          ValueError: the inputs are not what `input_spec` says, or `call` gives None.
        """
        if not vars(self).get("_name"):
            raise RuntimeError("You must call `super().__init__()` in the layer constructor.")
        if not call_context.layers:
            self._make_history(inputs)
        return CoreLayer.__call__(self, inputs, *args, **kwargs)

    def _with_mask(self, inputs: Any, given: list[str], kwargs: dict[str, Any]) -> dict[str, Any]:
        if "mask" in self._call_fn_args and "mask" not in given and kwargs.get("mask") is None:
            masks = nest.map_structure(lambda x: getattr(x, "_keras_mask", None), inputs)
            if any(m is not None for m in nest.flatten(masks)):
                return {**kwargs, "mask": masks}
        return kwargs

    def _set_masks(self, inputs: Any, outputs: Any) -> None:
        flat = nest.flatten(outputs)
        overridden = type(self).compute_mask is not CoreLayer.compute_mask
        if self._compute_output_and_mask_jointly or not (self.supports_masking or overridden):
            return
        if all(getattr(x, "_keras_mask", None) is not None for x in flat):
            return
        masks = nest.map_structure(lambda x: getattr(x, "_keras_mask", None), inputs)
        if all(m is None for m in nest.flatten(masks)) and not overridden:
            return
        made = self.compute_mask(inputs, masks)
        for x, mask in zip(flat, made if isinstance(made, list) else [made] * len(flat)):
            if isinstance(x, Tensor):
                x._keras_mask = mask  # type: ignore[attr-defined]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The static shape of the outputs for inputs of that shape, found by a call in a graph of its own."""
        with Graph().as_default():
            is_list = isinstance(input_shape, list) and isinstance(input_shape[0], (list, tuple, TensorShape))
            made = [tf_placeholder(self.dtype or floatx(), s) for s in (input_shape if is_list else [input_shape])]
            inputs = made if is_list else made[0]
            return nest.map_structure(lambda x: x.shape, self.call(inputs))

    def add_metric(self, value: Any, aggregation: str | None = None, name: str | None = None) -> None:
        """Has a tensor reported with the model's metrics, as the mean over an epoch."""
        if aggregation not in (None, "mean"):
            raise ValueError(
                f"We currently support only `mean` sample-wise metric aggregation. You provided "
                f"aggregation=`{aggregation}`"
            )
        if name is None and not hasattr(value, "_metric_obj"):
            raise ValueError("Please provide a name for your metric like `self.add_metric(tf.reduce_sum(inputs), "
                             "name='mean_activation', aggregation='mean')`")  # fmt: skip
        metric = getattr(value, "_metric_obj", None)
        if metric is None:
            metric = PUBLIC["keras.metrics.Mean"](name=name)
            value = metric(value)
        metric._added_result = value
        self._metrics.append(metric)

    @property
    def metrics(self) -> list:
        """The metrics that were added."""
        return self._metrics + [m for layer in self._layers for m in layer.metrics]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer; of subclasses with others they have to say so themselves."""
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        if hasattr(self, "_batch_input_shape"):
            config["batch_input_shape"] = self._batch_input_shape
        config["dtype"] = self.dtype
        for argument in self._config_names:
            config[argument] = self._serialized(argument)
        own = set(inspect.getfullargspec(self.__init__).args[1:]) - {"dynamic", *config}
        if own and not self._config_names and type(self).get_config is Layer.get_config:
            raise NotImplementedError("Layers with arguments in `__init__` must override `get_config`.")
        return config

    def _serialized(self, argument: str) -> Any:
        value = getattr(self, argument, None)
        if argument.endswith("activation"):
            return serialize_activation(value) if value is not None else "linear"
        if argument.endswith(("_initializer", "_regularizer", "_constraint")):
            return serialize_keras_object(value)
        return value

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer that `get_config` gave the arguments of."""
        return cls(**config)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.from_config(self.get_config())

    def __getstate__(self) -> Any:
        return vars(self)
