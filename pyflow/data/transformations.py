"""Datasets made of datasets: the methods of `tf.data.Dataset`."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.shapes import TensorShape
from pyflow.core.type_specs import TensorSpec
from pyflow.data import nest, padded, random_seed, reduction, structure
from pyflow.data.functions import TracedFunction
from pyflow.data.structure import flat_structure
from pyflow.ops.constant import constant


def int64(value: Any, name: str) -> Any:
    """A number as a tensor."""
    return convert_to_tensor(value, dtype=dtypes.int64, name=name)


class Transformations:
    """Methods that make datasets of this one."""

    element_spec: Any
    _variant_tensor: Any
    _made: Callable

    def _attrs(self, spec: Any = None) -> dict[str, list]:
        return flat_structure(self.element_spec if spec is None else spec)

    def apply(self, transformation_func: Callable) -> Any:
        """What a function from dataset to dataset makes of this one.

        Raises:
          TypeError: it makes something else.
        """
        dataset = transformation_func(self)
        if not isinstance(dataset, Transformations):
            raise TypeError(f"`transformation_func` must return a Dataset. Got {dataset}.")
        return dataset

    def with_options(self, options: Any) -> Any:
        """This dataset with further options.

        Raises:
          ValueError: they contradict those that it has.
        """
        from pyflow.data.dataset import OptionsDataset

        return OptionsDataset(self, options)  # type: ignore[arg-type]

    # ---------------------------------------------------------------- order and number

    def concatenate(self, dataset: Any) -> Any:
        """These elements, then those of another dataset.

        Raises:
          TypeError: they are of other dtypes or classes.
        """
        if not hasattr(dataset, "element_spec"):
            raise TypeError(f"`dataset_or_iterator` must be a Dataset or Iterator object, but got {type(dataset)}.")
        ours, theirs = self.element_spec, dataset.element_spec
        for what, of in (("types", structure.legacy_types), ("classes", structure.legacy_classes)):
            if of(ours) != of(theirs):
                raise TypeError(f"Two datasets to concatenate have different {what} {of(ours)} and {of(theirs)}")
        merged = [a.most_specific_compatible_type(b) if isinstance(a, TensorSpec) else a
                  for a, b in zip(nest.flatten(ours), nest.flatten(theirs))]  # fmt: skip
        spec = nest.pack_sequence_as(ours, merged)
        tensor = raw.ConcatenateDataset(self._variant_tensor, dataset._variant_tensor, **self._attrs(spec))
        return self._made(tensor, spec, dataset)

    def repeat(self, count: Any = None) -> Any:
        """The elements `count` times over; without end for None or -1."""
        number = constant(-1, dtypes.int64, name="count") if count is None else int64(count, "count")
        return self._made(raw.RepeatDataset(self._variant_tensor, number, **self._attrs()))

    def shuffle(self, buffer_size: Any, seed: Any = None, reshuffle_each_iteration: Any = None) -> Any:
        """The elements in random order.

        Args:
          buffer_size: from how many elements the next one is drawn.
          seed: a seed; see `tf.set_random_seed`.
          reshuffle_each_iteration: whether each iteration has an order of its own, which is the default.
        """
        size = int64(buffer_size, "buffer_size")
        seed1, seed2 = random_seed.get_seed(seed)
        reshuffle = True if reshuffle_each_iteration is None else reshuffle_each_iteration
        tensor = raw.ShuffleDataset(
            self._variant_tensor, size, seed1, seed2, reshuffle_each_iteration=reshuffle, **self._attrs()
        )
        return self._made(tensor)

    def cache(self, filename: Any = "") -> Any:
        """The elements, kept in memory or in files after they have been gone through once.

        Args:
          filename: of the files, "" for memory.
        """
        filename = convert_to_tensor(filename, dtype=dtypes.string, name="filename")
        return self._made(raw.CacheDataset(self._variant_tensor, filename, **self._attrs()))

    def take(self, count: Any) -> Any:
        """The first `count` elements; all for -1."""
        return self._made(raw.TakeDataset(self._variant_tensor, int64(count, "count"), **self._attrs()))

    def skip(self, count: Any) -> Any:
        """All but the first `count` elements; none for -1."""
        return self._made(raw.SkipDataset(self._variant_tensor, int64(count, "count"), **self._attrs()))

    def shard(self, num_shards: Any, index: Any) -> Any:
        """Every `num_shards`th element, from number `index` on.

        Raises:
          InvalidArgumentError: at run time, `index` is not within 0 and num_shards - 1.
        """
        shards, number = int64(num_shards, "num_shards"), int64(index, "index")
        return self._made(raw.ShardDataset(self._variant_tensor, shards, number, **self._attrs()))

    def prefetch(self, buffer_size: Any) -> Any:
        """The elements, up to `buffer_size` of them made ready by a thread before they are asked for."""
        size = int64(-1 if buffer_size is None else buffer_size, "buffer_size")
        return self._made(raw.PrefetchDataset(self._variant_tensor, size, **self._attrs()))

    def enumerate(self, start: Any = 0) -> Any:
        """Tuples of a number, int64 counted from `start`, and an element."""
        from pyflow.data.sources import Sources

        return Sources.zip((Sources.range(start, np.iinfo(np.int64).max), self))

    # ---------------------------------------------------------------- batches

    def batch(self, batch_size: Any, drop_remainder: Any = False) -> Any:
        """Elements stacked along a new first dimension.

        Args:
          batch_size: how many at a time.
          drop_remainder: whether a smaller batch at the end is left out.
        """
        size = int64(batch_size, "batch_size")
        drop = convert_to_tensor(drop_remainder, dtype=dtypes.bool, name="drop_remainder")
        known = constant_value(size) if constant_value(drop) else None
        spec = structure.batched(self.element_spec, None if known is None else int(known))
        return self._made(raw.BatchDatasetV2(self._variant_tensor, size, drop, **self._attrs(spec)), spec)

    def padded_batch(
        self, batch_size: Any, padded_shapes: Any, padding_values: Any = None, drop_remainder: Any = False
    ) -> Any:
        """Elements filled up to one shape and stacked.

        Args:
          batch_size: how many at a time.
          padded_shapes: the structure of shapes; a dimension None or -1 is as long as the longest in the batch.
          padding_values: the structure of what to fill up with, by default 0 and "".
          drop_remainder: whether a smaller batch at the end is left out.

        Raises:
          TypeError, ValueError: shapes or values don't fit the elements.
        """
        return padded.padded_batch(self, batch_size, padded_shapes, padding_values, drop_remainder)

    def window(self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: Any = False) -> Any:
        """Datasets of `size` elements: for each component one, in an element's structure.

        Args:
          shift: how many elements the next window begins later, by default `size`.
          stride: the distance of a window's elements.
          drop_remainder: whether smaller windows at the end are left out.
        """
        from pyflow.data.dataset import DatasetSpec

        numbers = [int64(size, "size"), int64(size if shift is None else shift, "shift"), int64(stride, "stride")]
        drop = convert_to_tensor(drop_remainder, dtype=dtypes.bool, name="drop_remainder")
        flat = [DatasetSpec(s) for s in nest.flatten(self.element_spec)]
        spec = nest.pack_sequence_as(self.element_spec, flat)
        return self._made(raw.WindowDataset(self._variant_tensor, *numbers, drop, **self._attrs(spec)), spec)

    def unbatch(self) -> Any:
        """The rows of the elements.

        Raises:
          ValueError: a component has none, or they have not equally many.
        """
        given = self.element_spec

        def rows_of(*element: Any) -> tuple:
            return tuple(structure.to_batched_tensor_list(given, element[0] if len(element) == 1 else element))

        dense = all(isinstance(component, TensorSpec) for component in nest.flatten(given))
        normalized = self.map((lambda *element: element[0] if len(element) == 1 else element) if dense else rows_of)
        for shape in structure.get_flat_tensor_shapes(normalized.element_spec):
            if shape.ndims == 0:
                raise ValueError("Cannot unbatch an input with scalar components.")
        rows = TensorShape([None])
        for component in nest.flatten(normalized.element_spec):
            try:
                rows = rows.merge_with(component.shape[:1] if component.shape.ndims is not None else [None])
            except ValueError:
                raise ValueError("Cannot unbatch an input whose components have different batch sizes.") from None
        spec = structure.unbatched(given)
        return normalized._made(raw.UnbatchDataset(normalized._variant_tensor, **self._attrs(spec)), spec)

    # ---------------------------------------------------------------- functions

    def map(self, map_func: Callable, num_parallel_calls: Any = None) -> Any:
        """What a function makes of each element. It is called once, to build nodes.

        Args:
          map_func: takes an element, a tuple as several arguments, and returns one.
          num_parallel_calls: how many elements are worked on at once; the order stays.
        """
        function = TracedFunction(map_func, "Dataset.map()", self.element_spec)
        return self._mapped(function, num_parallel_calls)

    def _mapped(self, function: TracedFunction, calls: Any, preserve: bool = False) -> Any:
        spec = function.output_structure
        settings = {"f": function.attr, "preserve_cardinality": preserve, **self._attrs(spec)}
        if calls is None:
            return self._made(raw.MapDataset(self._variant_tensor, function.captured, **settings), spec)
        number = convert_to_tensor(calls, dtype=dtypes.int32, name="num_parallel_calls")
        return self._made(raw.ParallelMapDataset(self._variant_tensor, function.captured, number, **settings), spec)

    def map_with_legacy_function(self, map_func: Callable, num_parallel_calls: Any = None) -> Any:
        """`map`."""
        return self.map(map_func, num_parallel_calls)

    def flat_map(self, map_func: Callable) -> Any:
        """The elements of the datasets that a function makes of each element, one dataset after the other.

        Raises:
          TypeError: it makes no datasets.
        """
        function, spec = to_datasets(map_func, "Dataset.flat_map()", self.element_spec)
        tensor = raw.FlatMapDataset(self._variant_tensor, function.captured, f=function.attr, **self._attrs(spec))
        return self._made(tensor, spec)

    def interleave(
        self, map_func: Callable, cycle_length: Any = -1, block_length: Any = 1, num_parallel_calls: Any = None
    ) -> Any:
        """The elements of the datasets that a function makes of each element, by turns.

        Args:
          cycle_length: how many datasets take turns.
          block_length: how many elements each gives in turn.
          num_parallel_calls: how many of them make their elements ready at once; the order stays.

        Raises:
          TypeError: the function makes no datasets.
        """
        function, spec = to_datasets(map_func, "Dataset.interleave()", self.element_spec)
        lengths = [int64(cycle_length, "cycle_length"), int64(block_length, "block_length")]
        settings = {"f": function.attr, **self._attrs(spec)}
        if num_parallel_calls is None:
            tensor = raw.InterleaveDataset(self._variant_tensor, function.captured, *lengths, **settings)
        else:
            calls = int64(num_parallel_calls, "num_parallel_calls")
            tensor = raw.ParallelInterleaveDatasetV2(
                self._variant_tensor, function.captured, *lengths, calls, **settings
            )
        return self._made(tensor, spec)

    def filter(self, predicate: Callable) -> Any:
        """The elements for which a function gives true.

        Raises:
          ValueError: it gives no bool.
        """
        function = TracedFunction(predicate, "Dataset.filter()", self.element_spec)
        check_predicate(function, "`predicate` return type must be convertible to a scalar boolean tensor. Was {}.")
        tensor = raw.FilterDataset(self._variant_tensor, function.captured, predicate=function.attr, **self._attrs())
        return self._made(tensor)

    def filter_with_legacy_function(self, predicate: Callable) -> Any:
        """`filter`."""
        return self.filter(predicate)

    def reduce(self, initial_state: Any, reduce_func: Callable) -> Any:
        """The state after a function has put all elements into it, one after the other.

        Args:
          initial_state: a structure of tensors.
          reduce_func: takes a state and an element and returns the next state.

        Raises:
          TypeError: that is of other dtypes or classes than `initial_state`.
        """
        return reduction.reduce(self, initial_state, reduce_func)


def to_datasets(map_func: Callable, purpose: str, spec: Any) -> tuple[TracedFunction, Any]:
    """A function that makes datasets, and what their elements are.

    Raises:
      TypeError: it makes something else.
    """
    from pyflow.data.dataset import DatasetSpec

    function = TracedFunction(map_func, purpose, spec)
    if not isinstance(function.output_structure, DatasetSpec):
        raise TypeError(f"`map_func` must return a `Dataset` object. Got {type(function.output_structure)}")
    return function, function.output_structure._element_spec


def check_predicate(function: TracedFunction, words: str) -> None:
    """Whether a function gives one bool.

    Raises:
      ValueError: it doesn't; `words` say so.
    """
    if not structure.are_compatible(function.output_structure, TensorSpec([], dtypes.bool)):
        raise ValueError(words.format(function.output_structure))
