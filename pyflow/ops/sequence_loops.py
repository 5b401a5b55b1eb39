"""tf.map_fn, tf.foldl, tf.foldr, tf.scan: loops over the first dimension of tensors."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Iterator

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import Dimension
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.tensor_array import TensorArray
from pyflow.ops.variable_scope import get_variable_scope
from pyflow.ops.while_loop import while_loop


class _Rows:
    """The elements of one or more tensors along their first dimension, as arrays that a loop reads."""

    def __init__(self, elems: Any, names_scalar_first: bool):
        self.structure = elems
        self.tensors = [convert_to_tensor(x, name="elem") for x in nest.flatten(elems)]
        first = self.tensors[0].shape
        if first.ndims is not None and first.ndims < 1:
            if not names_scalar_first:
                raise IndexError("list index out of range")
            if len(self.tensors) == 1:
                raise ValueError("elems must be a 1+ dimensional Tensor, not a scalar")
            raise ValueError("elements in elems must be 1+ dimensional Tensors, not scalars")
        known = None if first.ndims is None else first.as_list()[0]
        self.count: Any = known or raw.StridedSlice(
            raw.Shape(self.tensors[0], name="Shape"), [0], [1], [1], shrink_axis_mask=1, name="strided_slice"
        )
        arrays = [TensorArray(t.dtype, size=self.count, dynamic_size=False, infer_shape=True) for t in self.tensors]
        self._arrays = [array.unstack(tensor) for array, tensor in zip(arrays, self.tensors)]

    def at(self, index: Any) -> Any:
        """The elements at an index, in the structure of what was given."""
        return self.packed([array.read(index) for array in self._arrays])

    def packed(self, values: list) -> Any:
        return nest.pack_sequence_as(self.structure, values)

    def static_count(self) -> Any:
        """The number of elements as far as the static shapes tell.

        Raises:
          ValueError: they tell different numbers.
        """
        count = Dimension(None)
        for tensor in self.tensors:
            count = count.merge_with(tensor.shape.with_rank_at_least(1)[0])
        return count.value


@contextlib.contextmanager
def _cached_variables() -> Iterator[None]:
    """Variables that the loop's body reads are read once, outside."""
    scope = get_variable_scope()
    untouched = scope.caching_device is None
    if untouched:
        scope.set_caching_device(lambda op: op.device)
    try:
        yield
    finally:
        if untouched:
            scope.set_caching_device(None)


def _check_callable(fn: Any) -> None:
    if not callable(fn):
        raise TypeError("fn must be callable.")


@export("map_fn")
def map_fn(
    fn: Callable,
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
) -> Any:
    """`fn` of each of the elements along the first dimension, stacked.

    Args:
      fn: from one element (in the structure of `elems`) to a tensor or a structure of them.
      elems: a tensor or a structure of tensors, unpacked along their first dimension.
      dtype: the dtypes of what `fn` gives, in its structure; None stands for those of `elems`.
      parallel_iterations, swap_memory: accepted for compatibility.
      back_prop: False where no gradient is wanted.
      infer_shape: whether all results have the same shape.

    Raises:
      TypeError: `fn` cannot be called, or gives another structure than `dtype` says.
      ValueError: `elems` has no first dimension.
    """
    _check_callable(fn)
    if isinstance(elems, SparseTensor):
        raise TypeError(
            "To perform a map on the values of a sparse tensor use either  SparseTensor(input.indices, "
            "fn(input.values), input.dense_shape) or  SparseTensor(input.indices, map_fn(fn, input.values), "
            "input.dense_shape)"
        )
    with name_scope(name, "map", nest.flatten(elems)), _cached_variables():
        rows = _Rows(elems, True)
        result_structure = dtype if dtype is not None else rows.packed([t.dtype for t in rows.tensors])
        results = [
            TensorArray(d, size=rows.count, dynamic_size=False, infer_shape=infer_shape)
            for d in nest.flatten(result_structure)
        ]

        def body(i: Tensor, arrays: list) -> tuple:
            values = fn(rows.at(i))
            nest.assert_same_structure(result_structure, values)
            return i + 1, [array.write(i, value) for array, value in zip(arrays, nest.flatten(values))]

        _, arrays = while_loop(
            lambda i, _: i < rows.count,
            body,
            (convert_to_tensor(0), results),
            parallel_iterations=parallel_iterations or 10,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=rows.count,
        )
        stacked = [array.stack() for array in arrays]
        count = rows.static_count()
        for tensor in stacked:
            tensor.set_shape(TensorShape([count]).concatenate(tensor.shape[1:]))
        return nest.pack_sequence_as(result_structure, stacked)


