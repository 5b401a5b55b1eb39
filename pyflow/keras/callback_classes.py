"""Callbacks that save, stop, log and change learning rates."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.keras.backend import get_value, set_value
from pyflow.keras.callback_base import Callback
from pyflow.platform import logging


class Monitor(Callback):
    """What looks at one value of the logs.

    Args:
      mode: "min" or "max", what of the value is best; "auto" goes by its name.
    """

    def _watch(self, monitor: str, mode: str, kind: str) -> None:
        self.monitor = monitor
        if mode not in ("auto", "min", "max"):
            logging.warning(f"{kind} mode {mode} is unknown, fallback to auto mode.")
            mode = "auto"
        largest = mode == "max" or mode == "auto" and ("acc" in monitor or monitor.startswith("fmeasure"))
        self.monitor_op: Any = np.greater if largest else np.less
        self.mode = mode
        self.best: Any = -np.inf if largest else np.inf


@export("keras.callbacks.ModelCheckpoint")
class ModelCheckpoint(Monitor):
    """Saves the model after epochs, or after `save_freq` examples.

    Args:
      filepath: of the file; `epoch` and what is in the logs may be named in it: "weights.{epoch:02d}-{val_loss:.2f}".
      save_best_only: only when the monitored value is the best so far.
      save_weights_only: without the architecture and the optimizer.
      period (keyword): every how many epochs.
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        **kwargs: Any,
    ):
        super().__init__()
        self._watch(monitor, mode, "ModelCheckpoint")
        self.verbose, self.filepath = verbose, filepath
        self.save_best_only, self.save_weights_only, self.save_freq = save_best_only, save_weights_only, save_freq
        self.epochs_since_last_save = self._samples_seen_since_last_saving = self._current_epoch = 0
        self.load_weights_on_restart = kwargs.get("load_weights_on_restart", False)
        self.period = kwargs.get("period", 1)
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(f"Unrecognized save_freq: {save_freq}")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._current_epoch = epoch

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        if isinstance(self.save_freq, int):
            self._samples_seen_since_last_saving += (logs or {}).get("size", 1)
            if self._samples_seen_since_last_saving >= self.save_freq:
                self._save(self._current_epoch, logs)
                self._samples_seen_since_last_saving = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs_since_last_save += 1
        if self.save_freq == "epoch" and self.epochs_since_last_save >= self.period:
            self._save(epoch, logs)

    def _save(self, epoch: int, logs: Any) -> None:
        logs = logs or {}
        self.epochs_since_last_save = 0
        path = os.fspath(self.filepath).format(epoch=epoch + 1, **logs)
        shown = f"\nEpoch {epoch + 1:05d}: "
        if self.save_best_only:
            current = logs.get(self.monitor)
            if current is None:
                logging.warning(f"Can save best model only with {self.monitor} available, skipping.")
                return
            if not self.monitor_op(current, self.best):
                if self.verbose > 0:
                    print(f"{shown}{self.monitor} did not improve from {self.best:0.5f}")
                return
            if self.verbose > 0:
                print(f"{shown}{self.monitor} improved from {self.best:0.5f} to {current:0.5f}, saving model to {path}")
            self.best = current
        elif self.verbose > 0:
            print(f"{shown}saving model to {path}")
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)


@export("keras.callbacks.EarlyStopping")
class EarlyStopping(Monitor):
    """Stops the training when a value has not become better for `patience` epochs.

    Args:
      min_delta: by how much it has to become better.
      baseline: what it has to be better than at first.
      restore_best_weights: whether the model gets the weights of the best epoch back.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: Any = None,
        restore_best_weights: bool = False,
    ):
        super().__init__()
        largest = mode == "auto" and "acc" in monitor
        self._watch(monitor, "max" if largest else "min" if mode == "auto" else mode, "EarlyStopping")
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.min_delta = abs(min_delta) * (1 if self.monitor_op is np.greater else -1)
        self.wait = self.stopped_epoch = 0
        self.restore_best_weights, self.best_weights = restore_best_weights, None

    def on_train_begin(self, logs: Any = None) -> None:
        self.wait = self.stopped_epoch = 0
        worst = np.inf if self.monitor_op is np.less else -np.inf
        self.best = worst if self.baseline is None else self.baseline

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        current = self.get_monitor_value(logs)
        if current is None:
            return
        if self.monitor_op(current - self.min_delta, self.best):
            self.best, self.wait = current, 0
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            return
        self.wait += 1
        if self.wait >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            if self.restore_best_weights and self.best_weights is not None:
                if self.verbose > 0:
                    print("Restoring model weights from the end of the best epoch.")
                self.model.set_weights(self.best_weights)

    def on_train_end(self, logs: Any = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1:05d}: early stopping")

    def get_monitor_value(self, logs: Any) -> Any:
        """The value in the logs; None, with a warning, if it isn't there."""
        logs = logs or {}
        if self.monitor not in logs:
            logging.warning(
                f"Early stopping conditioned on metric `{self.monitor}` which is not available. Available metrics are: "
                f"{','.join(logs)}"
            )
        return logs.get(self.monitor)


