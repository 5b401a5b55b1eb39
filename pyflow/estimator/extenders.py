"""`tf.estimator.add_metrics`: an estimator with more metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.estimator.estimator import Estimator
from pyflow.estimator.mode_keys import ModeKeys
from pyflow.platform.code.callables import fn_args

_VALID_METRIC_FN_ARGS = {"features", "labels", "predictions", "config"}


@export("estimator.add_metrics", "contrib.estimator.add_metrics")
def add_metrics(estimator: Any, metric_fn: Callable) -> Estimator:
    """An estimator that computes further metrics in an evaluation.

    Args:
      estimator: the estimator.
      metric_fn: a function of `features`, `labels`, `predictions`, `config`, or some of these, that returns metrics by
        name.

    Raises:
      ValueError: `metric_fn` takes something else.
    """
    taken = fn_args(metric_fn)
    unknown = list(set(taken) - _VALID_METRIC_FN_ARGS)
    if unknown:
        raise ValueError(f"metric_fn ({metric_fn}) has following not expected args: {unknown}")

    def new_model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
        spec = estimator.model_fn(features, labels, mode, config)
        if mode != ModeKeys.EVAL:
            return spec
        given = {"features": features, "labels": labels, "predictions": spec.predictions, "config": config}
        metrics = spec.eval_metric_ops or {}
        metrics.update(metric_fn(**{name: value for name, value in given.items() if name in taken}))
        return spec._replace(eval_metric_ops=metrics)

    return Estimator(
        model_fn=new_model_fn,
        model_dir=estimator.model_dir,
        config=estimator.config,
        warm_start_from=estimator._warm_start_settings,
    )
