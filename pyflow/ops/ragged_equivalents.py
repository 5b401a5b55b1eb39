"""What public functions do with ragged tensors, and the operators of these."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pyflow.core.api import PUBLIC
from pyflow.ops import ragged_dispatch as dispatch
from pyflow.ops import ragged_joining as joining
from pyflow.ops import ragged_reductions as reductions
from pyflow.ops import ragged_selection as selection
from pyflow.ops import ragged_strings as strings
from pyflow.ops.ragged_elementwise import binary, unary, unary_of_list
from pyflow.ops.ragged_tensor import RaggedTensor


def _partitioned(data: Any, partitions: Any, num_partitions: Any, name: str | None = None) -> list:
    if not isinstance(num_partitions, int) or num_partitions < 0:
        raise TypeError("num_partitions must be a non-negative integer")
    result = selection.stack_dynamic_partitions(data, partitions, num_partitions, name)
    return [result[i] for i in range(num_partitions)]


# For each function: which takes its place, and which arguments of the former have one of other name there.
_OTHERS: dict[str, tuple[Callable, dict[str, str]]] = {
    "batch_gather": (selection.ragged_batch_gather, {}),
    "concat": (joining.ragged_concat, {}),
    "expand_dims": (joining.ragged_expand_dims, {"dim": "axis"}),
    "gather": (selection.ragged_gather, {}),
    "gather_nd": (selection.ragged_gather_nd, {}),
    "one_hot": (joining.ragged_one_hot, {}),
    "rank": (joining.ragged_rank, {}),
    "size": (joining.ragged_size, {}),
    "squeeze": (joining.ragged_squeeze, {"squeeze_dims": "axis"}),
    "stack": (joining.ragged_stack, {}),
    "tile": (joining.ragged_tile, {}),
    "where": (selection.ragged_where, {}),
    "dynamic_partition": (_partitioned, {}),
    "unsorted_segment_sum": (reductions.segment_sum, {}),
    "unsorted_segment_prod": (reductions.segment_prod, {}),
    "unsorted_segment_min": (reductions.segment_min, {}),
    "unsorted_segment_max": (reductions.segment_max, {}),
    "unsorted_segment_mean": (reductions.segment_mean, {}),
    "unsorted_segment_sqrt_n": (reductions.segment_sqrt_n, {}),
    "strings.reduce_join": (strings.reduce_join, {"reduction_indices": "axis", "keep_dims": "keepdims"}),
    "reduce_sum": (reductions.reduce_sum, {"reduction_indices": "axis", "keep_dims": "keepdims"}),
    "reduce_prod": (reductions.reduce_prod, {"reduction_indices": "axis", "keep_dims": "keepdims"}),
    "reduce_min": (reductions.reduce_min, {"reduction_indices": "axis", "keep_dims": "keepdims"}),
    "reduce_max": (reductions.reduce_max, {"reduction_indices": "axis", "keep_dims": "keepdims"}),
    "reduce_mean": (reductions.reduce_mean, {"reduction_indices": "axis", "keep_dims": "keepdims"}),
    "reduce_any": (reductions.reduce_any, {"reduction_indices": "axis", "keep_dims": "keepdims"}),
    "reduce_all": (reductions.reduce_all, {"reduction_indices": "axis", "keep_dims": "keepdims"}),
}


def find(name: str, function: Callable) -> Callable:
    """What takes the place of a public function when an argument is ragged."""
    if name in _OTHERS:
        return _replacing(function, *_OTHERS[name])
    arity = 2 if name in dispatch.BINARY else 1
    handler = binary if arity == 2 else unary_of_list if name in dispatch.UNARY_OF_LIST else unary
    return _elementwise(function, arity, handler)


def _elementwise(function: Callable, arity: int, handler: Callable) -> Callable:
    names = list(inspect.signature(function).parameters)[:arity]

    def of_ragged(*args: Any, **kwargs: Any) -> Any:
        operands = list(args[:arity])
        operands += [kwargs.pop(name) for name in names[len(operands) :]]
        return handler(function, *operands, args[arity:], kwargs)

    return of_ragged


def _replacing(function: Callable, other: Callable, renamed: dict[str, str]) -> Callable:
    signature = inspect.signature(function)
    known = inspect.signature(other).parameters

    def of_ragged(*args: Any, **kwargs: Any) -> Any:
        given: dict[str, Any] = {}
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            name = renamed.get(name, name)
            if value is not None or name not in given:
                given[name] = value
        return other(**{name: value for name, value in given.items() if name in known})

    return of_ragged


def _operator(name: str, reverse: bool = False) -> Callable:
    def operator(self: RaggedTensor, other: Any) -> Any:
        function = PUBLIC[name]
        return function(other, self) if reverse else function(self, other)

    return operator


for _symbol, _name in (
    ("add", "add"), ("sub", "subtract"), ("mul", "multiply"), ("div", "div"), ("truediv", "truediv"),
    ("floordiv", "floordiv"), ("mod", "floormod"), ("pow", "pow"), ("and", "logical_and"), ("or", "logical_or"),
    ("xor", "logical_xor"),
):  # fmt: skip
    RaggedTensor._override_operator(f"__{_symbol}__", _operator(_name))
    RaggedTensor._override_operator(f"__r{_symbol}__", _operator(_name, reverse=True))
for _symbol, _name in (("lt", "less"), ("le", "less_equal"), ("gt", "greater"), ("ge", "greater_equal")):
    RaggedTensor._override_operator(f"__{_symbol}__", _operator(_name))
for _symbol, _name in (("neg", "negative"), ("abs", "abs"), ("invert", "logical_not")):
    RaggedTensor._override_operator(f"__{_symbol}__", lambda self, name=_name: PUBLIC[name](self))


def _no_truth(self: RaggedTensor) -> bool:
    raise TypeError("RaggedTensor may not be used as a boolean.")


RaggedTensor._override_operator("__bool__", _no_truth)
