"""Tensors and Examples as messages in strings."""

from __future__ import annotations

from typing import Any

import numpy as np
from google.protobuf import message

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, sample
from pyflow.core.tensor_proto import proto_to_array
from pyflow.ops.shape_rules import same_as, scalar, unknown


def serialized_tensor(array: Any, dtype: dtypes.DType) -> bytes:
    """A tensor as a serialized TensorProto: numbers as they are in memory."""
    from pyflow.protos.tensor_pb2 import TensorProto, TensorShapeProto

    array = np.asarray(array)
    dims = [TensorShapeProto.Dim(size=size) for size in array.shape]
    proto = TensorProto(dtype=dtype.as_datatype_enum, tensor_shape=TensorShapeProto(dim=dims))
    if dtype is dtypes.string:
        proto.string_val.extend(array.reshape(-1).tolist())
    else:
        if dtype is dtypes.bfloat16 and array.dtype == np.float32:
            array = dtypes.float32_to_bfloat16(array)
        proto.tensor_content = array.tobytes()
    return proto.SerializeToString()


def tensor_of_message(serialized: bytes) -> tuple[np.ndarray, dtypes.DType]:
    """The tensor of a serialized TensorProto.

    Raises:
      ValueError: it is none.
    """
    from pyflow.protos.tensor_pb2 import TensorProto

    try:
        proto = TensorProto.FromString(serialized)
        return proto_to_array(proto), dtypes.as_dtype(proto.dtype)
    except (message.DecodeError, TypeError) as error:
        raise ValueError(str(error)) from None


def parsed_tensor(serialized: bytes, dtype: dtypes.DType) -> np.ndarray:
    """The tensor of a serialized TensorProto.

    Raises:
      InvalidArgumentError: it is none, or one of another dtype.
    """
    try:
        array, found = tensor_of_message(serialized)
    except ValueError:
        raise InvalidArgumentError(
            None, None, f"Cannot parse tensor from proto: {serialized.decode('utf-8', 'replace')}"
        ) from None
    if found is not dtype:
        words = f"Type mismatch between parsed tensor ({c_name(found)}) and dtype ({c_name(dtype)})"
        raise InvalidArgumentError(None, None, words)
    return array


def c_name(dtype: dtypes.DType) -> str:
    """A dtype as TensorFlow's kernels name it."""
    return {"float32": "float", "float64": "double", "float16": "half"}.get(dtype.name, dtype.name)


@op("SerializeTensor(tensor: T) -> (serialized: string)", T=attr("type"))
class SerializeTensor:
    """The tensor as a TensorProto."""

    shape = scalar
    grad = NOT_DIFFERENTIABLE
    samples = [sample([[1.0, 2.0]])]

    def cpu(tensor, T):
        return np.array(serialized_tensor(tensor, T), object)


@op("ParseTensor(serialized: string) -> (output: out_type)", out_type=attr("type"))
class ParseTensor:
    """The tensor that a TensorProto holds."""

    shape = unknown
    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array(b'\x08\x03\x12\x04\x12\x02\x08\x01"\x04\x07\0\0\0', object), out_type=dtypes.int32)]

    def cpu(serialized, out_type):
        text = np.asarray(serialized, object)
        if text.ndim:
            shown = "[" + ",".join(map(str, text.shape)) + "]"
            raise InvalidArgumentError(None, None, f"Expected `serialized` to be a scalar, got shape: {shown}")
        return parsed_tensor(text.item(), out_type)


@op("DecodeJSONExample(json_examples: string) -> (binary_examples: string)")
class DecodeJSONExample:
    """Examples written as JSON, in the wire format."""

    shape = same_as("json_examples")
    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(np.array([b'{"features": {"feature": {"a": {"int64List": {"value": ["1"]}}}}}'], object)),
    ]

    def cpu(json_examples):
        from google.protobuf import json_format

        from pyflow.protos.example_pb2 import Example

        texts = np.asarray(json_examples, object)
        out = np.empty(texts.shape, object)
        for index in np.ndindex(texts.shape):
            try:
                example = json_format.Parse(texts[index], Example())
            except (json_format.ParseError, UnicodeDecodeError) as error:
                raise InvalidArgumentError(None, None, f"Error while parsing JSON: {error}") from None
            out[index] = example.SerializeToString(deterministic=True)
        return out


serialize_tensor = export("serialize_tensor", "io.serialize_tensor")(SerializeTensor)
parse_tensor = export("parse_tensor", "io.parse_tensor")(ParseTensor)
decode_json_example = export("decode_json_example", "io.decode_json_example")(DecodeJSONExample)
