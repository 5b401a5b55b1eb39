"""Nodes whose type is the name of a function: how TensorFlow's `Defun` calls them."""

from __future__ import annotations

from typing import Any

from pyflow.core import registry


def call_definition(function: Any) -> registry.OpDef:
    """The op that calls a `FunctionGraph`, with an argument for each of its inputs."""
    inputs = [f"x{i}: {t.dtype.base_dtype.name}" for i, t in enumerate(function.inputs)]
    outputs = [f"y{i}: {t.dtype.base_dtype.name}" for i, t in enumerate(function.outputs)]
    single = len(outputs) == 1

    def shape() -> Any:
        shapes = [t._static_shape for t in function.outputs]
        return shapes[0] if single else shapes

    def cpu(*arguments: Any) -> Any:
        results = arguments[-1].function(function)(arguments[:-1])
        return results[0] if single else results

    cpu.parameters = (*[text.partition(":")[0] for text in inputs], "ctx")  # type: ignore[attr-defined]

    def grad(op: Any, *dys: Any) -> Any:
        if function.python_gradient is not None:
            return function.python_gradient(op, *dys)
        return registry.raw.PartitionedCall.grad(op, *dys)

    body = type(function.name, (), {"shape": shape, "cpu": cpu, "grad": grad, "calls": "call"})
    body.stateful = function.is_stateful  # type: ignore[attr-defined]
    body.__doc__ = f"Calls the function {function.name}."
    return registry.OpDef(f"f({', '.join(inputs)}) -> ({', '.join(outputs)})", {}, body).renamed(function.name)
