"""SignatureDefs: how a graph in a SavedModel may be called, and TensorInfos, the tensors in them."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collection_protos import prepend_name_scope
from pyflow.core.graph import Graph
from pyflow.core.scopes import get_default_graph
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.protos.meta_graph_pb2 import SignatureDef, TensorInfo
from pyflow.train import saved_model_names as names


@export("saved_model.utils.build_tensor_info", "saved_model.build_tensor_info")
def build_tensor_info(tensor: Any) -> Any:
    """The TensorInfo of a tensor or sparse tensor: name, dtype, static shape."""
    info = TensorInfo(
        dtype=dtypes.as_dtype(tensor.dtype).as_datatype_enum,  # type: ignore[arg-type]
        tensor_shape=tensor.get_shape().as_proto(),
    )
    if isinstance(tensor, SparseTensor):
        info.coo_sparse.values_tensor_name = tensor.values.name
        info.coo_sparse.indices_tensor_name = tensor.indices.name
        info.coo_sparse.dense_shape_tensor_name = tensor.dense_shape.name
    else:
        info.name = tensor.name
    return info


@export("saved_model.utils.get_tensor_from_tensor_info", "saved_model.get_tensor_from_tensor_info")
def get_tensor_from_tensor_info(tensor_info: Any, graph: Graph | None = None, import_scope: str | None = None) -> Any:
    """The tensor or sparse tensor that a TensorInfo names.

    Raises:
      KeyError: the graph doesn't have it.
      ValueError: the TensorInfo is malformed.
    """
    graph = graph or get_default_graph()

    def find(name: str) -> Any:
        return graph.get_tensor_by_name(prepend_name_scope(name, import_scope))

    encoding = tensor_info.WhichOneof("encoding")
    if encoding == "name":
        return find(tensor_info.name)
    if encoding == "coo_sparse":
        sparse = tensor_info.coo_sparse
        return SparseTensor(
            find(sparse.indices_tensor_name), find(sparse.values_tensor_name), find(sparse.dense_shape_tensor_name)
        )
    raise ValueError(f"Invalid TensorInfo.encoding: {encoding}")


@export("saved_model.signature_def_utils.build_signature_def", "saved_model.build_signature_def")
def build_signature_def(
    inputs: dict[str, Any] | None = None, outputs: dict[str, Any] | None = None, method_name: str | None = None
) -> Any:
    """A SignatureDef of TensorInfos."""
    signature = SignatureDef(method_name=method_name or "")
    for field, infos in ((signature.inputs, inputs), (signature.outputs, outputs)):
        for key, info in (infos or {}).items():
            field[key].CopyFrom(info)
    return signature


@export("saved_model.signature_def_utils.predict_signature_def", "saved_model.predict_signature_def")
def predict_signature_def(inputs: dict[str, Any], outputs: dict[str, Any]) -> Any:
    """The signature of a prediction: tensors by their names there.

    Raises:
      ValueError: there are no inputs or no outputs.
    """
    if not inputs:
        raise ValueError("Prediction inputs cannot be None or empty.")
    if not outputs:
        raise ValueError("Prediction outputs cannot be None or empty.")
    return build_signature_def(_infos(inputs), _infos(outputs), names.PREDICT_METHOD_NAME)


def _infos(tensors: dict[str, Any]) -> dict[str, Any]:
    return {key: build_tensor_info(tensor) for key, tensor in tensors.items()}


@export("saved_model.signature_def_utils.classification_signature_def", "saved_model.classification_signature_def")
def classification_signature_def(examples: Any, classes: Any, scores: Any) -> Any:
    """The signature of a classification of serialized Examples.

    Args:
      examples: strings.
      classes: strings, the labels; or None.
      scores: float32; or None.

    Raises:
      ValueError: one of these has another dtype, or neither classes nor scores are given.
    """
    if examples is None:
        raise ValueError("Classification examples cannot be None.")
    if classes is None and scores is None:
        raise ValueError("Classification classes and scores cannot both be None.")
    outputs = {}
    inputs = {names.CLASSIFY_INPUTS: _checked(examples, dtypes.string, "Classification examples must be a string")}
    if classes is not None:
        words = "Classification classes must be a string"
        outputs[names.CLASSIFY_OUTPUT_CLASSES] = _checked(classes, dtypes.string, words)
    if scores is not None:
        words = "Classification scores must be a float"
        outputs[names.CLASSIFY_OUTPUT_SCORES] = _checked(scores, dtypes.float32, words)
    return build_signature_def(inputs, outputs, names.CLASSIFY_METHOD_NAME)


@export("saved_model.signature_def_utils.regression_signature_def", "saved_model.regression_signature_def")
def regression_signature_def(examples: Any, predictions: Any) -> Any:
    """The signature of a regression from serialized Examples (strings) to float32 predictions.

    Raises:
      ValueError: one of these is None or has another dtype.
    """
    if examples is None:
        raise ValueError("Regression examples cannot be None.")
    if predictions is None:
        raise ValueError("Regression predictions cannot be None.")
    inputs = {names.REGRESS_INPUTS: _checked(examples, dtypes.string, "Regression examples must be a string")}
    outputs = {names.REGRESS_OUTPUTS: _checked(predictions, dtypes.float32, "Regression output must be a float")}
    return build_signature_def(inputs, outputs, names.REGRESS_METHOD_NAME)


def _checked(tensor: Any, dtype: Any, words: str) -> Any:
    info = build_tensor_info(tensor)
    if info.dtype != dtype.as_datatype_enum:
        raise ValueError(f"{words} Tensor.")
    return info


@export("saved_model.signature_def_utils.is_valid_signature", "saved_model.is_valid_signature")
def is_valid_signature(signature_def: Any) -> bool:
    """Whether a SignatureDef is one that TensorFlow Serving can serve."""
    if signature_def is None:
        return False
    inputs, outputs, method = signature_def.inputs, signature_def.outputs, signature_def.method_name
    if method == names.PREDICT_METHOD_NAME:
        return bool(inputs) and bool(outputs)
    if method == names.REGRESS_METHOD_NAME:
        return _has_only(inputs, {names.REGRESS_INPUTS: dtypes.string}) and _has_only(
            outputs, {names.REGRESS_OUTPUTS: dtypes.float32}
        )
    if method != names.CLASSIFY_METHOD_NAME or not outputs:
        return False
    kinds = {names.CLASSIFY_OUTPUT_CLASSES: dtypes.string, names.CLASSIFY_OUTPUT_SCORES: dtypes.float32}
    expected = {key: kinds[key] for key in outputs if key in kinds}
    return _has_only(inputs, {names.CLASSIFY_INPUTS: dtypes.string}) and _has_only(outputs, expected)


def _has_only(infos: Any, expected: dict[str, Any]) -> bool:
    return set(infos) == set(expected) and all(
        infos[key].dtype == dtype.as_datatype_enum for key, dtype in expected.items()
    )
