"""`Defun`: a Python function as a function of the graph's library (tensorflow.python.framework.function)."""

from __future__ import annotations

import inspect
import re
from typing import Any, Callable

from pyflow.core import dtypes, errors
from pyflow.core.convert import convert_to_tensor
from pyflow.core.function_graph import function_named
from pyflow.core.graph import Graph
from pyflow.core.operation import Operation
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor
from pyflow.ops.defun_graph import DefunGraph, content_name
from pyflow.ops.tensor_array import runtime_name
from pyflow.ops.variable_scope import variable_scope
from pyflow.ops.variable_scope_object import get_variable_scope

# How the name of an overloaded function tells the dtypes of its arguments.
_LETTERS = {"float": "f", "bfloat": "bf", "complex": "c", "int": "i", "uint": "u", "bool": "b", "string": "s"}


class Defun:
    """Decorator that makes a Python function build a function of the graph, called by a node each time.

    Args:
      *input_types: the dtypes of the arguments; without them there is a function for each dtypes of a call.
      func_name: the function's name in the library.
      grad_func: another `Defun` that computes the gradient, from the inputs and the outputs' gradients.
      python_grad_func: a gradient rule like those of ops, `f(op, *grads)`.
      out_names: names for the outputs, one each.
      shape_func: from a node that calls it to the static shapes of the outputs.
      capture_by_value: whether nodes outside that it uses are copied into it rather than passed to it.
      **kwargs: attrs of the function, `noinline` among them; they have no effect here.

    Raises:
      ValueError: the Python function takes another number of arguments, or has defaults or keywords.
    """

    def __init__(self, *input_types: Any, **kwargs: Any):
        self._input_types = [dtypes.as_dtype(t) for t in input_types] if input_types else None
        self._options = kwargs

    def __call__(self, func: Callable) -> Any:
        if not callable(func):
            raise ValueError(f"function {func} must be callable")
        specification = inspect.getfullargspec(func)
        if specification.varkw or specification.defaults:
            raise ValueError(
                "function with argument defaults or keywords arguments are not supported. "
                f"{func} has defaults {specification.defaults} and keywords {specification.varkw}."
            )
        least = len(specification.args) - inspect.ismethod(func)
        if self._input_types is not None:
            if len(self._input_types) < least or (len(self._input_types) > least and not specification.varargs):
                raise ValueError("The function has fewer arguments than the number of specified input types.")
            return DefinedFunction(func, self._input_types, self._options)
        if least == 0 and not specification.varargs:
            return DefinedFunction(func, [], self._options)
        return OverloadedFunction(func, self._options)


