"""The arithmetic of LSTM steps on numpy arrays, forwards and backwards. Gates may stand in either of two orders.

Forwards, with a column of the kernel for each gate of each unit, and peepholes if there are any:

    i = sigmoid(x·w_i + h·w_i' + b_i + wci·cs_prev)        f = sigmoid(... + forget_bias + wcf·cs_prev)
    ci = tanh(...)                                         cs = clip(f·cs_prev + i·ci)
    o = sigmoid(... + wco·cs)                              h = o·co,  co = tanh(cs)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pyflow.core.errors import InvalidArgumentError
from pyflow.ops.primitives import primitives, product

# Where the gates i, ci, f and o stand among the four blocks of columns.
ICFO = (0, 1, 2, 3)
IFCO = (0, 2, 1, 3)


class Weights(NamedTuple):
    """w [input size + cell size, 4 · cell size], b [4 · cell size], and the peepholes [cell size] or None."""

    w: np.ndarray
    b: np.ndarray
    peepholes: tuple[np.ndarray, np.ndarray, np.ndarray] | None  # wci, wcf, wco


def step_forwards(
    gates: np.ndarray, cs_prev: np.ndarray, weights: Weights, order: Any, bias: float, clip: float, out: Any
) -> None:
    """One step, from the gates' sums [batch, 4 · cell size] (overwritten); `out` are i, cs, f, o, ci, co, h."""
    i, cs, f, o, ci, co, h = out
    sigmoid, tanh = primitives.sigmoid, primitives.tanh
    cells = cs_prev.shape[1]
    sum_i, sum_ci, sum_f, sum_o = (gates[:, cells * k : cells * (k + 1)] for k in order)
    sum_f += bias
    if weights.peepholes is not None:
        wci, wcf, wco = weights.peepholes
        sum_i += cs_prev * wci
        sum_f += cs_prev * wcf
    sigmoid(sum_i, i)
    sigmoid(sum_f, f)
    tanh(sum_ci, ci)
    np.multiply(i, ci, out=cs)
    np.multiply(f, cs_prev, out=h)
    cs += h
    if clip > 0:
        np.clip(cs, -clip, clip, out=cs)
    if weights.peepholes is not None:
        sum_o += cs * wco
    sigmoid(sum_o, o)
    tanh(cs, co)
    np.multiply(o, co, out=h)


def step_backwards(
    cs_prev: np.ndarray, weights: Weights, order: Any, values: Any, cs_grad: np.ndarray, h_grad: np.ndarray, gates: Any
) -> np.ndarray:
    """The gradient of a step; `values` are its i, cs, f, o, ci, co.

    Fills `gates` [batch, 4 · cell size] with the gradient of the gates' sums and returns that of `cs_prev`. The
    memory's gradient goes through its clipping as if there were none, as in TensorFlow's kernels.
    """
    i, cs, f, o, ci, co = values
    cells = cs.shape[1]
    d_i, d_ci, d_f, d_o = (gates[:, cells * k : cells * (k + 1)] for k in order)
    np.multiply(o * (1 - o), h_grad * co, out=d_o)
    d_cs = (1 - co * co) * (h_grad * o) + cs_grad
    if weights.peepholes is not None:
        d_cs += d_o * weights.peepholes[2]
    np.multiply(1 - ci * ci, d_cs * i, out=d_ci)
    np.multiply(f * (1 - f), d_cs * cs_prev, out=d_f)
    np.multiply(i * (1 - i), d_cs * ci, out=d_i)
    d_cs *= f
    if weights.peepholes is not None:
        d_cs += d_i * weights.peepholes[0] + d_f * weights.peepholes[1]
    return d_cs


def peephole_gradients(cs_prev: np.ndarray, cs: np.ndarray, gates: np.ndarray, order: Any) -> list[np.ndarray]:
    """Those of wci, wcf, wco; all arrays [rows, ...], `gates` as `step_backwards` leaves it."""
    cells = cs.shape[1]
    d_i, _, d_f, d_o = (gates[:, cells * k : cells * (k + 1)] for k in order)
    return [(d_i * cs_prev).sum(0), (d_f * cs_prev).sum(0), (d_o * cs).sum(0)]


