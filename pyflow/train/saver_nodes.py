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
from pyflow.protos.meta_graph_pb2 import SaverDef
from pyflow.train.saveables import Saveable, list_saveables


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
      NotImplementedError: checkpoints of version 1 are read but not written.
    """
    saveables = list_saveables(variables)
    if write_version != SaverDef.V2:
        raise NotImplementedError("SaveSlices")
    with name_scope(name, "save", [saveable.op for saveable in saveables]):
        path = placeholder_with_default(filename or "model", shape=(), name="filename")
        path = placeholder_with_default(path, shape=(), name="Const")
        if sharded:
            shards = _by_device(saveables)
            saved = _save_shards(path, shards)
            restores = []
            for where, part in shards:
                with device(where):
                    restores.append(_restore(path, part, reshape, "restore_shard"))
            restored = group(*restores, name="restore_all")
        else:
            saved = _save(path, saveables)
            restored = _restore(path, saveables, reshape, "restore_all")
    return SaverDef(
        filename_tensor_name=path.name,
        save_tensor_name=saved.name,
        restore_op_name=restored.name,
        max_to_keep=max_to_keep or 0,
        sharded=sharded,
        keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
        version=SaverDef.V2,
    )


def _save(path: Tensor, saveables: list[Saveable]) -> Tensor:
    specs = [saveable.spec for saveable in saveables]
    saved = raw.SaveV2(path, [s.name for s in specs], [s.slice_spec for s in specs], [s.tensor for s in specs])
    return with_dependencies([saved], path)


def _restore(path: Tensor, saveables: list[Saveable], reshape: bool, name: str) -> Any:
    specs = [saveable.spec for saveable in saveables]
    with device("cpu:0"):
        values = raw.RestoreV2(path, [s.name for s in specs], [s.slice_spec for s in specs], [s.dtype for s in specs])
    assigned = []
    for saveable, value in zip(saveables, values):
        shape = None
        if reshape:
            shape = saveable.spec.tensor.get_shape()
            shape = shape.as_list() if shape.is_fully_defined() else raw.Shape(saveable.spec.tensor)
        assigned.append(saveable.restore(value, shape))
    return group(*assigned, name=name)


def _by_device(saveables: list[Saveable]) -> list[tuple[str, list[Saveable]]]:
    shards: dict[str, list[Saveable]] = {}
    for saveable in saveables:
        shards.setdefault(saveable.spec.tensor.device or "", []).append(saveable)
    return sorted(shards.items())


def _on_cpu(where: str) -> str:
    return DeviceSpec.from_string(where).replace(device_type="CPU", device_index=0).to_string()


def _save_shards(path: Tensor, shards: list[tuple[str, list[Saveable]]]) -> Tensor:
    """Each device's variables go to a checkpoint of their own in a temporary folder; then these are merged."""
    temporary = raw.StringJoin([path, f"_temp_{uuid.uuid4().hex}/part"])
    count = constant(len(shards), name="num_shards")
    prefixes, saved = [], []
    for i, (where, saveables) in enumerate(shards):
        with device(_on_cpu(where)):
            prefixes.append(raw.ShardedFilename(temporary, i, count))
            saved.append(_save(prefixes[-1], saveables))
    with control_dependencies([tensor.op for tensor in saved]), device(_on_cpu(shards[-1][0])):
        merged = raw.MergeV2Checkpoints(prefixes, path, delete_old_dirs=True)
        with control_dependencies([merged]):
            return raw.Identity(path)
