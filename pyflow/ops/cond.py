"""tf.cond, tf.case and tf.switch_case: of several branches only the one taken runs."""

from __future__ import annotations

import collections
import functools
from typing import Any, Callable

from pyflow.core import dtypes, nest
from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import convert_to_tensor, internal_convert_to_tensor_or_indexed_slices
from pyflow.core.function_graph import FunctionGraph
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.node_count import count_named, count_nodes, uncounted
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies, get_default_graph, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_joining import stack
from pyflow.ops.cast import cast
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.tensor_array import TensorArray


@export("cond")
def cond(
    pred: Any,
    true_fn: Callable | None = None,
    false_fn: Callable | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Callable | None = None,
    fn2: Callable | None = None,
) -> Any:
    """`true_fn()` if `pred` is true when the graph runs, else `false_fn()`; only that branch's nodes run.

    Args:
      pred: a boolean scalar.
      true_fn, false_fn: build a branch; both return the same structure of the same dtypes.
      strict: whether a list or tuple of one result is kept as such.
      fn1, fn2: older names of the branches.

    Raises:
      TypeError: a branch is missing or cannot be called, or the branches return different structures.
      ValueError: the branches return values of different number or dtype, or nothing.
    """
    if fn1 is not None:
        if true_fn is not None:
            raise TypeError("cond(): true_fn and fn1 may not be set simultaneously.")
        true_fn = fn1
    elif true_fn is None:
        raise TypeError("cond(): true_fn argument required")
    if fn2 is not None:
        if false_fn is not None:
            raise TypeError("cond(): false_fn and fn2 may not be set simultaneously.")
        false_fn = fn2
    elif false_fn is None:
        raise TypeError("cond(): false_fn argument required")
    if not callable(true_fn):
        raise TypeError("true_fn must be callable.")
    if not callable(false_fn):
        raise TypeError("false_fn must be callable.")
    with name_scope(name, "cond", [pred]) as scope:
        if isinstance(pred, bool):
            raise TypeError("pred must not be a Python bool")
        count_named(get_default_graph(), "Switch", "switch_t", "switch_f")
        if not isinstance(pred, Tensor) and not hasattr(pred, "_as_graph_element"):
            count_nodes(get_default_graph(), "Const", "Const")  # TensorFlow converts a number thrice
        pred = raw.Identity(convert_to_tensor(pred), name="pred_id")
        if pred.dtype.base_dtype != dtypes.bool:
            raise TypeError(
                f"Input 'pred' of 'Switch' Op has type {pred.dtype.base_dtype.name} that does not match expected type "
                "of bool."
            )
        if pred.shape.ndims:
            sizes = f"[{','.join('?' if d is None else str(d) for d in pred.shape.as_list())}]"
            raise ValueError(
                f"Shape must be rank 0 but is rank {pred.shape.ndims} for '{scope}Switch' (op: 'Switch') with input "
                f"shapes: {sizes}, {sizes}."
            )
        pred.graph.prevent_fetching(pred.op)
        branches = []
        for kind, build in (("true", true_fn), ("false", false_fn)):
            branches.append(_Branch(kind, build))
            if branches[-1].structure is None:
                raise ValueError(f"{kind}_fn must have a return value.")
        _match_structures(branches, strict)
        return _select("If", pred, branches, strict)


class _Branch:
    """A branch as a function, what it returns, and that as tensors."""

    def __init__(self, kind: str, build: Callable):
        scope = get_default_graph().get_name_scope()
        self.graph = FunctionGraph(f"{scope.replace('/', '_')}_{kind}", "cond")
        self.graph.unique_name("cond_text")  # TensorFlow's name of the branch
        with self.graph.as_default():
            self.original = build()
            self.structure = _result(self.original)
        if self.structure is not None:
            self.flatten()

    def flatten(self) -> None:
        with self.graph.as_default():
            flat = nest.flatten(self.structure, expand_composites=True)
            # Made nodes of the branch, so that tensors from outside are captured.
            self.graph.outputs = [_own(self.graph, _flow(x)) for x in flat]


