"""What surrounds the making of a node: name, control-dependency, device and colocation scopes of one graph."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Callable, Iterator

from pyflow.core import device as pydev
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor

if TYPE_CHECKING:
    from pyflow.core.graph import Graph

VALID_OP_NAME = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\-/]*$")
VALID_SCOPE_NAME = re.compile(r"^[A-Za-z0-9_.\-/]*$")


class NameScopes:
    """Names of a graph: the current scope, and every name in use (compared without case, as TF does)."""

    def __init__(self) -> None:
        self.current = ""
        self.in_use: dict[str, int] = {}

    def unique(self, name: str, mark_as_used: bool = True) -> str:
        if self.current:
            name = f"{self.current}/{name}"
        key = name.lower()
        count = self.in_use.get(key, 0)
        if mark_as_used:
            self.in_use[key] = count + 1
        if count > 0:
            base = key
            while key in self.in_use:
                key = f"{base}_{count}"
                count += 1
            if mark_as_used:
                self.in_use[key] = 1
            name = f"{name}_{count - 1}"
        return name

    @contextlib.contextmanager
    def scope(self, name: str | None) -> Iterator[str]:
        if name:
            if isinstance(name, bytes):
                name = name.decode()
            pattern = VALID_SCOPE_NAME if self.current else VALID_OP_NAME
            if not pattern.match(name):
                raise ValueError(f"'{name}' is not a valid scope name")
        outer = self.current
        if not name:
            self.current = ""
        elif name.endswith("/"):
            self.current = name[:-1]
        else:
            self.current = self.unique(name)
        try:
            yield self.current + "/" if self.current else ""
        finally:
            self.current = outer


class ControlDependencies:
    """Context manager of `Graph.control_dependencies`.

    A new node gets the control inputs of each active context, unless one of its inputs was made inside that context:
    then it depends on them already.
    """

    def __init__(self, graph: Graph, control_inputs: list[Operation] | None):
        self._graph = graph
        self._clears = control_inputs is None
        self.control_inputs = control_inputs or []
        self.outside: list[Operation] = []  # further ones, of graphs around that of a function
        self._seen: set[Operation] = set()
        self._outer: list[ControlDependencies] = []
        self._outer_context: Any = None

    def __enter__(self) -> None:
        stack = self._graph._control_dependencies_stack
        if self._clears:
            self._outer = stack
            self._graph._control_dependencies_stack = stack = []
            self._outer_context = self._graph._get_control_flow_context()
            self._graph._set_control_flow_context(None)
        stack.append(self)

    def __exit__(self, *exc: Any) -> None:
        if self._graph._control_dependencies_stack.pop() is not self:
            raise RuntimeError("control_dependencies() contexts must be left in the reverse order")
        if self._clears:
            self._graph._control_dependencies_stack = self._outer
            self._graph._set_control_flow_context(self._outer_context)

    def op_in_group(self, op: Operation) -> bool:
        return op in self._seen

    def add_op(self, op: Operation) -> None:
        self._seen.add(op)


def control_inputs_for(stack: list[ControlDependencies], inputs: list[Tensor]) -> list[Operation]:
    """The control inputs that the active contexts give to a node with these inputs."""
    input_ops = {t.op for t in inputs}
    result: list[Operation] = []
    for controller in stack:
        if not any(controller.op_in_group(op) for op in input_ops):
            result += [c for c in controller.control_inputs if c not in input_ops and c not in result]
    return result


DeviceFunction = Callable[[Operation], Any]


def device_function(name_or_function: Any) -> DeviceFunction | None:
    """A device scope's argument (string, DeviceSpec, function or None) as a function from nodes to device strings."""
    if name_or_function is None:
        return None
    if callable(name_or_function) and not isinstance(name_or_function, pydev.DeviceSpec):
        return name_or_function
    return pydev.merge_device(name_or_function)


def apply_device_functions(stack: list[DeviceFunction | None], op: Operation) -> None:
    """Asks the scopes from the innermost out; a `None` scope ends the search."""
    for function in reversed(stack):
        if function is None:
            break
        op._set_device(function(op))


def colocate(stack: list[Operation], op: Operation) -> None:
    """Puts `op` into the colocation groups of the active `colocate_with` scopes, and onto their device."""
    groups: set[bytes] = set()
    for other in stack:
        groups.update(other.colocation_groups())
        if other.device:
            op._device = other.device
    op.attrs["_class"] = sorted(groups)
