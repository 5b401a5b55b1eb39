"""Batches of elements that are filled up to one shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.constants import constant_value, constant_value_as_shape
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.type_specs import SparseTensorSpec
from pyflow.data import nest, structure


def padded_batch(dataset: Any, batch_size: Any, padded_shapes: Any, padding_values: Any, drop_remainder: Any) -> Any:
    """See `Dataset.padded_batch`."""
    spec = dataset.element_spec
    if any(isinstance(s, SparseTensorSpec) for s in nest.flatten(spec)):
        raise TypeError("Batching of padded sparse tensors is not currently supported")
    size = convert_to_tensor(batch_size, dtype=dtypes.int64, name="batch_size")
    types, shapes = structure.legacy_types(spec), structure.legacy_shapes(spec)
    if padding_values is None:
        padding_values = nest.map_structure(_zero, types)
    given = nest.flatten_up_to(shapes, padded_shapes)
    targets = [shape_tensor(target, shape) for target, shape in zip(given, nest.flatten(shapes))]
    paddings = [
        _padding_tensor(value, dtype)
        for value, dtype in zip(nest.flatten_up_to(shapes, padding_values), nest.flatten(types))
    ]
    drop = convert_to_tensor(drop_remainder, dtype=dtypes.bool, name="drop_remainder")
    known = constant_value(size) if constant_value(drop) else None
    leading = [None if known is None else int(known)]
    batch_shapes = [TensorShape(leading).concatenate(constant_value_as_shape(t)) for t in targets]
    batch_spec = structure.convert_legacy_structure(
        types, nest.pack_sequence_as(shapes, batch_shapes), structure.legacy_classes(spec)
    )
    flat_shapes = structure.get_flat_tensor_shapes(batch_spec)
    tensor = raw.PaddedBatchDatasetV2(dataset._variant_tensor, size, targets, paddings, drop, output_shapes=flat_shapes)
    return dataset._made(tensor, batch_spec)


def _zero(dtype: Any) -> Any:
    base = dtypes.as_dtype(dtype).base_dtype
    if base is dtypes.string:
        return ""
    if base is dtypes.variant:
        raise TypeError(
            f"Unable to create padding for field of type 'variant' because t.base_type == dtypes.variant == {base}."
        )
    return np.zeros((), base.as_numpy_dtype)


def shape_tensor(target: Any, shape: Any = None) -> Any:
    """A shape as a tensor, int64, with -1 for what is unknown.

    Raises:
      TypeError, ValueError: it is no shape, or too small for what shall be filled up to it.
    """
    try:
        known = as_shape(target)
        result = convert_to_tensor([-1 if d is None else d for d in known.as_list()], dtype=dtypes.int64)
    except (TypeError, ValueError):
        result = convert_to_tensor(target, preferred_dtype=dtypes.int64)
        if result.shape.ndims is not None and result.shape.ndims != 1:
            raise ValueError(
                f"Padded shape {target} must be a 1-D tensor of tf.int64 values, but its shape was {result.shape}."
            ) from None
        if result.dtype != dtypes.int64:
            raise TypeError(
                f"Padded shape {target} must be a 1-D tensor of tf.int64 values, but its element type was "
                f"{result.dtype.name}."
            ) from None
        known = constant_value_as_shape(result)
    if shape is not None and not _fits(known, shape):
        raise ValueError(
            f"The padded shape {known} is not compatible with the corresponding input component shape {shape}."
        )
    return result


def _fits(target: TensorShape, shape: TensorShape) -> bool:
    if target.ndims is None or shape.ndims is None:
        return True
    if target.ndims != shape.ndims:
        return False
    return not any(t is not None and s is not None and t < s for t, s in zip(target.as_list(), shape.as_list()))


def _padding_tensor(value: Any, dtype: Any) -> Any:
    value = convert_to_tensor(value, name="padding_value")
    if not value.shape.is_compatible_with(TensorShape([])):
        raise ValueError(f"Padding value should be a scalar, but is not: {value}")
    if value.dtype != dtype:
        raise TypeError(f"Padding value tensor ({value}) does not match output type: {dtype}")
    return value
