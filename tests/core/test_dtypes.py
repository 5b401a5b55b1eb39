"""tf.DType: names, numbers, numpy types, limits, and what stands for a type."""

from __future__ import annotations

import builtins
import copy
import pickle

import numpy as np
import pytest

from pyflow.core import dtypes
from pyflow.core.dtypes import as_dtype

ALL = list(dtypes._INTERN_TABLE.values())
BASE = [d for d in ALL if not d._is_ref_dtype]
IDS = {"ids": lambda d: getattr(d, "name", None)}

# name: (enum, numpy type, size, kind)
TABLE = {
    "float32": (1, np.float32, 4, "floating"),
    "float64": (2, np.float64, 8, "floating"),
    "int32": (3, np.int32, 4, "integer"),
    "uint8": (4, np.uint8, 1, "integer"),
    "int16": (5, np.int16, 2, "integer"),
    "int8": (6, np.int8, 1, "integer"),
    "string": (7, np.object_, 8, None),
    "complex64": (8, np.complex64, 8, "complex"),
    "int64": (9, np.int64, 8, "integer"),
    "bool": (10, np.bool_, 1, "bool"),
    "qint8": (11, [("qint8", "i1")], 1, "quantized"),
    "quint8": (12, [("quint8", "u1")], 1, "quantized"),
    "qint32": (13, [("qint32", "i4")], 4, "quantized"),
    "bfloat16": (14, [("bfloat16", "u2")], 2, "floating"),
    "qint16": (15, [("qint16", "i2")], 2, "quantized"),
    "quint16": (16, [("quint16", "u2")], 2, "quantized"),
    "uint16": (17, np.uint16, 2, "integer"),
    "complex128": (18, np.complex128, 16, "complex"),
    "float16": (19, np.float16, 2, "floating"),
    "resource": (20, np.object_, 1, None),
    "variant": (21, np.object_, 1, None),
    "uint32": (22, np.uint32, 4, "integer"),
    "uint64": (23, np.uint64, 8, "integer"),
}


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("ref", ["", "_ref"])
def test_type_is_as_in_the_table(name, ref):
    number, numpy_type, size, kind = TABLE[name]
    dtype = getattr(dtypes, name + ref)
    assert dtype.name == name + ref
    assert dtype.as_datatype_enum == int(dtype) == hash(dtype) == number + (100 if ref else 0)
    assert np.dtype(dtype.as_numpy_dtype) == np.dtype(numpy_type)
    assert dtype.size == size
    for each in ("floating", "integer", "complex", "quantized", "bool"):
        assert getattr(dtype, f"is_{each}") == (kind == each)
    assert dtype.is_unsigned == name.startswith("uint")
    assert dtype.is_numpy_compatible == (name not in ("resource", "variant"))


def test_there_are_no_other_types():
    assert len(ALL) == 2 * len(TABLE)


@pytest.mark.parametrize("dtype", ALL, **IDS)
def test_one_object_per_type(dtype):
    assert dtypes.DType(dtype.as_datatype_enum) is dtype
    assert as_dtype(dtype) is as_dtype(dtype.name) is as_dtype(int(dtype)) is dtype
    assert pickle.loads(pickle.dumps(dtype)) is copy.deepcopy(dtype) is dtype
    assert dtype.__reduce__() == (as_dtype, (dtype.name,))


@pytest.mark.parametrize("dtype", BASE, **IDS)
def test_ref_twin(dtype):
    ref = dtype._as_ref
    assert ref._is_ref_dtype and not dtype._is_ref_dtype
    assert ref.base_dtype is dtype.base_dtype is dtype
    assert ref._as_ref is ref
    assert ref != dtype
    # A variable can stand where a value is asked for, but not the other way round.
    assert dtype.is_compatible_with(ref) and dtype.is_compatible_with(dtype) and ref.is_compatible_with(ref)
    assert not ref.is_compatible_with(dtype)


def test_text():
    assert str(dtypes.float32) == "<dtype: 'float32'>"
    assert repr(dtypes.float32) == "tf.float32"
    assert repr(dtypes.int64_ref) == "tf.int64_ref"


