"""Layers of columns of the newer protocol: DenseFeatures, SequenceFeatures and LinearModel."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.core.dtypes import float32
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.feature_column.column import CategoricalColumn, DenseColumn, FeatureColumn, SequenceDenseColumn
from pyflow.feature_column.column_lists import by_name, check_batch_sizes, normalized
from pyflow.feature_column.linear_models import sum_of_ids, sum_of_numbers
from pyflow.feature_column.object_layer import ObjectLayer
from pyflow.feature_column.serialization import deserialize_feature_columns, serialize_feature_columns
from pyflow.feature_column.sources import FeatureTransformationCache
from pyflow.ops.array import reshape
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.bias import bias_add
from pyflow.ops.checks import assert_equal
from pyflow.ops.initializers import zeros_initializer
from pyflow.ops.math_sums import add_n
from pyflow.ops.variable_scope import _pure_variable_scope, get_variable


class StateManager:
    """Keeps the variables and tables of columns, by column and name."""

    def create_variable(
        self,
        feature_column: Any,
        name: str,
        shape: Any,
        dtype: Any = None,
        trainable: bool = True,
        use_resource: bool = True,
        initializer: Any = None,
    ) -> Any:
        """Makes a variable of the column."""
        raise NotImplementedError("StateManager.create_variable")

    def add_variable(self, feature_column: Any, var: Any) -> None:
        """Takes a variable that there is already."""
        raise NotImplementedError("StateManager.add_variable")

    def get_variable(self, feature_column: Any, name: str) -> Any:
        """The variable of that name."""
        raise NotImplementedError("StateManager.get_var")

    def add_resource(self, feature_column: Any, name: str, resource: Any) -> None:
        """Takes something else, as a table."""
        raise NotImplementedError("StateManager.add_resource")

    def get_resource(self, feature_column: Any, name: str) -> Any:
        """What was taken under that name."""
        raise NotImplementedError("StateManager.get_resource")


class _StateManagerImpl(StateManager):
    """The state of a layer: variables are made by the layer, through `tf.get_variable`."""

    def __init__(self, layer: Any, trainable: bool):
        self._trainable = trainable
        self._layer = layer
        if layer is not None and not hasattr(layer, "_resources"):
            layer._resources = []
        self._cols_to_vars_map: Any = collections.defaultdict(dict)
        self._cols_to_resources_map: Any = collections.defaultdict(dict)

    def create_variable(
        self,
        feature_column: Any,
        name: str,
        shape: Any,
        dtype: Any = None,
        trainable: bool = True,
        use_resource: bool = True,
        initializer: Any = None,
    ) -> Any:
        """Makes a variable of the column.

        Raises:
          ValueError: there is one of that name.
        """
        if name in self._cols_to_vars_map[feature_column]:
            raise ValueError("Variable already exists.")
        variable = self._cols_to_vars_map[feature_column][name] = self._layer.add_weight(
            name=name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            trainable=self._trainable and trainable,
            use_resource=use_resource,
            **self._how(),
        )
        return variable

    def _how(self) -> dict[str, Any]:
        return {"getter": get_variable}

    def get_variable(self, feature_column: Any, name: str) -> Any:
        """The variable of that name.

        Raises:
          ValueError: there is none.
        """
        if name in self._cols_to_vars_map[feature_column]:
            return self._cols_to_vars_map[feature_column][name]
        raise ValueError("Variable does not exist.")

    def add_resource(self, feature_column: Any, name: str, resource: Any) -> None:
        self._cols_to_resources_map[feature_column][name] = resource
        if self._layer is not None:
            self._layer._resources.append(resource)

    def get_resource(self, feature_column: Any, name: str) -> Any:
        """What was taken under that name.

        Raises:
          ValueError: nothing was.
        """
        if name in self._cols_to_resources_map[feature_column]:
            return self._cols_to_resources_map[feature_column][name]
        raise ValueError("Resource does not exist.")


class _StateManagerImplV2(_StateManagerImpl):
    """The state of a layer that makes variables outside of variable scopes."""

    def _how(self) -> dict[str, Any]:
        return {}


class _OfColumns(ObjectLayer):
    _feature_columns: list[Any]

    def get_config(self) -> dict[str, Any]:
        columns = serialize_feature_columns(self._feature_columns)
        return {**super().get_config(), "feature_columns": columns, **self._own_config()}

    def _own_config(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """The layer that `get_config` described."""
        columns = deserialize_feature_columns(config["feature_columns"], custom_objects=custom_objects)
        return cls(**{**config, "feature_columns": columns})


class _BaseFeaturesLayer(_OfColumns):
    """What `DenseFeatures` and `SequenceFeatures` have in common.

    Raises:
      ValueError: a column is not of the type expected.
    """

    _is_feature_layer = True

    def __init__(self, feature_columns: Any, expected_column_type: type, trainable: bool, name: Any, **kwargs: Any):
        super().__init__(name=name, trainable=trainable, **kwargs)
        self._feature_columns = by_name(normalized(feature_columns, FeatureColumn))
        self._state_manager = _StateManagerImpl(self, self.trainable)
        for column in self._feature_columns:
            if not isinstance(column, expected_column_type):
                raise ValueError(
                    f"Items of feature_columns must be a {expected_column_type}. You can wrap a categorical column "
                    f"with an embedding_column or indicator_column. Given: {column}"
                )

    def build(self, _: Any) -> None:
        for column in self._feature_columns:
            with _pure_variable_scope(self.name), _pure_variable_scope(column.name):
                column.create_state(self._state_manager)
        super().build(None)

    def _target_shape(self, input_shape: Any, num_elements: Any) -> Any:
        raise NotImplementedError("Calling an abstract method.")

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self._target_shape(input_shape, sum(c.variable_shape.num_elements() for c in self._feature_columns))

    def _process_dense_tensor(self, column: Any, tensor: Tensor) -> Tensor:
        return reshape(tensor, self._target_shape(shape_of(tensor), column.variable_shape.num_elements()))

    def _verify_and_concat_tensors(self, outputs: list[Tensor]) -> Tensor:
        check_batch_sizes(outputs, self._feature_columns)
        return concat(outputs, -1)


def _check_features(features: Any) -> None:
    if not isinstance(features, dict):
        raise ValueError("We expected a dictionary here. Instead we got: ", features)


class DenseFeatures(_BaseFeaturesLayer):
    """What dense columns make of a dict of features, side by side in the order of the columns' names.

    Gives [batch, sum of the columns' sizes], float32.

    Args:
      feature_columns: of `DenseColumn`s.
      trainable: whether the variables of embeddings are.
    """

    def __init__(self, feature_columns: Any, trainable: bool = True, name: str | None = None, **kwargs: Any):
        super().__init__(feature_columns, DenseColumn, trainable, name, **kwargs)

    def _target_shape(self, input_shape: Any, num_elements: Any) -> Any:
        return (input_shape[0], num_elements)

    def call(self, features: Any, cols_to_output_tensors: dict[Any, Any] | None = None) -> Tensor:  # type: ignore[override]
        _check_features(features)
        cache = FeatureTransformationCache(features)
        outputs = []
        for column in self._feature_columns:
            with name_scope(column.name):
                tensor = self._process_dense_tensor(column, column.get_dense_tensor(cache, self._state_manager))
                if cols_to_output_tensors is not None:
                    cols_to_output_tensors[column] = tensor
                outputs.append(tensor)
        return self._verify_and_concat_tensors(outputs)


class SequenceFeatures(_BaseFeaturesLayer):
    """What columns of sequences make of a dict of features, side by side; and the lengths of the sequences.

    Gives [batch, steps, sum of the columns' sizes] float32 and [batch] int64; the columns' lengths have to be equal.

    Args:
      feature_columns: of `SequenceDenseColumn`s.
      trainable: whether the variables of embeddings are.
    """

    def __init__(self, feature_columns: Any, trainable: bool = True, name: str | None = None, **kwargs: Any):
        super().__init__(feature_columns, SequenceDenseColumn, trainable, name, **kwargs)

    def _target_shape(self, input_shape: Any, num_elements: Any) -> Any:
        return (input_shape[0], input_shape[1], num_elements)

    def call(self, features: Any) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        _check_features(features)
        cache = FeatureTransformationCache(features)
        outputs, lengths = [], []
        for column in self._feature_columns:
            with name_scope(column.name):
                dense, length = column.get_sequence_dense_tensor(cache, self._state_manager)
                outputs.append(self._process_dense_tensor(column, dense))
                lengths.append(length)
        check_batch_sizes(lengths, self._feature_columns)
        length = equal_lengths(lengths)
        return self._verify_and_concat_tensors(outputs), length


def equal_lengths(lengths: list[Tensor]) -> Tensor:
    """The first, with a check that the others are equal to it."""
    with name_scope(None, "assert_all_equal", values=lengths):
        if len(lengths) == 1:
            return lengths[0]
        with control_dependencies([assert_equal(lengths[0], other) for other in lengths[1:]]):
            return identity(lengths[0])


class _LinearModelLayer(_OfColumns):
    """The weights of the columns, and the bias."""

    bias: Any = None

    def __init__(
        self,
        feature_columns: Any,
        units: int = 1,
        sparse_combiner: str = "sum",
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, trainable=trainable, **kwargs)
        self._feature_columns = by_name(normalized(feature_columns, FeatureColumn))
        for column in self._feature_columns:
            if not isinstance(column, (DenseColumn, CategoricalColumn)):
                raise ValueError(
                    f"Items of feature_columns must be either a DenseColumn or CategoricalColumn. Given: {column}"
                )
        self._units, self._sparse_combiner = units, sparse_combiner
        self._state_manager = _StateManagerImpl(self, self.trainable)

    def build(self, _: Any) -> None:
        with _pure_variable_scope(self.name):
            for column in self._feature_columns:
                with _pure_variable_scope(column.name):
                    column.create_state(self._state_manager)
                    categorical = isinstance(column, CategoricalColumn)
                    rows = column.num_buckets if categorical else column.variable_shape.num_elements()
                    self._state_manager.create_variable(
                        column,
                        name="weights",
                        dtype=float32,
                        shape=(rows, self._units),
                        initializer=zeros_initializer(),
                        trainable=self.trainable,
                    )
            self.bias = self.add_weight(
                name="bias_weights",
                dtype=float32,
                shape=[self._units],
                initializer=zeros_initializer(),
                trainable=self.trainable,
                use_resource=True,
                getter=get_variable,
            )
        super().build(None)

    def call(self, features: Any) -> Tensor:  # type: ignore[override]
        if not isinstance(features, dict):
            raise ValueError(f"We expected a dictionary here. Instead we got: {features}")
        state = self._state_manager
        with name_scope(self.name):
            cache = FeatureTransformationCache(features)
            sums = []
            for column in self._feature_columns:
                with name_scope(column.name):
                    weights = state.get_variable(column, "weights")
                    if isinstance(column, CategoricalColumn):
                        pair = column.get_sparse_tensors(cache, state)
                        sums.append(sum_of_ids(pair, weights, self._sparse_combiner))
                    else:
                        tensor = column.get_dense_tensor(cache, state)
                        sums.append(sum_of_numbers(tensor, column.variable_shape.num_elements(), weights))
            check_batch_sizes(sums, self._feature_columns)
            total = add_n(sums, name="weighted_sum_no_bias")
            return bias_add(total, self.bias, name="weighted_sum")

    def _own_config(self) -> dict[str, Any]:
        return {"units": self._units, "sparse_combiner": self._sparse_combiner}


class LinearModel(ObjectLayer):
    """The sum of columns of the newer protocol times their weights, and a bias; see `linear_model`.

    Args:
      feature_columns: of `DenseColumn`s and `CategoricalColumn`s.
    """

    def __init__(
        self,
        feature_columns: Any,
        units: int = 1,
        sparse_combiner: str = "sum",
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.layer = _LinearModelLayer(feature_columns, units, sparse_combiner, trainable, name=self.name, **kwargs)
        self._layers.append(self.layer)

    def call(self, features: Any) -> Tensor:  # type: ignore[override]
        return self.layer(features)

    @property
    def bias(self) -> Any:
        """The variable of the bias; None until the model is called."""
        return self.layer.bias
