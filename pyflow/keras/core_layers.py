"""Layers that change the form of their inputs, or apply a function."""

from __future__ import annotations

import functools
import inspect
import math
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.keras import activation_functions, backend_math, penalties
from pyflow.keras.activation_functions import get as get_activation
from pyflow.keras.backend import floatx
from pyflow.keras.base_layer import Layer
from pyflow.keras.initializer_classes import get as get_initializer
from pyflow.keras.penalties import get_constraint, get_regularizer
from pyflow.keras.serialization import deserialize_keras_object, func_dump, func_load
from pyflow.layers.input_spec import InputSpec
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array import squeeze as tf_squeeze
from pyflow.ops.array_shape import shape as tf_shape
from pyflow.ops.cast import cast
from pyflow.ops.comparison import not_equal as tf_not_equal
from pyflow.ops.nn_relu import Relu as nn_relu
from pyflow.ops.reduce_functions import reduce_any


class Plain(Layer):
    """A layer whose outputs have the shape of its inputs, and which masks go through."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@export("keras.layers.Activation")
class Activation(Plain):
    """Applies a function, or one of a name."""

    _config_names = ("activation",)

    def __init__(self, activation: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.activation = get_activation(activation)

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)


@export("keras.layers.Masking")
class Masking(Plain):
    """Masks the steps of which all features are `mask_value`."""

    _config_names = ("mask_value",)
    _compute_output_and_mask_jointly = True

    def __init__(self, mask_value: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return reduce_any(tf_not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        is_real = reduce_any(tf_not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        outputs = inputs * cast(is_real, inputs.dtype)
        outputs._keras_mask = tf_squeeze(is_real, axis=-1)
        return outputs


@export("keras.layers.Reshape")
class Reshape(Layer):
    """The inputs in another shape, which may have one -1; without the batch dimension."""

    _config_names = ("target_shape",)

    def __init__(self, target_shape: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)

    def _full(self, sizes: list) -> list:
        message = "total size of new array must be unchanged"
        known = math.prod(n for n in self.target_shape if n != -1)
        if self.target_shape.count(-1) > 1:
            raise ValueError("Can only specify one unknown dimension.")
        if None in sizes:
            return [None if n == -1 else n for n in self.target_shape]
        total = math.prod(sizes)
        if -1 in self.target_shape:
            if known == 0 or total % known:
                raise ValueError(message)
            return [total // known if n == -1 else n for n in self.target_shape]
        if total != known:
            raise ValueError(message)
        return list(self.target_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, *sizes = TensorShape(input_shape).as_list()
        return TensorShape([batch, *self._full(sizes)])

    def call(self, inputs: Any) -> Any:
        self.compute_output_shape(inputs.shape)  # which checks the sizes
        return reshape(inputs, (tf_shape(inputs)[0], *self.target_shape))


@export("keras.layers.Permute")
class Permute(Layer):
    """The inputs with their dimensions in another order; they are counted from 1, the batch's stays."""

    _config_names = ("dims",)

    def __init__(self, dims: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(dims) != list(range(1, len(dims) + 1)):
            raise ValueError(f"Invalid permutation `dims` for Permute Layer: {dims}. The set of indices in `dims` "
                             "must be consecutive and start from 1.")  # fmt: skip
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = TensorShape(input_shape).as_list()
        return TensorShape([sizes[0], *(sizes[d] for d in self.dims)])

    def call(self, inputs: Any) -> Any:
        return transpose(inputs, perm=(0, *self.dims))


@export("keras.layers.RepeatVector")
class RepeatVector(Layer):
    """[batch_size, features] as [batch_size, n, features]."""

    _config_names = ("n",)

    def __init__(self, n: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, size = TensorShape(input_shape).as_list()
        return TensorShape([batch, self.n, size])

    def call(self, inputs: Any) -> Any:
        return backend_math.repeat(inputs, self.n)


@export("keras.layers.Lambda")
class Lambda(Layer):
    """Applies a function of the inputs.

    Args:
      output_shape: accepted; shapes are inferred.
      mask: function of inputs and mask that gives the mask of the outputs, or that mask.
      arguments: keywords for the function.
    """

    def __init__(self, function: Any, output_shape: Any = None, mask: Any = None, arguments: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.function, self.arguments = function, dict(arguments or {})
        if mask is not None:
            self.supports_masking = True
        self.mask = mask
        self._output_shape = output_shape

    @functools.cached_property
    def _takes(self) -> set:
        try:
            return set(inspect.signature(self.function).parameters)
        except (TypeError, ValueError):
            return set()

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        given = dict(self.arguments)
        for name, value in (("mask", mask), ("training", training)):
            if name in self._takes:
                given[name] = value
        return self.function(inputs, **given)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        config = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}
        if hasattr(self, "_batch_input_shape"):
            config["batch_input_shape"] = self._batch_input_shape
        for name, value in (("function", self.function), ("output_shape", self._output_shape), ("mask", self.mask)):
            if name == "mask" and value is None:
                continue
            is_lambda = inspect.isfunction(value) and value.__name__ == "<lambda>"
            config[name] = func_dump(value) if is_lambda else value.__name__ if callable(value) else value
            config[f"{name}_type"] = "lambda" if is_lambda else "function" if callable(value) else "raw"
            config["module" if name == "function" else f"{name}_module"] = getattr(value, "__module__", None)
        return {**config, "arguments": self.arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        config = dict(config)
        kind = config.pop("function_type", None)
        for key in ("module", "output_shape_module", "mask_module", "output_shape_type", "mask_type"):
            config.pop(key, None)
        if kind == "lambda":
            config["function"] = func_load(config["function"])
        else:
            config["function"] = deserialize_keras_object(
                config["function"], None, custom_objects, "function in Lambda layer"
            )
        return cls(**config)


@export("keras.layers.ActivityRegularization")
class ActivityRegularization(Plain):
    """Adds l1 · Σ|x| + l2 · Σx² of the inputs to the loss."""

    _config_names = ("l1", "l2")

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any):
        super().__init__(activity_regularizer=penalties.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2


# ---------------------------------------------------------------- activations with arguments


@export("keras.layers.LeakyReLU")
class LeakyReLU(Plain):
    """x where it is positive, elsewhere alpha · x."""

    _config_names = ("alpha",)

    def __init__(self, alpha: float = 0.3, **kwargs: Any):
        super().__init__(**kwargs)
        self.alpha = np.asarray(alpha, floatx())

    def call(self, inputs: Any) -> Any:
        return backend_math.relu(inputs, alpha=float(self.alpha))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": float(self.alpha)}


@export("keras.layers.PReLU")
class PReLU(Plain):
    """x where it is positive, elsewhere alpha · x with a variable alpha, shared along `shared_axes`."""

    _config_names = ("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes")

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.alpha_initializer = get_initializer(alpha_initializer)
        self.alpha_regularizer, self.alpha_constraint = (
            get_regularizer(alpha_regularizer),
            get_constraint(alpha_constraint),
        )
        self.shared_axes = (
            shared_axes if shared_axes is None or isinstance(shared_axes, (list, tuple)) else [shared_axes]
        )

    def build(self, input_shape: Any) -> None:
        sizes = TensorShape(input_shape).as_list()[1:]
        for axis in self.shared_axes or []:
            sizes[axis - 1] = 1
        self.alpha = self.add_weight(
            shape=sizes, name="alpha", initializer=self.alpha_initializer, regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )  # fmt: skip
        self.built = True

    def call(self, inputs: Any) -> Any:
        return nn_relu(inputs) + -self.alpha * nn_relu(-inputs)


@export("keras.layers.ELU")
class ELU(Plain):
    """x where it is positive, elsewhere alpha · (exp(x) - 1)."""

    _config_names = ("alpha",)

    def __init__(self, alpha: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.alpha = float(np.asarray(alpha, floatx()))

    def call(self, inputs: Any) -> Any:
        return backend_math.elu(inputs, self.alpha)


@export("keras.layers.ThresholdedReLU")
class ThresholdedReLU(Plain):
    """x where it is above theta, elsewhere 0."""

    _config_names = ("theta",)

    def __init__(self, theta: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.theta = float(np.asarray(theta, floatx()))

    def call(self, inputs: Any) -> Any:
        return inputs * cast(inputs > self.theta, floatx())


@export("keras.layers.Softmax")
class Softmax(Plain):
    """exp(x) divided by its sum along an axis."""

    _config_names = ("axis",)

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        return activation_functions.softmax(inputs, axis=self.axis)


@export("keras.layers.ReLU")
class ReLU(Plain):
    """x from `threshold` to `max_value`, negative_slope · (x - threshold) below."""

    _config_names = ("max_value", "negative_slope", "threshold")

    def __init__(self, max_value: Any = None, negative_slope: Any = 0, threshold: Any = 0, **kwargs: Any):
        super().__init__(**kwargs)
        if max_value is not None and max_value < 0.0:
            raise ValueError(f"max_value of Relu layer cannot be negative value: {max_value}")
        if negative_slope < 0.0:
            raise ValueError(f"negative_slope of Relu layer cannot be negative value: {negative_slope}")
        self.max_value = None if max_value is None else float(np.asarray(max_value, floatx()))
        self.negative_slope, self.threshold = (float(np.asarray(v, floatx())) for v in (negative_slope, threshold))

    def call(self, inputs: Any) -> Any:
        return backend_math.relu(inputs, alpha=self.negative_slope, max_value=self.max_value, threshold=self.threshold)
