"""Variables that live behind a reference: `VariableV2` and the ops that assign to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op
from pyflow.core.resources import VariableCell
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import StaticShape, Tensor, brackets
from pyflow.ops.gpu import update
from pyflow.ops.shape_rules import merge, same_as, scalar


def _variable_cell(ctx: Any, container: str, shared_name: str, shape: Any) -> VariableCell:
    name = shared_name or ctx.op_name
    dtype = ctx.op.attrs["dtype"]
    return ctx.resources.get_or_create(
        VariableCell, container, name, lambda: VariableCell(name, dtype, False, shape, ctx.resources.forget_plans)
    )


@op("VariableV2() -> (ref: Ref(dtype))", shape=attr("shape"), dtype=attr("type"), container="", shared_name="")
class VariableV2:
    """A tensor that keeps its value from run to run of a session."""

    stateful = True

    def shape(shape):
        return shape.as_tuple()

    def cpu(ctx, container, shared_name, shape):
        return _variable_cell(ctx, container, shared_name, shape.as_tuple())

    grad = NOT_DIFFERENTIABLE


@op("Variable() -> (ref: Ref(dtype))", shape=attr("shape"), dtype=attr("type"), container="", shared_name="")
class Variable:
    """The older `VariableV2`, in which shape () stands for an unknown one."""

    stateful = True

    def shape(shape):
        return shape.as_tuple() or None

    def cpu(ctx, container, shared_name, shape):
        return _variable_cell(ctx, container, shared_name, shape.as_tuple() or None)

    grad = NOT_DIFFERENTIABLE


class TemporaryCell(VariableCell):
    """The storage of a `TemporaryVariable`; it is never uninitialised, but what it holds at first is arbitrary."""

    __slots__ = ()


@op("TemporaryVariable() -> (ref: Ref(dtype))", shape=attr("shape"), dtype=attr("type"), var_name="")
class TemporaryVariable:
    """A variable for use within one run, read and given up by `DestroyTemporaryVariable`."""

    stateful = True

    def shape(shape):
        return shape.as_tuple()

    def cpu(ctx, shape, var_name):
        owner = ctx.resources.get_or_create(TemporaryCell, "", var_name or ctx.op_name, lambda: ctx.op_name)
        if owner != ctx.op_name:
            raise errors.AlreadyExistsError(None, ctx.op, f"Resource {var_name} is also the variable of node {owner}")
        cell = VariableCell(var_name or ctx.op_name, ctx.op.attrs["dtype"], shape=shape.as_tuple())
        cell.value = np.zeros(shape.as_tuple(), cell.dtype.as_numpy_dtype)
        return cell

    grad = NOT_DIFFERENTIABLE


@op("DestroyTemporaryVariable(ref: Ref(T)) -> (value: T)", T=dtypes.ANY, var_name=attr("string"))
class DestroyTemporaryVariable:
    """The last value of a `TemporaryVariable`."""

    stateful = True
    shape = same_as("ref")

    def cpu(ref, var_name):
        if ref.name != var_name:
            raise errors.NotFoundError(None, None, f"Resource {var_name} does not exist.")
        return ref.value.copy()

    grad = NOT_DIFFERENTIABLE


@op("IsVariableInitialized(ref: Ref(dtype)) -> (is_initialized: bool)", dtype=attr("type"))
class IsVariableInitialized:
    """Whether the variable has a value."""

    shape = scalar

    def cpu(ref):
        return np.bool_(ref.value is not None)

    grad = NOT_DIFFERENTIABLE


@op("Assign(ref: Ref(T), value: T) -> (output_ref: Ref(T))", T=dtypes.ANY, validate_shape=True, use_locking=True)
class Assign:
    """Gives the variable a new value; without `validate_shape` perhaps one of another shape."""

    def shape(ref, value, validate_shape):
        if not validate_shape:
            return value
        try:
            return merge(ref, value)
        except ShapeError as error:
            raise ShapeError(str(error), at_run=_mismatch(ref, value)) from None

    def cpu(ref, value, validate_shape):
        if validate_shape:
            _check_same_shape(ref, np.shape(value))
        ref.assign(value)
        return ref

    grad = NOT_DIFFERENTIABLE
    gpu = update(ref="value")


def _check_same_shape(cell: VariableCell, shape: tuple[int, ...]) -> None:
    if cell.value is not None:
        known = cell.value.shape
    else:
        # A variable of unknown shape starts out as a scalar.
        known = () if cell.shape is None else cell.shape
    if known != shape and (len(known) != len(shape) or any(a is not None and a != b for a, b in zip(known, shape))):
        raise errors.InvalidArgumentError(None, None, _mismatch(known, shape))


def _mismatch(variable: StaticShape, value: StaticShape) -> str:
    return (
        f"Assign requires shapes of both tensors to match. lhs shape= {brackets(variable)} rhs shape= {brackets(value)}"
    )


_UNEQUAL = "Parameters and update must be the same size"


def _update(cell: VariableCell, ufunc: Any, value: Any) -> None:
    """`variable = ufunc(variable, value)`, in place.

    Raises:
      FailedPreconditionError: the variable is not initialised.
      InvalidArgumentError: the shapes differ.
    """
    current = cell.changing()
    if current.shape != np.shape(value):
        raise errors.InvalidArgumentError(None, None, _UNEQUAL)
    if cell.dtype is dtypes.bfloat16:
        total = ufunc(dtypes.bfloat16_to_float32(current), widened(value))
        np.copyto(current, dtypes.float32_to_bfloat16(total))
    else:
        ufunc(current, value, out=current)


def widened(value: Any) -> Any:
    """bfloat16 as float32; anything else as it is."""
    is_bfloat16 = np.asarray(value).dtype == dtypes.bfloat16.as_numpy_dtype
    return dtypes.bfloat16_to_float32(value) if is_bfloat16 else value


def _merged(ref: StaticShape, value: StaticShape) -> StaticShape:
    try:
        return merge(ref, value)
    except ShapeError as error:
        raise ShapeError(str(error), at_run=_UNEQUAL) from None


@op("AssignAdd(ref: Ref(T), value: T) -> (output_ref: Ref(T))", T=dtypes.NUMERIC, use_locking=False)
class AssignAdd:
    """variable += value."""

    shape = _merged

    def cpu(ref, value):
        _update(ref, np.add, value)
        return ref

    grad = NOT_DIFFERENTIABLE
    gpu = update(ref="ref + value")


@op("AssignSub(ref: Ref(T), value: T) -> (output_ref: Ref(T))", T=dtypes.NUMERIC, use_locking=False)
class AssignSub:
    """variable -= value."""

    shape = _merged

    def cpu(ref, value):
        _update(ref, np.subtract, value)
        return ref

    grad = NOT_DIFFERENTIABLE
    gpu = update(ref="ref - value")


def next_count(cell: VariableCell, limit: int) -> np.ndarray:
    """The value of an int variable, which then grows by one.

    Raises:
      OutOfRangeError: it has reached the limit.
    """
    current = cell.writable()
    if current >= limit:
        raise errors.OutOfRangeError(None, None, f"Reached limit of {limit}")
    before = current.copy()
    np.add(current, 1, out=current)
    return before


@op("CountUpTo(ref: Ref(T)) -> (output: T)", limit=attr("int"), T=dtypes.INDEX)
class CountUpTo:
    """The variable's value before it is increased by one; an error once it has reached `limit`."""

    shape = scalar

    def cpu(ref, limit):
        return next_count(ref, limit)

    grad = NOT_DIFFERENTIABLE


