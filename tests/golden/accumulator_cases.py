"""What accumulators and barriers give under TensorFlow 1.15.5; the results are kept in accumulators.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import importlib
import re

from queue_cases import in_background
from queue_cases import words as words_of
from state_cases import error, nodes, plain

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def words(function, *args, **kwargs):
    """As the one of `queue_cases`, without the number in a resource's name."""
    found = words_of(function, *args, **kwargs)
    return found and [found[0], re.sub(r"_\d+_", "_N_", found[1])]


@case
def dense_accumulator(tf):
    mean = tf.ConditionalAccumulator(tf.float32, shape=[2], name="mean")
    total = tf.ConditionalAccumulator(tf.float32, name="total", reduction_type="SUM")
    x, step, n = tf.placeholder(tf.float32), tf.placeholder(tf.int64, []), tf.placeholder(tf.int32, [])
    found = []
    with tf.Session() as session:
        for accumulator in (mean, total):
            put, count = accumulator.apply_grad(x, local_step=step), accumulator.num_accumulated()
            take = accumulator.take_grad(n)
            for i in (1, 2, 6):
                session.run(put, {x: [i, 2.0 * i], step: 0})
            found.append(plain(session.run(count)))
            found.append([str(take.shape), plain(session.run(take, {n: 2}))])
            session.run(put, {x: [5, 5], step: 0})
            found.append(plain(session.run(count)))
            session.run(put, {x: [5, 5], step: 1})
            session.run(accumulator.set_global_step(5))
            session.run(put, {x: [7, 7], step: 4})
            found.append(plain(session.run(count)))
            session.run(accumulator.set_global_step(3))
            session.run(put, {x: [7, 7], step: 4})
            session.run(put, {x: [9, 9], step: 5})
            found.append(plain(session.run(take, {n: 1})))
            session.run(put, {x: [1, 1], step: 5})
            found.append(plain(session.run(count)))
            found.append(words(session.run, put, {x: [[1, 1]], step: 9}))
            session.run(put, {x: [1, 1], step: 9})
            found.append(words(session.run, put, {x: [1, 1, 1], step: 9}))
            found.append(words(session.run, take, {n: 0}))
            found.append(words(session.run, take, {n: -1}))
    found.append([mean.name, mean.dtype.name, error(mean.apply_grad, [1.0, 2.0, 3.0])])
    found.append(nodes(tf))
    return found


@case
def waiting_for_gradients(tf):
    accumulator = tf.ConditionalAccumulator(tf.float32, shape=[])
    put, take = accumulator.apply_grad(2.0, local_step=10), accumulator.take_grad(2)
    found = []
    with tf.Session() as session:
        thread, result = in_background(lambda: session.run(take))
        session.run(put)
        found.append(list(result))
        session.run(put)
        thread.join()
        found.append(result)
    session = tf.Session()
    thread, result = in_background(lambda: session.run(take))
    session.close()
    thread.join()
    found.append(result)
    return found


