"""Assertions about values: `tf.assert_equal` and its kin, checked at once where values are known, else in the run."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops import comparison
from pyflow.ops.array_shape import size
from pyflow.ops.control_flow import no_op
from pyflow.ops.messages import Assert
from pyflow.ops.reduce_functions import reduce_all
from pyflow.ops.variable_base import Variable

_COMPARISONS: dict[str, tuple[str, Callable, Callable]] = {
    "assert_equal": ("==", comparison.equal, np.equal),
    "assert_none_equal": ("!=", comparison.not_equal, np.not_equal),
    "assert_less": ("<", comparison.less, np.less),
    "assert_less_equal": ("<=", comparison.less_equal, np.less_equal),
    "assert_greater": (">", comparison.greater, np.greater),
    "assert_greater_equal": (">=", comparison.greater_equal, np.greater_equal),
}


def _compare(kind: str, x: Any, y: Any, data: Any, summarize: Any, message: Any, name: Any) -> Any:
    """The assertion that a comparison holds for all elements.

    Raises:
      InvalidArgumentError: both values are known and it doesn't.
    """
    symbol, compare, compare_arrays = _COMPARISONS[kind]
    with name_scope(name, kind, [x, y, data]):
        x, y = convert_to_tensor(x, name="x"), convert_to_tensor(y, name="y")
        if data is None:
            data = [f"Condition x {symbol} y did not hold element-wise:", f"x ({x.name}) = ", x, f"y ({y.name}) = ", y]
        if message is not None:
            data = [message, *data]
        condition = reduce_all(compare(x, y))
        x_value, y_value = constant_value(x), constant_value(y)
        if x_value is not None and y_value is not None and not np.all(compare_arrays(x_value, y_value)):
            raise errors.InvalidArgumentError(None, None, "\n".join(map(_shown, data)))
        return Assert(condition, data, summarize=summarize)


def _shown(item: Any) -> str:
    value = constant_value(item) if isinstance(item, Tensor) else None
    return str(item) if value is None else str(value)


def _define_comparison(kind: str, *names: str) -> Callable:
    symbol = _COMPARISONS[kind][0]

    def check(
        x: Any, y: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
    ) -> Any:
        if kind == "assert_equal":
            with name_scope(name, kind, [x, y, data]):
                if x is y:
                    return no_op()
        return _compare(kind, x, y, data, summarize, message, name)

    check.__name__ = check.__qualname__ = kind
    check.__doc__ = f"""An operation that fails unless x {symbol} y for all elements.

    Args:
      x, y: tensors of one dtype that broadcast.
      data: tensors to show instead of x and y.
      summarize: how many elements of each to show.
      message: shown first.

    Raises:
      InvalidArgumentError: at once if both are known, else when the operation runs.
    """
    return export(*names)(check)


assert_equal = _define_comparison("assert_equal", "assert_equal", "debugging.assert_equal")
assert_none_equal = _define_comparison("assert_none_equal", "assert_none_equal", "debugging.assert_none_equal")
assert_less = _define_comparison("assert_less", "assert_less", "debugging.assert_less")
assert_less_equal = _define_comparison("assert_less_equal", "assert_less_equal", "debugging.assert_less_equal")
assert_greater = _define_comparison("assert_greater", "assert_greater", "debugging.assert_greater")
assert_greater_equal = _define_comparison(
    "assert_greater_equal", "assert_greater_equal", "debugging.assert_greater_equal"
)


def _define_sign(kind: str, symbol: str, assertion: Callable, zero_first: bool) -> Callable:
    def check(
        x: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
    ) -> Any:
        with name_scope(name, kind, [x, data]):
            x = convert_to_tensor(x, name="x")
            if data is None:
                words = [f"Condition x {symbol} 0 did not hold element-wise:", f"x ({x.name}) = "]
                # Of this one TensorFlow joins the two.
                data = [message or "", *(["".join(words)] if kind == "assert_non_positive" else words), x]
            zero = convert_to_tensor(0, dtype=x.dtype)
            return (
                assertion(zero, x, data=data, summarize=summarize)
                if zero_first
                else assertion(x, zero, data=data, summarize=summarize)
            )

    check.__name__ = check.__qualname__ = kind
    check.__doc__ = f"""An operation that fails unless x {symbol} 0 for all elements; see `assert_equal`."""
    return export(kind, f"debugging.{kind}")(check)


assert_negative = _define_sign("assert_negative", "<", assert_less, zero_first=False)
assert_positive = _define_sign("assert_positive", ">", assert_less, zero_first=True)
assert_non_negative = _define_sign("assert_non_negative", ">=", assert_less_equal, zero_first=True)
assert_non_positive = _define_sign("assert_non_positive", "<=", assert_less_equal, zero_first=False)


@export("assert_near", "debugging.assert_near")
def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless |x - y| < atol + rtol * |y|; the defaults are ten times the dtype's precision."""
    with name_scope(name, "assert_near", [x, y, rtol, atol, data]):
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y", dtype=x.dtype)
        precision = np.finfo(x.dtype.as_numpy_dtype).eps
        rtol = convert_to_tensor(10 * precision if rtol is None else rtol, name="rtol", dtype=x.dtype)
        atol = convert_to_tensor(10 * precision if atol is None else atol, name="atol", dtype=x.dtype)
        if data is None:
            data = [
                message or "",
                f"x and y not equal to tolerance rtol = {rtol}, atol = {atol}",
                f"x ({x.name}) = ",
                x,
                f"y ({y.name}) = ",
                y,
            ]
        tolerance = atol + rtol * abs(y)
        condition = reduce_all(comparison.less(abs(x - y), tolerance))
        return Assert(condition, data, summarize=summarize)


