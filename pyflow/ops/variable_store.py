"""The variables that `get_variable` has made in a graph, by full name."""

from __future__ import annotations

import collections.abc as collections_abc
import enum
import inspect
import os
import traceback
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.init_scope import init_scope
from pyflow.core.registry import raw
from pyflow.core.scopes import add_to_collection, colocate_with, name_scope
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.tensor import Tensor
from pyflow.ops import initializers
from pyflow.ops.partitioned_variable import PartitionedVariable
from pyflow.ops.resource_variable_base import BaseResourceVariable
from pyflow.ops.variable_base import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
    validate_synchronization_aggregation_trainable,
)
from pyflow.ops.variable_kinds import resource_variables_enabled
from pyflow.ops.variable_partitions import PartitionInfo, call_partitioner, iterate_slices, slice_dim_and_count

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class _ReuseMode(enum.Enum):
    """Values of `reuse` besides True and False."""

    # get_variable makes the variable if it isn't there, and returns it if it is.
    AUTO_REUSE = 1


AUTO_REUSE = export("AUTO_REUSE")(_ReuseMode.AUTO_REUSE)


class VariableStore:
    """Makes variables, or finds those made before under the same name."""

    def __init__(self) -> None:
        self._vars: dict[str, Any] = {}
        self._partitioned_vars: dict[str, PartitionedVariable] = {}

    def get_variable(
        self,
        name: str,
        shape: Any = None,
        dtype: Any = dtypes.float32,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
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
        """The variable of that full name; see `tf.get_variable`, `reuse` comes from the variable scope.

        Raises:
          ValueError: the variable should exist and doesn't, or shouldn't and does, or is of another shape or dtype.
        """
        if custom_getter is not None and not callable(custom_getter):
            raise ValueError(f"Passed a custom_getter which is not callable: {custom_getter}")
        dtype = getattr(dtype, "base_dtype", dtype)
        synchronization, aggregation, trainable = validate_synchronization_aggregation_trainable(
            synchronization, aggregation, trainable, name
        )
        settings: dict[str, Any] = {
            "name": name,
            "shape": shape,
            "dtype": dtype,
            "initializer": initializer,
            "regularizer": regularizer,
            "reuse": reuse,
            "trainable": trainable,
            "collections": collections,
            "caching_device": caching_device,
            "partitioner": partitioner,
            "validate_shape": validate_shape,
            "use_resource": use_resource,
            "synchronization": synchronization,
            "aggregation": aggregation,
        }
        if custom_getter is None:
            return self._true_getter(**settings, constraint=constraint)
        if _accepts(custom_getter, "constraint"):
            settings["constraint"] = constraint
        return custom_getter(getter=self._true_getter, **settings)

    def _true_getter(
        self,
        name: str,
        shape: Any = None,
        dtype: Any = dtypes.float32,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        validate_shape: bool = True,
        use_resource: bool | None = None,
        constraint: Any = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
    ) -> Any:
        settings: dict[str, Any] = {
            "name": name,
            "shape": shape,
            "dtype": dtype,
            "initializer": initializer,
            "regularizer": regularizer,
            "reuse": reuse,
            "trainable": trainable,
            "collections": collections,
            "caching_device": caching_device,
            "validate_shape": validate_shape,
            "use_resource": use_resource,
            "constraint": constraint,
            "synchronization": synchronization,
            "aggregation": aggregation,
        }
        is_scalar = isinstance(shape, collections_abc.Sequence) and not shape
        if partitioner is not None and not is_scalar:
            if not callable(partitioner):
                raise ValueError(f"Partitioner must be callable, but received: {partitioner}")
            with name_scope(None):
                return self._get_partitioned_variable(partitioner=partitioner, **settings)
        if reuse is True and partitioner is None and name in self._partitioned_vars:
            return self._get_partitioned_variable(partitioner=None, **settings)
        if f"{name}/part_0" in self._vars:
            raise ValueError(
                f"No partitioner was provided, but a partitioned version of the variable was found: {name}/part_0. "
                "Perhaps a variable of the same name was already created with partitioning?"
            )
        return self._get_single_variable(**settings)

    # ---------------------------------------------------------------- parts

    def _get_partitioned_variable(
        self,
        name: str,
        partitioner: Any,
        shape: Any = None,
        dtype: Any = dtypes.float32,
        initializer: Any = None,
        reuse: Any = None,
        **settings: Any,
    ) -> PartitionedVariable:
        if name in self._vars:
            raise ValueError(
                "A partitioner was provided, but an unpartitioned version of the variable was found: "
                f"{name}.  Perhaps a variable of the same name was already created without partitioning?"
            )
        shape = as_shape(shape)
        if isinstance(initializer, Tensor):
            shape = shape.merge_with(initializer.get_shape())
        partitions = call_partitioner(partitioner, shape, dtype) if not reuse or partitioner else None
        if name in self._partitioned_vars:
            return self._existing_partitioned(name, shape, dtype, partitions, reuse)
        if reuse is True:
            raise ValueError(
                f"PartitionedVariable {name} does not exist, or was not created with tf.get_variable(). Did you mean "
                "to set reuse=False or reuse=tf.AUTO_REUSE in VarScope?"
            )
        dimension, count = slice_dim_and_count(partitions)
        self._check_shards(name, count)
        full_shape = shape.as_list()
        parts = []
        for i, (offset, part_shape) in enumerate(iterate_slices(full_shape, count, dimension)):
            part_name = f"{name}/part_{i}"
            with name_scope(part_name + "/PartitionedInitializer"):
                init, init_shape, dtype = self._part_initializer(initializer, part_name, offset, part_shape, dtype)
            with name_scope(None):
                part = self._get_single_variable(
                    name=part_name,
                    shape=init_shape,
                    dtype=dtype,
                    initializer=init,
                    partition_info=PartitionInfo(full_shape=full_shape, var_offset=offset),
                    reuse=reuse,
                    **settings,
                )
            part._set_save_slice_info(Variable.SaveSliceInfo(name, full_shape, offset, part_shape))
            parts.append(part)
        whole = PartitionedVariable(name, shape, dtype, parts, partitions)
        self._partitioned_vars[name] = whole
        return whole

    def _part_initializer(
        self, initializer: Any, name: str, offset: list[int], shape: list[int], dtype: Any
    ) -> tuple[Any, Any, Any]:
        """(initializer, shape or None, dtype) of one part."""
        if initializer is None:
            return default_initializer(name, dtype), shape, dtype
        if callable(initializer):
            return initializer, shape, dtype
        if isinstance(initializer, Tensor):
            return raw.Slice(initializer, offset, shape), None, initializer.dtype.base_dtype
        return raw.Slice(convert_to_tensor(initializer, dtype=dtype), offset, shape), None, dtype

    def _existing_partitioned(
        self, name: str, shape: TensorShape, dtype: Any, partitions: Any, reuse: Any
    ) -> PartitionedVariable:
        if reuse is False:
            raise ValueError(
                f"Partitioned variable with name {name} already exists. Did you mean to set reuse=True or "
                "reuse=tf.AUTO_REUSE in VarScope?"
            )
        found = self._partitioned_vars[name]
        reusing = f"Trying to reuse partitioned variable {name}, but specified"
        if not shape.is_compatible_with(found.get_shape()):
            raise ValueError(f"{reusing} shape {shape} and found shape {found.get_shape()}.")
        if not dtype.is_compatible_with(found.dtype):
            raise ValueError(f"{reusing} dtype {dtype.name} and found dtype {found.dtype.name}.")
        if partitions is not None and found._get_partitions() != partitions:
            raise ValueError(f"{reusing} partitions {partitions} and found partitions {found._get_partitions()}.")
        return found

    def _check_shards(self, name: str, count: int) -> None:
        if f"{name}/part_0" not in self._vars:
            return
        problem = (
            "Partitioner returned a different partitioning than what was already found.  Partitioner returned "
            f"{count} shards, and shard {name}/part_0 was found, but"
        )
        if f"{name}/part_{count - 1}" not in self._vars:
            raise ValueError(f"{problem} {name}/part_{count - 1} was not.")
        if f"{name}/part_{count}" in self._vars:
            raise ValueError(f"{problem} so was the extra shard {name}/part_{count}.")

    # ---------------------------------------------------------------- single variables

    def _get_single_variable(
        self,
        name: str,
        shape: Any = None,
        dtype: Any = dtypes.float32,
        initializer: Any = None,
        regularizer: Any = None,
        partition_info: PartitionInfo | None = None,
        reuse: Any = None,
        use_resource: bool | None = None,
        **settings: Any,
    ) -> Any:
        if shape is not None and initializer is not None and not callable(initializer):
            raise ValueError("If initializer is a constant, do not specify shape.")
        dtype = dtypes.as_dtype(dtype)
        shape = as_shape(shape)
        if name in self._vars:
            return self._existing(name, shape, dtype, reuse)
        if reuse is True:
            raise ValueError(
                f"Variable {name} does not exist, or was not created with tf.get_variable(). Did you mean to set "
                "reuse=tf.AUTO_REUSE in VarScope?"
            )
        if initializer is None:
            initializer = default_initializer(name, dtype)
        initial_value, dtype = _initial_value(initializer, shape, dtype, partition_info)
        variable = Variable(
            initial_value=initial_value,
            name=name,
            dtype=dtype,
            use_resource=resource_variables_enabled() if use_resource is None else use_resource,
            **settings,
        )
        self._vars[name] = variable
        if regularizer:
            _add_regularization(name, variable, regularizer)
        return variable

    def _existing(self, name: str, shape: TensorShape, dtype: dtypes.DType, reuse: Any) -> Any:
        found = self._vars[name]
        if reuse is False:
            raise ValueError(_already_exists(name, found))
        if not shape.is_compatible_with(found.get_shape()):
            raise ValueError(
                f"Trying to share variable {name}, but specified shape {shape} and found shape {found.get_shape()}."
            )
        if not dtype.is_compatible_with(found.dtype):
            raise ValueError(
                f"Trying to share variable {name}, but specified dtype {dtype.name} and found dtype {found.dtype.name}."
            )
        return found


def _accepts(function: Any, argument: str) -> bool:
    """Whether a custom getter takes that keyword."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
    return argument in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _already_exists(name: str, variable: Any) -> str:
    message = (
        f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or "
        "reuse=tf.AUTO_REUSE in VarScope?"
    )
    if isinstance(variable, BaseResourceVariable):
        return message
    frames = [frame for frame in variable.op.traceback[::-1] if not frame[0].startswith(_PACKAGE)][:5]
    return f"{message} Originally defined at:\n\n{''.join(traceback.format_list(frames))}"


def default_initializer(name: str, dtype: Any) -> Any:
    """What a variable of that dtype is initialised by when nothing says it.

    Raises:
      ValueError: the dtype is no number, bool or string.
    """
    if dtype.is_floating:
        return initializers.glorot_uniform_initializer()
    if dtype.is_integer or dtype.is_unsigned or dtype.is_bool or dtype == dtypes.string:
        return initializers.zeros_initializer()
    raise ValueError(f"An initializer for variable {name} of {dtype.base_dtype} is required")


def _initial_value(
    initializer: Any, shape: TensorShape, dtype: dtypes.DType, partition_info: PartitionInfo | None
) -> tuple[Any, dtypes.DType | None]:
    """The `initial_value` and `dtype` arguments of the variable to be."""
    if not callable(initializer):
        return initializer, None
    if inspect.isclass(initializer):
        initializer = initializer()
    if shape.is_fully_defined():
        return lambda: initializer(shape.as_list(), dtype=dtype, partition_info=partition_info), dtype.base_dtype
    specification = inspect.getfullargspec(initializer)
    if len(specification.args) == len(specification.defaults or ()):
        return initializer, None
    raise ValueError(
        "The initializer passed is not valid. It should be a callable with no arguments and the shape should not be "
        "provided or an instance of `tf.keras.initializers.*' and `shape` should be fully defined."
    )


def _add_regularization(name: str, variable: Any, regularizer: Any) -> None:
    with colocate_with(variable), name_scope(name + "/Regularizer/"), init_scope():
        loss = regularizer(variable)
    if loss is not None:
        add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
