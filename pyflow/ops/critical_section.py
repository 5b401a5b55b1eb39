"""tf.CriticalSection: functions of which only one runs at a time."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any, Callable, NamedTuple

from pyflow.core import dtypes, errors, nest
from pyflow.core.api import export
from pyflow.core.init_scope import init_scope
from pyflow.core.operation import Operation
from pyflow.core.registry import NOT_DIFFERENTIABLE, op
from pyflow.core.scopes import (
    add_to_collection,
    colocate_with,
    control_dependencies,
    get_collection,
    get_default_graph,
    name_scope,
)
from pyflow.core.tensor import Tensor
from pyflow.core.waiting import time_left
from pyflow.ops.array_identity import identity
from pyflow.ops.control_flow import group
from pyflow.ops.control_flow import tuple as tuple_
from pyflow.ops.tensor_array import TensorArray

_SECTIONS = "critical_sections"
_EXECUTIONS = "critical_section_executions"


class _Mutex:
    """A lock of a session. One thread may take it again: it runs one operation after the other anyhow."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.owner: threading.Thread | None = None

    def take(self) -> None:
        """Waits for the lock; one whose thread has died in a failed run is given up."""
        left = time_left()
        end = None if left < 0 else time.monotonic() + left
        while not self.lock.acquire(timeout=0.2 if end is None else min(0.2, max(0.0, end - time.monotonic()))):
            if end is not None and time.monotonic() >= end:
                raise errors.DeadlineExceededError(None, None, "Timed out waiting for a critical section")
            if self.owner is not None and not self.owner.is_alive():
                self.lock, self.owner = threading.RLock(), None
        self.owner = threading.current_thread()


class _Held:
    """A lock that is held until it is given back, or forgotten because the run has failed."""

    def __init__(self, mutex: _Mutex):
        mutex.take()
        self._lock: Any = mutex.lock

    def release(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def __del__(self) -> None:
        if self.__dict__.get("_lock") is not None:
            with contextlib.suppress(RuntimeError):  # forgotten by another thread
                self.release()


@op("MutexV2() -> (resource: resource)", container="", shared_name="")
class MutexV2:
    """A lock of the session."""

    stateful = True

    def shape():
        return ()

    def cpu(ctx, container, shared_name):
        return ctx.resources.get_or_create(_Mutex, container, shared_name or ctx.op_name, _Mutex)

    grad = NOT_DIFFERENTIABLE


@op("MutexLock(mutex: resource) -> (mutex_lock: variant)")
class MutexLock:
    """Waits for the lock and takes it."""

    stateful = True

    def shape(mutex):
        return ()

    def cpu(mutex):
        return _Held(mutex)

    grad = NOT_DIFFERENTIABLE


@op("ConsumeMutexLock(mutex_lock: variant) -> ()")
class ConsumeMutexLock:
    """Gives a lock back."""

    stateful = True

    def shape(mutex_lock):
        return []

    def cpu(mutex_lock):
        mutex_lock.release()
        return ()

    grad = NOT_DIFFERENTIABLE


class _Execution(NamedTuple):
    op: Any
    handle: Tensor
    resources: list[Tensor]
    exclusive_resource_access: bool


@export("CriticalSection")
class CriticalSection:
    """Functions that run within it run one at a time, also in different runs of a session.

    Args:
      shared_name: sections of one name are one; by default the name.
    """

    def __init__(
        self,
        name: str | None = None,
        shared_name: str | None = None,
        critical_section_def: Any = None,
        import_scope: str | None = None,
    ):
        if critical_section_def:
            if name is not None:
                raise ValueError("critical_section_def and shared_name are mutually exclusive.")
            raise NotImplementedError("CriticalSection: critical_section_def")
        with name_scope(name, "CriticalSection", []) as scope, init_scope():
            container = get_default_graph()._container or ""
            name = scope.rstrip("/")
            shared = name if shared_name is None else shared_name
            self._handle = MutexV2(shared_name=shared, container=container, name=scope)
        add_to_collection(_SECTIONS, self)

    @property
    def name(self) -> str:
        return self._handle.op.name

    def execute(self, fn: Callable, exclusive_resource_access: bool = True, name: str | None = None) -> Any:
        """What `fn()` returns, computed while nothing else runs in this section.

        Args:
          exclusive_resource_access: that no other section uses the variables that this one does.

        Raises:
          ValueError: `fn` uses the section itself, or variables of another one that is exclusive.
        """
        graph = get_default_graph()
        with name_scope(name, "critical_section_execute", []):
            lock = MutexLock(self._handle)
            before = set(graph.get_operations())
            with control_dependencies([lock]):
                result = fn()
            created = [op for op in graph.get_operations() if op not in before]
            self._lock_after_inputs(created, lock.op)
            used = {x for op in created for x in op.inputs if x.dtype == dtypes.resource}
            if any(self._is_self_handle(x) for x in used):
                raise ValueError(
                    "The function fn attempts to directly access the CriticalSection in which it would be running.  "
                    "This is illegal and would cause deadlocks."
                )
            self._check_multiple_access(used, exclusive_resource_access)
            flat = [_same(x) for x in nest.flatten(result)]
            with control_dependencies(flat), colocate_with(self._handle):
                unlock = ConsumeMutexLock(lock)
            result = nest.pack_sequence_as(result, tuple_(nest.flatten(result)))
            with control_dependencies([unlock]):
                outputs = nest.map_structure(_same, result)
            add_to_collection(_EXECUTIONS, _Execution(lock.op, self._handle, list(used), exclusive_resource_access))
            return outputs

    @staticmethod
    def _lock_after_inputs(created: list[Any], lock: Any) -> None:
        """The lock is taken only when what the function needs from outside has been computed."""
        own = {*created, lock, *lock.control_inputs, *(x.op for x in lock.inputs)}
        needed = {x.op for op in created for x in op.inputs} | {x for op in created for x in op.control_inputs}
        outside = sorted(needed - own, key=lambda op: op._id)
        if outside:
            lock._add_control_input(group(*outside))

    def _is_self_handle(self, x: Tensor) -> bool:
        shared = self._handle.op.attrs["shared_name"]
        return x.op.type == "MutexV2" and bool(shared) and x.op.attrs["shared_name"] == shared

    def _check_multiple_access(self, used: set[Tensor], exclusive: bool) -> None:
        for other in get_collection(_EXECUTIONS):
            if self._is_self_handle(other.handle) or not (exclusive or other.exclusive_resource_access):
                continue
            both = used.intersection(other.resources)
            if both:
                raise ValueError(
                    f"This execution would access resources: {list(both)}.  Either this lock (CriticalSection: "
                    f"{self._handle}) or lock '{other}' (CriticalSection: {other.handle}) requested exclusive "
                    "resource access of this resource.  Did you mean to call execute with keyword argument "
                    "exclusive_resource_access=False?"
                )


def _same(x: Any) -> Any:
    return group(x) if isinstance(x, Operation) else x.identity() if isinstance(x, TensorArray) else identity(x)
