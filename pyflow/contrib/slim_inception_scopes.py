"""The argument scope that slim's Inception networks have in common."""

from __future__ import annotations

from typing import Any

from pyflow.contrib.arg_scope import arg_scope
from pyflow.contrib.batch_norm_layer import batch_norm
from pyflow.contrib.convolution_layers import conv2d
from pyflow.contrib.dense_layers import fully_connected
from pyflow.contrib.initializers import variance_scaling_initializer
from pyflow.contrib.regularizers import l2_regularizer
from pyflow.core.collections import GraphKeys
from pyflow.ops.nn_relu import relu


def inception_arg_scope(
    weight_decay: float, moving_collection: str, use_batch_norm: bool = True, **batch_norm_params: Any
) -> dict:
    """Weight decay, and convolutions with batch normalization.

    Args:
      moving_collection: the collection that the moving averages join.
      batch_norm_params: arguments of `batch_norm` beside that.
    """
    params = {
        "decay": 0.9997,
        "epsilon": 0.001,
        "updates_collections": GraphKeys.UPDATE_OPS,
        "variables_collections": {
            "beta": None,
            "gamma": None,
            "moving_mean": [moving_collection],
            "moving_variance": [moving_collection],
        },
        **batch_norm_params,
    }
    with arg_scope([conv2d, fully_connected], weights_regularizer=l2_regularizer(weight_decay)):
        with arg_scope(
            [conv2d],
            weights_initializer=variance_scaling_initializer(),
            activation_fn=relu,
            normalizer_fn=batch_norm if use_batch_norm else None,
            normalizer_params=params if use_batch_norm else {},
        ) as scope:
            return scope
