"""Where iterators are, in checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflow.core.api import export
from pyflow.core.registry import raw
from pyflow.core.scopes import colocate_with
from pyflow.core.tensor import Tensor
from pyflow.ops.saveable_object import SaveableObject, SaveSpec


class IteratorSaveable(SaveableObject):
    """The position of the iterator behind a handle."""

    def __init__(self, handle: Tensor):
        state = raw.SerializeIterator(handle)
        super().__init__(handle, [SaveSpec(state, "", handle.name + "-state")], handle.name)

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Any) -> Any:
        with colocate_with(self.op):
            return raw.DeserializeIterator(self.op, restored_tensors[0])


@export("data.experimental.make_saveable_from_iterator", "contrib.data.make_saveable_from_iterator")
def make_saveable_from_iterator(iterator: Any) -> SaveableObject:
    """What a Saver saves of an iterator, to be added to the collection `tf.GraphKeys.SAVEABLE_OBJECTS`.

    It is how many elements the iterator has given, and the seeds that shuffling without a seed has drawn. An iterator
    that is restored has to be initialized before, and goes through as many elements of its dataset; so it goes on with
    the same elements, if the functions that the dataset calls and its files are the same.
    """
    return IteratorSaveable(iterator._iterator_resource)
