"""`pyflow run SCRIPT` runs a program as `python SCRIPT` would, with PyFlow as TensorFlow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.native

PROGRAM = '''"""Adds."""
import os
import sys
import tensorflow as tf
import beside

tf.app.flags.DEFINE_integer("number", 3, "what is added")
FLAGS = tf.app.flags.FLAGS


def main(argv):
    total = tf.constant(beside.NUMBER) + FLAGS.number
    with tf.Session() as session:
        print(session.run(total), argv[1:], __name__, os.path.basename(__file__), os.path.basename(sys.argv[0]))
    if FLAGS.number == 7:
        raise tf.errors.NotFoundError(None, None, "seven is not found")
    return FLAGS.number - 3


if __name__ == "__main__":
    tf.app.run()
'''


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "add.py").write_text(PROGRAM)
    (tmp_path / "programs" / "beside.py").write_text("NUMBER = 10\n")
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "pyflow", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )


def test_script_runs(folder):
    result = run(folder, "run", "programs/add.py")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "13 [] __main__ add.py add.py\n"


def test_arguments_are_the_script_s(folder):
    result = run(folder, "run", "programs/add.py", "--number=4", "-h5", "rest")
    assert result.stdout == "14 ['-h5', 'rest'] __main__ add.py add.py\n"
    assert result.returncode == 1, "what main returns is the exit code"


def test_help_is_the_script_s(folder):
    result = run(folder, "run", "programs/add.py", "--help")
    assert result.stdout.startswith("Adds.\nflags:\n")
    assert "what is added" in result.stdout


def test_error_is_shown_from_the_script_on(folder):
    result = run(folder, "run", "programs/add.py", "--number=7")
    assert result.returncode == 1
    assert result.stderr.startswith('Traceback (most recent call last):\n  File "programs/add.py", line')
    assert "pyflow/cli.py" not in result.stderr
    assert "seven is not found" in result.stderr.splitlines()[-1]


def test_exit_code_is_the_script_s(folder):
    (folder / "leave.py").write_text("import sys, tensorflow\nsys.exit(5)\n")
    assert run(folder, "run", "leave.py").returncode == 5


def test_script_may_look_at_itself(folder):
    source = "import inspect, pickle, sys, tensorflow\ndef f(): return 1\nclass A: pass\n"
    source += "print(inspect.getsource(f).strip(), type(pickle.loads(pickle.dumps(A()))) is A)\n"
    source += "print(sys.modules['__main__'].f is f)\n"
    (folder / "look.py").write_text(source)
    result = run(folder, "run", "look.py")
    assert result.stdout == "def f(): return 1 True\nTrue\n", result.stderr


def test_syntax_error_is_shown(folder):
    (folder / "wrong.py").write_text("x = (\n")
    result = run(folder, "run", "wrong.py")
    assert result.returncode == 1
    assert result.stderr.startswith('  File "wrong.py", line 1\n')


def test_module_runs(folder):
    result = run(folder / "programs", "run", "-m", "add", "--number=5")
    assert result.stdout == "15 [] __main__ add.py add.py\n"
    assert result.returncode == 2


def test_script_that_is_not_there(folder):
    result = run(folder, "run", "nothing.py")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "pyflow run: can't open file 'nothing.py': No such file or directory\n"


def test_command_is_required(folder):
    result = run(folder)
    assert result.returncode == 2
    assert "usage: pyflow" in result.stderr