@export("keras.callbacks.ReduceLROnPlateau")
class ReduceLROnPlateau(Monitor):
    """Multiplies the learning rate by `factor` when a value has not become better for `patience` epochs.

    Args:
      min_delta: by how much it has to become better.
      cooldown: for how many epochs after a change nothing is counted.
      min_lr: the smallest learning rate.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0,
        **kwargs: Any,
    ):
        super().__init__()
        self.monitor = monitor
        if factor >= 1.0:
            raise ValueError("ReduceLROnPlateau does not support a factor >= 1.0.")
        if "epsilon" in kwargs:
            min_delta = kwargs.pop("epsilon")
        self.factor, self.min_lr, self.min_delta = factor, min_lr, min_delta
        self.patience, self.verbose, self.cooldown, self._given_mode = patience, verbose, cooldown, mode
        self.on_train_begin()

    def on_train_begin(self, logs: Any = None) -> None:
        self._watch(self.monitor, self._given_mode, "Learning Rate Plateau Reducing")
        self.cooldown_counter = self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether the last change is too recent for another."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs = logs if logs is not None else {}
        logs["lr"] = get_value(self.model.optimizer.lr)
        current = logs.get(self.monitor)
        if current is None:
            logging.warning(
                f"Reduce LR on plateau conditioned on metric `{self.monitor}` which is not available. Available "
                f"metrics are: {','.join(logs)}"
            )
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        sign = 1 if self.monitor_op is np.greater else -1
        if self.monitor_op(current, self.best + sign * self.min_delta):
            self.best, self.wait = current, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                old = float(get_value(self.model.optimizer.lr))
                if old > self.min_lr:
                    new = max(old * self.factor, self.min_lr)
                    set_value(self.model.optimizer.lr, new)
                    if self.verbose > 0:
                        print(f"\nEpoch {epoch + 1:05d}: ReduceLROnPlateau reducing learning rate to {new}.")
                    self.cooldown_counter, self.wait = self.cooldown, 0


@export("keras.callbacks.LearningRateScheduler")
class LearningRateScheduler(Callback):
    """Sets the learning rate of each epoch: `schedule(epoch)` or `schedule(epoch, rate)`."""

    def __init__(self, schedule: Callable, verbose: int = 0):
        super().__init__()
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        optimizer = self.model.optimizer
        if not hasattr(optimizer, "lr"):
            raise ValueError('Optimizer must have a "lr" attribute.')
        try:
            rate = self.schedule(epoch, float(get_value(optimizer.lr)))
        except TypeError:
            rate = self.schedule(epoch)
        if not isinstance(rate, (float, np.float32, np.float64)):  # type: ignore[misc]
            raise ValueError('The output of the "schedule" function should be float.')
        set_value(optimizer.lr, rate)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1:05d}: LearningRateScheduler reducing learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs is not None:
            logs["lr"] = get_value(self.model.optimizer.lr)


@export("keras.callbacks.CSVLogger")
class CSVLogger(Callback):
    """Writes a line for each epoch to a file of comma-separated values."""

    def __init__(self, filename: Any, separator: str = ",", append: bool = False):
        super().__init__()
        self.filename, self.sep, self.append = os.fspath(filename), separator, append
        self.keys: Any = None
        self.csv_file: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        has_header = False
        if self.append and os.path.exists(self.filename):
            with open(self.filename, encoding="utf-8") as file:
                has_header = bool(len(file.readline()))
        self._write_header = not has_header
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
        if self._write_header:
            self.csv_file.write(self.sep.join(["epoch", *self.keys]) + "\n")
            self._write_header = False
        values = [logs.get(k, "NA") for k in self.keys]
        self.csv_file.write(self.sep.join(str(v) for v in [epoch, *values]) + "\n")
        self.csv_file.flush()

    def on_train_end(self, logs: Any = None) -> None:
        self.csv_file.close()


@export("keras.callbacks.TerminateOnNaN")
class TerminateOnNaN(Callback):
    """Stops the training when a loss is no number."""

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and (np.isnan(loss) or np.isinf(loss)):
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


@export("keras.callbacks.LambdaCallback")
class LambdaCallback(Callback):
    """A callback of functions; further steps are given as keywords."""

    def __init__(
        self,
        on_epoch_begin: Any = None,
        on_epoch_end: Any = None,
        on_batch_begin: Any = None,
        on_batch_end: Any = None,
        on_train_begin: Any = None,
        on_train_end: Any = None,
        **kwargs: Any,
    ):
        super().__init__()
        vars(self).update(kwargs)
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_batch_begin": on_batch_begin,
            "on_batch_end": on_batch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
        }
        for name, function in given.items():
            if function is not None:
                setattr(self, name, function)


@export("keras.callbacks.RemoteMonitor")
class RemoteMonitor(Callback):
    """Posts the logs of each epoch to a server.

    Raises:
      ImportError: the package requests is not installed.
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: Any = None,
        send_as_json: bool = False,
    ):
        super().__init__()
        self.root, self.path, self.field = root, path, field
        self.headers, self.send_as_json = headers, send_as_json

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        try:
            import requests  # type: ignore[import-untyped]
        except ImportError:
            raise ImportError("RemoteMonitor requires the `requests` library.") from None
        send = {"epoch": epoch, **(logs or {})}
        try:
            if self.send_as_json:
                requests.post(self.root + self.path, json=send, headers=self.headers)
            else:
                requests.post(self.root + self.path, {self.field: json.dumps(send)}, headers=self.headers)
        except requests.exceptions.RequestException:
            logging.warning(f"Warning: could not reach RemoteMonitor root server at {self.root}")
