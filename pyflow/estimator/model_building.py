"""How an estimator calls input and model functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.graph import Graph
from pyflow.core.scopes import device
from pyflow.estimator.input_results import has_dataset_or_queue_runner, parse_input_fn_result
from pyflow.estimator.model_fn import EstimatorSpec
from pyflow.platform import logging
from pyflow.platform.code.callables import fn_args
from pyflow.train.global_step import create_global_step, get_global_step


class ModelBuilding:
    """The part of an estimator that makes its graphs."""

    params: Any
    _model_fn: Callable

    config: Any

    def _create_global_step(self, graph: Graph) -> Any:
        return create_global_step(graph)

    def _create_and_assert_global_step(self, graph: Graph) -> Any:
        step = self._create_global_step(graph)
        assert step is get_global_step()
        assert step.dtype.is_integer
        return step

    def _get_features_and_labels_from_input_fn(self, input_fn: Callable, mode: str) -> tuple[Any, Any, list]:
        return parse_input_fn_result(self._call_input_fn(input_fn, mode))

    def _call_input_fn(self, input_fn: Callable, mode: str, input_context: Any = None) -> Any:
        taken = fn_args(input_fn)
        given = {"mode": mode, "params": self.params, "config": self.config}
        with device("/cpu:0"):
            return input_fn(**{name: value for name, value in given.items() if name in taken})

    def _call_model_fn(self, features: Any, labels: Any, mode: str, config: Any) -> EstimatorSpec:
        taken = fn_args(self._model_fn)
        if "labels" not in taken and labels is not None:
            raise ValueError("model_fn does not take labels, but input_fn returns labels.")
        given = {"labels": labels, "mode": mode, "params": self.params, "config": config}
        logging.info("Calling model_fn.")
        spec = self._model_fn(features=features, **{name: value for name, value in given.items() if name in taken})
        logging.info("Done calling model_fn.")
        if not isinstance(spec, EstimatorSpec):
            raise ValueError("model_fn should return an EstimatorSpec.")
        return spec

    def _get_features_from_input_fn(self, input_fn: Callable, mode: str) -> tuple[Any, Any]:
        features, _, hooks = parse_input_fn_result(self._call_input_fn(input_fn, mode))
        self._validate_features_in_predict_input(features)
        return features, hooks

    def _validate_features_in_predict_input(self, result: Any) -> None:
        if not has_dataset_or_queue_runner(result):
            logging.warning(
                "Input graph does not use tf.data.Dataset or contain a QueueRunner. That means predict yields forever. "
                "This is probably a mistake."
            )
