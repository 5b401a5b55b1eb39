"""Layers that make one tensor of several."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.keras import backend_layers, backend_math
from pyflow.keras.base_layer import Layer
from pyflow.ops.array import expand_dims as tf_expand_dims
from pyflow.ops.array_filling import ones_like as tf_ones_like
from pyflow.ops.array_joining import concat
from pyflow.ops.math_binary import Maximum as maximum
from pyflow.ops.math_binary import Minimum as minimum
from pyflow.ops.nn_normalization import l2_normalize as nn_l2_normalize
from pyflow.ops.reduce_functions import reduce_all


class _Merge(Layer):
    """What is done to each element of inputs of one shape, or such as can be broadcast."""

    _fewest = 2

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True

    def _merged(self, inputs: list) -> Any:
        raise NotImplementedError

    def build(self, input_shape: Any) -> None:
        if not isinstance(input_shape, list):
            raise ValueError("A merge layer should be called on a list of inputs.")
        if len(input_shape) < self._fewest:
            raise ValueError(
                f"A merge layer should be called on a list of at least 2 inputs. Got {len(input_shape)} inputs."
            )
        shapes = [TensorShape(s).as_list() for s in input_shape]
        batches = {s[0] for s in shapes if s} - {None}
        if len(batches) > 1:
            raise ValueError(
                f"Can not merge tensors with different batch sizes. Got tensors with shapes : {input_shape}"
            )
        broadcast_sizes([s[1:] for s in shapes])
        self._ranks_differ = len({len(s) for s in shapes}) > 1
        self.built = True

    def call(self, inputs: Any) -> Any:
        if not isinstance(inputs, (list, tuple)):
            raise ValueError("A merge layer should be called on a list of inputs.")
        if self._ranks_differ:
            rank = max(x.shape.ndims for x in inputs)
            inputs = [_widened(x, rank) for x in inputs]
        return self._merged(list(inputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = [TensorShape(s).as_list() for s in input_shape]
        batches = {s[0] for s in shapes}
        return TensorShape(
            [next(iter(batches)) if len(batches) == 1 else None, *broadcast_sizes([s[1:] for s in shapes])]
        )

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The steps that are in all masks."""
        if mask is None:
            return None
        if not isinstance(mask, list):
            raise ValueError("`mask` should be a list.")
        given = [m for m in mask if m is not None]
        return reduce_all(concat([tf_expand_dims(m, 0) for m in given], 0), axis=0) if given else None


def broadcast_sizes(shapes: list) -> list:
    """The sizes that shapes have together.

    Raises:
      ValueError: they cannot be broadcast.
    """
    result: list = []
    for sizes in shapes:
        longer, shorter = (sizes, result) if len(sizes) >= len(result) else (result, sizes)
        made = list(longer[: len(longer) - len(shorter)])
        for a, b in zip(longer[len(longer) - len(shorter) :], shorter):
            if a is None or b is None:
                made.append(None)
            elif a == 1 or b == 1 or a == b:
                made.append(b if a == 1 else a)
            else:
                raise ValueError(
                    f"Operands could not be broadcast together with shapes {tuple(longer)} {tuple(shorter)}"
                )
        result = made
    return result


def _widened(x: Any, rank: int) -> Any:
    for _ in range(rank - x.shape.ndims):
        x = tf_expand_dims(x, 1)
    return x


def _folded(function: Callable) -> Callable:
    return lambda self, inputs: functools.reduce(function, inputs)


@export("keras.layers.Add")
class Add(_Merge):
    """The sum of the inputs."""

    _merged = _folded(lambda a, b: a + b)


@export("keras.layers.Subtract")
class Subtract(_Merge):
    """The first input less the second."""

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        if len(input_shape) != 2:
            raise ValueError("A `Subtract` layer should be called on exactly 2 inputs")

    _merged = _folded(lambda a, b: a - b)


@export("keras.layers.Multiply")
class Multiply(_Merge):
    """The product of the inputs, element by element."""

    _merged = _folded(lambda a, b: a * b)


@export("keras.layers.Average")
class Average(_Merge):
    """The mean of the inputs."""

    def _merged(self, inputs: list) -> Any:
        return functools.reduce(lambda a, b: a + b, inputs) / len(inputs)


@export("keras.layers.Maximum")
class Maximum(_Merge):
    """The largest of the inputs, element by element."""

    _merged = _folded(maximum)


@export("keras.layers.Minimum")
class Minimum(_Merge):
    """The smallest of the inputs, element by element."""

    _merged = _folded(minimum)


