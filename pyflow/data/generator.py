"""Python generators as datasets."""

from __future__ import annotations

import itertools
import threading
from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.array_value import array_value
from pyflow.core.convert import convert_n_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import get_default_graph
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.type_specs import TensorSpec
from pyflow.data import nest, structure
from pyflow.data.functions import TracedFunction
from pyflow.ops.script import numpy_function

_PURPOSE = "Dataset.from_generator()"


class _GeneratorState:
    """The generators that iterators are going through, by number."""

    def __init__(self, generator: Callable):
        self._generator = generator
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._arguments: dict[int, tuple] = {}
        self._running: dict[int, Any] = {}

    def begin(self, *args: Any) -> np.ndarray:
        with self._lock:
            number = next(self._numbers)
        self._arguments[number] = args
        return np.array(number, np.int64)

    def next(self, number: Any) -> Any:
        number = int(number)
        if number not in self._running:
            self._running[number] = iter(self._generator(*self._arguments.pop(number)))
        return next(self._running[number])

    def end(self, number: Any) -> np.ndarray:
        self._running.pop(int(number), None)
        self._arguments.pop(int(number), None)
        return np.array(0, np.int64)


def _converted(value: Any, dtype: dtypes.DType) -> np.ndarray:
    if dtype is dtypes.string:
        return np.asarray(array_value(value))
    try:
        array = np.asarray(value, dtype=dtype.as_numpy_dtype)
    except OverflowError:  # the bits that there is room for, as numpy had it
        array = np.asarray(value).astype(dtype.as_numpy_dtype)
    if array.dtype.kind in "SU":
        raise TypeError("strings are no numbers")
    return array


class _Elements:
    """Makes arrays of what a generator yields, and checks them."""

    def __init__(self, state: _GeneratorState, output_types: Any, types: list, shapes: list):
        self._state, self._output_types, self._types, self._shapes = state, output_types, types, shapes

    def next(self, number: Any) -> list:
        """The arrays of the next element of a generator.

        Raises:
          StopIteration: there are no more.
          TypeError, ValueError: it doesn't fit.
        """
        values = self._state.next(number)
        try:
            flat = nest.flatten_up_to(self._output_types, values)
        except (TypeError, ValueError):
            raise TypeError(
                "`generator` yielded an element that did not match the expected structure. The expected structure was "
                f"{self._output_types}, but the yielded element was {values}."
            ) from None
        return [self._array(*part) for part in zip(flat, self._types, self._shapes)]

    def _array(self, value: Any, dtype: dtypes.DType, shape: TensorShape) -> np.ndarray:
        try:
            array = _converted(value, dtype)
        except (TypeError, ValueError):
            raise TypeError(
                "`generator` yielded an element that could not be converted to the expected type. The expected type "
                f"was {dtype.name}, but the yielded element was {value}."
            ) from None
        if not shape.is_compatible_with(array.shape):
            raise ValueError(
                f"`generator` yielded an element of shape {array.shape} where an element of shape {shape} was expected."
            )
        return array


def generated(generator: Callable, output_types: Any, output_shapes: Any, args: Any) -> Any:
    """See `Dataset.from_generator`."""
    from pyflow.data.sources import Sources, made

    if output_shapes is None:
        output_shapes = nest.map_structure(lambda _: TensorShape(None), output_types)
    else:
        output_shapes = nest.map_structure_up_to(output_types, as_shape, output_shapes)
    arguments = () if args is None else tuple(convert_n_to_tensor(args, name="args"))
    types = [dtypes.as_dtype(t) for t in nest.flatten(output_types)]
    shapes = nest.flatten(output_shapes)
    state = _GeneratorState(generator)
    elements = _Elements(state, output_types, types, shapes)

    def get_iterator_id_fn(unused_dummy: Any) -> Any:
        return numpy_function(state.begin, arguments, dtypes.int64)

    def generator_next_fn(iterator_id: Any) -> Any:
        tensors = numpy_function(elements.next, [iterator_id], types)
        for tensor, shape in zip(tensors, shapes):
            tensor.set_shape(shape)
        return nest.pack_sequence_as(output_types, list(tensors))

    def finalize_fn(iterator_id: Any) -> Any:
        return numpy_function(state.end, [iterator_id], dtypes.int64)

    def flat_map_fn(dummy: Any) -> Any:
        first = TracedFunction(get_iterator_id_fn, _PURPOSE, TensorSpec([], dtypes.int32))
        each = TracedFunction(generator_next_fn, _PURPOSE, first.output_structure)
        last = TracedFunction(finalize_fn, _PURPOSE, first.output_structure)
        tensor = raw.GeneratorDataset(
            [dummy, *first.captured],
            each.captured,
            last.captured,
            init_func=first.attr,
            next_func=each.attr,
            finalize_func=last.attr,
            **structure.flat_structure(each.output_structure),
        )
        return made(tensor, each.output_structure)

    # What the functions close over has to live as long as the graph.
    get_default_graph().__dict__.setdefault("_py_funcs_used_in_graph", []).append(elements)
    return Sources.from_tensors(0).flat_map(flat_map_fn)
