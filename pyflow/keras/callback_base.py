"""tf.keras.callbacks: what is called at the steps of a run, and the callbacks that every run has."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from pyflow.core.api import export
from pyflow.keras.progress import Progbar


@export("keras.callbacks.Callback")
class Callback:
    """What is called at the steps of a run; a subclass overrides some of the methods.

    Attributes:
      model: the model.
      params: what the run is: batch_size, epochs, steps, samples, verbose, do_validation, metrics.
    """

    def __init__(self) -> None:
        self.validation_data: Any = None
        self.model: Any = None
        self.params: dict[str, Any] = {}

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The methods of all steps are made below."""

    def set_params(self, params: Any) -> None:
        self.params = params

    def set_model(self, model: Any) -> None:
        self.model = model

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.on_batch_end(batch, logs=logs)


_STEPS = """on_batch_begin on_batch_end on_epoch_begin on_epoch_end on_test_batch_begin on_test_batch_end
on_predict_batch_begin on_predict_batch_end"""


def _does_nothing(name: str, *arguments: str) -> None:
    def method(self: Any, *args: Any, **kwargs: Any) -> None:
        signature.bind(self, *args, **kwargs)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(argument, kind) for argument in ("self", *arguments)]
    signature = inspect.Signature([*parameters, inspect.Parameter("logs", kind, default=None)])
    method.__name__ = name
    method.__signature__ = signature  # type: ignore[attr-defined]
    method.__doc__ = "Called at that step; does nothing."
    setattr(Callback, name, method)


for _name in _STEPS.split():
    _does_nothing(_name, "epoch" if "epoch" in _name else "batch")
for _name in ("train", "test", "predict"):
    _does_nothing(f"on_{_name}_begin")
    _does_nothing(f"on_{_name}_end")


class CallbackList:
    """Several callbacks, called one after the other."""

    def __init__(self, callbacks: Any = None, model: Any = None):
        self.callbacks = list(callbacks or [])
        self.params: dict[str, Any] = {}
        self.model: Any = None
        if model is not None:
            self.set_model(model)

    def append(self, callback: Any) -> None:
        self.callbacks.append(callback)

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("on_"):
            raise AttributeError(name)

        def call(*args: Any) -> None:
            for callback in self.callbacks:
                getattr(callback, name)(*args)

        return call

    def __iter__(self) -> Any:
        return iter(self.callbacks)


@export("keras.callbacks.BaseLogger")
class BaseLogger(Callback):
    """Means over an epoch, of all but `stateful_metrics`."""

    def __init__(self, stateful_metrics: Any = None):
        super().__init__()
        self.stateful_metrics = set(stateful_metrics or [])

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.seen, self.totals = 0, {}

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        logs = logs or {}
        size = logs.get("size", 0) * logs.get("num_steps", 1)
        self.seen += size
        for key, value in logs.items():
            if key in self.stateful_metrics:
                self.totals[key] = value
            else:
                self.totals[key] = self.totals.get(key, 0.0) + np.float64(value) * size

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs is None:
            return
        for key in self.params["metrics"]:
            if key in self.totals:
                logs[key] = self.totals[key] if key in self.stateful_metrics else self.totals[key] / self.seen


@export("keras.callbacks.History")
class History(Callback):
    """What the epochs gave.

    Attributes:
      epoch: the numbers of the epochs.
      history: for each name the values.
    """

    def on_train_begin(self, logs: Any = None) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list] = {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epoch.append(epoch)
        for key, value in (logs or {}).items():
            self.history.setdefault(key, []).append(value)


@export("keras.callbacks.ProgbarLogger")
class ProgbarLogger(Callback):
    """Prints the progress.

    Args:
      count_mode: "samples" or "steps".
    """

    def __init__(self, count_mode: str = "samples", stateful_metrics: Any = None):
        super().__init__()
        if count_mode not in ("samples", "steps"):
            raise ValueError("Unknown `count_mode`: " + str(count_mode))
        self.use_steps = count_mode == "steps"
        self.stateful_metrics = set(stateful_metrics or [])

    def on_train_begin(self, logs: Any = None) -> None:
        self.verbose, self.epochs = self.params["verbose"], self.params["epochs"]

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.seen = 0
        self.target = self.params["steps" if self.use_steps else "samples"]
        if self.verbose and self.epochs > 1:
            print(f"Epoch {epoch + 1}/{self.epochs}")
        self.progbar = Progbar(
            self.target, verbose=self.verbose, stateful_metrics=self.stateful_metrics,
            unit_name="step" if self.use_steps else "sample",
        )  # fmt: skip

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.log_values: list = []

    def _values(self, logs: Any) -> list:
        return [(key, logs[key]) for key in self.params["metrics"] if key in logs]

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        logs = logs or {}
        self.seen += logs.get("num_steps", 1) if self.use_steps else logs.get("size", 0)
        self.log_values = self._values(logs)
        if self.verbose and (self.target is None or self.seen < self.target):
            self.progbar.update(self.seen, self.log_values)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.target is None:
            self.target = self.progbar.target = self.seen
        self.log_values += self._values(logs or {})
        if self.verbose:
            self.progbar.update(self.seen, self.log_values)
