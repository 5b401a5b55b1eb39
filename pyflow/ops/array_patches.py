"""Patches of images and volumes, laid out in the channels: extract_image_patches, extract_volume_patches."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import PUBLIC, export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.registry import ShapeError, attr, op, raw, sample
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_dimensions import product
from pyflow.ops.array_shape import shape
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.gpu_indices import coordinates, element, flat
from pyflow.ops.gpu_movement import where
from pyflow.ops.shape_rules import with_rank

_REAL = tuple(
    dtypes.as_dtype(name)
    for name in "float32 float64 int32 uint8 int16 int8 int64 bfloat16 uint16 float16 uint32 uint64".split()
)
_PADDING = attr("string", allowed=("SAME", "VALID"))


def _count(size: int, window: int, stride: int, padding: str) -> int:
    """The number of windows along an axis."""
    return -(-size // stride) if padding == "SAME" else max(-(-(size - window + 1) // stride), 0)


def _patched_shape(input: StaticShape, ksizes: list, strides: list, rates: list, padding: str) -> StaticShape:
    rank = len(ksizes)
    for word, values in (("ksizes", ksizes), ("strides", strides), ("rates", rates)):
        if len(values) != rank:
            raise ShapeError(f"ExtractImagePatches requires the {word} attribute to contain {rank} values")
    dims = with_rank(input, rank)
    channels = product([dims[-1], *ksizes[1:-1]])
    if None in dims[1:-1]:
        return (dims[0], *(None,) * (rank - 2), channels)
    counts = [
        _count(d, (k - 1) * r + 1, s, padding)  # type: ignore[arg-type]
        for d, k, s, r in zip(dims[1:-1], ksizes[1:], strides[1:], rates[1:])
    ]
    return (dims[0], *counts, channels)


def _missing(shape: Any, ksizes: list, strides: list, rates: list, padding: str) -> list[int]:
    """How many zeros the windows see along each spatial axis: half of them before, SAME puts the odd one behind."""
    missing = []
    for n, k, s, r in zip(shape[1:-1], ksizes[1:], strides[1:], rates[1:]):
        window = (k - 1) * r + 1
        missing.append(max((_count(n, window, s, padding) - 1) * s + window - n, 0) if padding == "SAME" else 0)
    return missing


def _on_gpu(node: Any) -> str:
    """The expression of an element of patches: batch, place of the window, place in the window, channel."""
    attrs, (images,), patches = node.attrs, node.inputs, node.outputs[0]
    ksizes, strides, rates = attrs["ksizes"], attrs["strides"], attrs.get("rates", [1] * len(images.shape))
    spatial = len(images.shape) - 2
    whole = (*patches.shape[:-1], *ksizes[1:-1], images.shape[-1])
    at = coordinates(whole)
    conditions, places = [], []
    for axis, zeros in enumerate(_missing(images.shape, ksizes, strides, rates, attrs["padding"]), 1):
        place = f"({at[axis]} * {strides[axis]}u + {at[axis + spatial]} * {rates[axis]}u - {zeros // 2}u)"
        if zeros:
            conditions.append(f"{place} < {images.shape[axis]}u")
        places.append(place)
    name = node.definition.input_names[0]
    return where(conditions, element(images, name, flat(images.shape, [at[0], *places, at[-1]])))


def _patches(input: Any, ksizes: list, strides: list, rates: list, padding: str) -> Any:
    spatial = len(input.shape) - 2
    kernel, steps, gaps = ksizes[1:-1], strides[1:-1], rates[1:-1]
    windows = [(k - 1) * r + 1 for k, r in zip(kernel, gaps)]
    counts = [_count(n, w, s, padding) for n, w, s in zip(input.shape[1:-1], windows, steps)]
    missing = _missing(input.shape, ksizes, strides, rates, padding)
    padded = np.pad(input, [(0, 0), *[(m // 2, m - m // 2) for m in missing], (0, 0)])
    if 0 in counts:
        return np.zeros((input.shape[0], *counts, int(np.prod(kernel)) * input.shape[-1]), input.dtype)
    axes = tuple(range(1, spatial + 1))
    view = np.lib.stride_tricks.sliding_window_view(padded, windows, axis=axes)  # type: ignore[call-overload]
    index = (slice(None), *(slice(None, None, s) for s in steps), slice(None), *(slice(None, None, r) for r in gaps))
    view = view[index]
    view = view[(slice(None), *(slice(c) for c in counts))]
    # Channels vary fastest, after the positions within the patch.
    order = [0, *axes, *range(spatial + 2, 2 * spatial + 2), spatial + 1]
    return np.ascontiguousarray(view.transpose(order)).reshape(input.shape[0], *counts, -1)


def _patches_gradient(op: Any, dy: Tensor, positions: Any) -> Tensor:
    """Each input position takes the sum over the places where it was copied to.

    Args:
      positions: makes the op's patches of the numbered positions; 0 stands for the margin.
    """
    rank = len(op.get_attr("ksizes"))
    whole = shape(op.inputs[0], out_type=dtypes.int64)
    sizes = [whole[i] for i in range(rank)]
    count = 1
    for size in sizes[1:-1]:
        count = size * count
    numbers = reshape(PUBLIC["range"](1, count + 1, dtype=dtypes.int64), [1, *sizes[1:-1], 1])
    places = reshape(positions(numbers), [-1])
    patches = shape(dy, out_type=dtypes.int64)
    kernel = int(np.prod(op.get_attr("ksizes")[1:-1]))
    split = reshape(dy, [sizes[0], *[patches[i] for i in range(1, rank - 1)], kernel, sizes[-1]])
    first = transpose(split, [*range(1, rank), 0, rank])
    rows = reshape(first, [-1, sizes[0] * sizes[-1]])
    summed = raw.UnsortedSegmentSum(rows, places, count + 1)[1:]
    return transpose(reshape(summed, [*sizes[1:-1], sizes[0], sizes[-1]]), [rank - 2, *range(rank - 2), rank - 1])


@op(
    "ExtractImagePatches(images: T) -> (patches: T)",
    ksizes=attr("list(int)", minimum=4),
    strides=attr("list(int)", minimum=4),
    rates=attr("list(int)", minimum=4),
    T=_REAL,
    padding=_PADDING,
)
class ExtractImagePatches:
    """The patches of images [n, height, width, channels], each one a position with ksize ** 2 * channels values."""

    def shape(images, ksizes, strides, rates, padding):
        return _patched_shape(images, ksizes, strides, rates, padding)

    def cpu(images, ksizes, strides, rates, padding):
        return _patches(images, ksizes, strides, rates, padding)

    def grad(op, dy):
        attrs = {name: op.get_attr(name) for name in ("ksizes", "strides", "rates", "padding")}
        return _patches_gradient(op, dy, lambda numbers: ExtractImagePatches(numbers, **attrs))

    gpu = elementwise(_on_gpu, types=INDEXED)
    samples = [
        sample(
            np.arange(18, dtype=np.float32).reshape(1, 3, 3, 2),
            ksizes=[1, 2, 2, 1],
            strides=[1, 1, 2, 1],
            rates=[1, 1, 1, 1],
            padding="SAME",
        ),
        sample(
            np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1),
            ksizes=[1, 2, 2, 1],
            strides=[1, 1, 1, 1],
            rates=[1, 2, 1, 1],
            padding="VALID",
        ),
    ]


@op(
    "ExtractVolumePatches(input: T) -> (patches: T)",
    ksizes=attr("list(int)", minimum=5),
    strides=attr("list(int)", minimum=5),
    T=_REAL,
    padding=_PADDING,
)
class ExtractVolumePatches:
    """The patches of volumes [n, planes, rows, columns, channels]."""

    def shape(input, ksizes, strides, padding):
        return _patched_shape(input, ksizes, strides, [1] * 5, padding)

    def cpu(input, ksizes, strides, padding):
        return _patches(input, ksizes, strides, [1] * 5, padding)

    def grad(op, dy):
        attrs = {name: op.get_attr(name) for name in ("ksizes", "strides", "padding")}
        return _patches_gradient(op, dy, lambda numbers: ExtractVolumePatches(numbers, **attrs))

    gpu = elementwise(_on_gpu, types=INDEXED)
    samples = [
        sample(
            np.arange(16, dtype=np.float32).reshape(1, 2, 2, 4, 1),
            ksizes=[1, 1, 2, 2, 1],
            strides=[1, 1, 1, 2, 1],
            padding="VALID",
        )
    ]


extract_volume_patches = export("extract_volume_patches")(ExtractVolumePatches)


@export("image.extract_image_patches", "extract_image_patches")
def extract_image_patches(
    images: Any,
    ksizes: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: str | None = None,
    name: str | None = None,
    sizes: Any = None,
) -> Tensor:
    """Patches of images [n, height, width, channels].

    Args:
      ksizes: [1, rows, columns, 1]: the size of a patch (`sizes` is its newer name).
      strides: [1, down, right, 1]: the distance between patches.
      rates: [1, down, right, 1]: the distance between the elements of a patch.
      padding: "VALID" or "SAME" (with zeros around the image).

    Returns:
      [n, rows of patches, columns of patches, rows * columns * channels].
    """
    ksizes = renamed_argument("sizes", sizes, "ksizes", ksizes)
    return ExtractImagePatches(images, ksizes, strides, rates, padding, name=name)


@export("image.extract_patches")
def extract_patches(images: Any, sizes: Any, strides: Any, rates: Any, padding: str, name: str | None = None) -> Tensor:
    """`extract_image_patches` with its newer argument names."""
    return ExtractImagePatches(images, sizes, strides, rates, padding, name=name)
