"""Writing graphs to files: as a GraphDef, or as a MetaGraphDef with collections and the saver."""

from __future__ import annotations

import os
from typing import Any

from google.protobuf import text_format
from google.protobuf.any_pb2 import Any as AnyProto

from pyflow.core import op_def_proto
from pyflow.core.api import export
from pyflow.core.collection_protos import get_to_proto_function, strip_name_scope
from pyflow.core.collections import GraphKeys
from pyflow.core.graph import Graph
from pyflow.core.operation import Operation
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor
from pyflow.platform import compat, file_io, logging, version
from pyflow.protos.graph_pb2 import GraphDef
from pyflow.protos.meta_graph_pb2 import MetaGraphDef, SaverDef
from pyflow.train.scoped_graph import extraneous_saver_nodes, is_included, part_of_graph


@export("train.write_graph", "io.write_graph")
def write_graph(graph_or_graph_def: Any, logdir: str, name: str, as_text: bool = True) -> str:
    """Writes a graph, or a GraphDef, to a file, and gives its path. The folder is made if need be."""
    is_graph = isinstance(graph_or_graph_def, Graph)
    graph_def = graph_or_graph_def.as_graph_def() if is_graph else graph_or_graph_def
    if not file_io.file_exists(logdir):
        file_io.recursive_create_dir(logdir)
    path = os.path.join(logdir, name)
    _write(path, graph_def, as_text)
    return path


def _write(path: str, message: Any, as_text: bool) -> None:
    content = text_format.MessageToString(message) if as_text else message.SerializeToString()
    file_io.atomic_write_string_to_file(path, content)


@export("train.export_meta_graph")
def export_meta_graph(
    filename: str | None = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: list[str] | None = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
    **kwargs: Any,
) -> Any:
    """The graph with its collections as a MetaGraphDef, written to `filename` if there is one.

    Args:
      collection_list: the collections to export; None takes all.
      export_scope: the name scope that is exported; None takes the whole graph.
      clear_devices: whether nodes lose their devices.
      clear_extraneous_savers: whether nodes of other savers than that of `saver_def` are left out.
      strip_default_attrs: whether attrs that have their default value are left out.

    Raises:
      NotImplementedError: `save_debug_info`.
    """
    exported, _ = export_scoped_meta_graph(
        filename=filename,
        meta_info_def=meta_info_def,
        graph_def=graph_def,
        saver_def=saver_def,
        collection_list=collection_list,
        as_text=as_text,
        graph=graph,
        export_scope=export_scope,
        clear_devices=clear_devices,
        clear_extraneous_savers=clear_extraneous_savers,
        strip_default_attrs=strip_default_attrs,
        save_debug_info=save_debug_info,
        **kwargs,
    )
    return exported


def export_scoped_meta_graph(
    filename: str | None = None,
    graph_def: Any = None,
    graph: Graph | None = None,
    export_scope: str | None = None,
    as_text: bool = False,
    unbound_inputs_col_name: str | None = "unbound_inputs",
    clear_devices: bool = False,
    saver_def: Any = None,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
    **kwargs: Any,
) -> tuple[Any, dict[str, Any]]:
    """`export_meta_graph` that also gives the variables inside the scope, by their names there.

    Args:
      unbound_inputs_col_name: the collection that is to hold the names of inputs from outside the scope.
    """
    if save_debug_info:
        raise NotImplementedError("export_meta_graph with save_debug_info")
    graph = graph or get_default_graph()
    graph_def = graph_def or graph.as_graph_def(add_shapes=True)
    excluded = extraneous_saver_nodes(graph_def, saver_def) if clear_extraneous_savers else frozenset()
    unbound: list[str] = []
    if export_scope or excluded or clear_devices:
        graph_def = part_of_graph(graph_def, export_scope, excluded, clear_devices, unbound)
    if export_scope and unbound_inputs_col_name:
        graph.clear_collection(unbound_inputs_col_name)
        for name in unbound:
            graph.add_to_collection(unbound_inputs_col_name, compat.as_bytes(name))
    variables = graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope=export_scope)
    exported = create_meta_graph_def(
        graph_def=graph_def,
        graph=graph,
        export_scope=export_scope,
        exclude_nodes=excluded,
        saver_def=saver_def,
        strip_default_attrs=strip_default_attrs,
        **kwargs,
    )
    if filename:
        _write(filename, exported, as_text)
    return exported, {strip_name_scope(variable.name, export_scope): variable for variable in variables}


