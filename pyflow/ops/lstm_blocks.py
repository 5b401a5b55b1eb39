"""LSTM as one op: a step (LSTMBlockCell), or all steps of a sequence (BlockLSTM), with their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.dtypes import float16, float32
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, raw, sample
from pyflow.ops.gpu import INDEXED, dispatches
from pyflow.ops.gpu_lstm import layer, layer_gradient
from pyflow.ops.lstm_block_kernels import (
    ICFO,
    IFCO,
    Weights,
    check_sizes,
    layer_backwards,
    layer_forwards,
    peephole_gradients,
    step_backwards,
    step_forwards,
)
from pyflow.ops.primitives import product
from pyflow.ops.shape_rules import with_rank

_TYPES = (float16, float32)


def _cells(b: Any) -> int | None:
    (width,) = with_rank(b, 1)
    return None if width is None else width // 4


def _wide(*arrays: np.ndarray) -> list[np.ndarray]:
    """Halves as floats: the arithmetic is done in these."""
    return [array.astype(np.float32, copy=False) for array in arrays]


def _fill(out: Any, values: Any) -> None:
    for array, value in zip(out, values):
        array[...] = value


def _layer(order: Any, bias: float, arguments: tuple, cell_clip: float, use_peephole: bool, out: Any) -> None:
    seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b = arguments
    check_sizes(x, cs_prev, h_prev, w, b)
    steps = int(seq_len_max)
    if steps > x.shape[0]:
        raise InvalidArgumentError(None, None, f"seq_len_max must be <= {x.shape[0]}, but was {steps}")
    x, cs_prev, h_prev, w, wci, wcf, wco, b = _wide(x, cs_prev, h_prev, w, wci, wcf, wco, b)
    weights = Weights(w, b, (wci, wcf, wco) if use_peephole else None)
    results = out if out[0].dtype == np.float32 else [np.empty(o.shape, np.float32) for o in out]
    layer_forwards(steps, x, (cs_prev, h_prev), weights, order, bias, cell_clip, results)
    if results is not out:
        _fill(out, results)


def _layer_gradient(order: Any, arguments: tuple, use_peephole: bool, out: Any) -> None:
    seq_len_max, *arrays = arguments
    x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, h, cs_grad, h_grad = _wide(*arrays)
    weights = Weights(w, b, (wci, wcf, wco) if use_peephole else None)
    values = i, cs, f, o, ci, co, h
    _fill(out, layer_backwards(int(seq_len_max), x, (cs_prev, h_prev), weights, order, values, cs_grad, h_grad))


def _layer_shapes(x: Any, b: Any) -> list[Any]:
    time, batch, _ = with_rank(x, 3)
    return [(time, batch, _cells(b))] * 7


def _gradients_of(gradient: Any, op: Any, grads: Any) -> list[Any]:
    cs_grad, h_grad = (raw.ZerosLike(op.outputs[k]) if grads[k] is None else grads[k] for k in (1, 6))
    peephole = op.get_attr("use_peephole")
    return [None, *gradient(*op.inputs, *op.outputs, cs_grad, h_grad, use_peephole=peephole)]


_RNG = np.random.RandomState(7)
_STEP = [_RNG.uniform(-1, 1, shape).tolist() for shape in ((2, 3), (2, 2), (2, 2), (5, 8), (2,), (2,), (2,), (8,))]
_SEQUENCE = [[[[0.5, -1.0, 0.25], [1.0, 0.75, -0.5]], [[-0.25, 0.5, 1.5], [0.3, -0.6, 0.9]]], *_STEP[1:]]


def _reference(order: Any, bias: float, clip: float = 3.0, peephole: bool = False) -> Any:
    """One step in float64, written out gate by gate; of a sequence, all its steps."""

    def run(x: Any, cs: Any, h: Any, w: Any, wci: Any, wcf: Any, wco: Any, b: Any) -> list[np.ndarray]:
        def sigmoid(z: np.ndarray) -> np.ndarray:
            return 1 / (1 + np.exp(-z))

        blocks = np.split(np.concatenate([x, h], 1) @ w + b, 4, 1)
        zi, zci, zf, zo = (blocks[k] for k in order)
        i = sigmoid(zi + peephole * wci * cs)
        f = sigmoid(zf + bias + peephole * wcf * cs)
        ci = np.tanh(zci)
        cs = f * cs + i * ci
        cs = np.clip(cs, -clip, clip) if clip > 0 else cs
        o = sigmoid(zo + peephole * wco * cs)
        return [i, cs, f, o, ci, np.tanh(cs), o * np.tanh(cs)]

    def run_all(steps: Any, x: Any, cs: Any, h: Any, *weights: Any) -> list[np.ndarray]:
        results = []
        for t in range(int(steps)):
            results.append(run(x[t], cs, h, *weights))
            cs, h = results[-1][1], results[-1][6]
        rest = [np.zeros_like(cs)] * (len(x) - int(steps))
        return [np.stack([*values, *rest]) for values in zip(*results)]

    return lambda *arguments: run_all(*arguments) if len(arguments) == 9 else run(*arguments)


@op(
    "LSTMBlockCellGrad(x: T, cs_prev: T, h_prev: T, w: T, wci: T, wcf: T, wco: T, b: T, i: T, cs: T, f: T, o: T, "
    "ci: T, co: T, cs_grad: T, h_grad: T) -> (cs_prev_grad: T, dicfo: T, wci_grad: T, wcf_grad: T, wco_grad: T)",
    use_peephole=attr("bool"),
    T=_TYPES,
)
class LSTMBlockCellGrad:
    """Gradients of an LSTM step: of the former memory, of the gates' sums `dicfo`, of the peepholes."""

    def shape(x, cs_prev):
        batch, _ = with_rank(x, 2)
        _, cells = with_rank(cs_prev, 2)
        return [(batch, cells), (batch, None if cells is None else 4 * cells), (cells,), (cells,), (cells,)]

    def cpu(cs_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, cs_grad, h_grad, use_peephole, out):
        cs_prev, cs, *values = _wide(cs_prev, cs, i, f, o, ci, co, cs_grad, h_grad, wci, wcf, wco)
        i, f, o, ci, co, cs_grad, h_grad, *peepholes = values
        gates = np.empty(out[1].shape, np.float32)
        weights = Weights(w, b, tuple(peepholes) if use_peephole else None)
        d_cs = step_backwards(cs_prev, weights, ICFO, (i, cs, f, o, ci, co), cs_grad, h_grad, gates)
        _fill(out, [d_cs, gates, *(peephole_gradients(cs_prev, cs, gates, ICFO) if use_peephole else (0, 0, 0))])

    grad = NOT_DIFFERENTIABLE
    samples = [sample(*_STEP, *([[[0.5, 0.25], [0.75, 0.5]]] * 8), use_peephole=True)]