def _result(value: Any) -> Any:
    """What a branch returned, with tensors for numbers, and for an operation one that is there once it has run."""
    if value is None:
        return None
    operations: dict[int, Any] = {}

    def convert(x: Any) -> Any:
        if isinstance(x, Operation):
            return operations.setdefault(id(x), with_dependencies([x], _true()))
        return x if isinstance(x, TensorArray) else internal_convert_to_tensor_or_indexed_slices(x)

    def composite(x: Any) -> Any:
        return x if hasattr(type(x), "_type_spec") else convert(x)

    return nest.map_structure(composite, value)


def _true() -> Tensor:
    with uncounted(get_default_graph()):
        return convert_to_tensor(True)


def _flow(x: Any) -> Any:
    return x.flow if isinstance(x, TensorArray) else x


def _own(graph: FunctionGraph, tensor: Tensor) -> Tensor:
    if tensor.graph is graph:
        return tensor
    tensor = graph.capture(tensor)
    with uncounted(graph):
        return raw.Identity(tensor)


def _unpacked(structure: Any) -> Any:
    if isinstance(structure, (list, tuple)) and len(structure) == 1 and not hasattr(structure, "_fields"):
        return structure[0]
    return structure


def _match_structures(branches: list[_Branch], strict: bool) -> None:
    if not strict:
        for branch in branches:
            branch.original, branch.structure = _unpacked(branch.original), _unpacked(branch.structure)
    first = branches[0]
    for other in branches[1:]:
        try:
            nest.assert_same_structure(first.original, other.original, expand_composites=True)
        except (TypeError, ValueError):
            nest.map_structure(_same_index_types, first.original, other.original)
            for branch in (first, other):
                with uncounted(branch.graph):
                    branch.flatten()
            try:
                nest.assert_same_structure(first.original, other.original, expand_composites=True)
            except TypeError as error:
                raise TypeError(f"Incompatible return types of true_fn and false_fn: {error}") from None
            except ValueError as error:
                raise ValueError(f"Incompatible return values of true_fn and false_fn: {error}") from None


def _same_index_types(a: Any, b: Any) -> None:
    """Widens the indices of two `IndexedSlices` to int64 where they differ."""
    if isinstance(a, IndexedSlices) and isinstance(b, IndexedSlices) and a.indices.dtype != b.indices.dtype:
        for slices in (a, b):
            with slices.graph.as_default():
                slices._indices = raw.Cast(slices.indices, DstT=dtypes.int64)


def _select(op_type: str, index: Tensor, branches: list[_Branch], strict: bool, name: str = "Merge") -> Any:
    """The node that runs one of the branches, and its outputs in the branches' structure."""
    outputs = [branch.graph.outputs for branch in branches]
    if not outputs[0]:
        raise ValueError("true_fn and false_fn must return at least one result.")
    for results in zip(*outputs):
        for other in results[1:]:
            if results[0].dtype.base_dtype != other.dtype.base_dtype:
                raise ValueError(
                    "Outputs of true_fn and false_fn must have the same type: "
                    f"{results[0].dtype.name}, {other.dtype.name}"
                )
    tensors = conditional(op_type, index, [branch.graph for branch in branches])
    merged = [raw.Identity(t, name=name) for t in tensors]
    structure = branches[0].structure
    leaves = nest.flatten(structure, expand_composites=True)
    values = [x.with_flow(t) if isinstance(x, TensorArray) else t for x, t in zip(leaves, merged)]
    result = nest.pack_sequence_as(structure, values, expand_composites=True)
    return result if strict else _unpacked(result)


