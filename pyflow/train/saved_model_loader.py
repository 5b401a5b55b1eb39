"""Reading SavedModels."""

from __future__ import annotations

import os
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from pyflow.core.api import export
from pyflow.core.collection_protos import prepend_name_scope
from pyflow.platform import compat, file_io, logging
from pyflow.protos.meta_graph_pb2 import AssetFileDef, SavedModel
from pyflow.train import saved_model_names as names
from pyflow.train.meta_graph_import import _import_meta_graph_with_return_elements


@export(
    "saved_model.loader.maybe_saved_model_directory",
    "saved_model.maybe_saved_model_directory",
    "saved_model.contains_saved_model",
)
def maybe_saved_model_directory(export_dir: str) -> bool:
    """Whether a folder has the file of a SavedModel."""
    return any(file_io.file_exists(os.path.join(export_dir, name)) for name in _FILES)


_FILES = (names.SAVED_MODEL_FILENAME_PBTXT, names.SAVED_MODEL_FILENAME_PB)


def parse_saved_model(export_dir: str) -> Any:
    """The SavedModel message of a folder.

    Raises:
      OSError: there is none, or it is damaged.
    """
    folder = compat.as_str(compat.path_to_str(export_dir))
    path = os.path.join(folder, names.SAVED_MODEL_FILENAME_PB)
    if file_io.file_exists(path):
        with file_io.FileIO(path, "rb") as file:
            content = file.read()
        try:
            return SavedModel.FromString(content)
        except DecodeError as error:
            raise OSError(f"Cannot parse file {path}: {error}.") from None
    path = os.path.join(folder, names.SAVED_MODEL_FILENAME_PBTXT)
    if not file_io.file_exists(path):
        raise OSError(
            f"SavedModel file does not exist at: {folder}/"
            f"{{{names.SAVED_MODEL_FILENAME_PBTXT}|{names.SAVED_MODEL_FILENAME_PB}}}"
        )
    with file_io.FileIO(path, "rb") as file:
        content = file.read()
    try:
        return text_format.Parse(content.decode(), SavedModel(), allow_unknown_field=True)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise OSError(f"Cannot parse file {path}: {error}.") from None


@export("saved_model.loader.load", "saved_model.load")
def load(sess: Any, tags: Any, export_dir: str, import_scope: str | None = None, **saver_kwargs: Any) -> Any:
    """Adds a graph of a SavedModel to the session's graph, restores its variables, and runs its main operation.

    Args:
      tags: all tags of the graph.
      import_scope: a name scope for the nodes.

    Returns:
      The MetaGraphDef, with its signatures.

    Raises:
      RuntimeError: no graph has just these tags.
      OSError: there is no SavedModel.
    """
    folder = compat.as_str(compat.path_to_str(export_dir))
    definition = find_meta_graph(parse_saved_model(folder), tags)
    with sess.graph.as_default():
        saver, _ = _import_meta_graph_with_return_elements(definition, import_scope=import_scope, **saver_kwargs)
        if saver is not None:
            path = os.path.join(folder, names.VARIABLES_DIRECTORY, names.VARIABLES_FILENAME)
            saver.restore(sess, path)
        else:
            logging.info("The specified SavedModel has no variables; no checkpoints were restored.")
        main_op = _main_op(definition, import_scope)
        if main_op is not None:
            logging.info("Running local_init_op.")
            sess.run(main_op, feed_dict=_asset_paths(definition, folder, import_scope))
            logging.info("Done running local_init_op.")
    return definition


def find_meta_graph(saved_model: Any, tags: Any) -> Any:
    """The graph with just these tags.

    Raises:
      RuntimeError: there is none.
    """
    for meta_graph in saved_model.meta_graphs:
        if set(meta_graph.meta_info_def.tags) == set(tags):
            return meta_graph
    wanted = tags if isinstance(tags, str) else ", ".join(f"'{tag}'" for tag in tags)
    available = [set(meta_graph.meta_info_def.tags) for meta_graph in saved_model.meta_graphs]
    raise RuntimeError(
        f"MetaGraphDef associated with tags {wanted} could not be found in SavedModel. To inspect available tag-sets "
        f"in the SavedModel, please use the SavedModel CLI: `saved_model_cli`\navailable_tags: {available}"
    )


def _main_op(definition: Any, import_scope: str | None) -> str | None:
    """The name of the operation to run after loading."""
    for key in (names.MAIN_OP_KEY, names.LEGACY_INIT_OP_KEY):
        if key in definition.collection_def:
            found = definition.collection_def[key].node_list.value
            if len(found) != 1:
                raise RuntimeError(f"Expected exactly one main op in : {definition}")
            return prepend_name_scope(found[0], import_scope)
    if names.INIT_OP_SIGNATURE_KEY in definition.signature_def:
        output = definition.signature_def[names.INIT_OP_SIGNATURE_KEY].outputs[names.INIT_OP_SIGNATURE_KEY]
        return prepend_name_scope(output.name, import_scope)
    return None


def _asset_paths(definition: Any, folder: str, import_scope: str | None) -> dict[str, str]:
    """The paths of files beside the model, by the names of the tensors that are to have them."""
    assets = list(definition.asset_file_def)
    if not assets and names.ASSETS_KEY in definition.collection_def:
        recorded = definition.collection_def[names.ASSETS_KEY].any_list.value
        assets = [AssetFileDef.FromString(record.value) for record in recorded]
    paths = {}
    for asset in assets:
        name = prepend_name_scope(asset.tensor_info.name, import_scope)
        # Only the name: a file from elsewhere must not point out of the folder.
        paths[name] = os.path.join(folder, names.ASSETS_DIRECTORY, os.path.basename(asset.filename))
    return paths
