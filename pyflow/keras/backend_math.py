"""tf.keras.backend: mathematics."""

from __future__ import annotations

import builtins
import inspect
import sys
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.keras import backend
from pyflow.ops.arg_extremes import argmax as tf_argmax
from pyflow.ops.arg_extremes import argmin as tf_argmin
from pyflow.ops.array import expand_dims as tf_expand_dims
from pyflow.ops.array import reshape, squeeze, transpose
from pyflow.ops.array_filling import ones_like as tf_ones_like
from pyflow.ops.array_filling import zeros_like as tf_zeros_like
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_identity import StopGradient as stop_gradient
from pyflow.ops.array_identity import identity as tf_identity
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_joining import stack as tf_stack
from pyflow.ops.array_reversing import ReverseV2 as tf_reverse
from pyflow.ops.array_selection import where as tf_where
from pyflow.ops.array_shape import shape as tf_shape
from pyflow.ops.array_splitting import split
from pyflow.ops.array_tiling import Tile as tile
from pyflow.ops.cast import cast as tf_cast
from pyflow.ops.clip import clip_by_value
from pyflow.ops.comparison import Greater as greater
from pyflow.ops.comparison import GreaterEqual as greater_equal
from pyflow.ops.comparison import Less as less
from pyflow.ops.comparison import LessEqual as less_equal
from pyflow.ops.comparison import equal, not_equal
from pyflow.ops.constant import constant_v1 as tf_constant
from pyflow.ops.cumulative import cumprod as tf_cumprod
from pyflow.ops.cumulative import cumsum as tf_cumsum
from pyflow.ops.math_binary import Maximum as maximum
from pyflow.ops.math_binary import Minimum as minimum
from pyflow.ops.math_binary import pow as tf_pow
from pyflow.ops.math_rounding import round as tf_round
from pyflow.ops.math_sigmoid import sigmoid as nn_sigmoid
from pyflow.ops.math_sigmoid import tanh as nn_tanh
from pyflow.ops.math_trigonometry import Cos as cos
from pyflow.ops.math_trigonometry import Sin as sin
from pyflow.ops.math_unary import Exp as exp
from pyflow.ops.math_unary import Log as log
from pyflow.ops.math_unary import abs as tf_abs
from pyflow.ops.math_unary import sign, square
from pyflow.ops.math_unary import sqrt as tf_sqrt
from pyflow.ops.messages import print_v2 as tf_print
from pyflow.ops.nn_activations import Elu as nn_elu
from pyflow.ops.nn_activations import Softplus as nn_softplus
from pyflow.ops.nn_activations import Softsign as nn_softsign
from pyflow.ops.nn_embedding import embedding_lookup
from pyflow.ops.nn_normalization import l2_normalize as nn_l2_normalize
from pyflow.ops.nn_relu import Relu as nn_relu
from pyflow.ops.nn_relu import leaky_relu, relu6
from pyflow.ops.nn_softmax import softmax as nn_softmax
from pyflow.ops.nn_top_k import in_top_k
from pyflow.ops.ranges import range as tf_range
from pyflow.ops.reduce_functions import (
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_std,
    reduce_sum,
    reduce_variance,
)
from pyflow.ops.sequence_loops import foldl as tf_foldl
from pyflow.ops.sequence_loops import foldr as tf_foldr
from pyflow.ops.sequence_loops import map_fn as tf_map_fn
from pyflow.ops.sparse_to_dense import sparse_tensor_to_dense
from pyflow.ops.state import assign, assign_add, assign_sub


def _same(**names: Any) -> None:
    """Publishes functions of tensors under Keras's names and argument names, "x" or "x, y"."""
    for name, function in names.items():
        _named(name, function, ["x"])


def _named(name: str, function: Any, arguments: list[str], **fixed: Any) -> Any:
    def run(*given: Any, **keywords: Any) -> Any:
        return function(*signature.bind(*given, **keywords).args, **fixed)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(argument, kind) for argument in arguments])
    run.__name__ = run.__qualname__ = name
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__doc__ = f"The same as `tf.{getattr(function, '__name__', name)}`."
    return export(f"keras.backend.{name}")(run)


_same(
    abs=tf_abs, exp=exp, sin=sin, cos=cos, log=log, round=tf_round, sign=sign, square=square, sigmoid=nn_sigmoid,
    tanh=nn_tanh, softplus=nn_softplus, softsign=nn_softsign, transpose=transpose, shape=tf_shape,
)  # fmt: skip
for _name, _function in (
    ("equal", equal), ("not_equal", not_equal), ("greater", greater), ("greater_equal", greater_equal), ("less", less),
    ("less_equal", less_equal), ("maximum", maximum), ("minimum", minimum),
):  # fmt: skip
    _named(_name, _function, ["x", "y"])
