"""The columns of tf.contrib.layers, older than tf.feature_column: what they have in common."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.core.sparse_tensor import SparseTensor
from pyflow.feature_column.column import IdWeightPair, _CategoricalColumn
from pyflow.ops.array import expand_dims
from pyflow.ops.initializers import zeros_initializer
from pyflow.platform import logging

# What is looked up for a column in a linear model, and in a deep one.
LinearLookup = collections.namedtuple(
    "LinearLookup", ("input_tensor", "weight_tensor", "vocab_size", "initializer", "combiner")
)
DeepLookup = collections.namedtuple(
    "DeepLookup",
    ("input_tensor", "weight_tensor", "vocab_size", "initializer", "combiner", "dimension", "shared_embedding_name",
     "max_norm", "trainable"),
)  # fmt: skip


class _FeatureColumn:
    """A column: its `name`, its `key` among others, and its `config`, what is to be parsed for it.

    `insert_transformed_feature(columns_to_tensors)` adds its tensor to a dict of those of features and columns.
    """

    name: Any
    config: Any
    _fields: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self}"

    @property
    def _parse_example_spec(self) -> dict[str, Any]:
        return self.config

    def insert_transformed_feature(self, columns_to_tensors: dict[Any, Any]) -> None:
        """Adds the column's tensor to the dict, and those that it needs."""
        raise NotImplementedError(f"Transform is not implemented for {self}.")

    def _to_dnn_input_layer(
        self, input_tensor: Any, weight_collections: Any = None, trainable: bool = True, output_rank: int = 2
    ) -> Any:
        raise ValueError("Calling an abstract method.")

    def _deep_embedding_lookup_arguments(self, input_tensor: Any) -> DeepLookup:
        raise NotImplementedError(f"No deep embedding lookup arguments for column {self}.")

    def _wide_embedding_lookup_arguments(self, input_tensor: Any) -> LinearLookup:
        raise NotImplementedError(f"No wide embedding lookup arguments for column {self}.")

    def _to_dense_tensor(self, input_tensor: Any) -> Any:
        raise NotImplementedError(f"No dense tensor representation for column {self}.")

    def _checkpoint_path(self) -> Any:
        return None

    def _key_without_properties(self, properties: list[str]) -> str:
        fields = zip(self._fields, self)  # type: ignore[call-overload]
        shown = ", ".join(f"{name}={value}" for name, value in fields if name not in properties)
        return f"{type(self).__name__}({shown})"


class OfIds(_FeatureColumn, _CategoricalColumn):
    """A column of ids, perhaps with weights: `id_tensor` and `weight_tensor` take them from its tensor."""

    length: Any
    combiner: Any
    _kind = ""

    def id_tensor(self, input_tensor: Any) -> Any:
        """The ids of a transformed tensor."""
        return input_tensor

    def weight_tensor(self, input_tensor: Any) -> Any:
        """The weights of a transformed tensor, or None."""
        return None

    def _to_dnn_input_layer(
        self, input_tensor: Any, weight_collections: Any = None, trainable: bool = True, output_rank: int = 2
    ) -> Any:
        raise ValueError(
            f"{self._kind} is not supported in DNN. Please use embedding_column or one_hot_column. column: {self}"
        )

    def _wide_embedding_lookup_arguments(self, input_tensor: Any) -> LinearLookup:
        ids, weights = self.id_tensor(input_tensor), self.weight_tensor(input_tensor)
        return LinearLookup(ids, weights, self.length, zeros_initializer(), self.combiner)

    @property
    def _num_buckets(self) -> int:
        return self.length

    def _get_sparse_tensors(self, inputs: Any, weight_collections: Any = None, trainable: Any = None) -> IdWeightPair:
        tensor = inputs.get(self)
        return IdWeightPair(self.id_tensor(tensor), self.weight_tensor(tensor))


class TensorsOfColumns:
    """A dict of tensors as what columns of the older protocol ask for theirs."""

    def __init__(self, columns_to_tensors: dict[Any, Any]):
        self._tensors = columns_to_tensors

    def get(self, key: Any) -> Any:
        """The tensor of a feature or a column; the latter is added to the dict first.

        Raises:
          ValueError: there is no such feature.
          TypeError: `key` is neither a string nor a column.
        """
        if key in self._tensors:
            return self._tensors[key]
        if isinstance(key, str):
            raise ValueError(f"features dictionary doesn't contain key ({key})")
        if not isinstance(key, _FeatureColumn):
            raise TypeError(f'"key" must be either a "str" or "_FeatureColumn". Provided: {key}')
        key.insert_transformed_feature(self._tensors)
        return self._tensors[key]


def tensor_of(column: Any, columns_to_tensors: dict[Any, Any]) -> Any:
    """The tensor of a column, which is added to the dict if it isn't there."""
    if column not in columns_to_tensors:
        column.insert_transformed_feature(columns_to_tensors)
    return columns_to_tensors[column]


def of_rank(tensor: Any, output_rank: int, column_name: str | None = None) -> Any:
    """The tensor with that many dimensions: with one more of size 1, or with its last ones made one.

    Raises:
      ValueError: it has less than one dimension too few.
    """
    from pyflow.contrib.layer_parts import _inner_flatten

    rank = tensor.get_shape().ndims
    if rank is not None:
        if output_rank > rank + 1:
            start = "" if column_name is None else f"Error while processing column {column_name}."
            raise ValueError(f"{start}{wrong_rank(rank, output_rank)}")
        if output_rank == rank + 1:
            logging.warning(
                f"Rank of input Tensor ({rank}) should be the same as output_rank ({output_rank}) for column. Will "
                "attempt to expand dims. It is highly recommended that you resize your input, as this behavior may "
                "change."
            )
            return expand_dims(tensor, -1, name="expand_dims")
        if output_rank == rank:
            return tensor
    return _inner_flatten(tensor, output_rank)


def wrong_rank(rank: int, output_rank: int) -> str:
    """The words for a tensor of too few dimensions."""
    return (
        f"Rank of input Tensor ({rank}) should be the same as output_rank ({output_rank}). For example, sequence data "
        "should typically be 3 dimensional (rank 3) while non-sequence data is typically 2 dimensional (rank 2)."
    )


def is_sparse(tensor: Any) -> bool:
    return isinstance(tensor, SparseTensor)
