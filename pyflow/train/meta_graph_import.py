"""Reading MetaGraphDefs: the graph, its collections, its saver."""

from __future__ import annotations

from typing import Any, Callable

from google.protobuf import text_format
from google.protobuf.message import DecodeError, Message

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.collection_protos import (
    get_collection_proto_type,
    get_from_proto_function,
    prepend_name_scope,
    strip_name_scope,
)
from pyflow.core.collections import GraphKeys
from pyflow.core.graph import Graph
from pyflow.core.graph_import import import_graph_def
from pyflow.core.scopes import get_default_graph
from pyflow.ops.variables import _all_saveable_objects
from pyflow.platform import compat, file_io, logging
from pyflow.protos.meta_graph_pb2 import MetaGraphDef
from pyflow.train.meta_graph import export_scoped_meta_graph
from pyflow.train.saver import Saver

# Their items are about loops and conditions made of Switch and Merge, which do not outlast an import.
_CONTROL_FLOW = (GraphKeys.COND_CONTEXT, GraphKeys.WHILE_CONTEXT)


@export("train.import_meta_graph")
def import_meta_graph(
    meta_graph_or_file: Any, clear_devices: bool = False, import_scope: str | None = None, **kwargs: Any
) -> Saver | None:
    """Adds a graph that `tf.train.export_meta_graph` wrote, with its collections, to the default graph.

    Args:
      meta_graph_or_file: a MetaGraphDef, or the path of one, binary or text.
      clear_devices: whether nodes lose their devices.
      import_scope: a name scope for the nodes.
      **kwargs: `input_map` and so on; see `import_scoped_meta_graph`.

    Returns:
      The saver that the file describes, else one of all variables, or None where there are no variables.

    Raises:
      OSError: there is no such file, or it is no MetaGraphDef.
      ValueError: see `tf.import_graph_def`.
    """
    saver, _ = _import_meta_graph_with_return_elements(meta_graph_or_file, clear_devices, import_scope, **kwargs)
    return saver


def _import_meta_graph_with_return_elements(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    return_elements: Any = None,
    **kwargs: Any,
) -> tuple[Saver | None, Any]:
    definition = as_meta_graph(meta_graph_or_file)
    variables, elements = import_scoped_meta_graph_with_return_elements(
        definition,
        clear_devices=clear_devices,
        import_scope=import_scope,
        return_elements=return_elements,
        **kwargs,
    )
    return _saver_of(definition, import_scope, variables), elements


def _saver_of(definition: Any, import_scope: str | None, variables: dict[str, Any]) -> Saver | None:
    if definition.HasField("saver_def"):
        scope = import_scope
        for name, variable in variables.items():  # the scope may stand inside another
            scope = variable.name[: -len(name)]
            break
        return Saver(saver_def=definition.saver_def, name=scope)
    if _all_saveable_objects(scope=import_scope):
        return Saver()
    logging.info("Saver not created because there are no variables in the graph to restore")
    return None


def as_meta_graph(meta_graph_or_file: Any) -> Any:
    """The MetaGraphDef itself, or that in a file."""
    if isinstance(meta_graph_or_file, MetaGraphDef):
        return meta_graph_or_file
    if isinstance(meta_graph_or_file, Message):  # TensorFlow's own
        return MetaGraphDef.FromString(meta_graph_or_file.SerializeToString())
    return read_meta_graph_file(meta_graph_or_file)


def read_meta_graph_file(filename: Any) -> Any:
    """Reads a MetaGraphDef, binary or text.

    Raises:
      OSError: there is no such file, or it is neither.
    """
    path = compat.as_str(compat.path_to_str(filename))
    if not file_io.file_exists(path):
        raise OSError(f"File {path} does not exist.")
    with file_io.FileIO(path, "rb") as file:
        content = file.read()
    try:
        return MetaGraphDef.FromString(content)
    except DecodeError:
        pass
    try:
        return text_format.Parse(content.decode(), MetaGraphDef(), allow_unknown_field=True)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise OSError(f"Cannot parse file {path}: {error}.") from None


def import_scoped_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    graph: Graph | None = None,
    import_scope: str | None = None,
    input_map: dict | None = None,
    unbound_inputs_col_name: str = "unbound_inputs",
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
) -> dict[str, Any]:
    """Adds a graph and its collections; gives its variables by their names in the file."""
    return import_scoped_meta_graph_with_return_elements(
        meta_graph_or_file,
        clear_devices,
        graph,
        import_scope,
        input_map,
        unbound_inputs_col_name,
        restore_collections_predicate,
    )[0]


