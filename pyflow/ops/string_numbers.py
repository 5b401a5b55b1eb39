"""Numbers read from strings."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import DType, float32, float64, int32, int64
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, one_of, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.shape_rules import same_as

_INTEGER = re.compile(rb"\s*-?\d+\s*")
_REAL = re.compile(rb"\s*[+-]?(\d+\.?\d*(e[+-]?\d+)?|\.\d+(e[+-]?\d+)?|inf|nan)\s*", re.I)
_HEXADECIMAL = re.compile(rb"\s*[+-]?0x[\da-f]+\s*", re.I)


@op(
    "StringToNumber(string_tensor: string) -> (output: out_type)",
    out_type=one_of((float32, float64, int32, int64), default=float32),
)
class StringToNumber:
    """The number that each string is."""

    shape = same_as("string_tensor")

    def cpu(string_tensor, out_type):
        texts = np.asarray(string_tensor, object)
        numbers = [parse_number(text, out_type) for text in texts.reshape(-1)]
        return np.array(numbers, out_type.as_numpy_dtype).reshape(texts.shape)

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(np.array([[b"1.5", b" -2e3 "]], object)),
        sample(np.array([b"12", b"-7"], object), out_type=int64),
    ]


def parse_number(text: bytes, dtype: DType) -> Any:
    """The number that a text is.

    Raises:
      InvalidArgumentError: it is none, or an int that does not fit.
    """
    if dtype.is_floating:
        if _REAL.fullmatch(text):
            return float(text)
        if _HEXADECIMAL.fullmatch(text):
            return float(int(text, 16))
        if text.isspace():  # TensorFlow reads 0 from blanks, though not from nothing
            return 0.0
    elif _INTEGER.fullmatch(text) and dtype.min <= int(text) <= dtype.max:
        return int(text)
    words = f"StringToNumberOp could not correctly convert string: {text.decode(errors='replace')}"
    raise InvalidArgumentError(None, None, words)


@export("string_to_number", "strings.to_number")
def string_to_number(
    string_tensor: Any = None, out_type: Any = float32, name: str | None = None, input: Any = None
) -> Tensor:
    """The number that each string is.

    Args:
      string_tensor: strings of any shape; `input` is the newer name.
      out_type: float32, float64, int32 or int64.

    Raises:
      InvalidArgumentError: a string is no number, or an int that does not fit.
    """
    return StringToNumber(renamed_argument("input", input, "string_tensor", string_tensor), out_type, name)
