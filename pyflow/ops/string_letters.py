"""Strings in other letters: lower and upper case, without blanks around, base64."""

from __future__ import annotations

import base64
import re
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.shape_rules import same_as
from pyflow.ops.string_arrays import each

_TEXTS = np.array([b"Ab", b" cD\t"], object)


def _is_unicode(encoding: str) -> bool:
    if encoding.lower() not in ("", "utf-8"):
        words = f"only utf-8 or '' (no encoding) is supported, received {encoding}"
        raise InvalidArgumentError(None, None, words)
    return bool(encoding)


@op("StringLower(input: string) -> (output: string)", encoding="")
class StringLower:
    """The strings in small letters: of ASCII, or of all of Unicode where the encoding is utf-8."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(_TEXTS)]

    def cpu(input, encoding):
        unicode = _is_unicode(encoding)
        return each(input, (lambda t: t.decode("utf-8", "replace").lower().encode()) if unicode else bytes.lower)


@op("StringUpper(input: string) -> (output: string)", encoding="")
class StringUpper:
    """The strings in capital letters: of ASCII, or of all of Unicode where the encoding is utf-8."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(_TEXTS)]

    def cpu(input, encoding):
        unicode = _is_unicode(encoding)
        return each(input, (lambda t: t.decode("utf-8", "replace").upper().encode()) if unicode else bytes.upper)


@op("StringStrip(input: string) -> (output: string)")
class StringStrip:
    """The strings without blanks at their ends."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(_TEXTS)]

    def cpu(input):
        return each(input, bytes.strip)


@op("EncodeBase64(input: string) -> (output: string)", pad=False)
class EncodeBase64:
    """The strings in the web's base64 (RFC 4648, with - and _)."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(_TEXTS)]

    def cpu(input, pad):
        encode = base64.urlsafe_b64encode
        return each(input, encode if pad else lambda text: encode(text).rstrip(b"="))


@op("DecodeBase64(input: string) -> (output: string)")
class DecodeBase64:
    """What is encoded in the web's base64, with or without padding."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([b"YQ", b"YWI="], object))]

    def cpu(input):
        return each(input, _decoded)


def _decoded(text: bytes) -> bytes:
    digits = text.rstrip(b"=") if len(text) % 4 == 0 and not text.endswith(b"===") else text
    if len(digits) % 4 == 1:
        raise InvalidArgumentError(None, None, "Base64 string length cannot be 1 modulo 4.")
    if not re.fullmatch(rb"[A-Za-z0-9_-]*", digits):
        raise InvalidArgumentError(None, None, "Invalid character found in base64.")
    return base64.urlsafe_b64decode(digits + b"=" * (-len(digits) % 4))


@export("strings.lower")
def string_lower(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """The strings in small letters: of ASCII, or of all of Unicode for the encoding "utf-8"."""
    return StringLower(input, encoding=encoding, name=name)


@export("strings.upper")
def string_upper(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """The strings in capital letters: of ASCII, or of all of Unicode for the encoding "utf-8"."""
    return StringUpper(input, encoding=encoding, name=name)


string_strip = export("string_strip", "strings.strip")(StringStrip)
encode_base64 = export("encode_base64", "io.encode_base64")(EncodeBase64)
decode_base64 = export("decode_base64", "io.decode_base64")(DecodeBase64)
