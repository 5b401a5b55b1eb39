"""Elements grouped by a key, and put into buckets by their length."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.type_specs import TensorSpec
from pyflow.data import nest, structure
from pyflow.data.functions import TracedFunction
from pyflow.ops.array_selection import where
from pyflow.ops.checks import assert_less
from pyflow.ops.constant import constant
from pyflow.ops.reduce_functions import reduce_min

_PURPOSE = "tf.data.experimental.group_by_window()"


@export("data.experimental.group_by_window", "contrib.data.group_by_window")
def group_by_window(
    key_func: Callable, reduce_func: Callable, window_size: Any = None, window_size_func: Callable | None = None
) -> Callable:
    """To be applied: the elements of the datasets made of so and so many consecutive elements with one key.

    Args:
      key_func: from an element to a number, int64.
      reduce_func: from a key and a dataset of elements with that key to a dataset.
      window_size: how many elements of a key at most make a dataset.
      window_size_func: or a function from a key to that number.

    Raises:
      ValueError: both or neither of the last two are given; when applied, if `key_func` gives no number.
      TypeError: when applied, if `reduce_func` gives no dataset.
    """
    if (window_size is not None) == (window_size_func is not None):
        raise ValueError("Must pass either window_size or window_size_func.")

    def the_same_size(unused_key: Any) -> Any:
        return window_size

    size_func = window_size_func or the_same_size

    def key_func_wrapper(*element: Any) -> Any:
        return convert_to_tensor(key_func(*element), dtype=dtypes.int64)

    def window_size_func_wrapper(key: Any) -> Any:
        return convert_to_tensor(size_func(key), dtype=dtypes.int64)

    def apply(dataset: Any) -> Any:
        from pyflow.data.dataset import DatasetSpec

        number = TensorSpec([], dtypes.int64)
        size = TracedFunction(window_size_func_wrapper, _PURPOSE, number)
        if not structure.are_compatible(size.output_structure, number):
            raise ValueError("`window_size_func` must return a single tf.int64 scalar tensor.")
        key = TracedFunction(key_func_wrapper, _PURPOSE, dataset.element_spec)
        if not structure.are_compatible(key.output_structure, number):
            raise ValueError("`key_func` must return a single tf.int64 scalar tensor.")
        reduced = TracedFunction(reduce_func, _PURPOSE, (number, DatasetSpec(dataset.element_spec)))
        if not isinstance(reduced.output_structure, DatasetSpec):
            raise TypeError("`reduce_func` must return a `Dataset` object.")
        spec = reduced.output_structure._element_spec
        tensor = raw.GroupByWindowDataset(
            dataset._variant_tensor,
            key.captured,
            reduced.captured,
            size.captured,
            key_func=key.attr,
            reduce_func=reduced.attr,
            window_size_func=size.attr,
            **structure.flat_structure(spec),
        )
        return dataset._made(tensor, spec)

    return apply


@export("data.experimental.bucket_by_sequence_length", "contrib.data.bucket_by_sequence_length")
def bucket_by_sequence_length(
    element_length_func: Callable,
    bucket_boundaries: Any,
    bucket_batch_sizes: Any,
    padded_shapes: Any = None,
    padding_values: Any = None,
    pad_to_bucket_boundary: bool = False,
    no_padding: bool = False,
    drop_remainder: Any = False,
) -> Callable:
    """To be applied: batches of elements of similar length, filled up to one length.

    Args:
      element_length_func: from an element to its length, int32.
      bucket_boundaries: increasing lengths; a bucket has those from one boundary to before the next.
      bucket_batch_sizes: the size of a batch of each bucket, one more than there are boundaries.
      padded_shapes: as of `Dataset.padded_batch`; by default the elements' own.
      padding_values: as of `Dataset.padded_batch`.
      pad_to_bucket_boundary: whether unknown dimensions get as long as the bucket allows; no element may then be
        longer than the last boundary allows.
      no_padding: whether elements are only stacked.
      drop_remainder: whether smaller batches at the end are left out.

    Raises:
      ValueError: there is not one more batch size than boundaries.
    """
    with name_scope("bucket_by_seq_length"):
        if len(bucket_batch_sizes) != len(bucket_boundaries) + 1:
            raise ValueError("len(bucket_batch_sizes) must equal len(bucket_boundaries) + 1")
        sizes = constant(bucket_batch_sizes, dtype=dtypes.int64)
        limits = np.iinfo(np.int32)
        lowest = [limits.min, *bucket_boundaries]
        highest = [*bucket_boundaries, limits.max]

        def element_to_bucket_id(*element: Any) -> Any:
            length = element_length_func(*element)
            within = raw.LogicalAnd(raw.LessEqual(lowest, length), raw.Less(length, highest))
            return reduce_min(where(within))

        def window_size_fn(bucket: Any) -> Any:
            return sizes[bucket]

        def longest(bucket: Any) -> Any:
            """The length that elements of a bucket are filled up to."""
            message = "When pad_to_bucket_boundary=True, elements must have length < max(bucket_boundaries)."
            last = constant(len(bucket_batch_sizes) - 1, dtype=dtypes.int64)
            with control_dependencies([assert_less(bucket, last, message=message)]):
                return constant(bucket_boundaries, dtype=dtypes.int64)[bucket] - 1

        def batching_fn(bucket: Any, group: Any) -> Any:
            size = window_size_fn(bucket)
            if no_padding:
                return group.batch(size, drop_remainder=drop_remainder)
            filler = longest(bucket) if pad_to_bucket_boundary else None
            given = padded_shapes or structure.legacy_shapes(group.element_spec)
            shapes = [
                [filler if d is None else d for d in TensorShape(shape).as_list()] for shape in nest.flatten(given)
            ]
            target = nest.pack_sequence_as(given, shapes)
            return group.padded_batch(size, target, padding_values, drop_remainder=drop_remainder)

        def apply(dataset: Any) -> Any:
            return dataset.apply(group_by_window(element_to_bucket_id, batching_fn, window_size_func=window_size_fn))

        return apply
