"""What heads check of labels, weights, logits and loss functions, on building the graph or in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from pyflow.feature_column.numeric_columns import NumericColumn, numeric_column
from pyflow.feature_column.sources import _LazyBuilder
from pyflow.losses.weighted_loss import Reduction
from pyflow.ops.array import expand_dims
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import to_float
from pyflow.ops.checks import assert_equal, assert_greater, assert_less_equal, assert_non_negative
from pyflow.ops.comparison import equal
from pyflow.ops.control_flow import no_op
from pyflow.ops.messages import Assert
from pyflow.ops.rank_checks import assert_rank_at_least
from pyflow.ops.reduce_functions import reduce_all, reduce_any
from pyflow.platform.code.callables import fn_args

_LOGITS_SHAPE = "logits shape must be [D0, D1, ... DN, logits_dimension]"


def check_dense_labels_match_logits_and_reshape(labels: Any, logits: Any, expected_labels_dimension: Any) -> Any:
    """Labels of the logits' rank, [D0, D1, ... DN, expected_labels_dimension].

    Raises:
      ValueError: there are none, they are sparse, or of another shape; in a run, `InvalidArgumentError`.
    """
    if labels is None:
        raise ValueError(
            "You must provide a labels Tensor. Given: None. Suggested troubleshooting steps: Check that your data "
            "contain your label feature. Check that your input_fn properly parses and returns labels."
        )
    size = expected_labels_dimension
    with name_scope(None, "labels", (labels, logits)) as scope:
        labels = convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, SparseTensor):
            raise ValueError(
                f"SparseTensor labels are not supported. labels must be a Tensor of shape [D0, D1, ..., DN, {size}], "
                f"e.g. [batch_size, {size}]. Suggested Fix (1): Check the label feature in your data. Each example "
                f"must contain {size} value(s). If not, your choice of label was probably incorrect. Suggested Fix "
                "(2): In your input_fn, use tf.sparse_tensor_to_dense() to turn labels into a Tensor."
            )
        ranks = labels.shape.ndims, logits.shape.ndims
        if None not in ranks and ranks[0] == ranks[1] - 1:
            labels = expand_dims(labels, -1)
        labels_shape, logits_shape = shape_of(labels), shape_of(logits)
        message = (
            f"labels shape must be [D0, D1, ... DN, {size}]. Suggested Fix: check your n_classes argument to the "
            "estimator and/or the shape of your label."
        )
        with control_dependencies([assert_rank_at_least(labels, 2, message=message)]):
            last = labels.shape[-1] if labels.shape.ndims is not None else None
            if last is not None and last.value is not None and last != size:
                raise ValueError(
                    f"Mismatched label shape. Expected labels dimension={size}.  Received {last}. Suggested Fix:If "
                    "your classifier expects one-hot encoding label,check your n_classes argument to the estimator "
                    "and/or the shape of your label. Otherwise, check the shape of your label."
                )
            expected = concat([logits_shape[:-1], [size]], axis=0)
            check = assert_equal(
                expected,
                labels_shape,
                message=message,
                data=["expected_labels_shape: ", expected, "labels_shape: ", labels_shape],
            )
            with control_dependencies([check]):
                return identity(labels, name=scope)


def get_weights_and_check_match_logits(
    features: Any, weight_column: Any, logits: Any, allow_per_logit_weights: bool = False
) -> Any:
    """The weights of the examples: a column of the features, [D0, D1, ... DN, 1]; 1.0 without such a column.

    Args:
      weight_column: a key or a numeric column.
      allow_per_logit_weights: whether there may be a weight for each logit.

    Raises:
      TypeError: `weight_column` is something else.
      ValueError: weights are no numbers.
    """
    with name_scope(None, "weights", values=(*features.values(), logits)) as scope:
        if weight_column is None:
            return 1.0
        if isinstance(weight_column, str):
            weight_column = numeric_column(key=weight_column, shape=(1,))
        if not isinstance(weight_column, NumericColumn):
            raise TypeError(
                f"Weight column must be either a string or _NumericColumn. Given type: {type(weight_column)}."
            )
        weights = weight_column._get_dense_tensor(_LazyBuilder(features))
        if not (weights.dtype.is_floating or weights.dtype.is_integer):
            raise ValueError(f"Weight column should be castable to float. Given dtype: {weights.dtype}")
        weights = to_float(weights, name="weights")
        return _checked_weights(weights, logits, allow_per_logit_weights, scope)


def _checked_weights(weights: Any, logits: Any, allow_per_logit_weights: bool, scope: str) -> Any:
    message = "weights shape must be [D0, D1, ... DN] or [D0, D1, ... DN, 1]"
    if allow_per_logit_weights:
        message = "weights shape must be [D0, D1, ... DN], [D0, D1, ... DN, 1] or [D0, D1, ... DN, logits_dimension]"
    weights_shape = shape_of(weights, name="weights_shape")
    logits_shape = shape_of(logits, name="logits_shape")
    data = ["logits_shape: ", logits_shape, "weights_shape: ", weights_shape]
    ranks = weights.shape.ndims, logits.shape.ndims
    if None not in ranks and ranks[0] == ranks[1] - 1:
        with control_dependencies([assert_equal(logits_shape[:-1], weights_shape, message=message, data=data)]):
            return expand_dims(weights, -1, name=scope)
    supported = concat([logits_shape[:-1], [1]], axis=0)
    if allow_per_logit_weights:
        is_supported = reduce_any(
            [reduce_all(equal(logits_shape, weights_shape)), reduce_all(equal(supported, weights_shape))]
        )
        check = Assert(is_supported, data=[message, *data])
    else:
        check = assert_equal(supported, weights_shape, message=message, data=data)
    with control_dependencies([check]):
        return identity(weights, name=scope)


def check_logits_final_dim(logits: Any, expected_logits_dimension: Any) -> Any:
    """The logits as floats, of rank 2 at least, with a last dimension of that size.

    Raises:
      ValueError: the size is another; in a run, `InvalidArgumentError`.
    """
    with name_scope(None, "logits", (logits,)) as scope:
        logits = to_float(logits)
        logits_shape = shape_of(logits)
        with control_dependencies([assert_rank_at_least(logits, 2, data=[logits_shape], message=_LOGITS_SHAPE)]):
            static = logits.shape
            if static.ndims is not None and static[-1].value is not None:
                if isinstance(expected_logits_dimension, int) and static[-1] != expected_logits_dimension:
                    raise ValueError(f"{_LOGITS_SHAPE}, got {static}.")
                return logits
            check = assert_equal(
                expected_logits_dimension, logits_shape[-1], data=[logits_shape], message=_LOGITS_SHAPE
            )
            with control_dependencies([check]):
                return identity(logits, name=scope)


def validate_loss_fn_args(loss_fn: Callable, allowed: tuple[str, ...] = ("labels", "logits", "features")) -> None:
    """Raises ValueError if a loss function lacks an argument, or has one that it will not be given."""
    names = fn_args(loss_fn)
    for needed in ("labels", "logits"):
        if needed not in names:
            raise ValueError(f"loss_fn must contain argument: {needed}. Given arguments: {names}")
    unknown = list(set(names) - set(allowed))
    if unknown:
        raise ValueError(f"loss_fn has unexpected args: {unknown}")


def validate_loss_reduction(loss_reduction: Any) -> None:
    """Raises ValueError if it doesn't make a scalar of losses."""
    if loss_reduction not in Reduction.all() or loss_reduction == Reduction.NONE:
        raise ValueError(f"Invalid loss_reduction: {loss_reduction}")


