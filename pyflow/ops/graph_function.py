"""tf.function in graph mode: the nodes of each call become part of the graph that it is called in."""

from __future__ import annotations

import functools
from typing import Any, Callable

from pyflow.core.api import export


@export("function")
def function(
    func: Callable | None = None,
    input_signature: Any = None,
    autograph: bool = True,
    experimental_autograph_options: Any = None,
    experimental_relax_shapes: bool = False,
    experimental_compile: Any = None,
) -> Any:
    """A function whose calls add its nodes to the default graph, as calls of any Python function do.

    Args:
      func: the function; without it, a decorator is returned.
      input_signature: accepted for compatibility.
      autograph: accepted for compatibility: an `if` or `while` on a tensor is not turned into `tf.cond` and
        `tf.while_loop`, and raises an error.

    Returns:
      A callable with `python_function`, the function itself.
    """
    del input_signature, autograph, experimental_autograph_options, experimental_relax_shapes, experimental_compile
    if func is None:
        return function
    return Function(func)


class Function:
    """A function decorated by `tf.function`.

    Attributes:
      python_function: what was decorated.
    """

    def __init__(self, python_function: Callable):
        self.python_function = python_function
        functools.update_wrapper(self, python_function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.python_function(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> Any:
        """Raises NotImplementedError: calls leave no function in the graph's library."""
        raise NotImplementedError("tf.function: get_concrete_function")


defun = function
