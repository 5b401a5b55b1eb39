"""tf.logging: Python's logger named "tensorflow", with TF 1.15's functions around it.

Messages at WARN and above go to stderr as `WARNING:tensorflow:...`; in an interactive shell those at INFO and above go
to stdout. Where the root logger has handlers already, those alone are used.
"""

from __future__ import annotations

import collections
import logging as _logging
import sys
import threading
from logging import DEBUG, ERROR, FATAL, INFO, WARN
from typing import Any, TextIO

from pyflow.core.api import export

_lock = threading.Lock()
_ready = False
_counts: collections.Counter[tuple[str, int]] = collections.Counter()


class _ConsoleHandler(_logging.StreamHandler):
    """Writes to what sys.stderr (or sys.stdout) is at the time of the message: notebooks and tests replace it."""

    def __init__(self, name: str):
        _logging.Handler.__init__(self)
        self._stream_name = name

    @property
    def stream(self) -> TextIO:  # pyright: ignore[reportIncompatibleVariableOverride]
        return getattr(sys, self._stream_name)


@export("get_logger")
def get_logger() -> _logging.Logger:
    """The logger behind tf.logging; given its handler and level at the first call."""
    global _ready
    logger = _logging.getLogger("tensorflow")
    with _lock:
        if not _ready:
            _ready = True
            if not _logging.getLogger().handlers:
                interactive = bool(getattr(sys, "ps1", sys.flags.interactive))
                if interactive:
                    logger.setLevel(INFO)
                handler = _ConsoleHandler("stdout" if interactive else "stderr")
                handler.setFormatter(_logging.Formatter(_logging.BASIC_FORMAT))
                logger.addHandler(handler)
    return logger


def _log(level: int, msg: Any, arguments: tuple[Any, ...], options: dict[str, Any] | None = None) -> None:
    # Three frames up: the caller of the public function is the one to name in the record.
    get_logger().log(level, msg, *arguments, **{"stacklevel": 3, **(options or {})})


@export("logging.log")
def log(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs `msg % args` at `level`."""
    _log(level, msg, args, kwargs)


@export("logging.vlog")
def vlog(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs `msg % args` at `level`."""
    _log(level, msg, args, kwargs)


@export("logging.debug")
def debug(msg: Any, *args: Any, **kwargs: Any) -> None:
    _log(DEBUG, msg, args, kwargs)


@export("logging.info")
def info(msg: Any, *args: Any, **kwargs: Any) -> None:
    _log(INFO, msg, args, kwargs)


@export("logging.warning")
def warning(msg: Any, *args: Any, **kwargs: Any) -> None:
    _log(WARN, msg, args, kwargs)


@export("logging.warn")
def warn(msg: Any, *args: Any, **kwargs: Any) -> None:
    _log(WARN, msg, args, kwargs)


@export("logging.error")
def error(msg: Any, *args: Any, **kwargs: Any) -> None:
    _log(ERROR, msg, args, kwargs)


@export("logging.fatal")
def fatal(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs at FATAL; the program goes on, as it does in TF."""
    _log(FATAL, msg, args, kwargs)


@export("logging.TaskLevelStatusMessage")
def TaskLevelStatusMessage(msg: Any) -> None:
    _log(ERROR, msg, ())


@export("logging.log_if")
def log_if(level: int, msg: Any, condition: Any, *args: Any) -> None:
    """Logs `msg % args` when `condition` is true."""
    if condition:
        _log(level, msg, args)


@export("logging.log_every_n")
def log_every_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Logs the first call from this line of the program, then every n-th."""
    if _calls_before() % n == 0:
        _log(level, msg, args)


@export("logging.log_first_n")
def log_first_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Logs the first n calls from this line of the program."""
    if _calls_before() < n:
        _log(level, msg, args)


def _calls_before() -> int:
    frame = sys._getframe(2)
    place = frame.f_code.co_filename, frame.f_lineno
    _counts[place] += 1
    return _counts[place] - 1


@export("logging.flush")
def flush() -> None:
    """Writes out what the logger's handlers still hold."""
    for handler in get_logger().handlers:
        handler.flush()


@export("logging.get_verbosity")
def get_verbosity() -> int:
    """The lowest level that is logged."""
    return get_logger().getEffectiveLevel()


@export("logging.set_verbosity")
def set_verbosity(v: int | str) -> None:
    """Logs nothing below level `v`."""
    get_logger().setLevel(v)


for _name, _level in {"DEBUG": DEBUG, "INFO": INFO, "WARN": WARN, "ERROR": ERROR, "FATAL": FATAL}.items():
    export(f"logging.{_name}")(_level)
