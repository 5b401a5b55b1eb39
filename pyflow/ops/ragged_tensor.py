"""RaggedTensor: a tensor with rows of different lengths, as its values and where these split into rows."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor, register_tensor_conversion_function
from pyflow.core.dimension import dimension_value
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.ragged_tensor_value import RaggedTensorValue

_SPLIT_TYPES = dtypes.INDEX


@export("RaggedTensor")
class RaggedTensor:
    """A tensor whose rows may differ in length; made by `from_row_splits` and the like, or `tf.ragged.constant`.

    It holds `values`, the rows one after the other (which may be ragged again), and `row_splits`: row `i` is
    `values[row_splits[i]:row_splits[i + 1]]`.

    Raises:
      ValueError: always, unless one of the factory methods calls.
    """

    has_ragged_rows = True  # for those who ask before this module is loaded

    def __init__(
        self, values: Any, row_splits: Any, cached_row_lengths: Any = None, cached_value_rowids: Any = None,
        cached_nrows: Any = None, internal: bool = False,
    ):  # fmt: skip
        if not internal:
            raise ValueError(
                "RaggedTensor constructor is private; please use one of the factory methods instead (e.g., "
                "RaggedTensor.from_row_lengths())"
            )
        if not isinstance(row_splits, Tensor):
            raise TypeError(f"Row-partitioning argument must be a Tensor, got {row_splits!r}")
        if not isinstance(values, (RaggedTensor, Tensor)):
            raise TypeError(f"values must be a Tensor or RaggedTensor, got {values!r}")
        if row_splits.dtype not in _SPLIT_TYPES:
            raise ValueError("Row-partitioning argument must be int32 or int64")
        row_splits.shape.assert_has_rank(1)
        values.shape.with_rank_at_least(1)
        row_splits.set_shape([None])
        self._values, self._row_splits = values, row_splits
        self._cached_row_lengths, self._cached_value_rowids = cached_row_lengths, cached_value_rowids
        self._cached_nrows = cached_nrows

    # What it is made of.

    values: Any = property(lambda self: self._values, doc="The rows one after the other.")
    row_splits: Tensor = property(lambda self: self._row_splits, doc="Where the rows split.")  # type: ignore
    dtype: Any = property(lambda self: self._values.dtype, doc="The dtype of the values.")
    op: Any = property(lambda self: self._values.op)
    graph: Any = property(lambda self: self._values.graph)

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape; ragged dimensions are None."""
        rows = dimension_value(self._row_splits.shape[0])
        return TensorShape([None if rows is None else rows - 1, None]).concatenate(self._values.shape[1:])

    def get_shape(self) -> TensorShape:
        """`shape`."""
        return self.shape

    @property
    def ragged_rank(self) -> int:
        """The number of ragged dimensions."""
        return len(self.nested_row_splits)

    @property
    def flat_values(self) -> Any:
        """The innermost values, a tensor."""
        return self._values.flat_values if isinstance(self._values, RaggedTensor) else self._values

    @property
    def nested_row_splits(self) -> tuple:
        """The splits of all ragged dimensions, the outermost first."""
        inner = self._values.nested_row_splits if isinstance(self._values, RaggedTensor) else ()
        return (self._row_splits, *inner)

    def value_rowids(self, name: str | None = None) -> Tensor:
        """The row of each value."""
        if self._cached_value_rowids is not None:
            return self._cached_value_rowids
        from pyflow.ops.ragged_partitions import row_splits_to_segment_ids

        with name_scope(name, "RaggedValueRowIds", [self]):
            return row_splits_to_segment_ids(self._row_splits)

    def nested_value_rowids(self, name: str | None = None) -> tuple:
        """`value_rowids` of all ragged dimensions."""
        with name_scope(name, "RaggedNestedValueRowIds", [self]):
            return tuple(part.value_rowids() for part in self._levels())

    def _levels(self) -> list[RaggedTensor]:
        """Itself, and the ragged tensors within."""
        return [self, *(self._values._levels() if isinstance(self._values, RaggedTensor) else [])]

    def nrows(self, out_type: Any = None, name: str | None = None) -> Tensor:
        """The number of rows."""
        out_type = self._row_splits.dtype if out_type is None else dtypes.as_dtype(out_type)
        if self._cached_nrows is not None:
            return cast(self._cached_nrows, out_type)
        with name_scope(name, "RaggedNRows", [self]):
            return shape_of(self._row_splits, out_type=out_type)[0] - 1

    def row_starts(self, name: str | None = None) -> Tensor:
        """Where each row starts."""
        with name_scope(name, "RaggedRowStarts", [self]):
            return self._row_splits[:-1]

    def row_limits(self, name: str | None = None) -> Tensor:
        """Where each row ends."""
        with name_scope(name, "RaggedRowLimits", [self]):
            return self._row_splits[1:]

    def row_lengths(self, axis: int = 1, name: str | None = None) -> Any:
        """The lengths of rows: of the dimension `axis`, in a (ragged) tensor of the dimensions before it."""
        if axis == 0:
            return self.nrows()
        if axis == 1 and self._cached_row_lengths is not None:
            return self._cached_row_lengths
        with name_scope(name, "RaggedRowLengths", [self]):
            axis = positive_axis(axis, self.shape.ndims)
            if axis == 0:
                return self.nrows()
            if axis == 1:
                return self._row_splits[1:] - self._row_splits[:-1]
            if isinstance(self._values, RaggedTensor):
                return self.with_values(self._values.row_lengths(axis - 1))
            shape = shape_of(self._values, out_type=self._row_splits.dtype)
            return self.with_values(raw.Fill(shape[: axis - 1], shape[axis - 1]))

    def nested_row_lengths(self, name: str | None = None) -> tuple:
        """`row_lengths` of all ragged dimensions."""
        with name_scope(name, "RaggedNestedRowLengths", [self]):
            return tuple(part.row_lengths() for part in self._levels())

    def bounding_shape(self, axis: Any = None, name: str | None = None, out_type: Any = None) -> Tensor:
        """The shape that holds all rows, or its sizes along some axes."""
        from pyflow.ops.ragged_conversion import bounding_shape

        return bounding_shape(self, axis, name, out_type)

    # The same with other values or types.

    def with_values(self, new_values: Any) -> RaggedTensor:
        """The same rows of other values."""
        new_values.shape.with_rank_at_least(1)
        self._values.shape[:1].assert_is_compatible_with(new_values.shape[:1])
        splits = self._row_splits
        if isinstance(new_values, RaggedTensor) and splits.dtype != new_values.row_splits.dtype:
            raise ValueError(
                "self and new_values have mismatched row_splits dtypes; use RaggedTensor.with_row_splits_dtype() to "
                "convert them to compatible dtypes."
            )
        return RaggedTensor(
            new_values, splits, self._cached_row_lengths, self._cached_value_rowids, self._cached_nrows, internal=True
        )

    def with_flat_values(self, new_values: Any) -> RaggedTensor:
        """The same rows, in all ragged dimensions, of other innermost values."""
        inner = self._values.with_flat_values(new_values) if isinstance(self._values, RaggedTensor) else new_values
        return self.with_values(inner)

    def with_row_splits_dtype(self, dtype: Any) -> RaggedTensor:
        """The same with splits of int32 or int64."""
        dtype = dtypes.as_dtype(dtype)
        if dtype not in _SPLIT_TYPES:
            raise ValueError("dtype must be int32 or int64")
        if self._row_splits.dtype == dtype:
            return self
        values = self._values
        if isinstance(values, RaggedTensor):
            values = values.with_row_splits_dtype(dtype)
        parts = (self._cached_row_lengths, self._cached_value_rowids, self._cached_nrows)
        cached = [None if part is None else cast(part, dtype) for part in parts]
        return RaggedTensor(values, cast(self._row_splits, dtype), *cached, internal=True)

    # Other kinds of tensors.

    def to_tensor(self, default_value: Any = None, name: str | None = None) -> Tensor:
        """A tensor of `bounding_shape()`, in which `default_value` (or zero) stands behind short rows."""
        from pyflow.ops.ragged_conversion import to_tensor

        return to_tensor(self, default_value, name)

    def to_sparse(self, name: str | None = None) -> Any:
        """A `SparseTensor` of the values."""
        from pyflow.ops.ragged_conversion import to_sparse

        return to_sparse(self, name)

    def to_list(self) -> list:
        """Not in graph mode.

        Raises:
          ValueError: always.
        """
        raise ValueError(
            "RaggedTensor.to_list() is only supported in eager mode; in graph mode, evaluate the RaggedTensor first "
            "and then use RaggedTensorValue.to_list()."
        )

    def consumers(self) -> list:
        """What uses its parts."""
        found: list = []
        for tensor in (*self.nested_row_splits, self.flat_values):
            found += [op for op in tensor.consumers() if op not in found]
        return found

    def eval(self, feed_dict: Any = None, session: Any = None) -> RaggedTensorValue:
        """Runs it in `session`, or in the default session."""
        from pyflow.core.scopes import session_for

        return session_for(self, session, "evaluate tensor using `eval()`").run(self, feed_dict)

    def __repr__(self) -> str:
        return f"tf.RaggedTensor(values={self._values}, row_splits={self._row_splits})"

    @staticmethod
    def _override_operator(operator: str, function: Any) -> None:
        setattr(RaggedTensor, operator, function)


