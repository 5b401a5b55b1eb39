"""RNNCell: what every recurrent cell is."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import get_collection, name_scope
from pyflow.core.tensor import Tensor
from pyflow.layers.layer import Layer
from pyflow.nn.cell_sizes import _zero_state_tensors
from pyflow.ops.array_shape import shape
from pyflow.ops.partitioned_variable import PartitionedVariable
from pyflow.ops.variable_scope import get_variable_scope, variable_scope

_BIAS_VARIABLE_NAME = "bias"
_WEIGHTS_VARIABLE_NAME = "kernel"
ASSERT_LIKE_RNNCELL_ERROR_REGEXP = "is not an RNNCell"


def _hasattr(obj: Any, attr_name: str) -> bool:
    """Like hasattr; a property that is there but raises another error than AttributeError raises it."""
    try:
        getattr(obj, attr_name)
    except AttributeError:
        return False
    return True


def assert_like_rnncell(cell_name: str, cell: Any) -> None:
    """Checks that an argument can be used as a cell.

    Raises:
      TypeError: it cannot; the message says what is missing.
    """
    found = {
        "'output_size' property is missing": _hasattr(cell, "output_size"),
        "'state_size' property is missing": _hasattr(cell, "state_size"),
        "either 'zero_state' or 'get_initial_state' method is required": _hasattr(cell, "get_initial_state")
        or _hasattr(cell, "zero_state"),
        "is not callable": callable(cell),
    }
    if missing := [words for words, is_there in found.items() if not is_there]:
        raise TypeError(f"The argument {cell_name!r} ({cell}) is not an RNNCell: {', '.join(missing)}.")


@export("nn.rnn_cell.RNNCell")
class RNNCell(Layer):
    """One step of a recurrent network: `output, next_state = cell(inputs, state)`.

    Subclasses define `call(inputs, state)`, `state_size` and `output_size`, and may get their variables with
    `tf.get_variable` inside `call`. `inputs` is [batch, input size]; for each size `s` in the structure `state_size`
    (int, TensorShape, or nested tuples of them) the state has a tensor [batch, s].
    """

    def __init__(self, trainable: bool = True, name: Any = None, dtype: Any = None, **kwargs: Any):
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)
        self._is_tf_rnn_cell = True

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The output and the next state.

        Args:
          inputs: [batch, input size].
          state: as `zero_state` gives it, or a former call.
          scope: the variable scope, or its name; by default it is named for the class.
        """
        if scope is not None:
            with variable_scope(scope, custom_getter=self._rnn_get_variable) as opened:
                return super().__call__(inputs, state, scope=opened)
        scope = getattr(self, "rnncell_scope", None)
        if scope is None:
            scope = variable_scope(get_variable_scope(), custom_getter=self._rnn_get_variable)
            self.rnncell_scope = scope
        with scope:
            return super().__call__(inputs, state)

    def _rnn_get_variable(self, getter: Any, *args: Any, **kwargs: Any) -> Any:
        """Notes the variables that `call` gets: they are the cell's."""
        variable = getter(*args, **kwargs)
        first = list(variable)[0] if isinstance(variable, PartitionedVariable) else variable
        trainable = any(first is v or variable is v for v in get_collection(GraphKeys.TRAINABLE_VARIABLES))
        known = self._trainable_weights if trainable else self._non_trainable_weights
        if all(variable is not v for v in known):
            known.append(variable)
        return variable

    @property
    def state_size(self) -> Any:
        """The sizes of the state: an int, a TensorShape, or nested tuples of them."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        """The size of the output: an int or a TensorShape."""
        raise NotImplementedError("Abstract method")

    def build(self, _: Any) -> None:
        pass

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """Zeros, for the batch size and dtype of `inputs`, or those given.

        Raises:
          ValueError: neither says them, or they disagree.
        """
        if inputs is not None:
            inputs = convert_to_tensor(inputs, name="inputs")
            own_size = inputs.shape.as_list()[0]
            if batch_size is not None and own_size != _static(batch_size):
                raise ValueError(
                    "batch size from input tensor is different from the input param. Input tensor batch: "
                    f"{own_size}, batch_size: {batch_size}"
                )
            if dtype is not None and inputs.dtype != dtype:
                raise ValueError(
                    "dtype from input tensor is different from the input param. Input tensor dtype: "
                    f"{inputs.dtype}, dtype: {dtype}"
                )
            batch_size, dtype = own_size or shape(inputs)[0], inputs.dtype
        if batch_size is None or dtype is None:
            raise ValueError(
                "batch_size and dtype cannot be None while constructing initial state: "
                f"batch_size={batch_size}, dtype={dtype}"
            )
        return self.zero_state(batch_size, dtype)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros in the structure of `state_size`.

        Args:
          batch_size: an int or a scalar tensor.
          dtype: that of the state.
        """
        with name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return _zero_state_tensors(self.state_size, batch_size, dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config()


def _static(batch_size: Any) -> Any:
    from pyflow.core.convert import constant_value

    return constant_value(batch_size) if isinstance(batch_size, Tensor) else batch_size


class LayerRNNCell(RNNCell):
    """A cell that makes its variables once, in `build`, as other layers do."""

    def __call__(self, inputs: Any, state: Any, scope: Any = None, *args: Any, **kwargs: Any) -> Any:
        """The output and the next state; see `RNNCell`."""
        return Layer.__call__(self, inputs, state, *args, scope=scope, **kwargs)
