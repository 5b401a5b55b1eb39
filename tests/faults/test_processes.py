"""Real processes: killed while they save, and saving into one folder at the same time."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
PROGRAM = HERE / "killed_children.py"

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="children are made by fork"),
]


def run(folder, what, count):
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent.parent), "OPENBLAS_NUM_THREADS": "1"}
    result = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder), what, str(count)], env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


def test_killed_processes_leave_whole_checkpoints(tmp_path):
    run(tmp_path, "kill", 25)


def test_two_processes_save_under_one_name(tmp_path):
    run(tmp_path, "together", 12)
