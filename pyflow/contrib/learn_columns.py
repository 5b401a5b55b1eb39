"""Columns for models of tf.contrib.learn, found from what they are trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.column_parsing import infer_real_valued_columns
from pyflow.contrib.learn_feeding import get_input_fn
from pyflow.core.api import export
from pyflow.core.graph import Graph


@export("contrib.learn.infer_real_valued_columns_from_input_fn")
def infer_real_valued_columns_from_input_fn(input_fn: Callable) -> list[Any]:
    """A column of numbers for each of the features that an input function gives."""
    with Graph().as_default():
        features, _ = input_fn()
        return infer_real_valued_columns(features)


@export("contrib.learn.infer_real_valued_columns_from_input")
def infer_real_valued_columns_from_input(x: Any) -> list[Any]:
    """A column of numbers for an array, or for each in a dict of arrays."""
    input_fn, _ = get_input_fn(x=x, y=None, input_fn=None, feed_fn=None, batch_size=None)
    return infer_real_valued_columns_from_input_fn(input_fn)
