"""Files as TF 1.15 sees them: FileIO and the functions behind tf.gfile, with tf.errors exceptions.

What goes wrong in the operating system becomes the tf.errors class that TF maps its errno to, with TF's words
(`<path>; <reason>`). Paths may be str, bytes or path objects.
"""

from __future__ import annotations

import binascii
import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

from pyflow.core import errors
from pyflow.io.durable_files import remove, sync_file, sync_folder
from pyflow.io.file_errors import errors_about
from pyflow.io.file_patterns import matching_paths
from pyflow.platform import compat

BLOCK_SIZE = 16 * 1024 * 1024


def _native(path: Any) -> str:
    return os.fsdecode(compat.as_bytes(compat.path_to_str(path)))


class FileStatistics(NamedTuple):
    """Size in bytes, time of the last change in nanoseconds (whole seconds), whether it is a directory."""

    length: int
    mtime_nsec: int
    is_directory: bool


class FileIO:
    """A file that is opened at the first read or write, not before.

    Reads and writes are apart, as in TF: `r+` and `w+` read from the start of the file, and write to an emptied one. In
    text mode (no "b") what is read is decoded as UTF-8; line ends are kept, but readline drops carriage returns.
    InvalidArgumentError for another mode than r, w, a, r+, w+, a+ and those with b.
    """

    def __init__(self, name: Any, mode: str):
        self.__name = name
        self.__mode = mode
        self._reader: BinaryIO | None = None
        self._writer: BinaryIO | None = None
        self._binary = "b" in mode
        kind = mode.replace("b", "")
        if kind not in ("r", "w", "a", "r+", "w+", "a+"):
            raise errors.InvalidArgumentError(None, None, "mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+'")
        self._may_read = kind not in ("w", "a")
        self._may_write = kind != "r"

    @property
    def name(self) -> Any:
        return self.__name

    @property
    def mode(self) -> str:
        return self.__mode

    def _for_reading(self) -> BinaryIO:
        if self._reader is None:
            if not self._may_read:
                raise errors.PermissionDeniedError(None, None, "File isn't open for reading")
            with errors_about(self.name):
                self._reader = open(_native(self.name), "rb")
        return self._reader

    def _for_writing(self) -> BinaryIO:
        if self._writer is None:
            if not self._may_write:
                raise errors.PermissionDeniedError(None, None, "File isn't open for writing")
            with errors_about(self.name):
                self._writer = open(_native(self.name), "ab" if "a" in self.mode else "wb")
        return self._writer

    def _as_read(self, content: bytes) -> Any:
        return content if self._binary else content.decode("utf-8")

    def size(self) -> int:
        """Bytes in the file on disk."""
        return stat(self.name).length

    def write(self, file_content: Any) -> None:
        """Writes str (as UTF-8) or bytes; TypeError for anything else."""
        writer = self._for_writing()
        with errors_about(self.name):
            writer.write(compat.as_bytes(file_content))

    def read(self, n: int | None = -1) -> Any:
        """Up to `n` bytes from the present position; to the end of the file for -1."""
        reader = self._for_reading()
        with errors_about(self.name):
            return self._as_read(reader.read(-1 if n is None else n))

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Moves the reading position, from the start (whence 0), the present position (1) or the end (2).

        `position` is an old name for `offset`. InvalidArgumentError before the start, OutOfRangeError after the end.
        """
        reader = self._for_reading()
        if offset is not None and position is not None:
            raise TypeError("seek(): offset and position may not be set simultaneously.")
        target = position if offset is None else offset
        if target is None:
            raise TypeError("seek(): offset argument required")
        if whence not in (0, 1, 2):
            message = f"Invalid whence argument: {whence}. Valid values are 0, 1, or 2."
            raise errors.InvalidArgumentError(None, None, message)
        target += (0, self.tell(), self.size())[whence] if whence else 0
        if target < 0:
            raise errors.InvalidArgumentError(None, None, f"Seeking to a negative position: {target}")
        size = self.size()
        reader.seek(min(target, size))
        if target > size:
            raise errors.OutOfRangeError(None, None, "reached end of file")

    def readline(self) -> Any:
        """The next line with its "\\n"; empty at the end of the file."""
        reader = self._for_reading()
        with errors_about(self.name):
            return self._as_read(reader.readline().replace(b"\r", b""))

    def readlines(self) -> list[Any]:
        """All lines from the present position on."""
        return list(self)

    def tell(self) -> int:
        """The position of reading; of writing when the file is open for that alone."""
        return (self._for_reading() if self._may_read else self._for_writing()).tell()

    def __enter__(self) -> FileIO:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __iter__(self) -> FileIO:
        return self

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    next = __next__

    def flush(self) -> None:
        """Hands what was written to the operating system."""
        if self._writer is not None:
            with errors_about(self.name):
                self._writer.flush()

    def close(self) -> None:
        """Closes the file; the next read or write would open it again."""
        reader, writer, self._reader, self._writer = self._reader, self._writer, None, None
        if reader is not None:
            reader.close()
        if writer is not None:
            with errors_about(self.name):
                writer.close()

    def seekable(self) -> bool:
        return True

    def __del__(self) -> None:
        self.close()  # What was written must reach the file even when the program forgets to close it.


def file_exists(filename: Any) -> bool:
    """Whether there is a file or directory of that name."""
    return os.path.exists(_native(filename))


def delete_file(filename: Any) -> None:
    """Deletes a file; NotFoundError when there is none, FailedPreconditionError for a directory."""
    if is_directory(filename) and not os.path.islink(_native(filename)):
        raise errors.FailedPreconditionError(None, None, f"{compat.as_str_any(filename)}; Is a directory")
    with errors_about(filename):
        os.unlink(_native(filename))


def read_file_to_string(filename: Any, binary_mode: bool = False) -> Any:
    """The whole file, as str or (binary_mode) as bytes."""
    with FileIO(filename, "rb" if binary_mode else "r") as file:
        return file.read()


def write_string_to_file(filename: Any, file_content: Any) -> None:
    """Replaces the file's content."""
    with FileIO(filename, "w") as file:
        file.write(file_content)


