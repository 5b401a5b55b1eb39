"""Files that are whole or not there, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from typing import Any, BinaryIO

from pyflow.io.file_errors import errors_about

# Longer than any move of files takes; after that, whoever has the lock is taken to hang.
_MOST_SECONDS_LOCKED = 30.0


def temporary_suffix() -> str:
    """What makes the name of a file one that nobody else writes to."""
    return f".tempstate{uuid.uuid4().int % 2**64}"


def sync_file(file: BinaryIO) -> None:
    """Waits until what was written is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(path: str) -> None:
    """Waits until what was renamed in a folder is so on the disk, where the system can tell."""
    try:
        descriptor = os.open(path or ".", os.O_RDONLY)
    except OSError:
        return  # Windows does not open folders
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # nor do all file systems sync them
    finally:
        os.close(descriptor)


def remove(path: str) -> None:
    """Removes a file if that can be done."""
    with contextlib.suppress(OSError):
        os.remove(path)


@contextlib.contextmanager
def put_durably(path: str) -> Iterator[BinaryIO]:
    """A file to write to that takes its place at the end; until then, and after an error, the old one is there.

    Raises:
      OpError: the class for the operating system's error.
    """
    temporary = path + temporary_suffix()
    try:
        with errors_about(path):
            with open(temporary, "wb") as file:
                yield file
                sync_file(file)
            os.replace(temporary, path)
            sync_folder(os.path.dirname(path))
    except BaseException:
        remove(temporary)
        raise


def duplicate(source: str, target: str) -> None:
    """Gives a file a second name; where the file system has no such thing, a copy."""
    remove(target)
    try:
        os.link(source, target)
    except (OSError, AttributeError, NotImplementedError):
        with open(source, "rb") as reader, open(target, "wb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)
            sync_file(writer)


@contextlib.contextmanager
def locked_folder(path: str) -> Iterator[None]:
    """Keeps other processes that ask for the same out meanwhile, where the system has locks; a crash frees it."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, ImportError, AttributeError):
            fcntl: Any = importlib.import_module("fcntl")
            descriptor = os.open(path or ".", os.O_RDONLY)
            stack.callback(os.close, descriptor)
            give_up = time.monotonic() + _MOST_SECONDS_LOCKED
            while time.monotonic() < give_up:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    time.sleep(0.005)
        yield
