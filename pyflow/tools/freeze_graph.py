"""Freezing: a graph and its variables in one GraphDef, for inference (`tensorflow.python.tools.freeze_graph`)."""

from __future__ import annotations

from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from pyflow.core.graph import Graph
from pyflow.core.graph_import import import_graph_def
from pyflow.platform import file_io
from pyflow.protos.graph_pb2 import GraphDef
from pyflow.protos.meta_graph_pb2 import SaverDef
from pyflow.runtime.session import Session
from pyflow.train import saved_model_names as names
from pyflow.train.checkpoint_management import checkpoint_exists
from pyflow.train.checkpoint_reader import NewCheckpointReader
from pyflow.train.graph_util import convert_variables_to_constants
from pyflow.train.meta_graph_import import import_meta_graph, read_meta_graph_file
from pyflow.train.saved_model_loader import load
from pyflow.train.saver import Saver


def freeze_graph_with_def_protos(
    input_graph_def: Any,
    input_saver_def: Any,
    input_checkpoint: str | None,
    output_node_names: str,
    restore_op_name: str | None,
    filename_tensor_name: str | None,
    output_graph: str | None,
    clear_devices: bool,
    initializer_nodes: str | None,
    variable_names_whitelist: str = "",
    variable_names_blacklist: str = "",
    input_meta_graph_def: Any = None,
    input_saved_model_dir: str | None = None,
    saved_model_tags: Any = None,
    checkpoint_version: int = SaverDef.V2,
) -> Any:
    """A frozen GraphDef of a graph and a checkpoint, of a meta graph and a checkpoint, or of a SavedModel.

    Args:
      output_node_names, initializer_nodes: names with commas between; the second are run before freezing.
      output_graph: the file to write; None or "" writes none.
      restore_op_name, filename_tensor_name, checkpoint_version: have no effect, as in TensorFlow 1.15.

    Returns:
      The GraphDef, or -1 when there is no such checkpoint, or no output is named.
    """
    del restore_op_name, filename_tensor_name, checkpoint_version
    if not input_saved_model_dir and not checkpoint_exists(input_checkpoint or ""):
        print(f"Input checkpoint '{input_checkpoint}' doesn't exist!")
        return -1
    if not output_node_names:
        print("You need to supply the name of a node to --output_node_names.")
        return -1
    for definition in (input_graph_def, input_meta_graph_def and input_meta_graph_def.graph_def):
        for node in definition.node if clear_devices and definition else ():
            node.device = ""
    with Graph().as_default() as graph:
        if input_graph_def:
            import_graph_def(input_graph_def, name="")
        with Session() as sess:
            if input_saver_def:
                Saver(saver_def=input_saver_def).restore(sess, input_checkpoint)
            elif input_meta_graph_def:
                saver = import_meta_graph(input_meta_graph_def, clear_devices=True)
                if saver is not None:
                    saver.restore(sess, input_checkpoint)
            elif input_saved_model_dir:
                load(sess, saved_model_tags or [names.SERVING], input_saved_model_dir)
            else:
                Saver(var_list=_variables_in(graph, input_checkpoint)).restore(sess, input_checkpoint)
            if initializer_nodes:
                sess.run(initializer_nodes.replace(" ", "").split(","))
            frozen = convert_variables_to_constants(
                sess,
                _graph_def(graph, input_graph_def, input_meta_graph_def),
                output_node_names.replace(" ", "").split(","),
                variable_names_whitelist=_list(variable_names_whitelist),
                variable_names_blacklist=_list(variable_names_blacklist),
            )
    if output_graph:
        file_io.atomic_write_string_to_file(output_graph, frozen.SerializeToString())
    return frozen


def _graph_def(graph: Graph, graph_def: Any, meta_graph: Any) -> Any:
    if graph_def:
        return graph_def
    return meta_graph.graph_def if meta_graph else graph.as_graph_def()


def _list(text: str) -> list[str] | None:
    return text.replace(" ", "").split(",") if text else None


def _variables_in(graph: Graph, checkpoint: Any) -> dict[str, Any]:
    """The graph's variables that a checkpoint has."""
    found = {}
    for name in NewCheckpointReader(checkpoint).get_variable_to_shape_map():
        node = graph._nodes_by_name.get(name)
        if node is not None and node.type in ("Variable", "VariableV2"):
            found[name] = node.outputs[0]
    return found


def freeze_graph(
    input_graph: str | None,
    input_saver: str | None,
    input_binary: bool,
    input_checkpoint: str | None,
    output_node_names: str,
    restore_op_name: str | None,
    filename_tensor_name: str | None,
    output_graph: str | None,
    clear_devices: bool,
    initializer_nodes: str | None,
    variable_names_whitelist: str = "",
    variable_names_blacklist: str = "",
    input_meta_graph: str | None = None,
    input_saved_model_dir: str | None = None,
    saved_model_tags: str = names.SERVING,
    checkpoint_version: int = SaverDef.V2,
) -> Any:
    """As `freeze_graph_with_def_protos`, with the paths of files.

    Args:
      input_graph, input_saver: files of a GraphDef and of a SaverDef, binary or, without `input_binary`, text.
      saved_model_tags: names with commas between.
    """
    return freeze_graph_with_def_protos(
        _read(input_graph, GraphDef(), input_binary) if input_graph else None,
        _read(input_saver, SaverDef(), input_binary) if input_saver else None,
        input_checkpoint,
        output_node_names,
        restore_op_name,
        filename_tensor_name,
        output_graph,
        clear_devices,
        initializer_nodes,
        variable_names_whitelist,
        variable_names_blacklist,
        read_meta_graph_file(input_meta_graph) if input_meta_graph else None,
        input_saved_model_dir,
        saved_model_tags.replace(" ", "").split(","),
        checkpoint_version,
    )


def _read(path: str, message: Any, binary: bool) -> Any:
    if not file_io.file_exists(path):
        raise OSError(f"File '{path}' does not exist!")
    with file_io.FileIO(path, "rb") as file:
        content = file.read()
    try:
        if binary:
            message.ParseFromString(content)
        else:
            text_format.Parse(content.decode(), message, allow_unknown_field=True)
    except (DecodeError, text_format.ParseError, UnicodeDecodeError) as error:
        raise OSError(f"Cannot parse file {path}: {error}.") from None
    return message
