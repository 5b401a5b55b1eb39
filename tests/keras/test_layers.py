"""tf.keras.layers: names, shapes, values and losses are those that TensorFlow 1.15.5 printed."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

SEQUENCES, IMAGES = (None, 6, 3), (None, 6, 5, 2)

# Of each layer: the names of its variables, its output's shape, the first values, and the losses of two steps.
CASES = {
    "Conv2DTranspose": (
        lambda layers: layers.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=1), IMAGES,
        ["conv2d_transpose/kernel:0", "conv2d_transpose/bias:0"], (None, 12, 10, 3),
        [0.507, 1.104, 0.458, -0.146], [0.6691, 0.6644],
    ),
    "SeparableConv2D": (
        lambda layers: layers.SeparableConv2D(3, 2), IMAGES,
        ["separable_conv2d/depthwise_kernel:0", "separable_conv2d/pointwise_kernel:0", "separable_conv2d/bias:0"],
        (None, 5, 4, 3), [0.523, 0.3, -0.064, 0.333], [0.0944, 0.0932],
    ),
    "BatchNormalization": (
        lambda layers: layers.BatchNormalization(momentum=0.9), IMAGES,
        [f"batch_normalization/{name}:0" for name in ("gamma", "beta", "moving_mean", "moving_variance")],
        (None, 6, 5, 2), [0.421, 0.513, 0.421, 0.193], [0.2632, 0.258],
    ),
    "SimpleRNN": (
        lambda layers: layers.SimpleRNN(4), SEQUENCES,
        ["simple_rnn/kernel:0", "simple_rnn/recurrent_kernel:0", "simple_rnn/bias:0"], (None, 4),
        [0.641, 0.549, 0.182, -0.323], [0.1499, 0.1481],
    ),
    "GRU": (
        lambda layers: layers.GRU(4), SEQUENCES, ["gru/kernel:0", "gru/recurrent_kernel:0", "gru/bias:0"], (None, 4),
        [0.367, 0.286, 0.126, 0.057], [0.104, 0.1034],
    ),
    "LSTM": (
        lambda layers: layers.LSTM(4), SEQUENCES, ["lstm/kernel:0", "lstm/recurrent_kernel:0", "lstm/bias:0"],
        (None, 4), [0.172, 0.203, 0.149, 0.099], [0.0157, 0.0157],
    ),
    "masked LSTM": (
        lambda layers: tf.keras.Sequential([layers.Masking(1.0), layers.LSTM(3, return_sequences=True)]), SEQUENCES,
        [f"sequential/lstm/{name}:0" for name in ("kernel", "recurrent_kernel", "bias")], (None, 6, 3),
        [-0.303, -0.112, 0.161, 0.083], [0.0171, 0.0171],
    ),
}  # fmt: skip


def set_known_weights(model):
    """Values that are the same everywhere; 1 for variances."""
    values = []
    for i, w in enumerate(model.weights):
        known = np.sin(np.arange(np.prod(w.shape.as_list())) * 0.7 + i).reshape(w.shape.as_list()) * 0.5
        values.append(np.ones_like(known) if "variance" in w.name else known)
    model.set_weights(values)


@pytest.fixture(autouse=True)
def fresh_session():
    tf.keras.backend.clear_session()
    yield
    tf.keras.backend.clear_session()


@pytest.mark.parametrize("name", CASES)
def test_layer_is_tensorflows(name):
    make, shape, names, output_shape, values, losses = CASES[name]
    inputs = tf.keras.Input(batch_shape=shape)
    layer = make(tf.keras.layers)
    model = tf.keras.Model(inputs, layer(inputs))
    set_known_weights(model)
    x = np.cos(np.arange(3 * np.prod(shape[1:])) * 1.3).reshape(3, *shape[1:])
    found = model.predict(x)
    assert [w.name for w in model.weights] == names
    assert layer.output_shape == output_shape
    np.testing.assert_allclose(found.ravel()[:4], values, atol=6e-4)
    model.compile("sgd", "mse")
    np.testing.assert_allclose([model.train_on_batch(x, np.zeros_like(found)) for _ in losses], losses, atol=6e-5)


@pytest.mark.parametrize("name", CASES)
def test_config_makes_an_equal_layer(name):
    make, shape, *_ = CASES[name]
    layer = make(tf.keras.layers)
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_operations_between_layers_are_layers():
    a, b = tf.keras.Input((3,)), tf.keras.Input((3,))
    model = tf.keras.Model([a, b], tf.nn.relu(a * 2 + b))
    assert model.layers[-1].name == "tf_op_layer_Relu"
    assert model.predict([np.ones((1, 3)), -3 * np.eye(3)[:1]]).tolist() == [[0, 2, 2]]


def test_merge_layers_say_what_does_not_fit():
    a, b = tf.keras.Input((3, 2)), tf.keras.Input((3,))
    with pytest.raises(ValueError, match="Operands could not be broadcast together with shapes"):
        tf.keras.layers.add([a, b])


def test_state_of_a_stateful_layer_stays_from_batch_to_batch():
    model = tf.keras.Sequential([tf.keras.layers.SimpleRNN(2, stateful=True, batch_input_shape=(1, 1, 1))])
    first, second = (model.predict(np.ones((1, 1, 1))) for _ in range(2))
    model.reset_states()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(model.predict(np.ones((1, 1, 1))), first)
