"""What columns get their tensors from: the features as tensors, each transformed once; and the variables they use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.collections import GraphKeys
from pyflow.core.dtypes import float32, int64, string
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims
from pyflow.ops.array_batches import gather_nd
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import rank as rank_of
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_positive
from pyflow.ops.comparison import equal, not_equal
from pyflow.ops.cond import cond
from pyflow.ops.sparse_reordering import sparse_reshape
from pyflow.ops.variable_scope import get_variable
from pyflow.platform import logging


class _Features:
    """Features by their keys, and the tensors made of them so far."""

    def __init__(self, features: dict[str, Any]):
        self._features = features.copy()
        self._feature_tensors: dict[Any, Any] = {}

    def _get(self, key: Any, column_type: Any, transform: Callable[[Any], Any]) -> Any:
        if key in self._feature_tensors:
            return self._feature_tensors[key]
        if key in self._features:
            tensor = self._feature_tensors[key] = self._get_raw_feature_as_tensor(key)
            return tensor
        if isinstance(key, str):
            raise ValueError(f"Feature {key} is not in features dictionary.")
        if not isinstance(key, column_type):
            raise TypeError(f'"key" must be either a "str" or "{column_type.__name__}". Provided: {key}')
        logging.debug("Transforming feature_column %s.", key)
        transformed = transform(key)
        if transformed is None:
            raise ValueError(f"Column {key.name} is not supported.")
        self._feature_tensors[key] = transformed
        return transformed

    def _get_raw_feature_as_tensor(self, key: Any) -> Any:
        """The feature as a tensor, sparse or not, of at least two dimensions."""
        tensor = convert_to_tensor_or_sparse_tensor(self._features[key])
        rank = tensor.get_shape().ndims
        message = f"Feature (key: {key}) cannot have rank 0. Given: {tensor}"
        if rank == 0:
            raise ValueError(message)
        if rank is not None:
            return _as_matrix(tensor) if rank == 1 else tensor
        with control_dependencies([assert_positive(rank_of(tensor), message=message)]):
            return cond(equal(1, rank_of(tensor)), lambda: _as_matrix(tensor), lambda: tensor)


def _as_matrix(vector: Any) -> Any:
    if isinstance(vector, SparseTensor):
        return sparse_reshape(vector, [shape_of(vector)[0], 1])
    return expand_dims(vector, -1)


class _LazyBuilder(_Features):
    """Features, and the tensors that columns of the older protocol make of them.

    Args:
      features: tensors, sparse tensors or what they can be made of, by key.
    """

    def get(self, key: Any) -> Any:
        """The tensor of a feature, or of a column; it is made when first asked for.

        Raises:
          ValueError: there is no such feature, it has rank 0, or the column gives None.
          TypeError: `key` is neither a string nor a column.
        """
        from pyflow.feature_column.column import _FeatureColumn

        return self._get(key, _FeatureColumn, lambda column: column._transform_feature(self))


class FeatureTransformationCache(_Features):
    """Features, and the tensors that columns of the newer protocol make of them.

    Args:
      features: tensors, sparse tensors or what they can be made of, by key.
    """

    def get(self, key: Any, state_manager: Any) -> Any:
        """The tensor of a feature, or of a column; it is made when first asked for.

        Raises:
          ValueError: there is no such feature, it has rank 0, or the column gives None.
          TypeError: `key` is neither a string nor a column.
        """
        from pyflow.feature_column.column import FeatureColumn

        return self._get(key, FeatureColumn, lambda column: column.transform_feature(self, state_manager))


class OfBuilder:
    """The source that a `_LazyBuilder` is; variables are made in the variable scope."""

    mark = "_"  # before the names of classes in messages

    def __init__(self, inputs: Any, weight_collections: Any = None, trainable: bool | None = None):
        self.inputs, self.weight_collections, self.trainable = inputs, weight_collections, trainable

    def get(self, key: Any) -> Any:
        return self.inputs.get(key)

    def transformed(self, column: Any) -> Any:
        return column._transform_feature(self.inputs)

    def sparse(self, column: Any) -> Any:
        return column._get_sparse_tensors(self.inputs, self.weight_collections, self.trainable)

    def keep(self, column: Any, name: str, table: Any) -> None:
        """Nothing: a table stays with the graph."""

    def embedding_weights(self, column: Any, buckets: int) -> Any:
        collections = self.weight_collections
        if collections and GraphKeys.GLOBAL_VARIABLES not in collections:
            collections.append(GraphKeys.GLOBAL_VARIABLES)
        return get_variable(
            name="embedding_weights",
            shape=(buckets, column.dimension),
            dtype=float32,
            initializer=column.initializer,
            trainable=column.trainable and self.trainable,
            collections=collections,
        )


class OfCache:
    """The source that a `FeatureTransformationCache` is; variables are those of a state manager."""

    mark = ""

    def __init__(self, cache: Any, state_manager: Any):
        self.cache, self.state_manager = cache, state_manager

    def get(self, key: Any) -> Any:
        return self.cache.get(key, self.state_manager)

    def transformed(self, column: Any) -> Any:
        return column.transform_feature(self.cache, self.state_manager)

    def sparse(self, column: Any) -> Any:
        return column.get_sparse_tensors(self.cache, self.state_manager)

    def keep(self, column: Any, name: str, table: Any) -> None:
        if self.state_manager is not None:
            self.state_manager.add_resource(column, name, table)

    def embedding_weights(self, column: Any, buckets: int) -> Any:
        return self.state_manager.get_variable(column, name="embedding_weights")


def to_sparse_input(tensor: Any, ignore_value: Any = None) -> SparseTensor:
    """The elements of a dense tensor other than `ignore_value`: by default "", -1, or 0 for floats."""
    tensor = convert_to_tensor_or_sparse_tensor(tensor)
    if isinstance(tensor, SparseTensor):
        return tensor
    with name_scope(None, "to_sparse_input", (tensor, ignore_value)):
        if ignore_value is None:
            ignore_value = _ignored(tensor)
        ignore_value = cast(ignore_value, tensor.dtype, name="ignore_value")
        indices = where_v2(not_equal(tensor, ignore_value), name="indices")
        return SparseTensor(
            indices,
            gather_nd(tensor, indices, name="values"),
            shape_of(tensor, out_type=int64, name="dense_shape"),
        )


def _ignored(tensor: Tensor) -> Any:
    if tensor.dtype == string:
        return ""
    return -1 if tensor.dtype.is_integer else tensor.dtype.as_numpy_dtype()
