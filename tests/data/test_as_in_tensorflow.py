"""Datasets and iterators: values, orders, errors and nodes as under TensorFlow 1.15.5."""

from __future__ import annotations

import base64
import importlib
import json
import pathlib

import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("data_cases", "data.json")
GRAPHS = Golden("data_graph_cases", "data_graphs.json")


@pytest.mark.native
@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_gives_the_same(name):
    GOLDEN.check(name)


@pytest.mark.parametrize("name", sorted(GRAPHS.cases))
def test_makes_the_same_nodes(name):
    GRAPHS.check(name)


def test_a_graph_that_tensorflow_exported_gives_the_same():
    path = pathlib.Path(__file__).parent.parent / "golden" / "data_graph_def.json"
    kept = json.loads(path.read_text())
    run = importlib.import_module("data_graph_cases").run_exported
    given = run(tf, tf.GraphDef.FromString(base64.b64decode(kept["graph"])))
    assert json.loads(json.dumps(given)) == kept["given"]
