"""The command line: `pyflow run SCRIPT [ARGS ...]`, `inspect`, `convert`, `freeze`, `doctor`, `playground`.

It is also `python -m pyflow ...`.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import io
import os
import runpy
import sys
import types

import pyflow
from pyflow import as_tensorflow
from pyflow.tools.commands import add_file_commands, run_file_command


def main(argv: list[str] | None = None) -> int:
    """Runs a command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="pyflow", description="TensorFlow 1 programs on today's Python.")
    parser.add_argument("--version", action="version", version=f"PyFlow, TensorFlow API {pyflow.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="run an unmodified TensorFlow 1 script: its `import tensorflow` gives PyFlow",
        usage="pyflow run [-h] (SCRIPT | -m MODULE) ...",
    )
    run.add_argument("-m", dest="is_module", action="store_true", help="run a module, found as Python's -m finds it")
    run.add_argument("program", metavar="SCRIPT", help="a Python file")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="arguments of the program")
    add_file_commands(commands)
    options = parser.parse_args(argv)
    if options.command != "run":
        return run_file_command(options)
    return _run(options.program, options.arguments, options.is_module)


def _run(program: str, arguments: list[str], is_module: bool) -> int:
    as_tensorflow.install()
    sys.argv = [program, *arguments]
    if is_module:
        sys.path.insert(0, os.getcwd())
        runpy.run_module(program, run_name="__main__", alter_sys=True)
        return 0
    try:
        with io.open_code(os.path.abspath(program)) as file:
            source = file.read()
    except OSError as error:
        print(f"pyflow run: can't open file '{program}': {error.strerror}", file=sys.stderr)
        return 2
    sys.path.insert(0, os.path.dirname(os.path.realpath(program)))
    return _execute(source, program)


def _execute(source: bytes, path: str) -> int:
    """Runs a script as Python would: it is `__main__` from now on; its errors are shown without frames of this file."""
    script = types.ModuleType("__main__")
    script.__file__ = path
    script.__loader__ = importlib.machinery.SourceFileLoader("__main__", path)
    script.__spec__ = None
    vars(script)["__builtins__"] = __builtins__
    sys.modules["__main__"] = script
    try:
        exec(compile(source, path, "exec"), vars(script))
    except Exception as error:
        frames = error.__traceback__.tb_next if error.__traceback__ else None
        sys.excepthook(type(error), error.with_traceback(frames), frames)
        return 1
    return 0
