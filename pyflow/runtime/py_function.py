"""tf.py_function: Python functions that compute with tensors, called when the graph runs, with gradients.

A call gets a graph of its own, whose tensors tell their values: to `numpy()`, `float`, `if`. They are computed when
they are asked for, each once.
"""

from __future__ import annotations

import weakref
from typing import Any, Callable

import numpy as np

from pyflow.autodiff import gradients
from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.array_value import array_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.graph import Graph
from pyflow.core.operation import Operation
from pyflow.core.registry import attr, op
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor
from pyflow.ops.placeholder import placeholder
from pyflow.ops.script import _Function, _translated
from pyflow.runtime.session import Session


class ValueGraph(Graph):
    """A graph whose tensors tell their values."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[Tensor, Any] = {}

    def add_node(self, *args: Any, **kwargs: Any) -> Operation:
        added = super().add_node(*args, **kwargs)
        for tensor in added.outputs:
            tensor.__class__ = ValueTensor
        return added

    def value(self, tensor: Tensor) -> Any:
        if tensor not in self.values:
            with Session(graph=self) as session:
                self.values[tensor] = session.run(tensor, dict(self.values))
        return self.values[tensor]


class ValueTensor(Tensor):
    """A tensor that tells its value."""

    graph: Any  # type: ignore[assignment]

    def numpy(self) -> Any:
        """The value, as an array or scalar of numpy."""
        return self.graph.value(self)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.asarray(self.numpy(), dtype)

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __index__(self) -> int:
        return int(self.numpy())

    def __float__(self) -> float:
        return float(self.numpy())

    def __len__(self) -> int:
        return len(self.numpy())

    def __iter__(self) -> Any:
        return iter([self[i] for i in range(len(self))])

    def __repr__(self) -> str:
        return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={self.numpy()!r}>"

    __hash__ = Tensor.__hash__


class _Call:
    """What a function made of some inputs in its own graph; kept for the gradient."""

    def __init__(self, function: Callable, inputs: list, Tout: list):
        self.graph = ValueGraph()
        with self.graph.as_default():
            self.inputs = []
            for value in inputs:
                array = np.array(value)
                tensor = placeholder(dtypes.as_dtype(array.dtype), array.shape)
                self.graph.values[tensor] = array
                self.inputs.append(tensor)
            result = function(*self.inputs)
            results = [] if result is None else list(result) if isinstance(result, (list, tuple)) else [result]
            self.outputs = [convert_to_tensor(r, dtype=dtype) for r, dtype in zip(results, Tout)]
        if len(results) != len(Tout):
            message = f"function returns {len(results)} values, but expects to see {len(Tout)} values."
            raise ValueError(message)

    def values(self) -> tuple:
        return tuple(_as_array(self.graph.value(t)) for t in self.outputs)

    def gradients(self, outer: list) -> tuple:
        """The gradients of all inputs, for those of the outputs."""
        with self.graph.as_default():
            given = [placeholder(t.dtype, np.shape(dy)) for t, dy in zip(self.outputs, outer)]
            found = gradients(self.outputs, self.inputs, given, unconnected_gradients="zero")
            self.graph.values.update(zip(given, outer))
            return tuple(_as_array(self.graph.value(convert_to_tensor(t))) for t in found)


def _as_array(value: Any) -> np.ndarray:
    return array_value(value) if isinstance(value, (str, bytes)) else np.array(value)


class _TensorFunction(_Function):
    """A function that takes tensors, with the last call of it, for gradients."""

    last: _Call | None = None


_functions: weakref.WeakValueDictionary[str, _TensorFunction] = weakref.WeakValueDictionary()


def _find(token: str) -> _TensorFunction:
    if token not in _functions:
        raise errors.InvalidArgumentError(None, None, f"ValueError: callback {token} is not found")
    return _functions[token]


def _last(token: str) -> _Call:
    """The last call of a function, which the gradient is one of."""
    last = _find(token).last
    if last is None:
        raise errors.FailedPreconditionError(None, None, f"{token} has not been called before its gradient")
    return last


def _call(input: list, token: str, Tout: list) -> tuple:
    registered = _find(token)
    try:
        registered.last = _Call(registered.function, input, Tout)
        return registered.last.values()
    except errors.OpError:
        raise
    except Exception as error:
        raise _translated(error) from error


def _unknown_shapes(Tout):
    return [None] * len(Tout)


@op(
    "EagerPyFunc(input: Tin) -> (output: Tout)",
    token=attr("string"),
    is_async=False,
    Tin=attr("list(type)"),
    Tout=attr("list(type)"),
)
class EagerPyFunc:
    """Calls a Python function on tensors that tell their values."""

    stateful = True
    shape = _unknown_shapes
    cpu = _call

    def grad(op: Any, *dys):
        token = op.attrs["token"]
        outer = [convert_to_tensor(dy) for dy in dys]
        backwards = _TensorFunction(lambda *given: _last(token).gradients([dy.numpy() for dy in given]))
        return _add_node(backwards, outer, [t.dtype for t in op.inputs], None)


def _add_node(registered: _TensorFunction, inp: list, Tout: list, name: str | None) -> Any:
    _functions[registered.token] = registered
    get_default_graph().__dict__.setdefault("_py_funcs_used_in_graph", []).append(registered)
    return EagerPyFunc(input=inp, token=registered.token, Tout=Tout, name=name)


@export("py_function")
def py_function(func: Callable, inp: Any, Tout: Any, name: str | None = None) -> Any:
    """Calls a Python function on tensors when the graph runs; gradients go through it.

    Args:
      func: takes a tensor for each of `inp`, which tells its value by `numpy()`, and returns tensors (or what converts
        to them) of the dtypes `Tout`, or None for none.
      inp: list of tensors.
      Tout: a dtype, or list of dtypes.

    Returns:
      A tensor, or list of tensors, of unknown shape; the operation for an empty `Tout`.
    """
    if not callable(func):
        raise ValueError(f"Expected func to be callable, got func of type {type(func)}")
    single = not isinstance(Tout, (list, tuple))
    result = _add_node(_TensorFunction(func), list(inp), [Tout] if single else list(Tout), name)
    return result if isinstance(result, Operation) else result[0] if single else result
