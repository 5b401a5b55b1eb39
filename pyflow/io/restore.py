"""Restoring many tensors in little more memory than they have.

A large tensor that goes to a variable and nowhere else is read to where it will stay: into the memory of the variable,
or into an array that the variable takes over. Before any variable is changed, everything has been found undamaged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pyflow.core.dtypes import DType
from pyflow.core.errors import DataLossError, InvalidArgumentError, NotFoundError
from pyflow.core.resources import VariableCell
from pyflow.core.tensor import brackets
from pyflow.io.bundle_reader import BundleReader
from pyflow.io.checkpoint_files import Reader, open_checkpoint
from pyflow.io.tensor_slices import TensorSlice, parse_shape_and_slice
from pyflow.runtime.resources import NodeContext

_LARGE = 1 << 16  # bytes
_ATTEMPTS = 10


class Wanted(NamedTuple):
    """A tensor to restore: its name in the checkpoint, the slice as text ("" for all), and its dtype."""

    name: str
    spec: str
    dtype: DType


def restore(prefix: str, wanted: Sequence[Wanted], ctx: NodeContext) -> list[Any]:
    """The tensors, in order. `ctx` knows the variables they go to.

    Raises:
      NotFoundError, InvalidArgumentError: one is not there, or has another shape or dtype.
      DataLossError: the checkpoint is damaged.
    """
    for attempt in range(_ATTEMPTS):
        reader = open_checkpoint(prefix)
        try:
            if isinstance(reader, BundleReader):
                with reader.files_kept_open():
                    return _restore_bundle(reader, wanted, ctx)
            return [_value(reader, each, _slice(reader, each)) for each in wanted]
        except (DataLossError, NotFoundError):
            # Perhaps another process has put a new checkpoint there, after the index was read.
            if attempt == _ATTEMPTS - 1 or not isinstance(reader, BundleReader) or not reader.is_stale():
                raise
    raise AssertionError("unreachable")


def _restore_bundle(reader: BundleReader, wanted: Sequence[Wanted], ctx: NodeContext) -> list[Any]:
    parts = [_slice(reader, each) for each in wanted]
    reader.check_budget([each.name.encode() for each in wanted])
    values: list[Any] = [None] * len(wanted)
    in_place: list[tuple[bytes, np.ndarray]] = []
    fresh: list[tuple[VariableCell, np.ndarray]] = []
    for i, (each, part) in enumerate(zip(wanted, parts)):
        key = reader.key_of(each.name.encode(), part)
        cell = ctx.destinations[i] if ctx.destinations and key is not None and _is_large(reader, each, part) else None
        if cell is not None and key is not None and _can_take(cell, each.dtype, _shape(reader, each, part)):
            reader.verify(key)
            values[i] = cell.value
            in_place.append((key, cell.value))
        else:
            values[i] = _value(reader, each, part)
            if cell is not None and cell.value is None and cell.dtype is each.dtype.base_dtype:
                fresh.append((cell, values[i]))
    for key, array in in_place:
        reader.read_into(key, array)
    for cell, array in fresh:
        cell.offer(array)
    return values


def _shape(reader: Reader, wanted: Wanted, part: TensorSlice | None) -> tuple[int, ...]:
    full = reader.describe(wanted.name.encode())[1]
    return full if part is None else part.shape(full)


def _is_large(reader: Reader, wanted: Wanted, part: TensorSlice | None) -> bool:
    return math.prod(_shape(reader, wanted, part)) * wanted.dtype.size >= _LARGE


def _slice(reader: Reader, wanted: Wanted) -> TensorSlice | None:
    """The slice that is wanted, None for the whole tensor, after the tensor is found to be the one expected."""
    stored, shape = reader.describe(wanted.name.encode())
    if stored is not wanted.dtype.base_dtype:
        raise InvalidArgumentError(
            None,
            None,
            f"tensor_name = {wanted.name}; expected dtype {_cpp_name(wanted.dtype.base_dtype)} does not equal original "
            f"dtype {_cpp_name(stored)}",
        )
    if not wanted.spec:
        return None
    full, part = parse_shape_and_slice(wanted.spec)
    if full != shape:
        raise InvalidArgumentError(
            None,
            None,
            f"tensor_name = {wanted.name}; shape in shape_and_slice spec {brackets(full)} does not match the shape "
            f"stored in checkpoint: {brackets(shape)}",
        )
    return part


def _cpp_name(dtype: DType) -> str:
    return {"float32": "float", "float64": "double", "float16": "half"}.get(dtype.name, dtype.name)


def _value(reader: Reader, wanted: Wanted, part: TensorSlice | None) -> np.ndarray:
    name = wanted.name.encode()
    return reader.read(name) if part is None else reader.read_slice(name, part)


def _can_take(cell: VariableCell, dtype: DType, shape: tuple[int, ...]) -> bool:
    value = cell.value
    return (
        isinstance(value, np.ndarray)
        and cell.dtype is dtype.base_dtype
        and value.shape == shape
        and value.dtype == dtype.as_numpy_dtype
        and value.flags.c_contiguous
        and value.flags.writeable
    )
