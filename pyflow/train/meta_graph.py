"""Writing graphs to files: as a GraphDef, or as a MetaGraphDef with collections and the saver."""

from __future__ import annotations

import os
from typing import Any

from google.protobuf import text_format

from pyflow.core.api import export
from pyflow.core.collection_protos import get_to_proto_function
from pyflow.core.graph import Graph
from pyflow.core.scopes import get_default_graph
from pyflow.platform import compat, file_io, logging, version
from pyflow.protos.meta_graph_pb2 import MetaGraphDef


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
      clear_devices: whether nodes lose their devices.

    Raises:
      NotImplementedError: a part of a graph, or a graph without its other savers or its default attrs, is wanted.
    """
    for wanted, words in (
        (export_scope, "export_scope"),
        (clear_extraneous_savers, "clear_extraneous_savers"),
        (strip_default_attrs, "strip_default_attrs"),
        (save_debug_info, "save_debug_info"),
    ):
        if wanted:
            raise NotImplementedError(f"export_meta_graph with {words}")
    graph = graph or get_default_graph()
    exported = MetaGraphDef()
    if meta_info_def is not None:
        exported.meta_info_def.MergeFrom(meta_info_def)
    exported.meta_info_def.tensorflow_version = version.VERSION
    exported.meta_info_def.tensorflow_git_version = version.GIT_VERSION
    exported.graph_def.MergeFrom(graph_def or graph.as_graph_def(add_shapes=True))
    if clear_devices:
        for node in exported.graph_def.node:
            node.device = ""
    if saver_def is not None:
        exported.saver_def.MergeFrom(saver_def)
    keys = graph.get_all_collection_keys() if collection_list is None else collection_list
    for key in keys:
        _add_collection(exported, key, graph.get_collection(key))
    if filename:
        _write(filename, exported, as_text)
    return exported


def _add_collection(exported: Any, key: Any, items: list) -> None:
    """Adds a collection's items; a collection that cannot be written is left out, with a warning."""
    if not isinstance(key, (str, bytes)):
        logging.warning("Only collections with string type keys will be serialized. This key has %s", type(key))
        return
    if not items:
        return
    try:
        collection = exported.collection_def[key]
        to_proto = get_to_proto_function(compat.as_str(key))
        if to_proto is not None:
            protos = [to_proto(item, export_scope=None) for item in items]
            collection.bytes_list.value.extend(proto.SerializeToString() for proto in protos if proto is not None)
        elif isinstance(items[0], (str, bytes)):
            collection.bytes_list.value.extend(compat.as_bytes(item) for item in items)
        elif isinstance(items[0], int):
            collection.int64_list.value.extend(items)
        elif isinstance(items[0], float):
            collection.float_list.value.extend(items)
        else:
            collection.node_list.value.extend(item.name for item in items)
    except Exception as error:
        logging.warning(
            "Issue encountered when serializing %s.\nType is unsupported, or the types of the items don't match field "
            "type in CollectionDef. Note this is a warning and probably safe to ignore.\n%s",
            key,
            error,
        )
        del exported.collection_def[key]
