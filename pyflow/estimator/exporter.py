"""Exporters: what is exported in the course of `tf.estimator.train_and_evaluate`.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/Exporter
"""

from __future__ import annotations

import abc
import os
from collections.abc import Callable
from typing import Any

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.estimator import export_versions
from pyflow.estimator.mode_keys import LOSS_METRIC_KEY
from pyflow.platform import file_io, logging
from pyflow.platform.code.callables import fn_args
from pyflow.summary.writer import summary_iterator


@export("estimator.Exporter")
class Exporter(abc.ABC):
    """Exports a model after an evaluation."""

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """The exporter's name, that of the folder of its exports."""

    @abc.abstractmethod
    def export(
        self, estimator: Any, export_path: str, checkpoint_path: str, eval_result: Any, is_the_final_export: bool
    ) -> Any:
        """Exports a model, if it is to be; gives the path, or None.

        Args:
          estimator: the estimator.
          export_path: the folder of this exporter's exports.
          checkpoint_path: the checkpoint that has been evaluated.
          eval_result: what `Estimator.evaluate` gave.
          is_the_final_export: whether the training has come to its end.
        """


class _SavedModelExporter(Exporter):
    """Exports each time."""

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: Any,
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
    ):
        self._name = name
        self._serving_input_receiver_fn = serving_input_receiver_fn
        self._assets_extra = assets_extra
        self._as_text = as_text

    name: Any = property(lambda self: self._name)

    def export(
        self, estimator: Any, export_path: str, checkpoint_path: str, eval_result: Any, is_the_final_export: bool
    ) -> Any:
        return estimator.export_saved_model(
            export_path,
            self._serving_input_receiver_fn,
            assets_extra=self._assets_extra,
            as_text=self._as_text,
            checkpoint_path=checkpoint_path,
        )


class _Wrapping(Exporter):
    """An exporter that has a `_SavedModelExporter` export."""

    _saved_model_exporter: _SavedModelExporter
    name: Any = property(lambda self: self._saved_model_exporter.name)


def _delete_all_but_newest(folder: str, exports_to_keep: int | None) -> None:
    """Deletes the older exports of a folder."""
    if exports_to_keep is None:
        return
    is_older = export_versions._negation(export_versions._largest_export_versions(exports_to_keep))
    for path, _ in is_older(export_versions._get_paths(folder, export_versions.with_version)):
        try:
            file_io.delete_recursively(path)
        except errors.NotFoundError as error:
            logging.warn("Can not delete %s recursively: %s", path, error)


def _loss_smaller(best_eval_result: Any, current_eval_result: Any) -> bool:
    """Whether the current loss is smaller than the best so far.

    Raises:
      ValueError: one of them has no loss.
    """
    for name, result in (("best_eval_result", best_eval_result), ("current_eval_result", current_eval_result)):
        if not result or LOSS_METRIC_KEY not in result:
            raise ValueError(f"{name} cannot be empty or no loss is found in it.")
    return best_eval_result[LOSS_METRIC_KEY] > current_eval_result[LOSS_METRIC_KEY]


def _verify_compare_fn_args(compare_fn: Callable) -> None:
    names, needed = set(fn_args(compare_fn)), ("best_eval_result", "current_eval_result")
    for name in needed:
        if name not in names:
            raise ValueError(f"compare_fn ({compare_fn}) must include {name} argument.")
    unknown = list(names - set(needed))
    if unknown:
        raise ValueError(f"compare_fn ({compare_fn}) has following not expected args: {unknown}")


