"""Residual networks in slim: v1 (He et al., 2015, http://arxiv.org/abs/1512.03385) and v2 (2016,

http://arxiv.org/abs/1603.05027), which normalizes before each convolution.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from pyflow.contrib.arg_scope import add_arg_scope, arg_scope
from pyflow.contrib.batch_norm_layer import batch_norm
from pyflow.contrib.convolution_layers import conv2d
from pyflow.contrib.initializers import variance_scaling_initializer
from pyflow.contrib.layer_collections import collect_named_outputs, convert_collection_to_dict, last_dimension
from pyflow.contrib.plain_layers import softmax
from pyflow.contrib.pooling_layers import max_pool2d
from pyflow.contrib.regularizers import l2_regularizer
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.tensor import Tensor
from pyflow.ops.array_padding import pad
from pyflow.ops.nn_relu import relu
from pyflow.ops.reduce_functions import reduce_mean
from pyflow.ops.variable_scope import variable_scope

_UNITS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)}


@export("contrib.slim.nets.resnet_utils.Block")
class Block(namedtuple("Block", ["scope", "unit_fn", "args"])):
    """A part of a residual network: its scope, the function that makes a unit, and the arguments of each unit."""


@export("contrib.slim.nets.resnet_utils.subsample")
def subsample(inputs: Tensor, factor: int, scope: str | None = None) -> Tensor:
    """Every `factor`-th pixel."""
    return inputs if factor == 1 else max_pool2d(inputs, [1, 1], stride=factor, scope=scope)


@export("contrib.slim.nets.resnet_utils.conv2d_same")
def conv2d_same(
    inputs: Tensor, num_outputs: int, kernel_size: int, stride: int, rate: int = 1, scope: str | None = None
) -> Tensor:
    """A convolution that pads by the window's size only, and not, as "SAME" does, by that of the images too."""
    if stride == 1:
        return conv2d(inputs, num_outputs, kernel_size, stride=1, rate=rate, padding="SAME", scope=scope)
    total = kernel_size + (kernel_size - 1) * (rate - 1) - 1
    around = [total // 2, total - total // 2]
    inputs = pad(inputs, [[0, 0], around, around, [0, 0]])
    return conv2d(inputs, num_outputs, kernel_size, stride=stride, rate=rate, padding="VALID", scope=scope)


@export("contrib.slim.nets.resnet_utils.stack_blocks_dense")
@add_arg_scope
def stack_blocks_dense(
    net: Tensor, blocks: list[Block], output_stride: Any = None, outputs_collections: Any = None
) -> Tensor:
    """The blocks one after the other; once the images are smaller by `output_stride`, windows are dilated instead.

    Raises:
      ValueError: they never are smaller by just that.
    """
    unreachable = "The target output_stride cannot be reached."
    current_stride, rate = 1, 1
    for block in blocks:
        with variable_scope(block.scope, "block", [net]) as sc:
            for i, unit in enumerate(block.args):
                if output_stride is not None and current_stride > output_stride:
                    raise ValueError(unreachable)
                with variable_scope(f"unit_{i + 1}", values=[net]):
                    if output_stride is not None and current_stride == output_stride:
                        net = block.unit_fn(net, rate=rate, **{**unit, "stride": 1})
                        rate *= unit.get("stride", 1)
                    else:
                        net = block.unit_fn(net, rate=1, **unit)
                        current_stride *= unit.get("stride", 1)
            net = collect_named_outputs(outputs_collections, sc.name, net)
    if output_stride is not None and current_stride != output_stride:
        raise ValueError(unreachable)
    return net


@export(
    "contrib.slim.nets.resnet_utils.resnet_arg_scope",
    "contrib.slim.nets.resnet_v1.resnet_arg_scope",
    "contrib.slim.nets.resnet_v2.resnet_arg_scope",
)
def resnet_arg_scope(
    weight_decay: float = 0.0001,
    batch_norm_decay: float = 0.997,
    batch_norm_epsilon: float = 1e-5,
    batch_norm_scale: bool = True,
) -> dict:
    """The defaults with which the networks' layers are to be made."""
    params = {
        "decay": batch_norm_decay,
        "epsilon": batch_norm_epsilon,
        "scale": batch_norm_scale,
        "updates_collections": GraphKeys.UPDATE_OPS,
    }
    with arg_scope(
        [conv2d],
        weights_regularizer=l2_regularizer(weight_decay),
        weights_initializer=variance_scaling_initializer(),
        activation_fn=relu,
        normalizer_fn=batch_norm,
        normalizer_params=params,
    ):
        with arg_scope([batch_norm], **params), arg_scope([max_pool2d], padding="SAME") as scope:
            return scope


def _bottleneck(version: int) -> Callable:
    plain = {"activation_fn": None, "normalizer_fn": None} if version == 2 else {"activation_fn": None}

    def bottleneck(
        inputs: Tensor,
        depth: int,
        depth_bottleneck: int,
        stride: int,
        rate: int = 1,
        outputs_collections: Any = None,
        scope: Any = None,
    ) -> Tensor:
        with variable_scope(scope, f"bottleneck_v{version}", [inputs]) as sc:
            depth_in = last_dimension(inputs.get_shape(), min_rank=4)
            start = batch_norm(inputs, activation_fn=relu, scope="preact") if version == 2 else inputs
            if depth == depth_in:
                shortcut = subsample(inputs, stride, "shortcut")
            else:
                shortcut = conv2d(start, depth, [1, 1], stride=stride, scope="shortcut", **plain)
            residual = conv2d(start, depth_bottleneck, [1, 1], stride=1, scope="conv1")
            residual = conv2d_same(residual, depth_bottleneck, 3, stride, rate=rate, scope="conv2")
            residual = conv2d(residual, depth, [1, 1], stride=1, scope="conv3", **plain)
            output = shortcut + residual
            if version == 1:
                output = relu(output)
            return collect_named_outputs(outputs_collections, sc.name, output)

    bottleneck.__doc__ = """Three convolutions beside a shortcut; the middle one has `depth_bottleneck` channels."""
    return export(f"contrib.slim.nets.resnet_v{version}.bottleneck")(add_arg_scope(bottleneck))


_BOTTLENECKS = {version: _bottleneck(version) for version in (1, 2)}


def _network(version: int) -> Callable:
    name = f"resnet_v{version}"

    def resnet(
        inputs: Tensor,
        blocks: list[Block],
        num_classes: int | None = None,
        is_training: Any = True,
        global_pool: bool = True,
        output_stride: Any = None,
        include_root_block: bool = True,
        reuse: bool | None = None,
        scope: Any = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        with variable_scope(scope, name, [inputs], reuse=reuse) as sc:
            collection = sc.original_name_scope + "_end_points"
            collecting = [conv2d, _BOTTLENECKS[version], stack_blocks_dense]
            with (
                arg_scope(collecting, outputs_collections=collection),
                arg_scope([batch_norm], is_training=is_training),
            ):
                net = inputs
                if include_root_block:
                    if output_stride is not None:
                        if output_stride % 4 != 0:
                            raise ValueError("The output_stride needs to be a multiple of 4.")
                        output_stride /= 4
                    root = {"activation_fn": None, "normalizer_fn": None} if version == 2 else {}
                    with arg_scope([conv2d], **root):
                        net = conv2d_same(net, 64, 7, stride=2, scope="conv1")
                    net = max_pool2d(net, [3, 3], stride=2, scope="pool1")
                net = stack_blocks_dense(net, blocks, output_stride)
                if version == 2:
                    net = batch_norm(net, activation_fn=relu, scope="postnorm")
                if global_pool:
                    net = reduce_mean(net, [1, 2], name="pool5", keepdims=True)
                if num_classes is not None:
                    net = conv2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope="logits")
                end_points = convert_collection_to_dict(collection)
                if num_classes is not None:
                    end_points["predictions"] = softmax(net, scope="predictions")
                return net, end_points

    resnet.__name__ = resnet.__qualname__ = name
    resnet.__doc__ = """A residual network of given blocks: the outputs (or logits), and a dict of those of every part.

    Args:
      inputs: [batch_size, height, width, channels].
      num_classes: None leaves out the logits.
      global_pool: whether the mean over the pixels is taken at the end.
      output_stride: by how much images get smaller at most; None lets the blocks decide.
      include_root_block: whether a convolution and a pooling come first.
    """
    resnet.default_image_size = 224  # type: ignore[attr-defined]
    return export(f"contrib.slim.nets.{name}.{name}")(resnet)


def _block_maker(version: int) -> Callable[..., Block]:
    def block(scope: str, base_depth: int, num_units: int, stride: int) -> Block:
        unit = {"depth": base_depth * 4, "depth_bottleneck": base_depth}
        units = [{**unit, "stride": 1}] * (num_units - 1) + [{**unit, "stride": stride}]
        return Block(scope, _BOTTLENECKS[version], units)

    block.__doc__ = """A block of units, the last of which has a stride."""
    block.__name__ = block.__qualname__ = f"resnet_v{version}_block"
    return export(f"contrib.slim.nets.resnet_v{version}.{block.__name__}")(block)


def _of_layers(version: int, layers: int, network: Callable, block: Callable[..., Block]) -> Callable:
    name = f"resnet_v{version}_{layers}"

    def resnet(
        inputs: Tensor,
        num_classes: int | None = None,
        is_training: Any = True,
        global_pool: bool = True,
        output_stride: Any = None,
        reuse: bool | None = None,
        scope: Any = name,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        blocks = [
            block(f"block{i + 1}", base_depth=64 * 2**i, num_units=count, stride=1 if i == 3 else 2)
            for i, count in enumerate(_UNITS[layers])
        ]
        return network(
            inputs, blocks, num_classes, is_training, global_pool, output_stride, True, reuse=reuse, scope=scope
        )

    resnet.__name__ = resnet.__qualname__ = name
    resnet.__doc__ = f"""The residual network of {layers} layers; see `resnet_v{version}`."""
    resnet.default_image_size = 224  # type: ignore[attr-defined]
    return export(f"contrib.slim.nets.resnet_v{version}.{name}")(resnet)


for _version in (1, 2):
    _built, _made = _network(_version), _block_maker(_version)
    for _layers in _UNITS:
        _of_layers(_version, _layers, _built, _made)
