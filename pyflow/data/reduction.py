"""Functions that carry a state from element to element."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.type_specs import TensorSpec
from pyflow.data import nest, structure
from pyflow.data.functions import TracedFunction


def traced_with_state(
    trace: Callable[[Any], TracedFunction], state_spec: Any, state_of: Callable[[Any], Any]
) -> tuple[TracedFunction, Any]:
    """A function that returns the next state, traced again for wider shapes until the state keeps its shapes.

    Args:
      trace: traces it for a state of a structure.
      state_of: gives the state's part of what it returns.

    Raises:
      TypeError: the next state is of other dtypes or classes.
    """
    while True:
        function = trace(state_spec)
        new_spec = state_of(function.output_structure)
        _compare("classes", structure.legacy_classes, state_spec, new_spec, issubclass)
        _compare("types", structure.legacy_types, state_spec, new_spec, lambda a, b: a == b)
        old_shapes = nest.flatten(structure.legacy_shapes(state_spec))
        new_shapes = nest.flatten(structure.legacy_shapes(new_spec))
        wider = [old.most_specific_compatible_shape(new) for old, new in zip(old_shapes, new_shapes)]
        if all(old.ndims is None or (w.ndims is not None and old.as_list() == w.as_list())
               for old, w in zip(old_shapes, wider)):  # fmt: skip
            return function, state_spec
        state_spec = structure.convert_legacy_structure(
            structure.legacy_types(state_spec),
            nest.pack_sequence_as(state_spec, wider),
            structure.legacy_classes(state_spec),
        )


def _compare(what: str, of: Callable, expected: Any, actual: Any, fits: Callable) -> None:
    pairs = zip(nest.flatten(of(actual)), nest.flatten(of(expected)))
    if len(nest.flatten(of(actual))) != len(nest.flatten(of(expected))) or not all(fits(a, b) for a, b in pairs):
        raise TypeError(
            f"The element {what} for the new state must match the initial state. Expected {of(expected)}; got "
            f"{of(actual)}."
        )


def reduce(dataset: Any, initial_state: Any, reduce_func: Callable) -> Any:
    """See `Dataset.reduce`."""
    with name_scope("initial_state"):
        initial_state = structure.normalize_element(initial_state)

    def trace(state_spec: Any) -> TracedFunction:
        return TracedFunction(reduce_func, "reduce()", (state_spec, dataset.element_spec), register=False)

    function, spec = traced_with_state(trace, structure.type_spec_from_value(initial_state), lambda returned: returned)
    function.register()
    tensors = raw.ReduceDataset(
        dataset._variant_tensor,
        structure.to_tensor_list(spec, initial_state),
        function.captured,
        f=function.attr,
        **structure.flat_structure(spec),
    )
    return structure.from_compatible_tensor_list(spec, tensors)


def _pair(returned: Any) -> tuple:
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise TypeError("The scan function must return a pair comprising the new state and the output value.")
    return returned


@export("data.experimental.scan", "contrib.data.scan")
def scan(initial_state: Any, scan_func: Callable) -> Callable:
    """To be applied: what a function gives for each element besides the next state.

    Args:
      initial_state: a structure of tensors.
      scan_func: takes a state and an element and returns the next state and a new element.

    Raises:
      TypeError: when applied, if the function returns no such pair, or a state of other dtypes.
    """

    def apply(dataset: Any) -> Any:
        state = structure.normalize_element(initial_state)

        def trace(state_spec: Any) -> TracedFunction:
            spec = (state_spec, dataset.element_spec)
            return TracedFunction(scan_func, "tf.data.experimental.scan()", spec, register=False)

        function, state_spec = traced_with_state(
            trace, structure.type_spec_from_value(state), lambda returned: _pair(returned)[0]
        )
        function.register()
        spec = _pair(function.output_structure)[1]
        tensor = raw.ScanDataset(
            dataset._variant_tensor,
            structure.to_tensor_list(state_spec, state),
            function.captured,
            f=function.attr,
            preserve_cardinality=True,
            **structure.flat_structure(spec),
        )
        return dataset._made(tensor, spec)

    return apply


@export("data.experimental.Reducer", "contrib.data.Reducer")
class Reducer:
    """A state, how it takes elements in, and what it comes to; see `group_by_reducer`."""

    def __init__(self, init_func: Callable, reduce_func: Callable, finalize_func: Callable):
        self._init_func, self._reduce_func, self._finalize_func = init_func, reduce_func, finalize_func

    init_func = property(lambda self: self._init_func, doc="From a key to a state.")
    reduce_func = property(lambda self: self._reduce_func, doc="From a state and an element to the next state.")
    finalize_func = property(lambda self: self._finalize_func, doc="From the last state to an element.")


_BY_REDUCER = "tf.data.experimental.group_by_reducer()"


@export("data.experimental.group_by_reducer", "contrib.data.group_by_reducer")
def group_by_reducer(key_func: Callable, reducer: Reducer) -> Callable:
    """To be applied: one element for each key, made of all elements that have it.

    Args:
      key_func: from an element to an int64 number.
      reducer: makes the element.

    Raises:
      ValueError, TypeError: when applied, if the functions give other things.
    """

    def apply(dataset: Any) -> Any:
        key = TracedFunction(key_func, _BY_REDUCER, dataset.element_spec)
        number = TensorSpec([], dtypes.int64)
        if not structure.are_compatible(key.output_structure, number):
            raise ValueError(
                "`key_func` must return a single tf.int64 tensor. Got type="
                f"{structure.legacy_types(key.output_structure)} and "
                f"shape={structure.legacy_shapes(key.output_structure)}"
            )
        init = TracedFunction(reducer.init_func, _BY_REDUCER, number)

        def trace(state_spec: Any) -> TracedFunction:
            spec = (state_spec, dataset.element_spec)
            return TracedFunction(reducer.reduce_func, _BY_REDUCER, spec, register=False)

        reduced, state_spec = traced_with_state(trace, init.output_structure, lambda returned: returned)
        reduced.register()
        finalize = TracedFunction(reducer.finalize_func, _BY_REDUCER, state_spec)
        spec = finalize.output_structure
        tensor = raw.GroupByReducerDataset(
            dataset._variant_tensor,
            key.captured,
            init.captured,
            reduced.captured,
            finalize.captured,
            key_func=key.attr,
            init_func=init.attr,
            reduce_func=reduced.attr,
            finalize_func=finalize.attr,
            **structure.flat_structure(spec),
        )
        return dataset._made(tensor, spec)

    return apply


@export("contrib.data.reduce_dataset")
def reduce_dataset(dataset: Any, reducer: Reducer) -> Any:
    """What a reducer makes of all elements of a dataset."""
    initial = reducer.init_func(convert_to_tensor(0, dtype=dtypes.int64))
    return reducer.finalize_func(reduce(dataset, initial, reducer.reduce_func))
