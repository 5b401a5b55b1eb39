"""The command line: `pyflow run SCRIPT [ARGS ...]`, also `python -m pyflow run ...`."""

from __future__ import annotations

import argparse
import os
import runpy
import sys

from pyflow import as_tensorflow


def main(argv: list[str] | None = None) -> int:
    """Runs a command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="pyflow", description="TensorFlow 1 programs on today's Python.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run an unmodified TensorFlow 1 script: its `import tensorflow` gives PyFlow")
    run.add_argument("script", help="a Python file")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="arguments of the script")
    options = parser.parse_args(argv)
    return _run(options.script, options.arguments)


def _run(script: str, arguments: list[str]) -> int:
    if not os.path.exists(script):
        print(f"pyflow run: {script}: no such file", file=sys.stderr)
        return 2
    as_tensorflow.install()
    sys.argv = [script, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
    runpy.run_path(script, run_name="__main__")
    return 0
