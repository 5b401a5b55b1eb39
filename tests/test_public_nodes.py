"""Programs make the nodes that they make under TensorFlow 1.15: order, names, op types, inputs, devices and attrs."""

from __future__ import annotations

import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("node_cases", "nodes.json")
ATTRS = GOLDEN.expected.pop("")
# Where PyFlow's graph is meant to be another one: one node stands for what TensorFlow builds out of many.
OTHERWISE = {
    "checks": "a failing assertion is what evaluates its data; TensorFlow guards it by a cond",
    "decays": "piecewise_constant selects; TensorFlow has a cond for each interval",
    "initialized_values": "one node reads a variable or its initial value; TensorFlow has a cond",
    "second_derivatives": "hessians loops over the elements when the graph is built; TensorFlow has a while loop",
}


def expected(name: str) -> list[str]:
    """The nodes with their attrs, which the file keeps once."""
    nodes = []
    for node in GOLDEN.expected[name]:
        head, _, number = node.rpartition("; ")
        nodes.append(f"{head}; {ATTRS[int(number)]}" if ATTRS[int(number)] else head)
    return nodes


def cases() -> list:
    marks = {name: [pytest.mark.xfail(strict=True, reason=reason)] for name, reason in OTHERWISE.items()}
    return [pytest.param(name, marks=marks.get(name, [])) for name in sorted(GOLDEN.cases)]


def test_all_programs_are_kept():
    assert sorted(GOLDEN.cases) == sorted(GOLDEN.expected)


@pytest.mark.parametrize("name", cases())
def test_nodes_are_tensorflow_s(name):
    ours = GOLDEN.cases[name](tf)
    theirs = expected(name)
    assert [node.partition(";")[0] for node in ours] == [node.partition(";")[0] for node in theirs]
    assert ours == theirs
