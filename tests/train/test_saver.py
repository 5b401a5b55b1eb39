"""tf.train.Saver and what stands around it: files, numbers, names, the `checkpoint` file, errors."""

from __future__ import annotations

import os
import tracemalloc

import numpy as np
import pytest

import pyflow as tf
from pyflow.io.bundle_reader import BundleReader
from pyflow.train.saver_nodes import BaseSaverBuilder


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def saved(tmp_path, **values):
    """The path of a checkpoint of these values."""
    with tf.Graph().as_default(), tf.Session() as sess:
        for name, value in values.items():
            tf.Variable(value, name=name)
        sess.run(tf.global_variables_initializer())
        return tf.train.Saver().save(sess, str(tmp_path / "m"))


KINDS = [np.array([b"text", b"\xff"], object), np.array([True, False]), np.array([1 + 2j, 3]), np.float16([1, 2])]


@pytest.mark.parametrize("use_resource", [False, True])
def test_variables_of_all_kinds_come_back(tmp_path, use_resource):
    def build(fill):
        initial = [tf.constant(value if fill else value[::-1]) for value in KINDS]
        kept = [tf.get_variable(f"v{i}", initializer=x, use_resource=use_resource) for i, x in enumerate(initial)]
        narrow = tf.get_variable("narrow", [2], tf.bfloat16, tf.constant_initializer(1.5), use_resource=use_resource)
        parts = tf.get_variable(
            "parts",
            [5, 2],
            initializer=tf.random_normal_initializer(seed=3) if fill else tf.zeros_initializer(),
            partitioner=tf.fixed_size_partitioner(3) if fill else tf.fixed_size_partitioner(2),
            use_resource=use_resource,
        )
        return [*kept, tf.cast(narrow, tf.float32), tf.convert_to_tensor(parts)]

    with tf.Graph().as_default(), tf.Session() as sess:
        fetches = build(True)
        sess.run(tf.global_variables_initializer())
        path, expected = tf.train.Saver().save(sess, str(tmp_path / "m")), sess.run(fetches)
    with tf.Graph().as_default(), tf.Session() as sess:
        fetches = build(False)  # in another number of parts
        tf.train.Saver().restore(sess, path)
        for value, other in zip(sess.run(fetches), expected):
            assert value.dtype == other.dtype and value.tolist() == other.tolist()
    assert np.abs(expected[-1]).min() > 0


def test_nodes_are_tensorflows():
    v = tf.Variable([1.0, 2.0], name="v")
    definition = tf.train.Saver().saver_def
    graph = v.graph
    names = [op.name for op in graph.get_operations() if op.name.startswith("save/")]
    assert names == [
        "save/filename/input",
        "save/filename",
        "save/Const",
        "save/SaveV2/tensor_names",
        "save/SaveV2/shape_and_slices",
        "save/SaveV2",
        "save/control_dependency",
        "save/RestoreV2/tensor_names",
        "save/RestoreV2/shape_and_slices",
        "save/RestoreV2",
        "save/Assign",
        "save/restore_all",
    ]
    assert (definition.filename_tensor_name, definition.save_tensor_name, definition.restore_op_name) == (
        "save/Const:0",
        "save/control_dependency:0",
        "save/restore_all",
    )
    assert graph.get_operation_by_name("save/RestoreV2").device == "/device:CPU:0"
    assert tf.train.Saver().saver_def.restore_op_name == "save_1/restore_all"


