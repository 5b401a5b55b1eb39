"""Columns of categories: features that are turned into ids, by hashing, by a vocabulary, or as they are."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import DType, as_dtype, int64, string
from pyflow.core.scopes import control_dependencies
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.feature_column import column_arguments as arguments
from pyflow.feature_column.column import BothCategorical
from pyflow.feature_column.serialization import fields_from_config, serializable
from pyflow.feature_column.sources import to_sparse_input
from pyflow.ops.array_filling import fill
from pyflow.ops.array_identity import identity
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_greater_equal, assert_less
from pyflow.ops.comparison import logical_or
from pyflow.ops.lookup_vocabulary import index_table_from_file, index_table_from_tensor
from pyflow.ops.parse_features import VarLenFeature
from pyflow.ops.string_formatting import as_string
from pyflow.ops.string_hash_buckets import string_to_hash_bucket_fast
from pyflow.platform import file_io, logging


class KeyedCategorical(BothCategorical):
    """A categorical column of one feature, named by its key."""

    key: Any
    dtype: Any
    _asdict: Any

    @property
    def name(self) -> str:
        return self.key

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return {self.key: VarLenFeature(self.dtype)}

    def _transformed(self, source: Any) -> SparseTensor:
        return self._ids(to_sparse_input(source.get(self.key)), source)

    def _ids(self, features: SparseTensor, source: Any) -> SparseTensor:
        raise NotImplementedError

    def _check_dtype(self, dtype: DType) -> None:
        if self.dtype.is_integer != dtype.is_integer:
            raise ValueError(
                f"Column dtype and SparseTensors dtype must be compatible. key: {self.key}, column dtype: "
                f"{self.dtype}, tensor dtype: {dtype}"
            )

    @property
    def parents(self) -> list[Any]:
        return [self.key]

    def _get_config(self) -> dict[str, Any]:
        return {**self._asdict(), "dtype": self.dtype.name}

    @classmethod
    def _from_config(cls, config: Any, custom_objects: Any = None, columns_by_name: Any = None) -> Any:
        return cls(**{**fields_from_config(cls, config), "dtype": as_dtype(config["dtype"])})


_HASHED_FIELDS = "key", "hash_bucket_size", "dtype"


@serializable
class HashedCategoricalColumn(KeyedCategorical, collections.namedtuple("HashedCategoricalColumn", _HASHED_FIELDS)):
    """What `categorical_column_with_hash_bucket` makes."""

    def _ids(self, features: SparseTensor, source: Any) -> SparseTensor:
        arguments.assert_string_or_int(features.dtype, prefix=f"column_name: {self.key} input_tensor")
        self._check_dtype(features.dtype)
        texts = features.values if self.dtype == string else as_string(features.values)
        ids = string_to_hash_bucket_fast(texts, self.hash_bucket_size, name="lookup")
        return SparseTensor(features.indices, ids, features.dense_shape)

    @property
    def num_buckets(self) -> int:
        return self.hash_bucket_size


@export("feature_column.categorical_column_with_hash_bucket")
def categorical_column_with_hash_bucket(
    key: str, hash_bucket_size: int, dtype: Any = string
) -> HashedCategoricalColumn:
    """A feature whose values are numbered by their hash: the fingerprint of the text, modulo the number of buckets.

    Args:
      key: of the feature, a sparse tensor; of a dense one, "" and -1 are left out.
      hash_bucket_size: how many numbers there are.
      dtype: of the feature, string or an integer type, whose decimal text is hashed.

    Raises:
      ValueError: the size is missing or not positive, or the dtype is another.
    """
    if hash_bucket_size is None:
        raise ValueError(f"hash_bucket_size must be set. key: {key}")
    if hash_bucket_size < 1:
        raise ValueError(f"hash_bucket_size must be at least 1. hash_bucket_size: {hash_bucket_size}, key: {key}")
    arguments.assert_key_is_string(key)
    arguments.assert_string_or_int(dtype, prefix=f"column_name: {key}")
    return HashedCategoricalColumn(key, hash_bucket_size, dtype)


class _OfVocabulary(KeyedCategorical):
    num_oov_buckets: int

    def _table(self, key_dtype: DType, name: str) -> Any:
        raise NotImplementedError

    def _ids(self, features: SparseTensor, source: Any) -> SparseTensor:
        self._check_dtype(features.dtype)
        arguments.assert_string_or_int(features.dtype, prefix=f"column_name: {self.key} input_tensor")
        key_dtype = self.dtype
        if features.dtype.is_integer:
            key_dtype = int64
            features = cast(features, int64)
        name = f"{self.key}_lookup"
        table = self._table(key_dtype, name)
        source.keep(self, name, table)
        return table.lookup(features)


_FILE_FIELDS = "key", "vocabulary_file", "vocabulary_size", "num_oov_buckets", "dtype", "default_value"


@serializable
class VocabularyFileCategoricalColumn(
    _OfVocabulary, collections.namedtuple("VocabularyFileCategoricalColumn", _FILE_FIELDS)
):
    """What `categorical_column_with_vocabulary_file` makes."""

    def _table(self, key_dtype: DType, name: str) -> Any:
        return index_table_from_file(
            vocabulary_file=self.vocabulary_file,
            num_oov_buckets=self.num_oov_buckets,
            vocab_size=self.vocabulary_size,
            default_value=self.default_value,
            key_dtype=key_dtype,
            name=name,
        )

    @property
    def num_buckets(self) -> int:
        return self.vocabulary_size + self.num_oov_buckets


@export("feature_column.categorical_column_with_vocabulary_file")
def categorical_column_with_vocabulary_file(
    key: str,
    vocabulary_file: str,
    vocabulary_size: int | None = None,
    num_oov_buckets: int = 0,
    default_value: int | None = None,
    dtype: Any = string,
) -> VocabularyFileCategoricalColumn:
    """A feature whose values are numbered by the line of a file on which they stand.

    Args:
      key: of the feature, a sparse tensor; of a dense one, "" and -1 are left out.
      vocabulary_size: how many lines are taken; all by default.
      num_oov_buckets: over how many more numbers other values are spread, by their hash.
      default_value: the number of other values without such; -1 by default, which is no id.
      dtype: of the feature, string or an integer type.

    Raises:
      ValueError: there is no such file, or an argument is wrong or contradicts another.
    """
    return categorical_column_with_vocabulary_file_v2(
        key, vocabulary_file, vocabulary_size, dtype, default_value, num_oov_buckets
    )


def categorical_column_with_vocabulary_file_v2(
    key: str,
    vocabulary_file: str,
    vocabulary_size: int | None = None,
    dtype: Any = string,
    default_value: int | None = None,
    num_oov_buckets: int = 0,
) -> VocabularyFileCategoricalColumn:
    """`categorical_column_with_vocabulary_file` with TF 2's order of arguments."""
    if not vocabulary_file:
        raise ValueError(f"Missing vocabulary_file in {key}.")
    if vocabulary_size is None:
        if not file_io.file_exists(vocabulary_file):
            raise ValueError(f"vocabulary_file in {key} does not exist.")
        with file_io.FileIO(vocabulary_file, "r") as lines:
            vocabulary_size = sum(1 for _ in lines)
        logging.info(
            "vocabulary_size = %d in %s is inferred from the number of elements in the vocabulary_file %s.",
            vocabulary_size, key, vocabulary_file,
        )  # fmt: skip
    if vocabulary_size < 1:
        raise ValueError(f"Invalid vocabulary_size in {key}.")
    arguments.check_oov_buckets(key, num_oov_buckets, default_value is not None)
    arguments.assert_string_or_int(dtype, prefix=f"column_name: {key}")
    arguments.assert_key_is_string(key)
    return VocabularyFileCategoricalColumn(
        key=key,
        vocabulary_file=vocabulary_file,
        vocabulary_size=vocabulary_size,
        num_oov_buckets=num_oov_buckets or 0,
        dtype=dtype,
        default_value=-1 if default_value is None else default_value,
    )


