"""How an estimator exports its model as a SavedModel."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from pyflow.core import errors
from pyflow.core.collections import GraphKeys
from pyflow.core.graph import Graph
from pyflow.core.scopes import add_to_collection, get_collection
from pyflow.core.seeds import set_random_seed
from pyflow.estimator import signature_maps
from pyflow.estimator.mode_keys import ModeKeys
from pyflow.estimator.model_building import ModelBuilding
from pyflow.platform import compat, file_io
from pyflow.platform.code.deprecation import deprecated
from pyflow.runtime.session import Session
from pyflow.train import checkpoint_management
from pyflow.train.saved_model_builder import SavedModelBuilder
from pyflow.train.saver import Saver
from pyflow.train.scaffold import Scaffold

_TRAIN_OP_KEY = "saved_model_train_op"


class Exporting(ModelBuilding):
    """The part of an estimator that exports it."""

    _model_dir: str
    _config: Any
    _session_config: Any
    _warm_start_settings: Any

    def export_saved_model(
        self,
        export_dir_base: Any,
        serving_input_receiver_fn: Callable,
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        experimental_mode: str = ModeKeys.PREDICT,
    ) -> bytes:
        """Writes a SavedModel into a new folder in `export_dir_base`; gives its path.

        Args:
          export_dir_base: the folder of exports.
          serving_input_receiver_fn: makes a `ServingInputReceiver`.
          assets_extra: further files: from paths in "assets.extra" to the files that are copied there.
          as_text: whether the graph is written as text.
          checkpoint_path: the checkpoint; None takes the newest.
          experimental_mode: the mode of the graph, of `ModeKeys`.

        Raises:
          ValueError: there is no receiver function or no checkpoint, or the checkpoint lacks variables.
        """
        if not serving_input_receiver_fn:
            raise ValueError("An input_receiver_fn must be defined.")
        return self._export_all_saved_models(
            export_dir_base,
            {experimental_mode: serving_input_receiver_fn},
            assets_extra=assets_extra,
            as_text=as_text,
            checkpoint_path=checkpoint_path,
            strip_default_attrs=True,
        )

    @deprecated(None, "This function has been renamed, use `export_saved_model` instead.")
    def export_savedmodel(
        self,
        export_dir_base: Any,
        serving_input_receiver_fn: Callable,
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        strip_default_attrs: bool = False,
    ) -> bytes:
        """As `export_saved_model`, for serving; attrs with their default values stay in the graph."""
        if not serving_input_receiver_fn:
            raise ValueError("An input_receiver_fn must be defined.")
        return self._export_all_saved_models(
            export_dir_base,
            {ModeKeys.PREDICT: serving_input_receiver_fn},
            assets_extra=assets_extra,
            as_text=as_text,
            checkpoint_path=checkpoint_path,
            strip_default_attrs=strip_default_attrs,
        )

    def experimental_export_all_saved_models(
        self,
        export_dir_base: Any,
        input_receiver_fn_map: dict[str, Callable],
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
    ) -> bytes:
        """As `export_saved_model`, with a graph for each mode in `input_receiver_fn_map`."""
        return self._export_all_saved_models(
            export_dir_base,
            input_receiver_fn_map,
            assets_extra=assets_extra,
            as_text=as_text,
            checkpoint_path=checkpoint_path,
            strip_default_attrs=True,
        )

    def _checkpoint_to_export(self, path: str | None) -> str | None:
        path = path or checkpoint_management.latest_checkpoint(self._model_dir)
        if path:
            return path
        if not self._warm_start_settings:
            raise ValueError(f"Couldn't find trained model at {self._model_dir}.")
        path = self._warm_start_settings.ckpt_to_initialize_from
        return checkpoint_management.latest_checkpoint(path) if path and file_io.is_directory(path) else path

    def _export_all_saved_models(
        self,
        export_dir_base: Any,
        input_receiver_fn_map: dict[str, Callable],
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        strip_default_attrs: bool = True,
    ) -> bytes:
        checkpoint_path = self._checkpoint_to_export(checkpoint_path)
        export_dir = signature_maps.get_timestamped_export_dir(export_dir_base)
        temporary = signature_maps.get_temp_export_dir(export_dir)
        builder = SavedModelBuilder(compat.as_str(temporary))
        save_variables = True
        for mode in (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT):
            if input_receiver_fn_map.get(mode):
                self._add_meta_graph_for_mode(
                    builder,
                    input_receiver_fn_map,
                    checkpoint_path,
                    save_variables,
                    mode=mode,
                    strip_default_attrs=strip_default_attrs,
                )
                save_variables = False
        if save_variables:
            raise ValueError(f"No valid modes for exporting found. Got {input_receiver_fn_map.keys()}.")
        builder.save(as_text)
        for relative, source in (assets_extra or {}).items():
            target = os.path.join(temporary, b"assets.extra", compat.as_bytes(relative))
            file_io.recursive_create_dir(os.path.dirname(target))
            file_io.copy(source, target)
        file_io.rename(temporary, export_dir)
        return export_dir

    def _add_meta_graph_for_mode(
        self,
        builder: SavedModelBuilder,
        input_receiver_fn_map: dict[str, Callable],
        checkpoint_path: Any,
        save_variables: bool = True,
        mode: str = ModeKeys.PREDICT,
        export_tags: Any = None,
        check_variables: bool = True,
        strip_default_attrs: bool = True,
    ) -> None:
        """Adds the graph of a mode; the first one has the variables saved.

        Raises:
          ValueError: the checkpoint lacks variables.
        """
        if export_tags is None:
            export_tags = signature_maps.EXPORT_TAG_MAP[mode]
        with Graph().as_default() as graph:
            self._create_and_assert_global_step(graph)
            set_random_seed(self._config.tf_random_seed)
            receiver = input_receiver_fn_map[mode]()
            spec = self._call_model_fn(receiver.features, getattr(receiver, "labels", None), mode, self.config)
            outputs = signature_maps.export_outputs_for_mode(
                spec.mode, spec.export_outputs, spec.predictions, spec.loss, spec.eval_metric_ops
            )
            signatures = signature_maps.build_all_signature_defs(
                receiver.receiver_tensors,
                outputs,
                getattr(receiver, "receiver_tensors_alternatives", None),
                serving_only=mode == ModeKeys.PREDICT,
            )
            with Session(config=self._session_config) as session:
                local_init_op = spec.scaffold.local_init_op
                if local_init_op is None:
                    local_init_op = Scaffold.default_local_init_op()
                saver = spec.scaffold.saver or Saver(sharded=True)
                if save_variables and not check_variables:
                    raise ValueError("If `save_variables` is `True, `check_variables`must not be `False`.")
                if check_variables:
                    try:
                        saver.restore(session, checkpoint_path)
                    except errors.NotFoundError as error:
                        raise ValueError(
                            "Could not load all requested variables from checkpoint. Please make sure your model_fn "
                            "does not expect variables that were not saved in the checkpoint.\n\nEncountered error "
                            f"with mode `{mode}` while restoring checkpoint from: `{checkpoint_path}`. "
                            f"Full Traceback:\n\n{error}"
                        ) from error
                if spec.train_op is not None:
                    add_to_collection(_TRAIN_OP_KEY, spec.train_op)
                arguments: dict[str, Any] = {
                    "tags": export_tags,
                    "signature_def_map": signatures,
                    "assets_collection": get_collection(GraphKeys.ASSET_FILEPATHS),
                    "main_op": local_init_op,
                    "saver": saver,
                    "strip_default_attrs": strip_default_attrs,
                }
                if save_variables:
                    builder.add_meta_graph_and_variables(session, **arguments)
                else:
                    builder.add_meta_graph(**arguments)
