"""Elements with sparse tensors as elements of dense ones; known as tensorflow.python.data.util.sparse."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.data import nest
from pyflow.ops.sparse_messages import deserialize_sparse, serialize_many_sparse, serialize_sparse


def any_sparse(classes: Any) -> bool:
    """Whether a component is a sparse tensor."""
    return any(kind is SparseTensor for kind in nest.flatten(classes))


def as_dense_shapes(shapes: Any, classes: Any) -> Any:
    """The shapes in which a sparse component has an unknown one."""
    flat = zip(nest.flatten(shapes), nest.flatten(classes))
    return nest.pack_sequence_as(shapes, [TensorShape(None) if kind is SparseTensor else s for s, kind in flat])


def as_dense_types(types: Any, classes: Any) -> Any:
    """The dtypes in which a sparse component is a variant."""
    flat = zip(nest.flatten(types), nest.flatten(classes))
    return nest.pack_sequence_as(types, [dtypes.variant if kind is SparseTensor else t for t, kind in flat])


def get_classes(tensors: Any) -> Any:
    """`SparseTensor` or `Tensor` for each component."""
    return nest.pack_sequence_as(
        tensors, [SparseTensor if isinstance(t, SparseTensor) else Tensor for t in nest.flatten(tensors)]
    )


def serialize_sparse_tensors(tensors: Any) -> Any:
    """The components with sparse ones as variants [3]."""
    return _each(tensors, lambda t: serialize_sparse(t, out_type=dtypes.variant))


def serialize_many_sparse_tensors(tensors: Any) -> Any:
    """The components with the rows of sparse ones as variants [rows, 3]."""
    return _each(tensors, lambda t: serialize_many_sparse(t, out_type=dtypes.variant))


def _each(tensors: Any, serialize: Any) -> Any:
    flat = [serialize(t) if isinstance(t, SparseTensor) else t for t in nest.flatten(tensors)]
    return nest.pack_sequence_as(tensors, flat)


def deserialize_sparse_tensors(tensors: Any, types: Any, shapes: Any, classes: Any) -> Any:
    """The components with sparse tensors for the variants that stand for some."""
    flat = []
    for t, dtype, shape, kind in zip(
        nest.flatten(tensors), nest.flatten(types), nest.flatten(shapes), nest.flatten(classes)
    ):
        flat.append(deserialize_sparse(t, dtype, shape.ndims) if kind is SparseTensor else t)
    return nest.pack_sequence_as(tensors, flat)
