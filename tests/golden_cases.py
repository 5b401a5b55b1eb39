"""Cases that have been run under TensorFlow 1.15.5, with what they gave there: the files of `tests/golden`."""

from __future__ import annotations

import importlib
import json
import pathlib
import sys
from collections.abc import Callable
from typing import Any

import pytest

import pyflow as tf

_FOLDER = pathlib.Path(__file__).parent / "golden"


class Golden:
    """The cases of a module and the results kept in a file."""

    def __init__(self, module: str, results: str):
        # The modules import each other by plain names, as the oracle's Python 3.7 runs them in their folder.
        if str(_FOLDER) not in sys.path:
            sys.path.append(str(_FOLDER))
        self.cases: dict[str, Callable] = importlib.import_module(module).CASES
        self.expected: dict[str, Any] = json.loads((_FOLDER / results).read_text())

    def run(self, name: str) -> Any:
        """What a case gives under PyFlow."""
        return json.loads(json.dumps(self.cases[name](tf)))

    def check(self, name: str, rtol: float = 0.0) -> None:
        """Runs a case under PyFlow and compares; floats may differ by `rtol`."""
        given, expected = self.run(name), self.expected[name]
        assert given == (_approximately(expected, rtol) if rtol else expected)


def _approximately(value: Any, rtol: float) -> Any:
    if isinstance(value, list):
        return [_approximately(v, rtol) for v in value]
    if isinstance(value, dict):
        return {key: _approximately(v, rtol) for key, v in value.items()}
    return pytest.approx(value, rel=rtol) if isinstance(value, float) else value
