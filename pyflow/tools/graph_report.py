"""What a graph in a file is, in lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pyflow.core import dtypes
from pyflow.core.registry import OPS
from pyflow.core.shapes import TensorShape
from pyflow.train.graph_util import node_name

# Ops that are made into others when a graph is imported.
_TRANSFORMED = frozenset(
    "Enter RefEnter Exit RefExit NextIteration RefNextIteration Merge RefMerge Switch RefSwitch LoopCond".split()
)
_VARIABLES = ("Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable")
_SERVANTS = ("Assign", "Apply", "ResourceApply", "SparseApply", "Save", "Restore", "MergeV2", "ReadVariable", "VarIs")
_MOST_LINES = 40


def describe_graph(graph_def: Any) -> Iterator[str]:
    """Size, inputs, outputs, variables, counts of ops, and which of them PyFlow doesn't have."""
    nodes = list(graph_def.node)
    functions = list(graph_def.library.function)
    known = {function.signature.name for function in functions}
    inside = [node for function in functions for node in function.node_def]
    yield f"  {len(nodes)} nodes, producer version {graph_def.versions.producer}"
    if functions:
        yield f"  {len(functions)} functions with {len(inside)} nodes"
    yield from _listed("inputs", [_input(node) for node in nodes if node.op.startswith("Placeholder")])
    used = {node_name(text) for node in nodes for text in node.input}
    ends = [node for node in nodes if node.name not in used and _may_be_output(node)]
    yield from _listed("outputs (nodes that no other uses)", [f"{node.name} ({node.op})" for node in ends])
    yield from _listed("variables", [_input(node) for node in nodes if node.op in _VARIABLES])
    counts = Counter(node.op for node in (*nodes, *inside))
    yield from _listed("ops", [f"{count:6d} {op}" for op, count in counts.most_common()])
    missing = {op: n for op, n in counts.items() if op not in OPS and op not in known and op not in _TRANSFORMED}
    if missing:
        yield from _listed("ops that PyFlow does not have", [f"{n:6d} {op}" for op, n in sorted(missing.items())])
    else:
        yield "  all ops are supported"


def describe_meta_graph(meta_graph: Any) -> Iterator[str]:
    """The graph, and what stands beside it: tags, signatures, collections, the saver."""
    info = meta_graph.meta_info_def
    if info.tensorflow_version:
        yield f"  written by TensorFlow {info.tensorflow_version}"
    if info.tags:
        yield f"  tags: {', '.join(info.tags)}"
    for key, signature in sorted(meta_graph.signature_def.items()):
        yield f"  signature {key} ({signature.method_name})"
        for direction, tensors in (("input", signature.inputs), ("output", signature.outputs)):
            for name, tensor in sorted(tensors.items()):
                shape, dtype = TensorShape(tensor.tensor_shape), dtypes.as_dtype(tensor.dtype or 1).name
                yield f"    {direction} {name}: {tensor.name or 'sparse'}, {dtype} {shape}"
    if meta_graph.HasField("saver_def"):
        yield f"  saver: {meta_graph.saver_def.restore_op_name}"
    collections = []
    for key, collection in sorted(meta_graph.collection_def.items()):
        kind = collection.WhichOneof("kind")
        collections.append(f"{key}: {len(getattr(collection, kind).value) if kind else 0}")
    yield from _listed("collections", collections)
    yield from describe_graph(meta_graph.graph_def)


def _may_be_output(node: Any) -> bool:
    """Whether a node that no other uses could be what a graph is for: none that trains, saves or sums up."""
    if node.op in ("Const", "NoOp", *_VARIABLES) or node.op.startswith(_SERVANTS) or node.op.endswith("Summary"):
        return False
    return not node.name.startswith("gradients") and node.name.rpartition("/")[2] != "read"


def _listed(title: str, items: list[str]) -> Iterator[str]:
    if items:
        yield f"  {title}:"
        yield from (f"    {item}" for item in items[:_MOST_LINES])
        if len(items) > _MOST_LINES:
            yield f"    ... and {len(items) - _MOST_LINES} more"


def _input(node: Any) -> str:
    dtype = dtypes.as_dtype(node.attr["dtype"].type).name if node.attr["dtype"].type else "?"
    shape = TensorShape(node.attr["shape"].shape) if "shape" in node.attr else TensorShape(None)
    return f"{node.name}: {dtype} {shape}"
