"""What components of dtype variant hold, sparse and ragged tensors, as messages in the files of a cached dataset."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.errors import DataLossError, UnimplementedError
from pyflow.ops.ragged_variants import EncodedRagged
from pyflow.ops.tensor_messages import serialized_tensor, tensor_of_message
from pyflow.protos.tensor_pb2 import TensorProto, VariantTensorDataProto

_TENSOR, _RAGGED = "tensorflow::Tensor", "pyflow::EncodedRagged"


class _Writable:
    def __init__(self, kind: str, arrays: Any):
        self._kind, self._arrays = kind, arrays

    def as_variant_message(self) -> Any:
        return VariantTensorDataProto(type_name=self._kind, tensors=[_as_message(a) for a in self._arrays])


def _as_message(array: Any) -> TensorProto:
    array = np.asarray(array)
    dtype = dtypes.string if array.dtype.kind == "O" else dtypes.as_dtype(array.dtype)
    return TensorProto.FromString(serialized_tensor(array, dtype))


def writable_variants(values: Any) -> np.ndarray:
    """An array of values that can be written as messages.

    Raises:
      UnimplementedError: a value is nothing that can be written, a dataset for example.
    """
    written = np.empty(np.shape(values), object)
    for index in np.ndindex(written.shape):
        value = values[index]
        if isinstance(value, np.ndarray):
            written[index] = _Writable(_TENSOR, [value])
        elif isinstance(value, EncodedRagged):
            written[index] = _Writable(_RAGGED, [*value.splits, value.values])
        else:
            raise UnimplementedError(None, None, f"Caching a variant of {type(value).__name__} in a file")
    return written


def read_variants(messages: np.ndarray) -> np.ndarray:
    """The values of an array of messages.

    Raises:
      DataLossError: a message holds none.
    """
    values = np.empty(messages.shape, object)
    for index in np.ndindex(values.shape):
        message = messages[index]
        arrays = [tensor_of_message(t.SerializeToString())[0] for t in message.tensors]
        if message.type_name == _TENSOR and len(arrays) == 1:
            values[index] = arrays[0]
        elif message.type_name == _RAGGED and arrays:
            values[index] = EncodedRagged(arrays[:-1], arrays[-1])
        else:
            raise DataLossError(None, None, f"A variant of an unknown kind: {message.type_name}")
    return values
