"""Deep networks and linear models side by side: `tf.estimator.DNNLinearCombinedClassifier` and its like.

Cheng et al., Wide & Deep Learning for Recommender Systems, 2016. https://arxiv.org/abs/1606.07792
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import control_dependencies, get_collection
from pyflow.estimator.canned import Canned
from pyflow.estimator.class_heads import _binary_logistic_or_multi_class_head
from pyflow.estimator.dnn import add_layer_summary, check_features, dnn_logit_fn_builder
from pyflow.estimator.linear import linear_logit_fn_builder
from pyflow.estimator.optimizers import get_optimizer_instance, rate_for
from pyflow.estimator.regression_heads import _regression_head
from pyflow.losses.weighted_loss import Reduction
from pyflow.ops.control_flow import group
from pyflow.ops.nn_relu import relu
from pyflow.ops.state import assign_add
from pyflow.ops.variable_partitions import min_max_variable_partitioner
from pyflow.ops.variable_scope import variable_scope
from pyflow.train.global_step import get_global_step
from pyflow.train.sync_replicas import SyncReplicasOptimizer

_DNN_LEARNING_RATE = 0.001
_LINEAR_LEARNING_RATE = 0.005


def _check_no_sync_replicas_optimizer(optimizer: Any) -> None:
    if isinstance(optimizer, SyncReplicasOptimizer):
        raise ValueError(
            "SyncReplicasOptimizer does not support multi optimizers case. Therefore, it is not supported in "
            "DNNLinearCombined model. If you want to use this optimizer, please use either DNN or Linear model."
        )


def _linear_learning_rate(num_linear_feature_columns: int) -> float:
    return rate_for(range(num_linear_feature_columns), _LINEAR_LEARNING_RATE)


def _validate_feature_columns(linear_feature_columns: Any, dnn_feature_columns: Any) -> list[Any]:
    columns = [*(linear_feature_columns or []), *(dnn_feature_columns or [])]
    if not columns:
        raise ValueError("Either linear_feature_columns or dnn_feature_columns must be defined.")
    return columns


def _dnn_linear_combined_model_fn(
    features: Any,
    labels: Any,
    mode: str,
    head: Any,
    linear_feature_columns: Any = None,
    linear_optimizer: Any = "Ftrl",
    dnn_feature_columns: Any = None,
    dnn_optimizer: Any = "Adagrad",
    dnn_hidden_units: Any = None,
    dnn_activation_fn: Callable = relu,
    dnn_dropout: float | None = None,
    input_layer_partitioner: Any = None,
    config: Any = None,
    batch_norm: bool = False,
    linear_sparse_combiner: str = "sum",
) -> Any:
    """The model function: the logits of both are added, and each has an optimiser of its own."""
    check_features(features)
    _validate_feature_columns(linear_feature_columns, dnn_feature_columns)
    values = tuple(features.values())
    parts = config.num_ps_replicas if config else 0
    input_layer_partitioner = input_layer_partitioner or min_max_variable_partitioner(
        max_partitions=parts, min_slice_size=64 << 20
    )
    logits: Any = None
    trained: list[tuple[Any, str]] = []  # optimisers, and the scope of what they train
    if dnn_feature_columns:
        optimizer = get_optimizer_instance(dnn_optimizer, learning_rate=_DNN_LEARNING_RATE)
        _check_no_sync_replicas_optimizer(optimizer)
        if not dnn_hidden_units:
            raise ValueError("dnn_hidden_units must be defined when dnn_feature_columns is specified.")
        partitioner = min_max_variable_partitioner(max_partitions=parts)
        with variable_scope("dnn", values=values, partitioner=partitioner) as scope:
            trained.append((optimizer, scope.name))
            dnn_logit_fn = dnn_logit_fn_builder(
                units=head.logits_dimension,
                hidden_units=dnn_hidden_units,
                feature_columns=dnn_feature_columns,
                activation_fn=dnn_activation_fn,
                dropout=dnn_dropout,
                batch_norm=batch_norm,
                input_layer_partitioner=input_layer_partitioner,
            )
            logits = dnn_logit_fn(features=features, mode=mode)
    if linear_feature_columns:
        rate = _linear_learning_rate(len(linear_feature_columns))
        optimizer = get_optimizer_instance(linear_optimizer, learning_rate=rate)
        _check_no_sync_replicas_optimizer(optimizer)
        with variable_scope("linear", values=values, partitioner=input_layer_partitioner) as scope:
            trained.append((optimizer, scope.name))
            logit_fn = linear_logit_fn_builder(
                units=head.logits_dimension,
                feature_columns=linear_feature_columns,
                sparse_combiner=linear_sparse_combiner,
            )
            linear_logits = logit_fn(features=features)
            add_layer_summary(linear_logits, scope.name)
        logits = linear_logits if logits is None else logits + linear_logits

    def _train_op_fn(loss: Any) -> Any:
        step = get_global_step()
        ops = [
            optimizer.minimize(loss, var_list=get_collection(GraphKeys.TRAINABLE_VARIABLES, scope=scope))
            for optimizer, scope in trained
        ]
        with control_dependencies([group(*ops)]):
            return assign_add(step, 1).op

    return head.create_estimator_spec(
        features=features, mode=mode, labels=labels, train_op_fn=_train_op_fn, logits=logits
    )


class _Combined(Canned):
    """An estimator of both models with a head."""

    _model = staticmethod(_dnn_linear_combined_model_fn)

    def _start(self, head: Any, model_dir: Any, config: Any, warm_start_from: Any = None, **options: Any) -> None:
        self._feature_columns = _validate_feature_columns(
            options["linear_feature_columns"], options["dnn_feature_columns"]
        )
        super()._start(head, model_dir, config, warm_start_from, **options)


@export("estimator.DNNLinearCombinedClassifier")
class DNNLinearCombinedClassifier(_Combined):
    """A linear model and a deep network that together classify.

    Args:
      model_dir, config, warm_start_from: as those of `Estimator`.
      linear_feature_columns, linear_optimizer, linear_sparse_combiner: of the linear model; see `LinearClassifier`.
      dnn_feature_columns, dnn_optimizer, dnn_hidden_units, dnn_activation_fn, dnn_dropout, batch_norm: of the deep
        network; see `DNNClassifier`.
      n_classes, weight_column, label_vocabulary, loss_reduction: of the head; see there.
      input_layer_partitioner: partitions the variables of columns.

    Raises:
      ValueError: there are no columns.
    """

    def __init__(
        self,
        model_dir: Any = None,
        linear_feature_columns: Any = None,
        linear_optimizer: Any = "Ftrl",
        dnn_feature_columns: Any = None,
        dnn_optimizer: Any = "Adagrad",
        dnn_hidden_units: Any = None,
        dnn_activation_fn: Callable = relu,
        dnn_dropout: float | None = None,
        n_classes: Any = 2,
        weight_column: Any = None,
        label_vocabulary: Any = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: Any = Reduction.SUM,
        batch_norm: bool = False,
        linear_sparse_combiner: str = "sum",
    ):
        self._start(
            _binary_logistic_or_multi_class_head(n_classes, weight_column, label_vocabulary, loss_reduction),
            model_dir,
            config,
            warm_start_from,
            linear_feature_columns=linear_feature_columns,
            linear_optimizer=linear_optimizer,
            dnn_feature_columns=dnn_feature_columns,
            dnn_optimizer=dnn_optimizer,
            dnn_hidden_units=dnn_hidden_units,
            dnn_activation_fn=dnn_activation_fn,
            dnn_dropout=dnn_dropout,
            input_layer_partitioner=input_layer_partitioner,
            batch_norm=batch_norm,
            linear_sparse_combiner=linear_sparse_combiner,
        )


@export("estimator.DNNLinearCombinedEstimator", "contrib.estimator.DNNLinearCombinedEstimator")
class DNNLinearCombinedEstimator(_Combined):
    """A linear model and a deep network with a head. Arguments as those of `DNNLinearCombinedClassifier`."""

    def __init__(
        self,
        head: Any,
        model_dir: Any = None,
        linear_feature_columns: Any = None,
        linear_optimizer: Any = "Ftrl",
        dnn_feature_columns: Any = None,
        dnn_optimizer: Any = "Adagrad",
        dnn_hidden_units: Any = None,
        dnn_activation_fn: Callable = relu,
        dnn_dropout: float | None = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        linear_sparse_combiner: str = "sum",
    ):
        self._start(
            head,
            model_dir,
            config,
            linear_feature_columns=linear_feature_columns,
            linear_optimizer=linear_optimizer,
            dnn_feature_columns=dnn_feature_columns,
            dnn_optimizer=dnn_optimizer,
            dnn_hidden_units=dnn_hidden_units,
            dnn_activation_fn=dnn_activation_fn,
            dnn_dropout=dnn_dropout,
            input_layer_partitioner=input_layer_partitioner,
            linear_sparse_combiner=linear_sparse_combiner,
        )


@export("estimator.DNNLinearCombinedRegressor")
class DNNLinearCombinedRegressor(_Combined):
    """A linear model and a deep network that together give `label_dimension` numbers.

    Arguments as those of `DNNLinearCombinedClassifier`.
    """

    def __init__(
        self,
        model_dir: Any = None,
        linear_feature_columns: Any = None,
        linear_optimizer: Any = "Ftrl",
        dnn_feature_columns: Any = None,
        dnn_optimizer: Any = "Adagrad",
        dnn_hidden_units: Any = None,
        dnn_activation_fn: Callable = relu,
        dnn_dropout: float | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: Any = Reduction.SUM,
        batch_norm: bool = False,
        linear_sparse_combiner: str = "sum",
    ):
        self._start(
            _regression_head(
                label_dimension=label_dimension, weight_column=weight_column, loss_reduction=loss_reduction
            ),
            model_dir,
            config,
            warm_start_from,
            linear_feature_columns=linear_feature_columns,
            linear_optimizer=linear_optimizer,
            dnn_feature_columns=dnn_feature_columns,
            dnn_optimizer=dnn_optimizer,
            dnn_hidden_units=dnn_hidden_units,
            dnn_activation_fn=dnn_activation_fn,
            dnn_dropout=dnn_dropout,
            input_layer_partitioner=input_layer_partitioner,
            batch_norm=batch_norm,
            linear_sparse_combiner=linear_sparse_combiner,
        )