def check_sizes(x: np.ndarray, cs_prev: np.ndarray, h_prev: np.ndarray, w: np.ndarray, b: np.ndarray) -> None:
    """Raises InvalidArgumentError unless the arrays fit each other; x is [..., batch, input size]."""
    batch, inputs = x.shape[-2:]
    cells = cs_prev.shape[1]
    for words, found, wanted in (
        ("cs_prev.dims(0) != batch_size", cs_prev.shape[0], batch),
        ("h_prev.dims(0) != batch_size", h_prev.shape[0], batch),
        ("h_prev.dims(1) != cell_size", h_prev.shape[1], cells),
        ("w.dim_size(0) != input_size + cell_size", w.shape[0], inputs + cells),
        ("w.dim_size(1) != cell_size * 4", w.shape[1], cells * 4),
        ("b.dim_size(0) != cell_size * 4", b.shape[0], cells * 4),
    ):
        if found != wanted:
            raise InvalidArgumentError(None, None, f"{words}: {found} vs. {wanted}")


def layer_forwards(
    steps: int, x: np.ndarray, start: Any, weights: Weights, order: Any, bias: float, clip: float, out: Any
) -> None:
    """`steps` steps over x [time, batch, input size] from (cs, h); `out` are seven arrays [time, batch, cell size]."""
    cs, h = start
    inputs = x.shape[2]
    below, beside = weights.w[:inputs], weights.w[inputs:]
    sums = product(x[:steps].reshape(-1, inputs), below)
    sums += weights.b
    sums = sums.reshape(steps, x.shape[1], -1)
    with primitives.serial():  # the products of one step are too small to be shared between threads
        for t in range(steps):
            gates = sums[t]
            gates += product(h, beside)
            now = [array[t] for array in out]
            step_forwards(gates, cs, weights, order, bias, clip, now)
            cs, h = now[1], now[6]
    for array in out:
        array[steps:] = 0


def layer_backwards(
    steps: int, x: np.ndarray, start: Any, weights: Weights, order: Any, values: Any, cs_grad: Any, h_grad: Any
) -> list[np.ndarray]:
    """The gradients of x, the starting cs and h, w, wci, wcf, wco and b; `values` are the forward arrays."""
    i, cs, f, o, ci, co, h = values
    inputs, cells = x.shape[2], cs.shape[2]
    below, beside = weights.w[:inputs], weights.w[inputs:]
    cs_before = np.concatenate([start[0][None], cs[: max(steps - 1, 0)]])[:steps]
    h_before = np.concatenate([start[1][None], h[: max(steps - 1, 0)]])[:steps]
    gates = np.empty((steps, x.shape[1], 4 * cells), x.dtype)
    d_cs, d_h = np.zeros_like(start[0]), np.zeros_like(start[1])
    with primitives.serial():
        for t in reversed(range(steps)):
            now = i[t], cs[t], f[t], o[t], ci[t], co[t]
            d_cs = step_backwards(cs_before[t], weights, order, now, cs_grad[t] + d_cs, h_grad[t] + d_h, gates[t])
            d_h = product(gates[t], beside.T)
    rows = gates.reshape(-1, 4 * cells)
    x_grad = np.zeros_like(x)
    x_grad[:steps] = product(rows, below.T).reshape(steps, *x.shape[1:])
    w_grad = np.empty_like(weights.w)
    primitives.multiply(x[:steps].reshape(-1, inputs).T, rows, w_grad[:inputs])
    primitives.multiply(h_before.reshape(-1, cells).T, rows, w_grad[inputs:])
    if weights.peepholes is None:
        peepholes = [np.zeros(cells, x.dtype)] * 3
    else:
        before, after = cs_before.reshape(-1, cells), cs[:steps].reshape(-1, cells)
        peepholes = peephole_gradients(before, after, rows, order)
    return [x_grad, d_cs, d_h, w_grad, *peepholes, rows.sum(0)]
