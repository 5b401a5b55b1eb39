"""Convolution, and both its gradients, against float64 sums over the taps of the filter."""

from typing import NamedTuple

import numpy as np
import pytest

from tests.shaders.runner import grid

pytestmark = pytest.mark.native


class Case(NamedTuple):
    batch: int
    size: tuple[int, int]
    depth: int
    kernel: tuple[int, int]
    channels: int
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)  # rows above, columns left
    out: tuple[int, int] = (0, 0)  # rows and columns of the output


FOR_VECTORS = [
    Case(2, (7, 6), 8, (3, 3), 12, pad=(1, 1), out=(7, 6)),
    Case(3, (9, 11), 4, (3, 2), 20, stride=(2, 3), pad=(1, 0), out=(5, 4)),
    Case(2, (10, 9), 4, (3, 3), 4, dilation=(2, 3), out=(6, 3)),
]
ODD = [
    Case(2, (7, 6), 1, (5, 5), 3, pad=(2, 2), out=(7, 6)),
    Case(3, (9, 11), 3, (3, 2), 9, stride=(2, 3), pad=(1, 0), out=(5, 4)),
    Case(1, (10, 9), 5, (3, 3), 1, dilation=(2, 3), out=(6, 3)),
    Case(2, (1, 1), 3, (1, 1), 13, out=(1, 1)),
]


def sizes(case):
    names = ("BATCH", "HEIGHT", "WIDTH", "DEPTH", "KERNEL_ROWS", "KERNEL_COLUMNS", "N", "ROWS", "COLUMNS")
    values = (case.batch, *case.size, case.depth, *case.kernel, case.channels, *case.out)
    names += ("STRIDE_ROWS", "STRIDE_COLUMNS", "DILATION_ROWS", "DILATION_COLUMNS", "PAD_TOP", "PAD_LEFT")
    return dict(zip(names, (*values, *case.stride, *case.dilation, *case.pad)))


def taps(case):
    """For each tap of the filter: its place, and the slices of a padded input that the output's places see there."""
    (below, beside), (rows, columns) = case.stride, ((n - 1) * s + 1 for n, s in zip(case.out, case.stride))
    for i, j in np.ndindex(case.kernel):
        y, x = i * case.dilation[0], j * case.dilation[1]
        yield i, j, slice(y, y + rows, below), slice(x, x + columns, beside)


def reference(case, x, w, dy):
    """(y, dx, dw) in float64."""
    (top, left), (height, width) = case.pad, case.size
    padded = np.zeros((case.batch, top + height + 40, left + width + 40, case.depth))
    padded[:, top : top + height, left : left + width] = x
    y = np.zeros((case.batch, *case.out, case.channels))
    dx, dw = np.zeros_like(padded), np.zeros(w.shape)
    for i, j, rows, columns in taps(case):
        y += padded[:, rows, columns] @ w[i, j].astype("f8")
        dx[:, rows, columns] += dy @ w[i, j].T.astype("f8")
        dw[i, j] = np.einsum("byxi,byxo->io", padded[:, rows, columns], dy.astype("f8"))
    return y, dx[:, top : top + height, left : left + width], dw


def operands(case):
    random = np.random.default_rng(case.depth)
    x = random.uniform(-1, 1, (case.batch, *case.size, case.depth)).astype("f4")
    w = random.uniform(-1, 1, (*case.kernel, case.depth, case.channels)).astype("f4")
    dy = random.uniform(-1, 1, (case.batch, *case.out, case.channels)).astype("f4")
    return x, w, dy


# The sides of a block of each kernel; of "shared" a workgroup does one, of the others 32.
BLOCKS = {"registers8": 8, "registers16": 16, "shared": 64, "odd": 8}
KERNELS = ["registers8", "registers16", "shared"]


