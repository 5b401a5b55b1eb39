"""`Variable.initialized_value()` in GraphDefs: one node here, a cond of Switch and Merge nodes in TensorFlow's files.

So is what initial values become that depend on such a value: a cond whose branches give on what they are given. That is
a Select here.
"""

from __future__ import annotations

from typing import Any

from pyflow.core import graph_export, graph_import

_BY_REFERENCE, _BY_HANDLE = "_ValueOrInitialValue", "_HandleOrInitialValue"


def expand(graph_def: Any) -> Any:
    """The GraphDef with these nodes as TensorFlow has them; it is changed if it has any."""
    if not any(node.op in (_BY_REFERENCE, _BY_HANDLE) for node in graph_def.node):
        return graph_def
    expanded = type(graph_def)()
    expanded.CopyFrom(graph_def)
    del expanded.node[:]
    taken = {node.name for node in graph_def.node}
    for node in graph_def.node:
        if node.op in (_BY_REFERENCE, _BY_HANDLE):
            expanded.node.extend(_cond_of(node, taken))
        else:
            expanded.node.add().CopyFrom(node)
    return expanded


def _cond_of(node: Any, taken: set[str]) -> list[Any]:
    variable, initial_value = node.input[:2]
    scope, slash, _ = node.name.rpartition("/")
    scope += slash
    if not scope or f"{scope}pred_id" in taken:
        scope = f"{node.name}/"
    handle = node.op == _BY_HANDLE
    dtype = node.attr["dtype" if handle else "T"]
    made = []

    def add(name: str, op: str, *inputs: str, beside: str = "", **attrs: Any) -> Any:
        other = type(node)(name=name, op=op, input=inputs, device=node.device)
        for key, value in attrs.items():
            other.attr[key].CopyFrom(value)
        if beside:
            other.attr["_class"].list.s.append(b"loc:@" + beside.partition(":")[0].encode())
        made.append(other)
        return other

    boolean, resource = type(dtype)(type=10), type(dtype)(type=20)
    controls = node.input[2:]
    if handle:
        test = add(f"{scope}VarIsInitializedOp", "VarIsInitializedOp", variable, *controls)
    else:
        test = add(f"{scope}IsVariableInitialized", "IsVariableInitialized", variable, *controls, beside=variable)
        test.attr["dtype"].CopyFrom(dtype)
    add(f"{scope}pred_id", "Identity", test.name, T=boolean)
    pred = f"{scope}pred_id"
    if handle:
        read = f"{scope}Read/ReadVariableOp"
        add(f"{read}/Switch", "Switch", variable, pred, beside=variable, T=resource)
        add(read, "ReadVariableOp", f"{read}/Switch:1", dtype=dtype)
        add(f"{scope}Identity", "Identity", read, T=dtype)
        value = f"{scope}Identity"
    else:
        value = f"{scope}read"
        add(f"{value}/Switch", "RefSwitch", variable, pred, beside=variable, T=dtype)
        add(value, "Identity", f"{value}/Switch:1", T=dtype)
    add(f"{scope}Switch_1", "Switch", initial_value, pred, beside=initial_value, T=dtype)
    merge = add(node.name, "Merge", f"{scope}Switch_1", value, T=dtype)
    merge.attr["N"].i = 2
    if "_output_shapes" in node.attr:
        shapes = merge.attr["_output_shapes"].list.shape
        shapes.add().CopyFrom(node.attr["_output_shapes"].list.shape[0])
        shapes.add()
    return made


def collapse(graph_def: Any) -> Any:
    """The GraphDef with one node instead of each such cond: a changed copy if it has any."""
    nodes = {node.name: node for node in graph_def.node}
    found = {}
    for node in graph_def.node:
        if node.op == "Merge":
            replacement = _match(node, nodes)
            if replacement is not None:
                found[node.name] = replacement
    if not found:
        return graph_def
    collapsed = type(graph_def)()
    collapsed.CopyFrom(graph_def)
    del collapsed.node[:]
    kept = [found.get(node.name, node) for node in graph_def.node]
    scopes = {name[: name.rindex("/Merge") + 1] for name in found if "/Merge" in name}
    for node in _without_remains(kept, scopes, found.keys()):
        collapsed.node.add().CopyFrom(node)
    return collapsed


def _match(merge: Any, nodes: dict[str, Any]) -> Any:
    """The node that stands for the cond that ends with `merge`, or None."""
    if len(merge.input) != 2:
        return None
    other, read = (_producer(text, nodes) for text in merge.input)
    if other is None or read is None or other.op != "Switch" or merge.input[0].endswith(":1"):
        return None
    controls = [text for text in read.input if text.startswith("^")]
    op, test_op = _BY_REFERENCE, "IsVariableInitialized"
    if read.op == "Identity":
        before = _producer(read.input[0], nodes)
        if before is not None and before.op == "ReadVariableOp":
            op, test_op = _BY_HANDLE, "VarIsInitializedOp"
            read = before
            controls += [text for text in read.input if text.startswith("^")]
    switch = _producer(read.input[0], nodes) if read.op in ("Identity", "ReadVariableOp") else None
    if switch is None or switch.op not in ("RefSwitch", "Switch") or not read.input[0].endswith(":1"):
        return None
    if other.input[1] != switch.input[1]:
        return None
    controls = [text for text in controls if "/switch_" not in text]
    if switch.op == "Switch" and op == _BY_REFERENCE:
        # Both values are there whatever the condition.
        select = type(merge)(name=merge.name, op="Select", device=read.device)
        select.input.extend([switch.input[1], switch.input[0], other.input[0], *controls])
        select.attr["T"].CopyFrom(merge.attr["T"])
        return select
    test = _producer(switch.input[1], nodes)
    test = _producer(test.input[0], nodes) if test is not None and test.op == "Identity" else test
    if test is None or test.op != test_op or test.input[0] != switch.input[0]:
        return None
    inputs = [switch.input[0], other.input[0], *controls]
    found = type(merge)(name=merge.name, op=op, input=inputs, device=read.device)
    found.attr["dtype" if op == _BY_HANDLE else "T"].CopyFrom(merge.attr["T"])
    if "_class" in switch.attr and op == _BY_REFERENCE:
        found.attr["_class"].CopyFrom(switch.attr["_class"])
    return found


def _producer(text: str, nodes: dict[str, Any]) -> Any:
    return nodes.get(text.removeprefix("^").partition(":")[0])


def _without_remains(nodes: list[Any], scopes: set[str], results: Any) -> list[Any]:
    """Without what only served the conds in these scopes: nodes there, but for results, that nothing uses any more."""
    while True:
        used = {text.removeprefix("^").partition(":")[0] for node in nodes for text in node.input}
        kept = [
            node
            for node in nodes
            if node.name in used or node.name in results or not any(node.name.startswith(scope) for scope in scopes)
        ]
        if len(kept) == len(nodes):
            return kept
        nodes = kept


graph_export.PASSES.append(expand)
graph_import.PASSES.append(collapse)
