"""TensorFlow 1.15 itself, where PYFLOW_TF115 names a Python 3.7 that has it.

What tests/golden keeps is what it gives, and models that PyFlow trained and saved go on training there, and back.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import pyflow as tf
from tests.golden import resumed_cases

PYTHON = os.environ.get("PYFLOW_TF115")
FOLDER = Path(__file__).resolve().parent.parent / "golden"
MAKERS = sorted(path.name for path in FOLDER.glob("make_*.py"))

pytestmark = pytest.mark.skipif(not PYTHON, reason="PYFLOW_TF115 names no Python with TensorFlow 1.15")


def same(a: Any, b: Any) -> bool:
    """Whether two results are equal; the last digits of sums differ from run to run."""
    if isinstance(a, float) and isinstance(b, float):
        return a == pytest.approx(b, rel=1e-4, abs=1e-7, nan_ok=True)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def run(folder: Path, *arguments: Any) -> str:
    """What a script prints there."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    command = [str(PYTHON), "-W", "ignore", *map(str, arguments)]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("maker", MAKERS)
def test_kept_results_are_tensorflow_s(maker, tmp_path):
    folder = tmp_path / "tests" / "golden"
    shutil.copytree(FOLDER, folder)
    (tmp_path / "pyflow").symlink_to(FOLDER.parent.parent / "pyflow")
    before = {path.name: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    run(tmp_path, folder / maker)
    written = [path for path in folder.rglob("*.json") if path.stat().st_mtime_ns != before.get(path.name)]
    assert written, "nothing was written"
    for path in written:
        kept = json.loads((FOLDER / path.relative_to(folder)).read_text())
        given = json.loads(path.read_text())
        assert [name for name in {**kept, **given} if not same(kept.get(name), given.get(name))] == [], path.name


@pytest.mark.parametrize("program", resumed_cases.PROGRAMS, ids=lambda program: program.__name__)
@pytest.mark.parametrize("writer", ["pyflow", "tensorflow"])
def test_training_goes_on_in_the_other(writer, program, tmp_path):
    script, prefix = FOLDER / "resumed_cases.py", tmp_path / "model"
    if writer == "pyflow":
        resumed_cases.start(tf, program, str(prefix))
        theirs = json.loads(run(tmp_path, script, "resume", prefix).splitlines()[-1])
    else:
        theirs = json.loads(run(tmp_path, script, "start", program.__name__, prefix).splitlines()[-1])
    assert resumed_cases.resume(tf, str(prefix)) == pytest.approx(theirs, abs=1e-5)
