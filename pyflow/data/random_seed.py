"""The seeds of random datasets, as tensors."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.seeds import get_seed as core_seed
from pyflow.core.tensor import Tensor
from pyflow.ops.constant import constant

_LARGEST = 2**31 - 1


def get_seed(seed: Any) -> tuple[Tensor, Tensor]:
    """The two seeds of a dataset, int64 of shape (); both 0 for one that shall differ from run to run."""
    first, second = core_seed(seed)
    if first is None:
        seed1 = constant(0, dtype=dtypes.int64, name="seed")
    else:
        seed1 = convert_to_tensor(first, dtype=dtypes.int64, name="seed")
    if second is None:
        return seed1, constant(0, dtype=dtypes.int64, name="seed2")
    with name_scope("seed2") as scope:
        seed2 = convert_to_tensor(second, dtype=dtypes.int64)
        both_zero = raw.LogicalAnd(raw.Equal(seed1, 0), raw.Equal(seed2, 0))
        return seed1, raw.Select(both_zero, constant(_LARGEST, dtype=dtypes.int64), seed2, name=scope)
