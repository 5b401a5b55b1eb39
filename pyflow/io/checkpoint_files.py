"""A checkpoint of either version, by its path."""

from __future__ import annotations

import os

from pyflow.io.bundle_commit import index_path
from pyflow.io.bundle_reader import BundleReader
from pyflow.io.v1_reader import V1Reader

Reader = BundleReader | V1Reader


def open_checkpoint(prefix: str) -> Reader:
    """A reader of the checkpoint of version 2 with that prefix, or of version 1 with that file name or pattern.

    Raises:
      NotFoundError: there is neither.
      DataLossError: its list of tensors is damaged.
    """
    return BundleReader(prefix) if os.path.exists(index_path(prefix)) else V1Reader(prefix)
