"""Functions from the library of a `GraphDef`."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.function_call import call_definition
from pyflow.core.function_graph import FunctionGraph
from pyflow.core.graph import Graph


def add_library(graph: Graph, library: Any) -> None:
    """Adds functions to those of the graph; of two with one name the first stays.

    Raises:
      ValueError: a function is not consistent, or has attrs that are left open.
      NotFoundError: it has an op that is not registered.
    """
    definitions = {function.signature.name: function for function in library.function}
    added = {name: FunctionGraph(name, "function", graph, "") for name in definitions if name not in graph._functions}
    for name, function in added.items():
        function.name = name
        function.register()
    for gradient in library.gradient:
        if gradient.function_name in added:
            added[gradient.function_name].gradient_name = gradient.gradient_func
    try:
        for name, function in added.items():  # a node whose type is a function's name may come before its body
            function._op_def = _call_of(function, definitions[name].signature)
        for name, function in added.items():
            _fill(function, definitions[name])
    except BaseException:
        for name in added:
            del graph._functions[name]
        raise


def _call_of(function: FunctionGraph, signature: Any) -> Any:
    for argument in signature.input_arg:
        if not argument.type:
            raise NotImplementedError(f"Function {signature.name} whose argument {argument.name} is of any type")
    inputs = [dtypes.as_dtype(argument.type) for argument in signature.input_arg]
    outputs = [(result.name, dtypes.as_dtype(result.type)) for result in signature.output_arg]
    return call_definition(function, inputs, outputs, signature.is_stateful)


def _fill(function: FunctionGraph, definition: Any) -> None:
    from pyflow.core.node_import import Importer

    signature = definition.signature
    with function.as_default():
        mapped = {}
        for argument in signature.input_arg:
            mapped[argument.name] = function.add_input(dtypes.as_dtype(argument.type), None, argument.name)
        graph_def, arguments = _as_graph_def(definition, mapped)
        importer = Importer(function, graph_def, arguments, "")
        importer.run()
        returns = [definition.ret[result.name] for result in signature.output_arg]
        references = _References(definition)
        function.outputs = [
            mapped[text] if text in mapped else importer.element(references.flat(text)) for text in returns
        ]
        function.control_outputs = [importer.element(name) for name in sorted(set(definition.control_ret.values()))]


def _as_graph_def(definition: Any, arguments: dict[str, Any]) -> tuple[Any, dict]:
    """The body as a `GraphDef`, and where its inputs come from the function's arguments."""
    from pyflow.core.node_import import Input
    from pyflow.protos.graph_pb2 import GraphDef

    references = _References(definition)
    graph_def = GraphDef()
    graph_def.versions.producer = 134
    taken = {node.name for node in definition.node_def}
    mapped = {}
    for name, tensor in arguments.items():
        if name not in taken:
            mapped[Input(name, 0)] = tensor
    for original in definition.node_def:
        node = graph_def.node.add()
        node.CopyFrom(original)
        node.attr.pop("_class", None)  # a function's nodes go where the function goes
        del node.input[:]
        for text in original.input:
            if text.startswith("^"):
                if text[1:] not in arguments:
                    node.input.append(text)
            else:
                node.input.append(text if text in arguments else references.flat(text))
    return graph_def, mapped


class _References:
    """Turns "node:output:index", as functions have it, into "node:index"."""

    def __init__(self, definition: Any):
        self._nodes = {node.name: node for node in definition.node_def}
        self._starts: dict[str, dict[str, int]] = {}

    def flat(self, text: str) -> str:
        parts = text.split(":")
        if len(parts) == 1:
            return f"{text}:0"
        if len(parts) == 2:
            node, output, index = *parts, "0"
        else:
            node, output, index = parts
        if output.isdigit():
            return f"{node}:{output}"
        starts = self._starts.get(node)
        if starts is None:
            starts = self._starts[node] = self._positions(node)
        if output not in starts:
            raise ValueError(f"Node '{node}' has no output '{output}'")
        return f"{node}:{starts[output] + int(index)}"

    def _positions(self, name: str) -> dict[str, int]:
        """The index of the first tensor of each output of a node."""
        from pyflow.core.construction import get_definition
        from pyflow.core.node_attrs import read_attrs
        from pyflow.core.scopes import get_default_graph

        if name not in self._nodes:
            raise ValueError(f"Unknown input node '{name}'")
        node = self._nodes[name]
        definition = get_definition(get_default_graph(), node.op)
        attrs = read_attrs(definition, node, name)
        starts, position = {}, 0
        for argument in definition.outputs:
            starts[argument.name] = position
            position += len(argument.dtypes(attrs))
        return starts
