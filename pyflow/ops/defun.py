"""`Defun`: a Python function as a function of the graph's library (tensorflow.python.framework.function)."""

from __future__ import annotations

import inspect
from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.function_graph import FunctionGraph
from pyflow.core.graph import Graph
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor


class Defun:
    """Decorator that makes a Python function build a function of the graph, called by a node each time.

    Args:
      *input_types: the dtypes of the arguments; without them they are those of the first call's arguments.
      func_name: the function's name in the library.
      grad_func: another `Defun` that computes the gradient, from the inputs and the outputs' gradients.
      python_grad_func: a gradient rule like those of ops, `f(op, *grads)`.
      out_names: names for the outputs, one each.
      **kwargs: attrs of the function, `noinline` among them; they have no effect here.

    Raises:
      ValueError: the Python function takes another number of arguments, or `out_names` has another number of names.
    """

    def __init__(self, *input_types: Any, **kwargs: Any):
        self._input_types = [dtypes.as_dtype(t) for t in input_types] if input_types else None
        self._options = kwargs

    def __call__(self, func: Callable) -> Any:
        if not callable(func):
            raise ValueError(f"function {func} must be callable")
        parameters = inspect.signature(func).parameters.values()
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        least = sum(p.default is p.empty for p in positional)
        most = float("inf") if any(p.kind is p.VAR_POSITIONAL for p in parameters) else len(positional)
        if self._input_types is not None and not least <= len(self._input_types) <= most:
            raise ValueError(
                f"The function has fewer arguments than the number of specified input types: {func.__name__} takes "
                f"{least} to {most}, not {len(self._input_types)}"
            )
        types = self._input_types if self._input_types is not None or most else []
        return DefinedFunction(func, types, self._options)


class DefinedFunction:
    """A Python function that is a function of the graphs that it is called in.

    Attributes:
      name: its name in the library.
    """

    def __init__(self, func: Callable, input_types: list | None, options: dict[str, Any]):
        self._func, self._types = func, input_types
        self._name = options.get("func_name")
        self._grad_func, self._python_grad = options.get("grad_func"), options.get("python_grad_func")
        self._out_names = options.get("out_names")
        self._made: dict[Any, FunctionGraph] = {}
        self.__name__, self.__doc__ = func.__name__, func.__doc__

    @property
    def name(self) -> str:
        return self._name or self._graph(get_default_graph(), self._types).name

    @property
    def declared_input_types(self) -> list | None:
        return self._types

    @property
    def definition(self) -> Any:
        """The function as a `FunctionDef`."""
        return self._graph(get_default_graph(), self._types).definition

    @property
    def captured_inputs(self) -> list[Tensor]:
        """The tensors outside that the function uses."""
        return list(self._graph(get_default_graph(), self._types).captures)

    @property
    def stateful_ops(self) -> list:
        """The (name, type) pairs of the nodes that have an effect or depend on one."""
        nodes = self._graph(get_default_graph(), self._types).needed()
        return [(op.name, op.type) for op in nodes if op.definition.stateful and op.type != "Placeholder"]

    def add_to_graph(self, graph: Graph) -> None:
        """Puts it into the library of a graph."""
        self._graph(graph, self._types)

    def _graph(self, graph: Graph, types: Any) -> FunctionGraph:
        if types is None:
            raise ValueError(f"The dtypes of the arguments of {self.__name__} are known once it has been called")
        key = graph, tuple(types)
        if key not in self._made:
            self._made[key] = self._build(graph, types)
        return self._made[key]

    def _build(self, graph: Graph, types: Any) -> FunctionGraph:
        function = FunctionGraph(self._func.__name__, "function", graph, "")
        if self._name:
            function.name = self._name
        with function.as_default():
            names = list(inspect.signature(self._func).parameters)
            arguments = [
                function.add_input(t, None, names[i] if i < len(names) else "arg") for i, t in enumerate(types)
            ]
            results = self._func(*arguments)
            results = [] if results is None or isinstance(results, Operation) else results
            if not isinstance(results, (list, tuple)):
                results = [results]
            if any(r is None for r in results):
                raise ValueError(f"Function {function.name} can not return None.")
            function.outputs = [raw.Identity(convert_to_tensor(r)) for r in results]
            effects = [op for op in function.get_operations() if op.definition.stateful and op.type != "Placeholder"]
            function.control_outputs = effects
        if self._out_names and len(self._out_names) != len(function.outputs):
            raise ValueError(
                f"Length of out_names ({len(self._out_names)}) does not match number of outputs "
                f"({len(function.outputs)}): {', '.join(self._out_names)}"
            )
        if self._python_grad and self._grad_func:
            raise ValueError("Gradient defined twice for function " + function.name)
        function.python_gradient = self._python_grad
        function.register()
        if self._grad_func is not None:
            gradient = self._grad_func._graph(graph, self._grad_func._types)
            function.gradient_name = gradient.name
        return function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = kwargs.pop("name", None)
        graph = get_default_graph()
        if self._types is None:
            tensors = [convert_to_tensor(a) for a in args]
            self._types = [t.dtype.base_dtype for t in tensors]
        elif len(args) != len(self._types):
            raise ValueError(f"Expected number of arguments: {len(self._types)}, received: {len(args)}")
        tensors = [convert_to_tensor(a, dtype=t) for a, t in zip(args, self._types)]
        function = self._graph(graph, self._types)
        op = graph.create_op(function.name, [*tensors, *function.captures], name=name or function.name)
        if not op.outputs:
            return op
        return op.outputs[0] if len(op.outputs) == 1 else list(op.outputs)
