"""Ops that say something while the graph runs: `tf.Print`, `tf.print`, `tf.Assert`."""

from __future__ import annotations

import collections.abc
import datetime
import itertools
import os
import pprint
import sys
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors, nest
from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import convert_n_to_tensor, convert_to_tensor
from pyflow.core.node_count import count_named, count_nodes
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, raw, sample
from pyflow.core.scopes import control_dependencies, get_default_graph, name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.shape_rules import no_outputs, same_as, scalar
from pyflow.ops.value_summary import spaced, summary


@op(
    "Print(input: T, data: U) -> (output: T)",
    T=dtypes.ANY,
    U=attr("list(type)"),
    message="",
    first_n=-1,
    summarize=3,
)
class _PrintOp:
    """Its input, having written `data` to the standard error stream."""

    stateful = True
    view = True
    shape = same_as("input")

    def cpu(ctx, input, data, message, first_n, summarize):
        count = ctx.state(lambda: [0])
        if first_n < 0 or count[0] < first_n:
            count[0] += 1
            shown = (summary(x, summarize) if np.ndim(x) else f"[{summary(x, summarize)}]" for x in data)
            print(message + "".join(shown), file=sys.stderr)
        return input

    def grad(op, dy, *unused):
        return [dy] + [None] * (len(op.inputs) - 1)


@export("Print")
def Print(
    input_: Any,
    data: Any,
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Tensor:
    """`input_`, with the side effect of printing `data` to the standard error stream each time it is computed.

    Args:
      data: list of tensors to print.
      message: printed before them.
      first_n: print only so many times; None or negative for always.
      summarize: how many elements of each tensor to print; None for 3, negative for all.
    """
    return _PrintOp(
        input_,
        data,
        message=message or "",
        first_n=-1 if first_n is None else first_n,
        summarize=3 if summarize is None else summarize,
        name=name,
    )


@op("StringFormat(inputs: T) -> (output: string)", T=attr("list(type)"), template="%s", placeholder="%s", summarize=3)
class StringFormat:
    """The template with each placeholder replaced by a tensor's summary."""

    shape = scalar

    def cpu(inputs, template, placeholder, summarize):
        pieces = template.split(placeholder)
        text = pieces[0] + "".join(spaced(x, summarize) + piece for x, piece in zip(inputs, pieces[1:]))
        return _bytes_scalar(text)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[1, 2], 0.5], template="a %s b %s")]


def _bytes_scalar(text: str) -> np.ndarray:
    result = np.empty((), object)
    result[()] = text.encode()
    return result


@op("PrintV2(input: string) -> ()", output_stream="stderr", end="\n")
class PrintV2:
    """Writes a string to a stream or file."""

    stateful = True
    shape = no_outputs

    def cpu(input, output_stream, end):
        text = np.asarray(input, object)[()]
        text = (text.decode("utf-8", "replace") if isinstance(text, bytes) else text) + end
        if output_stream.startswith("file://"):
            with open(output_stream[len("file://") :], "a", encoding="utf-8") as file:
                file.write(text)
        elif output_stream.startswith("log("):
            level = _LEVELS[output_stream[len("log(") : -1]]
            sys.stderr.write(f"{datetime.datetime.now()}: {level} {text.rstrip(os.linesep)}\n")
        else:
            stream = sys.stdout if output_stream == "stdout" else sys.stderr
            stream.write(text)
            stream.flush()

    grad = NOT_DIFFERENTIABLE


@export("strings.format")
def string_format(
    template: str, inputs: Any, placeholder: str = "{}", summarize: int = 3, name: str | None = None
) -> Tensor:
    """The template with each placeholder replaced by a tensor's summary, as a string tensor of shape ().

    Raises:
      ValueError: the numbers of placeholders and inputs differ.
    """
    if isinstance(inputs, np.ndarray) or isinstance(inputs, Tensor) or not isinstance(inputs, (list, tuple)):
        inputs = [inputs]
    if template.count(placeholder) != len(inputs):
        raise ValueError(
            f"{template.count(placeholder)} placeholder(s) in template does not match {len(inputs)} tensor(s) "
            "provided as "
            "input"
        )
    return StringFormat(list(inputs), template=template, placeholder=placeholder, summarize=summarize, name=name)


@export("print")
def print_v2(*inputs: Any, **kwargs: Any) -> Any:
    """An operation that prints tensors, Python values and structures of them when it is run.

    Args:
      output_stream: `sys.stderr` (the default), `sys.stdout`, "file://PATH" (lines are added to the file), or one of
        `tf.logging.info`, `.warning`, `.error`: the standard error stream, each line with time and level.
      summarize: how many elements to print at either end of each dimension; -1 for all.
      sep, end: what goes between the values and after the last.
      name: of the operation.

    Raises:
      ValueError: an unknown keyword or stream.
    """
    output_stream = kwargs.pop("output_stream", sys.stderr)
    name, summarize = kwargs.pop("name", None), kwargs.pop("summarize", 3)
    separator, end = kwargs.pop("sep", " "), kwargs.pop("end", os.linesep)
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments for tf.print: {kwargs}")
    stream = _stream_name(output_stream)
    if len(inputs) == 1 and _is_tensor(inputs[0]) and inputs[0].dtype == dtypes.string and inputs[0].shape.ndims == 0:
        text = inputs[0]
    else:
        text = _formatted(inputs, separator, summarize, None if name is None else f"{name}_format")
    return PrintV2(text, output_stream=stream, end=end, name=name)


