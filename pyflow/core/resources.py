"""VariableCell: where a session keeps the value of a variable; and what is known statically behind a handle."""

from __future__ import annotations

import itertools
from typing import Any, Callable

import numpy as np

from pyflow.core import errors
from pyflow.core.dtypes import DType
from pyflow.core.tensor import StaticShape, Tensor

HandleData = tuple[DType, StaticShape]

_private_names = itertools.count()


def private_name(node: str) -> str:
    """The name, as messages show it, of a resource that belongs to one node because it was given no shared name."""
    return f"_{next(_private_names)}_{node}"


class VariableCell:
    """The storage of a variable: `value` is its array, or None before initialisation.

    The array is updated in place and replaced only when the shape changes, so its address stays.

    Attributes:
      shape: what may be taken for granted of the value's shape: the declaration, or the shape of the first value. Once
        a value of another shape is assigned it is None, and what relied on it is void: `on_reshape` is called.
      residence: where on a device the value lives, or None.
    """

    __slots__ = (
        *("name", "dtype", "shape", "value", "is_resource"),
        *("residence", "_shape_varies", "_on_reshape", "_offered", "__weakref__"),
    )

    def __init__(
        self,
        name: str,
        dtype: DType,
        is_resource: bool = False,
        shape: StaticShape = None,
        on_reshape: Callable[[], None] | None = None,
    ):
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.value: Any = None
        self.is_resource = is_resource
        self._shape_varies = False
        self._on_reshape = on_reshape
        self._offered: Any = None
        self.residence: Any = None

    def read(self) -> np.ndarray:
        """The live array.

        Raises:
          FailedPreconditionError: the variable is not initialised.
        """
        if self.value is None:
            raise self.uninitialized()
        return self.value

    def changing(self) -> np.ndarray:
        """As `read`, for who changes the array in place."""
        return self.read()

    def writable(self) -> np.ndarray:
        """As `changing`, with TensorFlow's other words where a handle's variable has no value.

        Raises:
          FailedPreconditionError, NotFoundError: a variable by reference, or behind a handle, is not initialised.
        """
        if self.value is None:
            if not self.is_resource:
                raise self.uninitialized()
            raise errors.NotFoundError(None, None, f"Resource localhost/{self.name}/N10tensorflow3VarE does not exist.")
        return self.value

    def uninitialized(self) -> errors.OpError:
        if self.is_resource:
            return errors.FailedPreconditionError(
                None,
                None,
                f"Error while reading resource variable {self.name} from Container: localhost. This could mean that "
                f"the variable was uninitialized. Not found: Resource localhost/{self.name}/N10tensorflow3VarE does "
                "not exist.",
            )
        return errors.FailedPreconditionError(None, None, f"Attempting to use uninitialized value {self.name}")

    def offer(self, array: np.ndarray) -> None:
        """Lets the cell keep this very array if it is the next to be assigned; nobody else may keep it."""
        self._offered = array

    def assign(self, value: Any) -> None:
        """Copies `value` in; keeps the array when the shape is the same."""
        current, offered = self.value, self._offered
        if current is not None and current.shape == np.shape(value):
            if current is not value:
                np.copyto(current, value)
        else:
            self._offered = None
            self.value = value if value is offered else np.array(value, dtype=self.dtype.as_numpy_dtype, order="C")
            if self.value.shape != self.shape and not self._shape_varies:
                self._learn_shape()

    def _learn_shape(self) -> None:
        if self.shape is None or None in self.shape:
            self.shape = self.value.shape
            return
        self._shape_varies, self.shape = True, None
        if self._on_reshape is not None:
            self._on_reshape()


def handle_data(tensor: Tensor) -> HandleData | None:
    """The dtype and static shape of what a resource tensor refers to, or None when that isn't known."""
    while True:
        known = tensor.__dict__.get("_handle_data")
        if known is not None:
            return known
        op = tensor.op
        if op.type == "VarHandleOp":
            return op.attrs["dtype"], op.attrs["shape"].as_tuple()
        if op.type != "Identity":
            return None
        tensor = op.inputs[0]
