"""SavedModels and frozen graphs that one of PyFlow and TensorFlow wrote give the same in the other."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

X = np.random.RandomState(3).randn(4, 5).astype(np.float32)


def build(framework, use_resource):
    x = framework.placeholder(framework.float32, [None, 5], name="x")
    with framework.variable_scope("net", use_resource=use_resource):
        w = framework.get_variable("w", [5, 6], initializer=framework.random_normal_initializer(seed=1))
        table = framework.get_variable("table", [7, 6], initializer=framework.random_normal_initializer(seed=2))
    rows = framework.nn.embedding_lookup(table, [1, 3, 3, 0])
    names = framework.get_variable("names", initializer=[b"a", b"b", b"c"], use_resource=use_resource)
    y = framework.nn.softmax(framework.matmul(x, w) + rows, name="y")
    framework.gather(names, framework.argmax(y, 1) % 3, name="kinds")
    return x, y, w


def both_ways(tf1, writer):
    return (tf, tf1) if writer == "pyflow" else (tf1, tf)


@pytest.mark.parametrize("use_resource", [False, True])
@pytest.mark.parametrize("writer", ["pyflow", "tensorflow"])
def test_a_saved_model_opens_in_the_other(tf1, tmp_path, writer, use_resource):
    source, target = both_ways(tf1, writer)
    (tmp_path / "words.txt").write_text("words")
    with source.Graph().as_default(), source.Session() as sess:
        x, y, w = build(source, use_resource)
        asset = source.constant(str(tmp_path / "words.txt"), name="asset")
        found = source.get_variable("found", initializer="", use_resource=use_resource)
        init = source.group(source.assign(found, asset), name="after_loading")
        sess.run(source.global_variables_initializer())
        signature = source.saved_model.signature_def_utils.predict_signature_def({"x": x}, {"y": y})
        builder = source.saved_model.builder.SavedModelBuilder(str(tmp_path / "m"))
        builder.add_meta_graph_and_variables(
            sess, ["serve"], {"serving_default": signature}, assets_collection=[asset], main_op=init,
            strip_default_attrs=True,
        )  # fmt: skip
        builder.save()
        expected = sess.run(["y:0", "kinds:0"], {"x:0": X})
    with target.Graph().as_default(), target.Session() as sess:
        loaded = target.saved_model.loader.load(sess, ["serve"], str(tmp_path / "m"))
        signature = loaded.signature_def["serving_default"]
        assert (signature.inputs["x"].name, signature.outputs["y"].name) == ("x:0", "y:0")
        y, kinds, where = sess.run(["y:0", "kinds:0", target.global_variables()[-1]], {"x:0": X})
        assert y == pytest.approx(expected[0], rel=1e-5) and kinds.tolist() == expected[1].tolist()
        assert where.decode() == str(tmp_path / "m" / "assets" / "words.txt")


@pytest.mark.parametrize("use_resource", [False, True])
@pytest.mark.parametrize("writer", ["pyflow", "tensorflow"])
def test_a_frozen_graph_runs_in_the_other(tf1, tmp_path, writer, use_resource):
    source, target = both_ways(tf1, writer)
    if writer == "tensorflow":
        from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_from_session_graph

        def freeze(sess):
            return convert_variables_to_constants_from_session_graph(sess, sess.graph.as_graph_def(), ["y", "kinds"])
    else:

        def freeze(sess):
            return tf.graph_util.convert_variables_to_constants(sess, sess.graph.as_graph_def(), ["y", "kinds"])

    with source.Graph().as_default(), source.Session() as sess:
        build(source, use_resource)
        sess.run(source.global_variables_initializer())
        source.train.write_graph(freeze(sess), str(tmp_path), "frozen.pb", as_text=False)
        expected = sess.run(["y:0", "kinds:0"], {"x:0": X})
    with target.Graph().as_default(), target.Session() as sess:
        graph_def = target.GraphDef()
        graph_def.ParseFromString((tmp_path / "frozen.pb").read_bytes())
        fetches = target.import_graph_def(graph_def, {"x:0": target.constant(X)}, ["y:0", "kinds:0"])
        y, kinds = sess.run(fetches)
        assert y == pytest.approx(expected[0], rel=1e-5) and kinds.tolist() == expected[1].tolist()
