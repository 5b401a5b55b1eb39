"""`tf.FIFOQueue` and the other queues, as objects with methods that make their ops.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/queue
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import Any

from pyflow.core import dtypes as _dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.seeds import get_seed
from pyflow.core.shapes import Dimension, TensorShape, as_shape, unknown_shape
from pyflow.ops import queue_ops


def as_type_list(dtypes: Any) -> list:
    """The dtypes of an element's components; a single one stands for one component."""
    return list(dtypes) if isinstance(dtypes, (list, tuple)) else [dtypes]


def as_shape_list(shapes: Any, partial: bool = False) -> list[TensorShape] | None:
    """The shapes of an element's components; a single shape stands for one component.

    Raises:
      TypeError, ValueError: they are no shapes, or not known as far as they have to be.
    """
    if partial and (
        not isinstance(shapes, Sequence) or not shapes or any(s is None or isinstance(s, int) for s in shapes)
    ):
        raise ValueError("When providing partial shapes, a list of shapes must be provided.")
    if shapes is None:
        return None
    if isinstance(shapes, TensorShape):
        shapes = [shapes]
    if not isinstance(shapes, (tuple, list)):
        raise TypeError("shapes must be a TensorShape or a list or tuple of TensorShapes.")
    if all(s is None or isinstance(s, int) for s in shapes):
        shapes = [shapes]
    known = [as_shape(s) for s in shapes]
    if not partial and any(not s.is_fully_defined() for s in known):
        raise ValueError(f"All shapes must be fully defined: {known}")
    if any(s.dims is None for s in known):
        raise ValueError(f"All shapes must have a defined rank: {known}")
    return known


def _as_name_list(names: Any, dtypes: list) -> list | None:
    if names is None:
        return None
    if not isinstance(names, (list, tuple)):
        names = [names]
    if len(names) != len(dtypes):
        raise ValueError("List of names must have the same length as the list of dtypes")
    return list(names)


def _common_shape(a: TensorShape, b: TensorShape) -> TensorShape:
    """What two shapes agree on."""
    if a.ndims is None or a.ndims != b.ndims:
        return unknown_shape()
    return TensorShape([x if x == y else None for x, y in zip(a.as_list(), b.as_list())])