def test_old_checkpoints_go(tmp_path):
    v = tf.Variable(0, name="v")
    saver = tf.train.Saver(max_to_keep=2)
    with tf.Session() as sess:
        sess.run(v.initializer)
        for step in range(4):
            saver.save(sess, str(tmp_path / "m"), global_step=step)
    paths = [str(tmp_path / "m-2"), str(tmp_path / "m-3")]
    assert saver.last_checkpoints == paths
    names = [f"m-{i}.{end}" for i in (2, 3) for end in ("data-00000-of-00001", "index", "meta")]
    assert sorted(os.listdir(tmp_path)) == ["checkpoint", *names]
    assert (tmp_path / "checkpoint").read_text() == (
        f'model_checkpoint_path: "{paths[1]}"\n' + "".join(f'all_model_checkpoint_paths: "{path}"\n' for path in paths)
    )
    assert tf.train.latest_checkpoint(str(tmp_path)) == paths[1]
    tf.train.remove_checkpoint(paths[1])
    assert not tf.train.checkpoint_exists(paths[1]) and tf.train.checkpoint_exists(paths[0])
    assert tf.train.latest_checkpoint(str(tmp_path)) is None
    assert len(tf.train.get_checkpoint_mtimes(paths)) == 1


def test_one_of_some_hours_is_kept(tmp_path):
    v = tf.Variable(0, name="v")
    saver = tf.train.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=0)
    with tf.Session() as sess:
        sess.run(v.initializer)
        for step in range(3):
            saver.save(sess, str(tmp_path / "m"), global_step=step)
    assert saver.last_checkpoints == [str(tmp_path / "m-2")]
    assert all(tf.train.checkpoint_exists(str(tmp_path / f"m-{step}")) for step in range(3))


def test_steps_and_relative_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    step = tf.train.create_global_step()
    saver = tf.train.Saver(pad_step_number=True, save_relative_paths=True)
    with tf.Session() as sess:
        sess.run(step.assign(7))
        assert saver.save(sess, "m", global_step=step, write_meta_graph=False) == "m-00000007"
    assert (tmp_path / "checkpoint").read_text() == (
        'model_checkpoint_path: "m-00000007"\nall_model_checkpoint_paths: "m-00000007"\n'
    )
    assert tf.train.latest_checkpoint(".") == "./m-00000007"
    assert not os.path.exists("m-00000007.meta")


def test_list_of_checkpoints_survives_a_restart(tmp_path):
    path = saved(tmp_path, v=1)
    tf.Variable(1, name="v")
    saver = tf.train.Saver()
    saver.recover_last_checkpoints([path, str(tmp_path / "gone")])
    assert saver.last_checkpoints == [path]
    saver.set_last_checkpoints(["a"])
    assert saver.last_checkpoints == ["a"]


def test_saver_of_each_device_and_one_of_a_definition(tmp_path):
    with tf.device("/cpu:0"):
        a = tf.Variable([1.0], name="a")
    b = tf.get_variable("b", initializer=[2.0], use_resource=True)
    saver = tf.train.Saver(sharded=True)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, str(tmp_path / "m"), write_meta_graph=False)
        assert path == str(tmp_path / "m")
        ends = ["data-00000-of-00002", "data-00001-of-00002", "index"]
        assert sorted(os.listdir(tmp_path)) == ["checkpoint", *(f"m.{end}" for end in ends)]
        sess.run([a.assign([0.0]), b.assign([0.0])])
        tf.train.Saver.from_proto(saver.to_proto()).restore(sess, path)
        assert sess.run([a, b]) == [[1.0], [2.0]]


@pytest.mark.parametrize("use_resource", [False, True])
def test_large_variables_are_read_to_where_they_are(tmp_path, use_resource):
    first = tf.get_variable("first", initializer=tf.range(40_000.0), use_resource=use_resource)
    second = tf.get_variable("second", initializer=tf.ones([300, 200]), use_resource=use_resource)
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, str(tmp_path / "m"), write_meta_graph=False)
        # Fetching what was saved, without assigning it, changes no variable.
        sess.run([first.assign(first * 2.0), second.assign(second * 3.0)])
        assert sess.run("save/RestoreV2:0", {"save/Const:0": path})[1] == 1 and sess.run(first)[1] == 2
        saver.restore(sess, path)
        values = sess.run([first, second])
        # Both arrays are those of the variables still: an update is seen, and what was fetched is not changed by it.
        sess.run([first.assign_add(first), second.assign_add(second)])
        assert sess.run(first)[3] == 6 and values[0][3] == 3 and values[1].min() == values[1].max() == 1
        # Damage is found before anything is changed.
        data = bytearray((tmp_path / "m.data-00000-of-00001").read_bytes())
        data[-1] ^= 1
        (tmp_path / "m.data-00000-of-00001").write_bytes(data)
        with pytest.raises(tf.errors.DataLossError):
            saver.restore(sess, path)
        assert sess.run(first)[3] == 6 and sess.run(second).max() == 2
    with tf.Session() as sess, pytest.raises(tf.errors.DataLossError):
        saver.restore(sess, path)