_LIST_FIELDS = "key", "vocabulary_list", "dtype", "default_value", "num_oov_buckets"


@serializable
class VocabularyListCategoricalColumn(
    _OfVocabulary, collections.namedtuple("VocabularyListCategoricalColumn", _LIST_FIELDS)
):
    """What `categorical_column_with_vocabulary_list` makes."""

    def _table(self, key_dtype: DType, name: str) -> Any:
        return index_table_from_tensor(
            vocabulary_list=tuple(self.vocabulary_list),
            default_value=self.default_value,
            num_oov_buckets=self.num_oov_buckets,
            dtype=key_dtype,
            name=name,
        )

    @property
    def num_buckets(self) -> int:
        return len(self.vocabulary_list) + self.num_oov_buckets


@export("feature_column.categorical_column_with_vocabulary_list")
def categorical_column_with_vocabulary_list(
    key: str, vocabulary_list: Any, dtype: Any = None, default_value: int = -1, num_oov_buckets: int = 0
) -> VocabularyListCategoricalColumn:
    """A feature whose values are numbered by their place in a list.

    Args:
      key: of the feature, a sparse tensor; of a dense one, "" and -1 are left out.
      vocabulary_list: strings or integers, each once.
      dtype: of the feature; by default that of the list.
      default_value: the number of values that are not in the list; -1 is no id.
      num_oov_buckets: over how many more numbers such values are spread, by their hash.

    Raises:
      ValueError: the list is empty or has something twice, or an argument is wrong or contradicts another.
    """
    if vocabulary_list is None or len(vocabulary_list) < 1:
        raise ValueError(f"vocabulary_list {vocabulary_list} must be non-empty, column_name: {key}")
    if len(set(vocabulary_list)) != len(vocabulary_list):
        raise ValueError(f"Duplicate keys in vocabulary_list {vocabulary_list}, column_name: {key}")
    vocabulary_dtype = as_dtype(np.array(vocabulary_list).dtype)
    arguments.check_oov_buckets(key, num_oov_buckets, default_value != -1)
    arguments.assert_string_or_int(vocabulary_dtype, prefix=f"column_name: {key} vocabulary")
    if dtype is None:
        dtype = vocabulary_dtype
    elif dtype.is_integer != vocabulary_dtype.is_integer:
        raise ValueError(f"dtype {dtype} and vocabulary dtype {vocabulary_dtype} do not match, column_name: {key}")
    arguments.assert_string_or_int(dtype, prefix=f"column_name: {key}")
    arguments.assert_key_is_string(key)
    return VocabularyListCategoricalColumn(key, tuple(vocabulary_list), dtype, default_value, num_oov_buckets)


