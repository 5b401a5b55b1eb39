"""Joining strings."""

from __future__ import annotations

import numpy as np

from pyflow.core.api import export
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op, sample
from pyflow.ops.shape_rules import merge_all


@op("StringJoin(inputs: N*string) -> (output: string)", N=attr("int", minimum=1), separator="")
class StringJoin:
    """The strings of all inputs joined element by element; scalars go with every element."""

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample([np.array([b"a", b"b"], object), np.array([b"c", b"d"], object)]),
        sample([np.array(b"x", object), np.array([[b"c", b""]], object)], separator=", "),
    ]

    def shape(inputs):
        shapes = [s for s in inputs if s != ()]
        try:
            return merge_all(shapes) if shapes else ()
        except ShapeError as error:
            raise ShapeError(str(error), "Input shapes do not match") from None

    def cpu(inputs, separator):
        shapes = {np.shape(x) for x in inputs} - {()}
        if len(shapes) > 1:
            raise InvalidArgumentError(None, None, "Input shapes do not match")
        shape = shapes.pop() if shapes else ()
        out = np.empty(shape, object)
        parts = [np.broadcast_to(np.asarray(x, object), shape) for x in inputs]
        for index in np.ndindex(shape):
            out[index] = separator.encode().join(part[index] for part in parts)
        return out


string_join = export("string_join", "strings.join")(StringJoin)
