"""What flows through tensors of dtype variant that stand for datasets, and how one is iterated over.

A `DatasetValue` is a description. `iterator(run)` starts going through it: `Elements`, whose items are lists with an
array for each component. `take` and `rows` get many at a time; where a dataset's elements are rows of arrays in some
order (`columns`), only their positions are moved about, and a batch is one look-up in each array.
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
        """Has `thing.close()` called at the end, if it still exists."""
        self._closers.add(thing)

    def close(self) -> None:
        """Ends threads."""
        for thing in list(self._closers):
            thing.close()


class Items:
    """Things in a row, taken from the front."""

    def take(self, count: int) -> list:
        """The next items: at least one and at most `count`, or none at the end."""
        raise NotImplementedError


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

    def rows(self, count: int) -> tuple[list, int]:
        """The next elements, at most `count`, stacked component by component; and how many they are."""
        elements: list = []
        while len(elements) < count:
            found = self.take(count - len(elements))
            if not found:
                break
            elements += found
        return (stack(elements), len(elements)) if elements else ([], 0)


class DatasetValue:
    """A dataset."""

    columns: list | None = None  # the arrays whose rows the elements are

    def iterator(self, run: Run) -> Elements:
        """Its elements from the first on."""
        raise NotImplementedError

    def positions(self, run: Run) -> Items:
        """Of a dataset with columns, the indices of the rows in the order of the elements."""
        raise NotImplementedError

    def cardinality(self) -> int:
        """How many elements it has, if that can be told without going through it."""
        return UNKNOWN


class RowElements(Elements):
    """Rows of arrays."""

    def __init__(self, columns: list, positions: Items):
        self._columns, self._positions = columns, positions

    def __next__(self) -> list:
        found = self._positions.take(1)
        if not len(found):
            raise StopIteration
        row = found[0]
        return [column[row, ...] for column in self._columns]

    def rows(self, count: int) -> tuple[list, int]:
        found = np.asarray(self._positions.take(count), dtype=np.intp)
        while len(found) < count:
            more = self._positions.take(count - len(found))
            if not len(more):
                break
            found = np.concatenate([found, np.asarray(more, dtype=np.intp)])
        return [column[found] for column in self._columns], len(found)


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


def stack(elements: list) -> list:
    """The components of elements, those of one name stacked along a new first dimension.

    Raises:
      InvalidArgumentError: they differ in shape.
    """
    return [_stack_component(i, values) for i, values in enumerate(zip(*elements))]


def _stack_component(index: int, values: tuple) -> np.ndarray:
    first, shape = values[0], np.shape(values[0])
    for i, value in enumerate(values):
        if np.shape(value) != shape:
            raise errors.InvalidArgumentError(
                None,
                None,
                f"Cannot batch tensors with different shapes in component {index}. First element had shape "
                f"{brackets(shape)} and element {i} had shape {brackets(np.shape(value))}.",
            )
    dtype = getattr(first, "dtype", np.dtype(object))
    if shape == () and dtype.kind != "O":
        return np.array(values, dtype)
    result = np.empty((len(values), *shape), dtype)
    for i, value in enumerate(values):
        result[i] = value.item() if shape == () and isinstance(value, np.ndarray) else value
    return result


def brackets(shape: tuple) -> str:
    """A shape as TensorFlow's kernels write it."""
    return f"[{','.join(map(str, shape))}]"


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
