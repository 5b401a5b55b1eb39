"""The op `Einsum`, which graphs from newer producers contain; `tf.einsum` itself is made of simpler ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op, sample
from pyflow.core.tensor import StaticShape
from pyflow.ops.linalg_rules import invalid
from pyflow.ops.shape_rules import broadcast_shapes, merge_dim


def _parsed(equation: str) -> tuple[list[str], str]:
    """The labels of the inputs and the output, with "." for the three dots."""
    sides = equation.replace(" ", "").replace("...", ".").split("->")
    if len(sides) != 2:
        raise ShapeError(f"Expecting exactly one '->' in einsum equation: {equation}")
    labels, output = sides[0].split(","), sides[1]
    if len(labels) > 2:
        raise ShapeError(f"Expecting 1 or 2 input subscripts in equation '{equation}' but got: {len(labels)}")
    for a in output:
        if a != "." and a not in sides[0]:
            raise ShapeError(
                f"Einsum output subscripts for equation '{equation}' has label '{a}' which is not present in the input "
                "subscripts"
            )
    return labels, output


def _einsum_shape(inputs: list[StaticShape], equation: str) -> StaticShape:
    labels, output = _parsed(equation)
    if len(labels) != len(inputs):
        raise ShapeError(f"Expected {len(labels)} inputs for equation {equation} but got: {len(inputs)}")
    sizes: dict[str, int | None] = {}
    further: StaticShape = ()
    for i, (given, each) in enumerate(zip(inputs, labels)):
        named = len(each.replace(".", ""))
        if given is None:
            further = None if "." in each else further
            continue
        if len(given) < named or (len(given) > named and "." not in each):
            least = "at least " if "." in each else ""
            raise ShapeError(
                f"Shape must be {least}rank {named} but is rank {len(given)}\n"
                f"\t for {i}th input and equation: {equation}",
                f"Expected input {i} to have rank {least}{named} but got: {len(given)}",
            )
        start = each.index(".") if "." in each else len(given)
        end = start + len(given) - named
        further = broadcast_shapes(further, given[start:end])
        for a, size in zip(each.replace(".", ""), given[:start] + given[end:]):
            sizes[a] = merge_dim(sizes.get(a), size)
    if "." not in output and further:
        words = (
            f"Output contains {len(further)} broadcasting dimension(s) but no ellipsis (...) was found in the output "
        )
        raise ShapeError(words + "subscripts.")
    if "." in output and further is None:
        return None
    dims: list[int | None] = []
    for a in output:
        dims += further if a == "." else [sizes.get(a)]  # type: ignore[operator]
    return tuple(dims)


def _spread_diagonals(x: np.ndarray, output: str) -> np.ndarray:
    """Gives an axis for each label of `output`: one that occurs several times becomes a diagonal."""
    for position, a in enumerate(output):
        first = output.index(a)
        if first == position:
            continue
        x = np.expand_dims(x, position)
        size = x.shape[first]
        mask = np.eye(size, dtype=x.dtype).reshape([size if i in (first, position) else 1 for i in range(x.ndim)])
        x = x * mask
    return x


@op("Einsum(inputs: N*T) -> (output: T)", equation=attr("string"), N=attr("int", minimum=1), T=dtypes.ANY)
class Einsum:
    """The sum of products of one or two inputs by an equation such as "ij,jk->ik"; labels may occur repeatedly."""

    shape = _einsum_shape

    def cpu(inputs, equation):
        labels, output = _parsed(equation)
        named = "".join(dict.fromkeys(output.replace(".", "")))
        try:
            result: Any = np.einsum(
                ",".join(labels).replace(".", "...") + "->..." + named
                if "." in "".join(labels)
                else ",".join(labels) + "->" + named,
                *inputs,
            )
        except ValueError as error:
            raise invalid(str(error)) from None
        count = result.ndim - len(named)
        if count:
            # numpy has put the further axes first.
            place = output.index(".") if "." in output else 0
            before = len(dict.fromkeys(output[:place]))
            result = np.moveaxis(result, range(count), range(before, before + count))
            letters = iter("0123456789")
            further = "".join(next(letters) for _ in range(count))
            output = output.replace(".", further)
        else:
            output = output.replace(".", "")
        return np.array(_spread_diagonals(result, output), inputs[0].dtype)

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample([[[1.0, 2.0], [3.0, 4.0]], [[1.0], [2.0]]], equation="ij,jk->ik", grad=False),
        sample([[1.0, 2.0]], equation="i->ii", grad=False),
    ]
