"""Ops that say something while the graph runs: `tf.Print`, `tf.print`, `tf.Assert`."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_n_to_tensor, convert_to_tensor
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.shape_rules import no_outputs, same_as, scalar


def summary(value: Any, limit: int) -> str:
    """An array the way TensorFlow summarises it: `[1 2 3...]`, at most `limit` elements (all if negative)."""
    array = np.asarray(value)
    limit = array.size if limit < 0 else limit
    if array.ndim == 0:
        return element(array[()])
    return f"[{_rows(array, [limit], outermost=True)}{'...' if array.size > limit else ''}]"


def _rows(array: np.ndarray, left: list[int], outermost: bool = False) -> str:
    """The elements of an array, as long as any are `left` to be shown."""
    if array.ndim == 1:
        shown = [element(x) for x in array[: left[0]]]
        left[0] -= len(shown)
        return " ".join(shown) + ("..." if len(shown) < array.size and not outermost else "")
    parts = []
    for row in array:
        if left[0] <= 0:
            break
        parts.append(f"[{_rows(row, left)}]")
    return "".join(parts)


def element(x: Any) -> str:
    """One element: floats with six significant digits, as C++ streams print them."""
    if isinstance(x, bytes):
        return x.decode("utf-8", "replace")
    if isinstance(x, (bool, np.bool_)):
        return "1" if x else "0"
    if isinstance(x, (float, np.floating)):
        return f"{float(x):g}"
    if isinstance(x, (complex, np.complexfloating)):
        return f"({x.real:g},{x.imag:g})"
    return str(x)


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
        text = pieces[0] + "".join(_spaced(x, summarize) + piece for x, piece in zip(inputs, pieces[1:]))
        return _bytes_scalar(text)

    grad = NOT_DIFFERENTIABLE


def _bytes_scalar(text: str) -> np.ndarray:
    result = np.empty((), object)
    result[()] = text.encode()
    return result


def _spaced(value: Any, summarize: int, indent: int = 0) -> str:
    """`tf.print`'s form: outer elements on lines of their own, the first and last `summarize` of each dimension."""
    array = np.asarray(value)
    if array.ndim == 0:
        return element(array[()])
    keep = len(array) if summarize < 0 or len(array) <= 2 * summarize else summarize
    items = [_spaced(x, summarize, indent + 1) for x in array[:keep]]
    if keep < len(array):
        items += ["..."] + [_spaced(x, summarize, indent + 1) for x in array[len(array) - keep :]]
    if array.ndim == 1:
        return "[" + " ".join(items) + "]"
    separator = "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + separator.join(items) + "]"


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


_STREAMS = {"stdout": "stdout", "stderr": "stderr"}


@export("print")
def print_v2(*inputs: Any, **kwargs: Any) -> Any:
    """An operation that prints tensors (and Python values) when it is run.

    Args:
      output_stream: `sys.stderr` (the default), `sys.stdout`, or "file://PATH".
      summarize: how many elements to print at either end of each dimension; -1 for all.
      sep, end: what goes between the values and after the last.
      name: of the operation.

    Raises:
      ValueError: an unknown keyword or stream.
    """
    output_stream = kwargs.pop("output_stream", sys.stderr)
    name, summarize = kwargs.pop("name", None), kwargs.pop("summarize", 3)
    separator, end = kwargs.pop("sep", " "), kwargs.pop("end", "\n")
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments for tf.print: {kwargs}")
    stream = _stream_name(output_stream)
    template, tensors = [], []
    for value in inputs:
        if isinstance(value, Tensor) or hasattr(value, "_as_graph_element"):
            template.append("\0")
            tensors.append(convert_to_tensor(value))
        else:
            template.append(str(value))
    with name_scope(name, "print") as scope:
        text = string_format(separator.join(template), tensors, placeholder="\0", summarize=summarize)
        return PrintV2(text, output_stream=stream, end=end, name=scope)


def _stream_name(output_stream: Any) -> str:
    if isinstance(output_stream, str) and output_stream.startswith("file://"):
        return output_stream
    if output_stream in (sys.stdout, sys.__stdout__):
        return "stdout"
    if output_stream in (sys.stderr, sys.__stderr__):
        return "stderr"
    raise ValueError(
        f"Unknown output stream or file path: {output_stream}. Valid ones are sys.stdout, sys.stderr and file:// paths"
    )


@op("Assert(condition: bool, data: T) -> ()", T=attr("list(type)", minimum=1), summarize=3)
class _AssertOp:
    """Fails unless the condition holds."""

    stateful = True
    shape = no_outputs

    def cpu(condition, data, summarize):
        if not np.all(condition):
            text = " ".join(f"[{summary(x, summarize)}]" if not np.ndim(x) else summary(x, summarize) for x in data)
            raise errors.InvalidArgumentError(None, None, f"assertion failed: {text}")

    grad = NOT_DIFFERENTIABLE


@export("Assert", "debugging.Assert")
def Assert(condition: Any, data: Any, summarize: int | None = None, name: str | None = None) -> Any:
    """An operation that raises InvalidArgumentError, showing `data`, if the condition is False when it is run.

    Args:
      condition: bool tensor of shape (), or bool; a False that is known at once raises at once.
      data: list of tensors.
      summarize: how many elements of each to show; None for 3.
    """
    data = list(data)
    static = constant_value(condition) if isinstance(condition, Tensor) else np.asarray(condition)
    if static is not None and not static.all() and not isinstance(condition, Tensor):
        shown = [
            str(constant_value(x)) if isinstance(x, Tensor) and constant_value(x) is not None else str(x) for x in data
        ]
        raise errors.InvalidArgumentError(
            None, None, "Expected '%s' to be true. Summarized data: %s" % (condition, "\n".join(shown))
        )
    with name_scope(name, "Assert", data):
        tensors = convert_n_to_tensor(data)
        if all(x.dtype in (dtypes.string, dtypes.int32) for x in tensors):
            tensors = data  # converted once more, under the op's own name: these are the nodes that TensorFlow makes
        return _AssertOp(
            convert_to_tensor(condition, dtypes.bool, name="Condition"),
            tensors,
            summarize=3 if summarize is None else summarize,
            name="Assert",
        )
