"""What tests/golden keeps is what TensorFlow 1.15 gives, where PYFLOW_TF115 names a Python 3.7 that has it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

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


@pytest.mark.parametrize("maker", MAKERS)
def test_kept_results_are_tensorflow_s(maker, tmp_path):
    folder = tmp_path / "tests" / "golden"
    shutil.copytree(FOLDER, folder)
    (tmp_path / "pyflow").symlink_to(FOLDER.parent.parent / "pyflow")
    before = {path.name: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    command = [str(PYTHON), "-W", "ignore", str(folder / maker)]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    written = [path for path in folder.rglob("*.json") if path.stat().st_mtime_ns != before.get(path.name)]
    assert written, "nothing was written"
    for path in written:
        kept = json.loads((FOLDER / path.relative_to(folder)).read_text())
        given = json.loads(path.read_text())
        assert [name for name in {**kept, **given} if not same(kept.get(name), given.get(name))] == [], path.name
