"""Ops that run functions of the graph's library: If, Case, While and calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.registry import attr, op
from pyflow.core.shapes import TensorShape

_FUNCTIONS = {"Tin": attr("list(type)"), "Tout": attr("list(type)")}
_SHAPES = attr("list(shape)", default=[])


def _declared(output_shapes: Any, types: Any) -> list:
    if not output_shapes:
        return [None] * len(types)
    return [TensorShape(s).as_tuple() for s in output_shapes]


def _truth(value: Any) -> bool:
    """A number counts as true when it is not zero, a string or an array when it is not empty."""
    value = np.asarray(value)
    if value.ndim == 0:
        return bool(value[()])
    return value.size > 0


def _branch_gradient(op: Any, *dys: Any) -> Any:
    from pyflow.ops.cond_gradient import branches_gradient

    return branches_gradient(op, dys)


def _loop_gradient(op: Any, *dys: Any) -> Any:
    from pyflow.ops.while_gradient import while_gradient

    return while_gradient(op, dys)


def _call_gradient(op: Any, *dys: Any) -> Any:
    from pyflow.ops.function_gradient import call_gradient

    return call_gradient(op, dys)


class _Conditional:
    def shape(Tout, output_shapes):
        return _declared(output_shapes, Tout)

    def cpu(cond, input, then_branch, else_branch, ctx):
        return ctx.function(then_branch if _truth(cond) else else_branch, 1)(input)


def _conditional(name: str) -> Any:
    return op(
        f"{name}(cond: Tcond, input: Tin) -> (output: Tout)",
        Tcond=attr("type"),
        **_FUNCTIONS,
        then_branch=attr("func"),
        else_branch=attr("func"),
        output_shapes=_SHAPES,
    )


@_conditional("If")
class If:
    """Runs `then_branch` on the inputs if `cond` is true, else `else_branch`."""

    calls = "branch"
    stateful = True
    shape, cpu = _Conditional.shape, _Conditional.cpu
    grad = _branch_gradient


@_conditional("StatelessIf")
class StatelessIf:
    """An `If` whose branches have no effects."""

    calls = "branch"
    shape, cpu = _Conditional.shape, _Conditional.cpu
    grad = _branch_gradient


@op(
    "Case(branch_index: int32, input: Tin) -> (output: Tout)",
    **_FUNCTIONS,
    branches=attr("list(func)", minimum=1),
    output_shapes=_SHAPES,
)
class Case:
    """Runs the branch of that index; the last one for an index out of range."""

    calls = "branch"
    stateful = True
    shape = _Conditional.shape

    def cpu(branch_index, input, branches, ctx):
        index = int(branch_index)
        return ctx.function(branches[index if 0 <= index < len(branches) else -1], 1)(input)

    grad = _branch_gradient


class _Repeated:
    def shape(input, T, output_shapes):
        return _declared(output_shapes, T)

    def cpu(input, cond, body, ctx):
        return ctx.loop(cond, body)(input)


def _repeated(name: str) -> Any:
    return op(
        f"{name}(input: T) -> (output: T)",
        T=attr("list(type)"),
        cond=attr("func"),
        body=attr("func"),
        output_shapes=_SHAPES,
        parallel_iterations=10,
    )


@_repeated("While")
class While:
    """Runs `body` on the loop's variables as long as `cond` gives true for them."""

    calls = "loop"
    stateful = True
    shape, cpu = _Repeated.shape, _Repeated.cpu
    grad = _loop_gradient


@_repeated("StatelessWhile")
class StatelessWhile:
    """A `While` without effects."""

    calls = "loop"
    shape, cpu = _Repeated.shape, _Repeated.cpu
    grad = _loop_gradient


class _Called:
    def shape(Tout):
        return [None] * len(Tout)

    def cpu(args, f, ctx):
        return ctx.function(f)(args)


def _called(name: str) -> Any:
    return op(
        f"{name}(args: Tin) -> (output: Tout)",
        **_FUNCTIONS,
        f=attr("func"),
        config="",
        config_proto="",
        executor_type="",
    )


@_called("PartitionedCall")
class PartitionedCall:
    """Calls a function without effects."""

    calls = "call"
    shape, cpu = _Called.shape, _Called.cpu
    grad = _call_gradient


@_called("StatefulPartitionedCall")
class StatefulPartitionedCall:
    """Calls a function."""

    calls = "call"
    stateful = True
    shape, cpu = _Called.shape, _Called.cpu
    grad = _call_gradient
