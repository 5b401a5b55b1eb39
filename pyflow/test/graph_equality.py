"""Whether two GraphDefs are equal, and if not, what is different."""

from __future__ import annotations

from typing import Any

from google.protobuf import text_format

from pyflow.core.api import export
from pyflow.protos.graph_pb2 import GraphDef
from pyflow.protos.types_pb2 import DataType


@export("test.assert_equal_graph_def")
def assert_equal_graph_def(
    actual: Any, expected: Any, checkpoint_v2: bool = False, hash_table_shared_name: bool = False
) -> None:
    """Raises AssertionError unless two `GraphDef`s have equal nodes, in any order; attrs led by "_" don't count.

    Raises:
      AssertionError: a node is missing, one too many, or another than expected.
      TypeError: an argument is no GraphDef.
    """
    for which, graph_def in (("actual", actual), ("expected", expected)):
        if not isinstance(graph_def, GraphDef):
            raise TypeError(f"Expected tf.GraphDef for {which}, got {type(graph_def).__name__}")
    have = {node.name: node for node in actual.node}
    for node in expected.node:
        if node.name not in have:
            raise AssertionError(f"Did not find expected node '{_node(node)}'")
        difference = _difference(have.pop(node.name), node)
        if difference:
            raise AssertionError(f"Node named '{node.name}' {difference}")
    for node in have.values():
        raise AssertionError(f"Found unexpected node '{_node(node)}'")


assert_equal_graph_def_v1 = assert_equal_graph_def_v2 = assert_equal_graph_def


def _difference(mine: Any, node: Any) -> str:
    if mine.op != node.op:
        return f"has op '{mine.op}' that is not expected '{node.op}'"
    if mine.device != node.device:
        return f"has device '{mine.device}' that is not expected '{node.device}'"
    have, want = _inputs(mine), _inputs(node)
    if len(have) != len(want):
        return f"has inputs '{', '.join(have)}' that don't match expected '{', '.join(want)}'"
    for i, (a, b) in enumerate(zip(have, want)):
        if a != b:
            return f"has input {i} '{a}' that doesn't match expected '{b}'"
    have_control, want_control = ([i for i in n.input if i.startswith("^")] for n in (mine, node))
    for name in want_control:
        if name not in have_control:
            return f"missing expected control input '{name}'"
    for name in have_control:
        if name not in want_control:
            return f"has unexpected control input '{name}'"
    return _other_attr(_attrs(mine), _attrs(node))


def _other_attr(have: dict[str, Any], want: dict[str, Any]) -> str:
    for name, value in want.items():
        if name not in have:
            return f"missing expected attr '{name}' with value: {_value(value)}"
        if have[name] != value:
            return f"has attr '{name}' with value: {_value(have[name])} that does not match expected: {_value(value)}"
    for name, value in have.items():
        if name not in want:
            return f"has unexpected attr '{name}' with value: {_value(value)}"
    return ""


def _inputs(node: Any) -> list[str]:
    return [name for name in node.input if not name.startswith("^")]


def _attrs(node: Any) -> dict[str, Any]:
    return {name: node.attr[name] for name in sorted(node.attr) if not name.startswith("_")}


def _value(attr: Any) -> str:
    kind = attr.WhichOneof("value")
    if kind == "type":
        return DataType.Name(attr.type)
    if kind == "b":
        return str(attr.b).lower()
    if kind == "s":
        return '"' + attr.s.decode(errors="replace") + '"'
    return str(getattr(attr, kind)) if kind in ("i", "f") else text_format.MessageToString(attr, as_one_line=True)


def _node(node: Any) -> str:
    attrs = ", ".join(f"{name}={_value(value)}" for name, value in _attrs(node).items())
    return f"{{{{node {node.name}}}}} = {node.op}[{attrs}]({', '.join(node.input)})"
