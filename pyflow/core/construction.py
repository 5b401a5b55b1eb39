"""What surrounds the making of a node: name, control-dependency, device and colocation scopes of one graph."""

from __future__ import annotations

import contextlib
import platform
import re
from typing import TYPE_CHECKING, Any, Callable, Iterator

from pyflow.core import device as pydev
from pyflow.core import errors, registry
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


def get_definition(graph: Graph, op_type: str) -> registry.OpDef:
    """What nodes of a type are: an op, or a call of the graph's function of that name.

    Raises:
      NotFoundError: it is neither.
    """
    function = graph._functions.get(op_type)
    if function is not None:
        return function.op_def
    if op_type not in registry.OPS:
        raise not_registered(op_type)
    return registry.OPS[op_type]


def not_registered(op_type: str) -> errors.NotFoundError:
    """What there is to raise for an op type that nobody defined."""
    return errors.NotFoundError(
        None,
        None,
        f"Op type not registered '{op_type}' in binary running on {platform.node()}. Make sure the Op and Kernel are "
        "registered in the binary running in this process. Note that if you are loading a saved graph which used ops "
        "from tf.contrib, accessing (e.g.) `tf.contrib.resampler` should be done before importing the graph, as "
        "contrib ops are lazily registered when the module is first accessed.",
    )


def foreign_input(tensor: Tensor, op_type: str, name: str | None) -> str:
    """What is wrong with a tensor of another graph as an input."""
    kind = getattr(tensor.graph, "kind", None)
    if kind is None:
        return f"{tensor} must be from the same graph as the new {op_type} node."
    inner, name = tensor.op.name, (name or op_type).rstrip("/")
    return f"Cannot use '{inner}' as input to '{name}' because '{inner}' is in a {kind}. See info log for more details."


@contextlib.contextmanager
def attr_scope(graph: Graph, attr_map: dict[str, Any]) -> Iterator[None]:
    """See `Graph._attr_scope`.

    Raises:
      TypeError: `attr_map` is no dictionary from strings to attrs.
    """
    from pyflow.core.attr_values import registry_attr
    from pyflow.protos.graph_pb2 import AttrValue

    if not isinstance(attr_map, dict):
        raise TypeError("attr_map must be a dictionary mapping strings to Callables that return AttrValue protos")
    outer = graph._scoped_attrs
    inner = dict(outer)
    for name, attr in attr_map.items():
        if not isinstance(name, str) or not (attr is None or isinstance(attr, AttrValue) or callable(attr)):
            raise TypeError(
                "attr_map must be a dictionary mapping strings to AttrValue protos or callables that emit AttrValue "
                "protos"
            )
        if callable(attr):
            raise NotImplementedError("Graph._attr_scope with functions")
        if attr is None:
            inner.pop(name, None)
        else:
            inner[name] = registry_attr(attr)
    graph._scoped_attrs = inner
    try:
        yield
    finally:
        graph._scoped_attrs = outer
