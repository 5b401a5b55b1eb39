"""tf.train.Checkpoint and tf.train.CheckpointManager: checkpoints of objects rather than of names."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.init_scope import init_scope
from pyflow.core.registry import raw
from pyflow.core.scopes import get_default_session
from pyflow.core.tensor import Tensor
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import no_op
from pyflow.ops.resource_variable import is_resource_variable
from pyflow.ops.saveable_object import SaveableObject, SaveSpec
from pyflow.ops.state import is_variable_initialized
from pyflow.ops.variable_base import Variable
from pyflow.protos.object_graph_pb2 import TrackableObjectGraph
from pyflow.train.checkpoint_management import get_checkpoint_state, remove_checkpoint, update_checkpoint_state
from pyflow.train.checkpoint_reader import NewCheckpointReader
from pyflow.train.object_graph import OBJECT_GRAPH, ObjectGraph, Trackable, is_trackable
from pyflow.train.saveables import saveables_of
from pyflow.train.saver import Saver


class Description(SaveableObject):
    """The description of the objects, saved beside their variables."""

    def __init__(self, text: bytes):
        tensor = constant(text, dtype=dtypes.string, name="object_graph")
        super().__init__(tensor, [SaveSpec(tensor, "", OBJECT_GRAPH)], OBJECT_GRAPH)

    def restore(self, restored_tensors: Any, restored_shapes: Any) -> Any:
        return no_op()


def _session(session: Any, purpose: str) -> Any:
    session = session or get_default_session()
    if session is None:
        raise RuntimeError(f"{purpose}: a session has to be given, or to be the default one")
    return session


class InitializationOnlyStatus:
    """Of a restore without a checkpoint: there is nothing to restore, only to initialise."""

    def __init__(self, root: Any):
        self._root = root

    def _nothing(self) -> Any:
        raise AssertionError("No checkpoint specified (save_path=None); nothing is being restored.")

    def assert_consumed(self) -> Any:
        return self._nothing()

    def assert_existing_objects_matched(self) -> Any:
        return self._nothing()

    def assert_nontrivial_match(self) -> Any:
        return self._nothing()

    def expect_partial(self) -> InitializationOnlyStatus:
        return self

    def run_restore_ops(self, session: Any = None) -> Any:
        return self._nothing()

    def initialize_or_restore(self, session: Any = None) -> None:
        """Initialises all variables that the objects hold and that have no value yet."""
        _initialize(_session(session, "initialize_or_restore"), list(ObjectGraph(self._root).variables.values()))


def _initialize(session: Any, variables: list) -> None:
    missing = [v for v in variables if not session.run(is_variable_initialized(v))]
    session.run([v.initializer for v in missing])


class CheckpointLoadStatus:
    """What a restore has to do, and whether all of it has a place. Objects may be added until it is asked."""

    def __init__(self, root: Any, path: str, saved: Any):
        self._root, self._path, self._saved = root, path, saved

    def _bound(self) -> tuple[ObjectGraph, dict[int, int], dict[int, str]]:
        objects = ObjectGraph(self._root)
        return objects, *objects.bind(self._saved)

    def assert_consumed(self) -> CheckpointLoadStatus:
        """Raises AssertionError unless the objects of the checkpoint are those that are here."""
        self.assert_existing_objects_matched()
        _, found, _ = self._bound()
        for number, node in enumerate(self._saved.nodes):
            if number not in found:
                raise AssertionError(f"Unresolved object in checkpoint {self._path_to(number)}: {node}")
        return self

    def _path_to(self, number: int) -> str:
        paths, waiting = {0: "(root)"}, [0]
        for i in waiting:  # which grows
            for child in self._saved.nodes[i].children:
                if child.node_id not in paths:
                    paths[child.node_id] = f"{paths[i]}.{child.local_name}"
                    waiting.append(child.node_id)
        return paths.get(number, f"(slot variable {number})")

    def assert_existing_objects_matched(self) -> CheckpointLoadStatus:
        """Raises AssertionError unless every variable here is in the checkpoint."""
        objects, _, values = self._bound()
        bound = {id(objects.nodes[here]) for here in values}
        unbound = [v for v in objects.variables.values() if id(v) not in bound and v is not self._root._save_counter]
        if unbound:
            raise AssertionError(
                "Some Python objects were not bound to checkpointed values, likely due to changes in the Python "
                f"program: {unbound}"
            )
        return self

    def assert_nontrivial_match(self) -> CheckpointLoadStatus:
        """Raises AssertionError when nothing but the root is in the checkpoint."""
        if not self._bound()[2]:
            raise AssertionError("Nothing except the root object matched a checkpointed value.")
        return self

    def expect_partial(self) -> CheckpointLoadStatus:
        """Itself: that parts of the checkpoint have no place is expected."""
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Restores the variables that the checkpoint has."""
        objects, _, values = self._bound()
        _restore(_session(session, "run_restore_ops"), self._path, {k: objects.nodes[i] for i, k in values.items()})

    def initialize_or_restore(self, session: Any = None) -> None:
        """Restores the variables that the checkpoint has, and initialises others that have no value."""
        session = _session(session, "initialize_or_restore")
        objects, _, values = self._bound()
        restored = {id(objects.nodes[here]) for here in values}
        self.run_restore_ops(session)
        _initialize(session, [v for v in objects.variables.values() if id(v) not in restored])


