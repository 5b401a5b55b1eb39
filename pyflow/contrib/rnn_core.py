"""tf.contrib.rnn: the cells of tf.nn.rnn_cell under their other names, and wrappers with variables of their own."""

from __future__ import annotations

import math
from typing import Any, Callable

from pyflow.core import nest
from pyflow.core.api import PUBLIC, export
from pyflow.core.dtypes import int32
from pyflow.core.scopes import device, name_scope
from pyflow.nn.cell_base import _BIAS_VARIABLE_NAME, _WEIGHTS_VARIABLE_NAME, LayerRNNCell, RNNCell, assert_like_rnncell
from pyflow.ops.array import reshape
from pyflow.ops.array_joining import concat
from pyflow.ops.bias import bias_add
from pyflow.ops.constant import constant
from pyflow.ops.initializers import Constant, RandomUniform
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_embedding import embedding_lookup
from pyflow.ops.variable_getters import get_variable
from pyflow.ops.variable_scope import get_variable_scope, variable_scope
from pyflow.platform.logging import warn

__all__ = ["EmbeddingWrapper", "InputProjectionWrapper", "OutputProjectionWrapper", "_Linear", "_linear"]

for _name in (
    "BasicLSTMCell",
    "BasicRNNCell",
    "DeviceWrapper",
    "DropoutWrapper",
    "GRUCell",
    "LSTMCell",
    "LSTMStateTuple",
    "MultiRNNCell",
    "RNNCell",
    "ResidualWrapper",
):
    export(f"contrib.rnn.{_name}")(PUBLIC[f"nn.rnn_cell.{_name}"])
export("contrib.rnn.LayerRNNCell")(LayerRNNCell)


def _total_size(args: Any) -> int:
    """The columns of all args [batch, columns] together.

    Raises:
      ValueError: there are none, or they are not such matrices.
    """
    if args is None or (nest.is_sequence(args) and not args):
        raise ValueError("`args` must be specified")
    shapes = [a.get_shape() for a in (args if nest.is_sequence(args) else [args])]
    total = 0
    for shape in shapes:
        if shape.ndims != 2:
            raise ValueError(f"linear is expecting 2D arguments: {shapes}")
        columns = shape.as_list()[1]
        if columns is None:
            raise ValueError(f"linear expects shape[1] to be provided for shape {shape}, but saw {shape[1]}")
        total += columns
    return total


class _Linear:
    """args · kernel + bias; the variables are made in the variable scope that is current at first.

    Args:
      args: a tensor [batch, columns] or a list of such, which are joined.
      output_size: the columns of the result.
      build_bias: whether there is a bias.
      bias_initializer, kernel_initializer: zeros, and the scope's, by default.
    """

    def __init__(
        self,
        args: Any,
        output_size: int,
        build_bias: bool,
        bias_initializer: Any = None,
        kernel_initializer: Any = None,
    ):
        self._build_bias = build_bias
        total = _total_size(args)
        self._is_sequence = nest.is_sequence(args)
        dtype = (args[0] if self._is_sequence else args).dtype
        with variable_scope(get_variable_scope()) as outer_scope:
            self._weights = get_variable(
                _WEIGHTS_VARIABLE_NAME, [total, output_size], dtype=dtype, initializer=kernel_initializer
            )
            if build_bias:
                with variable_scope(outer_scope) as inner_scope:
                    inner_scope.set_partitioner(None)
                    if bias_initializer is None:
                        bias_initializer = Constant(0.0, dtype=dtype)
                    self._biases = get_variable(
                        _BIAS_VARIABLE_NAME, [output_size], dtype=dtype, initializer=bias_initializer
                    )

    def __call__(self, args: Any) -> Any:
        if not self._is_sequence:
            args = [args]
        joined = args[0] if len(args) == 1 else concat(args, constant(1, dtype=int32))
        result = matmul(joined, self._weights)
        return bias_add(result, self._biases) if self._build_bias else result


def _linear(
    args: Any,
    output_size: int,
    bias: bool,
    bias_initializer: Any = None,
    kernel_initializer: Any = None,
    add_bias: bool = True,
) -> Any:
    """args · kernel (+ bias), with variables of the current variable scope; see `_Linear`."""
    total = _total_size(args)
    args = args if nest.is_sequence(args) else [args]
    dtype = args[0].dtype
    with variable_scope(get_variable_scope()) as outer_scope:
        kernel = get_variable(_WEIGHTS_VARIABLE_NAME, [total, output_size], dtype=dtype, initializer=kernel_initializer)
        result = matmul(args[0] if len(args) == 1 else concat(args, 1), kernel)
        if not bias:
            return result
        with variable_scope(outer_scope) as inner_scope:
            inner_scope.set_partitioner(None)
            if bias_initializer is None:
                bias_initializer = Constant(0.0, dtype=dtype)
            biases = get_variable(_BIAS_VARIABLE_NAME, [output_size], dtype=dtype, initializer=bias_initializer)
        return bias_add(result, biases) if add_bias else result


