"""Inception v1 (GoogLeNet; Szegedy et al., 2014, http://arxiv.org/abs/1409.4842) and v2 (Ioffe and Szegedy, 2015,

http://arxiv.org/abs/1502.03167) in slim.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.arg_scope import arg_scope
from pyflow.contrib.batch_norm_layer import batch_norm
from pyflow.contrib.convolution_layers import conv2d
from pyflow.contrib.dense_layers import fully_connected
from pyflow.contrib.plain_layers import dropout, softmax
from pyflow.contrib.pooling_layers import avg_pool2d, max_pool2d
from pyflow.contrib.separable_layers import separable_conv2d
from pyflow.contrib.slim_inception_scopes import inception_arg_scope
from pyflow.contrib.slim_net_tables import build, fitting_window, scaled_depth
from pyflow.core.api import export
from pyflow.core.tensor import Tensor
from pyflow.ops.array import squeeze
from pyflow.ops.initializers import truncated_normal_initializer
from pyflow.ops.variable_scope import variable_scope


def _v1(name: str, *channels: int, second: str = "0b") -> str:
    a, b, c, d, e, f = channels
    return f"""
Mixed_{name}:
    {a} Conv2d_0a_1x1
    {b} Conv2d_0a_1x1 > {c} Conv2d_0b_3x3
    {d} Conv2d_0a_1x1 > {e} Conv2d_{second}_3x3
    MaxPool_0a_3x3 > {f} Conv2d_0b_1x1
"""


_V1 = (
    """
64 Conv2d_1a_7x7 /2
MaxPool_2a_3x3 /2
64 Conv2d_2b_1x1
192 Conv2d_2c_3x3
MaxPool_3a_3x3 /2
"""
    + _v1("3b", 64, 96, 128, 16, 32, 32)
    + _v1("3c", 128, 128, 192, 32, 96, 64)
    + "MaxPool_4a_3x3 /2"
    + _v1("4b", 192, 96, 208, 16, 48, 64)
    + _v1("4c", 160, 112, 224, 24, 64, 64)
    + _v1("4d", 128, 128, 256, 24, 64, 64)
    + _v1("4e", 112, 144, 288, 32, 64, 64)
    + _v1("4f", 256, 160, 320, 32, 128, 128)
    + "MaxPool_5a_2x2 /2"
    + _v1("5b", 256, 160, 320, 32, 128, 128, second="0a")
    + _v1("5c", 384, 192, 384, 48, 128, 128)
)


def _v2(name: str, *channels: int, pool: str = "Avg") -> str:
    a, b, c, d, e, f = channels
    return f"""
Mixed_{name}:
    {a} Conv2d_0a_1x1
    {b} Conv2d_0a_1x1 ~0.09 > {c} Conv2d_0b_3x3
    {d} Conv2d_0a_1x1 ~0.09 > {e} Conv2d_0b_3x3 > {e} Conv2d_0c_3x3
    {pool}Pool_0a_3x3 > {f} Conv2d_0b_1x1 ~0.1
"""


def _v2_halving(name: str, *channels: int) -> str:
    a, b, c, d = channels
    return f"""
Mixed_{name}:
    {a} Conv2d_0a_1x1 ~0.09 > {b} Conv2d_1a_3x3 /2
    {c} Conv2d_0a_1x1 ~0.09 > {d} Conv2d_0b_3x3 > {d} Conv2d_1a_3x3 /2
    MaxPool_1a_3x3 /2
"""


_V2 = (
    """
