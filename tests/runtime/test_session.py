"""Session: fetch structures, feeds and their errors, defaults, closing, callables, threads, plans."""

import asyncio
import collections
import threading

import numpy as np
import pytest

import pyflow as tf


@pytest.fixture
def sess():
    with tf.Session() as session:
        yield session


Pair = collections.namedtuple("Pair", "a b")


def test_fetches_come_back_in_their_structure(sess):
    a, b = tf.constant(1), tf.constant([2.0, 3.0])
    result = sess.run({"x": [a, (b, a)], "y": Pair(a, b.op), "z": collections.OrderedDict(k="Const:0")})
    assert result["x"][0] == 1 and isinstance(result["x"][1], tuple)
    np.testing.assert_array_equal(result["x"][1][0], [2, 3])
    assert result["y"] == Pair(1, None)
    assert isinstance(result["z"], collections.OrderedDict) and result["z"]["k"] == 1


def test_scalars_come_back_as_numpy_scalars(sess):
    assert isinstance(sess.run(tf.constant(1.5)), np.float32)
    assert sess.run(tf.constant("text")) == b"text"
    x = tf.placeholder(tf.float32, [])
    assert isinstance(sess.run(x * 2, {x: 2}), np.float32)


def test_a_fetch_of_a_fed_tensor_gives_the_array_that_was_fed(sess):
    x, text = tf.placeholder(tf.float32, []), tf.placeholder(tf.string)
    assert isinstance(sess.run(x, {x: 2}), np.ndarray)
    assert sess.run([text, tf.identity(text)], {text: ["a"]}) == [["a"], [b"a"]]
    constant = tf.constant(1.0)
    assert sess.run([constant, constant + 1.0], {constant: 5}) == [5, 6]


def test_feeds_of_the_wrong_kind_are_refused(sess):
    text = tf.placeholder(tf.string)
    with pytest.raises(TypeError, match="input must be a dictionary"):
        sess.run(text, [text])
    with pytest.raises(TypeError, match="Type of feed value 3 with type <class 'int'> is not compatible"):
        sess.run(text, {text: 3})


def test_fetched_mappings_and_lists_keep_their_kind_as_far_as_tensorflow_does(sess):
    class Items(list):
        pass

    x = tf.constant(1.0)
    assert type(sess.run(Items([x]))) is list
    assert type(sess.run(collections.defaultdict(list, x=x))) is collections.defaultdict


def test_a_fetched_array_belongs_to_the_caller(sess):
    x = tf.placeholder(tf.float32, [None])
    v = tf.Variable([1.0, 2.0])
    sess.run(v.initializer)
    fed = np.ones(2, np.float32)
    for fetch in (x, v, tf.identity(v), tf.constant([1.0, 2.0]), tf.reshape(x, [1, -1])):
        value = sess.run(fetch, {x: fed})
        value[...] = 9
        assert fed.tolist() == [1, 1]
        np.testing.assert_array_equal(sess.run(fetch, {x: fed}).reshape(-1) == 9, [False, False])


def test_results_of_two_runs_do_not_share_memory(sess):
    x = tf.placeholder(tf.float32, [100])
    y = tf.exp(x) + 1.0
    first = sess.run(y, {x: np.zeros(100)})
    sess.run(y, {x: np.ones(100)})
    np.testing.assert_array_equal(first, np.full(100, 2, np.float32))


def test_any_tensor_can_be_fed(sess):
    a = tf.constant(2.0)
    b = tf.square(tf.placeholder(tf.float32, [])) + a
    assert sess.run(b, {b.op.inputs[0]: 10.0}) == 12
    assert sess.run(b, {b.op.inputs[0].name: 10.0}) == 12


def test_sparse_tensors_are_fed_and_fetched_as_wholes(sess):
    s = tf.SparseTensor(
        tf.placeholder(tf.int64, [None, 2]), tf.placeholder(tf.float32, [None]), tf.placeholder(tf.int64, [2])
    )
    value = tf.SparseTensorValue(np.array([[0, 1]]), np.array([5.0], np.float32), np.array([2, 2]))
    result = sess.run(s, {s: value})
    assert isinstance(result, tf.SparseTensorValue)
    np.testing.assert_array_equal(result.indices, [[0, 1]])
    np.testing.assert_array_equal(result.dense_shape, [2, 2])


