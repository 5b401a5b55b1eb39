"""Ops that hand their input on: identities, and markers for gradients and checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op, sample
from pyflow.core.shapes import as_shape
from pyflow.core.tensor import Tensor
from pyflow.ops.gpu import ALIAS, FLOATS, INDEXED, Inspected, elementwise
from pyflow.ops.gpu_reductions import not_finite
from pyflow.ops.shape_rules import merge, same_as, text


def _forward(input):
    return input


def _same(op, dy):
    return dy


@op("Identity(input: T) -> (output: T)", T=dtypes.ANY)
class Identity:
    """The input itself, as the output of a node of its own."""

    view = True
    shape = same_as("input")
    cpu = _forward
    grad = _same
    gpu = ALIAS
    samples = [sample([[1.0, 2.0]]), sample(3.0)]


@op("RefIdentity(input: Ref(T)) -> (output: Ref(T))", T=dtypes.ANY)
class RefIdentity:
    """The variable itself."""

    stateful = True
    shape = same_as("input")
    cpu = _forward
    grad = _same


@op("IdentityN(input: T) -> (output: T)", T=attr("list(type)", minimum=1))
class IdentityN:
    """The inputs themselves; gradients flow to all of them once any output has one."""

    def shape(input):
        return input

    def cpu(input):
        return tuple(np.array(x) for x in input)

    def grad(op, *dys):
        return dys

    gpu = elementwise(lambda node: [f"input{i}" for i in range(len(node.inputs))], types=INDEXED)
    samples = [sample([[1.0, 2.0], [[3.0]]])]


identity_n = export("identity_n")(IdentityN)


@op("Snapshot(input: T) -> (output: T)", T=dtypes.ANY)
class Snapshot:
    """A copy of the input."""

    view = True
    shape = same_as("input")
    cpu = _forward
    gpu = ALIAS
    samples = [sample([[1.0, 2.0]])]


@op("DeepCopy(x: T) -> (y: T)", T=dtypes.ANY)
class DeepCopy:
    """A copy of the input in memory of its own."""

    stateful = True
    shape = same_as("x")

    def cpu(x):
        return np.array(x)


@op("StopGradient(input: T) -> (output: T)", T=dtypes.ANY)
class StopGradient:
    """The input, taken as a constant by `tf.gradients`."""

    view = True
    shape = same_as("input")
    cpu = _forward
    grad = NOT_DIFFERENTIABLE
    gpu = ALIAS
    samples = [sample([[1.0, 2.0]], grad=False)]


stop_gradient = export("stop_gradient")(StopGradient)


@op("PreventGradient(input: T) -> (output: T)", T=dtypes.ANY, message="")
class PreventGradient:
    """The input; asking for a gradient through it is an error."""

    view = True
    shape = same_as("input")
    cpu = _forward

    def grad(op, dy):
        raise LookupError(f"Gradient explicitly disabled. Reason: {op.get_attr('message')}")

    gpu = ALIAS
    samples = [sample([[1.0, 2.0]], grad=False)]


_FLOATS = (dtypes.bfloat16, dtypes.float16, dtypes.float32, dtypes.float64)


def _refuse_not_finite(found: int, message: Any, **attrs: Any) -> None:
    """Raises if there is something that is not finite: 1 stands for infinities, 2 for NaN, 3 for both."""
    if found:
        words = ("Inf", "NaN", "Inf and NaN")[found - 1]
        raise errors.InvalidArgumentError(None, None, f"{message} : Tensor had {words} values")


@op("CheckNumerics(tensor: T) -> (output: T)", T=_FLOATS, message=attr("string"))
class CheckNumerics:
    """The input; an error at the run when it holds NaN or Inf."""

    stateful = True
    view = True
    shape = same_as("tensor")

    def cpu(tensor, message):
        if not np.isfinite(tensor).all():
            _refuse_not_finite(int(np.isinf(tensor).any()) + 2 * int(np.isnan(tensor).any()), message)
        return tensor

    def grad(op, dy):
        message = op.get_attr("message").decode()
        return CheckNumerics(dy, f"Not a number (NaN) or infinity (Inf) values detected in gradient. {message}")

    gpu = Inspected(not_finite, FLOATS, _refuse_not_finite)


check_numerics = export("check_numerics", "debugging.check_numerics")(CheckNumerics)


@op("GuaranteeConst(input: T) -> (output: T)", T=dtypes.ANY)
class GuaranteeConst:
    """The input, with the promise that it never changes."""

    stateful = True
    view = True
    shape = same_as("input")

    def cpu(input, T):
        if T is dtypes.resource:
            words = "Input tensor cannot be a resource variable handle."
            raise errors.InvalidArgumentError(None, None, words)
        return input


guarantee_const = export("guarantee_const")(GuaranteeConst)


@op("EnsureShape(input: T) -> (output: T)", T=dtypes.ANY, shape=attr("shape"))
class EnsureShape:
    """The input; an error at the run when its shape doesn't fit."""

    view = True

    def shape(input, shape):
        try:
            return merge(shape.as_tuple(), input)
        except ShapeError:  # the kernel says so, and can name the tensor
            return shape.as_tuple()

    def cpu(input, shape, ctx):
        if not shape.is_compatible_with(np.shape(input)):
            words = f"{text(np.shape(input))} is not compatible with expected shape {text(shape.as_tuple())}."
            raise errors.InvalidArgumentError(None, None, f"Shape of tensor {ctx.op.inputs[0].op.name} {words}")
        return input

    grad = _same
    gpu = ALIAS
    samples = [sample([[1.0, 2.0]], shape=[None, 2])]


@export("ensure_shape")
def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """`x` with `shape` merged into what is known of its shape, checked at each run.

    Raises:
      ValueError: the static shape cannot be `shape`.
      InvalidArgumentError: at the run, the shape is another one.
    """
    shape = as_shape(shape)
    x = convert_to_tensor(x)
    try:
        merge(shape.as_tuple(), x._shape_tuple())
    except ShapeError as error:
        node, given = name or "EnsureShape", text(x._shape_tuple())
        raise ValueError(f"{error} for '{node}' (op: 'EnsureShape') with input shapes: {given}.") from None
    return EnsureShape(x, shape, name=name)


@export("identity")
def identity(input: Any, name: str | None = None) -> Tensor:
    """A tensor with the value of `input`, made by a node of its own."""
    return Identity(input, name=name)
