"""Recurrent layers."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.keras import backend
from pyflow.keras.backend import batch_set_value
from pyflow.keras.base_layer import Layer, LayerMeta
from pyflow.keras.layer_serialization import deserialize_layer, serialize_layer
from pyflow.keras.penalties import get_regularizer
from pyflow.keras.rnn_cells import (
    GRUCell,
    LSTMCell,
    SimpleRNNCell,
    StackedRNNCells,
    arguments_of,
    initial_state_of,
    takes,
)
from pyflow.keras.rnn_loop import rnn
from pyflow.keras.serialization import serialize_keras_object
from pyflow.layers.core_layer import CoreLayer
from pyflow.layers.input_spec import InputSpec
from pyflow.nn.cell_base import RNNCell
from pyflow.ops.array import transpose
from pyflow.ops.array_shape import shape as tf_shape
from pyflow.ops.state import assign as tf_assign


@export("keras.layers.RNN")
class RNN(Layer):
    """A cell applied to each step of sequences [batch_size, time, features].

    Args:
      cell: what is done in a step, or a list of such.
      return_sequences: whether the outputs of all steps are given, or the last.
      return_state: whether the last states are given too.
      go_backwards: from the last step to the first.
      stateful: whether the states of a batch are those that the next begins with.
      unroll: a part of the graph for every step.
      time_major: whether sequences are [time, batch_size, features].
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        time_major: bool = False,
        **kwargs: Any,
    ):
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        if "call" not in dir(cell):
            raise ValueError("`cell` should have a `call` method. The RNN was passed:", cell)
        if "state_size" not in dir(cell):
            raise ValueError(
                "The RNN cell should have an attribute `state_size` (tuple of integers, one integer per RNN state)."
            )
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences, self.return_state, self.go_backwards = return_sequences, return_state, go_backwards
        self.stateful, self.unroll, self.time_major = stateful, unroll, time_major
        self.zero_output_for_mask = False
        self.supports_masking = True
        self.input_spec = [InputSpec(ndim=3)]
        self._states: Any = None
        self._num_constants = 0

    @property
    def states(self) -> list:
        """The states that the next batch begins with, of stateful layers."""
        return [None] * len(nest.flatten(self.cell.state_size)) if self._states is None else self._states

    @states.setter
    def states(self, states: Any) -> None:
        self._states = states

    def _sizes(self) -> list:
        return [TensorShape(s).as_list() for s in nest.flatten(self.cell.state_size)]

    def _output_size(self) -> list:
        size = getattr(self.cell, "output_size", None)
        return TensorShape(size if size is not None else nest.flatten(self.cell.state_size)[0]).as_list()

    def compute_output_shape(self, input_shape: Any) -> Any:
        if isinstance(input_shape, list):
            input_shape = input_shape[0]
        batch, time = TensorShape(input_shape).as_list()[:2]
        if self.time_major:
            batch, time = time, batch
        both = [time, batch] if self.time_major else [batch, time]
        output = TensorShape([*(both if self.return_sequences else [batch]), *self._output_size()])
        return [output, *(TensorShape([batch, *s]) for s in self._sizes())] if self.return_state else output

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = nest.flatten(mask)[0]
        made = mask if self.return_sequences else None
        return [made, *[None] * len(self._sizes())] if self.return_state else made

    def build(self, input_shape: Any) -> None:
        if isinstance(input_shape, list):
            input_shape = input_shape[0]
        sizes = TensorShape(input_shape).as_list()
        batch = sizes[1 if self.time_major else 0]
        self.input_spec = [InputSpec(ndim=len(sizes), axes={-1: sizes[-1]} if len(sizes) == 3 else None)]
        if isinstance(self.cell, CoreLayer) and not self.cell.built:
            if not isinstance(self.cell, StackedRNNCells):
                self.cell._dtype = self.cell._dtype or self.dtype
            self.cell.build(TensorShape([batch, *sizes[2:]]))
            self.cell.built = True
        if self.stateful:
            self._begin_states(batch)
        self.built = True

    def _begin_states(self, batch: Any) -> None:
        if batch is None:
            raise ValueError(
                "If a RNN is stateful, it needs to know its batch size. Specify the batch size of your input tensors: "
                "\n- If using a Sequential model, specify the batch size by passing a `batch_input_shape` argument to "
                "your first layer.\n- If using the functional API, specify the batch size by passing a `batch_shape` "
                "argument to your Input layer."
            )
        if self._states is None:
            object.__setattr__(self, "_states", [backend.zeros([batch, *s]) for s in self._sizes()])

    # ---------------------------------------------------------------- calls

    def __call__(self, inputs: Any, initial_state: Any = None, constants: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """The outputs; `initial_state` and `constants` may be tensors of a model, too."""
        if isinstance(inputs, (list, tuple)) and not isinstance(inputs, Tensor):
            inputs = list(inputs)
            if len(inputs) > 1 and initial_state is None:
                if self._num_constants and constants is None:
                    inputs, constants = inputs[: -self._num_constants], inputs[-self._num_constants :]
                initial_state = inputs[1:] or None
            inputs = inputs[0]
        states = None if initial_state is None else nest.flatten(initial_state)
        constants = None if constants is None else nest.flatten(constants)
        if states is None and constants is None:
            return super().__call__(inputs, **kwargs)
        self._num_constants = len(constants or [])
        extra = (states or []) + (constants or [])
        if all(hasattr(x, "_keras_history") for x in extra):
            spec, self.input_spec = self.input_spec, None
            try:
                outputs = super().__call__([inputs, *extra], **kwargs)
            finally:
                self.input_spec = spec
            return outputs
        return super().__call__(inputs, initial_state=states, constants=constants, **kwargs)

    def call(
        self, inputs: Any, mask: Any = None, training: Any = None, initial_state: Any = None, constants: Any = None
    ) -> Any:  # type: ignore[override]
        if isinstance(inputs, (list, tuple)):
            extra = list(inputs[1:])
            inputs = inputs[0]
            if self._num_constants:
                extra, constants = extra[: -self._num_constants], extra[-self._num_constants :]
            initial_state = extra or initial_state
        mask = nest.flatten(mask)[0] if mask is not None else None
        states = self._first_states(inputs, initial_state)
        if len(states) != len(self._sizes()):
            raise ValueError(f"Layer has {len(self._sizes())} states but was passed {len(states)} initial states.")
        cell = self.cell
        known = getattr(cell, "_call_fn_args", None) or list(inspect.signature(cell.call).parameters)
        kwargs = {"training": training} if "training" in known else {}
        if hasattr(cell, "prepare_masks"):
            getattr(cell, "reset_dropout_mask", lambda: None)()
            getattr(cell, "reset_recurrent_dropout_mask", lambda: None)()
            cell.prepare_masks(inputs[0] if self.time_major else inputs[:, 0], states[0], training)

        def step(x: Any, given: list) -> tuple[Any, list]:
            own, others = given[: len(states)], given[len(states) :]
            if isinstance(cell, RNNCell):
                own = nest.pack_sequence_as(cell.state_size, own)
            extra = {**kwargs, "constants": others} if others else kwargs
            output, new = cell.call(x, own, **extra)  # type: ignore[misc]
            return output, nest.flatten(new)

        last, every, final = rnn(
            step, inputs, states, constants=constants, go_backwards=self.go_backwards, mask=mask, unroll=self.unroll,
            time_major=self.time_major, zero_output_for_mask=self.zero_output_for_mask,
        )  # fmt: skip
        if self.stateful:
            self.add_update([tf_assign(old, new) for old, new in zip(self._states, final)])
        output = every if self.return_sequences else last
        return [output, *final] if self.return_state else output

    def _first_states(self, inputs: Any, given: Any) -> list:
        if given is not None:
            return nest.flatten(given)
        if self.stateful:
            return [s.read_value() for s in self._states]
        like = transpose(inputs, [1, 0, *range(2, inputs.shape.ndims)]) if self.time_major else inputs
        if hasattr(self.cell, "get_initial_state"):
            made = self.cell.get_initial_state(inputs=None, batch_size=tf_shape(like)[0], dtype=inputs.dtype)
        else:
            made = initial_state_of(self.cell, like, None, None)
        flat = nest.flatten(made)
        for x, size in zip(flat, self._sizes()):
            x.set_shape([like.shape.as_list()[0], *size])
        return flat

    def get_initial_state(self, inputs: Any) -> list:
        """Zeros in the form of the state."""
        return self._first_states(inputs, None)

    def reset_states(self, states: Any = None) -> None:
        """Sets the states of a stateful layer to zeros, or to arrays.

        Raises:
          AttributeError: it is not stateful.
          ValueError: the states are not such as the layer has.
        """
        if not self.stateful:
            raise AttributeError("Layer must be stateful.")
        if self._states is None:
            spec = self.input_spec[0] if self.input_spec else None
            self._begin_states(spec.shape[0] if spec is not None and spec.shape else None)
        own: list[Any] = self._states  # type: ignore[assignment]
        values = [np.zeros(s.shape.as_list()) for s in own] if states is None else nest.flatten(states)
        if len(values) != len(own):
            raise ValueError(
                f"Layer {self.name} expects {len(own)} states, but it received {len(values)} state values. "
                f"Input received: {states}"
            )
        for i, (v, s) in enumerate(zip(values, own)):
            if np.shape(v) != tuple(s.shape.as_list()):
                raise ValueError(
                    f"State {i} is incompatible with layer {self.name}: expected shape={tuple(s.shape.as_list())}, "
                    f"found shape={np.shape(v)}"
                )
        batch_set_value(list(zip(own, values)))

    def _run_config(self) -> dict[str, Any]:
        names = "return_sequences return_state go_backwards stateful unroll time_major".split()
        return {name: getattr(self, name) for name in names}

    def get_config(self) -> dict[str, Any]:
        config = {**_base_config(self), **self._run_config()}
        if self._num_constants:
            config["num_constants"] = self._num_constants
        return {**config, "cell": serialize_layer(self.cell)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        config = dict(config)
        constants = config.pop("num_constants", 0)
        made = cls(deserialize_layer(config.pop("cell"), custom_objects), **config)
        made._num_constants = constants
        return made


def _base_config(layer: Any) -> dict[str, Any]:
    config = {"name": layer.name, "trainable": layer.trainable}
    if hasattr(layer, "_batch_input_shape"):
        config["batch_input_shape"] = layer._batch_input_shape
    return {**config, "dtype": layer.dtype}


def _layer(kind: str, cell: type) -> type:
    """The layer of a cell."""
    arguments = arguments_of(kind, True)
    of_cell = list(arguments_of(kind, False))
    of_run = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")

    @takes(arguments)
    def init(self: Any, given: dict[str, Any], rest: dict[str, Any]) -> None:
        if given.get("implementation") == 0:
            given["implementation"] = 1
        made = cell(**{n: given[n] for n in of_cell}, **({"dtype": rest["dtype"]} if "dtype" in rest else {}))
        RNN.__init__(self, made, **{n: given[n] for n in of_run}, **rest)
        self.activity_regularizer = get_regularizer(given["activity_regularizer"])

    def get_config(self: Any) -> dict[str, Any]:
        described = self.cell.get_config()
        own = {}
        for name in arguments:
            if name == "activity_regularizer":
                own[name] = serialize_keras_object(self.activity_regularizer)
            elif name not in of_run:
                own[name] = described[name]
        return {**_base_config(self), **self._run_config(), **own}

    def from_config(cls: Any, config: dict[str, Any], custom_objects: Any = None) -> Any:
        return cls(**config)

    body: dict[str, Any] = {
        "__init__": init,
        "get_config": get_config,
        "from_config": classmethod(from_config),
        "__doc__": f"{cell.__doc__} See `RNN` for the arguments beside the cell's.",
        "__module__": __name__,
    }
    for name in of_cell:
        body[name] = property(lambda self, name=name: getattr(self.cell, name))
    return export(f"keras.layers.{kind}")(LayerMeta(kind, (RNN,), body))


SimpleRNN = _layer("SimpleRNN", SimpleRNNCell)
GRU = _layer("GRU", GRUCell)
LSTM = _layer("LSTM", LSTMCell)
