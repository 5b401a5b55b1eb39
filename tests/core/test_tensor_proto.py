"""Python and numpy values as TensorProtos, and back; what TensorFlow 1.15.5 makes of each value is the expectation."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pyflow.core import dtypes
from pyflow.core.array_value import array_value
from pyflow.core.shapes import Dimension, TensorShape
from pyflow.core.tensor_proto import array_to_proto, make_ndarray, make_tensor_proto, proto_to_array, shape_equals
from pyflow.protos.tensor_pb2 import TensorProto
from tests.golden import tensor_proto_cases

EXPECTED = json.loads((Path(tensor_proto_cases.__file__).parent / "tensor_protos.json").read_text())
TF = SimpleNamespace(**{d.name: d for d in dtypes.ANY}, Dimension=Dimension, TensorShape=TensorShape)


@pytest.mark.parametrize("case", [case for case in tensor_proto_cases.CASES if isinstance(EXPECTED[case], str)])
def test_proto_is_tensorflows(case):
    expected = TensorProto.FromString(base64.b64decode(EXPECTED[case]))
    assert str(tensor_proto_cases.evaluate(case, TF, make_tensor_proto)) == str(expected)


@pytest.mark.parametrize("case", [case for case in tensor_proto_cases.CASES if not isinstance(EXPECTED[case], str)])
def test_error_is_tensorflows(case):
    kind, words = EXPECTED[case]
    with pytest.raises((TypeError, ValueError, OverflowError)) as caught:
        tensor_proto_cases.evaluate(case, TF, make_tensor_proto)
    assert (type(caught.value).__name__, str(caught.value)) == (kind, words)


@pytest.mark.parametrize("dtype", [d for d in dtypes.ANY if d.is_numpy_compatible], ids=lambda d: d.name)
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (0, 2)], ids=str)
def test_every_type_comes_back(dtype, shape):
    values = np.arange(int(np.prod(shape))).reshape(shape)
    values = values.astype(str) if dtype is dtypes.string else values
    array = array_value(values, dtype)
    for proto in (make_tensor_proto(array, dtype), array_to_proto(array)):
        back = make_ndarray(TensorProto.FromString(proto.SerializeToString()))
        assert back.dtype == array.dtype and back.shape == shape
        assert back.tolist() == array.tolist()


def test_one_value_for_a_shape_is_written_once_and_takes_no_memory():
    array = array_value(0.0, shape=[1000, 1000])
    proto = array_to_proto(array)
    assert list(proto.float_val) == [0.0] and not proto.tensor_content
    back = proto_to_array(proto)
    assert back.shape == (1000, 1000) and back.strides == (0, 0)
    assert make_ndarray(proto).flags.writeable


def test_the_last_of_too_few_values_is_repeated():
    proto = TensorProto(dtype=9, int64_val=[1, 2], tensor_shape={"dim": [{"size": 2}, {"size": 2}]})
    assert make_ndarray(proto).tolist() == [[1, 2], [2, 2]]
    strings = TensorProto(dtype=7, tensor_shape={"dim": [{"size": 2}]})
    assert make_ndarray(strings).tolist() == [b"", b""]


def test_values_that_do_not_fit_their_type_wrap():
    assert make_ndarray(TensorProto(dtype=4, int_val=[300], tensor_shape={})) == 44
    assert make_ndarray(TensorProto(dtype=6, int_val=[200], tensor_shape={})) == -56


def test_a_proto_is_given_back_as_it_is():
    proto = make_tensor_proto(1)
    assert make_tensor_proto(proto, dtypes.float32) is proto


@pytest.mark.parametrize(
    "proto, error",
    [
        (TensorProto(dtype=20, tensor_shape={}), TypeError),
        (TensorProto(dtype=0, tensor_shape={}), TypeError),
        (TensorProto(dtype=1, tensor_shape={"unknown_rank": True}), ValueError),
        (TensorProto(dtype=1, tensor_shape={"dim": [{"size": -1}]}), ValueError),
        (TensorProto(dtype=1, float_val=[1, 2], tensor_shape={"dim": [{"size": 1}]}), ValueError),
        (TensorProto(dtype=1, tensor_content=b"abcd", tensor_shape={"dim": [{"size": 2}]}), ValueError),
        (TensorProto(dtype=1, tensor_content=b"abc", tensor_shape={"dim": [{"size": 1}]}), ValueError),
        (TensorProto(dtype=8, scomplex_val=[1], tensor_shape={}), ValueError),
        (TensorProto(dtype=1, float_val=[1], tensor_shape={"dim": [{"size": 2**62}, {"size": 4}]}), ValueError),
        (TensorProto(dtype=1, float_val=[1], tensor_shape={"dim": [{"size": 2**40}]}), ValueError),
        (TensorProto(dtype=1, float_val=[1, 2], tensor_shape={"dim": [{"size": 2**40}]}), ValueError),
    ],
)
def test_a_malformed_proto_is_an_error_before_memory_is_asked_for(proto, error):
    with pytest.raises(error):
        make_ndarray(proto)


def test_what_python_2_programs_write_is_taken():
    assert array_value(range(3)).tolist() == [0, 1, 2]
    assert array_value([np.array([1.0, 2.0]), [3, 4]]).tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_the_shape_of_a_message_is_compared_with_sizes_or_a_message():
    proto = make_tensor_proto([[1, 2]])
    assert shape_equals(proto, [1, 2]) and shape_equals(proto, TensorShape([1, 2]).as_proto())
    assert not shape_equals(proto, (2, 1))
    with pytest.raises(TypeError, match="shape is not a list or tuple"):
        shape_equals(proto, np.array([1, 2]))
    with pytest.raises(TypeError, match="tensor_proto is not a tensor_pb2.TensorProto object"):
        shape_equals(3, [1])
