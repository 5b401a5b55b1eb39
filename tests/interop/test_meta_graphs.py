"""A training program that one of PyFlow and TensorFlow saved goes on in the other: graph, collections, variables."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

RNG = np.random.RandomState(7)
X = RNG.randn(16, 5).astype(np.float32)
Y = RNG.randint(0, 3, 16).astype(np.int64)


def build(framework, optimizer, use_resource):
    x = framework.placeholder(framework.float32, [None, 5], name="x")
    y = framework.placeholder(framework.int64, [None], name="y")
    with framework.variable_scope("net", use_resource=use_resource):
        start = framework.random_normal_initializer(stddev=0.3, seed=3)
        w = framework.get_variable("w", [5, 8], initializer=start)
        b = framework.get_variable("b", [8], initializer=framework.zeros_initializer())
        h = framework.nn.relu(framework.nn.bias_add(framework.matmul(x, w), b))
        v = framework.get_variable("v", [8, 3], initializer=start)
        logits = framework.matmul(framework.tanh(h), v, name="logits")
    losses = framework.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = framework.reduce_mean(losses) + 0.01 * framework.nn.l2_loss(w)
    framework.identity(loss, name="loss")
    framework.summary.scalar("loss_summary", loss)
    step = framework.train.get_or_create_global_step()
    train = optimizer(framework).minimize(loss, global_step=step, name="train")
    average = framework.train.ExponentialMovingAverage(0.9, step)
    with framework.control_dependencies([train]):
        framework.group(average.apply([w]), name="train_and_average")
    framework.add_to_collection("logits", logits)
    framework.add_to_collection("rate", 0.25)
    framework.add_to_collection("names", b"net")


OPTIMIZERS = {
    "adam": lambda framework: framework.train.AdamOptimizer(0.05),
    "momentum": lambda framework: framework.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "rmsprop": lambda framework: framework.train.RMSPropOptimizer(0.01, centered=True, momentum=0.5),
    "adagrad": lambda framework: framework.train.AdagradOptimizer(0.1),
    "ftrl": lambda framework: framework.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01),
}


def train(framework, sess, steps):
    feed = {"x:0": X, "y:0": Y}
    return [sess.run(["loss:0", "train_and_average"], feed)[0] for _ in range(steps)]


@pytest.mark.parametrize("use_resource", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("writer", ["pyflow", "tensorflow"])
def test_training_goes_on_in_the_other(tf1, tmp_path, writer, optimizer, use_resource):
    source, target = (tf, tf1) if writer == "pyflow" else (tf1, tf)
    with source.Graph().as_default(), source.Session() as sess:
        build(source, OPTIMIZERS[optimizer], use_resource)
        sess.run(source.global_variables_initializer())
        train(source, sess, 5)
        path = source.train.Saver().save(sess, str(tmp_path / "m"), global_step=source.train.get_global_step())
        assert path.endswith("m-5")
        expected = train(source, sess, 20)
        variables = [v.name for v in source.global_variables()]
        averages = source.moving_average_variables()
    with target.Graph().as_default() as graph, target.Session() as sess:
        saver = target.train.import_meta_graph(path + ".meta")
        saver.restore(sess, path)
        assert train(target, sess, 20) == pytest.approx(expected, rel=1e-5)
        assert [v.name for v in target.global_variables()] == variables
        assert [v.name for v in target.moving_average_variables()] == [v.name for v in averages]
        assert target.train.get_global_step().eval() == 25
        assert graph.get_collection("logits")[0].name == "net/logits:0"
        assert graph.get_collection("rate") == [0.25] and graph.get_collection("names") == [b"net"]
        # And back: what the other saves of it opens here again.
        path = saver.save(sess, str(tmp_path / "back"), global_step=25)
        expected = train(target, sess, 3)
    with source.Graph().as_default(), source.Session() as sess:
        source.train.import_meta_graph(path + ".meta").restore(sess, path)
        assert train(source, sess, 3) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("strip", [False, True])
@pytest.mark.parametrize("text", [False, True])
def test_graphs_without_their_defaults_and_as_text_are_read_by_tensorflow(tf1, tmp_path, text, strip):
    with tf.Graph().as_default():
        build(tf, OPTIMIZERS["adam"], False)
        tf.train.export_meta_graph(str(tmp_path / "g"), as_text=text, strip_default_attrs=strip)
        expected = tf.get_default_graph().as_graph_def()
    tf1.train.import_meta_graph(str(tmp_path / "g"))
    imported = tf1.get_default_graph().as_graph_def()
    ours = {node.name: (node.op, sorted(node.input), dict(node.attr).keys()) for node in expected.node}
    theirs = {node.name: (node.op, sorted(node.input), dict(node.attr).keys()) for node in imported.node}
    assert theirs.keys() >= ours.keys()  # TensorFlow adds a saver
    for name, (op, inputs, attrs) in ours.items():
        assert theirs[name][:2] == (op, inputs) and theirs[name][2] >= attrs, name
