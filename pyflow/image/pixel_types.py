"""Images as integers or floats."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_identity import identity
from pyflow.ops.cast import cast, saturate_cast
from pyflow.ops.division import div


@export("image.convert_image_dtype")
def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False, name: str | None = None) -> Tensor:
    """An image with pixels of another dtype, scaled: floats go from 0 to 1, integers from 0 to the largest of theirs.

    Args:
      dtype: a floating point or integer dtype.
      saturate: values beyond the range become its ends; otherwise they overflow.

    Raises:
      AttributeError: the dtype is neither.
    """
    image = convert_to_tensor(image, name="image")
    dtype = dtypes.as_dtype(dtype)
    if not dtype.is_floating and not dtype.is_integer:
        raise AttributeError("dtype must be either floating point or integer")
    if dtype == image.dtype:
        return identity(image, name=name)
    convert = saturate_cast if saturate else cast
    with name_scope(name, "convert_image", [image]) as scope:
        if image.dtype.is_floating and dtype.is_floating:
            return cast(image, dtype, name=scope)
        if image.dtype.is_floating:
            # Half more than the largest, so that all values get equal shares of what is cut off to integers.
            return convert(raw.Mul(image, dtype.max + 0.5), dtype, name=scope)
        if dtype.is_floating:
            return raw.Mul(cast(image, dtype), 1.0 / image.dtype.max, name=scope)
        given, wanted = int(image.dtype.max), int(dtype.max)
        if given > wanted:
            return convert(div(image, (given + 1) // (wanted + 1)), dtype, name=scope)
        return raw.Mul(convert(image, dtype), (wanted + 1) // (given + 1), name=scope)


def as_floating(image: Tensor) -> Tensor:
    """The image, scaled to float32 unless it is float16 or float32 already."""
    return image if image.dtype in (dtypes.float16, dtypes.float32) else convert_image_dtype(image, dtypes.float32)