FETCH_ERRORS = [
    (None, TypeError, "Fetch argument None has invalid type"),
    ([1], TypeError, r"Fetch argument 1 has invalid type <class 'int'>, must be a string or Tensor"),
    ("nothing", ValueError, "Fetch argument 'nothing' cannot be interpreted as a Tensor."),
    ("nothing:0", ValueError, "refers to a Tensor which does not exist"),
]


@pytest.mark.parametrize("fetch, error, words", FETCH_ERRORS)
def test_what_cannot_be_fetched(sess, fetch, error, words):
    tf.constant(1)
    with pytest.raises(error, match=words):
        sess.run(fetch)


def test_a_tensor_of_another_graph_cannot_be_fetched_or_fed(sess):
    x = tf.placeholder(tf.float32)
    with tf.Graph().as_default():
        other = tf.placeholder(tf.float32)
    with pytest.raises(ValueError, match="is not an element of this graph."):
        sess.run(other)
    with pytest.raises(
        TypeError, match="Cannot interpret feed_dict key as Tensor: Tensor .* is not an element of this graph."
    ):
        sess.run(x, {other: 1})


def feed_errors():
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    i = tf.placeholder(tf.uint8, [], name="i")
    c = tf.constant(1.0)
    return x, i, [
        (x, {x: [1.0, 2.0]}, ValueError, r"of shape \(2,\) for Tensor 'x:0', which has shape '\(\?, 2\)'"),
        (x, {x: c}, TypeError, "The value of a feed cannot be a tf.Tensor object"),
        (i, {i: 256}, TypeError, "Type of feed value 256 with type <class 'int'> is not compatible with Tensor type"),
        (x, {x: "text"}, ValueError, "could not convert string to float"),
        (x, {1: 1}, TypeError, "Cannot interpret feed_dict key as Tensor: Can not convert a int into a Tensor."),
        (x, {"y:0": 1}, TypeError, "Cannot interpret feed_dict key as Tensor: .*does not exist in the graph"),
    ]  # fmt: skip


@pytest.mark.parametrize("case", range(6))
def test_what_cannot_be_fed(sess, case):
    _, _, cases = feed_errors()
    fetch, feeds, error, words = cases[case]
    with pytest.raises(error, match=words):
        sess.run(fetch, feeds)


def test_a_placeholder_that_is_needed_must_be_fed(sess):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.exp(x)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        sess.run(y)
    assert "You must feed a value for placeholder tensor 'x' with dtype float and shape [?,3]" in str(caught.value)
    assert caught.value.op is x.op
    assert sess.run(tf.constant(1) + 1) == 2, "an unfed placeholder that isn't needed is no error"


def test_an_uninitialised_variable_is_named(sess):
    v = tf.Variable(1.0, name="weights")
    with pytest.raises(tf.errors.FailedPreconditionError, match="Attempting to use uninitialized value weights"):
        sess.run(v + 1.0)


def test_an_error_in_a_kernel_names_node_and_the_users_line(sess):
    x = tf.placeholder(tf.float32, [None, None])
    y = tf.matmul(x, tf.ones([3, 1]), name="product")
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        sess.run(y, {x: np.zeros((2, 2))})
    assert caught.value.op is y.op
    assert "product" in caught.value.message
    assert "test_session.py" in str(caught.value)


def test_a_closed_session_runs_nothing():
    a = tf.constant(1)
    session = tf.Session()
    session.close()
    session.close()
    with pytest.raises(RuntimeError, match="Attempted to use a closed Session."):
        session.run(a)


def test_an_empty_graph_cannot_be_run(sess):
    with pytest.raises(RuntimeError, match="The Session graph is empty."):
        sess.run("x")


def test_eval_wants_a_session_of_the_same_graph():
    a = tf.constant(3)
    with pytest.raises(ValueError, match=r"Cannot evaluate tensor using `eval\(\)`: No default session is registered."):
        a.eval()
    with pytest.raises(
        ValueError, match=r"Cannot execute operation using `run\(\)`: No default session is registered."
    ):
        a.op.run()
    with tf.Session(graph=tf.Graph()) as other:
        with pytest.raises(ValueError, match="the tensor's graph is different from the session's graph"):
            a.eval()
        with pytest.raises(ValueError, match="the tensor's graph is different from the session's graph"):
            a.eval(session=other)
    with tf.Session():
        assert a.eval() == 3