class DefinedFunction:
    """A Python function that is a function of the graphs that it is called in.

    Attributes:
      name: its name in the library.
      grad_func_name: that of the function that computes its gradient, or None.
      python_grad_func: the gradient as a rule like those of ops, or None.
    """

    def __init__(self, func: Callable, input_types: list, options: dict[str, Any]):
        options = dict(options)
        self._func, self._types = func, list(input_types)
        self._name = options.pop("func_name", None)
        self._grad_func, self._python_grad = options.pop("grad_func", None), options.pop("python_grad_func", None)
        self._out_names = options.pop("out_names", None)
        self._shape_func = options.pop("shape_func", None)
        self._by_value = bool(options.pop("capture_by_value", False))
        self._attrs = {"_noinline" if name == "noinline" else name: value for name, value in options.items()}
        self._made: dict[Graph, DefunGraph] = {}
        self.__name__, self.__doc__ = func.__name__, func.__doc__

    @property
    def name(self) -> str:
        return self._name or self._graph(get_default_graph()).name

    @property
    def declared_input_types(self) -> Any:
        return tuple(self._types) if self._types else []

    @property
    def definition(self) -> Any:
        """The function as a `FunctionDef`."""
        return self._graph(get_default_graph()).definition

    @property
    def captured_inputs(self) -> list[Tensor]:
        """The tensors outside that the function uses."""
        return list(self._graph(get_default_graph()).captures)

    @property
    def stateful_ops(self) -> list:
        """The (name, type) pairs of the nodes that have an effect or depend on one."""
        nodes = self._graph(get_default_graph()).needed()
        return [(op.name, op.type) for op in nodes if op.definition.stateful and op.type != "Placeholder"]

    @property
    def grad_func_name(self) -> str | None:
        return self._grad_func.name if self._grad_func else None

    @property
    def python_grad_func(self) -> Callable | None:
        return self._python_grad

    def set_grad_func(self, grad_func: Any) -> None:
        """Says which `Defun` computes the gradient.

        Raises:
          ValueError: there is another one already.
        """
        if self._grad_func is not None and self._grad_func is not grad_func:
            raise ValueError(f"Gradient for {self.name} is set already")
        self._grad_func = grad_func
        for graph, function in self._made.items():
            function.gradient_name = function.declared_gradient = grad_func._graph(graph).name

    def add_to_graph(self, graph: Graph) -> None:
        """Puts it into the library of a graph."""
        self._graph(graph)

    def _graph(self, graph: Graph) -> DefunGraph:
        if graph not in self._made:
            self._made[graph] = self._build(graph)
        return self._made[graph]

    def _build(self, graph: Graph) -> DefunGraph:
        if self._python_grad and self._grad_func:
            raise ValueError("Gradient defined twice for function " + (self._name or self.__name__))
        function = DefunGraph(self._name or self.__name__, graph, self._by_value)
        with function.as_default():
            self._fill(function)
        if self._out_names:
            function.set_output_names(self._out_names)
        function.function_attrs = self._attrs
        function.python_gradient = self._python_grad
        if self._grad_func is not None:
            function.gradient_name = function.declared_gradient = self._grad_func._graph(graph).name
        if self._name is None:
            function.rename(content_name(self.__name__, function))
        same = graph._functions.get(function.name)
        if same is None:
            function.register()
        elif same.definition != function.definition:
            raise errors.InvalidArgumentError(
                None,
                None,
                f"Cannot add function '{function.name}' because a different function with the same name already "
                "exists.",
            )
        return function

    def _fill(self, function: DefunGraph) -> None:
        names = inspect.getfullargspec(self._func).args
        names = names[inspect.ismethod(self._func) :]
        arguments = [
            function.add_input(t, None, names[i] if i < len(names) else f"arg{i}") for i, t in enumerate(self._types)
        ]
        with variable_scope(get_variable_scope(), custom_getter=function.getvar, auxiliary_name_scope=False):
            results = self._func(*arguments)
        results = [] if results is None else results if isinstance(results, (list, tuple)) else [results]
        if any(r is None for r in results):
            raise ValueError(f"Function {self._name or self.__name__} can not return None.")
        outputs = [convert_to_tensor(r) for r in results]
        function.outputs = [t if t.graph is function else function.capture(t) for t in outputs]
        function.control_outputs = [
            op for op in function.get_operations() if op.definition.stateful and op.type != "Placeholder"
        ]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        graph = get_default_graph()
        function = self._graph(graph)
        if len(args) != len(self._types):
            raise ValueError(f"Expected number of arguments: {len(self._types)}, received: {len(args)}")
        name = kwargs.pop("name", None)
        if kwargs:
            raise ValueError(f"Unknown keyword arguments: {kwargs.keys()}")
        tensors = [convert_to_tensor(a) for a in args]
        _check_dtypes(function, tensors, name)
        op = graph.create_op(function.name, [*tensors, *function.captures], name=name or function.name)
        for output in op.outputs:
            output._static_shape = None
        if self._shape_func is not None:
            for output, shape in zip(op.outputs, self._shape_func(op)):
                output.set_shape(shape)
        return _results(op)


def _results(op: Operation) -> Any:
    if not op.outputs:
        return op
    return op.outputs[0] if len(op.outputs) == 1 else tuple(op.outputs)


def _check_dtypes(function: Any, tensors: list[Tensor], name: str | None) -> None:
    """Raises ValueError, in TensorFlow's words, for arguments of dtypes that the function doesn't take."""
    wrong = [
        f"Input '{x.op.name}' passed {runtime_name(t.dtype.base_dtype)} expected {runtime_name(x.dtype)}"
        for x, t in zip(function.inputs, tensors)
        if x.dtype.base_dtype != t.dtype.base_dtype
    ]
    if not wrong:
        return
    node = f"'{get_default_graph().unique_name(name or function.name, mark_as_used=False)}'"
    inputs = ", ".join(f"{x.op.name}:{runtime_name(x.dtype)}" for x in function.inputs)
    outputs = zip(function.output_names, function.outputs)
    results = ", ".join(f"{name}:{runtime_name(t.dtype.base_dtype)}" for name, t in outputs)
    op = f"Op<name={function.name}; signature={inputs} -> {results}>"
    if len(wrong) == 1:
        raise ValueError(f"{wrong[0]} while building NodeDef {node} using {op}")
    raise ValueError("\n".join([f"{len(wrong)} errors while building NodeDef {node} using {op}:", *wrong]))


