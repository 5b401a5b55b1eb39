"""Runs a program of the editor as `pyflow run` would: it is `__main__`, and its `import tensorflow` gives PyFlow."""

from __future__ import annotations

import gc
import linecache
import os
import shutil
import sys
import time
import traceback
import types
from typing import Any

import pyflow
from playground import charts, console, devices, figures, graphs, mnist_files, offered, profile, tell, threads
from playground.console import Console, Stream
from pyflow import as_tensorflow
from pyflow.core.scopes import default_session_stack
from pyflow.platform.flags import FLAGS

FOLDER = "/programs"  # where programs are; the examples, with what lies beside them, too
FILES = "/files"  # where they work
EXAMPLES = os.path.join(os.path.dirname(__file__), "examples")

_modules: set[str] = set()
_flags: dict[str, Any] = {}


def prepare() -> None:
    """Once, before the first program."""
    if _modules:
        return
    for folder in (FOLDER, FILES):
        os.makedirs(folder, exist_ok=True)
    shutil.copytree(EXAMPLES, FOLDER, dirs_exist_ok=True)
    as_tensorflow.install()
    mnist_files.install()
    charts.install()
    console.install()
    graphs.install()
    threads.install()
    _modules.update(sys.modules)
    _flags.update(_copy(vars(FLAGS)))


@offered
def run(name: str, source: str, device: str, profiled: bool) -> dict[str, Any]:
    """Runs a program; gives how it ended: {"status", "seconds", "message", "line", "files", "profile"}."""
    prepare()
    forget_last()
    figures.prepare(source)
    path = os.path.join(FOLDER, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(source)
    linecache.checkcache(path)
    before = listing()
    start = time.perf_counter()
    with Console(), profile.recording(profiled) as recorded, devices.chosen(device), graphs.watching():
        ending = execute(path, source)
        figures.show()
    ending["seconds"] = time.perf_counter() - start
    ending["files"] = sorted(file for file, stamp in listing().items() if before.get(file) != stamp)
    ending["profile"] = recorded.table() if recorded else None
    return ending


def forget_last() -> None:
    """What programs of one process would see of each other: graphs, sessions, flags, modules of their own."""
    default_session_stack.items.clear()
    pyflow.reset_default_graph()
    vars(FLAGS).clear()
    vars(FLAGS).update(_copy(_flags))
    for module in set(sys.modules) - _modules:
        if str(getattr(sys.modules[module], "__file__", "")).startswith((FOLDER, FILES)):
            del sys.modules[module]
    sys.path[:] = [entry for entry in sys.path if not entry.startswith(FOLDER)]
    gc.collect()


def _copy(state: dict[str, Any]) -> dict[str, Any]:
    return {key: value.copy() if isinstance(value, (dict, list, set)) else value for key, value in state.items()}


def execute(path: str, source: str) -> dict[str, Any]:
    script = types.ModuleType("__main__")
    script.__file__ = path
    vars(script)["__builtins__"] = __builtins__
    page, sys.modules["__main__"] = sys.modules["__main__"], script
    sys.argv = [path]
    sys.path.insert(0, os.path.dirname(path))
    os.chdir(FILES)
    try:
        exec(compile(source, path, "exec"), vars(script))
    except SystemExit as exit:
        return _exit(exit.code)
    except KeyboardInterrupt:
        return {"status": "stopped", "message": "Stopped"}
    except BaseException as error:
        return _failure(error, path)
    finally:
        sys.modules["__main__"] = page
    return {"status": "done"}


def _exit(code: Any) -> dict[str, Any]:
    if code is None or code == 0:
        return {"status": "done"}
    return {"status": "failed", "message": f"The program ended with {code!r}"}


def _failure(error: BaseException, path: str) -> dict[str, Any]:
    """Prints the error as Python does, with the frames of the program alone, and says on which of its lines it was."""
    told = traceback.TracebackException.from_exception(error)
    _leave_frames_of_program(told)
    text = "".join(told.format())
    Stream("err").write(text)
    lines = [frame.lineno for frame in told.stack or () if frame.filename == path]
    if isinstance(error, SyntaxError) and error.filename == path:
        lines.append(error.lineno)
    kind = type(error).__name__
    first = f"{kind}: {error.msg}" if isinstance(error, SyntaxError) else "".join(told.format_exception_only())
    return {"status": "failed", "message": first.strip().split("\n")[0], "line": lines[-1] if lines else None}


def _leave_frames_of_program(told: traceback.TracebackException) -> None:
    """Takes out what is not of the program or its modules; and what errors it came from that have nothing else."""
    frames = [frame for frame in told.stack if frame.filename.startswith((FOLDER, FILES))]
    told.stack = traceback.StackSummary.from_list(frames)
    for name in ("__cause__", "__context__"):
        origin = getattr(told, name)
        if origin is not None:
            _leave_frames_of_program(origin)
            if not origin.stack:
                setattr(told, name, None)
    if not frames:
        told.stack = None  # type: ignore[assignment]  # no heading either


def listing() -> dict[str, tuple[int, float]]:
    """Size and time of every file that programs have written."""
    found = {}
    for folder, _, names in os.walk(FILES):
        for name in names:
            path = os.path.join(folder, name)
            stat = os.stat(path)
            found[path] = stat.st_size, stat.st_mtime
    return found


@offered
def version() -> str:
    """Prepares for programs; gives PyFlow's version."""
    prepare()
    tell("devices", devices.available())
    return pyflow.__version__
