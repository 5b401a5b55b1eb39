"""`tf.train.Saver`.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/Saver
"""

from __future__ import annotations

import math
import os
import threading
import time
from typing import Any

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.collection_protos import prepend_name_scope, register_proto_function, strip_name_scope
from pyflow.core.collections import GraphKeys
from pyflow.ops.variables import _all_saveable_objects
from pyflow.platform import compat, file_io, logging
from pyflow.protos.meta_graph_pb2 import SaverDef
from pyflow.protos.object_graph_pb2 import TrackableObjectGraph
from pyflow.runtime.session import BaseSession
from pyflow.train import checkpoint_management
from pyflow.train.checkpoint_reader import NewCheckpointReader
from pyflow.train.global_step import global_step as read_global_step
from pyflow.train.meta_graph import export_meta_graph
from pyflow.train.saveables import names_of
from pyflow.train.saver_nodes import add_saver_nodes

# The key of the description of objects in a checkpoint that tf.train.Checkpoint wrote.
_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


@export("train.Saver")
class Saver:
    """Saves variables to checkpoints and restores them.

    Args:
      var_list: variables, or a dict from the names they have in files to variables; None takes all that can be saved.
      reshape: whether a value of another shape with as many elements is restored.
      sharded: whether each device's variables go to a data file of their own.
      max_to_keep: how many of the newest checkpoints are kept; None or 0 keeps all files.
      keep_checkpoint_every_n_hours: one checkpoint of so many hours is kept whatever `max_to_keep` says.
      name: name scope of the nodes.
      restore_sequentially: has no effect, as in TensorFlow's own builder.
      saver_def: a SaverDef that names nodes of the graph, to be used instead of making new ones.
      builder: must be None.
      defer_build: whether nodes are added only by `build()`.
      allow_empty: whether there may be no variables.
      write_version: that of the files; V1 is the older one.
      pad_step_number: whether steps in file names have eight digits.
      save_relative_paths: whether the `checkpoint` file has paths relative to its folder.
      filename: the default path in the graph, else "model".

    Raises:
      TypeError: a variable is none.
      ValueError: there are no variables, or two have one name.
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: Any = None,
        builder: Any = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: int = SaverDef.V2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
    ):
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. Either set defer_build=False or "
                "var_list=None."
            )
        if builder is not None:
            raise NotImplementedError("Saver with a builder")
        self._var_list = var_list
        self._reshape = reshape
        self._sharded = sharded
        self._max_to_keep = max_to_keep
        self._keep_checkpoint_every_n_hours = keep_checkpoint_every_n_hours
        self._name = name
        self.saver_def = saver_def
        self._is_built = False
        self._allow_empty = allow_empty
        self._is_empty = False
        self._write_version = write_version
        self._pad_step_number = pad_step_number
        self._save_relative_paths = save_relative_paths
        self._filename = filename
        self._last_checkpoints: list[tuple[str, float]] = []
        self._checkpoints_to_be_deleted: list[tuple[str, float]] = []
        self._next_checkpoint_time = math.inf
        self._object_saver: Saver | None = None
        self._saving = threading.RLock()
        if not defer_build:
            self.build()

    def build(self) -> None:
        """Adds the nodes; does nothing the second time.

        Raises:
          ValueError: there are no variables to save.
        """
        if self._is_built:
            return
        self._is_built = True
        if self.saver_def is None:
            if self._var_list is None:
                self._var_list = _all_saveable_objects()
            if not self._var_list:
                if not self._allow_empty:
                    raise ValueError("No variables to save")
                self._is_empty = True
                return
            self.saver_def = add_saver_nodes(
                self._var_list,
                self._reshape,
                self._sharded,
                self._max_to_keep,
                self._keep_checkpoint_every_n_hours,
                self._name,
                self._filename,
                self._write_version,
            )
        elif self._name:
            self._rename_nodes(lambda node: prepend_name_scope(node, self._name))
        self._check_saver_def()
        self._write_version = self.saver_def.version
        self._next_checkpoint_time = time.time() + self.saver_def.keep_checkpoint_every_n_hours * 3600

    def _rename_nodes(self, renamed: Any) -> None:
        for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
            setattr(self.saver_def, field, renamed(getattr(self.saver_def, field)))

    def _check_saver_def(self) -> None:
        if not isinstance(self.saver_def, SaverDef):
            raise ValueError(f"saver_def must be a saver_pb2.SaverDef: {self.saver_def}")
        for field in ("save_tensor_name", "restore_op_name"):
            if not getattr(self.saver_def, field):
                raise ValueError(f"saver_def must specify the {field}: {self.saver_def}")

    def as_saver_def(self) -> Any:
        """The SaverDef of this saver."""
        return self.saver_def

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The SaverDef, without a name scope; None when the saver's nodes are not all inside that scope."""
        if export_scope is None:
            return self.saver_def
        fields = ("filename_tensor_name", "save_tensor_name", "restore_op_name")
        if not all(getattr(self.saver_def, field).startswith(export_scope) for field in fields):
            return None
        stripped = SaverDef()
        stripped.CopyFrom(self.saver_def)
        for field in fields:
            setattr(stripped, field, strip_name_scope(getattr(stripped, field), export_scope))
        return stripped

    @staticmethod
    def from_proto(saver_def: Any, import_scope: str | None = None) -> Saver:
        """A saver that uses the nodes named in a SaverDef."""
        return Saver(saver_def=saver_def, name=import_scope)

    @property
    def last_checkpoints(self) -> list[str]:
        """The paths of the checkpoints that this saver wrote and has not deleted, from the oldest to the newest."""
        return [path for path, _ in self._last_checkpoints]

    def set_last_checkpoints(self, last_checkpoints: list[str]) -> None:
        """Sets that list; none of these counts as older than `keep_checkpoint_every_n_hours`."""
        assert isinstance(last_checkpoints, list)
        self._last_checkpoints = [(path, math.inf) for path in last_checkpoints]

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time: list[tuple[str, float]]) -> None:
        """Sets that list, as pairs of a path and its time in seconds since 1970."""
        assert isinstance(last_checkpoints_with_time, list)
        self._last_checkpoints = last_checkpoints_with_time

    def recover_last_checkpoints(self, checkpoint_paths: list[str]) -> None:
        """Sets that list to those of the paths that there are, with the times of their files."""
        found = [(path, checkpoint_management.get_checkpoint_mtimes([path])) for path in checkpoint_paths]
        self.set_last_checkpoints_with_time([(path, times[0]) for path, times in found if times])

    def save(
        self,
        sess: Any,
        save_path: str,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str | None:
        """Saves the variables, and gives the path of the checkpoint, or None if there is nothing to save.

        Args:
          global_step: a number, or a tensor or its name, that is appended to the path.
          latest_filename: the name of the `checkpoint` file.
          write_meta_graph: whether the graph is written beside it.
          write_state: whether the `checkpoint` file is updated, and old checkpoints are removed.

        Raises:
          TypeError: `sess` is no session.
          ValueError: `latest_filename` has a folder or is the path's name, or the path's folder doesn't exist.
          RuntimeError: the saver is not built.
        """
        if not self._is_built:
            raise RuntimeError("`build()` should be called before save if defer_build==True")
        latest_filename = latest_filename or "checkpoint"
        if os.path.split(latest_filename)[0]:
            raise ValueError("'latest_filename' must not contain path components")
        save_path = compat.as_str(compat.path_to_str(save_path))
        if not isinstance(sess, BaseSession):
            raise TypeError(f"'sess' must be a Session; {sess}")
        with self._saving:  # what is saved by several threads is recorded in the order of their steps
            path = self._numbered(sess, save_path, global_step)
            if path == save_path and os.path.basename(save_path) == latest_filename and not self._sharded:
                raise ValueError(f"'latest_filename' collides with 'save_path': '{latest_filename}' and '{save_path}'")
            folder = os.path.dirname(save_path)
            saved = None
            try:
                if not self._is_empty:
                    definition = self.saver_def
                    fed = {definition.filename_tensor_name: path}
                    saved = compat.as_str(sess.run(definition.save_tensor_name, fed))
                if write_meta_graph:
                    self._write_meta_graph(sess, path, meta_graph_suffix, strip_default_attrs, save_debug_info)
                if saved is not None and write_state:
                    self._record(saved, folder, latest_filename)
                    self._delete_old(meta_graph_suffix)
            except (errors.FailedPreconditionError, errors.NotFoundError) as error:
                if folder and not file_io.is_directory(folder):
                    raise ValueError(f"Parent directory of {save_path} doesn't exist, can't save.") from error
                raise
            return saved

    def _numbered(self, sess: Any, save_path: str, global_step: Any) -> str:
        if global_step is None:
            return save_path
        if not isinstance(global_step, compat.integral_types):
            global_step = read_global_step(sess, global_step)
        return f"{save_path}-{global_step:08d}" if self._pad_step_number else f"{save_path}-{global_step:d}"

    def _write_meta_graph(self, sess: Any, path: str, suffix: str, strip_attrs: bool, debug_info: bool) -> None:
        with sess.graph.as_default():
            self.export_meta_graph(
                checkpoint_management.meta_graph_filename(path, suffix),
                strip_default_attrs=strip_attrs,
                save_debug_info=debug_info,
            )

    def _record(self, path: str, folder: str, latest_filename: str) -> None:
        if self.saver_def.max_to_keep:
            self._last_checkpoints = [pair for pair in self._last_checkpoints if pair[0] != path]
            self._last_checkpoints.append((path, time.time()))
            if len(self._last_checkpoints) > self.saver_def.max_to_keep:
                self._checkpoints_to_be_deleted.append(self._last_checkpoints.pop(0))
        checkpoint_management.write_checkpoint_state(
            folder, path, self.last_checkpoints, latest_filename, self._save_relative_paths
        )

    def _delete_old(self, meta_graph_suffix: str) -> None:
        if not self._checkpoints_to_be_deleted:
            return
        path, saved_at = self._checkpoints_to_be_deleted.pop(0)
        if saved_at > self._next_checkpoint_time:
            self._next_checkpoint_time += self.saver_def.keep_checkpoint_every_n_hours * 3600
            return
        try:
            checkpoint_management.remove_checkpoint(path, self.saver_def.version, meta_graph_suffix)
        except errors.OpError as error:
            logging.warning("Ignoring: %s", str(error))

    def export_meta_graph(
        self,
        filename: str | None = None,
        collection_list: list[str] | None = None,
        as_text: bool = False,
        export_scope: str | None = None,
        clear_devices: bool = False,
        clear_extraneous_savers: bool = False,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> Any:
        """The default graph with this saver as a MetaGraphDef; see `tf.train.export_meta_graph`."""
        return export_meta_graph(
            filename=filename,
            saver_def=self.saver_def,
            collection_list=collection_list,
            as_text=as_text,
            export_scope=export_scope,
            clear_devices=clear_devices,
            clear_extraneous_savers=clear_extraneous_savers,
            strip_default_attrs=strip_default_attrs,
            save_debug_info=save_debug_info,
        )

    def _restore_objects(self, sess: Any, prefix: str, names: dict[str, str]) -> None:
        logging.warning(
            "Restoring an object-based checkpoint using a name-based saver. This may be somewhat fragile, and will "
            "re-build the Saver. Instead, consider loading object-based checkpoints using tf.train.Checkpoint()."
        )
        if self._object_saver is None:
            named = self._var_list if isinstance(self._var_list, dict) else names_of(self._var_list)
            missing = sorted(set(named) - set(names))
            if missing:
                raise errors.NotFoundError(
                    None,
                    None,
                    "Attempting to load an object-based checkpoint using variable names; missing in it: "
                    + ", ".join(missing),
                )
            with sess.graph.as_default():
                self._object_saver = Saver({names[name]: variable for name, variable in named.items()})
        self._object_saver.restore(sess, prefix)

    def restore(self, sess: Any, save_path: Any) -> None:
        """Gives the variables the values that they have in a checkpoint; they need not be initialised before.

        Raises:
          ValueError: there is no such checkpoint.
          NotFoundError, InvalidArgumentError: a variable is not in it, or has another shape or dtype there.
          DataLossError: it is damaged.
        """
        if self._is_empty:
            return
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        prefix = compat.as_text(compat.path_to_str(save_path))
        if not checkpoint_management.checkpoint_exists(prefix):
            raise ValueError(f"The passed save_path is not a valid checkpoint: {prefix}")
        logging.info("Restoring parameters from %s", prefix)
        try:
            sess.run(self.saver_def.restore_op_name, {self.saver_def.filename_tensor_name: prefix})
        except errors.NotFoundError as error:
            names = _names_in_objects(prefix)
            if names is None or self._var_list is None:
                raise _explained(error, "a Variable name or other graph key that is missing") from error
            self._restore_objects(sess, prefix, names)
        except errors.InvalidArgumentError as error:
            raise _explained(error, "a mismatch between the current graph and the graph") from error


def _names_in_objects(prefix: str) -> dict[str, str] | None:
    """The keys, by the variables' names, of a checkpoint that tf.train.Checkpoint wrote; None for another."""
    reader = NewCheckpointReader(prefix)
    if not reader.has_tensor(_OBJECT_GRAPH):
        return None
    graph = TrackableObjectGraph.FromString(reader.get_tensor(_OBJECT_GRAPH))
    return {a.full_name: a.checkpoint_key for node in graph.nodes for a in node.attributes}


def _explained(error: Any, reason: str) -> Exception:
    return type(error)(
        error.node_def,
        error.op,
        f"Restoring from checkpoint failed. This is most likely due to {reason} from the checkpoint. Please ensure "
        f"that you have not altered the graph expected based on the checkpoint. Original error:\n\n{error.message}",
    )


register_proto_function(GraphKeys.SAVERS, proto_type=SaverDef, to_proto=Saver.to_proto, from_proto=Saver.from_proto)
