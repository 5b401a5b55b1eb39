"""Casts between element types."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import as_dtype
from pyflow.core.errors import UnimplementedError
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import attr, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.shape_rules import same_as

# What the runtime calls these dtypes in its messages.
_RUNTIME_NAMES = {"float16": "half", "float32": "float", "float64": "double"}
_DIFFERENTIABLE = (*dtypes.FLOATING, *dtypes.COMPLEX)


def _plain(array: Any) -> Any:
    """The integers in an array of quantized numbers; any other array itself."""
    names = array.dtype.names
    return array[names[0]] if names else array


def _converted(node: Any) -> str | None:
    """An element in the other type; a float as an int64 may need more bits than the device has."""
    source, target = node.inputs[0].dtype, node.outputs[0].dtype
    if target is dtypes.bool:
        return "(bitcast<u32>(x) & 0x7fffffffu) != 0u" if source.is_floating else "bool(x)"
    if source.is_floating and not target.is_floating:
        return "truncated(x)" if target is dtypes.int32 else None
    return "DstT(x)"


@op("Cast(x: SrcT) -> (y: DstT)", SrcT=attr("type"), DstT=attr("type"), Truncate=False)
class Cast:
    """The values in another element type.

    Fractions are cut off, complex numbers lose their imaginary part, and then all but zero is true. `Truncate` asks
    for cutting bits instead of rounding where a float becomes a narrower one; rounding is done all the same.
    """

    shape = same_as("x")

    def cpu(x, SrcT, DstT, out):
        if SrcT is dtypes.string or DstT is dtypes.string:
            source, target = (_RUNTIME_NAMES.get(dtype.name, dtype.name) for dtype in (SrcT, DstT))
            raise UnimplementedError(None, None, f"Cast {source} to {target} is not supported")
        x, out = _plain(x), _plain(out)
        if x.dtype.kind == "c" and out.dtype.kind != "c":
            x = x.real
        np.copyto(out, x, casting="unsafe")

    def grad(op, grad):
        source = op.inputs[0].dtype.base_dtype
        if source in _DIFFERENTIABLE and grad.dtype.base_dtype in _DIFFERENTIABLE:
            return cast(grad, source)
        return None

    gpu = elementwise(_converted, types=INDEXED)
    samples = [sample([1.5, -2.5, 0.0], DstT=dtypes.float64), sample([1.5, -2.5, 0.0], DstT=dtypes.int32, grad=False)]


@export("cast", "dtypes.cast")
def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """`x` with elements of type `dtype`; a tensor that has them already is returned as it is.

    Args:
      x: a tensor, or a `SparseTensor` or `IndexedSlices`, of which the values are cast.

    Raises:
      TypeError: `dtype` is no dtype, or `x` no tensor.
    """
    base = as_dtype(dtype).base_dtype
    if isinstance(x, Tensor) and x.dtype == base:
        return x
    is_variable = hasattr(x, "_as_graph_element") and getattr(x, "dtype", None) == base and hasattr(x, "handle")
    if is_variable:
        return x
    with name_scope(name, "Cast", [x]) as scope:
        if isinstance(x, SparseTensor):
            return SparseTensor(x.indices, cast(x.values, base, name=scope), x.dense_shape)
        if isinstance(x, IndexedSlices):
            return IndexedSlices(cast(x.values, base, name=scope), x.indices, x.dense_shape)
        x = convert_to_tensor(x, name="x")
        return x if x.dtype.base_dtype == base else Cast(x, base, name=scope)


@export("saturate_cast", "dtypes.saturate_cast")
def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """`cast`, with values that `dtype` cannot hold brought to its nearest limit first."""
    with name_scope(name, "saturate_cast", [value]) as scope:
        value = convert_to_tensor(value, name="value")
        dtype = as_dtype(dtype).base_dtype
        if value.dtype.min < dtype.min:
            value = raw.Maximum(value, convert_to_tensor(dtype.min, dtype=value.dtype, name="min"))
        if value.dtype.max > dtype.max:
            value = raw.Minimum(value, convert_to_tensor(dtype.max, dtype=value.dtype, name="max"))
        return cast(value, dtype, name=scope)


def _cast_to(symbol: str, dtype: dtypes.DType, default_name: str) -> Any:
    def to(x: Any, name: str = default_name) -> Any:
        return cast(x, dtype, name=name)

    to.__name__ = to.__qualname__ = symbol
    to.__doc__ = f"""`tf.cast(x, tf.{dtype.name})`."""
    return export(symbol)(to)


to_float = _cast_to("to_float", dtypes.float32, "ToFloat")
to_double = _cast_to("to_double", dtypes.float64, "ToDouble")
to_int32 = _cast_to("to_int32", dtypes.int32, "ToInt32")
to_int64 = _cast_to("to_int64", dtypes.int64, "ToInt64")
to_bfloat16 = _cast_to("to_bfloat16", dtypes.bfloat16, "ToBFloat16")
to_complex64 = _cast_to("to_complex64", dtypes.complex64, "ToComplex64")
to_complex128 = _cast_to("to_complex128", dtypes.complex128, "ToComplex128")
