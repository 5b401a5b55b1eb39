"""What receives the input of an exported model: `tf.estimator.export.ServingInputReceiver`, and what makes it."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.graph import Graph
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.estimator import input_results
from pyflow.ops.parse_features import parse_example
from pyflow.ops.placeholder import placeholder

SINGLE_FEATURE_DEFAULT_NAME = "feature"
SINGLE_RECEIVER_DEFAULT_NAME = "input"
SINGLE_LABEL_DEFAULT_NAME = "label"

_NAME_OF_SINGLE = {
    "feature": SINGLE_FEATURE_DEFAULT_NAME,
    "label": SINGLE_LABEL_DEFAULT_NAME,
    "receiver_tensor": SINGLE_RECEIVER_DEFAULT_NAME,
    "receiver_tensors_alternative": SINGLE_RECEIVER_DEFAULT_NAME,
}


def wrap_and_check_input_tensors(tensors: Any, field_name: str, allow_int_keys: bool = False) -> dict[Any, Any]:
    """Tensors as a dict; a single one under the field's name for it.

    Raises:
      ValueError: there are none, or a key or a value is of another type.
    """
    if tensors is None:
        raise ValueError(f"{field_name}s must be defined.")
    if not isinstance(tensors, dict):
        tensors = {_NAME_OF_SINGLE[field_name]: tensors}
    for name, tensor in tensors.items():
        if not isinstance(name, str):
            if not allow_int_keys:
                raise ValueError(f"{field_name} keys must be strings: {name}.")
            if not isinstance(name, int):
                raise ValueError(f"{field_name} keys must be strings or ints: {name}.")
        _check_tensor(tensor, name, field_name)
    return tensors


def _check_tensor(tensor: Any, name: Any, error_label: str = "feature") -> None:
    if isinstance(tensor, (Tensor, SparseTensor)):
        return
    error = ValueError(f"{error_label}{f' {name}' if name else ''} must be a Tensor or SparseTensor.")
    if not hasattr(tensor, "tensor"):
        raise error
    try:
        convert_to_tensor(tensor)
    except TypeError:
        raise error from None


_FIELDS = ("features", "receiver_tensors", "receiver_tensors_alternatives")


@export("estimator.export.ServingInputReceiver")
class ServingInputReceiver(namedtuple("ServingInputReceiver", _FIELDS)):
    """The features that a model gets when it serves, and the tensors that are fed.

    Args:
      features: a tensor or sparse tensor, or a dict of them by strings or ints.
      receiver_tensors: the tensors to feed, one or a dict.
      receiver_tensors_alternatives: further sets of tensors to feed, by name; each makes further signatures.

    Raises:
      ValueError: something is missing or of another type.
    """

    __slots__ = ()

    def __new__(
        cls, features: Any, receiver_tensors: Any, receiver_tensors_alternatives: Any = None
    ) -> ServingInputReceiver:
        features = wrap_and_check_input_tensors(features, "feature", allow_int_keys=True)
        receiver_tensors = wrap_and_check_input_tensors(receiver_tensors, "receiver_tensor")
        alternatives = receiver_tensors_alternatives
        if alternatives is not None:
            if not isinstance(alternatives, dict):
                raise ValueError(f"receiver_tensors_alternatives must be a dict: {alternatives}.")
            for name, tensors in alternatives.items():
                alternatives[name] = wrap_and_check_input_tensors(tensors, "receiver_tensors_alternative")
        return super().__new__(cls, features, receiver_tensors, alternatives)


@export("estimator.export.TensorServingInputReceiver")
class TensorServingInputReceiver(namedtuple("TensorServingInputReceiver", _FIELDS)):
    """As `ServingInputReceiver`, for a model function whose features are a tensor and not a dict."""

    __slots__ = ()

    def __new__(
        cls, features: Any, receiver_tensors: Any, receiver_tensors_alternatives: Any = None
    ) -> TensorServingInputReceiver:
        if features is None:
            raise ValueError("features must be defined.")
        _check_tensor(features, None)
        receiver = ServingInputReceiver(features, receiver_tensors, receiver_tensors_alternatives)
        feature = receiver.features[SINGLE_FEATURE_DEFAULT_NAME]
        return super().__new__(cls, feature, receiver.receiver_tensors, receiver.receiver_tensors_alternatives)


class UnsupervisedInputReceiver(ServingInputReceiver):
    """For training or evaluation without labels."""

    def __new__(cls, features: Any, receiver_tensors: Any) -> UnsupervisedInputReceiver:
        return super().__new__(cls, features, receiver_tensors, None)  # type: ignore[return-value]


class SupervisedInputReceiver(namedtuple("SupervisedInputReceiver", ("features", "labels", "receiver_tensors"))):
    """For training or evaluation: features, labels, and the tensors to feed."""

    __slots__ = ()

    def __new__(cls, features: Any, labels: Any, receiver_tensors: Any) -> SupervisedInputReceiver:
        wrap_and_check_input_tensors(features, "feature", allow_int_keys=True)
        wrap_and_check_input_tensors(labels, "label", allow_int_keys=True)
        receiver_tensors = wrap_and_check_input_tensors(receiver_tensors, "receiver_tensor")
        return super().__new__(cls, features, labels, receiver_tensors)


@export("estimator.export.build_parsing_serving_input_receiver_fn")
def build_parsing_serving_input_receiver_fn(feature_spec: Any, default_batch_size: int | None = None) -> Callable:
    """A function that makes a receiver of serialized Examples, which are parsed by `feature_spec`.

    Args:
      feature_spec: as for `tf.io.parse_example`.
      default_batch_size: how many Examples are fed at once; None for any number.
    """

    def serving_input_receiver_fn() -> ServingInputReceiver:
        serialized = placeholder(dtypes.string, shape=[default_batch_size], name="input_example_tensor")
        features = parse_example(serialized, feature_spec)
        return ServingInputReceiver(features, {"examples": serialized})

    return serving_input_receiver_fn


def _placeholder_like(tensor: Any, batch_size: int | None) -> Any:
    shape = TensorShape([batch_size]).concatenate(tensor.get_shape()[1:])
    try:
        name = tensor.op.name
    except AttributeError:
        name = None
    return placeholder(tensor.dtype, shape=shape, name=name)


def _placeholders_like(tensors: dict[str, Any], batch_size: int | None) -> dict[str, Any]:
    return {name: _placeholder_like(tensor, batch_size) for name, tensor in tensors.items()}


@export("estimator.export.build_raw_serving_input_receiver_fn")
def build_raw_serving_input_receiver_fn(features: dict[str, Any], default_batch_size: int | None = None) -> Callable:
    """A function that makes a receiver of the features themselves.

    Args:
      features: tensors by name, of which dtype, shape without the batch, and name are used.
      default_batch_size: how many examples are fed at once; None for any number.
    """

    def serving_input_receiver_fn() -> ServingInputReceiver:
        tensors = _placeholders_like(features, default_batch_size)
        return ServingInputReceiver(tensors, tensors)

    return serving_input_receiver_fn


@export("estimator.experimental.build_raw_supervised_input_receiver_fn")
def build_raw_supervised_input_receiver_fn(
    features: Any, labels: Any, default_batch_size: int | None = None
) -> Callable:
    """A function that makes a receiver of features and labels.

    Raises:
      ValueError: a feature and a label have the same name.
    """
    feature_names = features.keys() if hasattr(features, "keys") else [SINGLE_RECEIVER_DEFAULT_NAME]
    label_names = labels.keys() if hasattr(labels, "keys") else [SINGLE_LABEL_DEFAULT_NAME]
    both = set(feature_names) & set(label_names)
    if both:
        raise ValueError(f"Features and labels must have distinct keys. Found overlapping keys: {both}")

    def received(given: Any, name: str) -> tuple[Any, dict[str, Any]]:
        if isinstance(given, dict):
            tensors = _placeholders_like(given, default_batch_size)
            return tensors, tensors
        tensor = _placeholder_like(given, default_batch_size)
        return tensor, {name: tensor}

    def supervised_input_receiver_fn() -> SupervisedInputReceiver:
        own_features, fed = received(features, SINGLE_RECEIVER_DEFAULT_NAME)
        own_labels, fed_labels = received(labels, SINGLE_LABEL_DEFAULT_NAME)
        return SupervisedInputReceiver(own_features, own_labels, {**fed, **fed_labels})

    return supervised_input_receiver_fn


def build_supervised_input_receiver_fn_from_input_fn(input_fn: Callable, **input_fn_args: Any) -> Callable:
    """As `build_raw_supervised_input_receiver_fn`, of what an input function gives."""
    with Graph().as_default():
        features, labels, _ = input_results.parse_input_fn_result(input_fn(**input_fn_args))
    return build_raw_supervised_input_receiver_fn(features, labels)
