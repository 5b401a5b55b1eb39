"""tf.raw_ops: every op as a function of keyword arguments only, by its type."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.registry import OPS, OpDef

# Arguments that TensorFlow's Python functions call otherwise than the op's declaration does.
_REDUCTIONS = ("All", "Any", "EuclideanNorm", "Max", "Mean", "Min", "Prod", "Sum")
_RENAMED: dict[str, dict[str, str]] = {
    **{name: {"axis": "reduction_indices"} for name in _REDUCTIONS},
    "ExpandDims": {"axis": "dim"},
    "Select": {"x": "t", "y": "e"},
    "Split": {"axis": "split_dim"},
    "SplitV": {"axis": "split_dim"},
    "Squeeze": {"axis": "squeeze_dims"},
    "Where": {"condition": "input"},
}


def renamed(op: OpDef, keywords: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments under the names of the op's declaration."""
    names = _RENAMED.get(op.name, {})
    return {names.get(key, key): value for key, value in keywords.items()}


def positional_function(op: OpDef) -> Callable:
    """The op as the functions of `gen_math_ops` and its like are: positional arguments too."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return op(*args, **renamed(op, kwargs))

    function.__name__ = function.__qualname__ = op.name
    function.__doc__ = op.__doc__
    return function


def _keyword_function(op: OpDef) -> Callable:
    def function(**kwargs: Any) -> Any:
        return op(**renamed(op, kwargs))

    function.__name__ = function.__qualname__ = op.name
    function.__doc__ = op.__doc__
    return function


class _RawOps(types.ModuleType):
    def __getattr__(self, name: str) -> Callable:
        if name.startswith("_") or name not in OPS:
            raise AttributeError(f"'tf.raw_ops.{name}' is not supported by PyFlow. FEATURES.md lists what is.")
        function = _keyword_function(OPS[name])
        setattr(self, name, function)
        return function

    def __dir__(self) -> list[str]:
        return sorted(name for name in OPS if not name.startswith("_"))


raw_ops = sys.modules["pyflow.raw_ops"] = _RawOps("pyflow.raw_ops", __doc__)
export("raw_ops")(raw_ops)
