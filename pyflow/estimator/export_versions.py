"""Which exports of a folder are kept: filters of paths by version, that is, by time."""

from __future__ import annotations

import heapq
import os
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from pyflow.platform import compat, file_io

Path = namedtuple("Path", ("path", "export_version"))
Filter = Callable[[Any], list[Path]]


def _largest_export_versions(n: int) -> Filter:
    """Keeps the `n` newest; paths without a version don't count."""

    def keep(paths: Any) -> list[Path]:
        numbered = [(path.export_version, i) for i, path in enumerate(paths) if path.export_version is not None]
        return sorted(paths[i] for _, i in heapq.nlargest(n, numbered))

    return keep


def _one_of_every_n_export_versions(n: int) -> Filter:
    """Keeps the newest of each interval of `n` versions; intervals end at multiples of `n`."""

    def keep(paths: Any) -> list[Path]:
        newest: dict[int, Path] = {}
        for path in paths:
            version = path.export_version
            if version is None:
                continue
            interval = (version - 1) // n if version else 0
            if interval not in newest or newest[interval].export_version < version:
                newest[interval] = path
        return sorted(newest.values())

    return keep


def _mod_export_version(n: int) -> Filter:
    """Keeps the versions that `n` divides."""
    return lambda paths: sorted(path for path in paths if path.export_version % n == 0)


def _union(lf: Filter, rf: Filter) -> Filter:
    """Keeps what one of two filters keeps."""
    return lambda paths: sorted({*lf(paths), *rf(paths)})


def _negation(f: Filter) -> Filter:
    """Keeps what a filter doesn't."""
    return lambda paths: sorted(set(paths) - set(f(paths)))


def _get_paths(base_dir: Any, parser: Callable[[Path], Path | None]) -> list[Path]:
    """The entries of a folder, as `parser` has them; None leaves one out."""
    folder = compat.as_str_any(base_dir)
    names = [compat.as_str_any(name).removesuffix("/") for name in file_io.list_directory(folder)]
    parsed = [parser(Path(os.path.join(folder, name), None)) for name in names]
    return sorted(path for path in parsed if path)


def with_version(path: Path) -> Path | None:
    """A path with its version: exports are folders named by ten digits, the seconds since 1970."""
    name = os.path.basename(path.path)
    return path._replace(export_version=int(name)) if len(name) == 10 and name.isdigit() else None
