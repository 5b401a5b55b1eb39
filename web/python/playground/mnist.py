"""The guided page about MNIST: a network with two full layers, or LeNet-5, trained some steps at a time."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

import pyflow as tf
from playground import Refused, devices, mnist_files, offered
from playground.programs import FILES

_DIGITS = 10
_FILTERS = 32


class Network:
    """A network that trains in a session of its own.

    Args:
      knobs: {"model": "full" or "lenet", "rate", "batch", "hidden", "l2", "ema"}; 0 turns off `l2` and `ema`.
    """

    def __init__(self, knobs: dict[str, Any]):
        self.knobs = knobs
        self.graph = tf.Graph()
        with self.graph.as_default(), devices.chosen(knobs.get("device", "")):
            tf.set_random_seed(1)
            self._build()
            self.saver = tf.train.Saver(max_to_keep=1, save_relative_paths=True)
            self.session = tf.Session()
            self.session.run(tf.global_variables_initializer())
        (self._train, self._train_labels), (self._test, self._test_labels) = map(_scaled, ("train", "t10k"))
        self._choose = np.random.RandomState(1)
        self._order = np.arange(0)

    def _build(self) -> None:
        self.images = tf.placeholder(tf.float32, [None, 784], name="images")
        self.labels = tf.placeholder(tf.int64, [None], name="labels")
        step = tf.train.get_or_create_global_step()
        scores = self._scores(train=True)
        errors = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=scores, labels=self.labels)
        self.loss = tf.reduce_mean(errors)
        if self.knobs["l2"] > 0:
            weights = [v for v in tf.trainable_variables() if v.op.name.rpartition("/")[2].startswith("weight")]
            self.loss += self.knobs["l2"] * tf.add_n([tf.nn.l2_loss(v) for v in weights])
        rate = tf.train.exponential_decay(self.knobs["rate"], step, 200, 0.97)
        learn = tf.train.GradientDescentOptimizer(rate).minimize(self.loss, global_step=step)
        average = None
        if self.knobs["ema"] > 0:
            averages = tf.train.ExponentialMovingAverage(self.knobs["ema"], step)
            learn = tf.group(learn, averages.apply(tf.trainable_variables()))

            def average(getter: Any, *args: Any, **options: Any) -> Any:
                return averages.average(getter(*args, **options))

        self.learn, self.step = learn, step
        with tf.variable_scope(tf.get_variable_scope(), reuse=True, custom_getter=average):
            self.probabilities = tf.nn.softmax(self._scores(train=False))
            self.first = tf.get_variable("layer1/weights" if self.knobs["model"] == "full" else "layer1-conv1/weight")

    def _scores(self, train: bool) -> Any:
        return self._full() if self.knobs["model"] == "full" else self._lenet(train)

    def _full(self) -> Any:
        hidden = self.knobs["hidden"]
        with tf.variable_scope("layer1"):
            inner = tf.nn.relu(_connect(self.images, 784, hidden, "weights", "biases"))
        with tf.variable_scope("layer2"):
            return _connect(inner, hidden, _DIGITS, "weights", "biases")

    def _lenet(self, train: bool) -> Any:
        layer = tf.reshape(self.images, [-1, 28, 28, 1])
        for scope, channels in (("layer1-conv1", (1, 32)), ("layer3-conv2", (32, 64))):
            with tf.variable_scope(scope):
                weights = tf.get_variable("weight", [5, 5, *channels], initializer=_noise())
                biases = tf.get_variable("bias", channels[1:], initializer=tf.zeros_initializer())
            layer = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(layer, weights, [1, 1, 1, 1], "SAME"), biases))
            layer = tf.nn.max_pool(layer, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
        with tf.variable_scope("layer5-fc1"):
            inner = tf.nn.relu(_connect(tf.reshape(layer, [-1, 3136]), 3136, 512, "weight", "bias"))
        if train:
            inner = tf.nn.dropout(inner, keep_prob=0.5)
        with tf.variable_scope("layer6-fc2"):
            return _connect(inner, 512, _DIGITS, "weight", "bias")

    # ---------------------------------------------------------------- what the page does with it

    def train(self, seconds: float, most_steps: int) -> dict[str, Any]:
        """Steps until the time is over; {"step", "loss", "seconds"} of them."""
        start, losses = time.perf_counter(), []
        while len(losses) < most_steps:
            chosen = self._next_batch()
            feed = {self.images: self._moved(self._train[chosen]), self.labels: self._train_labels[chosen]}
            losses.append(float(self.session.run([self.loss, self.learn], feed)[0]))
            if time.perf_counter() - start > seconds:
                break
        passed = (time.perf_counter() - start) / len(losses)
        return {"step": int(self.session.run(self.step)), "loss": float(np.mean(losses)), "seconds": passed}

    def _next_batch(self) -> np.ndarray:
        size = min(self.knobs["batch"], len(self._train))
        if len(self._order) < size:
            self._order = self._choose.permutation(len(self._train))
        chosen, self._order = self._order[:size], self._order[size:]
        return chosen

    def _moved(self, images: np.ndarray) -> np.ndarray:
        """The images, moved by up to a pixel each way: ten thousand do for more that way. Their margins are empty."""
        rows, columns = self._choose.randint(-1, 2, 2)
        return np.roll(images.reshape(-1, 28, 28), (rows, columns), (1, 2)).reshape(images.shape)

    def accuracy(self, count: int) -> float:
        """Of the first `count` images that training never sees."""
        guesses = []
        for first in range(0, min(count, len(self._test)), 100):
            images = self._test[first : first + 100]
            guesses.append(self.session.run(self.probabilities, {self.images: images}).argmax(1))
        guessed = np.concatenate(guesses)
        return float(np.mean(guessed == self._test_labels[: len(guessed)]))

    def predict(self, pixels: list[float]) -> list[float]:
        image = np.array(pixels, np.float32).reshape(1, 784)
        return self.session.run(self.probabilities, {self.images: image})[0].tolist()

    def filters(self) -> list[list[int]]:
        """The weights of the first layer's units as images, from 0 (most negative) to 255; square, row by row."""
        weights = self.session.run(self.first)
        units = weights.reshape(-1, weights.shape[-1]).T[:_FILTERS]
        largest = np.abs(units).max(axis=1, keepdims=True) + 1e-9
        return np.round(127.5 + 127.5 * units / largest).astype(int).tolist()

    def close(self) -> None:
        self.session.close()


