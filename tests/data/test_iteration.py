"""How datasets are gone through: by threads and without them, in checkpoints, beside training steps."""

from __future__ import annotations

import collections
import gc
import threading
import time

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.waiting import without_threads
from tests.golden_cases import Golden

GOLDEN = Golden("data_cases", "data.json")
Dataset = tf.data.Dataset


def elements(dataset, session=None):
    following = dataset.make_one_shot_iterator().get_next()
    found = []
    with session or tf.Session() as session:
        while True:
            try:
                found.append(session.run(following))
            except tf.errors.OutOfRangeError:
                return found


def other_threads():
    gc.collect()
    return [t for t in threading.enumerate() if t is not threading.main_thread()]


@pytest.mark.parametrize("name", ["order", "function", "batch", "shuffle", "feedable"])
def test_gives_the_same_without_threads(name):
    with without_threads():
        GOLDEN.check(name)


@pytest.mark.native
def test_threads_end_with_the_session():
    before = other_threads()
    dataset = Dataset.range(10**9).map(lambda x: x * 2, num_parallel_calls=2).prefetch(2).batch(3).prefetch(1)
    following = dataset.make_one_shot_iterator().get_next()
    with tf.Session() as session:
        assert session.run(following).tolist() == [0, 2, 4]
        assert len(other_threads()) > len(before)
    assert other_threads() == before


@pytest.mark.native
def test_threads_end_when_the_iterator_begins_anew():
    before = other_threads()
    iterator = Dataset.range(10**9).prefetch(2).make_initializable_iterator()
    following = iterator.get_next()
    with tf.Session() as session:
        for _ in range(20):
            session.run(iterator.initializer)
            assert session.run(following) == 0
        assert len(other_threads()) == len(before) + 1


@pytest.mark.native
def test_prefetching_goes_on_while_nobody_asks():
    called = []
    dataset = Dataset.range(9).map(lambda x: tf.py_func(lambda y: called.append(int(y)) or y, [x], tf.int64))
    following = dataset.prefetch(3).make_one_shot_iterator().get_next()
    with tf.Session() as session:
        session.run(following)
        limit = time.monotonic() + 10
        while len(called) < 4 and time.monotonic() < limit:
            time.sleep(0.001)
    assert called[:4] == [0, 1, 2, 3] and len(called) <= 5


@pytest.mark.native
def test_calls_in_parallel_wait_for_each_other():
    barrier = threading.Barrier(3)
    dataset = Dataset.range(6).map(
        lambda x: tf.py_func(lambda y: barrier.wait(10) * 0 + y, [x], tf.int64), num_parallel_calls=3
    )
    assert elements(dataset) == [0, 1, 2, 3, 4, 5]


def large(x):
    return tf.fill([80, 80], x), x


@pytest.mark.native
@pytest.mark.parametrize("count", [11, 12])
def test_large_results_of_calls_in_parallel_come_to_their_places_in_batches(count):
    (*whole, rest) = elements(Dataset.range(count).map(large, num_parallel_calls=3).batch(4))
    for i, (images, numbers) in enumerate([*whole, rest]):
        expected = np.arange(4 * i, min(4 * i + 4, count))
        assert numbers.tolist() == expected.tolist()
        np.testing.assert_array_equal(images, np.broadcast_to(expected[:, None, None], (len(expected), 80, 80)))


@pytest.mark.native
def test_batches_of_calls_in_parallel_are_no_longer_changed_by_the_next_ones():
    following = Dataset.range(40).map(large, num_parallel_calls=2).batch(4).make_one_shot_iterator().get_next()
    with tf.Session() as session:
        batches = [session.run(following)[0] for _ in range(10)]
    assert [batch[:, 7, 7].tolist() for batch in batches] == np.arange(40).reshape(10, 4).tolist()


@pytest.mark.native
def test_batches_of_calls_in_parallel_go_on_after_an_error_of_one_of_them():
    def checked(x):
        with tf.control_dependencies([tf.debugging.assert_none_equal(x, tf.constant([1, 6], tf.int64))]):
            return large(tf.identity(x))

    following = Dataset.range(16).map(checked, num_parallel_calls=2).batch(4).make_one_shot_iterator().get_next()
    found = []
    with tf.Session() as session:
        for _ in range(6):
            try:
                images, numbers = session.run(following)
            except tf.errors.OpError as error:
                found.append(type(error))
            else:
                assert images[:, 5, 5].tolist() == numbers.tolist()
                found.append(numbers.tolist())
    refused = tf.errors.InvalidArgumentError
    assert found == [refused, [2, 3, 4, 5], refused, [7, 8, 9, 10], [11, 12, 13, 14], [15]]


