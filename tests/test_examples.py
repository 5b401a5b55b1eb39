"""Every program in examples/ runs as its user would run it, and prints what it promises."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"

pytestmark = pytest.mark.native


class Program(NamedTuple):
    arguments: list[str]
    is_right: Callable[[str], bool]  # of what it prints


def mnist_folder() -> str:
    """Where the Makefile puts MNIST, so that it is downloaded once."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(os.environ.get("PYFLOW_CACHE") or os.path.join(cache, "pyflow"), "mnist")


def accuracy_in(output: str) -> float:
    return float(re.findall(r"test accuracy (\d\.\d+)", output)[-1])


PROGRAMS = {
    "mnist_two_layers.py": Program(
        [f"--data_dir={mnist_folder()}", "--steps=2000"], lambda output: accuracy_in(output) >= 0.975
    ),
}


def test_every_program_is_listed_here():
    assert sorted(PROGRAMS) == sorted(path.name for path in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_prints_what_it_promises(name, tmp_path):
    result = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name), *PROGRAMS[name].arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert PROGRAMS[name].is_right(result.stdout), result.stdout
