"""Optimisers of canned estimators: given by name, as a function, or as an object."""

from __future__ import annotations

import math
from typing import Any

from pyflow.train.adagrad import AdagradOptimizer, FtrlOptimizer
from pyflow.train.adaptive import AdamOptimizer, RMSPropOptimizer
from pyflow.train.gradient_descent import GradientDescentOptimizer
from pyflow.train.optimizer import Optimizer

_OPTIMIZER_CLS_NAMES = {
    "Adagrad": AdagradOptimizer,
    "Adam": AdamOptimizer,
    "Ftrl": FtrlOptimizer,
    "RMSProp": RMSPropOptimizer,
    "SGD": GradientDescentOptimizer,
}


def get_optimizer_instance(opt: Any, learning_rate: float | None = None) -> Any:
    """An optimiser.

    Args:
      opt: its name, a function that makes it, or itself.
      learning_rate: for those given by name.

    Raises:
      ValueError: the name is unknown, there is no learning rate for it, or it is something else.
    """
    if isinstance(opt, str):
        if opt not in _OPTIMIZER_CLS_NAMES:
            raise ValueError(
                f"Unsupported optimizer name: {opt}. Supported names are: {tuple(sorted(_OPTIMIZER_CLS_NAMES))}"
            )
        if not learning_rate:
            raise ValueError("learning_rate must be specified when opt is string.")
        return _OPTIMIZER_CLS_NAMES[opt](learning_rate=learning_rate)
    if callable(opt):
        opt = opt()
    if not isinstance(opt, Optimizer):
        raise ValueError(f"The given object is not an Optimizer instance. Given: {opt}")
    return opt


def rate_for(feature_columns: Any, largest: float) -> float:
    """The learning rate of a linear model: the more columns, the smaller."""
    return min(largest, 1.0 / math.sqrt(len(feature_columns)))
