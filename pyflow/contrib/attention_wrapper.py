"""tf.contrib.seq2seq.AttentionWrapper: a cell that looks at memories in each step."""

from __future__ import annotations

import collections
from typing import Any, Callable

from pyflow.contrib.attention_memory import AttentionMechanism
from pyflow.contrib.framework_shapes import with_same_shape
from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.dtypes import int32
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.layers.dense_layer import Dense
from pyflow.nn.cell_base import RNNCell, assert_like_rnncell
from pyflow.nn.cell_sizes import _zero_state_tensors
from pyflow.ops.array import expand_dims, squeeze
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.checks import assert_equal
from pyflow.ops.matmul import matmul
from pyflow.ops.tensor_array import TensorArray

_FIELDS = ("cell_state", "attention", "time", "alignments", "alignment_history", "attention_state")


@export("contrib.seq2seq.AttentionWrapperState")
class AttentionWrapperState(collections.namedtuple("AttentionWrapperState", _FIELDS)):
    """The state of an `AttentionWrapper`.

    Attributes:
      cell_state: that of the cell.
      attention: what the last step saw, [batch, attention size].
      time: the number of steps made, int32 scalar.
      alignments: where the last step looked, [batch, memory length]; a tuple for several mechanisms.
      alignment_history: `TensorArray`s of the alignments of all steps, or ().
      attention_state: the mechanisms' states.
    """

    def clone(self, **kwargs: Any) -> AttentionWrapperState:
        """The state with some fields replaced by others of the same shapes, which is asserted."""

        def with_shape_of(old: Any, new: Any) -> Any:
            return with_same_shape(old, new) if isinstance(old, Tensor) and isinstance(new, Tensor) else new

        return nest.map_structure(with_shape_of, self, self._replace(**kwargs))


def _compute_attention(mechanism: Any, cell_output: Tensor, attention_state: Any, attention_layer: Any) -> tuple:
    """(attention, alignments, next state): the rows of the memory, summed with the alignments as weights."""
    alignments, next_state = mechanism(cell_output, state=attention_state)
    context = squeeze(matmul(expand_dims(alignments, 1), mechanism.values), [1])
    if attention_layer is not None:
        context = attention_layer(concat([cell_output, context], 1))
    return context, alignments, next_state


def _static(dimension: Any) -> Any:
    return getattr(dimension, "value", dimension)


