"""Of boxes that overlap much, those with the highest scores: NonMaxSuppression, V2 ... V5, and by given overlaps.

Boxes are [y1, x1, y2, x2], any two opposite corners. The soft variant is that of N. Bodla et al., Soft-NMS, 2017.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, one_of, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import StaticShape
from pyflow.ops.shape_rules import merge_dim, text, with_rank

_FLOAT = one_of((dtypes.float16, dtypes.float32), dtypes.float32)


def _check_shapes(boxes: StaticShape, scores: StaticShape, *scalars: StaticShape, columns: int | None = 4) -> None:
    try:
        count, width = with_rank(boxes, 2)
    except ShapeError as error:
        raise ShapeError(str(error), f"boxes must be 2-D{text(boxes)}") from None
    try:
        (scored,) = with_rank(scores, 1)
    except ShapeError as error:
        raise ShapeError(str(error), f"scores must be 1-D{text(scores)}") from None
    try:
        merge_dim(count, scored)
    except ShapeError as error:
        raise ShapeError(str(error), "scores has incompatible shape") from None
    if columns is not None and width not in (None, columns):
        raise ShapeError(f"Dimension must be 4 but is {width}", "boxes must have 4 columns")
    for scalar in scalars:
        if scalar is not None and len(scalar):
            words = f"max_output_size must be 0-D, got shape {text(scalar)}"
            raise ShapeError(f"Shape must be rank 0 but is rank {len(scalar)}", words)


def intersections(boxes: np.ndarray) -> Callable[[int, list[int]], np.ndarray]:
    """A function from a box and others to the share of their union that each of these has in common with it."""
    boxes = boxes.astype(np.float32)
    low = np.minimum(boxes[:, :2], boxes[:, 2:])
    high = np.maximum(boxes[:, :2], boxes[:, 2:])
    areas = np.prod(high - low, axis=1)

    def overlaps(box: int, others: list[int]) -> np.ndarray:
        sides = np.minimum(high[box], high[others]) - np.maximum(low[box], low[others])
        common = np.prod(np.maximum(sides, 0), axis=1)
        union = areas[box] + areas[others] - common
        valid = (areas[box] > 0) & (areas[others] > 0)
        return np.divide(common, union, out=np.zeros_like(common), where=valid)

    return overlaps


def select(
    overlaps: Callable, scores: np.ndarray, most: int, threshold: float, least_score: float, sigma: float = 0.0
) -> tuple[list[int], list[float]]:
    """The boxes kept, best first, and their scores."""
    # (minus the score, the box, how many of those kept it has been compared with)
    waiting = [(-score, i, 0) for i, score in enumerate(scores.astype(np.float32).tolist()) if score > least_score]
    heapq.heapify(waiting)
    kept: list[int] = []
    kept_scores: list[float] = []
    while waiting and len(kept) < most:
        negative, box, compared = heapq.heappop(waiting)
        score = original = np.float32(-negative)
        suppressed = False
        others = kept[compared:][::-1]
        for overlap in overlaps(box, others).tolist() if others else ():
            if (sigma <= 0 or threshold == 0) and overlap >= threshold:
                suppressed = True
                break
            if sigma > 0:
                weight = math.exp(-0.5 / sigma * overlap * overlap) if overlap <= threshold else 0.0
                score = np.float32(score * np.float32(weight))
                if score <= least_score:
                    break
        if suppressed:
            continue
        if score == original:
            kept.append(box)
            kept_scores.append(float(score))
        elif score > least_score:
            heapq.heappush(waiting, (-float(score), box, len(kept)))
    return kept, kept_scores


def _best(
    boxes: Any, scores: Any, most: Any, threshold: Any, least_score: float = -math.inf, sigma: float = 0.0
) -> tuple[list[int], list[float]]:
    if not 0 <= threshold <= 1:
        raise InvalidArgumentError(None, None, "iou_threshold must be in [0, 1]")
    most = int(most) if most >= 0 else len(scores)
    return select(intersections(boxes), scores, most, float(threshold), float(least_score), float(sigma))


def _indices(kept: list[int]) -> np.ndarray:
    return np.array(kept, np.int32)


def _unpadded(boxes, scores, max_output_size):
    _check_shapes(boxes, scores, max_output_size)
    return (None,)


_BOXES = np.array([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [0, 10, 1, 11], [0, 10.1, 1, 11.1]], np.float32)
_SCORES = [0.9, 0.75, 0.6, 0.95, 0.5]


@op(
    "NonMaxSuppression(boxes: float32, scores: float32, max_output_size: int32) -> (selected_indices: int32)",
    iou_threshold=0.5,
)
class NonMaxSuppression:
    """The indices of the boxes kept, best first; see `non_max_suppression`."""

    shape = _unpadded

    def cpu(boxes, scores, max_output_size, iou_threshold):
        return _indices(_best(boxes, scores, max_output_size, iou_threshold)[0])

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_BOXES, _SCORES, 3)]


@op(
    "NonMaxSuppressionV2(boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold)"
    " -> (selected_indices: int32)",
    T=_FLOAT,
    T_threshold=one_of((dtypes.float16, dtypes.float32), dtypes.float32),
)
class NonMaxSuppressionV2:
    """`NonMaxSuppression` with the threshold as a tensor."""

    shape = _unpadded

    def cpu(boxes, scores, max_output_size, iou_threshold):
        return _indices(_best(boxes, scores, max_output_size, iou_threshold)[0])

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_BOXES, _SCORES, 3, 0.5)]


@op(
    "NonMaxSuppressionV3(boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold, "
    "score_threshold: T_threshold) -> (selected_indices: int32)",
    T=_FLOAT,
    T_threshold=one_of((dtypes.float16, dtypes.float32), dtypes.float32),
)
class NonMaxSuppressionV3:
    """`NonMaxSuppressionV2` of the boxes whose scores are above a threshold."""

    shape = _unpadded

    def cpu(boxes, scores, max_output_size, iou_threshold, score_threshold):
        return _indices(_best(boxes, scores, max_output_size, iou_threshold, score_threshold)[0])

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_BOXES, _SCORES, 3, 0.5, 0.2)]


@op(
    "NonMaxSuppressionV4(boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold, "
    "score_threshold: T_threshold) -> (selected_indices: int32, valid_outputs: int32)",
    T=_FLOAT,
    T_threshold=one_of((dtypes.float16, dtypes.float32), dtypes.float32),
    pad_to_max_output_size=False,
)
class NonMaxSuppressionV4:
    """`NonMaxSuppressionV3` with the number of boxes kept, and if wanted zeros behind them up to the maximum."""

    def shape(boxes, scores, max_output_size, max_output_size_value, pad_to_max_output_size):
        _check_shapes(boxes, scores, max_output_size)
        padded = pad_to_max_output_size and max_output_size_value is not None
        return [(int(max_output_size_value) if padded else None,), ()]

    def cpu(boxes, scores, max_output_size, iou_threshold, score_threshold, pad_to_max_output_size):
        kept, _ = _best(boxes, scores, max_output_size, iou_threshold, score_threshold)
        count = len(kept)
        if pad_to_max_output_size:
            kept = kept + [0] * (int(max_output_size) - count)
        return _indices(kept), np.int32(count)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_BOXES, _SCORES, 4, 0.5, 0.2), sample(_BOXES, _SCORES, 4, 0.5, 0.2, pad_to_max_output_size=True)]


@op(
    "NonMaxSuppressionV5(boxes: T, scores: T, max_output_size: int32, iou_threshold: T, score_threshold: T, "
    "soft_nms_sigma: T) -> (selected_indices: int32, selected_scores: T, valid_outputs: int32)",
    T=_FLOAT,
    pad_to_max_output_size=False,
)
class NonMaxSuppressionV5:
    """`NonMaxSuppressionV4` that may lower scores by overlaps rather than drop boxes, and gives the scores too."""

    def shape(boxes, scores, max_output_size, max_output_size_value, pad_to_max_output_size):
        _check_shapes(boxes, scores, max_output_size)
        padded = pad_to_max_output_size and max_output_size_value is not None
        count = int(max_output_size_value) if padded else None
        return [(count,), (count,), ()]

    def cpu(boxes, scores, max_output_size, iou_threshold, score_threshold, soft_nms_sigma, pad_to_max_output_size):
        if soft_nms_sigma < 0:
            raise InvalidArgumentError(None, None, "soft_nms_sigma_val must be >= 0")
        kept, reached = _best(boxes, scores, max_output_size, iou_threshold, score_threshold, soft_nms_sigma)
        count = len(kept)
        if pad_to_max_output_size:
            more = int(max_output_size) - count
            kept, reached = kept + [0] * more, reached + [0.0] * more
        return _indices(kept), np.array(reached, scores.dtype), np.int32(count)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_BOXES, _SCORES, 4, 0.5, 0.2, 0.5, grad=False)]


@op(
    "NonMaxSuppressionWithOverlaps(overlaps: float32, scores: float32, max_output_size: int32, "
    "overlap_threshold: float32, score_threshold: float32) -> (selected_indices: int32)"
)
class NonMaxSuppressionWithOverlaps:
    """`NonMaxSuppressionV3` with what each two boxes have in common as a matrix."""

    def shape(overlaps, scores, max_output_size):
        _check_shapes(overlaps, scores, max_output_size, columns=None)
        return (None,)

    def cpu(overlaps, scores, max_output_size, overlap_threshold, score_threshold):
        kept, _ = select(
            lambda box, others: overlaps[box, others],
            scores,
            int(max_output_size),
            float(overlap_threshold),
            float(score_threshold),
        )
        return _indices(kept)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.eye(3)[::-1] * 0.6 + 0.2, [0.5, 0.9, 0.4], 3, 0.5, 0.1)]


@export("image.non_max_suppression")
def non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    name: str | None = None,
) -> Any:
    """Goes through the boxes by falling scores, and keeps those that overlap little with each one kept before.

    Args:
      boxes: float32 or float16 [n, 4]: y1, x1, y2, x2, any two opposite corners.
      scores: [n].
      max_output_size: how many are kept at most, an int32 scalar.
      iou_threshold: the share of their union that two boxes may have in common, from 0 to 1.
      score_threshold: boxes up to this score are left out.

    Returns:
      int32 [kept]: their indices.
    """
    with name_scope(name, "non_max_suppression"):
        threshold = convert_to_tensor(iou_threshold, name="iou_threshold")
        least = convert_to_tensor(score_threshold, name="score_threshold")
        return NonMaxSuppressionV3(boxes, scores, max_output_size, threshold, least)


@export("image.non_max_suppression_with_scores")
def non_max_suppression_with_scores(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    soft_nms_sigma: Any = 0.0,
    name: str | None = None,
) -> Any:
    """(indices, scores) of what `non_max_suppression` keeps; with a sigma above 0, overlaps lower the scores."""
    with name_scope(name, "non_max_suppression_with_scores"):
        threshold = convert_to_tensor(iou_threshold, name="iou_threshold")
        least = convert_to_tensor(score_threshold, name="score_threshold")
        sigma = convert_to_tensor(soft_nms_sigma, name="soft_nms_sigma")
        found = NonMaxSuppressionV5(boxes, scores, max_output_size, threshold, least, sigma)
        return found[0], found[1]


@export("image.non_max_suppression_padded")
def non_max_suppression_padded(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    pad_to_max_output_size: bool = False,
    name: str | None = None,
) -> Any:
    """(indices, their number) of what `non_max_suppression` keeps; if wanted with zeros behind up to the maximum."""
    with name_scope(name, "non_max_suppression_padded"):
        threshold = convert_to_tensor(iou_threshold, name="iou_threshold")
        least = convert_to_tensor(score_threshold, name="score_threshold")
        return NonMaxSuppressionV4(boxes, scores, max_output_size, threshold, least, pad_to_max_output_size)


@export("image.non_max_suppression_overlaps")
def non_max_suppression_overlaps(
    overlaps: Any,
    scores: Any,
    max_output_size: Any,
    overlap_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    name: str | None = None,
) -> Any:
    """`non_max_suppression` with what each two boxes have in common given, float32 [n, n]."""
    with name_scope(name, "non_max_suppression_overlaps"):
        threshold = convert_to_tensor(overlap_threshold, name="overlap_threshold")
        return NonMaxSuppressionWithOverlaps(overlaps, scores, max_output_size, threshold, score_threshold)
