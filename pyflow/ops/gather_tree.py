"""The paths that a beam search has found, from the tokens and parents of each of its steps."""

from __future__ import annotations

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.registry import NOT_DIFFERENTIABLE, op, sample
from pyflow.ops.shape_rules import same_as


@op(
    "GatherTree(step_ids: T, parent_ids: T, max_sequence_lengths: int32, end_token: T) -> (beams: T)",
    T=(dtypes.int32,),
)
class GatherTree:
    """The tokens on the way to each beam of the last step, [time, batch, beam]; `end_token` behind the end.

    `step_ids` and `parent_ids`, [time, batch, beam], have the token of each beam and the beam before that it goes on
    from; `max_sequence_lengths`, [batch], tells which step is the last.
    """

    shape = same_as("step_ids")

    def cpu(step_ids, parent_ids, max_sequence_lengths, end_token):
        times, batches, beams = step_ids.shape
        found = np.full_like(step_ids, end_token)
        for batch in range(batches):
            length = min(times, int(max_sequence_lengths[batch]))
            path = np.arange(beams)
            for time in range(length - 1, -1, -1):
                _check_parents(path, beams, batch, time)
                found[time, batch] = step_ids[time, batch, path]
                path = parent_ids[time, batch, path]
        ended = np.cumsum(found == end_token, axis=0) > 0
        found[ended] = end_token
        return found

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            np.array([[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]]], np.int32),
            np.array([[[0, 0, 0]], [[0, 1, 1]], [[2, 1, 2]]], np.int32),
            np.array([3], np.int32),
            np.array(10, np.int32),
            grad=False,
            reference=lambda *_: np.array([[[2, 2, 2]], [[6, 5, 6]], [[7, 8, 9]]]),
        )
    ]


def _check_parents(path: np.ndarray, beams: int, batch: int, time: int) -> None:
    wrong = np.nonzero((path < 0) | (path >= beams))[0]
    if wrong.size:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Saw invalid parent id {path[wrong[0]]} at (batch, time, beam) == ({batch}, {time}, {wrong[0]})",
        )


gather_tree = export("contrib.seq2seq.gather_tree")(GatherTree)
