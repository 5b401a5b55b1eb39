"""Giving variables values from checkpoints, in the ways of tf.contrib.framework and tf.contrib.slim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.operation import Operation
from pyflow.ops.control_flow import group
from pyflow.ops.placeholder import placeholder
from pyflow.platform import logging
from pyflow.protos.meta_graph_pb2 import SaverDef
from pyflow.train import checkpoint_reader
from pyflow.train.checkpoint_reader import NewCheckpointReader
from pyflow.train.saver import Saver


@export("contrib.framework.load_checkpoint")
def load_checkpoint(filepattern: str) -> Any:
    """As tf.train.load_checkpoint."""
    return checkpoint_reader.load_checkpoint(filepattern)


@export("contrib.framework.load_variable")
def load_variable(checkpoint_dir: str, name: str) -> Any:
    """As tf.train.load_variable."""
    return checkpoint_reader.load_variable(checkpoint_dir, name)


@export("contrib.framework.list_variables")
def list_variables(checkpoint_dir: str) -> list[tuple[str, list[int]]]:
    """As tf.train.list_variables."""
    return checkpoint_reader.list_variables(checkpoint_dir)


@export("contrib.framework.init_from_checkpoint")
def init_from_checkpoint(checkpoint_dir: str, assignment_map: dict[str, Any]) -> None:
    """As tf.train.init_from_checkpoint."""
    checkpoint_reader.init_from_checkpoint(checkpoint_dir, assignment_map)


@export("contrib.framework.assign_from_checkpoint")
def assign_from_checkpoint(
    model_path: str, var_list: Any, ignore_missing_vars: bool = False
) -> tuple[Operation, dict[Any, Any]]:
    """An operation that gives variables the values they have in a checkpoint, and the feeds that it needs.

    Args:
      var_list: variables, or a dict from names in the checkpoint to variables or lists of a variable's parts.
      ignore_missing_vars: whether variables may be missing in the checkpoint.

    Raises:
      ValueError: a variable is missing, or has another shape in the checkpoint.
    """
    named: dict[str, list] = {}
    if isinstance(var_list, (list, tuple)):
        for var in var_list:
            info = var._save_slice_info
            named.setdefault(info.full_name if info else var.op.name, []).append(var)
    else:
        named = {name: list(v) if isinstance(v, (list, tuple)) else [v] for name, v in var_list.items()}
    reader = NewCheckpointReader(model_path)
    feeds: dict[Any, Any] = {}
    assigns = []
    for name, parts in named.items():
        if not reader.has_tensor(name):
            if not ignore_missing_vars:
                raise ValueError(f"Checkpoint is missing variable [{name}]")
            logging.warning("Checkpoint is missing variable [%s]", name)
            continue
        value = reader.get_tensor(name)
        for var in parts:
            fed = placeholder(var.dtype.base_dtype, var.get_shape(), name=f"placeholder/{var.op.name}")
            assigns.append(var.assign(fed))
            info = var._save_slice_info
            if info:
                starts = zip(info.var_offset, info.var_shape)
                feeds[fed] = value[tuple(slice(start, start + size) for start, size in starts)]
                continue
            if var.get_shape() != value.shape:
                raise ValueError(
                    f"Total size of new array must be unchanged for {name} lh_shape: [{value.shape}], rh_shape: "
                    f"[{var.get_shape()}]"
                )
            feeds[fed] = value
    return group(*assigns), feeds


@export("contrib.framework.assign_from_checkpoint_fn")
def assign_from_checkpoint_fn(
    model_path: str, var_list: Any, ignore_missing_vars: bool = False, reshape_variables: bool = False
) -> Callable[[Any], None] | None:
    """A function that gives variables, in the session that it is given, the values they have in a checkpoint.

    Args:
      var_list: variables, or a dict from names in the checkpoint to variables.
      ignore_missing_vars: whether variables may be missing in the checkpoint. If all are, the result is None.
      reshape_variables: whether a value of another shape with as many elements is taken.

    Raises:
      ValueError: there are no variables.
    """
    if not var_list:
        raise ValueError("var_list cannot be empty")
    if ignore_missing_vars:
        reader = NewCheckpointReader(model_path)
        named = var_list if isinstance(var_list, dict) else {var.op.name: var for var in var_list}
        for name in named:
            if not reader.has_tensor(name):
                logging.warning("Variable %s missing in checkpoint %s", name, model_path)
        var_list = {name: var for name, var in named.items() if reader.has_tensor(name)}
        if not var_list:
            logging.warning("No Variables to restore")
            return None
    saver = Saver(var_list, reshape=reshape_variables, write_version=SaverDef.V1)
    return lambda session: saver.restore(session, model_path)
