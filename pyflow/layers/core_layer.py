"""CoreLayer: variables, losses, updates and the protocol of calls; what every kind of layer has in common."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import dtypes, nest
from pyflow.core.convert import convert_to_tensor
from pyflow.core.operation import Operation
from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.core.tensor import Tensor
from pyflow.layers.call_context import call_context, set_phase
from pyflow.layers.input_spec import InputSpec, assert_input_compatibility
from pyflow.layers.layer_description import LayerDescription
from pyflow.layers.layer_nodes import LayerNodes, record_call
from pyflow.layers.layer_weights import LayerWeights
from pyflow.layers.reachability import depends_on
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.partitioned_variable import PartitionedVariable

_ARGUMENTS = {"input_shape", "batch_input_shape", "batch_size", "weights", "activity_regularizer", "autocast"}


class CoreLayer(LayerWeights, LayerDescription, LayerNodes):
    """What computes tensors from tensors, with variables that it makes when it is first called.

    A subclass overrides `build`, which makes variables by `add_weight`, and `call`, which does the work.

    Args:
      trainable: whether its variables are to be trained.
      name: by default made from the class's name.
      dtype: of its variables; by default that of its first input.
      dynamic: accepted; graphs are always static.
      activity_regularizer (keyword): function from an output to a loss.

    Raises:
      TypeError: an argument is unknown.
    """

    def __init__(
        self, trainable: bool = True, name: str | None = None, dtype: Any = None, dynamic: bool = False, **kwargs: Any
    ):
        for key in kwargs:
            if key not in _ARGUMENTS:
                raise TypeError("Keyword argument not understood:", key)
        self._trainable = trainable
        self.stateful = False
        self.built = False
        self.input_spec = None
        self.supports_masking = False
        self._dynamic = dynamic
        self._init_set_name(name)
        self._activity_regularizer = kwargs.get("activity_regularizer")
        self._trainable_weights: list[Any] = []
        self._non_trainable_weights: list[Any] = []
        self._updates: list[Any] = []
        self._losses: list[Any] = []
        self._callable_losses: list[Callable[[], Any]] = []
        self._layers: list[CoreLayer] = []
        self._dtype = dtypes.as_dtype(dtype).base_dtype.name if dtype is not None else None
        self._initial_weights = kwargs.get("weights")
        if "batch_input_shape" in kwargs:
            self._batch_input_shape = tuple(kwargs["batch_input_shape"])
        elif "input_shape" in kwargs:
            self._batch_input_shape = (kwargs.get("batch_size"), *kwargs["input_shape"])

    def _init_set_name(self, name: Any) -> None:
        raise NotImplementedError

    def _name_scope(self) -> Any:
        """The name scope in which the layer's nodes are made."""
        return self.name

    name = property(lambda self: self._name, doc="The layer's name.")
    dtype = property(lambda self: self._dtype, doc="The name of its variables' dtype; None until it is known.")
    dynamic = property(lambda self: self._dynamic)
    _compute_dtype = dtype

    @property
    def activity_regularizer(self) -> Any:
        return self._activity_regularizer

    @activity_regularizer.setter
    def activity_regularizer(self, regularizer: Any) -> None:
        self._activity_regularizer = regularizer

    @property
    def input_spec(self) -> Any:
        """What is expected of the inputs: an `InputSpec`, a list of such, or None."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        for v in nest.flatten(value):
            if v is not None and not isinstance(v, InputSpec):
                raise TypeError(f"Layer input_spec must be an instance of InputSpec. Got: {v}")
        self._input_spec = value

    # ---------------------------------------------------------------- calls

    def build(self, input_shape: Any) -> None:
        """Makes the variables for inputs of that static shape (or structure of shapes)."""
        self.built = True

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        """The outputs for the inputs."""
        return inputs

    def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The same as calling the layer."""
        return self(inputs, *args, **kwargs)

    @functools.cached_property
    def _call_fn_args(self) -> list[str]:
        return [name for name in inspect.signature(self.call).parameters if name not in ("args", "kwargs")]

    @functools.cached_property
    def _expects_training_arg(self) -> bool:
        parameters = inspect.signature(self.call).parameters.values()
        return "training" in self._call_fn_args or any(p.kind is p.VAR_KEYWORD for p in parameters)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Builds the layer if it is not built, and gives what `call` gives.

        Raises:
          ValueError: the inputs are not what `input_spec` says, or `call` gives None.
        """
        if any(isinstance(x, (np.ndarray, float, int)) for x in nest.flatten(inputs)):
            inputs = nest.map_structure(_tensor_of_number, inputs)
        own = kwargs
        training, kwargs = self._training_argument(args, kwargs)
        kwargs = self._with_mask(inputs, self._call_fn_args[1 : 1 + len(args)], kwargs)
        with call_context.entered(self, inputs, training):
            assert_input_compatibility(self.input_spec, inputs, self.name)
            with name_scope(self._name_scope()):
                self._maybe_build(inputs)
                outputs = self.call(inputs, *args, **kwargs)
                if outputs is None:
                    raise ValueError(
                        "A layer's `call` method should return a Tensor or a list of Tensors, not None (layer: "
                        f"{self.name})."
                    )
                outputs = record_call(self, inputs, outputs, {**dict(zip(self._call_fn_args[1:], args)), **own})
                self._handle_activity_regularization(inputs, outputs)
                self._set_masks(inputs, outputs)
        return outputs

    def _with_mask(self, inputs: Any, given: list[str], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The keywords for `call`, with the mask of the inputs where it takes one; and what it does not take."""
        return kwargs

    def _set_masks(self, inputs: Any, outputs: Any) -> None:
        """Gives the outputs their masks."""

    def _training_argument(self, args: tuple, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The value of `training`, the caller's if none is given; and the keywords for `call`."""
        given = {**dict(zip(self._call_fn_args[1:], args)), **kwargs}
        if "training" in given:
            if not self._expects_training_arg:
                kwargs.pop("training", None)
            return given["training"], kwargs
        training = call_context.training
        if training is None:
            training = set_phase()
        if self._expects_training_arg and training is not None:
            training = cast(training, dtypes.bool) if isinstance(training, Tensor) else bool(training)
            kwargs = {**kwargs, "training": training}
        return training, kwargs

    def _maybe_build(self, inputs: Any) -> None:
        if not self.built:
            assert_input_compatibility(self.input_spec, inputs, self.name)
            flat = nest.flatten(inputs)
            if flat and self._dtype is None and hasattr(flat[0], "dtype"):
                self._dtype = flat[0].dtype.base_dtype.name
            shapes = None
            if all(hasattr(x, "shape") for x in flat):
                shapes = nest.map_structure(lambda x: x.shape, inputs)
            if type(self).build is not CoreLayer.build:
                self.build(shapes)
            self.built = True
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)
            self._initial_weights = None

    # ---------------------------------------------------------------- losses

    def _handle_activity_regularization(self, inputs: Any, outputs: Any) -> None:
        if not self._activity_regularizer:
            return
        with name_scope("ActivityRegularizer"):
            for output in nest.flatten(outputs):
                loss = self._activity_regularizer(output)
                self.add_loss(loss / cast(shape_of(output)[0], loss.dtype), inputs=inputs)

    def _handle_weight_regularization(self, name: str, variable: Any, regularizer: Callable) -> None:
        def penalty(v: Any) -> Any:
            with name_scope(name + "/Regularizer"):
                return regularizer(v)

        for v in variable if isinstance(variable, PartitionedVariable) else [variable]:
            self.add_loss(functools.partial(penalty, v))

    @property
    def losses(self) -> list:
        """The losses added to the layer; those given as functions are made anew."""
        made = (loss() for loss in self._callable_losses)
        return self._losses + [loss for loss in made if loss is not None] + self._of_children("losses")

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Adds losses: tensors, or functions that make them.

        Args:
          inputs: anything but None says that the losses depend on the inputs of the layer.
        """

        def tagged(loss: Any) -> Any:
            if callable(loss):
                loss = loss()
            if loss is not None:
                loss = _as_tensor(loss)
                loss._unconditional_loss = inputs is None  # type: ignore[attr-defined]
            return loss

        for loss in nest.flatten(losses):
            if callable(loss):
                self._callable_losses.append(functools.partial(tagged, loss))
            elif loss is not None:
                self._losses.append(tagged(loss))

    def get_losses_for(self, inputs: Any) -> list:
        """The losses that depend on `inputs`; for None those that depend on no inputs."""
        if inputs is None:
            return [loss for loss in self.losses if loss._unconditional_loss]
        inputs = nest.flatten(inputs)
        return [loss for loss in self.losses if not loss._unconditional_loss and depends_on(loss, inputs)]

    # ---------------------------------------------------------------- updates

    @property
    def updates(self) -> list:
        """The operations to be run in every step of training."""
        if not self.trainable and not self.stateful:
            return []
        return self._updates + self._of_children("updates")

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Adds operations to be run in every step: operations, tensors, or functions that make them.

        Args:
          inputs: not used; what an update depends on is seen from the graph.
        """
        relevant = nest.flatten(call_context.inputs) if call_context.layers else []
        for update in updates if isinstance(updates, (list, tuple)) else [updates]:
            made: Any = update() if callable(update) else update
            update = made if isinstance(made, Operation) else getattr(made, "op", None) or convert_to_tensor(made)
            update._unconditional_update = not depends_on(update, relevant)  # type: ignore[attr-defined]
            self._updates.append(update)

    def get_updates_for(self, inputs: Any) -> list:
        """The updates that depend on `inputs`; for None those that depend on no inputs."""
        if inputs is None:
            return [update for update in self.updates if update._unconditional_update]
        inputs = nest.flatten(inputs)
        return [u for u in self.updates if not u._unconditional_update and depends_on(u, inputs)]

    # ---------------------------------------------------------------- description

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The static shape of the outputs for inputs of that shape."""
        raise NotImplementedError


def _as_tensor(value: Any) -> Any:
    return value if isinstance(value, Tensor) else convert_to_tensor(value, dtype=dtypes.float32)


def _tensor_of_number(x: Any) -> Any:
    return convert_to_tensor(x) if isinstance(x, (np.ndarray, float, int)) else x


def unique_object_name(
    name: str,
    name_uid_map: dict | None = None,
    avoid_names: Any = None,
    namespace: str = "",
    zero_based: bool = False,
) -> str:
    """A name that no other layer of the graph has: `name` with a number behind it.

    Args:
      zero_based: whether the first one goes without a number.
    """
    if name_uid_map is None:
        graph: Any = get_default_graph()
        if not hasattr(graph, "_layer_name_uids"):
            graph._layer_name_uids = {}
        name_uid_map = graph._layer_name_uids
    assert name_uid_map is not None
    key = (namespace, name)
    while True:
        count = name_uid_map.get(key, 0)
        name_uid_map[key] = count + 1
        number = count if zero_based else count + 1
        proposed = f"{name}_{number}" if number else name
        if proposed not in (avoid_names or ()):
            return proposed
