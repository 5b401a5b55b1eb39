"""Loops and conditionals give what they give under TensorFlow 1.15, built here or imported from the graphs it built."""

from __future__ import annotations

import base64
import json
import pathlib
import sys
import zlib
from typing import Any

import numpy as np
import pytest

import pyflow as tf

FOLDER = pathlib.Path(__file__).parent / "golden"
sys.path.append(str(FOLDER))
import control_flow_cases  # noqa: E402

EXPECTED: dict[str, Any] = json.loads((FOLDER / "control_flow.json").read_text())
PROGRAMS = {program.__name__: program for program in control_flow_cases.PROGRAMS}


def graph_def_of(name: str) -> Any:
    return tf.GraphDef.FromString(zlib.decompress(base64.b64decode(EXPECTED[name]["graph"])))


def check(name: str, values: list) -> None:
    for value, expected in zip(values, EXPECTED[name]["values"], strict=True):
        np.testing.assert_allclose(value, expected, rtol=3e-6, atol=1e-6)


def flat(fetches: list) -> list:
    return [tensor for fetch in fetches for tensor in (fetch if isinstance(fetch, tuple) else [fetch])]


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_gives_what_it_gives_under_tensorflow(name):
    fetches, feeds = PROGRAMS[name](tf)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        check(name, sess.run(flat(fetches), feeds))


@pytest.mark.parametrize("name", PROGRAMS)
def test_graph_of_tensorflow_gives_the_same(name):
    kept, feeds = EXPECTED[name], PROGRAMS[name](tf)[1]
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.import_graph_def(graph_def_of(name), name="")
        assert not {"Enter", "Merge", "Switch"} & {op.type for op in graph.get_operations()}
        sess.run(kept["init"])
        check(name, sess.run(kept["fetches"], feeds))


@pytest.mark.parametrize("name", PROGRAMS)
def test_exported_graph_gives_the_same(name):
    fetches, feeds = PROGRAMS[name](tf)
    init = tf.global_variables_initializer()
    exported = tf.get_default_graph().as_graph_def().SerializeToString()
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(tf.GraphDef.FromString(exported), name="")
        sess.run(init.name)
        check(name, sess.run([tensor.name for tensor in flat(fetches)], feeds))


def test_imported_loop_can_be_differentiated():
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [2])
        names = EXPECTED["loop_with_gradient"]["fetches"]
        y, expected = tf.import_graph_def(graph_def_of("loop_with_gradient"), {"x": x}, names[1:])
        given, wanted = sess.run([tf.gradients(y, x)[0], expected], {x: control_flow_cases.X})
        np.testing.assert_allclose(given, wanted, rtol=1e-6)