class CellWrapper(RNNCell):
    """A cell around another whose state and output are the other's."""

    _cell: Any

    @property
    def state_size(self) -> Any:
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        return self._cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return self._cell.zero_state(batch_size, dtype)


@export("contrib.rnn.EmbeddingWrapper")
class EmbeddingWrapper(CellWrapper):
    """Looks ids up in a table before a cell. `embedding_lookup` on all steps at once is faster.

    Args:
      cell: the cell.
      embedding_classes: the rows of the table.
      embedding_size: its columns.
      initializer: of the table; by default the scope's, else uniform numbers of variance 1.
      reuse: True, when the table shall be the one made before.

    Raises:
      TypeError: the cell is none.
      ValueError: a size is not positive.
    """

    def __init__(
        self, cell: Any, embedding_classes: int, embedding_size: int, initializer: Any = None, reuse: Any = None
    ):
        super().__init__(_reuse=reuse)
        assert_like_rnncell("cell", cell)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError(
                f"Both embedding_classes and embedding_size must be > 0: {embedding_classes}, {embedding_size}."
            )
        self._cell, self._initializer = cell, initializer
        self._embedding_classes, self._embedding_size = embedding_classes, embedding_size

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs are ids [batch] or [batch, 1]."""
        with device("/cpu:0"):
            bound = math.sqrt(3)  # uniform numbers up to here have variance 1
            initializer = self._initializer or get_variable_scope().initializer or RandomUniform(-bound, bound)
            dtype = (state[0] if isinstance(state, tuple) else state).dtype
            table = get_variable(
                "embedding", [self._embedding_classes, self._embedding_size], initializer=initializer, dtype=dtype
            )
            return self._cell(embedding_lookup(table, reshape(inputs, [-1])), state)


@export("contrib.rnn.InputProjectionWrapper")
class InputProjectionWrapper(CellWrapper):
    """Projects the inputs linearly before a cell.

    Args:
      cell: the cell.
      num_proj: the columns after the projection.
      activation: a function applied to it.
      input_size: ignored.
      reuse: True, when the weights shall be those made before.
    """

    def __init__(
        self, cell: Any, num_proj: int, activation: Callable | None = None, input_size: Any = None, reuse: Any = None
    ):
        super().__init__(_reuse=reuse)
        if input_size is not None:
            warn("%s: The input_size parameter is deprecated.", self)
        assert_like_rnncell("cell", cell)
        self._cell, self._num_proj, self._activation = cell, num_proj, activation
        self._linear: _Linear | None = None

    def call(self, inputs: Any, state: Any) -> Any:
        if self._linear is None:
            self._linear = _Linear(inputs, self._num_proj, True)
        projected = self._linear(inputs)
        return self._cell(self._activation(projected) if self._activation else projected, state)


@export("contrib.rnn.OutputProjectionWrapper")
class OutputProjectionWrapper(CellWrapper):
    """Projects the outputs of a cell linearly. A projection of all steps at once is faster.

    Args:
      cell: the cell.
      output_size: the columns after the projection.
      activation: a function applied to it.
      reuse: True, when the weights shall be those made before.

    Raises:
      TypeError: the cell is none.
      ValueError: `output_size` is not positive.
    """

    def __init__(self, cell: Any, output_size: int, activation: Callable | None = None, reuse: Any = None):
        super().__init__(_reuse=reuse)
        assert_like_rnncell("cell", cell)
        if output_size < 1:
            raise ValueError(f"Parameter output_size must be > 0: {output_size}.")
        self._cell, self._output_size, self._activation = cell, output_size, activation
        self._linear: _Linear | None = None

    @property
    def output_size(self) -> int:
        return self._output_size

    def call(self, inputs: Any, state: Any) -> Any:
        output, new_state = self._cell(inputs, state)
        if self._linear is None:
            self._linear = _Linear(output, self._output_size, True)
        projected = self._linear(output)
        return (self._activation(projected) if self._activation else projected), new_state
