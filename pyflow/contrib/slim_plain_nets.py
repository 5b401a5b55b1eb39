"""Networks without branches in slim: AlexNet v2, VGG, OverFeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.arg_scope import arg_scope
from pyflow.contrib.convolution_layers import conv2d
from pyflow.contrib.dense_layers import fully_connected
from pyflow.contrib.layer_collections import convert_collection_to_dict
from pyflow.contrib.plain_layers import dropout, repeat
from pyflow.contrib.pooling_layers import max_pool2d
from pyflow.contrib.regularizers import l2_regularizer
from pyflow.core.api import export
from pyflow.core.tensor import Tensor
from pyflow.layers.named_functions import ZEROS
from pyflow.ops.array import squeeze
from pyflow.ops.initializers import constant_initializer, truncated_normal_initializer
from pyflow.ops.nn_relu import relu
from pyflow.ops.variable_scope import variable_scope

_COLLECTING = [conv2d, fully_connected, max_pool2d]


def _scope(weight_decay: float, biases_initializer: Any, valid_pools: bool) -> dict:
    with arg_scope(
        [conv2d, fully_connected],
        activation_fn=relu,
        biases_initializer=biases_initializer,
        weights_regularizer=l2_regularizer(weight_decay),
    ):
        with arg_scope([conv2d], padding="SAME") as scope:
            if not valid_pools:
                return scope
            with arg_scope([max_pool2d], padding="VALID") as scope:
                return scope


@export("contrib.slim.nets.alexnet.alexnet_v2_arg_scope")
def alexnet_v2_arg_scope(weight_decay: float = 0.0005) -> dict:
    """The defaults with which the network's layers are to be made."""
    return _scope(weight_decay, constant_initializer(0.1), valid_pools=True)


@export("contrib.slim.nets.vgg.vgg_arg_scope")
def vgg_arg_scope(weight_decay: float = 0.0005) -> dict:
    """The defaults with which the network's layers are to be made."""
    return _scope(weight_decay, ZEROS, valid_pools=False)


@export("contrib.slim.nets.overfeat.overfeat_arg_scope")
def overfeat_arg_scope(weight_decay: float = 0.0005) -> dict:
    """The defaults with which the network's layers are to be made."""
    return _scope(weight_decay, ZEROS, valid_pools=True)


def _classifier(
    net: Tensor, sizes: tuple[int, int], window: list[int], num_classes: int, keep: float, training: Any, **last: Any
) -> Tensor:
    """Three fully connected layers, as convolutions."""
    net = conv2d(net, sizes[0], window, padding="VALID", scope="fc6")
    net = dropout(net, keep, is_training=training, scope="dropout6")
    net = conv2d(net, sizes[1], [1, 1], scope="fc7")
    net = dropout(net, keep, is_training=training, scope="dropout7")
    return conv2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope="fc8", **last)


def _end(net: Tensor, collection: str, scope_name: str, spatial_squeeze: bool) -> tuple[Tensor, dict[str, Tensor]]:
    end_points = convert_collection_to_dict(collection)
    if spatial_squeeze:
        net = end_points[f"{scope_name}/fc8"] = squeeze(net, [1, 2], name="fc8/squeezed")
    return net, end_points


@export("contrib.slim.nets.alexnet.alexnet_v2")
def alexnet_v2(
    inputs: Tensor,
    num_classes: int = 1000,
    is_training: Any = True,
    dropout_keep_prob: float = 0.5,
    spatial_squeeze: bool = True,
    scope: Any = "alexnet_v2",
) -> tuple[Tensor, dict[str, Tensor]]:
    """AlexNet for one device (Krizhevsky, 2014, http://arxiv.org/abs/1404.5997) on images of 224 x 224.

    Returns:
      The logits, and a dict of the outputs of every layer.
    """
    with variable_scope(scope, "alexnet_v2", [inputs]) as sc:
        collection = sc.original_name_scope + "_end_points"
        with arg_scope(_COLLECTING, outputs_collections=[collection]):
            net = conv2d(inputs, 64, [11, 11], 4, padding="VALID", scope="conv1")
            net = max_pool2d(net, [3, 3], 2, scope="pool1")
            net = conv2d(net, 192, [5, 5], scope="conv2")
            net = max_pool2d(net, [3, 3], 2, scope="pool2")
            for name, channels in (("conv3", 384), ("conv4", 384), ("conv5", 256)):
                net = conv2d(net, channels, [3, 3], scope=name)
            net = max_pool2d(net, [3, 3], 2, scope="pool5")
            with _random_classifier():
                net = _classifier(
                    net, (4096, 4096), [5, 5], num_classes, dropout_keep_prob, is_training, biases_initializer=ZEROS
                )
            return _end(net, collection, sc.name, spatial_squeeze)