class NameBasedSaverStatus:
    """Of a restore from a checkpoint that a `Saver` wrote: variables are found by their names."""

    def __init__(self, root: Any, path: str):
        self._root, self._path = root, path

    def _variables(self) -> dict[str, Any]:
        variables = [v for v in ObjectGraph(self._root).variables.values() if v is not self._root._save_counter]
        return {v.op.name: v for v in variables}

    def assert_existing_objects_matched(self) -> NameBasedSaverStatus:
        """Raises AssertionError unless every variable here is in the checkpoint."""
        reader = NewCheckpointReader(self._path)
        for name, v in self._variables().items():
            if not reader.has_tensor(name):
                raise AssertionError(f"Object not assigned a value from checkpoint: {v}")
        return self

    def assert_consumed(self) -> NameBasedSaverStatus:
        """Raises AssertionError unless variables here and in the checkpoint are the same."""
        self.assert_existing_objects_matched()
        unused = set(NewCheckpointReader(self._path).get_variable_to_shape_map()) - set(self._variables())
        if unused:
            raise AssertionError(f"Some values in the checkpoint were not loaded: {sorted(unused)}")
        return self

    def assert_nontrivial_match(self) -> NameBasedSaverStatus:
        if not self._matched():
            raise AssertionError("Nothing except the root object matched a checkpointed value.")
        return self

    def expect_partial(self) -> NameBasedSaverStatus:
        return self

    def _matched(self) -> dict[str, Any]:
        reader = NewCheckpointReader(self._path)
        return {name: v for name, v in self._variables().items() if reader.has_tensor(name)}

    def run_restore_ops(self, session: Any = None) -> None:
        """Restores the variables whose names the checkpoint has."""
        _restore(_session(session, "run_restore_ops"), self._path, self._matched())

    def initialize_or_restore(self, session: Any = None) -> None:
        """Initialises what has no value, and restores the variables whose names the checkpoint has."""
        session = _session(session, "initialize_or_restore")
        matched = self._matched()
        _initialize(session, [v for name, v in self._variables().items() if name not in matched])
        self.run_restore_ops(session)


def _restore(session: Any, path: str, variables: dict[str, Any]) -> None:
    """Assigns variables what a checkpoint has under their keys."""
    if not variables:
        return
    with session.graph.as_default(), init_scope():
        updates = []
        for key, variable in variables.items():
            dtype = variable.dtype.base_dtype
            (value,) = raw.RestoreV2(path, [key], [""], dtypes=[dtype])
            value.set_shape(variable.shape)
            if is_resource_variable(variable):
                updates.append(raw.AssignVariableOp(variable.handle, value))
            else:
                updates.append(variable.assign(value).op)
    session.run(updates)


@export("train.Checkpoint")
class Checkpoint(Trackable):
    """Objects that are saved together, by the names of attributes on the way to each of their variables.

    Args:
      kwargs: variables, optimizers, layers, modules, other checkpoints, lists and dicts of these.

    Raises:
      ValueError: something else is given.
    """

    def __init__(self, **kwargs: Any):
        for key, value in sorted(kwargs.items()):
            if not is_trackable(value):
                raise ValueError(
                    "`Checkpoint` was expecting a trackable object (an object derived from `TrackableBase`), got "
                    f"{value}. If you believe this object should be trackable (i.e. it is part of the TensorFlow "
                    "Python API and manages state), please open an issue."
                )
            setattr(self, key, value)
        self._save_counter: Any = None
        self._increment: Any = None
        self._saver: tuple[bytes, Any, Saver] | None = None

    @property
    def save_counter(self) -> Any:
        """A variable, int64, that says how often `save` has been called."""
        self._maybe_create_save_counter()
        return self._save_counter

    def _maybe_create_save_counter(self) -> None:
        if self._save_counter is None:
            with init_scope():
                self._save_counter = Variable(
                    constant(0, dtypes.int64), name="save_counter", trainable=False, dtype=dtypes.int64
                )

    def write(self, file_prefix: str, session: Any = None) -> Any:
        """Writes a checkpoint to this very path, without counting or noting it as the latest.

        Returns:
          The path.
        """
        session = _session(session, "Checkpoint.write")
        with session.graph.as_default():
            objects = ObjectGraph(self)
            text = objects.proto.SerializeToString(deterministic=True)
            if self._saver is None or self._saver[:2] != (text, session.graph):
                with init_scope():
                    saved: list[SaveableObject] = [Description(text)]
                    for key, variable in objects.variables.items():
                        saved += saveables_of(variable, key)
                    self._saver = text, session.graph, Saver(saved, max_to_keep=0, name="object_saver")
        return self._saver[2].save(
            session, file_prefix, write_meta_graph=False, write_state=False, latest_filename="checkpoint"
        )

    def save(self, file_prefix: str, session: Any = None) -> Any:
        """Writes a checkpoint to `file_prefix` and a number that counts up, and notes it as the latest of its folder.

        Returns:
          The path.
        """
        session = _session(session, "Checkpoint.save")
        with session.graph.as_default():
            number = session.run(_counted(self, session))
        path = self.write(f"{file_prefix}-{int(number)}", session=session)
        directory = os.path.dirname(path)
        update_checkpoint_state(directory, path, all_model_checkpoint_paths=[path])
        return path

    def restore(self, save_path: str | None) -> Any:
        """The status of a restore from a checkpoint, whose `run_restore_ops` or `initialize_or_restore` does it.

        Args:
          save_path: of `save`, `write` or a `Saver`; None only to initialise.

        Raises:
          NotFoundError: there is no such checkpoint.
        """
        self._maybe_create_save_counter()
        if save_path is None:
            return InitializationOnlyStatus(self)
        reader = NewCheckpointReader(save_path)
        if not reader.has_tensor(OBJECT_GRAPH):
            return NameBasedSaverStatus(self, save_path)
        text = np.asarray(reader.get_tensor(OBJECT_GRAPH), object).item()
        return CheckpointLoadStatus(self, save_path, TrackableObjectGraph.FromString(text))


