"""What staging areas and accumulators give under TensorFlow 1.15.5; the results are kept in staging.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

from queue_cases import in_background, words
from state_cases import error, nodes, plain

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def areas(tf):
    """The module that the classes are in."""
    import importlib

    folder = "tensorflow.python.ops.data_flow_ops" if "tensorflow" in tf.__name__ else "pyflow.ops.staging"
    return importlib.import_module(folder)


@case
def staging_area(tf):
    area = areas(tf).StagingArea([tf.float32, tf.string], shapes=[[2], None])
    x = tf.placeholder(tf.float32, [2])
    put, got, peeked = area.put([x, tf.constant("a")]), area.get(), area.peek(0)
    found = [nodes(tf), [str(t.shape) for t in got]]
    with tf.Session() as session:
        for i in range(3):
            session.run(put, {x: [i, i]})
        found.append([plain(session.run(peeked)), plain(session.run(area.size()))])
        found.append([plain(session.run(got)) for _ in range(2)])
        session.run(area.clear())
        found.append(plain(session.run(area.size())))
    found.append(error(area.put, [tf.constant(1), tf.constant("a")]))
    found.append(error(area.put, [x, tf.constant("a"), x]))
    found.append(error(area.put, {"x": x}))
    found.append(error(area.put, [tf.constant([1.0]), tf.constant("a")]))
    found.append(error(areas(tf).StagingArea, [tf.int32], shapes=[[], []]))
    found.append(error(areas(tf).StagingArea, [tf.int32], names=["a", "b"]))
    found.append(error(areas(tf).StagingArea, [tf.int32], shared_name=3))
    return found


@case
def named_staging_area(tf):
    area = areas(tf).StagingArea([tf.float32, tf.int32], names=["f", "i"], shared_name="mine", capacity=1)
    put, got = area.put({"f": tf.constant(1.0), "i": tf.constant(2)}), area.get()
    with tf.Session() as session:
        session.run(put)
        thread, result = in_background(lambda: session.run(put))
        found = [list(result), plain(session.run(area.size()))]
        found.append(sorted([k, plain(v)] for k, v in session.run(got).items()))
        thread.join()
        found.append(result)
        session.run(got)
        found.append([area.name, area.capacity, area.memory_limit, area.names])
        small = areas(tf).StagingArea([tf.float32], memory_limit=7)
        found.append(words(session.run, small.put([tf.constant([1.0, 2.0])])))
    return found


@case
def staged_map(tf):
    found = []
    for ordered in (True, False):
        area = areas(tf).MapStagingArea([tf.int32, tf.float32], ordered=ordered, names=["i", "f"])
        key = tf.placeholder(tf.int64, [])
        put = area.put(key, {"i": tf.cast(key * 10, tf.int32), "f": tf.constant(0.5)})
        half, other = area.put(key, {"i": tf.constant(7)}), area.put(key, {"f": tf.constant(8.0)})
        peeked, got, some = area.peek(key), area.get(key), area.get()
        part, rest = area.get(key, ["f"]), area.get(key, [0])
        sizes = [area.size(), area.incomplete_size()]
        with tf.Session() as session:

            def items(pair):
                return [plain(pair[0]), sorted([k, plain(v)] for k, v in pair[1].items())]

            for i in (5, 2, 9):
                session.run(put, {key: i})
            found.append(sorted([k, plain(v)] for k, v in session.run(peeked, {key: 9}).items()))
            found.append(items(session.run(got, {key: 9})))
            if ordered:
                found.append(items(session.run(some)))
            session.run(half, {key: 1})
            found.append(plain(session.run(sizes)))
            found.append(words(session.run, half, {key: 1}))
            session.run(other, {key: 1})
            found.append(plain(session.run(sizes)))
            found.append(items(session.run(part, {key: 1})))
            found.append(words(session.run, part, {key: 1}))
            found.append(items(session.run(rest, {key: 1})))
            found.append(plain(session.run(sizes)))
            session.run(area.clear())
            found.append(plain(session.run(sizes)))
    found.append(error(area.put, 1, [tf.constant(1)]))
    found.append(error(area.put, 1, {"x": tf.constant(1)}))
    found.append(error(area.get, 1, []))
    found.append(error(area.get, 1, ["i", 1]))
    found.append(error(area.get, 1, 3))
    found.append(nodes(tf))
    return found
