"""Models that ignore their features: `tf.estimator.BaselineClassifier` and its like, to compare others with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.scopes import control_dependencies
from pyflow.estimator.canned import Canned
from pyflow.estimator.class_heads import _binary_logistic_or_multi_class_head
from pyflow.estimator.optimizers import get_optimizer_instance
from pyflow.estimator.regression_heads import _regression_head
from pyflow.feature_column.numeric_columns import NumericColumn
from pyflow.losses.weighted_loss import Reduction
from pyflow.ops.array_filling import ones
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.checks import assert_equal
from pyflow.ops.initializers import zeros_initializer
from pyflow.ops.math_binary import multiply
from pyflow.ops.variable_scope import get_variable, variable_scope
from pyflow.train.global_step import get_global_step

_LEARNING_RATE = 0.3


def _get_weight_column_key(weight_column: Any) -> str | None:
    if weight_column is None or isinstance(weight_column, str):
        return weight_column
    if not isinstance(weight_column, NumericColumn):
        raise TypeError(f"Weight column must be either a string or _NumericColumn. Given type: {type(weight_column)}.")
    return weight_column.key  # type: ignore[attr-defined]


def _baseline_logit_fn_builder(num_outputs: int, weight_column: Any = None) -> Callable:
    """A function of features that gives a bias for each example."""

    def baseline_logit_fn(features: Any) -> Any:
        weights = _get_weight_column_key(weight_column)
        sizes = [shape_of(feature)[0] for key, feature in features.items() if key != weights]
        with control_dependencies([assert_equal(sizes[0], size) for size in sizes[1:]]), variable_scope("baseline"):
            bias = get_variable("bias", shape=[num_outputs], initializer=zeros_initializer)
            return multiply(bias, ones([sizes[0], num_outputs]))

    return baseline_logit_fn


def _baseline_model_fn(
    features: Any,
    labels: Any,
    mode: str,
    head: Any,
    optimizer: Any,
    weight_column: Any = None,
    config: Any = None,
) -> Any:
    """The model function of baselines."""
    logits = _baseline_logit_fn_builder(head.logits_dimension, weight_column)(features)

    def train_op_fn(loss: Any) -> Any:
        return get_optimizer_instance(optimizer, learning_rate=_LEARNING_RATE).minimize(
            loss, global_step=get_global_step()
        )

    return head.create_estimator_spec(
        features=features, mode=mode, logits=logits, labels=labels, train_op_fn=train_op_fn
    )


class _Baseline(Canned):
    """An estimator of a bias with a head."""

    _model = staticmethod(_baseline_model_fn)


@export("estimator.BaselineClassifier")
class BaselineClassifier(_Baseline):
    """Learns how frequent the classes are. Arguments as those of `LinearClassifier`."""

    def __init__(
        self,
        model_dir: Any = None,
        n_classes: Any = 2,
        weight_column: Any = None,
        label_vocabulary: Any = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        loss_reduction: Any = Reduction.SUM,
    ):
        head = _binary_logistic_or_multi_class_head(n_classes, weight_column, label_vocabulary, loss_reduction)
        self._start(head, model_dir, config, optimizer=optimizer, weight_column=weight_column)


@export("estimator.BaselineEstimator", "contrib.estimator.BaselineEstimator")
class BaselineEstimator(_Baseline):
    """Learns a bias for a head. Arguments as those of `LinearEstimator`."""

    def __init__(self, head: Any, model_dir: Any = None, optimizer: Any = "Ftrl", config: Any = None):
        self._start(head, model_dir, config, optimizer=optimizer)


@export("estimator.BaselineRegressor")
class BaselineRegressor(_Baseline):
    """Learns the mean of the labels. Arguments as those of `LinearRegressor`."""

    def __init__(
        self,
        model_dir: Any = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        loss_reduction: Any = Reduction.SUM,
    ):
        head = _regression_head(
            label_dimension=label_dimension, weight_column=weight_column, loss_reduction=loss_reduction
        )
        self._start(head, model_dir, config, optimizer=optimizer)
