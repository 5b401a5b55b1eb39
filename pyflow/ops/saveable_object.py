"""What a Saver saves, as programs may define it: SaveableObject, and the SaveSpecs of its tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyflow.core.tensor import Tensor


class SaveSpec:
    """A tensor to save: how to get it, the slice it is of a larger one ("" for none), and the name to save it under.

    Args:
      tensor: the tensor, or a function that makes it, node by node, each time it is asked for.
      dtype, device: those of the tensor; required with a function.
    """

    def __init__(
        self, tensor: Tensor | Callable[[], Tensor], slice_spec: str, name: str, dtype: Any = None, device: Any = None
    ):
        if isinstance(tensor, Tensor):
            dtype, device = tensor.dtype, tensor.device
        elif dtype is None or device is None:
            raise AssertionError(
                "When passing a callable `tensor` to a SaveSpec, an explicit dtype and device must be provided."
            )
        self._tensor = tensor
        self.slice_spec, self.name, self.dtype, self.device = slice_spec, name, dtype, device

    @property
    def tensor(self) -> Tensor:
        """The tensor to save."""
        return self._tensor if isinstance(self._tensor, Tensor) else self._tensor()


class SaveableObject:
    """Something that a Saver saves as one or more tensors, and restores from them.

    Args:
      op: what is saved, a variable say; no two saveables of a saver may have the same.
      specs: its tensors, all on one device.
      name: the name it is saved under.
    """

    def __init__(self, op: Any, specs: Sequence[SaveSpec], name: str):
        self.op, self.specs, self.name = op, specs, name

    @property
    def optional_restore(self) -> bool:
        """Whether it may be missing in a checkpoint."""
        return False

    @property
    def device(self) -> Any:
        """The device of its tensors."""
        return self.specs[0].device

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Sequence[Any] | None) -> Any:
        """The operation that restores it from tensors with the values of `specs`, to be reshaped when there are shapes.

        Raises:
          ValueError: the class does not define it.
        """
        raise ValueError("Calling an abstract method.")
