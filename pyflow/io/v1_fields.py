"""Where tensor protocol buffers keep the values of a dtype."""

from __future__ import annotations

from pyflow.core import dtypes
from pyflow.core.dtypes import DType

# Complex numbers are pairs, halves are their bits.
_FIELDS = {
    dtypes.float32: "float_val",
    dtypes.float64: "double_val",
    dtypes.complex64: "scomplex_val",
    dtypes.complex128: "dcomplex_val",
    dtypes.int64: "int64_val",
    dtypes.uint32: "uint32_val",
    dtypes.uint64: "uint64_val",
    dtypes.bool: "bool_val",
    dtypes.string: "string_val",
    dtypes.float16: "half_val",
    dtypes.bfloat16: "half_val",
}


def field_of(dtype: DType) -> str:
    """The name of the field."""
    return _FIELDS.get(dtype, "int_val")
