"""Dimension: the size of one axis, perhaps unknown."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.dtypes import DType


@export("Dimension", "compat.v1.Dimension")
class Dimension:
    """The size of one axis: an int, or None when it isn't known.

    Arithmetic with an unknown size gives an unknown size; a comparison with one gives None.

    Args:
      value: int, None, or anything that `int` takes without loss.

    Raises:
      TypeError: `value` is a dtype (a frequent slip) or not a number.
      ValueError: the size is negative or not whole.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # equality may be unknown

    def __init__(self, value: Any):
        self._value: int | None
        if value is None or isinstance(value, Dimension):
            self._value = None if value is None else value._value
        elif isinstance(value, DType):
            raise TypeError(f"Cannot convert {value} to Dimension")
        else:
            self._value = int(value)
            if not isinstance(value, (str, bytes)) and self._value != value:
                raise ValueError(f"Ambiguous dimension: {value}")
            if self._value < 0:
                raise ValueError(f"Dimension {self._value} must be >= 0")

    @property
    def value(self) -> int | None:
        """The size, or None when it isn't known."""
        return self._value

    def is_compatible_with(self, other: Any) -> bool:
        """Whether both could be the same size."""
        other = as_dimension(other)
        return self._value is None or other._value is None or self._value == other._value

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raises ValueError when the sizes differ."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other: Any) -> Dimension:
        """What both say of the size together. Raises ValueError when they differ."""
        other = as_dimension(other)
        self.assert_is_compatible_with(other)
        return Dimension(other._value if self._value is None else self._value)

    def __repr__(self) -> str:
        return f"Dimension({self._value!r})"

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)

    def __int__(self) -> Any:
        return self._value

    def __index__(self) -> Any:
        return self._value

    def __reduce__(self) -> tuple:
        return Dimension, (self._value,)

    def _arithmetic(self, other: Any, operation: Callable) -> Any:
        try:
            theirs = as_dimension(other)._value
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or theirs is None:
            return Dimension(None)
        return Dimension(operation(self._value, theirs))

    def __add__(self, other: Any) -> Any:
        return self._arithmetic(other, operator.add)

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __sub__(self, other: Any) -> Any:
        return self._arithmetic(other, operator.sub)

    def __rsub__(self, other: Any) -> Any:
        return as_dimension(other) - self

    def __mul__(self, other: Any) -> Any:
        return self._arithmetic(other, operator.mul)

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def __floordiv__(self, other: Any) -> Any:
        return self._arithmetic(other, operator.floordiv)

    def __rfloordiv__(self, other: Any) -> Any:
        return as_dimension(other) // self

    def __mod__(self, other: Any) -> Any:
        return self._arithmetic(as_dimension(other), operator.mod)

    def __rmod__(self, other: Any) -> Any:
        return as_dimension(other) % self

    def __div__(self, other: Any) -> Any:
        return self // other

    def __truediv__(self, other: Any) -> Any:
        kind = type(other).__name__
        raise TypeError(f"unsupported operand type(s) for /: 'Dimension' and '{kind}', please use // instead")

    def __rtruediv__(self, other: Any) -> Any:
        kind = type(other).__name__
        raise TypeError(f"unsupported operand type(s) for /: '{kind}' and 'Dimension', please use // instead")

    __rdiv__ = __rtruediv__

    def _comparison(self, other: Any, operation: Callable) -> bool | None:
        theirs = as_dimension(other)._value
        return None if self._value is None or theirs is None else operation(self._value, theirs)

    def __eq__(self, other: object) -> Any:
        try:
            return self._comparison(other, operator.eq)
        except (TypeError, ValueError):
            return NotImplemented

    def __ne__(self, other: object) -> Any:
        try:
            return self._comparison(other, operator.ne)
        except (TypeError, ValueError):
            return NotImplemented

    def __lt__(self, other: Any) -> Any:
        return self._comparison(other, operator.lt)

    def __le__(self, other: Any) -> Any:
        return self._comparison(other, operator.le)

    def __gt__(self, other: Any) -> Any:
        return self._comparison(other, operator.gt)

    def __ge__(self, other: Any) -> Any:
        return self._comparison(other, operator.ge)


def as_dimension(value: Any) -> Dimension:
    """`value` itself if it is a `Dimension`, else a `Dimension` of it."""
    return value if isinstance(value, Dimension) else Dimension(value)


@export("dimension_value", "compat.dimension_value", "compat.v1.dimension_value")
def dimension_value(dimension: Any) -> Any:
    """The int (or None) of a `Dimension`; anything else comes back as it is."""
    return dimension.value if isinstance(dimension, Dimension) else dimension
