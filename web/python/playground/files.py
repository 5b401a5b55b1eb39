"""The files under /files: which there are, and a zip of them to take away."""

from __future__ import annotations

import os
import shutil
import zipfile

from playground import offered
from playground.programs import FILES, listing


@offered
def tree() -> list[tuple[str, int]]:
    """Every file's path under /files, and its size."""
    return sorted((path, size) for path, (size, _) in listing().items())


@offered
def remove(path: str) -> None:
    """Removes a file."""
    if os.path.realpath(path).startswith(FILES + "/"):
        os.remove(path)


@offered
def clear() -> None:
    """Removes all files."""
    for name in os.listdir(FILES):
        path = os.path.join(FILES, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


@offered
def pack(paths: list[str]) -> str:
    """Puts files into a zip; gives its path."""
    target = "/tmp/files.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in paths:
            archive.write(path, os.path.relpath(path, FILES))
    return target
