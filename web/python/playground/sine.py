"""The guided page about a recurrent network that goes on with a sine: from ten points, the next."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import pyflow as tf
from playground import Refused, devices, offered

_POINTS = 10
_GAP = 0.01
_TRAINING, _TEST = 10000, 1000
_SHOWN = 250


class Network:
    """Two LSTM layers and a full one, trained in a session of their own.

    Args:
      knobs: {"hidden", "rate", "batch", "point_by_point"}: ten steps of a number, or one step of ten.
    """

    def __init__(self, knobs: dict[str, Any]):
        self.knobs = knobs
        end = (_TRAINING + _POINTS) * _GAP
        self._windows, self._answers = self._examples(0, _TRAINING)
        self._test, self._truth = self._examples(end, _TEST)
        self.graph = tf.Graph()
        with self.graph.as_default(), devices.chosen(knobs.get("device", "")):
            tf.set_random_seed(1)
            self._build()
            self.session = tf.Session()
            self.session.run(tf.global_variables_initializer())
        self._choose = np.random.RandomState(1)

    def _examples(self, start: float, count: int) -> tuple[np.ndarray, np.ndarray]:
        curve = np.sin(np.linspace(start, start + (count + _POINTS) * _GAP, count + _POINTS, dtype=np.float32))
        windows = np.lib.stride_tricks.sliding_window_view(curve[:-1], _POINTS)
        return windows.reshape([-1, *self._shape()]), curve[_POINTS:, np.newaxis]

    def _shape(self) -> tuple[int, int]:
        return (_POINTS, 1) if self.knobs["point_by_point"] else (1, _POINTS)

    def _build(self) -> None:
        self.x = tf.placeholder(tf.float32, [None, *self._shape()], name="windows")
        self.y = tf.placeholder(tf.float32, [None, 1], name="answers")
        hidden = self.knobs["hidden"]
        cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(hidden) for _ in range(2)])
        outputs, _ = tf.nn.dynamic_rnn(cell, self.x, dtype=tf.float32)
        self.prediction = tf.contrib.layers.fully_connected(outputs[:, -1, :], 1, activation_fn=None)
        self.loss = tf.losses.mean_squared_error(labels=self.y, predictions=self.prediction)
        self.step = tf.train.get_or_create_global_step()
        self.learn = tf.contrib.layers.optimize_loss(
            self.loss, self.step, optimizer="Adagrad", learning_rate=self.knobs["rate"]
        )

    def train(self, seconds: float, most_steps: int) -> dict[str, Any]:
        """Steps until the time is over; {"step", "loss", "seconds"} of them."""
        start, losses = time.perf_counter(), []
        while len(losses) < most_steps:
            chosen = self._choose.randint(len(self._windows), size=self.knobs["batch"])
            feed = {self.x: self._windows[chosen], self.y: self._answers[chosen]}
            losses.append(float(self.session.run([self.loss, self.learn], feed)[0]))
            if time.perf_counter() - start > seconds:
                break
        passed = (time.perf_counter() - start) / len(losses)
        return {"step": int(self.session.run(self.step)), "loss": float(np.mean(losses)), "seconds": passed}

    def predict(self) -> dict[str, Any]:
        """{"truth", "prediction": points of the curve that training never sees, "rmse": of all of them}."""
        prediction = self.session.run(self.prediction, {self.x: self._test})
        rmse = float(np.sqrt(np.mean(np.square(prediction - self._truth))))
        every = _TEST // _SHOWN
        return {"truth": self._truth[::every, 0].tolist(), "prediction": prediction[::every, 0].tolist(), "rmse": rmse}

    def close(self) -> None:
        self.session.close()


_networks: list[Network] = []


@offered
def make(knobs: dict[str, Any]) -> dict[str, Any]:
    """Builds a network anew; gives what it predicts untrained."""
    for old in _networks:
        old.close()
    _networks[:] = [Network(knobs)]
    return _networks[0].predict()


def _network() -> Network:
    if not _networks:
        raise Refused("There is no network yet")
    return _networks[0]


@offered
def train(seconds: float, most_steps: int = 1000) -> dict[str, Any]:
    return _network().train(seconds, most_steps)


@offered
def predict() -> dict[str, Any]:
    return _network().predict()
