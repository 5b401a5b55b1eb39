"""tf.contrib.estimator: estimators that pass features on, and optimisers that cut gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from pyflow.core.tensor import Tensor
from pyflow.estimator.estimator import Estimator
from pyflow.estimator.export_outputs import PredictOutput
from pyflow.ops.clip import clip_by_global_norm
from pyflow.ops.sparse_to_dense import sparse_tensor_to_dense
from pyflow.train.optimizer import Optimizer


@export("contrib.estimator.clip_gradients_by_norm")
def clip_gradients_by_norm(optimizer: Any, clip_norm: float) -> Optimizer:
    """An optimiser as the given one, whose gradients are scaled down so that their norm is `clip_norm` at most."""

    def clipped(grads_and_vars: Any) -> list[tuple[Any, Any]]:
        gradients, variables = zip(*grads_and_vars)
        return list(zip(clip_by_global_norm(gradients, clip_norm)[0], variables))

    return _TransformGradients(optimizer, clipped, name="ClipByNorm" + optimizer.get_name())


class _TransformGradients(Optimizer):
    """An optimiser that applies other gradients than it computes."""

    def __init__(self, optimizer: Any, transform_grads_fn: Callable, name: str | None = None):
        super().__init__(use_locking=False, name=name or optimizer.get_name())
        self._optimizer = optimizer
        self._transform_grads_fn = transform_grads_fn

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        return self._optimizer.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        return self._optimizer.apply_gradients(self._transform_grads_fn(grads_and_vars), global_step, name)

    def get_slot(self, *args: Any, **kwargs: Any) -> Any:
        return self._optimizer.get_slot(*args, **kwargs)

    def get_slot_names(self, *args: Any, **kwargs: Any) -> Any:
        return self._optimizer.get_slot_names(*args, **kwargs)


@export("contrib.estimator.forward_features")
def forward_features(estimator: Any, keys: Any = None, sparse_default_values: Any = None) -> Estimator:
    """An estimator whose predictions also have features, so that examples can be told apart.

    Args:
      estimator: the estimator.
      keys: the features' key, or a list of keys; None for all features.
      sparse_default_values: for sparse features by key: what they are filled up with.

    Raises:
      TypeError: `keys` is something else. When the model is made, ValueError: there is no such feature, or a prediction
        of that name, or the feature is sparse.
    """
    if isinstance(keys, str):
        keys = [keys]
    if keys is not None:
        if not isinstance(keys, (list, tuple)):
            raise TypeError(f"keys should be either a string or a list of strings. Given: {type(keys)}")
        for key in keys:
            if not isinstance(key, str):
                raise TypeError(
                    f"All items in the given keys list should be a string. There exist an item with type: {type(key)}"
                )

    def new_model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
        spec = estimator.model_fn(features, labels, mode, config)
        predictions = spec.predictions
        if predictions is None:
            return spec
        wanted = list(features) if keys is None else keys
        _check(wanted, features, predictions)
        for key in wanted:
            predictions[key] = _dense(key, features[key], sparse_default_values or {})
        spec = spec._replace(predictions=predictions)
        for name in ("predict", "serving_default"):
            output = (spec.export_outputs or {}).get(name)
            if isinstance(output, PredictOutput):
                output.outputs.update((key, predictions[key]) for key in wanted)
        return spec

    return Estimator(model_fn=new_model_fn, model_dir=estimator.model_dir, config=estimator.config)


def _check(keys: Any, features: Any, predictions: Any) -> None:
    if not isinstance(predictions, dict):
        raise ValueError(f"Predictions should be a dict to be able to forward features. Given: {type(predictions)}")
    for key in keys:
        if key not in features:
            raise ValueError(
                f'keys should be exist in features. Key "{key}" is not in features dict. features dict has following '
                f"keys: {features.keys()}. Please check arguments of forward_features."
            )
        if key in predictions:
            raise ValueError(
                f"Cannot forward feature key ({key}). Since it does exist in predictions. Existing prediction keys: "
                f"{predictions.keys()}. Please check arguments of forward_features."
            )


def _dense(key: str, feature: Any, defaults: dict[str, Any]) -> Any:
    feature = convert_to_tensor_or_sparse_tensor(feature)
    if key in defaults:
        if not isinstance(feature, SparseTensor):
            raise ValueError(f"Feature ({key}) is expected to be a `SparseTensor`.")
        feature = sparse_tensor_to_dense(feature, default_value=defaults[key])
    if not isinstance(feature, Tensor):
        raise ValueError(
            f"Feature ({key}) should be a Tensor. Please use `keys` argument of forward_features to filter unwanted "
            f"features, oradd key to argument `sparse_default_values`.Type of features[{key}] is {type(feature)}."
        )
    return feature
