"""tf.feature_column.input_layer: dense columns as one matrix."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import get_collection
from pyflow.core.tensor import Tensor
from pyflow.feature_column.column import _DenseColumn
from pyflow.feature_column.column_lists import by_name, check_batch_sizes, normalized
from pyflow.feature_column.sources import _LazyBuilder
from pyflow.ops.array import reshape
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.template import make_template
from pyflow.ops.variable_scope import get_variable_scope, variable_scope


@export("feature_column.input_layer")
def input_layer(
    features: dict[str, Any],
    feature_columns: Any,
    weight_collections: Any = None,
    trainable: bool = True,
    cols_to_vars: dict[Any, Any] | None = None,
    cols_to_output_tensors: dict[Any, Any] | None = None,
) -> Tensor:
    """What dense columns make of the features, side by side in the order of the columns' names.

    Args:
      features: tensors or sparse tensors by key, their first dimension being the batch.
      feature_columns: dense ones; categorical ones have to be put into `embedding_column` or `indicator_column`.
      weight_collections: to which variables are added, besides GLOBAL_VARIABLES and MODEL_VARIABLES.
      trainable: whether variables are.
      cols_to_vars: is given the list of variables of each column.
      cols_to_output_tensors: is given the tensor of each column.

    Returns:
      [batch, sum of the columns' sizes], float32.

    Raises:
      ValueError: a column isn't dense, there is none, two have the same name, or batch sizes differ.
    """
    collections = with_variables(weight_collections)
    columns = _dense(feature_columns)
    with variable_scope(None, default_name="input_layer", values=list(features.values())):
        return _joined(features, columns, collections, trainable, cols_to_vars, cols_to_output_tensors)


def with_variables(weight_collections: Any) -> list[str]:
    """The collections, with those of all variables and of the model's."""
    collections = list(weight_collections or [])
    keys = GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES
    return collections + [key for key in keys if key not in collections]


def _dense(feature_columns: Any) -> list[Any]:
    columns = normalized(feature_columns)
    for column in columns:
        if not isinstance(column, _DenseColumn):
            raise ValueError(
                "Items of feature_columns must be a _DenseColumn. You can wrap a categorical column with an "
                f"embedding_column or indicator_column. Given: {column}"
            )
    return by_name(columns)


def _joined(
    features: dict[str, Any],
    columns: list[Any],
    collections: list[str],
    trainable: bool,
    cols_to_vars: dict[Any, Any] | None = None,
    cols_to_output_tensors: dict[Any, Any] | None = None,
) -> Tensor:
    builder = _LazyBuilder(features)
    outputs = []
    for column in columns:
        with variable_scope(None, default_name=column._var_scope_name):
            tensor = column._get_dense_tensor(builder, weight_collections=collections, trainable=trainable)
            size = column._variable_shape.num_elements()
            output = reshape(tensor, (shape_of(tensor)[0], size))
            outputs.append(output)
            if cols_to_vars is not None:
                # The variables of a column are those of its scope, also where they were made before.
                scope = get_variable_scope().name
                cols_to_vars[column] = get_collection(GraphKeys.GLOBAL_VARIABLES, scope=scope)
            if cols_to_output_tensors is not None:
                cols_to_output_tensors[column] = output
    check_batch_sizes(outputs, columns)
    return concat(outputs, 1)


class InputLayer:
    """`input_layer` as an object: called again, it uses the variables it has made."""

    def __init__(
        self,
        feature_columns: Any,
        weight_collections: Any = None,
        trainable: bool = True,
        cols_to_vars: dict[Any, Any] | None = None,
        name: str = "feature_column_input_layer",
        create_scope_now: bool = True,
    ):
        self._arguments = feature_columns, weight_collections, trainable
        self._name = name
        self._template = make_template(name, self._call, create_scope_now_=create_scope_now)
        self._scope = self._template.variable_scope

    def _call(self, features: dict[str, Any]) -> Tensor:
        columns, collections, trainable = self._arguments
        return _joined(features, _dense(columns), with_variables(collections), trainable)

    def __call__(self, features: dict[str, Any]) -> Tensor:
        return self._template(features)

    name = property(lambda self: self._name)
    non_trainable_variables = property(lambda self: self._template.non_trainable_variables)
    non_trainable_weights = property(lambda self: self._template.non_trainable_weights)
    trainable_variables = property(lambda self: self._template.trainable_variables)
    trainable_weights = property(lambda self: self._template.trainable_weights)
    variables = property(lambda self: self._template.variables)
    weights = property(lambda self: self._template.weights)
