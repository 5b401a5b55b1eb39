"""Tensor bundles, that is checkpoints of version 2, as a whole: merging what several writers wrote."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Sequence
from typing import Any

from pyflow.core.errors import InvalidArgumentError
from pyflow.io.bundle_reader import BundleReader
from pyflow.io.bundle_writer import BundleWriter, data_path, index_path, write_index
from pyflow.io.file_errors import errors_about, sync_folder

__all__ = ["BundleReader", "BundleWriter", "data_path", "index_path", "merge_bundles"]


def merge_bundles(prefixes: Sequence[str], destination: str) -> None:
    """Makes one checkpoint of several: their data files are renamed, and one index is written for all.

    Raises:
      InvalidArgumentError: two of them hold the same tensor.
      NotFoundError, DataLossError: one of them is not there, or is damaged.
    """
    readers = [BundleReader(prefix) for prefix in prefixes]
    entries: dict[bytes, Any] = {}
    shards = sum(reader.shards for reader in readers)
    renames: list[tuple[str, str]] = []
    for prefix, reader in zip(prefixes, readers):
        first = len(renames)
        for key in reader.pairs:
            entry = reader.entry(key)
            known = entries.get(key)
            if known is not None:
                if not (known.slices and entry.slices and known.shape == entry.shape and known.dtype == entry.dtype):
                    raise InvalidArgumentError(
                        None, None, f"Duplicate tensor keyed by {key.decode(errors='backslashreplace')} encountered"
                    )
                known.slices.extend(entry.slices)
                continue
            if not entry.slices:
                entry.shard_id += first
            entries[key] = entry
        renames += [
            (data_path(prefix, i, reader.shards), data_path(destination, first + i, shards))
            for i in range(reader.shards)
        ]
    temporary = f"{index_path(destination)}.tempstate{uuid.uuid4().int % 2**64}"
    folder = os.path.dirname(destination)
    with errors_about(destination):
        if folder:
            os.makedirs(folder, exist_ok=True)
    try:
        write_index(temporary, entries, shards)
        for source, target in renames:
            with errors_about(source):
                os.replace(source, target)
        with errors_about(temporary):
            os.replace(temporary, index_path(destination))
            sync_folder(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise
    for prefix in prefixes:
        with contextlib.suppress(OSError):
            os.remove(index_path(prefix))