def _random_classifier() -> Any:
    return arg_scope(
        [conv2d],
        weights_initializer=truncated_normal_initializer(0.0, 0.005),
        biases_initializer=constant_initializer(0.1),
    )


@export("contrib.slim.nets.overfeat.overfeat")
def overfeat(
    inputs: Tensor,
    num_classes: int = 1000,
    is_training: Any = True,
    dropout_keep_prob: float = 0.5,
    spatial_squeeze: bool = True,
    scope: Any = "overfeat",
) -> tuple[Tensor, dict[str, Tensor]]:
    """OverFeat (Sermanet et al., 2014, http://arxiv.org/abs/1312.6229) on images of 231 x 231; see `alexnet_v2`."""
    with variable_scope(scope, "overfeat", [inputs]) as sc:
        collection = sc.name + "_end_points"
        with arg_scope(_COLLECTING, outputs_collections=collection):
            net = conv2d(inputs, 64, [11, 11], 4, padding="VALID", scope="conv1")
            net = max_pool2d(net, [2, 2], scope="pool1")
            net = conv2d(net, 256, [5, 5], padding="VALID", scope="conv2")
            net = max_pool2d(net, [2, 2], scope="pool2")
            for name, channels in (("conv3", 512), ("conv4", 1024), ("conv5", 1024)):
                net = conv2d(net, channels, [3, 3], scope=name)
            net = max_pool2d(net, [2, 2], scope="pool5")
            with _random_classifier():
                net = _classifier(
                    net, (3072, 4096), [6, 6], num_classes, dropout_keep_prob, is_training, biases_initializer=ZEROS
                )
            return _end(net, collection, sc.name, spatial_squeeze)


def _vgg(name: str, repetitions: tuple[int, ...]) -> Callable:
    """A network of Simonyan and Zisserman, 2014, with so many convolutions in each of its five parts."""

    def vgg(
        inputs: Tensor,
        num_classes: int = 1000,
        is_training: Any = True,
        dropout_keep_prob: float = 0.5,
        spatial_squeeze: bool = True,
        scope: Any = name,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        with variable_scope(scope, name, [inputs]) as sc:
            collection = (sc.name if name == "vgg_19" else sc.original_name_scope) + "_end_points"
            with arg_scope(_COLLECTING, outputs_collections=collection):
                net = inputs
                for i, (count, channels) in enumerate(zip(repetitions, (64, 128, 256, 512, 512)), 1):
                    net = repeat(net, count, conv2d, channels, [3, 3], scope=f"conv{i}")
                    net = max_pool2d(net, [2, 2], scope=f"pool{i}")
                net = _classifier(net, (4096, 4096), [7, 7], num_classes, dropout_keep_prob, is_training)
                return _end(net, collection, sc.name, spatial_squeeze)

    vgg.__name__ = vgg.__qualname__ = name
    vgg.__doc__ = f"""{name} (http://arxiv.org/abs/1409.1556) on images of 224 x 224; see `alexnet_v2`."""
    vgg.default_image_size = 224  # type: ignore[attr-defined]
    return export(f"contrib.slim.nets.vgg.{name}")(vgg)


vgg_a = _vgg("vgg_a", (1, 1, 2, 2, 2))
vgg_16 = vgg_d = export("contrib.slim.nets.vgg.vgg_d")(_vgg("vgg_16", (2, 2, 3, 3, 3)))
vgg_19 = vgg_e = export("contrib.slim.nets.vgg.vgg_e")(_vgg("vgg_19", (2, 2, 4, 4, 4)))
alexnet_v2.default_image_size = 224  # type: ignore[attr-defined]
overfeat.default_image_size = 231  # type: ignore[attr-defined]
