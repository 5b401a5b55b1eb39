"""What `Switch` doesn't let through: such values are dead, and whatever needs one doesn't run and is dead too.

Steps that may be dead look at their inputs as they run. They allocate what they give, so that no plan of buffers needs
to know. A `Merge` of which one input or another is sure to arrive ends this: what follows is planned as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.evaluation import evaluator
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor
from pyflow.ops.switch_merge import DEAD
from pyflow.runtime import functions
from pyflow.runtime.program import Step, Value
from pyflow.runtime.resources import NodeContext

SWITCHES = ("Switch", "RefSwitch")
_MERGES = ("Merge", "RefMerge")

# On which ways of which predicates something runs: a predicate is told by the tensor that it is.
Conditions = frozenset[tuple[Tensor, int]]
_ALWAYS: Conditions = frozenset()


class DeadValues:
    """Which values of a program under construction may be dead, and the steps of those."""

    def __init__(self) -> None:
        self._conditions: dict[Value, Conditions] = {}
        self._tokens: dict[Operation, Value] = {}  # a value of each operation that is dead when that doesn't run

    def __contains__(self, value: Value) -> bool:
        return value in self._conditions

    def may_reach(self, op: Operation, values: dict[Tensor, Value]) -> bool:
        """Whether an operation switches, or needs something that may be dead."""
        return op.type in SWITCHES or self.may_stop(op, values)

    def may_stop(self, op: Operation, values: dict[Tensor, Value]) -> bool:
        """Whether an operation needs something that may be dead."""
        return bool(self._conditions) and bool(self._guards(op, values))

    def _guards(self, op: Operation, values: dict[Tensor, Value]) -> list[Value]:
        given = [values[t] for t in op.inputs if values[t] in self._conditions]
        return given + [self._tokens[other] for other in op._control_inputs if other in self._tokens]

    def step(self, session: Any, op: Operation, inputs: list[Value], outputs: list[Value], feeding: Any) -> Step:
        """The step of such an operation; its last output is a token.

        Args:
          inputs: what the kernel gets.
          feeding: the values of the tensors of the graph.
        """
        definition, attrs = op.definition, op.attrs
        if definition.calls:
            whole = Step(op, definition, attrs, inputs, outputs)
            functions.plan_call(session, whole, set(op.outputs))
            attrs = whole.attrs
        given = [self._conditions.get(feeding[t], _ALWAYS) for t in op.inputs]
        guards = self._guards(op, feeding)
        if op.type in _MERGES:
            guards = guards[len(given) - given.count(_ALWAYS) :]  # of what it waits for, all must run
            given = [_of_merge(op, given)]
        conditions = _ALWAYS.union(*given, *(self._conditions[guard] for guard in guards))
        token = Value(dtypes.bool, ())
        step = Step(op, None, {"returns": True}, [*inputs, *guards], [*outputs, token])
        kernel = evaluator(definition, attrs, NodeContext(op, session, attrs))
        step.kernel = _guarded(kernel, len(inputs), len(outputs), op.type in _MERGES)
        if conditions:
            self._conditions.update(dict.fromkeys(step.outputs, conditions))
            self._tokens[op] = token
        if op.type in SWITCHES:
            for side in (0, 1):
                self._conditions[outputs[side]] = conditions | {(op.inputs[1], side)}
        return step

    def checked(self, fetched: list[tuple[Tensor, Value]]) -> Step | None:
        """A step that raises if one of the fetched values is dead; None if none may be."""
        suspects = [(i, value) for i, (_, value) in enumerate(fetched) if value in self._conditions]
        if not suspects:
            return None
        places = [i for i, _ in suspects]
        op = fetched[places[0]][0].op

        def check(*values: Any) -> None:
            for i, value in zip(places, values):
                if value is DEAD:
                    raise errors.InvalidArgumentError(None, None, f"Retval[{i}] does not have value")

        step = Step(op, None, {"returns": True}, [value for _, value in suspects], [])
        step.kernel = check
        return step


def _of_merge(op: Operation, given: list[Conditions]) -> Conditions:
    """When one of the inputs arrives: both ways of a predicate make a whole. Else that is found out in the run."""
    for one in given:
        for tensor, side in one:
            for other in given:
                if (tensor, 1 - side) in other:
                    return (one - {(tensor, side)}) | (other - {(tensor, 1 - side)})
    return _ALWAYS if _ALWAYS in given else frozenset.intersection(*given) | {(op.outputs[0], 1)}


def _guarded(kernel: Callable, count: int, results: int, merges: bool) -> Callable:
    def run(*inputs: Any) -> tuple:
        for value in inputs[count:] if merges else inputs:
            if value is DEAD:
                return (DEAD,) * (results + 1)
        found = tuple(_own(value, inputs) for value in kernel(*inputs[:count]))
        return (*found, DEAD if merges and found[0] is DEAD else None)

    return run


def _own(value: Any, inputs: tuple) -> Any:
    """The value, or a copy where its memory may be used for other things before it is needed."""
    if not isinstance(value, np.ndarray) or (value.flags.owndata and not any(value is each for each in inputs)):
        return value
    return value.copy()
