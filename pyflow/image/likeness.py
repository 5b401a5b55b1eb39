"""How alike two images are: PSNR, SSIM, multiscale SSIM; and how rough one is: total variation."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.image.pixel_types import convert_image_dtype
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_padding import pad
from pyflow.ops.array_shape import shape, shape_n, size
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, greater_equal, not_equal
from pyflow.ops.cond import cond
from pyflow.ops.constant import constant
from pyflow.ops.messages import Assert
from pyflow.ops.nn_convolution import depthwise_conv2d
from pyflow.ops.nn_pool import avg_pool
from pyflow.ops.nn_softmax import softmax
from pyflow.ops.ranges import range as count_up
from pyflow.ops.reduce_functions import reduce_all, reduce_any, reduce_mean, reduce_prod, reduce_sum


def _compatible(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, list[Operation]]:
    """Both shapes, and assertions that images of these can be compared.

    Raises:
      ValueError: it is known that they cannot.
    """
    one, two = (image.get_shape().with_rank_at_least(3) for image in (first, second))
    one[-3:].assert_is_compatible_with(two[-3:])
    if one.ndims is not None and two.ndims is not None:
        for a, b in zip(reversed(one.as_list()[:-3]), reversed(two.as_list()[:-3])):
            if not (a == 1 or b == 1 or a is None or b is None or a == b):
                raise ValueError(f"Two images are not compatible: {one} and {two}")
    shapes = shape_n([first, second])
    checks = [
        Assert(greater_equal(size(shapes[0]), 3), shapes, summarize=10),
        Assert(reduce_all(equal(shapes[0][-3:], shapes[1][-3:])), shapes, summarize=10),
    ]
    return shapes[0], shapes[1], checks


def _as_single(image: Tensor, other: Tensor, max_val: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Both images and the largest value as float32 from 0 to 1."""
    largest = convert_image_dtype(cast(max_val, image.dtype), dtypes.float32)
    return convert_image_dtype(image, dtypes.float32), convert_image_dtype(other, dtypes.float32), largest


@export("image.psnr")
def psnr(a: Any, b: Any, max_val: Any, name: str | None = None) -> Tensor:
    """The peak signal-to-noise ratio of images in dB: 20 log10(max_val) - 10 log10(mean squared difference).

    Args:
      a, b: tensors [..., height, width, channels] of one dtype.
      max_val: the largest value that pixels can have.

    Returns:
      float32 [...].

    Raises:
      ValueError: the shapes don't go together.
    """
    with name_scope(name, "PSNR", [a, b]):
        a, b, largest = _as_single(convert_to_tensor(a), convert_to_tensor(b), max_val)
        error = reduce_mean(raw.SquaredDifference(a, b), [-3, -2, -1])
        tenth = np.float32(10 / np.log(10))
        ratio = raw.Sub(20 * raw.Log(largest) / raw.Log(10.0), tenth * raw.Log(error), name="psnr")
        _, _, checks = _compatible(a, b)
        with control_dependencies(checks):
            return identity(ratio)


def _gaussian(filter_size: Tensor, sigma: Tensor) -> Tensor:
    """A window [size, size, 1, 1] of weights that add up to 1."""
    places = cast(count_up(filter_size), sigma.dtype) - cast(filter_size - 1, sigma.dtype) / 2.0
    exponents = raw.Square(places) * (-0.5 / raw.Square(sigma))
    both = reshape(exponents, [1, -1]) + reshape(exponents, [-1, 1])
    weights = softmax(reshape(both, [1, -1]))
    return reshape(weights, stack([filter_size, filter_size, 1, 1]))


def _per_channel(
    first: Tensor, second: Tensor, max_val: Any, filter_size: int, filter_sigma: float, k1: float, k2: float
) -> tuple[Tensor, Tensor]:
    """SSIM and its part for contrast and structure, [..., channels]."""
    window = constant(filter_size, dtype=dtypes.int32)
    sigma = constant(filter_sigma, dtype=first.dtype)
    shapes = shape_n([first, second])
    checks = [
        Assert(reduce_all(greater_equal(given[-3:-1], window)), [given, window], summarize=8) for given in shapes
    ]
    with control_dependencies(checks):
        first = identity(first)
    kernel = tile(_gaussian(window, sigma), stack([1, 1, shapes[0][-1], 1]))

    def local_mean(x: Tensor) -> Tensor:
        given = shape(x)
        flat = reshape(x, concat([[-1], given[-3:]], 0))
        mean = depthwise_conv2d(flat, kernel, strides=[1, 1, 1, 1], padding="VALID")
        return reshape(mean, concat([given[:-3], shape(mean)[1:]], 0))

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mean_one, mean_two = local_mean(first), local_mean(second)
    product = mean_one * mean_two * 2.0
    squares = raw.Square(mean_one) + raw.Square(mean_two)
    luminance = (product + c1) / (squares + c1)
    mixed = local_mean(first * second) * 2.0
    energy = local_mean(raw.Square(first) + raw.Square(second))
    c2 = c2 * 1.0  # TensorFlow's correction for the window's bias, which is none
    structure = (mixed - product + c2) / (energy - squares + c2)
    axes = constant([-3, -2])
    return reduce_mean(luminance * structure, axes), reduce_mean(structure, axes)


