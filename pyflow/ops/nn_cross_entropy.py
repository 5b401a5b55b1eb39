"""Cross entropy of softmax, with dense labels (probabilities) and sparse ones (class numbers)."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import constant_value, convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import FLOATING, INDEX, bfloat16, float16, float32, int64
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import ShapeError, one_of, op, raw, sample
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.gpu import INDEXED, dispatches
from pyflow.ops.gpu_reductions import cross_entropy, sparse_cross_entropy
from pyflow.ops.nn_softmax import log_softmax, shifted_exponentials, softmax
from pyflow.ops.shape_rules import broadcast_shapes, merge_dim, text, with_rank


def _dense_shapes(features: StaticShape, labels: StaticShape) -> list[StaticShape]:
    try:
        shape = broadcast_shapes(features, labels)
    except ShapeError as error:
        words = f"logits and labels must be broadcastable: logits_size={text(features)} labels_size={text(labels)}"
        raise ShapeError(str(error), at_run=words) from None
    if shape is None:
        known = labels if features is None else features
        if known is None or len(known) == 2:
            return [(None,), (None, None)]
        raise ShapeError("Shape must be broadcasted with rank 2, but is rank is unknown.")
    if len(shape) != 2:
        raise ShapeError(
            f"Shape must be broadcasted with rank 2, but is rank {len(shape)}",
            at_run="logits and labels must be either 2-dimensional, or broadcasted to be 2-dimensional",
        )
    return [shape[:1], shape]


def _scaled_rows(factors: Tensor, matrix: Tensor) -> Tensor:
    """Row i of the matrix times factor i."""
    from pyflow.ops.array import expand_dims

    return expand_dims(factors, -1) * matrix


def _is_zero(gradient: Tensor) -> bool:
    if gradient.op.type in ("ZerosLike", "Zeros"):
        return True
    value = constant_value(gradient)
    return value is not None and not np.any(value)


def _dense_kernel(features: np.ndarray, labels: np.ndarray, loss: np.ndarray, backprop: np.ndarray) -> None:
    exponentials, sums = shifted_exponentials(features, backprop)
    backprop -= np.log(sums)
    np.einsum("ij,ij->i", labels, backprop, out=loss)
    np.negative(loss, out=loss)
    exponentials /= sums
    np.subtract(exponentials, labels, out=backprop)


def _dense_reference(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    softmax = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    return -(labels * np.log(softmax)).sum(1), softmax - labels


@op("SoftmaxCrossEntropyWithLogits(features: T, labels: T) -> (loss: T, backprop: T)", T=FLOATING)
class SoftmaxCrossEntropyWithLogits:
    """Cross entropy [batch] of softmax(features) and the labels, both [batch, classes]; and its gradient."""

    def shape(features, labels):
        return _dense_shapes(features, labels)

    def cpu(features, labels, out):
        loss, backprop = out
        if not backprop.size:
            loss.fill(0)
            return
        if features.shape != backprop.shape:
            features = np.broadcast_to(features, backprop.shape)
        if labels.shape != backprop.shape:
            labels = np.broadcast_to(labels, backprop.shape)
        if loss.dtype != np.float16:
            _dense_kernel(features, labels, loss, backprop)
            return
        wide_loss, wide = np.empty(loss.shape, np.float32), np.empty(backprop.shape, np.float32)
        _dense_kernel(features.astype(np.float32), labels.astype(np.float32), wide_loss, wide)
        loss[...], backprop[...] = wide_loss, wide

    def grad(op, grad_loss, grad_grad):
        from pyflow.ops.array import expand_dims, squeeze
        from pyflow.ops.matmul import matmul

        grad = _scaled_rows(grad_loss, op.outputs[1])
        logits = op.inputs[0]
        if grad_grad is not None and not _is_zero(grad_grad):
            probabilities = softmax(logits)
            products = matmul(expand_dims(grad_grad, 1), expand_dims(probabilities, 2))
            grad += (grad_grad - squeeze(products, axis=1)) * probabilities
        return grad, _scaled_rows(grad_loss, -log_softmax(logits))

    gpu = dispatches(cross_entropy, types=(float32,), widened=True)
    samples = [
        sample(
            [[1.0, -2.0, 0.5], [0.25, 3.0, 1.5]],
            [[0.25, 0.5, 0.25], [0.0, 1.0, 0.0]],
            grad=False,
            reference=_dense_reference,
        )
    ]


def _sparse_shapes(features: StaticShape, labels: StaticShape) -> list[StaticShape]:
    try:
        rows, classes = with_rank(features, 2)
    except ShapeError as error:
        raise ShapeError(str(error), at_run=f"logits must be 2-D, but got shape {text(features)}") from None
    try:
        (count,) = with_rank(labels, 1)
    except ShapeError as error:
        raise ShapeError(str(error), at_run=f"labels must be 1-D, but got shape {text(labels)}") from None
    try:
        rows = merge_dim(rows, count)
    except ShapeError as error:
        words = (
            f"logits and labels must have the same first dimension, got logits shape {text(features)} and labels shape "
            f"{text(labels)}"
        )
        raise ShapeError(str(error), at_run=words) from None
    return [(rows,), (rows, classes)]


def _check_labels(labels: np.ndarray, classes: int) -> None:
    # As unsigned numbers the negative ones are too large as well, so one comparison finds both.
    wrong = labels.view(np.uint32 if labels.dtype == np.int32 else np.uint64) >= classes
    if wrong.any():
        lowest = labels.min()
        raise InvalidArgumentError(
            None,
            None,
            f"Received a label value of {lowest if lowest < 0 else labels.max()} which is outside the valid range of "
            f"[0, {classes}).  Label values: {' '.join(map(str, labels.tolist()))}",
        )


def _sparse_kernel(features: np.ndarray, labels: np.ndarray, loss: np.ndarray, backprop: np.ndarray) -> None:
    exponentials, sums = shifted_exponentials(features, backprop)
    flat = backprop.reshape(-1)
    right = np.arange(0, flat.size, backprop.shape[1])
    right += labels
    np.subtract(np.log(sums)[:, 0], flat.take(right), out=loss)
    np.divide(exponentials, sums, out=backprop)
    flat[right] -= 1


def _sparse_reference(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _dense_reference(x, np.eye(x.shape[1])[labels])


@op(
    "SparseSoftmaxCrossEntropyWithLogits(features: T, labels: Tlabels) -> (loss: T, backprop: T)",
    T=FLOATING,
    Tlabels=one_of(INDEX, default=int64),
)
class SparseSoftmaxCrossEntropyWithLogits:
    """Cross entropy [batch] of softmax(features) [batch, classes] and the right classes [batch], and its gradient."""

    def shape(features, labels):
        return _sparse_shapes(features, labels)

    def cpu(features, labels, out):
        loss, backprop = out
        if backprop.shape[1] == 0:
            raise InvalidArgumentError(
                None, None, f"Must have at least one class, but got logits shape {text(features.shape)}"
            )
        _check_labels(labels, backprop.shape[1])
        if not backprop.size:
            return
        if loss.dtype != np.float16:
            _sparse_kernel(features, labels, loss, backprop)
            return
        wide_loss, wide = np.empty(loss.shape, np.float32), np.empty(backprop.shape, np.float32)
        _sparse_kernel(features.astype(np.float32), labels, wide_loss, wide)
        loss[...], backprop[...] = wide_loss, wide

    def grad(op, grad_loss, _):
        backprop = raw.PreventGradient(
            op.outputs[1],
            message="Currently there is no way to take the second derivative of "
            "sparse_softmax_cross_entropy_with_logits due to the fused implementation's interaction with "
            "tf.gradients()",
        )
        return _scaled_rows(grad_loss, backprop), None

    gpu = dispatches(sparse_cross_entropy(_check_labels), types=INDEXED, widened=True)
    samples = [sample([[1.0, -2.0, 0.5], [0.25, 3.0, 1.5]], [2, 1], grad=False, reference=_sparse_reference)]


def ensure_named_arguments(name: str, sentinel: Any, labels: Any, logits: Any) -> None:
    """Labels and logits are so easily mixed up that they must be given by name.

    Raises:
      ValueError: they are not, or one is missing.
    """
    if sentinel is not None:
        raise ValueError(f"Only call `{name}` with named arguments (labels=..., logits=..., ...)")
    if labels is None or logits is None:
        raise ValueError("Both labels and logits must be provided.")


def _as_matrix(x: Tensor) -> Tensor:
    """All dimensions but the last as one."""
    from pyflow.ops.array import reshape
    from pyflow.ops.array_joining import concat
    from pyflow.ops.array_shape import rank, shape
    from pyflow.ops.math_binary import subtract

    count = rank(x)
    last = raw.Slice(shape(x), [subtract(count, 1)], [1])
    matrix = reshape(x, concat([[-1], last], 0))
    static = x._shape_tuple()
    if static is not None and None not in static[:-1]:
        matrix.set_shape([int(np.prod(static[:-1])), static[-1]])  # type: ignore[arg-type]
    return matrix


def _axis_last(x: Tensor, axis: Any, rank: Tensor) -> Tensor:
    from pyflow.ops.array import transpose
    from pyflow.ops.array_joining import concat
    from pyflow.ops.ranges import range

    return transpose(x, concat([range(axis), range(axis + 1, rank), [axis]], 0))


@export("nn.softmax_cross_entropy_with_logits_v2")
def softmax_cross_entropy_with_logits_v2(
    labels: Any, logits: Any, axis: Any = None, name: str | None = None, dim: Any = None
) -> Tensor:
    """-sum(labels · log(softmax(logits))) along `axis`; gradients flow to the labels too.

    Args:
      labels: probabilities, of the shape of `logits`.
      logits: unscaled log probabilities; floating-point numbers.
      axis: the dimension of the classes; None for the last. `dim` is its older name.

    Returns:
      The losses: the shape of `logits` without `axis`, the dtype of `logits`.
    """
    from pyflow.ops.array import reshape
    from pyflow.ops.array_shape import rank, shape
    from pyflow.ops.cast import cast
    from pyflow.ops.math_binary import subtract

    axis = renamed_argument("axis", axis, "dim", dim)
    if axis is None:
        axis = -1
    with name_scope(name, "softmax_cross_entropy_with_logits", [logits, labels]) as name:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        narrow = logits.dtype in (float16, bfloat16)
        precise = cast(logits, float32) if narrow else logits
        labels = cast(labels, precise.dtype)
        count = rank(precise)
        static = logits._shape_tuple()
        if axis != -1:
            if axis < 0:
                axis += count if static is None else len(static)
            precise = _axis_last(precise, axis, count)
            labels = _axis_last(labels, axis, count)
        sizes = shape(precise)
        precise, labels = _as_matrix(precise), _as_matrix(labels)
        cost, _ = SoftmaxCrossEntropyWithLogits(precise, labels, name=name)
        cost = reshape(cost, raw.Slice(sizes, [0], [subtract(count, 1)]))
        if static is not None:
            left = list(static)
            del left[axis]
            cost.set_shape(left)
        return cast(cost, logits.dtype) if narrow else cost


@export("nn.softmax_cross_entropy_with_logits")
def softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: Any = -1,
    name: str | None = None,
    axis: Any = None,
) -> Tensor:
    """`softmax_cross_entropy_with_logits_v2` with the labels taken for constants: no gradients flow to them.

    Raises:
      ValueError: `labels` and `logits` are not given by name.
    """
    from pyflow.ops.array_identity import stop_gradient

    # -1 is both the default and a choice, so only another value contradicts `axis`.
    dim = dim if axis is None else renamed_argument("axis", axis, "dim", None if dim == -1 else dim)
    ensure_named_arguments("softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "softmax_cross_entropy_with_logits_sg", [logits, labels]) as name:
        labels = stop_gradient(labels, name="labels_stop_gradient")
    return softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, axis=dim, name=name)


@export("nn.sparse_softmax_cross_entropy_with_logits")
def sparse_softmax_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """-log(softmax(logits)) of the right class.

    Args:
      labels: class numbers in [0, classes), int32 or int64; shape [d0, ..., dn].
      logits: unscaled log probabilities; shape [d0, ..., dn, classes].

    Returns:
      The losses, of the shape of `labels` and the dtype of `logits`.

    Raises:
      ValueError: `labels` and `logits` are not given by name, or their shapes don't fit.
      InvalidArgumentError: (in a run) a label is no class number.
    """
    from pyflow.ops.array_shape import shape
    from pyflow.ops.cast import cast

    ensure_named_arguments("sparse_softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "SparseSoftmaxCrossEntropyWithLogits", [labels, logits]):
        labels, logits = convert_to_tensor(labels), convert_to_tensor(logits)
        precise = cast(logits, float32) if logits.dtype == float16 else logits
        sizes = shape(labels)
        known = _check_sparse_shapes(labels, logits)
        if logits._rank == 2:
            cost, _ = SparseSoftmaxCrossEntropyWithLogits(precise, labels, name=name)
        else:
            cost = _sparse_of_any_rank(precise, labels, sizes, logits, known, name)
        return cast(cost, float16) if logits.dtype == float16 else cost


def _check_sparse_shapes(labels: Tensor, logits: Tensor) -> bool:
    """Whether both shapes are known but for the number of classes; ValueError if they contradict each other."""
    given, full = labels.get_shape(), logits.get_shape()
    if full.ndims is None:
        return False
    if full.ndims == 0:
        raise ValueError(f"Logits cannot be scalars - received shape {full}.")
    if given.ndims is not None and given.ndims != full.ndims - 1:
        raise ValueError(
            f"Rank mismatch: Rank of labels (received {given.ndims}) should equal rank of logits minus 1 (received "
            f"{full.ndims})."
        )
    known = given.is_fully_defined() and full[:-1].is_fully_defined()
    if known and given.as_list() != full[:-1].as_list():
        raise ValueError(
            f"Shape mismatch: The shape of labels (received {given}) should equal the shape of logits except for the "
            f"last dimension (received {full})."
        )
    return known


def _sparse_of_any_rank(
    precise: Tensor, labels: Tensor, sizes: Tensor, logits: Tensor, known: bool, name: str | None
) -> Tensor:
    from pyflow.ops.array import reshape
    from pyflow.ops.array_shape import rank, shape

    static = labels.get_shape()
    checks = []
    if not known:
        checks.append(PUBLIC["assert_equal"](shape(labels), shape(logits)[:-1]))
    with control_dependencies(checks):
        classes = shape(logits)[rank(logits) - 1]
        precise = reshape(precise, [-1, classes])
        cost, _ = SparseSoftmaxCrossEntropyWithLogits(precise, reshape(labels, [-1]), name=name)
        cost = reshape(cost, sizes)
        cost.set_shape(static)
        return cost