@pytest.mark.native
def test_the_end_that_a_call_in_parallel_meets_is_the_end_of_the_dataset():
    queue = tf.FIFOQueue(10, [tf.int64], [[]])
    following = (
        Dataset.range(9)
        .map(lambda x: queue.dequeue() + 0 * x, num_parallel_calls=2)
        .batch(4)
        .make_initializable_iterator()
    )
    batch = following.get_next()
    with tf.Session() as session:
        session.run([queue.enqueue_many([np.arange(6)]), following.initializer])
        session.run(queue.close())
        assert sorted(session.run(batch).tolist() + session.run(batch).tolist()) == [0, 1, 2, 3, 4, 5]
        for _ in range(2):
            with pytest.raises(tf.errors.OutOfRangeError):
                session.run(batch)


@pytest.mark.native
def test_calls_in_parallel_are_not_made_for_more_than_may_soon_be_asked_for():
    called = []
    dataset = Dataset.range(99).map(
        lambda x: tf.py_func(lambda y: called.append(int(y)) or y, [x], tf.int64), num_parallel_calls=3
    )
    following = dataset.batch(4).make_one_shot_iterator().get_next()
    with tf.Session() as session:
        session.run(following)
        time.sleep(0.05)
        assert 4 <= len(called) <= 4 + 3


@pytest.mark.native
def test_a_run_that_waits_too_long_is_given_up():
    released = threading.Event()
    dataset = Dataset.range(3).map(lambda x: tf.py_func(lambda y: released.wait(60) * 0 + y, [x], tf.int64))
    following = dataset.prefetch(1).make_one_shot_iterator().get_next()
    with tf.Session() as session:
        try:
            with pytest.raises(tf.errors.DeadlineExceededError):
                session.run(following, options=tf.RunOptions(timeout_in_ms=20))
        finally:
            released.set()


@pytest.mark.native
def test_several_threads_may_share_an_iterator():
    iterator = Dataset.range(400).make_one_shot_iterator()
    following, found = iterator.get_next(), []
    with tf.Session() as session:

        def work():
            for _ in range(100):
                found.append(int(session.run(following)))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == list(range(400))


def test_a_step_is_planned_for_the_batch_it_takes():
    features = np.arange(20, dtype=np.float32).reshape(10, 2)
    dataset = Dataset.from_tensor_slices((features, features[:, 0])).batch(4)
    x, y = dataset.make_one_shot_iterator().get_next()
    w = tf.Variable(tf.ones([2, 1]))
    loss = tf.reduce_sum((tf.matmul(x, w)[:, 0] - y) ** 2)
    step = tf.train.GradientDescentOptimizer(0.0).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        given = [session.run([step, loss, x])[1:] for _ in range(3)]
        (staged,) = [e for e in session._executables.values() if hasattr(e, "_plans")]
        assert [plan.fetches[0].shape for plan in staged._plans.values()] == [(), ()]
    for i, (value, batch) in enumerate(given):
        expected = features[4 * i : 4 * i + 4]
        assert batch.tolist() == expected.tolist()
        assert value == pytest.approx(np.sum(expected[:, 1] ** 2), rel=1e-6)


def test_an_element_is_not_taken_when_something_is_not_fed():
    x = Dataset.range(3).batch(2).make_one_shot_iterator().get_next()
    held = tf.placeholder(tf.int64, [])
    result = tf.reduce_sum(x * x * x + held)
    with tf.Session() as session:
        with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value"):
            session.run(result)
        assert session.run(result, {held: 0}) == 1


def test_what_is_fetched_belongs_to_the_caller():
    source = np.arange(6.0)
    held = tf.placeholder(tf.float64, [6])
    iterator = Dataset.from_tensors(held).repeat().make_initializable_iterator()
    following = iterator.get_next()
    with tf.Session() as session:
        session.run(iterator.initializer, {held: source})
        source[:] = -1
        session.run(following)[:] = -2
        assert session.run(following).tolist() == [0, 1, 2, 3, 4, 5]


