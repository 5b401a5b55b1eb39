"""Parsing of Examples, comma-separated values and raw bytes: what TensorFlow 1.15.5 gives, and its errors."""

from __future__ import annotations

import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("parsing_cases", "parsing.json")


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_case_gives_what_tensorflow_gives(name):
    GOLDEN.check(name)
