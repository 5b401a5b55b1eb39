"""Turning Python and numpy values into tensors, by a registry of conversion functions."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core.api import export
from pyflow.core.constants import constant_value, constant_value_as_shape  # noqa: F401  (the usual place to look for them)
from pyflow.core.dtypes import as_dtype
from pyflow.core.indexed_slices import IndexedSlices, IndexedSlicesValue
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor

Conversion = Callable[..., Any]

_conversions: list[tuple[int, int, Any, Conversion]] = []
_by_type: dict[type, list[tuple[Any, Conversion]]] = {}


@export("register_tensor_conversion_function")
def register_tensor_conversion_function(base_type: Any, conversion_func: Conversion, priority: int = 100) -> None:
    """Registers `conversion_func(value, dtype=None, name=None, as_ref=False)` for a type or tuple of types.

    Functions of lower priority are asked first; one that returns NotImplemented passes the value on.

    Raises:
      TypeError: `base_type` is no type, or `conversion_func` cannot be called.
    """
    types = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(t, type) for t in types):
        raise TypeError("base_type must be a type or a tuple of types.")
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable.")
    _conversions.append((priority, len(_conversions), base_type, conversion_func))
    _conversions.sort(key=lambda entry: entry[:2])
    _by_type.clear()


def _refuse_operation(op: Operation, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    target = None if dtype is None else as_dtype(dtype).name
    raise TypeError(
        f"Can't convert Operation '{op.name}' to Tensor (target dtype={target!r}, name={name!r}, as_ref={as_ref!r})"
    )


register_tensor_conversion_function(Operation, _refuse_operation, 0)


def _conversions_for(kind: type) -> list[tuple[Any, Conversion]]:
    found = _by_type.get(kind)
    if found is None:
        found = _by_type[kind] = [(types, f) for _, _, types, f in _conversions if issubclass(kind, types)]
    return found


def convert(
    value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False, preferred_dtype: Any = None
) -> Tensor:
    """`convert_to_tensor` that can also keep a variable's reference (`as_ref`)."""
    if dtype is not None:
        dtype = as_dtype(dtype)
    if isinstance(value, Tensor):
        if dtype is not None and not dtype.is_compatible_with(value.dtype):
            raise ValueError(
                f"Tensor conversion requested dtype {dtype.name} for Tensor with dtype {value.dtype.name}: {value!r}"
            )
        return value
    prefix = "" if name is None else f"{name}: "
    for types, function in _conversions_for(type(value)):
        result = None
        if dtype is None and preferred_dtype is not None:
            try:
                result = function(value, dtype=as_dtype(preferred_dtype), name=name, as_ref=as_ref)
            except (TypeError, ValueError):
                result = None
            if result is NotImplemented:
                result = None
        if result is None:
            result = function(value, dtype=dtype, name=name, as_ref=as_ref)
        if result is NotImplemented:
            continue
        if not isinstance(result, Tensor):
            raise RuntimeError(
                f"{prefix}Conversion function {function!r} for type {types} returned non-Tensor: {result!r}"
            )
        if dtype is not None and not dtype.is_compatible_with(result.dtype):
            raise RuntimeError(
                f"{prefix}Conversion function {function!r} for type {types} returned incompatible dtype: requested = "
                f"{dtype.name}, actual = {result.dtype.name}"
            )
        return result
    raise TypeError(
        f"{prefix}Cannot convert {value!r} with type {type(value)} to Tensor: no conversion function registered."
    )


@export("convert_to_tensor")
def convert_to_tensor(
    value: Any, dtype: Any = None, name: str | None = None, preferred_dtype: Any = None, dtype_hint: Any = None
) -> Tensor:
    """A tensor for a tensor, variable, number, string, (nested) list or numpy array.

    Args:
      dtype: the dtype it must have; None lets the value decide.
      preferred_dtype: the dtype to try first when `dtype` is None (`dtype_hint` is its newer name).

    Raises:
      TypeError: there is no conversion for the value's type, or not to `dtype`.
      ValueError: `value` is a tensor of another dtype, or an array that cannot be one.
    """
    return convert(value, dtype, name, False, preferred_dtype if dtype_hint is None else dtype_hint)


def convert_to_tensor_v2(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Tensor:
    """`convert_to_tensor` with the arguments in their newer order."""
    return convert(value, dtype, name, False, dtype_hint)


internal_convert_to_tensor = convert


def internal_convert_n_to_tensor(
    values: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False, preferred_dtype: Any = None
) -> list[Tensor]:
    if not hasattr(values, "__len__") or isinstance(values, (str, bytes)):
        raise TypeError("values must be a sequence.")
    return [
        convert(value, dtype, None if name is None else f"{name}_{i}", as_ref, preferred_dtype)
        for i, value in enumerate(values)
    ]


def convert_n_to_tensor(values: Any, dtype: Any = None, name: str | None = None, preferred_dtype: Any = None) -> list:
    """`convert_to_tensor` of each of a sequence; node names get a number."""
    return internal_convert_n_to_tensor(values, dtype, name, False, preferred_dtype)


@export("convert_to_tensor_or_indexed_slices")
def convert_to_tensor_or_indexed_slices(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """`IndexedSlices` as they are, anything else as a `Tensor`."""
    return internal_convert_to_tensor_or_indexed_slices(value, dtype, name)


def internal_convert_to_tensor_or_indexed_slices(
    value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> Any:
    if isinstance(value, IndexedSlicesValue):
        return value
    if isinstance(value, IndexedSlices):
        if dtype is not None and not as_dtype(dtype).is_compatible_with(value.dtype):
            raise ValueError(
                f"Tensor conversion requested dtype {as_dtype(dtype).name} for Tensor with dtype {value.dtype.name}: "
                f"{str(value)!r}"
            )
        return value
    return convert(value, dtype, name, as_ref)


def convert_n_to_tensor_or_indexed_slices(values: Any, dtype: Any = None, name: str | None = None) -> list:
    return [
        value
        if value is None
        else convert_to_tensor_or_indexed_slices(value, dtype, None if name is None else f"{name}_{i}")
        for i, value in enumerate(values)
    ]
