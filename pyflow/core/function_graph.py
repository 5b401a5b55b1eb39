"""FunctionGraph: the body of a function (a branch, a loop's body, a `Defun`), made of nodes of its own.

What a body uses of the graph around it becomes an extra input of the function: it is captured. Names, collections, the
library of functions and the seed are those of the graph around it, as in TensorFlow 1 a body was a part of that graph.
"""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

from pyflow.core import registry
from pyflow.core.attr_proto import FunctionAttr
from pyflow.core.construction import ControlDependencies, foreign_input
from pyflow.core.graph import Graph
from pyflow.core.node_count import count_nodes, uncounted
from pyflow.core.operation import Operation
from pyflow.core.resources import handle_data
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor

_LARGEST_KNOWN_CONSTANT = 1024
# What TensorFlow makes of a tensor from outside, in constructs that have no graph of their own there.
_CAPTURING_NODE = {"cond": "Switch", "while loop": "Enter"}


class FunctionGraph(Graph):
    """The graph of a function under construction, and the function itself once it is made.

    Attributes:
      name: its name in the library of the graph.
      kind: what it is the body of, for messages: "cond", "while loop" or "function".
      inputs: the placeholders that stand for the arguments, those for captured tensors last.
      outputs: the tensors it returns.
      control_outputs: operations that run at each call though no output needs them.
      captures: from each captured tensor of the graph around it to its placeholder.
      outer_control_inputs: operations outside that the body was told to wait for.
      gradient_name: the function of the library that computes its gradient, once there is one.
      python_gradient: the gradient as a rule like those of ops, if it has one.
    """

    def __init__(self, name: str, kind: str = "function", outer: Graph | None = None, scope: str | None = None):
        super().__init__()
        outer = get_default_graph() if outer is None else outer
        self.kind = kind
        self.outer_graph = outer
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.control_outputs: list[Operation] = []
        self.captures: dict[Tensor, Tensor] = {}
        self._captured_from_afar: dict[Tensor, Tensor] = {}
        self.outer_control_inputs: list[Operation] = []
        self.gradient_name = ""
        self.python_gradient: Any = None
        self._op_def: Any = None
        self._names.current = outer._names.current if scope is None else scope
        self._names.in_use = outer._names.in_use
        self._collections = outer._collections
        self._functions = outer._functions
        self.seed = outer.seed
        self._counts_captures = kind in _CAPTURING_NODE
        self.counted_captures: set[Tensor] = set()
        self._controllers_around: list[ControlDependencies] = []
        if self._counts_captures:
            self._node_count = outer._node_count
            around = getattr(outer, "_controllers_around", [])
            self._controllers_around = [*around, *outer._control_dependencies_stack]
        self._container = outer._container
        self._device_stack = list(outer._device_stack)
        self._gradient_overrides = outer._gradient_overrides
        self._scoped_attrs = outer._scoped_attrs
        self._variable_creator_stack = outer._variable_creator_stack
        self._scope = self._names.current
        self.name = self._unique_function_name(name)

    building_function = property(lambda self: True, doc="True: it is the body of a function.")

    def _unique_function_name(self, name: str) -> str:
        self._function_numbers = self.outer_graph._function_numbers
        return next(n for n in (f"{name}_{i}" for i in self._function_numbers) if n not in self._functions)

    # ---------------------------------------------------------------- inputs

    def add_input(self, dtype: Any, shape: Any = None, name: str = "arg") -> Tensor:
        """A new argument, as a tensor of this graph."""
        counting = uncounted(self) if self.kind in _CAPTURING_NODE else contextlib.nullcontext()
        with counting, self._at_function_level():
            # Goes round `add_node` of derived graphs, which have their own idea of what belongs where.
            attrs = {"dtype": dtype, "shape": _as_shape(shape)}
            op = Graph.add_node(self, registry.get("Placeholder"), [], attrs, name)
        tensor = op.outputs[0]
        self.inputs.append(tensor)
        return tensor

    def capture(self, tensor: Tensor) -> Tensor:
        """The tensor of this graph that stands for a tensor of a graph around it.

        Raises:
          ValueError: the tensor belongs to a graph that is not around this one.
        """
        captured = self.captures.get(tensor, self._captured_from_afar.get(tensor))
        if captured is not None:
            return captured
        outer = self.outer_graph
        if tensor.graph is outer:
            self.count_capture(tensor)
            captured = self.captures[tensor] = self.add_input_like(tensor)
            return captured
        if not isinstance(outer, FunctionGraph):
            raise ValueError(foreign_input(tensor, self.kind, self.name))
        captured = self._captured_from_afar[tensor] = self.capture(outer.capture(tensor))
        return captured

    def count_capture(self, tensor: Tensor) -> None:
        """Counts the node that hands a tensor of the graph around to the body in TensorFlow, the first time."""
        if self._counts_captures and tensor not in self.counted_captures:
            self.counted_captures.add(tensor)
            count_nodes(self, _CAPTURING_NODE[self.kind])

    def add_input_like(self, tensor: Tensor) -> Tensor:
        """An argument with the dtype, shape and statically known value of a tensor outside."""
        # A name without slashes: gradients of tensor arrays tell by the scopes in a name which call made it.
        name = "captured_" + tensor.op.name.replace("/", "_")
        captured = self.add_input(tensor.dtype, tensor._static_shape, name)
        captured.op._captured_from = tensor
        value = _small_static_value(tensor)
        if value is not None:
            captured._static_value, captured.op._is_static = value, True
        data = handle_data(tensor)
        if data is not None:
            captured.__dict__["_handle_data"] = data
        return captured

    @contextlib.contextmanager
    def _at_function_level(self) -> Iterator[None]:
        """Away from the name scopes and control dependencies of the body."""
        names, dependencies, colocation = self._names.current, self._control_dependencies_stack, self._colocation_stack
        devices = self._device_stack
        self._names.current = self._scope
        self._control_dependencies_stack, self._colocation_stack, self._device_stack = [], [], []
        try:
            yield
        finally:
            self._names.current, self._control_dependencies_stack = names, dependencies
            self._colocation_stack, self._device_stack = colocation, devices

    # ---------------------------------------------------------------- nodes

    def add_node(
        self, definition: registry.OpDef, inputs: list[Tensor], attrs: dict[str, Any], name: str | None
    ) -> Operation:
        if self.kind != "while loop":
            inputs = [t if t.graph is self else self.capture(t) for t in inputs]
            return super().add_node(definition, inputs, attrs, name)
        waits = self._waits_outside([t.op for t in inputs])
        inputs = [t if t.graph is self else self.capture(t) for t in inputs]
        op = super().add_node(definition, inputs, attrs, name)
        for other in waits:
            if other.outputs:
                count_nodes(self, "Identity")
                self.count_use(other.outputs[0])
        return op

    def _waits_outside(self, inputs: list[Operation]) -> list[Operation]:
        """The operations outside the loop that a node in it is told to wait for; TensorFlow lets each of them in."""
        if not self._controllers_around and not any(c.outside for c in self._control_dependencies_stack):
            return []
        found: dict[Operation, None] = {}
        for controllers, around in ((self._controllers_around, True), (self._control_dependencies_stack, False)):
            for controller in controllers:
                inside = around and any(op.graph is self for op in inputs)
                if not inside and not any(controller.op_in_group(op) for op in inputs):
                    found.update(dict.fromkeys(controller.control_inputs if around else controller.outside))
        return [op for op in found if op not in inputs and op.graph is not self]

    def count_use(self, tensor: Tensor) -> None:
        """As `count_capture`, of a tensor of any of the graphs around."""
        if tensor.graph is not self.outer_graph and isinstance(self.outer_graph, FunctionGraph):
            self.outer_graph.count_use(tensor)
        self.count_capture(tensor)

    def as_graph_element(self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """As for any graph; also finds what belongs to the graphs around it."""
        try:
            return super().as_graph_element(obj, allow_tensor, allow_operation)
        except (KeyError, ValueError) as error:
            try:
                return self.outer_graph.as_graph_element(obj, allow_tensor, allow_operation)
            except (KeyError, ValueError):
                raise error from None

    def control_dependencies(self, control_inputs: Any) -> ControlDependencies:
        """As for any graph; for operations outside, the whole function waits."""
        dependencies = super().control_dependencies(control_inputs)
        for op in dependencies.control_inputs:
            if op.graph is not self and op not in self.outer_control_inputs:
                self.outer_control_inputs.append(op)
        dependencies.outside = [op for op in dependencies.control_inputs if op.graph is not self]
        dependencies.control_inputs = [op for op in dependencies.control_inputs if op.graph is self]
        return dependencies

    @contextlib.contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """As for any graph; an operation outside doesn't count."""
        node = None if op is None else getattr(op, "op", op)
        if isinstance(node, Operation) and node.graph is not self:
            yield
            return
        with super().colocate_with(op, ignore_existing):
            yield

    # ---------------------------------------------------------------- as a function

    @property
    def attr(self) -> FunctionAttr:
        """What stands for the function in a node's attrs."""
        return FunctionAttr(self.name)

    @property
    def output_names(self) -> list[str]:
        """What its outputs are called in its signature."""
        return [f"output_{i}" for i in range(len(self.outputs))]

    @property
    def op_def(self) -> registry.OpDef:
        """What a node is that calls the function by having its name as its type."""
        if self._op_def is None:
            from pyflow.core.function_call import call_definition

            outputs = [(name, t.dtype) for name, t in zip(self.output_names, self.outputs)]
            self._op_def = call_definition(self, [t.dtype for t in self.inputs], outputs, self.is_stateful)
        return self._op_def

    def register(self) -> None:
        """Puts the finished function into the library."""
        self._functions[self.name] = self

    @property
    def is_stateful(self) -> bool:
        """Whether running it can have an effect, or give something else the next time."""
        return any(
            (op.definition.stateful or op.definition.has_ref_input) and op.type != "Placeholder" for op in self.needed()
        )

    def needed(self) -> list[Operation]:
        """The nodes that its outputs depend on."""
        found: dict[Operation, None] = {}
        pending = [t.op for t in self.outputs] + list(self.control_outputs)
        while pending:
            op = pending.pop()
            if op not in found:
                found[op] = None
                pending += [t.op for t in op.inputs] + op._control_inputs
        return sorted(found, key=lambda op: op._id)

    @property
    def definition(self) -> Any:
        """The function as a `FunctionDef`."""
        from pyflow.core.function_export import function_def

        return function_def(self)

    def root(self) -> Graph:
        """The graph around all functions that this one is in."""
        outer: Any = self
        while isinstance(outer, FunctionGraph):
            outer = outer.outer_graph
        return outer

    def _changed(self) -> None:
        super()._changed()
        self.root()._changed()


def function_named(graph: Graph, function: Any) -> Any:
    """The function of the graph's library that an attr names.

    Raises:
      NotFoundError: there is none of that name.
    """
    from pyflow.core import errors

    name = getattr(function, "name", function)
    try:
        return graph._functions[name]
    except KeyError:
        raise errors.NotFoundError(None, None, f"Function {name} is not defined.") from None


def _as_shape(shape: Any) -> Any:
    from pyflow.core.shapes import TensorShape

    return TensorShape(shape)


def _small_static_value(tensor: Tensor) -> Any:
    from pyflow.core.constants import static_value

    if not tensor.op._is_static:
        return None
    value = static_value(tensor)
    return value if value is not None and value.size <= _LARGEST_KNOWN_CONSTANT else None
