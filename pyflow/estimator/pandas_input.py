"""`tf.estimator.inputs.pandas_input_fn`: input functions from pandas' tables; pandas is optional.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/inputs/pandas_input_fn
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.estimator.feeding import enqueue_data
from pyflow.estimator.numpy_input import check_shuffle


def _get_unique_target_key(features: Any, target_column_name: str) -> str:
    return f"{target_column_name}_{uuid.uuid4()}" if target_column_name in features else target_column_name


@export("estimator.inputs.pandas_input_fn")
def pandas_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: Any = None,
    queue_capacity: int | None = 1000,
    num_threads: int = 1,
    target_column: str = "target",
) -> Callable:
    """An input function that gives batches from a DataFrame, by a queue.

    Args:
      x: the features, a DataFrame.
      y: the labels, a Series or DataFrame with the same index; None for features alone.
      target_column: what the column of labels is called meanwhile.
      others: as those of `numpy_input_fn`; a `queue_capacity` of None takes the table's length, times 4 to shuffle.

    Raises:
      ValueError: `shuffle` is no bool, the column is there already, or the indices differ.
      TypeError: pandas isn't loaded, or `target_column` is no string.
    """
    pandas = sys.modules.get("pandas")  # who has a table has it
    if pandas is None:
        raise TypeError("pandas_input_fn should not be called without pandas installed")
    check_shuffle(shuffle)
    if not isinstance(target_column, str):
        raise TypeError("target_column must be a string type")
    x = x.copy()
    targets: dict[str, str] | None = None  # from a name in `y` to that in `x`
    if y is not None:
        if target_column in x:
            raise ValueError(
                f"Cannot use name {target_column} for target column: DataFrame already has a column with that name: "
                f"{x.columns}"
            )
        if not np.array_equal(x.index, y.index):
            raise ValueError(f"Index for x and y are mismatched.\nIndex for x: {x.index}\nIndex for y: {y.index}\n")
        if isinstance(y, pandas.DataFrame):
            targets = {column: _get_unique_target_key(x, column) for column in y}
            x[list(targets.values())] = y
        else:
            x[target_column] = y
    capacity = queue_capacity
    if capacity is None:
        capacity = 4 * len(x) if shuffle else len(x)

    def input_fn() -> Any:
        queue = enqueue_data(
            x,
            capacity,
            shuffle=shuffle,
            min_after_dequeue=max(capacity / 4, 1),
            num_threads=num_threads,
            enqueue_size=batch_size,
            num_epochs=num_epochs,
        )
        batch = queue.dequeue_many(batch_size) if num_epochs is None else queue.dequeue_up_to(batch_size)
        features = dict(zip(x.columns, batch[1:]))
        if y is None:
            return features
        if targets is None:
            target = features.pop(target_column)
        else:
            target = {column: features.pop(own) for column, own in targets.items()}
        return features, target

    return input_fn
