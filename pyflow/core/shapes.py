"""Static shapes: `Dimension` and `TensorShape`, perhaps known in part only.

Op shape rules work on the plain form: a tuple of int or None, or None when not even the rank is known.
https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/TensorShape
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflow.core.api import export
from pyflow.core.dimension import Dimension, as_dimension, dimension_value

__all__ = [
    "Dimension",
    "TensorShape",
    "as_dimension",
    "as_shape",
    "dimension_at_index",
    "dimension_value",
    "disable_v2_tensorshape",
    "enable_v2_tensorshape",
    "matrix",
    "scalar",
    "unknown_shape",
    "vector",
]

Plain = tuple["int | None", ...]

_TENSORSHAPE_V2_OVERRIDE: bool | None = None


@export("enable_v2_tensorshape", "compat.v1.enable_v2_tensorshape")
def enable_v2_tensorshape() -> None:
    """From now on indexing and iterating over a `TensorShape` gives int or None instead of `Dimension`."""
    global _TENSORSHAPE_V2_OVERRIDE
    _TENSORSHAPE_V2_OVERRIDE = True


@export("disable_v2_tensorshape", "compat.v1.disable_v2_tensorshape")
def disable_v2_tensorshape() -> None:
    """Indexing and iterating over a `TensorShape` gives `Dimension` objects again: the default."""
    global _TENSORSHAPE_V2_OVERRIDE
    _TENSORSHAPE_V2_OVERRIDE = False


@export("dimension_at_index", "compat.dimension_at_index", "compat.v1.dimension_at_index")
def dimension_at_index(shape: TensorShape, index: int) -> Dimension:
    """The `Dimension` of axis `index`, in both behaviours of `TensorShape`; unknown if the rank is unknown."""
    assert isinstance(shape, TensorShape)
    return Dimension(None if shape._sizes is None else shape._sizes[index])


@export("TensorShape")
class TensorShape:
    """The static shape of a tensor: fully known, of known rank with some sizes open, or of unknown rank.

    Args:
      dims: an iterable of sizes (int, None or `Dimension`), another shape, a `TensorShapeProto`, a single size for the
        shape of a vector, or None for a shape of which nothing is known.

    Raises:
      TypeError: `dims` is a string, or a size is no number.
      ValueError: a size is negative.
    """

    __slots__ = ("_sizes",)
    __hash__ = None  # type: ignore[assignment]  # equality may be unknown

    def __init__(self, dims: Any):
        self._sizes: Plain | None
        # The tuples of shape rules are kept as they are; this is the frequent case and must be quick.
        if dims is None or (type(dims) is tuple and all(d is None or (type(d) is int and d >= 0) for d in dims)):
            self._sizes = dims
        elif isinstance(dims, TensorShape):
            self._sizes = dims._sizes
        elif isinstance(dims, (str, bytes)):
            raise TypeError(
                "A string has ambiguous TensorShape, please wrap in a list or convert to an int: "
                + (dims if isinstance(dims, str) else str(dims))
            )
        elif hasattr(dims, "unknown_rank"):
            self._sizes = _sizes_of_proto(dims)
        else:
            try:
                entries = iter(dims)
            except TypeError:
                entries = iter((dims,))
            self._sizes = tuple(as_dimension(entry)._value for entry in entries)

    def as_tuple(self) -> Plain | None:
        """The plain form: a tuple of int and None, or None when the rank isn't known."""
        return self._sizes

    @property
    def _v2_behavior(self) -> bool:
        return bool(_TENSORSHAPE_V2_OVERRIDE)

    @property
    def rank(self) -> int | None:
        """The number of axes, or None when it isn't known."""
        return None if self._sizes is None else len(self._sizes)

    @property
    def ndims(self) -> int | None:
        """Another name for `rank`."""
        return self.rank

    @property
    def dims(self) -> list[Dimension] | None:
        """The sizes as a list of `Dimension`, or None when the rank isn't known."""
        return None if self._sizes is None else [Dimension(size) for size in self._sizes]

    _dims = dims

    def __repr__(self) -> str:
        return f"TensorShape({self.as_list() if self._v2_behavior and self._sizes is not None else self.dims!r})"

    def __str__(self) -> str:
        if self._sizes is None:
            return "<unknown>"
        unknown = "None" if self._v2_behavior else "?"
        sizes = [unknown if size is None else str(size) for size in self._sizes]
        return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"

    def __len__(self) -> int:
        if self._sizes is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._sizes)

    def __bool__(self) -> bool:
        return self._sizes is not None

    __nonzero__ = __bool__

    def __iter__(self) -> Iterator[Any]:
        if self._sizes is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self._sizes if self._v2_behavior else [Dimension(size) for size in self._sizes])

    def __getitem__(self, key: int | slice) -> Any:
        """One size, or the shape of a range of axes.

        A bounded slice of a shape of unknown rank is taken to have as many axes as it asks for.

        Raises:
          ValueError: a slice with a step of a shape of unknown rank.
        """
        if self._sizes is not None:
            if isinstance(key, slice):
                return TensorShape(self._sizes[key])
            size = list(self._sizes)[key]  # a list: its words for a bad index are TF's
            return size if self._v2_behavior else Dimension(size)
        if not isinstance(key, slice):
            return None if self._v2_behavior else Dimension(None)
        start = 0 if key.start is None else key.start
        if key.step is not None:
            raise ValueError("Steps are not yet handled")
        if key.stop is None or start < 0 or key.stop < 0:
            return unknown_shape()
        return unknown_shape(rank=key.stop - start)

    def num_elements(self) -> int | None:
        """The number of elements, or None when some size isn't known."""
        if self._sizes is None or None in self._sizes:
            return None
        product = 1
        for size in self._sizes:
            product *= size  # type: ignore[operator]
        return product

    def merge_with(self, other: Any) -> TensorShape:
        """What both say of the shape together. Raises ValueError when they contradict each other."""
        other = as_shape(other)
        if self._sizes is None:
            return other
        if other._sizes is None:
            return self
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are not compatible")
        return TensorShape(tuple(b if a is None else a for a, b in zip(self._sizes, other._sizes)))

    def concatenate(self, other: Any) -> TensorShape:
        """The axes of this shape followed by those of `other`; unknown when either rank is unknown."""
        other = as_shape(other)
        if self._sizes is None or other._sizes is None:
            return unknown_shape()
        return TensorShape(self._sizes + other._sizes)

    __concat__ = concatenate

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return TensorShape(other).concatenate(self)

    def assert_same_rank(self, other: Any) -> None:
        """Raises ValueError when both ranks are known and differ."""
        other = as_shape(other)
        if self._sizes is not None and other._sizes is not None and len(self._sizes) != len(other._sizes):
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def assert_has_rank(self, rank: int | None) -> None:
        """Raises ValueError when the rank is known and isn't `rank`."""
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def with_rank(self, rank: int) -> TensorShape:
        """The shape with what its rank tells added. Raises ValueError when the rank is another one."""
        try:
            return self.merge_with(unknown_shape(rank=rank))
        except ValueError:
            raise ValueError(f"Shape {self} must have rank {rank}") from None

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """The shape itself. Raises ValueError when its rank is smaller."""
        if self._sizes is not None and len(self._sizes) < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """The shape itself. Raises ValueError when its rank is larger."""
        if self._sizes is not None and len(self._sizes) > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def is_compatible_with(self, other: Any) -> bool:
        """Whether some fully known shape agrees with both."""
        other = as_shape(other)
        if self._sizes is None or other._sizes is None:
            return True
        return len(self._sizes) == len(other._sizes) and all(
            a is None or b is None or a == b for a, b in zip(self._sizes, other._sizes)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raises ValueError when no shape agrees with both."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are incompatible")

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """The most precise shape that both agree with: sizes stay where they are equal."""
        other = as_shape(other)
        if self._sizes is None or other._sizes is None or len(self._sizes) != len(other._sizes):
            return unknown_shape()
        return TensorShape(tuple(a if a == b else None for a, b in zip(self._sizes, other._sizes)))

    def is_fully_defined(self) -> bool:
        """Whether every size is known."""
        return self._sizes is not None and None not in self._sizes

    def assert_is_fully_defined(self) -> None:
        """Raises ValueError when some size isn't known."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def as_list(self) -> list[int | None]:
        """The sizes as a list of int and None. Raises ValueError when the rank isn't known."""
        if self._sizes is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._sizes)

    def as_proto(self) -> Any:
        """The shape as a `TensorShapeProto`, an unknown size as -1."""
        from pyflow.protos.tensor_pb2 import TensorShapeProto

        if self._sizes is None:
            return TensorShapeProto(unknown_rank=True)
        return TensorShapeProto(dim=[TensorShapeProto.Dim(size=-1 if d is None else d) for d in self._sizes])

    def __eq__(self, other: object) -> Any:
        """Whether both are known to be the same; with an open size, only one and the same shape is."""
        try:
            theirs = as_shape(other)._sizes
        except TypeError:
            return NotImplemented
        if self._sizes is theirs:
            return True
        return self._sizes is not None and self._sizes == theirs and None not in self._sizes

    def __ne__(self, other: object) -> Any:
        try:
            theirs = as_shape(other)._sizes
        except TypeError:
            return NotImplemented
        if self._sizes is None or theirs is None:
            raise ValueError("The inequality of unknown TensorShapes is undefined.")
        return not self == other

    def __reduce__(self) -> tuple:
        return TensorShape, (self.dims,)


def _sizes_of_proto(proto: Any) -> Plain | None:
    if proto.unknown_rank:
        return None
    return tuple(None if dim.size == -1 else Dimension(dim.size).value for dim in proto.dim)


def as_shape(shape: Any) -> TensorShape:
    """`shape` itself if it is a `TensorShape`, else a `TensorShape` of it."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def unknown_shape(rank: int | None = None, **kwargs: Any) -> TensorShape:
    """A shape with `rank` axes (`ndims` is the old name) of unknown size, or of unknown rank."""
    if rank is None:
        rank = kwargs.pop("ndims", None)
    if kwargs:
        raise TypeError(f"Unknown argument: {kwargs}")
    return TensorShape(None if rank is None else (None,) * rank)


def scalar() -> TensorShape:
    """The shape of a single value."""
    return TensorShape(())


def vector(length: Any) -> TensorShape:
    """The shape of a list of `length` values."""
    return TensorShape([length])


def matrix(rows: Any, cols: Any) -> TensorShape:
    """The shape of a table of `rows` by `cols` values."""
    return TensorShape([rows, cols])
