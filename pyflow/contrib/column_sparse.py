"""tf.contrib.layers' columns of ids: integers, texts by hash or vocabulary; with weights; crosses of several."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.contrib.column_base import OfIds, TensorsOfColumns, is_sparse, of_rank, tensor_of
from pyflow.contrib.column_numeric import _BucketizedColumn
from pyflow.contrib.embedding_layers import _present
from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.dtypes import float32, int64, string
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.cast import cast
from pyflow.ops.division import mod
from pyflow.ops.lookup_vocabulary import index_table_from_file, index_table_from_tensor
from pyflow.ops.parse_features import VarLenFeature
from pyflow.ops.sparse_crossing import sparse_feature_cross
from pyflow.ops.sparse_slicing import sparse_concat
from pyflow.ops.string_formatting import as_string
from pyflow.ops.string_hash_buckets import string_to_hash_bucket_fast, string_to_hash_bucket_strong
from pyflow.platform import logging


class _SparseIdLookupConfig(
    collections.namedtuple(
        "_SparseIdLookupConfig",
        ("vocabulary_file", "keys", "num_oov_buckets", "vocab_size", "default_value"),
        defaults=(None, None, 0, None, -1),
    )
):
    """Where a vocabulary is, and what is done with other values."""


_SPARSE_FIELDS = "column_name", "is_integerized", "bucket_size", "lookup_config", "combiner", "dtype"


class _SparseColumn(OfIds, collections.namedtuple("_SparseColumn", _SPARSE_FIELDS)):
    """A feature whose values become ids."""

    _kind = "SparseColumn"

    def __new__(
        cls,
        column_name: str,
        is_integerized: bool = False,
        bucket_size: int | None = None,
        lookup_config: Any = None,
        combiner: str = "sum",
        dtype: Any = string,
        **kwargs: Any,
    ) -> Any:
        name = f"column_name: {column_name}"
        if is_integerized and bucket_size is None:
            raise ValueError(f"bucket_size must be set if is_integerized is True. {name}")
        if is_integerized and not dtype.is_integer:
            raise ValueError(f"dtype must be an integer if is_integerized is True. dtype: {dtype}, {name}.")
        if dtype != string and not dtype.is_integer:
            raise ValueError(f"dtype must be string or integer. dtype: {dtype}, {name}")
        if bucket_size is None and lookup_config is None:
            raise ValueError(f"one of bucket_size or lookup_config must be set. {name}")
        if bucket_size is not None and bucket_size < 1:
            raise ValueError(f"bucket_size must be at least 1. bucket_size: {bucket_size}, {name}")
        return super().__new__(cls, column_name, is_integerized, bucket_size, lookup_config, combiner, dtype)

    @property
    def name(self) -> str:
        return self.column_name

    @property
    def length(self) -> int:
        """How many ids there are."""
        if self.bucket_size is not None:
            return self.bucket_size
        return self.lookup_config.vocab_size + self.lookup_config.num_oov_buckets

    @property
    def config(self) -> dict[str, Any]:
        return {self.column_name: VarLenFeature(self.dtype)}

    def _input(self, tensor: Any) -> SparseTensor:
        if is_sparse(tensor):
            return tensor
        ignored = "" if tensor.dtype == string else -1
        return _present(of_rank(tensor, 2, self.name), ignored)

    def is_compatible(self, other_column: Any) -> bool:
        """Whether an embedding can be of both."""
        if self.lookup_config and other_column.lookup_config:
            return self.lookup_config == other_column.lookup_config
        alike = self.dtype == other_column.dtype or (self.dtype.is_integer and other_column.dtype.is_integer)
        if compatible := self.length == other_column.length and alike:
            logging.warning(f"Column {self.name} and {other_column.name} may not have the same vocabulary.")
        return compatible

    def _do_transform(self, input_tensor: SparseTensor) -> SparseTensor:
        raise NotImplementedError

    def insert_transformed_feature(self, columns_to_tensors: dict[Any, Any]) -> None:
        columns_to_tensors[self] = self._do_transform(self._input(columns_to_tensors[self.name]))

    def _transform_feature(self, inputs: Any) -> SparseTensor:
        return self._do_transform(self._input(inputs.get(self.name)))


class _SparseColumnIntegerized(_SparseColumn):
    def _do_transform(self, input_tensor: SparseTensor) -> SparseTensor:
        ids = mod(input_tensor.values, self.bucket_size, name="mod")
        return SparseTensor(input_tensor.indices, ids, input_tensor.dense_shape)


@export("contrib.layers.sparse_column_with_integerized_feature")
def sparse_column_with_integerized_feature(
    column_name: str, bucket_size: int, combiner: str = "sum", dtype: Any = int64
) -> _SparseColumn:
    """A feature of integers, which are the ids, modulo `bucket_size`.

    Raises:
      ValueError: the size is missing or not positive, or the dtype isn't one of integers.
    """
    return _SparseColumnIntegerized(column_name, True, bucket_size, combiner=combiner, dtype=dtype)


class _SparseColumnHashed(_SparseColumn):
    hash_keys: Any = None

    def __new__(cls, *args: Any, hash_keys: Any = None, **kwargs: Any) -> Any:
        if hash_keys is not None:
            if not isinstance(hash_keys, list) or not hash_keys:
                raise ValueError("hash_keys must be a non-empty list.")
            if any(not isinstance(pair, list) or len(pair) != 2 for pair in hash_keys) or any(
                not isinstance(key, int) for key in nest.flatten(hash_keys)
            ):
                raise ValueError("Each element of hash_keys must be a pair of integers.")
        made = super().__new__(cls, *args, **kwargs)
        made.hash_keys = hash_keys
        return made

    def _do_transform(self, input_tensor: SparseTensor) -> SparseTensor:
        texts = as_string(input_tensor.values) if self.dtype.is_integer else input_tensor.values

        def with_ids(ids: Tensor) -> SparseTensor:
            return SparseTensor(input_tensor.indices, ids, input_tensor.dense_shape)

        if not self.hash_keys:
            return with_ids(string_to_hash_bucket_fast(texts, self.bucket_size, name="lookup"))
        hashed = [with_ids(string_to_hash_bucket_strong(texts, self.bucket_size, key)) for key in self.hash_keys]
        return sparse_concat(axis=1, sp_inputs=hashed, name="lookup")


@export("contrib.layers.sparse_column_with_hash_bucket")
def sparse_column_with_hash_bucket(
    column_name: str, hash_bucket_size: int, combiner: str = "sum", dtype: Any = string, hash_keys: Any = None
) -> _SparseColumn:
    """A feature whose values are numbered by their hash.

    Args:
      combiner: how several values of one example are combined in linear models: "sum", "mean" or "sqrtn".
      hash_keys: pairs of integers, for each of which a value has a hash of its own.

    Raises:
      ValueError: the size is missing or not positive, the dtype is neither string nor of integers, or the keys are no
        pairs.
    """
    return _SparseColumnHashed(
        column_name, bucket_size=hash_bucket_size, combiner=combiner, dtype=dtype, hash_keys=hash_keys
    )


class _SparseColumnKeys(_SparseColumn):
    def _do_transform(self, input_tensor: SparseTensor) -> SparseTensor:
        lookup = self.lookup_config
        table = index_table_from_tensor(
            vocabulary_list=lookup.keys, default_value=lookup.default_value, dtype=self.dtype, name="lookup"
        )
        return table.lookup(input_tensor)


@export("contrib.layers.sparse_column_with_keys")
def sparse_column_with_keys(
    column_name: str, keys: Any, default_value: int = -1, combiner: str = "sum", dtype: Any = string
) -> _SparseColumn:
    """A feature whose values are numbered by their place among `keys`; others have the number `default_value`."""
    keys = tuple(keys)
    lookup = _SparseIdLookupConfig(keys=keys, vocab_size=len(keys), default_value=default_value)
    return _SparseColumnKeys(column_name, lookup_config=lookup, combiner=combiner, dtype=dtype)


class _SparseColumnVocabulary(_SparseColumn):
    def _do_transform(self, input_tensor: SparseTensor) -> SparseTensor:
        if self.dtype.is_integer:
            texts = as_string(input_tensor.values)
            input_tensor = SparseTensor(input_tensor.indices, texts, input_tensor.dense_shape)
        lookup = self.lookup_config
        table = index_table_from_file(
            vocabulary_file=lookup.vocabulary_file,
            num_oov_buckets=lookup.num_oov_buckets,
            vocab_size=lookup.vocab_size,
            default_value=lookup.default_value,
            name=f"{self.name}_lookup",
        )
        return table.lookup(input_tensor)


@export("contrib.layers.sparse_column_with_vocabulary_file")
def sparse_column_with_vocabulary_file(
    column_name: str,
    vocabulary_file: str,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    combiner: str = "sum",
    dtype: Any = string,
) -> _SparseColumn:
    """A feature whose values are numbered by the line of a file on which they stand.

    Args:
      num_oov_buckets: over how many more numbers other values are spread, by their hash.
      vocab_size: how many lines count.
      default_value: the number of other values.

    Raises:
      ValueError: there is no size.
    """
    if vocab_size is None:
        raise ValueError(f"vocab_size should be defined. column_name: {column_name}")
    lookup = _SparseIdLookupConfig(vocabulary_file, None, num_oov_buckets, vocab_size, default_value)
    return _SparseColumnVocabulary(column_name, lookup_config=lookup, combiner=combiner, dtype=dtype)


_WEIGHTED_FIELDS = "sparse_id_column", "weight_column_name", "dtype"


class _WeightedSparseColumn(OfIds, collections.namedtuple("_WeightedSparseColumn", _WEIGHTED_FIELDS)):
    """A column of ids with a weight for each."""

    _kind = "WeightedSparseColumn"

    @property
    def name(self) -> str:
        return f"{self.sparse_id_column.name}_weighted_by_{self.weight_column_name}"

    length = property(lambda self: self.sparse_id_column.length)
    combiner = property(lambda self: self.sparse_id_column.combiner)
    lookup_config = property(lambda self: self.sparse_id_column.lookup_config)

    @property
    def config(self) -> dict[str, Any]:
        return {**self.sparse_id_column.config, self.weight_column_name: VarLenFeature(self.dtype)}

    def id_tensor(self, input_tensor: Any) -> Any:
        return input_tensor[0]

    def weight_tensor(self, input_tensor: Any) -> Any:
        return input_tensor[1]

    def _do_transform(self, ids: Any, weights: Any) -> tuple[Any, Any]:
        if not is_sparse(weights):
            weights = _present(weights)
        return ids, weights if self.dtype.is_floating else cast(weights, float32)

    def insert_transformed_feature(self, columns_to_tensors: dict[Any, Any]) -> None:
        ids = tensor_of(self.sparse_id_column, columns_to_tensors)
        columns_to_tensors[self] = self._do_transform(ids, columns_to_tensors[self.weight_column_name])

    def _transform_feature(self, inputs: Any) -> tuple[Any, Any]:
        return self._do_transform(inputs.get(self.sparse_id_column), inputs.get(self.weight_column_name))

    def is_compatible(self, other_column: Any) -> bool:
        """Whether an embedding can be of both."""
        return self.sparse_id_column.is_compatible(getattr(other_column, "sparse_id_column", other_column))


@export("contrib.layers.weighted_sparse_column")
def weighted_sparse_column(
    sparse_id_column: Any, weight_column_name: str, dtype: Any = float32
) -> _WeightedSparseColumn:
    """A column of ids, for each of which another feature has a weight.

    Raises:
      ValueError: the dtype isn't one of numbers.
    """
    if not (dtype.is_integer or dtype.is_floating):
        raise ValueError(f"dtype is not convertible to float. Given {dtype}")
    return _WeightedSparseColumn(sparse_id_column, weight_column_name, dtype)


_CROSSED_FIELDS = "columns", "hash_bucket_size", "hash_key", "combiner", "ckpt_to_load_from", "tensor_name_in_ckpt"


class _CrossedColumn(OfIds, collections.namedtuple("_CrossedColumn", _CROSSED_FIELDS)):
    """The combinations of the ids of several columns."""

    _kind = "CrossedColumn"

    @property
    def name(self) -> str:
        return "_X_".join(sorted(column.name for column in self.columns))

    length = property(lambda self: self.hash_bucket_size)

    @property
    def config(self) -> dict[str, Any]:
        return {key: value for column in self.columns for key, value in column.config.items()}

    def _to_dnn_input_layer(self, *args: Any, **kwargs: Any) -> Any:
        raise ValueError(f"CrossedColumn is not supported in DNN. Please use embedding_column. column: {self}")

    def _checkpoint_path(self) -> Any:
        return None if self.ckpt_to_load_from is None else (self.ckpt_to_load_from, self.tensor_name_in_ckpt)

    def _transform_feature(self, inputs: Any) -> SparseTensor:
        def tensor(column: Any) -> Any:
            if isinstance(column, _SparseColumn):
                return inputs.get(column.name)
            return column.to_sparse_tensor(inputs.get(column))

        return sparse_feature_cross(
            [tensor(leaf) for leaf in _leaves(self)], True, self.hash_bucket_size, "cross", self.hash_key
        )

    def insert_transformed_feature(self, columns_to_tensors: dict[Any, Any]) -> None:
        columns_to_tensors[self] = self._transform_feature(TensorsOfColumns(columns_to_tensors))


def _leaves(cross: _CrossedColumn) -> list[Any]:
    return [leaf for c in cross.columns for leaf in (_leaves(c) if isinstance(c, _CrossedColumn) else [c])]


@export("contrib.layers.crossed_column")
def crossed_column(
    columns: Any,
    hash_bucket_size: int,
    combiner: str = "sum",
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    hash_key: int | None = None,
) -> _CrossedColumn:
    """The combinations of the values of several columns, numbered by their hash.

    Args:
      columns: sparse, bucketized or crossed ones.
      hash_key: what the hash starts from; without, it is an older hash.

    Raises:
      TypeError: a column is another.
      ValueError: there are fewer than two columns or buckets, or only one of checkpoint and name is given.
    """
    for column in columns:
        if not isinstance(column, (_SparseColumn, _CrossedColumn, _BucketizedColumn)):
            raise TypeError(
                "columns must be a set of _SparseColumn, _CrossedColumn, or _BucketizedColumn instances. (column "
                f"{column} is a {type(column).__name__})"
            )
    if len(columns) < 2:
        raise ValueError(f"columns must contain at least 2 elements. columns: {columns}")
    if hash_bucket_size < 2:
        raise ValueError(f"hash_bucket_size must be at least 2. hash_bucket_size: {hash_bucket_size}")
    if (ckpt_to_load_from is None) != (tensor_name_in_ckpt is None):
        raise ValueError("Must specify both `ckpt_to_load_from` and `tensor_name_in_ckpt` or none of them.")
    ordered = tuple(sorted(columns, key=lambda column: column.name))
    return _CrossedColumn(ordered, hash_bucket_size, hash_key, combiner, ckpt_to_load_from, tensor_name_in_ckpt)
