"""Functions of text in Unicode: strings as characters or code points, and back."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.ragged_tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor
from pyflow.ops.unicode import UnicodeDecode, UnicodeDecodeWithOffsets, UnicodeEncode, UnicodeScript, UnicodeTranscode


def _strings(input: Any) -> Any:
    """The strings to be taken apart as a tensor (or a ragged one) of a known rank."""
    input = convert_to_tensor_or_ragged_tensor(input, dtype=dtypes.string, name="input")
    if input.shape.ndims is None:
        raise ValueError("Rank of `input` must be statically known.")
    return input


def _taken_apart(input: Any, pieces: Any) -> Any:
    """What `pieces` makes of a vector of strings, (values, ..., splits), in the shape of the input.

    A scalar gives vectors, other shapes ragged tensors of one dimension more.
    """
    if isinstance(input, RaggedTensor):
        inner = _taken_apart(input.flat_values, pieces)
        return [input.with_flat_values(part) for part in inner]
    rank = input.shape.ndims
    if rank > 1:
        ragged = RaggedTensor.from_tensor(input, ragged_rank=rank - 1)  # type: ignore[attr-defined]
        return _taken_apart(ragged, pieces)
    *parts, splits = pieces(raw.Reshape(input, [-1]) if rank == 0 else input)
    if rank == 0:
        return parts
    splits.set_shape([None if input.shape.as_list()[0] is None else input.shape.as_list()[0] + 1])
    return [
        RaggedTensor.from_row_splits(part, splits, validate=False) for part in parts  # type: ignore[attr-defined]
    ]


def _decoded(input: Any, offsets: bool, **options: Any) -> list:
    def pieces(texts: Tensor) -> tuple:
        if not offsets:
            splits, points = UnicodeDecode(texts, **options)
            return points, splits
        splits, points, starts = UnicodeDecodeWithOffsets(texts, **options)
        return points, starts, splits

    return _taken_apart(_strings(input), pieces)


@export("strings.unicode_decode")
def unicode_decode(
    input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = 65533,
    replace_control_characters: bool = False, name: str | None = None,
) -> Tensor:  # fmt: skip
    """The code points of a string scalar: int32 [characters].

    Args:
      input_encoding: "UTF-8", "UTF-16-BE" ...
      errors: what becomes of malformed bytes: "replace", "ignore" or "strict".
      replacement_char: a code point.
      replace_control_characters: whether those are replaced too.
    """
    with name_scope(name, "UnicodeDecode", [input]):
        return _decoded(
            input, False, input_encoding=input_encoding, errors=errors, replacement_char=replacement_char,
            replace_control_characters=replace_control_characters,
        )[0]  # fmt: skip


@export("strings.unicode_decode_with_offsets")
def unicode_decode_with_offsets(
    input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = 65533,
    replace_control_characters: bool = False, name: str | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """As `unicode_decode`, with the bytes at which the characters start: int64 [characters]."""
    with name_scope(name, "UnicodeDecodeWithOffsets", [input]):
        return tuple(_decoded(
            input, True, input_encoding=input_encoding, errors=errors, replacement_char=replacement_char,
            replace_control_characters=replace_control_characters,
        ))  # fmt: skip


@export("strings.unicode_encode")
def unicode_encode(
    input: Any, output_encoding: str, errors: str = "replace", replacement_char: int = 65533, name: str | None = None
) -> Tensor:
    """Strings of code points, int32 [..., characters], in an encoding: "UTF-8", "UTF-16-BE" or "UTF-32-BE"."""
    with name_scope(name, "UnicodeEncode", [input]):
        points = convert_to_tensor_or_ragged_tensor(input)
        if isinstance(points, RaggedTensor):
            return _encoded_rows(
                points, errors=errors, output_encoding=output_encoding, replacement_char=replacement_char
            )
        if points.shape.ndims is None:
            raise ValueError("Rank of input_tensor must be statically known.")
        if points.shape.ndims == 0:
            raise ValueError("input_tensor's rank must be at least 1.")
        shape = raw.Shape(points)
        count = raw.Prod(shape[:-1], [0])
        splits = raw.Range(0, count + 1, 1) * shape[-1]
        strings = UnicodeEncode(
            raw.Reshape(points, [-1]), splits, errors=errors, output_encoding=output_encoding,
            replacement_char=replacement_char,
        )  # fmt: skip
        return raw.Reshape(strings, shape[:-1])


def _encoded_rows(points: RaggedTensor, **options: Any) -> Any:
    """A string of each of the innermost rows."""
    inner = points.values
    if isinstance(inner, RaggedTensor):
        return points.with_values(_encoded_rows(inner, **options))
    if inner.shape.ndims is not None and inner.shape.ndims > 1:
        return points.with_values(unicode_encode(inner, options.pop("output_encoding"), **options))
    return UnicodeEncode(inner, points.row_splits, **options)


def _characters(points: Any, encoding: str, errors: str, replacement: int) -> Any:
    if isinstance(points, RaggedTensor):
        return points.with_flat_values(_characters(points.flat_values, encoding, errors, replacement))
    return unicode_encode(raw.ExpandDims(points, -1), encoding, errors, replacement)


@export("strings.unicode_split")
def unicode_split(
    input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = 65533, name: str | None = None
) -> Tensor:
    """The characters of a string scalar, as strings of the same encoding."""
    with name_scope(name, "UnicodeSplit", [input]):
        (points,) = _decoded(
            input, False, input_encoding=input_encoding, errors=errors, replacement_char=replacement_char
        )
        return _characters(points, input_encoding, errors, replacement_char)


@export("strings.unicode_split_with_offsets")
def unicode_split_with_offsets(
    input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = 65533, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """As `unicode_split`, with the bytes at which the characters start."""
    with name_scope(name, "UnicodeSplitWithOffsets", [input]):
        points, starts = _decoded(
            input, True, input_encoding=input_encoding, errors=errors, replacement_char=replacement_char
        )
        return _characters(points, input_encoding, errors, replacement_char), starts


@export("strings.unicode_transcode")
def unicode_transcode(
    input: Any, input_encoding: str, output_encoding: str, errors: str = "replace", replacement_char: int = 65533,
    replace_control_characters: bool = False, name: str | None = None,
) -> Tensor:  # fmt: skip
    """Strings in another encoding: "UTF-8", "UTF-16-BE" or "UTF-32-BE"; the arguments are those of `unicode_decode`."""
    return UnicodeTranscode(
        input, input_encoding=input_encoding, output_encoding=output_encoding, errors=errors,
        replacement_char=replacement_char, replace_control_characters=replace_control_characters, name=name,
    )  # fmt: skip


@export("strings.unicode_script")
def unicode_script(input: Any, name: str | None = None) -> Tensor:
    """The script of each code point, by ICU's numbers (25 is Latin); -1 for what is no code point."""
    return UnicodeScript(input, name=name)


@export("strings.bytes_split")
def string_bytes_split(input: Any, name: str | None = None) -> Any:
    """The single bytes of strings: a vector of a scalar, else a ragged tensor of one dimension more."""
    with name_scope(name, "StringsByteSplit", [input]):
        return _taken_apart(_strings(input), _bytes_of)[0]


def _bytes_of(texts: Tensor) -> tuple[Tensor, Tensor]:
    indices, values, shape = raw.StringSplit(texts, "", skip_empty=True)
    ragged = RaggedTensor.from_value_rowids(values, indices[:, 0], shape[0], validate=False)  # type: ignore
    return values, ragged.row_splits
