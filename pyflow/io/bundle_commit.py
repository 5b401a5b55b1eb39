"""How the files of a checkpoint get their names.

The index says how many data files there are, and their names say it too. So data files of another number do not touch
the checkpoint that is there, and renaming the index is the moment when the new one takes its place. One that shall have
as many files as the old one first gets names as of one file more; then its files get their own names beside those, and
a second index takes the place of the first. After a crash, the old checkpoint or the new one is there, under one of
these names; TensorFlow reads it too.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import DecodeError

from pyflow.core.errors import DataLossError, NotFoundError, OpError
from pyflow.io.durable_files import duplicate, locked_folder, put_durably, remove, sync_folder
from pyflow.io.file_errors import errors_about
from pyflow.io.table import TableReader, TableWriter
from pyflow.protos.checkpoint_pb2 import BundleHeaderProto

_VERSION = 1
MOST_SHARDS = 99999  # the names of the files have five digits


def data_path(prefix: str, shard: int, shards: int) -> str:
    """The name of a data file."""
    return f"{prefix}.data-{shard:05d}-of-{shards:05d}"


def index_path(prefix: str) -> str:
    """The name of the index."""
    return f"{prefix}.index"


def commit(prefix: str, sources: Sequence[str], entries: dict[bytes, Any], keep_sources: bool = False) -> None:
    """Makes files that are on the disk already the checkpoint of that path, in place of one that may be there.

    Args:
      sources: where the data files are now.
      entries: the BundleEntryProto of each key.
      keep_sources: whether the files keep their present names too until the checkpoint is there. Then they go.

    Raises:
      OpError: the class for the operating system's error; the checkpoint that was there is as it was.
    """
    shards = len(sources)
    with locked_folder(os.path.dirname(prefix)):
        before = _shards_of(prefix)
        first = shards + 1 if before == shards else shards
        names = [data_path(prefix, i, first) for i in range(shards)]
        try:
            with errors_about(prefix):
                for source, name in zip(sources, names):
                    duplicate(source, name) if keep_sources else os.replace(source, name)
            _put_index(prefix, entries, first)
            if first != shards:
                _renumber(prefix, names, entries)
        finally:
            _sweep(prefix, {before, first, shards})
        if keep_sources:
            for source in set(sources).difference(data_path(prefix, i, n) for n in (first, shards) for i in range(n)):
                remove(source)


def _renumber(prefix: str, names: list[str], entries: dict[bytes, Any]) -> None:
    """Gives the files their own names. If that cannot be done, the checkpoint is there all the same."""
    with contextlib.suppress(OpError):
        with errors_about(prefix):
            for i, name in enumerate(names):
                duplicate(name, data_path(prefix, i, len(names)))
        _put_index(prefix, entries, len(names))


def _sweep(prefix: str, numbers: set[int]) -> None:
    """Removes the data files, named as one of so many, that the index does not speak of."""
    try:
        unused = numbers - {_shards_of(prefix)}
    except OpError:
        return
    for number in unused:
        for i in range(number):
            remove(data_path(prefix, i, number))


def _put_index(prefix: str, entries: dict[bytes, Any], shards: int) -> None:
    header: Any = BundleHeaderProto(num_shards=shards)
    header.version.producer = _VERSION
    sync_folder(os.path.dirname(prefix))  # the data files have their names before the index speaks of them
    with put_durably(index_path(prefix)) as file:
        table = TableWriter(file)
        table.add(b"", header.SerializeToString(deterministic=True))
        for key in sorted(entries):
            table.add(key, entries[key].SerializeToString(deterministic=True))
        table.finish()


def _shards_of(prefix: str) -> int:
    """The number of data files of the checkpoint that is there; 0 for none, or one that is damaged anyway.

    Raises:
      OpError: the class for the operating system's error.
    """
    path = index_path(prefix)
    try:
        with errors_about(path), open(path, "rb") as file:
            return read_header(TableReader(file).get(b""), path).num_shards
    except (NotFoundError, DataLossError):
        return 0


def read_header(data: bytes | None, path: str) -> Any:
    """The BundleHeaderProto of an index.

    Raises:
      DataLossError: it is damaged.
    """
    if data is None:
        raise DataLossError(None, None, f"the header of {path} is missing")
    try:
        header: Any = BundleHeaderProto.FromString(data)
    except DecodeError as error:
        raise DataLossError(None, None, f"the header of {path} is damaged") from error
    if not 0 < header.num_shards <= MOST_SHARDS:
        raise DataLossError(None, None, f"{path} speaks of {header.num_shards} data files")
    return header
