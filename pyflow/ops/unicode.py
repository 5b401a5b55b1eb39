"""Text in Unicode: decoded, encoded, transcoded, split into characters."""

from __future__ import annotations

import codecs
import functools
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import INDEX
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, Attr, attr, one_of, op, sample
from pyflow.ops.shape_rules import same_as, with_rank
from pyflow.ops.string_arrays import each, strings_of

_OUTPUTS = {"UTF-8": "utf-8", "UTF-16-BE": "utf-16-be", "UTF-32-BE": "utf-32-be"}
_MALFORMED = -1


def _errors() -> Attr:
    return Attr("string", default="replace", allowed=("strict", "replace", "ignore"))


@functools.cache
def _codec(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        words = f"Could not create converter for input encoding: {encoding}"
        raise InvalidArgumentError(None, None, words) from None


def _points(text: bytes, encoding: str) -> list[tuple[int, int]]:
    """The code points of a text, each with the byte it starts at; `_MALFORMED` where there is none."""
    codec = _codec(encoding)
    points, position = [], 0
    if codec in ("utf-16", "utf-32"):
        text, codec, position = _without_mark(text, codec)
    while position < len(text):
        try:
            decoded, end = text[position:].decode(codec), len(text)
            wrong = 0
        except UnicodeDecodeError as error:
            end, wrong = position + error.start, error.end - error.start
            decoded = text[position:end].decode(codec)
        start = position
        for character in decoded:
            points.append((ord(character), start))
            start += len(character.encode(codec))
        position = end
        if wrong:
            points.append((_MALFORMED, position))
            position += wrong
    return points


def _without_mark(text: bytes, codec: str) -> tuple[bytes, str, int]:
    """The codec that a byte order mark at the start asks for (the big end first without one), and where it ends."""
    size = int(codec[4:]) // 8
    mark = 0xFEFF.to_bytes(size, "little")
    little = text.startswith(mark)
    skipped = size if little or text.startswith(mark[::-1]) else 0
    return text, f"{codec}-{'le' if little else 'be'}", skipped


def _settled(
    text: bytes, encoding: str, errors: str, replacement: int, controls: bool
) -> list[tuple[int, int]]:
    """The code points, with what is malformed replaced or left out.

    Raises:
      InvalidArgumentError: the text is malformed and may not be.
    """
    points = _points(text, encoding)
    if errors == "strict" and any(point == _MALFORMED for point, _ in points):
        raise InvalidArgumentError(None, None, "Invalid formatting on input string")
    settled = []
    for point, start in points:
        wrong = point == _MALFORMED
        if not wrong and controls and (point < 32 or 127 <= point < 160) and point not in (9, 10, 13):
            wrong = True
        if not wrong:
            settled.append((point, start))
        elif errors != "ignore":
            settled.append((replacement, start))
    return settled


@op(
    "UnicodeDecode(input: string) -> (row_splits: Tsplits, char_values: int32)",
    input_encoding=attr("string"),
    errors=_errors(),
    replacement_char=65533,
    replace_control_characters=False,
    Tsplits=one_of(INDEX, default=dtypes.int64),
)
class UnicodeDecode:
    """The code points of the strings, one string after the other, and where each starts among them."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([b"a\xc3\xa9", b"b"], object), input_encoding="UTF-8")]

    def shape(input):
        return [_splits_shape(input), (None,)]

    def cpu(input, input_encoding, errors, replacement_char, replace_control_characters, Tsplits):
        rows = [
            _settled(text, input_encoding, errors, replacement_char, replace_control_characters)
            for text in np.asarray(input, object).reshape(-1)
        ]
        return _splits(rows, Tsplits), np.array([point for row in rows for point, _ in row], np.int32)


def _splits_shape(input: Any) -> tuple:
    return (None,) if input is None or None in input else (int(np.prod(input, dtype=np.int64)) + 1,)


def _splits(rows: Sequence[Sequence], dtype: dtypes.DType) -> np.ndarray:
    return np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(dtype.as_numpy_dtype)


@op(
    "UnicodeDecodeWithOffsets(input: string) -> (row_splits: Tsplits, char_values: int32, char_to_byte_starts: int64)",
    input_encoding=attr("string"),
    errors=_errors(),
    replacement_char=65533,
    replace_control_characters=False,
    Tsplits=one_of(INDEX, default=dtypes.int64),
)
class UnicodeDecodeWithOffsets:
    """As `UnicodeDecode`, with the byte at which each character starts."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([b"a\xc3\xa9", b"b"], object), input_encoding="UTF-8")]

    def shape(input):
        return [_splits_shape(input), (None,), (None,)]

    def cpu(input, input_encoding, errors, replacement_char, replace_control_characters, Tsplits):
        rows = [
            _settled(text, input_encoding, errors, replacement_char, replace_control_characters)
            for text in np.asarray(input, object).reshape(-1)
        ]
        flat = [pair for row in rows for pair in row]
        points, starts = np.array([p for p, _ in flat], np.int32), np.array([s for _, s in flat], np.int64)
        return _splits(rows, Tsplits), points, starts


@op(
    "UnicodeEncode(input_values: int32, input_splits: Tsplits) -> (output: string)",
    errors=Attr("string", default="replace", allowed=("ignore", "replace", "strict")),
    output_encoding=Attr("string", allowed=tuple(_OUTPUTS)),
    replacement_char=65533,
    Tsplits=one_of(INDEX, default=dtypes.int64),
)
class UnicodeEncode:
    """Strings of code points, which are given one string after the other with where each starts."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample([97, 233, 98], np.array([0, 2, 3], np.int64), output_encoding="UTF-8")]

    def shape(input_values, input_splits):
        (size,) = with_rank(input_splits, 1)
        return (None if size is None else size - 1,)

    def cpu(input_values, input_splits, errors, output_encoding, replacement_char):
        points, splits = np.asarray(input_values).tolist(), np.asarray(input_splits).tolist()
        rows = [points[a:b] for a, b in zip(splits, splits[1:])]
        return strings_of([_written(row, output_encoding, errors, replacement_char) for row in rows])


def _written(points: Sequence[int], encoding: str, errors: str, replacement: int) -> bytes:
    text = []
    for point in points:
        if 0 <= point < 0x110000:
            text.append("\ufffd" if 0xD800 <= point < 0xE000 else chr(point))  # no half of a pair can be written
        elif errors == "strict":
            raise InvalidArgumentError(None, None, "Code point value out of valid Unicode range.")
        elif errors == "replace":
            text.append(chr(replacement))
    return "".join(text).encode(_OUTPUTS[encoding])


@op(
    "UnicodeTranscode(input: string) -> (output: string)",
    input_encoding=attr("string"),
    output_encoding=Attr("string", allowed=tuple(_OUTPUTS)),
    errors=_errors(),
    replacement_char=65533,
    replace_control_characters=False,
)
class UnicodeTranscode:
    """The strings in another encoding."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([b"caf\xe9"], object), input_encoding="ISO-8859-1", output_encoding="UTF-8")]

    def cpu(input, input_encoding, output_encoding, errors, replacement_char, replace_control_characters):
        def transcoded(text: bytes) -> bytes:
            points = _settled(text, input_encoding, errors, replacement_char, replace_control_characters)
            return "".join(chr(point) for point, _ in points).encode(_OUTPUTS[output_encoding])

        return each(input, transcoded)


# ICU's numbers of the scripts, by the first word of the names of their characters.
_SCRIPTS = {
    "ARABIC": 2, "ARMENIAN": 3, "BENGALI": 4, "BOPOMOFO": 5, "CHEROKEE": 6, "COPTIC": 7, "CYRILLIC": 8, "DESERET": 9,
    "DEVANAGARI": 10, "ETHIOPIC": 11, "GEORGIAN": 12, "GOTHIC": 13, "GREEK": 14, "GUJARATI": 15, "GURMUKHI": 16,
    "CJK": 17, "HANGUL": 18, "HEBREW": 19, "HIRAGANA": 20, "KANNADA": 21, "KATAKANA": 22, "KHMER": 23, "LAO": 24,
    "LATIN": 25, "MALAYALAM": 26, "MONGOLIAN": 27, "MYANMAR": 28, "OGHAM": 29, "ORIYA": 31, "RUNIC": 32, "SINHALA": 33,
    "SYRIAC": 34, "TAMIL": 35, "TELUGU": 36, "THAANA": 37, "THAI": 38, "TIBETAN": 39,
}  # fmt: skip


def _script(point: int) -> int:
    if not 0 <= point < 0x110000:
        return -1
    category = unicodedata.category(chr(point))
    if category in ("Mn", "Me"):
        return 1  # inherited from what it is put upon
    if category[0] not in "LM" and category != "Nl":
        return 0  # common to all
    word = unicodedata.name(chr(point), "").split(" ")[0].split("-")[0]
    return _SCRIPTS.get(word, 0)


@op("UnicodeScript(input: int32) -> (output: int32)")
class UnicodeScript:
    """The script of each code point, by ICU's numbers; -1 for what is no code point."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample([97, 0x4E2D])]

    def cpu(input):
        points = np.asarray(input)
        return np.array([_script(point) for point in points.reshape(-1).tolist()], np.int32).reshape(points.shape)
