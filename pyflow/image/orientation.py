"""Images turned: flips, rotations by right angles, transposition."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.image.image_shapes import checked_image, has_batch, keep_shape
from pyflow.ops.array import reshape
from pyflow.ops.array import transpose as permute
from pyflow.ops.array_reversing import reverse
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, less
from pyflow.ops.cond import case, cond
from pyflow.ops.random import random_uniform

_UP_DOWN, _LEFT_RIGHT = 0, 1


def _flip(image: Any, axis: int, scope_name: str) -> Tensor:
    with name_scope(None, scope_name, [image]):
        image = checked_image(convert_to_tensor(image, name="image"))
        if has_batch(image):
            return reverse(image, [axis + 1])
        return keep_shape(image, reverse(image, [axis]))


@export("image.flip_left_right")
def flip_left_right(image: Any) -> Tensor:
    """An image [height, width, channels] (or a batch of them) with left and right exchanged.

    Raises:
      ValueError: it has neither 3 nor 4 dimensions.
    """
    return _flip(image, _LEFT_RIGHT, "flip_left_right")


@export("image.flip_up_down")
def flip_up_down(image: Any) -> Tensor:
    """An image [height, width, channels] (or a batch of them) upside down.

    Raises:
      ValueError: it has neither 3 nor 4 dimensions.
    """
    return _flip(image, _UP_DOWN, "flip_up_down")


def _random_flip(image: Any, axis: int, seed: int | None, scope_name: str) -> Tensor:
    with name_scope(None, scope_name, [image]) as scope:
        image = checked_image(convert_to_tensor(image, name="image"))
        if not has_batch(image):
            chosen = less(random_uniform([], 0, 1.0, seed=seed), 0.5)
            result = cond(chosen, lambda: reverse(image, [axis]), lambda: image, name=scope)
            return keep_shape(image, result)
        count = shape(image)[0]
        drawn = random_uniform([count], 0, 1.0, seed=seed)
        chosen = cast(raw.Round(reshape(drawn, [count, 1, 1, 1])), image.dtype)
        flipped = reverse(image, [axis + 1])
        return chosen * flipped + (1 - chosen) * image


@export("image.random_flip_left_right")
def random_flip_left_right(image: Any, seed: int | None = None) -> Tensor:
    """The image with left and right exchanged or not, evenly; each one of a batch for itself.

    Args:
      seed: see `tf.set_random_seed`.

    Raises:
      ValueError: it has neither 3 nor 4 dimensions.
    """
    return _random_flip(image, _LEFT_RIGHT, seed, "random_flip_left_right")


@export("image.random_flip_up_down")
def random_flip_up_down(image: Any, seed: int | None = None) -> Tensor:
    """The image upside down or not, evenly; each one of a batch for itself.

    Args:
      seed: see `tf.set_random_seed`.

    Raises:
      ValueError: it has neither 3 nor 4 dimensions.
    """
    return _random_flip(image, _UP_DOWN, seed, "random_flip_up_down")


@export("image.rot90")
def rot90(image: Any, k: Any = 1, name: str | None = None) -> Tensor:
    """The image (or each of a batch) turned counter-clockwise `k` times by 90 degrees.

    Args:
      k: an int, or an int32 scalar.

    Raises:
      ValueError: the image has neither 3 nor 4 dimensions.
    """
    with name_scope(name, "rot90", [image, k]) as scope:
        image = checked_image(convert_to_tensor(image, name="image"))
        turns = convert_to_tensor(k, dtype=dtypes.int32, name="k")
        turns.get_shape().assert_has_rank(0)
        turns = raw.FloorMod(turns, 4)
        batch = has_batch(image)
        rows, columns, swapped = (1, 2, [0, 2, 1, 3]) if batch else (0, 1, [1, 0, 2])
        turned = [
            (equal(turns, 1), lambda: permute(reverse(image, [columns]), swapped)),
            (equal(turns, 2), lambda: reverse(image, [rows, columns])),
            (equal(turns, 3), lambda: reverse(permute(image, swapped), [columns])),
        ]
        result = case(turned, default=lambda: image, exclusive=True, name=scope)
        if batch:
            static = result.get_shape().as_list() if result.get_shape().ndims else [None] * 4
            result.set_shape([static[0], None, None, static[3]])
        else:
            static = image.get_shape()
            result.set_shape([None, None, static.as_list()[2] if static.ndims else None])
        return result


@export("image.transpose", "image.transpose_image")
def transpose(image: Any, name: str | None = None) -> Tensor:
    """The image (or each of a batch) with rows and columns exchanged.

    Raises:
      ValueError: it has neither 3 nor 4 dimensions.
    """
    with name_scope(name, "transpose", [image]):
        image = checked_image(convert_to_tensor(image, name="image"))
        return permute(image, [0, 2, 1, 3] if has_batch(image) else [1, 0, 2], name=name)