def _fold(
    fn: Callable, elems: Any, initializer: Any, options: dict[str, Any], name: str | None, scope: str, left: bool
) -> Any:
    _check_callable(fn)
    with name_scope(name, scope, nest.flatten(elems)), _cached_variables():
        rows = _Rows(elems, False)
        count = rows.count
        if initializer is None:
            start: Any = 1 if left else count - 1
            accumulated = rows.at(0 if left else count - 1)
        else:
            start = 0 if left else count
            accumulated = nest.map_structure(convert_to_tensor, initializer)

        def forwards(i: Tensor, a: Any) -> list:
            a = fn(a, rows.at(i))
            return [i + 1, a]

        def backwards(i: Tensor, a: Any) -> list:
            i -= 1
            return [i, fn(a, rows.at(i))]

        condition = (lambda i, _: i < count) if left else (lambda i, _: i > 0)
        _, result = while_loop(
            condition,
            forwards if left else backwards,
            [convert_to_tensor(start), accumulated],
            maximum_iterations=count,
            **options,
        )
        return result


@export("foldl")
def foldl(
    fn: Callable,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """`fn(... fn(fn(initializer, elems[0]), elems[1]) ...)` over the first dimension.

    Args:
      fn: from what is accumulated and one element to the next accumulated value.
      elems: a tensor or a structure of tensors.
      initializer: what to start with; None takes the first element.

    Raises:
      TypeError: `fn` cannot be called.
    """
    options = {"parallel_iterations": parallel_iterations, "back_prop": back_prop, "swap_memory": swap_memory}
    return _fold(fn, elems, initializer, options, name, "foldl", True)


@export("foldr")
def foldr(
    fn: Callable,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """As `foldl`, from the last element to the first."""
    options = {"parallel_iterations": parallel_iterations, "back_prop": back_prop, "swap_memory": swap_memory}
    return _fold(fn, elems, initializer, options, name, "foldr", False)


@export("scan")
def scan(
    fn: Callable,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """As `foldl`, but gives what is accumulated after each element, stacked.

    Args:
      reverse: whether to go from the last element to the first; results stand where their elements do.
      infer_shape: whether all results have the same shape.

    Raises:
      TypeError: `fn` cannot be called, or gives another structure than the initializer has.
    """
    _check_callable(fn)
    with name_scope(name, "scan", nest.flatten(elems)), _cached_variables():
        rows = _Rows(elems, False)
        count = rows.count
        if initializer is None:
            structure = elems
            initial = nest.flatten(rows.at(count - 1 if reverse else 0))
            start = 1
        else:
            structure = initializer
            initial = [convert_to_tensor(x) for x in nest.flatten(initializer)]
            start = 0
        arrays = [
            TensorArray(
                x.dtype,
                size=count,
                element_shape=x.shape if infer_shape else None,
                dynamic_size=False,
                infer_shape=infer_shape,
            )
            for x in initial
        ]
        if initializer is None:
            arrays = [a.write(count - 1 if reverse else 0, x) for a, x in zip(arrays, initial)]

        def body(i: Tensor, accumulated: list, results: list) -> tuple:
            value = fn(nest.pack_sequence_as(structure, accumulated), rows.at(i))
            nest.assert_same_structure(elems if initializer is None else initializer, value)
            flat = nest.flatten(value)
            return i - 1 if reverse else i + 1, flat, [a.write(i, x) for a, x in zip(results, flat)]

        if reverse:
            first, condition = count - 1 - start, lambda i, *_: i >= 0
        else:
            first, condition = start, lambda i, *_: i < count
        _, _, results = while_loop(
            condition,
            body,
            (convert_to_tensor(first), initial, arrays),
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=count,
        )
        stacked = [array.stack() for array in results]
        length = rows.static_count()
        for tensor in stacked:
            tensor.set_shape(TensorShape([length]).concatenate(tensor.shape[1:]))
        return nest.pack_sequence_as(structure, stacked)
