"""Inception v3 in slim: Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2015.

http://arxiv.org/abs/1512.00567
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.arg_scope import arg_scope
from pyflow.contrib.batch_norm_layer import batch_norm
from pyflow.contrib.convolution_layers import conv2d
from pyflow.contrib.plain_layers import dropout, softmax
from pyflow.contrib.pooling_layers import avg_pool2d, max_pool2d
from pyflow.contrib.slim_inception_scopes import inception_arg_scope
from pyflow.contrib.slim_net_tables import build, fitting_window, scaled_depth
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.tensor import Tensor
from pyflow.ops.array import squeeze
from pyflow.ops.initializers import truncated_normal_initializer
from pyflow.ops.variable_scope import variable_scope

_STEM = """
32 Conv2d_1a_3x3 /2
32 Conv2d_2a_3x3
64 Conv2d_2b_3x3
MaxPool_3a_3x3 /2
80 Conv2d_3b_1x1
192 Conv2d_4a_3x3
MaxPool_5a_3x3 /2
"""

_FACTORIZED = """
Mixed_{name}:
    192 Conv2d_0a_1x1
    {n} Conv2d_0a_1x1 > {n} Conv2d_0b_1x7 > 192 Conv2d_0c_7x1
    {n} Conv2d_0a_1x1 > {n} Conv2d_0b_7x1 > {n} Conv2d_0c_1x7 > {n} Conv2d_0d_7x1 > 192 Conv2d_0e_1x7
    AvgPool_0a_3x3 > 192 Conv2d_0b_1x1
"""

_EXPANDED = """
Mixed_{name}:
    320 Conv2d_0a_1x1
    384 Conv2d_0a_1x1 > 384 Conv2d_0b_1x3 & 384 Conv2d_{second}_3x1
    448 Conv2d_0a_1x1 > 384 Conv2d_0b_3x3 > 384 Conv2d_0c_1x3 & 384 Conv2d_0d_3x1
    AvgPool_0a_3x3 > 192 Conv2d_0b_1x1
"""

_BLOCKS = (
    """
Mixed_5b:
    64 Conv2d_0a_1x1
    48 Conv2d_0a_1x1 > 64 Conv2d_0b_5x5
    64 Conv2d_0a_1x1 > 96 Conv2d_0b_3x3 > 96 Conv2d_0c_3x3
    AvgPool_0a_3x3 > 32 Conv2d_0b_1x1
Mixed_5c:
    64 Conv2d_0a_1x1
    48 Conv2d_0b_1x1 > 64 Conv_1_0c_5x5
    64 Conv2d_0a_1x1 > 96 Conv2d_0b_3x3 > 96 Conv2d_0c_3x3
    AvgPool_0a_3x3 > 64 Conv2d_0b_1x1
Mixed_5d:
    64 Conv2d_0a_1x1
    48 Conv2d_0a_1x1 > 64 Conv2d_0b_5x5
    64 Conv2d_0a_1x1 > 96 Conv2d_0b_3x3 > 96 Conv2d_0c_3x3
    AvgPool_0a_3x3 > 64 Conv2d_0b_1x1
Mixed_6a:
    384 Conv2d_1a_1x1=3x3 /2v
    64 Conv2d_0a_1x1 > 96 Conv2d_0b_3x3 > 96 Conv2d_1a_1x1=3x3 /2v
    MaxPool_1a_3x3 /2v
"""
    + "".join(_FACTORIZED.format(name=name, n=n) for name, n in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)))
    + """
Mixed_7a:
    192 Conv2d_0a_1x1 > 320 Conv2d_1a_3x3 /2v
    192 Conv2d_0a_1x1 > 192 Conv2d_0b_1x7 > 192 Conv2d_0c_7x1 > 192 Conv2d_1a_3x3 /2v
    MaxPool_1a_3x3 /2v
