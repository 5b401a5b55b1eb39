"""Conditionals that are decided while the graph is built, where the condition is known then."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core.api import export
from pyflow.core.constants import static_value
from pyflow.core.tensor import Tensor
from pyflow.ops.cond import case_of, checked_pairs, cond
from pyflow.ops.variable_base import Variable


def smart_constant_value(pred: Any) -> bool | None:
    """A condition as a bool where it is known without a run, else None.

    Raises:
      TypeError: it is no condition at all.
    """
    if isinstance(pred, bool) or (isinstance(pred, int) and pred in (0, 1)):
        return bool(pred)
    if isinstance(pred, Tensor):
        value = static_value(pred)
        return None if value is None else bool(value)
    raise TypeError(f"`pred` must be a Tensor, or a Python bool, or 1 or 0. Found instead: {type(pred)}")


def smart_cond(
    pred: Any, true_fn: Callable | None = None, false_fn: Callable | None = None, name: str | None = None
) -> Any:
    """What the branch that `pred` chooses gives; a `tf.cond` only if that isn't known before a run.

    Args:
      pred: a bool, 0, 1, a variable, or a tensor of dtype bool and shape ().

    Raises:
      TypeError: a branch is no function, or `pred` no condition.
    """
    if not isinstance(pred, Variable):
        for branch, given in (("true_fn", true_fn), ("false_fn", false_fn)):
            if not callable(given):
                raise TypeError(f"`{branch}` must be callable.")
        known = smart_constant_value(pred)
        if known is not None:
            return true_fn() if known else false_fn()  # type: ignore[misc]
    return cond(pred, true_fn, false_fn, name=name)  # type: ignore[arg-type]


@export("contrib.framework.smart_case")
def smart_case(
    pred_fn_pairs: Any, default: Callable | None = None, exclusive: bool = False, name: str = "smart_case"
) -> Any:
    """As `tf.case`, with conditionals only where a predicate isn't known before a run; predicates may be bools.

    Raises:
      TypeError: the pairs are not of the form that `tf.case` takes.
    """
    return case_of(smart_cond, checked_pairs(pred_fn_pairs, True), default, exclusive, name, "smart_case")