def is_ragged(value: Any) -> bool:
    """Whether it is a RaggedTensor or the value of one."""
    return isinstance(value, (RaggedTensor, RaggedTensorValue))


def positive_axis(axis: int, ndims: int | None) -> int:
    """The axis counted from the first.

    Raises:
      TypeError: it is no int.
      ValueError: it is out of bounds, or negative where the rank isn't known.
    """
    if not isinstance(axis, int):
        raise TypeError(f"axis must be an int; got {type(axis).__name__}")
    if ndims is None:
        if axis < 0:
            raise ValueError("axis may only be negative if ndims is statically known.")
        return axis
    if not -ndims <= axis < ndims:
        raise ValueError(f"axis={axis} out of bounds: expected {-ndims}<=axis<{ndims}")
    return axis + ndims if axis < 0 else axis


def convert_to_tensor_or_ragged_tensor(
    value: Any, dtype: Any = None, preferred_dtype: Any = None, name: str | None = None
) -> Any:
    """A ragged tensor as it is, the value of one as constants, anything else as a tensor.

    Raises:
      ValueError: the ragged tensor has another dtype than asked for.
    """
    if isinstance(value, RaggedTensor):
        if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):
            shown = dtypes.as_dtype(dtype).name
            raise ValueError(
                f"Tensor conversion requested dtype {shown} for RaggedTensor with dtype {value.dtype.name}: {value!r}"
            )
        return value
    if isinstance(value, RaggedTensorValue):
        with name_scope(name, "ConvertToTensorOrRaggedTensor", []):
            flat = convert_to_tensor(value.flat_values, dtype, "flat_values", preferred_dtype)
            return RaggedTensor.from_nested_row_splits(flat, value.nested_row_splits, validate=False)  # type: ignore
    return convert_to_tensor(value, dtype=dtype, preferred_dtype=preferred_dtype, name=name)


def match_row_splits_dtypes(*tensors: Any) -> list:
    """The tensors, of which those that are ragged have splits of one dtype.

    Raises:
      ValueError: they differ.
    """
    types = {tensor.row_splits.dtype for tensor in tensors if isinstance(tensor, RaggedTensor)}
    if len(types) > 1:
        raise ValueError(
            "Input RaggedTensors have mismatched row_splits dtypes; use RaggedTensor.with_row_splits_dtype() to "
            "convert them to compatible dtypes."
        )
    return list(tensors)


def number_of_rows(tensor: Any, out_type: Any = dtypes.int64) -> Tensor:
    """How many rows a tensor or ragged tensor has."""
    if isinstance(tensor, RaggedTensor):
        return tensor.nrows(out_type=out_type)
    return shape_of(tensor, out_type=out_type)[0]


def _refuse(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    raise TypeError(
        f"Failed to convert object of type {type(value)} to Tensor. Contents: {value}. Consider casting elements to a "
        "supported type."
    )


register_tensor_conversion_function((RaggedTensor, RaggedTensorValue), _refuse, 0)
