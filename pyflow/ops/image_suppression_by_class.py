"""Of boxes with scores for several classes, those with the highest ones: CombinedNonMaxSuppression."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, op, sample
from pyflow.core.scopes import name_scope
from pyflow.ops.image_suppression import intersections, select
from pyflow.ops.shape_rules import merge_dim, with_rank

_BOXES = np.array([[[[0, 0, 1, 1]], [[0, 0.1, 1, 1.1]], [[0, 0.8, 1, 1.8]]]], np.float32)
_SCORES = np.array([[[0.9, 0.2], [0.75, 0.6], [0.5, 0.95]]], np.float32)


@op(
    "CombinedNonMaxSuppression(boxes: float32, scores: float32, max_output_size_per_class: int32, "
    "max_total_size: int32, iou_threshold: float32, score_threshold: float32) -> (nmsed_boxes: float32, "
    "nmsed_scores: float32, nmsed_classes: float32, valid_detections: int32)",
    pad_per_class=False,
    clip_boxes=True,
)
class CombinedNonMaxSuppression:
    """The best boxes of each image, whichever their classes; see `combined_non_max_suppression`."""

    def shape(
        boxes, scores, max_output_size_per_class, max_output_size_per_class_value, max_total_size, max_total_size_value,
        iou_threshold, score_threshold, pad_per_class,
    ):  # fmt: skip
        batch, count, kinds, four = with_rank(boxes, 4)
        others, scored, classes = with_rank(scores, 3)
        for scalar in (max_output_size_per_class, max_total_size, iou_threshold, score_threshold):
            with_rank(scalar, 0)
        if four not in (None, 4):
            raise ShapeError(f"Dimension must be 4 but is {four}")
        if kinds is not None and classes is not None and kinds not in (1, classes):
            raise ShapeError(
                "third dimension of boxes must be either 1 or equal to the third dimension of scores"
            )
        batch = merge_dim(batch, others)
        merge_dim(count, scored)
        most, each = max_total_size_value, max_output_size_per_class_value
        if most is not None and most <= 0:
            raise ShapeError(f"max_total_size should be > 0 but got {most}")
        size = None if most is None else int(most)
        if pad_per_class:
            known = None not in (most, each, classes)
            size = min(int(most), int(each) * classes) if known else None  # type: ignore[operator]
        return [(batch, size, 4), (batch, size), (batch, size), (batch,)]

    def cpu(
        boxes, scores, max_output_size_per_class, max_total_size, iou_threshold, score_threshold, pad_per_class,
        clip_boxes,
    ):  # fmt: skip
        if max_total_size <= 0:
            raise InvalidArgumentError(None, None, "max_total_size must be > 0")
        if not 0 <= iou_threshold <= 1:
            raise InvalidArgumentError(None, None, "iou_threshold must be in [0, 1]")
        batch, count, kinds, _ = boxes.shape
        classes, each = scores.shape[2], int(max_output_size_per_class)
        size = int(min(max_total_size, each * classes)) if pad_per_class else int(max_total_size)
        found = [np.zeros((batch, size, *more), np.float32) for more in ((4,), (), ())]
        valid = np.zeros(batch, np.int32)
        # Here, boxes that overlap by just the threshold are both kept.
        threshold = float(np.nextafter(np.float32(iou_threshold), np.float32(np.inf)))
        for image in range(batch):
            best = []
            overlaps = [intersections(boxes[image, :, kind]) for kind in range(kinds)] if count else []
            for number in range(classes if count else 0):
                kind = number if kinds > 1 else 0
                kept, kept_scores = select(
                    overlaps[kind], scores[image, :, number], each, threshold, float(score_threshold)
                )
                best += [(score, number, boxes[image, box, kind]) for box, score in zip(kept, kept_scores)]
            best.sort(key=lambda candidate: -candidate[0])
            valid[image] = min(len(best), size)
            for place, (score, number, box) in enumerate(best[:size]):
                found[0][image, place] = np.clip(box, 0, 1) if clip_boxes else box
                found[1][image, place], found[2][image, place] = score, number
        return (*found, valid)

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(_BOXES, _SCORES, 2, 3, np.float32(0.5), np.float32(0.1)),
        sample(_BOXES, _SCORES, 1, 5, np.float32(0.5), np.float32(0.1), pad_per_class=True, clip_boxes=False),
    ]


_Output = collections.namedtuple(
    "CombinedNonMaxSuppression", ["nmsed_boxes", "nmsed_scores", "nmsed_classes", "valid_detections"]
)


@export("image.combined_non_max_suppression")
def combined_non_max_suppression(
    boxes: Any, scores: Any, max_output_size_per_class: Any, max_total_size: Any, iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"), pad_per_class: bool = False, clip_boxes: bool = True, name: str | None = None,
) -> Any:  # fmt: skip
    """The best boxes of each image: of each class those that overlap little, then of all classes the best.

    Args:
      boxes: float32 [n, boxes, 1 or classes, 4], each [y1, x1, y2, x2].
      scores: float32 [n, boxes, classes].
      max_output_size_per_class, max_total_size: how many boxes there are at most.
      iou_threshold: how much of their union two boxes of a class may have in common.
      score_threshold: only boxes with higher scores.
      pad_per_class: results are no longer than all classes could fill.
      clip_boxes: whether boxes are cut off at 0 and 1.

    Returns:
      nmsed_boxes [n, found, 4], nmsed_scores and nmsed_classes (float32) [n, found], filled up with zeros, and
      valid_detections, int32 [n]: how many are found.
    """
    with name_scope(name, "combined_non_max_suppression"):
        iou_threshold = convert_to_tensor(iou_threshold, dtype=dtypes.float32, name="iou_threshold")
        score_threshold = convert_to_tensor(score_threshold, dtype=dtypes.float32, name="score_threshold")
        return _Output(
            *CombinedNonMaxSuppression(
                boxes, scores, max_output_size_per_class, max_total_size, iou_threshold, score_threshold,
                pad_per_class=pad_per_class, clip_boxes=clip_boxes,
            )
        )  # fmt: skip
