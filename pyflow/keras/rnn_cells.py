"""Cells: what recurrent layers do in a step."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.keras.backend_phases import in_train_phase
from pyflow.keras.base_layer import Layer
from pyflow.keras.layer_serialization import deserialize_layer, serialize_layer
from pyflow.keras.shared_layers import resolved
from pyflow.ops.array_filling import ones as tf_ones
from pyflow.ops.array_filling import ones_like as tf_ones_like
from pyflow.ops.array_filling import zeros as tf_zeros
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as tf_shape
from pyflow.ops.array_splitting import split, unstack
from pyflow.ops.bias import bias_add as nn_bias_add
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_dropout import dropout as nn_dropout

_KIND = inspect.Parameter.POSITIONAL_OR_KEYWORD
REQUIRED = inspect.Parameter.empty


def arguments_of(kind: str, of_layer: bool) -> dict[str, Any]:
    """The arguments of a cell ("SimpleRNN", "GRU" or "LSTM") or its layer, with their defaults."""
    gated = kind != "SimpleRNN"
    found: dict[str, Any] = {"units": REQUIRED, "activation": "tanh"}
    if gated:
        found["recurrent_activation"] = "hard_sigmoid"
    found |= {"use_bias": True, "kernel_initializer": "glorot_uniform", "recurrent_initializer": "orthogonal",
              "bias_initializer": "zeros"}  # fmt: skip
    if kind == "LSTM":
        found["unit_forget_bias"] = True
    found |= dict.fromkeys(("kernel_regularizer", "recurrent_regularizer", "bias_regularizer"))
    if of_layer:
        found["activity_regularizer"] = None
    found |= dict.fromkeys(("kernel_constraint", "recurrent_constraint", "bias_constraint"))
    found |= {"dropout": 0.0, "recurrent_dropout": 0.0}
    if gated:
        found["implementation"] = 1
    if of_layer:
        found |= dict.fromkeys(("return_sequences", "return_state", "go_backwards", "stateful", "unroll"), False)
    if kind == "GRU":
        found["reset_after"] = False
    return found


def takes(arguments: dict[str, Any]) -> Callable:
    """Gives an `__init__` of a dict of arguments the signature with these and their defaults."""
    parameters = [inspect.Parameter("self", _KIND)]
    parameters += [inspect.Parameter(name, _KIND, default=value) for name, value in arguments.items()]
    signature = inspect.Signature([*parameters, inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)])

    def decorate(init: Callable) -> Callable:
        @functools.wraps(init)
        def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            given = dict(bound.arguments)
            del given["self"]
            rest = given.pop("kwargs")
            init(self, given, rest)

        wrapped.__signature__ = signature  # type: ignore[attr-defined]
        return wrapped

    return decorate


@export("keras.layers.AbstractRNNCell")
class AbstractRNNCell(Layer):
    """What a cell has to have: `call(inputs, states)` gives (output, new states)."""

    def call(self, inputs: Any, states: Any) -> Any:  # type: ignore[override]
        raise NotImplementedError("Abstract method")

    @property
    def state_size(self) -> Any:
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        raise NotImplementedError("Abstract method")

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        return initial_state_of(self, inputs, batch_size, dtype)


def initial_state_of(cell: Any, inputs: Any, batch_size: Any, dtype: Any) -> Any:
    """Zeros in the form of a cell's state."""
    if inputs is not None:
        batch_size, dtype = tf_shape(inputs)[0], inputs.dtype

    def zeros(size: Any) -> Any:
        return tf_zeros([batch_size, *TensorShape(size).as_list()], dtype=dtype)

    size = cell.state_size
    return [zeros(s) for s in size] if isinstance(size, (list, tuple)) else zeros(size)


