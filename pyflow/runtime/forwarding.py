"""Tensor arrays and lists whose every access is known at planning: what was put in is handed to where it is taken out.

The accesses stay among the program's steps until it is complete. Then those to arrays that nothing else gets hold of
are dropped; lists have no effects, so theirs go with all steps that nobody needs.
"""

from __future__ import annotations

import copy
from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.runtime.program import Step, Value, may_change

# The place of the flow, which carries no value, among the outputs.
_FLOWS = {"TensorArrayV3": 1, "TensorArrayGradV3": 1, "TensorArrayWriteV3": 0, "TensorArrayScatterV3": 0}
# The attrs of a Reshape, and of a StridedSlice that picks from the first axis.
_SHAPE = {"Tshape": dtypes.int32}
_FIRST_AXIS = {
    "Index": dtypes.int32,
    **dict.fromkeys(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask"), 0),
    "shrink_axis_mask": 1,
}


class _Array:
    """What an array holds at a point of the program.

    Attributes:
      family: the handle of the array that it is, or that it has the gradients of.
      gradients: from a source to the outputs of the first step that asked for the gradients.
    """

    def __init__(self, family: Value, step: Step, size: int, sums: bool = False):
        self.family, self.size, self.sums = family, size, sums
        self.dtype, self.shape = step.attrs["dtype"], step.attrs["element_shape"].as_tuple()
        self.clear = not sums and step.attrs["clear_after_read"]
        self.same = not sums and step.attrs["identical_element_shapes"]
        self.made = step
        self.elements: dict[int, Value] = {}
        self.were_read: set[int] = set()
        self.gradients: dict[str, list[Value]] = {}

    def copy(self) -> _Array:
        other = copy.copy(self)
        other.elements, other.were_read = dict(self.elements), set(self.were_read)
        other.gradients = dict(self.gradients)
        return other

    def takes(self, index: int, dtype: Any, shape: Any) -> bool:
        """Whether a write is sure to succeed."""
        if not 0 <= index < self.size or dtype is not self.dtype or shape is None or None in shape:
            return False
        if self.shape is not None:
            if len(shape) != len(self.shape) or any(k is not None and k != s for k, s in zip(self.shape, shape)):
                return False
        if any(self.same and v.shape != shape for v in self.elements.values()):
            return False
        present = self.elements.get(index)
        return present.shape == shape if self.sums and present else present is None and index not in self.were_read


class Forwarding:
    """What is known of the arrays and lists of a program that is being built.

    Args:
      add: adds a step of an op type, for a node, with attrs and inputs; gives its one output.
    """

    def __init__(self, add: Callable[..., Value]):
        self._add = add
        self._lists: dict[Value, tuple[Value, ...]] = {}
        self._arrays: dict[Value, _Array] = {}
        self._accesses: list[tuple[Step, Value]] = []

    def mark(self) -> Any:
        return dict(self._lists), {handle: array.copy() for handle, array in self._arrays.items()}, len(self._accesses)

    def reset(self, mark: Any) -> None:
        self._lists, self._arrays, count = mark
        del self._accesses[count:]

    def forward(self, step: Step) -> list[Value]:
        """What stands for the outputs of a step that has just been added."""
        if step.type in _FLOWS:
            step.outputs[_FLOWS[step.type]].constant = np.zeros((), np.float32)
        rule = getattr(self, f"_{step.type}", None)
        results = rule(step) if rule is not None else None
        if results is None:
            for value in step.inputs if self._arrays else ():
                self._lose(value)
            return step.outputs
        family = self._family(step)
        if family is not None:
            self._accesses.append((step, family))
        return [r or v for r, v in zip(results, step.outputs)]

    def unneeded(self, fetches: list[Value]) -> set[Step]:
        """The accesses that have become unnecessary."""
        for value in fetches:
            self._lose(value)
        return {step for step, family in self._accesses if family in self._arrays}

    def _family(self, step: Step) -> Value | None:
        handle = step.inputs[0] if step.inputs[0] in self._arrays else step.outputs[0]
        return self._arrays[handle].family if handle in self._arrays else None

    def _lose(self, handle: Value) -> None:
        """Counts on nothing any more about an array and those of its gradients."""
        if handle in self._arrays:
            family = self._arrays[handle].family
            self._arrays = {h: a for h, a in self._arrays.items() if a.family is not family}

    # ---------------------------------------------------------------- lists

    def _EmptyTensorList(self, step: Step) -> Any:
        self._lists[step.outputs[0]] = ()
        return [None]

    def _TensorListPushBack(self, step: Step) -> Any:
        items = self._lists.get(step.inputs[0])
        if items is not None and not may_change(step.inputs[1]):
            self._lists[step.outputs[0]] = (*items, step.inputs[1])
        return [None]

    def _TensorListPopBack(self, step: Step) -> Any:
        items = self._lists.get(step.inputs[0])
        if not items:
            return None
        self._lists[step.outputs[0]] = items[:-1]
        return [None, items[-1]]

    # ---------------------------------------------------------------- arrays

    def _TensorArrayV3(self, step: Step) -> Any:
        size, handle = _known(step.inputs[0], 0), step.outputs[0]
        if size is None or size < 0 or step.attrs["dynamic_size"]:
            return None
        self._arrays[handle] = _Array(handle, step, size)
        return [None, None]

    def _TensorArrayGradV3(self, step: Step) -> Any:
        array = self._arrays.get(step.inputs[0])
        if array is None or array.sums:
            return None
        source = step.attrs["source"]
        if source not in array.gradients:
            array.gradients[source] = step.outputs
            self._arrays[step.outputs[0]] = _Array(array.family, array.made, array.size, sums=True)
        return array.gradients[source]

    def _TensorArrayWriteV3(self, step: Step) -> Any:
        array, index, value = self._arrays.get(step.inputs[0]), _known(step.inputs[1], 0), step.inputs[2]
        if array is None or index is None or may_change(value) or not array.takes(index, value.dtype, value.shape):
            return None
        self._put(step, array, index, value)
        return [None]

    def _put(self, step: Step, array: _Array, index: int, value: Value) -> None:
        present = array.elements.get(index)
        array.elements[index] = value if present is None else self._add("AddV2", step, {}, [present, value])

    def _TensorArrayScatterV3(self, step: Step) -> Any:
        array, indices, rows = self._arrays.get(step.inputs[0]), _known(step.inputs[1], 1), step.inputs[2]
        if array is None or indices is None or not rows.known_shape or may_change(rows):
            return None
        count, *shape = rows.shape or (-1,)
        fits = count == len(indices) == len(set(indices))
        if not fits or not all(array.takes(i, rows.dtype, tuple(shape)) for i in indices):
            return None
        for row, index in enumerate(indices):
            self._put(step, array, index, self._row(step, rows, row, shape))
        return [None]

    def _row(self, step: Step, rows: Value, row: int, shape: list) -> Value:
        if rows.shape[0] == 1:  # type: ignore[index]
            return self._add("Reshape", step, _SHAPE, [rows, _constant(shape)])
        bounds = [_constant([row]), _constant([row + 1]), _constant([1])]
        return self._add("StridedSlice", step, _FIRST_AXIS, [rows, *bounds])

    def _TensorArrayReadV3(self, step: Step) -> Any:
        array, index = self._arrays.get(step.inputs[0]), _known(step.inputs[1], 0)
        value = None if array is None or index is None else self._take(array, index)
        return None if value is None else [value]

    def _take(self, array: _Array, index: int) -> Value | None:
        """An element, if the array is sure to have it."""
        value = array.elements.get(index)
        if value is not None:
            array.were_read.add(index)
            if array.clear:
                del array.elements[index]
        return value

    def _TensorArrayGatherV3(self, step: Step) -> Any:
        array, indices = self._arrays.get(step.inputs[0]), _known(step.inputs[1], 1)
        if array is None or not indices:
            return None
        values: list[Any] = [self._take(array, i) for i in indices]
        if None in values or len({v.shape for v in values}) > 1:
            return None
        if len(values) == 1:
            return [self._add("Reshape", step, _SHAPE, [values[0], _constant([1, *values[0].shape])])]
        return [self._add("Pack", step, {"N": len(values), "axis": 0}, values)]


def _constant(value: Any) -> Value:
    """A vector of indices or sizes."""
    array = np.array(value, np.int32)
    return Value(dtypes.int32, array.shape, array)


def _known(value: Value, rank: int) -> Any:
    """The number (of rank 0) or the list of numbers that the value always is; else None."""
    constant = value.constant if value.cell is None else None
    return None if constant is None or constant.ndim != rank else constant.tolist()
