"""Models of tf.keras: what they print, train and save, as TensorFlow 1.15.5 did with the same weights and data."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.keras.test_layers import set_known_weights

X = np.cos(np.arange(60)).reshape(20, 3)
Y = np.eye(4)[np.arange(20) % 4]
DENSE = tf.keras.layers.Dense


@pytest.fixture(autouse=True)
def fresh_session():
    tf.keras.backend.clear_session()
    yield
    tf.keras.backend.clear_session()


def classifier(optimizer="sgd", loss="mse", **settings):
    model = tf.keras.Sequential([DENSE(5, activation="tanh", input_dim=3), DENSE(4, activation="softmax")])
    set_known_weights(model)
    model.compile(optimizer, loss, **settings)
    return model


def embedder(optimizer):
    layers = tf.keras.layers
    model = tf.keras.Sequential([layers.Embedding(6, 3, input_length=2), layers.Flatten(), layers.Dense(1)])
    set_known_weights(model)
    model.compile(optimizer, "mse")
    return model


# The losses of four steps of dense gradients, and of three with rows of an embedding.
OPTIMIZERS = {
    "SGD": ({}, [0.1927, 0.1927, 0.1927, 0.1927], [1.7999, 1.7198, 1.6433]),
    "SGD momentum": (
        {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "decay": 0.01},
        [0.1927, 0.1925, 0.1921, 0.1916], [1.7999, 0.6236, 0.2179],
    ),
    "RMSprop": ({}, [0.1927, 0.1922, 0.1917, 0.1914], [1.7999, 1.7732, 1.754]),
    "RMSprop centered": (
        {"learning_rate": 0.01, "momentum": 0.5, "centered": True},
        [0.1927, 0.1875, 0.1824, 0.177], [1.7999, 1.5267, 1.2114],
    ),
    "Adam": ({}, [0.1927, 0.1925, 0.1924, 0.1922], [1.7999, 1.7914, 1.783]),
    "Adam amsgrad": ({"learning_rate": 0.01, "amsgrad": True}, [0.1927, 0.1909, 0.1893, 0.1878],
                     [1.7999, 1.7161, 1.6339]),
    "Adadelta": ({}, [0.1927, 0.1927, 0.1927, 0.1927], [1.7999, 1.7999, 1.7998]),
    "Adamax": ({}, [0.1927, 0.1925, 0.1924, 0.1922], [1.7999, 1.7914, 1.783]),
    "Nadam": ({}, [0.1927, 0.1925, 0.1924, 0.1923], [1.7999, 1.7909, 1.7843]),
    "Ftrl": ({"learning_rate": 0.1}, [0.1927, 0.1875, 0.1875, 0.1875], [1.7999, 2.3611, 1.89]),
    "SGD clipnorm": ({"learning_rate": 0.1, "clipnorm": 0.1}, [0.1927, 0.1926, 0.1925, 0.1923],
                     [1.7999, 1.7545, 1.7097]),
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_takes_tensorflows_steps(name):
    settings, dense, rows = OPTIMIZERS[name]
    kind = getattr(tf.keras.optimizers, name.split()[0])
    model = classifier(kind(**settings))
    np.testing.assert_allclose([model.train_on_batch(X, Y) for _ in dense], dense, atol=6e-5)
    tf.keras.backend.clear_session()
    model = embedder(kind(**settings))
    words, wanted = np.array([[0, 1], [1, 1], [3, 5]]), np.array([1, 2, 3.0])
    np.testing.assert_allclose([model.train_on_batch(words, wanted) for _ in rows], rows, atol=6e-5)


def test_summary_is_printed_as_tensorflow_prints_it(capsys):
    classifier().summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        'Model: "sequential"',
        "_" * 65,
        "Layer (type)                 Output Shape              Param #   ",
        "=" * 65,
        "dense (Dense)                (None, 5)                 20        ",
    ]
    assert lines[-4] == "Total params: 44"


def test_fit_evaluates_what_it_holds_out():
    model = classifier("adam", "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(X, Y, batch_size=4, epochs=2, validation_split=0.25, shuffle=False, verbose=0)
    assert history.epoch == [0, 1]
    assert sorted(history.history) == ["acc", "loss", "val_acc", "val_loss"]
    assert model.metrics_names == ["loss", "acc"]
    loss, accuracy = model.evaluate(X[15:], Y[15:], verbose=0)
    assert history.history["val_loss"][-1] == pytest.approx(loss)
    assert history.history["val_acc"][-1] == pytest.approx(accuracy)


def test_progress_is_printed_for_each_epoch(capsys):
    classifier().fit(X, Y, epochs=2, shuffle=False, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Train on 20 samples", "Epoch 1/2"]
    assert lines[2].startswith("20/20 - ") and lines[2].endswith("loss: 0.1927")


def test_dataset_is_run_to_its_end_in_each_epoch():
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(5)
    model = classifier()
    history = model.fit(data, epochs=2, verbose=0)
    np.testing.assert_allclose(history.history["loss"], [0.1927, 0.1927], atol=6e-5)
    assert model.predict(data).shape == (20, 4)


def test_generator_gives_the_batches():
    def batches():
        while True:
            yield X[:4], Y[:4]

    model = classifier()
    history = model.fit_generator(batches(), 3, epochs=2, verbose=0, validation_data=(X, Y))
    assert sorted(history.history) == ["loss", "val_loss"]
    assert model.predict_generator(batches(), 2).shape == (8, 4)


def test_model_with_two_outputs_names_their_losses_and_metrics():
    x = tf.keras.Input((3,))
    model = tf.keras.Model(x, [DENSE(1, name="a")(x), DENSE(2, activation="softmax", name="b")(x)])
    losses = {"a": "mse", "b": "sparse_categorical_crossentropy"}
    model.compile("sgd", losses, metrics={"b": "acc"}, loss_weights=[1, 0.5])
    assert model.metrics_names == ["loss", "a_loss", "b_loss", "b_acc"]
    total, a, b, _ = model.train_on_batch(X, [X[:, 0], np.arange(20) % 2])
    assert total == pytest.approx(a + 0.5 * b, rel=1e-5)


def test_subclassed_model_makes_its_variables_from_the_data():
    class Own(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.parts = [DENSE(3, activation="relu"), DENSE(4)]

        def call(self, inputs):
            for part in self.parts:
                inputs = part(inputs)
            return inputs

    model = Own()
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert [w.name for w in model.weights] == [
        "own/dense/kernel:0", "own/dense/bias:0", "own/dense_1/kernel:0", "own/dense_1/bias:0"
    ]  # fmt: skip
    assert model.predict(X).shape == (20, 4)


def test_weights_come_back_from_a_checkpoint(tmp_path):
    model = classifier()
    before = model.predict(X)
    model.save_weights(str(tmp_path / "weights"))
    names = [name for name, _ in tf.train.list_variables(str(tmp_path / "weights"))]
    assert "layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE" in names
    model.set_weights([np.zeros(w.shape.as_list()) for w in model.weights])
    model.load_weights(str(tmp_path / "weights"))
    np.testing.assert_array_equal(model.predict(X), before)


def test_model_comes_back_from_hdf5_as_it_was(tmp_path):
    pytest.importorskip("h5py")
    model = classifier("adam", metrics=["accuracy"])
    model.train_on_batch(X, Y)
    model.save(str(tmp_path / "model.h5"))
    again = tf.keras.models.load_model(str(tmp_path / "model.h5"))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def test_config_makes_an_equal_model_with_shared_layers():
    a, b = tf.keras.Input((3,)), tf.keras.Input((3,))
    base = tf.keras.Sequential([DENSE(2)])
    model = tf.keras.Model([a, b], DENSE(1)(tf.keras.layers.concatenate([base(a), base(b)])))
    again = tf.keras.models.model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict([X, -X]), model.predict([X, -X]))
    assert model.count_params() == 2 * 3 + 2 + 5


@pytest.mark.parametrize(
    "x, y, words",
    [
        (X[:, :2], Y, "expected dense_input to have shape (3,) but got array with shape (2,)"),
        (X, Y[:5], "Found 20 input samples and 5 target samples"),
        (X, Y[:, :2], "A target array with shape (20, 2) was passed for an output of shape (None, 4)"),
    ],
)
def test_data_that_do_not_fit_are_refused(x, y, words):
    with pytest.raises(ValueError) as caught:
        classifier().fit(x, y)
    assert words in str(caught.value)


def test_training_stops_early_with_the_best_weights():
    model = classifier(tf.keras.optimizers.SGD(0.5))
    stop = tf.keras.callbacks.EarlyStopping(patience=2, min_delta=1, restore_best_weights=True)
    history = model.fit(X, Y, validation_split=0.25, epochs=9, shuffle=False, verbose=0, callbacks=[stop])
    assert len(history.epoch) == 3 and stop.stopped_epoch == 2
    assert model.evaluate(X[15:], Y[15:], verbose=0) == pytest.approx(history.history["val_loss"][0])
