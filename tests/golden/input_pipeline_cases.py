"""What queue runners and input producers build and give under TensorFlow 1.15.5; kept in input_pipelines.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import numpy as np
from queue_cases import drained, words
from state_cases import error, initialized, nodes

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def built(tf):
    """The nodes of the graph, its queue runners and summaries."""
    graph = tf.get_default_graph()
    runners = [
        [r.name, [o.name for o in r.enqueue_ops], r.close_op.name, r.cancel_op.name]
        for r in tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)
    ]
    summaries = [s.name for s in tf.get_collection(tf.GraphKeys.SUMMARIES)]
    return [nodes(tf), runners, summaries, [v.name for v in tf.local_variables()], len(graph.get_operations())]


def run_all(tf, fetch, runs=1000):
    """The values of the fetch with the queue runners started, until the input ends.

    How many elements a last batch still wanted when the queue was closed depends on the threads.
    """
    with initialized(tf) as session:
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        values, (kind, failure) = drained(session, fetch, runs)
        coordinator.request_stop()
        coordinator.join(threads)
        return [values, kind, failure.split(" (requested")[0]]


@case
def queue_runner(tf):
    queue = tf.FIFOQueue(10, tf.float32)
    put = queue.enqueue(1.0)
    runner = tf.train.QueueRunner(queue, [put, put])
    other = tf.train.QueueRunner(queue, [put], put, put, (tf.errors.AbortedError, tf.errors.CancelledError))
    again = tf.train.QueueRunner.from_proto(other.to_proto())
    return [
        [
            runner.name,
            runner.close_op.name,
            runner.cancel_op.name,
            [t.__name__ for t in runner.queue_closed_exception_types],
        ],
        str(runner.to_proto()),
        str(other.to_proto()),
        runner.to_proto("elsewhere"),
        [again.queue.name, again.enqueue_ops[0].name, [t.__name__ for t in again.queue_closed_exception_types]],
        error(tf.train.QueueRunner),
        error(tf.train.QueueRunner, queue),
        error(tf.train.QueueRunner, queue, [put], queue_closed_exception_types=[tf.errors.AbortedError])[0],
        error(tf.train.QueueRunner, queue, [put], queue_closed_exception_types=())[0],
        error(tf.train.QueueRunner, queue, queue_runner_def=runner.to_proto()),
        error(tf.train.start_queue_runners),
        error(tf.train.start_queue_runners, 3),
        nodes(tf),
    ]


@case
def exceptions_of_runners(tf):
    found = []
    queue = tf.FIFOQueue(10, tf.float32)
    with tf.control_dependencies([tf.assert_equal(tf.placeholder_with_default(1, []), 2)]):
        put = queue.enqueue(tf.identity(1.0))
    runner = tf.train.QueueRunner(queue, [put])
    with tf.Session() as session:
        coordinator = tf.train.Coordinator()
        threads = runner.create_threads(session, coordinator, start=True)
        found.append(words(session.run, queue.dequeue()))
        found.append(words(coordinator.join, threads)[0])
        found.append(runner.exceptions_raised)
    return found


@case
def limited_epochs(tf):
    limited = tf.train.limit_epochs([1, 2], num_epochs=2)
    with initialized(tf) as session:
        results = drained(session, limited)
    return [
        results,
        built(tf),
        tf.train.limit_epochs("same") == "same",
        error(tf.train.limit_epochs, 1, num_epochs=0),
    ]


@case
def string_producer(tf):
    queue = tf.train.string_input_producer(["a", "b", "c"], num_epochs=2, shuffle=False)
    found = [built(tf), [str(s) for s in queue.shapes], run_all(tf, queue.dequeue())]
    tf.reset_default_graph()
    nothing = tf.train.string_input_producer(tf.constant([], tf.string))
    found.append(words(run_all, tf, nothing.dequeue()))
    return [*found, error(tf.train.string_input_producer, [])]


@case
def shuffled_strings(tf):
    queue = tf.train.string_input_producer(["a", "b", "c", "d"], num_epochs=3, seed=5)
    return run_all(tf, queue.dequeue())


@case
def range_producer(tf):
    queue = tf.train.range_input_producer(4, num_epochs=2, seed=1, capacity=5, name="ranges", shared_name="r")
    return [built(tf), run_all(tf, queue.dequeue_many(4))]


@case
def slice_producer(tf):
    outputs = tf.train.slice_input_producer([["a", "b", "c"], np.array([[1, 2], [3, 4], [5, 6]])], num_epochs=1, seed=2)
    return [
        built(tf),
        [str(o.shape) for o in outputs],
        run_all(tf, outputs),
        error(tf.train.slice_input_producer, []),
    ]


@case
def input_producer(tf):
    queue = tf.train.input_producer(
        [[1.0, 2.0], [3.0, 4.0]], shuffle=False, num_epochs=1, summary_name="full", name="in"
    )
    unknown = tf.placeholder_with_default(np.zeros([2, 2], np.float32), None)
    return [
        built(tf),
        run_all(tf, queue.dequeue()),
        error(tf.train.input_producer, unknown),
    ]


def counter(tf, num_epochs=10):
    """Counts up from 0 and ends after 10."""
    zero = tf.constant(0, dtype=tf.int64)
    count = tf.Variable(zero, collections=[tf.GraphKeys.LOCAL_VARIABLES], name="count")
    return count.count_up_to(num_epochs)


@case
def batch(tf):
    examples = counter(tf)
    batched = tf.train.batch([examples, tf.cast(examples, tf.float32), "x"], batch_size=4)
    return [built(tf), [str(b.shape) for b in batched], run_all(tf, batched)]


@case
def batch_of_dicts(tf):
    examples = counter(tf)
    batched = tf.train.batch({"c": examples, "s": "x"}, batch_size=4, allow_smaller_final_batch=True, name="named")
    single = tf.train.batch({"c": examples}, batch_size=4)
    one = tf.train.batch([examples], batch_size=4)
    return [
        built(tf),
        sorted([k, str(v.shape)] for k, v in batched.items()),
        sorted(single),
        str(one.shape),
    ]


@case
def smaller_final_batch(tf):
    examples = counter(tf)
    batched = tf.train.batch([examples, [1.0, 2.0]], batch_size=4, allow_smaller_final_batch=True)
    return [[str(b.shape) for b in batched], run_all(tf, batched)]


@case
def dynamic_padding(tf):
    examples = counter(tf, 4)
    rows = tf.range(examples)
    batched = tf.train.batch([examples, rows], batch_size=2, dynamic_pad=True)
    return [
        built(tf),
        [str(b.shape) for b in batched],
        run_all(tf, batched),
        error(tf.train.batch, [rows], batch_size=2),
        error(tf.train.batch, [tf.placeholder(tf.float32)], batch_size=2),
        error(tf.train.batch, [], batch_size=2),
    ]


@case
def enqueueing_many(tf):
    examples = counter(tf, 4)
    batched = tf.train.batch(
        [tf.stack([examples, examples + 10]), [["a"], ["b"]]],
        batch_size=3,
        enqueue_many=True,
        num_threads=1,
        capacity=5,
    )
    return [built(tf), [str(b.shape) for b in batched], run_all(tf, batched)]


@case
def batch_join(tf):
    examples = counter(tf, 8)
    batched = tf.train.batch_join([[examples, "a"], [examples, "b"]], batch_size=4)
    with_dicts = tf.train.batch_join([{"e": examples}, {"e": examples}], batch_size=4)
    return [
        built(tf),
        [str(b.shape) for b in batched],
        sorted(with_dicts),
        error(tf.train.batch_join, [], batch_size=4),
        error(tf.train.batch_join, [{"e": 1}, {"f": 1}], batch_size=4),
        error(tf.train.batch_join, [[1], [1.5]], batch_size=4),
    ]


@case
def shuffled_batch(tf):
    tf.set_random_seed(4)
    batched = tf.train.shuffle_batch(
        [np.arange(20), np.arange(20) * 10], 4, capacity=32, min_after_dequeue=8, seed=3, enqueue_many=True
    )
    with_join = tf.train.shuffle_batch_join([[1, "a"], [2, "b"]], 4, capacity=32, min_after_dequeue=8, seed=3)
    return [
        built(tf),
        [str(b.shape) for b in [*batched, *with_join]],
        error(tf.train.shuffle_batch, [1], 4, 10, 10),
    ]


@case
def kept_inputs(tf):
    found = []
    examples = counter(tf)
    batched = tf.train.maybe_batch(
        [tf.stack([examples, examples + 100]), [1.0, 2.0]], [True, False], 4, enqueue_many=True
    )
    found.append([[str(b.shape) for b in batched], built(tf)])
    found.append(run_all(tf, batched))
    always = tf.train.maybe_shuffle_batch([examples], 4, 32, 8, True)
    never = tf.train.maybe_batch_join([[examples]], False, 4)
    found.append([str(always.shape), str(never.shape)])
    found.append(error(tf.train.maybe_batch, [examples], [True], 4))
    found.append(error(tf.train.maybe_batch, [examples], [[True]], 4, enqueue_many=True))
    found.append(error(tf.train.maybe_batch, [examples], tf.placeholder(tf.bool), 4))
    return found
