"""tf.contrib.layers between images and sequences or coordinates."""

from __future__ import annotations

from typing import Any

from pyflow.contrib.arg_scope import add_arg_scope
from pyflow.contrib.layer_collections import collect_named_outputs, get_variable_collections
from pyflow.contrib.layer_variables import check_data_format
from pyflow.contrib.variables import model_variable
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_grid import meshgrid
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.initializers import constant_initializer, ones_initializer
from pyflow.ops.nn_softmax import softmax
from pyflow.ops.ranges import lin_space
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.variable_scope import variable_scope


@export("contrib.layers.images_to_sequence")
@add_arg_scope
def images_to_sequence(
    inputs: Any, data_format: str = "NHWC", outputs_collections: Any = None, scope: str | None = None
) -> Tensor:
    """Images as sequences of their columns: [batch_size, height, width, depth] as [width, batch_size·height, depth]."""
    first = check_data_format(data_format) == "channels_first"
    with name_scope(scope, "ImagesToSequence", [inputs]) as sc:
        inputs = convert_to_tensor(inputs)
        if first:
            inputs = transpose(inputs, [0, 2, 3, 1])
        _, _, width, depth = inputs.get_shape().as_list()
        shape = shape_of(inputs)
        batch_size, height = shape[0], shape[1]
        outputs = reshape(transpose(inputs, [2, 0, 1, 3]), [width, batch_size * height, depth])
        return collect_named_outputs(outputs_collections, sc, outputs)


@export("contrib.layers.sequence_to_images")
@add_arg_scope
def sequence_to_images(
    inputs: Any,
    height: int,
    output_data_format: str = "channels_last",
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Tensor:
    """The images that `images_to_sequence` made into sequences."""
    with name_scope(scope, "SequenceToImages", [inputs]) as sc:
        inputs = convert_to_tensor(inputs)
        width, count, depth = inputs.get_shape().as_list()
        batch_size = -1 if count is None else count // height
        outputs = reshape(inputs, [width, batch_size, height, depth])
        outputs = transpose(outputs, [1, 3, 2, 0] if output_data_format == "channels_first" else [1, 2, 0, 3])
        return collect_named_outputs(outputs_collections, sc, outputs)


@export("contrib.layers.spatial_softmax")
@add_arg_scope
def spatial_softmax(
    features: Tensor,
    temperature: float | None = None,
    name: str | None = None,
    variables_collections: Any = None,
    trainable: bool = True,
    data_format: str = "NHWC",
) -> Tensor:
    """Where in the image each channel is strongest: the mean coordinates, each from -1 to 1, under a softmax.

    Args:
      features: [batch_size, height, width, channels].
      temperature: what features are divided by before the softmax; None for a variable that begins at 1.
      trainable: whether the temperature is to be trained.

    Returns:
      [batch_size, 2·channels]: of each channel the row, then the column.
    """
    with variable_scope(name, "spatial_softmax"):
        shape, static = shape_of(features), features.shape.as_list()
        if check_data_format(data_format) == "channels_last":
            height, width, channels = shape[1], shape[2], static[3]
        else:
            channels, height, width = static[1], shape[2], shape[3]
        if channels is None:
            raise ValueError(
                "The num_channels dimension of the inputs to `spatial_softmax` should be defined. Found `None`."
            )
        with name_scope("spatial_softmax_op", "spatial_softmax_op", [features]):
            rows, columns = lin_space(-1.0, 1.0, num=height), lin_space(-1.0, 1.0, num=width)
            pos_x, pos_y = meshgrid(rows, columns, indexing="ij")
            pos_x, pos_y = reshape(pos_x, [height * width]), reshape(pos_y, [height * width])
            factor = model_variable(
                "temperature",
                shape=(),
                dtype=dtypes.float32,
                initializer=ones_initializer() if temperature is None else constant_initializer(temperature),
                collections=get_variable_collections(variables_collections, "temperature") if trainable else None,
                trainable=trainable,
            )
            if data_format == "NHWC":
                features = transpose(features, [0, 3, 1, 2])
            features = reshape(features, [-1, height * width])
            attention = softmax(features / factor)
            expected_x = reduce_sum(pos_x * attention, [1], keepdims=True)
            expected_y = reduce_sum(pos_y * attention, [1], keepdims=True)
            keypoints = reshape(concat([expected_x, expected_y], 1), [-1, channels * 2])
            keypoints.set_shape([None, channels * 2])
            return keypoints
