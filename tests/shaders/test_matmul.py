"""Every matmul kernel, against the float64 product."""

import numpy as np
import pytest

from tests.shaders import runner
from tests.shaders.runner import grid

pytestmark = pytest.mark.native
TILES = {"naive": None, "registers8": (32, 64), "registers16": (64, 128), "shared": (64, 64)}
TILES |= {"registers8_odd": (32, 64), "shared_odd": (64, 64), "quads16": (16, 128), "quads32": (32, 256)}
FOR_VECTORS = ["registers8", "registers16", "quads16", "quads32", "shared"]
FOR_ANY = ["naive", "registers8_odd", "shared_odd"]
BIAS_AND_RELU = """@group(0) @binding(2) var<storage, read> bias: array<T>;
fn epilogue(v: T, column: u32) -> T { return max(v + bias[column], T(0)); }"""


def product(adapter, kernel, a, b, *bias, transpose_a=False, transpose_b=False, splits=1, down=1, **how):
    """op(a) · op(b) over the last two dimensions; an operand without a batch dimension serves all of the other's."""
    batch = max(a.shape[0] if a.ndim == 3 else 1, b.shape[0] if b.ndim == 3 else 1)
    k, m = a.shape[-2:] if transpose_a else a.shape[:-3:-1]
    n = b.shape[-2] if transpose_b else b.shape[-1]
    sizes = {"M": m, "N": n, "K": k, "BATCH": batch, "TRANSPOSE_A": transpose_a, "TRANSPOSE_B": transpose_b}
    sizes |= {"STRIDE_A": m * k * (a.ndim == 3), "STRIDE_B": k * n * (b.ndim == 3)}
    rows, columns = TILES[kernel] or (1, 1)
    rows, columns = rows * down, columns // down
    groups = -(-batch * m * n // 64) if kernel == "naive" else splits * batch * -(-m // rows) * -(-n // columns)
    sizes |= {"SPLITS": splits} if splits > 1 else {}
    sizes |= {"DOWN": down} if down > 1 else {}
    shape = (splits, batch, m, n) if splits > 1 else (batch, m, n)
    return adapter.run(f"matmul/{kernel}.wgsl", [a, b, *bias], [(shape, "f4")], grid(groups), sizes, **how)[0]


def operands(m, k, n, transpose_a=False, transpose_b=False, batch=()):
    """Two operands, stored as asked, and their product in float64."""
    random = np.random.default_rng(m + k + n)
    a = random.uniform(-1, 1, (*batch, m, k)).astype("f4")
    b = random.uniform(-1, 1, (*batch, k, n)).astype("f4")
    exact = a.astype("f8") @ b.astype("f8")
    return a.swapaxes(-1, -2) if transpose_a else a, b.swapaxes(-1, -2) if transpose_b else b, exact


def close(found, exact, k):
    """Within what float32 sums of k products of numbers up to 1 can be off."""
    np.testing.assert_allclose(found.reshape(exact.shape), exact, rtol=1e-5, atol=3e-7 * k)


@pytest.mark.parametrize("transposes", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("kernel", FOR_VECTORS)
@pytest.mark.parametrize("m, k, n", [(4, 4, 4), (36, 84, 132)])
def test_sizes_that_vectors_fit(adapter, kernel, m, k, n, transposes):
    ta, tb = map(bool, transposes)
    a, b, exact = operands(m, k, n, ta, tb)
    close(product(adapter, kernel, a, b, transpose_a=ta, transpose_b=tb), exact, k)


@pytest.mark.parametrize("transposes", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("kernel", FOR_ANY)
@pytest.mark.parametrize("m, k, n", [(1, 1, 1), (65, 33, 67), (3, 130, 1)])
def test_any_sizes(adapter, kernel, m, k, n, transposes):
    ta, tb = map(bool, transposes)
    a, b, exact = operands(m, k, n, ta, tb)
    close(product(adapter, kernel, a, b, transpose_a=ta, transpose_b=tb), exact, k)


@pytest.mark.parametrize("transposes", [(0, 0), (1, 1)])
@pytest.mark.parametrize("kernel", ["quads16", "quads32"])
@pytest.mark.parametrize("down", [2, 8])
def test_blocks_on_top_of_each_other(adapter, kernel, down, transposes):
    ta, tb = map(bool, transposes)
    a, b, exact = operands(140, 20, 36, ta, tb)
    close(product(adapter, kernel, a, b, transpose_a=ta, transpose_b=tb, down=down), exact, 20)


@pytest.mark.parametrize("kernel", TILES)
def test_a_batch_and_one_operand_for_all_of_it(adapter, kernel):
    a, b, exact = operands(20, 12, 28, batch=(3,))
    close(product(adapter, kernel, a, b), exact, 12)
    close(product(adapter, kernel, a, b[0]), a.astype("f8") @ b[0], 12)
    close(product(adapter, kernel, a[0], b), a[0].astype("f8") @ b, 12)


@pytest.mark.parametrize("kernel", [k for k in TILES if k != "naive"])
@pytest.mark.parametrize("k, splits", [(1000, 4), (36, 5), (8, 4)])
def test_split_along_k(adapter, kernel, k, splits):
    a, b, exact = operands(12, k, 20)
    parts = product(adapter, kernel, a, b, splits=splits)
    sizes = {"SIZE": exact.size, "N": exact.shape[1], "SPLITS": splits}
    (c,) = adapter.run("matmul/split_sum.wgsl", [parts], [(exact.shape, "f4")], grid(-(-exact.size // 64)), sizes)
    close(c, exact, k)


@pytest.mark.parametrize("kernel", TILES)
def test_float16_is_summed_in_float32(adapter_with_halves, kernel):
    a, b, _ = (x.astype("f2") for x in operands(20, 1000, 28))
    types = {"T": "f16", "R": "f32"}
    exact = a.astype("f8") @ b.astype("f8")
    close(product(adapter_with_halves, kernel, a, b, types=types), exact, 1000)
    (rounded,) = adapter_with_halves.run(
        f"matmul/{kernel}.wgsl", [a, b], [(exact.shape, "f2")], grid(64), {"M": 20, "K": 1000, "N": 28},
        types={"T": "f16", "R": "f16"},
    )  # fmt: skip
    np.testing.assert_allclose(rounded, exact, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kernel", ["registers8_odd", "shared_odd"])
def test_a_split_of_odd_sizes(adapter, kernel):
    a, b, exact = operands(5, 51, 7)
    close(product(adapter, kernel, a, b, splits=3).sum(0), exact, 51)


@pytest.mark.parametrize("kernel", TILES)
def test_an_epilogue_of_bias_and_relu(adapter, kernel):
    a, b, exact = operands(20, 12, 28)
    bias = np.linspace(-1, 1, 28, dtype="f4")
    found = product(adapter, kernel, a, b, bias, functions={"epilogue": BIAS_AND_RELU})
    close(found, np.maximum(exact + bias, 0), 12)


@pytest.mark.parametrize("kernel", TILES)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_stays_in_its_row(adapter, kernel, bad):
    a, b, exact = operands(20, 12, 28)
    a[19, 11] = bad
    c = product(adapter, kernel, a, b)[0]
    assert not np.isfinite(c[19]).any()
    close(c[:19], exact[:19], 12)


@pytest.mark.parametrize("kernel", ["naive", "registers8_odd"])
def test_more_workgroups_than_one_dimension_has(adapter, kernel):
    a, b, exact = operands(4, 4, 4, batch=(65537 * 4 if kernel == "naive" else 65537,))
    close(product(adapter, kernel, a, b), exact, 4)


@pytest.mark.parametrize("kernel", TILES)
def test_a_grid_of_two_dimensions(adapter, kernel, monkeypatch):
    monkeypatch.setattr(runner, "LIMIT", 3)
    a, b, exact = operands(4, 4, 4, batch=(257 if kernel == "naive" else 7,))
    close(product(adapter, kernel, a, b), exact, 4)
