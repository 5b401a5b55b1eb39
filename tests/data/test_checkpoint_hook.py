"""CheckpointInputPipelineHook: iterators go on where they were when the process ended."""

from __future__ import annotations

import types

import pyflow as tf


def trained(folder, steps):
    """What a training of so many steps sees of its data, in a process of its own."""
    config = types.SimpleNamespace(
        num_worker_replicas=1, task_type="worker", task_id=0, save_checkpoints_secs=None, save_checkpoints_steps=2
    )
    seen = []
    with tf.Graph().as_default():
        step = tf.train.get_or_create_global_step()
        iterator = tf.data.Dataset.range(20).map(lambda x: x * x).make_initializable_iterator()
        following, count = iterator.get_next(), tf.assign_add(step, 1)
        hook = tf.data.experimental.CheckpointInputPipelineHook(types.SimpleNamespace(model_dir=folder, _config=config))
        scaffold = tf.train.Scaffold(local_init_op=iterator.initializer)
        creator = tf.train.ChiefSessionCreator(scaffold)
        with tf.train.MonitoredSession(creator, [hook]) as session:
            for _ in range(steps):
                seen.append(int(session.run([following, count])[0]))
    return seen


def test_goes_on_where_it_was(tmp_path):
    folder = str(tmp_path)
    assert trained(folder, 3) == [0, 1, 4]
    assert trained(folder, 2) == [9, 16]
    assert tf.train.latest_checkpoint(folder, "checkpoint_input").startswith(f"{folder}/input.ckpt-")
    assert tf.train.latest_checkpoint(folder) is None
