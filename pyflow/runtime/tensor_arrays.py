"""What planning knows of tensor arrays: their sizes, and the shapes of their elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pyflow.ops.tensor_array_storage import ElementShape

if TYPE_CHECKING:
    from pyflow.runtime.program import Step


def fold_size(step: Step) -> bool:
    """The size of a tensor array that does not grow, if it is known."""
    made = step.inputs[0].step if step.type == "TensorArraySizeV3" else None
    if made is None or made.type != "TensorArrayV3" or made.attrs["dynamic_size"] or made.inputs[0].constant is None:
        return False
    step.outputs[0].constant = np.asarray(made.inputs[0].constant, np.int32)
    return True


def note_elements(step: Step) -> None:
    """What a step tells of the shapes of a tensor array's elements."""
    if step.type == "TensorArrayGradV3":
        step.outputs[0].elements = step.inputs[0].elements
    elif step.type == "TensorArrayScatterV3":
        array, rows = step.inputs[0], step.inputs[2]
        made = array.step
        if made is not None and made.type == "TensorArrayV3" and made.attrs["identical_element_shapes"]:
            if rows.shape and rows.known_shape and rows.shape[0]:
                array.elements = ElementShape(rows.shape[1:])  # type: ignore[arg-type]
