"""tf.saved_model: folders with graphs, variables and files, written and read."""

from __future__ import annotations

import os
import pathlib

import pytest

import pyflow as tf

X = [[1.0, 1.0]]


def model():
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", initializer=[[1.0], [2.0]])
    return x, w, tf.matmul(x, w, name="y")


def started():
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return sess


def test_a_simple_model_comes_back_with_its_signature(tmp_path):
    x, _, y = model()
    with started() as sess:
        tf.saved_model.simple_save(sess, str(tmp_path / "m"), {"in": x}, {"out": y})
    assert tf.saved_model.loader.maybe_saved_model_directory(str(tmp_path / "m"))
    assert sorted(os.listdir(tmp_path / "m" / "variables")) == ["variables.data-00000-of-00001", "variables.index"]
    with tf.Graph().as_default(), tf.Session() as sess:
        loaded = tf.saved_model.loader.load(sess, [tf.saved_model.tag_constants.SERVING], str(tmp_path / "m"))
        signature = loaded.signature_def["serving_default"]
        assert signature.method_name == tf.saved_model.signature_constants.PREDICT_METHOD_NAME
        assert tf.saved_model.signature_def_utils.is_valid_signature(signature)
        feed, fetch = signature.inputs["in"], signature.outputs["out"]
        assert fetch.dtype == tf.float32.as_datatype_enum
        assert sess.run(fetch.name, {feed.name: X}).tolist() == [[3.0]]
        assert [v.name for v in tf.global_variables()] == ["w:0"]
    predict = tf.contrib.predictor.from_saved_model(str(tmp_path / "m"))
    assert predict({"in": X})["out"].tolist() == [[3.0]]
    with pytest.raises(ValueError, match="unexpected keys"):
        predict({"out": X})


def test_several_graphs_share_the_variables_and_have_their_tags(tmp_path):
    builder = tf.saved_model.builder.SavedModelBuilder(str(tmp_path / "m"))
    with pytest.raises(AssertionError, match="has not been saved yet"):
        builder.add_meta_graph(["serve"])
    x, w, y = model()
    with started() as sess:
        builder.add_meta_graph_and_variables(sess, ["train", "gpu"])
        with pytest.raises(AssertionError, match="has already been saved"):
            builder.add_meta_graph_and_variables(sess, ["more"])
    with tf.Graph().as_default():
        tf.identity(tf.get_variable("w", [2, 1]) * 2.0, name="doubled")
        builder.add_meta_graph(["serve"])
    assert builder.save(as_text=True) == str(tmp_path / "m" / "saved_model.pbtxt").encode()
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.saved_model.load(sess, ["serve"], str(tmp_path / "m"), import_scope="in")
        assert sess.run("in/doubled:0").tolist() == [[2.0], [4.0]]
        with pytest.raises(RuntimeError, match=r"tags 'train' could not be found in SavedModel[^$]*available_tags: \["):
            tf.saved_model.load(sess, ["train"], str(tmp_path / "m"))


@pytest.mark.parametrize("argument", ["main_op", "legacy_init_op"])
def test_files_are_copied_and_found_by_the_operation_that_is_run_after_loading(tmp_path, argument):
    for folder, text in (("a", "one"), ("b", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "v.txt").write_text(text)
    _, w, _ = model()
    paths = [tf.constant(str(tmp_path / folder / "v.txt"), name=folder) for folder in "ab"]
    for path in paths:
        tf.add_to_collection(tf.GraphKeys.ASSET_FILEPATHS, path)
    found = tf.get_variable("found", initializer=["", ""])
    init = tf.group(tf.assign(found, paths), tf.assign(w, [[5.0], [6.0]]))
    builder = tf.saved_model.Builder(str(tmp_path / "m"))
    with started() as sess:
        assets = tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS)
        builder.add_meta_graph_and_variables(sess, ["serve"], assets_collection=assets, **{argument: init})
    builder.save()
    os.rename(tmp_path / "m", tmp_path / "moved")
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.saved_model.load(sess, ["serve"], str(tmp_path / "moved"))
        assert sess.run("y:0", {"x:0": X}).tolist() == [[11.0]]
        there = [name.decode() for name in sess.run("found:0")]
    assert there == [str(tmp_path / "moved" / "assets" / name) for name in ("v.txt", "v.txt_1")]
    assert [pathlib.Path(name).read_text() for name in there] == ["one", "two"]


def test_a_model_without_variables(tmp_path):
    tf.constant([7], name="seven")
    builder = tf.saved_model.Builder(str(tmp_path / "m"))
    builder.add_meta_graph_and_variables(tf.Session(), ["serve"])
    builder.save()
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.saved_model.load(sess, ["serve"], str(tmp_path / "m"))
        assert sess.run("seven:0").tolist() == [7]


def test_errors(tmp_path):
    with pytest.raises(OSError, match=r"SavedModel file does not exist at: .*\{saved_model.pbtxt|saved_model.pb\}"):
        tf.saved_model.load(tf.Session(graph=tf.Graph()), ["serve"], str(tmp_path))
    (tmp_path / "saved_model.pb").write_bytes(b"zork: {")
    with pytest.raises(OSError, match="Cannot parse file"):
        tf.saved_model.load(tf.Session(graph=tf.Graph()), ["serve"], str(tmp_path))
    with pytest.raises(AssertionError, match="already exists, and isn't empty"):
        tf.saved_model.Builder(str(tmp_path))
    builder = tf.saved_model.Builder(str(tmp_path / "m"))
    _, w, _ = model()
    with started() as sess:
        with pytest.raises(TypeError, match="main_op needs to be an Operation: 3"):
            builder.add_meta_graph_and_variables(sess, ["a"], main_op=3)
        tf.add_to_collection("legacy_init_op", w.initializer)
        with pytest.raises(ValueError, match="already contains one or more main ops under the collection legacy_"):
            builder.add_meta_graph_and_variables(sess, ["a"], main_op=w.initializer)


def test_signatures_have_the_dtypes_that_serving_wants():
    utils = tf.saved_model.signature_def_utils
    text, number = tf.placeholder(tf.string, [None]), tf.placeholder(tf.float32, [None])
    valid = [
        utils.predict_signature_def({"x": text}, {"y": number}),
        utils.classification_signature_def(text, text, number),
        utils.classification_signature_def(text, None, number),
        utils.regression_signature_def(text, number),
    ]
    assert all(map(utils.is_valid_signature, valid))
    assert not utils.is_valid_signature(utils.build_signature_def())
    for arguments, words in {
        (number, text, number): "examples must be a string Tensor",
        (text, number, None): "classes must be a string Tensor",
        (text, None, text): "scores must be a float Tensor",
        (text, None, None): "cannot both be None",
    }.items():
        with pytest.raises(ValueError, match=words):
            utils.classification_signature_def(*arguments)
    with pytest.raises(ValueError, match="Regression output must be a float Tensor"):
        utils.regression_signature_def(text, text)


def test_sparse_tensors_have_three_names():
    sparse = tf.sparse_placeholder(tf.float32, name="s")
    info = tf.saved_model.utils.build_tensor_info(sparse)
    assert info.coo_sparse.values_tensor_name == "s/values:0"
    again = tf.saved_model.utils.get_tensor_from_tensor_info(info)
    assert again.indices is sparse.indices and again.dense_shape is sparse.dense_shape
