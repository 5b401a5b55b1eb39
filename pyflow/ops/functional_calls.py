"""Nodes that run `Defun`s: conditionals, loops, gradients and calls (tensorflow.python.ops.functional_ops)."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.function_graph import FunctionGraph
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor
from pyflow.ops.defun import Defun, symbolic_gradient
from pyflow.ops.function_gradient import call


def _made(function: Any) -> Any:
    return function._graph(get_default_graph())


def _body(function: Any) -> FunctionGraph:
    """A function of its own that calls another: gradients change what the bodies of conditionals and loops return."""
    called = _made(function)
    graph = FunctionGraph(called.name, "function", get_default_graph(), "")
    graph._names.in_use = {}
    with graph.as_default():
        arguments = [graph.add_input(t.dtype, None, t.op.name) for t in called.inputs]
        op = graph.create_op(called.name, arguments, name=called.name)
    graph.outputs = list(op.outputs)
    graph.control_outputs = [op] if called.is_stateful else []
    graph.register()
    return graph


def _tensors(values: Any) -> list[Tensor]:
    return [convert_to_tensor(value) for value in values]


def If(cond: Any, inputs: Any, then_branch: Any, else_branch: Any, name: str | None = None) -> list[Tensor]:
    """The outputs of `then_branch` for the inputs if `cond` is true, else those of `else_branch`."""
    branches = _body(then_branch), _body(else_branch)
    attrs = {
        "Tout": [t.dtype.base_dtype for t in branches[0].outputs],
        "then_branch": branches[0].attr,
        "else_branch": branches[1].attr,
    }
    values = [convert_to_tensor(cond), *_tensors(inputs)]
    return list(get_default_graph().create_op("If", values, attrs=attrs, name=name).outputs)


def While(input_: Any, cond: Any, body: Any, name: str | None = None, hostmem: Any = None) -> list[Tensor]:
    """The values of the loop's variables after `body` has run on them as long as `cond` gives true for them.

    Args:
      input_: their first values.
      hostmem: accepted for compatibility.

    Raises:
      ValueError: `cond` uses tensors from outside, or takes other dtypes than `body`.
    """
    del hostmem
    if cond.captured_inputs:
        raise ValueError("While op 'cond' argument must be a function without implicitly captured inputs.")
    if cond.declared_input_types != body.declared_input_types:
        raise ValueError(
            "While op 'cond' and 'body' signatures do not match. "
            f"{cond.declared_input_types!r} vs {body.declared_input_types!r}"
        )
    captured = body.captured_inputs
    if captured:
        count = len(body.declared_input_types)
        types = [*body.declared_input_types, *[t.dtype for t in captured]]
        cond = Defun(*types, func_name=f"{cond.name}_Wrapper")(_on_first(cond, count))
        body = _handing_on(body, types, count)
    attrs = {"cond": _body(cond).attr, "body": _body(body).attr}
    values = [*_tensors(input_), *captured]
    results = list(get_default_graph().create_op("While", values, attrs=attrs, name=name).outputs)
    return results[: len(results) - len(captured)]


def _on_first(function: Any, count: int) -> Any:
    def wrapper(*args: Any) -> Any:
        return function(*args[:count])

    return wrapper


def _handing_on(body: Any, types: list, count: int) -> Any:
    """A loop's body with what it captures as further variables, which stay as they are."""
    graph = _made(body)

    def wrapper(*args: Any) -> Any:
        op = get_default_graph().create_op(graph.name, list(args), name=graph.name)
        return [*op.outputs, *args[count:]]

    return Defun(*types, func_name=f"{body.name}_Wrapper")(wrapper)


def For(
    start: Any,
    limit: Any,
    delta: Any,
    inputs: Any,
    body: Any,
    name: str | None = None,
    hostmem: Any = None,
    rewrite_with_while: Any = None,
) -> list[Tensor]:
    """The values of the loop's variables after `body` has run for start, start + delta, ... below `limit`.

    Args:
      start, limit, delta: int32 scalars.
      inputs: the variables' first values.
      body: gets the number, then the variables, and returns these.
      hostmem, rewrite_with_while: accepted for compatibility.
    """
    del rewrite_with_while
    start, limit, delta = (convert_to_tensor(value, dtype=dtypes.int32) for value in (start, limit, delta))
    values = _tensors(inputs)
    types = [dtypes.int32, *[t.dtype.base_dtype for t in values]]
    loop_types = [*types, dtypes.int32, dtypes.int32]

    def goes_on(i: Tensor, *rest: Tensor) -> Tensor:
        end, step = rest[-2:]
        return ((step > 0) & (i < end)) | ((step < 0) & (i > end))

    def round_(i: Tensor, *rest: Tensor) -> list[Tensor]:
        results = body(i, *rest[:-2])
        results = results if isinstance(results, (list, tuple)) else [results]
        return [i + rest[-1], *results, *rest[-2:]]

    cond = Defun(*loop_types, func_name=f"{body.name}_Cond")(goes_on)
    loop = Defun(*loop_types, func_name=f"{body.name}_Body")(round_)
    return While([start, *values, limit, delta], cond, loop, name=name, hostmem=hostmem)[1:-2]


def Gradient(inputs: Any, f: Any, name: str | None = None) -> list[Tensor]:
    """The gradients of the inputs of `f`, a `Defun`, from its inputs and the gradients of its outputs."""
    return symbolic_gradient(input=inputs, Tout=[t.dtype for t in _made(f).inputs], f=f, name=name)


def partitioned_call(
    args: Any,
    f: Any,
    tout: Any = None,
    executing_eagerly: Any = None,
    config: Any = None,
    executor_type: Any = None,
) -> Any:
    """The outputs of `f`, a `Defun`, for the arguments; the others are accepted for compatibility."""
    del tout, executing_eagerly, config, executor_type
    outputs = call(_made(f), _tensors(args))
    return list(outputs) if outputs else None


def remote_call(args: Any, Tout: Any, f: Any, target: Any, name: str | None = None) -> list[Tensor]:
    """The outputs of `f`, a `Defun`, for the arguments. Every device's work is done here, whatever `target` is."""
    del Tout, target
    return list(call(_made(f), _tensors(args), name=name))
