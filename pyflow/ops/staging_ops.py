"""The ops on staging areas: values that are put down for a later run, in order or under keys."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.ops.staged_elements import StagedElements, StagedMap


def _elements(ctx: Any) -> StagedElements:
    attrs = ctx.op.attrs
    name = attrs["shared_name"] or ctx.op_name
    return ctx.resources.get_or_create(
        StagedElements,
        attrs["container"],
        name,
        lambda: StagedElements(name, attrs["capacity"], attrs["memory_limit"]),
    )


def _map(ctx: Any) -> StagedMap:
    attrs = ctx.op.attrs
    name = attrs["shared_name"] or ctx.op_name
    return ctx.resources.get_or_create(
        StagedMap,
        attrs["container"],
        name,
        lambda: StagedMap(
            name, attrs["capacity"], attrs["memory_limit"], len(attrs["dtypes"]), ctx.op.type.startswith("Ordered")
        ),
    )


def _limits(at_least_one_dtype: bool = True, **more: Any) -> dict[str, Any]:
    least = {"minimum": 1} if at_least_one_dtype else {"minimum": 0}
    return {
        "capacity": attr("int", default=0, minimum=0),
        "memory_limit": attr("int", default=0, minimum=0),
        "dtypes": attr("list(type)", **least),
        **more,
        "container": "",
        "shared_name": "",
    }


def _unknown_shapes(dtypes):
    return [None] * len(dtypes)


@op("Stage(values: dtypes) -> ()", **_limits())
class Stage:
    """Puts an element down, waiting for room."""

    stateful = True

    def shape():
        return []

    def cpu(values, ctx):
        _elements(ctx).put(values, ctx)

    grad = NOT_DIFFERENTIABLE


@op("Unstage() -> (values: dtypes)", **_limits())
class Unstage:
    """Takes the element that was put down first, waiting for it."""

    stateful = True
    shape = _unknown_shapes

    def cpu(ctx):
        return _elements(ctx).get(ctx)

    grad = NOT_DIFFERENTIABLE


@op("StagePeek(index: int32) -> (values: dtypes)", **_limits())
class StagePeek:
    """The element at a position, which stays, waiting for it."""

    stateful = True
    shape = _unknown_shapes

    def cpu(index, ctx):
        return _elements(ctx).peek(int(index), ctx)

    grad = NOT_DIFFERENTIABLE


@op("StageSize() -> (size: int32)", **_limits(False))
class StageSize:
    """How many elements there are."""

    stateful = True

    def shape():
        return ()

    def cpu(ctx):
        return np.int32(_elements(ctx).size())

    grad = NOT_DIFFERENTIABLE


@op("StageClear() -> ()", **_limits(False))
class StageClear:
    """Takes everything away."""

    stateful = True

    def shape():
        return []

    def cpu(ctx):
        _elements(ctx).clear()

    grad = NOT_DIFFERENTIABLE


class _MapStageBody:
    """Puts components of an element down under a key, waiting for room."""

    stateful = True

    def shape():
        return []

    def cpu(key, indices, values, ctx):
        _map(ctx).put(int(key), indices, values, ctx)

    grad = NOT_DIFFERENTIABLE


class _MapUnstageBody:
    """Takes components of the element under a key, waiting for it."""

    stateful = True
    shape = _unknown_shapes

    def cpu(key, indices, ctx):
        return _map(ctx).take(int(key), indices, ctx)[1]

    grad = NOT_DIFFERENTIABLE


class _MapPeekBody:
    """Components of the element under a key, which stays, waiting for it."""

    stateful = True
    shape = _unknown_shapes

    def cpu(key, indices, ctx):
        return _map(ctx).take(int(key), indices, ctx, keep=True)[1]

    grad = NOT_DIFFERENTIABLE


class _MapUnstageNoKeyBody:
    """Takes components of an element, the one of the smallest key if the map is ordered; gives the key too."""

    stateful = True

    def shape(dtypes):
        return [(), *[None] * len(dtypes)]

    def cpu(indices, ctx):
        key, element = _map(ctx).take(None, indices, ctx)
        return np.int64(key), *element

    grad = NOT_DIFFERENTIABLE


class _MapSizeBody:
    """How many complete elements there are."""

    stateful = True

    def shape():
        return ()

    def cpu(ctx):
        return np.int32(_map(ctx).size())

    grad = NOT_DIFFERENTIABLE


class _MapIncompleteSizeBody:
    """How many elements lack components."""

    stateful = True

    def shape():
        return ()

    def cpu(ctx):
        return np.int32(_map(ctx).incomplete_size())

    grad = NOT_DIFFERENTIABLE


class _MapClearBody:
    """Takes everything away."""

    stateful = True

    def shape():
        return []

    def cpu(ctx):
        _map(ctx).clear()

    grad = NOT_DIFFERENTIABLE


for _prefix in ("Map", "OrderedMap"):
    op(
        f"{_prefix}Stage(key: int64, indices: int32, values: fake_dtypes) -> ()",
        **_limits(fake_dtypes=attr("list(type)", minimum=1)),
    )(_MapStageBody)
    op(f"{_prefix}Unstage(key: int64, indices: int32) -> (values: dtypes)", **_limits())(_MapUnstageBody)
    op(f"{_prefix}Peek(key: int64, indices: int32) -> (values: dtypes)", **_limits())(_MapPeekBody)
    op(f"{_prefix}UnstageNoKey(indices: int32) -> (key: int64, values: dtypes)", **_limits())(_MapUnstageNoKeyBody)
    op(f"{_prefix}Size() -> (size: int32)", **_limits(False))(_MapSizeBody)
    op(f"{_prefix}IncompleteSize() -> (size: int32)", **_limits(False))(_MapIncompleteSizeBody)
    op(f"{_prefix}Clear() -> ()", **_limits(False))(_MapClearBody)
