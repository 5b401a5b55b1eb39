"""Making variables in the ways of tf.contrib.framework."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from pyflow.contrib.arg_scope import add_arg_scope
from pyflow.contrib.framework import get_variables
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.device import DeviceSpec
from pyflow.core.dtypes import float32
from pyflow.core.scopes import add_to_collection, device, get_collection
from pyflow.ops.variable_base import VariableAggregation, VariableSynchronization
from pyflow.ops.variable_scope import get_variable, get_variable_scope
from pyflow.ops.variables import Variable


def _made(
    initial_value: Any, collection: str, validate_shape: bool, name: str | None, use_resource: bool | None
) -> Any:
    return Variable(
        initial_value,
        trainable=False,
        collections=[collection],
        validate_shape=validate_shape,
        use_resource=use_resource,
        name=name,
    )


@export("contrib.framework.local_variable")
def local_variable(
    initial_value: Any, validate_shape: bool = True, name: str | None = None, use_resource: bool | None = None
) -> Any:
    """A variable among `GraphKeys.LOCAL_VARIABLES` that is not trained."""
    return _made(initial_value, GraphKeys.LOCAL_VARIABLES, validate_shape, name, use_resource)


@export("contrib.framework.global_variable")
def global_variable(
    initial_value: Any, validate_shape: bool = True, name: str | None = None, use_resource: bool | None = None
) -> Any:
    """A variable among `GraphKeys.GLOBAL_VARIABLES` that is not trained."""
    return _made(initial_value, GraphKeys.GLOBAL_VARIABLES, validate_shape, name, use_resource)


@export("contrib.framework.variable")
@add_arg_scope
def variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Iterable[str] | None = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    use_resource: bool | None = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """`tf.get_variable`, placed on `device`, a string or function.

    Args:
      collections: to which it is added; None for `GraphKeys.GLOBAL_VARIABLES`.
      custom_getter: called in the place of `tf.get_variable`.
      others: as in `tf.get_variable`.
    """
    collections = [GraphKeys.GLOBAL_VARIABLES] if collections is None else list(dict.fromkeys(collections))
    getter = get_variable
    if custom_getter is not None:
        getter = functools.partial(custom_getter, reuse=get_variable_scope().reuse)
    with _on(device or ""):
        return getter(
            name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
            collections=collections,
            caching_device=caching_device,
            partitioner=partitioner,
            use_resource=use_resource,
            synchronization=synchronization,
            aggregation=aggregation,
        )


_on = device  # the argument of that name hides it above


@export("contrib.framework.model_variable")
@add_arg_scope
def model_variable(
    name: str,
    shape: Any = None,
    dtype: Any = float32,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Iterable[str] | None = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    use_resource: bool | None = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """`variable`, added to `GraphKeys.MODEL_VARIABLES` and `GraphKeys.GLOBAL_VARIABLES` too."""
    return variable(
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=[*(collections or []), GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES],
        caching_device=caching_device,
        device=device,
        partitioner=partitioner,
        custom_getter=custom_getter,
        use_resource=use_resource,
        synchronization=synchronization,
        aggregation=aggregation,
    )


@export("contrib.framework.add_model_variable")
def add_model_variable(var: Any) -> None:
    """Adds a variable to `GraphKeys.MODEL_VARIABLES`, unless it is there."""
    if not any(var is known for known in get_collection(GraphKeys.MODEL_VARIABLES)):
        add_to_collection(GraphKeys.MODEL_VARIABLES, var)


@export("contrib.framework.get_variables_to_restore")
def get_variables_to_restore(include: Any = None, exclude: Any = None) -> list:
    """The global variables of the scopes in `include` (None for all) without those of the scopes in `exclude`.

    Raises:
      TypeError: one of them is given and no list.
    """
    for name, scopes in (("include", include), ("exclude", exclude)):
        if scopes is not None and not isinstance(scopes, (list, tuple)):
            raise TypeError(f"{name} is provided but is not a list or a tuple.")
    chosen = get_variables() if include is None else [v for scope in include for v in get_variables(scope)]
    left_out = {id(v) for scope in exclude or () for v in get_variables(scope)}
    return [v for v in chosen if id(v) not in left_out]


@export("contrib.framework.VariableDeviceChooser")
class VariableDeviceChooser:
    """A device function that deals variables out to the tasks of a job, one after the other."""

    def __init__(
        self,
        num_tasks: int = 0,
        job_name: str = "ps",
        device_type: str = "CPU",
        device_index: int = 0,
        replica: int | None = None,
    ):
        self._num_tasks, self._job_name = num_tasks, job_name
        self._device_type, self._device_index, self._replica = device_type, device_index, replica
        self._next_task_id = 0

    def __call__(self, op: Any) -> str:
        job, task = None, None
        if self._num_tasks > 0:
            job, task = self._job_name, self._next_task_id
            self._next_task_id = (task + 1) % self._num_tasks
        spec = DeviceSpec(job, self._replica, task, self._device_type, self._device_index)
        return spec.to_string()
