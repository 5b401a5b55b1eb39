"""tf.contrib.framework.py_func: Python functions of nested structures as ops."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.ops.script import py_func as flat_py_func


@export("contrib.framework.py_func")
def py_func(
    func: Callable,
    args: Any = (),
    kwargs: dict[str, Any] | None = None,
    output_types: Any = None,
    output_shapes: Any = None,
    stateful: bool = True,
    name: str | None = None,
) -> Any:
    """Calls `func(*args, **kwargs)` with arrays in place of tensors when the graph runs.

    Args:
      args: list or tuple of nested structures of tensors.
      kwargs: nested structures of tensors by name.
      output_types: a structure of dtypes like the result; or a function of `args` and `kwargs` that gives one.
      output_shapes: as `output_types`, of shapes; unknown by default.
      stateful: whether it may give different results for the same arguments.

    Returns:
      Tensors, in the structure of `output_types`.

    Raises:
      TypeError: `args` is no list or tuple, or `kwargs` no dict.
    """
    kwargs = {} if kwargs is None else kwargs
    if not isinstance(args, (list, tuple)):
        raise TypeError(f"args must be list and not {type(args)}. args: {args}")
    if not isinstance(kwargs, dict):
        raise TypeError(f"kwargs must be dict and not {type(kwargs)}. args: {kwargs}")
    types = output_types(*args, **kwargs) if callable(output_types) else output_types
    shapes = output_shapes(*args, **kwargs) if callable(output_shapes) else output_shapes

    def on_arrays(*arrays: Any) -> list[Any]:
        given, named = nest.pack_sequence_as((list(args), kwargs), list(arrays))
        result = func(*given, **named)
        nest.assert_same_structure(types, result)
        return nest.flatten(result)

    tensors = flat_py_func(on_arrays, nest.flatten((list(args), kwargs)), nest.flatten(types), stateful, name)
    if shapes is not None:
        for tensor, shape in zip(tensors, nest.flatten_up_to(types, shapes)):
            tensor.set_shape(shape)
    return nest.pack_sequence_as(types, tensors)
