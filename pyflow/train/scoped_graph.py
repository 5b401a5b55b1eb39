"""Parts of a GraphDef: the nodes inside a name scope, or all but those of savers that are not wanted."""

from __future__ import annotations

import re
from typing import Any

from pyflow.core.collection_protos import strip_name_scope
from pyflow.platform import compat

UNBOUND_INPUT_PREFIX = "$unbound_inputs_"
_SAVER_OPS = ("Save", "SaveSlices", "SaveV2", "Restore", "RestoreSlice", "RestoreV2", "MergeV2Checkpoints",
              "ShardedFilename")  # fmt: skip


def extraneous_saver_nodes(graph_def: Any, saver_def: Any) -> frozenset[str]:
    """The names of nodes of all savers but that of `saver_def`. A saver's nodes are in a name scope of their own."""
    scopes = {_scope(node.name) for node in graph_def.node if node.op in _SAVER_OPS}
    if saver_def is not None:
        scopes.discard(_scope(saver_def.filename_tensor_name))
    scopes.discard("")
    names = (node.name for node in graph_def.node)
    return frozenset(name for name in names if any(name.startswith(f"{scope}/") for scope in scopes))


def _scope(name: str) -> str:
    return name.rpartition("/")[0]


def is_included(item: Any, scope: str | None, excluded: frozenset[str]) -> bool:
    """Whether a node, or an item of a collection, belongs to the part; what has no name does."""
    name = item if isinstance(item, str) else getattr(item, "name", None)
    if not isinstance(name, str):
        return True
    return name.partition(":")[0] not in excluded and (not scope or name.startswith(scope))


def part_of_graph(
    graph_def: Any, scope: str | None, excluded: frozenset[str], clear_devices: bool, unbound: list[str]
) -> Any:
    """The nodes that belong to the part, with names that lack the scope.

    Args:
      unbound: is extended by the names of inputs from outside the scope.
    """
    part = type(graph_def)()
    part.versions.CopyFrom(graph_def.versions)
    part.library.CopyFrom(graph_def.library)
    if not len(graph_def.library.function):
        part.ClearField("library")
    for source in graph_def.node:
        if not is_included(source.name, scope, excluded):
            continue
        node = part.node.add()
        node.CopyFrom(source)
        if clear_devices:
            node.device = ""
        if scope:
            _strip_scope(node, source, scope, unbound)
    return part


def _strip_scope(node: Any, source: Any, scope: str, unbound: list[str]) -> None:
    node.name = strip_name_scope(source.name, scope)
    for i, text in enumerate(source.input):
        if text.removeprefix("^").startswith(scope):
            node.input[i] = strip_name_scope(text, scope)
        else:
            node.input[i] = re.sub(r"^(\^?)", lambda m: m[1] + UNBOUND_INPUT_PREFIX, text)
            unbound.append(node.input[i])
    if "_class" in source.attr:
        groups = [compat.as_str(group) for group in source.attr["_class"].list.s]
        inside = [strip_name_scope(group, scope) for group in groups if group.partition("@")[2].startswith(scope)]
        node.attr["_class"].list.s[:] = [compat.as_bytes(group) for group in inside]
