"""The graph of a function that `Defun` makes, with names of its own and TensorFlow's names for what it returns."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, Callable

from pyflow.core import errors
from pyflow.core.construction import ControlDependencies
from pyflow.core.function_graph import FunctionGraph
from pyflow.core.graph import Graph
from pyflow.core.tensor import Tensor

_LETTERS_OF_HASH = 11


class DefunGraph(FunctionGraph):
    """A function under construction, whose nodes have nothing to do with those around it but by what it captures.

    Args:
      name: its name in the library, which `rename` changes.
      outer: the graph whose library it goes to.
      by_value: whether nodes outside are copied rather than passed as arguments.

    Attributes:
      extra_vars: the variables that it has got by `tf.get_variable`.
      function_attrs: attrs of the function itself.
      declared_gradient: the function of the library that was said to compute its gradient.
    """

    def __init__(self, name: str, outer: Graph, by_value: bool):
        super().__init__(name, "function", outer, "")
        self._names.in_use = {}
        self._by_value = by_value
        self._copied: dict[Tensor, Tensor] = {}
        self._given_names: list[str] = []
        self.extra_vars: list = []
        self.function_attrs: dict[str, Any] = {}
        self.declared_gradient = ""
        self.rename(name)

    def rename(self, name: str) -> None:
        """Gives it another name in the library."""
        self.name, self._op_def = name, None

    def set_output_names(self, names: Any) -> None:
        """Names the outputs.

        Raises:
          InvalidArgumentError: there is another number of outputs, or one name twice.
        """
        if len(names) != len(self.outputs):
            message = (
                "output names must be either empty or equal in size to outputs. output names size = "
                f"{len(names)} outputs size = {len(self.outputs)}"
            )
            raise errors.InvalidArgumentError(None, None, message)
        for name in names:
            if list(names).count(name) > 1:
                message = (
                    f"Cannot have duplicate output names. Name '{name}' appears more than once in 'output_names' array."
                )
                raise errors.InvalidArgumentError(None, None, message)
        self._given_names = list(names)

    @property
    def output_names(self) -> list[str]:
        """The given names of the outputs, else those of the nodes that compute them."""
        if self._given_names:
            return self._given_names
        names: list[str] = []
        taken = {t.op.name for t in self.inputs if t not in self.outputs}
        for tensor in self.outputs:
            base = name = re.sub(r"[^a-z0-9]", "_", tensor.op.name.lower())
            number = 0
            while name in taken:
                name, number = f"{base}_{number}", number + 1
            taken.add(name)
            names.append(name)
        return names

    def getvar(self, getter: Callable, *args: Any, **kwargs: Any) -> Any:
        """A custom getter that remembers the variables."""
        variable = getter(*args, **kwargs)
        self.extra_vars.append(variable)
        return variable

    def capture(self, tensor: Tensor) -> Tensor:
        """As for any function.

        Raises:
          ValueError: it captures by value, and the tensor has no value yet, or one that changes.
        """
        if not self._by_value or tensor.graph is not self.outer_graph:
            return super().capture(tensor)
        if tensor not in self._copied:
            op = tensor.op
            if op.type.startswith("Placeholder"):
                raise ValueError(f"Cannot capture a placeholder (name:{op.name}, type:{op.type}) by value.")
            if op.definition.stateful:
                raise ValueError(f"Cannot capture a stateful node (name:{op.name}, type:{op.type}) by value.")
            inputs = [self.capture(t) for t in op.inputs]
            with self._at_function_level():
                copy = Graph.add_node(self, op.definition, inputs, dict(op.attrs), op.name)
            self._copied.update(zip(op.outputs, copy.outputs))
        return self._copied[tensor]

    def control_dependencies(self, control_inputs: Any) -> ControlDependencies:
        """As for any graph.

        Raises:
          ValueError: one of them is outside the function.
        """
        for element in control_inputs or ():
            if getattr(element, "graph", self) is not self:
                kind = "Tensor" if isinstance(element, Tensor) else type(element).__name__
                raise ValueError(f"{kind} {element!s} is not an element of this graph.")
        return super().control_dependencies(control_inputs)


def content_name(name: str, function: DefunGraph) -> str:
    """A name that functions have in common when they have the same body."""
    content = function.definition.SerializeToString(deterministic=True)
    digest = base64.b64encode(hashlib.sha256(content).digest(), altchars=b"Aa").decode()
    return "_".join(filter(None, [name, function.gradient_name, digest[:_LETTERS_OF_HASH]]))
