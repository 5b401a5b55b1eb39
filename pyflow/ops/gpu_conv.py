"""Convolutions and pooling on the GPU, and their gradients; of convolutions with the channels behind."""

from __future__ import annotations

import math
from typing import Any, Callable

from pyflow.ops.conv_rules import windows_of
from pyflow.ops.gpu import Choice, Dispatch, groups, size, word_of
from pyflow.ops.gpu_matmul import LARGE, tile
from pyflow.ops.pool_rules import pool_windows
from pyflow.ops.windows import Windows, batch_and_depth, spatial

# A sum over so many places is worth parts of its own where the filter has few blocks.
_PLACES_A_PART = 256
_ENOUGH_INVOCATIONS = 512
_ENOUGH_WORKGROUPS = 64


def _workgroup(block: int) -> int:
    """How many blocks of that size a workgroup does: each invocation has its own, or all stage one together."""
    return 1 if block == 64 else 32


_MOVES = ("ksize", "strides")


def _of_images(node: Any) -> bool:
    """Whether the channels are behind, and windows move over rows and columns only."""
    moves = [node.attrs[name] for name in ("strides", "dilations")]
    return node.attrs["data_format"] == "NHWC" and all(batch_and_depth(m, "NHWC") == (1, 1) for m in moves)


def _windows(node: Any, x: tuple, filter: tuple) -> Windows:
    attrs = node.attrs
    explicit = attrs.get("explicit_paddings", ())
    return windows_of(x, filter, attrs["strides"], attrs["padding"], explicit, "NHWC", attrs["dilations"])


def _geometry(windows: Windows) -> dict[str, int]:
    return {
        "KERNEL_ROWS": windows.window[0], "KERNEL_COLUMNS": windows.window[1],
        "STRIDE_ROWS": windows.strides[0], "STRIDE_COLUMNS": windows.strides[1],
        "PAD_TOP": windows.before[0], "PAD_LEFT": windows.before[1],
    }  # fmt: skip


def _dilations(windows: Windows) -> dict[str, int]:
    return {"DILATION_ROWS": windows.dilations[0], "DILATION_COLUMNS": windows.dilations[1]}


def _input_sizes(x: tuple, dy: tuple) -> dict[str, int]:
    names = ("BATCH", "HEIGHT", "WIDTH", "DEPTH", "ROWS", "COLUMNS")
    return dict(zip(names, (*x, *dy[1:3])))


def _fits(windows: Windows, x: tuple, dy: tuple, channels: int) -> bool:
    """Whether dy has the shape of the convolution's result; the CPU refuses others."""
    return dy == (x[0], *windows.counts, channels)


def _name(kind: str, windows: Windows, x: Any, dy: Any) -> str:
    shapes = (x.shape, windows.window, dy.shape, windows.strides, windows.dilations)
    half = ["half"] if word_of(x) == "f16" else []
    return " ".join([kind, *half, *("x".join(map(str, s)) for s in shapes)])


def _types(source: Any, target: Any) -> dict[str, str]:
    """What shaders read and write."""
    return {"T": word_of(source), "R": word_of(target)}


def _convolution(
    windows: Windows, inputs: Any, output: Any, depth: int, to_input: bool, epilogue: str | None = None
) -> list[Choice]:
    """The dispatch for a convolution, or for its gradient to the input: of inputs[0], with `depth` channels."""
    x, c = inputs[0].shape, output.shape
    sizes = {"BATCH": c[0], "ROWS": c[1], "COLUMNS": c[2], "N": c[3], "HEIGHT": x[1], "WIDTH": x[2], "DEPTH": depth}
    sizes |= _geometry(windows) | _dilations(windows) | {"TO_INPUT": to_input}
    work = 2 * size(output) * depth * math.prod(windows.window)
    types, functions = _types(inputs[0], output), {} if epilogue is None else {"epilogue": epilogue}

    def blocks(kernel: str, block: int) -> list[Dispatch]:
        count = math.ceil(math.prod(c[:3]) / block) * math.ceil(c[3] / block)
        grid = groups(count, _workgroup(block))
        return [Dispatch(f"conv/{kernel}.wgsl", inputs, [output], grid, types, functions, work, **sizes)]

    ways = {"odd": blocks("odd", 8)}
    if depth % 4 == 0 and c[3] % 4 == 0:
        ways = {"registers8": blocks("registers8", 8), "shared": blocks("shared", 64)}
        if work >= 2 * LARGE:
            ways["registers16"] = blocks("registers16", 16)
    return [Choice(_name("conv to input" if to_input else "conv", windows, inputs[0], output), ways)]


