"""tf.train.Checkpoint: what it writes is what TensorFlow 1.15.5 writes; tests/golden has no need to keep it."""

from __future__ import annotations

import os

import pytest

import pyflow as tf
from pyflow.protos.object_graph_pb2 import TrackableObjectGraph

VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


class Part(tf.Module):
    def __init__(self):
        super().__init__()
        self.k = tf.Variable(5.0)
        self.items = [tf.Variable(1.0), tf.Variable(2.0)]


def built():
    v, w = tf.Variable([1.0, 2.0], name="v"), tf.Variable(3.0, use_resource=True, name="w")
    optimizer = tf.train.AdamOptimizer(0.1)
    train = optimizer.minimize(tf.reduce_sum(v * v) + w * w)
    return tf.train.Checkpoint(v=v, w=w, opt=optimizer, m=Part()), train


@pytest.fixture
def written(tmp_path):
    """The path of the first checkpoint of a trained graph."""
    with tf.Graph().as_default(), tf.Session() as session:
        checkpoint, train = built()
        session.run(tf.global_variables_initializer())
        session.run(train)
        return checkpoint.save(str(tmp_path / "ck"))


def description(path):
    graph = TrackableObjectGraph.FromString(tf.train.load_variable(path, "_CHECKPOINTABLE_OBJECT_GRAPH"))
    return [([(c.node_id, c.local_name) for c in n.children], [a.checkpoint_key for a in n.attributes],
             [(s.original_variable_node_id, s.slot_name, s.slot_variable_node_id) for s in n.slot_variables])
            for n in graph.nodes]  # fmt: skip


def test_objects_are_described(written):
    nodes = description(written)
    assert nodes[0] == ([(1, "m"), (2, "opt"), (3, "v"), (4, "w"), (5, "save_counter")], [], [])
    assert nodes[1] == ([(6, "k"), (7, "items")], [], [])
    slots = [(3, "m", 12), (4, "m", 13), (3, "v", 14), (4, "v", 15)]
    assert nodes[2] == ([(8, "beta1_power"), (9, "beta2_power")], [], slots)
    assert nodes[7] == ([(10, "0"), (11, "1")], [], [])
    assert nodes[11] == ([], ["m/items/1" + VALUE], [])
    assert nodes[15] == ([], ["w/.OPTIMIZER_SLOT/opt/v" + VALUE], [])
    assert len(nodes) == 16 and tf.train.latest_checkpoint(os.path.dirname(written)) == written


def test_all_is_restored(written):
    checkpoint, _ = built()
    with tf.Session() as session:
        checkpoint.restore(written).assert_consumed().run_restore_ops()
        assert session.run(checkpoint.v).tolist() == pytest.approx([0.9, 1.9])
        assert session.run(checkpoint.opt.get_slot(checkpoint.v, "m")).tolist() == pytest.approx([0.2, 0.4])
        assert session.run(checkpoint.save_counter) == 1 and checkpoint.save(written[:-2]).endswith("ck-2")


def test_some_is_restored(written):
    checkpoint = tf.train.Checkpoint(v=tf.Variable([0.0, 0.0]), other=tf.Variable(7.0))
    status = checkpoint.restore(written)
    with pytest.raises(AssertionError, match="Some Python objects were not bound to checkpointed values"):
        status.assert_existing_objects_matched()
    with tf.Session() as session:
        status.expect_partial().initialize_or_restore()
        assert session.run(checkpoint.v).tolist() == pytest.approx([0.9, 1.9]) and session.run(checkpoint.other) == 7
    del checkpoint.other
    with pytest.raises(AssertionError, match=r"Unresolved object in checkpoint \(root\).m"):
        status.assert_existing_objects_matched().assert_consumed()


def test_saver_and_checkpoint_read_each_other(written, tmp_path):
    v = tf.Variable([0.0, 0.0], name="v")
    saver = tf.train.Saver([v])
    with tf.Session() as session:
        saver.restore(session, written)
        assert session.run(v).tolist() == pytest.approx([0.9, 1.9])
        path = saver.save(session, str(tmp_path / "named"))
        session.run(v.initializer)
        tf.train.Checkpoint(anything=v).restore(path).assert_consumed().run_restore_ops()
        assert session.run(v).tolist() == pytest.approx([0.9, 1.9])


def test_nothing_to_restore():
    checkpoint = tf.train.Checkpoint(v=tf.Variable(3.0))
    status = checkpoint.restore(None)
    with pytest.raises(AssertionError, match="No checkpoint specified"):
        status.assert_consumed()
    with tf.Session() as session:
        status.initialize_or_restore()
        assert session.run([checkpoint.v, checkpoint.save_counter]) == [3.0, 0]
    with pytest.raises(tf.errors.NotFoundError):
        checkpoint.restore("/nowhere")
    with pytest.raises(ValueError, match="was expecting a trackable object"):
        tf.train.Checkpoint(a=3)


def test_manager_keeps_the_newest(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(3.0))
    manager = tf.train.CheckpointManager(checkpoint, str(tmp_path), max_to_keep=2)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        paths = [manager.save() for _ in range(3)]
    assert paths == [str(tmp_path / f"ckpt-{i}") for i in (1, 2, 3)]
    assert manager.checkpoints == paths[1:] and manager.latest_checkpoint == paths[2]
    assert sorted(p.name for p in tmp_path.glob("*.index")) == ["ckpt-2.index", "ckpt-3.index"]
    again = tf.train.CheckpointManager(checkpoint, str(tmp_path), max_to_keep=2)
    assert again.checkpoints == paths[1:] and again.latest_checkpoint == paths[2]