@op(
    "LSTMBlockCell(x: T, cs_prev: T, h_prev: T, w: T, wci: T, wcf: T, wco: T, b: T) -> (i: T, cs: T, f: T, o: T, "
    "ci: T, co: T, h: T)",
    forget_bias=1.0,
    cell_clip=3.0,
    use_peephole=False,
    T=_TYPES,
)
class LSTMBlockCell:
    """One LSTM step: x [batch, input size], memory cs_prev and output h_prev [batch, cell size] before it."""

    def shape(x, cs_prev):
        batch, _ = with_rank(x, 2)
        _, cells = with_rank(cs_prev, 2)
        return [(batch, cells)] * 7

    def cpu(x, cs_prev, h_prev, w, wci, wcf, wco, b, forget_bias, cell_clip, use_peephole, out):
        check_sizes(x, cs_prev, h_prev, w, b)
        x, cs_prev, h_prev, w, wci, wcf, wco, b = _wide(x, cs_prev, h_prev, w, wci, wcf, wco, b)
        weights = Weights(w, b, (wci, wcf, wco) if use_peephole else None)
        gates = product(np.concatenate([x, h_prev], 1), w)
        gates += b
        results = out if out[0].dtype == np.float32 else [np.empty(o.shape, np.float32) for o in out]
        step_forwards(gates, cs_prev, weights, ICFO, forget_bias, cell_clip, results)
        if results is not out:
            _fill(out, results)

    def grad(op, *grads):
        from pyflow.ops.matmul import matmul

        x, cs_prev, h_prev, w, *_ = op.inputs
        batch = x.shape.as_list()[0]
        inputs, cells = x.shape.as_list()[1], cs_prev.shape.as_list()[1]
        if inputs is None:
            raise ValueError("input_size from `x` should not be None.")
        if cells is None:
            raise ValueError("cell_size from `cs_prev` should not be None.")
        cs_grad, h_grad = (raw.ZerosLike(op.outputs[k]) if grads[k] is None else grads[k] for k in (1, 6))
        cs_prev_grad, gates, *peepholes = LSTMBlockCellGrad(
            *op.inputs, *op.outputs[:6], cs_grad, h_grad, use_peephole=op.get_attr("use_peephole")
        )
        xh_grad = matmul(gates, w, transpose_b=True)
        rows = -1 if batch is None else batch
        x_grad = raw.Slice(xh_grad, [0, 0], [rows, inputs])
        h_prev_grad = raw.Slice(xh_grad, [0, inputs], [rows, cells])
        w_grad = matmul(raw.ConcatV2([x, h_prev], 1), gates, transpose_a=True)
        return x_grad, cs_prev_grad, h_prev_grad, w_grad, *peepholes, raw.BiasAddGrad(gates)

    samples = [
        sample(*_STEP, grad=False, reference=_reference(ICFO, 1.0)),
        sample(
            *_STEP,
            forget_bias=0.5,
            cell_clip=0.3,
            use_peephole=True,
            grad=False,
            reference=_reference(ICFO, 0.5, 0.3, True),
        ),
    ]


