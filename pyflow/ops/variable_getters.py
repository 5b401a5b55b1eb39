"""get_variable: variables by name, inside the current variable scope."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.ops.variable_base import VariableAggregation, VariableSynchronization
from pyflow.ops.variable_scope_object import _get_default_variable_store, get_variable_scope


@export("get_variable")
def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """Makes the variable `name` of the current variable scope, or finds it when the scope reuses variables.

    Args:
      shape: its shape; not given when `initializer` is a tensor or value.
      dtype: by default the scope's, which is float32 at first.
      initializer: a function of (shape, dtype, partition_info), a class of such, a function without arguments, or a
        tensor or value; by default the scope's, else glorot_uniform for floats and zeros for ints, bools and strings.
      regularizer: function from the variable to a scalar tensor (or None) for the collection REGULARIZATION_LOSSES.
      trainable, collections, caching_device, validate_shape, use_resource, constraint: as for `tf.Variable`.
      partitioner: function from (shape, dtype) to the number of parts along each dimension.
      custom_getter: function that is called as `custom_getter(getter, name, shape=..., ...)` in place of `getter`.

    Returns:
      A `Variable`, or a `PartitionedVariable` when there is a partitioner.

    Raises:
      ValueError: it should exist and doesn't, or shouldn't and does, or is of another shape or dtype than asked for; or
        the shape is not known.
    """
    return get_variable_scope().get_variable(
        _get_default_variable_store(),
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )


@export("get_local_variable")
def get_local_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = False,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """`get_variable` of a variable that is neither trained nor saved: it joins only LOCAL_VARIABLES."""
    return get_variable(
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=False,
        collections=[*(collections or ()), GraphKeys.LOCAL_VARIABLES],
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )


def get_partitioned_variable(name: str | None, **settings: Any) -> Any:
    """The variable `name` of the current scope, cut into parts.

    Raises:
      ValueError: the scope has a custom getter, or there is no partitioner.
    """
    return get_variable_scope()._get_partitioned_variable(_get_default_variable_store(), name, **settings)
