"""Parts of strings: split, substr, length."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import INDEX
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, Attr, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.ragged_tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor
from pyflow.ops.shape_rules import broadcast_shapes, merge, same_as, with_rank
from pyflow.ops.sparse_coordinates import places_in_rows
from pyflow.ops.string_arrays import each, strings_of


def unit() -> Attr:
    """The attr that says what a string is counted in."""
    return Attr("string", default="BYTE", allowed=("BYTE", "UTF8_CHAR"))


def _sparse(rows: list[list[bytes]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    counts = np.array([len(row) for row in rows], np.int64)
    shape = np.array([len(rows), counts.max(initial=0)], np.int64)
    return places_in_rows(counts), strings_of([piece for row in rows for piece in row]), shape


def _scalar(text: Any, name: str) -> bytes:
    array = np.asarray(text, object)
    if array.ndim:
        shown = "[" + ",".join(map(str, array.shape)) + "]"
        raise InvalidArgumentError(None, None, f"{name} must be a scalar, got shape: {shown}")
    return array.item()


@op("StringSplit(input: string, delimiter: string) -> (indices: int64, values: string, shape: int64)", skip_empty=True)
class StringSplit:
    """The pieces of each string between characters of a set; its characters if the set is empty."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([b"a b", b"", b" c"], object), np.array(b" ", object))]

    def shape(input, delimiter):
        with_rank(input, 1)
        with_rank(delimiter, 0)
        return [(None, 2), (None,), (2,)]

    def cpu(input, delimiter, skip_empty):
        marks = _scalar(delimiter, "delimiter")
        texts = np.asarray(input, object).tolist()
        if not marks:
            return _sparse([[text[i : i + 1] for i in range(len(text))] for text in texts])
        if len(marks) == 1:
            rows = [text.split(marks) if text else [] for text in texts]
        else:
            pattern = re.compile(b"[" + re.escape(marks) + b"]")
            rows = [pattern.split(text) if text else [] for text in texts]
        return _sparse([[piece for piece in row if piece] for row in rows] if skip_empty else rows)


@op("StringSplitV2(input: string, sep: string) -> (indices: int64, values: string, shape: int64)", maxsplit=-1)
class StringSplitV2:
    """The pieces of each string, as bytes.split gives them: between a separator, or between blanks for an empty one."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([b"a,b", b"", b",c"], object), np.array(b",", object))]

    def shape(input, sep):
        with_rank(input, 1)
        with_rank(sep, 0)
        return [(None, 2), (None,), (2,)]

    def cpu(input, sep, maxsplit):
        mark = _scalar(sep, "sep")
        texts = np.asarray(input, object).tolist()
        if maxsplit == 0:
            return _sparse([[text] for text in texts])
        if not mark:
            return _sparse([_between_blanks(text, maxsplit) for text in texts])
        return _sparse([text.split(mark, maxsplit) for text in texts])


def _between_blanks(text: bytes, most: int) -> list[bytes]:
    pieces = text.split(None, most)
    # As many splits as are allowed leave a rest for certain, in TensorFlow also an empty one.
    return [*pieces, b""] if 0 < most == len(pieces) else pieces


@op("StringLength(input: string) -> (output: int32)", unit=unit())
class StringLength:
    """The number of bytes, or of characters in UTF-8, of each string."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([b"a", b"\xc3\xa9"], object), unit="UTF8_CHAR")]

    def cpu(input, unit):
        count = len if unit == "BYTE" else lambda text: len(_starts(text))
        return each(input, count, np.int32)


def _starts(text: bytes) -> list[int]:
    """Where characters start in UTF-8: at each byte that goes on with none."""
    return [i for i, byte in enumerate(text) if byte & 0xC0 != 0x80]


def _substr_shape(input, pos, len):
    position = merge(pos, len)
    return broadcast_shapes(input, position)


