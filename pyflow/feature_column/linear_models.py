"""tf.feature_column.linear_model: a weighted sum of the columns."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import add_to_collection, get_collection
from pyflow.core.tensor import Tensor
from pyflow.feature_column.column import _CategoricalColumn, _DenseColumn
from pyflow.feature_column.column_lists import by_name, check_batch_sizes, normalized
from pyflow.feature_column.input_layers import with_variables
from pyflow.feature_column.object_layer import ObjectLayer
from pyflow.feature_column.sources import _LazyBuilder
from pyflow.layers.layer import Layer
from pyflow.ops.array import reshape
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.bias import bias_add
from pyflow.ops.initializers import zeros_initializer
from pyflow.ops.math_sums import add_n
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_embedding_sparse import safe_embedding_lookup_sparse
from pyflow.ops.partitioned_variable import PartitionedVariable
from pyflow.ops.sparse_reordering import sparse_reshape
from pyflow.ops.variable_scope import get_variable_scope, variable_scope


@export("feature_column.linear_model")
def linear_model(
    features: dict[str, Any],
    feature_columns: Any,
    units: int = 1,
    sparse_combiner: str = "sum",
    weight_collections: Any = None,
    trainable: bool = True,
    cols_to_vars: dict[Any, Any] | None = None,
) -> Tensor:
    """The sum of the columns times their weights, and a bias; all begin as zeros.

    Args:
      features: tensors or sparse tensors by key, their first dimension being the batch.
      feature_columns: dense columns, whose numbers are multiplied by weights; and categorical ones, for whose ids
        weights are looked up.
      units: how many sums.
      sparse_combiner: how the weights of the ids of one example are combined: "sum", "mean" or "sqrtn".
      weight_collections: to which variables are added, besides GLOBAL_VARIABLES and MODEL_VARIABLES.
      trainable: whether variables are.
      cols_to_vars: is given the list of variables of each column, and that of "bias".

    Returns:
      [batch, units], float32.

    Raises:
      ValueError: a column is neither dense nor categorical, there is none, two have the same name, or batch sizes
        differ.
    """
    model = _LinearModel(
        feature_columns, units, sparse_combiner, weight_collections, trainable, _free_scope("linear_model")
    )
    sums = model(features)
    if cols_to_vars is not None:
        cols_to_vars.update(model.cols_to_vars())
    return sums


def _free_scope(name: str) -> str:
    """The last part of the name that a scope opened now would get."""
    with variable_scope(None, name) as scope:
        return scope.name.rsplit("/", 1)[-1]


class _LinearModel(ObjectLayer):
    """`linear_model` as an object: called again, it uses the variables it has made."""

    def __init__(
        self,
        feature_columns: Any,
        units: int = 1,
        sparse_combiner: str = "sum",
        weight_collections: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self._feature_columns = normalized(feature_columns)
        collections = with_variables(weight_collections)
        self._column_layers = {}
        for column in by_name(self._feature_columns):
            column_name = _free_scope(column._var_scope_name)
            self._column_layers[column_name] = _ColumnLayer(
                column, units, sparse_combiner, collections, trainable, column_name, **kwargs
            )
        self._bias_layer = _BiasLayer(units, trainable, collections, name="bias_layer", **kwargs)
        for layer in (*self._column_layers.values(), self._bias_layer):
            layer._use_resource_variables = True  # as of all layers within a model
            self._layers.append(layer)
        self._cols_to_vars: dict[Any, Any] = {}

    def cols_to_vars(self) -> dict[Any, Any]:
        """The list of variables of each column, and of "bias"."""
        return self._cols_to_vars

    def call(self, features: dict[str, Any]) -> Tensor:  # type: ignore[override]
        with variable_scope(self.name):
            for column in self._feature_columns:
                if not isinstance(column, (_DenseColumn, _CategoricalColumn)):
                    raise ValueError(
                        f"Items of feature_columns must be either a _DenseColumn or _CategoricalColumn. Given: {column}"
                    )
            builder = _LazyBuilder(features)
            sums, columns = [], []
            for layer in by_name(self._column_layers.values()):
                column = layer.column
                columns.append(column)
                sums.append(layer(builder))
                self._cols_to_vars[column] = get_collection(GraphKeys.GLOBAL_VARIABLES, scope=layer.scope_name)
            check_batch_sizes(sums, columns)
            total = add_n(sums, name="weighted_sum_no_bias")
            bias = self._bias_layer(builder, scope=get_variable_scope())
            total = bias_add(total, bias, name="weighted_sum")
            self._cols_to_vars["bias"] = variable_list(self._bias_layer.variables[0])
        return total


class _ColumnLayer(Layer):
    """The weights of one column."""

    def __init__(
        self,
        column: Any,
        units: int,
        sparse_combiner: str,
        collections: list[str],
        trainable: bool,
        name: str,
        **kwargs: Any,
    ):
        super().__init__(trainable=trainable, name=name, **kwargs)
        self.column, self._units, self._combiner, self._collections = column, units, sparse_combiner, collections

    def build(self, _: Any) -> None:
        column = self.column
        if isinstance(column, _CategoricalColumn):
            rows = column._num_buckets
        else:
            rows = column._variable_shape.num_elements()
        self._weights = self.add_weight(
            name="weights", shape=(rows, self._units), initializer=zeros_initializer(), trainable=self.trainable
        )
        _collect(self._weights, self._collections)
        self.built = True

    def call(self, builder: Any) -> Tensor:  # type: ignore[override]
        column = self.column
        if isinstance(column, _CategoricalColumn):
            pair = column._get_sparse_tensors(builder, weight_collections=self._collections, trainable=self.trainable)
            return sum_of_ids(pair, self._weights, self._combiner)
        tensor = column._get_dense_tensor(builder, weight_collections=self._collections, trainable=self.trainable)
        return sum_of_numbers(tensor, column._variable_shape.num_elements(), self._weights)


class _BiasLayer(Layer):
    """The bias."""

    def __init__(self, units: int, trainable: bool, collections: list[str], name: str, **kwargs: Any):
        super().__init__(trainable=trainable, name=name, **kwargs)
        self._units, self._collections = units, collections

    def build(self, _: Any) -> None:
        self._bias = self.add_weight(
            "bias_weights", shape=[self._units], initializer=zeros_initializer(), trainable=self.trainable
        )
        _collect(self._bias, self._collections)
        self.built = True

    def call(self, _: Any) -> Any:  # type: ignore[override]
        return self._bias


def sum_of_numbers(tensor: Tensor, size: int, weights: Any) -> Tensor:
    """The matrix of a dense column times the weights."""
    return matmul(reshape(tensor, (shape_of(tensor)[0], size)), weights, name="weighted_sum")


def sum_of_ids(pair: Any, weights: Any, combiner: str) -> Tensor:
    """The weights of the ids of each example, combined."""
    ids = sparse_reshape(pair.id_tensor, [shape_of(pair.id_tensor)[0], -1])
    factors = pair.weight_tensor
    if factors is not None:
        factors = sparse_reshape(factors, [shape_of(factors)[0], -1])
    return safe_embedding_lookup_sparse(weights, ids, sparse_weights=factors, combiner=combiner, name="weighted_sum")


def _collect(variable: Any, collections: list[str]) -> None:
    """Adds a variable, or each part of one, to the collections in which it isn't yet."""
    for collection in collections:
        if collection != GraphKeys.GLOBAL_VARIABLES:
            for part in variable_list(variable):
                add_to_collection(collection, part)


def variable_list(variable: Any) -> list[Any]:
    """The parts of a variable; itself, where it isn't parted."""
    return list(variable) if isinstance(variable, PartitionedVariable) else [variable]
