"""Elements left out at random, so that classes get other shares."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.data.batching import unbatch
from pyflow.data.interleaving import sample_from_datasets
from pyflow.data.reduction import scan
from pyflow.data.sources import Sources
from pyflow.ops.array import expand_dims
from pyflow.ops.array_filling import fill
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.division import truediv
from pyflow.ops.random import random_uniform
from pyflow.ops.reduce_functions import reduce_max, reduce_min, reduce_sum

# How many elements go into an estimate before it is used, and how many of each class it pretends to have seen.
_ESTIMATED_AT_ONCE = 32
_SEEN_BEFORE = 10


@export("data.experimental.rejection_resample", "contrib.data.rejection_resample")
def rejection_resample(
    class_func: Callable, target_dist: Any, initial_dist: Any = None, seed: int | None = None
) -> Callable:
    """To be applied: tuples of a class and an element, of which some are left out to give the classes other shares.

    Args:
      class_func: from an element to its class, int32 from 0 on.
      target_dist: the share that each class shall have, floats.
      initial_dist: the share that it has; if None it is estimated on the way.
      seed: a seed; see `tf.set_random_seed`.
    """

    def apply(dataset: Any) -> Any:
        target = convert_to_tensor(target_dist, name="target_dist")
        classes = dataset.map(class_func)
        unchanged = None
        if initial_dist is not None:
            initial = convert_to_tensor(initial_dist, name="initial_dist")
            accepted, original = _acceptance(initial, target)
            accepted_ds = Sources.from_tensors(accepted).repeat()
            original_ds = Sources.from_tensors(original).repeat()
            unchanged = _share_of_original(initial, target)
        else:
            both = _estimates(target, classes).map(lambda initial: _acceptance(initial, target))
            accepted_ds = both.map(lambda accepted, _: accepted)
            original_ds = both.map(lambda _, original: original)
        filtered = _accepted(dataset, accepted_ds, classes, seed).prefetch(3)
        everything = Sources.zip((classes, dataset))
        if unchanged == 1:
            return everything
        if unchanged == 0:
            return filtered
        weights = original_ds.map(lambda share: [(share, 1.0 - share)])
        return sample_from_datasets([everything, filtered], weights=weights, seed=seed)

    return apply


def _share_of_original(initial: Any, target: Any) -> Any:
    first, second = constant_value(initial), constant_value(target)
    return None if first is None or second is None else np.min(second / first)


def _acceptance(initial: Any, target: Any) -> tuple[Any, Any]:
    """For each class the probability that an element is let through, and the share of elements taken as they come.

    The more are taken as they come, the fewer are lost: as many as leave each class no more than its share.
    """
    ratio = target / (initial + np.finfo(initial.dtype.as_numpy_dtype).tiny)
    most, least = reduce_max(ratio), reduce_min(ratio)
    return (ratio - least) / (most - least), least


def _accepted(dataset: Any, accepted_ds: Any, classes: Any, seed: Any) -> Any:
    def with_probability(kind: Any, probabilities: Any, *data: Any) -> Any:
        element = data[0] if len(data) == 1 else data
        return kind, raw.GatherV2(probabilities, kind, 0), element

    drawn = Sources.zip((classes, accepted_ds, dataset)).map(with_probability)
    passed = drawn.filter(lambda _, p, __: random_uniform([], seed=seed) < p)
    return passed.map(lambda kind, _, element: (kind, element))


def _estimates(target: Any, classes: Any) -> Any:
    count = target.shape.as_list()[0] or shape_of(target)[0]
    seen = fill([count], np.int64(_SEEN_BEFORE))

    def update(seen: Any, batch: Any) -> tuple[Any, Any]:
        kinds = seen.shape.as_list()[0]
        seen = seen + reduce_sum(one_hot(batch, kinds, dtype=dtypes.int64), 0)
        shares = cast(truediv(seen, reduce_sum(seen)), dtypes.float32)
        return seen, tile(expand_dims(shares, 0), [_ESTIMATED_AT_ONCE, 1])

    return classes.batch(_ESTIMATED_AT_ONCE).apply(scan(seen, update)).apply(unbatch())