@export("image.ssim")
def ssim(
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Tensor:
    """The structural similarity of images, the mean over windows and channels: 1 for equal ones.

    Source: Z. Wang et al., Image quality assessment: from error visibility to structural similarity, 2004.

    Args:
      img1, img2: tensors [..., height, width, channels] of one dtype.
      max_val: the largest value that pixels can have.
      filter_size, filter_sigma: the Gaussian window.
      k1, k2: keep quotients of small numbers stable.

    Returns:
      float32 [...].

    Raises:
      ValueError: the shapes don't go together.
    """
    img1, img2 = convert_to_tensor(img1, name="img1"), convert_to_tensor(img2, name="img2")
    _, _, checks = _compatible(img1, img2)
    with control_dependencies(checks):
        img1 = identity(img1)
    img1, img2, largest = _as_single(img1, img2, max_val)
    channels, _ = _per_channel(img1, img2, largest, filter_size, filter_sigma, k1, k2)
    return reduce_mean(channels, [-1])


_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


@export("image.ssim_multiscale")
def ssim_multiscale(
    img1: Any,
    img2: Any,
    max_val: Any,
    power_factors: Any = _SCALES,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Tensor:
    """`ssim` over several scales, each half as large as the one before, with the exponents `power_factors`.

    Source: Z. Wang et al., Multiscale structural similarity for image quality assessment, 2003.

    Raises:
      ValueError: the shapes don't go together.
    """
    with name_scope(None, "MS-SSIM", [img1, img2]):
        img1, img2 = convert_to_tensor(img1, name="img1"), convert_to_tensor(img2, name="img2")
        *shapes, checks = _compatible(img1, img2)
        with control_dependencies(checks):
            img1 = identity(img1)
        img1, img2, largest = _as_single(img1, img2, max_val)
        images = [img1, img2]
        heads, tails = [s[:-3] for s in shapes], [s[-3:] for s in shapes]
        parts: list[Tensor] = []
        whole: Any = None
        for k in range(len(power_factors)):
            with name_scope(None, f"Scale{k}", images):
                if k:
                    images, tails = _halved(images, heads, tails)
                whole, structure = _per_channel(images[0], images[1], largest, filter_size, filter_sigma, k1, k2)
                parts.append(raw.Relu(structure))
        stacked = stack([*parts[:-1], raw.Relu(whole)], axis=-1)
        factors = convert_to_tensor(power_factors, dtype=dtypes.float32)
        return reduce_mean(reduce_prod(raw.Pow(stacked, factors), [-1]), [-1])


def _halved(images: list[Tensor], heads: list[Tensor], tails: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Images of half the size, odd ones with their last row or column repeated first, and the new last dimensions."""
    flat = [reshape(x, concat([[-1], tail], 0)) for x, tail in zip(images, tails)]
    odd = tails[0] % constant([2, 2, 1], dtype=dtypes.int32)
    margins = pad(expand_dims(odd, -1), [[1, 0], [1, 0]])
    even = cond(
        reduce_any(not_equal(odd, 0)), lambda: [pad(x, margins, mode="SYMMETRIC") for x in flat], lambda: flat
    )
    small = [avg_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID") for x in even]
    tails = [s[1:] for s in shape_n(small)]
    return [reshape(x, concat([head, tail], 0)) for x, head, tail in zip(small, heads, tails)], tails


@export("image.total_variation")
def total_variation(images: Any, name: str | None = None) -> Tensor:
    """The sum of the absolute differences of neighbouring pixels: a scalar, or [n] for a batch.

    Raises:
      ValueError: the images have neither 3 nor 4 dimensions.
    """
    with name_scope(name, "total_variation"):
        images = convert_to_tensor(images)
        ndims = images.get_shape().ndims
        if ndims == 3:
            down, right, axes = images[1:] - images[:-1], images[:, 1:] - images[:, :-1], None
        elif ndims == 4:
            down, right = images[:, 1:] - images[:, :-1], images[:, :, 1:] - images[:, :, :-1]
            axes = [1, 2, 3]
        else:
            raise ValueError("'images' must be either 3 or 4-dimensional.")
        return reduce_sum(raw.Abs(down), axis=axes) + reduce_sum(raw.Abs(right), axis=axes)