MaxPool_2a_3x3 /2
64 Conv2d_2b_1x1 ~0.1
192 Conv2d_2c_3x3
MaxPool_3a_3x3 /2
"""
    + _v2("3b", 64, 64, 64, 64, 96, 32)
    + _v2("3c", 64, 64, 96, 64, 96, 64)
    + _v2_halving("4a", 128, 160, 64, 96)
    + _v2("4b", 224, 64, 96, 96, 128, 128)
    + _v2("4c", 192, 96, 128, 96, 128, 128)
    + _v2("4d", 160, 128, 160, 128, 160, 96)
    + _v2("4e", 96, 128, 192, 160, 192, 96)
    + _v2_halving("5a", 128, 192, 192, 256)
    + _v2("5b", 352, 192, 320, 160, 224, 128)
    + _v2("5c", 352, 192, 320, 192, 224, 128, pool="Max")
)


@export("contrib.slim.nets.inception.inception_v1_base")
def inception_v1_base(
    inputs: Tensor, final_endpoint: str = "Mixed_5c", scope: Any = "InceptionV1"
) -> tuple[Tensor, dict[str, Tensor]]:
    """The network without what classifies: the outputs, and a dict of the outputs of every part.

    Args:
      inputs: [batch_size, height, width, 3]; 224 x 224 is what it was made for.
      final_endpoint: where it ends: "Conv2d_1a_7x7", ..., "Mixed_5c".

    Raises:
      ValueError: there is no such endpoint.
    """
    end_points: dict[str, Tensor] = {}
    with variable_scope(scope, "InceptionV1", [inputs]):
        with arg_scope([conv2d, fully_connected], weights_initializer=truncated_normal_initializer(0.0, 0.01)):
            with arg_scope([conv2d, max_pool2d], stride=1, padding="SAME"):
                net, found = build(inputs, _V1, lambda d: d, end_points, final_endpoint)
    if not found:
        raise ValueError(f"Unknown final endpoint {final_endpoint}")
    return net, end_points


def _logits(net: Tensor, num_classes: int, scope: str, spatial_squeeze: bool) -> Tensor:
    logits = conv2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope=scope)
    return squeeze(logits, [1, 2], name="SpatialSqueeze") if spatial_squeeze else logits


@export("contrib.slim.nets.inception.inception_v1")
def inception_v1(
    inputs: Tensor,
    num_classes: int = 1000,
    is_training: Any = True,
    dropout_keep_prob: float = 0.8,
    prediction_fn: Callable = softmax,
    spatial_squeeze: bool = True,
    reuse: bool | None = None,
    scope: Any = "InceptionV1",
) -> tuple[Tensor, dict[str, Tensor]]:
    """The network with its classifier: the logits, and a dict of the outputs of every part."""
    with variable_scope(scope, "InceptionV1", [inputs, num_classes], reuse=reuse) as scope:
        with arg_scope([batch_norm, dropout], is_training=is_training):
            net, end_points = inception_v1_base(inputs, scope=scope)
            with variable_scope("Logits"):
                net = avg_pool2d(net, [7, 7], stride=1, scope="MaxPool_0a_7x7")
                net = dropout(net, dropout_keep_prob, scope="Dropout_0b")
                logits = _logits(net, num_classes, "Conv2d_0c_1x1", spatial_squeeze)
                end_points["Logits"] = logits
                end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


@export("contrib.slim.nets.inception.inception_v1_arg_scope")
def inception_v1_arg_scope(
    weight_decay: float = 0.00004, use_batch_norm: bool = True, batch_norm_var_collection: str = "moving_vars"
) -> dict:
    """The defaults with which the network's layers are to be made."""
    return inception_arg_scope(weight_decay, batch_norm_var_collection, use_batch_norm)


@export("contrib.slim.nets.inception.inception_v2_base")
def inception_v2_base(
    inputs: Tensor,
    final_endpoint: str = "Mixed_5c",
    min_depth: int = 16,
    depth_multiplier: float = 1.0,
    scope: Any = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The network without what classifies; see `inception_v3_base`."""
    end_points: dict[str, Tensor] = {}
    depth = scaled_depth(min_depth, depth_multiplier)
    with variable_scope(scope, "InceptionV2", [inputs]):
        with arg_scope([conv2d, max_pool2d, avg_pool2d, separable_conv2d], stride=1, padding="SAME"):
            net = separable_conv2d(
                inputs,
                depth(64),
                [7, 7],
                depth_multiplier=min(int(depth(64) / 3), 8),
                stride=2,
                weights_initializer=truncated_normal_initializer(0.0, 1.0),
                scope="Conv2d_1a_7x7",
            )
            end_points["Conv2d_1a_7x7"] = net
            found = final_endpoint == "Conv2d_1a_7x7"
            if not found:
                net, found = build(net, _V2, depth, end_points, final_endpoint)
    if not found:
        raise ValueError(f"Unknown final endpoint {final_endpoint}")
    return net, end_points


@export("contrib.slim.nets.inception.inception_v2")
def inception_v2(
    inputs: Tensor,
    num_classes: int = 1000,
    is_training: Any = True,
    dropout_keep_prob: float = 0.8,
    min_depth: int = 16,
    depth_multiplier: float = 1.0,
    prediction_fn: Callable = softmax,
    spatial_squeeze: bool = True,
    reuse: bool | None = None,
    scope: Any = "InceptionV2",
) -> tuple[Tensor, dict[str, Tensor]]:
    """The network with its classifier: the logits, and a dict of the outputs of every part."""
    scaled_depth(min_depth, depth_multiplier)
    with variable_scope(scope, "InceptionV2", [inputs, num_classes], reuse=reuse) as scope:
        with arg_scope([batch_norm, dropout], is_training=is_training):
            net, end_points = inception_v2_base(
                inputs, scope=scope, min_depth=min_depth, depth_multiplier=depth_multiplier
            )
            with variable_scope("Logits"):
                window = fitting_window(net, [7, 7])
                net = avg_pool2d(net, window, padding="VALID", scope=f"AvgPool_1a_{window[0]}x{window[1]}")
                net = dropout(net, keep_prob=dropout_keep_prob, scope="Dropout_1b")
                logits = _logits(net, num_classes, "Conv2d_1c_1x1", spatial_squeeze)
            end_points["Logits"] = logits
            end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


@export("contrib.slim.nets.inception.inception_v2_arg_scope")
def inception_v2_arg_scope(weight_decay: float = 0.00004, batch_norm_var_collection: str = "moving_vars") -> dict:
    """The defaults with which the network's layers are to be made."""
    return inception_arg_scope(weight_decay, batch_norm_var_collection)


inception_v1.default_image_size = inception_v2.default_image_size = 224  # type: ignore[attr-defined]
