"""Batches as transformations to be applied: `tf.data.experimental` and what `tf.contrib.data` had before."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value, constant_value_as_shape
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.core.type_specs import SparseTensorSpec
from pyflow.data import nest, structure
from pyflow.data.functions import TracedFunction
from pyflow.data.padded import shape_tensor
from pyflow.data.transformations import int64

Transformation = Callable[[Any], Any]


@export("contrib.data.batch_and_drop_remainder")
def batch_and_drop_remainder(batch_size: Any) -> Transformation:
    """To be applied: `Dataset.batch` without a smaller batch at the end."""
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


@export("contrib.data.padded_batch_and_drop_remainder")
def padded_batch_and_drop_remainder(batch_size: Any, padded_shapes: Any, padding_values: Any = None) -> Transformation:
    """To be applied: `Dataset.padded_batch` without a smaller batch at the end."""
    return lambda dataset: dataset.padded_batch(batch_size, padded_shapes, padding_values, drop_remainder=True)


@export("data.experimental.unbatch", "contrib.data.unbatch")
def unbatch() -> Transformation:
    """To be applied: `Dataset.unbatch`."""
    return lambda dataset: dataset.unbatch()


@export("data.experimental.map_and_batch", "contrib.data.map_and_batch")
def map_and_batch(
    map_func: Callable,
    batch_size: Any,
    num_parallel_batches: int | None = None,
    drop_remainder: Any = False,
    num_parallel_calls: Any = None,
) -> Transformation:
    """To be applied: `Dataset.map` and `Dataset.batch` in one.

    Args:
      num_parallel_batches: how many batches are worked on at once.
      num_parallel_calls: or how many elements; by default one batch.

    Raises:
      ValueError: both are given.
    """
    if num_parallel_batches is None and num_parallel_calls is None:
        num_parallel_calls = batch_size
    elif num_parallel_batches is not None and num_parallel_calls is None:
        num_parallel_calls = batch_size * num_parallel_batches
    elif num_parallel_batches is not None and num_parallel_calls is not None:
        raise ValueError("The `num_parallel_batches` and `num_parallel_calls` arguments are mutually exclusive.")

    def apply(dataset: Any) -> Any:
        function = TracedFunction(map_func, "tf.data.experimental.map_and_batch()", dataset.element_spec)
        size = int64(batch_size, "batch_size")
        calls = int64(num_parallel_calls, "num_parallel_calls")
        drop = convert_to_tensor(drop_remainder, dtype=dtypes.bool, name="drop_remainder")
        known = constant_value(size) if constant_value(drop) else None
        spec = structure.batched(function.output_structure, None if known is None else int(known))
        tensor = raw.MapAndBatchDataset(
            dataset._variant_tensor,
            function.captured,
            size,
            calls,
            drop,
            f=function.attr,
            preserve_cardinality=True,
            **structure.flat_structure(spec),
        )
        return dataset._made(tensor, spec)

    return apply


@export("data.experimental.map_and_batch_with_legacy_function")
def map_and_batch_with_legacy_function(
    map_func: Callable,
    batch_size: Any,
    num_parallel_batches: int | None = None,
    drop_remainder: Any = False,
    num_parallel_calls: Any = None,
) -> Transformation:
    """`map_and_batch`."""
    return map_and_batch(map_func, batch_size, num_parallel_batches, drop_remainder, num_parallel_calls)


@export("data.experimental.dense_to_sparse_batch", "contrib.data.dense_to_sparse_batch")
def dense_to_sparse_batch(batch_size: Any, row_shape: Any) -> Transformation:
    """To be applied: sparse tensors with elements of different shapes as rows.

    Args:
      row_shape: what the shapes have to fit into; a dimension None or -1 is as long as the longest in the batch.

    Raises:
      TypeError: when applied, if an element is more than one tensor.
    """

    def apply(dataset: Any) -> Any:
        spec = dataset.element_spec
        if nest.is_sequence(spec):
            raise TypeError(f"DenseToSparseDataset expects a single component, got {spec}.")
        shape = shape_tensor(row_shape if isinstance(row_shape, Tensor) else TensorShape(row_shape))
        batch_spec = SparseTensorSpec(TensorShape([None]).concatenate(constant_value_as_shape(shape)), spec.dtype)
        tensor = raw.DenseToSparseBatchDataset(
            dataset._variant_tensor,
            int64(batch_size, "batch_size"),
            shape,
            **structure.flat_structure(batch_spec),
        )
        return dataset._made(tensor, batch_spec)

    return apply


@export("contrib.data.sliding_window_batch")
def sliding_window_batch(
    window_size: Any, stride: Any = None, window_shift: Any = None, window_stride: Any = 1
) -> Transformation:
    """To be applied: batches of `window_size` elements, each batch `window_shift` elements later than the one before.

    Args:
      stride: an older name of `window_shift`.
      window_stride: the distance of a batch's elements.

    Raises:
      ValueError: both names are given.
    """
    if stride is not None and window_shift is not None:
        raise ValueError("Cannot specify both `stride` and `window_shift`")
    shift = next((s for s in (window_shift, stride) if s is not None), 1)

    def apply(dataset: Any) -> Any:
        windows = dataset.window(window_size, shift, window_stride, drop_remainder=True)

        def batch(*parts: Any) -> Any:
            from pyflow.data.sources import Sources

            flat = [part.batch(window_size) for part in nest.flatten(parts)]
            packed = nest.pack_sequence_as(parts, flat)
            return flat[0] if len(flat) == 1 and not nest.is_sequence(dataset.element_spec) else Sources.zip(packed)

        return windows.flat_map(batch)

    return apply


@export("contrib.data.assert_element_shape")
def assert_element_shape(expected_shapes: Any) -> Transformation:
    """To be applied: a dataset whose elements are known, and at run time checked, to have certain shapes.

    Raises:
      ValueError: when applied, if they cannot have them.
      InvalidArgumentError: at run time, if they haven't.
    """

    def apply(dataset: Any) -> Any:
        def check(*element: Any) -> Any:
            parts = element[0] if len(element) == 1 else element
            shapes = nest.flatten_up_to(structure.legacy_shapes(dataset.element_spec), expected_shapes)
            checked = [ensured(part, shape) for part, shape in zip(nest.flatten(parts), shapes)]
            return nest.pack_sequence_as(parts, checked)

        return dataset.map(check)

    return apply


def ensured(tensor: Any, shape: Any) -> Any:
    """A tensor of which it is checked at run time that it has a shape."""
    shape = TensorShape(shape)
    if not shape.is_compatible_with(tensor.shape):
        raise ValueError(f"Shapes {tensor.shape} and {shape} are not compatible")
    if shape.is_fully_defined() and shape.ndims:
        from pyflow.contrib.framework_shapes import with_shape  # contrib is loaded when it is used

        return with_shape(shape.as_list(), tensor)
    return raw.EnsureShape(tensor, shape=shape)
