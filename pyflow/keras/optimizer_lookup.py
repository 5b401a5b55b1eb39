"""Optimizers by name, and those of `tf.train` as Keras's."""

from __future__ import annotations

import functools
from typing import Any

import pyflow.train.optimizer as train_optimizer
from pyflow.core.api import export
from pyflow.keras.backend import track_variable
from pyflow.keras.optimizer_base import Optimizer
from pyflow.keras.serialization import deserialize_keras_object, published, serialize_keras_object
from pyflow.ops.variables import global_variables
from pyflow.train.global_step import get_or_create_global_step


class TFOptimizer:
    """An optimizer of `tf.train`, for a model."""

    def __init__(self, optimizer: Any, iterations: Any = None):
        self.optimizer = optimizer
        self._given = iterations

    @functools.cached_property
    def iterations(self) -> Any:
        """How many steps have been taken: the global step, made if there is none."""
        step = self._given if self._given is not None else get_or_create_global_step()
        track_variable(step)
        return step

    def get_updates(self, loss: Any, params: Any) -> list:
        """The operations of a step."""
        known = {id(v) for v in global_variables()}
        _ = self.iterations
        grads = self.optimizer.compute_gradients(loss, params)
        update = self.optimizer.apply_gradients(grads, global_step=self.iterations)
        for v in global_variables():
            if id(v) not in known:
                track_variable(v)
        return [update]

    @property
    def weights(self) -> Any:
        raise NotImplementedError

    def get_config(self) -> Any:
        raise NotImplementedError

    def from_config(self, config: Any) -> Any:
        raise NotImplementedError


@export("keras.optimizers.serialize")
def serialize_optimizer(optimizer: Any) -> Any:
    """The class and config of an optimizer."""
    return serialize_keras_object(optimizer)


@export("keras.optimizers.deserialize")
def deserialize_optimizer(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The optimizer of a class (in any case) and a config."""
    known = {name.lower(): thing for name, thing in published("optimizers").items() if isinstance(thing, type)}
    if config["class_name"].lower() in known:
        config = {**config, "class_name": config["class_name"].lower()}
    return deserialize_keras_object(config, known, custom_objects, "optimizer")


@export("keras.optimizers.get")
def get_optimizer(identifier: Any) -> Any:
    """The optimizer from itself, one of `tf.train`, its name or its config.

    Raises:
      ValueError: it is none of these.
    """
    if isinstance(identifier, (Optimizer, TFOptimizer)):
        return identifier
    if isinstance(identifier, train_optimizer.Optimizer):
        return TFOptimizer(identifier)
    if isinstance(identifier, dict):
        return deserialize_optimizer(identifier)
    if isinstance(identifier, str):
        return deserialize_optimizer({"class_name": str(identifier), "config": {}})
    raise ValueError("Could not interpret optimizer identifier:", identifier)
