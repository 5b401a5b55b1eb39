"""Shape rules that several ops share. Shapes are tuples of int or None; None alone is an unknown rank."""

from __future__ import annotations

from typing import Any, Callable, Sequence

from pyflow.core.registry import ShapeError
from pyflow.core.tensor import StaticShape


def with_parameters(names: Sequence[str], function: Callable[..., Any]) -> Callable[..., Any]:
    """A rule or kernel made by a factory: the registry takes its parameters to have these names."""

    def named(*arguments: Any) -> Any:
        return function(*arguments)

    named.parameters = tuple(names)  # type: ignore[attr-defined]
    return named


def same_as(name: str) -> Callable[..., StaticShape]:
    """The shape of the input of that name."""
    return with_parameters((name,), lambda shape: shape)


def broadcast(x: str = "x", y: str = "y") -> Callable[..., StaticShape]:
    """The shape that two inputs broadcast to."""
    return with_parameters((x, y), broadcast_shapes)


def scalar() -> StaticShape:
    """Rule of ops that give one number."""
    return ()


def unknown() -> StaticShape:
    """Rule of ops whose result may have any shape."""
    return None


def no_outputs() -> list[StaticShape]:
    """Rule of ops that are run for their effect."""
    return []


def broadcast_shapes(x: StaticShape, y: StaticShape) -> StaticShape:
    """The broadcast of two partly known shapes.

    Raises:
      ShapeError: two known dimensions differ and neither is 1.
    """
    if x is None or y is None:
        return None
    given = x, y
    if len(x) < len(y):
        x = (1,) * (len(y) - len(x)) + x
    elif len(y) < len(x):
        y = (1,) * (len(x) - len(y)) + y
    dims: list[int | None] = []
    for a, b in zip(x, y):
        if a == 1:
            dims.append(b)
        elif b == 1 or a == b:
            dims.append(a)
        elif a is None or b is None:
            # A known one larger than 1 is the outcome, as the unknown one must be it or 1.
            known = a if b is None else b
            dims.append(known or None)
        else:
            at_run = f"Incompatible shapes: {text(given[0])} vs. {text(given[1])}"
            raise ShapeError(f"Dimensions must be equal, but are {a} and {b}", at_run)
    return tuple(dims)


def merge(x: StaticShape, y: StaticShape) -> StaticShape:
    """What two partly known shapes of the same tensor say together.

    Raises:
      ShapeError: they contradict each other.
    """
    if x is None or y is None:
        return y if x is None else x
    if len(x) != len(y):
        raise ShapeError(f"Shapes must be equal rank, but are {len(x)} and {len(y)}")
    for i, (a, b) in enumerate(zip(x, y)):
        if a is not None and b is not None and a != b:
            raise ShapeError(
                f"Dimension {i} in both shapes must be equal, but are {a} and {b}. "
                f"Shapes are {text(x)} and {text(y)}."
            )
    return tuple(b if a is None else a for a, b in zip(x, y))


def merge_all(shapes: list[StaticShape]) -> StaticShape:
    """`merge` of a list."""
    merged: StaticShape = None
    for shape in shapes:
        merged = merge(merged, shape)
    return merged


def with_rank(shape: StaticShape, rank: int) -> tuple[int | None, ...]:
    """The shape, if it can have that rank.

    Raises:
      ShapeError: it has another rank.
    """
    if shape is None:
        return (None,) * rank
    if len(shape) != rank:
        raise ShapeError(f"Shape must be rank {rank} but is rank {len(shape)}")
    return shape


def with_rank_at_least(shape: StaticShape, rank: int) -> StaticShape:
    """The shape, if its rank is known to suffice or unknown."""
    if shape is not None and len(shape) < rank:
        raise ShapeError(f"Shape must be at least rank {rank} but is rank {len(shape)}")
    return shape


def merge_dim(a: int | None, b: int | None) -> int | None:
    """Two statements about one dimension together."""
    if a is not None and b is not None and a != b:
        raise ShapeError(f"Dimensions must be equal, but are {a} and {b}")
    return b if a is None else a


def without_prefix(shape: StaticShape, prefix: StaticShape) -> StaticShape:
    """What follows in `shape` after the dimensions of `prefix`, with which it has to start.

    Raises:
      ShapeError: it doesn't.
    """
    if shape is None or prefix is None:
        return None
    with_rank_at_least(shape, len(prefix))
    for a, b in zip(shape, prefix):
        merge_dim(a, b)
    return shape[len(prefix) :]


def element_count(shape: StaticShape) -> int | None:
    """The number of elements, or None when it isn't known."""
    if shape is None:
        return None
    if 0 in shape:
        return 0
    count = 1
    for d in shape:
        if d is None:
            return None
        count *= d
    return count


def text(shape: StaticShape) -> str:
    """The way TensorFlow prints a shape in messages."""
    return "?" if shape is None else "[" + ",".join("?" if d is None else str(d) for d in shape) + "]"
