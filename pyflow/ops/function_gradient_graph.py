"""The bodies of gradients of functions: graphs that may use what the function computed when it ran forwards."""

from __future__ import annotations

from typing import Any

import numpy as np

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
        self._sizes: set[Tensor] = set()  # of forward tensors, not yet used
        self._keeps_shapes = False  # of forward tensors, rather than these, for zeros like them

    def add_node(self, definition: OpDef, inputs: list[Tensor], attrs: dict[str, Any], name: str | None) -> Operation:
        if self._sizes:
            self._count_sizes(inputs)
        if not inputs or inputs[0].graph is not self._forward:
            return super().add_node(definition, inputs, attrs, name)
        if definition.name in _SMALLER_THAN_ARGUMENT:
            count_nodes(self, definition.name)
            with uncounted(self):
                kept = self._kept_unsaid(self._made_forward(definition, inputs, attrs))
                node = super().add_node(raw.Identity, [kept], {"T": kept.dtype}, name)
            self._sizes.add(node.outputs[0])
            return node
        return super().add_node(definition, inputs, attrs, name)

    def zeros_of_output(self, tensor: Tensor) -> Tensor | None:
        """The gradient of a forward tensor that none reached, of which no more than the shape is kept."""
        dtype, shape = tensor.dtype.base_dtype, tensor._shape_tuple()
        if tensor.graph is not self._forward or not self._keeps_shapes or not (dtype.is_floating or dtype.is_complex):
            return None
        if shape is not None and None not in shape:
            return raw.Const(value=np.zeros(shape, dtype.as_numpy_dtype), dtype=dtype)
        count_nodes(self, "Shape")
        self.count_stack()
        with uncounted(self):
            kept = self.capture(self._made_forward(raw.Shape, [tensor], {"T": dtype, "out_type": dtypes.int32}))
        return raw.Fill(kept, raw.Const(value=np.zeros((), dtype.as_numpy_dtype), dtype=dtype))

    def _kept_unsaid(self, tensor: Tensor) -> Tensor:
        """What `capture` gives, without that it counts."""
        if tensor not in self._forwarded:
            self._forwarded[tensor] = self._known(tensor, False)
        return self._forwarded[tensor]

    def _count_sizes(self, inputs: list[Tensor]) -> None:
        for tensor in self._sizes.intersection(inputs):
            self._sizes.discard(tensor)
            self.count_stack()

    def count_stack(self, switches: int = 0) -> None:
        """Counts what TensorFlow makes to keep a tensor of each of a loop's rounds, by ways through `switches`."""

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

    def _known(self, tensor: Tensor, counts: bool = True) -> Tensor:
        from pyflow.core.constants import static_value

        value, outside = static_value(tensor), self._input_outside(tensor)
        if value is None and outside is not None and self.is_let_in(tensor):
            return super().capture(outside)
        if counts:
            self._count_known(tensor, outside)
        with uncounted(self):
            if value is not None:
                with self._at_function_level(), self.as_default():
                    return raw.Const(value=value, dtype=tensor.dtype.base_dtype)
            return self._remembered(tensor) if outside is None else self._let_in(outside)

    def is_let_in(self, tensor: Tensor) -> bool:
        """Whether TensorFlow hands a forward tensor from outside to the gradient as it is."""
        return True

    def _let_in(self, outside: Tensor) -> Tensor:
        return super().capture(outside)

    def _count_known(self, tensor: Tensor, outside: Tensor | None) -> None:
        """Counts what TensorFlow makes to hand a forward tensor to the gradient, the first time that it is used."""

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


def loop_around(graph: FunctionGraph) -> tuple[Any, int]:
    """The graph around that is the gradient of a loop's body (or None), and how many of conditionals are between."""
    conditionals, outer = 0, graph.outer_graph
    while isinstance(outer, GradientGraph):
        if outer.kind != "cond":
            return outer, conditionals
        conditionals, outer = conditionals + 1, outer.outer_graph
    return None, conditionals


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
