"""Networks of branching blocks, read from tables: how the Inception networks of slim are described.

A table's line is a layer, `<channels> <scope>` or `<pool's scope>`, or it is `<scope>:` with a block's branches on the
indented lines behind it, their layers parted by ">", and by "&" where two layers side by side end the branch. The
window's size is the last part of the scope, unless "=HxW" follows it; "/2" is a stride of 2, "/2v" one with padding
"VALID", "~0.1" the deviation of the weights' first values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pyflow.contrib.convolution_layers import conv2d
from pyflow.contrib.pooling_layers import avg_pool2d, max_pool2d
from pyflow.core.tensor import Tensor
from pyflow.ops.array_joining import concat
from pyflow.ops.initializers import truncated_normal_initializer
from pyflow.ops.variable_scope import variable_scope

_LAYER = re.compile(
    r"^(?:(?P<channels>\d+) )?(?P<scope>\w+?(?P<size>\d+x\d+))(?:=(?P<window>\d+x\d+))?"
    r"(?: /(?P<stride>\d)(?P<valid>v)?)?(?: ~(?P<deviation>[\d.]+))?$"
)


def _layer(net: Tensor, text: str, depth: Callable[[int], int]) -> Tensor:
    match = _LAYER.match(text.strip())
    assert match, text
    window = [int(size) for size in (match["window"] or match["size"]).split("x")]
    settings: dict[str, Any] = {"scope": match["scope"]}
    if match["stride"]:
        settings["stride"] = int(match["stride"])
    if match["valid"]:
        settings["padding"] = "VALID"
    if match["deviation"]:
        settings["weights_initializer"] = truncated_normal_initializer(0.0, float(match["deviation"]))
    if match["channels"]:
        return conv2d(net, depth(int(match["channels"])), window, **settings)
    return (max_pool2d if match["scope"].startswith("Max") else avg_pool2d)(net, window, **settings)


def _branch(net: Tensor, text: str, depth: Callable[[int], int]) -> Tensor:
    for step in text.split(">"):
        sides = [_layer(net, side, depth) for side in step.split("&")]
        net = sides[0] if len(sides) == 1 else concat(sides, 3)
    return net


def _block(net: Tensor, scope: str, branches: list[str], depth: Callable[[int], int]) -> Tensor:
    with variable_scope(scope):
        outputs = []
        for i, branch in enumerate(branches):
            with variable_scope(f"Branch_{i}"):
                outputs.append(_branch(net, branch, depth))
        return concat(outputs, 3)


def build(
    net: Tensor, table: str, depth: Callable[[int], int], end_points: dict[str, Tensor], final_endpoint: str
) -> tuple[Tensor, bool]:
    """Builds the layers of a table up to one of them; gives the outputs, and whether that one was there.

    Args:
      depth: function from the channels in the table to those that are made.
      end_points: gets the outputs of every line by scope.
    """
    lines = [line for line in table.split("\n") if line.strip()]
    while lines:
        line = lines.pop(0)
        if line.rstrip().endswith(":"):
            scope, branches = line.strip().rstrip(":"), []
            while lines and lines[0].startswith("    "):
                branches.append(lines.pop(0))
            net = _block(net, scope, branches, depth)
        else:
            net = _layer(net, line, depth)
            scope = _LAYER.match(line.strip())["scope"]  # type: ignore[index]
        end_points[scope] = net
        if scope == final_endpoint:
            return net, True
    return net, False


def scaled_depth(min_depth: int, depth_multiplier: float) -> Callable[[int], int]:
    """The function from a layer's usual number of channels to that of a thinner or thicker network.

    Raises:
      ValueError: the multiplier is not positive.
    """
    if depth_multiplier <= 0:
        raise ValueError("depth_multiplier is not greater than zero.")
    return lambda d: max(int(d * depth_multiplier), min_depth)


def fitting_window(net: Tensor, window: list[int]) -> list[int]:
    """A window's size, or that of images [n, height, width, channels] that are smaller."""
    _, height, width, _ = net.get_shape().as_list()
    return window if height is None or width is None else [min(height, window[0]), min(width, window[1])]
