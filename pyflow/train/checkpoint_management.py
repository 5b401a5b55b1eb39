"""The `checkpoint` file of a folder, which lists its checkpoints, and the files that a checkpoint consists of.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/get_checkpoint_state
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import Any

from google.protobuf import text_format

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.platform import file_io, logging
from pyflow.protos.checkpoint_pb2 import CheckpointState
from pyflow.protos.meta_graph_pb2 import SaverDef


def _state_path(folder: str, latest_filename: str | None) -> str:
    return os.path.join(folder, latest_filename or "checkpoint")


@export("train.generate_checkpoint_state_proto")
def generate_checkpoint_state_proto(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: list[str] | None = None,
    all_model_checkpoint_timestamps: list[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> Any:
    """A CheckpointState; where `save_dir` is relative, relative paths become relative to it.

    Args:
      all_model_checkpoint_paths: from the oldest to the newest; `model_checkpoint_path` is added at the end if need be.
      all_model_checkpoint_timestamps: for each path, seconds since 1970.

    Raises:
      ValueError: there is not a timestamp for each path.
    """
    paths = list(all_model_checkpoint_paths or [])
    if not paths or paths[-1] != model_checkpoint_path:
        logging.info("%s is not in all_model_checkpoint_paths. Manually adding it.", model_checkpoint_path)
        paths.append(model_checkpoint_path)
    times = all_model_checkpoint_timestamps
    if times and len(times) != len(paths):
        raise ValueError(
            f"Checkpoint timestamps, if provided, must match checkpoint paths (got paths {paths} and timestamps "
            f"{times})"
        )

    def relative(path: str) -> str:
        return path if os.path.isabs(save_dir) or os.path.isabs(path) else os.path.relpath(path, save_dir or ".")

    return CheckpointState(
        model_checkpoint_path=relative(model_checkpoint_path),
        all_model_checkpoint_paths=[relative(path) for path in paths],
        all_model_checkpoint_timestamps=times,
        last_preserved_timestamp=last_preserved_timestamp,
    )


@export("train.update_checkpoint_state")
def update_checkpoint_state(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: list[str] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: list[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Writes the `checkpoint` file of a folder, whole or not at all.

    Raises:
      RuntimeError: the path of the checkpoint is that of this file.
    """
    write_checkpoint_state(
        save_dir,
        model_checkpoint_path,
        all_model_checkpoint_paths,
        latest_filename,
        False,
        all_model_checkpoint_timestamps,
        last_preserved_timestamp,
    )


def write_checkpoint_state(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: list[str] | None = None,
    latest_filename: str | None = None,
    save_relative_paths: bool = False,
    all_model_checkpoint_timestamps: list[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """`update_checkpoint_state`, which can also write absolute paths as relative to the folder."""

    def shown(path: str) -> str:
        return os.path.relpath(path, save_dir) if save_relative_paths and os.path.isabs(path) else path

    state = generate_checkpoint_state_proto(
        save_dir,
        shown(model_checkpoint_path),
        [shown(path) for path in all_model_checkpoint_paths or []],
        all_model_checkpoint_timestamps,
        last_preserved_timestamp,
    )
    path = _state_path(save_dir, latest_filename)
    if path == state.model_checkpoint_path:
        raise RuntimeError(
            f"Save path '{model_checkpoint_path}' conflicts with path used for checkpoint state.  Please use a "
            "different save path."
        )
    file_io.atomic_write_string_to_file(path, text_format.MessageToString(state))


@export("train.get_checkpoint_state")
def get_checkpoint_state(checkpoint_dir: str, latest_filename: str | None = None) -> Any:
    """The CheckpointState of a folder, its paths led by the folder; None when there is none that can be read.

    Raises:
      ValueError: it has no path of a checkpoint.
    """
    path = _state_path(checkpoint_dir, latest_filename)
    try:
        if not file_io.file_exists(path):
            return None
        state = CheckpointState()
        text_format.Merge(file_io.read_file_to_string(path, binary_mode=True).decode(), state)
    except (errors.OpError, text_format.ParseError, UnicodeDecodeError) as error:
        logging.warning("%s: %s", type(error).__name__, error)
        logging.warning("%s: Checkpoint ignored", path)
        return None
    if not state.model_checkpoint_path:
        raise ValueError(f"Invalid checkpoint state loaded from {checkpoint_dir}")
    state.model_checkpoint_path = os.path.join(checkpoint_dir, state.model_checkpoint_path)
    for i, each in enumerate(state.all_model_checkpoint_paths):
        state.all_model_checkpoint_paths[i] = os.path.join(checkpoint_dir, each)
    return state


@export("train.latest_checkpoint")
def latest_checkpoint(checkpoint_dir: str, latest_filename: str | None = None) -> str | None:
    """The path of the newest checkpoint that a folder's `checkpoint` file names, or None when it isn't there."""
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    if checkpoint_exists(state.model_checkpoint_path):
        return state.model_checkpoint_path
    logging.error("Couldn't match files for checkpoint %s", state.model_checkpoint_path)
    return None


def _files_of(checkpoint_prefix: str) -> list[str]:
    """The index of a checkpoint of version 2, or the files of one of version 1."""
    return file_io.get_matching_files(f"{checkpoint_prefix}.index") or file_io.get_matching_files(checkpoint_prefix)


@export("train.checkpoint_exists")
def checkpoint_exists(checkpoint_prefix: str) -> bool:
    """Whether there is a checkpoint, of either version, with that path."""
    return bool(_files_of(checkpoint_prefix))


@export("train.get_checkpoint_mtimes")
def get_checkpoint_mtimes(checkpoint_prefixes: list[str]) -> list[float]:
    """When the checkpoints were written, in seconds since 1970; those that aren't there are left out."""
    found = [_files_of(prefix) for prefix in checkpoint_prefixes]
    return [file_io.stat(paths[0]).mtime_nsec / 1e9 for paths in found if paths]


@export("train.remove_checkpoint")
def remove_checkpoint(
    checkpoint_prefix: str, checkpoint_format_version: int = SaverDef.V2, meta_graph_suffix: str = "meta"
) -> None:
    """Removes the files of a checkpoint, and the graph saved beside it. What isn't there is no error."""
    meta = meta_graph_filename(checkpoint_prefix, meta_graph_suffix)
    if checkpoint_format_version == SaverDef.V2:
        # A path that a damaged `checkpoint` file gives is no pattern that other files could match.
        paths = [meta, f"{checkpoint_prefix}.index", *_data_files(checkpoint_prefix)]
    else:
        paths = [meta, *file_io.get_matching_files(checkpoint_prefix)]
    for path in paths:
        with contextlib.suppress(errors.NotFoundError):
            file_io.delete_file(path)


def _data_files(prefix: str) -> list[str]:
    folder, name = os.path.split(prefix)
    ending = re.compile(re.escape(name) + r"\.data-\d{5}-of-\d{5}")
    with contextlib.suppress(errors.NotFoundError):
        return [os.path.join(folder, each) for each in file_io.list_directory(folder or ".") if ending.fullmatch(each)]
    return []


def meta_graph_filename(checkpoint_filename: str, meta_graph_suffix: str = "meta") -> str:
    """The path of the graph that is saved beside a checkpoint."""
    return re.sub(r"-[\d\?]+-of-\d+$", "", checkpoint_filename) + f".{meta_graph_suffix}"
