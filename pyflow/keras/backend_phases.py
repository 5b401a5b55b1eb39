"""tf.keras.backend: training and use, and other choices."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import get_default_graph
from pyflow.layers import call_context as phases
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import ones_like as tf_ones_like
from pyflow.ops.array_joining import concat
from pyflow.ops.array_selection import where as tf_where
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast as tf_cast
from pyflow.ops.comparison import LogicalAnd as tf_logical_and
from pyflow.ops.cond import cond

export("keras.backend.learning_phase")(phases.learning_phase)


@export("keras.backend.set_learning_phase")
def set_learning_phase(value: Any) -> None:
    """Sets the phase for all that is made from now on: 1 for training, 0 for use.

    Raises:
      ValueError: it is neither.
    """
    if value not in (0, 1):
        raise ValueError("Expected learning phase to be 0 or 1.")
    phases.set_learning_phase(value)


@export("keras.backend.learning_phase_scope")
@contextlib.contextmanager
def learning_phase_scope(value: Any) -> Iterator[None]:
    """A `with` block with another learning phase."""
    if value not in (0, 1):
        raise ValueError("Expected learning phase to be 0 or 1.")
    graph = get_default_graph()
    outer = getattr(graph, "_keras_learning_phase", None)
    phases.set_learning_phase(value)
    try:
        yield
    finally:
        phases.set_learning_phase(outer)


@export("keras.backend.in_train_phase")
def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """x in training, else alt; both may be functions that make them."""
    training = phases.learning_phase() if training is None else training
    if isinstance(training, (int, bool, np.bool_)):
        chosen = x if training else alt
        return chosen() if callable(chosen) else chosen
    return switch(training, x, alt)


@export("keras.backend.in_test_phase")
def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """alt in training, else x."""
    return in_train_phase(alt, x, training=training)


@export("keras.backend.switch")
def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """then_expression where the condition holds, else the other; both may be functions that make them."""
    ndim = condition.shape.ndims
    if not ndim:
        made = [e if callable(e) else (lambda e=e: e) for e in (then_expression, else_expression)]
        return cond(condition, *[(lambda m=m: convert_to_tensor(m())) for m in made])  # type: ignore[misc]
    then, other = (e() if callable(e) else e for e in (then_expression, else_expression))
    missing = then.shape.ndims - ndim  # type: ignore[misc]
    if missing < 0:
        raise ValueError(
            f"Rank of `condition` should be less than or equal to rank of `then_expression` and `else_expression`. "
            f"ndim(condition)={ndim}, ndim(then_expression)={then.shape.ndims}"  # type: ignore[misc]
        )
    if missing:
        wide = reshape(condition, concat([shape(condition), [1] * missing], axis=0))
        condition = tf_logical_and(tf_cast(wide, "bool"), tf_cast(tf_ones_like(then), "bool"))
    return tf_where(condition, then, other)
