"""Ragged tensors may be fetched, which gives RaggedTensorValues, and fed with these."""

from __future__ import annotations

from typing import Any

from pyflow.core.tensor import Tensor
from pyflow.ops.ragged_tensor import RaggedTensor
from pyflow.ops.ragged_tensor_value import RaggedTensorValue
from pyflow.runtime.fetches import register_session_run_conversion_functions


def _parts(ragged: Any) -> list[Tensor]:
    return [*ragged.nested_row_splits, ragged.flat_values]


def _value(values: Any) -> RaggedTensorValue:
    *nested, result = values
    for splits in reversed(nested):
        result = RaggedTensorValue(result, splits)
    return result


register_session_run_conversion_functions(
    RaggedTensor,
    lambda ragged: (_parts(ragged), _value),
    lambda ragged, value: list(zip(_parts(ragged), _parts(value))),
)
