"""Looking into checkpoints without a graph, and variables that start with values from them.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/init_from_checkpoint
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.errors import DataLossError
from pyflow.core.registry import raw
from pyflow.core.scopes import device
from pyflow.io.checkpoint_files import open_checkpoint
from pyflow.ops.partitioned_variable import PartitionedVariable
from pyflow.ops.variable_base import Variable
from pyflow.ops.variable_scope_object import _get_default_variable_store
from pyflow.platform import compat, file_io
from pyflow.train.checkpoint_management import latest_checkpoint
from pyflow.train.saveables import names_of, saveables_of


class CheckpointReader:
    """The tensors of a checkpoint. `tf.train.NewCheckpointReader` makes one.

    Raises:
      NotFoundError: there is no such checkpoint.
      DataLossError: it is damaged.
    """

    def __init__(self, filepattern: Any):
        self._reader = open_checkpoint(compat.as_str(compat.path_to_str(filepattern)))
        try:
            described = {name.decode(): self._reader.describe(name) for name in self._reader.names()}
        except UnicodeDecodeError as error:
            raise DataLossError(None, None, f"The name of a tensor is not text: {error.object!r}") from error
        self._described = {name: described[name] for name in sorted(described)}

    def has_tensor(self, tensor_str: str) -> bool:
        """Whether there is a tensor of that name."""
        return tensor_str in self._described

    def get_tensor(self, tensor_str: str) -> Any:
        """The value of a tensor.

        Raises:
          NotFoundError: there is none of that name.
        """
        value = self._reader.read(compat.as_bytes(tensor_str))
        return value[()] if value.ndim == 0 else value

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shapes of all tensors."""
        return {name: list(shape) for name, (_, shape) in self._described.items()}

    def get_variable_to_dtype_map(self) -> dict[str, Any]:
        """The dtypes of all tensors."""
        return {name: dtype for name, (dtype, _) in self._described.items()}

    def debug_string(self) -> bytes:
        """A line for each tensor, or each slice of one that was saved in slices: name, type, shape."""
        names = {"float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF"}
        lines = []
        for name, dtype, shape in self._reader.pieces():
            kind = names.get(dtype.name, dtype.name.upper())
            lines.append(b"%s (DT_%s) [%s]\n" % (name, kind.encode(), ",".join(map(str, shape)).encode()))
        return b"".join(lines)


@export("train.NewCheckpointReader", "pywrap_tensorflow.NewCheckpointReader")
def NewCheckpointReader(filepattern: Any) -> CheckpointReader:
    """A reader of the checkpoint with that path; see CheckpointReader."""
    return CheckpointReader(filepattern)


def _checkpoint_path(ckpt_dir_or_file: Any) -> str:
    path = compat.as_str(compat.path_to_str(ckpt_dir_or_file))
    found = latest_checkpoint(path) if file_io.is_directory(path) else path
    if found is None:
        raise ValueError(f"Couldn't find 'checkpoint' file or checkpoints in given directory {path}")
    return found


@export("train.load_checkpoint")
def load_checkpoint(ckpt_dir_or_file: Any) -> CheckpointReader:
    """A reader of a checkpoint, or of the newest one in a folder.

    Raises:
      ValueError: the folder has none.
    """
    return CheckpointReader(_checkpoint_path(ckpt_dir_or_file))


@export("train.load_variable")
def load_variable(ckpt_dir_or_file: Any, name: str) -> Any:
    """The value of a variable in a checkpoint, or in the newest one in a folder."""
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


@export("train.list_variables")
def list_variables(ckpt_dir_or_file: Any) -> list[tuple[str, list[int]]]:
    """Name and shape of all variables in a checkpoint, by name."""
    return list(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


@export("train.init_from_checkpoint")
def init_from_checkpoint(ckpt_dir_or_file: Any, assignment_map: dict[str, Any]) -> None:
    """Makes variables start with values from a checkpoint: their initialisers read it when they run.

    Args:
      assignment_map: from a name in the checkpoint to a variable, its name, or the list of a variable's parts; or
        from "scope/" to "scope/" for all variables in a scope that was made by `get_variable`; "/" is no scope.

    Raises:
      ValueError: something is missing in the checkpoint, or has another shape there.
    """
    path = _checkpoint_path(ckpt_dir_or_file)
    shapes = CheckpointReader(path).get_variable_to_shape_map()
    store = _get_default_variable_store()._vars
    for saved, current in sorted(assignment_map.items(), key=lambda pair: pair[0]):
        variable = _found(current, store)
        if variable is not None:
            if saved not in shapes:
                raise ValueError(f"Tensor {saved} is not found in {ckpt_dir_or_file} checkpoint {shapes}")
            _check_shape(variable, saved, shapes[saved])
            _initialize(variable, path, saved)
            continue
        scope = current[: current.rindex("/")] if "/" in current else ""
        if not saved.endswith("/"):
            raise ValueError(
                f"Assignment map with scope only name {scope} should map to scope only {saved}. Should be 'scope/': "
                "'other_scope/'."
            )
        inside = {name.split("/part_")[0] for name in store if not scope or name.startswith(f"{scope}/")}
        for name in sorted(inside):
            rest = name[len(scope) :] if current == "/" else name[len(scope) + 1 :]
            full = (rest if saved == "/" else saved + rest).removesuffix("/")
            if full not in shapes:
                raise ValueError(
                    f"Tensor {full} ({name[len(scope) + 1 :]} in {saved}) is not found in {ckpt_dir_or_file} checkpoint"
                )
            _initialize(_found(name, store), path, full)


def _found(current: Any, store: dict[str, Any]) -> Any:
    """A variable, or the list of a variable's parts; None when a name is none of a variable."""
    if isinstance(current, (Variable, list)):
        return current
    if isinstance(current, PartitionedVariable):
        return list(current)
    if current in store:
        return store[current]
    parts = []
    while f"{current}/part_{len(parts)}" in store:
        parts.append(store[f"{current}/part_{len(parts)}"])
    return parts or None


def _check_shape(variable: Any, saved: str, shape: list[int]) -> None:
    if isinstance(variable, Variable) and not variable.get_shape().is_compatible_with(shape):
        raise ValueError(
            f"Shape of variable {variable.name} ({variable.get_shape()}) doesn't match with shape of tensor {saved} "
            f"({shape}) from checkpoint reader."
        )


def _initialize(variable: Any, path: str, saved: str) -> None:
    if isinstance(variable, list):
        wholes = list(dict.fromkeys(part._save_slice_info.full_name for part in variable))
        if len(wholes) > 1:
            raise ValueError(f"Slices must all be from the same tensor: {wholes[0]} != {wholes[1]}")
        for part in variable:
            _set_initializer(part, path, saved, part._save_slice_info.spec)
    else:
        _set_initializer(variable, path, saved, "")


def _set_initializer(variable: Any, path: str, saved: str, slice_spec: str) -> None:
    with device(variable.device), device("/cpu:0"):
        (value,) = raw.RestoreV2(
            path,
            np.array([saved.encode()], object),
            np.array([slice_spec.encode()], object),
            [variable.dtype.base_dtype],
            name="checkpoint_initializer",
        )
        ((name, item),) = names_of([variable]).items()
        (saveable,) = saveables_of(item, name)
    variable._initializer_op = saveable.restore([value], None)
    value.set_shape(variable.get_shape())
    variable._initial_value = value
