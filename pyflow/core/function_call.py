"""Nodes whose type is the name of a function: how TensorFlow's `Defun` calls them."""

from __future__ import annotations

from typing import Any

from pyflow.core import registry
from pyflow.core.dtypes import DType


def call_definition(
    function: Any, input_types: list[DType], outputs: list[tuple[str, DType]], stateful: bool
) -> registry.OpDef:
    """The op that calls a `FunctionGraph`, whose body need not be there yet.

    Args:
      outputs: names and dtypes of what it returns.
    """
    inputs = [f"x{i}: {dtype.base_dtype.name}" for i, dtype in enumerate(input_types)]
    results = [f"{name}: {dtype.base_dtype.name}" for name, dtype in outputs]
    single = len(results) == 1

    def shape() -> Any:
        shapes = [t._static_shape for t in function.outputs] or [None] * len(results)
        return shapes[0] if single else shapes

    def cpu(*arguments: Any) -> Any:
        values = arguments[-1].function(function)(arguments[:-1])
        return values[0] if single else values

    cpu.parameters = (*[text.partition(":")[0] for text in inputs], "ctx")  # type: ignore[attr-defined]

    def grad(op: Any, *dys: Any) -> Any:
        if function.python_gradient is not None:
            return function.python_gradient(op, *dys)
        return registry.raw.PartitionedCall.grad(op, *dys)

    body = type(function.name, (), {"shape": shape, "cpu": cpu, "grad": grad, "calls": "call", "stateful": stateful})
    body.__doc__ = f"Calls the function {function.name}."
    return registry.OpDef(f"f({', '.join(inputs)}) -> ({', '.join(results)})", {}, body).renamed(function.name)
