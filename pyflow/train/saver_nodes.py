"""The nodes that a Saver adds to a graph, under TensorFlow's names."""

from __future__ import annotations

import uuid
from typing import Any

from pyflow.core.device import DeviceSpec
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies, device, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import group, with_dependencies
from pyflow.ops.placeholder import placeholder_with_default
from pyflow.ops.saveable_object import SaveableObject, SaveSpec
from pyflow.protos.meta_graph_pb2 import SaverDef
from pyflow.train.saveables import ReferenceVariableSaveable, ResourceVariableSaveable, list_saveables


class BaseSaverBuilder:
    """Where programs find the classes of what a Saver saves."""

    SaveSpec = SaveSpec
    SaveableObject = SaveableObject
    VariableSaveable = ReferenceVariableSaveable
    ResourceVariableSaveable = ResourceVariableSaveable


def add_saver_nodes(
    variables: Any,
    reshape: bool,
    sharded: bool,
    max_to_keep: int | None,
    keep_checkpoint_every_n_hours: float,
    name: str | None,
    filename: str | None,
    write_version: int,
) -> Any:
    """Adds the nodes that save and restore `variables` (a list or a dict), and gives the SaverDef that names them.

    Raises:
      TypeError, ValueError: something among the variables cannot be saved, or is there twice.
      RuntimeError: there is no such version.
    """
    saveables = list_saveables(variables)
    if write_version not in (SaverDef.V1, SaverDef.V2):
        raise RuntimeError(f"Unexpected write_version: {write_version}")
    save = _save_v2 if write_version == SaverDef.V2 else _save_v1
    with name_scope(name, "save", [saveable.op for saveable in saveables]):
        path = placeholder_with_default(filename or "model", shape=(), name="filename")
        path = placeholder_with_default(path, shape=(), name="Const")
        if sharded:
            shards = _by_device(saveables)
            saved = (_save_shards_v2 if write_version == SaverDef.V2 else _save_shards_v1)(path, shards)
            restores = []
            for where, part in shards:
                with device(where):
                    restores.append(_restore(path, part, reshape, "restore_shard"))
            restored = group(*restores, name="restore_all")
        else:
            saved = with_dependencies([save(path, saveables)], path)
            restored = _restore(path, saveables, reshape, "restore_all")
    return SaverDef(
        filename_tensor_name=path.name,
        save_tensor_name=saved.name,
        restore_op_name=restored.name,
        max_to_keep=max_to_keep or 0,
        sharded=sharded,
        keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
        version=write_version,  # type: ignore[arg-type]
    )


def _specs(saveables: list[SaveableObject]) -> list[SaveSpec]:
    return [spec for saveable in saveables for spec in saveable.specs]


def _save_v1(path: Tensor, saveables: list[SaveableObject]) -> Any:
    specs = _specs(saveables)
    names, slices = [spec.name for spec in specs], [spec.slice_spec for spec in specs]
    return raw.SaveSlices(path, names, slices, [spec.tensor for spec in specs], name="save")


def _save_v2(path: Tensor, saveables: list[SaveableObject]) -> Any:
    specs = _specs(saveables)
    return raw.SaveV2(path, [s.name for s in specs], [s.slice_spec for s in specs], [s.tensor for s in specs])


def _restore(path: Tensor, saveables: list[SaveableObject], reshape: bool, name: str) -> Any:
    specs = _specs(saveables)
    dtypes = [spec.dtype.base_dtype for spec in specs]
    with device("cpu:0"):
        values = list(raw.RestoreV2(path, [s.name for s in specs], [s.slice_spec for s in specs], dtypes))
    assigned = []
    for saveable in saveables:
        shapes = [_shape_of(spec.tensor) for spec in saveable.specs] if reshape else None
        assigned.append(saveable.restore(values[: len(saveable.specs)], shapes))
        del values[: len(saveable.specs)]
    return group(*assigned, name=name)


def _shape_of(tensor: Tensor) -> Any:
    shape = tensor.get_shape()
    return shape.as_list() if shape.is_fully_defined() else raw.Shape(tensor)


def _by_device(saveables: list[SaveableObject]) -> list[tuple[str, list[SaveableObject]]]:
    shards: dict[str, list[SaveableObject]] = {}
    for saveable in saveables:
        devices = {spec.tensor.device or "" for spec in saveable.specs}
        if len(devices) != 1:
            raise ValueError(f"All tensors of a saveable object must be on the same device: {saveable.name}")
        shards.setdefault(devices.pop(), []).append(saveable)
    return sorted(shards.items(), key=lambda pair: pair[0])


def _on_cpu(where: str) -> str:
    return DeviceSpec.from_string(where).replace(device_type="CPU", device_index=0).to_string()


def _save_shards_v1(path: Tensor, shards: list[tuple[str, list[SaveableObject]]]) -> Tensor:
    """Each device's variables go to a file of their own, with its number in its name."""
    count = constant(len(shards), name="num_shards")
    saved = []
    for i, (where, saveables) in enumerate(shards):
        with device(where):
            file = raw.ShardedFilename(path, i, count)
            saved.append(with_dependencies([_save_v1(file, saveables)], file))
    with control_dependencies([tensor.op for tensor in saved]):
        return raw.ShardedFilespec(path, count)


def _save_shards_v2(path: Tensor, shards: list[tuple[str, list[SaveableObject]]]) -> Tensor:
    """Each device's variables go to a checkpoint of their own in a temporary folder; then these are merged."""
    temporary = raw.StringJoin([path, f"_temp_{uuid.uuid4().hex}/part"])
    count = constant(len(shards), name="num_shards")
    prefixes, saved = [], []
    for i, (where, saveables) in enumerate(shards):
        with device(_on_cpu(where)):
            prefixes.append(raw.ShardedFilename(temporary, i, count))
            saved.append(with_dependencies([_save_v2(prefixes[-1], saveables)], prefixes[-1]))
    with control_dependencies([tensor.op for tensor in saved]), device(_on_cpu(shards[-1][0])):
        merged = raw.MergeV2Checkpoints(prefixes, path, delete_old_dirs=True)
        with control_dependencies([merged]):
            return raw.Identity(path)
