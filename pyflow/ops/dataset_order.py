"""Datasets with the elements of others: repeated, left out, in another order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.registry import attr
from pyflow.ops.dataset_sources import SliceDataset
from pyflow.ops.dataset_stacking import joined
from pyflow.ops.dataset_values import (
    INFINITE,
    TYPED,
    UNKNOWN,
    DatasetValue,
    Elements,
    FormedElements,
    ItemElements,
    Items,
    Run,
    dataset_op,
    refuse,
)

Make = Callable[[], Items]


class Rearranged(DatasetValue):
    """Elements of another dataset, whole, in some order."""

    def __init__(self, source: DatasetValue):
        self.source = source
        self.form = source.form

    def arranged(self, make: Make, run: Run) -> Items:
        """The items of this dataset, from those of the other, which `make()` starts going through."""
        raise NotImplementedError

    def iterator(self, run: Run) -> Elements:
        if self.form is not None:
            return FormedElements(self.form, self.items(run))
        return ItemElements(self.arranged(lambda: self.source.iterator(run), run))

    def items(self, run: Run) -> Items:
        return self.arranged(lambda: self.source.items(run), run)


class _Repeated(Items):
    def __init__(self, make: Make, count: int):
        self._make, self._left = make, count
        self._items: Items | None = None
        self._some = True

    def take(self, count: int) -> list:
        while self._left:
            found = self._current().take(count)
            if len(found):
                self._some = True
                return found
            self._end_round()
        return []

    def rows(self, count: int) -> tuple[list, int]:
        parts = []
        while self._left and count:
            part = self._current().rows(count)
            if part[1]:
                self._some = True
                parts.append(part)
                count -= part[1]
            else:
                self._end_round()
        return joined(parts)

    def _current(self) -> Items:
        if self._items is None:
            self._items, self._some = self._make(), False
        return self._items

    def _end_round(self) -> None:
        self._items = None
        if self._left < 0 and not self._some:  # without end, of nothing
            self._left = 0
        elif self._left > 0:
            self._left -= 1


class _RepeatDataset(Rearranged):
    def __init__(self, source: DatasetValue, count: int):
        super().__init__(source)
        self.count = count

    def arranged(self, make: Make, run: Run) -> Items:
        return _Repeated(make, self.count)

    def cardinality(self) -> int:
        inner = self.source.cardinality()
        if self.count == 0 or inner == 0:
            return 0
        if self.count < 0:
            return INFINITE if inner > 0 else inner
        return inner * self.count if inner > 0 else inner


@dataset_op("RepeatDataset(input_dataset: variant, count: int64)", **TYPED)
def RepeatDataset(input_dataset, count):
    """The elements `count` times over, -1 for without end."""
    return _RepeatDataset(input_dataset, int(count))


class _Taken(Items):
    def __init__(self, make: Make, count: int):
        self._items, self._left = make() if count else None, count

    def take(self, count: int) -> list:
        if self._items is None:
            return []
        found = self._items.take(count if self._left < 0 else min(count, self._left))
        self._count(len(found))
        return found

    def rows(self, count: int) -> tuple[list, int]:
        if self._items is None:
            return [], 0
        found = self._items.rows(count if self._left < 0 else min(count, self._left))
        self._count(found[1])
        return found

    def _count(self, found: int) -> None:
        if self._left > 0:
            self._left -= found
        if not found or self._left == 0:
            self._items = None


class _TakeDataset(Rearranged):
    def __init__(self, source: DatasetValue, count: int):
        super().__init__(source)
        self.count = count

    def arranged(self, make: Make, run: Run) -> Items:
        return _Taken(make, self.count)

    def cardinality(self) -> int:
        inner = self.source.cardinality()
        if inner == UNKNOWN:
            return UNKNOWN
        if inner == INFINITE:
            return self.count
        return min(inner, self.count)  # so for a count of -1, too


@dataset_op("TakeDataset(input_dataset: variant, count: int64)", **TYPED)
def TakeDataset(input_dataset, count):
    """The first `count` elements, all for -1."""
    return _TakeDataset(input_dataset, int(count))


class _Skipped(Items):
    def __init__(self, make: Make, count: int):
        self._items, self._left = make() if count >= 0 else None, count

    def take(self, count: int) -> list:
        self._skip()
        return [] if self._items is None else self._items.take(count)

    def rows(self, count: int) -> tuple[list, int]:
        self._skip()
        return ([], 0) if self._items is None else self._items.rows(count)

    def _skip(self) -> None:
        while self._items is not None and self._left:
            found = self._items.take(self._left)
            self._left -= len(found) or self._left


class _SkipDataset(Rearranged):
    def __init__(self, source: DatasetValue, count: int):
        super().__init__(source)
        self.count = count

    def arranged(self, make: Make, run: Run) -> Items:
        return _Skipped(make, self.count)

    def cardinality(self) -> int:
        inner = self.source.cardinality()
        if inner < 0:
            return inner
        return 0 if self.count < 0 else max(0, inner - self.count)


@dataset_op("SkipDataset(input_dataset: variant, count: int64)", **TYPED)
def SkipDataset(input_dataset, count):
    """All but the first `count` elements, none for -1."""
    return _SkipDataset(input_dataset, int(count))


class _Sharded(Items):
    def __init__(self, items: Items, shards: int, index: int, require_non_empty: bool):
        self._items, self._shards, self._index = items, shards, index
        self._ahead = index
        self._required = require_non_empty

    def take(self, count: int) -> list:
        while self._ahead:
            found = self._items.take(self._ahead)
            if not len(found):
                break
            self._ahead -= len(found)
        found = [] if self._ahead else self._items.take(1)
        self._ahead = self._shards - 1
        refuse(
            self._required and not len(found),
            f"There aren't enough elements in this dataset for each shard to have at least one element (# elems = "
            f"{self._index}, # shards = {self._shards}). If you are using datasets with distribution strategy, "
            "considering turning dataset autosharding off with `tf.data.Options.auto_shard_policy`.",
        )
        self._required = False
        return found


class _ShardDataset(Rearranged):
    def __init__(self, source: DatasetValue, shards: int, index: int, require_non_empty: bool):
        super().__init__(source)
        self._arguments = shards, index, require_non_empty

    def arranged(self, make: Make, run: Run) -> Items:
        return _Sharded(make(), *self._arguments)

    def cardinality(self) -> int:
        inner, (shards, index, _) = self.source.cardinality(), self._arguments
        return inner if inner < 0 else inner // shards + (index < inner % shards)


@dataset_op("ShardDataset(input_dataset: variant, num_shards: int64, index: int64)", require_non_empty=False, **TYPED)
def ShardDataset(input_dataset, num_shards, index, require_non_empty):
    """Every `num_shards`th element, from number `index` on."""
    shards, index = int(num_shards), int(index)
    refuse(shards <= 0, f"Number of shards must be greater than zero (currently num_shards = {shards}).")
    refuse(
        not 0 <= index < shards,
        f"Index must be between 0 and {shards - 1} (currently index = {index}).",
    )
    return _ShardDataset(input_dataset, shards, index, require_non_empty)


class _Concatenated(Elements):
    def __init__(self, parts: list, run: Run):
        self._parts, self._run = list(parts), run
        self._elements: Elements | None = None

    def __next__(self) -> list:
        while True:
            if self._elements is None:
                if not self._parts:
                    raise StopIteration
                self._elements = self._parts.pop(0).iterator(self._run)
            try:
                return next(self._elements)
            except StopIteration:
                self._elements = None


class _ConcatenateDataset(DatasetValue):
    def __init__(self, first: DatasetValue, second: DatasetValue):
        self._parts = [first, second]

    def iterator(self, run: Run) -> Elements:
        return _Concatenated(self._parts, run)

    def cardinality(self) -> int:
        counts = [part.cardinality() for part in self._parts]
        if INFINITE in counts:
            return INFINITE
        return UNKNOWN if UNKNOWN in counts else sum(counts)


@dataset_op("ConcatenateDataset(input_dataset: variant, another_dataset: variant)", **TYPED)
def ConcatenateDataset(input_dataset, another_dataset):
    """The elements of one dataset, then those of another."""
    return _ConcatenateDataset(input_dataset, another_dataset)


class _Zipped(Elements):
    def __init__(self, parts: list[Elements]):
        self._parts: list[Elements] | None = parts

    def __next__(self) -> list:
        if self._parts is None:
            raise StopIteration
        element: list = []
        try:
            for part in self._parts:
                element += next(part)
        except StopIteration:
            self._parts = None
            raise
        return element


class _ZipDataset(DatasetValue):
    def __init__(self, parts: list[DatasetValue]):
        self._parts = parts

    def iterator(self, run: Run) -> Elements:
        return _Zipped([part.iterator(run) for part in self._parts])

    def cardinality(self) -> int:
        counts = [part.cardinality() for part in self._parts]
        if UNKNOWN in counts:
            return UNKNOWN
        return min((c for c in counts if c >= 0), default=INFINITE)


@dataset_op("ZipDataset(input_datasets: N*variant)", **TYPED, N=attr("int", minimum=1))
def ZipDataset(input_datasets):
    """The components of an element of each dataset, together, as long as all have one."""
    if input_datasets and all(type(d) is SliceDataset for d in input_datasets):
        count = min(d.cardinality() for d in input_datasets)
        return SliceDataset([column[:count] for d in input_datasets for column in d.columns])
    return _ZipDataset(list(input_datasets))


class _Passed(Rearranged):
    def arranged(self, make: Make, run: Run) -> Items:
        return make()

    def cardinality(self) -> int:
        return self.source.cardinality()


def passed(source: Any) -> DatasetValue:
    """A dataset of its own with the elements of another."""
    return _Passed(source)