def _is_tensor(x: Any) -> bool:
    return isinstance(x, Tensor) or hasattr(x, "_as_graph_element")


def _formatted(inputs: tuple, separator: str, summarize: int, name: str | None) -> Tensor:
    """The string tensor of the values, each tensor where it stands in its structure."""
    words = "".join(pprint.pformat(x) for x in nest.flatten(inputs) if not _is_tensor(x))
    placeholder = next(p for p in (f"{{{i or ''}}}" for i in itertools.count()) if p not in words)
    templates, tensors = [], []
    for value in inputs:
        shown: list[Any] = []
        for part in nest.flatten(value):
            if isinstance(part, SparseTensor):
                tensors += [part.indices, part.values, part.dense_shape]
                shown.append(f"SparseTensor(indices={placeholder}, values={placeholder}, shape={placeholder})")
            elif _is_tensor(part):
                tensors.append(part)
                shown.append(placeholder)
            else:
                shown.append(part)
        # Of dicts, pprint gives the items in the order in which nest.flatten does.
        templates.append(value if isinstance(value, str) else pprint.pformat(nest.pack_sequence_as(value, shown)))
    template = separator.join(templates).replace(f"'{placeholder}'", placeholder)
    return string_format(template, tensors, placeholder=placeholder, summarize=summarize, name=name)


_LEVELS = {"warn": "W", "info": "I", "warning": "W", "error": "E"}


def _stream_name(output_stream: Any) -> str:
    if isinstance(output_stream, str) and output_stream.startswith("file://"):
        return output_stream
    names = {sys.stdout: "stdout", sys.__stdout__: "stdout", sys.stderr: "stderr", sys.__stderr__: "stderr"}
    names |= {PUBLIC[f"logging.{level}"]: f"log({level})" for level in _LEVELS}
    if output_stream in names:
        return names[output_stream]
    raise ValueError(
        f"Unsupported output stream, logging level, or file.{output_stream}. Supported streams are sys.stdout, "
        "sys.stderr, tf.logging.info, tf.logging.warning, tf.logging.error. File needs to be in the form of "
        "'file://<filepath>'."
    )


@op("Assert(condition: bool, data: T) -> ()", T=attr("list(type)", minimum=1), summarize=3)
class _AssertOp:
    """Fails unless the condition holds."""

    stateful = True
    shape = no_outputs

    def cpu(condition, data, summarize):
        if np.ndim(condition):
            raise errors.InvalidArgumentError(None, None, f"In[0] should be a scalar: {list(np.shape(condition))}")
        if not condition:
            text = " ".join(f"[{summary(x, summarize)}]" if not np.ndim(x) else summary(x, summarize) for x in data)
            raise errors.InvalidArgumentError(None, None, f"assertion failed: {text}")

    grad = NOT_DIFFERENTIABLE


@export("Assert", "debugging.Assert")
def Assert(condition: Any, data: Any, summarize: int | None = None, name: str | None = None) -> Any:
    """An operation that raises InvalidArgumentError, showing `data`, if the condition is False when it is run.

    Args:
      condition: bool tensor of shape (), or bool.
      data: list of tensors.
      summarize: how many elements of each to show; None for 3.
    """
    if not isinstance(data, collections.abc.Sequence):
        raise TypeError("values must be a sequence.")
    data = list(data)
    with name_scope(name, "Assert", data):
        tensors = convert_n_to_tensor(data)
        summarize = 3 if summarize is None else summarize
        # What is not yet a tensor is converted once more, under the op's own name: TensorFlow makes these nodes too.
        if all(x.dtype in (dtypes.string, dtypes.int32) for x in tensors):
            return _AssertOp(condition, data, summarize=summarize, name="Assert")
        return _guarded(convert_to_tensor(condition, name="Condition"), data, summarize)


def _guarded(condition: Tensor, data: list, summarize: int) -> Any:
    """An assertion under the name that it has in a `cond`, where TensorFlow shows it only if it fails."""
    graph = get_default_graph()
    with name_scope("AssertGuard") as scope:
        if condition.dtype.base_dtype != dtypes.bool:
            raise TypeError(
                f"Input 'pred' of 'Switch' Op has type {condition.dtype.base_dtype.name} that does not match expected "
                "type of bool."
            )
        if condition.shape.ndims:
            sizes = f"[{','.join('?' if d is None else str(d) for d in condition.shape.as_list())}]"
            raise ValueError(
                f"Shape must be rank 0 but is rank {condition.shape.ndims} for '{scope}Switch' (op: 'Switch') with "
                f"input shapes: {sizes}, {sizes}."
            )
        count_named(graph, "Switch", "switch_t", "switch_f", "pred_id", "NoOp", "control_dependency")
        assertion = _AssertOp(condition, data, summarize=summarize, name="Assert")
        count_nodes(graph, *["Switch" for _ in {condition, *(x for x in data if isinstance(x, Tensor))}])
        count_named(graph, "control_dependency")
        with control_dependencies([assertion]):
            return raw.NoOp(name="Merge")
