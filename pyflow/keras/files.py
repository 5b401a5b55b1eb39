"""Files that are fetched once and kept in a folder."""

from __future__ import annotations

import hashlib
import os
import tarfile
import urllib.error
import urllib.request
import zipfile
from typing import Any

from pyflow.core.api import export


@export("keras.utils.get_file")
def get_file(
    fname: str,
    origin: str,
    untar: bool = False,
    md5_hash: Any = None,
    file_hash: Any = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
) -> str:
    """The path of a file, which is fetched from `origin` if it isn't in the folder already.

    Args:
      untar, extract: whether it is an archive that is to be unpacked beside it.
      file_hash, md5_hash: what the file's hash has to be.
      cache_subdir, cache_dir: the folder is `~/.keras/datasets`.

    Raises:
      Exception: it cannot be fetched; the message tells why, and where to put it by hand.
    """
    folder = os.path.join(cache_dir or os.path.join(os.path.expanduser("~"), ".keras"), cache_subdir)
    os.makedirs(folder, exist_ok=True)
    wanted, kind = (md5_hash, "md5") if md5_hash is not None and file_hash is None else (file_hash, hash_algorithm)
    path = os.path.join(folder, fname + ".tar.gz" if untar else fname)
    if os.path.exists(path) and wanted is not None and not has_hash(path, wanted, kind):
        print("A local file was found, but it seems to be incomplete or outdated because the " + kind + " file hash "
              "does not match the original value of " + wanted + " so we will re-download the data.")  # fmt: skip
        os.remove(path)
    if not os.path.exists(path):
        print("Downloading data from", origin)
        partial = path + ".part"
        try:
            urllib.request.urlretrieve(origin, partial)
        except (urllib.error.URLError, OSError) as error:
            if os.path.exists(partial):
                os.remove(partial)
            raise Exception(f"URL fetch failure on {origin}: {getattr(error, 'reason', error)}. Where there is no "
                            f"network, put the file at {path}") from None  # fmt: skip
        os.replace(partial, path)
    target = os.path.join(folder, fname)
    if untar:
        if not os.path.exists(target):
            _unpack(path, folder)
        return target
    if extract:
        _unpack(path, folder)
    return path


def has_hash(path: str, wanted: str, kind: str = "auto") -> bool:
    """Whether a file has a hash, SHA-256 or MD5."""
    made = hashlib.sha256() if kind == "sha256" or kind == "auto" and len(wanted) == 64 else hashlib.md5()
    with open(path, "rb") as file:
        while block := file.read(65536):
            made.update(block)
    return made.hexdigest() == str(wanted)


def _unpack(path: str, folder: str) -> None:
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