class OverloadedFunction:
    """A Python function that is one function of the library for each dtypes of arguments that it is called with."""

    def __init__(self, func: Callable, options: dict[str, Any]):
        self._func, self._options = func, dict(options)
        self._name = self._options.pop("func_name", None)
        self._overloads: dict[tuple, DefinedFunction] = {}
        self.__name__, self.__doc__ = func.__name__, func.__doc__

    def instantiate(self, input_types: Any) -> DefinedFunction:
        """The function for arguments of these dtypes."""
        key = tuple(dtypes.as_dtype(t).base_dtype for t in input_types)
        function = self._overloads.get(key)
        if function is None:
            options = dict(self._options)
            if self._name is not None:
                options["func_name"] = "_".join([self._name, *map(_short, key)])
            gradient = options.pop("grad_func", None)
            if isinstance(gradient, OverloadedFunction):
                made = DefinedFunction(self._func, list(key), options)
                gradient = gradient.instantiate([*key, *_output_types(made)])
            function = self._overloads[key] = DefinedFunction(self._func, list(key), {**options, "grad_func": gradient})
        return function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tensors = [convert_to_tensor(a) for a in args]
        return self.instantiate([t.dtype for t in tensors])(*tensors, **kwargs)


def _output_types(function: DefinedFunction) -> list:
    return [t.dtype for t in function._graph(get_default_graph()).outputs]


def _short(dtype: Any) -> str:
    kind, bits = re.fullmatch(r"(\D+)(\d*)", dtype.name).groups()  # type: ignore[union-attr]
    return _LETTERS.get(kind, kind) + bits


class LibraryFunction:
    """A function that is known by its definition: it came with a graph's library.

    Attributes:
      name: its name in the library.
      definition: the `FunctionDef`.
      grad_func_name: the name of the function that computes its gradient, or None.
    """

    python_grad_func = None

    def __init__(self, definition: Any, library: Any):
        self.definition, self._library = definition, library
        self.name = definition.signature.name
        gradients = {g.function_name: g.gradient_func for g in library.gradient}
        self.grad_func_name = gradients.get(self.name)

    @property
    def declared_input_types(self) -> tuple:
        return tuple(dtypes.as_dtype(argument.type) for argument in self.definition.signature.input_arg)

    def add_to_graph(self, graph: Graph) -> None:
        """Puts it, and the functions that came with it, into the library of a graph."""
        from pyflow.core.function_import import add_library

        add_library(graph, self._library)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        graph = get_default_graph()
        self.add_to_graph(graph)
        tensors = [convert_to_tensor(a, dtype=t) for a, t in zip(args, self.declared_input_types)]
        op = graph.create_op(self.name, tensors, name=kwargs.get("name") or self.name)
        for output in op.outputs:
            output._static_shape = None
        return _results(op)


def from_library(lib: Any) -> list[LibraryFunction]:
    """The functions of a `FunctionDefLibrary`, ready to be called.

    Raises:
      ValueError: the library says of a function that it lacks that another is its gradient, or names one it lacks.
    """
    names = {function.signature.name for function in lib.function}
    for gradient in lib.gradient:
        if gradient.function_name not in names:
            raise ValueError(f"FunctionDefLibrary missing '{gradient.function_name}' FunctionDef")
        if gradient.gradient_func not in names:
            raise ValueError(f"FunctionDefLibrary missing '{gradient.gradient_func}' FunctionDef")
    return [LibraryFunction(function, lib) for function in lib.function]


def symbolic_gradient(input: Any, Tout: Any, f: Any, name: str | None = None) -> list[Tensor]:
    """The gradients of a function's inputs, from its inputs and its outputs' gradients.

    Args:
      input: what the function is called with, then the gradients of its outputs.
      Tout: the dtypes of the inputs.
      f: the name of the function in the library.
    """
    from pyflow.ops.function_gradient import call, gradient_function

    graph: Any = get_default_graph()
    gradient = gradient_function(function_named(graph, getattr(f, "name", f)))
    tensors = [convert_to_tensor(x) for x in input]
    results = call(gradient, tensors, name=name or "SymbolicGradient")
    for result, tensor in zip(results, tensors):
        result._static_shape = tensor._static_shape
    del Tout
    return list(results)


def _building() -> DefunGraph | None:
    graph = get_default_graph()
    return graph if isinstance(graph, DefunGraph) else None


def get_extra_vars() -> list:
    """The variables that the function under construction has got by `tf.get_variable`."""
    return list(graph.extra_vars) if (graph := _building()) is not None else []


def get_extra_inputs() -> list:
    """The tensors outside that the function under construction has used so far."""
    return list(graph.captures) if (graph := _building()) is not None else []


def get_extra_args() -> list:
    """What stands for `get_extra_inputs()` inside the function."""
    return list(graph.captures.values()) if (graph := _building()) is not None else []


_DefinedFunction, _OverloadedFunction = DefinedFunction, OverloadedFunction
