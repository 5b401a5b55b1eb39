"""The nodes of a GraphDef in the order in which they can be made, checked, named and added to a graph."""

from __future__ import annotations

import heapq
from typing import Any, NamedTuple

from pyflow.core import device as pydev
from pyflow.core import dtypes, registry
from pyflow.core.construction import (
    VALID_OP_NAME,
    apply_device_functions,
    control_inputs_for,
    get_definition,
)
from pyflow.core.function_import import add_library
from pyflow.core.graph import Graph
from pyflow.core.graph_versions import check_not_removed, check_versions, leaves_shape_open
from pyflow.core.node_attrs import read_attrs
from pyflow.core.op_summary import dtype_name, summarize
from pyflow.core.operation import Operation
from pyflow.core.static_shapes import set_static_shapes
from pyflow.core.tensor import Tensor

CONTROL = -1  # the output index of a control input
_COLOCATION = b"loc:@"


class Input(NamedTuple):
    """What a node of a GraphDef takes: an output of another, or its completion."""

    node: str
    index: int

    def __str__(self) -> str:
        return f"^{self.node}" if self.index == CONTROL else f"{self.node}:{self.index}"


def parse_input(text: str) -> Input:
    """Reads "a", "a:1" or "^a"."""
    if text.startswith("^"):
        return Input(text[1:], CONTROL)
    node, colon, index = text.rpartition(":")
    return Input(node, int(index)) if colon and index.isdigit() else Input(text, 0)


