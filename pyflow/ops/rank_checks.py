"""Assertions about ranks and shapes (`tf.assert_rank`, `tf.debugging.assert_shapes`)."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops import comparison
from pyflow.ops.array_shape import rank as rank_of
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.checks import assert_type
from pyflow.ops.control_flow import group, no_op, with_dependencies
from pyflow.ops.messages import Assert


def _check(
    x: Any, ranks: list, words: str, holds: Callable, condition: Callable, data: Any, summarize: Any, message: Any
) -> Any:
    """The assertion that the rank of `x` stands in a relation to `ranks`.

    Args:
      words: "rank", "rank at least" or "rank in".
      holds: tells it from known ranks.
      condition: builds it from tensors.
    """
    x = convert_to_tensor(x, name="x")
    ranks = [convert_to_tensor(r, name="rank") for r in ranks]
    if data is None:
        data = [message or "", f"Tensor {x.name} must have {words}", *ranks, "Received shape: ", shape_of(x)]
    for r in ranks:
        assert_type(r, dtypes.int32)
    known = [constant_value(r) for r in ranks]
    if all(k is not None for k in known):
        if any(k.ndim for k in known):
            raise ValueError("Rank must be a scalar.")
        static = x.get_shape().ndims
        if static is not None:
            if not holds(static, [int(k) for k in known]):
                shown = int(known[0]) if words != "rank in" else _shown(known)
                raise ValueError(
                    f"{message or ''}.  Tensor {x.name} must have {words} {shown}.  Received rank {static}, shape "
                    f"{x.get_shape()}"
                )
            return no_op(name="static_checks_determined_all_ok")
    result = condition(rank_of(x), ranks)
    for r, k in zip(ranks, known):
        if k is None:
            is_scalar = assert_rank(r, 0, data=["Rank must be a scalar. Received rank: ", r])
            result = with_dependencies([is_scalar], result)
    return Assert(result, data, summarize=summarize)


def _shown(ranks: list) -> str:
    """A tuple of ranks as TensorFlow's message shows it: a tuple of arrays."""
    arrays = ", ".join(f"array({r}, dtype=int32)" for r in ranks)
    return f"({arrays},)" if len(ranks) == 1 else f"({arrays})"


