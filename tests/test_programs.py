"""Programs of TensorFlow 1's time run unmodified and print the numbers that TensorFlow 1.15.5 printed.

The outputs kept in tests/programs/printed are made by `/path/to/python3.7 tests/programs/print_all.py`.
"""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from pyflow.cli import main

FOLDER = Path(__file__).resolve().parent / "programs"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "print_all")
_NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?|\bnan\b|\binf\b")


def numbers(text: str) -> list[float]:
    return [float(number) for number in _NUMBER.findall(text)]


def words(text: str) -> str:
    """All but the numbers; how numpy aligns them in columns is not the program's doing."""
    return re.sub(r"\s+", "", _NUMBER.sub("#", text))


@pytest.fixture
def as_main(monkeypatch, own_tensorflow):
    """A program runs as `python -m pyflow run` runs it; afterwards all modules are what they were."""
    main_module = sys.modules["__main__"]
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(sys, "path", list(sys.path))
    random_state = np.random.get_state()
    with np.printoptions():
        yield
    np.random.set_state(random_state)
    sys.modules["__main__"] = main_module


@pytest.mark.parametrize("name", PROGRAMS)
def test_prints_what_tensorflow_printed(name, as_main, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert not main(["run", str(FOLDER / f"{name}.py")])
    printed = capsys.readouterr().out.splitlines()
    expected = (FOLDER / "printed" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    for line, wanted in zip(printed, expected):
        assert words(line) == words(wanted)
        for number, other in zip(numbers(line), numbers(wanted), strict=True):
            assert math.isclose(number, other, rel_tol=5e-4, abs_tol=5e-6) or math.isnan(number) and math.isnan(other)
    assert len(printed) == len(expected)