def test_memory_is_that_of_the_variables(tmp_path):
    size = 4 * 8 * 2**20  # bytes of eight variables
    for i in range(8):
        tf.get_variable(f"v{i}", [1024, 1024], initializer=tf.constant_initializer(i), use_resource=i % 2 == 0)
    saver = tf.train.Saver()

    def most_memory(function):
        tracemalloc.start()
        function()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert most_memory(lambda: saver.save(sess, str(tmp_path / "m"), write_meta_graph=False)) < size / 4
        assert most_memory(lambda: saver.restore(sess, str(tmp_path / "m"))) < size / 4
    with tf.Session() as sess:
        assert most_memory(lambda: saver.restore(sess, str(tmp_path / "m"))) < size * 5 / 4
        assert [sess.run(f"v{i}:0" if i % 2 else f"v{i}/Read/ReadVariableOp:0")[5, 5] for i in range(8)] == [*range(8)]


def test_value_of_another_shape_is_restored_on_request(tmp_path):
    path = saved(tmp_path, v=[[1.0, 2.0]])
    v = tf.Variable([0.0, 0.0], name="v")
    with tf.Session() as sess:
        with pytest.raises(tf.errors.InvalidArgumentError, match="a mismatch between the current graph"):
            tf.train.Saver().restore(sess, path)
        tf.train.Saver(reshape=True).restore(sess, path)
        assert sess.run(v).tolist() == [1.0, 2.0]


def test_averages_are_restored_in_place_of_variables(tmp_path):
    path = saved(tmp_path, **{"v": 1.0, "v/ExponentialMovingAverage": 5.0})
    v = tf.Variable(0.0, name="v")
    with tf.Session() as sess:
        tf.train.Saver(tf.train.ExponentialMovingAverage(0.9).variables_to_restore()).restore(sess, path)
        assert sess.run(v) == 5.0


def test_empty_and_deferred_savers(tmp_path):
    with pytest.raises(ValueError, match="No variables to save"):
        tf.train.Saver()
    with tf.Session() as sess:
        assert tf.train.Saver(allow_empty=True).save(sess, str(tmp_path / "m"), write_meta_graph=False) is None
        saver = tf.train.Saver(defer_build=True)
        with pytest.raises(RuntimeError, match="should be called before save"):
            saver.save(sess, str(tmp_path / "m"))
        v = tf.Variable(1, name="v")
        saver.build()
        sess.run(v.initializer)
        assert saver.save(sess, str(tmp_path / "m")) == str(tmp_path / "m")


@pytest.mark.parametrize(
    "var_list, error, words",
    [
        (lambda v: {"a": v, "b": v}, ValueError, "The same saveable will be restored with two names: b"),
        (lambda v: [v, v], ValueError, "At least two variables have the same name: v"),
        (lambda v: [v * 2.0], TypeError, "Variable to save is not a Variable: "),
        (lambda v: {"a": v * 2.0}, TypeError, "Not a variable: "),
        (lambda v: {1: v}, TypeError, "Name is not a string: 1"),
        (lambda v: 3, TypeError, "Variables to save should be passed in a dict or a list: 3"),
    ],
)
def test_wrong_lists_are_refused(var_list, error, words):
    v = tf.Variable(1.0, name="v")
    with pytest.raises(error, match=words):
        tf.train.Saver(var_list(v))