def workgroups(kernel, shape, parts=1, down=1):
    rows, columns, kernel = int(np.prod(shape[:3])), shape[3], kernel.removeprefix("filter_")
    if kernel == "quads16":
        return grid(parts * -(-rows // (16 * down)) * -(-columns // (128 // down)))
    block = BLOCKS[kernel]
    return grid(-(-parts * -(-rows // block) * -(-columns // block) // (1 if kernel == "shared" else 32)))


def forward(adapter, kernel, case, x, w, *bias, **how):
    shape = (case.batch, *case.out, case.channels)
    groups = workgroups(kernel, shape)
    return adapter.run(f"conv/{kernel}.wgsl", [x, w, *bias], [(shape, "f4")], groups, sizes(case), **how)[0]


def to_input(adapter, kernel, case, w, dy, **how):
    constants = sizes(case) | {"TO_INPUT": True, "N": case.depth, "DEPTH": case.channels}
    constants |= {"HEIGHT": case.out[0], "WIDTH": case.out[1], "ROWS": case.size[0], "COLUMNS": case.size[1]}
    shape = (case.batch, *case.size, case.depth)
    groups = workgroups(kernel, shape)
    return adapter.run(f"conv/{kernel}.wgsl", [dy, w], [(shape, "f4")], groups, constants, **how)[0]


def to_filter(adapter, kernel, case, x, dy, splits=1, down=1, **how):
    shape = (*case.kernel, case.depth, case.channels)
    groups = workgroups(kernel, shape, splits, down)
    constants = sizes(case) | {"SPLITS": splits} | ({"DOWN": down} if down > 1 else {})
    return adapter.run(f"conv/{kernel}.wgsl", [x, dy], [((splits, *shape), "f4")], groups, constants, **how)[0].sum(0)


def close(found, exact):
    np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("case", FOR_VECTORS, ids=["same", "strides", "dilations"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_depths_that_vectors_fit(adapter, kernel, case):
    x, w, dy = operands(case)
    y, dx, dw = reference(case, x, w, dy)
    close(forward(adapter, kernel, case, x, w), y)
    close(to_input(adapter, kernel, case, w, dy), dx)
    close(to_filter(adapter, f"filter_{kernel}", case, x, dy), dw)
    close(to_filter(adapter, f"filter_{kernel}", case, x, dy, splits=4), dw)


FOR_QUADS = [
    Case(2, (7, 6), 16, (3, 3), 12, pad=(1, 1), out=(7, 6)),
    Case(3, (9, 11), 32, (3, 2), 20, stride=(2, 3), pad=(1, 0), out=(5, 4)),
    Case(2, (10, 9), 16, (3, 3), 36, dilation=(2, 3), out=(6, 3)),
    Case(3, (1, 1), 16, (1, 1), 4, out=(1, 1)),
]


@pytest.mark.parametrize("case", FOR_QUADS, ids=["same", "strides", "dilations", "one place"])
@pytest.mark.parametrize("down", [1, 2, 8])
def test_the_gradient_of_a_filter_by_quads(adapter, down, case):
    x, w, dy = operands(case)
    dw = reference(case, x, w, dy)[2]
    close(to_filter(adapter, "filter_quads16", case, x, dy, down=down), dw)
    close(to_filter(adapter, "filter_quads16", case, x, dy, splits=3, down=down), dw)


@pytest.mark.parametrize("case", ODD, ids=["same", "strides", "dilations", "one place"])
def test_any_depths(adapter, case):
    x, w, dy = operands(case)
    y, dx, dw = reference(case, x, w, dy)
    close(forward(adapter, "odd", case, x, w), y)
    close(to_input(adapter, "odd", case, w, dy), dx)
    close(to_filter(adapter, "filter_odd", case, x, dy), dw)
    close(to_filter(adapter, "filter_odd", case, x, dy, splits=3), dw)


@pytest.mark.parametrize("kernel", [*KERNELS, "odd"])
def test_float16_is_summed_in_float32(adapter_with_halves, kernel):
    case, half = FOR_VECTORS[0], {"types": {"T": "f16", "R": "f32"}}
    x, w, dy = (a.astype("f2") for a in operands(case))
    y, dx, dw = reference(case, x, w, dy)
    close(forward(adapter_with_halves, kernel, case, x, w, **half), y)
    close(to_input(adapter_with_halves, kernel, case, w, dy, **half), dx)
    close(to_filter(adapter_with_halves, f"filter_{kernel}", case, x, dy, **half), dw)


@pytest.mark.parametrize("kernel", [*KERNELS, "odd"])
def test_an_epilogue_of_bias_and_relu(adapter, kernel):
    case = FOR_VECTORS[0]
    x, w, dy = operands(case)
    bias = np.linspace(-1, 1, case.channels, dtype="f4")
    text = """@group(0) @binding(2) var<storage, read> bias: array<T>;
fn epilogue(v: T, column: u32) -> T { return max(v + bias[column], T(0)); }"""
    found = forward(adapter, kernel, case, x, w, bias, functions={"epilogue": text})
    close(found, np.maximum(reference(case, x, w, dy)[0] + bias, 0))
