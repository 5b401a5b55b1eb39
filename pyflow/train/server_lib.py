"""Clusters of tasks, and the server of a task: `tf.train.ClusterSpec` and `tf.train.Server`.

PyFlow runs in one process: a server can only be that of a cluster with a single task.
"""

from __future__ import annotations

import threading
from typing import Any

from pyflow.core.api import export
from pyflow.platform import compat
from pyflow.protos.config_pb2 import ConfigProto, ServerDef
from pyflow.protos.device_pb2 import ClusterDef
from pyflow.runtime.local_server import LocalServer


@export("train.ClusterSpec")
class ClusterSpec:
    """The tasks of each job of a cluster, and their addresses.

    Args:
      cluster: a dict from job names to lists of addresses ("host:port"), or to dicts from task numbers to addresses;
        or a `ClusterDef`, `ClusterSpec`.

    Raises:
      TypeError: it is none of these.
    """

    def __init__(self, cluster: Any):
        self._cluster_spec: dict[str, dict[int, str]]
        if isinstance(cluster, ClusterSpec):
            self._cluster_spec = {job: dict(tasks) for job, tasks in cluster._cluster_spec.items()}
        elif isinstance(cluster, ClusterDef):
            self._cluster_spec = {job.name: dict(job.tasks) for job in cluster.job}
        elif isinstance(cluster, dict):
            self._cluster_spec = {job: _numbered(job, tasks) for job, tasks in cluster.items()}
        else:
            raise TypeError(
                "`cluster` must be a dictionary mapping one or more job names to lists of network addresses, or a "
                "`ClusterDef` protocol buffer"
            )
        self._cluster_def = self._as_proto()

    def _as_proto(self) -> Any:
        proto = ClusterDef()
        for job, tasks in sorted(self._cluster_spec.items(), key=lambda item: str(item[0])):
            added = proto.job.add(name=_text(job, "Job name"))
            for number, address in sorted(tasks.items()):
                if not isinstance(number, int):
                    raise TypeError(f"{number!r} has type {type(number).__name__}, but expected one of: int")
                added.tasks[number] = _text(address, "Task address")
        return proto

    def __bool__(self) -> bool:
        return bool(self._cluster_spec)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, ClusterSpec) and self._cluster_spec == other._cluster_spec

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        jobs = self.as_dict()
        return "ClusterSpec({" + ", ".join(f"{job!r}: {jobs[job]!r}" for job in sorted(jobs)) + "})"

    def as_dict(self) -> dict[str, Any]:
        """A dict from job names to lists of addresses; to dicts from task numbers where some number is left out."""
        return {
            job: list(tasks.values()) if list(tasks) == list(range(len(tasks))) else dict(tasks)
            for job, tasks in ((job, self._tasks(job)) for job in self.jobs)
        }

    def as_cluster_def(self) -> Any:
        """The cluster as a `ClusterDef`."""
        return self._cluster_def

    @property
    def jobs(self) -> list[str]:
        """The names of the jobs."""
        return list(self._cluster_spec)

    def _tasks(self, job_name: str) -> dict[int, str]:
        try:
            return dict(sorted(self._cluster_spec[job_name].items()))
        except KeyError:
            raise ValueError(f"No such job in cluster: {job_name!r}") from None

    def num_tasks(self, job_name: str) -> int:
        """How many tasks a job has.

        Raises:
          ValueError: there is no such job.
        """
        return len(self._tasks(job_name))

    def task_indices(self, job_name: str) -> list[int]:
        """The numbers of a job's tasks, sorted.

        Raises:
          ValueError: there is no such job.
        """
        return list(self._tasks(job_name))

    def task_address(self, job_name: str, task_index: int) -> str:
        """The address of a task.

        Raises:
          ValueError: there is no such task.
        """
        tasks = self._tasks(job_name)
        if task_index not in tasks:
            raise ValueError(f"No task with index {task_index!r} in job {job_name!r}")
        return tasks[task_index]

    def job_tasks(self, job_name: str) -> list[str | None]:
        """The addresses of a job's tasks by their numbers, None where a number is left out.

        Raises:
          ValueError: there is no such job.
        """
        tasks = self._tasks(job_name)
        return [tasks.get(number) for number in range(max(tasks, default=-1) + 1)]