def test_wrong_paths_are_refused(tmp_path):
    v = tf.Variable(1.0, name="v")
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(v.initializer)
        with pytest.raises(ValueError, match="Parent directory of .* doesn't exist, can't save."):
            saver.save(sess, str(tmp_path / "no" / "such" / "m"))
        with pytest.raises(ValueError, match="is not a valid checkpoint: nowhere"):
            saver.restore(sess, "nowhere")
        with pytest.raises(ValueError, match="Can't load save_path when it is None."):
            saver.restore(sess, None)
        with pytest.raises(ValueError, match="'latest_filename' collides with 'save_path'"):
            saver.save(sess, str(tmp_path / "checkpoint"))
        with pytest.raises(TypeError, match="'sess' must be a Session"):
            saver.save(None, str(tmp_path / "m"))
        path = saved(tmp_path, other=1.0)
        with pytest.raises(tf.errors.NotFoundError, match="Key v not found in checkpoint"):
            saver.restore(sess, path)


def test_another_dtype_is_refused(tmp_path):
    path = saved(tmp_path, v=np.float64(1))
    tf.Variable(1.0, name="v")
    with (
        tf.Session() as sess,
        pytest.raises(
            tf.errors.InvalidArgumentError, match="expected dtype float does not equal original dtype double"
        ),
    ):
        tf.train.Saver().restore(sess, path)


def test_damaged_checkpoint_is_data_loss(tmp_path):
    path = saved(tmp_path, v=[1.0, 2.0])
    data = bytearray((tmp_path / "m.data-00000-of-00001").read_bytes())
    data[3] ^= 4
    (tmp_path / "m.data-00000-of-00001").write_bytes(data)
    tf.Variable([0.0, 0.0], name="v")
    with tf.Session() as sess, pytest.raises(tf.errors.DataLossError, match="Checksum does not match"):
        tf.train.Saver().restore(sess, path)


@pytest.mark.parametrize("text", ["", "model_checkpoint_path: 3", "\x00\xff", "nonsense {"])
def test_damaged_state_is_no_state(tmp_path, text):
    (tmp_path / "checkpoint").write_bytes(text.encode("latin-1"))
    if text:
        assert tf.train.get_checkpoint_state(str(tmp_path)) is None
    else:
        with pytest.raises(ValueError, match="Invalid checkpoint state loaded from"):
            tf.train.get_checkpoint_state(str(tmp_path))
    assert tf.train.get_checkpoint_state(str(tmp_path / "none")) is None


def test_reader_needs_no_graph(tmp_path):
    path = saved(tmp_path, a=[[1.0, 2.0]], b=np.int64(7))
    reader = tf.train.NewCheckpointReader(path)
    assert reader.get_variable_to_shape_map() == {"a": [1, 2], "b": []}
    assert reader.get_variable_to_dtype_map() == {"a": tf.float32, "b": tf.int64}
    assert reader.has_tensor("a") and not reader.has_tensor("c")
    assert reader.get_tensor("b") == 7
    assert reader.debug_string() == b"a (DT_FLOAT) [1,2]\nb (DT_INT64) []\n"
    assert tf.train.list_variables(str(tmp_path)) == [("a", [1, 2]), ("b", [])]
    assert tf.train.load_variable(str(tmp_path), "a:0").tolist() == [[1.0, 2.0]]
    with pytest.raises(tf.errors.NotFoundError, match="Key c not found in checkpoint"):
        reader.get_tensor("c")


def test_variables_start_with_saved_values(tmp_path):
    path = saved(tmp_path, **{"old/w": [1.0, 2.0, 3.0], "old/b": 4.0})
    with tf.variable_scope("new"):
        w = tf.get_variable("w", [3], partitioner=tf.fixed_size_partitioner(2))
        b = tf.get_variable("b", [], use_resource=True)
    other = tf.Variable(0.0, name="other")
    tf.train.init_from_checkpoint(path, {"old/": "new/"})
    tf.train.init_from_checkpoint(path, {"old/b": other})
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(tf.convert_to_tensor(w)).tolist() == [1.0, 2.0, 3.0]
        assert sess.run([b, other]) == [4.0, 4.0]
    with pytest.raises(ValueError, match="is not found in"):
        tf.train.init_from_checkpoint(path, {"old/x": other})
    with pytest.raises(ValueError, match="doesn't match with shape of tensor old/w"):
        tf.train.init_from_checkpoint(path, {"old/w": other})


