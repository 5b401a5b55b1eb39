"""A process that dies: at one of the calls that change files, it gets no further, and nothing it does later happens.

What was written but not brought to the disk may be lost then too, as when the power fails.
"""

from __future__ import annotations

import builtins
import contextlib
import os
from collections.abc import Iterator
from typing import Any


class Death(BaseException):
    """Not an Exception: no handler of errors takes it for one."""


class DyingProcess:
    """Counts calls; at number `dies_at`, it dies.

    Args:
      dies_at: the number of the call, from 0; None for never.
      torn: whether that call, if it is a write, writes the first half.
      error: raised at that call in place of dying, and at all that write from then on.
    """

    def __init__(self, dies_at: int | None = None, torn: bool = False, error: OSError | None = None):
        self.calls = 0
        self.kinds: list[str] = []
        self._dies_at, self._torn, self._error = dies_at, torn, error
        self._dead = False
        self._unsynced: set[tuple[int, int]] = set()
        self._open = builtins.open

    def _step(self, kind: str) -> bool:
        """Whether the call happens only half; raises when it doesn't happen."""
        if self._dead:
            raise Death
        number = self.calls
        self.calls += 1
        self.kinds.append(kind)
        if self._dies_at is None or number < self._dies_at:
            return False
        if self._error is not None:
            if kind in ("remove", "close"):
                return False
            raise self._error
        self._dead = True
        if kind == "write" and self._torn:
            return True
        raise Death

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """The code in the context is that process; its death ends it."""
        real = {name: getattr(os, name) for name in ("replace", "rename", "link", "remove", "unlink", "mkdir", "rmdir")}
        real_fsync = os.fsync

        def patched(name: str) -> Any:
            def call(*args: Any, **kwargs: Any) -> Any:
                self._step("remove" if name in ("remove", "unlink", "rmdir") else name)
                return real[name](*args, **kwargs)

            return call

        def fsync(descriptor: int) -> None:
            self._step("fsync")
            real_fsync(descriptor)
            status = os.fstat(descriptor)
            self._unsynced.discard((status.st_dev, status.st_ino))

        def open_file(path: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            if not set(mode) & set("wax+"):
                return self._open(path, mode, *args, **kwargs)
            self._step("open")
            return _File(self, self._open(path, mode, buffering=0))

        for name in real:
            setattr(os, name, patched(name))
        os.fsync, builtins.open = fsync, open_file
        try:
            yield
        except Death:
            pass
        finally:
            for name, function in real.items():
                setattr(os, name, function)
            os.fsync, builtins.open = real_fsync, self._open

    @property
    def died(self) -> bool:
        return self._dead

    def lose_power(self, folder: str) -> None:
        """Cuts off files whose content has not been brought to the disk."""
        for root, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(root, name)
                status = os.stat(path)
                if (status.st_dev, status.st_ino) in self._unsynced:
                    os.truncate(path, status.st_size // 2)


class _File:
    def __init__(self, process: DyingProcess, file: Any):
        self._process, self._file = process, file

    def write(self, data: Any) -> int:
        view = memoryview(data)
        view = view.cast("B") if view.nbytes else view
        status = os.fstat(self._file.fileno())
        self._process._unsynced.add((status.st_dev, status.st_ino))
        if self._process._step("write"):
            self._file.write(view[: view.nbytes // 2])
            raise Death
        return self._file.write(view)

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