"""
    + _EXPANDED.format(name="7b", second="0b")
    + _EXPANDED.format(name="7c", second="0c")
)


@export("contrib.slim.nets.inception.inception_v3_base")
def inception_v3_base(
    inputs: Tensor,
    final_endpoint: str = "Mixed_7c",
    min_depth: int = 16,
    depth_multiplier: float = 1.0,
    scope: Any = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The network without what classifies.

    Args:
      inputs: [batch_size, height, width, 3]; 299 x 299 is what it was made for.
      final_endpoint: where it ends: "Conv2d_1a_3x3", ..., "Mixed_7c".
      min_depth, depth_multiplier: what the channels are multiplied by, and how many there are at least.

    Returns:
      The outputs, and a dict of the outputs of every part.

    Raises:
      ValueError: there is no such endpoint, or the multiplier is not positive.
    """
    end_points: dict[str, Tensor] = {}
    depth = scaled_depth(min_depth, depth_multiplier)
    layers = [conv2d, max_pool2d, avg_pool2d]
    with variable_scope(scope, "InceptionV3", [inputs]):
        with arg_scope(layers, stride=1, padding="VALID"):
            net, found = inputs, False
            for line in _STEM.strip().split("\n"):
                with arg_scope([conv2d], padding="SAME" if "2b" in line else "VALID"):
                    net, found = build(net, line, depth, end_points, final_endpoint)
                if found:
                    return net, end_points
        with arg_scope(layers, stride=1, padding="SAME"):
            net, found = build(net, _BLOCKS, depth, end_points, final_endpoint)
    if not found:
        raise ValueError(f"Unknown final endpoint {final_endpoint}")
    return net, end_points


@export("contrib.slim.nets.inception.inception_v3")
def inception_v3(
    inputs: Tensor,
    num_classes: int = 1000,
    is_training: Any = True,
    dropout_keep_prob: float = 0.8,
    min_depth: int = 16,
    depth_multiplier: float = 1.0,
    prediction_fn: Callable = softmax,
    spatial_squeeze: bool = True,
    reuse: bool | None = None,
    scope: Any = "InceptionV3",
) -> tuple[Tensor, dict[str, Tensor]]:
    """The network with its two classifiers; see `inception_v3_base`.

    Args:
      dropout_keep_prob: the part of the last activations that is kept in training.
      prediction_fn: from logits to predictions.
      spatial_squeeze: whether the logits are [batch_size, num_classes] rather than [batch_size, 1, 1, num_classes].

    Returns:
      The logits, and a dict of the outputs of every part, with "AuxLogits", "PreLogits", "Logits", "Predictions".
    """
    depth = scaled_depth(min_depth, depth_multiplier)
    with variable_scope(scope, "InceptionV3", [inputs, num_classes], reuse=reuse) as scope:
        with arg_scope([batch_norm, dropout], is_training=is_training):
            net, end_points = inception_v3_base(
                inputs, scope=scope, min_depth=min_depth, depth_multiplier=depth_multiplier
            )

            def classified(activations: Tensor, name: str, **settings: Any) -> Tensor:
                logits = conv2d(
                    activations, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope=name, **settings
                )
                return squeeze(logits, [1, 2], name="SpatialSqueeze") if spatial_squeeze else logits

            with arg_scope([conv2d, max_pool2d, avg_pool2d], stride=1, padding="SAME"):
                aux = end_points["Mixed_6e"]
                with variable_scope("AuxLogits"):
                    aux = avg_pool2d(aux, [5, 5], stride=3, padding="VALID", scope="AvgPool_1a_5x5")
                    aux = conv2d(aux, depth(128), [1, 1], scope="Conv2d_1b_1x1")
                    window = fitting_window(aux, [5, 5])
                    aux = conv2d(
                        aux,
                        depth(768),
                        window,
                        weights_initializer=truncated_normal_initializer(0.0, 0.01),
                        padding="VALID",
                        scope=f"Conv2d_2a_{window[0]}x{window[1]}",
                    )
                    end_points["AuxLogits"] = classified(
                        aux, "Conv2d_2b_1x1", weights_initializer=truncated_normal_initializer(0.0, 0.001)
                    )
            with variable_scope("Logits"):
                window = fitting_window(net, [8, 8])
                net = avg_pool2d(net, window, padding="VALID", scope=f"AvgPool_1a_{window[0]}x{window[1]}")
                net = dropout(net, keep_prob=dropout_keep_prob, scope="Dropout_1b")
                end_points["PreLogits"] = net
                logits = classified(net, "Conv2d_1c_1x1")
            end_points["Logits"] = logits
            end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


inception_v3.default_image_size = 299  # type: ignore[attr-defined]


@export("contrib.slim.nets.inception.inception_v3_arg_scope")
def inception_v3_arg_scope(
    weight_decay: float = 0.00004,
    batch_norm_var_collection: str = "moving_vars",
    batch_norm_decay: float = 0.9997,
    batch_norm_epsilon: float = 0.001,
    updates_collections: Any = GraphKeys.UPDATE_OPS,
    use_fused_batchnorm: bool = True,
) -> dict:
    """The defaults with which the network's layers are to be made: `with slim.arg_scope(inception_v3_arg_scope()):`."""
    return inception_arg_scope(
        weight_decay,
        batch_norm_var_collection,
        decay=batch_norm_decay,
        epsilon=batch_norm_epsilon,
        updates_collections=updates_collections,
        fused=use_fused_batchnorm,
    )
