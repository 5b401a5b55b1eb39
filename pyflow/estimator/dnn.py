"""Deep networks as canned estimators: `tf.estimator.DNNClassifier`, `DNNRegressor`, `DNNEstimator`.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/DNNClassifier
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.estimator.canned import Canned
from pyflow.estimator.class_heads import _binary_logistic_or_multi_class_head
from pyflow.estimator.mode_keys import ModeKeys
from pyflow.estimator.optimizers import get_optimizer_instance
from pyflow.estimator.regression_heads import _regression_head
from pyflow.feature_column.column import is_feature_column_v2
from pyflow.feature_column.dense_features import DenseFeatures
from pyflow.feature_column.input_layers import InputLayer
from pyflow.feature_column.object_layer import ObjectLayer
from pyflow.layers.batch_normalization import BatchNormalization
from pyflow.layers.dense_layer import Dense
from pyflow.layers.plain_layers import Dropout
from pyflow.losses.weighted_loss import Reduction
from pyflow.ops.initializers import glorot_uniform_initializer
from pyflow.ops.nn_normalization import zero_fraction
from pyflow.ops.nn_relu import relu
from pyflow.ops.variable_partitions import min_max_variable_partitioner
from pyflow.ops.variable_scope import variable_scope
from pyflow.summary.functions import histogram, scalar

_LEARNING_RATE = 0.05


def add_layer_summary(value: Any, tag: str) -> None:
    """Summaries of a layer's output: how much is zero, and a histogram."""
    scalar(f"{tag}/fraction_of_zero_values", zero_fraction(value))
    histogram(f"{tag}/activation", value)


def check_features(features: Any) -> None:
    """Raises ValueError unless features are a dict."""
    if not isinstance(features, dict):
        raise ValueError(f"features should be a dictionary of `Tensor`s. Given type: {type(features)}")


@export("estimator.experimental.dnn_logit_fn_builder", "contrib.estimator.dnn_logit_fn_builder")
def dnn_logit_fn_builder(
    units: int,
    hidden_units: Any,
    feature_columns: Any,
    activation_fn: Callable,
    dropout: float | None,
    input_layer_partitioner: Any,
    batch_norm: bool,
) -> Callable:
    """A function of features and mode that gives the logits of a deep network.

    Args:
      units: how many logits.
      hidden_units: the sizes of the hidden layers.
      feature_columns: dense feature columns.
      activation_fn: the hidden layers' activation.
      dropout: the share of hidden units that are dropped in training; None for none.
      input_layer_partitioner: partitions the variables of columns.
      batch_norm: whether each hidden layer is normalized.

    Raises:
      ValueError: `units` is no int.
    """
    if not isinstance(units, int):
        raise ValueError(f"units must be an int.  Given type: {type(units)}")

    def dnn_logit_fn(features: Any, mode: str) -> Any:
        model = _DNNModel(
            units,
            hidden_units,
            feature_columns,
            activation_fn,
            dropout,
            input_layer_partitioner,
            batch_norm,
            name="dnn",
        )
        return model(features, mode)

    return dnn_logit_fn


def _get_previous_name_scope() -> str:
    """The name scope around the current one."""
    return get_default_graph()._name_stack.rsplit("/", 1)[0] + "/"