_named("reshape", reshape, ["x", "shape"])
_named("tile", tile, ["x", "n"])
_named("pow", tf_pow, ["x", "a"])
_named("update", assign, ["x", "new_x"])
_named("update_add", assign_add, ["x", "increment"])
_named("update_sub", assign_sub, ["x", "decrement"])
_named("permute_dimensions", transpose, ["x", "pattern"])
_named("squeeze", squeeze, ["x", "axis"])
_named("gather", embedding_lookup, ["reference", "indices"])
_named("one_hot", one_hot, ["indices", "num_classes"])
_named("in_top_k", in_top_k, ["predictions", "targets", "k"])
export("keras.backend.stop_gradient")(lambda variables: _stopped(variables))
export("keras.backend.stack")(lambda x, axis=0: stack(x, axis=axis))
export("keras.backend.name_scope")(name_scope)


def _stopped(variables: Any) -> Any:
    if isinstance(variables, (list, tuple)):
        return [stop_gradient(v) for v in variables]
    return stop_gradient(variables)


def _reduction(name: str, function: Any, of_bools: bool = False) -> Any:
    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if of_bools:
            x = tf_cast(x, "bool")
        elif name in ("mean", "std", "var") and x.dtype.base_dtype.is_bool:
            x = tf_cast(x, backend.floatx())
        return function(x, axis=axis, keepdims=keepdims)

    reduce.__name__ = reduce.__qualname__ = name
    reduce.__doc__ = "Reduces the dimensions of `axis`, all by default, keeping them as 1 if so wanted."
    return export(f"keras.backend.{name}")(reduce)


sum = _reduction("sum", reduce_sum)
prod = _reduction("prod", reduce_prod)
max = _reduction("max", reduce_max)
min = _reduction("min", reduce_min)
mean = _reduction("mean", reduce_mean)
var = _reduction("var", reduce_variance)
std = _reduction("std", reduce_std)
any = _reduction("any", reduce_any, of_bools=True)
all = _reduction("all", reduce_all, of_bools=True)


@export("keras.backend.argmax")
def argmax(x: Any, axis: int = -1) -> Any:
    """Where along the axis the largest is."""
    return tf_argmax(x, axis)


@export("keras.backend.argmin")
def argmin(x: Any, axis: int = -1) -> Any:
    """Where along the axis the smallest is."""
    return tf_argmin(x, axis)


@export("keras.backend.cumsum")
def cumsum(x: Any, axis: int = 0) -> Any:
    """Sums of what comes up to each element."""
    return tf_cumsum(x, axis=axis)


@export("keras.backend.cumprod")
def cumprod(x: Any, axis: int = 0) -> Any:
    """Products of what comes up to each element."""
    return tf_cumprod(x, axis=axis)


@export("keras.backend.sqrt")
def sqrt(x: Any) -> Any:
    """The square root, 0 of what is negative."""
    zero, infinity = (tf_constant(value, x.dtype.base_dtype) for value in (0.0, np.inf))
    return tf_sqrt(clip_by_value(x, zero, infinity))


@export("keras.backend.clip")
def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """x, from `min_value` (or no bound) to `max_value`."""
    if isinstance(min_value, (int, float)) and isinstance(max_value, (int, float)) and max_value < min_value:
        max_value = min_value
    low = -np.inf if min_value is None else min_value
    return clip_by_value(x, low, np.inf if max_value is None else max_value)


@export("keras.backend.cast")
def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype."""
    return tf_cast(x, dtype)


@export("keras.backend.constant")
def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """A constant, of the dtype of floats by default."""
    return tf_constant(value, dtype=dtype or backend.floatx(), shape=shape, name=name)  # type: ignore[misc]


@export("keras.backend.dtype")
def dtype(x: Any) -> str:
    """The name of the dtype."""
    return x.dtype.base_dtype.name


@export("keras.backend.ndim")
def ndim(x: Any) -> int | None:
    """The rank."""
    return x.shape.ndims


@export("keras.backend.count_params")
def count_params(x: Any) -> int:
    """How many numbers a variable holds."""
    return int(np.prod(x.shape.as_list()))


@export("keras.backend.is_sparse")
def is_sparse(tensor: Any) -> bool:
    """Whether it is a sparse tensor."""
    return isinstance(tensor, SparseTensor)


@export("keras.backend.to_dense")
def to_dense(tensor: Any) -> Any:
    """A sparse tensor as a dense one; a dense one as it is."""
    return sparse_tensor_to_dense(tensor) if is_sparse(tensor) else tensor


@export("keras.backend.zeros_like")
def zeros_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Zeros in the shape of x."""
    return tf_zeros_like(x, dtype=dtype, name=name)


