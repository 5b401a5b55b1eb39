"""tf.app.run: parses what it knows, hands the rest to main, exits with what main returns."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.native

PROGRAM = '''"""What %s does, 100%% sure.

More of it.
"""
from pyflow.platform import app, flags

flags.DEFINE_boolean("myflag", False, "a flag of the program")
flags.DEFINE_integer("steps", 5, "another")
FLAGS = flags.FLAGS

def main(argv):
    print(argv[1:], FLAGS.myflag, FLAGS.steps)
    return FLAGS.steps

if __name__ == "__main__":
    app.run()
'''


@pytest.fixture
def run(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(PROGRAM)

    def run(*arguments):
        command = [sys.executable, "script.py", *arguments]
        return subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)

    return run


def test_main_gets_what_is_not_a_known_flag_and_gives_the_exit_status(run):
    result = run("--myflag", "--passthrough", "extra", "--steps=3")
    assert result.stdout == "['--passthrough', 'extra'] True 3\n", result.stderr
    assert result.returncode == 3


def test_help_shows_the_main_module_alone(run):
    result = run("--help")
    assert result.returncode == 1
    assert result.stdout == (
        "What script.py does, 100% sure.\n\nMore of it.\n\nflags:\n\nscript.py:\n"
        "  --[no]myflag: a flag of the program\n    (default: 'false')\n"
        "  --steps: another\n    (default: '5')\n    (an integer)\n"
        "\nTry --helpfull to get a list of all flags.\n"
    )
    assert run("-?").stdout == run("--helpshort").stdout == result.stdout


def test_helpfull_shows_all_modules(run):
    result = run("--helpfull")
    assert result.returncode == 1
    assert "--steps: another" in result.stdout and "-?,--[no]help: show this help" in result.stdout
    assert "--undefok:" in result.stdout


def test_a_value_that_does_not_parse_ends_the_program(run):
    result = run("--steps=many")
    assert result.returncode == 1
    assert "IllegalFlagValueError: flag --steps=many: invalid literal for int()" in result.stderr
