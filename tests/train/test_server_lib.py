"""tf.train.ClusterSpec, Server and replica_device_setter: clusters described, and the one task that runs here."""

from __future__ import annotations

import pytest

import pyflow as tf


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


CLUSTER = {"worker": ["a:1", "b:2"], "ps": {1: "c:3"}}


def test_a_cluster_knows_its_tasks():
    cluster = tf.train.ClusterSpec(CLUSTER)
    assert cluster.as_dict() == CLUSTER and cluster.jobs == ["worker", "ps"]
    assert str(cluster) == "ClusterSpec({'ps': {1: 'c:3'}, 'worker': ['a:1', 'b:2']})"
    assert cluster.num_tasks("worker") == 2 and cluster.task_indices("ps") == [1]
    assert cluster.task_address("ps", 1) == "c:3" and cluster.job_tasks("ps") == [None, "c:3"]
    assert tf.train.ClusterSpec(cluster.as_cluster_def()) == cluster == tf.train.ClusterSpec(cluster)
    assert cluster != tf.train.ClusterSpec({}) and not tf.train.ClusterSpec({})


@pytest.mark.parametrize(
    "make, kind, message",
    [
        (lambda: tf.train.ClusterSpec(3), TypeError, "`cluster` must be a dictionary mapping one or more job names"),
        (lambda: tf.train.ClusterSpec({"a": 3}), TypeError, "The tasks for job 'a' must be a list or a dictionary"),
        (lambda: tf.train.ClusterSpec({1: ["a"]}), TypeError, "Job name 1 must be bytes or unicode"),
        (lambda: tf.train.ClusterSpec({"a": [3]}), TypeError, "Task address 3 must be bytes or unicode"),
        (lambda: tf.train.ClusterSpec(CLUSTER).num_tasks("x"), ValueError, "No such job in cluster: 'x'"),
        (lambda: tf.train.ClusterSpec(CLUSTER).task_address("ps", 0), ValueError, "No task with index 0 in job 'ps'"),
        (lambda: tf.train.Server(3), TypeError, "Could not convert `server_or_cluster_def` to a `tf.train.ServerDef`"),
        (lambda: tf.train.Server(CLUSTER), ValueError, "Must specify an explicit `job_name`."),
        (lambda: tf.train.Server(CLUSTER, "worker"), ValueError, "Must specify an explicit `task_index`."),
        (lambda: tf.train.Server(CLUSTER, "worker", 1), NotImplementedError, "tf.train.Server in a cluster of 3 tasks"),
    ],
)
def test_what_is_no_cluster_is_refused(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_sessions_of_a_server_share_variables():
    v = tf.Variable(1.0)
    server = tf.train.Server.create_local_server()
    assert server.server_def.job_name == "local" and server.server_def.protocol == "grpc"
    with tf.Session(server.target) as one:
        one.run(v.initializer)
        one.run(v.assign(3.0))
    two = tf.Session(server.target)
    assert two.run(v) == 3.0
    other = tf.Session(tf.train.Server({"here": ["localhost:0"]}).target)
    with pytest.raises(tf.errors.FailedPreconditionError):
        other.run(v)
    tf.Session.reset(server.target)
    with pytest.raises(tf.errors.FailedPreconditionError):
        two.run(v)


def test_sessions_elsewhere_are_not_reached():
    with pytest.raises(NotImplementedError, match="Session target 'grpc://elsewhere:2222'"):
        tf.Session("grpc://elsewhere:2222")


def test_variables_go_to_the_servers_in_turn():
    setter = tf.train.replica_device_setter(2, worker_device="/job:worker/task:3")
    with tf.device(setter):
        v, w = tf.Variable(1.0), tf.Variable(2.0)
        y = v + w
        with tf.device("/device:GPU:1"):
            z = y + 1
    assert [x.device for x in (v, w, y, z)] == [
        "/job:ps/task:0",
        "/job:ps/task:1",
        "/job:worker/task:3",
        "/job:worker/task:3/device:GPU:1",
    ]


def test_devices_of_the_program_may_be_kept():
    with tf.device(tf.train.replica_device_setter(cluster=CLUSTER, merge_devices=False, ps_strategy=lambda op: 7)):
        with tf.device("/device:GPU:1"):
            z = tf.constant(1)
        assert z.device == "/device:GPU:1" and tf.Variable(1.0).device == "/job:ps/task:7"


def test_without_servers_nothing_is_placed():
    assert tf.train.replica_device_setter() is None
    assert tf.train.replica_device_setter(cluster={"worker": ["a:1"]}) is None
    with pytest.raises(TypeError, match="ps_strategy must be callable"):
        tf.train.replica_device_setter(1, ps_strategy=3)
