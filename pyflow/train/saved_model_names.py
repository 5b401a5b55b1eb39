"""Names and keys of SavedModels: files, tags, collections, signatures."""

from __future__ import annotations

from pyflow.core.api import export

ASSETS_DIRECTORY = "assets"
ASSETS_KEY = "saved_model_assets"
LEGACY_INIT_OP_KEY = "legacy_init_op"
MAIN_OP_KEY = "saved_model_main_op"
SAVED_MODEL_FILENAME_PB = "saved_model.pb"
SAVED_MODEL_FILENAME_PBTXT = "saved_model.pbtxt"
SAVED_MODEL_SCHEMA_VERSION = 1
VARIABLES_DIRECTORY = "variables"
VARIABLES_FILENAME = "variables"

GPU, SERVING, TPU, TRAINING = "gpu", "serve", "tpu", "train"

DEFAULT_SERVING_SIGNATURE_DEF_KEY = "serving_default"
CLASSIFY_INPUTS = PREDICT_INPUTS = REGRESS_INPUTS = "inputs"
CLASSIFY_OUTPUT_CLASSES, CLASSIFY_OUTPUT_SCORES = "classes", "scores"
PREDICT_OUTPUTS = REGRESS_OUTPUTS = "outputs"
CLASSIFY_METHOD_NAME = "tensorflow/serving/classify"
PREDICT_METHOD_NAME = "tensorflow/serving/predict"
REGRESS_METHOD_NAME = "tensorflow/serving/regress"
INIT_OP_SIGNATURE_KEY = "__saved_model_init_op"  # since TensorFlow 2

for _name, _value in list(vars().items()):
    if _name.isupper() and not _name.startswith("_") and _name != "INIT_OP_SIGNATURE_KEY":
        if _name in ("GPU", "SERVING", "TPU", "TRAINING"):
            _module = "tag_constants"
        elif _name.startswith(("CLASSIFY", "PREDICT", "REGRESS", "DEFAULT")):
            _module = "signature_constants"
        else:
            _module = "constants"
        export(f"saved_model.{_module}.{_name}", f"saved_model.{_name}")(_value)
