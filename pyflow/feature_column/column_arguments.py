"""Checks of the arguments that columns are made with."""

from __future__ import annotations

from typing import Any

from pyflow.core import nest
from pyflow.core.dtypes import DType, string


def assert_string_or_int(dtype: DType, prefix: str) -> None:
    if dtype != string and not dtype.is_integer:
        raise ValueError(f"{prefix} dtype must be string or integer. dtype: {dtype}.")


def assert_key_is_string(key: Any) -> None:
    if not isinstance(key, str):
        raise ValueError(f"key must be a string. Got: type {type(key)}. Given key: {key}.")


def check_number(shape: Any, key: Any, dtype: DType) -> tuple[int, ...]:
    """The shape of a numeric column, as a tuple."""
    shape = check_shape(shape, key)
    if not (dtype.is_integer or dtype.is_floating):
        raise ValueError(f"dtype must be convertible to float. dtype: {dtype}, key: {key}")
    return shape


def check_normalizer(normalizer_fn: Any) -> None:
    if normalizer_fn is not None and not callable(normalizer_fn):
        raise TypeError(f"normalizer_fn must be a callable. Given: {normalizer_fn}")


def check_shape(shape: Any, key: Any) -> tuple[int, ...]:
    """The shape as a tuple; a number stands for that of a vector."""
    assert shape is not None
    shape = tuple(shape if nest.is_sequence(shape) else [shape])
    for dimension in shape:
        if not isinstance(dimension, int):
            raise TypeError(f"shape dimensions must be integer. shape: {shape}, key: {key}")
        if dimension < 1:
            raise ValueError(f"shape dimensions must be greater than 0. shape: {shape}, key: {key}")
    return shape


def check_default_value(shape: tuple[int, ...], default_value: Any, dtype: DType, key: str) -> Any:
    """The default as nested tuples of the shape; None for none."""
    if default_value is None:
        return None
    if isinstance(default_value, int) or (isinstance(default_value, float) and dtype.is_floating):
        return _filled(shape, default_value)
    as_list = getattr(default_value, "tolist", None)
    if callable(as_list):
        default_value = as_list()
    if nest.is_sequence(default_value):
        if not _has_shape(default_value, shape):
            raise ValueError(
                "The shape of default_value must be equal to given shape. "
                f"default_value: {default_value}, shape: {shape}, key: {key}"
            )
        numbers = nest.flatten(default_value)
        if all(isinstance(v, int) for v in numbers) or (
            any(isinstance(v, float) for v in numbers) and dtype.is_floating
        ):
            return _as_tuple(default_value)
    raise TypeError(
        f"default_value must be compatible with dtype. default_value: {default_value}, dtype: {dtype}, key: {key}"
    )


def _filled(shape: tuple[int, ...], value: Any) -> Any:
    return (_filled(shape[1:], value),) * shape[0] if shape else value


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if nest.is_sequence(value) else value


def _has_shape(value: Any, shape: tuple[int, ...]) -> bool:
    if not shape or not nest.is_sequence(value):
        return not shape and not nest.is_sequence(value)
    return len(value) == shape[0] and all(_has_shape(v, shape[1:]) for v in value)


def check_embedding(dimension: Any, ckpt_to_load_from: Any, tensor_name_in_ckpt: Any) -> None:
    if dimension is None or dimension < 1:
        raise ValueError(f"Invalid dimension {dimension}.")
    if (ckpt_to_load_from is None) != (tensor_name_in_ckpt is None):
        raise ValueError("Must specify both `ckpt_to_load_from` and `tensor_name_in_ckpt` or none of them.")


def check_oov_buckets(key: str, num_oov_buckets: Any, has_default: bool) -> None:
    if num_oov_buckets:
        if has_default:
            raise ValueError(f"Can't specify both num_oov_buckets and default_value in {key}.")
        if num_oov_buckets < 0:
            raise ValueError(f"Invalid num_oov_buckets {num_oov_buckets} in {key}.")
