"""What functions of images ask of their argument: how many dimensions, of what size."""

from __future__ import annotations

from typing import Any, NamedTuple

from pyflow.core.operation import Operation
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, squeeze
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.array_splitting import unstack
from pyflow.ops.checks import assert_equal, assert_greater_equal, assert_positive
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.messages import Assert
from pyflow.ops.variable_base import Variable

NOT_IMAGES = "'image' must have either 3 or 4 dimensions."


def is_tensor(value: Any) -> bool:
    """Whether it becomes known in the run only."""
    return isinstance(value, (Tensor, Variable))


def require(condition: Any, message: str) -> list[Operation]:
    """An assertion to run before the result, if it has to wait until then.

    Raises:
      ValueError: the condition is known and doesn't hold.
    """
    if is_tensor(condition):
        return [Assert(condition, [message])]
    if not condition:
        raise ValueError(message)
    return []


def image_checks(image: Tensor) -> list[Operation]:
    """Assertions that what is not known yet fits an image or a batch of them.

    Raises:
      ValueError: there are less than three dimensions, or one is 0.
    """
    try:
        static = image.get_shape()
        static = static.with_rank(3) if static.ndims is None else static.with_rank_at_least(3)
    except ValueError:
        raise ValueError("'image' must be at least three-dimensional.") from None
    if any(d == 0 for d in static.as_list()):
        raise ValueError(f"all dims of 'image.shape' must be > 0: {static}")
    if static.is_fully_defined():
        return []
    return [
        assert_positive(shape(image), ["all dims of 'image.shape' must be > 0."]),
        assert_greater_equal(rank(image), 3, message="'image' must be at least three-dimensional."),
    ]


def checked_image(image: Tensor) -> Tensor:
    """The image, behind its `image_checks`."""
    return with_dependencies(image_checks(image), image)


def checked_grayscale(image: Tensor) -> Tensor:
    """The image, behind assertions that it has one channel.

    Raises:
      ValueError: it is known not to.
    """
    try:
        static = image.get_shape()
        static = static.with_rank(2) if static.ndims is None else static.with_rank_at_least(2)
    except ValueError:
        raise ValueError("A grayscale image must be at least two-dimensional.") from None
    checks: list[Operation] = []
    if static.is_fully_defined():
        if static.as_list()[-1] != 1:
            raise ValueError("Last dimension of a grayscale image should be size 1.")
    else:
        checks = [
            assert_equal(shape(image)[-1], 1, message="Last dimension of a grayscale image should be size 1."),
            assert_greater_equal(rank(image), 3, message="A grayscale image must be at least two-dimensional."),
        ]
    return with_dependencies(checks, image)


def dimensions(image: Tensor, ndims: int) -> list[Any]:
    """Each dimension as an int where it is known, else as an int32 scalar."""
    static = image.get_shape()
    if static.is_fully_defined():
        return static.as_list()
    found = unstack(shape(image), ndims)
    return [known if known is not None else d for known, d in zip(static.with_rank(ndims).as_list(), found)]


def has_batch(image: Tensor) -> bool:
    """Whether an image tensor is a batch of images; one of unknown rank counts as a single image.

    Raises:
      ValueError: it is neither.
    """
    ndims = image.get_shape().ndims
    if ndims not in (None, 3, 4):
        raise ValueError(NOT_IMAGES)
    return ndims == 4


class Batch(NamedTuple):
    """Images as a batch, and whether they came as one."""

    images: Tensor
    is_batch: bool

    def like_given(self, images: Tensor) -> Tensor:
        """A batch made from this one, as a single image if this was one."""
        return images if self.is_batch else squeeze(images, axis=[0])


def as_batch(image: Tensor) -> Batch:
    """An image as a batch of one; a batch as it is.

    Raises:
      ValueError: it has neither 3 nor 4 dimensions.
    """
    if has_batch(image):
        return Batch(image, True)
    batch = expand_dims(image, 0)
    if image.get_shape().ndims is None:
        batch.set_shape([None] * 4)
    return Batch(batch, False)


def known(sizes: list[Any]) -> list[int | None]:
    """Dimensions as a static shape."""
    return [None if is_tensor(size) else size for size in sizes]


def keep_shape(image: Tensor, result: Tensor) -> Tensor:
    """`result` with the static shape of `image`, of which three dimensions are known at least."""
    static = image.get_shape()
    result.set_shape(TensorShape([None] * 3) if static.ndims is None else static)
    return result