def _numbered(job: str, tasks: Any) -> dict[int, str]:
    if isinstance(tasks, (list, tuple)):
        return dict(enumerate(tasks))
    if isinstance(tasks, dict):
        return dict(tasks)
    raise TypeError(f"The tasks for job {job!r} must be a list or a dictionary from integers to strings.")


def _text(value: Any, what: str) -> str:
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"{what} {value!r} must be bytes or unicode")
    return compat.as_text(value)


def _make_server_def(cluster: Any, job_name: Any, task_index: Any, protocol: Any, config: Any) -> Any:
    """A ServerDef, with what is left open taken from the only task there is."""
    definition = ServerDef()
    if isinstance(cluster, ServerDef):
        definition.MergeFrom(cluster)
    else:
        try:
            definition.cluster.MergeFrom(ClusterSpec(cluster).as_cluster_def())
        except TypeError:
            raise TypeError(
                "Could not convert `server_or_cluster_def` to a `tf.train.ServerDef` or `tf.train.ClusterSpec`."
            ) from None
    is_new = not isinstance(cluster, ServerDef)
    if job_name is not None:
        definition.job_name = job_name
    elif is_new or not definition.job_name:
        if len(definition.cluster.job) != 1:
            raise ValueError("Must specify an explicit `job_name`.")
        definition.job_name = definition.cluster.job[0].name
    if task_index is not None:
        definition.task_index = task_index
    elif is_new:
        tasks = next((job.tasks for job in definition.cluster.job if job.name == definition.job_name), {})
        if len(tasks) != 1:
            raise ValueError("Must specify an explicit `task_index`.")
        definition.task_index = next(iter(tasks))
    if protocol is not None or not definition.protocol:
        definition.protocol = protocol or "grpc"
    if config is not None:
        definition.default_session_config.MergeFrom(config)
    return definition


@export("train.Server", "distribute.Server")
class Server:
    """The server of one task; sessions with its `target` share variables and queues.

    Args:
      server_or_cluster_def: a `ServerDef`, or the cluster as a `ClusterSpec`, `ClusterDef` or dict.
      job_name, task_index: which task this is; may be left out where there is only one.
      protocol: "grpc" by default.
      config: the `ConfigProto` of sessions that have none.
      start: whether to start it at once.

    Raises:
      NotImplementedError: the cluster has several tasks; those of other processes could not be reached.
      TypeError: the cluster is none.
      ValueError: it is open which task this is.
    """

    def __init__(
        self,
        server_or_cluster_def: Any,
        job_name: str | None = None,
        task_index: int | None = None,
        protocol: str | None = None,
        config: Any = None,
        start: bool = True,
    ):
        self._server_def = _make_server_def(server_or_cluster_def, job_name, task_index, protocol, config)
        tasks = sum(len(job.tasks) for job in self._server_def.cluster.job)
        if tasks > 1:
            raise NotImplementedError(f"tf.train.Server in a cluster of {tasks} tasks: PyFlow runs in one process")
        self._local = LocalServer()
        if start:
            self.start()

    def start(self) -> None:
        """Starts the server, which has nothing to do for that."""

    def join(self) -> None:
        """Waits until the server ends, which it doesn't."""
        threading.Event().wait()

    server_def: Any = property(lambda self: self._server_def, doc="The `ServerDef`.")
    target: str = property(lambda self: self._local.target, doc="What a session takes as its target.")  # type: ignore

    @staticmethod
    def create_local_server(config: Any = None, start: bool = True) -> Server:
        """A server for this process alone."""
        assert config is None or isinstance(config, ConfigProto)
        return Server({"local": ["localhost:0"]}, protocol="grpc", config=config, start=start)
