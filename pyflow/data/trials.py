"""What TensorFlow tries its datasets with: pauses, and the rewriting of a dataset asked for by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.data.structure import flat_structure

Transformation = Callable[[Any], Any]


def sleep(sleep_microseconds: Any) -> Transformation:
    """To be applied: the elements, each after a pause of so many microseconds."""

    def apply(dataset: Any) -> Any:
        pause = convert_to_tensor(sleep_microseconds, dtypes.int64)
        return dataset._made(raw.SleepDataset(dataset._variant_tensor, pause, **flat_structure(dataset.element_spec)))

    return apply


def model() -> Transformation:
    """To be applied: the dataset, with how many things it does at once left to it."""
    return lambda dataset: dataset._made(
        raw.ModelDataset(dataset._variant_tensor, **flat_structure(dataset.element_spec))
    )


def optimize(optimizations: Any = None) -> Transformation:
    """To be applied: the dataset, rewritten in the ways that have these names."""

    def apply(dataset: Any) -> Any:
        names = convert_to_tensor(optimizations or [], dtypes.string, name="optimizations")
        attrs = flat_structure(dataset.element_spec)
        return dataset._made(raw.OptimizeDataset(dataset._variant_tensor, names, **attrs))

    return apply


def non_serializable() -> Transformation:
    """To be applied: the dataset, as one that no graph is made of."""
    return lambda dataset: dataset._made(
        raw.NonSerializableDataset(dataset._variant_tensor, **flat_structure(dataset.element_spec))
    )


class PrivateThreadPool:
    """Threads for datasets; these have their own anyway.

    Args:
      num_threads: how many.
      display_name: what they are called.
      max_intra_op_parallelism: how many threads one operation may use.
    """

    def __init__(self, num_threads: int, display_name: str | None = None, max_intra_op_parallelism: int = 1):
        self._resource = raw.ThreadPoolHandle(
            num_threads=num_threads,
            max_intra_op_parallelism=max_intra_op_parallelism,
            display_name=display_name or "",
        )


def override_threadpool(dataset: Any, thread_pool: PrivateThreadPool) -> Any:
    """The dataset, told to use these threads."""
    attrs = flat_structure(dataset.element_spec)
    return dataset._made(raw.ThreadPoolDataset(dataset._variant_tensor, thread_pool._resource, **attrs))
