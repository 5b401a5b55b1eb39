"""Test programs written as TensorFlow's own are, importing from its internals, pass when PyFlow is `tensorflow`.

They pass under TensorFlow 1.15.5 as well: `python tests/tensorflow_style/arrays.py`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = sorted((ROOT / "tests" / "tensorflow_style").glob("*.py"))
pytestmark = pytest.mark.native


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program_passes(program, tmp_path):
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pyflow", "run", str(program)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path, "TEST_TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    written = len(re.findall(r"^    def test", program.read_text(encoding="utf-8"), re.M))
    assert f"Ran {written} tests" in result.stderr


def test_failure_of_a_program_is_a_failure(tmp_path):
    program = tmp_path / "failing.py"
    program.write_text(
        "import tensorflow as tf\n\n\nclass FailingTest(tf.test.TestCase):\n    def testSum(self):\n"
        "        with self.cached_session():\n            self.assertAllEqual(tf.add(1, 2).eval(), 4)\n\n\n"
        "tf.test.main()\n"
    )
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    result = subprocess.run(
        [sys.executable, "-m", "pyflow", "run", str(program)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "FAILED (failures=1)" in result.stderr
