"""Embeddings of sparse ids, combined row by row."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import bfloat16, float16, float32, int32
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import Dimension, unknown_shape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_filling import fill, ones_like, zeros_like
from pyflow.ops.array_gather import gather
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_search import unique
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import rank, shape, size
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.comparison import greater, greater_equal, logical_and
from pyflow.ops.division import div
from pyflow.ops.math_binary import pow
from pyflow.ops.math_unary import sqrt
from pyflow.ops.nn_embedding import embedding_lookup, partitions_of
from pyflow.ops.reduce_functions import reduce_prod
from pyflow.ops.resource_variable_base import is_resource_variable

_COMBINERS = ("mean", "sqrtn", "sum")


def _segment_sum(data: Any, ids: Any, name: str | None = None) -> Tensor:
    return PUBLIC["segment_sum"](data, ids, name=name)


@export("nn.embedding_lookup_sparse")
def embedding_lookup_sparse(
    params: Any,
    sp_ids: SparseTensor,
    sp_weights: SparseTensor | None,
    partition_strategy: str = "mod",
    name: str | None = None,
    combiner: str | None = None,
    max_norm: Any = None,
) -> Tensor:
    """The embeddings of the ids in each row of `sp_ids`, combined to one.

    Args:
      params: the table, shape [rows, ...]; or a list of its parts, or a `PartitionedVariable`.
      sp_ids: row numbers [batch, any]; each row of the batch must have at least one.
      sp_weights: what each embedding is multiplied by, at the same indices; None for 1.
      partition_strategy: "mod" or "div", as in `embedding_lookup`.
      combiner: "sum", "mean" (divided by the sum of the weights; what None stands for) or "sqrtn" (divided by the root
        of the sum of their squares).
      max_norm: embeddings with a larger Euclidean norm are scaled down to it before they are combined.

    Returns:
      Shape [batch] + params.shape[1:].

    Raises:
      TypeError: ids or weights are no `SparseTensor`.
      ValueError: the combiner is another word, or the shapes of ids and weights differ.
    """
    combiner = combiner or "mean"
    if combiner not in _COMBINERS:
        raise ValueError("combiner must be one of 'mean', 'sqrtn' or 'sum'")
    params = partitions_of(params)
    if not isinstance(sp_ids, SparseTensor):
        raise TypeError("sp_ids must be SparseTensor")
    if sp_weights is not None:
        if not isinstance(sp_weights, SparseTensor):
            raise TypeError("sp_weights must be either None or SparseTensor")
        for part in ("values", "indices", "dense_shape"):
            getattr(sp_ids, part).get_shape().assert_is_compatible_with(getattr(sp_weights, part).get_shape())
    with name_scope(name, "embedding_lookup_sparse", params + [sp_ids]) as name:
        segments = sp_ids.indices[:, 0]
        if segments.dtype != int32:
            segments = cast(segments, int32)
        ids, places = unique(sp_ids.values)
        embeddings = embedding_lookup(params, ids, partition_strategy=partition_strategy, max_norm=max_norm)
        if embeddings.dtype in (float16, bfloat16):
            embeddings = cast(embeddings, float32)
        if sp_weights is None:
            symbol = {"sum": "sum", "mean": "mean", "sqrtn": "sqrt_n"}[combiner]
            return PUBLIC[f"sparse.segment_{symbol}"](embeddings, places, segments, name=name)
        return _weighted(embeddings, places, segments, sp_weights.values, combiner, name)


def _weighted(
    embeddings: Tensor, places: Tensor, segments: Tensor, weights: Tensor, combiner: str, name: str | None
) -> Tensor:
    if weights.dtype != embeddings.dtype:
        weights = cast(weights, embeddings.dtype)
    embeddings = gather(embeddings, places)
    ones = fill(expand_dims(rank(embeddings) - 1, 0), 1)
    broadcast_shape = concat([shape(weights), ones], 0)
    static = weights.get_shape()
    weights = reshape(weights, broadcast_shape)
    if embeddings._rank is not None:
        weights.set_shape(static.concatenate([1] * (embeddings._rank - 1)))
    embeddings *= weights
    if combiner == "sum":
        return _segment_sum(embeddings, segments, name)
    total = _segment_sum(embeddings, segments)
    if combiner == "mean":
        return div(total, _segment_sum(weights, segments), name=name)
    return div(total, sqrt(_segment_sum(pow(weights, 2), segments)), name=name)


@export("nn.safe_embedding_lookup_sparse")
def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: SparseTensor,
    sparse_weights: SparseTensor | None = None,
    combiner: str = "mean",
    default_id: int | None = None,
    name: str | None = None,
    partition_strategy: str = "div",
    max_norm: Any = None,
) -> Tensor:
    """`embedding_lookup_sparse` that leaves out negative ids and weights that aren't positive, and takes empty rows.

    Args:
      embedding_weights: the table, shape [rows, size]; or a list of its parts, or a `PartitionedVariable`.
      sparse_ids: row numbers [d0, ..., dn, any].
      sparse_weights: what each embedding is multiplied by; None for 1.
      default_id: whose embedding an empty row gets; None for zeros.

    Returns:
      Shape [d0, ..., dn, size].

    Raises:
      ValueError: there is no table.
    """
    if embedding_weights is None:
        raise ValueError(f"Missing embedding_weights {embedding_weights}.")
    tables = partitions_of(embedding_weights)
    if not tables:
        raise ValueError(f"Missing embedding_weights {tables}.")
    dtype = None if sparse_weights is None else sparse_weights.dtype
    tables = [
        t if is_resource_variable(t) and dtype in (None, t.dtype) else convert_to_tensor(t, dtype=dtype) for t in tables
    ]
    with name_scope(name, "embedding_lookup", [*tables, sparse_ids, sparse_weights]) as scope:
        original = sparse_ids.dense_shape
        static_rank = Dimension(original.get_shape()[0]).value
        ndims: Any = size(original) if static_rank is None else static_rank
        rows = reduce_prod(raw.Slice(original, [0], [ndims - 1]))
        sparse_ids = PUBLIC["sparse.reshape"](sparse_ids, [rows, gather(original, ndims - 1)])
        if sparse_weights is not None:
            sparse_weights = SparseTensor(sparse_ids.indices, sparse_weights.values, sparse_ids.dense_shape)
        sparse_ids, sparse_weights = _valid(sparse_ids, sparse_weights, combiner)
        sparse_ids, is_row_empty = PUBLIC["sparse.fill_empty_rows"](sparse_ids, default_id or 0)
        if sparse_weights is not None:
            sparse_weights, _ = PUBLIC["sparse.fill_empty_rows"](sparse_weights, 1.0)
        result = embedding_lookup_sparse(
            tables,
            sparse_ids,
            sparse_weights,
            combiner=combiner,
            partition_strategy=partition_strategy,
            name=None if default_id is None else scope,
            max_norm=max_norm,
        )
        if default_id is None:
            empty = tile(reshape(is_row_empty, [-1, 1]), stack([1, shape(result)[1]]))
            result = where(empty, zeros_like(result), result, name=scope)
        outer = raw.Slice(cast(original, int32), [0], [ndims - 1])
        final = reshape(result, concat([outer, raw.Slice(shape(result), [1], [-1])], 0))
        final.set_shape(unknown_shape((Dimension(static_rank) - 1).value).concatenate(result.get_shape()[1:]))
        return final


def _valid(ids: SparseTensor, weights: SparseTensor | None, combiner: str) -> tuple[SparseTensor, SparseTensor | None]:
    """What is left without negative ids and, unless they are summed, weights that aren't positive."""
    valid = greater_equal(ids.values, 0)
    if weights is None:
        return _retained(ids, valid), None
    valid = logical_and(valid, ones_like(weights.values, dtype="bool"))
    ids, weights = _retained(ids, valid), _retained(weights, valid)
    if combiner != "sum":
        valid = greater(weights.values, 0)
        ids, weights = _retained(ids, valid), _retained(weights, valid)
    return ids, weights


def _retained(sparse: SparseTensor, mask: Tensor) -> SparseTensor:
    return PUBLIC["sparse.retain"](sparse, mask)
