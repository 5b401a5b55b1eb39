"""Functions of a tensor that also map the values of a SparseTensor."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core.sparse_tensor import SparseTensor


def maps_sparse_values(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function(x, name=None)`, which for a `SparseTensor` gives one with the values mapped."""

    def mapped(x: Any, name: str | None = None) -> Any:
        if isinstance(x, SparseTensor):
            return SparseTensor(x.indices, function(x.values, name=name), x.dense_shape)
        return function(x, name=name)

    mapped.__name__ = mapped.__qualname__ = function.__name__.strip("_").lower()
    mapped.__doc__ = function.__doc__
    return mapped
