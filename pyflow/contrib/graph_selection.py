"""tf.contrib.graph_editor: finding operations and tensors by names, and by walks over the graph."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Callable

from pyflow.core.api import export
from pyflow.core.graph import Graph
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor

_SPACE = "contrib.graph_editor."


def _listed(things: Any) -> list[Any]:
    if isinstance(things, Graph):
        return things.get_operations()
    if isinstance(things, (Operation, Tensor)):
        return [things]
    return [one for thing in things for one in (_listed(thing) if isinstance(thing, (list, tuple)) else [thing])]


def _check_graphs(things: list[Any]) -> None:
    for one in things[1:]:
        if one.graph is not things[0].graph:
            raise ValueError(f"Operation/Tensor {one} does not belong to the same graph.")


def _unique(things: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(things))


@export(_SPACE + "make_list_of_op")
def make_list_of_op(ops: Any, check_graph: bool = True, allow_graph: bool = True, ignore_ts: bool = False) -> list:
    """Operations as a list: of a graph, of one, or of a list with lists in it.

    Raises:
      TypeError: something is no operation.
      ValueError: they are of several graphs.
    """
    if isinstance(ops, Graph) and not allow_graph:
        raise TypeError("allow_graph is False: cannot convert a tf.Graph.")
    found = _listed(ops)
    if ignore_ts:
        found = [op for op in found if not isinstance(op, Tensor)]
    for op in found:
        if not isinstance(op, Operation):
            raise TypeError(f"Expected an Operation, got {type(op)}")
    if check_graph:
        _check_graphs(found)
    return found


@export(_SPACE + "make_list_of_t")
def make_list_of_t(ts: Any, check_graph: bool = True, allow_graph: bool = True, ignore_ops: bool = False) -> list:
    """Tensors as a list: of a graph, of one, or of a list with lists in it; see `make_list_of_op`."""
    if isinstance(ts, Graph):
        if not allow_graph:
            raise TypeError("allow_graph is False: cannot convert a tf.Graph.")
        return get_tensors(ts)
    found = _listed(ts)
    if ignore_ops:
        found = [t for t in found if not isinstance(t, Operation)]
    for t in found:
        if not isinstance(t, Tensor):
            raise TypeError(f"Expected a Tensor, got {type(t)}")
    if check_graph:
        _check_graphs(found)
    return found


@export(_SPACE + "get_tensors")
def get_tensors(graph: Any) -> list:
    """The outputs of all operations of a graph."""
    if not isinstance(graph, Graph):
        raise TypeError(f"Expected a graph, got: {type(graph)}")
    return [t for op in graph.get_operations() for t in op.outputs]


@export(_SPACE + "get_generating_ops")
def get_generating_ops(ts: Any) -> list:
    """The operations that tensors are outputs of."""
    return _unique(t.op for t in make_list_of_t(ts, allow_graph=False))


@export(_SPACE + "get_consuming_ops")
def get_consuming_ops(ts: Any) -> list:
    """The operations that tensors are inputs of."""
    return _unique(op for t in make_list_of_t(ts, allow_graph=False) for op in t.consumers())


@export(_SPACE + "ControlOutputs")
class ControlOutputs:
    """The operations that wait for each of a graph."""

    def __init__(self, graph: Any):
        if not isinstance(graph, Graph):
            raise TypeError(f"Expected a tf.Graph, got: {type(graph)}")
        self._graph = graph

    graph = property(lambda self: self._graph)

    def update(self) -> ControlOutputs:
        """Itself: it always says what is."""
        return self

    def get_all(self) -> dict[Any, list]:
        return {op: list(op._control_outputs) for op in self._graph.get_operations() if op._control_outputs}

    def get(self, op: Any) -> list:
        return list(op._control_outputs)


# ---------------------------------------------------------------- names


@export(_SPACE + "can_be_regex")
def can_be_regex(obj: Any) -> bool:
    """Whether it is a string or a compiled pattern."""
    return isinstance(obj, (str, re.Pattern))


@export(_SPACE + "make_regex")
def make_regex(obj: Any) -> Any:
    """A compiled pattern; ValueError for what is none."""
    if not can_be_regex(obj):
        raise ValueError(f"Expected a string or a regex, got: {type(obj)}")
    return re.compile(obj) if isinstance(obj, str) else obj


@export(_SPACE + "filter_ts")
def filter_ts(ops: Any, positive_filter: Any) -> list:
    """The inputs and outputs of operations for which a function is true; True for all."""
    ops = make_list_of_op(ops)
    found = _unique([*(t for op in ops for t in op.inputs), *(t for op in ops for t in op.outputs)])
    return found if positive_filter is True else [t for t in found if positive_filter(t)]


@export(_SPACE + "filter_ts_from_regex")
def filter_ts_from_regex(ops: Any, regex: Any) -> list:
    """The inputs and outputs of operations whose names a pattern is found in."""
    pattern = make_regex(regex)
    return filter_ts(ops, positive_filter=lambda t: pattern.search(t.name))


@export(_SPACE + "filter_ops")
def filter_ops(ops: Any, positive_filter: Any) -> list:
    """The operations for which a function is true; True for all."""
    ops = make_list_of_op(ops)
    return ops if positive_filter is True else [op for op in ops if positive_filter(op)]


@export(_SPACE + "filter_ops_from_regex")
def filter_ops_from_regex(ops: Any, regex: Any) -> list:
    """The operations whose names a pattern is found in."""
    pattern = make_regex(regex)
    return filter_ops(ops, lambda op: pattern.search(op.name))


@export(_SPACE + "get_name_scope_ops")
def get_name_scope_ops(ops: Any, scope: str) -> list:
    """The operations within a scope."""
    return filter_ops_from_regex(ops, f"^{re.escape(scope.rstrip('/'))}(/.*)?$")


def _select(args: Any, options: dict[str, Any], own: str, other: str, by_regex: Any, listed: Any) -> list:
    known = {"graph": None, "positive_filter": None, "restrict_ops_regex": False, "restrict_ts_regex": False}
    for key in options:
        if key not in known:
            raise ValueError(f"Wrong keywords argument: {key}.")
    known.update(options)
    graph, wanted = known["graph"], known["positive_filter"]
    if graph is not None and not isinstance(graph, Graph):
        raise TypeError(f"Expected a tf.Graph, got: {type(graph)}")
    found: list[Any] = []
    for arg in args:
        if can_be_regex(arg):
            if graph is None:
                raise ValueError("Use the keyword argument 'graph' to use regex.")
            pattern = make_regex(arg)
            if pattern.pattern.startswith(f"(?#{other})"):
                continue
            if known[f"restrict_{own}_regex"] and not pattern.pattern.startswith(f"(?#{own})"):
                continue
            more = by_regex(graph, pattern)
        else:
            more = listed(arg)
        found += [x for x in more if wanted is None or wanted(x)]
    return _unique(found)


@export(_SPACE + "select_ops")
def select_ops(*args: Any, **kwargs: Any) -> list:
    """Operations, given as such or by patterns of their names.

    Args:
      kwargs: `graph` for patterns; `positive_filter`, a function that must be true; `restrict_ops_regex`: only patterns
        that start with "(?#ops)" count.
    """
    return _select(args, kwargs, "ops", "ts", filter_ops_from_regex, lambda arg: make_list_of_op(arg, ignore_ts=True))


@export(_SPACE + "select_ts")
def select_ts(*args: Any, **kwargs: Any) -> list:
    """Tensors, given as such or by patterns of their names; see `select_ops`."""
    return _select(args, kwargs, "ts", "ops", filter_ts_from_regex, lambda arg: make_list_of_t(arg, ignore_ops=True))


@export(_SPACE + "select_ops_and_ts")
def select_ops_and_ts(*args: Any, **kwargs: Any) -> tuple[list, list]:
    """Operations and tensors; patterns of tensors start with "(?#ts)"."""
    return select_ops(*args, restrict_ops_regex=False, **kwargs), select_ts(*args, restrict_ts_regex=True, **kwargs)


# ---------------------------------------------------------------- walks


def _walk(seeds: list, within_ops: Any, within_ops_fn: Any, inclusive: bool, following: Callable) -> list:
    if within_ops:
        allowed = set(make_list_of_op(within_ops, allow_graph=False))
        seeds = [op for op in seeds if op in allowed]
    else:
        allowed = None

    def is_within(op: Any) -> bool:
        return (allowed is None or op in allowed) and (within_ops_fn is None or within_ops_fn(op))

    found = dict.fromkeys(seeds)
    wave = list(found)
    while wave:
        wave = _unique(op for one in wave for op in following(one) if op not in found and is_within(op))
        found.update(dict.fromkeys(wave))
    first = set(seeds)
    return [op for op in found if inclusive or op not in first]


def _seeds(seed_ops: Any, of_tensors: Callable) -> list:
    seeds = list(seed_ops) if isinstance(seed_ops, (list, tuple, set, frozenset)) else [seed_ops]
    if seeds and isinstance(seeds[0], Tensor):
        return of_tensors(seeds)
    return _unique(make_list_of_op(seeds, allow_graph=False))


@export(_SPACE + "get_forward_walk_ops")
def get_forward_walk_ops(
    seed_ops: Any,
    inclusive: bool = True,
    within_ops: Any = None,
    within_ops_fn: Any = None,
    stop_at_ts: Any = (),
    control_outputs: Any = None,
) -> list:
    """The operations that are reached from some, or from tensors, by outputs.

    Args:
      inclusive: whether the first are among them.
      within_ops, within_ops_fn: operations, or a function that says which, that alone are gone to.
      stop_at_ts: tensors that are not followed.
      control_outputs: a `ControlOutputs`, or True, to follow who waits too.
    """
    stops = set(make_list_of_t(stop_at_ts))

    def following(op: Any) -> list:
        data = [user for t in op.outputs if t not in stops for user in t.consumers()]
        return [*data, *op._control_outputs] if control_outputs else data

    return _walk(_seeds(seed_ops, get_consuming_ops), within_ops, within_ops_fn, inclusive, following)


@export(_SPACE + "get_backward_walk_ops")
def get_backward_walk_ops(
    seed_ops: Any,
    inclusive: bool = True,
    within_ops: Any = None,
    within_ops_fn: Any = None,
    stop_at_ts: Any = (),
    control_inputs: bool = False,
) -> list:
    """The operations that some, or tensors, need; see `get_forward_walk_ops`."""
    stops = set(make_list_of_t(stop_at_ts))

    def following(op: Any) -> list:
        data = [t.op for t in op.inputs if t not in stops]
        return [*data, *op.control_inputs] if control_inputs else data

    return _walk(_seeds(seed_ops, get_generating_ops), within_ops, within_ops_fn, inclusive, following)


def _both_walks(forward: tuple, backward: tuple, within_ops: Any, within_ops_fn: Any) -> tuple[list, list]:
    """What is reached from some, and what others need; of each (seeds, whether with these, control edges)."""
    seeds, inclusive, control_outputs = forward
    reached = get_forward_walk_ops(seeds, inclusive, within_ops, within_ops_fn, control_outputs=control_outputs)
    seeds, inclusive, control_inputs = backward
    return reached, get_backward_walk_ops(seeds, inclusive, within_ops, within_ops_fn, control_inputs=control_inputs)


@export(_SPACE + "get_walks_intersection_ops")
def get_walks_intersection_ops(
    forward_seed_ops: Any,
    backward_seed_ops: Any,
    forward_inclusive: bool = True,
    backward_inclusive: bool = True,
    within_ops: Any = None,
    within_ops_fn: Any = None,
    control_inputs: Any = False,
    control_outputs: Any = None,
    control_ios: Any = None,
) -> list:
    """The operations that lie between some and others."""
    forward, backward = _both_walks(
        (forward_seed_ops, forward_inclusive, control_outputs or control_ios),
        (backward_seed_ops, backward_inclusive, bool(control_inputs or control_ios)),
        within_ops,
        within_ops_fn,
    )
    needed = set(backward)
    return [op for op in forward if op in needed]


@export(_SPACE + "get_walks_union_ops")
def get_walks_union_ops(
    forward_seed_ops: Any,
    backward_seed_ops: Any,
    forward_inclusive: bool = True,
    backward_inclusive: bool = True,
    within_ops: Any = None,
    within_ops_fn: Any = None,
    control_inputs: Any = False,
    control_outputs: Any = None,
    control_ios: Any = None,
) -> list:
    """The operations that are reached from some, and those that others need."""
    forward, backward = _both_walks(
        (forward_seed_ops, forward_inclusive, control_outputs or control_ios),
        (backward_seed_ops, backward_inclusive, bool(control_inputs or control_ios)),
        within_ops,
        within_ops_fn,
    )
    return _unique([*forward, *backward])
