"""tf.contrib.slim.utils: named outputs in collections, and checks of layers' arguments."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterable
from typing import Any

from pyflow.core import constants
from pyflow.core.api import export
from pyflow.core.scopes import add_to_collections, get_collection, get_default_graph
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.cond import cond
from pyflow.ops.variable_base import Variable

NamedOutputs = namedtuple("NamedOutputs", ["name", "outputs"])


def _published(function: Callable) -> Callable:
    return export(f"contrib.slim.utils.{function.__name__}")(function)


@_published
def collect_named_outputs(collections: Any, alias: str, outputs: Any) -> Any:
    """Adds outputs, with `alias` among their names, to collections, if there are any; gives the outputs back."""
    if collections:
        append_tensor_alias(outputs, alias)
        add_to_collections(collections, outputs)
    return outputs


@_published
def append_tensor_alias(tensor: Any, alias: str) -> Any:
    """Gives a tensor another name, kept in its attribute `aliases`."""
    alias = alias[:-1] if alias[-1] == "/" else alias
    if hasattr(tensor, "aliases"):
        tensor.aliases.append(alias)
    else:
        tensor.aliases = [alias]
    return tensor


@_published
def get_tensor_aliases(tensor: Any) -> list[str]:
    """The aliases of a tensor, or its own name without ":0"."""
    if hasattr(tensor, "aliases"):
        return tensor.aliases
    return [tensor.op.name if tensor.name[-2:] == ":0" else tensor.name]


@_published
def gather_tensors_aliases(tensors: Iterable[Any]) -> list[str]:
    """The aliases of all tensors, one after the other."""
    return [alias for tensor in tensors for alias in get_tensor_aliases(tensor)]


@_published
def convert_collection_to_dict(collection: Any, clear_collection: bool = False) -> OrderedDict:
    """The tensors of a collection by their aliases; the collection may be emptied."""
    found = OrderedDict((alias, t) for t in get_collection(collection) for alias in get_tensor_aliases(t))
    if clear_collection:
        get_default_graph().clear_collection(collection)
    return found


@_published
def constant_value(value_or_tensor_or_var: Any, dtype: Any = None) -> Any:
    """A value, or that of a tensor where it is known without a run, else None; None for a variable.

    Raises:
      ValueError: None is given, or a tensor of another dtype.
    """
    value = value_or_tensor_or_var
    if value is None:
        raise ValueError("value_or_tensor_or_var cannot be None")
    if not isinstance(value, (Tensor, Variable)):
        return value
    if dtype and value.dtype != dtype:
        raise ValueError(f"It has the wrong type {value.dtype} instead of {dtype}")
    return None if isinstance(value, Variable) else constants.constant_value(value)


@_published
def static_cond(pred: Any, fn1: Callable, fn2: Callable) -> Any:
    """What `fn1` gives if `pred` is true, else `fn2`.

    Raises:
      TypeError: one of them is no function.
    """
    for name, function in (("fn1", fn1), ("fn2", fn2)):
        if not callable(function):
            raise TypeError(f"{name} must be callable.")
    return fn1() if pred else fn2()


@_published
def smart_cond(pred: Any, fn1: Callable, fn2: Callable, name: str | None = None) -> Any:
    """`static_cond` where `pred` is known without a run, else `tf.cond`."""
    value = constant_value(pred)
    return cond(pred, fn1, fn2, name=name) if value is None else static_cond(value, fn1, fn2)


@_published
def get_variable_collections(variables_collections: Any, name: str) -> Any:
    """The collections for one kind of variable, from a list for all or a dict by kind."""
    if isinstance(variables_collections, dict):
        return variables_collections.get(name)
    return variables_collections


def _get_dimension(shape: TensorShape, dim: int, min_rank: int) -> int:
    if shape.dims is None:
        raise ValueError("dims of shape must be known but is None")
    if len(shape.dims) < min_rank:
        raise ValueError(f"rank of shape must be at least {min_rank} not: {len(shape.dims)}")
    value = shape.as_list()[dim]
    if value is None:
        raise ValueError(f"dimension {dim} of shape must be known but is None: {shape}")
    return value


@_published
def channel_dimension(shape: TensorShape, data_format: str, min_rank: int = 1) -> int:
    """The number of channels; `data_format` is "channels_first" or "channels_last".

    Raises:
      ValueError: it is not known, or the rank is too low.
    """
    return _get_dimension(shape, 1 if data_format == "channels_first" else -1, min_rank)


@_published
def last_dimension(shape: TensorShape, min_rank: int = 1) -> int:
    """The last dimension.

    Raises:
      ValueError: it is not known, or the rank is too low.
    """
    return _get_dimension(shape, -1, min_rank)


@_published
def two_element_tuple(int_or_tuple: Any) -> tuple:
    """Two numbers from one for both, or from two.

    Raises:
      ValueError: it is neither.
    """
    if isinstance(int_or_tuple, (list, tuple)):
        if len(int_or_tuple) != 2:
            raise ValueError(f"Must be a list with 2 elements: {int_or_tuple}")
        return int(int_or_tuple[0]), int(int_or_tuple[1])
    if isinstance(int_or_tuple, int):
        return int_or_tuple, int_or_tuple
    if isinstance(int_or_tuple, TensorShape) and len(int_or_tuple) == 2:
        return int_or_tuple[0], int_or_tuple[1]
    raise ValueError("Must be an int, a list with 2 elements or a TensorShape of length 2")


@_published
def n_positive_integers(n: int, value: Any) -> tuple[int, ...]:
    """n positive ints from one for all, or from n.

    Raises:
      ValueError: they are not positive, or not n.
    """
    if int(n) < 1 or int(n) != n:
        raise ValueError("n must be a positive integer")
    try:
        values = (int(value),) * n
    except (TypeError, ValueError):
        wrong = f"Expected sequence of {n} positive integers, but received {value!r}"
        if len(value) != n:
            raise ValueError(wrong) from None
        try:
            values = tuple(int(x) for x in value)
        except (TypeError, ValueError):
            raise ValueError(wrong) from None
    for x in values:
        if x < 1:
            raise ValueError(f"expected positive integer, but received {x}")
    return values
