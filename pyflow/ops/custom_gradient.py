"""Gradients that the user writes: `tf.custom_gradient`, and second derivatives by `tf.hessians`."""

from __future__ import annotations

import functools
import inspect
import itertools
import logging
from typing import Any, Callable

from pyflow.autodiff import gradients, is_trainable
from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.gradient_registry import RegisterGradient
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_shape import size as size_of
from pyflow.ops.resource_variable import is_resource_variable
from pyflow.ops.tensor_array import TensorArray
from pyflow.ops.variable_scope import get_variable_scope
from pyflow.ops.while_loop import while_loop

_numbers = itertools.count(1)


@export("custom_gradient")
def custom_gradient(f: Callable) -> Callable:
    """Decorator for a function that returns `(result, grad_fn)`; `grad_fn(*dys)` gives the gradients of its arguments.

    If the function reads trainable resource variables that aren't arguments, `grad_fn` must take `variables=` and
    return `(argument gradients, variable gradients)`.

    Raises:
      ValueError: called with keyword arguments.
      TypeError: variables are read but `grad_fn` takes no `variables`, or the other way round; or a variable was made
        that is no resource variable.
    """

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise ValueError(
                "The custom_gradient decorator currently supports keywords arguments only when eager execution is "
                "enabled."
            )
        tensors = [convert_to_tensor(x) for x in args]
        scope = get_variable_scope()
        before = {id(v) for v in _variables_in(scope)}
        result, grad_fn = f(*tensors)
        if not all(is_resource_variable(v) for v in _variables_in(scope) if id(v) not in before):
            raise TypeError(
                "All variables used by a function wrapped with @custom_gradient must be `ResourceVariable`s. Ensure "
                "that no `variable_scope` is created with `use_resource=False`."
            )
        flat = nest.flatten(result)
        variables = _trainable_variables_between(tensors, flat)
        _check_signature(grad_fn, variables, scope)

        name = f"CustomGradient-{next(_numbers)}"

        @RegisterGradient(name)
        def gradient(op: Operation, *dys: Any) -> list:
            dys = dys[: len(flat)]
            if variables:
                input_grads, variable_grads = grad_fn(*dys, variables=variables)
                if len(variable_grads) != len(variables):
                    raise ValueError("Must return gradient for each variable from @custom_gradient grad_fn.")
            else:
                input_grads, variable_grads = grad_fn(*dys), []
            return [None] * len(flat) + nest.flatten(input_grads) + list(variable_grads)

        with get_default_graph().gradient_override_map({"IdentityN": name}):
            outputs = raw.IdentityN([*flat, *tensors, *variables])
        return nest.pack_sequence_as(result, list(outputs)[: len(flat)])

    return decorated


def _variables_in(scope: Any) -> list:
    return scope.global_variables() + scope.local_variables()


def _trainable_variables_between(arguments: list[Tensor], results: list) -> list:
    """The trainable variables that the results depend on other than through the arguments."""
    seen, found = set(arguments), []
    pending = [raw.Identity(r) for r in results]
    while pending:
        tensor = pending.pop()
        if tensor not in seen and is_trainable(tensor):
            seen.add(tensor)
            if tensor.op.type in ("VariableV2", "VarHandleOp"):
                found.append(tensor.op)
            pending += tensor.op.inputs
    by_op = {v.op: v for v in get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES)}
    for op in found:
        if op not in by_op:
            raise ValueError(f"Unsuccessful at finding variable {op.name}.")
    return [by_op[op] for op in sorted(found, key=lambda op: op._id) if by_op[op].trainable]


def _check_signature(grad_fn: Callable, variables: list, scope: Any) -> None:
    spec = inspect.getfullargspec(grad_fn)
    takes_variables = "variables" in spec.args or spec.varkw
    if variables and not takes_variables and "variables" not in spec.kwonlyargs:
        raise TypeError(
            "If using @custom_gradient with a function that uses variables, then grad_fn must accept a keyword "
            "argument 'variables'."
        )
    if takes_variables and not variables:
        if not scope.use_resource:
            raise TypeError(
                "If using @custom_gradient with a function that uses variables, the enclosing variable scope must have "
                "use_resource=True."
            )
        logging.getLogger("tensorflow").warning(
            "@custom_gradient grad_fn has 'variables' in signature, but no ResourceVariables were used on the forward "
            "pass."
        )


@export("grad_pass_through")
def grad_pass_through(f: Callable) -> Callable:
    """Decorator for a function whose arguments are to get the gradients of its results, as if it were the identity."""

    @custom_gradient
    @functools.wraps(f)
    def passed(*args: Any) -> Any:
        def grad(*dys: Any, variables: Any = None) -> Any:
            return dys if variables is None else (dys, [None] * len(variables))

        return f(*args), grad

    return passed


@export("hessians")
def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
) -> list[Tensor]:
    """The matrices of second derivatives of the sum of `ys`, of shape x.shape + x.shape for each x.

    Raises:
      LookupError: an op on the way has no gradient registered.
    """
    xs = xs if isinstance(xs, (list, tuple)) else [xs]
    options: dict[str, Any] = {
        "colocate_gradients_with_ops": colocate_gradients_with_ops,
        "gate_gradients": gate_gradients,
        "aggregation_method": aggregation_method,
    }
    return [_hessian(gradient, x, options) for gradient, x in zip(gradients(ys, xs, **options), xs)]


def _hessian(gradient: Any, x: Any, options: dict[str, Any]) -> Tensor:
    """The gradients of each element of a gradient, one after the other in a loop."""
    value = convert_to_tensor(x)
    flat = raw.Reshape(gradient, [-1])
    size = size_of(value)

    def body(i: Tensor, rows: TensorArray) -> tuple:
        element = raw.StridedSlice(flat, [i], [i + 1], [1], shrink_axis_mask=1)
        row = gradients(element, x, **options)[0]
        return i + 1, rows.write(i, raw.ZerosLike(value) if row is None else row)

    _, rows = while_loop(lambda i, _: i < size, body, [convert_to_tensor(0), TensorArray(value.dtype, size)])
    shape = shape_of(value)
    result = raw.Reshape(rows.stack(), concat([shape, shape], 0))
    known = value.get_shape()
    result.set_shape(known.concatenate(known))
    return result


def _hessian_vector_product(ys: Any, xs: Any, v: Any) -> list:
    """The product of the matrix of second derivatives of `ys` with the vector `v`, one tensor for each of `xs`.

    Raises:
      ValueError: `v` has another number of parts than `xs`.
    """
    if len(v) != len(xs):
        raise ValueError("xs and v must have the same length.")
    products = [
        raw.Mul(gradient, raw.StopGradient(convert_to_tensor(part)))
        for gradient, part in zip(gradients(ys, xs), v)
        if gradient is not None
    ]
    return gradients(products, xs)