@pytest.mark.parametrize("number", [0, -1, 24, 100, 124])
def test_unknown_number_is_refused(number):
    with pytest.raises(TypeError, match="type_enum is not a valid types_pb2.DataType"):
        dtypes.DType(number)
    with pytest.raises(TypeError, match="to a TensorFlow DType"):
        as_dtype(number)


class HasName:
    dtype = "f4"


class HasNumpyType:
    dtype = np.dtype(np.complex64)

    def __str__(self):  # without an address: it names the test, in every worker alike
        return "HasNumpyType"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("float", dtypes.float32),
        ("double", dtypes.float64),
        ("half", dtypes.float16),
        ("half_ref", dtypes.float16_ref),
        ("float_ref", dtypes.float32_ref),
        ("string", dtypes.string),
        (float, dtypes.float32),
        (bool, dtypes.bool),
        (object, dtypes.string),
        (np.float32, dtypes.float32),
        (np.dtype("float64"), dtypes.float64),
        (np.dtype(">f4"), dtypes.float32),
        (np.dtype("<i8"), dtypes.int64),
        (np.longlong, dtypes.int64),
        (np.ulonglong, dtypes.uint64),
        (np.intc, dtypes.int32),
        (np.bool_, dtypes.bool),
        (np.object_, dtypes.string),
        (np.str_, dtypes.string),
        (np.bytes_, dtypes.string),
        (np.array(["foo", "bar"]).dtype, dtypes.string),
        (np.array([b"foo"]).dtype, dtypes.string),
        (np.dtype([("qint8", "i1")]), dtypes.qint8),
        (np.dtype([("bfloat16", "u2")]), dtypes.bfloat16),
        (HasName, dtypes.float32),
        (HasNumpyType(), dtypes.complex64),
    ],
    ids=str,
)
def test_what_stands_for_a_type(value, expected):
    assert as_dtype(value) is expected
    assert expected == value
    assert not expected != value


@pytest.mark.parametrize(
    "value",
    [None, int, str, bytes, complex, "int", "f4", "bytes", "", (dtypes.int32, dtypes.float32), [1], np.zeros(2), 2.5],
    ids=str,
)
def test_what_does_not(value):
    with pytest.raises(TypeError, match="Cannot convert value .* to a TensorFlow DType"):
        as_dtype(value)
    assert dtypes.float64 != value
    assert not dtypes.float64 == value


def test_comparison_with_numpy_works_from_both_sides():
    assert np.float32 == dtypes.float32
    assert np.dtype("float32") == dtypes.float32
    assert np.dtype("float64") != dtypes.float32


def test_real_part():
    assert dtypes.complex64.real_dtype is dtypes.complex64_ref.real_dtype is dtypes.float32
    assert dtypes.complex128.real_dtype is dtypes.float64
    assert dtypes.int32_ref.real_dtype is dtypes.int32_ref


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (dtypes.int8, -128, 127),
        (dtypes.int16, -32768, 32767),
        (dtypes.int32, -(2**31), 2**31 - 1),
        (dtypes.int64, -(2**63), 2**63 - 1),
        (dtypes.uint8, 0, 255),
        (dtypes.uint16, 0, 65535),
        (dtypes.uint32, 0, 2**32 - 1),
        (dtypes.uint64, 0, 2**64 - 1),
        (dtypes.float16, -65504, 65504),
        (dtypes.float32, float.fromhex("-0x1.FFFFFEp127"), float.fromhex("0x1.FFFFFEp127")),
        (dtypes.float64, float.fromhex("-0x1.FFFFFFFFFFFFFp1023"), float.fromhex("0x1.FFFFFFFFFFFFFp1023")),
        (dtypes.bfloat16, float.fromhex("-0x1.FEp127"), float.fromhex("0x1.FEp127")),
    ],
    **IDS,
)
def test_smallest_and_largest_value(dtype, low, high):
    assert (dtype.min, dtype.max) == (low, high)
    assert (dtype._as_ref.min, dtype._as_ref.max) == (low, high)