class _DNNModel(ObjectLayer):
    """The layers of a deep network."""

    def __init__(
        self,
        units: int,
        hidden_units: Any,
        feature_columns: Any,
        activation_fn: Callable,
        dropout: float | None,
        input_layer_partitioner: Any,
        batch_norm: bool,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        if is_feature_column_v2(feature_columns):
            self._input_layer: Any = DenseFeatures(feature_columns=feature_columns, name="input_layer")
        else:
            self._input_layer = InputLayer(feature_columns=feature_columns, name="input_layer", create_scope_now=False)
        self._dropout, self._batch_norm = dropout, batch_norm
        self._hidden_layers: list[Any] = []
        self._dropout_layers: list[Any] = []
        self._batch_norm_layers: list[Any] = []
        self._hidden_layer_scope_names: list[str] = []
        for number, size in enumerate(hidden_units):
            with variable_scope(f"hiddenlayer_{number}") as scope:
                self._hidden_layer_scope_names.append(scope.name)
                self._hidden_layers.append(_dense(size, activation_fn, scope))
                if dropout is not None:
                    self._dropout_layers.append(Dropout(rate=dropout))
                if batch_norm:
                    label = f"batchnorm_{number}"
                    self._batch_norm_layers.append(
                        BatchNormalization(momentum=0.999, trainable=True, name=label, _scope=label)
                    )
        with variable_scope("logits") as scope:
            self._logits_layer = _dense(units, None, scope)
            self._logits_scope_name = scope.name
        self._input_layer_partitioner = input_layer_partitioner
        for layer in (*self._hidden_layers, *self._dropout_layers, *self._batch_norm_layers, self._logits_layer):
            layer._use_resource_variables = True  # as of all layers within a model

    def call(self, features: Any, mode: str) -> Any:  # type: ignore[override]
        is_training = mode == ModeKeys.TRAIN
        # Nodes lie in the scope around the model, not in one of its own.
        with name_scope(_get_previous_name_scope()):
            with variable_scope("input_from_feature_columns", partitioner=self._input_layer_partitioner):
                net = self._input_layer(features)
            for number, layer in enumerate(self._hidden_layers):
                net = layer(net)
                if self._dropout is not None and is_training:
                    net = self._dropout_layers[number](net, training=True)
                if self._batch_norm:
                    net = self._batch_norm_layers[number](net, training=is_training)
                add_layer_summary(net, self._hidden_layer_scope_names[number])
            logits = self._logits_layer(net)
            add_layer_summary(logits, self._logits_scope_name)
            return logits


def _dense(units: int, activation: Any, scope: Any) -> Dense:
    return Dense(
        units=units,
        activation=activation,
        kernel_initializer=glorot_uniform_initializer(),
        name=scope.name,
        _scope=scope,
    )


def _dnn_model_fn(
    features: Any,
    labels: Any,
    mode: str,
    head: Any,
    hidden_units: Any,
    feature_columns: Any,
    optimizer: Any = "Adagrad",
    activation_fn: Callable = relu,
    dropout: float | None = None,
    input_layer_partitioner: Any = None,
    config: Any = None,
    use_tpu: bool = False,
    batch_norm: bool = False,
) -> Any:
    """The model function of deep networks."""
    optimizer = get_optimizer_instance(optimizer, learning_rate=_LEARNING_RATE)
    check_features(features)
    parts = config.num_ps_replicas if config else 0
    partitioner = None if use_tpu else min_max_variable_partitioner(max_partitions=parts)
    with variable_scope("dnn", values=tuple(features.values()), partitioner=partitioner):
        if not input_layer_partitioner and not use_tpu:
            input_layer_partitioner = min_max_variable_partitioner(max_partitions=parts, min_slice_size=64 << 20)
        logit_fn = dnn_logit_fn_builder(
            units=head.logits_dimension,
            hidden_units=hidden_units,
            feature_columns=feature_columns,
            activation_fn=activation_fn,
            dropout=dropout,
            input_layer_partitioner=input_layer_partitioner,
            batch_norm=batch_norm,
        )
        logits = logit_fn(features=features, mode=mode)
        make = head._create_tpu_estimator_spec if use_tpu else head.create_estimator_spec
        return make(features=features, mode=mode, labels=labels, optimizer=optimizer, logits=logits)


class _DNN(Canned):
    """An estimator of a deep network with a head."""

    _model = staticmethod(_dnn_model_fn)


@export("estimator.DNNClassifier")
class DNNClassifier(_DNN):
    """A deep network that classifies.

    Args:
      hidden_units: the sizes of the hidden layers.
      feature_columns: dense feature columns.
      model_dir, config, warm_start_from: as those of `Estimator`.
      n_classes: how many classes.
      weight_column: a key of the features, or a numeric column, of the examples' weights.
      label_vocabulary: the names of the classes, if labels are strings.
      optimizer: the optimiser's name, the optimiser, or a function that makes it.
      activation_fn: the hidden layers' activation.
      dropout: the share of hidden units that are dropped in training; None for none.
      input_layer_partitioner: partitions the variables of columns.
      loss_reduction: how the loss of a batch is made of those of its examples.
      batch_norm: whether each hidden layer is normalized.

    Raises:
      ValueError, TypeError: the head cannot be like that.
    """

    def __init__(
        self,
        hidden_units: Any,
        feature_columns: Any,
        model_dir: Any = None,
        n_classes: Any = 2,
        weight_column: Any = None,
        label_vocabulary: Any = None,
        optimizer: Any = "Adagrad",
        activation_fn: Callable = relu,
        dropout: float | None = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: Any = Reduction.SUM,
        batch_norm: bool = False,
    ):
        self._start(
            _binary_logistic_or_multi_class_head(n_classes, weight_column, label_vocabulary, loss_reduction),
            model_dir,
            config,
            warm_start_from,
            feature_columns=tuple(feature_columns or []),
            hidden_units=hidden_units,
            optimizer=optimizer,
            activation_fn=activation_fn,
            dropout=dropout,
            input_layer_partitioner=input_layer_partitioner,
            batch_norm=batch_norm,
        )


@export("estimator.DNNEstimator", "contrib.estimator.DNNEstimator")
class DNNEstimator(_DNN):
    """A deep network with a head. Arguments as those of `DNNClassifier`."""

    def __init__(
        self,
        head: Any,
        hidden_units: Any,
        feature_columns: Any,
        model_dir: Any = None,
        optimizer: Any = "Adagrad",
        activation_fn: Callable = relu,
        dropout: float | None = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        batch_norm: bool = False,
    ):
        self._start(
            head,
            model_dir,
            config,
            warm_start_from,
            feature_columns=tuple(feature_columns or []),
            hidden_units=hidden_units,
            optimizer=optimizer,
            activation_fn=activation_fn,
            dropout=dropout,
            input_layer_partitioner=input_layer_partitioner,
            batch_norm=batch_norm,
        )


@export("estimator.DNNRegressor")
class DNNRegressor(_DNN):
    """A deep network that gives `label_dimension` numbers. Arguments as those of `DNNClassifier`."""

    def __init__(
        self,
        hidden_units: Any,
        feature_columns: Any,
        model_dir: Any = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Any = "Adagrad",
        activation_fn: Callable = relu,
        dropout: float | None = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: Any = Reduction.SUM,
        batch_norm: bool = False,
    ):
        self._start(
            _regression_head(
                label_dimension=label_dimension, weight_column=weight_column, loss_reduction=loss_reduction
            ),
            model_dir,
            config,
            warm_start_from,
            feature_columns=tuple(feature_columns or []),
            hidden_units=hidden_units,
            optimizer=optimizer,
            activation_fn=activation_fn,
            dropout=dropout,
            input_layer_partitioner=input_layer_partitioner,
            batch_norm=batch_norm,
        )
