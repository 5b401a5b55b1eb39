"""The most likely label sequences for a network's output, by a beam search over their beginnings.

Each beam is a label sequence so far, with the probability that it ends in a blank and that it ends in its last label.
Graves, Jaitly: Towards End-to-End Speech Recognition with Recurrent Neural Networks, 2014.
"""

from __future__ import annotations

import heapq

import numpy as np


class BeamSearch:
    """The `width` most likely label sequences after each of the steps.

    Label sequences form a tree: each node has the one before its last label as parent.
    """

    def __init__(self, classes: int, width: int):
        self.blank, self.width = classes - 1, width
        self.parents, self.labels = [-1], [-1]
        self.children: dict[int, int] = {}  # from parent * classes + label to a node
        self.nodes = np.zeros(1, np.intp)  # of the beams, the most likely first
        # Log probabilities of the beams: that they end in a blank, in their label, either.
        self.of_blank, self.of_label, self.total = np.zeros(1), np.full(1, -np.inf), np.zeros(1)

    def step(self, logits: np.ndarray) -> None:
        """Goes on by one step of the output, [classes]."""
        scores = logits.astype(np.float64)
        scores -= scores.max()
        scores -= np.log(np.exp(scores).sum())
        labels = np.array([self.labels[node] for node in self.nodes.tolist()], np.intp)
        places, has_parent = self._places_of_parents()
        with np.errstate(invalid="ignore"):
            of_label, new = self._same(scores, labels, places, has_parent), self._longer(scores, labels)
        new[places[has_parent], labels[has_parent]] = -np.inf  # these are beams already
        of_blank = self.total + scores[self.blank]
        total = np.logaddexp(of_blank, of_label)
        everything = np.concatenate((total, new.ravel()))
        chosen = _largest(everything, self.width)
        count = len(self.nodes)
        if len(chosen) == self.width and self._depends_on_order(chosen, has_parent):
            chosen = self._in_turn(total, new, labels, places)
        is_old = chosen < count
        nodes, old = np.empty(len(chosen), np.intp), chosen[is_old]
        nodes[is_old] = self.nodes[old]
        beam, label = np.divmod(chosen[~is_old] - count, self.blank)
        nodes[~is_old] = self._nodes_of(self.nodes[beam].tolist(), label.tolist())
        self.nodes, self.total = nodes, everything[chosen]
        self.of_blank, self.of_label = np.full(len(chosen), -np.inf), self.total.copy()
        self.of_blank[is_old], self.of_label[is_old] = of_blank[old], of_label[old]

    def _places_of_parents(self) -> tuple[np.ndarray, np.ndarray]:
        """Where among the beams the parent of each is, and whether it is there."""
        nodes = self.nodes.tolist()
        place_of = {node: i for i, node in enumerate(nodes)}
        places = np.array([place_of.get(self.parents[node], -1) for node in nodes], np.intp)
        return places, places >= 0

    def _same(self, scores: np.ndarray, labels: np.ndarray, places: np.ndarray, has_parent: np.ndarray) -> np.ndarray:
        """The log probability that each beam stays what it is, ending in its label."""
        parents = places[has_parent]
        repeats = labels[has_parent] == labels[parents]
        extended = np.where(repeats, self.of_blank[parents], self.total[parents])
        of_label = self.of_label.copy()
        of_label[has_parent] = np.logaddexp(of_label[has_parent], extended)
        is_root = labels < 0
        of_label[~is_root] += scores[labels[~is_root]]
        return of_label

    def _longer(self, scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """The log probability of each beam with each label behind it, [beams, labels]."""
        new = self.total[:, None] + scores[: self.blank]
        rows = np.flatnonzero(labels >= 0)
        new[rows, labels[rows]] = self.of_blank[rows] + scores[labels[rows]]  # else it would be the same label
        return new

    def _depends_on_order(self, chosen: np.ndarray, has_parent: np.ndarray) -> bool:
        """Whether something longer has been chosen than a beam that is no longer one and could come from another."""
        count = len(self.nodes)
        extended = (chosen[chosen >= count] - count) // self.blank
        is_dropped = has_parent.copy()
        is_dropped[chosen[chosen < count]] = False
        return bool(is_dropped[extended].any())

    def _in_turn(self, total: np.ndarray, new: np.ndarray, labels: np.ndarray, places: np.ndarray) -> np.ndarray:
        """What is chosen when the beams are made longer one after another, as TensorFlow does it.

        A beam that has been displaced, and which the one before its last label comes to again before it has its turn,
        is not made longer.
        """
        count = len(total)
        best = [(value, place) for place, value in enumerate(total.tolist())]  # a heap of those chosen so far
        heapq.heapify(best)
        displaced, is_lost = set(), np.zeros(count, bool)
        children: dict[int, dict[int, int]] = {}
        for place, (parent, label) in enumerate(zip(places.tolist(), labels.tolist())):
            if parent >= 0:
                children.setdefault(parent, {})[label] = place
        for beam in range(count):
            bottom = best[0][0] if len(best) == self.width else -np.inf
            if is_lost[beam] or self.total[beam] <= bottom:
                continue
            own = children.get(beam, {})
            for label in sorted({*np.flatnonzero(new[beam] > bottom).tolist(), *own}):
                if label in own:
                    is_lost[own[label]] = own[label] in displaced
                    continue
                entry = (float(new[beam, label]), count + beam * self.blank + label)
                if len(best) < self.width:
                    heapq.heappush(best, entry)
                elif entry[0] > best[0][0]:
                    displaced.add(heapq.heapreplace(best, entry)[1])
        return np.array([place for _, place in sorted(best, key=lambda entry: -entry[0])], np.intp)

    def _nodes_of(self, parents: list[int], labels: list[int]) -> list[int]:
        found = []
        for parent, label in zip(parents, labels):
            key = parent * (self.blank + 1) + label
            node = self.children.get(key)
            if node is None:
                node = self.children[key] = len(self.parents)
                self.parents.append(parent)
                self.labels.append(label)
            found.append(node)
        return found

    def path(self, place: int, merge_repeated: bool) -> list[int]:
        """The labels of a beam; equal ones that follow each other as one if `merge_repeated`."""
        labels: list[int] = []
        node = int(self.nodes[place])
        while node:
            label = self.labels[node]
            if not merge_repeated or not labels or label != labels[-1]:
                labels.append(label)
            node = self.parents[node]
        return labels[::-1]


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """The places of the `count` largest values that are possible, in descending order."""
    if len(values) > count:
        places = np.argpartition(-values, count - 1)[:count]
        places = places[np.argsort(-values[places], kind="stable")]
    else:
        places = np.argsort(-values, kind="stable")
    return places[values[places] > -np.inf]