def test_sessions_become_default_and_stop_being_so():
    assert tf.get_default_session() is None
    session = tf.Session()
    with session.as_default():
        assert tf.get_default_session() is session
    assert tf.get_default_session() is None
    assert session.run(tf.constant(1)) == 1, "as_default does not close"
    interactive = tf.InteractiveSession()
    assert tf.get_default_session() is interactive
    assert tf.constant(2).eval() == 2
    interactive.close()
    assert tf.get_default_session() is None


def test_a_session_makes_its_graph_the_default_one():
    graph = tf.Graph()
    with tf.Session(graph=graph):
        assert tf.get_default_graph() is graph


def test_callables_take_the_feeds_in_order(sess):
    x, y = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    f = sess.make_callable([x - y, x], feed_list=[x, y])
    assert f(5, 3) == [2, 5]
    with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value for placeholder tensor"):
        f(1)
    with pytest.raises(TypeError, match="`feed_list` must be a list or tuple"):
        sess.make_callable(x, feed_list=x)


def test_constructor_arguments_are_checked():
    with pytest.raises(TypeError, match="graph must be a tf.Graph"):
        tf.Session(graph="g")
    with pytest.raises(TypeError, match="config must be a tf.ConfigProto"):
        tf.Session(config={})


def test_devices_are_listed_and_missing_ones_refused(sess):
    assert [d.name for d in sess.list_devices()] == ["/job:localhost/replica:0/task:0/device:CPU:0"]
    with tf.device("/gpu:7"):
        a = tf.constant(1.0, name="a") + 1.0
    with pytest.raises(tf.errors.InvalidArgumentError, match="Cannot assign a device for operation"):
        sess.run(a)
    with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as soft:
        assert soft.run(a) == 2


def test_placements_are_logged(capfd):
    a = tf.add(tf.placeholder(tf.float32, []), 1.0, name="sum")
    with tf.Session(config=tf.ConfigProto(log_device_placement=True)) as session:
        session.run(a, {a.op.inputs[0]: 1})
    assert "sum: (Add): /job:localhost/replica:0/task:0/device:CPU:0\n" in capfd.readouterr().out


def test_a_traced_run_tells_when_each_step_ran(sess):
    from pyflow.runtime.timeline import Timeline

    x = tf.placeholder(tf.float32, [100, 100])
    y = tf.matmul(tf.exp(x), x, name="product")
    metadata = tf.RunMetadata()
    value = sess.run(y, {x: np.eye(100)}, tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), metadata)
    assert value.shape == (100, 100)
    stats = {s.node_name: s for d in metadata.step_stats.dev_stats for s in d.node_stats}
    assert "product" in stats and stats["product"].all_end_rel_micros >= 1
    assert '"traceEvents"' in Timeline(metadata.step_stats).generate_chrome_trace_format()


def test_reading_happens_in_the_order_of_creation(sess):
    v = tf.Variable(1.0)
    before = v * 10.0
    update = tf.assign(v, 5.0)
    with tf.control_dependencies([update]):
        after = tf.add(v, 0.0)
    sess.run(v.initializer)
    assert sess.run([before, update, after]) == [10, 5, 5]


def test_a_graph_may_grow_and_change_between_runs(sess):
    v = tf.Variable(0.0)
    sess.run(v.initializer)
    y = tf.identity(v)
    assert sess.run(y) == 0
    y.op._add_control_input(tf.assign_add(v, 1.0).op)
    assert sess.run(y) == 1


def test_new_feed_shapes_make_new_plans(sess):
    x = tf.placeholder(tf.float32, [None, None])
    y = (
        tf.reduce_sum(tf.nn.relu(x), axis=0)
        if hasattr(tf, "nn") and hasattr(tf.nn, "relu")
        else tf.reduce_sum(x, axis=0)
    )
    for rows in (1, 5, 3, 5):
        np.testing.assert_array_equal(sess.run(y, {x: np.ones((rows, 2))}), [rows, rows])


@pytest.mark.native
def test_many_threads_run_one_session(sess):
    x = tf.placeholder(tf.float32, [64, 64])
    y = tf.matmul(x, x) + tf.exp(x)
    rng = np.random.RandomState(0)
    inputs = [rng.rand(64, 64).astype(np.float32) for _ in range(8)]
    expected = [a @ a + np.exp(a) for a in inputs]
    failures = []

    def work(i):
        for _ in range(50):
            if not np.allclose(sess.run(y, {x: inputs[i]}), expected[i], rtol=1e-4):
                failures.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_only_what_is_needed_runs(sess):
    ran = []
    noisy = (
        tf.py_func(lambda: ran.append(1) or np.float32(1), [], tf.float32)
        if hasattr(tf, "py_func")
        else tf.constant(1.0)
    )
    _ = noisy + 1.0
    assert sess.run(tf.constant(1)) == 1
    assert not ran


