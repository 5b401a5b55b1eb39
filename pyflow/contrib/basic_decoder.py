"""tf.contrib.seq2seq.BasicDecoder: a cell whose next inputs a `Helper` chooses."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.contrib.decoder import Decoder
from pyflow.contrib.decoder_inputs import Helper
from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.layers.core_layer import CoreLayer
from pyflow.nn.cell_base import assert_like_rnncell


@export("contrib.seq2seq.BasicDecoderOutput")
class BasicDecoderOutput(collections.namedtuple("BasicDecoderOutput", ("rnn_output", "sample_id"))):
    """The output of a cell (behind the output layer), and the token chosen by it."""


def check_output_layer(output_layer: Any) -> None:
    """Raises TypeError if an output layer is given that is no layer."""
    if output_layer is not None and not isinstance(output_layer, CoreLayer):
        raise TypeError(f"output_layer must be a Layer, received: {type(output_layer)}")


def layered_output_size(cell: Any, output_layer: Any) -> Any:
    """The size of a cell's outputs, behind an output layer if there is one."""
    size = cell.output_size
    if output_layer is None:
        return size
    with_batch = nest.map_structure(lambda s: TensorShape([None]).concatenate(s), size)
    return nest.map_structure(lambda s: s[1:], output_layer.compute_output_shape(with_batch))


@export("contrib.seq2seq.BasicDecoder")
class BasicDecoder(Decoder):
    """Steps of a cell.

    Args:
      cell: an `RNNCell`.
      helper: a `Helper`, which chooses tokens and inputs.
      initial_state: the state before the first step.
      output_layer: a layer between the cell's outputs and the helper, such as `tf.layers.Dense`.

    Raises:
      TypeError: an argument is of another type.
    """

    def __init__(self, cell: Any, helper: Any, initial_state: Any, output_layer: Any = None):
        assert_like_rnncell("cell", cell)
        if not isinstance(helper, Helper):
            raise TypeError(f"helper must be a Helper, received: {type(helper)}")
        check_output_layer(output_layer)
        self._cell = cell
        self._helper = helper
        self._initial_state = initial_state
        self._output_layer = output_layer

    @property
    def batch_size(self) -> Any:
        return self._helper.batch_size

    def _rnn_output_size(self) -> Any:
        return layered_output_size(self._cell, self._output_layer)

    @property
    def output_size(self) -> Any:
        return BasicDecoderOutput(self._rnn_output_size(), self._helper.sample_ids_shape)

    @property
    def output_dtype(self) -> Any:
        dtype = nest.flatten(self._initial_state)[0].dtype
        return BasicDecoderOutput(
            nest.map_structure(lambda _: dtype, self._rnn_output_size()), self._helper.sample_ids_dtype
        )

    def initialize(self, name: str | None = None) -> tuple:
        """(finished, first inputs, initial state)."""
        return (*self._helper.initialize(), self._initial_state)

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> tuple:
        """(`BasicDecoderOutput`, next state, next inputs, finished)."""
        with name_scope(name, "BasicDecoderStep", [time, inputs, state]):
            outputs, state = self._cell(inputs, state)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            sample_ids = self._helper.sample(time=time, outputs=outputs, state=state)
            finished, next_inputs, next_state = self._helper.next_inputs(
                time=time, outputs=outputs, state=state, sample_ids=sample_ids
            )
        return BasicDecoderOutput(outputs, sample_ids), next_state, next_inputs, finished
