"""What a layer expects of its inputs."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes, nest
from pyflow.core.api import export


@export("layers.InputSpec")
class InputSpec:
    """The dtype, rank and shape that an input of a layer has to have; what is None isn't checked.

    Args:
      dtype: its dtype.
      shape: its shape, with None for what may be of any size.
      ndim, max_ndim, min_ndim: its rank.
      axes: dict from axes to their sizes.

    Raises:
      TypeError: an axis is no int.
      ValueError: an axis is beyond the rank.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict | None = None,
    ):
        self.dtype = dtypes.as_dtype(dtype).name if dtype is not None else None
        self.shape = shape
        self.ndim = ndim if shape is None else len(shape)
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        try:
            self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        except (AttributeError, TypeError, ValueError):
            raise TypeError("The keys in axes must be integers.") from None
        if self.axes and (self.ndim is not None or self.max_ndim is not None):
            highest = (self.ndim or self.max_ndim or 0) - 1
            if max(self.axes) > highest:
                raise ValueError(f"Axis {max(self.axes)} is greater than the maximum allowed value: {highest}")

    def __repr__(self) -> str:
        shown = (f"{key}={value}" for key, value in self.get_config().items() if value)
        return f"InputSpec({', '.join(shown)})"

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal one."""
        return {
            "dtype": self.dtype,
            "shape": self.shape,
            "ndim": self.ndim,
            "max_ndim": self.max_ndim,
            "min_ndim": self.min_ndim,
            "axes": self.axes,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        return cls(**config)


def assert_input_compatibility(input_spec: Any, inputs: Any, layer_name: str) -> None:
    """Checks inputs against their specifications.

    Raises:
      ValueError: an input is not as it has to be, or there is a wrong number of them.
    """
    if not input_spec:
        return
    inputs, specs = nest.flatten(inputs), nest.flatten(input_spec)
    if len(inputs) != len(specs):
        raise ValueError(
            f"Layer {layer_name} expects {len(specs)} inputs, but it received {len(inputs)} input tensors. Inputs "
            f"received: {inputs}"
        )
    for i, (x, spec) in enumerate(zip(inputs, specs)):
        if spec is None:
            continue
        problem = _problem(x, spec)
        if problem:
            raise ValueError(f"Input {i} of layer {layer_name} is incompatible with the layer: {problem}")
        _check_shape(x, spec, i, layer_name)


def _problem(x: Any, spec: InputSpec) -> str | None:
    """What is wrong with an input's rank, dtype or axes."""
    ndim = x.shape.ndims
    if ndim is None:
        if (spec.ndim, spec.min_ndim, spec.max_ndim) != (None, None, None):
            return "its rank is undefined, but the layer requires a defined rank."
    else:
        full = f". Full shape received: {x.shape.as_list()}"
        if spec.ndim is not None and ndim != spec.ndim:
            return f"expected ndim={spec.ndim}, found ndim={ndim}{full}"
        if spec.max_ndim is not None and ndim > spec.max_ndim:
            return f"expected max_ndim={spec.max_ndim}, found ndim={ndim}"
        if spec.min_ndim is not None and ndim < spec.min_ndim:
            return f": expected min_ndim={spec.min_ndim}, found ndim={ndim}{full}"
    if spec.dtype is not None and x.dtype != spec.dtype:
        return f"expected dtype={spec.dtype}, found dtype={x.dtype}"
    if spec.axes and ndim is not None:
        shape = x.shape.as_list()
        for axis, size in spec.axes.items():
            size = getattr(size, "value", size)
            if size is not None and shape[axis] not in (size, None):
                return f"expected axis {axis} of input shape to have value {size} but received input with shape {shape}"
    return None


def _check_shape(x: Any, spec: InputSpec, index: int, layer_name: str) -> None:
    if spec.shape is None or x.shape.ndims is None:
        return
    shape = x.shape.as_list()
    for wanted, found in zip(spec.shape, shape):
        if wanted is not None and found is not None and wanted != found:
            raise ValueError(
                f"Input {index} is incompatible with layer {layer_name}: expected shape={spec.shape}, found "
                f"shape={shape}"
            )
