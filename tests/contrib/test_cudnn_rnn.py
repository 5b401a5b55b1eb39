"""tf.contrib.cudnn_rnn: the layers compute what the cells do that their weights are saved for."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

cudnn = tf.contrib.cudnn_rnn
X = np.random.RandomState(0).randn(5, 3, 4).astype(np.float32)

CELLS = {
    "CudnnLSTM": lambda: cudnn.CudnnCompatibleLSTMCell(6),
    "CudnnGRU": lambda: cudnn.CudnnCompatibleGRUCell(6),
    "CudnnRNNTanh": lambda: tf.nn.rnn_cell.BasicRNNCell(6),
    "CudnnRNNRelu": lambda: tf.nn.rnn_cell.BasicRNNCell(6, activation=tf.nn.relu),
}


def saved(kind: str, direction: str, folder) -> tuple[list, str]:
    """What a trained network of two layers gives for X, and its checkpoint."""
    start = tf.random_uniform_initializer(-0.5, 0.5, seed=1)
    with tf.Graph().as_default(), tf.Session() as session:
        with tf.variable_scope("net"):
            layer = getattr(cudnn, kind)(2, 6, direction=direction, bias_initializer=start, name="cudnn")
            outputs, states = layer(tf.constant(X))
        train = tf.train.AdamOptimizer().minimize(tf.reduce_sum(outputs))
        session.run(tf.global_variables_initializer())
        session.run(train)
        path = tf.train.Saver().save(session, str(folder / "model"))
        return session.run([outputs, *states]), path


@pytest.mark.parametrize("kind", CELLS)
def test_layers_are_those_cells(kind, tmp_path):
    expected, path = saved(kind, "unidirectional", tmp_path)
    with tf.variable_scope("net/cudnn"):
        cell = tf.nn.rnn_cell.MultiRNNCell([CELLS[kind]() for _ in range(2)])
        outputs, _ = tf.nn.dynamic_rnn(cell, tf.constant(X), time_major=True, dtype=tf.float32)
    with tf.Session() as session:
        tf.train.Saver().restore(session, path)
        np.testing.assert_allclose(session.run(outputs), expected[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["CudnnLSTM", "CudnnGRU"])
def test_both_directions(kind, tmp_path):
    expected, path = saved(kind, "bidirectional", tmp_path)
    make = CELLS[kind]
    with tf.variable_scope("net/cudnn"):
        outputs, _, _ = tf.contrib.rnn.stack_bidirectional_dynamic_rnn(
            [make(), make()], [make(), make()], tf.constant(X), dtype=tf.float32, time_major=True
        )
    with tf.Session() as session:
        tf.train.Saver().restore(session, path)
        np.testing.assert_allclose(session.run(outputs), expected[0], rtol=1e-5, atol=1e-6)
    assert [e.shape for e in expected[1:]] == [(4, 3, 6)] * (len(expected) - 1)


@pytest.mark.parametrize("kind", CELLS)
def test_a_checkpoint_is_restored(kind, tmp_path):
    expected, path = saved(kind, "bidirectional", tmp_path)
    with tf.variable_scope("net"):
        layer = getattr(cudnn, kind)(2, 6, direction="bidirectional", name="cudnn")
        outputs, _ = layer(tf.constant(X.transpose(1, 0, 2)), time_major=False, training=False)
    with tf.Session() as session:
        tf.train.Saver([*tf.global_variables(), layer.saveable]).restore(session, path)
        np.testing.assert_allclose(session.run(outputs).transpose(1, 0, 2), expected[0], rtol=1e-6)


def test_parameters_in_other_forms():
    converter = cudnn.CudnnParamsFormatConverterLSTM(2, 6, 4, direction="bidirectional")
    layer = cudnn.CudnnLSTM(2, 6, direction="bidirectional")
    layer.build([None, None, 4])
    assert layer.canonical_weight_shapes[:5] == [(6, 4)] * 4 + [(6, 6)]
    weights, biases = converter.opaque_to_tf_canonical(layer.kernel)
    again = converter.tf_canonical_to_opaque([*weights, *biases])
    assert [w.shape.as_list() for w in weights] == [[10, 24], [10, 24], [18, 24], [18, 24]]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert np.array_equal(session.run(layer.kernel), session.run(again))
    with pytest.raises(ValueError, match="Invalid direction: sideways"):
        cudnn.CudnnGRU(1, 2, direction="sideways")
