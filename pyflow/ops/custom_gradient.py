"""Gradients that the user writes: `tf.custom_gradient`, and second derivatives by `tf.hessians`."""

from __future__ import annotations

import functools
import inspect
import itertools
from typing import Any, Callable

from pyflow.autodiff import gradients
from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.gradient_registry import RegisterGradient
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor

_numbers = itertools.count(1)


@export("custom_gradient")
def custom_gradient(f: Callable) -> Callable:
    """Decorator for a function that returns `(result, grad_fn)`; `grad_fn(*dys)` gives the gradients of its arguments.

    If the function reads resource variables that aren't arguments, `grad_fn` must take `variables=` and return
    `(argument gradients, variable gradients)`.

    Raises:
      ValueError: called with keyword arguments.
      TypeError: variables are read but `grad_fn` takes no `variables`.
    """

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise ValueError(
                "The custom_gradient decorator currently supports keywords arguments only when eager execution is "
                "enabled."
            )
        tensors = [convert_to_tensor(x) for x in args]
        first_new = get_default_graph().version
        result, grad_fn = f(*tensors)
        flat = [convert_to_tensor(x) for x in nest.flatten(result)]
        handles = _resource_handles(flat, tensors, first_new)
        _check_variables(grad_fn, handles)
        name = f"CustomGradient-{next(_numbers)}"

        @RegisterGradient(name)
        def gradient(op: Operation, *dys: Any) -> list:
            dys = dys[: len(flat)]
            if handles:
                input_grads, variable_grads = grad_fn(*dys, variables=[_variable_of(h) for h in handles])
                if len(variable_grads) != len(handles):
                    raise ValueError("Must return gradient for each variable from @custom_gradient grad_fn.")
            else:
                input_grads, variable_grads = grad_fn(*dys), []
            return [None] * len(flat) + nest.flatten(input_grads) + list(variable_grads)

        with get_default_graph().gradient_override_map({"IdentityN": name}):
            outputs = raw.IdentityN([*flat, *tensors, *handles])
        return nest.pack_sequence_as(result, list(outputs)[: len(flat)])

    return decorated


def _resource_handles(results: list[Tensor], arguments: list[Tensor], first_new: int) -> list[Tensor]:
    """The handles of the variables that the results depend on other than through the arguments."""
    seen, handles = set(arguments), []
    pending = list(results)
    while pending:
        tensor = pending.pop()
        if tensor in seen:
            continue
        seen.add(tensor)
        if tensor.op.type == "VarHandleOp":
            handles.append(tensor)
        pending += tensor.op.inputs
    return sorted(handles, key=lambda t: t.op._id)


def _check_variables(grad_fn: Callable, handles: list) -> None:
    spec = inspect.getfullargspec(grad_fn)
    if handles and "variables" not in spec.args + spec.kwonlyargs and not spec.varkw:
        raise TypeError(
            "If using @custom_gradient with a function that uses variables, then grad_fn must accept a keyword "
            "argument "
            "'variables'."
        )


def _variable_of(handle: Tensor) -> Any:
    graph = handle.graph
    for key in graph.get_all_collection_keys():
        for item in graph.get_collection(key):
            if getattr(item, "handle", None) is handle:
                return item
    raise ValueError(f"No variable has the handle {handle.name}")


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
      ValueError: an x has no fully known shape.
      LookupError: an op on the way has no gradient registered.
    """
    xs = xs if isinstance(xs, (list, tuple)) else [xs]
    options = dict(
        colocate_gradients_with_ops=colocate_gradients_with_ops,
        gate_gradients=gate_gradients,
        aggregation_method=aggregation_method,
    )
    result = []
    for gradient, x in zip(gradients(ys, xs, **options), xs):
        shape = x.get_shape()
        if not shape.is_fully_defined():
            raise ValueError(f"hessians needs a fully known shape, but {x} has shape {shape}")
        flat = raw.Reshape(gradient, [-1])
        rows = [
            gradients(raw.StridedSlice(flat, [i], [i + 1], [1], shrink_axis_mask=1), x, **options)[0]
            for i in range(shape.num_elements())
        ]
        rows = [raw.ZerosLike(convert_to_tensor(x)) if row is None else row for row in rows]
        result.append(raw.Reshape(raw.Pack(rows), shape.as_list() * 2))
    return result
