"""Images with the channels before their rows and columns (NCHW), for rules on the GPU that know them behind only."""

from __future__ import annotations

import copy
from typing import Any, Callable, Sequence

from pyflow.ops.gpu import Dispatch, groups, size, word_of
from pyflow.ops.gpu_indices import strided, strides_of

_TO_NHWC, _TO_NCHW = (0, 2, 3, 1), (0, 3, 1, 2)


def in_either_layout(
    rule: Callable[[Any], Any], inputs: Sequence[int] = (0,), outputs: Sequence[int] = (0,)
) -> Callable[[Any], Any]:
    """`rule`, which is given images of the layout NHWC, as a rule for NCHW too: those are moved there and back.

    Args:
      inputs, outputs: which of them are images.
    """

    def either(node: Any) -> Any:
        if node.attrs["data_format"] != "NCHW" or len(node.inputs[inputs[0]].shape) != 4:
            return rule(node)
        there = copy.copy(node)
        there.inputs, there.outputs = list(node.inputs), list(node.outputs)
        there.attrs = dict(node.attrs, data_format="NHWC")
        for name in ("strides", "dilations"):
            if name in there.attrs:
                there.attrs[name] = [there.attrs[name][axis] for axis in _TO_NHWC]
        if pads := there.attrs.get("explicit_paddings"):  # two for each axis
            there.attrs["explicit_paddings"] = [pads[2 * axis + side] for axis in _TO_NHWC for side in (0, 1)]
        moved, back = [], []
        copies: dict[Any, Any] = {}
        for i in inputs:
            value = node.inputs[i]
            if value not in copies:
                copies[value] = node.scratch([value.shape[axis] for axis in _TO_NHWC], value.dtype)
                moved.append(_moved(value, copies[value], _TO_NHWC))
            there.inputs[i] = copies[value]
        for i in outputs:
            value = node.outputs[i]
            there.outputs[i] = node.scratch([value.shape[axis] for axis in _TO_NHWC], value.dtype)
            back.append(_moved(there.outputs[i], value, _TO_NCHW))
        dispatches = rule(there)
        return None if dispatches is None else [*moved, *dispatches, *back]

    return either


def _moved(source: Any, target: Any, axes: Sequence[int]) -> Dispatch:
    """The dispatch that fills `target` with the elements of `source`, whose axis `axes[i]` becomes axis i."""
    steps = strides_of(target.shape)
    there = strided(source.shape, [steps[axes.index(axis)] for axis in range(len(axes))])
    functions = {"place": f"fn place(i: u32) -> u32 {{ return {there}; }}"}
    types = {"T": word_of(source)}
    return Dispatch("array/place.wgsl", [source], [target], groups(size(source)), types, functions, COUNT=size(source))
