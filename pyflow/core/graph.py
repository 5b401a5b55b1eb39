"""Graph: the nodes of a program, their names and its collections."""

from __future__ import annotations

import contextlib
import itertools
import re
import threading
from typing import Any, Iterator

from pyflow.core import registry
from pyflow.core.api import export
from pyflow.core.construction import (
    VALID_OP_NAME,
    ControlDependencies,
    DeviceFunction,
    NameScopes,
    apply_device_functions,
    attr_scope,
    colocate,
    control_inputs_for,
    device_function,
    foreign_input,
    get_definition,
)
from pyflow.core.graph_versions import GRAPH_DEF_VERSION
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.node_count import NodeCount
from pyflow.core.operation import Operation
from pyflow.core.static_shapes import set_static_shapes
from pyflow.core.tensor import Tensor


@export("Graph")
class Graph:
    """A dataflow graph of `Operation`s joined by `Tensor`s.

    Nodes are only ever added. See https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/Graph.
    """

    seed: int | None = None  # the graph-level random seed

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._nodes_by_name: dict[str, Operation] = {}
        self._names = NameScopes()
        self._last_id = 0
        self._mutations = 0
        self._finalized = False
        self._collections: dict[Any, list] = {}
        self._node_count = NodeCount()
        self._container = ""
        self._control_dependencies_stack: list[ControlDependencies] = []
        self._device_stack: list[DeviceFunction | None] = []
        self._colocation_stack: list[Operation] = []
        self._gradient_overrides: dict[str, str] = {}
        self._scoped_attrs: dict[str, Any] = {}
        self._unfeedable: set[Tensor] = set()
        self._unfetchable: set[Any] = set()
        self._control_flow_context: Any = None
        self._variable_creator_stack: list[Any] = []
        self._functions: dict[str, Any] = {}
        self._function_numbers = itertools.count()
        # What GraphDefs that were imported ask of their readers: the oldest producer, the newest consumer.
        self._producer, self._min_consumer = GRAPH_DEF_VERSION, 0

    # ---------------------------------------------------------------- nodes

    def create_op(
        self,
        op_type: str,
        inputs: Any,
        dtypes: Any = None,
        input_types: Any = None,
        name: str | None = None,
        attrs: Any = None,
        op_def: Any = None,
        compute_shapes: bool = True,
        compute_device: bool = True,
    ) -> Operation:
        """Adds a node of a registered type. `attrs` maps names to Python values or `AttrValue`s.

        Raises:
          TypeError: an input is not a tensor.
          ValueError: the shapes don't fit, or the name is no valid node name.
          RuntimeError: the graph is finalized.
          NotFoundError: the op type is not registered.
        """
        from pyflow.core.attr_values import complete_attrs

        for i, x in enumerate(inputs):
            if not isinstance(x, Tensor):
                raise TypeError(f"Input #{i} is not a tensor: {x}")
        definition = get_definition(self, op_type)
        return self.add_node(definition, list(inputs), complete_attrs(definition, inputs, attrs or {}, dtypes), name)

    def add_node(
        self, definition: registry.OpDef, inputs: list[Tensor], attrs: dict[str, Any], name: str | None
    ) -> Operation:
        """Adds a node whose attrs are complete and in the registry's form."""
        self._check_not_finalized()
        for tensor in inputs:
            if tensor.graph is not self:
                raise ValueError(foreign_input(tensor, definition.name, name))
        with self._lock:
            name = self._node_name(name or definition.name)
            if not VALID_OP_NAME.match(name):
                raise ValueError(f"'{name}' is not a valid node name")
            if definition.name in self._gradient_overrides:
                attrs["_gradient_op_type"] = self._gradient_overrides[definition.name]
            if self._scoped_attrs:
                attrs.update((k, v) for k, v in self._scoped_attrs.items() if k not in attrs)
            if self._container and attrs.get("container") == "":
                attrs["container"] = self._container
            control_inputs = control_inputs_for(self._control_dependencies_stack, inputs)
            op = Operation(self, name, definition, inputs, control_inputs, attrs, definition.output_dtypes(attrs))
            try:
                set_static_shapes(op)
            except Exception:
                for tensor in inputs:
                    tensor._consumers.remove(op)
                for other in control_inputs:
                    other._control_outputs.remove(op)
                raise
            self._last_id = op._id = self._last_id + 1
            self._node_count.value += 1
            self._nodes_by_name[name] = op
            self._names.in_use.setdefault(name.lower(), 1)
            for controller in self._control_dependencies_stack:
                controller.add_op(op)
            if self._control_flow_context is not None:
                op._control_flow_context = self._control_flow_context
            apply_device_functions(self._device_stack, op)
            if self._colocation_stack:
                colocate(self._colocation_stack, op)
            return op

    def _node_name(self, name: str) -> str:
        """The name in the current scope, made unique; one that ends with a slash is complete as it is."""
        if not name.endswith("/"):
            return self._names.unique(name)
        name = name[:-1]
        return self._names.unique(name) if name in self._nodes_by_name else name

    def get_operations(self) -> list[Operation]:
        """All nodes, in the order of their making."""
        return list(self._nodes_by_name.values())

    def get_operation_by_name(self, name: str) -> Operation:
        """Raises KeyError when the graph has no such node, ValueError when `name` names a tensor."""
        if not isinstance(name, str):
            raise TypeError(f"Operation names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_tensor=False, allow_operation=True)

    def get_tensor_by_name(self, name: str) -> Tensor:
        """Raises KeyError when the graph has no such tensor, ValueError when `name` is no tensor name."""
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_tensor=True, allow_operation=False)

    def _get_operation_by_name_unsafe(self, name: str) -> Operation:
        return self._nodes_by_name[name]

    def as_graph_element(self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """The node or tensor that `obj` is, names, or stands for (`_as_graph_element`)."""
        from pyflow.core.graph_lookup import find

        return find(self, obj, allow_tensor, allow_operation)

    # ---------------------------------------------------------------- default, versions, export

    def as_default(self) -> contextlib.AbstractContextManager[Graph]:
        """Makes this the default graph inside a `with` block."""
        from pyflow.core.scopes import default_graph_stack

        return default_graph_stack.pushed(self)

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> Any:
        """The graph as a `GraphDef` protocol buffer."""
        from pyflow.core.graph_export import graph_def

        return graph_def(self, from_version, add_shapes)

    version: int = property(lambda self: self._last_id, doc="A number that grows with every added node.")  # type: ignore
    finalized = property(lambda self: self._finalized, doc="True once `finalize` was called.")
    building_function = property(lambda self: False, doc="True for the body of a function.")

    @property
    def graph_def_versions(self) -> Any:
        return self.as_graph_def().versions

    def finalize(self) -> None:
        """Makes the graph read-only."""
        self._finalized = True

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    def _check_not_finalized(self) -> None:
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")

    def _changed(self) -> None:
        self._mutations += 1

    # ---------------------------------------------------------------- scopes

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """`name` inside the current name scope, made unique with `_1`, `_2` ..."""
        return self._names.unique(name, mark_as_used)

    def name_scope(self, name: str | None) -> contextlib.AbstractContextManager[str]:
        """Prefixes the names of new nodes; "a/" re-enters a scope, None or "" goes back to the top.

        Raises:
          ValueError: `name` is not a valid scope name.
        """
        return self._names.scope(name)

    def get_name_scope(self) -> str:
        return self._names.current

    @property
    def _name_stack(self) -> str:
        return self._names.current

    @property
    def _names_in_use(self) -> dict[str, int]:
        return self._names.in_use

    def control_dependencies(self, control_inputs: Any) -> ControlDependencies:
        """Makes new nodes wait for `control_inputs`; None clears the enclosing contexts."""
        if control_inputs is None:
            return ControlDependencies(self, None)
        ops: list[Operation] = []
        for element in control_inputs:
            # Of a resource variable that an operation changed, it is that operation.
            own = isinstance(element, IndexedSlices) or (hasattr(element, "_handle") and hasattr(element, "op"))
            op = element.op if own else self.as_graph_element(element)
            op = op.op if isinstance(op, Tensor) else op
            if not isinstance(op, Operation):
                raise TypeError(f"Control input must be Operation or Tensor: {element}")
            if op not in ops:
                ops.append(op)
        return ControlDependencies(self, ops)

    def _get_control_flow_context(self) -> Any:
        return self._control_flow_context

    def _set_control_flow_context(self, context: Any) -> None:
        self._control_flow_context = context

    @contextlib.contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Asks for a device for new nodes: a string, a function from nodes to strings, or None (no outer scope)."""
        with _pushed(self._device_stack, device_function(device_name_or_function)):
            yield

    @contextlib.contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Puts new nodes on the device of `op`; None with `ignore_existing` clears the enclosing scopes."""
        if op is None and not ignore_existing:
            raise ValueError("Trying to reset colocation (op is None) but ignore_existing is not True")
        node = None
        if op is not None:
            node = self.as_graph_element(getattr(op, "op", op) if not isinstance(op, (Tensor, Operation)) else op)
            node = node.op if isinstance(node, Tensor) else node
        outer, outer_devices = self._colocation_stack, self._device_stack
        # The colocated op's device is the one that counts, not those of scopes outside.
        self._device_stack = []
        if ignore_existing:
            self._colocation_stack = []
        try:
            if node is None:
                yield
            else:
                with _pushed(self._colocation_stack, node):
                    yield
        finally:
            self._colocation_stack, self._device_stack = outer, outer_devices

    @contextlib.contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """Names the resource container of stateful nodes."""
        outer, self._container = self._container, container_name
        try:
            yield container_name
        finally:
            self._container = outer

    @contextlib.contextmanager
    def gradient_override_map(self, op_type_map: dict[str, str]) -> Iterator[None]:
        """Makes new nodes of the given types use gradients registered under other names (`RegisterGradient`)."""
        if not isinstance(op_type_map, dict):
            raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        if not all(isinstance(s, str) for item in op_type_map.items() for s in item):
            raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        outer, self._gradient_overrides = self._gradient_overrides, {**self._gradient_overrides, **op_type_map}
        try:
            yield
        finally:
            self._gradient_overrides = outer

    @contextlib.contextmanager
    def _kernel_label_map(self, op_to_kernel_label_map: dict[str, str]) -> Iterator[None]:
        yield  # there is one kernel per op

    def _attr_scope(self, attr_map: dict[str, Any]) -> contextlib.AbstractContextManager[None]:
        """Gives new nodes the attrs: `AttrValue`s, functions from a NodeDef to one, or None for no such attr."""
        return attr_scope(self, attr_map)

    def _is_function(self, name: str) -> bool:
        return name in self._functions

    def _get_function(self, name: str) -> Any:
        return self._functions.get(name)

    def _as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> tuple[Any, int]:
        return self.as_graph_def(from_version, add_shapes), self.version

    @contextlib.contextmanager
    def _variable_creator_scope(self, creator: Any, priority: int = 100) -> Iterator[None]:
        outer = self._variable_creator_stack
        inner = self._variable_creator_stack = sorted([*outer, (priority, creator)], key=lambda item: item[0])
        try:
            yield
        finally:
            if self._variable_creator_stack is not inner:
                raise RuntimeError("Exiting variable_creator_scope without proper nesting.")
            self._variable_creator_stack = outer

    # ---------------------------------------------------------------- collections

    def add_to_collection(self, name: Any, value: Any) -> None:
        self._check_not_finalized()
        self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Adds to several collections; a name that occurs twice counts once."""
        names = (names,) if isinstance(names, str) else list(dict.fromkeys(names))
        for name in names:
            self.add_to_collection(name, value)

    def get_collection_ref(self, name: Any) -> list:
        """The collection itself: changes to the list change the graph."""
        return self._collections.setdefault(name, [])

    def get_collection(self, name: Any, scope: str | None = None) -> list:
        """A copy of the collection, filtered to items whose name matches the regular expression `scope`."""
        items = self._collections.get(name, [])
        if scope is None:
            return list(items)
        pattern = re.compile(scope)
        return [item for item in items if hasattr(item, "name") and pattern.match(item.name)]

    def get_all_collection_keys(self) -> list[str]:
        return [key for key in self._collections if isinstance(key, str)]

    @property
    def collections(self) -> list[str]:
        return self.get_all_collection_keys()

    def clear_collection(self, name: Any) -> None:
        self._check_not_finalized()
        self._collections.pop(name, None)

    # ---------------------------------------------------------------- feeding and fetching

    def prevent_feeding(self, tensor: Tensor) -> None:
        self._unfeedable.add(tensor)

    def is_feedable(self, tensor: Tensor) -> bool:
        return tensor not in self._unfeedable

    def prevent_fetching(self, op: Operation) -> None:
        self._unfetchable.add(op)

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        op = tensor_or_op.op if isinstance(tensor_or_op, Tensor) else tensor_or_op
        return op not in self._unfetchable

    def switch_to_thread_local(self) -> None:
        """Accepted for compatibility: scopes belong to the thread that builds the graph."""


@contextlib.contextmanager
def _pushed(stack: list, item: Any) -> Iterator[None]:
    stack.append(item)
    try:
        yield
    finally:
        stack.pop()