@export("train.CheckpointManager")
class CheckpointManager:
    """Keeps some of the checkpoints of a `Checkpoint` in a folder, and deletes older ones.

    Args:
      max_to_keep: how many; None for all.
      keep_checkpoint_every_n_hours: one in so many hours is never deleted.

    Raises:
      ValueError: `max_to_keep` is not positive.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        directory: str,
        max_to_keep: int | None,
        keep_checkpoint_every_n_hours: float | None = None,
        checkpoint_name: str = "ckpt",
    ):
        if max_to_keep is not None and max_to_keep <= 0:
            raise ValueError(f"Expected a positive integer or `None` for `max_to_max_to_keep`, got {max_to_keep}.")
        self._checkpoint, self._directory = checkpoint, directory
        self._max_to_keep, self._hours = max_to_keep, keep_checkpoint_every_n_hours
        self._prefix = os.path.join(directory, checkpoint_name)
        state = get_checkpoint_state(directory)
        now = time.time()
        self._kept_at = now if state is None else state.last_preserved_timestamp or now
        paths = [] if state is None else list(state.all_model_checkpoint_paths)
        times = [] if state is None else list(state.all_model_checkpoint_timestamps)
        times = times if len(times) == len(paths) else [now] * len(paths)
        self._latest = state.model_checkpoint_path if state is not None else None
        self._times: dict[str, float] = dict(zip(paths, times))

    latest_checkpoint = property(lambda self: self._latest, doc="The path of the newest checkpoint, or None.")
    checkpoints = property(lambda self: list(self._times), doc="The paths of those that may be deleted, oldest first.")

    def save(self, checkpoint_number: Any = None) -> str:
        """Writes a checkpoint in the default session, and deletes those that are too many.

        Args:
          checkpoint_number: the number in its name; by default the checkpoint's `save_counter`.
        """
        session = _session(None, "CheckpointManager.save")
        checkpoint = self._checkpoint
        if checkpoint_number is None:
            checkpoint_number = session.run(_counted(checkpoint, session))
        elif isinstance(checkpoint_number, (Variable, Tensor)):
            checkpoint_number = session.run(checkpoint_number)
        path = checkpoint.write(f"{self._prefix}-{int(checkpoint_number)}", session=session)
        self._latest = path
        self._times.pop(path, None)
        self._times[path] = time.time()
        self._record()
        self._sweep()
        self._record()
        return path

    def _record(self) -> None:
        update_checkpoint_state(
            self._directory,
            self._latest or "",
            all_model_checkpoint_paths=self.checkpoints,
            all_model_checkpoint_timestamps=list(self._times.values()),
            last_preserved_timestamp=self._kept_at,
        )

    def _sweep(self) -> None:
        while self._max_to_keep and len(self._times) > self._max_to_keep:
            path, when = next(iter(self._times.items()))
            del self._times[path]
            if self._hours and when - self._hours * 3600.0 >= self._kept_at:
                self._kept_at = when
                continue
            try:
                remove_checkpoint(path)
            except errors.NotFoundError:
                pass


def _counted(checkpoint: Checkpoint, session: Any) -> Any:
    """An update that counts, of a counter that has a value."""
    with session.graph.as_default():
        counter = checkpoint.save_counter
        if not session.run(is_variable_initialized(counter)):
            session.run(counter.initializer)
        with init_scope():
            if checkpoint._increment is None:
                checkpoint._increment = counter.assign_add(1)
            return checkpoint._increment
