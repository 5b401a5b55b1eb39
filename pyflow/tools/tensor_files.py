"""Files of named tensors: checkpoints, npz and safetensors, read alike and converted into each other."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.io.checkpoint_files import open_checkpoint
from pyflow.io.durable_files import put_durably
from pyflow.io.tensor_bundle import BundleWriter
from pyflow.tools.progress import progress
from pyflow.tools.safetensors import SafetensorsReader, write_safetensors
from pyflow.train.checkpoint_management import latest_checkpoint


class NamedTensor(NamedTuple):
    """A tensor of a file; `read()` gives its value."""

    name: str
    dtype: DType
    shape: tuple[int, ...]
    read: Callable[[], np.ndarray]


def checkpoint_prefix(path: str) -> str:
    """The path of a checkpoint without the ending of one of its files; of a folder, its newest checkpoint.

    Raises:
      ValueError: the folder has none.
    """
    if os.path.isdir(path):
        newest = latest_checkpoint(path)
        if newest is None:
            raise ValueError(f"{path} has no checkpoint")
        return newest
    base, ending = os.path.splitext(path)
    return base if ending in (".index", ".meta") or ending.startswith(".data-") else path


def read_tensors(path: str) -> list[NamedTensor]:
    """The tensors of a checkpoint, of an npz or of a safetensors file, by name.

    Raises:
      ValueError, OpError, OSError: it is none, or damaged.
    """
    if path.endswith(".npz"):
        return _of_npz(path)
    if path.endswith(".safetensors"):
        reader = SafetensorsReader(path)
        return [
            NamedTensor(name, *reader.describe(name), lambda name=name: reader.read(name)) for name in reader.names()
        ]
    checkpoint = open_checkpoint(checkpoint_prefix(path))
    return [
        NamedTensor(name.decode(), *checkpoint.describe(name), lambda name=name: checkpoint.read(name))
        for name in sorted(checkpoint.names())
    ]


def _of_npz(path: str) -> list[NamedTensor]:
    found = []
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(name for name in archive.namelist() if name.endswith(".npy"))
            for member in members:
                with archive.open(member) as file:
                    shape, dtype = _npy_header(file)
                tensor = dtypes.string if dtype.kind in "SU" else dtypes.as_dtype(dtype)
                read = _npz_reader(path, member)
                found.append(NamedTensor(member.removesuffix(".npy"), tensor, shape, read))
    except (zipfile.BadZipFile, TypeError, EOFError) as error:
        raise ValueError(f"{path} is not an npz file of tensors, or damaged: {error}") from None
    return found


def _npy_header(file: Any) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("Object arrays are not read from npz files: that could run code")
    return shape, dtype


def _npz_reader(path: str, member: str) -> Callable[[], np.ndarray]:
    def read() -> np.ndarray:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            value = np.lib.format.read_array(file, allow_pickle=False)
        if value.dtype.kind == "U":
            value = np.char.encode(value, "utf-8")
        return value.astype(object) if value.dtype.kind == "S" else value

    return read


def convert(source: str, target: str) -> int:
    """Converts between checkpoint, npz and safetensors, as the endings say; gives the number of tensors.

    Raises:
      ValueError: the target's format cannot hold a tensor.
    """
    tensors = read_tensors(source)
    if target.endswith(".safetensors"):
        write_safetensors(target, tensors)
    elif target.endswith(".npz"):
        _write_npz(target, tensors)
    else:
        with BundleWriter(target) as writer:
            for tensor in progress(tensors, "Converting"):
                writer.add(tensor.name.encode(), tensor.read(), tensor.dtype)
    return len(tensors)


def _write_npz(path: str, tensors: list[NamedTensor]) -> None:
    with put_durably(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for tensor in progress(tensors, "Converting"):
            value = tensor.read()
            if tensor.dtype is dtypes.string:
                value = _fixed_strings(tensor.name, value)
            elif value.dtype.fields:
                raise ValueError(f"npz has no tensors of type {tensor.dtype.name}: {tensor.name}")
            with archive.open(f"{tensor.name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(value), allow_pickle=False)


def _fixed_strings(name: str, value: np.ndarray) -> np.ndarray:
    """Strings as numpy has them: all of one length, filled up with zero bytes."""
    if any(text.endswith(b"\0") for text in value.reshape(-1)):
        raise ValueError(f"npz cannot hold strings that end with zero bytes: {name}")
    longest = max((len(text) for text in value.reshape(-1)), default=1)
    return value.astype(f"S{max(longest, 1)}")
