"""tf.contrib.graph_editor: other tensors for the inputs of operations, and copies of parts of a graph."""

from __future__ import annotations

from typing import Any

from pyflow.contrib.graph_selection import (
    get_name_scope_ops,
    get_walks_intersection_ops,
    make_list_of_op,
    make_list_of_t,
    select_ops,
)
from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.operation import Operation
from pyflow.core.scopes import control_dependencies, device
from pyflow.core.tensor import Tensor

_SPACE = "contrib.graph_editor."


def _pairs(ts0: Any, ts1: Any) -> list[tuple[Any, Any]]:
    ts0, ts1 = (
        make_list_of_t(list(ts0) if not isinstance(ts0, Tensor) else ts0),
        make_list_of_t(list(ts1) if not isinstance(ts1, Tensor) else ts1),
    )
    if len(ts0) != len(ts1):
        raise ValueError(f"ts0 and ts1 have different sizes: {len(ts0)} != {len(ts1)}")
    for t0, t1 in zip(ts0, ts1):
        if not t0.dtype.is_compatible_with(t1.dtype):
            raise ValueError(f"Dtypes {t0.dtype} and {t1.dtype} are not compatible.")
        if not t0.get_shape().is_compatible_with(t1.get_shape()):
            raise ValueError(f"Shapes {t0.get_shape()} and {t1.get_shape()} are not compatible.")
    return list(zip(ts0, ts1))


def _give(tensor: Any, users: list, instead_of: Any, can_modify: Any, cannot_modify: Any) -> int:
    count = 0
    for op in users:
        if (can_modify is not None and op not in can_modify) or (cannot_modify is not None and op in cannot_modify):
            continue
        for i, t in enumerate(op.inputs):
            if t is instead_of:
                op._update_input(i, tensor)
                count += 1
    return count


def _reroute(ts0: Any, ts1: Any, both: bool, can_modify: Any, cannot_modify: Any) -> int:
    pairs = _pairs(ts0, ts1)
    can_modify = None if can_modify is None else set(make_list_of_op(list(can_modify)))
    cannot_modify = None if cannot_modify is None else set(make_list_of_op(list(cannot_modify)))
    users = [(list(dict.fromkeys(t0.consumers())), list(dict.fromkeys(t1.consumers()))) for t0, t1 in pairs]
    count = 0
    for (t0, t1), (of_t0, of_t1) in zip(pairs, users):
        if t0 is not t1:
            count += _give(t0, of_t1, t1, can_modify, cannot_modify)
            count += _give(t1, of_t0, t0, can_modify, cannot_modify) if both else 0
    return count


@export(_SPACE + "reroute_ts")
def reroute_ts(ts0: Any, ts1: Any, can_modify: Any = None, cannot_modify: Any = None) -> int:
    """Gives the users of the tensors `ts1` those of `ts0` in their place.

    Args:
      can_modify, cannot_modify: operations that alone, or that not, are changed.

    Returns:
      How many inputs were changed.

    Raises:
      ValueError: they are not as many, or their dtypes or shapes do not go together.
    """
    return _reroute(ts0, ts1, False, can_modify, cannot_modify)


@export(_SPACE + "swap_ts")
def swap_ts(ts0: Any, ts1: Any, can_modify: Any = None, cannot_modify: Any = None) -> int:
    """Gives the users of each the other; see `reroute_ts`."""
    return _reroute(ts0, ts1, True, can_modify, cannot_modify)


@export(_SPACE + "add_control_inputs")
def add_control_inputs(op: Any, cops: Any) -> None:
    """Has an operation wait for others.

    Raises:
      TypeError: it is no operation.
      ValueError: it waits for one of them already.
    """
    if not isinstance(op, Operation):
        raise TypeError(f"Expected a tf.Operation, got: {type(op)}")
    cops = make_list_of_op(cops, allow_graph=False)
    for cop in cops:
        if cop in op.control_inputs:
            raise ValueError(f"{cop.name} is already a control_input of {op.name}")
    op._add_control_inputs(cops)


@export(_SPACE + "remove_control_inputs")
def remove_control_inputs(op: Any, cops: Any) -> None:
    """Has an operation wait for others no more; see `add_control_inputs`."""
    if not isinstance(op, Operation):
        raise TypeError(f"Expected a tf.Operation, got: {type(op)}")
    cops = make_list_of_op(cops, allow_graph=False)
    for cop in cops:
        if cop not in op.control_inputs:
            raise ValueError(f"{op.name} is not a control_input of {cop.name}")
    kept = [c for c in op.control_inputs if c not in cops]
    op._remove_all_control_inputs()
    op._add_control_inputs(kept)


@export(_SPACE + "SubGraphView")
class SubGraphView:
    """Some operations of a graph; its inputs come from outside, its outputs go there."""

    def __init__(self, inside_ops: Any = (), passthrough_ts: Any = ()):
        if make_list_of_t(passthrough_ts):
            raise NotImplementedError("contrib.graph_editor.SubGraphView: passthrough_ts")
        self._ops = list(dict.fromkeys(make_list_of_op(inside_ops)))

    ops = property(lambda self: list(self._ops))
    graph = property(lambda self: self._ops[0].graph if self._ops else None)

    @property
    def inputs(self) -> list:
        inside = set(self._ops)
        return list(dict.fromkeys(t for op in self._ops for t in op.inputs if t.op not in inside))

    @property
    def outputs(self) -> list:
        inside = set(self._ops)
        found = (t for op in self._ops for t in op.outputs)
        return [t for t in found if not t.consumers() or any(user not in inside for user in t.consumers())]

    def op(self, op_id: int) -> Any:
        return self._ops[op_id]

    def __bool__(self) -> bool:
        return bool(self._ops)

    def __str__(self) -> str:
        return f"SubGraphView (graphid={id(self.graph)}): {[op.name for op in self._ops]}"


