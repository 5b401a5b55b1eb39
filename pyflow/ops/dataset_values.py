"""What flows through tensors of dtype variant that stand for datasets, and how one is iterated over.

A `DatasetValue` is a description. `iterator(run)` starts going through it: `Elements`, whose items are lists with an
array for each component. `take` and `rows` get many at a time. Where the elements of a dataset are made of something
smaller in the same way (`form`), as the rows of arrays are of their positions and strings of bytes, only that is moved
about, and a batch is made at once.
"""

from __future__ import annotations

import secrets
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.registry import NOT_DIFFERENTIABLE, OpDef, attr, op
from pyflow.ops.dataset_stacking import Batch
from pyflow.ops.philox import PhiloxState

INFINITE, UNKNOWN = -1, -2

TYPES, SHAPES = attr("list(type)", minimum=1), attr("list(shape)", minimum=1)
TYPED = {"output_types": TYPES, "output_shapes": SHAPES}
FUNCTION, TYPE_LIST = attr("func"), attr("list(type)")


class Words:
    """Random 32-bit words, one after the other, from two seeds."""

    _BLOCKS = 1024

    def __init__(self, seed: int, seed2: int):
        self.seeds = seed, seed2
        self._state = PhiloxState(seed, seed2)
        self._words = np.empty(0, np.uint32)
        self._used = 0

    def take(self, count: int) -> np.ndarray:
        """The next `count` words, uint32."""
        left = len(self._words) - self._used
        if left < count:
            blocks = max(-(-(count - left) // 4), min(4 + len(self._words), self._BLOCKS))
            fresh = self._state.reserve(blocks).words(4 * blocks)
            self._words, self._used = np.concatenate([self._words[self._used :], fresh]), 0
        self._used += count
        return self._words[self._used - count : self._used]

    def one(self) -> int:
        """The next word."""
        return int(self.take(1)[0])


class Run:
    """One iteration over a dataset from its beginning: the functions it calls, its chances, and what ends with it.

    Args:
      surroundings: the session as its functions see it.
      seeds: those that another run drew, for this one to give the same elements.
    """

    def __init__(self, surroundings: Any, seeds: Sequence[int] = ()):
        self._surroundings = surroundings
        self._closers: weakref.WeakSet = weakref.WeakSet()
        self._known = list(seeds)
        self.seeds: list[int] = []
        self.lock = threading.Lock()
        self._words: weakref.WeakKeyDictionary[DatasetValue, Words] = weakref.WeakKeyDictionary()

    def function(self, node: Any, name: Any) -> Callable[[list], Any]:
        """The function that an attr of a node names."""
        return self._surroundings.function(node, name)

    def fresh_seeds(self) -> tuple[int, int]:
        """Two seeds by chance, which are remembered. The caller holds the lock."""
        at = len(self.seeds)
        drawn = self._known[at : at + 2] or [secrets.randbits(63), secrets.randbits(63)]
        self.seeds += drawn
        return drawn[0], drawn[1]

    def words_of(self, dataset: DatasetValue, seed: int, seed2: int) -> Words:
        """The random words of a dataset, which its iterators in this run share. The caller holds the lock.

        Args:
          seed, seed2: both 0 for others in each run.
        """
        words = self._words.get(dataset)
        if words is None:
            seeds = (seed, seed2) if seed or seed2 else self.fresh_seeds()
            words = self._words[dataset] = Words(*seeds)
        return words

    def ends(self, thing: Any) -> None:
        """Has `thing.cancel()` called at the end, if it still exists, and then, after all of those, `thing.close()`."""
        self._closers.add(thing)

    def close(self) -> None:
        """Ends threads, which may wait for each other."""
        things = list(self._closers)
        for thing in things:
            thing.cancel()
        for thing in things:
            thing.close()


class Items:
    """Things in a row, taken from the front."""

    def take(self, count: int) -> list:
        """The next items: at least one and at most `count`, or none at the end."""
        raise NotImplementedError

    def rows(self, count: int) -> tuple[list, int]:
        """Of items that are elements: the next `count`, or fewer at the end, stacked by component; and their number."""
        batch = Batch(count)
        while batch.size < count:
            found = self.take(count - batch.size)
            if not found:
                break
            for element in found:
                batch.add(element)
        return batch.components(), batch.size


class Elements(Items):
    """The elements of a dataset, one after the other. After an error the next element can be asked for."""

    def __iter__(self) -> Elements:
        return self

    def __next__(self) -> list:
        raise NotImplementedError

    def take(self, count: int) -> list:
        try:
            return [next(self)]
        except StopIteration:
            return []


class Form:
    """How elements are made of items."""

    def element(self, item: Any) -> list:
        """The element of an item."""
        raise NotImplementedError

    def stacked(self, parts: list) -> list:
        """Those of all items of sequences that aren't empty, stacked component by component."""
        raise NotImplementedError


class Rows(Form):
    """Rows of arrays, by their positions."""

    def __init__(self, columns: list):
        self._columns = columns

    def element(self, item: Any) -> list:
        return [column[item, ...] for column in self._columns]

    def stacked(self, parts: list) -> list:
        positions = [np.asarray(part, np.intp) for part in parts]
        found = np.concatenate(positions) if len(positions) > 1 else positions[0]
        return [column[found] for column in self._columns]


class Strings(Form):
    """Strings."""

    def element(self, item: bytes) -> list:
        return [object_scalar(item)]

    def stacked(self, parts: list) -> list:
        array = np.empty(sum(map(len, parts)), object)
        array[:] = [text for part in parts for text in part] if len(parts) > 1 else parts[0]
        return [array]


class DatasetValue:
    """A dataset."""

    form: Form | None = None  # what its elements are made with, if it has `items`

    def iterator(self, run: Run) -> Elements:
        """Its elements from the first on."""
        raise NotImplementedError

    def items(self, run: Run) -> Items:
        """Of a dataset with a form, what its elements are made of, in their order."""
        raise NotImplementedError

    def cardinality(self) -> int:
        """How many elements it has, if that can be told without going through it."""
        return UNKNOWN


class FormedElements(Elements):
    """Elements made of items."""

    def __init__(self, form: Form, items: Items):
        self._form, self._items = form, items

    def __next__(self) -> list:
        found = self._items.take(1)
        if not len(found):
            raise StopIteration
        return self._form.element(found[0])

    def rows(self, count: int) -> tuple[list, int]:
        parts, left = [], count
        while left:
            found = self._items.take(left)
            if not len(found):
                break
            parts.append(found)
            left -= len(found)
        return (self._form.stacked(parts), count - left) if parts else ([], 0)


class ItemElements(Elements):
    """Items that are elements."""

    def __init__(self, items: Items):
        self._items = items

    def __next__(self) -> list:
        found = self._items.take(1)
        if not found:
            raise StopIteration
        return found[0]

    def take(self, count: int) -> list:
        return self._items.take(count)

    def rows(self, count: int) -> tuple[list, int]:
        return self._items.rows(count)


class ListedDataset(DatasetValue):
    """Elements that are all there."""

    def __init__(self, elements: list):
        self._elements = elements

    def iterator(self, run: Run) -> Elements:
        return _Listed(iter(self._elements))

    def cardinality(self) -> int:
        return len(self._elements)


class _Listed(Elements):
    def __init__(self, elements: Any):
        self._elements = elements

    def __next__(self) -> list:
        return next(self._elements)


class Call:
    """A function of a dataset, with the values of what it uses of the graph around it.

    Args:
      ctx: of the node that has the function in an attr.
      name: the attr.
      captured: those values.
    """

    def __init__(self, ctx: Any, name: Any, captured: list):
        from pyflow.core.function_graph import function_named

        self._node, self._name = ctx.op, name
        self._captured = [kept(value) for value in captured]
        types = [t.dtype.base_dtype for t in function_named(ctx.op.graph, name).outputs]
        self._strings = [i for i, dtype in enumerate(types) if dtype is dtypes.string]

    def bound(self, run: Run) -> Callable[[list], list]:
        """The function from elements to elements."""
        function, captured, strings = run.function(self._node, self._name), self._captured, self._strings

        def call(values: list) -> list:
            results = list(function([*values, *captured] if captured else values))
            for i in strings:
                if not isinstance(results[i], np.ndarray):
                    results[i] = object_scalar(results[i])
            return results

        return call


def object_scalar(value: Any) -> np.ndarray:
    """A string, or another object, as an array without dimensions."""
    result = np.empty((), object)
    result[()] = value
    return result


def kept(value: Any) -> Any:
    """A value that stays what it is when the run that made it is over."""
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        return value.copy()
    return value


def kept_inputs(ctx: Any, values: list) -> list:
    """As `kept`, for a node's first inputs; constants of the graph stay as they are anyway."""
    return [v if t.op.type == "Const" else kept(v) for t, v in zip(ctx.op.inputs, values)]


def refuse(condition: Any, message: str) -> None:
    """Raises InvalidArgumentError with the message if the condition holds."""
    if condition:
        raise errors.InvalidArgumentError(None, None, message)


def _no_dimensions() -> tuple:
    return ()


def dataset_op(signature: str, **attrs: Any) -> Callable[[Callable], OpDef]:
    """Registers a function as the kernel of an op that makes a dataset."""

    def register(kernel: Callable) -> OpDef:
        fields = {
            "__doc__": kernel.__doc__,
            "__module__": kernel.__module__,
            "shape": _no_dimensions,
            "cpu": kernel,
            "grad": NOT_DIFFERENTIABLE,
            # A constant is an array, and this is none; so what has only constant inputs is never evaluated early.
            "stateful": True,
        }
        return op(f"{signature} -> (handle: variant)", **attrs)(type(kernel.__name__, (), fields))

    return register
