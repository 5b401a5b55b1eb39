"""What slim's programs read examples with: data sets, decoders, and providers that give tensors by name."""

from __future__ import annotations

import abc
from typing import Any

from pyflow.contrib.slim_reading import parallel_read
from pyflow.core.api import export
from pyflow.core.tensor import Tensor


@export("contrib.slim.dataset.Dataset")
class Dataset:
    """What there is to know of a data set; every argument becomes an attribute.

    Args:
      data_sources: the files, or patterns of their names.
      reader: the class that reads them, such as `tf.TFRecordReader`.
      decoder: a `DataDecoder` for the records.
      num_samples: how many there are.
      items_to_descriptions: what each item is, in words.
      **kwargs: further attributes.
    """

    def __init__(
        self, data_sources: Any, reader: Any, decoder: Any, num_samples: Any, items_to_descriptions: Any, **kwargs: Any
    ):
        self.data_sources = data_sources
        self.reader = reader
        self.decoder = decoder
        self.num_samples = num_samples
        self.items_to_descriptions = items_to_descriptions
        self.__dict__.update(kwargs)


@export("contrib.slim.data_decoder.DataDecoder")
class DataDecoder(abc.ABC):
    """Makes the items of an example of what was read."""

    @abc.abstractmethod
    def decode(self, data: Any, items: Any) -> list:
        """A tensor for each of the items, a list of names; `data` is a string scalar, say.

        Raises:
          ValueError: it does not know an item.
        """

    @abc.abstractmethod
    def list_items(self) -> list[str]:
        """The names of the items that it can decode."""


@export("contrib.slim.data_provider.DataProvider")
class DataProvider:
    """Gives the tensors of an example by their names.

    Args:
      items_to_tensors: a dict from names to tensors.
      num_samples: how many examples there are.
    """

    def __init__(self, items_to_tensors: dict[str, Any], num_samples: Any):
        self._items_to_tensors = items_to_tensors
        self._num_samples = num_samples

    def get(self, items: Any) -> list:
        """The tensors of those names.

        Raises:
          ValueError: `items` is no list or tuple, or there is none of a name.
        """
        if not isinstance(items, (list, tuple)):
            raise ValueError("items must be a list or tuple")
        known = self.list_items()
        for item in items:
            if item not in known:
                raise ValueError(f"Item [{item}] is invalid. Valid entries include: {known}")
        return [self._items_to_tensors[item] for item in items]

    def list_items(self) -> Any:
        """The names of the tensors."""
        return self._items_to_tensors.keys()

    def num_samples(self) -> Any:
        """How many examples there are."""
        return self._num_samples


@export("contrib.slim.dataset_data_provider.DatasetDataProvider")
class DatasetDataProvider(DataProvider):
    """Gives the items of one example after the other of a `Dataset`, read by queues.

    Args:
      dataset: the data set.
      num_readers: how many files are read at a time.
      reader_kwargs: arguments for the reader.
      shuffle: whether files and examples come in random order.
      num_epochs: how often the files are read; it is counted in a local variable. None stands for without end.
      common_queue_capacity: how many examples wait at most.
      common_queue_min: how many of them stay for the shuffling.
      record_key: the name of the item that tells which record it was.
      seed: of the shuffling.
      scope: the name scope of the nodes.

    Raises:
      ValueError: the data set has an item that is called as `record_key`, or there are no files.
    """

    def __init__(
        self,
        dataset: Dataset,
        num_readers: int = 1,
        reader_kwargs: Any = None,
        shuffle: bool = True,
        num_epochs: int | None = None,
        common_queue_capacity: int = 256,
        common_queue_min: int = 128,
        record_key: str = "record_key",
        seed: int | None = None,
        scope: str | None = None,
    ):
        key, data = parallel_read(
            dataset.data_sources,
            reader_class=dataset.reader,
            num_epochs=num_epochs,
            num_readers=num_readers,
            reader_kwargs=reader_kwargs,
            shuffle=shuffle,
            capacity=common_queue_capacity,
            min_after_dequeue=common_queue_min,
            seed=seed,
            scope=scope,
        )
        names = dataset.decoder.list_items()
        tensors: dict[str, Tensor] = dict(zip(names, dataset.decoder.decode(data, names)))
        if record_key in tensors:
            raise ValueError(
                "The item name used for `record_key` cannot also be used for a dataset item: %s", record_key
            )
        tensors[record_key] = key
        super().__init__(tensors, dataset.num_samples)