def conditional(op_type: str, index: Tensor, branches: list[FunctionGraph], name: str | None = None) -> list[Tensor]:
    """A node that runs one of several functions that capture what they use; gives its outputs."""
    with uncounted(get_default_graph()):
        inputs = unite_inputs(branches)
    for branch in branches:
        branch.register()
    outputs = zip(*[branch.outputs for branch in branches])
    shapes = [functools.reduce(TensorShape.most_specific_compatible_shape, [t.shape for t in ts]) for ts in outputs]
    stateful = any(branch.is_stateful for branch in branches)
    attrs: dict[str, Any] = {"Tout": [t.dtype.base_dtype for t in branches[0].outputs], "output_shapes": shapes}
    if op_type == "If":
        attrs.update(then_branch=branches[0].attr, else_branch=branches[1].attr)
        name, op_type = name or "If", "If" if stateful else "StatelessIf"
    else:
        attrs.update(branches=[branch.attr for branch in branches])
    waits = [op for branch in branches for op in branch.outer_control_inputs]
    with control_dependencies(waits), uncounted(get_default_graph()):
        op = get_default_graph().create_op(op_type, [index, *inputs], attrs=attrs, name=name)
    return op.outputs


def unite_inputs(branches: list[FunctionGraph]) -> list[Tensor]:
    """Gives functions the same inputs in the same order; returns the tensors outside that they are captured from."""
    captured = list(dict.fromkeys(t for branch in branches for t in branch.captures))
    for branch in branches:
        for tensor in captured:
            branch.capture(tensor)
        branch.inputs = [branch.captures[tensor] for tensor in captured]
    return captured


# ---------------------------------------------------------------- case