@export(_SPACE + "sgv")
def sgv(*args: Any, **kwargs: Any) -> SubGraphView:
    """The view of operations, given as to `select_ops`."""
    if len(args) == 1 and isinstance(args[0], SubGraphView):
        return args[0]
    return SubGraphView(select_ops(*args, **kwargs))


make_view = export(_SPACE + "make_view")(sgv)


@export(_SPACE + "sgv_scope")
def sgv_scope(scope: str, graph: Any) -> SubGraphView:
    """The view of the operations within a scope."""
    return SubGraphView(get_name_scope_ops(graph, scope))


make_view_from_scope = export(_SPACE + "make_view_from_scope")(sgv_scope)


@export(_SPACE + "TransformerInfo")
class TransformerInfo:
    """What became of operations and tensors that were copied."""

    def __init__(self, info: Any):
        self._transformed_ops: dict[Any, Any] = info[0]
        self._transformed_ts: dict[Any, Any] = info[1]

    def transformed(self, original: Any, missing_fn: Any = None) -> Any:
        """The copies of operations, tensors, or structures of them; None (or `missing_fn(it)`) where there is none."""

        def one(thing: Any) -> Any:
            if isinstance(thing, str):
                graph = next(iter(self._transformed_ops)).graph
                thing = graph.as_graph_element(thing)
            copies = self._transformed_ts if isinstance(thing, Tensor) else self._transformed_ops
            if thing in copies:
                return copies[thing]
            return missing_fn(thing) if missing_fn else None

        return nest.map_structure(one, original)

    def original(self, transformed: Any, missing_fn: Any = None) -> Any:
        """What copies were made of."""

        def one(thing: Any) -> Any:
            copies = self._transformed_ts if isinstance(thing, Tensor) else self._transformed_ops
            found = next((key for key, value in copies.items() if value is thing), None)
            return missing_fn(thing) if found is None and missing_fn else found

        return nest.map_structure(one, transformed)


@export(_SPACE + "copy_with_input_replacements")
def copy_with_input_replacements(
    sgv: Any,
    replacement_ts: Any,
    dst_graph: Any = None,
    dst_scope: str = "",
    src_scope: str = "",
    reuse_dst_scope: bool = False,
) -> tuple[SubGraphView, TransformerInfo]:
    """Copies operations, with other tensors for some of their inputs.

    Args:
      replacement_ts: from inputs of the view to tensors; other inputs stay what they are.
      dst_scope: a scope for the copies, made unique unless `reuse_dst_scope`.
      src_scope: a scope that they are taken out of.

    Raises:
      NotImplementedError: copies into another graph that need tensors of this one.
    """
    view = sgv if isinstance(sgv, SubGraphView) else SubGraphView(sgv)
    graph = view.graph if dst_graph is None else dst_graph
    given = {view.graph.as_graph_element(key): value for key, value in dict(replacement_ts).items()}
    if dst_scope and not reuse_dst_scope:
        dst_scope = graph.unique_name(dst_scope.rstrip("/"))
    prefix = dst_scope.rstrip("/") + "/" if dst_scope else ""
    taken = src_scope.rstrip("/") + "/" if src_scope else ""
    ops: dict[Any, Any] = {}
    ts: dict[Any, Any] = {}
    with graph.as_default(), control_dependencies(None), device(None):
        for op in sorted(view.ops, key=lambda op: op._id):
            inputs = [ts.get(t, given.get(t, t)) for t in op.inputs]
            if any(t.graph is not graph for t in inputs):
                raise NotImplementedError("contrib.graph_editor: copies that need tensors of another graph")
            name = graph.unique_name(prefix + op.name.removeprefix(taken))
            copied = graph.add_node(op.definition, inputs, dict(op.attrs), name + "/")
            copied._set_device(op.device)
            ops[op] = copied
            ts.update(zip(op.outputs, copied.outputs))
        for op, copied in ops.items():
            waits = [ops.get(c, c) for c in op.control_inputs]
            copied._add_control_inputs([c for c in waits if c.graph is graph])
    return SubGraphView(list(ops.values())), TransformerInfo((ops, ts))


@export(_SPACE + "copy")
def copy(
    sgv: Any, dst_graph: Any = None, dst_scope: str = "", src_scope: str = "", reuse_dst_scope: bool = False
) -> tuple[SubGraphView, TransformerInfo]:
    """Copies operations; see `copy_with_input_replacements`."""
    return copy_with_input_replacements(sgv, {}, dst_graph, dst_scope, src_scope, reuse_dst_scope)


@export(_SPACE + "graph_replace")
def graph_replace(
    target_ts: Any, replacement_ts: Any, dst_scope: str = "", src_scope: str = "", reuse_dst_scope: bool = False
) -> Any:
    """Tensors like some, computed anew with other tensors in the place of some that they need.

    Args:
      target_ts: tensors, also in lists and dicts.
      replacement_ts: from tensors to tensors.

    Raises:
      ValueError: the targets do not need what is replaced.
    """
    targets = make_list_of_t(nest.flatten(target_ts))
    between = get_walks_intersection_ops(list(replacement_ts), targets, control_ios=True)
    if not between:
        raise ValueError("Targets and replacements are not connected!")
    _, info = copy_with_input_replacements(between, replacement_ts, None, dst_scope, src_scope, reuse_dst_scope)
    return info.transformed(target_ts, missing_fn=lambda thing: thing)