@case
def sparse_accumulator(tf):
    mean = tf.SparseConditionalAccumulator(tf.float32, shape=[None, 2], name="mean")
    total = tf.SparseConditionalAccumulator(tf.float32, name="total", reduction_type="SUM")
    found = []
    with tf.Session() as session:
        for accumulator in (mean, total):

            def put(indices, values, shape=None, step=0, accumulator=accumulator):
                slices = tf.IndexedSlices(
                    tf.constant(values, tf.float32),
                    tf.constant(indices, tf.int64),
                    None if shape is None else tf.constant(shape),
                )
                return accumulator.apply_indexed_slices_grad(slices, local_step=step)

            taken = accumulator.take_indexed_slices_grad(1)
            session.run(put([0, 1], [[1, 0], [0, 2]]))
            session.run(put([0, 2], [[0, 1], [3, 0]], [3, 2]))
            found.append(plain(session.run(accumulator.num_accumulated())))
            found.append([plain(x) for x in session.run([taken.indices, taken.values, taken.dense_shape])])
            session.run(put([4, 1], [[1, 1], [2, 2]], step=0))
            found.append(plain(session.run(accumulator.num_accumulated())))
            session.run(put([4, 1], [[1, 1], [2, 2]], step=1))
            found.append([plain(x) for x in session.run(accumulator.take_grad(1))])
            session.run(accumulator.set_global_step(1))
            session.run(put([1, 3], [[1, 1], [2, 2]], [4, 2], step=9))
            found.append(words(session.run, put([1], [[1, 1, 1]], step=9)))
            found.append(words(session.run, put([1, 2], [[1, 1]], step=9)))
            found.append(words(session.run, put([1], [[1, 1]], [5, 2], step=9)))
            found.append(words(session.run, put([1], [[1, 1]], [4, 3], step=9)))
            found.append(words(session.run, put([7], [[1, 1]], [4, 2], step=9)))
            found.append(words(session.run, put([[1]], [[1, 1]], step=9)))
            found.append(words(session.run, put([1], 3.0, step=9)))
            found.append(words(session.run, accumulator.take_grad(0)))
    found.append(nodes(tf)[:40])
    return found


@case
def barrier(tf):
    module = importlib.import_module(
        "tensorflow.python.ops.data_flow_ops" if "tensorflow" in tf.__name__ else "pyflow.ops.barrier"
    )
    box = module.Barrier([tf.string, tf.int32], shapes=[[], []], name="B")
    take = box.take_many(2)
    sizes = [box.ready_size(), box.incomplete_size()]
    few = box.take_many(5, allow_small_batch=True)
    found = [[str(take[0].shape), str(take[1].shape), [str(v.shape) for v in take[2]], str(few[0].shape)]]
    with tf.Session() as session:
        session.run(box.insert_many(0, ["k1", "k2"], ["a", "b"]))
        session.run(box.insert_many(1, ["k1"], [1]))
        session.run(box.insert_many(0, ["k3"], ["c"]))
        session.run(box.insert_many(1, ["k3"], [3]))
        found.append(plain(session.run(sizes)))
        session.run(box.insert_many(1, ["k2"], [2]))
        found.append(plain(session.run(sizes)))
        indices, keys, values = session.run(take)
        found.append([plain(indices), sorted(zip(plain(keys), plain(values[0]), values[1].tolist()))])
        thread, result = in_background(lambda: session.run(take[1]))
        found.append(list(result))
        session.run(box.insert_many(0, ["k4", "k5"], ["d", "e"]))
        session.run(box.insert_many(1, ["k4"], [4]))
        thread.join()
        found.append(sorted(result[0]))
        found.append(words(session.run, box.insert_many(0, ["k5"], ["again"])))
        found.append(words(session.run, box.insert_many(2, ["k5"], [1])))
        session.run(box.close())
        found.append(words(session.run, box.insert_many(0, ["new"], ["n"])))
        session.run(box.insert_many(1, ["k5"], [5]))
        found.append(plain(session.run(sizes)))
        found.append([plain(x) for x in session.run([few[1], few[2][1]])])
        found.append(words(session.run, take))
        found.append(words(session.run, few))
        found.append(words(session.run, box.close()))
        session.run(box.close(cancel_pending_enqueues=True))
    cancelled = module.Barrier([tf.int32, tf.int32], shapes=[[], []])
    with tf.Session() as session:
        session.run(cancelled.insert_many(0, ["a", "b"], [1, 2]))
        session.run(cancelled.insert_many(1, ["a"], [1]))
        session.run(cancelled.close(cancel_pending_enqueues=True))
        found.append(words(session.run, cancelled.insert_many(1, ["b"], [1])))
        found.append(plain(session.run([cancelled.ready_size(), cancelled.incomplete_size()])))
        found.append(words(session.run, cancelled.take_many(2)))
        found.append(plain(session.run(cancelled.take_many(1)[1])))
    found.append(error(module.Barrier, [tf.int32], shapes=[[0]]))
    found.append(nodes(tf)[:30])
    return found