@export("case")
def case(
    pred_fn_pairs: Any,
    default: Callable | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """The result of the first function whose predicate is true, else of `default`.

    Args:
      pred_fn_pairs: a list of (boolean scalar, function) pairs, or a dict from the ones to the others.
      default: what to do when no predicate is true; without it that is an error when running.
      exclusive: whether more than one true predicate is an error when running.

    Raises:
      TypeError: the pairs are not of that form, or a function cannot be called.
    """
    choose = functools.partial(cond, strict=strict)
    return case_of(choose, _case_pairs(pred_fn_pairs), default, exclusive, name, "case")


def case_of(choose: Callable, pairs: list, default: Callable | None, exclusive: bool, name: str, scope: str) -> Any:
    """A chain of conditionals, each made by `choose(predicate, action, else_action)`."""
    if not pairs:
        raise ValueError("not enough values to unpack (expected 2, got 0)")
    with name_scope(name, scope, [predicate for predicate, _ in pairs]):
        predicates = [predicate for predicate, _ in pairs]
        actions = [action for _, action in pairs]
        if default is None:
            default = functools.partial(_last_action, predicates.pop(), actions.pop(), list(predicates))
        chain = default
        for predicate, action in reversed(list(zip(predicates, actions))):
            chain = functools.partial(choose, predicate, action, chain)
        if not exclusive:
            return chain()
        with control_dependencies([_at_most(predicates, 1, "Input error: exclusive=True")]):
            return chain()


def _at_most(predicates: list[Tensor], count: int, words: str) -> Any:
    """The assertion that no more than `count` of the predicates are true."""
    packed = stack(predicates, name="preds_c")
    true = reduce_sum(cast(packed, dtypes.int32), name="num_true_conds")
    fits = raw.LessEqual(true, convert_to_tensor(count, name="n_true_conds"))
    names = ", ".join(getattr(predicate, "name", "?") for predicate in predicates)
    message = f"{words}: more than {count} conditions ({names}) evaluated as True:"
    return PUBLIC["Assert"](fits, [message, packed], summarize=len(predicates))


def _last_action(predicate: Tensor, action: Callable, others: list[Tensor]) -> Any:
    """The last action of a case without default, behind the checks that it is its turn."""
    words = (
        f"Implementation error: selected default action #{len(others)} was called, but some of other predicates are "
        "True: "
    )
    shown = ["Input error: None of conditions evaluated as True:", stack([*others, predicate], name="preds_c")]
    with control_dependencies([_at_most(others, 0, words), PUBLIC["Assert"](predicate, shown)]):
        return action()


def _case_pairs(pred_fn_pairs: Any) -> list[tuple[Tensor, Callable]]:
    return [(convert_to_tensor(predicate), action) for predicate, action in checked_pairs(pred_fn_pairs)]


def checked_pairs(pred_fn_pairs: Any, allow_bools: bool = False) -> list[tuple[Any, Callable]]:
    """(Predicate, function) pairs that are of the form that they have to be of."""
    if not isinstance(pred_fn_pairs, (list, tuple, dict)):
        raise TypeError("fns must be a list, tuple, or dict")
    if isinstance(pred_fn_pairs, collections.OrderedDict):
        pred_fn_pairs = list(pred_fn_pairs.items())
    elif isinstance(pred_fn_pairs, dict):
        pred_fn_pairs = sorted(pred_fn_pairs.items(), key=lambda pair: pair[0].name)
    pairs = []
    for pair in pred_fn_pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in pred_fn_pairs must be a 2-tuple")
        predicate, action = pair
        if isinstance(predicate, Tensor) and predicate.dtype.base_dtype != dtypes.bool:
            raise TypeError(f"pred must be Tensor of type bool: {predicate.name}")
        if not (isinstance(predicate, Tensor) or hasattr(predicate, "_as_graph_element")) and not (
            allow_bools and isinstance(predicate, bool)
        ):
            raise TypeError(f"pred must be a Tensor{' or bool' if allow_bools else ''}, got: {predicate}")
        if not callable(action):
            raise TypeError(f"fn for pred {predicate.name} must be callable.")
        pairs.append((predicate, action))
    return pairs


@export("switch_case")
def switch_case(branch_index: Any, branch_fns: Any, default: Callable | None = None, name: str = "switch_case") -> Any:
    """The result of the function of that index; of `default`, or the last one, for an index that there is none for.

    Args:
      branch_index: an int32 scalar.
      branch_fns: a list of functions, of (int, function) pairs, or a dict from int to function.

    Raises:
      TypeError: the index is no integer tensor, or the functions are not of that form.
      ValueError: there are no functions, or their indices are not 0, 1, 2 ...
    """
    if not isinstance(branch_index, Tensor):
        raise TypeError(f"branch_index must a Tensor, got {type(branch_index)}")
    if not branch_index.dtype.is_integer:
        raise TypeError(f"branch_index must an integer Tensor, got {branch_index.dtype}")
    actions = _switch_actions(branch_fns, default)
    with name_scope(name, "switch_case", [branch_index]):
        index = raw.Cast(branch_index, DstT=dtypes.int32, name="branch_index")
        branches = [_Branch(f"branch{i}", action) for i, action in enumerate(actions)]
        _match_structures(branches, False)
        with name_scope("indexed_case"):
            return _select("Case", index, branches, False, "Identity")


def _switch_actions(branch_fns: Any, default: Callable | None) -> list[Callable]:
    if not branch_fns:
        raise ValueError("Must provide at least one item in branch_fns")
    if not isinstance(branch_fns, (list, tuple, dict)):
        raise TypeError("branch_fns must be a list, tuple, or dict")
    if isinstance(branch_fns, dict):
        branch_fns = sorted(branch_fns.items())
    elif all(callable(action) for action in branch_fns):
        branch_fns = list(enumerate(branch_fns))
    for pair in branch_fns:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in branch_fns must be a 2-tuple")
        if not isinstance(pair[0], int):
            raise TypeError(f"key must be a Python `int`, got {type(pair[0])}")
        if not callable(pair[1]):
            raise TypeError(f"fn for key {pair[0]} must be callable.")
    branch_fns = sorted(branch_fns, key=lambda pair: pair[0])
    indices = [index for index, _ in branch_fns]
    if indices != list(range(len(indices))):
        found = ",".join(map(str, indices))
        raise ValueError(
            f"branch indices (keys) must form contiguous range of [0 to {len(indices)}) but found {{{found}}}"
        )
    actions = [action for _, action in branch_fns]
    return actions if default is None else [*actions, default]
