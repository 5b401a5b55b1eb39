"""How a sequence of labels may be spread over the steps of a network's output: the sums behind the CTC loss.

The states of a label sequence are its labels with a blank before each and at the end. A path begins in one of the first
two, and from step to step stays, goes one further, or leaves out a blank between two labels that differ.
Graves, Fernández, Gomez, Schmidhuber: Connectionist Temporal Classification, 2006.
"""

from __future__ import annotations

import numpy as np

# Below these, numbers that were too small for their type might have counted: logarithms are used instead.
_SMALLEST_SHARE, _SMALLEST_SCALE = 1e-200, 1e-60
_LOG_ZERO = -1e30  # stands for the logarithm of nothing: a sum of such is one, and their difference is no NaN


class States:
    """The states of label sequences and the ways between them.

    Args:
      labels: the labels of each sequence.
      lengths: the steps of each, at least 1.
      blank: the number of the class that is no label.
      merge_repeated: whether one label may last several steps; if not, each step with a label is a label of its own.
    """

    def __init__(self, labels: list[np.ndarray], lengths: np.ndarray, blank: int, merge_repeated: bool):
        self.lengths, self.blank, self.merge_repeated = lengths, blank, merge_repeated
        self.counts = np.array([2 * len(label) + 1 for label in labels])
        self.batch, self.width = len(labels), int(self.counts.max())
        self.classes = np.full((self.batch, self.width), blank, np.intp)
        for row, label in zip(self.classes, labels):
            row[1 : 2 * len(label) : 2] = label
        self.exists = np.arange(self.width) < self.counts[:, None]
        # Whether a state may be reached from the one two before it.
        self.leap = np.zeros((self.batch, self.width), bool)
        differs = self.classes[:, 3::2] != self.classes[:, 1:-2:2]
        self.leap[:, 3::2] = (differs | (not merge_repeated)) & self.exists[:, 3::2]
        self.leap_back = self._reversed(np.roll(self.leap, -2, axis=1) & (np.arange(self.width) < self.width - 2))

    def _reversed(self, of_states: np.ndarray) -> np.ndarray:
        """The same, with the states of each sequence from the last to the first; False beyond them."""
        places = self.counts[:, None] - 1 - np.arange(self.width)
        return np.take_along_axis(of_states, np.maximum(places, 0), axis=1) & (places >= 0)

    def both_ways(self, probabilities: np.ndarray) -> np.ndarray:
        """What each state has in each step, float64 [steps, 2 * batch, states]: from the start, and from the end.

        Args:
          probabilities: of the classes, [steps, batch, classes].
        """
        steps = len(probabilities)
        both = np.zeros((steps, 2, self.batch, self.width))
        both[:, 0] = np.take_along_axis(probabilities, self.classes[None], axis=2)
        both[:, 0] *= self.exists
        time = np.maximum(self.lengths - 1 - np.arange(steps)[:, None], 0)
        place = np.maximum(self.counts[:, None] - 1 - np.arange(self.width), 0)
        both[:, 1] = both[time[:, :, None], 0, np.arange(self.batch)[None, :, None], place[None]]
        both[:, 1] *= self.exists
        return both.reshape(steps, 2 * self.batch, self.width)

    def of_steps(self, backward: np.ndarray) -> np.ndarray:
        """Backward sums in the order of the steps and states; [steps, batch, states]."""
        steps = len(backward)
        time = np.maximum(self.lengths - 1 - np.arange(steps)[:, None], 0)
        place = np.maximum(self.counts[:, None] - 1 - np.arange(self.width), 0)
        return backward[time[:, :, None], np.arange(self.batch)[None, :, None], place[None]]

    def in_time(self, steps: int) -> np.ndarray:
        """Which steps each sequence has, [steps, batch]."""
        return np.arange(steps)[:, None] < self.lengths

    def select(self, rows: np.ndarray) -> States:
        """The states of some of the sequences."""
        labels = [self.classes[row, 1 : self.counts[row] : 2] for row in rows]
        return States(labels, self.lengths[rows], self.blank, self.merge_repeated)


def align(probabilities: np.ndarray, states: States) -> tuple[np.ndarray, np.ndarray]:
    """The logarithm of the probability of each label sequence, and how likely it is in which state at which step.

    Args:
      probabilities: of the classes, [steps, batch, classes].

    Returns:
      float64 [batch], -inf for what is impossible, and [steps, batch, states], which are no more than 0 for that.
    """
    log_likelihood, shares, is_safe = _scaled(probabilities, states)
    rows = np.flatnonzero(~is_safe)
    if rows.size:
        part = states.select(rows)
        log_likelihood[rows], exact = _logarithmic(probabilities[:, rows], part)
        shares[:, rows] = 0
        shares[:, rows, : part.width] = exact
    return log_likelihood, shares


