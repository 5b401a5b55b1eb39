"""What queues give under TensorFlow 1.15.5; the results are kept in queues.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import functools
import re
import threading
import time

import numpy as np
from state_cases import error, nodes, plain

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def words(function, *args, **kwargs):
    """As `error`, without the number that a queue without a shared name has in its own."""
    found = error(function, *args, **kwargs)
    return found and [found[0], re.sub(r"'_\d+_", "'_N_", found[1])]


def drained(session, fetch, most=100):
    """The values of a dequeue until it fails, and the words of the failure."""
    values = []
    while len(values) < most:
        failure = words(lambda: values.append(plain(session.run(fetch))))
        if failure:
            return values, failure
    return values, None


def in_background(function):
    """What a call gives that blocks; the thread and the list with its result or the words of its failure."""
    result = []

    def run():
        failure = words(lambda: result.append(plain(function())))
        if failure:
            result.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.2)
    return thread, result


@case
def fifo_first_in_first_out(tf):
    queue = tf.FIFOQueue(10, tf.float32)
    many, one = queue.enqueue_many([[1.0, 2.0, 3.0]]), queue.enqueue(4.0)
    value, size = queue.dequeue(), queue.size()
    with tf.Session() as session:
        session.run(many)
        session.run(one)
        return [plain(session.run(size))] + [plain(session.run(value)) for _ in range(4)] + [plain(session.run(size))]


@case
def names_of_nodes(tf):
    for make in (
        lambda: tf.FIFOQueue(10, [tf.float32, tf.int64], shapes=[[], [2]]),
        lambda: tf.RandomShuffleQueue(10, 2, [tf.float32, tf.int64], shapes=[[], [2]], name="shuffled"),
        lambda: tf.PaddingFIFOQueue(10, [tf.float32, tf.int64], shapes=[[], [None]]),
        lambda: tf.PriorityQueue(10, [tf.int64], shapes=[[2]]),
    ):
        with tf.name_scope("scope"):
            queue = make()
        vals = [np.float32(1), np.array([1, 2])] if queue.dtypes[0] == tf.float32 else [np.int64(1), np.array([1, 2])]
        queue.enqueue(vals)
        queue.enqueue_many([np.array([v]) for v in vals])
        queue.dequeue()
        queue.dequeue_many(3)
        queue.dequeue_up_to(3)
        queue.close()
        queue.size()
        queue.is_closed()
        queue.enqueue(vals, name="named")
        queue.dequeue(name="named_too")
    return nodes(tf)


@case
def static_shapes(tf):
    found = []
    for queue in (
        tf.FIFOQueue(10, [tf.float32, tf.int64], shapes=[[], [2]]),
        tf.FIFOQueue(10, [tf.float32, tf.int64]),
        tf.PaddingFIFOQueue(10, [tf.float32, tf.int64], shapes=[[], [None]]),
        tf.PriorityQueue(10, [tf.int64], shapes=[[2]]),
    ):
        n = tf.placeholder(tf.int32, [])
        for values in (queue.dequeue(), queue.dequeue_many(3), queue.dequeue_many(n), queue.dequeue_up_to(3)):
            found.append([str(v.shape) for v in values])
        found.append([str(queue.size().shape), str(queue.is_closed().shape), str(queue.queue_ref.shape)])
        found.append([str(s) for s in queue.shapes] + [d.name for d in queue.dtypes])
    return found


@case
def names_of_components(tf):
    queue = tf.FIFOQueue(10, [tf.int32, tf.string], names=["i", "s"], shapes=[[], []])
    plain_queue = tf.FIFOQueue(10, [tf.int32, tf.string])
    put = queue.enqueue({"s": "a", "i": 1})
    many = queue.enqueue_many({"s": ["b", "c"], "i": [2, 3]})
    with tf.Session() as session:
        session.run(put)
        session.run(many)
        one = session.run(queue.dequeue())
        two = session.run(queue.dequeue_many(2))
    return [
        sorted([k, plain(v)] for k, v in one.items()),
        sorted([k, plain(v)] for k, v in two.items()),
        error(queue.enqueue, [1, "a"]),
        error(queue.enqueue, {"i": 1}),
        error(plain_queue.enqueue, {"i": 1, "s": "a"}),
        error(tf.FIFOQueue, 10, [tf.int32, tf.string], names=["i"]),
    ]


@case
def wrong_arguments(tf):
    queue = tf.FIFOQueue(10, [tf.int32, tf.float32], shapes=[[], [2]])
    return [
        error(tf.FIFOQueue, 10, [tf.int32], shapes=[[None]]),
        error(tf.FIFOQueue, 10, [tf.int32, tf.int32], shapes=[[]]),
        error(tf.FIFOQueue, 10, [tf.int32], shapes=3.5),
        error(tf.PaddingFIFOQueue, 10, [tf.int32, tf.int32], shapes=[[None]]),
        error(tf.PaddingFIFOQueue, 10, [tf.int32], shapes=None),
        error(tf.PaddingFIFOQueue, 10, [tf.int32], shapes=[None]),
        error(queue.enqueue, [1, [1.0, 2.0, 3.0]]),
        error(queue.enqueue, [1.5, [1.0, 2.0]]),
        error(queue.enqueue, [1]),
        error(queue.enqueue_many, [[1, 2], [[1.0, 2.0]]]),
        error(queue.enqueue_many, [[1], [1.0, 2.0]]),
        error(queue.enqueue_many, [1, [1.0, 2.0]]),
        error(tf.QueueBase.from_list, 0, [1]),
        error(tf.QueueBase.from_list, 0, [queue, tf.FIFOQueue(1, tf.int32)]),
    ]


@case
def single_types(tf):
    queue = tf.FIFOQueue(capacity=2, dtypes="int32", shapes=())
    return [[d.name if hasattr(d, "name") else d for d in queue.dtypes], [str(s) for s in queue.shapes], queue.name]


@case
def errors_of_runs(tf):
    shaped = tf.FIFOQueue(3, [tf.int32, tf.float32], shapes=[[], [2]])
    free = tf.FIFOQueue(3, [tf.int32])
    unknown = tf.placeholder(tf.float32)
    ints = tf.placeholder(tf.int32)
    n = tf.placeholder(tf.int32, [])
    found = []
    with tf.Session() as session:

        def words_of(fetch, **feeds):
            values = {"x": unknown, "i": ints, "n": n}
            found.append(words(session.run, fetch, {values[k]: v for k, v in feeds.items()}))

        put, many = shaped.enqueue([ints, unknown]), shaped.enqueue_many([ints, unknown])
        words_of(put, i=1, x=[1, 2, 3])
        words_of(put, i=[1], x=[1, 2])
        words_of(many, i=[1], x=[[1, 2], [3, 4]])
        words_of(many, i=[1, 2], x=[[1, 2, 3], [3, 4, 5]])
        words_of(shaped.dequeue_many(n), n=-1)
        words_of(shaped.dequeue_up_to(n), n=-1)
        words_of(free.dequeue_many(n), n=1)
        words_of(free.dequeue_up_to(n), n=1)
        session.run(free.enqueue_many([[1, 2]]))
        session.run(free.close())
        words_of(free.enqueue(1))
        words_of(free.enqueue_many([[1]]))
        words_of(free.close())
        words_of(free.close(cancel_pending_enqueues=True))
        found.append(plain(session.run([free.dequeue(), free.size(), free.is_closed()])[2]))
        found.append(drained(session, free.dequeue()))
        session.run(shaped.enqueue_many([[1, 2], [[1.0, 2], [3, 4]]]))
        session.run(shaped.close())
        words_of(shaped.dequeue_many(3))
        found.append(plain(session.run(shaped.size())))
        found.append(plain(session.run(shaped.dequeue_up_to(3))))
        words_of(shaped.dequeue_up_to(3))
        words_of(shaped.dequeue_many(1))
        words_of(shaped.dequeue())
        found.append(plain(session.run(shaped.dequeue_many(0))))
        found.append(plain(session.run(shaped.dequeue_up_to(0))))
    return found


@case
def shared_names(tf):
    first = tf.FIFOQueue(3, [tf.int32], shapes=[[]], shared_name="one")
    second = tf.FIFOQueue(3, [tf.int32], shapes=[[]], shared_name="one")
    found = []
    others = [
        tf.FIFOQueue(4, [tf.int32], shapes=[[]], shared_name="one"),
        tf.FIFOQueue(3, [tf.float32], shapes=[[]], shared_name="one"),
        tf.FIFOQueue(3, [tf.int32], shapes=[[1]], shared_name="one"),
        tf.FIFOQueue(3, [tf.int32], shared_name="one"),
        tf.FIFOQueue(3, [tf.int32, tf.int32], shapes=[[], []], shared_name="one"),
        tf.RandomShuffleQueue(3, 1, [tf.int32], shapes=[[]], shared_name="one"),
        tf.PaddingFIFOQueue(3, [tf.int32], shapes=[[]], shared_name="one"),
    ]
    shuffled = [
        tf.RandomShuffleQueue(3, least, [tf.int32], shapes=[[]], shared_name="two", seed=seed)
        for least, seed in ((1, 1), (2, 1), (1, 2))
    ]
    with tf.Session() as session:
        found += [words(session.run, queue.size()) for queue in shuffled]
        found.append(words(session.run, tf.RandomShuffleQueue(3, 4, [tf.int32]).size()))
        found.append(words(session.run, tf.RandomShuffleQueue(3, -1, [tf.int32]).size()))
        found.append(words(session.run, tf.RandomShuffleQueue(3, 3, [tf.int32]).size()))
        session.run(first.enqueue(5))
        found.append(plain(session.run(second.dequeue())))
        found += [words(session.run, queue.size()) for queue in others]
        session.run(first.close())
        found.append(words(session.run, first.dequeue()))
    return found


@case
def random_orders(tf):
    found = []
    for seed in (1, 7):
        queue = tf.RandomShuffleQueue(100, 0, tf.int32, shapes=[[]], seed=seed)
        one, many, few = queue.dequeue(), queue.dequeue_many(7), queue.dequeue_up_to(4)
        with tf.Session() as session:
            session.run(queue.enqueue_many([list(range(20))]))
            found.append([plain(session.run(one)) for _ in range(6)])
            found.append(plain(session.run(many)))
            session.run(queue.enqueue_many([list(range(20, 26))]))
            session.run(queue.close())
            found.append(drained(session, few))
    tf.set_random_seed(3)
    for shared_name in (None, "shared"):
        queue = tf.RandomShuffleQueue(100, 5, [tf.int32, tf.int32], shapes=[[], []], shared_name=shared_name)
        with tf.Session() as session:
            session.run(queue.enqueue_many([list(range(20)), list(range(20))]))
            found.append(plain(session.run(queue.dequeue_many(15))))
    return found


@case
def elements_that_stay(tf):
    queue = tf.RandomShuffleQueue(10, 3, tf.int32, shapes=[[]], seed=1)
    found = []
    with tf.Session() as session:
        session.run(queue.enqueue_many([[1, 2, 3, 4]]))
        session.run(queue.dequeue())
        thread, result = in_background(lambda: session.run(queue.dequeue()))
        found.append(list(result))
        session.run(queue.close())
        thread.join()
        found.append(len(result))
        found.append(words(session.run, queue.dequeue_many(3)))
        found.append(plain(session.run(queue.size())))
        found.append(len(drained(session, queue.dequeue())[0]))
        found.append(drained(session, queue.dequeue_many(2)))
        found.append(words(session.run, queue.dequeue_many(12)))
    return found


@case
def padding(tf):
    queue = tf.PaddingFIFOQueue(10, [tf.int32, tf.string], shapes=[[None], [None, 2]])
    numbers, texts = tf.placeholder(tf.int32), tf.placeholder(tf.string)
    put = queue.enqueue([numbers, texts])
    found = []
    with tf.Session() as session:
        session.run(put, {numbers: [1], texts: [["a", "b"], ["c", "d"]]})
        session.run(put, {numbers: [1, 2, 3], texts: [["a", "b"]]})
        session.run(put, {numbers: [], texts: np.zeros([0, 2], object)})
        two, one = session.run(queue.dequeue_many(3))
        found.append([plain(two), plain(one), list(one.shape)])
        found.append(words(session.run, put, {numbers: 1, texts: [["a", "b"]]}))
        found.append(words(session.run, put, {numbers: [1], texts: [["a"]]}))
        session.run(put, {numbers: [1, 2], texts: [["a", "b"]]})
        found.append(plain(session.run(queue.dequeue())))
        session.run(put, {numbers: [1, 2], texts: [["a", "b"]]})
        session.run(queue.close())
        found.append(words(session.run, queue.dequeue_many(2)))
        found.append(plain(session.run(queue.dequeue_up_to(2))))
        found.append(words(session.run, queue.dequeue_up_to(2)))
    return found


@case
def priorities(tf):
    queue = tf.PriorityQueue(10, [tf.string], shapes=[[]])
    found = []
    with tf.Session() as session:
        session.run(queue.enqueue_many([np.array([3, 1, 2, 1], np.int64), ["a", "b", "c", "d"]]))
        session.run(queue.enqueue([np.int64(0), "e"]))
        found.append(plain(session.run(queue.dequeue())))
        numbers, texts = session.run(queue.dequeue_many(2))
        found.append(sorted([int(i), t.decode()] for i, t in zip(numbers, texts)))
        session.run(queue.close())
        found.append([plain(session.run(queue.dequeue())) for _ in range(2)])
        found.append(words(session.run, queue.dequeue()))
        found.append(words(session.run, queue.dequeue_up_to(5)))
        found.append(words(session.run, queue.dequeue_many(2)))
        few = tf.PriorityQueue(10, [tf.string], shapes=[[]])
        session.run(few.enqueue_many([np.array([3, 1], np.int64), ["a", "b"]]))
        session.run(few.close())
        found.append(words(session.run, few.dequeue_many(3)))
        found.append(plain(session.run(few.size())))
        loose = tf.placeholder(tf.int64)
        other = tf.PriorityQueue(10, [tf.string], shapes=[[]])
        found.append(words(session.run, other.enqueue([loose, "a"]), {loose: [1]}))
        found.append(error(other.enqueue, [np.array([1]), "a"]))
        found.append(error(other.enqueue, [1.5, "a"]))
        found.append(error(tf.PriorityQueue, 10, [tf.string]))
        found.append(error(tf.PriorityQueue, 10, [tf.string, tf.string], shapes=[[]]))
    return found


@case
def waiting(tf):
    queue = tf.FIFOQueue(2, tf.int32, shapes=[[]])
    put, many, take = queue.enqueue(9), queue.enqueue_many([[1, 2, 3]]), queue.dequeue()
    found = []
    with tf.Session() as session:
        thread, result = in_background(lambda: session.run(take))
        session.run(put)
        thread.join()
        found.append(result)
        thread, result = in_background(lambda: session.run(many))
        found.append([list(result), plain(session.run(queue.size()))])
        closing, closed = in_background(lambda: session.run(queue.close()))
        found.append([list(closed), plain(session.run(queue.is_closed()))])
        found.append([plain(session.run(take)) for _ in range(3)])
        thread.join()
        closing.join()
        found.append([result, closed, drained(session, take)])
    return found


@case
def cancelling(tf):
    queue = tf.FIFOQueue(2, tf.int32, shapes=[[]])
    many, take = queue.enqueue_many([[1, 2, 3]]), queue.dequeue()
    found = []
    with tf.Session() as session:
        thread, result = in_background(lambda: session.run(many))
        session.run(queue.close(cancel_pending_enqueues=True))
        thread.join()
        found.append([result, drained(session, take)])
        found.append(words(session.run, queue.close()))
        found.append(words(session.run, queue.close(cancel_pending_enqueues=True)))
    return found


@case
def closing_the_session(tf):
    queue = tf.FIFOQueue(2, tf.int32, shapes=[[]])
    many, take, more = queue.enqueue_many([[1, 2, 3]]), queue.dequeue(), queue.dequeue_many(2)
    found = []
    for fetch in (many, take, more):
        session = tf.Session()
        thread, result = in_background(functools.partial(session.run, fetch))
        session.close()
        thread.join()
        found.append(result)
    return found


@case
def waiting_for_many(tf):
    queue = tf.FIFOQueue(10, tf.int32, shapes=[[]])
    found = []
    with tf.Session() as session:
        session.run(queue.enqueue_many([[1, 2]]))
        thread, result = in_background(lambda: session.run(queue.dequeue_many(3)))
        found.append([list(result), plain(session.run(queue.size()))])
        session.run(queue.enqueue_many([[3, 4]]))
        thread.join()
        found.append([result, plain(session.run(queue.size()))])
        thread, result = in_background(lambda: session.run(queue.dequeue_many(3)))
        found.append(plain(session.run(queue.size())))
        session.run(queue.close())
        thread.join()
        found.append([result, plain(session.run(queue.size())), plain(session.run(queue.dequeue()))])
    return found


@case
def timing_out(tf):
    queue = tf.FIFOQueue(10, tf.int32, shapes=[[]])
    found = []
    with tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=50)) as session:
        found.append(words(session.run, queue.dequeue()))
    with tf.Session() as session:
        found.append(words(session.run, queue.dequeue(), options=tf.RunOptions(timeout_in_ms=50)))
        session.run(queue.enqueue(1))
        found.append(plain(session.run(queue.dequeue(), options=tf.RunOptions(timeout_in_ms=5000))))
    return found


@case
def one_of_several(tf):
    queues = [tf.FIFOQueue(10, tf.int32, shapes=[[]]) for _ in range(2)]
    index = tf.placeholder(tf.int32)
    with tf.Session() as session:
        for i, queue in enumerate(queues):
            session.run(queue.enqueue(i + 5))
        chosen = tf.QueueBase.from_list(index, queues)
        value = chosen.dequeue()
        return [
            plain(session.run(value, {index: 1})),
            plain(session.run(value, {index: 0})),
            [str(s) for s in chosen.shapes],
            chosen.name,
            nodes(tf, "Pack", "Gather", "GatherV2", "QueueDequeueV2"),
        ]


@case
def elements_of_other_types(tf):
    queue = tf.FIFOQueue(10, [tf.int32, tf.float32], shapes=[[], []])
    few, many = queue.enqueue([1]), queue.enqueue_many([[1, 2]])
    with tf.Session() as session:
        return [words(session.run, few), words(session.run, many), words(queue.dequeue_many, -1)]