@export("keras.backend.ones_like")
def ones_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Ones in the shape of x."""
    return tf_ones_like(x, dtype=dtype, name=name)


@export("keras.backend.flatten")
def flatten(x: Any) -> Any:
    """All elements in one dimension."""
    return reshape(x, [-1])


@export("keras.backend.batch_flatten")
def batch_flatten(x: Any) -> Any:
    """All dimensions but the first in one."""
    return reshape(x, tf_stack([-1, reduce_prod(tf_shape(x)[1:])]))


@export("keras.backend.expand_dims")
def expand_dims(x: Any, axis: int = -1) -> Any:
    """x with a further dimension of size 1."""
    return tf_expand_dims(x, axis)


@export("keras.backend.concatenate")
def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Tensors one behind the other along an axis."""
    if axis < 0:
        rank = tensors[0].shape.ndims
        axis = axis % rank if rank else 0
    return concat([to_dense(x) for x in tensors], axis)


@export("keras.backend.repeat")
def repeat(x: Any, n: int) -> Any:
    """[batch_size, m] as [batch_size, n, m]."""
    assert x.shape.ndims == 2
    return tile(tf_expand_dims(x, 1), [1, n, 1])


@export("keras.backend.repeat_elements")
def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each element `rep` times along an axis."""
    size = x.shape.as_list()[axis]
    if size is not None:
        return concat([s for s in split(x, size, axis) for _ in range(rep)], axis)
    axis %= x.shape.ndims
    times = np.ones(x.shape.ndims + 1, np.int32)
    times[axis + 1] = rep
    sizes = tf_shape(x) * np.delete(times, axis)
    repeated = reshape(tile(tf_expand_dims(x, axis + 1), times), sizes)
    repeated.set_shape(x.shape.as_list())
    return repeated


@export("keras.backend.arange")
def arange(start: Any, stop: Any = None, step: Any = 1, dtype: str = "int32") -> Any:
    """Numbers from `start` to `stop`, or from 0 to `start`."""
    if stop is None and builtins.isinstance(start, int) and start < 0:
        start = 0
    result = tf_range(start, limit=stop, delta=step)
    return result if dtype == "int32" else tf_cast(result, dtype)


@export("keras.backend.reverse")
def reverse(x: Any, axes: Any) -> Any:
    """x backwards along axes."""
    return tf_reverse(x, [axes] if isinstance(axes, int) else axes)


@export("keras.backend.map_fn")
def map_fn(fn: Any, elems: Any, name: str | None = None, dtype: Any = None) -> Any:
    """A function of each element along the first dimension."""
    return tf_map_fn(fn, elems, name=name, dtype=dtype)


@export("keras.backend.foldl")
def foldl(fn: Any, elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """Reduces the first dimension from the left."""
    return tf_foldl(fn, elems, initializer=initializer, name=name)


@export("keras.backend.foldr")
def foldr(fn: Any, elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """Reduces the first dimension from the right."""
    return tf_foldr(fn, elems, initializer=initializer, name=name)


@export("keras.backend.print_tensor")
def print_tensor(x: Any, message: str = "") -> Any:
    """x, which is printed when it is computed."""
    with control_dependencies([tf_print(message, x, output_stream=sys.stdout)]):
        return tf_identity(x)


# ---------------------------------------------------------------- activations


@export("keras.backend.relu")
def relu(x: Any, alpha: float = 0.0, max_value: Any = None, threshold: Any = 0) -> Any:
    """x from `threshold` to `max_value`, alpha · (x - threshold) below."""
    if alpha != 0.0 and max_value is None and threshold == 0:
        return leaky_relu(x, alpha=alpha)
    negative: Any = None
    clipped = max_value is not None
    if alpha != 0.0:
        negative = nn_relu(-x + threshold) if threshold != 0 else nn_relu(-x)
    if threshold != 0:
        x = x * tf_cast(greater(x, threshold), x.dtype.base_dtype)
    elif max_value == 6:
        x, clipped = relu6(x), False
    else:
        x = nn_relu(x)
    if clipped:
        kind = x.dtype.base_dtype
        x = clip_by_value(x, tf_constant(0.0, kind), tf_constant(max_value, kind))
    return x if negative is None else x - tf_constant(alpha, x.dtype.base_dtype) * negative


@export("keras.backend.elu")
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where it is positive, elsewhere alpha · (exp(x) - 1)."""
    res = nn_elu(x)
    return res if alpha == 1 else tf_where(x > 0, res, alpha * res)


@export("keras.backend.softmax")
def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) divided by its sum along an axis."""
    return nn_softmax(x, axis=axis)


@export("keras.backend.hard_sigmoid")
def hard_sigmoid(x: Any) -> Any:
    """0.2 · x + 0.5, from 0 to 1."""
    kind = x.dtype.base_dtype
    x = x * tf_constant(0.2, kind) + tf_constant(0.5, kind)
    return clip_by_value(x, tf_constant(0.0, kind), tf_constant(1.0, kind))


@export("keras.backend.l2_normalize")
def l2_normalize(x: Any, axis: Any = None) -> Any:
    """x divided by its length along an axis."""
    return nn_l2_normalize(x, axis=axis)