def _scaled(probabilities: np.ndarray, states: States) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`align` by probabilities that are scaled to the sum 1 in each step; and for which sequences that is exact.

    What gets too small for its type on the way from the start has counted for no more than its value times what is
    possible from there on, at most 1. So it can be left out where the sums of both ways, multiplied, are far larger.
    """
    emitted = states.both_ways(probabilities)
    steps, rows, width = emitted.shape
    leap = np.concatenate((states.leap, states.leap_back)).astype(np.float64)
    sums = np.zeros((rows, width + 2))  # with nothing before the first state
    inner, before, leapt = sums[:, 2:], sums[:, 1:-1], sums[:, :-2]
    reached = np.zeros((steps, rows, width))
    reached[0, :, :2] = 1
    reached[0] *= np.concatenate((states.exists, states.exists))
    forward = np.empty((steps, states.batch, width))
    scales = np.empty((steps, rows))
    only_blanks_stay = None if states.merge_repeated else (np.arange(width) % 2 == 0).astype(np.float64)
    leaping = np.empty((rows, width))
    with np.errstate(all="ignore"):
        for step in range(steps):
            into = reached[step]
            if step:
                np.multiply(leapt, leap, out=leaping)
                if only_blanks_stay is None:
                    np.add(inner, before, out=into)
                else:
                    np.multiply(inner, only_blanks_stay, out=into)
                    into += before
                into += leaping
            np.multiply(into, emitted[step], out=inner)
            scale = np.add.reduce(inner, axis=1, out=scales[step])
            np.divide(inner, scale[:, None], out=inner)
            np.nan_to_num(inner, copy=False, nan=0.0, posinf=0.0)
            forward[step] = inner[: states.batch]
        shares = states.of_steps(reached[:, states.batch :])
        shares *= forward
        in_time = states.in_time(steps)
        overlap = shares.sum(axis=2)
        is_safe = np.all((overlap > _SMALLEST_SHARE) | ~in_time, axis=0)
        of_start = scales[:, : states.batch]
        is_safe &= np.all((scales.reshape(steps, 2, -1).min(axis=1) > _SMALLEST_SCALE) | ~in_time, axis=0)
        shares /= np.where(in_time & (overlap > 0), overlap, np.inf)[:, :, None]
        last = forward[states.lengths - 1, np.arange(states.batch)]
        ends = last[np.arange(states.batch), states.counts - 1]
        ends = ends + np.where(states.counts > 1, last[np.arange(states.batch), states.counts - 2], 0)
        log_likelihood = np.log(ends) + np.sum(np.log(of_start), axis=0, where=in_time)
    return log_likelihood, shares, is_safe


def _logarithmic(probabilities: np.ndarray, states: States) -> tuple[np.ndarray, np.ndarray]:
    """`align` by logarithms: slower, for what is very unlikely."""
    with np.errstate(divide="ignore"):
        emitted = np.maximum(np.log(states.both_ways(probabilities)), _LOG_ZERO)
    steps, rows, width = emitted.shape
    leap = np.where(np.concatenate((states.leap, states.leap_back)), 0, _LOG_ZERO)
    stay = np.where(states.merge_repeated | (np.arange(width) % 2 == 0), 0, _LOG_ZERO)
    sums = np.full((rows, width + 2), _LOG_ZERO)
    inner, before, leapt = sums[:, 2:], sums[:, 1:-1], sums[:, :-2]
    reached = np.full((steps, rows, width), _LOG_ZERO)
    reached[0, :, :2] = 0
    forward = np.empty((steps, states.batch, width))
    for step in range(steps):
        if step:
            reached[step] = np.logaddexp(np.logaddexp(inner + stay, before), leapt + leap)
        np.add(reached[step], emitted[step], out=inner)
        forward[step] = inner[: states.batch]
    paths = forward + states.of_steps(reached[:, states.batch :])
    total = np.logaddexp.reduce(np.where(states.exists, paths[0], _LOG_ZERO), axis=1)
    is_possible = total > _LOG_ZERO / 2
    exists = states.exists & (states.in_time(steps) & is_possible)[:, :, None]
    shares = np.exp(np.where(exists, paths - total[:, None], -np.inf))
    return np.where(is_possible, total, -np.inf), shares
