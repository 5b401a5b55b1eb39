"""Numbers drawn in a decoder's steps: as distributions draw them, but without checks of their parameters."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_joining import concat
from pyflow.ops.array_padding import pad
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.cast import cast
from pyflow.ops.comparison import Less as less
from pyflow.ops.comparison import equal
from pyflow.ops.random import multinomial, random_uniform
from pyflow.ops.reduce_functions import reduce_prod


def _sampled(draw: Callable, sample_shape: Any) -> Tensor:
    """`draw(n)`, [n, ...], as [*sample_shape, ...]."""
    with name_scope(None, "call_sampler", values=[sample_shape]):
        sizes = convert_to_tensor(sample_shape, dtype=dtypes.int32, name="sample_shape")
        is_scalar = cast(equal(rank(sizes), 0), dtypes.int32)
        sizes = reshape(sizes, pad(shape(sizes), paddings=[[is_scalar, 0]], constant_values=1))
        samples = draw(reduce_prod(sizes))
        return reshape(samples, concat([sizes, shape(samples)[1:]], 0))


def bernoulli_sample(probs: Any, dtype: Any = dtypes.int32, sample_shape: Any = (), seed: int | None = None) -> Tensor:
    """True (or 1) with the probabilities given, [*sample_shape, *probs.shape]."""
    probs = convert_to_tensor(probs, name="probs")
    sizes = shape(probs)

    def draw(n: Any) -> Tensor:
        uniform = random_uniform(concat([[n], sizes], 0), seed=seed, dtype=probs.dtype)
        return cast(less(uniform, probs), dtype)

    return _sampled(draw, sample_shape)


def categorical_sample(logits: Any, dtype: Any = dtypes.int32, seed: int | None = None) -> Tensor:
    """A class for each row of `logits` [..., classes]."""
    logits = convert_to_tensor(logits, name="logits")
    classes, sizes = shape(logits)[-1], shape(logits)[:-1]

    def draw(n: Any) -> Tensor:
        rows = logits if logits.shape.ndims == 2 else reshape(logits, [-1, classes])
        kind = dtypes.int64 if logits.dtype.size > 4 else dtypes.int32
        draws = multinomial(rows, n, seed=seed, output_dtype=kind)
        return cast(reshape(transpose(draws), concat([[n], sizes], 0)), dtype)

    return _sampled(draw, ())
