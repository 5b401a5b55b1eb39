"""A step of a gated recurrent unit as one op, and its gradient.

r, u = sigmoid([x, h_prev]·w_ru + b_ru)    c = tanh([x, r·h_prev]·w_c + b_c)    h = u·h_prev + (1 - u)·c
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.dtypes import float32
from pyflow.core.registry import NOT_DIFFERENTIABLE, op, raw, sample
from pyflow.ops.primitives import primitives, product
from pyflow.ops.shape_rules import with_rank

_TYPES = (float32,)


def _step_shapes(x: Any, h_prev: Any) -> tuple[Any, Any]:
    batch, _ = with_rank(x, 2)
    _, cells = with_rank(h_prev, 2)
    return batch, cells


def _reference(x: Any, h: Any, w_ru: Any, w_c: Any, b_ru: Any, b_c: Any) -> list[np.ndarray]:
    r, u = np.split(1 / (1 + np.exp(-(np.concatenate([x, h], 1) @ w_ru + b_ru))), 2, 1)
    c = np.tanh(np.concatenate([x, r * h], 1) @ w_c + b_c)
    return [r, u, c, u * h + (1 - u) * c]


_RNG = np.random.RandomState(3)
_STEP = [_RNG.uniform(-1, 1, shape).tolist() for shape in ((2, 3), (2, 2), (5, 4), (5, 2), (4,), (2,))]


@op(
    "GRUBlockCellGrad(x: T, h_prev: T, w_ru: T, w_c: T, b_ru: T, b_c: T, r: T, u: T, c: T, d_h: T) -> (d_x: T, "
    "d_h_prev: T, d_c_bar: T, d_r_bar_u_bar: T)",
    T=_TYPES,
)
class GRUBlockCellGrad:
    """Gradients of a GRU step: of x and h_prev, and of the sums that c, and r and u, are made of."""

    def shape(x, h_prev):
        batch, cells = _step_shapes(x, h_prev)
        return [x, (batch, cells), (batch, cells), (batch, None if cells is None else 2 * cells)]

    def cpu(x, h_prev, w_ru, w_c, r, u, c, d_h, out):
        d_x, d_h_prev, d_c_bar, d_r_bar_u_bar = out
        inputs, cells = x.shape[1], h_prev.shape[1]
        np.multiply(d_h * (1 - u), 1 - c * c, out=d_c_bar)
        below = product(d_c_bar, w_c.T)
        d_r_h = below[:, inputs:]
        np.multiply(d_r_h * h_prev, r * (1 - r), out=d_r_bar_u_bar[:, :cells])
        np.multiply(d_h * (h_prev - c), u * (1 - u), out=d_r_bar_u_bar[:, cells:])
        gates = product(d_r_bar_u_bar, w_ru.T)
        np.add(gates[:, :inputs], below[:, :inputs], out=d_x)
        np.add(gates[:, inputs:], d_r_h * r + d_h * u, out=d_h_prev)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(*_STEP, *([[[0.5, 0.25], [0.75, 0.5]]] * 4))]


@op("GRUBlockCell(x: T, h_prev: T, w_ru: T, w_c: T, b_ru: T, b_c: T) -> (r: T, u: T, c: T, h: T)", T=_TYPES)
class GRUBlockCell:
    """One GRU step: x [batch, input size], h_prev [batch, cell size]."""

    def shape(x, h_prev):
        return [_step_shapes(x, h_prev)] * 4

    def cpu(x, h_prev, w_ru, w_c, b_ru, b_c, out):
        r, u, c, h = out
        cells = h_prev.shape[1]
        gates = product(np.concatenate([x, h_prev], 1), w_ru)
        gates += b_ru
        primitives.sigmoid(gates, gates)
        r[...], u[...] = gates[:, :cells], gates[:, cells:]
        candidate = product(np.concatenate([x, h_prev * r], 1), w_c)
        candidate += b_c
        primitives.tanh(candidate, c)
        np.subtract(h_prev, c, out=h)
        h *= u
        h += c

    def grad(op, *grads):
        from pyflow.ops.matmul import matmul

        x, h_prev = op.inputs[:2]
        r, u, c, h = op.outputs
        d_h = raw.ZerosLike(h) if grads[3] is None else grads[3]
        d_x, d_h_prev, d_c_bar, d_r_bar_u_bar = GRUBlockCellGrad(*op.inputs, r, u, c, d_h)
        d_w_ru = matmul(raw.ConcatV2([x, h_prev], 1), d_r_bar_u_bar, transpose_a=True)
        d_w_c = matmul(raw.ConcatV2([x, h_prev * r], 1), d_c_bar, transpose_a=True)
        return d_x, d_h_prev, d_w_ru, d_w_c, raw.BiasAddGrad(d_r_bar_u_bar), raw.BiasAddGrad(d_c_bar)

    samples = [sample(*_STEP, grad=False, reference=_reference)]
