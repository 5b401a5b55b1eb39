"""`tf.estimator.inputs.numpy_input_fn`: input functions from arrays.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/inputs/numpy_input_fn
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.estimator.feeding import enqueue_data

_TARGET_KEY = "__target_key__"


def _get_unique_target_key(features: Any) -> str:
    key = _TARGET_KEY
    while key in features:
        key += "_n"
    return key


def _validate_and_convert_features(x: Any) -> OrderedDict:
    if isinstance(x, dict):
        if not x:
            raise ValueError("x cannot be an empty dict")
        return OrderedDict(sorted(x.items(), key=lambda item: item[0]))
    if isinstance(x, np.ndarray):
        if x.size == 0:
            raise ValueError("x cannot be an empty array")
        return OrderedDict({"__direct_np_input__": x})
    raise TypeError(f"x must be a dict or array; got {type(x).__name__}")


def check_shuffle(shuffle: Any) -> None:
    """Raises ValueError unless it is True or False."""
    if not isinstance(shuffle, bool):
        raise ValueError(
            "shuffle must be provided and explicitly set as boolean (it is recommended to set it as True for "
            f"training); got {shuffle}"
        )


@export("estimator.inputs.numpy_input_fn")
def numpy_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: Any = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
) -> Callable:
    """An input function that gives batches from arrays, by a queue.

    Args:
      x: the features: an array, or a dict of arrays by name, [examples, ...] each.
      y: the labels, likewise; None for features alone.
      batch_size: examples a batch.
      num_epochs: how often to go through all; None: without end.
      shuffle: whether the order is random; has to be given.
      queue_capacity: how many examples the queue holds.
      num_threads: how many threads fill it.

    Raises:
      ValueError: `shuffle` is no bool; when called: the arrays are empty, of different lengths, or names are in both.
      TypeError: when called: `x` is something else.
    """
    check_shuffle(shuffle)

    def input_fn() -> Any:
        data = _validate_and_convert_features(x)
        feature_keys = list(data)
        target_keys: Any = None
        if isinstance(y, dict):
            if not y:
                raise ValueError("y cannot be empty dict, use None instead.")
            target_keys = sorted(y)
            both = set(feature_keys) & set(target_keys)
            if both:
                raise ValueError(f"{len(both)} duplicate keys are found in both x and y: {both}")
            data.update((key, y[key]) for key in target_keys)
        elif y is not None:
            target_keys = _get_unique_target_key(data)
            data[target_keys] = y
        if len({array.shape[0] for array in data.values()}) != 1:
            shapes = {key: data[key].shape for key in feature_keys}
            of_y: Any = None
            if isinstance(target_keys, str):
                of_y = data[target_keys].shape
            elif target_keys is not None:
                of_y = {key: data[key].shape for key in target_keys}
            raise ValueError(
                "Length of tensors in x and y is mismatched. All elements in x and y must have the same length.\n"
                f"Shapes in x: {shapes}\nShapes in y: {of_y}\n"
            )
        queue = enqueue_data(
            data,
            queue_capacity,
            shuffle=shuffle,
            num_threads=num_threads,
            enqueue_size=batch_size,
            num_epochs=num_epochs,
        )
        batch = queue.dequeue_many(batch_size) if num_epochs is None else queue.dequeue_up_to(batch_size)
        columns = batch[1:]  # after the numbers of the examples
        count = len(feature_keys)
        features = columns[0] if isinstance(x, np.ndarray) else dict(zip(feature_keys, columns[:count]))
        if target_keys is None:
            return features
        if isinstance(target_keys, str):
            return features, columns[-1]
        return features, dict(zip(target_keys, columns[count:]))

    return input_fn
