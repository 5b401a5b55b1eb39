"""Loops of so few rounds that what surrounds the rounds costs more than they do: the rounds become steps like others.
So does the branch of a condition that is known, where a GPU does what is in it.

That takes a condition whose value is known at planning, as it is where a loop only counts. Then everything known of the
first values is known in the rounds too, what they leave for the gradient in lists is handed over directly, and what
nobody needs of it is dropped.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pyflow.core import dtypes
from pyflow.core.errors import OpError
from pyflow.core.function_graph import FunctionGraph, function_named
from pyflow.core.operation import Operation
from pyflow.runtime.liveness import deciding_variables


class Limits(NamedTuple):
    """With more rounds, or more steps in them, planning would take too long for what it gains."""

    rounds: int
    steps: int


FEW = Limits(10, 1000)
# On a GPU a round more costs little, and a loop that stays one would fetch and bring at every round.
MANY = Limits(128, 6000)


def inlined(builder: Any, op: Operation, values: list[Any]) -> list | None:
    """The outputs of an op that runs functions, computed by steps added to a program; None if it stays a call."""
    if op.definition.calls == "loop":
        return unrolled(builder, op, values)
    # On the CPU a call costs next to nothing; what it works on on a GPU would come to the host.
    if op.type not in ("If", "StatelessIf") or builder.limits is not MANY:
        return None
    condition, constant = values[0], values[0].constant
    if constant is None or condition.cell is not None or condition.dtype is not dtypes.bool or condition.shape != ():
        return None
    branch = function_named(op.graph, op.attrs["then_branch" if constant.any() else "else_branch"])
    before = builder.mark()
    try:
        return builder.inline(branch, values[1:])
    except OpError:  # it fails again when it is run
        builder.reset(before)
        return None


def unrolled(builder: Any, op: Operation, values: list) -> list | None:
    """The values of a loop's variables after it, computed by steps added to a program; None if it stays a loop."""
    cond, body = function_named(op.graph, op.attrs["cond"]), function_named(op.graph, op.attrs["body"])
    before = builder.mark()
    try:
        rounds = _rounds(builder, cond, body, values)
        builder.reset(before)
        limit = len(builder.steps) + builder.limits.steps
        for _ in range(rounds or 0):
            builder.inline(cond, values)  # for its effects
            values = builder.inline(body, values)
            if len(builder.steps) > limit:
                rounds = None
                break
        if rounds is not None:
            builder.inline(cond, values)
            return values
    except OpError:
        pass  # the round fails again when it is run
    builder.reset(before)
    return None


def _rounds(builder: Any, cond: FunctionGraph, body: FunctionGraph, values: list) -> int | None:
    """How many rounds there will be, if that is known and they are few; adds steps that nobody needs."""
    deciding = deciding_variables(cond, body)
    values = list(values)
    for count in range(builder.limits.rounds + 1):
        (goes_on,) = builder.inline(cond, values)
        if goes_on.constant is None or goes_on.cell is not None or goes_on.dtype is not dtypes.bool:
            return None
        if not goes_on.constant.any():
            return count
        if count < builder.limits.rounds:
            for i, value in zip(deciding, builder.inline(body, values, deciding)):
                values[i] = value
    return None
