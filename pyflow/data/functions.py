"""Python functions of datasets as functions of the graph: traced once, for elements of one structure."""

from __future__ import annotations

import functools
from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.function_graph import FunctionGraph
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.tensor import Tensor
from pyflow.data import structure


class DatasetFunctionGraph(FunctionGraph):
    """The body of a dataset's function, with names of its own."""

    def __init__(self, name: str):
        super().__init__(name, "function", scope="")
        self._names.in_use = {}


class TracedFunction:
    """A Python function as a function of the graph.

    Args:
      func: called once, with tensors for an element's components; an element that is a tuple becomes several arguments.
      transformation: what it is for, as "Dataset.map()".
      input_structure: of the elements it will be called with.

    Attributes:
      output_structure: of what it returns.
      captured: the tensors that it uses of the graph around it.

    Raises:
      TypeError: it returns what no element can be.
    """

    def __init__(self, func: Callable, transformation: str, input_structure: Any, register: bool = True):
        readable = transformation.replace(".", "_")[:-2]
        self.graph = graph = DatasetFunctionGraph(f"__inference_{readable}_{_name_of(func)}")
        with graph.as_default():
            specs = structure.get_flat_tensor_specs(input_structure)
            inputs = [graph.add_input(s.dtype, s.shape, f"args_{i}") for i, s in enumerate(specs)]
            element = structure.from_compatible_tensor_list(input_structure, inputs)
            returned = func(*element) if type(element) is tuple else func(element)
            if isinstance(returned, list):
                returned = tuple(returned)
            try:
                self.output_structure = structure.type_spec_from_value(returned)
            except (TypeError, ValueError):
                raise TypeError(
                    f"Unsupported return value from function passed to {transformation}: {returned}."
                ) from None
            tensors = structure.to_tensor_list(self.output_structure, returned)
            graph.outputs = [raw.Identity(tensor) for tensor in tensors]
            graph.control_outputs = [op for op in graph.get_operations() if _has_effect(op)]
        if register:
            self.register()

    def register(self) -> None:
        """Puts it into the library of the graph."""
        self.graph.register()

    @property
    def attr(self) -> Any:
        """What stands for it in a node's attrs."""
        return self.graph.attr

    @property
    def captured(self) -> list[Tensor]:
        return list(self.graph.captures)


def _has_effect(op: Operation) -> bool:
    makes_dataset = bool(op.outputs) and all(t.dtype is dtypes.variant for t in op.outputs)
    return op.definition.stateful and op.type != "Placeholder" and not makes_dataset


def _name_of(func: Any) -> str:
    while isinstance(func, functools.partial):
        func = func.func
    return getattr(func, "__name__", None) or type(func).__name__