@export("QueueBase", "queue.QueueBase", "io.QueueBase")
class QueueBase:
    """What the queues share: elements go in and come out when ops made by the methods run.

    An element is a tuple of tensors. An op that puts something into a full queue waits, and so does one that takes more
    than there is. A session has queues of its own, as it has variables.

    Args:
      dtypes: the dtypes of an element's components.
      shapes: their shapes, or None for any.
      names: names for them: what is put in and taken out are then dicts.
      queue_ref: the handle.

    Raises:
      ValueError: the lists differ in length.
    """

    def __init__(self, dtypes: Any, shapes: Any, names: Any, queue_ref: Any):
        if shapes is not None and len(shapes) != len(dtypes):
            raise ValueError("Queue shapes must have the same length as dtypes")
        if names is not None and len(names) != len(dtypes):
            raise ValueError("Queue names must have the same length as dtypes")
        self._dtypes = dtypes
        self._shapes = [unknown_shape() for _ in dtypes] if shapes is None else [TensorShape(s) for s in shapes]
        self._names = names
        self._queue_ref = queue_ref
        self._name = queue_ref.op.name.split("/")[-1]

    @staticmethod
    def from_list(index: Any, queues: list[QueueBase]) -> QueueBase:
        """The queue at position `index` (an int32 or int64 of shape ()) of the list.

        Raises:
          TypeError: these are no queues, or the dtypes or names of their components differ.
        """
        if not queues or not isinstance(queues, list) or not all(isinstance(q, QueueBase) for q in queues):
            raise TypeError("A list of queues expected")
        first = queues[0]
        if any(first.dtypes != q.dtypes for q in queues):
            raise TypeError("Queues do not have matching component dtypes.")
        if any(first.names != q.names for q in queues):
            raise TypeError("Queues do not have matching component names.")
        shapes = [functools.reduce(_common_shape, s) for s in zip(*[q.shapes for q in queues])]
        with name_scope("stack") as scope:
            handles = raw.Pack([q.queue_ref for q in queues], name=scope)
        with name_scope("GatherV2") as scope:
            chosen = raw.GatherV2(handles, index, convert_to_tensor(0, name="axis"), name=scope)
        return QueueBase(first.dtypes, shapes, first.names, chosen)

    queue_ref = property(lambda self: self._queue_ref, doc="The handle.")
    name = property(lambda self: self._queue_ref.op.name, doc="The name of the queue's node.")
    dtypes = property(lambda self: self._dtypes, doc="The dtypes of an element's components.")
    shapes = property(lambda self: self._shapes, doc="The static shapes of an element's components.")
    names = property(lambda self: self._names, doc="The names of an element's components, or None.")

    # ---------------------------------------------------------------- putting in

    def _components(self, vals: Any) -> list:
        """The tensors to put in, in the order of the components."""
        if isinstance(vals, dict):
            if not self._names:
                raise ValueError("Queue must have names to enqueue a dictionary")
            if sorted(self._names, key=str) != sorted(vals, key=str):
                raise ValueError(
                    "Keys in dictionary to enqueue do not match names of Queue.  "
                    f"Dictionary: ({sorted(vals)}), Queue: ({sorted(self._names)})"
                )
            vals = [vals[name] for name in self._names]
        elif self._names:
            raise ValueError("You must enqueue a dictionary in a Queue with names")
        elif not isinstance(vals, (list, tuple)):
            vals = [vals]
        return [
            convert_to_tensor(value, dtype=dtype, name=f"component_{i}")
            for i, (value, dtype) in enumerate(zip(vals, self._dtypes))
        ]

    def _op(self, kind: str) -> Any:
        by_handle = self._queue_ref.dtype == _dtypes.resource
        return getattr(raw, f"Queue{kind}V2" if by_handle else f"Queue{kind}")

    def enqueue(self, vals: Any, name: str | None = None) -> Any:
        """The operation that puts one element in.

        Args:
          vals: a tensor for a single component, or a list, tuple or dict of them.

        Raises (when it runs):
          CancelledError: the queue is closed, or the session.
        """
        with name_scope(name, f"{self._name}_enqueue", _values(vals)) as scope:
            tensors = self._components(vals)
            for tensor, shape in zip(tensors, self._shapes):
                tensor.get_shape().assert_is_compatible_with(shape)
            return self._op("Enqueue")(self._queue_ref, tensors, name=scope)

    def enqueue_many(self, vals: Any, name: str | None = None) -> Any:
        """The operation that puts in the rows of tensors, which have equally many, as elements.

        Raises (when it runs):
          CancelledError: the queue is closed, or the session.
        """
        with name_scope(name, f"{self._name}_EnqueueMany", _values(vals)) as scope:
            tensors = self._components(vals)
            count = Dimension(None)
            for i, (tensor, shape) in enumerate(zip(tensors, self._shapes)):
                if i == 0:
                    count = Dimension(_rows(tensor))
                count = count.merge_with(Dimension(_rows(tensor)))
                tensor.get_shape()[1:].assert_is_compatible_with(shape)
            return self._op("EnqueueMany")(self._queue_ref, tensors, name=scope)

    # ---------------------------------------------------------------- taking out

    def _taken(self, tensors: list, leading: list) -> Any:
        for tensor, shape in zip(tensors, self._shapes):
            tensor.set_shape(TensorShape(leading).concatenate(shape))
        if self._names:
            return dict(zip(self._names, tensors))
        return tensors[0] if len(tensors) == 1 else tensors

    def dequeue(self, name: str | None = None) -> Any:
        """One element, taken out: a tensor if it has one component, else a list, or a dict if they have names.

        Raises (when it runs):
          OutOfRangeError: the queue is closed and empty.
          CancelledError: the session is closed.
        """
        tensors = self._op("Dequeue")(self._queue_ref, self._dtypes, name=name or f"{self._name}_Dequeue")
        return self._taken(tensors, [])

    def dequeue_many(self, n: Any, name: str | None = None) -> Any:
        """As `dequeue`, of n elements at once, [n, ...] each.

        Raises (when it runs):
          OutOfRangeError: the queue is closed and has fewer elements.
          CancelledError: the session is closed.
        """
        tensors = self._op("DequeueMany")(self._queue_ref, n, self._dtypes, name=name or f"{self._name}_DequeueMany")
        return self._taken(tensors, [constant_value(tensors[0].op.inputs[1])])

    def dequeue_up_to(self, n: Any, name: str | None = None) -> Any:
        """As `dequeue_many`, but of a closed queue gives what is left, [<= n, ...].

        Raises (when it runs):
          OutOfRangeError: the queue is closed and empty.
          CancelledError: the session is closed.
        """
        tensors = self._op("DequeueUpTo")(self._queue_ref, n, self._dtypes, name=name or f"{self._name}_DequeueUpTo")
        return self._taken(tensors, [None])

    # ---------------------------------------------------------------- the rest

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Any:
        """The operation that closes the queue: nothing goes in any more, and what waits for more elements fails.

        Args:
          cancel_pending_enqueues: whether operations that wait to put something in fail; else they are waited for.
        """
        return self._op("Close")(
            self._queue_ref, cancel_pending_enqueues=cancel_pending_enqueues, name=name or f"{self._name}_Close"
        )

    def is_closed(self, name: str | None = None) -> Any:
        """Whether the queue is closed, bool of shape ()."""
        return self._op("IsClosed")(self._queue_ref, name=name or f"{self._name}_Is_Closed")

    def size(self, name: str | None = None) -> Any:
        """How many elements the queue holds, int32 of shape ()."""
        return self._op("Size")(self._queue_ref, name=name or f"{self._name}_Size")


