"""The head for regression: numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.convert import convert_to_tensor
from pyflow.estimator.export_outputs import PredictOutput, RegressionOutput
from pyflow.estimator.head import LossSpec, _Head, _LossHead
from pyflow.estimator.head_checks import (
    call_loss_fn,
    check_dense_labels_match_logits_and_reshape,
    check_logits_final_dim,
    get_weights_and_check_match_logits,
    validate_loss_fn_args,
    validate_loss_reduction,
)
from pyflow.estimator.head_keys import (
    DEFAULT_SERVING_KEY,
    PREDICT_SERVING_KEY,
    REGRESS_SERVING_KEY,
    MetricKeys,
    PredictionKeys,
    summary_key,
)
from pyflow.estimator.head_metrics import predictions_mean
from pyflow.losses.distances import mean_squared_error
from pyflow.losses.weighted_loss import Reduction, compute_weighted_loss
from pyflow.metrics.means import mean
from pyflow.ops.cast import to_float


class _RegressionHeadWithMeanSquaredErrorLoss(_LossHead):
    """Numbers; see `regression_head`."""

    def __init__(
        self,
        label_dimension: int,
        weight_column: Any = None,
        loss_reduction: Any = Reduction.SUM,
        loss_fn: Callable | None = None,
        inverse_link_fn: Callable | None = None,
        name: str | None = None,
    ):
        if label_dimension < 1:
            raise ValueError(f"Invalid label_dimension {label_dimension}.")
        self._logits_dimension = label_dimension
        self._weight_column = weight_column
        self._loss_reduction = loss_reduction
        self._loss_fn = loss_fn
        self._inverse_link_fn = inverse_link_fn
        self._name = name

    logits_dimension = property(lambda self: self._logits_dimension)

    def create_loss(self, features: Any, mode: str, logits: Any, labels: Any) -> LossSpec:
        logits = convert_to_tensor(logits)
        size = self._logits_dimension
        labels = check_dense_labels_match_logits_and_reshape(labels, logits, expected_labels_dimension=size)
        labels = to_float(labels)
        if self._loss_fn:
            loss = call_loss_fn(self._loss_fn, labels=labels, logits=logits, features=features, expected_loss_dim=size)
        else:
            loss = mean_squared_error(labels=labels, predictions=logits, reduction=Reduction.NONE)
        weights = get_weights_and_check_match_logits(
            features=features, weight_column=self._weight_column, logits=logits, allow_per_logit_weights=True
        )
        total = compute_weighted_loss(loss, weights=weights, reduction=self._loss_reduction)
        return LossSpec(total, loss, weights, labels)

    def _predict(self, logits: Any) -> tuple[Any, dict[str, Any]]:
        logits = check_logits_final_dim(logits, self._logits_dimension)
        if not self._inverse_link_fn:
            return logits, {PredictionKeys.PREDICTIONS: logits}
        return logits, {
            PredictionKeys.PREDICTIONS: self._inverse_link_fn(logits),
            PredictionKeys.LOGITS: logits,
        }

    def _export_outputs(self, predictions: dict[str, Any]) -> dict[str, Any]:
        output = RegressionOutput(value=predictions[PredictionKeys.PREDICTIONS])
        return {
            DEFAULT_SERVING_KEY: output,
            REGRESS_SERVING_KEY: output,
            PREDICT_SERVING_KEY: PredictOutput(predictions),
        }

    def _measured(self, predictions: dict[str, Any], logits: Any, labels: Any, loss: Any) -> dict[str, Any]:
        return {"predicted_value": predictions[PredictionKeys.PREDICTIONS], "labels": labels}

    def _eval_metric_ops(  # type: ignore[override]
        self, predicted_value: Any, labels: Any, weights: Any, unreduced_loss: Any, regularization_loss: Any
    ) -> dict[str, Any]:
        keys = MetricKeys
        metrics = {
            keys.LOSS_MEAN: mean(values=unreduced_loss, weights=weights),
            keys.PREDICTION_MEAN: predictions_mean(
                predictions=predicted_value, weights=weights, name=keys.PREDICTION_MEAN
            ),
            keys.LABEL_MEAN: mean(values=labels, weights=weights),
        }
        if regularization_loss is not None:
            metrics[keys.LOSS_REGULARIZATION] = mean(values=regularization_loss, name=keys.LOSS_REGULARIZATION)
        return {summary_key(self._name, name): metric for name, metric in metrics.items()}


def _regression_head(
    weight_column: Any = None,
    label_dimension: int = 1,
    loss_reduction: Any = Reduction.SUM,
    loss_fn: Callable | None = None,
    inverse_link_fn: Callable | None = None,
    name: str | None = None,
) -> _Head:
    validate_loss_reduction(loss_reduction)
    if loss_fn:
        validate_loss_fn_args(loss_fn)
    return _RegressionHeadWithMeanSquaredErrorLoss(
        label_dimension, weight_column, loss_reduction, loss_fn, inverse_link_fn, name
    )
