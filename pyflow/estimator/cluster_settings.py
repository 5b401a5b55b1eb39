"""What the environment variable TF_CONFIG says about the cluster, and the part that this process has in it."""

from __future__ import annotations

from typing import Any

from pyflow.platform import logging
from pyflow.train.server_lib import ClusterSpec

LOCAL_MASTER = ""


class TaskType:
    """The kinds of tasks in a cluster."""

    MASTER = "master"
    PS = "ps"
    WORKER = "worker"
    CHIEF = "chief"
    EVALUATOR = "evaluator"


def model_dir_of(tf_config: dict, model_dir: str | None) -> str | None:
    """The folder of a model: the one given, or else that of TF_CONFIG.

    Raises:
      ValueError: one of them is empty, or both are given and differ.
    """
    if model_dir == "":
        raise ValueError("model_dir should be non-empty.")
    configured = tf_config.get("model_dir")
    if configured == "":
        raise ValueError("model_dir in TF_CONFIG should be non-empty.")
    if configured:
        if model_dir and configured != model_dir:
            raise ValueError(
                "`model_dir` provided in RunConfig construct, if set, must have the same value as the model_dir in "
                f'TF_CONFIG. model_dir: {model_dir}\nTF_CONFIG["model_dir"]: {configured}.\n'
            )
        logging.info("Using model_dir in TF_CONFIG: %s", configured)
    return model_dir or configured


def read_cluster(tf_config: dict) -> dict[str, Any]:
    """The properties of a RunConfig that follow from TF_CONFIG.

    Raises:
      ValueError: cluster and task do not fit.
      TypeError: "service" is no dict.
    """
    service = tf_config.get("service")
    if service is not None and not isinstance(service, dict):
        raise TypeError(f'If "service" is set in TF_CONFIG, it must be a dict. Given {type(service)}')
    cluster = ClusterSpec(tf_config.get("cluster", {}))
    task = tf_config.get("task", {})
    found: dict[str, Any] = {"service": service, "cluster_spec": cluster}
    if not cluster:
        found.update(_alone(tf_config, task))
    elif TaskType.MASTER in cluster.jobs:
        if TaskType.CHIEF in cluster.jobs:
            raise ValueError("If `master` node exists in `cluster`, job `chief` is not supported.")
        found.update(_in_cluster(tf_config, cluster, task, TaskType.MASTER))
        if found["task_type"] == TaskType.EVALUATOR:
            raise ValueError("If `master` node exists in `cluster`, task_type `evaluator` is not supported.")
    else:
        found.update(_in_cluster(tf_config, cluster, task, TaskType.CHIEF))
    return found


def _alone(tf_config: dict, task: dict) -> dict[str, Any]:
    kind, number = task.get("type", TaskType.WORKER), int(task.get("index", 0))
    if kind != TaskType.WORKER:
        raise ValueError('If "cluster" is not set in TF_CONFIG, task type must be WORKER.')
    if number != 0:
        raise ValueError('If "cluster" is not set in TF_CONFIG, task index must be 0.')
    return {
        "task_type": kind,
        "task_id": number,
        "global_id_in_cluster": 0,
        "master": tf_config.get("session_master", LOCAL_MASTER),
        "evaluation_master": tf_config.get("eval_session_master", LOCAL_MASTER),
        "is_chief": True,
        "num_ps_replicas": 0,
        "num_worker_replicas": 1,
    }


def _in_cluster(tf_config: dict, cluster: ClusterSpec, task: dict, chief: str) -> dict[str, Any]:
    kind, number = _checked_task(cluster, task, chief)
    found: dict[str, Any] = {"task_type": kind, "task_id": number, "is_chief": kind == chief}
    found["evaluation_master"] = LOCAL_MASTER
    if kind == TaskType.EVALUATOR:
        # The evaluator does not belong to the cluster: it runs by itself.
        found["evaluation_master"] = tf_config.get("eval_session_master", LOCAL_MASTER)
        if chief == TaskType.CHIEF:
            found.update(cluster_spec=ClusterSpec({}), master=LOCAL_MASTER, global_id_in_cluster=None)
            found.update(num_ps_replicas=0, num_worker_replicas=0)
        return found
    jobs = cluster.as_dict()
    found["master"] = _master_of(tf_config, cluster, kind, number)
    found["num_ps_replicas"] = len(jobs.get(TaskType.PS, []))
    found["num_worker_replicas"] = len(jobs.get(TaskType.WORKER, [])) + len(jobs.get(chief, []))
    found["global_id_in_cluster"] = _global_id(cluster, kind, number, chief)
    return found


def _checked_task(cluster: ClusterSpec, task: dict, chief: str) -> tuple[str, int]:
    if chief not in cluster.jobs:
        raise ValueError(f'If "cluster" is set in TF_CONFIG, it must have one "{chief}" node.')
    if len(cluster.job_tasks(chief)) > 1:
        raise ValueError(f'The "cluster" in TF_CONFIG must have only one "{chief}" node.')
    kind, number = task.get("type"), task.get("index")
    if not kind:
        raise ValueError('If "cluster" is set in TF_CONFIG, task type must be set.')
    if number is None:
        raise ValueError('If "cluster" is set in TF_CONFIG, task index must be set.')
    number = int(number)
    if number < 0:
        raise ValueError("Task index must be non-negative number.")
    source = "Note that these values may be coming from the TF_CONFIG environment variable."
    if kind != TaskType.EVALUATOR:
        if kind not in cluster.jobs:
            raise ValueError(f"{kind} is not a valid task_type in the cluster_spec:\n{cluster}\n\n{source}")
        if number >= len(cluster.job_tasks(kind)):
            raise ValueError(
                f"{number} is not a valid task_id for task_type {kind} in the cluster_spec:\n{cluster}\n\n{source}"
            )
    return kind, number


def _master_of(tf_config: dict, cluster: ClusterSpec, kind: str, number: int) -> str:
    if "session_master" in tf_config:
        return tf_config["session_master"]
    jobs = cluster.jobs
    if len(jobs) == 1 and len(cluster.job_tasks(jobs[0])) == 1:
        return LOCAL_MASTER
    return f"grpc://{cluster.job_tasks(kind)[number]}"


def _global_id(cluster: ClusterSpec, kind: str, number: int, chief: str) -> int:
    """The number of a task among all: the chief's first, parameter servers last, between them by name."""
    others = [job for job in sorted(cluster.jobs) if job not in (chief, TaskType.PS)]
    before = 0
    for job in (chief, *others, TaskType.PS):
        if job == kind:
            break
        before += len(cluster.job_tasks(job))
    return before + number
