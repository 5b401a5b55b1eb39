"""PartitionedVariable: several variables that together are one."""

from __future__ import annotations

from typing import Any, Callable, Iterator

from pyflow.core.api import export
from pyflow.core.convert import register_tensor_conversion_function
from pyflow.core.dtypes import float32
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_joining import concat
from pyflow.ops.array_splitting import split


class PartitionedVariable:
    """Variables that are the parts of a larger one along one dimension.

    Args:
      name: the name of the whole.
      shape: its `TensorShape`.
      dtype: its dtype.
      variable_list: the parts, each with a `SaveSliceInfo`.
      partitions: the number of parts along each dimension.

    Raises:
      TypeError, ValueError: the lists are no lists, empty, or contradict each other.
    """

    def __init__(self, name: str, shape: Any, dtype: Any, variable_list: Any, partitions: Any):
        if not isinstance(variable_list, (list, tuple)):
            raise TypeError(f"variable_list is not a list or tuple: {variable_list}")
        if not isinstance(partitions, (list, tuple)):
            raise TypeError(f"partitions is not a list or tuple: {partitions}")
        if not all(p >= 1 for p in partitions):
            raise ValueError(f"partition values must be positive: {partitions}")
        if not variable_list:
            raise ValueError("variable_list may not be empty")
        for v in variable_list:
            if any(part._get_save_slice_info() is None for part in variable_list):
                raise ValueError(
                    f"All variables must have a save_slice_info available: {[part.name for part in variable_list]}"
                )
            if len(shape) != len(partitions):
                raise ValueError(f"len(shape) != len(partitions): {shape} vs. {partitions}")
            full_shape = v._get_save_slice_info().full_shape
            if full_shape != shape:
                raise ValueError(
                    f"All variables' full shapes must match shape: {shape}; but full shapes were: {[full_shape]}"
                )
        self._variable_list = sorted(variable_list, key=lambda v: v._get_save_slice_info().var_offset)
        self._name, self._shape, self._dtype, self._partitions = name, shape, dtype, partitions

    name = property(lambda self: self._name)
    dtype = property(lambda self: self._dtype)
    shape = property(lambda self: self._shape)
    _distribute_strategy = None

    def get_shape(self) -> Any:
        return self._shape

    def _get_variable_list(self) -> list:
        return self._variable_list

    def _get_partitions(self) -> Any:
        return self._partitions

    def __iter__(self) -> Iterator[Any]:
        return iter(self._variable_list)

    def __len__(self) -> int:
        axes = len(self._partition_axes())
        if axes > 1:
            raise ValueError(f"Cannot get a length for {axes} > 1 partition axes")
        return len(self._variable_list)

    def _partition_axes(self) -> list[int]:
        return [i for i, p in enumerate(self._partitions) if p > 1] or [0]

    def as_tensor(self) -> Tensor:
        """The parts joined.

        Raises:
          NotImplementedError: it is cut along several dimensions.
        """
        with control_dependencies(None):
            return self._joined()

    def _joined(self) -> Tensor:
        if len(self._variable_list) == 1:
            with name_scope(None):
                return raw.Identity(self._variable_list[0], name=self._name)
        axes = self._partition_axes()
        if len(axes) > 1:
            raise NotImplementedError(
                f"Cannot concatenate along more than one dimension: {axes}.  "
                "Multi-axis partition concat is not supported"
            )
        with name_scope(self._name + "/ConcatPartitions/"):
            joined = concat(self._variable_list, axes[0])
        with name_scope(None):
            return raw.Identity(joined, name=self._name)

    def _for_each_part(self, change: Callable[[Any, Any], Any], value: Any) -> list:
        axes = self._partition_axes()
        if len(axes) > 1:
            raise NotImplementedError(
                f"Cannot do assign action along more than one dimension: {axes}.  "
                "Multi-axis partition assign action is not supported "
            )
        if isinstance(value, list):
            assert len(value) == len(self._variable_list)
            parts = value
        elif isinstance(value, PartitionedVariable):
            parts = list(value)
        else:
            sizes = [v.shape.as_list()[axes[0]] for v in self._variable_list]
            parts = split(value, sizes, axis=axes[0])
        return [change(v, part) for v, part in zip(self._variable_list, parts)]

    def _changed(self, method: str, value: Any, use_locking: bool, name: str | None, read_value: bool) -> list:
        def change(part: Any, new: Any) -> Any:
            return getattr(part, method)(new, use_locking=use_locking, name=name, read_value=read_value)

        changed = self._for_each_part(change, value)
        return changed if read_value else [getattr(c, "op", c) for c in changed]

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> list:
        """Replaces the whole by a tensor, a list of parts or another partitioned variable; one result per part."""
        return self._changed("assign", value, use_locking, name, read_value)

    def assign_add(
        self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> list:
        """Adds to the whole; see `assign`."""
        return self._changed("assign_add", value, use_locking, name, read_value)

    def assign_sub(
        self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> list:
        """Subtracts from the whole; see `assign`."""
        return self._changed("assign_sub", value, use_locking, name, read_value)


def _convert(value: PartitionedVariable, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(
            f"Incompatible type conversion requested to type '{dtype.name}' for variable of type '{value.dtype.name}'"
        )
    if as_ref:
        raise NotImplementedError("PartitionedVariable doesn't support being used as a reference.")
    return value.as_tensor()


register_tensor_conversion_function(PartitionedVariable, _convert)


@export("create_partitioned_variables")
def create_partitioned_variables(
    shape: Any,
    slicing: Any,
    initializer: Any,
    dtype: Any = float32,
    trainable: bool = True,
    collections: Any = None,
    name: str | None = None,
    reuse: Any = None,
) -> list:
    """The parts of a variable that is cut into `slicing[i]` parts along dimension i; `get_variable` does it better.

    Raises:
      ValueError: `shape` and `slicing` don't fit, or the shape is ().
    """
    from pyflow.ops.variable_getters import get_partitioned_variable
    from pyflow.ops.variable_scope import variable_scope

    if len(shape) != len(slicing):
        raise ValueError(
            "The 'shape' and 'slicing' of a partitioned Variable must have the length: "
            f"shape: {shape}, slicing: {slicing}"
        )
    if len(shape) < 1:
        raise ValueError(f"A partitioned Variable must have rank at least 1: shape: {shape}")
    with variable_scope(name, "PartitionedVariable", reuse=reuse):
        return list(
            get_partitioned_variable(
                name=None,
                shape=shape,
                dtype=dtype,
                initializer=initializer,
                trainable=trainable,
                partitioner=lambda **unused: slicing,
                collections=collections,
            )
        )
