"""Writing SavedModels: a folder with graphs, their variables and the files they read."""

from __future__ import annotations

import os
from typing import Any

from google.protobuf import text_format
from google.protobuf.any_pb2 import Any as AnyProto

from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.operation import Operation
from pyflow.core.scopes import (
    add_to_collection,
    control_dependencies,
    get_collection,
    get_collection_ref,
    get_default_graph,
)
from pyflow.ops.control_flow import group
from pyflow.ops.table_initialization import tables_initializer
from pyflow.ops.variables import _all_saveable_objects, global_variables_initializer, local_variables_initializer
from pyflow.platform import compat, file_io, logging
from pyflow.protos.meta_graph_pb2 import AssetFileDef, MetaGraphDef, SavedModel, SaverDef
from pyflow.train import saved_model_names as names
from pyflow.train.saver import Saver
from pyflow.train.signature_defs import predict_signature_def

ASSET_TYPE = "type.googleapis.com/tensorflow.AssetFileDef"


@export("saved_model.builder.SavedModelBuilder", "saved_model.Builder")
class SavedModelBuilder:
    """Writes graphs with one set of variables, each graph under its tags.

    Args:
      export_dir: the folder, which must not exist or be empty.

    Raises:
      AssertionError: it is not empty.
    """

    def __init__(self, export_dir: str):
        self._saved_model = SavedModel(saved_model_schema_version=names.SAVED_MODEL_SCHEMA_VERSION)
        self._export_dir = compat.as_str(compat.path_to_str(export_dir))
        if file_io.file_exists(self._export_dir):
            if file_io.list_directory(self._export_dir):
                raise AssertionError(
                    "Export directory already exists, and isn't empty. Please choose a different export directory, or "
                    f"delete all the contents of the specified directory: {self._export_dir}"
                )
        else:
            file_io.recursive_create_dir(self._export_dir)
        self._has_saved_variables = False

    def add_meta_graph_and_variables(
        self,
        sess: Any,
        tags: Any,
        signature_def_map: dict[str, Any] | None = None,
        assets_collection: Any = None,
        legacy_init_op: Any = None,
        clear_devices: bool = False,
        main_op: Any = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Saves the variables of a session, and adds the default graph. For further arguments see `add_meta_graph`.

        Raises:
          AssertionError: variables were saved already.
        """
        if self._has_saved_variables:
            raise AssertionError(
                "Graph state including variables and assets has already been saved. Please invoke `add_meta_graph()` "
                "instead."
            )
        self._check_signatures(signature_def_map)
        self._save_assets(assets_collection)
        _set_main_op(main_op, legacy_init_op)
        folder = os.path.join(self._export_dir, names.VARIABLES_DIRECTORY)
        if not file_io.file_exists(folder):
            file_io.recursive_create_dir(folder)
        saver = saver or _new_saver()
        path = os.path.join(folder, names.VARIABLES_FILENAME)
        saver.save(sess, path, write_meta_graph=False, write_state=False)
        self._add(saver, tags, signature_def_map, clear_devices, strip_default_attrs)
        self._has_saved_variables = True

    def add_meta_graph(
        self,
        tags: Any,
        signature_def_map: dict[str, Any] | None = None,
        assets_collection: Any = None,
        legacy_init_op: Any = None,
        clear_devices: bool = False,
        main_op: Any = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Adds the default graph, for the variables that were saved before.

        Args:
          tags: names by which the graph is found when loading.
          signature_def_map: SignatureDefs by name.
          assets_collection: string constants with paths of files, which are copied.
          legacy_init_op, main_op: the operation to run after loading; only one of them.
          clear_devices: whether nodes lose their devices.
          strip_default_attrs: whether attrs with their default value are left out.
          saver: the one that restores the variables; None makes one for all of them.

        Raises:
          AssertionError: no variables have been saved yet.
          TypeError: the operation to run is none.
          ValueError: the graph has one already, or a path is not constant.
        """
        if not self._has_saved_variables:
            raise AssertionError(
                "Graph state including variables and assets has not been saved yet. Please invoke "
                "`add_meta_graph_and_variables()` first."
            )
        self._check_signatures(signature_def_map)
        self._save_assets(assets_collection)
        _set_main_op(main_op, legacy_init_op)
        self._add(saver or _new_saver(), tags, signature_def_map, clear_devices, strip_default_attrs)

    def save(self, as_text: bool = False) -> bytes:
        """Writes the graphs, and gives the path of that file."""
        if not file_io.file_exists(self._export_dir):
            file_io.recursive_create_dir(self._export_dir)
        name = names.SAVED_MODEL_FILENAME_PBTXT if as_text else names.SAVED_MODEL_FILENAME_PB
        model = self._saved_model
        content = text_format.MessageToString(model) if as_text else model.SerializeToString(deterministic=True)
        path = os.path.join(self._export_dir, name)
        file_io.atomic_write_string_to_file(path, content)
        logging.info("SavedModel written to: %s", path)
        return compat.as_bytes(path)

    def _add(self, saver: Saver, tags: Any, signatures: Any, clear_devices: bool, strip_default_attrs: bool) -> None:
        added: MetaGraphDef = saver.export_meta_graph(
            clear_devices=clear_devices, strip_default_attrs=strip_default_attrs
        )
        added.meta_info_def.tags.extend(tags)
        for key, signature in (signatures or {}).items():
            added.signature_def[key].CopyFrom(signature)
        self._saved_model.meta_graphs.add().CopyFrom(added)

    def _check_signatures(self, signatures: dict[str, Any] | None) -> None:
        for signature in (signatures or {}).values():
            for info in (*signature.inputs.values(), *signature.outputs.values()):
                if info.WhichOneof("encoding") is None:
                    raise AssertionError(
                        "All TensorInfo protos used in the SignatureDefs must have one of the 'encoding' fields "
                        "(e.g., name or coo_sparse) set."
                    )
                if not info.dtype:
                    raise AssertionError(
                        "All TensorInfo protos used in the SignatureDefs must have the 'dtype' field set."
                    )

    def _save_assets(self, tensors: Any) -> None:
        """Copies the files that constants name, and records which constant names which file."""
        if tensors is None:
            logging.info("No assets to save.")
            logging.info("No assets to write.")
            return
        sources: dict[str, str] = {}
        for tensor in tensors:
            value = constant_value(tensor)
            if value is None:
                raise ValueError(f"Asset filepath tensor is not a constant: {tensor}")
            source = compat.as_text(value.item())
            name = sources.get(source)
            if name is None:
                name = sources[source] = _unused(os.path.basename(source), set(sources.values()))
            asset = AssetFileDef(filename=name)
            asset.tensor_info.name = tensor.name
            record = AnyProto(type_url=ASSET_TYPE, value=asset.SerializeToString())
            add_to_collection(names.ASSETS_KEY, record)
        logging.info("Assets added to graph.")
        if not sources:
            logging.info("No assets to write.")
            return
        folder = os.path.join(self._export_dir, names.ASSETS_DIRECTORY)
        if not file_io.file_exists(folder):
            file_io.recursive_create_dir(folder)
        for source, name in sources.items():
            file_io.copy(source, os.path.join(folder, name), overwrite=True)
        logging.info("Assets written to: %s", folder)


def _unused(name: str, taken: set[str]) -> str:
    number, unused = 1, name
    while unused in taken:
        unused = f"{name}_{number}"
        number += 1
    return unused


def _new_saver() -> Saver:
    return Saver(_all_saveable_objects(), sharded=True, write_version=SaverDef.V2, allow_empty=True)


def _set_main_op(main_op: Any, legacy_init_op: Any) -> None:
    key, op = (names.MAIN_OP_KEY, main_op) if main_op is not None else (names.LEGACY_INIT_OP_KEY, legacy_init_op)
    if op is None:
        return
    if not isinstance(op, Operation):
        raise TypeError(f"main_op needs to be an Operation: {op!r}")
    for other in (names.MAIN_OP_KEY, names.LEGACY_INIT_OP_KEY):
        if get_collection(other):
            raise ValueError(f"Graph already contains one or more main ops under the collection {other}.")
    get_collection_ref(key).append(op)


@export("saved_model.simple_save")
def simple_save(
    session: Any, export_dir: str, inputs: dict[str, Any], outputs: dict[str, Any], legacy_init_op: Any = None
) -> None:
    """Writes a SavedModel for prediction, tagged "serve", with the signature "serving_default"."""
    signatures = {names.DEFAULT_SERVING_SIGNATURE_DEF_KEY: predict_signature_def(inputs, outputs)}
    builder = SavedModelBuilder(export_dir)
    builder.add_meta_graph_and_variables(
        session,
        tags=[names.SERVING],
        signature_def_map=signatures,
        assets_collection=get_default_graph().get_collection("asset_filepaths"),
        main_op=legacy_init_op,
        clear_devices=True,
    )
    builder.save()


@export("saved_model.main_op.main_op")
def main_op() -> Operation:
    """An operation that initialises variables and tables, to be run after loading."""
    return group(global_variables_initializer(), local_variables_initializer(), tables_initializer())


@export("saved_model.main_op.main_op_with_restore", "saved_model.main_op_with_restore")
def main_op_with_restore(restore_op_name: Any) -> Operation:
    """As `main_op`, but a restore operation is run after the initialisers.

    Args:
      restore_op_name: that operation.
    """
    with control_dependencies([main_op()]):
        return group(restore_op_name)
