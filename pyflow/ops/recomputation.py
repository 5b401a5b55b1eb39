"""tf.recompute_grad: gradients that compute a function anew rather than keep what it computed."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.autodiff import gradients
from pyflow.core.api import export
from pyflow.core.scopes import control_dependencies
from pyflow.ops.array_identity import identity
from pyflow.ops.custom_gradient import custom_gradient


@export("recompute_grad")
def recompute_grad(f: Callable) -> Callable:
    """A function like `f`, whose values are computed once more for the gradient, so that they need not be kept.

    Args:
      f: takes tensors and returns a tensor, or a list of tensors.
    """

    @custom_gradient
    def inner(*args: Any, **kwargs: Any) -> tuple[Any, Callable]:
        result = f(*args, **kwargs)

        def grad(*dresult: Any, variables: Any = None) -> Any:
            inputs = [identity(x) for x in args]
            with control_dependencies(list(dresult)):
                inputs = [identity(x) for x in inputs]
                again = f(*inputs, **kwargs)
            outputs = list(again) if isinstance(again, (list, tuple)) else [again]
            found = gradients(outputs, [*inputs, *(variables or [])], list(dresult))
            of_inputs = found[: len(inputs)]
            return (of_inputs, found[len(inputs) :]) if variables is not None else of_inputs

        return result, grad

    return inner