def create_meta_graph_def(
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: list[str] | None = None,
    graph: Graph | None = None,
    export_scope: str | None = None,
    exclude_nodes: frozenset[str] = frozenset(),
    strip_default_attrs: bool = False,
) -> Any:
    """A MetaGraphDef of a GraphDef and of the collections of a graph.

    Raises:
      TypeError: an argument is of the wrong type.
    """
    for name, given, kind in (
        ("graph", graph, Graph),
        ("meta_info_def", meta_info_def, MetaGraphDef.MetaInfoDef),
        ("graph_def", graph_def, GraphDef),
        ("saver_def", saver_def, SaverDef),
    ):
        if given and not isinstance(given, kind):
            raise TypeError(f"{name} must be of type {kind.__name__}, not %s", type(given))
    graph = graph or get_default_graph()
    created = MetaGraphDef()
    info = created.meta_info_def
    if meta_info_def is not None:
        info.MergeFrom(meta_info_def)
    info.tensorflow_version, info.tensorflow_git_version = version.VERSION, version.GIT_VERSION
    created.graph_def.MergeFrom(graph_def or graph.as_graph_def(add_shapes=True))
    if not info.HasField("stripped_op_list"):
        info.stripped_op_list.MergeFrom(stripped_op_list_for_graph(created.graph_def))
    if strip_default_attrs:
        _strip_default_attrs(created)
    if saver_def is not None:
        created.saver_def.MergeFrom(saver_def)
    keys = graph.get_all_collection_keys() if collection_list is None else collection_list
    for key in keys:
        add_collection_def(created, key, graph=graph, export_scope=export_scope, exclude_nodes=exclude_nodes)
    return created


def _strip_default_attrs(created: Any) -> None:
    op_def_proto.strip_default_attrs(created.graph_def)
    created.meta_info_def.stripped_default_attrs = True


@export("contrib.util.ops_used_by_graph_def")
def ops_used_by_graph_def(graph_def: Any) -> list[str]:
    """The types of the nodes of a GraphDef and of the functions that it calls, each once."""
    functions = {function.signature.name: function for function in graph_def.library.function}
    used: dict[str, None] = {}
    pending = [graph_def.node]
    while pending:
        for node in pending.pop():
            if node.op not in used:
                used[node.op] = None
                if node.op in functions:
                    pending.append(functions[node.op].node_def)
    return [op for op in used if op not in functions]


@export("contrib.util.stripped_op_list_for_graph")
def stripped_op_list_for_graph(graph_def: Any) -> Any:
    """The signatures of the ops of a GraphDef and of its functions, as an OpList."""
    functions = graph_def.library.function
    nodes = (*graph_def.node, *(node for function in functions for node in function.node_def))
    return op_def_proto.op_list_for(node.op for node in nodes)


def add_collection_def(
    meta_graph_def: Any,
    key: Any,
    graph: Graph | None = None,
    export_scope: str | None = None,
    exclude_nodes: frozenset[str] = frozenset(),
    override_contents: Any = None,
) -> None:
    """Adds a collection's items; a collection that cannot be written is left out, with a warning."""
    if not isinstance(key, (str, bytes)):
        logging.warning("Only collections with string type keys will be serialized. This key has %s", type(key))
        return
    graph = graph or get_default_graph()
    items = graph.get_collection(key) if override_contents is None else override_contents
    items = [item for item in items if is_included(item, export_scope, exclude_nodes)]
    if any(map(_in_function, items)):
        # What is inside of a function cannot be looked up by its name where the graph is read.
        nodes = {node.name for node in meta_graph_def.graph_def.node}
        items = [item for item in items if not _in_function(item) or item.name.partition(":")[0] in nodes]
    if not items:
        return
    try:
        _write_items(meta_graph_def.collection_def[key], key, items, export_scope)
    except Exception as error:
        logging.warning(
            "Issue encountered when serializing %s.\nType is unsupported, or the types of the items don't match field "
            "type in CollectionDef. Note this is a warning and probably safe to ignore.\n%s",
            key,
            error,
        )
        del meta_graph_def.collection_def[key]


def _in_function(item: Any) -> bool:
    return isinstance(item, (Operation, Tensor)) and item.graph.building_function


def _write_items(collection: Any, key: Any, items: list, export_scope: str | None) -> None:
    to_proto = get_to_proto_function(compat.as_str(key))
    if to_proto is not None:
        protos = [to_proto(item, export_scope=export_scope) for item in items]
        collection.bytes_list.value.extend(proto.SerializeToString() for proto in protos if proto is not None)
    elif isinstance(items[0], (str, bytes)):
        collection.bytes_list.value.extend(compat.as_bytes(item) for item in items)
    elif isinstance(items[0], AnyProto):
        collection.any_list.value.extend(items)
    elif isinstance(items[0], int):
        collection.int64_list.value.extend(map(int, items))
    elif isinstance(items[0], float):
        collection.float_list.value.extend(items)
    else:
        names = [item.name for item in items]
        included = [name for name in names if not export_scope or name.startswith(export_scope)]
        collection.node_list.value.extend(strip_name_scope(name, export_scope) for name in included)
