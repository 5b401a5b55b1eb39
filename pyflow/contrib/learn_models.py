"""`tf.contrib.learn.Estimator`, made of a model function, and `SKCompat`, which takes arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.contrib.learn_datasets import ModeKeys
from pyflow.contrib.learn_estimator import BaseEstimator
from pyflow.contrib.learn_feeding import get_input_fn
from pyflow.contrib.learn_model_fn import ModelFnOps, make_metrics_ops
from pyflow.core.api import export
from pyflow.estimator.mode_keys import LOSS_METRIC_KEY
from pyflow.metrics.means import mean
from pyflow.ops.placeholder import placeholder
from pyflow.platform import logging
from pyflow.platform.code.callables import fn_args
from pyflow.train.tensor_hooks import FeedFnHook


@export("contrib.learn.Estimator")
class Estimator(BaseEstimator):
    """An estimator of a model function.

    Args:
      model_fn: a function of features and labels and, as far as it takes them, `mode`, `params`, `config`, `model_dir`,
        which returns `ModelFnOps`, or predictions, loss and train_op.
      model_dir, config: as those of `BaseEstimator`.
      params: what `model_fn` gets as `params`.
      feature_engineering_fn: makes features and labels of those of the input.

    Raises:
      ValueError: there are parameters and `model_fn` doesn't take any.
    """

    def __init__(
        self,
        model_fn: Any = None,
        model_dir: str | None = None,
        config: Any = None,
        params: Any = None,
        feature_engineering_fn: Callable | None = None,
    ):
        super().__init__(model_dir=model_dir, config=config)
        if model_fn is not None:
            takes_params = "params" in fn_args(model_fn)
            if params is not None and not takes_params:
                raise ValueError(
                    f"Estimator's model_fn ({model_fn}) does not have a params argument, but params ({params}) were "
                    "passed to the Estimator's constructor."
                )
            if params is None and takes_params:
                logging.warning(
                    "Estimator's model_fn (%s) includes params argument, but params are not passed to Estimator.",
                    model_fn,
                )
        self._model_fn: Any = model_fn
        self.params = params
        self._feature_engineering_fn = feature_engineering_fn or (lambda features, labels: (features, labels))

    @property
    def model_fn(self) -> Callable:
        """The model function, as one of `features, labels, mode, config`."""
        return lambda features, labels, mode, config: self._call_model_fn(features, labels, mode, config=config)

    def _call_model_fn(self, features: Any, labels: Any, mode: str, metrics: Any = None, config: Any = None) -> Any:
        features, labels = self._feature_engineering_fn(features, labels)
        taken = fn_args(self._model_fn)
        given = {
            "mode": mode,
            "params": self.params,
            "config": config or self.config,
            "model_dir": self.model_dir,
        }
        ops = self._model_fn(features, labels, **{name: value for name, value in given.items() if name in taken})
        if not isinstance(ops, ModelFnOps):
            if len(ops) != 3:
                raise ValueError("Unrecognized value returned by model_fn, please return ModelFnOps.")
            ops = ModelFnOps(mode=mode, predictions=ops[0], loss=ops[1], train_op=ops[2])
        if metrics:
            ops.eval_metric_ops.update(make_metrics_ops(metrics, features, labels, ops.predictions))
        return ops

    def _get_train_ops(self, features: Any, labels: Any) -> ModelFnOps:
        return self._call_model_fn(features, labels, ModeKeys.TRAIN)

    def _get_eval_ops(self, features: Any, labels: Any, metrics: Any) -> ModelFnOps:
        ops = self._call_model_fn(features, labels, ModeKeys.EVAL, metrics)
        if LOSS_METRIC_KEY not in ops.eval_metric_ops:
            ops.eval_metric_ops[LOSS_METRIC_KEY] = mean(ops.loss)
        return ops

    def _get_predict_ops(self, features: Any) -> ModelFnOps:
        # Labels are there as placeholders if the model has been trained before, so that functions may use them.
        seen = self._labels_info
        labels = {key: _like(label) for key, label in seen.items()} if isinstance(seen, dict) else _like(seen)
        return self._call_model_fn(features, labels, ModeKeys.INFER)


def _like(label: Any) -> Any:
    return None if label is None else placeholder(label.dtype, [None, *label.get_shape().as_list()[1:]])


@export("contrib.learn.SKCompat")
class SKCompat:
    """An estimator that takes arrays, as those of scikit-learn do."""

    def __init__(self, estimator: Any):
        self._estimator = estimator

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = 128,
        steps: int | None = None,
        max_steps: int | None = None,
        monitors: Any = None,
    ) -> SKCompat:
        """Trains the model on arrays, in random order. Arguments as those of `BaseEstimator.fit`."""
        input_fn, feed_fn = get_input_fn(
            x, y, input_fn=None, feed_fn=None, batch_size=batch_size, shuffle=True, epochs=None
        )
        self._estimator.fit(
            input_fn=input_fn, steps=steps, max_steps=max_steps, monitors=[FeedFnHook(feed_fn), *(monitors or [])]
        )
        return self

    def score(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = 128,
        steps: int | None = None,
        metrics: Any = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """The metrics on arrays. Arguments as those of `BaseEstimator.evaluate`."""
        input_fn, feed_fn = get_input_fn(x, y, input_fn=None, feed_fn=None, batch_size=batch_size)
        if metrics is not None and not isinstance(metrics, dict):
            raise ValueError(f"Metrics argument should be None or dict. Got {metrics}.")
        results, step = self._estimator._evaluate_model(
            input_fn=input_fn, feed_fn=feed_fn, steps=steps, metrics=metrics, name=name
        )
        results["global_step"] = step
        return results

    def predict(self, x: Any, batch_size: int | None = 128, outputs: Any = None) -> Any:
        """The predictions for an array, as one array or a dict of arrays."""
        input_fn, feed_fn = get_input_fn(x, None, input_fn=None, feed_fn=None, batch_size=batch_size)
        batches = list(
            self._estimator._infer_model(
                input_fn=input_fn, feed_fn=feed_fn, outputs=outputs, as_iterable=True, iterate_batches=True
            )
        )
        if not isinstance(batches[0], dict):
            return np.concatenate(batches, axis=0)
        return {key: np.concatenate([batch[key] for batch in batches], axis=0) for key in batches[0]}
