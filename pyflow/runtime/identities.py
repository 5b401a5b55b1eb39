"""Steps whose result is one of their inputs, as it is."""

from __future__ import annotations

import numpy as np

from pyflow.runtime.program import Step, Value, may_change

FORWARDING_OPS = frozenset(("Identity", "StopGradient", "PreventGradient", "Snapshot", "PlaceholderWithDefault"))
# These hand their input on if they leave its shape (and so can at most have reduced dimensions of size 1).
_FORWARDING_IF_SAME_SHAPE = frozenset(
    ("Reshape", "Squeeze", "ExpandDims", "BroadcastTo", "Sum", "Mean", "Prod", "Max", "Min", "All", "Any")
)
_SUMS = frozenset(("Add", "AddV2", "AddN"))
_NUMBERS = "fiuc"


def equal_input(step: Step) -> Value | None:
    """The input that the step's one output is equal to, if there is one."""
    first = step.inputs[0] if step.inputs else None
    if step.type in _FORWARDING_IF_SAME_SHAPE:
        return first if first.known_shape and first.shape == step.outputs[0].shape else None  # type: ignore[union-attr]
    if step.type in FORWARDING_OPS or step.type == "Cast" and first.dtype is step.outputs[0].dtype:  # type: ignore
        return first
    return _lone_term(step) if step.type in _SUMS else None


def _lone_term(step: Step) -> Value | None:
    """What zeros are added to."""
    out = step.outputs[0]
    if not out.known_shape or np.dtype(out.dtype.as_numpy_dtype).kind not in _NUMBERS:
        return None
    terms = [v for v in step.inputs if not _is_zero(v)]
    if len(terms) != 1 or terms[0].shape != out.shape or may_change(terms[0]):
        return None
    return terms[0]


def _is_zero(value: Value) -> bool:
    return value.constant is not None and value.cell is None and not value.constant.any()
