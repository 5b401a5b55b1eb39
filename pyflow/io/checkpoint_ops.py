"""Ops that save tensors to checkpoints and restore them.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/raw_ops/SaveV2
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, sample
from pyflow.core.tensor import brackets
from pyflow.io.restore import Wanted, restore
from pyflow.io.tensor_bundle import BundleWriter, merge_bundles
from pyflow.io.tensor_slices import TensorSlice, parse_shape_and_slice, whole_of
from pyflow.io.v1_writer import V1Writer
from pyflow.ops.shape_rules import no_outputs


def _texts(values: Any) -> list[str]:
    return [os.fsdecode(bytes(item)) for item in np.asarray(values, object).reshape(-1)]


def _check_counts(names: list[str], specs: list[str], tensors: int) -> None:
    for what, count in (("tensor_names", len(names)), ("shape_and_slices", len(specs))):
        if count != tensors:
            raise InvalidArgumentError(
                None, None, f"{what} and tensors have different number of elements: {count} vs. {tensors}"
            )


@op(
    "SaveV2(prefix: string, tensor_names: string, shape_and_slices: string, tensors: dtypes) -> ()",
    dtypes=attr("list(type)", minimum=1),
)
class SaveV2:
    """Writes the tensors to a checkpoint. A spec that is not empty says of which tensor the value is a slice."""

    stateful = True
    shape = no_outputs
    grad = NOT_DIFFERENTIABLE

    def cpu(prefix, tensor_names, shape_and_slices, tensors, dtypes):
        names, specs = _texts(tensor_names), _texts(shape_and_slices)
        _check_counts(names, specs, len(tensors))
        with BundleWriter(_texts(prefix)[0]) as writer:
            for name, spec, value, dtype in zip(names, specs, tensors, dtypes):
                _save(writer, name, spec, _array(value, dtype), dtype.base_dtype)
        return ()


@op(
    "SaveSlices(filename: string, tensor_names: string, shapes_and_slices: string, data: T) -> ()",
    T=attr("list(type)", minimum=1),
)
class SaveSlices:
    """Writes the tensors to a checkpoint of version 1."""

    stateful = True
    shape = no_outputs
    grad = NOT_DIFFERENTIABLE

    def cpu(filename, tensor_names, shapes_and_slices, data, T):
        names, specs = _texts(tensor_names), _texts(shapes_and_slices)
        _check_counts(names, specs, len(data))
        writer = V1Writer(_texts(filename)[0])
        for name, spec, value, dtype in zip(names, specs, data, T):
            array = _array(value, dtype)
            full, part = _slice(spec, array) if spec else (array.shape, whole_of(array.ndim))
            writer.add_slice(name.encode(), full, part, array, dtype.base_dtype)
        writer.finish()
        return ()


def _array(value: Any, dtype: DType) -> np.ndarray:
    array = np.asarray(value)
    if dtype.base_dtype is dtypes.bfloat16 and array.dtype == np.float32:
        return dtypes.float32_to_bfloat16(array)  # the framework's kernels see float32
    return array


def _save(writer: BundleWriter, name: str, spec: str, array: np.ndarray, dtype: DType) -> None:
    if spec:
        writer.add_slice(name.encode(), *_slice(spec, array), array, dtype)
    else:
        writer.add(name.encode(), array, dtype)


def _slice(spec: str, array: np.ndarray) -> tuple[tuple[int, ...], TensorSlice]:
    full, part = parse_shape_and_slice(spec)
    if part.shape(full) != array.shape:
        raise InvalidArgumentError(
            None,
            None,
            f"Slice in shape_and_slice specification does not match the shape of the tensor to  save: {spec}, "
            f"tensor: {brackets(array.shape)}",
        )
    return full, part


def _restored_shape(spec: str) -> tuple[int, ...] | None:
    if not spec:
        return None
    full, part = parse_shape_and_slice(spec)
    return part.shape(full)


@op(
    "RestoreV2(prefix: string, tensor_names: string, shape_and_slices: string) -> (tensors: dtypes)",
    dtypes=attr("list(type)", minimum=1),
)
class RestoreV2:
    """Reads tensors from a checkpoint, of version 2 or 1. A spec that is not empty says which slice is wanted."""

    stateful = True
    grad = NOT_DIFFERENTIABLE

    def shape(shape_and_slices_value, dtypes):
        if shape_and_slices_value is None:
            return [None] * len(dtypes)
        specs = _texts(shape_and_slices_value)
        return [_restored_shape(spec) for spec in specs] if len(specs) == len(dtypes) else [None] * len(dtypes)

    def cpu(prefix, tensor_names, shape_and_slices, dtypes, ctx):
        names, specs = _texts(tensor_names), _texts(shape_and_slices)
        _check_counts(names, specs, len(dtypes))
        return restore(_texts(prefix)[0], list(map(Wanted, names, specs, dtypes)), ctx)


@op(
    "MergeV2Checkpoints(checkpoint_prefixes: string, destination_prefix: string) -> ()",
    delete_old_dirs=True,
)
class MergeV2Checkpoints:
    """Makes one checkpoint of several, whose files are moved; then removes the folders they were in, if empty."""

    stateful = True
    shape = no_outputs
    grad = NOT_DIFFERENTIABLE

    def cpu(checkpoint_prefixes, destination_prefix, delete_old_dirs):
        prefixes, destination = _texts(checkpoint_prefixes), _texts(destination_prefix)[0]
        merge_bundles(prefixes, destination)
        if delete_old_dirs:
            merged_folder = os.path.dirname(destination)
            for folder in {os.path.dirname(prefix) for prefix in prefixes} - {merged_folder}:
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
        return ()


@op("ShardedFilename(basename: string, shard: int32, num_shards: int32) -> (filename: string)")
class ShardedFilename:
    """The name of one of several files: `basename-00001-of-00004`."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array(b"model", object), 1, 4)]

    def shape(basename, shard, num_shards):
        return ()

    def cpu(basename, shard, num_shards):
        return np.array(b"%s-%05d-of-%05d" % (np.asarray(basename).item(), int(shard), int(num_shards)), object)


@op("ShardedFilespec(basename: string, num_shards: int32) -> (filename: string)")
class ShardedFilespec:
    """The pattern of the names of several files: `basename-?????-of-00004`."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array(b"model", object), 4)]

    def shape(basename, num_shards):
        return ()

    def cpu(basename, num_shards):
        return np.array(b"%s-?????-of-%05d" % (np.asarray(basename).item(), int(num_shards)), object)