def validate_n_classes(n_classes: Any) -> Any:
    """Raises ValueError if there are less than 3 classes."""
    if isinstance(n_classes, int) and n_classes <= 2:
        raise ValueError(f"n_classes must be > 2: {n_classes}.")
    check = assert_greater(convert_to_tensor(n_classes), 2, message="n_classes must be greater than 2")
    with control_dependencies([check]):
        no_op()
    return n_classes


def call_loss_fn(loss_fn: Callable, labels: Any, logits: Any, features: Any, expected_loss_dim: int = 1) -> Any:
    """The losses of the examples, [D0, D1, ... DN, expected_loss_dim]; in a run their shape is checked."""
    extra = {"features": features} if "features" in fn_args(loss_fn) else {}
    with name_scope(None, "call_loss_fn", values=[labels, logits, *features.values()]):
        loss = loss_fn(labels=labels, logits=logits, **extra)
        logits_shape = shape_of(logits, name="logits_shape")
        expected = concat([logits_shape[:-1], [expected_loss_dim]], axis=0, name="expected_loss_shape")
        loss_shape = shape_of(loss, name="loss_shape")
        check = Assert(
            reduce_all(equal(loss_shape, expected)),
            data=[
                f"loss_fn must return Tensor of shape [D0, D1, ... DN, {expected_loss_dim}]. ",
                "logits_shape: ",
                logits_shape,
                "loss_shape: ",
                loss_shape,
            ],
            name="check_loss_shape",
        )
        with control_dependencies([check]):
            return identity(loss)


def check_label_range(labels: Any, n_classes: int, message: str | None = None, scope: str = "assert_range") -> Any:
    """The labels; in a run they are checked to be from 0 to n_classes - 1."""
    with name_scope(None, scope, (labels,)):
        largest = convert_to_tensor(n_classes - 1, dtype=labels.dtype)
        checks = (
            assert_less_equal(labels, largest, message=message or "Labels must <= n_classes - 1"),
            assert_non_negative(labels, message=message or "Labels must >= 0"),
        )
        with control_dependencies(checks):
            return identity(labels)
