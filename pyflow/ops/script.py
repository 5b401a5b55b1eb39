"""Python functions as ops (`tf.py_func`)."""

from __future__ import annotations

import itertools
import threading
import traceback
import weakref
from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.array_value import array_value
from pyflow.core.operation import Operation
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.core.scopes import get_default_graph

# A graph keeps its functions alive; the table only finds them by the token that the node holds.
_functions: weakref.WeakValueDictionary[str, _Function] = weakref.WeakValueDictionary()
_tokens = itertools.count()
_lock = threading.Lock()


class _Function:
    """A Python function with the token that stands for it in graphs."""

    def __init__(self, function: Callable):
        self.function = function
        with _lock:
            self.token = f"pyfunc_{next(_tokens)}"
            _functions[self.token] = self


def _call(ctx: Any, input: list, token: str, Tout: list) -> tuple:
    registered = _functions.get(token)
    if registered is None:
        raise errors.InvalidArgumentError(None, None, f"ValueError: callback {token} is not found")
    arguments = [_argument(x) for x in input]
    try:
        result = registered.function(*arguments)
    except Exception as error:
        raise _translated(error) from error
    results = list(result) if isinstance(result, (list, tuple)) else [] if result is None else [result]
    if len(results) != len(Tout):
        raise errors.InvalidArgumentError(
            None, None, f"{token} returns {len(results)} values, but expects to see {len(Tout)} values."
        )
    return tuple(_checked(token, i, value, dtype) for i, (value, dtype) in enumerate(zip(results, Tout)))


def _argument(value: Any) -> Any:
    """The function's own copy: it may keep or change what it is given."""
    array = np.array(value)
    return array[()] if array.ndim == 0 and array.dtype == object else array


def _checked(token: str, index: int, value: Any, dtype: dtypes.DType) -> np.ndarray:
    array = array_value(value) if isinstance(value, (str, bytes)) else np.asarray(value)
    if array.dtype.kind == "i" and not isinstance(value, (np.ndarray, np.generic)):
        array = array.astype(np.int64)  # Python's ints have 64 bits here, also where numpy's have 32
    if array.dtype.kind in "SU" or dtype is dtypes.string:
        array = array_value(array)
    actual = dtypes.as_dtype(array.dtype)
    if actual != dtype:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"{index}-th value returned by {token} is {_cpp_name(actual)}, but expects {_cpp_name(dtype)}",
        )
    return np.array(array)


def _cpp_name(dtype: dtypes.DType) -> str:
    return {"float32": "float", "float64": "double", "float16": "half"}.get(dtype.name, dtype.name)


def _translated(error: Exception) -> errors.OpError:
    """The error class that TensorFlow gives a Python exception of a function, with the function's own lines."""
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    lines = traceback.format_exception(type(error), error, frames)
    text = f"{type(error).__name__}: {error}\n" + "".join(f"{line}\n" for line in lines)
    for python_types, kind in (
        ((ValueError, TypeError), errors.InvalidArgumentError),
        ((StopIteration,), errors.OutOfRangeError),
        ((MemoryError,), errors.ResourceExhaustedError),
        ((NotImplementedError,), errors.UnimplementedError),
    ):
        if isinstance(error, python_types):
            return kind(None, None, text)
    return errors.UnknownError(None, None, text)


def _unknown_shapes(Tout):
    return [None] * len(Tout)


@op("PyFunc(input: Tin) -> (output: Tout)", token=attr("string"), Tin=attr("list(type)"), Tout=attr("list(type)"))
class PyFunc:
    """Calls a Python function on the inputs' arrays."""

    stateful = True
    shape = _unknown_shapes
    cpu = _call
    grad = NOT_DIFFERENTIABLE


@op(
    "PyFuncStateless(input: Tin) -> (output: Tout)",
    token=attr("string"),
    Tin=attr("list(type)"),
    Tout=attr("list(type)"),
)
class PyFuncStateless:
    """Calls a Python function that gives the same results for the same inputs."""

    # What Python does cannot be foreseen at planning, so it is never folded either.
    stateful = True
    shape = _unknown_shapes
    cpu = _call
    grad = NOT_DIFFERENTIABLE


@export("py_func")
def py_func(func: Callable, inp: Any, Tout: Any, stateful: bool = True, name: str | None = None) -> Any:
    """Calls a Python function on numpy arrays when the graph runs.

    Args:
      func: takes an array for each of `inp` and returns an array or list of arrays of the dtypes `Tout`.
      inp: list of tensors.
      Tout: a dtype, or list of dtypes.
      stateful: whether it may give different results for the same inputs.

    Returns:
      A tensor, or list of tensors, of unknown shape; the operation for an empty `Tout`.

    Raises:
      ValueError: `func` cannot be called.
      InvalidArgumentError: at run time, the function's results are not of the dtypes `Tout`.
    """
    return _add_node(func, inp, Tout, stateful, name)


@export("numpy_function")
def numpy_function(func: Callable, inp: Any, Tout: Any, name: str | None = None) -> Any:
    """As `py_func`, stateful."""
    return _add_node(func, inp, Tout, True, name)


def _add_node(func: Callable, inp: Any, Tout: Any, stateful: bool, name: str | None) -> Any:
    if not callable(func):
        raise ValueError(f"Expected func to be callable, got func of type {type(func)}")
    registered = _Function(func)
    graph = get_default_graph()
    graph.__dict__.setdefault("_py_funcs_used_in_graph", []).append(registered)
    single = not isinstance(Tout, (list, tuple))
    kind = PyFunc if stateful else PyFuncStateless
    result = kind(input=list(inp), token=registered.token, Tout=[Tout] if single else list(Tout), name=name)
    if isinstance(result, Operation):
        return result
    return result[0] if single else result
