"""The signatures of an exported model, by name, and the folders that it is exported to."""

from __future__ import annotations

import os
import time
from typing import Any

from pyflow.estimator import mode_keys
from pyflow.estimator.export_outputs import (
    SUPERVISED_EVAL_METHOD_NAME,
    SUPERVISED_TRAIN_METHOD_NAME,
    EvalOutput,
    TrainOutput,
    get_export_outputs,
)
from pyflow.estimator.input_receivers import SINGLE_RECEIVER_DEFAULT_NAME
from pyflow.estimator.mode_keys import ModeKeys
from pyflow.platform import compat, file_io, logging
from pyflow.train import saved_model_names as names
from pyflow.train.signature_defs import is_valid_signature

MAX_DIRECTORY_CREATION_ATTEMPTS = 10

EXPORT_TAG_MAP = {
    ModeKeys.PREDICT: [names.SERVING],
    ModeKeys.TRAIN: [names.TRAINING],
    ModeKeys.EVAL: ["eval"],
}

_METHODS = {
    names.CLASSIFY_METHOD_NAME: "Classify",
    names.REGRESS_METHOD_NAME: "Regress",
    names.PREDICT_METHOD_NAME: "Predict",
    SUPERVISED_TRAIN_METHOD_NAME: "Train",
    SUPERVISED_EVAL_METHOD_NAME: "Eval",
}


def build_all_signature_defs(
    receiver_tensors: Any,
    export_outputs: Any,
    receiver_tensors_alternatives: Any = None,
    serving_only: bool = True,
) -> dict[str, Any]:
    """A SignatureDef for each output and each set of tensors to feed, where they go together.

    Args:
      receiver_tensors: the tensors to feed, one or a dict.
      export_outputs: `ExportOutput`s by name.
      receiver_tensors_alternatives: further sets of tensors by name; their signatures are called "name:output".
      serving_only: whether signatures that TensorFlow Serving doesn't take are left out.

    Raises:
      ValueError: `export_outputs` is no dict.
    """
    if export_outputs is None or not isinstance(export_outputs, dict):
        raise ValueError(f"export_outputs must be a dict and not{type(export_outputs)}")
    made: dict[str, Any] = {}
    excluded: dict[str, str] = {}
    sets: dict[Any, Any] = {None: receiver_tensors}
    sets.update((name or "None", tensors) for name, tensors in (receiver_tensors_alternatives or {}).items())
    for set_name, tensors in sets.items():
        if not isinstance(tensors, dict):
            tensors = {SINGLE_RECEIVER_DEFAULT_NAME: tensors}
        for key, output in export_outputs.items():
            name = str(key or "None") if set_name is None else f"{set_name}:{key or 'None'}"
            try:
                made[name] = output.as_signature_def(tensors)
            except ValueError as error:
                excluded[name] = str(error)
    _log(made, excluded)
    if serving_only:
        made = {name: signature for name, signature in made.items() if is_valid_signature(signature)}
    return made


def _log(made: dict[str, Any], excluded: dict[str, str]) -> None:
    by_method: dict[str, list[str]] = {method: [] for method in _METHODS}
    for name, signature in made.items():
        by_method.setdefault(signature.method_name, []).append(name)
    for method, signatures in by_method.items():
        shown = signatures or "None"
        logging.info(f"Signatures INCLUDED in export for {_METHODS.get(method, method)}: {shown}")
    if excluded:
        logging.info("Signatures EXCLUDED from export because they cannot be be served via TensorFlow Serving APIs:")
        for name, message in excluded.items():
            logging.info(f"'{name}' : {message}")
    if not made:
        logging.warn("Export includes no signatures!")
    elif names.DEFAULT_SERVING_SIGNATURE_DEF_KEY not in made:
        logging.warn("Export includes no default signature!")


def export_outputs_for_mode(
    mode: str, serving_export_outputs: Any = None, predictions: Any = None, loss: Any = None, metrics: Any = None
) -> dict[str, Any]:
    """The `ExportOutput`s of a model exported for a mode.

    Raises:
      ValueError: there is no such mode.
    """
    if mode_keys.is_predict(mode):
        return get_export_outputs(serving_export_outputs, predictions)
    if mode_keys.is_train(mode):
        return {"train": TrainOutput(loss, predictions, metrics)}
    if mode_keys.is_eval(mode):
        return {"eval": EvalOutput(loss, predictions, metrics)}
    raise ValueError(
        f"Export output type not found for mode: {mode}. Expected one of: {EXPORT_TAG_MAP.keys()}.\nOne likely error "
        "is that V1 Estimator Modekeys were somehow passed to this function. Please ensure that you are using the new "
        "ModeKeys."
    )


def get_timestamped_export_dir(export_dir_base: Any) -> bytes:
    """The path of a folder, not there yet, in `export_dir_base`, named by the seconds since 1970.

    Raises:
      RuntimeError: there was one at each of ten attempts.
    """
    for attempt in range(1, MAX_DIRECTORY_CREATION_ATTEMPTS + 1):
        folder = os.path.join(compat.as_bytes(export_dir_base), compat.as_bytes(str(int(time.time()))))
        if not file_io.file_exists(folder):
            return folder
        time.sleep(1)
        logging.warn(
            f"Directory {folder!r} already exists; retrying (attempt {attempt}/{MAX_DIRECTORY_CREATION_ATTEMPTS})"
        )
    raise RuntimeError(
        f"Failed to obtain a unique export directory name after {MAX_DIRECTORY_CREATION_ATTEMPTS} attempts."
    )


def get_temp_export_dir(timestamped_export_dir: bytes) -> bytes:
    """The path of the folder beside that in which the model lies until it is whole."""
    folder, name = os.path.split(timestamped_export_dir)
    # TensorFlow puts the name's bytes as Python 3 shows them.
    return os.path.join(compat.as_bytes(folder), compat.as_bytes(f"temp-{name!r}"))
