"""Numbers as strings."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.shape_rules import same_as

_REAL = dtypes.float32, dtypes.float64
_COMPLEX = dtypes.complex64, dtypes.complex128
_TYPES = (
    dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64, *_COMPLEX, *_REAL, dtypes.bool,
)  # fmt: skip


@op(
    "AsString(input: T) -> (output: string)",
    T=attr("type", allowed=_TYPES),
    precision=-1,
    scientific=False,
    shortest=False,
    width=-1,
    fill="",
)
class AsString:
    """Each number as C's printf writes it."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample([1.5, -2.0]), sample([[1, 2]], width=5, fill="0")]

    def cpu(input, T, precision, scientific, shortest, width, fill):
        has_point = T in _REAL or T in _COMPLEX
        if not has_point and (scientific or shortest):
            raise _refused(f"scientific and shortest format not supported for datatype {T.name}")
        if not has_point and precision > -1:
            raise _refused(f"precision not supported for datatype {T.name}")
        if scientific and shortest:
            raise _refused("Cannot select both scientific and shortest notation")
        if len(fill) > 1:
            raise _refused("Fill string must be one or fewer characters")
        if fill not in "+-0# ":
            raise _refused(f'Fill argument not supported: "{fill}"')
        form = f"%{fill}{width if width > -1 else ''}"
        if precision > -1:
            form += f".{precision}"
        form += ("e" if scientific else "g" if shortest else "f") if has_point else "d"
        array = np.asarray(input)
        if T in _COMPLEX:
            texts = [f"({form % x.real},{form % x.imag})" for x in array.reshape(-1).tolist()]
        elif T is dtypes.bool:
            texts = ["true" if x else "false" for x in array.reshape(-1).tolist()]
        else:
            texts = [_written(form, x) for x in array.reshape(-1).tolist()]
        out = np.empty(len(texts), object)
        out[:] = [text.encode() for text in texts]
        return out.reshape(array.shape)


def _refused(words: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, words)


def _written(form: str, x: Any) -> str:
    if isinstance(x, float) and (x != x or x in (float("inf"), float("-inf"))):
        # C pads what is no number with blanks.
        form = form.replace("%0", "%")
    return form % x


@export("as_string", "dtypes.as_string", "strings.as_string")
def as_string(
    input: Any, precision: int = -1, scientific: bool = False, shortest: bool = False, width: int = -1, fill: str = "",
    name: str | None = None,
) -> Tensor:  # fmt: skip
    """Numbers as strings.

    Args:
      input: ints, floats, complex numbers or bools.
      precision: digits after the point; 6 if negative.
      scientific: whether with an exponent (`%e`).
      shortest: whether as it is shorter, with an exponent or without (`%g`).
      width: the least number of characters.
      fill: what fills the width: "" or " " blanks, "0" zeros, "-" blanks at the end; "+" asks for a sign.

    Raises:
      InvalidArgumentError: the dtype has no such format.
    """
    return AsString(
        input, precision=precision, scientific=scientific, shortest=shortest, width=width, fill=fill, name=name
    )
