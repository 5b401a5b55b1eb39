"""tf.GradientTape in graph mode, where the graph itself is the record of what was computed.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/GradientTape
"""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

from pyflow.autodiff import UnconnectedGradients, gradients
from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.tensor_array import TensorArray
from pyflow.ops.variable_base import Variable
from pyflow.ops.while_loop import while_loop


@export("GradientTape")
class GradientTape:
    """`with tf.GradientTape() as tape:` for gradients of what is computed in the block.

    Args:
      persistent: whether `gradient` may be called more than once.
      watch_accessed_variables: has no effect: every variable of the graph can be differentiated by.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True):
        del watch_accessed_variables
        self._persistent = persistent
        self._used = False
        self._recording = False
        self._watched: list[Any] = []

    def __enter__(self) -> GradientTape:
        if self._recording:
            raise ValueError("Tape is already recording.")
        self._recording = True
        return self

    def __exit__(self, *exc: Any) -> None:
        self._recording = False

    def watch(self, tensor: Any) -> None:
        """Says that gradients by a tensor, or by those of a structure, will be asked for."""
        self._watched += nest.flatten(tensor)

    @contextlib.contextmanager
    def stop_recording(self) -> Iterator[None]:
        """A block that is not recorded. Gradients flow through what is computed in it all the same."""
        if not self._recording:
            raise ValueError("Tape is not recording.")
        yield

    def reset(self) -> None:
        """Forgets what was watched."""
        self._watched = []
        self._used = False

    def watched_variables(self) -> tuple:
        """The variables among what was watched."""
        return tuple(x for x in self._watched if isinstance(x, Variable))

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
    ) -> Any:
        """The gradients of the sum of `target` by each of `sources`, in their structure.

        Raises:
          RuntimeError: it is called a second time on a tape that is not persistent.
        """
        self._use()
        found = gradients(
            nest.flatten(target),
            nest.flatten(sources),
            grad_ys=None if output_gradients is None else nest.flatten(output_gradients),
            unconnected_gradients=unconnected_gradients,
        )
        return nest.pack_sequence_as(sources, found)

    def _use(self) -> None:
        if self._used and not self._persistent:
            raise RuntimeError("GradientTape.gradient can only be called once on non-persistent tapes.")
        self._used = True

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The derivatives of each element of `target` by each of `sources`: of shape target.shape + source.shape.

        Args:
          parallel_iterations, experimental_use_pfor: have no effect.
        """
        self._use()
        target = convert_to_tensor(target)
        flat = raw.Reshape(target, [-1])
        found = [_rows(flat, x, unconnected_gradients) for x in nest.flatten(sources)]
        shaped = [None if rows is None else _with_shape_of(rows, target) for rows in found]
        return nest.pack_sequence_as(sources, shaped)

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The derivatives of each row of `target` by the same row of `source`: [batch, ...target, ...source].

        Raises:
          ValueError: the two have not the same number of rows.
        """
        self._use()
        target, value = convert_to_tensor(target), convert_to_tensor(source)
        rows = target.shape[:1].is_compatible_with(value.shape[:1])
        if not rows:
            raise ValueError(f"Need first dimension of target shape ({target.shape}) and source shape "
                             f"({value.shape}) to match.")  # fmt: skip
        batch = raw.Shape(target)
        size = raw.StridedSlice(batch, [0], [1], [1], shrink_axis_mask=1)
        by_row = raw.Transpose(raw.Reshape(target, raw.Pack([size, -1])), [1, 0])
        columns = _rows(by_row, source, unconnected_gradients)
        if columns is None:
            return None
        rank = value.shape.ndims
        if rank is None:
            raise NotImplementedError("batch_jacobian of a source of unknown rank")
        moved = raw.Transpose(columns, [1, 0, *range(2, rank + 1)])
        rest = raw.StridedSlice(raw.Shape(value), [1], [0], [1], end_mask=1)
        result = raw.Reshape(moved, raw.ConcatV2([batch, rest], 0))
        result.set_shape(target.shape.concatenate(value.shape[1:]))
        return result


def _rows(flat: Tensor, source: Any, unconnected_gradients: Any) -> Tensor | None:
    """The gradients of each element, or row, of a tensor by a source, stacked."""
    if gradients(flat, source, unconnected_gradients=unconnected_gradients)[0] is None:
        return None
    value = convert_to_tensor(source)
    size = raw.StridedSlice(raw.Shape(flat), [0], [1], [1], shrink_axis_mask=1)

    def body(i: Tensor, rows: TensorArray) -> tuple:
        element = raw.StridedSlice(flat, [i], [i + 1], [1], shrink_axis_mask=1)
        gradient = gradients(element, source)[0]
        return i + 1, rows.write(i, raw.ZerosLike(value) if gradient is None else gradient)

    _, rows = while_loop(lambda i, _: i < size, body, [convert_to_tensor(0), TensorArray(value.dtype, size)])
    stacked = rows.stack()
    stacked.set_shape(TensorShape([None]).concatenate(value.shape))
    return stacked


def _with_shape_of(rows: Tensor, target: Tensor) -> Tensor:
    rest = raw.StridedSlice(raw.Shape(rows), [1], [0], [1], end_mask=1)
    result = raw.Reshape(rows, raw.ConcatV2([raw.Shape(target), rest], 0))
    result.set_shape(target.shape.concatenate(rows.shape[1:]))
    return result
