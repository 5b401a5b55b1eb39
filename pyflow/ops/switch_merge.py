"""`Switch` and `Merge`: values that arrive on one of two ways only, and the first of several that arrives.

tf.cond needs neither (`cond.py`), but programs use them themselves. What doesn't arrive is dead, and so is all that is
computed from it, up to a `Merge` (`runtime/dead_values.py`).

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/raw_ops/Switch
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.convert import convert, convert_to_tensor, convert_to_tensor_or_indexed_slices
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import ShapeError, attr, op
from pyflow.core.scopes import colocate_with, name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.comparison import equal
from pyflow.ops.ranges import range as range_of
from pyflow.ops.shape_rules import text

_COMPOSITE = (IndexedSlices, SparseTensor)


class _Dead:
    """What stands for a value that doesn't arrive; of a variable that doesn't, the content doesn't either."""

    value: _Dead

    def __repr__(self) -> str:
        return "DEAD"


DEAD = _Dead()
_Dead.value = DEAD


def _switched(data: StaticShape, pred: StaticShape) -> tuple[StaticShape, StaticShape]:
    if pred:
        words = f"The second input must be a scalar, but it has shape {text(pred)}"
        raise ShapeError(f"Shape must be rank 0 but is rank {len(pred)}", words)
    return data, data


def _switch_grad(op: Any, *grads: Any) -> tuple:
    false, true = (zeros_like(out) if grad is None else grad for out, grad in zip(op.outputs, grads))
    pred = op.inputs[1]
    return Merge([switch(false, pred)[0], switch(true, pred)[1]], name="Merge").output, None


def _merge_grad(op: Any, grad: Any, _: Any) -> list:
    arrived = [equal(op.outputs[1], i) for i in range(len(op.inputs))]
    return [switch(grad, here)[1] for here in arrived]


def _switch(data: Any, pred: Any) -> tuple:
    return (DEAD, data) if pred else (data, DEAD)


def _merged(inputs: list[StaticShape]) -> tuple[StaticShape, StaticShape]:
    first = inputs[0]
    if any(shape is None or len(shape) != len(first or ()) for shape in inputs) or first is None:
        return None, ()
    return tuple(sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*inputs)), ()  # type: ignore[arg-type]


def _merge(inputs: list) -> tuple:
    for i, value in enumerate(inputs):
        if value is not DEAD:
            return value, np.int32(i)
    return DEAD, DEAD


@op("Switch(data: T, pred: bool) -> (output_false: T, output_true: T)", T=dtypes.ANY)
class Switch:
    """The data, on the one way or the other."""

    stateful = True
    shape = _switched
    cpu = _switch
    grad = _switch_grad


@op("RefSwitch(data: Ref(T), pred: bool) -> (output_false: Ref(T), output_true: Ref(T))", T=dtypes.ANY)
class RefSwitch:
    """The variable, on the one way or the other."""

    stateful = True
    shape = _switched
    cpu = _switch
    grad = _switch_grad


@op("Merge(inputs: N*T) -> (output: T, value_index: int32)", N=attr("int", minimum=1), T=dtypes.ANY)
class Merge:
    """The first of the inputs that arrives, and its number."""

    stateful = True
    shape = _merged
    cpu = _merge
    grad = _merge_grad


@op("RefMerge(inputs: N*Ref(T)) -> (output: Ref(T), value_index: int32)", N=attr("int", minimum=1), T=dtypes.ANY)
class RefMerge:
    """The first of the variables that arrives, and its number."""

    stateful = True
    shape = _merged
    cpu = _merge
    grad = _merge_grad


def switch(data: Any, pred: Any, dtype: Any = None, name: str | None = None) -> tuple:
    """(output_false, output_true): `data` arrives as the second if `pred` holds, else as the first.

    Args:
      data: a tensor, `IndexedSlices` or a `SparseTensor`.
      pred: a scalar bool tensor.
      dtype: the dtype of data that is no tensor yet.
    """
    with name_scope(name, "Switch", [data, pred]) as name:
        if not isinstance(data, _COMPOSITE):
            data = convert_to_tensor(data, dtype=dtype, name="data")
            return Switch(data, convert_to_tensor(pred, name="pred"), name=name)
        parts = [None if part is None else Switch(part, pred) for part in _parts(data)]
        false, true = ([None if part is None else part[i] for part in parts] for i in (0, 1))
        return _whole(data, false), _whole(data, true)


def _parts(data: Any) -> tuple:
    if isinstance(data, IndexedSlices):
        return data.values, data.indices, data.dense_shape
    return data.indices, data.values, data.dense_shape


def _whole(data: Any, parts: list) -> Any:
    return type(data)(*parts)


def _SwitchRefOrTensor(data: Any, pred: Any, name: str = "Switch") -> tuple:
    """`switch` on the device of the data; of a variable's reference, references."""
    data = convert_to_tensor_or_indexed_slices(data, name="data")
    with colocate_with(data, ignore_existing=True):
        if isinstance(data, Tensor) and data.dtype._is_ref_dtype:
            return RefSwitch(data, pred, name=name)
        return switch(data, pred, name=name)


def merge(inputs: Any, name: str | None = None) -> Any:
    """(output, value_index): the first of the inputs that arrives, and its number, a scalar int32 tensor.

    Args:
      inputs: tensors, of references of variables or not, `IndexedSlices` or `SparseTensor`s; of one dtype.

    Raises:
      ValueError: one of them is None.
    """
    if any(each is None for each in inputs):
        raise ValueError(f"At least one of the merge inputs is None: {inputs}")
    with name_scope(name, "Merge", inputs) as name:
        inputs = [each if isinstance(each, _COMPOSITE) else convert(each, as_ref=True) for each in inputs]
        if all(isinstance(each, Tensor) for each in inputs):
            if all(each.dtype._is_ref_dtype for each in inputs):
                return RefMerge(inputs, name=name)
            return Merge(inputs, name=name)
        if any(isinstance(each, IndexedSlices) for each in inputs):
            inputs = [each if isinstance(each, IndexedSlices) else _as_slices(each) for each in inputs]
        columns = list(zip(*map(_parts, inputs)))
        parts = [None if None in column else Merge(list(column)) for column in columns]
        chosen = _whole(inputs[0], [None if part is None else part.output for part in parts])
        return chosen, parts[0].value_index  # type: ignore[union-attr]


def _as_slices(tensor: Tensor) -> IndexedSlices:
    sizes = shape_of(tensor)
    return IndexedSlices(tensor, range_of(0, sizes[0]), sizes)
