"""Queue runners, input producers and batching, with threads and without."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.waiting import without_threads
from tests.golden_cases import Golden

GOLDEN = Golden("input_pipeline_cases", "input_pipelines.json")


@pytest.fixture(params=["threads", "no threads"])
def threads(request):
    """Whether threads can be started; runs the test both ways."""
    if request.param == "no threads":
        with without_threads():
            yield False
    else:
        yield True


# What has no threads of its own runs natively only: in Pyodide the fixture's first case is no other than the second.
both_ways = pytest.mark.native


@both_ways
@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name, threads):
    GOLDEN.check(name)


@pytest.mark.parametrize("name", ["string_producer", "batch", "smaller_final_batch"])
def test_as_in_tensorflow_without_threads(name):
    with without_threads():
        GOLDEN.check(name)


def count_up(limit: int) -> tf.Tensor:
    count = tf.Variable(np.int64(0), collections=[tf.GraphKeys.LOCAL_VARIABLES])
    return count.count_up_to(limit)


def run_to_the_end(fetch):
    """All values of the fetch."""
    values = []
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coordinator = tf.train.Coordinator()
        runners = tf.train.start_queue_runners(session, coordinator)
        try:
            while not coordinator.should_stop():
                values.append(session.run(fetch))
        except tf.errors.OutOfRangeError:
            pass
        coordinator.request_stop()
        coordinator.join(runners)
    return values


@both_ways
def test_all_examples_of_several_epochs_come_through_two_queues(threads):
    names = tf.train.string_input_producer(["a", "b", "c"], num_epochs=5, seed=1)
    name = names.dequeue()
    batches = tf.train.shuffle_batch([name, tf.string_join([name, "!"])], 5, 20, 6, num_threads=3, seed=2)
    values = run_to_the_end(batches)
    seen = np.concatenate([first for first, _ in values]).tolist()
    assert sorted(seen) == sorted([b"a", b"b", b"c"] * 5)
    assert all(first + b"!" == second for pair in values for first, second in zip(*pair))


@both_ways
def test_sparse_tensors_come_back_from_the_queue(threads):
    number = count_up(4)
    row = tf.SparseTensor([[0], [number]], tf.stack([number, number * 10]), [5])
    batch = tf.train.batch({"dense": number, "sparse": row}, batch_size=2)
    assert batch["sparse"].get_shape().ndims == 2
    values = run_to_the_end({"dense": batch["dense"], "sparse": batch["sparse"]})
    assert [v["dense"].tolist() for v in values] == [[0, 1], [2, 3]]
    assert values[1]["sparse"].indices.tolist() == [[0, 0], [0, 2], [1, 0], [1, 3]]
    assert values[1]["sparse"].values.tolist() == [2, 20, 3, 30]
    assert values[1]["sparse"].dense_shape.tolist() == [2, 5]


@both_ways
def test_rows_of_sparse_tensors_come_back_from_the_queue(threads):
    number = count_up(3)
    rows = tf.SparseTensor([[0, 0], [0, 1], [2, 1]], tf.stack([number, number + 10, number + 20]), [3, 2])
    join = tf.train.batch_join([[rows]], batch_size=3, enqueue_many=True)
    dense = tf.sparse_tensor_to_dense(join if isinstance(join, tf.SparseTensor) else join[0])
    assert [v.tolist() for v in run_to_the_end(dense)] == [[[i, i + 10], [0, 0], [0, i + 20]] for i in range(3)]


@both_ways
@pytest.mark.parametrize("enqueue_many", [False, True])
def test_only_inputs_to_keep_go_into_the_queue(enqueue_many, threads):
    number = count_up(10)
    row = tf.SparseTensor([[0], [number]], tf.stack([number, number]), [12])
    tensors = {"n": number, "row": row}
    if enqueue_many:
        tensors = {"n": tf.stack([number]), "row": tf.sparse_reshape(row, [1, 12])}
    keep = tf.equal(number % 3, 1)
    batch = tf.train.maybe_batch(tensors, keep, 3, enqueue_many=enqueue_many)
    (value,) = run_to_the_end({"n": batch["n"], "row": batch["row"]})
    assert value["n"].tolist() == [1, 4, 7]
    assert value["row"].values.tolist() == [1, 1, 4, 4, 7, 7]


def test_sources_of_one_batch_have_to_agree():
    row, column = tf.SparseTensor([[0]], [1], [5]), tf.SparseTensor([[0, 0]], [1], [5, 5])
    dense = tf.constant([1])
    for other in (column, dense):
        with pytest.raises((ValueError, TypeError), match="Inconsistent SparseTensors list"):
            tf.train.batch_join([[row], [other]], 2)
    tf.train.batch_join([[row], [row]], 2)


def test_file_names_are_matched_once(tmp_path):
    for name in ("b.txt", "a.txt", "c.dat"):
        (tmp_path / name).write_text(name)
    files = tf.train.match_filenames_once(str(tmp_path / "*.txt"))
    assert files in tf.local_variables() and files not in tf.trainable_variables()
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        (tmp_path / "d.txt").write_text("late")
        assert [name[-5:] for name in session.run(files)] == [b"a.txt", b"b.txt"]


def failing_queue() -> tf.FIFOQueue:
    """A queue whose runner fails at the third element."""
    number = count_up(10)
    queue = tf.FIFOQueue(1, tf.int64, shapes=[[]])
    with tf.control_dependencies([tf.assert_less(number, np.int64(2), message="too many")]):
        put = queue.enqueue(tf.identity(number))
    tf.train.add_queue_runner(tf.train.QueueRunner(queue, [put]))
    return queue


@both_ways
def test_exception_of_a_runner_reaches_the_main_thread(threads):
    value = failing_queue().dequeue()
    with pytest.raises(tf.errors.InvalidArgumentError, match="too many"):
        run_to_the_end(value)


def test_without_threads_and_coordinator_the_exception_comes_at_once():
    value = failing_queue().dequeue()
    (runner,) = tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)
    with without_threads(), tf.Session() as session:
        session.run(tf.local_variables_initializer())
        assert runner.create_threads(session, start=True) == []
        assert [session.run(value) for _ in range(2)] == [0, 1]
        with pytest.raises(tf.errors.InvalidArgumentError, match="too many"):
            session.run(value)
        assert len(runner.exceptions_raised) == 1


def test_without_threads_a_full_queue_is_emptied_by_the_runner_of_the_next():
    first, second = tf.FIFOQueue(1, tf.int32, shapes=[[]]), tf.FIFOQueue(2, tf.int32, shapes=[[]])
    x = tf.placeholder(tf.int32, [])
    put = first.enqueue(x)
    tf.train.add_queue_runner(tf.train.QueueRunner(second, [second.enqueue(first.dequeue() * 10)]))
    with without_threads(), tf.Session() as session:
        tf.train.start_queue_runners(session)
        for i in range(4):
            session.run(put, {x: i})
        with pytest.raises(tf.errors.FailedPreconditionError, match="full and nothing empties it"):
            session.run(put, {x: 9})
        assert [session.run(second.dequeue()) for _ in range(4)] == [0, 10, 20, 30]


@pytest.mark.native
def test_runners_are_started_once_and_leave_no_thread():
    queue = tf.train.range_input_producer(5, shuffle=False)
    is_closed = queue.is_closed()
    before = threading.active_count()
    for _ in range(50):
        with tf.Session() as session:
            coordinator = tf.train.Coordinator()
            runners = tf.train.start_queue_runners(session, coordinator)
            assert len(runners) == 2 and not tf.train.start_queue_runners(session, coordinator)
            coordinator.request_stop()
            coordinator.join(runners)
            assert session.run(is_closed)
        assert threading.active_count() == before


@pytest.mark.native
def test_a_step_runs_while_the_queue_is_filled():
    queue = tf.FIFOQueue(1, tf.int32, shapes=[[]])
    put, gate, opened = queue.enqueue(1), threading.Event(), threading.Event()

    def wait():
        opened.set()
        assert gate.wait(10)
        return np.int32(1)

    filling = queue.enqueue(tf.py_func(wait, [], tf.int32)) if hasattr(tf, "py_func") else put
    step = tf.matmul([[1.0]], [[2.0]])
    with tf.Session() as session:
        session.run(put)
        blocked = threading.Thread(target=session.run, args=(filling,))
        blocked.start()
        assert session.run(step).tolist() == [[2.0]]
        gate.set()
        assert session.run(queue.dequeue()) == 1
        assert session.run(queue.dequeue()) == 1
        blocked.join()


def test_runners_go_through_meta_graphs():
    tf.train.string_input_producer(["a"], shuffle=False)
    meta_graph = tf.train.export_meta_graph()
    (definition,) = meta_graph.collection_def["queue_runners"].bytes_list.value
    assert b"input_producer_EnqueueMany" in definition
