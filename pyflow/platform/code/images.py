"""Checks of tensorflow.python.ops.image_ops_impl, which programs with preprocessing of their own have taken over."""

from __future__ import annotations

from typing import Any

from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor
from pyflow.image.image_shapes import image_checks, is_tensor
from pyflow.ops.array_shape import shape
from pyflow.ops.checks import assert_positive
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.messages import Assert

_CheckAtLeast3DImage = image_checks


def _assert(cond: Any, ex_type: type[Exception], msg: str) -> list[Operation]:
    """An assertion to run before what needs it, if it has to wait until then.

    Raises:
      ex_type: the condition is known and doesn't hold.
    """
    if is_tensor(cond):
        return [Assert(cond, [msg])]
    if not cond:
        raise ex_type(msg)
    return []


def _Check3DImage(image: Tensor, require_static: bool = True) -> list[Operation]:
    """Assertions that what is not known yet fits an image.

    Args:
      require_static: whether all must be known.

    Raises:
      ValueError: it is known not to have three dimensions, or one is 0; or not all is known.
    """
    try:
        static = image.get_shape().with_rank(3)
    except ValueError:
        raise ValueError(f"'image' (shape {image.shape}) must be three-dimensional.") from None
    if require_static and not static.is_fully_defined():
        raise ValueError(f"'image' (shape {static}) must be fully defined.")
    if any(d == 0 for d in static.as_list()):
        raise ValueError(f"all dims of 'image.shape' must be > 0: {static}")
    if static.is_fully_defined():
        return []
    return [assert_positive(shape(image), ["all dims of 'image.shape' must be > 0."])]


def _Assert3DImage(image: Tensor) -> Tensor:
    """The image, behind the assertions of `_Check3DImage`."""
    return with_dependencies(_Check3DImage(image, require_static=False), image)
