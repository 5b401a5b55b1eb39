"""What the rounds of a loop need of products with the elements of an array, computed for many rounds at once, ahead."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from pyflow.ops import parallel
from pyflow.ops.primitives import primitives, product
from pyflow.ops.tensor_array_storage import ArrayStorage
from pyflow.runtime.cpu import blas
from pyflow.runtime.cpu.buffers import aligned
from pyflow.runtime.cpu.gates import Gates
from pyflow.runtime.program import Value

# Rounds whose products are computed at once.
_ROUNDS = 8


class Ahead:
    """h · W + x · V, where the x · V of the next rounds are computed by another thread meanwhile."""

    def __init__(self, sums: Value):
        self._current, self._next = self._room(sums), self._room(sums)
        self._job: Any = None
        self.reset()

    def _room(self, sums: Value) -> np.ndarray:
        return aligned((_ROUNDS, *sums.shape), sums.dtype.as_numpy_dtype)  # type: ignore[misc]

    def reset(self) -> None:
        """Forgets what was computed: another loop begins."""
        if self._job is not None:
            self._job.finish()
        self._first = self._count = self._coming = 0
        self._job = None

    def __call__(self, h: Any, w: Any, x: Any, v: Any, array: ArrayStorage, index: Any) -> Any:
        """The sum; x is the element of that index, read just now."""
        out = product(h, w)
        return np.add(out, self._of_element(x, v, array, index), out)

    def _of_element(self, x: Any, v: Any, array: ArrayStorage, index: Any) -> Any:
        """x · V."""
        place = int(index) - self._first
        if not 0 <= place < self._count:
            self._advance(x, v, array, int(index))
            place = 0
        return self._current[place]

    def _advance(self, x: np.ndarray, v: np.ndarray, array: ArrayStorage, index: int) -> None:
        if self._job is not None:
            self._job.finish()
        if self._job is not None and index == self._first + self._count:
            self._current, self._next = self._next, self._current
            self._count = self._coming
        else:
            self._count = self._multiply([x, *self._elements(x, array, index + 1, index + _ROUNDS)], v, self._current)
        self._first = index
        following = self._elements(x, array, index + self._count, index + self._count + _ROUNDS)
        self._coming, self._job = len(following), None
        if following:
            self._job = parallel.begin(lambda out: self._multiply(following, v, out), [self._next])

    @staticmethod
    def _elements(like: np.ndarray, array: ArrayStorage, start: int, stop: int) -> list[np.ndarray]:
        """The elements from an index on that are there, and will stay as they are."""
        found = []
        for element in array.elements[start:stop] if not array.sums else ():
            if element is None or element.shape != like.shape:
                break
            found.append(element)
        return found

    def _multiply(self, elements: list[np.ndarray], v: Any, out: np.ndarray) -> int:
        """Fills `out` for as many rounds as there are elements."""
        primitives.multiply(_joined(elements), v, out[: len(elements)].reshape(-1, v.shape[1]))
        return len(elements)


def _joined(elements: list[np.ndarray]) -> np.ndarray:
    """The rows of all of them, until the next call on this thread."""
    rows, columns = elements[0].shape
    shape = len(elements) * rows, columns
    return np.concatenate(elements, out=parallel.scratch(shape, elements[0].dtype, "elements"))


class GatesAhead(Ahead):
    """The gates of h · W + x · V + bias, each a matrix.

    A sigmoid is tanh(x / 2) / 2 + 1/2, so a sigmoid's sums are halved, in the weights before the loop. Where a round's
    product is small, W is cut into blocks of columns that stay in the cache; they follow each other gate by gate, the
    sigmoids first.
    """

    def __init__(self, sums: Value, depth: int, gates: Gates):
        self._gates = gates
        shape: Any = sums.shape
        rows, columns = shape
        dtype: Any = sums.dtype.as_numpy_dtype
        count = len(gates.is_sigmoid)
        size = columns // count
        self._half = dtype(0.5)
        self._order = sorted(range(count), key=lambda k: not gates.is_sigmoid[k])
        self._place = [self._order.index(k) for k in range(count)]
        self._sigmoids = sum(gates.is_sigmoid)
        width = blas.block_width(rows, depth, size, np.dtype(dtype).itemsize)
        self._in_blocks = width > 0
        self._shape = count, rows, size // (width or size), width or size
        self._products, self._sums = self._sums_of(aligned((rows, columns), dtype))
        self._fresh = self._matrices(dtype)
        super().__init__(sums)

    def _sums_of(self, array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Room for products of some rounds, as they are computed and as gates [..., count, rows, blocks, width]."""
        count, rows, blocks, width = self._shape
        some = array.size // math.prod(self._shape)
        if not self._in_blocks:
            return array.reshape(-1, count * width), array.reshape(some, rows, count, 1, width).swapaxes(1, 2)
        products = array.reshape(some, count * blocks, rows, width)
        return products, products.reshape(some, count, blocks, rows, width).swapaxes(2, 3)

    def _matrices(self, dtype: Any) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Fresh arrays for the gates of a round: also as the sums are laid out, and those of the sigmoids alone."""
        count, rows, blocks, width = self._shape
        while True:
            for matrices in aligned((_ROUNDS, count, rows, blocks * width), dtype):  # each of them is kept by a round
                yield matrices, matrices.reshape(self._shape), matrices[: self._sigmoids]

    def weights(self, w: np.ndarray) -> np.ndarray:
        """Rows of the weights, as they are multiplied with."""
        count, _, blocks, width = self._shape
        if not self._in_blocks:
            laid_out = np.empty_like(w)
            gates = laid_out.reshape(len(w), count, width).swapaxes(0, 1)
            given = w.reshape(gates.shape[1], count, width).swapaxes(0, 1)
        else:
            laid_out = aligned((count * blocks, len(w), width), w.dtype)
            gates = laid_out.reshape(count, blocks, len(w), width)
            given = w.reshape(len(w), count, blocks, width).transpose(1, 2, 0, 3)
        for place, k in enumerate(self._order):
            np.multiply(given[k], self._half if self._gates.is_sigmoid[k] else 1, gates[place])
        return laid_out

    def bias(self, bias: Any) -> np.ndarray:
        """What is added to the sums: bias and shifts, as `weights`."""
        count, rows, blocks, width = self._shape
        shifts = np.array(self._gates.shifts, self._half.dtype)[:, None]
        total = np.empty((count, blocks * width), shifts.dtype)
        total[...] = (shifts if bias is None else bias.reshape(count, -1) + shifts)[self._order]
        total[: self._sigmoids] *= self._half
        return np.repeat(total.reshape(count, 1, blocks, width), rows, axis=1)

    def __call__(self, h: Any, w: Any, x: Any, v: Any, array: ArrayStorage, index: Any) -> Any:
        """The gates; W is what `weights` gives, and V that with what `bias` gives."""
        primitives.multiply(h, w, self._products if not self._in_blocks else self._products[0])
        matrices, as_sums, sigmoids = next(self._fresh)
        np.add(self._sums[0], self._of_element(x, v, array, index).reshape(self._shape), as_sums)
        np.tanh(matrices, matrices)
        np.multiply(sigmoids, self._half, sigmoids)
        np.add(sigmoids, self._half, sigmoids)
        return [matrices[place] for place in self._place]

    def _multiply(self, elements: list[np.ndarray], v: Any, out: np.ndarray) -> int:
        weights, bias = v
        count = len(elements)
        rows = _joined(elements)
        products, sums = self._sums_of(parallel.scratch((count, *out.shape[1:]), out.dtype, "products"))
        if self._in_blocks:
            rows = rows.reshape(count, 1, -1, rows.shape[1])
        primitives.multiply(rows, weights, products)
        np.add(sums, bias, out[:count].reshape(count, *self._shape))
        return count