@export("keras.layers.Concatenate")
class Concatenate(_Merge):
    """The inputs one behind the other along an axis."""

    _config_names = ("axis",)

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def build(self, input_shape: Any) -> None:
        if not isinstance(input_shape, list) or len(input_shape) < 2:
            raise ValueError("A `Concatenate` layer should be called on a list of at least 2 inputs")
        shapes = [TensorShape(s).as_list() for s in input_shape]
        if not all(s is None for s in shapes):
            others = [[n for i, n in enumerate(s) if i != self.axis % len(s)] for s in shapes]
            if any(len(s) != len(shapes[0]) for s in shapes) or any(len(set(z) - {None}) > 1 for z in zip(*others)):
                raise ValueError(
                    "A `Concatenate` layer requires inputs with matching shapes except for the concat axis. Got inputs "
                    f"shapes: {[tuple(s) for s in shapes]}"
                )
        self._ranks_differ = False
        self.built = True

    def _merged(self, inputs: list) -> Any:
        return backend_math.concatenate(inputs, axis=self.axis)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = [TensorShape(s).as_list() for s in input_shape]
        sizes = [s[self.axis] for s in shapes]
        shapes[0][self.axis] = None if None in sizes else sum(sizes)  # type: ignore[misc]
        return TensorShape(shapes[0])

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None or all(m is None for m in mask):
            return None
        wide = []
        for x, m in zip(inputs, mask):
            made = tf_ones_like(x, dtype="bool") if m is None else m
            wide.append(tf_expand_dims(made, -1) if made.shape.ndims < x.shape.ndims else made)
        return reduce_all(concat(wide, axis=self.axis), axis=-1)


@export("keras.layers.Dot")
class Dot(_Merge):
    """The products of vectors along axes of two inputs; of vectors of length 1 with `normalize`."""

    _config_names = ("axes", "normalize")

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(axes, int):
            if not isinstance(axes, (list, tuple)):
                raise TypeError("Invalid type for `axes` - should be a list or an int.")
            if len(axes) != 2:
                raise ValueError("Invalid format for `axes` - should contain two elements.")
            if not all(isinstance(a, int) for a in axes):
                raise ValueError('Invalid format for `axes` - list elements should be "int".')
        self.axes, self.normalize = axes, normalize

    def _axes(self, shapes: list) -> list:
        pair = [self.axes] * 2 if isinstance(self.axes, int) else list(self.axes)
        return [a % len(s) for a, s in zip(pair, shapes)]

    def build(self, input_shape: Any) -> None:
        if not isinstance(input_shape, list) or len(input_shape) != 2:
            raise ValueError("A `Dot` layer should be called on a list of 2 inputs.")
        shapes = [TensorShape(s).as_list() for s in input_shape]
        axes = self._axes(shapes)
        if shapes[0][axes[0]] != shapes[1][axes[1]]:
            raise ValueError(
                f"Dimension incompatibility {shapes[0][axes[0]]} != {shapes[1][axes[1]]}. Layer shapes: "
                f"{tuple(shapes[0])}, {tuple(shapes[1])}"
            )
        self._ranks_differ = False
        self.built = True

    def _merged(self, inputs: list) -> Any:
        axes = self._axes([x.shape.as_list() for x in inputs])
        if self.normalize:
            inputs = [nn_l2_normalize(x, axis=a) for x, a in zip(inputs, axes)]
        return backend_layers.batch_dot(inputs[0], inputs[1], axes)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = [TensorShape(s).as_list() for s in input_shape]
        axes = self._axes(shapes)
        shapes[0].pop(axes[0])
        shapes[1].pop(axes[1])
        made = shapes[0] + shapes[1][1:]
        return TensorShape(made if len(made) > 1 else [*made, 1])

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


def _function(layer: type) -> Callable:
    name = layer.__name__.lower()

    def merge(inputs: Any, **kwargs: Any) -> Any:
        return layer(**kwargs)(inputs)

    merge.__name__ = merge.__qualname__ = name
    merge.__doc__ = f"Applies a new `{layer.__name__}` to `inputs`."
    return export(f"keras.layers.{name}")(merge)


for _layer in (Add, Subtract, Multiply, Average, Maximum, Minimum):
    _function(_layer)


@export("keras.layers.concatenate")
def concatenate_layers(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Applies a new `Concatenate` to `inputs`."""
    return Concatenate(axis=axis, **kwargs)(inputs)


@export("keras.layers.dot")
def dot_layers(inputs: Any, axes: Any, normalize: bool = False, **kwargs: Any) -> Any:
    """Applies a new `Dot` to `inputs`."""
    return Dot(axes=axes, normalize=normalize, **kwargs)(inputs)
