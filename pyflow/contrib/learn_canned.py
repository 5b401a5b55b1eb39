"""Canned models of tf.contrib.learn: linear ones and deep networks.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/contrib/learn/DNNClassifier
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow import autodiff
from pyflow.contrib.column_base import _FeatureColumn
from pyflow.contrib.column_inputs import input_from_feature_columns, weighted_sum_from_feature_columns
from pyflow.contrib.dense_layers import fully_connected
from pyflow.contrib.learn_datasets import ModeKeys
from pyflow.contrib.learn_heads import RegressionHead, classification_head
from pyflow.contrib.learn_models import Estimator
from pyflow.contrib.optimize_loss import optimize_loss
from pyflow.contrib.plain_layers import dropout as dropout_layer
from pyflow.core.api import export
from pyflow.core.scopes import get_collection
from pyflow.estimator.dnn import add_layer_summary
from pyflow.estimator.optimizers import rate_for
from pyflow.feature_column.input_layers import input_layer
from pyflow.feature_column.linear_models import linear_model
from pyflow.ops.clip import clip_by_global_norm
from pyflow.ops.nn_relu import relu
from pyflow.ops.variable_partitions import min_max_variable_partitioner
from pyflow.ops.variable_scope import variable_scope
from pyflow.train.adagrad import FtrlOptimizer
from pyflow.train.global_step import get_global_step


def _by_name(features: Any) -> dict[str, Any]:
    return features if isinstance(features, dict) else {"": features}


def _are_of_layers(columns: Any) -> bool:
    return all(isinstance(column, _FeatureColumn) for column in columns)


def _linear_model_fn(features: Any, labels: Any, mode: str, params: dict[str, Any], config: Any) -> Any:
    head, columns = params["head"], params["feature_columns"]
    features = _by_name(features)
    partitioner = min_max_variable_partitioner(config.num_ps_replicas, min_slice_size=64 << 20)
    with variable_scope("linear", values=tuple(features.values()), partitioner=partitioner) as scope:
        if _are_of_layers(columns):
            logits, _, _ = weighted_sum_from_feature_columns(
                features, columns, head.logits_dimension, weight_collections=["linear"], scope=scope
            )
        else:
            logits = linear_model(features, columns, units=head.logits_dimension, weight_collections=["linear"])

        def train_op_fn(loss: Any) -> Any:
            variables = get_collection("linear")
            gradients = autodiff.gradients(loss, variables)
            if params["gradient_clip_norm"]:
                gradients, _ = clip_by_global_norm(gradients, params["gradient_clip_norm"])
            optimizer: Any = params["optimizer"] or FtrlOptimizer(learning_rate=rate_for(columns, 0.2))
            optimizer = optimizer() if callable(optimizer) else optimizer
            return optimizer.apply_gradients(zip(gradients, variables), global_step=get_global_step())

        return head.create_model_fn_ops(features, mode, labels, train_op_fn, logits)


def _dnn_model_fn(features: Any, labels: Any, mode: str, params: dict[str, Any], config: Any) -> Any:
    head, columns = params["head"], params["feature_columns"]
    features = _by_name(features)
    values, parts = tuple(features.values()), config.num_ps_replicas
    with variable_scope("dnn", values=values, partitioner=min_max_variable_partitioner(parts)):
        partitioner = min_max_variable_partitioner(parts, min_slice_size=64 << 20)
        with variable_scope("input_from_feature_columns", values=values, partitioner=partitioner) as scope:
            if _are_of_layers(columns):
                net = input_from_feature_columns(features, columns, weight_collections=["dnn"], scope=scope)
            else:
                net = input_layer(features, columns, weight_collections=["dnn"])
        for number, size in enumerate(params["hidden_units"]):
            with variable_scope(f"hiddenlayer_{number}", values=(net,)) as scope:
                net = fully_connected(
                    net, size, activation_fn=params["activation_fn"], variables_collections=["dnn"], scope=scope
                )
                if params["dropout"] is not None and mode == ModeKeys.TRAIN:
                    net = dropout_layer(net, keep_prob=1.0 - params["dropout"])
            add_layer_summary(net, scope.name)
        with variable_scope("logits", values=(net,)) as scope:
            logits = fully_connected(
                net, head.logits_dimension, activation_fn=None, variables_collections=["dnn"], scope=scope
            )
        add_layer_summary(logits, scope.name)

        def train_op_fn(loss: Any) -> Any:
            optimizer = params["optimizer"] or "Adagrad"
            return optimize_loss(
                loss=loss,
                global_step=get_global_step(),
                learning_rate=0.05,
                optimizer=optimizer() if callable(optimizer) else optimizer,
                clip_gradients=params["gradient_clip_norm"],
                name="dnn",
                summaries=[],
            )

        return head.create_model_fn_ops(features, mode, labels, train_op_fn, logits)


class _Canned(Estimator):
    """A canned model; `predict` gives one of its predictions unless others are asked for."""

    _prediction = ""

    def _start(
        self, model_fn: Callable, model_dir: Any, config: Any, feature_engineering_fn: Any, params: dict[str, Any]
    ) -> None:
        params["feature_columns"] = tuple(params["feature_columns"] or ())
        Estimator.__init__(self, model_fn, model_dir, config, params, feature_engineering_fn)

    def predict(
        self,
        x: Any = None,
        input_fn: Callable | None = None,
        batch_size: int | None = None,
        outputs: Any = None,
        as_iterable: bool = True,
        iterate_batches: bool = False,
    ) -> Any:
        """The predictions: by default classes, or numbers; see `BaseEstimator.predict`."""
        wanted = outputs or [self._prediction]
        given = super().predict(x, input_fn, batch_size, wanted, as_iterable, iterate_batches)
        if outputs:
            return given
        if as_iterable:
            return (each[self._prediction] for each in given)
        return given[self._prediction]

    def predict_proba(
        self, x: Any = None, input_fn: Callable | None = None, batch_size: int | None = None, as_iterable: bool = True
    ) -> Any:
        """The probabilities of the classes."""
        given = super().predict(x, input_fn, batch_size, ["probabilities"], as_iterable)
        return (each["probabilities"] for each in given) if as_iterable else given["probabilities"]


class _Classifier(_Canned):
    _prediction = "classes"
    predict_classes = _Canned.predict


class _Regressor(_Canned):
    _prediction = "scores"
    predict_scores = _Canned.predict


def _check_unsupported(**arguments: Any) -> None:
    for name, value in arguments.items():
        if value:
            raise NotImplementedError(f"{name} of the canned models of tf.contrib.learn")


@export("contrib.learn.LinearClassifier")
class LinearClassifier(_Classifier):
    """A linear model that classifies.

    Args:
      feature_columns: of `tf.contrib.layers.real_valued_column`, or of tf.feature_column.
      model_dir, config, feature_engineering_fn: as those of `Estimator`.
      n_classes: how many classes.
      weight_column_name: the key of the examples' weights.
      optimizer: the optimiser; by default Ftrl.
      gradient_clip_norm: what the gradients' norm is cut to.

    Raises:
      ValueError: there are less than 2 classes.
    """

    def __init__(
        self,
        feature_columns: Any,
        model_dir: Any = None,
        n_classes: int = 2,
        weight_column_name: str | None = None,
        optimizer: Any = None,
        gradient_clip_norm: float | None = None,
        enable_centered_bias: bool = False,
        _joint_weight: bool = False,
        config: Any = None,
        feature_engineering_fn: Any = None,
        label_keys: Any = None,
    ):
        _check_unsupported(
            enable_centered_bias=enable_centered_bias, _joint_weight=_joint_weight, label_keys=label_keys
        )
        params = {"head": classification_head(n_classes, weight_column_name), "feature_columns": feature_columns}
        params.update(optimizer=optimizer, gradient_clip_norm=gradient_clip_norm)
        self._start(_linear_model_fn, model_dir, config, feature_engineering_fn, params)


@export("contrib.learn.LinearRegressor")
class LinearRegressor(_Regressor):
    """A linear model that gives `label_dimension` numbers. Arguments as those of `LinearClassifier`."""

    def __init__(
        self,
        feature_columns: Any,
        model_dir: Any = None,
        weight_column_name: str | None = None,
        optimizer: Any = None,
        gradient_clip_norm: float | None = None,
        enable_centered_bias: bool = False,
        label_dimension: int = 1,
        _joint_weights: bool = False,
        config: Any = None,
        feature_engineering_fn: Any = None,
    ):
        _check_unsupported(enable_centered_bias=enable_centered_bias, _joint_weights=_joint_weights)
        params = {"head": RegressionHead(label_dimension, weight_column_name), "feature_columns": feature_columns}
        params.update(optimizer=optimizer, gradient_clip_norm=gradient_clip_norm)
        self._start(_linear_model_fn, model_dir, config, feature_engineering_fn, params)


@export("contrib.learn.DNNClassifier")
class DNNClassifier(_Classifier):
    """A deep network that classifies.

    Args:
      hidden_units: the sizes of the hidden layers.
      activation_fn: their activation.
      dropout: the share of hidden units that are dropped in training; None for none.
      others: as those of `LinearClassifier`; the optimiser by default is Adagrad.
    """

    def __init__(
        self,
        hidden_units: Any,
        feature_columns: Any,
        model_dir: Any = None,
        n_classes: int = 2,
        weight_column_name: str | None = None,
        optimizer: Any = None,
        activation_fn: Callable | None = relu,
        dropout: float | None = None,
        gradient_clip_norm: float | None = None,
        enable_centered_bias: bool = False,
        config: Any = None,
        feature_engineering_fn: Any = None,
        embedding_lr_multipliers: Any = None,
        input_layer_min_slice_size: int | None = None,
        label_keys: Any = None,
    ):
        _check_unsupported(
            enable_centered_bias=enable_centered_bias,
            embedding_lr_multipliers=embedding_lr_multipliers,
            label_keys=label_keys,
        )
        params = {"head": classification_head(n_classes, weight_column_name), "feature_columns": feature_columns}
        params.update(hidden_units=hidden_units, activation_fn=activation_fn, dropout=dropout)
        params.update(optimizer=optimizer, gradient_clip_norm=gradient_clip_norm)
        self._start(_dnn_model_fn, model_dir, config, feature_engineering_fn, params)


@export("contrib.learn.DNNRegressor")
class DNNRegressor(_Regressor):
    """A deep network that gives `label_dimension` numbers. Arguments as those of `DNNClassifier`."""

    def __init__(
        self,
        hidden_units: Any,
        feature_columns: Any,
        model_dir: Any = None,
        weight_column_name: str | None = None,
        optimizer: Any = None,
        activation_fn: Callable | None = relu,
        dropout: float | None = None,
        gradient_clip_norm: float | None = None,
        enable_centered_bias: bool = False,
        config: Any = None,
        feature_engineering_fn: Any = None,
        label_dimension: int = 1,
        embedding_lr_multipliers: Any = None,
        input_layer_min_slice_size: int | None = None,
    ):
        _check_unsupported(enable_centered_bias=enable_centered_bias, embedding_lr_multipliers=embedding_lr_multipliers)
        params = {"head": RegressionHead(label_dimension, weight_column_name), "feature_columns": feature_columns}
        params.update(hidden_units=hidden_units, activation_fn=activation_fn, dropout=dropout)
        params.update(optimizer=optimizer, gradient_clip_norm=gradient_clip_norm)
        self._start(_dnn_model_fn, model_dir, config, feature_engineering_fn, params)
