"""The loop over epochs and batches of training, evaluation and prediction."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.sparse_tensor import SparseTensorValue
from pyflow.keras.callback_base import BaseLogger, CallbackList, History, ProgbarLogger
from pyflow.keras.training_data import shuffled_in_batches, sliced
from pyflow.platform import logging


class Arrays:
    """Examples in arrays.

    Attributes:
      size: how many there are.
      values: the arrays, in the order in which a function is fed.
    """

    steps: Any = None

    def __init__(self, values: list, batch_size: int, shuffle: Any):
        found = next((x for x in values if x is not None), None)
        self.size = (
            found.dense_shape[0] if isinstance(found, SparseTensorValue) else len(found) if found is not None else 0
        )
        self.values, self.batch_size, self.shuffle = values, batch_size, shuffle

    def batches(self) -> Iterator[tuple[int, Any]]:
        """The numbers of examples, and functions that give the arrays, of the batches of an epoch."""
        order = None
        if self.shuffle == "batch":
            order = shuffled_in_batches(np.arange(self.size), self.batch_size)
        elif self.shuffle:
            order = np.arange(self.size)
            np.random.shuffle(order)
        for start in range(0, self.size, self.batch_size):
            end = min(start + self.batch_size, self.size)
            if self.size <= self.batch_size:
                yield end - start, self.values
            else:
                yield end - start, sliced(self.values, slice(start, end) if order is None else order[start:end])


class Steps:
    """Batches that come one after the other.

    Args:
      get: gives the values of the next batch: arrays, or tensors that are run.
      steps: how many there are in an epoch; None if they come to an end by themselves.
      restart: makes them begin again.
    """

    size: Any = None

    def __init__(self, get: Callable[[], list], steps: Any, restart: Any = None, endless: bool = False):
        self.get, self.steps, self.restart = get, steps, restart
        self.endless = endless

    def batches(self) -> Iterator[tuple[int, Any]]:
        for _ in range(self.steps) if self.steps is not None else itertools.count():
            try:
                yield 1, self.get()
            except StopIteration:
                return


class Totals:
    """The results of an epoch: means of losses over examples (or steps), the last values of metrics."""

    def __init__(self, by_examples: bool):
        self.by_examples = by_examples
        self.sum, self.count, self.last = 0.0, 0, []

    def add(self, outs: list, size: int) -> None:
        size = size if self.by_examples else 1
        self.sum += np.float64(outs[0]) * size
        self.count += size
        self.last = outs[1:]

    def results(self) -> list:
        return [self.sum / max(self.count, 1), *self.last] if self.count else []


class Joined:
    """Predictions, batch after batch."""

    def __init__(self) -> None:
        self.parts: list[list] = []

    def add(self, outs: list, size: int) -> None:
        self.parts.append(outs)

    def results(self) -> list:
        return [np.concatenate(parts, axis=0) for parts in zip(*self.parts)]


def run_loop(
    model: Any,
    mode: str,
    source: Any,
    epochs: int = 1,
    verbose: int = 0,
    callbacks: Any = None,
    validate: Any = None,
    validation_freq: Any = 1,
    initial_epoch: int = 0,
    batch_size: Any = None,
    steps_name: str = "steps",
    is_dataset: bool = False,
) -> Any:
    """Runs a model over all batches of all epochs.

    Args:
      mode: "train", "test" or "predict".
      source: `Arrays` or `Steps`.
      validate: gives the results for other data, after every epoch that `validation_freq` says.

    Returns:
      The results of the last epoch, as a list.
    """
    function = getattr(model, f"_make_{mode}_function")()
    by_steps = isinstance(source, Steps)
    callbacks = configured(
        callbacks, model, mode, validate is not None, batch_size, epochs, source.steps, source.size, verbose
    )
    shown = model.metrics_names[1:] if mode != "predict" else None
    bar = ProgbarLogger("steps" if by_steps else "samples", stateful_metrics=shown)
    bar.params = callbacks.params
    bar.params["verbose"] = verbose
    bar.set_model(model)
    model.stop_training = False
    getattr(callbacks, f"on_{mode}_begin")({})
    bar.on_train_begin()
    results: list = []
    for epoch in range(initial_epoch, epochs):
        if model.stop_training:
            break
        model.reset_metrics()
        logs: dict[str, Any] = {}
        if mode == "train":
            callbacks.on_epoch_begin(epoch, logs)
        bar.on_epoch_begin(epoch, logs)
        totals: Any = Joined() if mode == "predict" else Totals(not by_steps)
        _epoch(model, mode, source, function, callbacks, bar, totals, (steps_name, epochs, is_dataset))
        results = totals.results()
        logs = _logs(model, logs, results, mode)
        if validate is not None and _is_due(validation_freq, epoch) and not model.stop_training:
            found = validate(callbacks)
            logs |= {
                f"val_{name}": v for name, v in zip(model.metrics_names, found if isinstance(found, list) else [found])
            }
            callbacks.params["verbose"] = 0
        if mode == "train":
            callbacks.on_epoch_end(epoch, logs)
        bar.on_epoch_end(epoch, logs)
        if source.steps is None and by_steps and epoch == initial_epoch:
            callbacks.params["steps"] = bar.seen
        if by_steps and source.restart is not None and epoch < epochs - 1:
            source.restart()
    getattr(callbacks, f"on_{mode}_end")({})
    return model.history if mode == "train" else results


def _epoch(
    model: Any, mode: str, source: Any, function: Any, callbacks: Any, bar: Any, totals: Any, told: tuple
) -> None:
    prefix = "on_train_batch_" if mode == "train" else f"on_{mode}_batch_"
    begin, end = getattr(callbacks, prefix + "begin"), getattr(callbacks, prefix + "end")
    done = 0
    batches = source.batches()
    while True:
        pair = next(batches, None)
        if pair is None:
            if (
                isinstance(source, Steps)
                and source.steps is not None
                and done < source.steps
                and not model.stop_training
            ):
                _ran_out(model, source, told, done)
            break
        size, values = pair
        logs: dict[str, Any] = {"batch": done, "size": size}
        begin(done, logs)
        bar.on_batch_begin(done, logs)
        try:
            outs = function(values)
        except errors.OutOfRangeError:
            _ran_out(model, source, told, done)
            break
        outs = outs if isinstance(outs, list) else [outs]
        totals.add(outs, size)
        logs = _logs(model, logs, outs, mode)
        end(done, logs)
        bar.on_batch_end(done, logs)
        done += 1
        if model.stop_training:
            break


def _ran_out(model: Any, source: Any, told: tuple, done: int) -> None:
    """Stops, where there should have been more batches."""
    steps_name, epochs, is_dataset = told
    if source.steps is not None or not is_dataset:
        model.stop_training = True
        kind = "dataset" if is_dataset else "dataset iterator"
        logging.warning(
            f"Your {kind} ran out of data; interrupting training. Make sure that your {kind.split()[-1]} can generate "
            f"at least `{steps_name} * epochs` batches (in this case, {(source.steps or done) * epochs} batches). "
            "You may need to use the repeat() function when building your dataset."
        )


def _logs(model: Any, logs: dict[str, Any], outs: list, mode: str) -> dict[str, Any]:
    if mode == "predict":
        if outs:
            logs["outputs"] = outs
        return logs
    return logs | dict(zip(model.metrics_names, outs))


def _is_due(frequency: Any, epoch: int) -> bool:
    if isinstance(frequency, int):
        return frequency < 1 or (epoch + 1) % frequency == 0
    return epoch + 1 in frequency


def configured(
    callbacks: Any, model: Any, mode: str, do_validation: bool, batch_size: Any, epochs: int, steps: Any, samples: Any,
    verbose: int,
) -> CallbackList:  # fmt: skip
    """The callbacks with those that every training has; a `CallbackList` is taken as it is."""
    if isinstance(callbacks, CallbackList):
        return callbacks
    callbacks = list(callbacks or [])
    if mode == "train":
        model.history = History()
        callbacks = [BaseLogger(model.metrics_names[1:]), *callbacks, model.history]
    found = CallbackList(callbacks)
    found.set_model(model)
    names = [] if mode == "predict" else list(model.metrics_names)
    if do_validation:
        names += ["val_" + name for name in names]
    found.set_params(
        {"batch_size": batch_size, "epochs": epochs, "steps": steps, "samples": samples, "verbose": verbose,
         "do_validation": do_validation, "metrics": names}
    )  # fmt: skip
    model.stop_training = False
    return found