class Importer:
    """One import: which node is made when, and what there is so far."""

    def __init__(self, graph: Graph, graph_def: Any, input_map: dict[Input, Tensor], scope: str):
        self._graph = graph
        self._def = graph_def
        self._input_map = input_map
        self._producer = graph_def.versions.producer
        self._indices: dict[str, int] = {}
        self._inputs: list[list[Input]] = []
        self._names: list[str] = []
        self._scope = scope
        self._used: set[Input] = set()
        self._made: dict[str, Operation] = {}

    def run(self) -> None:
        """Adds all nodes, or none if something is wrong."""
        self._index_nodes()
        self._name_nodes()
        versions = self._def.versions
        check_versions(versions)
        if len(self._def.library.function):
            add_library(self._graph, self._def.library)
        ordered = self._ordered()
        around = control_inputs_for(self._graph._control_dependencies_stack, [])
        try:
            for i in ordered:
                self._add(i, around)
        except BaseException:
            self._undo()
            raise
        for op in self._made.values():
            self._set_device(op)
        self._graph._producer = min(self._graph._producer, versions.producer)
        self._graph._min_consumer = max(self._graph._min_consumer, versions.min_consumer)

    # ---------------------------------------------------------------- what is to be made

    def _index_nodes(self) -> None:
        for i, node in enumerate(self._def.node):
            if not VALID_OP_NAME.match(node.name.replace(">", "_")):
                raise ValueError(f"Node '{node.name}': Node name contains invalid characters")
            if self._indices.setdefault(node.name, i) != i:
                raise ValueError(f"Node '{node.name}' is not unique")
            inputs = [parse_input(text) for text in node.input]
            first = next((k for k, one in enumerate(inputs) if one.index == CONTROL), len(inputs))
            if any(one.index != CONTROL for one in inputs[first:]):
                raise ValueError(f"Node '{node.name}': Control dependencies must come after regular dependencies")
            self._inputs.append(inputs)

    def _name_nodes(self) -> None:
        """The names that the nodes are going to have: the scope before theirs, a number behind those in use."""
        existing = self._graph._nodes_by_name
        taken = set(existing)
        for name in existing:
            while (slash := name.rfind("/")) > 0 and (name := name[:slash]) not in taken:
                taken.add(name)
        own = {self._scope + node.name for node in self._def.node}
        for node in self._def.node:
            name = original = self._scope + node.name
            number = 0
            while name in taken or (number and name in own):
                number += 1
                name = f"{original}_{number}"
            self._names.append(name)

    def _ordered(self) -> list[int]:
        """The nodes so that each comes behind its inputs, otherwise as they are in the GraphDef."""
        waiting = [0] * len(self._inputs)
        consumers: list[list[int]] = [[] for _ in self._inputs]
        for i, inputs in enumerate(self._inputs):
            for position, one in enumerate(inputs):
                if one in self._input_map:
                    self._used.add(one)
                    continue
                source = self._indices.get(one.node)
                if source is None:
                    text = self._def.node[i].input[position]
                    raise ValueError(f"Node '{self._def.node[i].name}': Unknown input node '{text}'")
                waiting[i] += 1
                consumers[source].append(i)
        ready = [i for i, count in enumerate(waiting) if count == 0]
        ordered = []
        while ready:
            i = heapq.heappop(ready)
            ordered.append(i)
            for consumer in consumers[i]:
                waiting[consumer] -= 1
                if waiting[consumer] == 0:
                    heapq.heappush(ready, consumer)
        if len(ordered) < len(waiting):
            raise ValueError(f"{len(waiting) - len(ordered)} nodes in a cycle")
        return ordered

    # ---------------------------------------------------------------- making it

    def _add(self, i: int, around: list[Operation]) -> None:
        node, name, graph = self._def.node[i], self._names[i], self._graph
        check_not_removed(node.op, self._producer)
        if not node.op:
            raise ValueError(f"Node '{node.name}' does not specify an operation")
        pydev.check_valid(node.device)
        definition = get_definition(graph, node.op)
        attrs = read_attrs(definition, node, name)
        if "_class" in attrs:
            attrs["_class"] = self._renamed_colocation(node, attrs["_class"])
        inputs, control_inputs = [], []
        for one in self._inputs[i]:
            source = self._source(node.name, one)
            if one.index != CONTROL:
                inputs.append(source)
            elif source not in control_inputs:
                control_inputs.append(source)
        control_inputs += [op for op in around if op not in control_inputs]
        _check_inputs(definition, attrs, inputs, name)
        op = Operation(graph, name, definition, inputs, control_inputs, attrs, definition.output_dtypes(attrs))
        self._made[node.name] = op
        graph._last_id = op._id = graph._last_id + 1
        graph._node_count.value += 1
        op._device = node.device
        graph._nodes_by_name[name] = op
        graph._names.in_use.setdefault(name.lower(), 1)
        set_static_shapes(op)
        if leaves_shape_open(op, self._producer):
            op.outputs[0]._static_shape = None
        if "_output_shapes" in node.attr:
            _merge_shapes(op, node.attr["_output_shapes"].list.shape)
        op._control_flow_context = graph._control_flow_context
        for controller in graph._control_dependencies_stack:
            controller.add_op(op)

    def _source(self, consumer: str, one: Input) -> Any:
        given = self._input_map.get(one)
        if given is not None:
            return given.op if one.index == CONTROL else given
        op = self._made[one.node]
        if one.index == CONTROL:
            return op
        if one.index >= len(op._outputs):
            raise ValueError(
                f"Node '{consumer}': Connecting to invalid output {one.index} of source node {one.node} which has "
                f"{len(op._outputs)} outputs."
            )
        return op._outputs[one.index]

    def _renamed_colocation(self, node: Any, groups: list) -> list:
        renamed = []
        for group in groups:
            if group.startswith(_COLOCATION):
                other = group[len(_COLOCATION) :].decode()
                index = self._indices.get(other)
                if index is None:
                    raise ValueError(f"Node '{node.name}' expects to be colocated with unknown node '{other}'")
                group = _COLOCATION + self._names[index].encode()
            renamed.append(group)
        return renamed

    def _set_device(self, op: Operation) -> None:
        """The device of the ops it is colocated with, else its own as completed by the device scopes around."""
        groups = op.attrs.get("_class")
        if not groups:
            apply_device_functions(self._graph._device_stack, op)
            return
        for group in groups:
            other = self._graph._nodes_by_name.get(group[len(_COLOCATION) :].decode())
            if other is not None and other.device:
                op._device = other.device
                return

    def _undo(self) -> None:
        for op in reversed(self._made.values()):
            for tensor in op.inputs:
                tensor._consumers.remove(op)
            for other in op._control_inputs:
                other._control_outputs.remove(op)
            del self._graph._nodes_by_name[op.name]
            self._graph._names.in_use.pop(op.name.lower(), None)

    # ---------------------------------------------------------------- what was asked for

    def check_input_map(self) -> None:
        """Raises ValueError if `input_map` has a key that the GraphDef doesn't have."""
        missing = [key for key in self._input_map if key not in self._used and not self._has(key)]
        if missing:
            names = sorted(str(key) for key in missing)
            raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{', '.join(names)}]")

    def _has(self, key: Input) -> bool:
        op = self._made.get(key.node)
        return op is not None and key.index < len(op.outputs)

    def element(self, text: str) -> Any:
        """The operation or tensor that a name in the GraphDef has become."""
        node, colon, index = text.partition(":")
        if colon and not index.isdigit():
            raise ValueError(f"Cannot convert '{text}' to a tensor name.")
        one = Input(node, int(index)) if colon else None
        if one is not None and one in self._input_map:
            return self._input_map[one]
        op = self._made.get(node)
        if op is None:
            wanted = f"node '{node}'" if one is None else f"tensor '{one}'"
            raise ValueError(f"Requested return {wanted} not found in graph def")
        if one is None:
            return op
        if one.index >= len(op.outputs):
            raise ValueError(
                f"Invalid return output {one.index} of node '{node}', which has {len(op.outputs)} output(s)"
            )
        return op.outputs[one.index]


def _check_inputs(definition: registry.OpDef, attrs: dict[str, Any], inputs: list[Tensor], name: str) -> None:
    expected = [dtype for arg in definition.inputs for dtype in arg.dtypes(attrs)]
    if len(expected) != len(inputs):
        raise ValueError(
            f"NodeDef expected inputs '{', '.join(map(dtype_name, expected))}' do not match {len(inputs)} inputs "
            f"specified; {summarize(definition)}; NodeDef: {{{{node {name}}}}}"
        )
    for i, (tensor, dtype) in enumerate(zip(inputs, expected)):
        given = tensor.dtype
        if given is not dtype and given.base_dtype is not dtype:
            raise ValueError(
                f"Input {i} of node {name} was passed {dtype_name(given)} from {tensor.name} incompatible with "
                f"expected {dtype_name(dtype)}."
            )


def _merge_shapes(op: Operation, shapes: Any) -> None:
    for i, (tensor, shape) in enumerate(zip(op.outputs, shapes)):
        if tensor.dtype in (dtypes.resource, dtypes.variant):
            continue  # what is behind a handle has no shape of TensorFlow's making
        try:
            tensor.set_shape(shape)
        except ValueError as error:
            raise ValueError(
                f"Node '{op.name}' has an _output_shapes attribute inconsistent with the GraphDef for output #{i}: "
                f"{error}"
            ) from None
