"""Cells one above the other."""

from __future__ import annotations

from typing import Any

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.layers.layer import Layer
from pyflow.nn.cell_base import RNNCell
from pyflow.ops.array_joining import concat
from pyflow.ops.array_slicing import slice_
from pyflow.ops.variable_scope import variable_scope
from pyflow.platform.logging import WARN, log_first_n


@export("nn.rnn_cell.MultiRNNCell")
class MultiRNNCell(RNNCell):
    """Several cells in a row: each one's output is the next one's input.

    Args:
      cells: the cells, from the bottom up. One object twice shares its variables.
      state_is_tuple: whether the state is the tuple of the cells' states, or else they are joined along columns.

    Raises:
      ValueError: there is no cell, or states that are tuples shall be joined.
      TypeError: `cells` is no sequence.
    """

    def __init__(self, cells: Any, state_is_tuple: bool = True):
        super().__init__()
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        if not nest.is_sequence(cells):
            raise TypeError(f"cells must be a list or tuple, but saw: {cells}.")
        if len({id(cell) for cell in cells}) < len(cells):
            words = "At least two cells provided to MultiRNNCell are the same object and will share weights."
            log_first_n(WARN, words, 1)
        self._cells, self._state_is_tuple = cells, state_is_tuple
        if not state_is_tuple and any(nest.is_sequence(cell.state_size) for cell in cells):
            raise ValueError(
                "Some cells return tuples of states, but the flag state_is_tuple is not set.  State sizes are: "
                f"{[cell.state_size for cell in cells]}"
            )

    @property
    def state_size(self) -> Any:
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        return self._cells[-1].output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The cells' zero states."""
        with name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            if self._state_is_tuple:
                return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)
            return super().zero_state(batch_size, dtype)

    def _weights_of(self, kind: str) -> list[Any]:
        return [weight for cell in self._cells if isinstance(cell, Layer) for weight in getattr(cell, kind)]

    @property
    def trainable_weights(self) -> list[Any]:
        return self._weights_of("trainable_weights") if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        frozen = [] if self.trainable else self._weights_of("trainable_weights")
        return frozen + self._weights_of("non_trainable_weights")

    def call(self, inputs: Any, state: Any) -> Any:
        """One step through all the cells."""
        position, new_states = 0, []
        for i, cell in enumerate(self._cells):
            with variable_scope(f"cell_{i}"):
                if self._state_is_tuple:
                    if not nest.is_sequence(state):
                        raise ValueError(
                            f"Expected state to be a tuple of length {len(self.state_size)}, but received: {state}"
                        )
                    cell_state = state[i]
                else:
                    cell_state = slice_(state, [0, position], [-1, cell.state_size])
                    position += cell.state_size
                inputs, new_state = cell(inputs, cell_state)
                new_states.append(new_state)
        return inputs, tuple(new_states) if self._state_is_tuple else concat(new_states, 1)