def atomic_write_string_to_file(filename: str, contents: Any, overwrite: bool = True) -> None:
    """Writes beside the file, waits for the disk, and renames: the file never holds a part of `contents`."""
    path = _native(filename)
    partial = f"{path}.tmp{uuid.uuid4().hex}"
    try:
        with errors_about(partial), open(partial, "wb") as file:
            file.write(compat.as_bytes(contents))
            sync_file(file)
        rename(partial, filename, overwrite)
        sync_folder(os.path.dirname(path))
    except BaseException:
        remove(partial)
        raise


def get_matching_files(filename: Any) -> list[str]:
    """The files that match a glob pattern, or any of several, sorted for each.

    `*`, `?` and `[...]` match within one level of directories; a pattern without a directory gives names that start
    with "./". NotFoundError when the directory in front of the first wildcard does not exist.
    """
    if isinstance(filename, (str, os.PathLike)):
        return matching_paths(compat.path_to_str(filename))
    return [path for pattern in filename for path in matching_paths(compat.as_str(compat.path_to_str(pattern)))]


def create_dir(dirname: Any) -> None:
    """Makes one directory; does nothing when there is one."""
    if not dirname:
        return
    with errors_about(dirname), contextlib.suppress(FileExistsError):
        os.mkdir(_native(dirname))


def recursive_create_dir(dirname: Any) -> None:
    """Makes a directory and those above it; does nothing when there is one."""
    path = _native(dirname)
    missing = []
    while path and not os.path.exists(path):
        missing.append(path)
        path = os.path.dirname(path)
    for path in reversed(missing):
        create_dir(path)


