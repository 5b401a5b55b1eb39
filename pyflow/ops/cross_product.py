"""The cross product of vectors in space."""

from __future__ import annotations

from pyflow.core.api import export
from pyflow.core.dtypes import REAL
from pyflow.core.registry import ShapeError, op, sample
from pyflow.ops.shape_rules import merge, with_rank_at_least


@op("Cross(a: T, b: T) -> (product: T)", T=REAL)
class Cross:
    """The cross product a × b along the last axis, which has 3 elements."""

    def shape(a, b):
        shape = merge(with_rank_at_least(a, 1), with_rank_at_least(b, 1))
        if shape is not None and shape[-1] not in (None, 3):
            raise ShapeError(f"Dimension must be 3 but is {shape[-1]}")
        return shape

    def cpu(a, b, out):
        for i in (0, 1, 2):
            j, k = (i + 1) % 3, (i + 2) % 3
            out[..., i] = a[..., j] * b[..., k] - a[..., k] * b[..., j]

    def grad(op, grad):
        u, v = op.inputs
        return Cross(v, grad), Cross(grad, u)

    samples = [sample([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]], [[3.0, 2.0, 1.0], [1.0, 4.0, -2.0]])]


cross = export("cross", "linalg.cross")(Cross)
