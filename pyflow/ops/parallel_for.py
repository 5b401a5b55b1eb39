"""A function of each round's number, or of each element, with the results stacked.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/vectorized_map
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.function_graph import FunctionGraph
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_gather import gather
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.tensor_array import TensorArray
from pyflow.ops.while_loop import while_loop


def for_loop(loop_fn: Callable, loop_fn_dtypes: Any, iters: Any, parallel_iterations: int | None = None) -> Any:
    """What `loop_fn(i)` gives for each i in range(iters), stacked, in its structure.

    Args:
      loop_fn: a function of a scalar int32 tensor.
      loop_fn_dtypes: the dtypes of its results, in their structure.
      iters: a number, or a scalar tensor.
      parallel_iterations: how many rounds may run at once.

    Raises:
      ValueError: `loop_fn` gives another number of tensors.
    """
    flat_dtypes = nest.flatten(loop_fn_dtypes)

    def body(i: Tensor, *arrays: TensorArray) -> tuple:
        results = nest.flatten(loop_fn(i))
        if len(results) != len(flat_dtypes):
            raise ValueError(
                f"Number of expected outputs, {len(flat_dtypes)}, does not match the number of actual outputs, "
                f"{len(results)}, from loop_fn"
            )
        return i + 1, *(array.write(i, result) for array, result in zip(arrays, results))

    arrays = [TensorArray(dtype.base_dtype, iters) for dtype in flat_dtypes]
    extra = {} if parallel_iterations is None else {"parallel_iterations": parallel_iterations}
    _, *arrays = while_loop(lambda i, *_: i < iters, body, [convert_to_tensor(0), *arrays], **extra)
    return nest.pack_sequence_as(loop_fn_dtypes, [array.stack() for array in arrays])


def pfor(loop_fn: Callable, iters: Any, parallel_iterations: int | None = None) -> Any:
    """`for_loop` of a function whose dtypes it finds itself.

    Rounds run one after the other; TensorFlow makes one op for all rounds of each op, which gives the same values but
    draws other random numbers.

    Raises:
      ValueError: `parallel_iterations` is 1.
    """
    if parallel_iterations == 1:
        raise ValueError("Found parallel_iterations == 1. Use for_loop instead.")
    first = _first_round(loop_fn)
    dtypes_found = [tensor.dtype for tensor in nest.flatten(first)]
    stacked = nest.flatten(for_loop(loop_fn, nest.pack_sequence_as(first, dtypes_found), iters))
    if parallel_iterations is None:
        count = constant_value(iters) if isinstance(iters, Tensor) else iters
        for tensor in stacked:
            tensor.set_shape(TensorShape([count]).concatenate(tensor.shape[1:]))
    return nest.pack_sequence_as(first, stacked)


def _first_round(loop_fn: Callable) -> Any:
    """What the function gives, for its structure and dtypes: it is called in a graph of its own, which is let go."""
    with FunctionGraph("pfor").as_default():
        return nest.map_structure(convert_to_tensor, loop_fn(convert_to_tensor(0)))


@export("vectorized_map")
def vectorized_map(fn: Callable, elems: Any) -> Any:
    """`fn` of each element of `elems` along their first axis, stacked, in its structure.

    Args:
      fn: a function of a structure like `elems`, of one element each.
    """
    flat = [convert_to_tensor(each) for each in nest.flatten(elems)]
    count = flat[0].shape.dims[0].value if flat[0].shape.dims else None
    size = shape_of(flat[0])[0] if count is None else count
    return pfor(lambda i: fn(nest.pack_sequence_as(elems, [gather(each, i) for each in flat])), size)