def _noise() -> Any:
    return tf.truncated_normal_initializer(stddev=0.1)


def _connect(inputs: Any, width: int, outputs: int, weights: str, biases: str) -> Any:
    matrix = tf.get_variable(weights, [width, outputs], initializer=_noise())
    return tf.matmul(inputs, matrix) + tf.get_variable(biases, [outputs], initializer=tf.constant_initializer(0.1))


def _scaled(part: str) -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = mnist_files.images()[part]
    return pixels.astype(np.float32) / np.float32(255), labels.astype(np.int64)


# ---------------------------------------------------------------- offered

_networks: list[Network] = []


@offered
def make(knobs: dict[str, Any]) -> list[float]:
    """Builds a network anew; gives the accuracy of the untrained one, in a list."""
    for old in _networks:
        old.close()
    _networks[:] = [Network(knobs)]
    return [_networks[0].accuracy(100)]


def _network() -> Network:
    if not _networks:
        raise Refused("There is no network yet")
    return _networks[0]


@offered
def train(seconds: float, most_steps: int = 1000) -> dict[str, Any]:
    return _network().train(seconds, most_steps)


@offered
def accuracy(count: int) -> float:
    return _network().accuracy(count)


@offered
def predict(pixels: list[float]) -> list[float]:
    """The probabilities of the ten digits."""
    return _network().predict(pixels)


@offered
def filters() -> list[list[int]]:
    return _network().filters()


@offered
def save() -> list[str]:
    """Saves a checkpoint under /files/mnist; gives the paths of its files."""
    network = _network()
    folder = os.path.join(FILES, "mnist")
    os.makedirs(folder, exist_ok=True)
    prefix = network.saver.save(network.session, os.path.join(folder, "model.ckpt"), global_step=network.step)
    named = os.path.basename(prefix)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.startswith(named)] + [
        os.path.join(folder, "checkpoint")
    ]


@offered
def restore(path: str, knobs: dict[str, Any]) -> dict[str, Any]:
    """Goes on from a checkpoint of either model, whoever wrote it; gives the knobs that fit it, and the accuracy.

    Variables that it doesn't have (averages, the step) begin with those that it has.
    """
    from pyflow.tools.tensor_files import read_tensors  # not loaded before it is needed

    found = {t.name: t for t in read_tensors(path)}
    if "layer1/weights" in found and len(found["layer1/weights"].shape) == 2:
        knobs = {**knobs, "model": "full", "hidden": found["layer1/weights"].shape[1]}
    elif "layer1-conv1/weight" in found:
        knobs = {**knobs, "model": "lenet"}
    else:
        raise Refused("The checkpoint has no variables layer1/weights or layer1-conv1/weight")
    make(knobs)
    network = _network()
    with network.graph.as_default():
        for variable in tf.global_variables():
            name = variable.op.name
            source = found.get(name) or found.get(name.removesuffix("/ExponentialMovingAverage"))
            if source is None:
                if variable in tf.trainable_variables():
                    raise Refused(f"The checkpoint has no variable {name}")
                continue
            if tuple(source.shape) != tuple(variable.shape.as_list()):
                raise Refused(f"{name} has shape {list(source.shape)} in the checkpoint, {variable.shape} in the model")
            variable.load(source.read(), network.session)
    return {"knobs": knobs, "step": int(network.session.run(network.step)), "accuracy": network.accuracy(1000)}