_IDENTITY_FIELDS = "key", "number_buckets", "default_value"


@serializable
class IdentityCategoricalColumn(
    KeyedCategorical, collections.namedtuple("IdentityCategoricalColumn", _IDENTITY_FIELDS)
):
    """What `categorical_column_with_identity` makes."""

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return {self.key: VarLenFeature(int64)}

    def _ids(self, features: SparseTensor, source: Any) -> SparseTensor:
        if not features.dtype.is_integer:
            raise ValueError(f"Invalid input, not integer. key: {self.key} dtype: {features.dtype}")
        values = cast(features.values, int64, name="values")
        buckets = cast(self.num_buckets, int64, name="num_buckets")
        zero = cast(0, int64, name="zero")
        if self.default_value is None:
            checks = self._checks(values, buckets, zero)
            with control_dependencies(checks):
                values = identity(values)
        else:
            outside = logical_or(values < zero, values >= buckets, name="out_of_range")
            default = fill(shape_of(values), cast(self.default_value, int64), name="default_values")
            values = where_v2(outside, default, values)
        return SparseTensor(features.indices, values, features.dense_shape)

    def _checks(self, values: Any, buckets: Any, zero: Any) -> list[Any]:
        return [
            assert_less(
                values,
                buckets,
                data=(values, buckets),
                message=f'Bucket index for categorical column "{self.name}" exceeds number of buckets',
                name="assert_less_than_num_buckets",
            ),
            assert_greater_equal(
                values,
                zero,
                data=(values,),
                message=f'Negative bucket index for categorical column "{self.name}"',
                name="assert_greater_or_equal_0",
            ),
        ]

    @property
    def num_buckets(self) -> int:
        return self.number_buckets

    def _get_config(self) -> dict[str, Any]:
        return self._asdict()

    @classmethod
    def _from_config(cls, config: Any, custom_objects: Any = None, columns_by_name: Any = None) -> Any:
        return cls(**fields_from_config(cls, config))


@export("feature_column.categorical_column_with_identity")
def categorical_column_with_identity(
    key: str, num_buckets: int, default_value: int | None = None
) -> IdentityCategoricalColumn:
    """A feature whose values are ids already.

    Args:
      key: of the feature, a sparse tensor of integers; of a dense one, -1 is left out.
      num_buckets: above all ids.
      default_value: the id of values that are none; None for an InvalidArgumentError when the graph runs.

    Raises:
      ValueError: there are no buckets, or the default is none of their numbers.
    """
    if num_buckets < 1:
        raise ValueError(f"num_buckets {num_buckets} < 1, column_name {key}")
    if default_value is not None and not 0 <= default_value < num_buckets:
        raise ValueError(f"default_value {default_value} not in range [0, {num_buckets}), column_name {key}")
    arguments.assert_key_is_string(key)
    return IdentityCategoricalColumn(key, num_buckets, default_value)
