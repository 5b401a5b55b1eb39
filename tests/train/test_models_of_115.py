"""Models of TensorFlow 1.15.5 go on here: trainings with the same losses, frozen graphs with the same outputs."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

import pyflow as tf
from tests.golden import model_cases

MODELS = json.loads((Path(model_cases.__file__).parent / "models.json").read_text())


@pytest.mark.parametrize("name", ["references", "resources"])
def test_training_goes_on(tmp_path, name):
    model = MODELS[name]
    for part, ending in {"meta": "meta", "index": "index", "data": "data-00000-of-00001"}.items():
        (tmp_path / f"m.{ending}").write_bytes(base64.b64decode(model[part]))
    with tf.Session() as sess:
        tf.train.import_meta_graph(str(tmp_path / "m.meta")).restore(sess, str(tmp_path / "m"))
        assert model_cases.train(sess, 20) == pytest.approx(model["losses"], rel=1e-5)
        assert tf.train.get_global_step().eval() == 25
        assert [v.name for v in tf.trainable_variables()] == ["net/w:0", "net/v:0"]
        assert [v.name for v in tf.moving_average_variables()] == ["net/w:0"]


def test_a_frozen_graph_with_a_loop_gives_the_same():
    graph_def = tf.GraphDef.FromString(base64.b64decode(MODELS["frozen"]["graph"]))
    feed = {"sequences": model_cases.SEQUENCES, "images": model_cases.IMAGES}
    (y,) = tf.import_graph_def(graph_def, feed, ["y:0"])
    with tf.Session() as sess:
        assert sess.run(y).ravel() == pytest.approx(sum(MODELS["frozen"]["y"], []), rel=1e-5)
