"""Smaller things of `tf.data.experimental` and `tf.contrib.data`."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.tensor import Tensor
from pyflow.core.type_specs import TensorSpec
from pyflow.data import random_seed, structure
from pyflow.data.dataset import AUTOTUNE, DatasetV1
from pyflow.data.functions import TracedFunction
from pyflow.data.iterator import Iterator
from pyflow.data.readers import (
    FixedLengthRecordDatasetV1,
    TextLineDatasetV1,
    TFRecordDatasetV1,
    optional_argument,
)
from pyflow.data.structure import flat_structure
from pyflow.data.transformations import check_predicate, int64
from pyflow.ops.constant import constant

Transformation = Callable[[Any], Any]

export("contrib.data.AUTOTUNE")(AUTOTUNE)
# Where datasets were before they came to tf.data.
export("contrib.data.Dataset")(DatasetV1)
export("contrib.data.Iterator")(Iterator)
export("contrib.data.TextLineDataset")(TextLineDatasetV1)
export("contrib.data.TFRecordDataset")(TFRecordDatasetV1)
export("contrib.data.FixedLengthRecordDataset")(FixedLengthRecordDatasetV1)


@export("data.experimental.shuffle_and_repeat", "contrib.data.shuffle_and_repeat")
def shuffle_and_repeat(buffer_size: Any, count: Any = None, seed: Any = None) -> Transformation:
    """To be applied: `Dataset.shuffle` and `Dataset.repeat` in one.

    Args:
      buffer_size: from how many elements the next one is drawn.
      count: how many times over; None or -1 for without end.
      seed: a seed; see `tf.set_random_seed`.
    """

    def apply(dataset: Any) -> Any:
        size = int64(buffer_size, "buffer_size")
        times = constant(-1, dtype=dtypes.int64, name="count") if count is None else int64(count, "count")
        seeds = random_seed.get_seed(seed)
        attrs = flat_structure(dataset.element_spec)
        return dataset._made(raw.ShuffleAndRepeatDataset(dataset._variant_tensor, size, *seeds, times, **attrs))

    return apply


@export("data.experimental.ignore_errors", "contrib.data.ignore_errors")
def ignore_errors() -> Transformation:
    """To be applied: the elements that can be made without an error."""

    def apply(dataset: Any) -> Any:
        attrs = flat_structure(dataset.element_spec)
        return dataset._made(raw.IgnoreErrorsDataset(dataset._variant_tensor, **attrs))

    return apply


@export("data.experimental.unique", "contrib.data.unique")
def unique() -> Transformation:
    """To be applied: the elements that differ from all before them.

    Raises:
      TypeError: when applied, if they are no single integers or strings.
    """

    def apply(dataset: Any) -> Any:
        spec = dataset.element_spec
        if not isinstance(spec, TensorSpec) or spec.dtype not in (dtypes.int32, dtypes.int64, dtypes.string):
            raise TypeError(
                "`tf.data.experimental.unique()` only supports inputs with a single `tf.int32`, `tf.int64`, or "
                "`tf.string` component."
            )
        return dataset._made(raw.UniqueDataset(dataset._variant_tensor, **flat_structure(spec)))

    return apply


@export("data.experimental.take_while")
def take_while(predicate: Callable) -> Transformation:
    """To be applied: the elements before the first for which a function gives false.

    Raises:
      ValueError: when applied, if it gives no bool.
    """

    def apply(dataset: Any) -> Any:
        function = TracedFunction(predicate, "tf.data.experimental.take_while()", dataset.element_spec)
        check_predicate(function, "`predicate` must return a scalar boolean tensor.")
        attrs = flat_structure(dataset.element_spec)
        tensor = raw.TakeWhileDataset(dataset._variant_tensor, function.captured, predicate=function.attr, **attrs)
        return dataset._made(tensor)

    return apply


@export("data.experimental.enumerate_dataset", "contrib.data.enumerate_dataset")
def enumerate_dataset(start: Any = 0) -> Transformation:
    """To be applied: `Dataset.enumerate`."""
    return lambda dataset: dataset.enumerate(start)


@export("data.experimental.prefetch_to_device", "contrib.data.prefetch_to_device")
def prefetch_to_device(device: Any, buffer_size: Any = None) -> Transformation:
    """To be applied: `Dataset.prefetch`; elements are in the memory of the CPU wherever they are used."""
    return lambda dataset: dataset.prefetch(buffer_size)


@export("data.experimental.copy_to_device", "contrib.data.copy_to_device")
def copy_to_device(target_device: Any, source_device: Any = "/cpu:0") -> Transformation:
    """To be applied: the same elements, which are in the memory of the CPU wherever they are used."""
    return lambda dataset: dataset.prefetch(0)


def _the_same(tag: Any) -> Transformation:
    return lambda dataset: dataset.prefetch(0)


@export("data.experimental.latency_stats", "contrib.data.latency_stats")
def latency_stats(tag: Any) -> Transformation:
    """To be applied: the same elements; nothing is counted here."""
    return _the_same(tag)


@export("data.experimental.bytes_produced_stats")
def bytes_produced_stats(tag: Any) -> Transformation:
    """To be applied: the same elements; nothing is counted here."""
    return _the_same(tag)


@export("data.experimental.get_single_element", "contrib.data.get_single_element")
def get_single_element(dataset: Any) -> Any:
    """The element of a dataset that has one.

    Raises:
      InvalidArgumentError: at run time, it has none or several.
    """
    if not isinstance(dataset, DatasetV1):
        raise TypeError("`dataset` must be a `tf.data.Dataset` object.")
    spec = dataset.element_spec
    return structure.from_tensor_list(spec, raw.DatasetToSingleElement(dataset._variant_tensor, **flat_structure(spec)))


@export("data.experimental.cardinality")
def cardinality(dataset: Any) -> Tensor:
    """How many elements a dataset has, int64: INFINITE_CARDINALITY, or UNKNOWN_CARDINALITY, if it isn't a number."""
    return raw.DatasetCardinality(dataset._variant_tensor)


@export("data.experimental.TFRecordWriter", "contrib.data.TFRecordWriter")
class TFRecordWriter:
    """Writes a dataset to a file of records.

    Args:
      filename: the file, a string tensor of shape ().
      compression_type: "", "ZLIB" or "GZIP".
    """

    def __init__(self, filename: Any, compression_type: Any = None):
        self._filename = convert_to_tensor(filename, dtypes.string, name="filename")
        self._compression_type = optional_argument(compression_type, "compression_type", "", dtypes.string)

    def write(self, dataset: Any) -> Operation:
        """The operation that writes the elements, which are strings.

        Raises:
          TypeError: it is no dataset, or they are no strings.
        """
        if not isinstance(dataset, DatasetV1):
            raise TypeError("`dataset` must be a `tf.data.Dataset` object.")
        if dataset.output_types != dtypes.string or not dataset.output_shapes.is_compatible_with([]):
            raise TypeError(
                "`dataset` must produce scalar `DT_STRING` tensors whereas it produces shape "
                f"{dataset.output_shapes} and types {dataset.output_types}"
            )
        return raw.DatasetToTFRecord(dataset._variant_tensor, self._filename, self._compression_type)
