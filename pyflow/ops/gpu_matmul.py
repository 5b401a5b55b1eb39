"""Matrix products on the GPU: the shaders that can do one, and how each is asked to."""

from __future__ import annotations

import math
from typing import Any, Sequence

from pyflow.core import dtypes
from pyflow.ops.gpu import Choice, Dispatch, groups, word_of

# Rows and columns of C that a workgroup of each kernel computes.
_TILES = {"registers8": (32, 64), "registers16": (64, 128), "shared": (64, 64)}
_TILES |= {"registers8_odd": (32, 64), "shared_odd": (64, 64)}
# The same where a workgroup can be a line of blocks, or DOWN of them high and that much narrower.
_LINES = {"quads16": (16, 128), "quads32": (32, 256)}
# Fewer multiplications than this are not worth more than one way.
_SMALL = 1 << 15
# Fewer than this are not worth the time that drivers take to compile blocks of 16.
LARGE = 1 << 25
_LARGE_ONLY = ("registers16", "quads32")
_FOR_VECTORS = ("registers8", "registers16", "quads16", "quads32", "shared")
# A product of fewer tiles than this, with so many terms, is split along its terms.
_FEW_TILES = 16
_MANY_TERMS = 1024


def product(
    node: Any,
    inputs: Sequence[Any],
    output: Any,
    m: int,
    n: int,
    k: int,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    batch: int = 1,
    strides: tuple[int, int] | None = None,
    epilogue: str | None = None,
) -> Sequence[Dispatch | Choice]:
    """The dispatches for `output` = op(a) · op(b), `batch` matrices of [m, n], each a sum over k.

    Args:
      inputs: a, b, and what the epilogue binds.
      strides: elements from one matrix of a, and of b, to the next; 0 where all use the same.
      epilogue: the text of `fn epilogue(v: T, column: u32) -> T`, and of the inputs it brings.
    """
    sizes = {"M": m, "N": n, "K": k, "BATCH": batch, "TRANSPOSE_A": transpose_a, "TRANSPOSE_B": transpose_b}
    sizes |= dict(zip(("STRIDE_A", "STRIDE_B"), (m * k, k * n) if strides is None else strides))
    functions = {} if epilogue is None else {"epilogue": epilogue}
    types = {"T": word_of(inputs[0]), "R": word_of(output)}
    half = " half" if inputs[0].dtype is dtypes.float16 else ""
    work = 2 * batch * m * n * k

    def naive() -> list[Dispatch]:
        grid = groups(batch * m * n)
        sums = {"S": "i32" if output.dtype is dtypes.int32 else "f32"}
        return [Dispatch("matmul/naive.wgsl", inputs, [output], grid, types | sums, functions, work, **sizes)]

    if output.dtype is dtypes.int32 or work < 2 * _SMALL:
        return naive()

    def tiled(kernel: str) -> list[Dispatch]:
        rows, columns, overrides = tile(kernel, m, n)
        overrides |= sizes
        tiles = batch * math.ceil(m / rows) * math.ceil(n / columns)
        file = f"matmul/{kernel}.wgsl"
        if tiles >= _FEW_TILES or k < _MANY_TERMS:
            return [Dispatch(file, inputs, [output], groups(tiles, 1), types, functions, work, **overrides)]
        splits = min(_FEW_TILES // tiles, k // (_MANY_TERMS // 4))
        parts, grid = node.scratch((splits, *output.shape)), groups(splits * tiles, 1)
        total = {"SIZE": batch * m * n, "N": n, "SPLITS": splits}
        return [
            Dispatch(file, inputs[:2], [parts], grid, types | {"R": "f32"}, None, work, SPLITS=splits, **overrides),
            Dispatch("matmul/split_sum.wgsl", [parts, *inputs[2:]], [output], groups(total["SIZE"]), {"R": types["R"]},
                     _after_one_input(functions), total["SIZE"] * splits, **total),
        ]  # fmt: skip

    fits = k % 4 == 0 and n % 4 == 0 and (m % 4 == 0 or not transpose_a)
    kernels = _FOR_VECTORS if fits else ("registers8_odd", "shared_odd")
    ways = {kernel: tiled(kernel) for kernel in kernels if kernel not in _LARGE_ONLY or work >= 2 * LARGE}
    kinds = "T" if transpose_a else "N", "T" if transpose_b else "N"
    return [Choice(f"matmul {batch}x{m}x{k}x{n} {''.join(kinds)}{half}{' fused' if epilogue else ''}", ways)]


def tile(kernel: str, m: int, n: int) -> tuple[int, int, dict[str, int]]:
    """Rows and columns that a workgroup computes of a product of that size, and the overrides that have it do so."""
    if kernel in _TILES:
        return *_TILES[kernel], {}
    height, width = _LINES[kernel]
    sizes = [(height * down, width // down, {"DOWN": down}) for down in (1, 2, 4, 8)]
    return min(sizes, key=lambda tile: math.ceil(m / tile[0]) * math.ceil(n / tile[1]))


def _after_one_input(functions: dict[str, str]) -> dict[str, str]:
    """The functions for split_sum.wgsl, which has one input where the others have two."""
    return {name: text.replace("@binding(2)", "@binding(1)") for name, text in functions.items()}


def matrix_products(node: Any) -> Sequence[Dispatch | Choice]:
    """The rule of MatMul."""
    (rows, columns), a = node.outputs[0].shape, node.inputs[0]
    ta, tb = node.attrs["transpose_a"], node.attrs["transpose_b"]
    terms = a.shape[0 if ta else 1]
    return product(node, node.inputs, node.outputs[0], rows, columns, terms, transpose_a=ta, transpose_b=tb)


def batched_products(node: Any) -> Sequence[Dispatch | Choice] | None:
    """The rule of BatchMatMul, where one operand's batch is that of the result and the other's the same or 1."""
    (a, b), c, ta, tb = node.inputs, node.outputs[0], node.attrs["adj_x"], node.attrs["adj_y"]
    m, n = c.shape[-2:]
    k = a.shape[-2 if ta else -1]
    batch = math.prod(c.shape[:-2])
    counts = [math.prod(v.shape[:-2]) for v in (a, b)]
    if any(count not in (1, batch) for count in counts):
        return None
    strides = (m * k * (counts[0] > 1), k * n * (counts[1] > 1))
    return product(node, node.inputs, c, m, n, k, transpose_a=ta, transpose_b=tb, batch=batch, strides=strides)
