"""Operation: a node of the graph."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pyflow.core.api import export
from pyflow.core.dtypes import DType
from pyflow.core.registry import OpDef
from pyflow.core.tensor import Tensor

if TYPE_CHECKING:
    from pyflow.core.graph import Graph

Frame = tuple[str, int, str, int]


def user_stack() -> list[Frame]:
    """The call stack, outermost first, as (file, line, function, its first line); cheap enough for every node."""
    frames, frame = [], sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        frames.append((code.co_filename, frame.f_lineno, code.co_name, code.co_firstlineno))
        frame = frame.f_back
    frames.reverse()
    return frames


@export("Operation")
class Operation:
    """A node: an op type with inputs, control inputs, attrs and a device. Made by `Graph.create_op`."""

    def __init__(
        self,
        graph: Graph,
        name: str,
        op_def: OpDef,
        inputs: list[Tensor],
        control_inputs: list[Operation],
        attrs: dict[str, Any],
        output_dtypes: list[DType],
    ):
        self._graph = graph
        self._name = name
        self.definition = op_def
        self._inputs = tuple(inputs)
        self._control_inputs = control_inputs
        self.attrs = attrs
        self._device = ""
        self._id = 0
        self._stack = user_stack()
        self._is_static = False  # whether it depends on constants and known shapes only
        self._control_flow_context: Any = None
        self._control_outputs: list[Operation] = []
        self._outputs = [Tensor(self, i, dtype) for i, dtype in enumerate(output_dtypes)]
        self._gradient_function: Any = None
        self._made_before = 0  # how many nodes stand before it in the order though they were made later
        self._captured_from: Tensor | None = None  # of a function's input: the tensor outside that it stands for
        for tensor in self._inputs:
            tensor._consumers.append(self)
        for op in control_inputs:
            op._control_outputs.append(self)

    graph: Graph = property(lambda self: self._graph, doc="The `Graph` that holds this node.")  # type: ignore
    name: str = property(lambda self: self._name, doc="The full name, unique in the graph.")  # type: ignore
    type: str = property(lambda self: self.definition.name, doc="The op type, for example 'MatMul'.")  # type: ignore
    inputs = property(lambda self: self._inputs, doc="The input tensors.")
    outputs: list[Tensor] = property(lambda self: self._outputs, doc="The output tensors.")  # type: ignore
    device: str = property(lambda self: self._device, doc="The requested device, or ''.")  # type: ignore

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations that run before this one though it doesn't use their outputs."""
        return list(self._control_inputs)

    @property
    def _control_input_ops(self) -> list[Operation]:
        return self._control_inputs

    @property
    def traceback(self) -> list[tuple[str, int, str, str]]:
        """Where the node was made: (file, line, function, source text) from the outermost call in."""
        return [frame[:4] for frame in self.traceback_with_start_lines]

    @property
    def traceback_with_start_lines(self) -> list[tuple[str, int, str, str, int]]:
        """As `traceback`, each with the line that the function begins in."""
        import linecache

        return [(f, n, name, linecache.getline(f, n).strip(), start) for f, n, name, start in self._stack]

    def colocation_groups(self) -> list[bytes]:
        """The names of the groups that this op must share a device with."""
        return list(self.attrs.get("_class") or [b"loc:@" + self._name.encode()])

    def values(self) -> tuple[Tensor, ...]:
        return tuple(self._outputs)

    def get_attr(self, name: str) -> Any:
        """The value of an attr, in TF's Python forms: DType, bytes for strings, protos for shapes and tensors.

        Raises:
          ValueError: the node has no attr of that name.
        """
        from pyflow.core.attr_values import python_attr

        if name not in self.attrs:
            raise ValueError(f"Operation '{self._name}' has no attr named '{name}'.")
        return python_attr(self, name)

    @property
    def op_def(self) -> Any:
        """The signature of the op type as an `OpDef` protocol buffer, which is shared: do not change it."""
        from pyflow.core.op_def_proto import op_def

        return op_def(self.definition)

    @property
    def node_def(self) -> Any:
        """This node as a `NodeDef` protocol buffer."""
        from pyflow.core.graph_export import node_def

        return node_def(self)

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Runs this operation in `session`, or in the default session."""
        from pyflow.core.scopes import session_for

        session_for(self, session, "execute operation using `run()`").run(self, feed_dict)

    def _set_device(self, device: Any) -> None:
        self._device = device.to_string() if hasattr(device, "to_string") else device or ""

    def _set_attr(self, name: str, value: Any) -> None:
        """Sets an attr from its `AttrValue` protocol buffer, or from the registry's Python form."""
        from pyflow.core.attr_values import registry_attr

        self.attrs[name] = registry_attr(value)
        self._graph._changed()

    def _add_control_inputs(self, ops: Any) -> None:
        for op in ops:
            if not isinstance(op, Operation):
                raise TypeError(f"op must be an Operation: {op}")
            if op.graph is not self._graph:
                raise ValueError(f"{op} is not from the same graph as {self}")
            if op not in self._control_inputs:
                self._control_inputs.append(op)
                op._control_outputs.append(self)
        self._graph._changed()

    def _add_control_input(self, op: Operation) -> None:
        self._add_control_inputs([op])

    def _remove_all_control_inputs(self) -> None:
        for op in self._control_inputs:
            op._control_outputs.remove(self)
        self._control_inputs = []
        self._graph._changed()

    def _update_input(self, index: int, tensor: Tensor) -> None:
        """Replaces input `index`. The shapes inferred from the old input stay."""
        if tensor.graph is not self._graph:
            raise ValueError(f"{tensor} must be from the same graph as {self}.")
        inputs = list(self._inputs)
        inputs[index]._consumers.remove(self)
        inputs[index] = tensor
        tensor._consumers.append(self)
        self._inputs = tuple(inputs)
        self._graph._changed()

    def _clear_attr(self, name: str) -> None:
        self.attrs.pop(name, None)
        self._graph._changed()

    _node_def = property(lambda self: self.node_def)
    _op_def = property(lambda self: self.op_def)
    _output_types = property(lambda self: [t.dtype.as_datatype_enum for t in self._outputs])
    _input_types = property(lambda self: [t.dtype for t in self._inputs])

    def _get_control_flow_context(self) -> Any:
        return self._control_flow_context

    def _set_control_flow_context(self, context: Any) -> None:
        self._control_flow_context = context

    @property
    def _id_value(self) -> int:
        return self._id

    def __str__(self) -> str:
        from google.protobuf import text_format

        return text_format.MessageToString(self.node_def)  # str() of a message leaves the order of attrs to chance

    def __repr__(self) -> str:
        return f"<tf.Operation '{self._name}' type={self.type}>"
