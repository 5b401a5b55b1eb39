"""Cases that have been run under TensorFlow 1.15.5, with what they gave there: the files of `tests/golden`."""

from __future__ import annotations

import importlib
import json
import pathlib
import sys
from collections.abc import Callable
from typing import Any

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

    def check(self, name: str) -> None:
        """Runs a case under PyFlow and compares."""
        assert self.run(name) == self.expected[name]