class _Cell(Layer):
    """What the cells have in common: a kernel for the inputs, one for the state, and a bias."""

    _gates = 1
    _kind = ""

    def _begin(self, given: dict[str, Any], rest: dict[str, Any]) -> None:
        Layer.__init__(self, **rest)
        self._config_names = tuple(given)
        for name, value in given.items():
            setattr(self, name, resolved(name, value))
        self.dropout = min(1.0, max(0.0, self.dropout))
        self.recurrent_dropout = min(1.0, max(0.0, self.recurrent_dropout))
        self.state_size: Any = self.units
        self.output_size = self.units
        self._masks: dict[str, Any] = {}

    def build(self, input_shape: Any) -> None:
        size = TensorShape(input_shape).as_list()[-1]
        self.kernel = self._weight("kernel", (size, self.units * self._gates), "kernel")
        self.recurrent_kernel = self._weight("recurrent_kernel", (self.units, self.units * self._gates), "recurrent")
        self.bias = self._weight("bias", self._bias_shape(), "bias") if self.use_bias else None
        self.built = True

    def _bias_shape(self) -> tuple:
        return (self.units * self._gates,)

    def _weight(self, name: str, shape: tuple, kind: str) -> Any:
        return self.add_weight(
            shape=shape, name=name, initializer=getattr(self, f"{kind}_initializer"),
            regularizer=getattr(self, f"{kind}_regularizer"), constraint=getattr(self, f"{kind}_constraint"),
        )  # fmt: skip

    def reset_dropout_mask(self) -> None:
        """Has what is dropped from inputs chosen anew."""
        self._masks.pop("dropout", None)

    def reset_recurrent_dropout_mask(self) -> None:
        """Has what is dropped from states chosen anew."""
        self._masks.pop("recurrent_dropout", None)

    def _mask(self, kind: str, like: Any, training: Any, count: int) -> list:
        """For each gate what its part of inputs or states is multiplied with, or None."""
        rate = getattr(self, kind)
        if rate == 0:
            return [None] * count
        if kind not in self._masks:
            ones = tf_ones_like(like)
            self._masks[kind] = [
                in_train_phase(lambda: nn_dropout(ones, rate=rate), ones, training=training) for _ in range(count)
            ]
        return self._masks[kind]

    def prepare_masks(self, inputs: Any, state: Any, training: Any) -> None:
        """Chooses what is dropped, before the loop over steps."""
        self._mask("dropout", inputs, training, self._gates)
        self._mask("recurrent_dropout", state, training, self._gates)

    def _parts(self, x: Any, kernel: Any, bias: Any, masks: list) -> list:
        """x times the kernel's part of each gate."""
        if masks[0] is None:
            z = matmul(x, kernel)
            return split(z if bias is None else nn_bias_add(z, bias), self._gates, axis=1)
        kernels = split(kernel, self._gates, axis=1)
        biases = [None] * self._gates if bias is None else split(bias, self._gates)
        made = (matmul(x * m, k) for m, k in zip(masks, kernels))
        return [z if b is None else nn_bias_add(z, b) for z, b in zip(made, biases)]

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """Zeros."""
        return initial_state_of(self, inputs, batch_size, dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return TensorShape([TensorShape(input_shape).as_list()[0], self.units])


@export("keras.layers.SimpleRNNCell")
class SimpleRNNCell(_Cell):
    """activation(inputs · kernel + state · recurrent_kernel + bias)."""

    @takes(arguments_of("SimpleRNN", False))
    def __init__(self, given: dict[str, Any], rest: dict[str, Any]):
        self._begin(given, rest)

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:  # type: ignore[override]
        before = states[0]
        (h,) = self._parts(inputs, self.kernel, self.bias, self._mask("dropout", inputs, training, 1))
        (r,) = self._parts(before, self.recurrent_kernel, None, self._mask("recurrent_dropout", before, training, 1))
        output = self.activation(h + r)
        return output, [output]


@export("keras.layers.GRUCell")
class GRUCell(_Cell):
    """Gated recurrent units (Cho et al., 2014).

    Args:
      reset_after: whether the reset gate is applied after the product with the state's kernel.
    """

    _gates = 3

    @takes(arguments_of("GRU", False))
    def __init__(self, given: dict[str, Any], rest: dict[str, Any]):
        self._begin(given, rest)

    def _bias_shape(self) -> tuple:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:  # type: ignore[override]
        before = states[0]
        bias, recurrent_bias = unstack(self.bias) if self.use_bias and self.reset_after else (self.bias, None)
        x = self._parts(inputs, self.kernel, bias, self._mask("dropout", inputs, training, 3))
        masks = self._mask("recurrent_dropout", before, training, 3)
        if self.reset_after:
            r = self._parts(before, self.recurrent_kernel, recurrent_bias, masks)
            update, reset = (self.recurrent_activation(x[i] + r[i]) for i in (0, 1))
            new = self.activation(x[2] + reset * r[2])
        else:
            kernels = split(self.recurrent_kernel, [2 * self.units, self.units], axis=1)
            if masks[0] is None:
                update, reset = split(matmul(before, kernels[0]), 2, axis=1)
            else:
                halves = split(kernels[0], 2, axis=1)
                update, reset = (matmul(before * m, k) for m, k in zip(masks, halves))
            update, reset = self.recurrent_activation(x[0] + update), self.recurrent_activation(x[1] + reset)
            last = reset * before if masks[0] is None else reset * before * masks[2]
            new = self.activation(x[2] + matmul(last, kernels[1]))
        output = update * before + (1 - update) * new
        return output, [output]


@export("keras.layers.LSTMCell")
class LSTMCell(_Cell):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997).

    Args:
      unit_forget_bias: whether the bias of the forget gate is 1 at the beginning.
    """

    _gates = 4

    @takes(arguments_of("LSTM", False))
    def __init__(self, given: dict[str, Any], rest: dict[str, Any]):
        self._begin(given, rest)
        self.state_size = [self.units, self.units]

    def _weight(self, name: str, shape: tuple, kind: str) -> Any:
        if name != "bias" or not self.unit_forget_bias:
            return super()._weight(name, shape, kind)

        def initializer(_: Any, *args: Any, **kwargs: Any) -> Any:
            own, n = self.bias_initializer, self.units
            parts = own((n,), *args, **kwargs), tf_ones((n,), *args, **kwargs), own((2 * n,), *args, **kwargs)
            return concat(parts, 0)

        return self.add_weight(
            shape=shape, name=name, initializer=initializer, regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
        )  # fmt: skip

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:  # type: ignore[override]
        before, carried = states
        x = self._parts(inputs, self.kernel, self.bias, self._mask("dropout", inputs, training, 4))
        r = self._parts(before, self.recurrent_kernel, None, self._mask("recurrent_dropout", before, training, 4))
        i, f, o = (self.recurrent_activation(x[g] + r[g]) for g in (0, 1, 3))
        carry = f * carried + i * self.activation(x[2] + r[2])
        output = o * self.activation(carry)
        return output, [output, carry]


@export("keras.layers.StackedRNNCells")
class StackedRNNCells(Layer):
    """Cells of which each works on what the one before gives."""

    def __init__(self, cells: Any, **kwargs: Any):
        self._reverse = kwargs.pop("reverse_state_order", False)
        super().__init__(**kwargs)
        for cell in cells:
            if not hasattr(cell, "call"):
                raise ValueError("All cells must have a `call` method. received cells:", cells)
            if not hasattr(cell, "state_size"):
                raise ValueError("All cells must have a `state_size` attribute. received cells:", cells)
        self.cells = list(cells)

    @property
    def state_size(self) -> tuple:
        return tuple(c.state_size for c in (self.cells[::-1] if self._reverse else self.cells))

    @property
    def output_size(self) -> Any:
        last = self.cells[-1]
        size = getattr(last, "output_size", None)
        return (
            size
            if size is not None
            else last.state_size[0]
            if isinstance(last.state_size, (list, tuple))
            else last.state_size
        )

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        found = [
            initial_state_of(c, inputs, batch_size, dtype) for c in (self.cells[::-1] if self._reverse else self.cells)
        ]
        return tuple(found)

    def build(self, input_shape: Any) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
                cell.built = True
            size = getattr(cell, "output_size", None)
            size = size if size is not None else nest.flatten(cell.state_size)[0]
            input_shape = TensorShape([TensorShape(input_shape).as_list()[0], *TensorShape(size).as_list()])
        self.built = True

    def call(self, inputs: Any, states: Any, constants: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        states = nest.pack_sequence_as(self.state_size, nest.flatten(states))
        new = []
        for cell, state in zip(self.cells, states[::-1] if self._reverse else states):
            state = list(state) if isinstance(state, (list, tuple)) else [state]
            known = getattr(cell, "_call_fn_args", ())
            own = {k: v for k, v in {**kwargs, "constants": constants}.items() if k in known and v is not None}
            inputs, found = cell.call(inputs, state, **own)
            new.append(found)
        found = nest.flatten(new[::-1] if self._reverse else new)
        return inputs, nest.pack_sequence_as(self.state_size, found)

    def prepare_masks(self, inputs: Any, state: Any, training: Any) -> None:
        """Cells in a stack choose what they drop inside the loop."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cells": [serialize_layer(c) for c in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        config = dict(config)
        return cls([deserialize_layer(c, custom_objects) for c in config.pop("cells")], **config)