def _values(vals: Any) -> list:
    if isinstance(vals, dict):
        return list(vals.values())
    return list(vals) if isinstance(vals, (list, tuple)) else [vals]


def _rows(tensor: Any) -> int | None:
    return tensor.get_shape().with_rank_at_least(1).as_list()[0] if tensor.get_shape().ndims is not None else None


@export("RandomShuffleQueue", "queue.RandomShuffleQueue", "io.RandomShuffleQueue")
class RandomShuffleQueue(QueueBase):
    """A queue that gives its elements in random order.

    Args:
      capacity: how many elements it holds at most.
      min_after_dequeue: how many stay in it, so that there is something to choose from, until it is closed.
      dtypes, shapes, names: of the components; `dequeue_many` needs shapes.
      seed: a seed; see `tf.set_random_seed`. What goes in in the same order comes out in the same order.
      shared_name: a name under which all nodes of the session that have it share a queue.
    """

    def __init__(
        self,
        capacity: int,
        min_after_dequeue: int,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        seed: int | None = None,
        shared_name: str | None = None,
        name: str = "random_shuffle_queue",
    ):
        dtypes = as_type_list(dtypes)
        shapes = as_shape_list(shapes)
        names = _as_name_list(names, dtypes)
        seed1, seed2 = get_seed(seed)
        if seed1 is None and seed2 is None:
            seed1, seed2 = 0, 0
        elif seed is None and shared_name is not None:
            # Every node of that name has to ask for the same seeds, however many nodes there are before it.
            digest = hashlib.md5((str(seed1) + shared_name).encode()).hexdigest()
            seed2 = int(digest[:8], 16) & 0x7FFFFFFF
        queue_ref = queue_ops.RandomShuffleQueueV2(
            dtypes, shapes, capacity, min_after_dequeue, seed1, seed2, shared_name=shared_name, name=name
        )
        super().__init__(dtypes, shapes, names, queue_ref)


@export("FIFOQueue", "queue.FIFOQueue")
class FIFOQueue(QueueBase):
    """A queue that gives first what came first.

    Args:
      capacity: how many elements it holds at most.
      dtypes, shapes, names: of the components; `dequeue_many` needs shapes.
      shared_name: a name under which all nodes of the session that have it share a queue.
    """

    def __init__(
        self,
        capacity: int,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        name: str | None = "fifo_queue",
    ):
        dtypes = as_type_list(dtypes)
        shapes = as_shape_list(shapes)
        names = _as_name_list(names, dtypes)
        queue_ref = queue_ops.FIFOQueueV2(dtypes, shapes, capacity, shared_name=shared_name, name=name)
        super().__init__(dtypes, shapes, names, queue_ref)


@export("PaddingFIFOQueue", "queue.PaddingFIFOQueue", "io.PaddingFIFOQueue")
class PaddingFIFOQueue(QueueBase):
    """A queue that gives first what came first; `dequeue_many` pads elements of different shapes with zeros.

    Args:
      capacity: how many elements it holds at most.
      dtypes: of the components.
      shapes: a list with a shape for each; dimensions that are None may vary from element to element.
      names: of the components, or None.
      shared_name: a name under which all nodes of the session that have it share a queue.
    """

    def __init__(
        self,
        capacity: int,
        dtypes: Any,
        shapes: Any,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "padding_fifo_queue",
    ):
        dtypes = as_type_list(dtypes)
        known = as_shape_list(shapes, partial=True) or []
        names = _as_name_list(names, dtypes)
        if len(dtypes) != len(known):
            raise ValueError(
                "Shapes must be provided for all components, "
                f"but received {len(dtypes)} dtypes and {len(known)} shapes."
            )
        queue_ref = queue_ops.PaddingFIFOQueueV2(dtypes, known, capacity, shared_name=shared_name, name=name)
        super().__init__(dtypes, known, names, queue_ref)


@export("PriorityQueue", "queue.PriorityQueue", "io.PriorityQueue")
class PriorityQueue(QueueBase):
    """A queue that gives the element of the least priority first.

    Elements have one more component, the first: the priority, int64 of shape ().

    Args:
      capacity: how many elements it holds at most.
      types, shapes: of the other components.
      names: of all components, or None.
      shared_name: a name under which all nodes of the session that have it share a queue.
    """

    def __init__(
        self,
        capacity: int,
        types: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "priority_queue",
    ):
        types = as_type_list(types)
        shapes = as_shape_list(shapes)
        if shapes is None:
            raise TypeError("Expected list for 'shapes' argument to 'priority_queue_v2' Op, not None.")
        queue_ref = queue_ops.PriorityQueueV2(shapes, types, capacity, shared_name=shared_name, name=name)
        with_priority: Any = [(), *shapes] if shapes else shapes
        super().__init__([_dtypes.int64, *types], with_priority, names, queue_ref)