@export("contrib.seq2seq.AttentionWrapper")
class AttentionWrapper(RNNCell):
    """A cell whose inputs are joined with what the last step saw, and whose output asks where to look now.

    Args:
      cell: an `RNNCell`.
      attention_mechanism: an `AttentionMechanism`, or a list of them.
      attention_layer_size: the size (or one for each mechanism) of a layer over the cell's output and what is seen;
        None for what is seen as it is.
      alignment_history: whether the state keeps the alignments of all steps.
      cell_input_fn: from inputs and the last attention to the cell's inputs; joins them by default.
      output_attention: whether the attention is the output, or else the cell's.
      initial_cell_state: the cell's state in `zero_state`.
      attention_layer: a layer, or one for each mechanism, in the place of `attention_layer_size`.
      attention_fn: from mechanism, cell output, attention state and attention layer to (attention, alignments, next
        attention state).

    Raises:
      TypeError: an argument is of another type.
      ValueError: sizes or layers are not as many as mechanisms, or both are given.
    """

    def __init__(
        self,
        cell: Any,
        attention_mechanism: Any,
        attention_layer_size: Any = None,
        alignment_history: bool = False,
        cell_input_fn: Callable | None = None,
        output_attention: bool = True,
        initial_cell_state: Any = None,
        name: str | None = None,
        attention_layer: Any = None,
        attention_fn: Callable | None = None,
        dtype: Any = None,
    ):
        super().__init__(name=name, dtype=dtype)
        assert_like_rnncell("cell", cell)
        self._is_multi = isinstance(attention_mechanism, (list, tuple))
        mechanisms: Any = attention_mechanism if self._is_multi else (attention_mechanism,)
        for mechanism in mechanisms:
            if not isinstance(mechanism, AttentionMechanism):
                start = (
                    "attention_mechanism must contain only instances of AttentionMechanism"
                    if self._is_multi
                    else "attention_mechanism must be an AttentionMechanism or list of multiple AttentionMechanism "
                    "instances"
                )
                raise TypeError(f"{start}, saw type: {type(mechanism).__name__}")
        if cell_input_fn is not None and not callable(cell_input_fn):
            raise TypeError(f"cell_input_fn must be callable, saw type: {type(cell_input_fn).__name__}")
        self._cell_input_fn = cell_input_fn or (lambda inputs, attention: concat([inputs, attention], -1))
        self._cell = cell
        self._attention_mechanisms = mechanisms
        self._set_layers(attention_layer_size, attention_layer)
        self._attention_fn = attention_fn or _compute_attention
        self._output_attention = output_attention
        self._alignment_history = alignment_history
        with name_scope(name, "AttentionWrapperInit"):
            self._initial_cell_state = None
            if initial_cell_state is not None:
                last = nest.flatten(initial_cell_state)[-1]
                words = self._mismatch("constructing", self._base_name, "initial_cell_state", "initial state")
                with control_dependencies(self._same_batch(last.shape.as_list()[0] or shape(last)[0], words)):
                    self._initial_cell_state = nest.map_structure(
                        lambda s: identity(s, name="check_initial_cell_state"), initial_cell_state
                    )

    def _set_layers(self, sizes: Any, layers: Any) -> None:
        """The layers over outputs and attention, and the size of the attention."""
        mechanisms = self._attention_mechanisms
        if sizes is not None and layers is not None:
            raise ValueError("Only one of attention_layer_size and attention_layer should be set")
        self._attention_layers: Any = None
        depths = [_static(mechanism.values.shape[-1]) for mechanism in mechanisms]
        if sizes is not None:
            sizes = tuple(sizes) if isinstance(sizes, (list, tuple)) else (sizes,)
            if len(sizes) != len(mechanisms):
                raise ValueError(
                    "If provided, attention_layer_size must contain exactly one integer per attention_mechanism, saw: "
                    f"{len(sizes)} vs {len(mechanisms)}"
                )
            self._attention_layers = tuple(
                Dense(size, name="attention_layer", use_bias=False, dtype=mechanism.dtype)
                for size, mechanism in zip(sizes, mechanisms)
            )
        elif layers is not None:
            self._attention_layers = tuple(layers) if isinstance(layers, (list, tuple)) else (layers,)
            if len(self._attention_layers) != len(mechanisms):
                raise ValueError(
                    "If provided, attention_layer must contain exactly one layer per attention_mechanism, saw: "
                    f"{len(self._attention_layers)} vs {len(mechanisms)}"
                )
            sizes = [
                _static(layer.compute_output_shape([None, self._cell.output_size + depth])[-1])
                for layer, depth in zip(self._attention_layers, depths)
            ]
        self._attention_layer_size = sum(depths if sizes is None else sizes)

    @staticmethod
    def _mismatch(action: str, name: str, other: str, tiled: str) -> str:
        return (
            f"When {action} AttentionWrapper {name}: Non-matching batch sizes between the memory (encoder output) and "
            f"{other}.  Are you using the BeamSearchDecoder?  You may need to tile your {tiled} via the "
            "tf.contrib.seq2seq.tile_batch function with argument multiple=beam_width."
        )

    def _same_batch(self, batch_size: Any, message: str) -> list:
        return [assert_equal(batch_size, m.batch_size, message=message) for m in self._attention_mechanisms]

    def _item_or_tuple(self, items: Any) -> Any:
        items = tuple(items)
        return items if self._is_multi else items[0]

    @property
    def output_size(self) -> Any:
        """The size of the attention, or of the cell's output."""
        return self._attention_layer_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> AttentionWrapperState:
        """The sizes of the state."""
        mechanisms = self._attention_mechanisms
        return AttentionWrapperState(
            cell_state=self._cell.state_size,
            time=TensorShape([]),
            attention=self._attention_layer_size,
            alignments=self._item_or_tuple(m.alignments_size for m in mechanisms),
            attention_state=self._item_or_tuple(m.state_size for m in mechanisms),
            alignment_history=self._item_or_tuple(
                m.alignments_size if self._alignment_history else () for m in mechanisms
            ),
        )

    def zero_state(self, batch_size: Any, dtype: Any) -> AttentionWrapperState:
        """The state before the first step, with the cell's initial state if one was given.

        In a run it fails with InvalidArgumentError if the batch size is not that of the memories.
        """
        with name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            cell_state = self._initial_cell_state
            if cell_state is None:
                cell_state = self._cell.get_initial_state(batch_size=batch_size, dtype=dtype)
            words = (
                f"When calling zero_state of AttentionWrapper {self._base_name}: Non-matching batch sizes between the "
                "memory (encoder output) and the requested batch size.  Are you using the BeamSearchDecoder?  If so, "
                "make sure your encoder output has been tiled to beam_width via tf.contrib.seq2seq.tile_batch, and the "
                "batch_size= argument passed to zero_state is batch_size * beam_width."
            )
            with control_dependencies(self._same_batch(batch_size, words)):
                cell_state = nest.map_structure(lambda s: identity(s, name="checked_cell_state"), cell_state)
            mechanisms = self._attention_mechanisms
            alignments = [m.initial_alignments(batch_size, dtype) for m in mechanisms]
            return AttentionWrapperState(
                cell_state=cell_state,
                time=zeros([], dtype=int32),
                attention=_zero_state_tensors(self._attention_layer_size, batch_size, dtype),
                alignments=self._item_or_tuple(alignments),
                attention_state=self._item_or_tuple(m.initial_state(batch_size, dtype) for m in mechanisms),
                alignment_history=self._item_or_tuple(
                    TensorArray(dtype, size=0, dynamic_size=True, element_shape=alignment.shape)
                    if self._alignment_history
                    else ()
                    for alignment in alignments
                ),
            )

    def call(self, inputs: Any, state: Any) -> tuple:
        """(the attention or the cell's output, the next state).

        Raises:
          TypeError: the state is no `AttentionWrapperState`.
        """
        if not isinstance(state, AttentionWrapperState):
            raise TypeError(
                f"Expected state to be instance of AttentionWrapperState. Received type {type(state)} instead."
            )
        cell_inputs = self._cell_input_fn(inputs, state.attention)
        cell_output, next_cell_state = self._cell(cell_inputs, state.cell_state)
        words = self._mismatch("applying", self.name, "the query (decoder output)", "memory input")
        with control_dependencies(self._same_batch(cell_output.shape.as_list()[0] or shape(cell_output)[0], words)):
            cell_output = identity(cell_output, name="checked_cell_output")
        states = state.attention_state if self._is_multi else [state.attention_state]
        histories = state.alignment_history if self._is_multi else [state.alignment_history]
        attentions, alignments, next_states, next_histories = [], [], [], []
        for i, mechanism in enumerate(self._attention_mechanisms):
            layer = self._attention_layers[i] if self._attention_layers else None
            attention, aligned, next_state = self._attention_fn(mechanism, cell_output, states[i], layer)
            history = histories[i].write(state.time, aligned) if self._alignment_history else ()
            attentions.append(attention)
            alignments.append(aligned)
            next_states.append(next_state)
            next_histories.append(history)
        attention = concat(attentions, 1)
        following = AttentionWrapperState(
            time=state.time + 1,
            cell_state=next_cell_state,
            attention=attention,
            attention_state=self._item_or_tuple(next_states),
            alignments=self._item_or_tuple(alignments),
            alignment_history=self._item_or_tuple(next_histories),
        )
        return (attention if self._output_attention else cell_output), following