def import_scoped_meta_graph_with_return_elements(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    graph: Graph | None = None,
    import_scope: str | None = None,
    input_map: dict | None = None,
    unbound_inputs_col_name: str = "unbound_inputs",
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
    return_elements: Any = None,
) -> tuple[dict[str, Any], Any]:
    """As `import_scoped_meta_graph`; gives the elements as well.

    Raises:
      ValueError: the graph is a part of another, and `input_map` doesn't have just the inputs that it lacks.
    """
    definition = as_meta_graph(meta_graph_or_file)
    if unbound_inputs_col_name and unbound_inputs_col_name in definition.collection_def:
        unbound = [compat.as_str(name) for name in definition.collection_def[unbound_inputs_col_name].bytes_list.value]
        if unbound and (not input_map or set(unbound) != {compat.as_str(key) for key in input_map}):
            raise ValueError(
                f"Graph contains unbound inputs: {','.join(unbound)}. Must provide these inputs through input_map."
            )
    graph = graph or get_default_graph()
    with graph.as_default():
        scope = graph.unique_name(import_scope or "", mark_as_used=False)
        elements = import_graph_def(
            _graph_def(definition, clear_devices),
            input_map=input_map,
            name=import_scope or scope,
            return_elements=return_elements,
            producer_op_list=definition.meta_info_def.stripped_op_list,
        )
        for key in sorted(definition.collection_def):
            if key != unbound_inputs_col_name and restore_collections_predicate(key):
                _add_collection(graph, key, definition.collection_def[key], scope)
        variables = graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope=scope)
        return {strip_name_scope(variable.name, scope): variable for variable in variables}, elements


def _graph_def(definition: Any, clear_devices: bool) -> Any:
    if not clear_devices:
        return definition.graph_def
    copy = type(definition.graph_def)()
    copy.CopyFrom(definition.graph_def)
    for node in copy.node:
        node.device = ""
    return copy


def _add_collection(graph: Graph, key: str, collection: Any, scope: str) -> None:
    kind = collection.WhichOneof("kind")
    if kind is None:
        logging.error("Cannot identify data type for collection %s. Skipping.", key)
        return
    if key in _CONTROL_FLOW:
        return
    values = getattr(collection, kind).value
    from_proto = get_from_proto_function(key)
    if from_proto is not None and kind == "bytes_list":
        proto_type = get_collection_proto_type(key)
        for value in values:
            graph.add_to_collection(key, _item(graph, key, value, proto_type, from_proto, scope))
    elif kind == "node_list":
        for name in values:
            graph.add_to_collection(key, _node(graph, prepend_name_scope(name, scope), name))
    elif kind == "bytes_list":
        for value in values:
            graph.add_to_collection(key, prepend_name_scope(compat.as_str(value), scope) if scope else value)
    else:
        for value in values:
            graph.add_to_collection(key, value)


def _node(graph: Graph, name: str, own_name: str) -> Any:
    """The node or tensor of a name: inside a branch or loop's body, nodes have the names that the file gives them."""
    try:
        return graph.as_graph_element(name)
    except KeyError:
        for function in graph._functions.values():
            if own_name.partition(":")[0] in function._nodes_by_name:
                return function.as_graph_element(own_name)
        raise


def _item(graph: Graph, key: str, value: bytes, proto_type: Any, from_proto: Callable, scope: str) -> Any:
    """The object that a message stands for: of a variable, the one that other collections of this import have."""
    try:
        proto = proto_type.FromString(value)
    except DecodeError as error:
        raise errors.DataLossError(None, None, f"An item of collection {key} is damaged: {error}") from None
    if key not in GraphKeys._VARIABLE_COLLECTIONS:
        return from_proto(proto, import_scope=scope)
    name = prepend_name_scope(proto.variable_name, scope)
    for other in GraphKeys._VARIABLE_COLLECTIONS:
        for variable in graph.get_collection(other):
            if other != key and variable.name == name and variable.graph is graph:
                return variable
    return from_proto(proto, import_scope=scope)


def copy_scoped_meta_graph(
    from_scope: str | None, to_scope: str | None, from_graph: Graph | None = None, to_graph: Graph | None = None
) -> dict[str, Any]:
    """Copies what is inside a name scope to another scope, or to another graph; gives the variables by their names.

    Raises:
      ValueError: both scopes are the same in the same graph.
    """
    from_graph = from_graph or get_default_graph()
    to_graph = to_graph or get_default_graph()
    if from_graph is to_graph and from_scope == to_scope:
        raise ValueError("'from_scope' and 'to_scope' need to be different when performing copy in the same graph.")
    definition, _ = export_scoped_meta_graph(export_scope=from_scope, graph=from_graph)
    return import_scoped_meta_graph(definition, graph=to_graph, import_scope=to_scope)