@export("estimator.BestExporter")
class BestExporter(_Wrapping):
    """Exports when the evaluation is better than all before.

    Args:
      name: the exporter's name.
      serving_input_receiver_fn: makes a `ServingInputReceiver`.
      event_file_pattern: the event files with former evaluations, from the model's folder on.
      compare_fn: a function of `best_eval_result` and `current_eval_result` that tells whether the latter is better; by
        default the smaller loss is.
      assets_extra, as_text: as for `Estimator.export_saved_model`.
      exports_to_keep: how many exports are kept, None for all.

    Raises:
      ValueError: `compare_fn` doesn't fit, or the number is not positive.
    """

    def __init__(
        self,
        name: str = "best_exporter",
        serving_input_receiver_fn: Any = None,
        event_file_pattern: str | None = "eval/*.tfevents.*",
        compare_fn: Any = _loss_smaller,
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
        exports_to_keep: int | None = 5,
    ):
        if compare_fn is None:
            raise ValueError("`compare_fn` must not be None.")
        _verify_compare_fn_args(compare_fn)
        self._compare_fn = compare_fn
        self._saved_model_exporter = _SavedModelExporter(name, serving_input_receiver_fn, assets_extra, as_text)
        self._event_file_pattern = event_file_pattern
        self._model_dir: str | None = None
        self._best_eval_result: Any = None
        self._exports_to_keep = exports_to_keep
        if exports_to_keep is not None and exports_to_keep <= 0:
            raise ValueError(f"`exports_to_keep`, if provided, must be a positive number. Got {exports_to_keep}")

    def export(
        self, estimator: Any, export_path: str, checkpoint_path: str, eval_result: Any, is_the_final_export: bool
    ) -> Any:
        if self._model_dir != estimator.model_dir and self._event_file_pattern:
            logging.info("Loading best metric from event files.")
            self._model_dir = estimator.model_dir
            pattern = os.path.join(estimator.model_dir, self._event_file_pattern)
            self._best_eval_result = self._get_best_eval_result(pattern)
        best = self._best_eval_result
        if best is not None and not self._compare_fn(best_eval_result=best, current_eval_result=eval_result):
            return None
        logging.info("Performing best model export.")
        self._best_eval_result = eval_result
        path = self._saved_model_exporter.export(
            estimator, export_path, checkpoint_path, eval_result, is_the_final_export
        )
        _delete_all_but_newest(export_path, self._exports_to_keep)
        return path

    def _get_best_eval_result(self, event_files: str) -> dict[str, float] | None:
        if not event_files:
            return None
        best = None
        for file in file_io.get_matching_files(event_files):
            for event in summary_iterator(file):
                values = event.summary.value if event.HasField("summary") else ()
                result = {v.tag: v.simple_value for v in values if v.HasField("simple_value")}
                if result and (best is None or self._compare_fn(best, result)):
                    best = result
        return best


@export("estimator.FinalExporter")
class FinalExporter(_Wrapping):
    """Exports once, at the end of the training. Arguments as those of `BestExporter`."""

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: Any,
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
    ):
        self._saved_model_exporter = _SavedModelExporter(name, serving_input_receiver_fn, assets_extra, as_text)

    def export(
        self, estimator: Any, export_path: str, checkpoint_path: str, eval_result: Any, is_the_final_export: bool
    ) -> Any:
        if not is_the_final_export:
            return None
        logging.info("Performing the final export in the end of training.")
        return self._saved_model_exporter.export(
            estimator, export_path, checkpoint_path, eval_result, is_the_final_export
        )


@export("estimator.LatestExporter")
class LatestExporter(_Wrapping):
    """Exports after each evaluation, and keeps the newest exports. Arguments as those of `BestExporter`.

    Raises:
      ValueError: the number is not positive.
    """

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: Any,
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
        exports_to_keep: int | None = 5,
    ):
        self._saved_model_exporter = _SavedModelExporter(name, serving_input_receiver_fn, assets_extra, as_text)
        self._exports_to_keep = exports_to_keep
        if exports_to_keep is not None and exports_to_keep <= 0:
            raise ValueError("`exports_to_keep`, if provided, must be positive number")

    def export(
        self, estimator: Any, export_path: str, checkpoint_path: str, eval_result: Any, is_the_final_export: bool
    ) -> Any:
        path = self._saved_model_exporter.export(
            estimator, export_path, checkpoint_path, eval_result, is_the_final_export
        )
        _delete_all_but_newest(export_path, self._exports_to_keep)
        return path
