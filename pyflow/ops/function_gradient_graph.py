"""The bodies of gradients of functions: graphs that may use what the function computed when it ran forwards."""

from __future__ import annotations

import contextlib
from typing import Any

from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.function_graph import FunctionGraph
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.node_count import count_nodes, uncounted
from pyflow.core.operation import Operation
from pyflow.core.registry import OpDef, raw
from pyflow.core.resources import handle_data
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor

# Ops of which the gradient had better keep the result than the argument.
_SMALLER_THAN_ARGUMENT = frozenset(("Shape", "Size", "Rank"))


class GradientGraph(FunctionGraph):
    """Computes gradients of a function that a node runs.

    Args:
      op: the node.
      forward: the function.
      first: the index of the node's input that is the function's first.
    """

    def __init__(self, name: str, op: Operation, forward: FunctionGraph, first: int):
        super().__init__(name, forward.kind)
        self._op = op
        self._forward = forward
        self._first = first
        self._forwarded: dict[Tensor, Tensor] = {}

    def add_node(self, definition: OpDef, inputs: list[Tensor], attrs: dict[str, Any], name: str | None) -> Operation:
        if definition.name in _SMALLER_THAN_ARGUMENT and inputs[0].graph is self._forward:
            count_nodes(self, definition.name)
            with uncounted(self):
                kept = self._made_forward(definition, inputs, attrs)
            kept = self.capture(kept)
            with uncounted(self):
                return super().add_node(raw.Identity, [kept], {"T": kept.dtype}, name)
        return super().add_node(definition, inputs, attrs, name)

    def _made_forward(self, definition: OpDef, inputs: list[Tensor], attrs: dict[str, Any]) -> Tensor:
        for consumer in inputs[0]._consumers:
            if consumer.type == definition.name and consumer.attrs == attrs:
                return consumer.outputs[0]
        with self._forward._at_function_level():
            return self._forward.add_node(definition, inputs, attrs, None).outputs[0]

    def capture(self, tensor: Tensor) -> Tensor:
        """As for any function; what the forward function computed is remembered by its node."""
        if tensor.graph is not self._forward:
            return super().capture(tensor)
        captured = self._forwarded.get(tensor)
        if captured is None:
            captured = self._forwarded[tensor] = self._known(tensor)
        return captured

    def _known(self, tensor: Tensor) -> Tensor:
        from pyflow.core.constants import static_value

        value = static_value(tensor)
        if value is not None:
            counting = uncounted(self) if self.kind == "cond" else contextlib.nullcontext()
            with self._at_function_level(), self.as_default(), counting:
                return raw.Const(value=value, dtype=tensor.dtype.base_dtype)
        outside = self._input_outside(tensor)
        return self._remembered(tensor) if outside is None else super().capture(outside)

    def _input_outside(self, tensor: Tensor) -> Tensor | None:
        """The node's input that the tensor is, if it is an input of the function (that stays the same)."""
        for i, own in enumerate(self._forward.inputs):
            if own is tensor and self._stays(i):
                return self._op.inputs[self._first + i]
        return None

    def _stays(self, i: int) -> bool:
        return True

    def _remembered(self, tensor: Tensor) -> Tensor:
        raise NotImplementedError


def add_output(op: Operation, dtype: Any, shape: Any, types: str) -> Tensor:
    """One more output of a node that runs functions."""
    known = op.attrs["output_shapes"] or [TensorShape(None)] * len(op.outputs)
    output = Tensor(op, len(op.outputs), dtype)
    output._static_shape = shape
    op._outputs.append(output)
    op.attrs[types] = [*op.attrs[types], dtype]
    op.attrs["output_shapes"] = [*known, TensorShape(shape)]
    op.graph._changed()
    return output


def add_input(op: Operation, tensor: Tensor) -> None:
    """One more input of a node that runs functions."""
    op._inputs = (*op._inputs, tensor)
    tensor._consumers.append(op)


def dense(gradient: Any) -> Any:
    """A gradient as a tensor, where only some rows of it are given."""
    return convert_to_tensor(gradient) if isinstance(gradient, IndexedSlices) else gradient


def zeros_like(tensor: Tensor) -> Tensor:
    """Zeros of a tensor's shape; of a variable's behind a handle."""
    if tensor.dtype == dtypes.resource:
        from pyflow.autodiff import _zeros_of_variable

        return _zeros_of_variable(tensor)
    return raw.ZerosLike(tensor)


def differentiable(tensor: Tensor) -> bool:
    """Whether a gradient may flow into an input of a function: a real number, or a variable of such."""
    if tensor.dtype == dtypes.resource:
        data = handle_data(tensor)
        return data is not None and (data[0].is_floating or data[0].is_complex)
    dtype = tensor.dtype.base_dtype
    return dtype.is_floating or dtype.is_complex or dtype == dtypes.variant
