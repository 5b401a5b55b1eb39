"""Padding, cropping, upsampling, and pooling over everything."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.keras import backend_layers, backend_math
from pyflow.keras.backend import floatx, image_data_format
from pyflow.keras.base_layer import Layer, LayerMeta
from pyflow.layers.input_spec import InputSpec
from pyflow.layers.window_arguments import normalize_data_format, normalize_tuple
from pyflow.ops.array import expand_dims as tf_expand_dims
from pyflow.ops.array_padding import pad
from pyflow.ops.cast import cast
from pyflow.ops.reduce_functions import reduce_max, reduce_mean, reduce_sum


def _pairs(value: Any, rank: int, name: str) -> tuple:
    """A (before, after) pair for each axis, from an int, an int for each, or pairs."""
    if isinstance(value, int):
        return ((value, value),) * rank
    if len(value) != rank:
        raise ValueError(f"`{name}` should have {rank} elements. Found: {value}")
    return tuple(normalize_tuple(v, 2, f"{i + 1}th entry of {name}") for i, v in enumerate(value))


class _Spatial(Layer):
    """A layer that changes the sizes of the spatial axes."""

    _rank = 1
    _argument = ""

    def __init__(self, amount: Any, data_format: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        last = self._rank == 1
        self.data_format = "channels_last" if last else normalize_data_format(data_format or image_data_format())
        setattr(self, self._argument, amount)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def _pairs(self) -> tuple:
        amount = getattr(self, self._argument)
        return (tuple(amount),) if self._rank == 1 else amount

    def _around(self, spatial: list) -> list:
        """Things for all axes from those for the spatial ones."""
        nothing = [[0, 0]]
        return [*nothing * 2, *spatial] if self.data_format == "channels_first" else [*nothing, *spatial, *nothing]

    def _resized(self, size: Any, axis: int) -> Any:
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = TensorShape(input_shape).as_list()
        first = 2 if self.data_format == "channels_first" else 1
        for i in range(self._rank):
            if sizes[first + i] is not None:
                sizes[first + i] = self._resized(sizes[first + i], i)
        return TensorShape(sizes)


class _ZeroPadding(_Spatial):
    _argument = "padding"

    def _resized(self, size: Any, axis: int) -> Any:
        return size + sum(self._pairs()[axis])

    def call(self, inputs: Any) -> Any:
        return pad(inputs, self._around([list(p) for p in self._pairs()]))


class _Cropping(_Spatial):
    _argument = "cropping"

    def _resized(self, size: Any, axis: int) -> Any:
        return size - sum(self._pairs()[axis])

    def call(self, inputs: Any) -> Any:
        slices = [slice(a, -b if b else None) for a, b in self._around([list(p) for p in self._pairs()])]
        return inputs[tuple(slices)]


class _UpSampling(_Spatial):
    _argument = "size"

    def _resized(self, size: Any, axis: int) -> Any:
        amount = self.size
        return size * (amount if isinstance(amount, int) else amount[axis])


def _class(base: type, rank: int, default: Any, doc: str) -> type:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    argument = base._argument
    parameters = [inspect.Parameter("self", kind), inspect.Parameter(argument, kind, default=default)]
    if rank > 1:
        parameters.append(inspect.Parameter("data_format", kind, default=None))
    signature = inspect.Signature([*parameters, inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)])

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = dict(bound.arguments)
        amount = given[argument]
        if base is _UpSampling:
            amount = int(amount) if rank == 1 else normalize_tuple(amount, rank, argument)
        elif rank == 1:
            amount = normalize_tuple(amount, 2, argument)
        else:
            amount = _pairs(amount, rank, argument)
        _Spatial.__init__(self, amount, given.get("data_format"), **given["kwargs"])

    init.__signature__ = signature  # type: ignore[attr-defined]
    name = f"{base.__name__.strip('_')}{rank}D"
    names = (argument,) if rank == 1 else (argument, "data_format")
    body = {"__init__": init, "_rank": rank, "_config_names": names, "__doc__": doc, "__module__": __name__}
    return export(f"keras.layers.{name}")(LayerMeta(name, (base,), body))


_PAD, _CROP = "Zeros around the spatial axes.", "The middle of the spatial axes."
ZeroPadding1D = _class(_ZeroPadding, 1, 1, _PAD)
ZeroPadding2D = _class(_ZeroPadding, 2, (1, 1), _PAD)
ZeroPadding3D = _class(_ZeroPadding, 3, (1, 1, 1), _PAD)
Cropping1D = _class(_Cropping, 1, (1, 1), _CROP)
Cropping2D = _class(_Cropping, 2, ((0, 0), (0, 0)), _CROP)
Cropping3D = _class(_Cropping, 3, ((1, 1), (1, 1), (1, 1)), _CROP)


@export("keras.layers.UpSampling1D")
class UpSampling1D(_UpSampling):
    """Each step `size` times."""

    _config_names = ("size",)

    def __init__(self, size: int = 2, **kwargs: Any):
        super().__init__(int(size), **kwargs)

    def call(self, inputs: Any) -> Any:
        return backend_math.repeat_elements(inputs, self.size, axis=1)


@export("keras.layers.UpSampling2D")
class UpSampling2D(_UpSampling):
    """Images larger by whole factors."""

    _rank = 2
    _config_names = ("size", "data_format", "interpolation")

    def __init__(self, size: Any = (2, 2), data_format: Any = None, interpolation: str = "nearest", **kwargs: Any):
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError('`interpolation` argument should be one of `"nearest"` or `"bilinear"`.')
        super().__init__(normalize_tuple(size, 2, "size"), data_format, **kwargs)
        self.interpolation = interpolation

    def call(self, inputs: Any) -> Any:
        rows, columns = self.size
        return backend_layers.resize_images(inputs, rows, columns, self.data_format, self.interpolation)


@export("keras.layers.UpSampling3D")
class UpSampling3D(_UpSampling):
    """Volumes larger by whole factors."""

    _rank = 3
    _config_names = ("size", "data_format")

    def __init__(self, size: Any = (2, 2, 2), data_format: Any = None, **kwargs: Any):
        super().__init__(normalize_tuple(size, 3, "size"), data_format, **kwargs)

    def call(self, inputs: Any) -> Any:
        return backend_layers.resize_volumes(inputs, *self.size, self.data_format)  # type: ignore[misc]


# ---------------------------------------------------------------- pooling over everything


class _GlobalPooling(Layer):
    _config_names = ("data_format",)
    _rank = 1
    _reduce: Callable

    def __init__(self, data_format: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = normalize_data_format(data_format or image_data_format())
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def _axes(self) -> list[int]:
        first = 2 if self.data_format == "channels_first" else 1
        return list(range(first, first + self._rank))

    def call(self, inputs: Any) -> Any:
        return type(self)._reduce(inputs, axis=self._axes())

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = TensorShape(input_shape).as_list()
        return TensorShape([sizes[0], sizes[1 if self.data_format == "channels_first" else -1]])


def _global(kind: str, short: str, rank: int, reduce: Callable, default: Any, doc: str) -> type:
    def init(self: Any, data_format: Any = None, **kwargs: Any) -> None:
        _GlobalPooling.__init__(self, data_format, **kwargs)

    if default:
        init.__defaults__ = (default,)
    body: dict[str, Any] = {"__init__": init, "_rank": rank, "_reduce": staticmethod(reduce), "__doc__": doc,
                            "__module__": __name__}  # fmt: skip
    if (rank, kind) == (1, "Average"):
        body |= {"call": _masked_mean, "compute_mask": lambda self, inputs, mask=None: None}
    name = f"Global{kind}Pooling{rank}D"
    made = LayerMeta(name, (_GlobalPooling,), body)
    return export(f"keras.layers.{name}", f"keras.layers.Global{short}Pool{rank}D")(made)


def _masked_mean(self: Any, inputs: Any, mask: Any = None) -> Any:
    axis = self._axes()[0]
    if mask is None:
        return reduce_mean(inputs, axis=axis)
    mask = tf_expand_dims(cast(mask, floatx()), 2 if self.data_format == "channels_last" else 1)
    return reduce_sum(inputs * mask, axis=axis) / reduce_sum(mask, axis=axis)


for _rank in (1, 2, 3):
    _default = "channels_last" if _rank == 1 else None
    _global("Average", "Avg", _rank, reduce_mean, _default, "The mean over all spatial axes.")
    _global("Max", "Max", _rank, reduce_max, _default, "The largest over all spatial axes.")
