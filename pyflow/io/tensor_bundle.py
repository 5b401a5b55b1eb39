"""Tensor bundles, that is checkpoints of version 2, as a whole: merging what several writers wrote."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from pyflow.core.errors import InvalidArgumentError
from pyflow.io.bundle_commit import commit, data_path, index_path
from pyflow.io.bundle_reader import BundleReader
from pyflow.io.bundle_writer import BundleWriter
from pyflow.io.durable_files import remove
from pyflow.io.file_errors import errors_about

__all__ = ["BundleReader", "BundleWriter", "data_path", "index_path", "merge_bundles"]


def merge_bundles(prefixes: Sequence[str], destination: str) -> None:
    """Makes one checkpoint of several: their data files get new names, and one index is written for all.
    They are there until the new one is; then they go.

    Raises:
      InvalidArgumentError: two of them hold the same tensor.
      NotFoundError, DataLossError: one of them is not there, or is damaged.
    """
    readers = [BundleReader(prefix) for prefix in prefixes]
    entries: dict[bytes, Any] = {}
    sources: list[str] = []
    for prefix, reader in zip(prefixes, readers):
        first = len(sources)
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
        sources += [data_path(prefix, i, reader.shards) for i in range(reader.shards)]
    with errors_about(destination):
        os.makedirs(os.path.dirname(destination) or ".", exist_ok=True)
    commit(destination, sources, entries, keep_sources=True)
    for prefix in prefixes:
        if prefix != destination:
            remove(index_path(prefix))
