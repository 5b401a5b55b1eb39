"""Datasets of random numbers, and of all numbers."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.type_specs import TensorSpec
from pyflow.data import random_seed
from pyflow.data.dataset import DatasetV1, DatasetV2
from pyflow.data.reduction import scan
from pyflow.data.sources import Sources


@export("data.experimental.RandomDataset", "contrib.data.RandomDataset")
class RandomDataset(DatasetV1):
    """Random numbers from 0 to before 2**32, int64, without end.

    Args:
      seed: a seed; see `tf.set_random_seed`.
    """

    def __init__(self, seed: Any = None):
        seeds = random_seed.get_seed(seed)
        DatasetV2.__init__(self, raw.RandomDataset(*seeds, output_types=[dtypes.int64], output_shapes=[[]]))

    def _inputs(self) -> list:
        return []

    element_spec = property(lambda self: TensorSpec([], dtypes.int64))


@export("data.experimental.Counter", "contrib.data.Counter")
def Counter(start: Any = 0, step: Any = 1, dtype: Any = dtypes.int64) -> Any:
    """Numbers counted from `start` in steps, without end."""
    with name_scope("counter"):
        start = convert_to_tensor(start, dtype=dtype, name="start")
        step = convert_to_tensor(step, dtype=dtype, name="step")
        return Sources.from_tensors(0).repeat(None).apply(scan(start, lambda state, _: (state + step, state)))
