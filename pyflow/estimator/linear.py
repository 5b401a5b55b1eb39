"""Linear models as canned estimators: `tf.estimator.LinearClassifier`, `LinearRegressor`, `LinearEstimator`.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/LinearClassifier
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core import dtypes, nest
from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.estimator.canned import Canned
from pyflow.estimator.class_heads import _binary_logistic_or_multi_class_head
from pyflow.estimator.dnn import check_features
from pyflow.estimator.optimizers import get_optimizer_instance, rate_for
from pyflow.estimator.regression_heads import _regression_head
from pyflow.feature_column.column import is_feature_column_v2
from pyflow.feature_column.dense_features import LinearModel
from pyflow.feature_column.linear_models import _LinearModel
from pyflow.losses.weighted_loss import Reduction
from pyflow.ops.array_identity import identity
from pyflow.ops.array_shape import size as size_of
from pyflow.ops.cast import cast, to_float
from pyflow.ops.comparison import equal
from pyflow.ops.cond import cond
from pyflow.ops.constant import constant
from pyflow.ops.math_sums import add_n
from pyflow.ops.nn_normalization import zero_fraction
from pyflow.ops.resource_variable import is_resource_variable
from pyflow.ops.variable_partitions import min_max_variable_partitioner
from pyflow.ops.variable_scope import variable_scope
from pyflow.ops.variables import Variable
from pyflow.summary.functions import histogram, scalar
from pyflow.train.adagrad import FtrlOptimizer

_LEARNING_RATE = 0.2


def _get_default_optimizer(feature_columns: Any) -> FtrlOptimizer:
    return FtrlOptimizer(learning_rate=rate_for(feature_columns, _LEARNING_RATE))


def _get_expanded_variable_list(var_list: Any) -> list[Any]:
    """The variables, partitioned ones part by part."""
    expanded: list[Any] = []
    for variable in var_list:
        if isinstance(variable, (Variable, Tensor)) or is_resource_variable(variable):
            expanded.append(variable)
        else:
            expanded.extend(variable)
    return expanded


def _compute_fraction_of_zero(variables: Any) -> Any:
    """How much of variables is zero."""
    with name_scope("zero_fraction"):
        variables = nest.flatten(variables)
        with name_scope("total_size"):
            sizes = [size_of(variable, out_type=dtypes.int64) for variable in variables]
            total = add_n(sizes)
        with name_scope("total_zero"):
            zeros = add_n([_count_zeros(variable, size) for variable, size in zip(variables, sizes)])
        with name_scope("compute"):
            fraction = zeros / cast(total, dtype=dtypes.float32, name="float32_size")
        return identity(fraction, name="zero_fraction_or_nan")


def _count_zeros(variable: Any, size: Any) -> Any:
    return cond(
        equal(size, constant(0, dtype=dtypes.int64)),
        true_fn=lambda: constant(0, dtype=dtypes.float32),
        false_fn=lambda: zero_fraction(variable) * to_float(size),
        name="zero_count",
    )


@export("estimator.experimental.linear_logit_fn_builder", "contrib.estimator.linear_logit_fn_builder")
def linear_logit_fn_builder(units: int, feature_columns: Any, sparse_combiner: str = "sum") -> Callable:
    """A function of features that gives the logits of a linear model.

    Args:
      units: how many logits.
      feature_columns: dense or categorical feature columns.
      sparse_combiner: how several categories of an example are combined: "sum", "mean" or "sqrtn".
    """

    def linear_logit_fn(features: Any) -> Any:
        arguments: dict[str, Any] = {
            "feature_columns": feature_columns,
            "units": units,
            "sparse_combiner": sparse_combiner,
            "name": "linear_model",
        }
        if is_feature_column_v2(feature_columns):
            model: Any = LinearModel(**arguments)
            logits = model(features)
            bias = model.bias
            variables = [variable for variable in model.variables if variable is not bias]
            bias = _get_expanded_variable_list([bias])
        else:
            model = _LinearModel(**arguments)
            logits = model(features)
            of_columns = dict(model.cols_to_vars())
            bias = of_columns.pop("bias")
            variables = of_columns.values()
        variables = _get_expanded_variable_list(variables)
        if units > 1:
            histogram("bias", bias)
        else:
            scalar("bias", bias[0][0])
        scalar("fraction_of_zero_weights", _compute_fraction_of_zero(variables))
        return logits

    return linear_logit_fn


def _linear_model_fn(
    features: Any,
    labels: Any,
    mode: str,
    head: Any,
    feature_columns: Any,
    optimizer: Any,
    partitioner: Any,
    config: Any,
    sparse_combiner: str = "sum",
) -> Any:
    """The model function of linear models."""
    check_features(features)
    parts = config.num_ps_replicas if config else 0
    partitioner = partitioner or min_max_variable_partitioner(max_partitions=parts, min_slice_size=64 << 20)
    with variable_scope("linear", values=tuple(features.values()), partitioner=partitioner):
        logit_fn = linear_logit_fn_builder(
            units=head.logits_dimension, feature_columns=feature_columns, sparse_combiner=sparse_combiner
        )
        logits = logit_fn(features=features)
        optimizer = get_optimizer_instance(
            optimizer or _get_default_optimizer(feature_columns), learning_rate=_LEARNING_RATE
        )
        return head.create_estimator_spec(
            features=features, mode=mode, labels=labels, optimizer=optimizer, logits=logits
        )


class _Linear(Canned):
    """An estimator of a linear model with a head."""

    _model = staticmethod(_linear_model_fn)


@export("estimator.LinearClassifier")
class LinearClassifier(_Linear):
    """A linear model that classifies.

    Args:
      feature_columns: dense or categorical feature columns.
      model_dir, config, warm_start_from: as those of `Estimator`.
      n_classes: how many classes.
      weight_column: a key of the features, or a numeric column, of the examples' weights.
      label_vocabulary: the names of the classes, if labels are strings.
      optimizer: the optimiser's name, the optimiser, or a function that makes it; by default Ftrl with a learning rate
        of 0.2.
      partitioner: partitions the variables.
      loss_reduction: how the loss of a batch is made of those of its examples.
      sparse_combiner: how several categories of an example are combined: "sum", "mean" or "sqrtn".

    Raises:
      ValueError, TypeError: the head cannot be like that.
    """

    def __init__(
        self,
        feature_columns: Any,
        model_dir: Any = None,
        n_classes: Any = 2,
        weight_column: Any = None,
        label_vocabulary: Any = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        partitioner: Any = None,
        warm_start_from: Any = None,
        loss_reduction: Any = Reduction.SUM,
        sparse_combiner: str = "sum",
    ):
        self._start(
            _binary_logistic_or_multi_class_head(n_classes, weight_column, label_vocabulary, loss_reduction),
            model_dir,
            config,
            warm_start_from,
            feature_columns=tuple(feature_columns or []),
            optimizer=optimizer,
            partitioner=partitioner,
            sparse_combiner=sparse_combiner,
        )


@export("estimator.LinearEstimator", "contrib.estimator.LinearEstimator")
class LinearEstimator(_Linear):
    """A linear model with a head. Arguments as those of `LinearClassifier`."""

    def __init__(
        self,
        head: Any,
        feature_columns: Any,
        model_dir: Any = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        partitioner: Any = None,
        sparse_combiner: str = "sum",
    ):
        self._start(
            head,
            model_dir,
            config,
            feature_columns=tuple(feature_columns or []),
            optimizer=optimizer,
            partitioner=partitioner,
            sparse_combiner=sparse_combiner,
        )


@export("estimator.LinearRegressor")
class LinearRegressor(_Linear):
    """A linear model that gives `label_dimension` numbers. Arguments as those of `LinearClassifier`."""

    def __init__(
        self,
        feature_columns: Any,
        model_dir: Any = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Any = "Ftrl",
        config: Any = None,
        partitioner: Any = None,
        warm_start_from: Any = None,
        loss_reduction: Any = Reduction.SUM,
        sparse_combiner: str = "sum",
    ):
        self._start(
            _regression_head(
                label_dimension=label_dimension, weight_column=weight_column, loss_reduction=loss_reduction
            ),
            model_dir,
            config,
            warm_start_from,
            feature_columns=tuple(feature_columns or []),
            optimizer=optimizer,
            partitioner=partitioner,
            sparse_combiner=sparse_combiner,
        )
