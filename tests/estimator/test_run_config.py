"""tf.estimator.RunConfig: intervals, replacing, and what TF_CONFIG says."""

from __future__ import annotations

import json

import pytest

import pyflow as tf


def config(monkeypatch, **tf_config):
    monkeypatch.setenv("TF_CONFIG", json.dumps(tf_config))
    return tf.estimator.RunConfig()


CLUSTER = {"chief": ["h0:1"], "ps": ["h1:1", "h2:1"], "worker": ["h3:1", "h4:1"]}


def test_defaults_are_those_of_a_single_process():
    c = tf.estimator.RunConfig()
    assert (c.model_dir, c.tf_random_seed, c.save_summary_steps, c.log_step_count_steps) == (None, None, 100, 100)
    assert (c.save_checkpoints_secs, c.save_checkpoints_steps, c.keep_checkpoint_max) == (600, None, 5)
    assert (c.task_type, c.task_id, c.is_chief, c.num_ps_replicas, c.num_worker_replicas) == ("worker", 0, True, 0, 1)
    assert (c.master, c.evaluation_master, c.session_config, c.global_id_in_cluster) == ("", "", None, 0)


def test_replacing_an_interval_takes_the_other_away():
    c = tf.estimator.RunConfig().replace(save_checkpoints_steps=5)
    assert (c.save_checkpoints_steps, c.save_checkpoints_secs) == (5, None)
    assert c.replace(save_checkpoints_secs=2).save_checkpoints_steps is None
    with pytest.raises(ValueError, match="`save_checkpoints_steps` and `save_checkpoints_secs` cannot be both set."):
        c.replace(save_checkpoints_steps=1, save_checkpoints_secs=1)
    with pytest.raises(ValueError, match="Replacing master is not supported. Allowed properties are"):
        c.replace(master="x")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model_dir": ""}, "model_dir should be non-empty."),
        ({"tf_random_seed": 1.0}, "tf_random_seed must be integer."),
        ({"save_summary_steps": -1}, "save_summary_steps should be >= 0"),
        ({"keep_checkpoint_every_n_hours": 0}, "keep_checkpoint_every_n_hours should be > 0"),
        ({"session_config": 1}, "session_config must be instance of ConfigProto"),
        ({"device_fn": lambda x: x}, 'device_fn must be callable with exactly one argument "op".'),
        ({"protocol": "x"}, "protocol should be grpc or grpc"),
    ],
)
def test_values_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        tf.estimator.RunConfig(**arguments)


def test_a_worker_finds_its_place_in_the_cluster(monkeypatch):
    c = config(monkeypatch, cluster=CLUSTER, task={"type": "worker", "index": 1})
    assert (c.master, c.is_chief, c.num_ps_replicas, c.num_worker_replicas) == ("grpc://h4:1", False, 2, 3)
    assert c.global_id_in_cluster == 2
    assert list(c.session_config.device_filters) == ["/job:ps", "/job:worker/task:1"]


def test_an_evaluator_is_outside_of_the_cluster(monkeypatch):
    c = config(monkeypatch, cluster=CLUSTER, task={"type": "evaluator", "index": 0})
    assert not c.cluster_spec and c.master == "" and c.global_id_in_cluster is None and not c.is_chief


@pytest.mark.parametrize(
    ("tf_config", "message"),
    [
        ({"cluster": {"worker": ["h"]}}, 'If "cluster" is set in TF_CONFIG, it must have one "chief" node.'),
        ({"cluster": CLUSTER}, 'If "cluster" is set in TF_CONFIG, task type must be set.'),
        ({"cluster": CLUSTER, "task": {"type": "ps", "index": 2}}, "2 is not a valid task_id for task_type ps"),
        ({"task": {"type": "ps"}}, 'If "cluster" is not set in TF_CONFIG, task type must be WORKER.'),
        ({"model_dir": ""}, "model_dir in TF_CONFIG should be non-empty."),
    ],
)
def test_inconsistent_clusters_are_refused(monkeypatch, tf_config, message):
    with pytest.raises(ValueError, match=message):
        config(monkeypatch, **tf_config)
