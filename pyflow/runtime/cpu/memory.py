"""Memory that a run frees stays with the process for the next run, which needs as much again.

By default glibc gives large arrays back to the system at once, and to get them anew costs as much as to fill them.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
# What may be free at most before it is given back; arrays larger than the second are mapped each for itself.
_KEPT_BYTES, _LARGEST_BYTES = 1 << 28, 1 << 25


def keep_freed() -> None:
    """Sets glibc's thresholds, unless the environment has."""
    if not sys.platform.startswith("linux") or platform.libc_ver()[0] != "glibc":
        return
    if "MALLOC_TRIM_THRESHOLD_" in os.environ or "MALLOC_MMAP_THRESHOLD_" in os.environ:
        return
    library = ctypes.CDLL(None)
    library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
    library.mallopt(_MMAP_THRESHOLD, _LARGEST_BYTES)