def test_a_position_is_kept_in_checkpoints(tmp_path):
    iterator = Dataset.range(10).shuffle(5, seed=3).repeat(2).batch(2).make_initializable_iterator()
    following = iterator.get_next()
    tf.add_to_collection(tf.GraphKeys.SAVEABLE_OBJECTS, tf.data.experimental.make_saveable_from_iterator(iterator))
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(iterator.initializer)
        for _ in range(3):
            session.run(following)
        path = saver.save(session, str(tmp_path / "model"))
        expected = [session.run(following).tolist() for _ in range(4)]
    with tf.Session() as session:
        session.run(iterator.initializer)
        saver.restore(session, path)
        assert [session.run(following).tolist() for _ in range(4)] == expected


@pytest.mark.parametrize("new_session", [True, False])
def test_a_position_tells_how_what_has_no_seed_was_shuffled(tmp_path, new_session):
    dataset = Dataset.range(20).shuffle(7).repeat(3)
    dataset = dataset.apply(tf.data.experimental.shuffle_and_repeat(4, 2)).prefetch(2)
    iterator = dataset.make_initializable_iterator()
    following = iterator.get_next()
    tf.add_to_collection(tf.GraphKeys.SAVEABLE_OBJECTS, tf.data.experimental.make_saveable_from_iterator(iterator))
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(iterator.initializer)
        for _ in range(30):
            session.run(following)
        path = saver.save(session, str(tmp_path / "model"))
        expected = [session.run(following) for _ in range(80)]
        with tf.Session() if new_session else session as session:
            session.run(iterator.initializer)
            saver.restore(session, path)
            assert [session.run(following) for _ in range(80)] == expected
            saver.restore(session, path)
            assert [session.run(following) for _ in range(80)] == expected


def test_a_graph_with_datasets_survives_export():
    offset = tf.constant(5, tf.int64)
    dataset = Dataset.range(6).map(lambda x: x + offset).shuffle(3, seed=1).batch(4)
    one_shot = tf.identity(dataset.make_one_shot_iterator().get_next(), name="one_shot")
    iterator = dataset.make_initializable_iterator()
    other = tf.identity(iterator.get_next(), name="other")
    initializer = iterator.initializer.name
    with tf.Session() as session:
        session.run(initializer)
        expected = session.run([one_shot, other])
    exported = tf.get_default_graph().as_graph_def().SerializeToString()
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.import_graph_def(tf.GraphDef.FromString(exported), name="")
        session.run(graph.get_operation_by_name(initializer))
        given = session.run(["one_shot:0", "other:0"])
    assert [g.tolist() for g in given] == [e.tolist() for e in expected]


def test_named_tuples_and_dicts_come_as_they_went():
    Pair = collections.namedtuple("Pair", ["first", "second"])
    dataset = Dataset.from_tensors(Pair(1, {"b": 2.0, "a": ("x", [3])}))
    (element,) = elements(dataset.map(lambda pair: Pair(pair.first + 1, pair.second)))
    assert (element.first, element.second["b"], element.second["a"][1].tolist()) == (2, 2.0, [3])


def test_a_batch_may_hold_elements_of_several_datasets():
    parts = Dataset.range(1, 4).flat_map(lambda n: Dataset.from_tensor_slices(tf.fill([n, 1], n)))
    whole = parts.skip(1).take(4).repeat(2)
    batches = [batch.reshape(-1).tolist() for batch in elements(whole.batch(3))]
    assert batches == [[2, 2, 3], [3, 2, 2], [3, 3]]


def test_a_batch_refuses_elements_of_several_shapes():
    parts = Dataset.range(1, 3).flat_map(lambda n: Dataset.from_tensor_slices(tf.fill([2, n], n)))
    words = r"Cannot batch tensors with different shapes in component 0. First element had shape \[1\] and element 2 "
    with pytest.raises(tf.errors.InvalidArgumentError, match=words + r"had shape \[2\]"):
        elements(parts.batch(4))


def test_a_table_is_captured():
    table = tf.contrib.lookup.index_table_from_tensor(["a", "b"], default_value=-1)
    iterator = Dataset.from_tensor_slices(["b", "c", "a"]).map(table.lookup).make_initializable_iterator()
    following = iterator.get_next()
    with tf.Session() as session:
        session.run(tf.tables_initializer())
        session.run(iterator.initializer)
        assert [session.run(following) for _ in range(3)] == [1, -1, 0]


def test_many_nodes_for_the_next_element_are_warned_of():
    iterator = Dataset.range(3).make_one_shot_iterator()
    with pytest.warns(UserWarning, match="An unusually high number of `Iterator.get_next"):
        for _ in range(33):
            iterator.get_next()