def test_graph_is_saved_with_its_collections(tmp_path):
    v = tf.Variable(1.0, name="v")
    tf.add_to_collection("numbers", 3)
    tf.add_to_collection("tensors", v * 2.0)
    saver = tf.train.Saver()
    saver.export_meta_graph(str(tmp_path / "m.meta"))
    meta = tf.MetaGraphDef.FromString((tmp_path / "m.meta").read_bytes())
    assert meta.saver_def == saver.saver_def
    assert list(meta.collection_def["numbers"].int64_list.value) == [3]
    assert list(meta.collection_def["tensors"].node_list.value) == ["mul:0"]
    assert len(meta.collection_def["variables"].bytes_list.value) == 1
    assert meta.graph_def.node[0].attr["_output_shapes"].list.shape
    path = tf.train.write_graph(v.graph, str(tmp_path / "graphs"), "g.pbtxt")
    assert path == str(tmp_path / "graphs" / "g.pbtxt")
    assert "initial_value" in (tmp_path / "graphs" / "g.pbtxt").read_text()


def test_programs_define_what_is_saved(tmp_path):
    class Pair(BaseSaverBuilder.SaveableObject):
        """Two variables under names of its own; they come back exchanged."""

        def __init__(self, first, second, name):
            specs = [BaseSaverBuilder.SaveSpec(v._ref(), "", f"{name}/{i}") for i, v in enumerate((first, second))]
            super().__init__(first, specs, name)
            self.variables = second, first

        def restore(self, restored_tensors, restored_shapes):
            assert restored_shapes is None
            return tf.group(*(v.assign(x) for v, x in zip(self.variables, restored_tensors)))

    a, b, c = (tf.get_variable(name, initializer=value) for name, value in (("a", 1.0), ("b", 2.0), ("c", 3.0)))
    pair = Pair(a, b, "pair")
    saver = tf.train.Saver([pair, c])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, str(tmp_path / "m"), write_meta_graph=False)
        saver.restore(sess, path)
        assert sess.run([a, b, c]) == [2.0, 1.0, 3.0]
    assert tf.train.list_variables(path) == [("c", []), ("pair/0", []), ("pair/1", [])]
    tf.add_to_collection(tf.GraphKeys.SAVEABLE_OBJECTS, pair)
    names = tf.train.Saver().saver_def.save_tensor_name
    assert names == "save_1/control_dependency:0"
    with pytest.raises(ValueError, match="Calling an abstract method."):
        BaseSaverBuilder.SaveableObject(a, pair.specs, "x").restore([], None)
    with pytest.raises(AssertionError, match="an explicit dtype and device must be provided"):
        BaseSaverBuilder.SaveSpec(lambda: a, "", "x")


def test_saver_restores_while_another_takes_the_checkpoint_s_place(tmp_path, monkeypatch):
    v = tf.get_variable("v", [3], initializer=tf.zeros_initializer())
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(v.initializer)
        path = saver.save(sess, str(tmp_path / "m"), write_meta_graph=False)
        new = saver.save(sess, str(tmp_path / "n"), write_meta_graph=False)
        sess.run(v.assign([5.0, 5.0, 5.0]))
        new = saver.save(sess, str(tmp_path / "n"), write_meta_graph=False)
        check_budget, replaced = BundleReader.check_budget, []

        def replace_first(reader, names):
            if not replaced:
                replaced.append(True)
                for end in ("data-00000-of-00001", "index"):
                    os.replace(f"{new}.{end}", f"{path}.{end}")
            return check_budget(reader, names)

        monkeypatch.setattr(BundleReader, "check_budget", replace_first)
        sess.run(v.assign([1.0, 1.0, 1.0]))
        saver.restore(sess, path)
        assert replaced and sess.run(v).tolist() == [5.0, 5.0, 5.0]