# ---------------------------------------------------------------- public functions


def variable_op(
    shape: Any, dtype: Any, name: str = "Variable", set_shape: bool = True, container: str = "", shared_name: str = ""
) -> Tensor:
    """A reference tensor of an old `Variable` node; `set_shape=False` leaves its static shape open."""
    shape = TensorShape(shape) if set_shape else TensorShape(None)
    ref = Variable(shape=shape, dtype=dtype, name=name, container=container, shared_name=shared_name)
    if set_shape:
        ref.set_shape(shape)
    return ref


def variable_op_v2(
    shape: Any, dtype: Any, name: str = "Variable", container: str = "", shared_name: str = ""
) -> Tensor:
    """A reference tensor of a `VariableV2` node."""
    return VariableV2(shape=shape, dtype=dtype, name=name, container=container, shared_name=shared_name)


def init_variable(v: Any, init: Any, name: str = "init") -> Any:
    """An `Assign` of `init`, a value or a function of (shape, dtype), named as the variable's child."""
    from pyflow.core.convert import convert_to_tensor
    from pyflow.core.scopes import colocate_with, name_scope

    with name_scope(None, v.op.name + "/", [v, init]), name_scope(name) as scope, colocate_with(v):
        if callable(init):
            assert v.get_shape().is_fully_defined(), "Variable shape unknown."
            value = convert_to_tensor(init(v.get_shape().as_list(), v.dtype.base_dtype), name="value")
            return Assign(v, value, name=scope)
        return Assign(v, convert_to_tensor(init, name="init"), name=scope)


def _is_reference(ref: Any) -> bool:
    return ref.dtype._is_ref_dtype


def is_variable_initialized(ref: Any, name: str | None = None) -> Tensor:
    """A bool scalar: whether the variable has a value."""
    return IsVariableInitialized(ref, name=name) if _is_reference(ref) else ref.is_initialized(name=name)


@export("assign")
def assign(
    ref: Any, value: Any, validate_shape: bool | None = None, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Gives a variable a new value.

    Args:
      ref: a variable.
      value: what it shall contain; of the same dtype and, with `validate_shape`, the same shape.

    Returns:
      The variable after the assignment, as something usable as a tensor.
    """
    if not _is_reference(ref):
        return ref.assign(value, name=name)
    return Assign(ref, value, use_locking=use_locking, name=name, validate_shape=validate_shape)


@export("assign_add")
def assign_add(ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None) -> Any:
    """Adds `value` to a variable; gives the variable after that."""
    if not _is_reference(ref):
        return ref.assign_add(value)
    return AssignAdd(ref, value, use_locking=use_locking, name=name)


@export("assign_sub")
def assign_sub(ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None) -> Any:
    """Subtracts `value` from a variable; gives the variable after that."""
    if not _is_reference(ref):
        return ref.assign_sub(value)
    return AssignSub(ref, value, use_locking=use_locking, name=name)
