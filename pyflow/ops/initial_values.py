"""Initial values that depend on other variables, made independent of the order in which variables are initialised."""

from __future__ import annotations

from typing import Any

from pyflow.core.collections import GraphKeys
from pyflow.core.node_count import count_nodes
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor

_VARIABLES = frozenset(("Variable", "VariableV2", "VarHandleOp"))
# These look at a variable in a way that is right before it has a value, or that a program asked for explicitly.
_LEFT_ALONE = frozenset(
    "IsVariableInitialized VarIsInitializedOp ReadVariableOp If StatelessIf _ValueOrInitialValue".split()
)


def guarded(initial_value: Any, name: str) -> Tensor:
    """`initial_value` with every variable it is computed from replaced by that variable's `initialized_value()`.

    The nodes between are copied, as `<their name>_<name>`; where there is no variable, nothing is.

    Raises:
      TypeError: it is no tensor.
    """
    if not isinstance(initial_value, Tensor):
        raise TypeError(f"initial_value needs to be a Tensor: {initial_value}")
    _count_copies(initial_value.op)
    if not _depends_on_variable(initial_value.op):
        return initial_value
    return _safe_tensor(name, initial_value, {})


def _count_copies(op: Operation) -> None:
    """Counts what TensorFlow makes again of an initial value that was made safe by `initialized_value()` already.

    That is for each such variable its conditional (9 nodes), and the copies of three of them and of all that depend on
    them.
    """
    variables: set[Operation] = set()
    safe: dict[Operation, bool] = {}

    def depends(op: Operation) -> bool:
        if op.type == "_ValueOrInitialValue":
            variables.add(op.inputs[0].op)
            return True
        if op.type in _LEFT_ALONE or op.type in _VARIABLES:
            return False
        found = [known(t.op) for t in op.inputs]  # all of them, for the variables behind each
        return any(found)

    def known(op: Operation) -> bool:
        if op not in safe:
            safe[op] = depends(op)
        return safe[op]

    known(op)
    kinds = [3 if op.type == "_ValueOrInitialValue" else 1 for op, copied in safe.items() if copied]
    count_nodes(op.graph, *["Merge"] * (sum(kinds) + 9 * len(variables)))


def _depends_on_variable(op: Operation) -> bool:
    seen: set[Operation] = set()
    pending = [op]
    while pending:
        op = pending.pop()
        if op in seen or op.type in _LEFT_ALONE:
            continue
        if op.type in _VARIABLES:
            return True
        seen.add(op)
        pending += [t.op for t in op.inputs]
    return False


def _safe_tensor(name: str, tensor: Tensor, copies: dict[Operation, Operation]) -> Tensor:
    op = tensor.op
    if op not in copies:
        copies[op] = _safe_op(name, op, copies)
    return copies[op].outputs[tensor.value_index]


def _safe_op(name: str, op: Operation, copies: dict[Operation, Operation]) -> Operation:
    if op.type in _LEFT_ALONE:
        return op
    if op.type in _VARIABLES:
        value = _initialized_value_of(op)
        return op if value is None else value.op
    inputs = [_safe_tensor(name, t, copies) for t in op.inputs]
    if all(new is old for new, old in zip(inputs, op.inputs)):
        return op
    copy_name = f"{op.name}_{name}".replace(":", "_")
    return op.graph.add_node(op.definition, inputs, dict(op.attrs), copy_name)


def _initialized_value_of(variable_op: Operation) -> Tensor | None:
    for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES):
        for variable in variable_op.graph.get_collection(key):
            if getattr(variable, "name", None) in (variable_op.name, variable_op.name + ":0"):
                initialized_value = getattr(variable, "initialized_value", None)
                return None if initialized_value is None else initialized_value()
    return None
