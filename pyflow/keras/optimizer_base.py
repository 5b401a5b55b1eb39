"""tf.keras.optimizers: what optimizers have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.autodiff import gradients as tf_gradients
from pyflow.core import dtypes, nest
from pyflow.core.api import export
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.keras.backend import batch_get_value, batch_set_value, get_value, set_value, track_variable
from pyflow.keras.initializer_classes import get as get_initializer
from pyflow.keras.learning_rate_schedules import LearningRateSchedule
from pyflow.keras.serialization import deserialize_keras_object, published, serialize_keras_object
from pyflow.ops.array_filling import fill as tf_fill
from pyflow.ops.array_identity import identity as tf_identity
from pyflow.ops.array_search import unique
from pyflow.ops.array_shape import shape as tf_shape
from pyflow.ops.cast import cast
from pyflow.ops.clip import clip_by_norm, clip_by_value
from pyflow.ops.constant import constant_v1 as tf_constant
from pyflow.ops.segment import UnsortedSegmentSum as unsorted_segment_sum
from pyflow.ops.variable_base import Variable


@export("keras.optimizers.Optimizer")
class Optimizer:
    """Changes variables along their gradients.

    A subclass makes slots in `_create_slots` and overrides `_update` for a variable, and `_update_rows` for rows of
    one. What `_set_hyper` sets are numbers that may be changed later: they are variables of the graph.

    Args:
      clipnorm: no gradient is longer.
      clipvalue: no element of a gradient is larger, nor smaller than the negative.
      decay: the learning rate is divided by 1 + decay · iterations.
      lr: the same as `learning_rate`.
    """

    def __init__(self, name: str, **kwargs: Any):
        for key in kwargs:
            if key not in ("clipnorm", "clipvalue", "lr", "decay"):
                raise TypeError(f"Unexpected keyword argument passed to optimizer: {key}")
            if kwargs[key] < 0:
                raise ValueError(f"Expected {key} >= 0, received: {kwargs[key]}")
        object.__setattr__(self, "_hyper", {})
        self._name = name
        self._initial_decay = kwargs.pop("decay", 0.0)
        self._lr = kwargs.pop("lr", None)
        for key, value in kwargs.items():
            setattr(self, key, value)
        self._weights: list[Any] = []
        self._slots: dict[int, dict[str, Any]] = {}
        self._iterations: Any = None
        self._hypers_created = False

    # ---------------------------------------------------------------- numbers

    def _set_hyper(self, name: str, value: Any) -> None:
        self._hyper[name] = value

    def _value_of(self, name: str) -> Any:
        return self._hyper[name]

    def __getattr__(self, name: str) -> Any:
        hyper = vars(self).get("_hyper", {})
        name = "learning_rate" if name == "lr" else name
        if name in hyper:
            if not vars(self).get("_hypers_created"):
                self._create_hypers()
            return hyper[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        hyper = vars(self).get("_hyper", {})
        name = "learning_rate" if name == "lr" else name
        if name in hyper:
            if self._hypers_created and hasattr(hyper[name], "assign") and not callable(value):
                set_value(hyper[name], value)
            else:
                hyper[name] = value
        else:
            object.__setattr__(self, name, value)

    @property
    def iterations(self) -> Any:
        """How many steps have been taken: an int64 variable."""
        if self._iterations is None:
            self._iterations = self._variable("iter", [], "int64", 0)
            self._weights.append(self._iterations)
        return self._iterations

    @iterations.setter
    def iterations(self, variable: Any) -> None:
        if self._iterations is not None:
            raise RuntimeError(
                "Cannot set `iterations` to a new Variable after the Optimizer weights have been created"
            )
        object.__setattr__(self, "_iterations", variable)
        self._weights.append(variable)

    def _variable(self, name: str, shape: Any, dtype: Any, value: Any) -> Any:
        dtype = dtypes.as_dtype(dtype)
        initial = value if callable(value) else (lambda: tf_fill(shape, tf_constant(value, dtype)))
        made = Variable(initial, trainable=False, name=name, dtype=dtype, use_resource=True)
        track_variable(made)
        return made

    def _create_hypers(self) -> None:
        if self._hypers_created:
            return
        object.__setattr__(self, "_hypers_created", True)
        for name, value in sorted(self._hyper.items()):
            if not isinstance(value, (Tensor, Variable)) and not callable(value):
                self._hyper[name] = self._variable(name, [], "float32", value)

    def _get_hyper(self, name: str, dtype: Any = None) -> Any:
        self._create_hypers()
        value = self._hyper[name]
        if isinstance(value, LearningRateSchedule):
            return value
        value = value() if callable(value) else value
        return cast(value, dtype) if dtype else value

    def _decayed_lr(self, dtype: Any) -> Any:
        """The learning rate for this step."""
        rate = self._get_hyper("learning_rate", dtype)
        if isinstance(rate, LearningRateSchedule):
            rate = cast(rate(cast(self.iterations, dtype)), dtype)
        if self._initial_decay > 0.0:
            decay = cast(self._get_hyper("decay"), dtype)
            rate = rate / (1.0 + decay * cast(self.iterations, dtype))
        return rate

    # ---------------------------------------------------------------- slots

    def add_slot(self, var: Any, slot_name: str, initializer: Any = "zeros") -> Any:
        """The slot of a variable, made if there is none."""
        slots = self._slots.setdefault(id(var), {})
        if slot_name not in slots:
            make = get_initializer(initializer)
            shape, dtype = var.shape, var.dtype.base_dtype
            slots[slot_name] = self._variable(
                f"{var.op.name}/{slot_name}", shape, dtype, lambda: make(shape, dtype=dtype)
            )
            self._weights.append(slots[slot_name])
        return slots[slot_name]

    def get_slot(self, var: Any, slot_name: str) -> Any:
        """The slot of a variable; None if there is none."""
        return self._slots.get(id(var), {}).get(slot_name)

    def _checkpoint_children(self) -> list[tuple[str, Any]]:
        hyper = [(name, v) for name, v in sorted(self._hyper.items()) if isinstance(v, Variable)]
        return [*([("iter", self._iterations)] if self._iterations is not None else []), *hyper]

    def get_slot_names(self) -> list[str]:
        """The names of the slots."""
        return list(dict.fromkeys(name for slots in self._slots.values() for name in slots))

    def _create_slots(self, var_list: list) -> None:
        """Makes the slots of variables."""

    # ---------------------------------------------------------------- steps

    def get_gradients(self, loss: Any, params: Any) -> list:
        """The gradients of a loss, clipped.

        Raises:
          ValueError: a variable has none.
        """
        grads = tf_gradients(loss, params)
        for grad, param in zip(grads, params):
            if grad is None:
                raise ValueError(
                    f"Variable {param} has `None` for gradient. Please make sure that all of your ops have a gradient "
                    "defined (i.e. are differentiable). Common ops without gradient: K.argmax, K.round, K.eval."
                )
        return [self._clipped(g) for g in grads]

    def _clipped(self, grad: Any) -> Any:
        if grad is not None and vars(self).get("clipnorm") is not None:
            grad = clip_by_norm(grad, self.clipnorm)
        if grad is not None and vars(self).get("clipvalue") is not None:
            grad = clip_by_value(grad, -self.clipvalue, self.clipvalue)
        return grad

    def minimize(self, loss: Any, var_list: Any, grad_loss: Any = None, name: Any = None) -> Any:
        """An operation that takes a step; `loss` may be a function that makes it."""
        loss = loss() if callable(loss) else loss
        params = nest.flatten(var_list() if callable(var_list) else var_list)
        grads = [self._clipped(g) for g in tf_gradients(loss, params, grad_loss)]
        return self.apply_gradients(list(zip(grads, params)), name=name)

    def get_updates(self, loss: Any, params: list) -> list:
        """The operations of a step."""
        grads = self.get_gradients(loss, params)
        return [self.apply_gradients([(g, v) for g, v in zip(grads, params) if v.dtype.base_dtype != dtypes.resource])]

    def apply_gradients(self, grads_and_vars: Any, name: str | None = None) -> Any:
        """An operation that takes a step along the given gradients.

        Raises:
          ValueError: no variable has a gradient.
        """
        pairs = [(g, v) for g, v in grads_and_vars]
        if pairs and all(g is None for g, _ in pairs):
            raise ValueError(f"No gradients provided for any variable: {[v.name for _, v in pairs]}.")
        pairs = [(g, v) for g, v in pairs if g is not None]
        with name_scope(self._name):
            _ = self.iterations
            self._create_hypers()
            self._create_slots([v for _, v in pairs])
        with name_scope(name or self._name):
            scalars = {kind: self._prepare(kind) for kind in {v.dtype.base_dtype for _, v in pairs}}
            updates = []
            for grad, var in pairs:
                with name_scope("update" + ("_" + var.op.name.replace("/", "_"))):
                    made = self._step(grad, var, scalars[var.dtype.base_dtype])
                    if getattr(var, "constraint", None) is not None:
                        with control_dependencies([made]):
                            made = var.assign(var.constraint(var))
                    updates.append(made)
            with control_dependencies(updates):
                return self.iterations.assign_add(1).op

    def _prepare(self, dtype: Any) -> dict[str, Any]:
        """The scalars of a step, in a dtype."""
        return {"lr": tf_identity(self._decayed_lr(dtype))}

    def _step(self, grad: Any, var: Any, scalars: dict[str, Any]) -> Any:
        if isinstance(grad, IndexedSlices):
            unique_rows, where = unique(grad.indices)
            values = unsorted_segment_sum(grad.values, where, tf_shape(unique_rows)[0])
            return self._update_rows(values, unique_rows, var, scalars)
        return self._update(grad, var, scalars)

    def _update(self, grad: Any, var: Any, scalars: dict[str, Any]) -> Any:
        raise NotImplementedError

    def _update_rows(self, grad: Any, rows: Any, var: Any, scalars: dict[str, Any]) -> Any:
        raise NotImplementedError

    # ---------------------------------------------------------------- values and configs

    weights = property(lambda self: self._weights, doc="`iterations` and the slots.")

    def variables(self) -> list:
        """The same as `weights`."""
        return self._weights

    def get_weights(self) -> list:
        """The values of `weights`."""
        return batch_get_value(self._weights)

    def set_weights(self, weights: Any) -> None:
        """Sets the values of `weights`.

        Raises:
          ValueError: their number or a shape is not that of `weights`.
        """
        if len(self._weights) != len(weights):
            raise ValueError(
                f"You called `set_weights(weights)` on optimizer {self._name} with a  weight list of length "
                f"{len(weights)}, but the optimizer was expecting {len(self._weights)} weights. Provided weights: "
                f"{str(weights)[:50]}..."
            )
        for v, value in zip(self._weights, weights):
            if tuple(v.shape.as_list()) != np.shape(value):
                raise ValueError(f"Optimizer weight shape {v.shape} not compatible with provided weight shape "
                                 f"{np.shape(value)}")  # fmt: skip
        batch_set_value(list(zip(self._weights, weights)))

    def _serialize_hyperparameter(self, name: str) -> Any:
        value = self._hyper[name]
        if isinstance(value, LearningRateSchedule):
            return serialize_keras_object(value)
        if isinstance(value, (Variable, Tensor)):
            return get_value(value)
        return value() if callable(value) else value

    # The arguments beside the name, in the order of the config; of those in `_hyper` the numbers.
    _config_names: tuple[str, ...] = ("learning_rate", "decay")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer."""
        config: dict[str, Any] = {"name": self._name}
        for name in ("clipnorm", "clipvalue"):
            if vars(self).get(name) is not None:
                config[name] = getattr(self, name)
        for name in self._config_names:
            config[name] = self._serialize_hyperparameter(name) if name in self._hyper else getattr(self, name)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """The optimizer that `get_config` described."""
        config = dict(config)
        if "lr" in config:
            config["learning_rate"] = config.pop("lr")
        if isinstance(config.get("learning_rate"), dict):
            known = published("optimizers.schedules")
            config["learning_rate"] = deserialize_keras_object(config["learning_rate"], known, custom_objects, "decay")
        return cls(**config)
