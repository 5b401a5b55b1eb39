"""LSTM layers on the GPU: all steps in one dispatch forwards, and in one backwards, with products before and after."""

from __future__ import annotations

import math
from typing import Any, Callable

import numpy as np

from pyflow.core.errors import InvalidArgumentError
from pyflow.ops.gpu import Choice, Dispatch, groups
from pyflow.ops.gpu_matmul import product

# What every adapter has of shared memory holds the hidden states, or the gradients of the gates, of so many units.
_MOST_CELLS = 512
_MOST_CELLS_BACKWARDS = 256

_ADD_BIAS = """@group(0) @binding(2) var<storage, read> bias: array<T>;
fn epilogue(v: T, column: u32) -> T { return v + bias[column]; }"""


def _sizes(node: Any) -> dict[str, int]:
    time, batch, inputs = node.inputs[1].shape
    return {"TIME": time, "BATCH": batch, "INPUTS": inputs, "CELLS": node.inputs[2].shape[-1]}


def _fits(node: Any, sizes: dict[str, int]) -> bool:
    """Whether the arrays fit each other, and there are no peepholes; the CPU does others, or refuses them."""
    batch, inputs, cells = sizes["BATCH"], sizes["INPUTS"], sizes["CELLS"]
    wanted = [(batch, cells), (batch, cells), (inputs + cells, 4 * cells), (4 * cells,)]
    return not node.attrs["use_peephole"] and [v.shape for v in (*node.inputs[2:5], node.inputs[8])] == wanted


def _places(order: tuple[int, ...]) -> dict[str, int]:
    return dict(zip(("AT_I", "AT_CI", "AT_F", "AT_O"), order))


def layer(order: tuple[int, ...]) -> Callable[[Any], list[Dispatch | Choice] | None]:
    """The rule of BlockLSTM, whose gates i, ci, f, o stand in that order."""

    def rule(node: Any) -> list[Dispatch | Choice] | None:
        sizes = _sizes(node)
        time, batch, inputs, cells = sizes.values()
        if not _fits(node, sizes) or cells > _MOST_CELLS:
            return None
        steps, x, cs_before, h_before, w, *_, b = node.inputs
        i, cs, f, o, ci, co, h = node.outputs

        def check(count: np.ndarray) -> None:
            if count > time:
                raise InvalidArgumentError(None, None, f"seq_len_max must be <= {time}, but was {int(count)}")

        node.check(steps, check)
        sums, gates = node.scratch((time, batch, 4 * cells)), node.scratch((time, batch, 4 * cells))
        constants = sizes | _places(order)
        constants |= {"FORGET_BIAS": node.attrs.get("forget_bias", 0.0), "CLIP": max(node.attrs["cell_clip"], 0.0)}
        work = 8 * time * batch * cells * cells
        return [
            *product(node, [x, w, b], sums, time * batch, 4 * cells, inputs, epilogue=_ADD_BIAS),
            Dispatch("rnn/lstm.wgsl", [sums, w, h_before, cs_before, steps], [gates, cs, h],
                     groups(batch, 4), work=work, **constants),
            Dispatch("rnn/lstm_values.wgsl", [gates, cs], [i, ci, f, o, co],
                     groups(time * batch * cells), ROWS=time * batch, CELLS=cells),
        ]  # fmt: skip

    return rule


def layer_gradient(order: tuple[int, ...]) -> Callable[[Any], list[Dispatch | Choice] | None]:
    """The rule of BlockLSTMGrad."""

    def rule(node: Any) -> list[Dispatch | Choice] | None:
        sizes = _sizes(node)
        time, batch, inputs, cells = sizes.values()
        if not _fits(node, sizes) or cells > _MOST_CELLS_BACKWARDS:
            return None
        steps, x, cs_before, h_before, w, _, _, _, _, i, cs, f, o, ci, co, h, cs_grad, h_grad = node.inputs
        x_grad, cs_before_grad, h_before_grad, w_grad, *peepholes, b_grad = node.outputs
        factors = node.scratch((time, batch, 6 * cells))
        sums_grad = node.scratch((time, batch, 4 * cells))
        steps_only = {name: sizes[name] for name in ("TIME", "BATCH", "CELLS")}
        blocks = math.ceil((inputs + cells + 1) / 8) * math.ceil(cells / 2)
        work = 8 * time * batch * cells * cells
        return [
            Dispatch("rnn/lstm_factors.wgsl", [i, cs, f, o, ci, co, cs_before], [factors],
                     groups(time * batch * cells), **steps_only),
            Dispatch("rnn/lstm_backward.wgsl", [factors, w, cs_grad, h_grad, steps],
                     [sums_grad, cs_before_grad, h_before_grad], groups(batch, 4), work=work,
                     **sizes, **_places(order)),
            Dispatch("rnn/lstm_weights.wgsl", [x, h, h_before, sums_grad], [w_grad, b_grad], groups(blocks, 32),
                     work=work // cells * (inputs + cells + 1), **sizes),
            Dispatch("rnn/no_peepholes.wgsl", [], peepholes, groups(cells), CELLS=cells),
            *product(node, [sums_grad, w], x_grad, time * batch, inputs, 4 * cells, transpose_b=True),
        ]  # fmt: skip

    return rule
