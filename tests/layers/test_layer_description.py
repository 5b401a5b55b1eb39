"""What a layer says of itself, as in TensorFlow 1.15.5 (the values were printed there)."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

LAYERS = [
    lambda: tf.layers.Dense(5, activation=tf.nn.relu, kernel_initializer=tf.ones_initializer()),
    lambda: tf.layers.Conv2D(3, 2, strides=2),
    lambda: tf.layers.Conv2DTranspose(3, 2),
    lambda: tf.layers.SeparableConv2D(3, 2, depth_multiplier=2),
    lambda: tf.layers.MaxPooling2D(2, 3, "same"),
    lambda: tf.layers.AveragePooling1D(2, 2),
    lambda: tf.layers.BatchNormalization(momentum=0.9),
    lambda: tf.layers.Dropout(0.3, seed=4),
    lambda: tf.layers.Flatten(),
]


@pytest.mark.parametrize("make", LAYERS)
def test_a_config_makes_an_equal_layer(make):
    layer = make()
    copy = type(layer).from_config(layer.get_config())
    assert copy.get_config() == layer.get_config() and copy is not layer


def test_config_of_a_dense_layer():
    zeros = {"class_name": "Zeros", "config": {"dtype": "float32"}}
    assert tf.layers.Dense(5, name="d").get_config() == {
        "name": "d", "trainable": True, "dtype": None, "units": 5, "activation": "linear", "use_bias": True,
        "kernel_initializer": None, "bias_initializer": zeros, "kernel_regularizer": None, "bias_regularizer": None,
        "activity_regularizer": None, "kernel_constraint": None, "bias_constraint": None,
    }  # fmt: skip


def test_a_layer_made_from_a_config_computes_the_same():
    made = tf.layers.Dense(3, activation=tf.nn.relu, kernel_initializer=tf.ones_initializer()).get_config()
    y = tf.layers.Dense.from_config(made)(tf.ones([1, 2]))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(session.run(y), [[2, 2, 2]])


def test_only_layers_in_a_keras_model_know_their_calls():
    layer = tf.layers.Dense(3)
    layer(tf.ones([1, 2]))
    assert layer.inbound_nodes == [] and layer.metrics == [] and layer.submodules == ()
    with pytest.raises(RuntimeError, match="The layer has never been called and thus has no defined input shape."):
        layer.get_input_shape_at(0)
    with pytest.raises(AttributeError, match="is not connected, no input to return"):
        layer.input_mask  # noqa: B018


def test_signature_and_parts():
    layer = tf.layers.Dense(5)
    assert layer.compute_output_signature(tf.TensorSpec([2, 3], tf.float32)) == tf.TensorSpec([2, 5], tf.float32)
    cells = [tf.nn.rnn_cell.GRUCell(2), tf.nn.rnn_cell.GRUCell(3)]
    assert tf.nn.rnn_cell.MultiRNNCell(cells).submodules == tuple(cells)
