"""Weights cut into pieces of rows, as the older cells of tf.contrib.rnn have them."""

from __future__ import annotations

from typing import Any

from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import add_to_collection, get_collection
from pyflow.ops.array_joining import concat
from pyflow.ops.variable_getters import get_variable
from pyflow.ops.variable_scope import get_variable_scope


def get_sharded_variable(name: str, shape: list[int], dtype: Any, num_shards: int) -> list:
    """Variables `name_0`, `name_1`, ... of as many rows each as possible.

    Raises:
      ValueError: there are more shards than rows.
    """
    if num_shards > shape[0]:
        raise ValueError(f"Too many shards: shape={shape}, num_shards={num_shards}")
    rows, more = divmod(shape[0], num_shards)
    return [get_variable(f"{name}_{i}", [rows + (i < more), *shape[1:]], dtype=dtype) for i in range(num_shards)]


def get_concat_variable(name: str, shape: list[int], dtype: Any, num_shards: int) -> Any:
    """The one variable, or its pieces joined: by one node for all who ask."""
    pieces = get_sharded_variable(name, shape, dtype, num_shards)
    if len(pieces) == 1:
        return pieces[0]
    concat_name = f"{name}/concat"
    full_name = f"{get_variable_scope().name}/{concat_name}:0"
    for value in get_collection(GraphKeys.CONCATENATED_VARIABLES):
        if value.name == full_name:
            return value
    joined = concat(pieces, 0, name=concat_name)
    add_to_collection(GraphKeys.CONCATENATED_VARIABLES, joined)
    return joined
