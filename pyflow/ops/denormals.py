"""Numbers too small to be normal count as zero in large runs, as in TensorFlow: processors take a hundred times as long
for each of them.

The processor's mode is set through C's floating-point environment, where that has a layout known here: glibc on x86-64.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from typing import Any

# Flush results to zero, take arguments for zero: bits of the register MXCSR, which stands in fenv_t at this offset.
_FLUSH, _OFFSET, _SIZE = 0x8040, 28, 32


def _load() -> Any:
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "fegetenv") and hasattr(library, "fesetenv") else None


_library = _load()
_Environment = ctypes.c_char * _SIZE


class Flushed:
    """`with Flushed():` sets the mode for this thread, and sets it back."""

    def __enter__(self) -> None:
        self._before = before = _Environment()
        if _library is not None:
            _library.fegetenv(before)
            flushing = _Environment.from_buffer_copy(before)
            register = ctypes.c_uint32.from_buffer(flushing, _OFFSET)
            register.value |= _FLUSH
            _library.fesetenv(flushing)

    def __exit__(self, *exc: Any) -> None:
        if _library is not None:
            _library.fesetenv(self._before)
