"""Cells around a cell: residual connections, a device; what all wrappers have in common."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.scopes import device, name_scope
from pyflow.nn.cell_base import RNNCell, assert_like_rnncell


class _RNNCellWrapperV1(RNNCell):
    """A cell that does something around another, which makes all the variables: it adds no variable scope."""

    def __init__(self, cell: Any, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        assert_like_rnncell("cell", cell)
        self.cell = cell

    @property
    def state_size(self) -> Any:
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        return self.cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The wrapped cell's zero state."""
        with name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return self.cell.zero_state(batch_size, dtype)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The output and the next state; `scope` is the wrapped cell's."""
        return self._call_wrapped_cell(inputs, state, cell_call_fn=self.cell.__call__, scope=scope)

    def _call_wrapped_cell(self, inputs: Any, state: Any, cell_call_fn: Callable, **kwargs: Any) -> Any:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        wrapped = {"class_name": type(self.cell).__name__, "config": self.cell.get_config()}
        return {**super().get_config(), "cell": wrapped}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """The wrapper of a config whose "cell" is the cell itself.

        Raises:
          ValueError: "cell" is a config.
        """
        config = dict(config)
        cell = config.pop("cell")
        try:
            assert_like_rnncell("cell", cell)
            return cls(cell, **config)
        except TypeError:
            raise ValueError(
                "RNNCellWrapper cannot reconstruct the wrapped cell. Please overwrite the cell in the config with a "
                "RNNCell instance."
            ) from None


def _add_inputs(inputs: Any, outputs: Any) -> Any:
    nest.assert_same_structure(inputs, outputs)

    def check(given: Any, output: Any) -> None:
        given.get_shape().assert_is_compatible_with(output.get_shape())

    nest.map_structure(check, inputs, outputs)
    return nest.map_structure(lambda given, output: given + output, inputs, outputs)


@export("nn.rnn_cell.ResidualWrapper")
class ResidualWrapper(_RNNCellWrapperV1):
    """Adds a cell's inputs to its outputs.

    Args (after the cell):
      residual_fn: what to make of (inputs, outputs) instead.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        self._start(*args, **kwargs)

    def _start(self, cell: Any, residual_fn: Callable | None = None, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn

    def _call_wrapped_cell(self, inputs: Any, state: Any, cell_call_fn: Callable, **kwargs: Any) -> Any:
        outputs, new_state = cell_call_fn(inputs, state, **kwargs)
        return (self._residual_fn or _add_inputs)(inputs, outputs), new_state

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **({"residual_fn": self._residual_fn} if self._residual_fn else {})}


@export("nn.rnn_cell.DeviceWrapper")
class DeviceWrapper(_RNNCellWrapperV1):
    """Puts a cell on a device.

    Args (after the cell):
      device: a device name or function, as for `tf.device`.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        self._start(*args, **kwargs)

    def _start(self, cell: Any, device: Any, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._device = device

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with name_scope(type(self).__name__ + "ZeroState", values=[batch_size]), device(self._device):
            return self.cell.zero_state(batch_size, dtype)

    def _call_wrapped_cell(self, inputs: Any, state: Any, cell_call_fn: Callable, **kwargs: Any) -> Any:
        with device(self._device):
            return cell_call_fn(inputs, state, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "device": self._device}