@op("Substr(input: string, pos: T, len: T) -> (output: string)", T=INDEX, unit=unit())
class Substr:
    """From each string `len` bytes or characters from `pos` on, which counts from the end if it is negative."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([b"abc", b"defg"], object), [0, -2], [2, 1])]
    shape = _substr_shape

    def cpu(input, pos, len, unit):
        texts = np.asarray(input, object)
        whole = texts.shape == np.shape(pos)  # nothing is broadcast, then places are counted
        texts, starts, counts = np.broadcast_arrays(texts, np.asarray(pos), np.asarray(len))
        out = np.empty(texts.shape, object)
        cut = _bytes_of if unit == "BYTE" else _characters_of
        for i, (index, text) in enumerate(np.ndenumerate(texts)):
            place = i if texts.ndim < 2 or whole else f"({', '.join(map(str, index))})"
            out[index] = cut(text, int(starts[index]), int(counts[index]), place)
        return out


def _bytes_of(text: bytes, start: int, count: int, place: Any) -> bytes:
    if not -len(text) <= start <= len(text):
        shown = text.decode("latin-1")
        raise InvalidArgumentError(None, None, f"pos {start} out of range for string b'{shown}' at index {place}")
    start += len(text) if start < 0 else 0
    return text[start:] if count < 0 else text[start : start + count]


def _characters_of(text: bytes, start: int, count: int, place: Any) -> bytes:
    starts = _starts(text)
    if not -len(starts) <= start <= len(starts):
        raise InvalidArgumentError(None, None, f"pos {start} out of range for string at index {place}")
    start += len(starts) if start < 0 else 0
    edges = [*starts, len(text)]
    return text[edges[start] : edges[min(start + max(count, 0), len(starts))]]


def _of_rows(parts: Any, result_type: str) -> Any:
    if result_type == "SparseTensor":
        return SparseTensor(*parts)
    if result_type != "RaggedTensor":
        raise ValueError("result_type must be 'RaggedTensor' or 'SparseTensor'.")
    indices, values, shape = parts
    source = parts[0].op.inputs[0].shape
    rows = source.as_list()[0] if source.ndims else None
    return RaggedTensor.from_value_rowids(  # type: ignore[attr-defined]
        values, indices[:, 0], shape[0] if rows is None else rows, validate=False
    )


def _split(input: Any, sep: Any, maxsplit: int) -> Any:
    """The pieces of strings of any shape: a vector of a scalar, else a ragged tensor of one dimension more."""
    if isinstance(input, RaggedTensor):
        return input.with_flat_values(_split(input.flat_values, sep, maxsplit))
    rank = input.shape.ndims
    if rank == 0:
        return StringSplitV2(raw.Reshape(input, [1]), sep, maxsplit=maxsplit).values
    if rank is None or rank == 1:
        return _of_rows(StringSplitV2(input, sep, maxsplit=maxsplit), "RaggedTensor")
    ragged = RaggedTensor.from_tensor(input, ragged_rank=rank - 1)  # type: ignore[attr-defined]
    return _split(ragged, sep, maxsplit)


@export("string_split")
def string_split(
    source: Any, sep: Any = None, skip_empty: bool = True, delimiter: Any = None, result_type: str = "SparseTensor",
    name: str | None = None,
) -> Any:  # fmt: skip
    """The pieces of strings between delimiters.

    Args:
      source: string [n].
      sep: the characters each of which delimits, " " if None; empty for the single bytes. `delimiter` is its old name.
      skip_empty: whether to leave out empty pieces.
      result_type: "SparseTensor" or "RaggedTensor".

    Returns:
      SparseTensor or RaggedTensor [n, most pieces].
    """
    with name_scope(name, "StringSplit", [source]):
        delimiter = renamed_argument("sep", sep, "delimiter", delimiter)
        delimiter = convert_to_tensor(" " if delimiter is None else delimiter, dtype=dtypes.string)
        source = convert_to_tensor(source, dtype=dtypes.string)
        return _of_rows(StringSplit(source, delimiter, skip_empty=skip_empty), result_type)


@export("strings.split")
def strings_split_v1(
    input: Any = None, sep: Any = None, maxsplit: int = -1, result_type: str = "SparseTensor", source: Any = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """The pieces of strings, as Python's `str.split` gives them.

    Args:
      input: strings, which may be ragged; `source` is its old name.
      sep: what separates; blanks of any number if None or "".
      maxsplit: how many times a string is split at most; -1 for any number.
      result_type: "SparseTensor" or "RaggedTensor".

    Returns:
      SparseTensor or RaggedTensor [..., most pieces].
    """
    input = renamed_argument("input", input, "source", source)
    with name_scope(name, "StringSplit", [input]):
        input = convert_to_tensor_or_ragged_tensor(input, dtype=dtypes.string, name="input")
        sep = convert_to_tensor("" if sep is None else sep, dtype=dtypes.string)
        if result_type == "SparseTensor" and not isinstance(input, RaggedTensor) and input.shape.ndims in (None, 1):
            return SparseTensor(*StringSplitV2(input, sep, maxsplit=maxsplit))
        pieces = _split(input, sep, maxsplit)
        if result_type == "SparseTensor":
            return pieces.to_sparse()
        if result_type != "RaggedTensor":
            raise ValueError("result_type must be 'RaggedTensor' or 'SparseTensor'.")
        return pieces


@export("substr", "strings.substr")
def substr(input: Any, pos: Any, len: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """A part of each string.

    Args:
      input: strings.
      pos, len: ints of one shape, which broadcasts with `input`: start, counted from the end if negative, and length.
      unit: "BYTE" or "UTF8_CHAR": what they count.

    Raises:
      InvalidArgumentError: a part would start outside of its string.
    """
    return Substr(input, pos, len, unit=unit, name=name)


@export("strings.length")
def string_length(input: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """The length of each string, int32, in bytes or ("UTF8_CHAR") characters."""
    return StringLength(input, unit=unit, name=name)
