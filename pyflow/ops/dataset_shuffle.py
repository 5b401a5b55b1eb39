"""Shuffling: a buffer that elements are drawn from while it is filled up again."""

from __future__ import annotations

from typing import Any

from pyflow.ops.dataset_order import Make, Rearranged, _RepeatDataset
from pyflow.ops.dataset_values import TYPED, DatasetValue, Items, Run, Words, dataset_op, refuse


class _Shuffled(Items):
    """Items of `epochs` rounds (-1 for without end) drawn from a buffer of `size`.

    The buffer is a ring. Those of one round that are still in it are a slice of the ring; what is drawn comes from the
    slice of the oldest round, and the first of that slice moves to its place.
    """

    def __init__(self, make: Make, size: int, words: Words, epochs: int):
        self._make, self._size, self._words, self._epochs = make, size, words, epochs
        self._buffer: list = []
        self._slices: list[list[int]] = [[0, 0]]  # start and end of each, counted on and on
        self._held = 0
        self._epoch = 0
        self._items: Items | None = None
        self._begun = False

    def take(self, count: int) -> list:
        if not self._begun:
            self._begun = True
            self._items = self._make() if self._epochs else None
        drawn: list = []
        while len(drawn) < count:
            while self._items is not None and self._held < self._size:
                self._fill(self._items, self._size - self._held)
            if not self._held:
                break
            if self._items is None:
                self._draw(drawn, count - len(drawn))
            else:
                self._draw(drawn, 1)
                self._exchange(self._items, drawn, count - len(drawn))
        return drawn

    def _fill(self, items: Items, count: int) -> None:
        """Puts at most `count` more items in, or begins the next round."""
        found = items.take(count)
        if len(found):
            for item in found:
                self._put(item)
            return
        self._epoch += 1
        endless_nothing = self._epochs < 0 and self._epoch == 1 and self._slices[-1][1] == 0
        if self._epoch == self._epochs or endless_nothing:
            self._items = None
        else:
            end = self._slices[-1][1]
            self._slices.append([end, end])
            self._items = self._make()

    def _put(self, item: Any) -> None:
        last = self._slices[-1]
        index = last[1] % self._size
        if index == len(self._buffer):
            self._buffer.append(item)
        else:
            self._buffer[index] = item
        last[1] += 1
        self._held += 1

    def _oldest(self) -> list[int]:
        while self._slices[0][0] == self._slices[0][1]:
            del self._slices[0]
        return self._slices[0]

    def _draw(self, drawn: list, count: int) -> None:
        """Draws at most `count` items of the oldest round."""
        oldest = self._oldest()
        start, left = oldest[0], oldest[1] - oldest[0]
        count = min(count, left)
        buffer, size = self._buffer, self._size
        for word in self._words.take(count).tolist():
            index, first = (start + word % left) % size, start % size
            drawn.append(buffer[index])
            buffer[index] = buffer[first]
            start += 1
            left -= 1
        oldest[0] = start
        self._held -= count

    def _exchange(self, items: Items, drawn: list, count: int) -> None:
        """Puts an item in and draws one, `count` times or until the round ends; the buffer lacks one item."""
        found = items.take(count) if count > 0 else []
        if not len(found):
            return  # asked for again when the buffer is filled, which sees the end of the round
        words, begun = self._words.take(len(found)).tolist(), 0
        while begun < len(found):
            oldest = self._oldest() if self._held else self._slices[-1]
            if oldest is not self._slices[-1]:  # the buffer holds items of several rounds
                begun = self._exchange_rounds(found, words, begun, drawn, oldest)
                continue
            buffer, size, (start, end) = self._buffer, self._size, oldest
            for item, word in zip(found[begun:], words[begun:]):
                buffer[end % size] = item
                end += 1
                index, first = (start + word % size) % size, start % size
                drawn.append(buffer[index])
                buffer[index] = buffer[first]
                start += 1
            oldest[0], oldest[1] = start, end
            return

    def _exchange_rounds(self, found: list, words: list, begun: int, drawn: list, oldest: list[int]) -> int:
        """Puts items in from number `begun` on and draws of the oldest round until that ends; gives the next number."""
        buffer, size, last = self._buffer, self._size, self._slices[-1]
        (start, end), free = oldest, last[1]
        stop = min(len(found), begun + end - start)
        for item, word in zip(found[begun:stop], words[begun:stop]):
            index, first = free % size, start % size
            if index == len(buffer):
                buffer.append(item)
            else:
                buffer[index] = item
            free += 1
            index = (start + word % (end - start)) % size
            drawn.append(buffer[index])
            buffer[index] = buffer[first]
            start += 1
        oldest[0], last[1] = start, free
        return stop


class ShuffledDataset(Rearranged):
    """Elements in random order.

    Args:
      size: of the buffer.
      seed, seed2: both 0 for other ones each time.
      reshuffle: whether each iteration has an order of its own.
      epochs: how many times over.
    """

    def __init__(self, source: DatasetValue, size: int, seed: int, seed2: int, reshuffle: bool, epochs: int = 1):
        super().__init__(source)
        self._size, self._epochs, self._reshuffle = size, epochs, reshuffle
        self._given = seed, seed2

    def arranged(self, make: Make, run: Run) -> Items:
        with run.lock:
            words = run.words_of(self, *self._given)
            seeds = (words.one(), words.one()) if self._reshuffle else words.seeds
        return _Shuffled(make, self._size, Words(*seeds), self._epochs)

    def cardinality(self) -> int:
        return _RepeatDataset(self.source, self._epochs).cardinality()

    def repeated(self, count: int) -> DatasetValue | None:
        """The two in one, if an iteration differs from the others anyway."""
        if not self._reshuffle or self._epochs != 1:
            return None
        return ShuffledDataset(self.source, self._size, *self._given, False, count)


@dataset_op(
    "ShuffleDataset(input_dataset: variant, buffer_size: int64, seed: int64, seed2: int64)",
    reshuffle_each_iteration=True,
    **TYPED,
)
def ShuffleDataset(input_dataset, buffer_size, seed, seed2, reshuffle_each_iteration):
    """The elements in random order."""
    refuse(buffer_size <= 0, "buffer_size must be greater than zero.")
    return ShuffledDataset(input_dataset, int(buffer_size), int(seed), int(seed2), reshuffle_each_iteration)


@dataset_op(
    "ShuffleAndRepeatDataset(input_dataset: variant, buffer_size: int64, seed: int64, seed2: int64, count: int64)",
    **TYPED,
)
def ShuffleAndRepeatDataset(input_dataset, buffer_size, seed, seed2, count):
    """The elements in random order, `count` times over, another order each time."""
    refuse(buffer_size <= 0, "buffer_size must be greater than zero.")
    return ShuffledDataset(input_dataset, int(buffer_size), int(seed), int(seed2), False, int(count))