@pytest.mark.parametrize("dtype", [d for d in ALL if not d.is_integer and not d.is_floating], **IDS)
def test_types_without_order_have_no_extremes(dtype):
    with pytest.raises(TypeError, match=f"Cannot find minimum value of <dtype: '{dtype.name}'>."):
        _ = dtype.min
    with pytest.raises(TypeError, match=f"Cannot find maximum value of <dtype: '{dtype.name}'>."):
        _ = dtype.max


def test_limits_are_those_of_pixels():
    assert dtypes.uint8.limits == (0, 255)
    assert dtypes.int16.limits == (0, 32767)
    assert dtypes.float32.limits == dtypes.float64.limits == (0, 1)
    with pytest.raises(KeyError):
        _ = dtypes.complex64.limits


def test_groups():
    assert {d.name for d in dtypes.QUANTIZED_DTYPES} == {
        f"{q}{r}" for q in ("qint8", "quint8", "qint16", "quint16", "qint32") for r in ("", "_ref")
    }
    assert set(BASE) - dtypes.TF_VALUE_DTYPES == {dtypes.resource, dtypes.variant}
    assert dtypes.ANY == tuple(sorted(BASE, key=int))
    # The order is that of the OpDefs, which error messages list.
    assert " ".join(d.name for d in dtypes.REAL) == (
        "float32 float64 int32 uint8 int16 int8 int64 bfloat16 uint16 float16 uint32 uint64"
    )
    assert set(dtypes.NUMERIC) - set(dtypes.REAL) == {
        *dtypes.COMPLEX,
        dtypes.qint8,
        dtypes.quint8,
        dtypes.qint32,
    }
    assert all(d.is_floating for d in dtypes.FLOATING) and all(d.is_integer for d in dtypes.INTEGRAL)
    assert set(dtypes.REAL) == {*dtypes.FLOATING, *dtypes.INTEGRAL}
    assert dtypes.INDEX == (dtypes.int32, dtypes.int64)


# value, what it is nearest to in 8 bits of mantissa
BFLOAT16 = [
    (1.0, 1.0),
    (-2.5, -2.5),
    (3.14159, 3.140625),
    (1.0 + 2**-8, 1.0),  # a tie goes to the even neighbour, here down
    (1.0 + 3 * 2**-8, 1.0 + 2**-6),  # and here up
    (1.0 + 2**-8 + 2**-20, 1.0 + 2**-7),
    (float.fromhex("0x1.FFFFFEp127"), np.inf),  # beyond the largest value
    (np.inf, np.inf),
    (-np.inf, -np.inf),
    (-0.0, -0.0),
    (1e-40, float.fromhex("0x1p-133")),  # subnormal
]


@pytest.mark.parametrize(("value", "nearest"), BFLOAT16)
def test_bfloat16_rounds_to_nearest_even(value, nearest):
    stored = dtypes.float32_to_bfloat16(np.float32(value))
    assert stored.dtype == dtypes.bfloat16.as_numpy_dtype and stored.shape == ()
    back = dtypes.bfloat16_to_float32(stored)
    assert back.dtype == np.float32 and back.shape == ()
    assert back == np.float32(nearest) and np.signbit(back) == np.signbit(nearest)


def test_bfloat16_keeps_nan_and_shape():
    values = np.array([[np.nan, 1.0, 2.0]] * 4, np.float32)
    for array in (values, values.T, values[::2, ::-1]):
        back = dtypes.bfloat16_to_float32(dtypes.float32_to_bfloat16(array))
        np.testing.assert_array_equal(back, array)
    worst = np.array([0xFFFFFFFF, 0x7F800001], np.uint32).view(np.float32)
    assert np.isnan(dtypes.bfloat16_to_float32(dtypes.float32_to_bfloat16(worst))).all()


def test_every_bfloat16_survives_the_way_there_and_back():
    every = np.arange(2**16, dtype=np.uint16).view(dtypes.bfloat16.as_numpy_dtype)
    floats = dtypes.bfloat16_to_float32(every)
    back = dtypes.float32_to_bfloat16(floats)
    number = ~np.isnan(floats)
    assert np.array_equal(back[number], every[number])
    assert np.isnan(dtypes.bfloat16_to_float32(back[~number])).all()


def test_module_hides_builtin_bool_only_by_name():
    assert isinstance(dtypes.float32 == dtypes.float32, builtins.bool)
