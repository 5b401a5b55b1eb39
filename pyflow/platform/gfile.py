"""tf.gfile and tf.io.gfile: the functions of file_io under their public names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pyflow.core.api import export
from pyflow.platform import file_io
from pyflow.platform.file_io import FileIO, FileStatistics
from pyflow.platform.file_io import copy as Copy
from pyflow.platform.file_io import create_dir as MkDir
from pyflow.platform.file_io import delete_file as Remove
from pyflow.platform.file_io import delete_recursively as DeleteRecursively
from pyflow.platform.file_io import file_exists as Exists
from pyflow.platform.file_io import get_matching_files as Glob
from pyflow.platform.file_io import is_directory as IsDirectory
from pyflow.platform.file_io import list_directory as ListDirectory
from pyflow.platform.file_io import recursive_create_dir as MakeDirs
from pyflow.platform.file_io import rename as Rename
from pyflow.platform.file_io import stat as Stat

for _name, _function in {
    "Copy": Copy,
    "DeleteRecursively": DeleteRecursively,
    "Exists": Exists,
    "Glob": Glob,
    "IsDirectory": IsDirectory,
    "ListDirectory": ListDirectory,
    "MakeDirs": MakeDirs,
    "MkDir": MkDir,
    "Remove": Remove,
    "Rename": Rename,
    "Stat": Stat,
}.items():
    export(f"gfile.{_name}")(_function)


@export("gfile.GFile", "gfile.Open", "io.gfile.GFile")
class GFile(FileIO):
    """A file; see FileIO."""

    def __init__(self, name: Any, mode: str = "r"):
        super().__init__(name, mode)


@export("gfile.FastGFile")
class FastGFile(FileIO):
    """A file; see FileIO. In TF 1.15 the same as GFile, which is to be preferred."""

    def __init__(self, name: Any, mode: str = "r"):
        super().__init__(name, mode)


Open = GFile


@export("gfile.Walk")
def Walk(top: Any, in_order: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:
    """(directory, its directories, its files) for `top` and all below it, the top first if `in_order`."""
    return file_io.walk(top, in_order)


@export("io.gfile.copy")
def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copies a file; AlreadyExistsError when `dst` exists, unless `overwrite`."""
    file_io.copy(src, dst, overwrite)


@export("io.gfile.exists")
def exists(path: Any) -> bool:
    """Whether there is a file or directory of that name."""
    return file_io.file_exists(path)


@export("io.gfile.glob")
def glob(pattern: Any) -> list[str]:
    """The files that match one pattern or several."""
    return file_io.get_matching_files(pattern)


@export("io.gfile.isdir")
def isdir(path: Any) -> bool:
    """Whether that is a directory."""
    return file_io.is_directory(path)


@export("io.gfile.listdir")
def listdir(path: Any) -> list[str]:
    """The names in a directory; NotFoundError when there is none."""
    return file_io.list_directory(path)


@export("io.gfile.makedirs")
def makedirs(path: Any) -> None:
    """Makes a directory and those above it."""
    file_io.recursive_create_dir(path)


@export("io.gfile.mkdir")
def mkdir(path: Any) -> None:
    """Makes a directory; NotFoundError when the one above is missing."""
    file_io.create_dir(path)


@export("io.gfile.remove")
def remove(path: Any) -> None:
    """Deletes a file; NotFoundError when there is none."""
    file_io.delete_file(path)


@export("io.gfile.rename")
def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Moves a file or directory; AlreadyExistsError when `dst` exists, unless `overwrite`."""
    file_io.rename(src, dst, overwrite)


@export("io.gfile.rmtree")
def rmtree(path: Any) -> None:
    """Deletes a directory with all it holds; NotFoundError when there is none."""
    file_io.delete_recursively(path)


@export("io.gfile.stat")
def stat(path: Any) -> FileStatistics:
    """Size, time of change and kind of a file; NotFoundError when there is none."""
    return file_io.stat(path)


@export("io.gfile.walk")
def walk(
    top: Any, topdown: bool = True, onerror: Callable[[Any], Any] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """(directory, its directories, its files) for `top` and all below it; `onerror` is told what cannot be listed."""
    return file_io.walk(top, topdown, onerror)