@export("assert_rank", "debugging.assert_rank")
def assert_rank(
    x: Any, rank: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Any:
    """An operation that fails unless `x` has the rank.

    Raises:
      ValueError: it is known not to have it.
      InvalidArgumentError: at run time.
    """
    with name_scope(name, "assert_rank", [x, rank, *(data or ())]):
        return _check(
            x, [rank], "rank", lambda a, b: a == b[0], lambda a, b: comparison.equal(a, b[0]), data, summarize, message
        )


@export("assert_rank_at_least", "debugging.assert_rank_at_least")
def assert_rank_at_least(
    x: Any, rank: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Any:
    """An operation that fails unless `x` has at least the rank; see `assert_rank`."""
    with name_scope(name, "assert_rank_at_least", [x, rank, *(data or ())]):
        return _check(
            x,
            [rank],
            "rank at least",
            lambda a, b: a >= b[0],
            lambda a, b: comparison.greater_equal(a, b[0]),
            data,
            summarize,
            message,
        )


@export("assert_rank_in", "debugging.assert_rank_in")
def assert_rank_in(
    x: Any, ranks: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Any:
    """An operation that fails unless `x` has one of the ranks; see `assert_rank`."""

    def is_one(actual: Tensor, given: list) -> Any:
        found = comparison.equal(given[0], actual)
        for r in given[1:]:
            found = comparison.LogicalOr(found, comparison.equal(r, actual))
        return found

    with name_scope(name, "assert_rank_in", [x, *ranks, *(data or ())]):
        return _check(x, list(ranks), "rank in", lambda a, b: a in b, is_one, data, summarize, message)


def _is_any(symbol: Any) -> bool:
    return symbol is None or symbol == "."


@export("debugging.assert_shapes")
def assert_shapes(
    shapes: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Any:
    """An operation that fails unless tensors have shapes that fit together.

    Args:
      shapes: dict, or list of pairs, from tensors to shapes whose entries are sizes, symbols (letters that stand for
        the same size wherever they occur), None or "." for any size; a first entry "*" or ... for any leading
        dimensions.

    Raises:
      ValueError: it is known that they don't fit.
    """
    items = list(shapes.items() if isinstance(shapes, dict) else shapes)
    message = message or ""
    with name_scope(name, "assert_shapes", [x for x, _ in items]):
        constraints = [(convert_to_tensor(x), _symbols(x, s, message)) for x, s in items if s is not None]
        ranks = [_rank_check(x, s, data, summarize, message) for x, s in constraints]
        sizes = _size_checks(constraints, data, summarize, message)
        with control_dependencies([r for r in ranks if r is not None]):
            return group(*sizes)


def _symbols(x: Any, shape: Any, message: str) -> tuple[bool, tuple]:
    """Whether leading dimensions are free, and the symbols of the others."""
    if not hasattr(shape, "__iter__") and not hasattr(shape, "__getitem__"):
        raise ValueError(
            f"{message}.  Tensor {getattr(x, 'name', x)}.  Specified shape must be an iterable.  An iterable has the "
            f"attribute `__iter__` or `__getitem__`.  Received specified shape: {shape}"
        )
    symbols = tuple(shape)
    for i, symbol in enumerate(symbols):
        if symbol in (Ellipsis, "*") and i:
            raise ValueError(
                f"{message}.  Tensor {getattr(x, 'name', x)} specified shape index {i}.  Symbol `...` or `*` for a "
                "variable "
                "number of unspecified dimensions is only allowed as the first entry"
            )
    free = bool(symbols) and symbols[0] in (Ellipsis, "*")
    return free, symbols[1:] if free else symbols


def _rank_check(x: Tensor, constraint: tuple[bool, tuple], data: Any, summarize: Any, message: str) -> Any:
    free, symbols = constraint
    if free:
        return assert_rank_at_least(x, len(symbols), data, summarize, message) if len(symbols) > 1 else None
    if len(symbols) < 2:
        return assert_rank_in(x, [0, 1], data, summarize, message)
    return assert_rank(x, len(symbols), data, summarize, message)


def _size_checks(constraints: list, data: Any, summarize: Any, message: str) -> list:
    checks = []
    known: dict[Any, tuple[Any, str]] = {}
    for x, (free, symbols) in constraints:
        static = x.get_shape().as_list() if x.get_shape().ndims is not None else None
        symbols = symbols or ((1,) if not free else ())
        for i, symbol in enumerate(symbols):
            if _is_any(symbol):
                continue
            dim = i - len(symbols) if free else i
            if static == []:
                actual: Any = 1
            else:
                actual = static[dim] if static is not None and static[dim] is not None else shape_of(x)[dim]
            if isinstance(symbol, int):
                wanted, source = symbol, "Specified explicitly"
            elif symbol in known:
                wanted, source = known[symbol]
            else:
                known[symbol] = (actual, f"Specified by tensor {x.name} dimension {dim}")
                continue
            if isinstance(actual, int) and isinstance(wanted, int):
                if actual != wanted:
                    raise ValueError(
                        f"{message}.  {source}.  Tensor {x.name} dimension {dim} must have size {wanted}.  Received "
                        "size "
                        f"{actual}, shape {x.get_shape()}"
                    )
                continue
            shown = data or [
                message, source, f"Tensor {x.name} dimension", dim, "must have size", wanted,
                "Received shape: ", shape_of(x),
            ]  # fmt: skip
            equal = comparison.equal(convert_to_tensor(actual), convert_to_tensor(wanted))
            checks.append(Assert(equal, shown, summarize=summarize))
    return checks