def convolution(node: Any) -> list[Choice] | None:
    """The rule of Conv2D."""
    x, filter = (v.shape for v in node.inputs)
    if not _of_images(node) or x[3] != filter[2]:
        return None
    return _convolution(_windows(node, x, filter), node.inputs, node.outputs[0], x[3], to_input=False)


def convolution_to_input(node: Any) -> list[Choice] | None:
    """The rule of Conv2DBackpropInput."""
    (_, filter, dy), (dx,) = node.inputs, node.outputs
    if not _of_images(node) or dx.shape[3] != filter.shape[2]:
        return None
    windows = _windows(node, dx.shape, filter.shape)
    if not _fits(windows, dx.shape, dy.shape, filter.shape[3]):
        return None
    return _convolution(windows, [dy, filter], dx, dy.shape[3], to_input=True)


def convolution_to_filter(node: Any) -> list[Choice] | None:
    """The rule of Conv2DBackpropFilter."""
    (x, _, dy), (dw,) = node.inputs, node.outputs
    if not _of_images(node) or x.shape[3] != dw.shape[2]:
        return None
    windows = _windows(node, x.shape, dw.shape)
    if not _fits(windows, x.shape, dy.shape, dw.shape[3]):
        return None
    sizes = _input_sizes(x.shape, dy.shape) | _geometry(windows) | _dilations(windows) | {"N": dw.shape[3]}
    places = math.prod(dy.shape[:3])

    def blocks(kernel: str, block: int) -> list[Dispatch]:
        count = math.ceil(math.prod(dw.shape[:3]) / block) * math.ceil(dw.shape[3] / block)
        return _in_parts(
            node, f"conv/{kernel}.wgsl", [x, dy], dw, count, _workgroup(block), sizes, places, 2 * size(dw) * places
        )

    def quads() -> list[Dispatch]:
        m, n = math.prod(dw.shape[:3]), dw.shape[3]
        rows, columns, overrides = tile("quads16", m, n)
        count = math.ceil(m / rows) * math.ceil(n / columns)
        shader, work = "conv/filter_quads16.wgsl", 2 * size(dw) * places
        return _in_parts(node, shader, [x, dy], dw, count, 1, sizes | overrides, places, work)

    ways = {"odd": blocks("filter_odd", 8)}
    if dw.shape[2] % 4 == 0 and dw.shape[3] % 4 == 0:
        ways = {"registers8": blocks("filter_registers8", 8), "shared": blocks("filter_shared", 64)}
        if dw.shape[2] % 16 == 0:
            ways["quads16"] = quads()
        if size(dw) * places >= LARGE:
            ways["registers16"] = blocks("filter_registers16", 16)
    return [Choice(_name("conv to filter", windows, x, dy), ways)]


def _in_parts(
    node: Any,
    shader: str,
    inputs: list,
    output: Any,
    invocations: int,
    workgroup: int,
    sizes: dict,
    places: int,
    work: int,
) -> list[Dispatch]:
    """A dispatch that sums over many places, in parts where there would be few invocations, and one for their sum."""
    lines = sizes["BATCH"] * sizes["ROWS"]
    enough = _ENOUGH_WORKGROUPS if workgroup == 1 else _ENOUGH_INVOCATIONS
    splits = min(math.ceil(enough / invocations), math.ceil(places / _PLACES_A_PART), lines)
    grid = groups(splits * invocations, workgroup)
    if splits == 1:
        return [Dispatch(shader, inputs, [output], grid, _types(inputs[0], output), work=work, SPLITS=1, **sizes)]
    parts, total = node.scratch((splits, *output.shape)), size(output)
    sums = {"SIZE": total, "N": output.shape[-1], "SPLITS": splits, "work": total * splits}
    return [
        Dispatch(shader, inputs, [parts], grid, _types(inputs[0], parts), work=work, SPLITS=splits, **sizes),
        Dispatch("matmul/split_sum.wgsl", [parts], [output], groups(total), _types(parts, output), **sums),
    ]


def depthwise(node: Any) -> list[Dispatch] | None:
    """The rule of DepthwiseConv2dNative."""
    x, filter = (v.shape for v in node.inputs)
    return _depthwise(node, "depthwise", node.inputs, x, filter, node.outputs[0].shape)


def depthwise_to_input(node: Any) -> list[Dispatch] | None:
    """The rule of DepthwiseConv2dNativeBackpropInput."""
    (_, filter, dy), (dx,) = node.inputs, node.outputs
    return _depthwise(node, "depthwise_to_input", [filter, dy], dx.shape, filter.shape, dy.shape)


