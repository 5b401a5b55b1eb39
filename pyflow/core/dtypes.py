"""Element types: `tf.float32` and its relatives, with TensorFlow's enum numbers.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/dtypes
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from pyflow.core.api import export

_REF = 100
_BFLOAT16_MAX = 3.3895313892515355e38

# numpy has neither of these; one-field records keep them apart from plain integers.
_np_bfloat16 = np.dtype([("bfloat16", np.uint16)])
_np_qint8 = np.dtype([("qint8", np.int8)])
_np_quint8 = np.dtype([("quint8", np.uint8)])
_np_qint16 = np.dtype([("qint16", np.int16)])
_np_quint16 = np.dtype([("quint16", np.uint16)])
_np_qint32 = np.dtype([("qint32", np.int32)])

# enum: (name, numpy type, kind); the enum numbers are those of types.proto.
_TABLE: dict[int, tuple[str, Any, str]] = {
    1: ("float32", np.float32, "floating"),
    2: ("float64", np.float64, "floating"),
    3: ("int32", np.int32, "integer"),
    4: ("uint8", np.uint8, "integer"),
    5: ("int16", np.int16, "integer"),
    6: ("int8", np.int8, "integer"),
    7: ("string", np.object_, ""),
    8: ("complex64", np.complex64, "complex"),
    9: ("int64", np.int64, "integer"),
    10: ("bool", np.bool_, ""),
    11: ("qint8", _np_qint8, "quantized"),
    12: ("quint8", _np_quint8, "quantized"),
    13: ("qint32", _np_qint32, "quantized"),
    14: ("bfloat16", _np_bfloat16, "floating"),
    15: ("qint16", _np_qint16, "quantized"),
    16: ("quint16", _np_quint16, "quantized"),
    17: ("uint16", np.uint16, "integer"),
    18: ("complex128", np.complex128, "complex"),
    19: ("float16", np.float16, "floating"),
    20: ("resource", np.object_, "handle"),
    21: ("variant", np.object_, "handle"),
    22: ("uint32", np.uint32, "integer"),
    23: ("uint64", np.uint64, "integer"),
}

_INTERN_TABLE: dict[int, DType] = {}


@export("DType", "dtypes.DType")
class DType:
    """The type of a tensor's elements.

    There is one object per type, so `is` works as well as `==`. `x == y` is also true when `y` is something that
    `as_dtype` turns into `x` (`tf.float32 == np.float32`). Every type has a twin `_ref`: that of a mutable variable.

    Args:
      type_enum: the number of the type in TensorFlow's types.proto.

    Raises:
      TypeError: there is no such number.
    """

    __slots__ = (
        "_type_enum",
        "name",
        "as_numpy_dtype",
        "size",
        "is_bool",
        "is_integer",
        "is_floating",
        "is_complex",
        "is_quantized",
        "is_numpy_compatible",
        "__weakref__",
    )

    _type_enum: int
    name: str
    as_numpy_dtype: Any
    size: int
    is_bool: builtins.bool
    is_integer: builtins.bool
    is_floating: builtins.bool
    is_complex: builtins.bool
    is_quantized: builtins.bool
    is_numpy_compatible: builtins.bool

    def __new__(cls, type_enum: int) -> DType:
        known = _INTERN_TABLE.get(int(type_enum))
        if known is None:
            raise TypeError(f"type_enum is not a valid types_pb2.DataType: {int(type_enum)}")
        return known

    @property
    def as_datatype_enum(self) -> int:
        """The number of the type in types.proto."""
        return self._type_enum

    @property
    def _is_ref_dtype(self) -> builtins.bool:
        return self._type_enum > _REF

    @property
    def _as_ref(self) -> DType:
        return self if self._type_enum > _REF else _INTERN_TABLE[self._type_enum + _REF]

    @property
    def base_dtype(self) -> DType:
        """The type without `_ref`."""
        return _INTERN_TABLE[self._type_enum - _REF] if self._type_enum > _REF else self

    @property
    def real_dtype(self) -> DType:
        """The type of the real part: float32 for complex64, float64 for complex128, else the type itself."""
        if not self.is_complex:
            return self
        return float32 if self.base_dtype is complex64 else float64

    @property
    def is_unsigned(self) -> builtins.bool:
        """Whether this is an integer type without negative values (quantized types don't count)."""
        return self.is_integer and self.min == 0

    @property
    def min(self) -> Any:
        """The smallest (most negative) value.

        Raises:
          TypeError: the type is quantized, or its values have no order.
        """
        return self._extreme("min")

    @property
    def max(self) -> Any:
        """The largest finite value.

        Raises:
          TypeError: the type is quantized, or its values have no order.
        """
        return self._extreme("max")

    def _extreme(self, which: str) -> Any:
        if self.is_integer:
            return getattr(np.iinfo(self.as_numpy_dtype), which)
        if not self.is_floating:
            raise TypeError(f"Cannot find {which}imum value of {self}.")
        if self.base_dtype is bfloat16:
            return np.float32(_BFLOAT16_MAX if which == "max" else -_BFLOAT16_MAX)
        return getattr(np.finfo(self.as_numpy_dtype), which)

    @property
    def limits(self) -> tuple[Any, Any]:
        """(min, max) of an image whose pixels have this type: floats go from 0 to 1, integers from 0 to their maximum.

        Raises:
          KeyError: images don't have this type.
        """
        return 0, dtype_range[self.as_numpy_dtype][1]

    def is_compatible_with(self, other: Any) -> builtins.bool:
        """Whether a tensor of type `other` can stand where this type is asked for: the same type, or its `_ref`."""
        other = as_dtype(other)
        return self is other or self is other.base_dtype

    def __eq__(self, other: object) -> builtins.bool:
        if self is other:
            return True
        if other is None or type(other) is DType:
            return False
        try:
            return self is as_dtype(other)
        except TypeError:
            return False

    def __ne__(self, other: object) -> builtins.bool:
        return not self == other

    def __hash__(self) -> int:
        return self._type_enum

    def __int__(self) -> int:
        return self._type_enum

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __reduce__(self) -> tuple:
        return as_dtype, (self.name,)


def _intern(type_enum: int, suffix: str) -> DType:
    name, numpy_type, kind = _TABLE[type_enum % _REF]
    dtype: Any = object.__new__(DType)
    dtype._type_enum = type_enum
    dtype.name = name + suffix
    dtype.as_numpy_dtype = numpy_type
    # A string is counted as one 64-bit pointer on every platform, as TensorFlow's tables of sizes have it.
    dtype.size = 1 if kind == "handle" else 8 if name == "string" else np.dtype(numpy_type).itemsize
    dtype.is_bool = name == "bool"
    for each in ("integer", "floating", "complex", "quantized"):
        setattr(dtype, f"is_{each}", kind == each)
    dtype.is_numpy_compatible = kind != "handle"
    _INTERN_TABLE[type_enum] = dtype
    if not suffix:
        export(name, f"dtypes.{name}")(dtype)
    return dtype


float32, float32_ref = _intern(1, ""), _intern(101, "_ref")
float64, float64_ref = _intern(2, ""), _intern(102, "_ref")
int32, int32_ref = _intern(3, ""), _intern(103, "_ref")
uint8, uint8_ref = _intern(4, ""), _intern(104, "_ref")
int16, int16_ref = _intern(5, ""), _intern(105, "_ref")
int8, int8_ref = _intern(6, ""), _intern(106, "_ref")
string, string_ref = _intern(7, ""), _intern(107, "_ref")
complex64, complex64_ref = _intern(8, ""), _intern(108, "_ref")
int64, int64_ref = _intern(9, ""), _intern(109, "_ref")
bool, bool_ref = _intern(10, ""), _intern(110, "_ref")
qint8, qint8_ref = _intern(11, ""), _intern(111, "_ref")
quint8, quint8_ref = _intern(12, ""), _intern(112, "_ref")
qint32, qint32_ref = _intern(13, ""), _intern(113, "_ref")
bfloat16, bfloat16_ref = _intern(14, ""), _intern(114, "_ref")
qint16, qint16_ref = _intern(15, ""), _intern(115, "_ref")
quint16, quint16_ref = _intern(16, ""), _intern(116, "_ref")
uint16, uint16_ref = _intern(17, ""), _intern(117, "_ref")
complex128, complex128_ref = _intern(18, ""), _intern(118, "_ref")
float16, float16_ref = _intern(19, ""), _intern(119, "_ref")
resource, resource_ref = _intern(20, ""), _intern(120, "_ref")
variant, variant_ref = _intern(21, ""), _intern(121, "_ref")
uint32, uint32_ref = _intern(22, ""), _intern(122, "_ref")
uint64, uint64_ref = _intern(23, ""), _intern(123, "_ref")
half, half_ref = float16, float16_ref
double, double_ref = float64, float64_ref
export("half", "dtypes.half")(half)
export("double", "dtypes.double")(double)

# What an op's attr may be, in the order in which TensorFlow's OpDefs (and so its messages) list them.
ANY = tuple(_INTERN_TABLE[number] for number in _TABLE)
REAL = tuple(dtype for dtype in ANY if dtype.is_floating or dtype.is_integer)
NUMERIC = tuple(dtype for dtype in ANY if dtype in REAL or dtype.is_complex or dtype in (qint8, quint8, qint32))
FLOATING = (float16, bfloat16, float32, float64)
INTEGRAL = (int8, int16, int32, int64, uint8, uint16, uint32, uint64)
COMPLEX = (complex64, complex128)
INDEX = (int32, int64)

TF_VALUE_DTYPES = {dtype for dtype in ANY if dtype.is_numpy_compatible}
QUANTIZED_DTYPES = frozenset(dtype for dtype in _INTERN_TABLE.values() if dtype.is_quantized)
export("QUANTIZED_DTYPES", "dtypes.QUANTIZED_DTYPES")(QUANTIZED_DTYPES)

# The values an image of that type ranges over.
dtype_range: dict[Any, tuple[Any, Any]] = {np.bool_: (False, True), np.float32: (-1, 1), np.float64: (-1, 1)}
dtype_range.update({d.as_numpy_dtype: (d.min, d.max) for d in INTEGRAL})

_TYPE_TO_STRING = {number: dtype.name for number, dtype in _INTERN_TABLE.items()}
_STRING_TO_TF = {dtype.name: dtype for dtype in _INTERN_TABLE.values()}
for _alias, _dtype in (("half", float16), ("float", float32), ("double", float64)):
    _STRING_TO_TF[_alias] = _dtype
    _STRING_TO_TF[f"{_alias}_ref"] = _dtype._as_ref
_TF_TO_NP = {number: dtype.as_numpy_dtype for number, dtype in _INTERN_TABLE.items() if dtype.is_numpy_compatible}
_PYTHON_TO_TF = {float: float32, builtins.bool: bool, object: string}

_NP_TO_TF: dict[Any, DType] = {np.bytes_: string, np.str_: string}
_NP_TO_TF.update({dtype.as_numpy_dtype: dtype for dtype in TF_VALUE_DTYPES})
# C has two integer types of the same size on every platform; numpy gives each a class of its own.
for _code in "bhilqBHILQ":
    _NP_TO_TF.setdefault(np.dtype(_code).type, _STRING_TO_TF[np.dtype(_code).name])

_ANY_TO_TF: dict[Any, DType] = {**_INTERN_TABLE, **_STRING_TO_TF, **_PYTHON_TO_TF, **_NP_TO_TF}
_ANY_TO_TF.update({np.dtype(dtype.as_numpy_dtype): dtype for dtype in TF_VALUE_DTYPES})


@export("as_dtype", "dtypes.as_dtype")
def as_dtype(type_value: Any) -> DType:
    """The `DType` that stands for `type_value`.

    Args:
      type_value: a `DType`, a number of types.proto, a name ("float32", "double", "int32_ref"), a numpy type or dtype,
        something that has a numpy dtype, or one of Python's `float`, `bool` and `object`.

    Raises:
      TypeError: it stands for none.
    """
    if type(type_value) is DType:
        return type_value
    try:
        return _ANY_TO_TF[type_value]
    except KeyError:
        # Fixed-length strings, foreign byte orders and things with a numpy dtype: the scalar class tells.
        numpy_dtype = type_value if isinstance(type_value, np.dtype) else getattr(type_value, "dtype", None)
        if isinstance(numpy_dtype, (str, type)):
            numpy_dtype = np.dtype(numpy_dtype)
        if isinstance(numpy_dtype, np.dtype) and numpy_dtype.type in _NP_TO_TF:
            return _NP_TO_TF[numpy_dtype.type]
    except TypeError:
        pass  # not hashable: a list or an array stands for no type
    raise TypeError(f"Cannot convert value {type_value!r} to a TensorFlow DType.")


def float32_to_bfloat16(array: Any) -> np.ndarray:
    """float32 values [...] as bfloat16 [...]: rounded to the nearest, ties to even; NaN stays NaN."""
    values = np.asarray(array, np.float32)
    bits = values.view(np.uint32)
    # Overflow of the 32-bit sum happens for NaN only, and those are replaced.
    rounded = (bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))) >> np.uint32(16)
    return np.asarray(np.where(np.isnan(values), np.uint32(0x7FC0), rounded).astype(np.uint16)).view(_np_bfloat16)


def bfloat16_to_float32(array: Any) -> np.ndarray:
    """bfloat16 values [...] as float32 [...], exactly."""
    bits = np.asarray(array).view(np.uint16).astype(np.uint32)
    return np.asarray(bits << np.uint32(16), np.uint32).view(np.float32)
