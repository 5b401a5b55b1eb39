"""The labels of the CTC loss: checked, and the sequence of each example."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.errors import InvalidArgumentError
from pyflow.ops.sparse_coordinates import check_row_major, check_within, invalid


def label_rows(
    indices: np.ndarray, values: np.ndarray, lengths: np.ndarray, classes: int, collapse: bool, ignore_longer: bool
) -> list[np.ndarray | None]:
    """The labels of each example; None where there are more of them than steps.

    Args:
      indices: [n, 2], example and place.
      values: [n]; the last class and what is beyond it end a sequence.
      lengths: [batch], the steps of each example.
      collapse: whether equal labels one after another are one.
      ignore_longer: whether examples with more labels than steps are let pass.

    Raises:
      InvalidArgumentError: the labels are damaged, or more than there are steps.
    """
    _check(indices, len(lengths))
    ends = np.cumsum(np.bincount(indices[:, 0], minlength=len(lengths)))
    rows: list[np.ndarray | None] = []
    for i, (given, steps) in enumerate(zip(np.split(values, ends[:-1]), lengths.tolist())):
        if not len(given):
            raise invalid(f"Labels length is zero in batch {i}")
        labels = given[np.append(True, given[1:] != given[:-1])] if collapse else given
        if labels.max() >= classes - 1:
            labels = _before_null(labels, given, i, classes)
        if labels.size and labels.min() < 0:
            raise invalid(f"All labels must be nonnegative integers, batch: {i} labels: {_listed(labels)}")
        if len(given) <= steps:
            rows.append(labels)
        elif ignore_longer:
            rows.append(None)
        else:
            raise invalid(
                f"Not enough time for target transition sequence (required: {len(given)}, available: {steps}){i}You "
                "can turn this error into a warning by using the flag ignore_longer_outputs_than_inputs"
            )
    return rows


def _check(indices: np.ndarray, batch: int) -> None:
    if not len(indices):
        return
    try:
        check_within(indices, [batch, int(indices[:, 1].max()) + 1])
        check_row_major(indices)
    except InvalidArgumentError as error:
        raise invalid(f"label SparseTensor is not valid: {error.message}") from None


def _before_null(labels: np.ndarray, given: np.ndarray, batch: int, classes: int) -> np.ndarray:
    """The labels up to the first of the null class, which no others may follow."""
    is_null = labels >= classes - 1
    end = int(np.argmax(is_null))
    if not is_null[end:].all():
        raise invalid(
            f"Saw a non-null label (index >= num_classes - 1) following a null label, batch: {batch} num_classes: "
            f"{classes} labels: {_listed(given)} labels seen so far: {_listed(labels[:end])}"
        )
    return labels[:end]


def _listed(labels: Any) -> str:
    return ",".join(map(str, labels.tolist()))