def test_a_partial_run_computes_nothing_twice(sess):
    a, b, c = (tf.placeholder(tf.float32, []) for _ in range(3))
    counter = tf.Variable(0)
    sess.run(counter.initializer)
    with tf.control_dependencies([tf.assign_add(counter, 1)]):
        first = tf.add(a, b)
    second = first * c
    handle = sess.partial_run_setup([first, second], [a, b, c])
    assert sess.partial_run(handle, first, {a: 1, b: 2}) == 3
    assert sess.partial_run(handle, second, {c: 17}) == 51
    assert sess.run(counter) == 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="Must run 'setup' before performing partial runs!"):
        sess.partial_run(handle, second, {c: 17})


def test_a_partial_run_wants_its_feeds(sess):
    a, b = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    total = a + b
    handle = sess.partial_run_setup([total], [a, b])
    wanting = "Fetch Placeholder_1:0 can't be computed from the feeds that have been fed so far."
    with pytest.raises(tf.errors.InvalidArgumentError, match=wanting):
        sess.partial_run(handle, total, {a: 1})


@pytest.mark.parametrize(
    ("fetch", "feed", "words"),
    [
        ("a", {}, "The fetch a:0 was not specified in partial_run_setup."),
        ("sum", {"c:0": 1}, "The feed c:0 was not specified in partial_run_setup."),
        (None, {"a:0": 1}, "The feed a:0 has already been fed."),
        ("a_alone", {}, "The fetch a_alone:0 has already been fetched."),
    ],
)
def test_a_partial_run_refuses_what_was_not_announced_or_comes_again(sess, fetch, feed, words):
    a, b, _ = (tf.placeholder(tf.float32, [], name=name) for name in "abc")
    handle = sess.partial_run_setup([tf.identity(a, name="a_alone"), tf.add(a, b, name="sum")], [a, b])
    sess.partial_run(handle, "a_alone:0", {a: 1})
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        sess.partial_run(handle, fetch and f"{fetch}:0" or [], feed)


def test_a_partial_run_has_to_be_set_up_for_something(sess):
    a = tf.placeholder(tf.float32, [])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Must specify at least one target to fetch or execute."):
        sess.partial_run_setup([], [a])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Placeholder:0 is both fed and fetched."):
        sess.partial_run_setup([a], [a])


def test_metadata_tells_of_the_part_of_the_graph_that_ran(sess):
    tf.constant(1.0)
    y = tf.placeholder(tf.float32, [], name="x") * 2.0
    metadata = tf.RunMetadata()
    sess.run(y, {"x:0": 1}, tf.RunOptions(output_partition_graphs=True), metadata)
    assert [node.name for node in metadata.partition_graphs[0].node] == ["mul/y", "mul"]


@pytest.mark.native
def test_an_environment_variable_traces_all_runs(tmp_path):
    import json
    import os
    import subprocess
    import sys

    path = tmp_path / "trace.json"
    program = (
        "import pyflow as tf; tf.Session().run(tf.exp(tf.placeholder(tf.float32, name='x'), name='e'), {'x:0': [1, 2]})"
    )
    subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYFLOW_TRACE": str(path)}, check=True)
    assert "e" in {event["args"]["name"] for event in json.loads(path.read_text())["traceEvents"]}


@pytest.mark.native
def test_runs_can_be_awaited():
    x = tf.placeholder(tf.float32, [2])

    async def two_at_once():
        with tf.Session() as sess:
            runs = [sess.run_async(x * factor, {x: [1, 2]}) for factor in (2.0, 3.0)]
            return await asyncio.gather(*runs)

    first, second = asyncio.run(two_at_once())
    assert first.tolist() == [2, 4] and second.tolist() == [3, 6]


def test_what_a_stateful_op_keeps_is_not_given_away():
    kept = np.zeros(3, np.float32)
    batches = tf.data.Dataset.from_tensors(kept).repeat(2)
    following = tf.data.make_one_shot_iterator(batches).get_next()
    with tf.Session() as sess:
        first = sess.run(following)
        first += 1
        second = sess.run(following)
    assert second.tolist() == [0, 0, 0] and kept.tolist() == [0, 0, 0]
