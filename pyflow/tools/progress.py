"""Progress of long work, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any


def progress(items: Sequence, label: str) -> Iterator[Any]:
    """The items, one by one; on a terminal with a bar, by tqdm where that is installed."""
    if not sys.stderr.isatty() or len(items) < 2:
        yield from items
        return
    try:
        from tqdm import tqdm  # type: ignore[import-untyped, import-not-found]
    except ImportError:
        yield from _plain(items, label)
    else:
        yield from tqdm(items, desc=label, leave=False)


def _plain(items: Sequence, label: str) -> Iterator[Any]:
    shown = -1
    for i, item in enumerate(items):
        percent = 100 * i // len(items)
        if percent != shown:
            shown = percent
            print(f"\r{label}: {percent:3d}%", end="", file=sys.stderr, flush=True)
        yield item
    print(f"\r{' ' * (len(label) + 6)}\r", end="", file=sys.stderr, flush=True)
