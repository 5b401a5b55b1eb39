"""The functions of tf.layers: each makes a layer and calls it once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pyflow.core.api import export

_PLAIN = inspect.Parameter.POSITIONAL_OR_KEYWORD


def layer_function(layer_class: type, name: str) -> Callable[..., Any]:
    """`tf.layers.<name>`: calls a new layer with the arguments (inputs, those of the class, reuse=None)."""
    own = [
        parameter
        for parameter in list(inspect.signature(layer_class.__init__).parameters.values())[1:]
        if parameter.kind is _PLAIN
    ]
    inputs = inspect.Parameter("inputs", _PLAIN)
    signature = inspect.Signature([inputs, *own, inspect.Parameter("reuse", _PLAIN, default=None)])

    def function(*args: Any, **kwargs: Any) -> Any:
        arguments = signature.bind(*args, **kwargs).arguments
        inputs, reuse = arguments.pop("inputs"), arguments.pop("reuse", None)
        return layer_class(**arguments, _scope=arguments.get("name"), _reuse=reuse)(inputs)

    function.__name__ = function.__qualname__ = name
    function.__module__ = layer_class.__module__
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__doc__ = (
        f"Applies a new `tf.layers.{layer_class.__name__}` to `inputs`.\n\n"
        "    A layer of the same `name` in the same variable scope is used again with `reuse=True`.\n    "
    )
    return export(f"layers.{name}")(function)