@export("assert_proper_iterable", "debugging.assert_proper_iterable")
def assert_proper_iterable(values: Any) -> None:
    """Raises TypeError for what can be iterated over but stands for one thing: tensors, arrays, strings."""
    if isinstance(values, (Tensor, SparseTensor, np.ndarray, str, bytes)):
        raise TypeError(f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}')
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')


@export("assert_integer", "debugging.assert_integer")
def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> Any:
    """Raises TypeError unless `x` is of an integer dtype; gives an operation that does nothing."""
    with name_scope(name, "assert_integer", [x]):
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_integer:
            raise TypeError(f'{message or ""}  Expected "x" to be integer type.  Found: {x.name} of dtype {x.dtype!s}')
        return no_op("statically_determined_was_integer")


@export("assert_type", "debugging.assert_type")
def assert_type(tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None) -> Any:
    """Raises TypeError unless `tensor` is of the dtype; gives an operation that does nothing."""
    with name_scope(name, "assert_type", [tensor]):
        tensor = convert_to_tensor(tensor, name="tensor")
        if tensor.dtype != tf_type:
            raise TypeError(f"{message or ''}  {tensor.name} must be of type {tf_type!s}")
        return no_op("statically_determined_correct_type")


@export("is_tensor")
def is_tensor(x: Any) -> bool:
    """Whether it is a tensor, sparse tensor, `IndexedSlices` or variable."""
    return isinstance(x, (Tensor, SparseTensor, IndexedSlices, Variable))


_NUMERIC = frozenset("float32 float64 int8 int16 int32 int64 uint8 qint8 qint32 quint8 complex64".split())


@export("is_numeric_tensor", "debugging.is_numeric_tensor")
def is_numeric_tensor(tensor: Any) -> bool:
    """Whether it is a tensor of numbers, of those that TensorFlow counts as such."""
    return isinstance(tensor, Tensor) and tensor.dtype.base_dtype.name in _NUMERIC


def _is_monotonic(x: Any, compare: Callable, default_name: str, name: str | None) -> Tensor:
    with name_scope(name, default_name, [x]):
        flat = raw.Reshape(x, [-1])
        if not is_numeric_tensor(flat):
            raise TypeError(f"Expected x to be numeric, instead found: {flat}")
        # For less than two elements both slices are empty, and everything holds of nothing.
        later, earlier = flat[1:], flat[: size(flat) - 1]
        return reduce_all(compare(earlier, later[: size(earlier)]))


@export("is_non_decreasing", "debugging.is_non_decreasing", "math.is_non_decreasing")
def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Whether each element, in row-major order, is at least the one before it: bool tensor of shape ()."""
    return _is_monotonic(x, comparison.less_equal, "is_non_decreasing", name)


@export("is_strictly_increasing", "debugging.is_strictly_increasing", "math.is_strictly_increasing")
def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Whether each element, in row-major order, is larger than the one before it: bool tensor of shape ()."""
    return _is_monotonic(x, comparison.less, "is_strictly_increasing", name)


def _common_type(items: Any, expected: Any) -> Any:
    first = None
    for item in items:
        if item is None:
            continue
        if not expected:
            expected, first = item.dtype.base_dtype, getattr(item, "name", str(item))
        elif item.dtype.base_dtype != expected:
            source = f" as {first}" if first else ""
            raise ValueError(
                f"{getattr(item, 'name', str(item))}, type={item.dtype.base_dtype!s}, must be of the same type "
                f"({expected!s}){source}."
            )
    return expected


@export("assert_same_float_dtype", "debugging.assert_same_float_dtype")
def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> Any:
    """The one floating dtype of all the tensors, float32 if there are none.

    Raises:
      ValueError: they differ, or it is not floating.
    """
    from pyflow.core import dtypes

    dtype = _common_type(tensors, dtype) if tensors else dtype
    if not dtype:
        return dtypes.float32
    if not dtype.is_floating:
        raise ValueError(f"Expected floating point type, got {dtype!s}.")
    return dtype


@export("assert_scalar", "debugging.assert_scalar")
def assert_scalar(tensor: Any, name: str | None = None, message: str | None = None) -> Tensor:
    """The tensor, if its static shape is ().

    Raises:
      ValueError: it is not.
    """
    with name_scope(name, "assert_scalar", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name=scope)
        shape = tensor.get_shape()
        if shape.ndims != 0:
            raise ValueError(f"{message or ''}Expected scalar shape for {tensor.name}, saw shape: {shape}.")
        return tensor
