"""Edges: differences of neighbouring pixels, and the Sobel operator."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_padding import pad
from pyflow.ops.array_shape import shape
from pyflow.ops.array_splitting import unstack
from pyflow.ops.array_tiling import tile
from pyflow.ops.constant import constant
from pyflow.ops.nn_convolution import depthwise_conv2d


@export("image.image_gradients")
def image_gradients(image: Any) -> tuple[Tensor, Tensor]:
    """(dy, dx) of images [n, height, width, channels]: the next pixel minus this one, 0 in the last row and column.

    Raises:
      ValueError: the images don't have 4 dimensions.
    """
    if image.get_shape().ndims != 4:
        words = "image_gradients expects a 4D tensor [batch_size, h, w, d], not %s."
        raise ValueError(words, image.get_shape())
    whole = shape(image)
    batch, height, width, depth = unstack(whole)
    down = image[:, 1:, :, :] - image[:, :-1, :, :]
    right = image[:, :, 1:, :] - image[:, :, :-1, :]
    last_row = zeros(stack([batch, 1, width, depth]), image.dtype)
    down = reshape(concat([down, last_row], 1), whole)
    last_column = zeros(stack([batch, height, 1, depth]), image.dtype)
    return down, reshape(concat([right, last_column], 2), whole)


@export("image.sobel_edges")
def sobel_edges(image: Any) -> Tensor:
    """[n, height, width, channels, 2]: the Sobel operator's answer downwards and to the right.

    Args:
      image: float32 or float64 [n, height, width, channels]; it continues by its mirror image at the border.
    """
    static, whole = image.get_shape(), shape(image)
    down = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    kernels = constant(np.stack([down, down.T], axis=-1)[:, :, None], dtype=image.dtype)
    kernels = tile(kernels, stack([1, 1, whole[-1], 1]), name="sobel_filters")
    padded = pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")
    edges = depthwise_conv2d(padded, kernels, [1, 1, 1, 1], "VALID")
    edges = reshape(edges, concat([whole, [2]], 0))
    edges.set_shape(static.concatenate([2]))
    return edges