def depthwise_to_filter(node: Any) -> list[Dispatch] | None:
    """The rule of DepthwiseConv2dNativeBackpropFilter."""
    (x, _, dy), (dw,) = node.inputs, node.outputs
    return _depthwise(node, "depthwise_to_filter", [x, dy], x.shape, dw.shape, dy.shape)


def _depthwise(node: Any, kernel: str, inputs: Any, x: tuple, filter: tuple, y: tuple) -> list[Dispatch] | None:
    rows, columns = spatial(node.attrs["strides"], "NHWC")
    if not _of_images(node) or rows != columns or x[3] != filter[2]:
        return None
    windows, (output,) = _windows(node, x, filter), node.outputs
    if not _fits(windows, x, y, filter[2] * filter[3]):
        return None
    sizes = _input_sizes(x, y) | _geometry(windows) | _dilations(windows) | {"MULTIPLIER": filter[3]}
    work, shader = 2 * math.prod(y) * math.prod(windows.window), f"conv/{kernel}.wgsl"
    if kernel == "depthwise_to_filter":
        return _in_parts(node, shader, inputs, output, size(output), 64, sizes, math.prod(y[:3]), work)
    types = _types(inputs[0], output)
    return [Dispatch(shader, inputs, [output], groups(size(output)), types, work=work, **sizes)]


def pooling(kernel: str) -> Callable[[Any], list[Dispatch] | None]:
    """The rule of a pooling op, or of its gradient, that a shader of shaders/pool does."""

    def rule(node: Any) -> list[Dispatch] | None:
        attrs, layout = node.attrs, node.attrs["data_format"]
        if layout not in ("NHWC", "NCHW") or any(batch_and_depth(attrs[m], layout) != (1, 1) for m in _MOVES):
            return None
        is_gradient, output = kernel.endswith("gradient"), node.outputs[0]
        x = output.shape if is_gradient else node.inputs[0].shape
        y = node.inputs[-1].shape if is_gradient else output.shape
        windows = pool_windows(x, attrs["ksize"], attrs["strides"], attrs["padding"], layout)
        if layout == "NCHW":  # each channel is an image of its own
            x, y = ((math.prod(shape[:2]), *shape[2:], 1) for shape in (x, y))
        if not _fits(windows, x, y, x[3]):
            return None
        inputs = node.inputs[1:] if kernel == "average_gradient" else node.inputs
        sizes = _input_sizes(x, y) | _geometry(windows)
        work = math.prod(y) * math.prod(windows.window)
        types = {"T": word_of(output)}
        return [Dispatch(f"pool/{kernel}.wgsl", inputs, [output], groups(size(output)), types, work=work, **sizes)]

    return rule


def greatest_with_places(node: Any) -> list[Dispatch] | None:
    """The rule of MaxPoolWithArgmax."""
    return _placed(node, "max_and_place", node.inputs, node.outputs, node.inputs[0].shape, node.outputs[0].shape)


def to_places(node: Any) -> list[Dispatch] | None:
    """The rule of MaxPoolGradWithArgmax, where the places are those of the same windows; others may be anywhere."""
    _, dy, places = node.inputs
    found = places.step
    same = ("ksize", "strides", "padding", "include_batch_in_index")
    if found is None or found.type != "MaxPoolWithArgmax" or any(found.attrs[n] != node.attrs[n] for n in same):
        return None
    if found.inputs[0].shape != node.outputs[0].shape:
        return None
    return _placed(node, "place_gradient", [dy, places], node.outputs, node.outputs[0].shape, dy.shape)


def _placed(node: Any, kernel: str, inputs: list, outputs: list, x: Any, y: Any) -> list[Dispatch] | None:
    attrs = node.attrs
    if any(batch_and_depth(attrs[m], "NHWC") != (1, 1) for m in _MOVES):
        return None
    windows = pool_windows(x, attrs["ksize"], attrs["strides"], attrs["padding"], "NHWC")
    if not _fits(windows, x, y, x[3]):
        return None
    sizes = _input_sizes(x, y) | _geometry(windows) | {"OF_BATCH": attrs["include_batch_in_index"]}
    work, types = math.prod(y) * math.prod(windows.window), {"T": word_of(outputs[0])}
    return [Dispatch(f"pool/{kernel}.wgsl", inputs, outputs, groups(size(outputs[0])), types, work=work, **sizes)]
