"""LSTM layers on the GPU: all steps in one dispatch forwards, and in one backwards, with products before and after."""

from __future__ import annotations

import math
from typing import Any, Callable

import numpy as np

from pyflow.core.errors import InvalidArgumentError
from pyflow.ops.gpu import Choice, Dispatch, groups, size
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
    """Whether the arrays fit each other; the CPU refuses others."""
    batch, inputs, cells = sizes["BATCH"], sizes["INPUTS"], sizes["CELLS"]
    wanted = [(batch, cells), (batch, cells), (inputs + cells, 4 * cells), (4 * cells,)]
    if node.attrs["use_peephole"] and any(v.shape != (cells,) for v in node.inputs[5:8]):
        return False
    return [v.shape for v in (*node.inputs[2:5], node.inputs[8])] == wanted


def _with_peepholes(node: Any, w: Any, peepholes: list[Any]) -> tuple[Any, list[Dispatch]]:
    """One value with all of them, one behind the other, and the dispatches that put them there."""
    whole, made, start = node.scratch((sum(map(size, (w, *peepholes))),)), [], 0
    for value in (w, *peepholes):
        functions = {"place": f"fn place(i: u32) -> u32 {{ return {start}u + i; }}"}
        made.append(
            Dispatch("array/place.wgsl", [value], [whole], groups(size(value)), None, functions, COUNT=size(value))
        )
        start += size(value)
    return whole, made


def _places(order: tuple[int, ...]) -> dict[str, int]:
    return dict(zip(("AT_I", "AT_CI", "AT_F", "AT_O"), order))


def layer(order: tuple[int, ...]) -> Callable[[Any], list[Dispatch | Choice] | None]:
    """The rule of BlockLSTM, whose gates i, ci, f, o stand in that order."""

    def rule(node: Any) -> list[Dispatch | Choice] | None:
        sizes = _sizes(node)
        time, batch, inputs, cells = sizes.values()
        if not _fits(node, sizes) or cells > _MOST_CELLS:
            return None
        steps, x, cs_before, h_before, w, *peepholes, b = node.inputs
        i, cs, f, o, ci, co, h = node.outputs

        def check(count: np.ndarray) -> None:
            if count > time:
                raise InvalidArgumentError(None, None, f"seq_len_max must be <= {time}, but was {int(count)}")

        node.check(steps, check)
        sums, gates = node.scratch((time, batch, 4 * cells)), node.scratch((time, batch, 4 * cells))
        constants = sizes | _places(order)
        constants |= {"FORGET_BIAS": node.attrs.get("forget_bias", 0.0), "CLIP": max(node.attrs["cell_clip"], 0.0)}
        work = 8 * time * batch * cells * cells
        all_weights, packed = w, []
        if node.attrs["use_peephole"]:
            all_weights, packed = _with_peepholes(node, w, peepholes)
            constants["PEEPHOLES"] = True
        return [
            *packed,
            *product(node, [x, w, b], sums, time * batch, 4 * cells, inputs, epilogue=_ADD_BIAS),
            Dispatch("rnn/lstm.wgsl", [sums, all_weights, h_before, cs_before, steps], [gates, cs, h],
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
        steps, x, cs_before, h_before, w, wci, wcf, wco, _, i, cs, f, o, ci, co, h, cs_grad, h_grad = node.inputs
        x_grad, cs_before_grad, h_before_grad, w_grad, *peephole_grads, b_grad = node.outputs
        factors = node.scratch((time, batch, 6 * cells))
        sums_grad = node.scratch((time, batch, 4 * cells))
        steps_only = {name: sizes[name] for name in ("TIME", "BATCH", "CELLS")}
        blocks = math.ceil((inputs + cells + 1) / 8) * math.ceil(cells / 2)
        work = 8 * time * batch * cells * cells
        through_peepholes: list[Dispatch] = []
        of_peepholes = Dispatch("rnn/no_peepholes.wgsl", [], peephole_grads, groups(cells), CELLS=cells)
        if node.attrs["use_peephole"]:
            through_peepholes.append(
                Dispatch("rnn/lstm_peepholes.wgsl", [wci, wcf, wco], [factors],
                         groups(time * batch * cells), ROWS=time * batch, CELLS=cells)
            )  # fmt: skip
            of_peepholes = Dispatch("rnn/lstm_peepholes_gradient.wgsl", [sums_grad, cs, cs_before], peephole_grads,
                                    groups(cells), **steps_only, **_places(order))  # fmt: skip
        return [
            Dispatch("rnn/lstm_factors.wgsl", [i, cs, f, o, ci, co, cs_before], [factors],
                     groups(time * batch * cells), **steps_only),
            *through_peepholes,
            Dispatch("rnn/lstm_backward.wgsl", [factors, w, cs_grad, h_grad, steps],
                     [sums_grad, cs_before_grad, h_before_grad], groups(batch, 4), work=work,
                     **sizes, **_places(order)),
            Dispatch("rnn/lstm_weights.wgsl", [x, h, h_before, sums_grad], [w_grad, b_grad], groups(blocks, 32),
                     work=work // cells * (inputs + cells + 1), **sizes),
            of_peepholes,
            *product(node, [sums_grad, w], x_grad, time * batch, inputs, 4 * cells, transpose_b=True),
        ]  # fmt: skip

    return rule
