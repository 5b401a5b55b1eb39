"""Dropout around a cell, anew in each step or the same in all."""

from __future__ import annotations

import hashlib
import itertools
import numbers
from typing import Any, Callable

from pyflow.core import nest
from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import constant_value, convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.nn.cell_wrappers import _RNNCellWrapperV1
from pyflow.nn.lstm_cells import LSTMStateTuple
from pyflow.ops.array_joining import concat
from pyflow.ops.division import div
from pyflow.ops.math_rounding import Floor
from pyflow.ops.nn_dropout import dropout as dropout_op
from pyflow.ops.random import random_uniform


def _default_dropout_state_filter_visitor(substate: Any) -> Any:
    """Dropout for all of a state but the memory of an LSTM (https://arxiv.org/abs/1603.05118) and TensorArrays."""
    if isinstance(substate, LSTMStateTuple):
        return LSTMStateTuple(c=False, h=True)
    return not isinstance(substate, PUBLIC.get("TensorArray", ()))


def _enumerated_map_structure_up_to(shallow_structure: Any, map_fn: Callable, *args: Any, **kwargs: Any) -> Any:
    """`nest.map_structure_up_to` of a function that is given the leaf's index first."""
    index = itertools.count()
    return nest.map_structure_up_to(shallow_structure, lambda *leaves: map_fn(next(index), *leaves), *args, **kwargs)


def _is_wanted(keep_prob: Any) -> bool:
    return not isinstance(keep_prob, float) or keep_prob < 1


@export("nn.rnn_cell.DropoutWrapper")
class DropoutWrapper(_RNNCellWrapperV1):
    """Applies dropout to what goes into a cell and what comes out of it.

    Args (after the cell):
      input_keep_prob, output_keep_prob, state_keep_prob: the probability of keeping an element, a number in [0, 1] or a
        scalar tensor; 1 applies none.
      variational_recurrent: whether the same elements are dropped in each step of a run
        (http://arxiv.org/abs/1512.05287); needs `dtype`, and `input_size` for dropout of the inputs.
      input_size: the size of one input, or a structure of such.
      dtype: that of inputs, states and outputs.
      seed: makes the choice the same in each run of the program.
      dropout_state_filter_visitor: given a part of the state, returns True or False (or such in its structure):
        whether dropout applies. By default not for the memory `c` of an `LSTMStateTuple`.

    Raises:
      TypeError: the cell is none, or the visitor no function.
      ValueError: a probability lies outside [0, 1], or what `variational_recurrent` needs is missing.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        self._start(*args, **kwargs)

    def _start(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Callable | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, dtype=dtype, **kwargs)
        if dropout_state_filter_visitor is not None and not callable(dropout_state_filter_visitor):
            raise TypeError("dropout_state_filter_visitor must be callable")
        self._dropout_state_filter = dropout_state_filter_visitor or _default_dropout_state_filter_visitor
        with name_scope("DropoutWrapperInit"):
            self._input_keep_prob = _probability(input_keep_prob, "input_keep_prob")
            self._state_keep_prob = _probability(state_keep_prob, "state_keep_prob")
            self._output_keep_prob = _probability(output_keep_prob, "output_keep_prob")
        self._variational_recurrent, self._input_size, self._seed = variational_recurrent, input_size, seed
        self._recurrent_input_noise = self._recurrent_state_noise = self._recurrent_output_noise = None
        if variational_recurrent:
            if dtype is None:
                raise ValueError("When variational_recurrent=True, dtype must be provided")
            if not isinstance(self._input_keep_prob, numbers.Real) or self._input_keep_prob < 1.0:
                if input_size is None:
                    raise ValueError(
                        "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, input_size must be "
                        "provided"
                    )
                self._recurrent_input_noise = self._noise("input", input_size, dtype)
            self._recurrent_state_noise = self._noise("state", cell.state_size, dtype)
            self._recurrent_output_noise = self._noise("output", cell.output_size, dtype)

    def _noise(self, salt_prefix: str, sizes: Any, dtype: Any) -> Any:
        """Noise for a batch of one, which is broadcast: the same for all examples and steps."""

        def batch_noise(index: int, size: Any) -> Tensor:
            shape = concat(([1], TensorShape(size).as_list()), 0)
            return random_uniform(shape, seed=self._gen_seed(salt_prefix, index), dtype=dtype)

        return _enumerated_map_structure_up_to(sizes, batch_noise, sizes)

    def _gen_seed(self, salt_prefix: str, index: int) -> int | None:
        """A seed for each place where dropout applies, derived from the wrapper's as TensorFlow derives it."""
        if self._seed is None:
            return None
        text = f"{self._seed}{salt_prefix}_{index}".encode()
        return int(hashlib.md5(text).hexdigest()[:8], 16) & 0x7FFFFFFF

    @property
    def wrapped_cell(self) -> Any:
        return self.cell

    def _variational_recurrent_dropout_value(self, unused_index: int, value: Any, noise: Any, keep_prob: Any) -> Any:
        kept = Floor(keep_prob + noise)
        result = div(value, keep_prob) * kept
        result.set_shape(value.get_shape())
        return result

    def _dropout(
        self,
        values: Any,
        salt_prefix: str,
        recurrent_noise: Any,
        keep_prob: Any,
        shallow_filtered_substructure: Any = None,
    ) -> Any:
        chosen = values if shallow_filtered_substructure is None else shallow_filtered_substructure

        def dropout(index: int, do_dropout: Any, value: Any, *noise: Any) -> Any:
            if isinstance(do_dropout, bool) and not do_dropout:
                return value
            if noise:
                return self._variational_recurrent_dropout_value(index, value, noise[0], keep_prob)
            return dropout_op(value, rate=1.0 - keep_prob, seed=self._gen_seed(salt_prefix, index))

        noises = [recurrent_noise] if self._variational_recurrent else []
        return _enumerated_map_structure_up_to(chosen, dropout, chosen, values, *noises)

    def _call_wrapped_cell(self, inputs: Any, state: Any, cell_call_fn: Callable, **kwargs: Any) -> Any:
        if _is_wanted(self._input_keep_prob):
            inputs = self._dropout(inputs, "input", self._recurrent_input_noise, self._input_keep_prob)
        output, new_state = cell_call_fn(inputs, state, **kwargs)
        if _is_wanted(self._state_keep_prob):
            chosen = nest.get_traverse_shallow_structure(self._dropout_state_filter, new_state)
            new_state = self._dropout(new_state, "state", self._recurrent_state_noise, self._state_keep_prob, chosen)
        if _is_wanted(self._output_keep_prob):
            output = self._dropout(output, "output", self._recurrent_output_noise, self._output_keep_prob)
        return output, new_state

    def get_config(self) -> dict[str, Any]:
        config = {
            **super().get_config(),
            "input_keep_prob": self._input_keep_prob,
            "output_keep_prob": self._output_keep_prob,
            "state_keep_prob": self._state_keep_prob,
            "variational_recurrent": self._variational_recurrent,
            "input_size": self._input_size,
            "seed": self._seed,
        }
        if self._dropout_state_filter is not _default_dropout_state_filter_visitor:
            config["dropout_state_filter_visitor"] = self._dropout_state_filter
        return config


def _probability(value: Any, argument: str) -> Any:
    """A float if the value is known, else the tensor."""
    tensor = convert_to_tensor(value)
    known = constant_value(tensor)
    if known is None:
        return tensor
    if known < 0 or known > 1:
        raise ValueError(f"Parameter {argument} must be between 0 and 1: {int(known)}")
    return float(known)
