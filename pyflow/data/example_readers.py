"""Datasets of parsed Examples."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.type_specs import TensorSpec
from pyflow.data import structure
from pyflow.data.csv_readers import file_names, shuffled_and_repeated
from pyflow.data.dataset import AUTOTUNE
from pyflow.data.interleaving import parallel_interleave
from pyflow.data.readers import TFRecordDatasetV1
from pyflow.data.sources import Sources
from pyflow.io.readers import ReaderBase
from pyflow.ops.parse_features import parse_example


@export("data.experimental.parse_example_dataset", "contrib.data.parse_example_dataset")
def parse_example_dataset(features: Any, num_parallel_calls: Any = 1) -> Callable:
    """To be applied: what `tf.parse_example` makes of each vector of serialized Examples.

    Args:
      features: from names to FixedLenFeature, FixedLenSequenceFeature, VarLenFeature or SparseFeature.
      num_parallel_calls: how many vectors are worked on at once.

    Raises:
      ValueError: there are no features.
      TypeError: when applied, if the elements are no vectors of strings.
    """
    if features is None:
        raise ValueError(f"Missing: features was {features}.")

    def apply(dataset: Any) -> Any:
        if not structure.are_compatible(dataset.element_spec, TensorSpec([None], dtypes.string)):
            raise TypeError("Input dataset should be a dataset of vectors of strings")
        return dataset.map(lambda serialized: _parsed(serialized, features), num_parallel_calls)

    return apply


def _parsed(serialized: Any, features: Any) -> dict:
    found = parse_example(serialized, features)
    return {name: found[name] for name in sorted(found)}


@export("data.experimental.make_batched_features_dataset", "contrib.data.make_batched_features_dataset")
def make_batched_features_dataset(
    file_pattern: Any,
    batch_size: int,
    features: Any,
    reader: Any = TFRecordDatasetV1,
    label_key: str | None = None,
    reader_args: Any = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    shuffle_buffer_size: int = 10000,
    shuffle_seed: int | None = None,
    prefetch_buffer_size: int | None = None,
    reader_num_threads: int | None = None,
    parser_num_threads: int | None = None,
    sloppy_ordering: bool = False,
    drop_final_batch: bool = False,
) -> Any:
    """Batches of the Examples that are in files, as dicts from names to tensors and sparse tensors.

    Args:
      file_pattern: a pattern for names of files, or a list of them.
      batch_size: how many Examples at a time.
      features: as of `tf.parse_example`.
      reader: a class of datasets that is called with the name of a file and `reader_args`.
      label_key: a feature that is given apart: elements are then tuples of the dict and this feature.
      num_epochs: how many times over; None for without end.
      shuffle, shuffle_buffer_size, shuffle_seed: whether and how Examples are shuffled.
      prefetch_buffer_size: how many batches are made ready.
      reader_num_threads: how many files are read by turns.
      parser_num_threads: how many batches are parsed at once.
      sloppy_ordering: has no effect.
      drop_final_batch: whether a smaller batch at the end is left out.

    Raises:
      TypeError: `reader` is a `tf.ReaderBase`.
      ValueError: no file matches, or `label_key` is none of the features.
    """
    if isinstance(reader, type) and issubclass(reader, ReaderBase):
        raise TypeError(
            "The `reader` argument must return a `Dataset` object. `tf.ReaderBase` subclasses are not supported. For "
            "example, pass `tf.data.TFRecordDataset` instead of `tf.TFRecordReader`."
        )
    if shuffle:
        names = Sources.list_files(file_pattern, shuffle=True, seed=shuffle_seed)
    else:
        names = Sources.from_tensor_slices(file_names(file_pattern, False))
    arguments = reader_args or []
    parallel = 1 if reader_num_threads in (None, AUTOTUNE) else reader_num_threads
    dataset = names.apply(
        parallel_interleave(lambda name: reader(name, *arguments), cycle_length=parallel, sloppy=sloppy_ordering)
    )
    if dataset.output_types == (dtypes.string, dtypes.string):
        dataset = dataset.map(lambda _, value: value)
    dataset = shuffled_and_repeated(dataset, num_epochs, shuffle, shuffle_buffer_size, shuffle_seed)
    dataset = dataset.batch(batch_size, drop_remainder=drop_final_batch or num_epochs is None)
    parsers = 1 if parser_num_threads is None else parser_num_threads
    dataset = dataset.apply(parse_example_dataset(features, num_parallel_calls=parsers))
    if label_key:
        if label_key not in features:
            raise ValueError(f"The `label_key` provided ({label_key!r}) must be one of the `features` keys.")
        dataset = dataset.map(lambda parsed: (parsed, parsed.pop(label_key)))
    return dataset.prefetch(AUTOTUNE if prefetch_buffer_size is None else prefetch_buffer_size)


@export("contrib.data.read_batch_features")
def read_batch_features(
    file_pattern: Any,
    batch_size: int,
    features: Any,
    reader: Any = TFRecordDatasetV1,
    reader_args: Any = None,
    randomize_input: bool = True,
    num_epochs: int | None = None,
    capacity: int = 10000,
) -> Any:
    """The next batch of `make_batched_features_dataset`, a dict of tensors."""
    dataset = make_batched_features_dataset(
        file_pattern,
        batch_size,
        features,
        reader=reader,
        reader_args=reader_args,
        shuffle=randomize_input,
        num_epochs=num_epochs,
        shuffle_buffer_size=capacity,
    )
    return dataset.make_one_shot_iterator().get_next()
