"""tf.profiler.profile: parameters and float operations of a graph, scope by scope or op type by op type."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pyflow.core.api import export
from pyflow.core.graph import Graph
from pyflow.core.scopes import get_default_graph
from pyflow.ops.variables import trainable_variables
from pyflow.platform import gfile
from pyflow.platform.float_operations import count_float_operations
from pyflow.platform.profile_options import ProfileOptionBuilder
from pyflow.protos import profiler_pb2

_ROOT = "_TFProfRoot"
_COUNTED = {"params": "parameters", "float_ops": "float_ops"}
_VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
_DEFAULT_OPTIONS = 0  # TensorFlow's marker for an option that is not given


class _Node:
    """A node of the graph, or a scope that is none."""

    def __init__(self, name: str):
        self.name = name
        self.types: list[str] = []
        self.shape: list[int] = []
        self.parameters = self.float_ops = 0
        self.children: dict[str, _Node] = {}

    def is_shown(self, options: dict[str, Any]) -> bool:
        def matches(key: str) -> bool:
            return any(re.fullmatch(pattern, self.name) for pattern in options.get(key, ()))

        enough = self.parameters >= options.get("min_params", 0) and self.float_ops >= options.get("min_float_ops", 0)
        return enough and matches("show_name_regexes") and not matches("hide_name_regexes")

    def is_counted(self, options: dict[str, Any]) -> bool:
        return any(re.fullmatch(p, t) for p in options.get("account_type_regexes", [".*"]) for t in self.types)


def _nodes(graph: Graph) -> Iterator[_Node]:
    with graph.as_default():
        trainable = {variable.op.name for variable in trainable_variables()}
    for op in graph.get_operations():
        node = _Node(op.name)
        node.types = [op.type, *(["_trainable_variables"] if op.name in trainable else [])]
        if op.type in _VARIABLES:
            shape = op.get_attr("shape")
            sizes = [d.size for d in shape.dim] if hasattr(shape, "dim") else shape.as_list() if shape.ndims else []
            node.shape = [size for size in sizes if size is not None]
            node.parameters = math.prod(node.shape)
        node.float_ops = count_float_operations(op)
        yield node


def _scopes(graph: Graph) -> _Node:
    root = _Node(_ROOT)
    for node in _nodes(graph):
        parent, parts = root, node.name.split("/")
        for depth in range(1, len(parts)):
            name = "/".join(parts[:depth])
            parent = parent.children.setdefault(name, _Node(name))
        if node.name in parent.children:  # a scope of that name came first
            node.children = parent.children[node.name].children
        parent.children[node.name] = node
    return root


def _shown(node: _Node, options: dict[str, Any], depth: int) -> list[Any]:
    """What is shown of a node and what is below: itself as a message, or its children in its place."""
    is_root = node.name == _ROOT
    if not is_root and any(re.fullmatch(pattern, node.name) for pattern in options.get("trim_name_regexes", ())):
        return []
    below = [message for child in node.children.values() for message in _shown(child, options, depth + 1)]
    _sort(below, options.get("order_by", "name"))
    counted = node.is_counted(options)
    is_scope_of_shown = not node.types and bool(below)
    if not is_root and not (node.is_shown(options) and (counted or is_scope_of_shown or below)):
        return below
    if depth > options.get("max_depth", 10000):
        return []
    message = profiler_pb2.GraphNodeProto(name=node.name, children=below)
    for field in _COUNTED.values():
        own = getattr(node, field) if counted else 0
        setattr(message, field, own)
        setattr(message, f"total_{field}", own + sum(getattr(child, f"total_{field}") for child in below))
    if counted and node.shape:
        for size in node.shape:
            message.shapes.add().dim.add(size=size)
    return [message]


def _sort(messages: list[Any], order: str) -> None:
    field = _COUNTED.get(order)
    messages.sort(key=lambda m: (-getattr(m, f"total_{field}"), m.name) if field else m.name)


def _by_types(graph: Graph, options: dict[str, Any]) -> Any:
    """A chain of op types, each with the sums of itself and those behind it."""
    nodes: dict[str, list[_Node]] = defaultdict(list)
    for node in _nodes(graph):
        if node.is_counted(options) and node.is_shown(options):
            nodes[node.types[0]].append(node)
    field = _COUNTED.get(options.get("order_by", "name"))
    order = sorted(nodes, key=lambda t: (sum(getattr(n, field) for n in nodes[t]), t) if field else t)
    chain: Any = None
    for kind in order if field else reversed(order):
        message = profiler_pb2.MultiGraphNodeProto(name=kind)
        for node in nodes[kind]:
            message.graph_nodes.add(name=node.name, parameters=node.parameters, float_ops=node.float_ops)
        _add_up(message, chain, [sum(getattr(n, f) for n in nodes[kind]) for f in _COUNTED.values()])
        chain = message
    root = profiler_pb2.MultiGraphNodeProto(name=_ROOT)
    _add_up(root, chain, [0] * len(_COUNTED))
    return root


def _add_up(message: Any, behind: Any, own: list[int]) -> None:
    for field, value in zip(_COUNTED.values(), own):
        setattr(message, field, value)
        setattr(message, f"total_{field}", value + (getattr(behind, f"total_{field}") if behind else 0))
    if behind is not None:
        message.children.add().CopyFrom(behind)


def _number(value: int) -> str:
    for limit, unit, suffix in ((1000, 1, ""), (10**6, 10**3, "k"), (10**9, 10**6, "m")):
        if value < limit:
            return str(value) if unit == 1 else f"{value / unit:.2f}{suffix}"
    return f"{value / 10**9:.2f}b"


def _lines(message: Any, select: list[str], depth: int = 0) -> Iterator[str]:
    told = []
    for key, unit in (("params", "params"), ("float_ops", "flops")):
        if key in select:
            own, total = getattr(message, _COUNTED[key]), getattr(message, f"total_{_COUNTED[key]}")
            sizes = "x".join(str(d.size) for shape in getattr(message, "shapes", ()) for d in shape.dim)
            prefix = f"{sizes}, " if key == "params" and sizes else ""
            told.append(f"{prefix}{_number(own) if own else '--'}/{_number(total)} {unit}")
    yield f"{'  ' * depth}{message.name} ({', '.join(told)})"
    for child in message.children:
        yield from _lines(child, select, depth + 1)


def _write(message: Any, options: dict[str, Any]) -> None:
    kind, _, target = str(options.get("output", "stdout")).partition(":outfile=")
    if kind == "none":
        return
    if kind not in ("stdout", "file"):
        raise NotImplementedError(f"tf.profiler.profile with output '{kind}'")
    report = ["", "==================Model Analysis Report======================", "", "Profile:"]
    report += [f"node name | {' | '.join('# ' + s for s in options.get('select', ()))}"]
    report += [*_lines(message, options.get("select", [])), ""]
    report += ["======================End of Report==========================", ""]
    if kind == "stdout":
        print("\n".join(report))
        return
    with gfile.Open(target, "w") as file:
        file.write("\n".join(report))


@export("profiler.profile")
def profile(
    graph: Graph | None = None,
    run_meta: Any = None,
    op_log: Any = None,
    cmd: str = "scope",
    options: Any = _DEFAULT_OPTIONS,
) -> Any:
    """Counts a graph's parameters and float operations, and prints the counts.

    Args:
      cmd: "scope" or "graph" for a tree of scopes (a GraphNodeProto), "op" for op types (a MultiGraphNodeProto).
      options: what ProfileOptionBuilder builds; the parameters of trainable variables by default.

    Returns:
      The message; `total_parameters` and `total_float_ops` have the sums.

    Raises:
      NotImplementedError: times and memory of a run (`run_meta`), an `op_log`, or another `cmd`.
    """
    if options == _DEFAULT_OPTIONS:
        options = ProfileOptionBuilder.trainable_variables_parameter()
    if op_log is not None:
        raise NotImplementedError("tf.profiler.profile with op_log")
    unknown = set(options.get("select", ())) - set(_COUNTED)
    if unknown:
        raise NotImplementedError(f"tf.profiler.profile of {', '.join(sorted(unknown))}")
    graph = graph or get_default_graph()
    if cmd in ("scope", "graph"):
        (message,) = _shown(_scopes(graph), options, 0)
    elif cmd == "op":
        message = _by_types(graph, options)
    else:
        raise NotImplementedError(f"tf.profiler.profile with cmd='{cmd}'")
    _write(message, options)
    return message


for _message in ("AdviceProto", "GraphNodeProto", "MultiGraphNodeProto", "OpLogProto"):
    export(f"profiler.{_message}")(getattr(profiler_pb2, _message))
