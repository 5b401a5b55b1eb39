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
from pyflow.core.tensor import Tensor
from pyflow.ops.jacobians import batch_jacobian, jacobian
from pyflow.ops.variable_base import Variable


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
        """Says that gradients by a tensor, or by those of a structure, will be asked for.

        Raises:
          ValueError: something is neither tensor nor variable.
        """
        for item in nest.flatten(tensor):
            if not isinstance(item, (Tensor, Variable)):
                raise ValueError(f"Passed in object of type {type(item)}, not tf.Tensor")
            self._watched.append(item)

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
          unconnected_gradients: "zero" for zeros by what the target doesn't depend on, in place of None.
          parallel_iterations: how many elements may be differentiated at once.
          experimental_use_pfor: has no effect.
        """
        self._use()
        found = jacobian(target, sources, experimental_use_pfor, parallel_iterations)
        if UnconnectedGradients(unconnected_gradients) == UnconnectedGradients.NONE:
            return found
        pairs = zip(nest.flatten(found), nest.flatten(sources))
        filled = [_no_derivatives(target, source) if rows is None else rows for rows, source in pairs]
        return nest.pack_sequence_as(sources, filled)

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
        if not target.shape[:1].is_compatible_with(value.shape[:1]):
            raise ValueError(f"Need first dimension of target shape ({target.shape}) and source shape "
                             f"({value.shape}) to match.")  # fmt: skip
        return batch_jacobian(target, source, experimental_use_pfor, parallel_iterations)


def _no_derivatives(target: Any, source: Any) -> Tensor:
    sizes, value = raw.Shape(convert_to_tensor(target)), convert_to_tensor(source)
    return raw.Fill(raw.ConcatV2([sizes, raw.Shape(value)], 0), raw.Cast(0, DstT=value.dtype))
