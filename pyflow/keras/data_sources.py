"""Where a model's batches come from: datasets, iterators, generators, sequences."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from pyflow.core.api import PUBLIC, export
from pyflow.data.dataset import DatasetV1 as Dataset
from pyflow.keras.backend import get_session, get_value
from pyflow.keras.training_loop import Steps


def is_dataset(x: Any) -> bool:
    return isinstance(x, Dataset)


def is_iterator(x: Any) -> bool:
    """Whether it is an iterator of a dataset."""
    return hasattr(x, "get_next") and hasattr(x, "output_shapes")


def is_generator(x: Any) -> bool:
    """Whether it gives batches by itself."""
    return isinstance(x, Sequence) or hasattr(x, "__next__") and not is_iterator(x)


def dataset_steps(dataset: Any, epochs: int, steps_name: str) -> Any:
    """How many batches a dataset has; None if that isn't known.

    Raises:
      ValueError: it has no end.
    """
    size = int(get_value(PUBLIC["data.experimental.cardinality"](dataset)))
    if size == -1 and epochs > 1:
        raise ValueError(f"When passing an infinitely repeating dataset, you must specify the `{steps_name}` argument.")
    return size if size >= 0 else None


def dataset_iterator(dataset: Any, with_restart: bool) -> tuple[Any, Any]:
    """An iterator that has begun, and what makes it begin again."""
    iterator = PUBLIC["data.make_initializable_iterator"](dataset)

    def restart() -> None:
        get_session().run(iterator.initializer)

    restart()
    return iterator, restart if with_restart else None


def parts_of_batch(batch: Any, with_targets: bool = True) -> tuple[Any, Any, Any]:
    """x, y and weights of a batch.

    Raises:
      ValueError: it has more parts.
    """
    if not isinstance(batch, (tuple, list)) or not with_targets and isinstance(batch, list):
        return batch, None, None
    if len(batch) not in (1, 2, 3):
        raise ValueError(
            "Please provide model inputs as a list or tuple of 2 or 3 elements: (input, target) or (input, target, "
            f"sample_weights) Received {batch}"
        )
    x, y, weights = (*batch, None, None)[:3]
    return x, y, weights


def batches_of_sequence(sequence: Any, shuffle: bool) -> Iterator[Any]:
    """The batches of a `Sequence`, epoch after epoch."""
    while True:
        order = list(range(len(sequence)))
        if shuffle:
            random.shuffle(order)
        for i in order:
            yield sequence[i]
        if hasattr(sequence, "on_epoch_end"):
            sequence.on_epoch_end()


@export("keras.utils.Sequence")
class Sequence:
    """Batches by number; a subclass has `__getitem__(index)` and `__len__()`."""

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def on_epoch_end(self) -> None:
        """Called after each epoch."""

    def __iter__(self) -> Any:
        """The batches once."""
        return (self[i] for i in range(len(self)))


def print_samples(source: Any, held_out: Any, of_dataset: bool) -> None:
    """Prints how much a model is trained on."""
    size = source.steps if isinstance(source, Steps) else source.size
    if size is None:
        return
    unit = "steps" if isinstance(source, Steps) else "samples"
    text = f"Train on {size} {unit}"
    if held_out is not None:
        other = held_out.steps if isinstance(held_out, Steps) else held_out.size
        if other:
            text += f", validate on {other} {'steps' if of_dataset else 'samples'}"
    print(text)
