"""SyncReplicasOptimizer applies the means of gradients; its nodes are those of TensorFlow 1.15.5."""

from __future__ import annotations

import pytest

import pyflow as tf


def training(replicas_to_aggregate, total):
    w = tf.Variable([1.0, 2.0], name="w")
    rows = tf.Variable(tf.ones([3, 2]), name="rows")
    step = tf.train.get_or_create_global_step()
    loss = tf.reduce_sum(w * w) + tf.reduce_sum(tf.gather(rows, [0, 0, 1]))
    optimizer = tf.train.SyncReplicasOptimizer(
        tf.train.GradientDescentOptimizer(0.1), replicas_to_aggregate, total_num_replicas=total
    )
    return optimizer, optimizer.minimize(loss, global_step=step), [w, rows, step]


def test_names_of_its_nodes():
    training(1, 1)
    names = [op.name for op in tf.get_default_graph().get_operations()]
    for name in (
        "sync_rep_local_step",
        "sync_replicas/conditional_accumulator",
        "sync_replicas/SparseAccumulatorTakeGradient",
        "GradientDescent/update_w/ApplyGradientDescent",
        "sync_token_q_Dequeue",
        "Assign_1",
        "sync_token_q_EnqueueMany",
        "sync_replicas/SetGlobalStep_1",
        "sync_replicas/group_deps",
    ):
        assert name in names


def test_the_chief_applies_what_was_handed_in():
    optimizer, train, variables = training(1, 1)
    with tf.Session() as session:
        session.run([tf.global_variables_initializer()])
        session.run(optimizer.chief_init_op)
        session.run(optimizer.get_init_tokens_op())
        session.run(train)
        apply = optimizer.get_chief_queue_runner().enqueue_ops[0]
        session.run(apply)
        w, rows, step = session.run(variables)
        assert w.tolist() == pytest.approx([0.8, 1.6]) and step == 1
        assert rows[:, 0].tolist() == pytest.approx([0.8, 0.9, 1.0])


@pytest.mark.native
def test_its_hook_prepares_a_session():
    optimizer, train, variables = training(1, 1)
    hook = optimizer.make_session_run_hook(is_chief=True)
    hook.begin()
    coord = tf.train.Coordinator(clean_stop_exception_types=(tf.errors.OutOfRangeError, tf.errors.CancelledError))
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    hook.after_create_session(session, coord)
    for _ in range(3):
        session.run(train)
    assert session.run(variables[2]) >= 1
    coord.request_stop()
    session.close()  # the chief's thread waits for gradients
    coord.join()


def test_what_is_missing_is_said():
    optimizer = tf.train.SyncReplicasOptimizer(tf.train.GradientDescentOptimizer(0.1), 4, total_num_replicas=2)
    with pytest.raises(ValueError, match="Must supply at least one variable"):
        optimizer.apply_gradients([])
    with pytest.raises(ValueError, match="Global step is required to check staleness"):
        optimizer.apply_gradients([(1, 2)])
    with pytest.raises(ValueError, match=r"get_init_tokens_op\(\) should be called after apply_gradients"):
        optimizer.get_init_tokens_op()
    optimizer, *_ = training(4, 2)
    with pytest.raises(ValueError, match=r"Too few tokens to finish the first step: 1 \(given\) vs 2 \(needed\)"):
        optimizer.get_init_tokens_op(1)