def copy(oldpath: Any, newpath: Any, overwrite: bool = False) -> None:
    """Copies a file's content; AlreadyExistsError when the new file exists, unless `overwrite`."""
    if not overwrite:
        _refuse_existing(newpath)
    if is_directory(oldpath):
        raise errors.InvalidArgumentError(None, None, f"{compat.as_str_any(newpath)}; Invalid argument")
    source, target = _native(oldpath), _native(newpath)
    with errors_about(oldpath):
        reader = open(source, "rb")
    with reader, errors_about(newpath):
        if os.path.exists(target) and os.path.samefile(source, target):
            return
        with open(target, "wb") as writer:
            shutil.copyfileobj(reader, writer, BLOCK_SIZE)


def rename(oldname: Any, newname: Any, overwrite: bool = False) -> None:
    """Moves a file or directory; AlreadyExistsError when the new name is taken, unless `overwrite`."""
    if not overwrite:
        _refuse_existing(newname)
    with errors_about(oldname):
        os.replace(_native(oldname), _native(newname))


def _refuse_existing(path: Any) -> None:
    if file_exists(path):
        raise errors.AlreadyExistsError(None, None, "file already exists")


def delete_recursively(dirname: Any) -> None:
    """Deletes a directory with all it holds; a link in it is deleted, not followed; NotFoundError when none."""
    if not file_exists(dirname):
        raise errors.NotFoundError(None, None, f"{compat.as_str_any(dirname)} not found")
    if not is_directory(dirname):
        raise errors.FailedPreconditionError(None, None, f"{compat.as_str_any(dirname)}; Not a directory")
    shutil.rmtree(_native(dirname), ignore_errors=True)
    if file_exists(dirname):
        raise errors.PermissionDeniedError(None, None, "could not fully delete dir")


def is_directory(dirname: Any) -> bool:
    """Whether that is a directory; False when there is nothing of that name."""
    return os.path.isdir(_native(dirname))


def list_directory(dirname: Any) -> list[str]:
    """The names in a directory, sorted; NotFoundError when there is no such directory."""
    if not is_directory(dirname):
        raise errors.NotFoundError(None, None, f"Could not find directory {compat.as_str_any(dirname)}")
    return _names_in(_native(dirname))


def _names_in(path: str) -> list[str]:
    with errors_about(path):
        return sorted(os.listdir(path))


def walk(
    top: Any, in_order: bool = True, onerror: Callable[[errors.OpError], Any] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """(directory, names of its directories, names of its files) for `top` and all below; the top first if `in_order`.

    Directories that cannot be listed are passed over; `onerror` is told.
    """
    top = compat.as_str_any(compat.path_to_str(top))
    try:
        names = list_directory(top)
    except errors.OpError as error:
        if onerror:
            onerror(error)
        return
    folders = [name for name in names if is_directory(os.path.join(top, name))]
    here = top, folders, [name for name in names if name not in set(folders)]
    if in_order:
        yield here
    for name in folders:
        yield from walk(os.path.join(top, name), in_order, onerror)
    if not in_order:
        yield here


def stat(filename: Any) -> FileStatistics:
    """Statistics of a file or directory."""
    with errors_about(filename):
        result = os.stat(_native(filename))
    return FileStatistics(result.st_size, int(result.st_mtime) * 10**9, is_directory(filename))


def filecmp(filename_a: Any, filename_b: Any) -> bool:
    """Whether two files have the same size and checksum."""
    return stat(filename_a).length == stat(filename_b).length and file_crc32(filename_a) == file_crc32(filename_b)


def file_crc32(filename: Any, block_size: int = BLOCK_SIZE) -> str:
    """The CRC-32 of a file as hexadecimal text, read `block_size` bytes at a time (-1: at once)."""
    crc = 0
    with FileIO(filename, "rb") as file:
        while block := file.read(block_size):
            crc = binascii.crc32(block, crc)
    return hex(crc)
