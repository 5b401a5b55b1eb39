"""tf.contrib.layers' embeddings: of sequences, of bags of words, of the ids that occur."""

from __future__ import annotations

from typing import Any

from pyflow.contrib.variables import model_variable
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops import nn_embedding_sparse
from pyflow.ops.array import reshape
from pyflow.ops.array_batches import gather_nd
from pyflow.ops.array_gather import gather
from pyflow.ops.array_joining import concat
from pyflow.ops.array_search import unique as unique_of
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.comparison import not_equal
from pyflow.ops.nn_embedding import embedding_lookup
from pyflow.ops.reduce_functions import reduce_mean, reduce_prod
from pyflow.ops.variable_scope import variable_scope
from pyflow.platform import logging


@export("contrib.layers.embedding_lookup_unique")
def embedding_lookup_unique(params: Any, ids: Any, partition_strategy: str = "mod", name: str | None = None) -> Tensor:
    """`tf.nn.embedding_lookup` that looks every id up once, however often it occurs."""
    with name_scope(name, "EmbeddingLookupUnique", [params, ids]):
        ids = convert_to_tensor(ids)
        shape = shape_of(ids)
        flat = reshape(ids, reduce_prod(shape, keepdims=True))
        occurring, index = unique_of(flat)
        found = embedding_lookup(params, occurring, partition_strategy)
        embedded = gather(found, index)
        embedded = reshape(embedded, concat([shape, shape_of(found)[1:]], 0))
        embedded.set_shape(ids.get_shape().concatenate(found.get_shape()[1:]))
        return embedded


@export("contrib.layers.safe_embedding_lookup_sparse")
def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: SparseTensor,
    sparse_weights: Any = None,
    combiner: str | None = None,
    default_id: int | None = None,
    name: str | None = None,
    partition_strategy: str = "div",
    max_norm: float | None = None,
) -> Tensor:
    """`tf.nn.safe_embedding_lookup_sparse`, whose `combiner` may be left out: "mean"."""
    if combiner is None:
        logging.warning('The default value of combiner will change from "mean" to "sqrtn" after 2016/11/01.')
        combiner = "mean"
    return nn_embedding_sparse.safe_embedding_lookup_sparse(
        embedding_weights, sparse_ids, sparse_weights, combiner, default_id, name, partition_strategy, max_norm
    )


@export("contrib.layers.bow_encoder")
def bow_encoder(
    ids: Any,
    vocab_size: int,
    embed_dim: int,
    sparse_lookup: bool = True,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: bool | None = None,
) -> Tensor:
    """The mean of the embeddings of a row of ids.

    Args:
      ids: [batch_size, length], below `vocab_size`; a sparse tensor does too.
      sparse_lookup: leaves ids of 0 out of the mean.

    Returns:
      [batch_size, embed_dim].

    Raises:
      ValueError: a size is not given.
      TypeError: `ids` is sparse without `sparse_lookup`.
    """
    if not vocab_size or not embed_dim:
        raise ValueError("Must specify vocab size and embedding dimension")
    with variable_scope(scope, "bow_encoder", [ids], reuse=reuse):
        embeddings = model_variable(
            "embeddings",
            shape=[vocab_size, embed_dim],
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        if sparse_lookup:
            sparse_ids = ids if isinstance(ids, SparseTensor) else _present(ids)
            return safe_embedding_lookup_sparse([embeddings], sparse_ids, combiner="mean", default_id=0)
        if isinstance(ids, SparseTensor):
            raise TypeError("ids are expected to be dense Tensor, got: %s", ids)
        return reduce_mean(embedding_lookup(embeddings, ids), axis=1)


def _present(dense: Any, ignored: Any = None) -> SparseTensor:
    """The elements other than `ignored`, by default 0 or the empty string."""
    with name_scope("DenseToSparseTensor"):
        dense = convert_to_tensor(dense)
        zero = ignored
        if ignored is None:
            zero = "" if dense.dtype == dtypes.string else dense.dtype.as_numpy_dtype()
        nothing = cast(zero, dense.dtype, name="ignore_value")
        indices = where(not_equal(dense, nothing), name="indices")
        values = gather_nd(dense, indices, name="values")
        return SparseTensor(indices, values, shape_of(dense, name="dense_shape", out_type=dtypes.int64))


@export("contrib.layers.embed_sequence")
def embed_sequence(
    ids: Any,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: bool | None = None,
) -> Tensor:
    """The embedding of each id of sequences.

    Args:
      ids: [batch_size, length], below `vocab_size`.
      unique: whether every id is looked up once only.
      reuse: whether the embeddings are those made before in that scope; the sizes may be left out then.

    Returns:
      [batch_size, length, embed_dim].

    Raises:
      ValueError: a size is not given.
    """
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError(
            "Must specify vocab size and embedding dimension when not reusing. Got "
            f"vocab_size={vocab_size} and embed_dim={embed_dim}"
        )
    with variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        left_out = (reuse and vocab_size is None) or embed_dim is None
        embeddings = model_variable(
            "embeddings",
            shape=None if left_out else [vocab_size, embed_dim],
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        lookup = embedding_lookup_unique if unique else embedding_lookup
        return lookup(embeddings, ids)