_LAYER = (
    "(seq_len_max: int64, x: T, cs_prev: T, h_prev: T, w: T, wci: T, wcf: T, wco: T, b: T) -> "
    "(i: T, cs: T, f: T, o: T, ci: T, co: T, h: T)"
)
_LAYER_GRADIENT = (
    "(seq_len_max: int64, x: T, cs_prev: T, h_prev: T, w: T, wci: T, wcf: T, wco: T, b: T, i: T, cs: T, f: T, o: T, "
    "ci: T, co: T, h: T, cs_grad: T, h_grad: T) -> (x_grad: T, cs_prev_grad: T, h_prev_grad: T, w_grad: T, "
    "wci_grad: T, wcf_grad: T, wco_grad: T, b_grad: T)"
)
_LAYER_VALUES = [np.full((2, 2, 2), 0.1 * k).tolist() for k in range(1, 10)]


@op("BlockLSTMGrad" + _LAYER_GRADIENT, use_peephole=attr("bool"), T=_TYPES)
class BlockLSTMGrad:
    """Gradients of BlockLSTM, from those of its outputs cs and h."""

    def shape(x, cs_prev, h_prev, w, wci, wcf, wco, b):
        return [x, cs_prev, h_prev, w, wci, wcf, wco, b]

    def cpu(
        seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, h, cs_grad, h_grad, use_peephole, out
    ):
        values = seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, h, cs_grad, h_grad
        _layer_gradient(ICFO, values, use_peephole, out)

    grad = NOT_DIFFERENTIABLE
    gpu = dispatches(layer_gradient(ICFO), types=INDEXED)
    samples = [sample(2, *_SEQUENCE, *_LAYER_VALUES, use_peephole=p) for p in (True, False)]


@op("BlockLSTMGradV2" + _LAYER_GRADIENT, use_peephole=attr("bool"), T=_TYPES)
class BlockLSTMGradV2:
    """Gradients of BlockLSTMV2, from those of its outputs cs and h."""

    def shape(x, cs_prev, h_prev, w, wci, wcf, wco, b):
        return [x, cs_prev, h_prev, w, wci, wcf, wco, b]

    def cpu(
        seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, h, cs_grad, h_grad, use_peephole, out
    ):
        values = seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, h, cs_grad, h_grad
        _layer_gradient(IFCO, values, use_peephole, out)

    grad = NOT_DIFFERENTIABLE
    gpu = dispatches(layer_gradient(IFCO), types=INDEXED)
    samples = [sample(2, *_SEQUENCE, *_LAYER_VALUES, use_peephole=False)]


@op("BlockLSTM" + _LAYER, forget_bias=1.0, cell_clip=3.0, use_peephole=False, T=_TYPES)
class BlockLSTM:
    """An LSTM over x [time, batch, input size], from cs_prev and h_prev, for `seq_len_max` steps; zeros after them."""

    def shape(x, b):
        return _layer_shapes(x, b)

    def cpu(seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b, forget_bias, cell_clip, use_peephole, out):
        arguments = seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b
        _layer(ICFO, forget_bias, arguments, cell_clip, use_peephole, out)

    def grad(op, *grads):
        return _gradients_of(BlockLSTMGrad, op, grads)

    gpu = dispatches(layer(ICFO), types=INDEXED)
    samples = [
        sample(2, *_SEQUENCE, grad=False, reference=_reference(ICFO, 1.0)),
        sample(1, *_SEQUENCE, use_peephole=True, grad=False, reference=_reference(ICFO, 1.0, 3.0, True)),
    ]


@op("BlockLSTMV2" + _LAYER, cell_clip=0.0, use_peephole=False, T=_TYPES)
class BlockLSTMV2:
    """BlockLSTM with the gates in the order i, f, ci, o, and no bias but b."""

    def shape(x, b):
        return _layer_shapes(x, b)

    def cpu(seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b, cell_clip, use_peephole, out):
        arguments = seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b
        _layer(IFCO, 0.0, arguments, cell_clip, use_peephole, out)

    def grad(op, *grads):
        return _gradients_of(BlockLSTMGradV2, op, grads)

    gpu = dispatches(layer(IFCO), types=INDEXED)
    samples = [sample(2, *_SEQUENCE, grad=False, reference=_reference(IFCO, 0.0, 0.0))]
