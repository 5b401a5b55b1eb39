"""Arrays written during a beam search, sorted as the beams are in the end."""

from __future__ import annotations

from typing import Any

from pyflow.core.convert import constant_value
from pyflow.core.dtypes import int32
from pyflow.core.scopes import control_dependencies
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape, transpose
from pyflow.ops.array_batches import gather_nd
from pyflow.ops.array_grid import sequence_mask
from pyflow.ops.array_joining import stack
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import shape
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.comparison import LogicalAnd as logical_and
from pyflow.ops.comparison import LogicalOr as logical_or
from pyflow.ops.comparison import equal
from pyflow.ops.gather_tree import GatherTree
from pyflow.ops.messages import Assert
from pyflow.ops.ranges import range as range_of
from pyflow.ops.reduce_functions import reduce_max
from pyflow.ops.tensor_array import TensorArray
from pyflow.platform import logging

_WORDS = "Consider setting reorder_tensor_arrays to False to disable TensorArray reordering during the beam search."


def check_ndims(t: Tensor) -> None:
    """Raises ValueError if the rank of a tensor is not known."""
    if t.shape.ndims is None:
        raise ValueError(f"Expected tensor ({t}) to have known rank, but ndims == None.")


def reordered_array(t: Any, parent_ids: Tensor, lengths: Tensor, batch_size: Any, beam_width: int) -> Any:
    """A `TensorArray` as a tensor [time, batch, ...] in the order of the beams; anything else as it is.

    An array whose elements cannot be such is left alone, with a warning.
    """
    if not isinstance(t, TensorArray):
        return t
    if t.element_shape.ndims is None or t.element_shape.ndims < 1:
        logging.warn(
            f"The TensorArray {t.handle.name} in the cell state is not amenable to sorting based on the beam search "
            "result. For a TensorArray to be sorted, its elements shape must be defined and have at least a rank of 1, "
            f"but saw shape: {t.element_shape}"
        )
        return t
    if not _may_be_sorted(t.element_shape, constant_value(batch_size), beam_width):
        return t
    stacked = t.stack()
    with control_dependencies([_assertion(stacked, batch_size, beam_width)]):
        return gather_tree_from_array(stacked, parent_ids, lengths)


def _may_be_sorted(element_shape: TensorShape, batch_size: Any, beam_width: int) -> bool:
    rows, *others = element_shape.as_list()
    if batch_size is None or rows is None:
        return True
    merged = rows == batch_size * beam_width
    if merged and (not others or others[0] is None or [rows, others[0]] == [batch_size, beam_width]):
        return True
    logging.warn(
        "TensorArray reordering expects elements to be reshapable to "
        f"{TensorShape([int(batch_size), beam_width, None])} which is incompatible with the current shape "
        f"{element_shape}. {_WORDS}"
    )
    return False


def _assertion(t: Tensor, batch_size: Any, beam_width: int) -> Any:
    words = (
        "TensorArray reordering expects elements to be reshapable to [batch_size, beam_size, -1] which is incompatible "
        f"with the dynamic shape of {t.name} elements. {_WORDS}"
    )
    sizes = shape(t)
    merged = equal(sizes[1], batch_size * beam_width)
    if t.shape.ndims == 2:
        return Assert(merged, [words])
    split = logical_and(equal(sizes[1], batch_size), equal(sizes[2], beam_width))
    return Assert(logical_or(merged, split), [words])


def gather_tree_from_array(t: Tensor, parent_ids: Tensor, sequence_length: Tensor) -> Tensor:
    """What belongs to the beams of the last step, of a tensor [time, batch, beam, ...] or [time, batch · beam, ...].

    Args:
      parent_ids: int32 [time, batch, beam].
      sequence_length: [batch, beam].
    """
    sizes = [known or shape(parent_ids)[i] for i, known in enumerate(parent_ids.shape.as_list())]
    times, batches, beams = sizes
    beam_ids = expand_dims(expand_dims(range_of(beams), 0), 0)
    beam_ids = tile(beam_ids, [times, batches, 1])
    longest = cast(reduce_max(sequence_length, axis=1), int32)
    sorted_ids = GatherTree(beam_ids, parent_ids, longest, beams + 1)
    inside = transpose(sequence_mask(sequence_length, maxlen=times), perm=[2, 0, 1])
    sorted_ids = where(inside, sorted_ids, beam_ids)
    at_time = tile(reshape(range_of(times), [-1, 1, 1]), [1, batches, beams])
    of_batch = tile(reshape(range_of(batches), [-1, 1, 1]), [1, times, beams])
    of_batch = transpose(of_batch, perm=[1, 0, 2])
    indices = stack([at_time, of_batch, sorted_ids], -1)
    final_shape = shape(t)
    rows = reshape(t, [times, batches, beams, -1])
    return reshape(gather_nd(rows, indices), final_shape)
