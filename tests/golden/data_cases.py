"""What datasets and iterators give under TensorFlow 1.15.5; the results are kept in data.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import collections
import gzip
import os
import shutil
import tempfile

import numpy as np
from outcomes import plain

CASES = {}
_MOST = 60


def words(exception):
    """Class and message of an error, without the node that each has named in its own way."""
    return [type(exception).__name__, str(exception).split("\n")[0].split("}} ")[-1].split(". Got <class")[0]]


def elements(tf, build, times=1):
    """What an initializable iterator over `build(tf)` gives, `times` times over, up to the end or an error."""
    with tf.Graph().as_default():
        try:
            dataset = build(tf)
            iterator = tf.data.make_initializable_iterator(dataset)
            following = iterator.get_next()
            with tf.Session() as session:
                found = [repr(dataset).split("shapes", 1)[1]]
                for _ in range(times):
                    session.run(iterator.initializer)
                    found.append(values(tf, session, following))
                return found
        except Exception as exception:
            return words(exception)


def values(tf, session, following):
    """What is left."""
    found = []
    while len(found) < _MOST:
        try:
            found.append(plain(session.run(following)))
        except tf.errors.OutOfRangeError:
            return found
        except Exception as exception:
            found.append(words(exception))
    return found


def case(function):
    CASES[function.__name__] = function
    return function


def repeated(tf, lengths, dtype=np.int64):
    """Datasets of each number as many times as it says."""
    return tf.data.Dataset.from_tensor_slices(np.array(lengths, dtype))


# ---------------------------------------------------------------- tables of pipelines

Pair = collections.namedtuple("Pair", ["first", "second"])


def growing(tf):
    return tf.data.Dataset.range(1, 6).map(lambda x: tf.fill([x], x))


def seeded(tf, graph_seed, build):
    tf.set_random_seed(graph_seed)
    return build(tf.data.Dataset)


SOURCES = {
    "tensors": lambda tf: tf.data.Dataset.from_tensors((1, [2.0, 3.0])),
    "nested": lambda tf: tf.data.Dataset.from_tensors({"b": (1, b"x"), "a": Pair([1, 2], np.float64(3))}),
    "slices": lambda tf: tf.data.Dataset.from_tensor_slices({"x": [[1, 2], [3, 4]], "y": ["a", "b"]}),
    "unequal slices": lambda tf: tf.data.Dataset.from_tensor_slices(([1, 2], [1, 2, 3])),
    "no slices": lambda tf: tf.data.Dataset.from_tensor_slices(5),
    "range": lambda tf: tf.data.Dataset.range(3),
    "range with step": lambda tf: tf.data.Dataset.range(7, 0, -3),
    "no range": lambda tf: tf.data.Dataset.range(),
    "step of nothing": lambda tf: tf.data.Dataset.range(0, 3, 0),
    "sparse slices": lambda tf: tf.data.Dataset.from_tensor_slices(tf.SparseTensor([[0, 1], [2, 0]], [1, 2], [3, 2])),
    "rows of sparse": lambda tf: tf.data.Dataset.from_sparse_tensor_slices(
        tf.SparseTensor([[0, 1], [2, 0]], [1, 2], [3, 2])
    ),
    "batches of sparse": lambda tf: tf.data.Dataset.from_tensor_slices(
        tf.SparseTensor([[0, 1], [2, 0]], [1, 2], [3, 2])
    ).batch(2),
    "zipped": lambda tf: tf.data.Dataset.zip((tf.data.Dataset.range(3), {"x": tf.data.Dataset.range(10, 12)})),
    "zipped list": lambda tf: tf.data.Dataset.zip([tf.data.Dataset.range(3)]),
    "concatenated": lambda tf: tf.data.Dataset.from_tensors([1, 2]).concatenate(tf.data.Dataset.from_tensors([3])),
    "unlike concatenated": lambda tf: tf.data.Dataset.range(3).concatenate(tf.data.Dataset.from_tensors(1.0)),
    "generator": lambda tf: tf.data.Dataset.from_generator(
        lambda: iter([(1, [2]), (3, [4, 5])]), (tf.int32, tf.int64), ((), [None])
    ),
    "strings generated": lambda tf: tf.data.Dataset.from_generator(lambda: ["a", b"b", "\xe9"], tf.string, []),
    "dicts generated": lambda tf: tf.data.Dataset.from_generator(
        lambda: ({"a": i, "b": [i] * i} for i in range(3)), {"a": tf.float32, "b": tf.int32}
    ),
    "generator with arguments": lambda tf: tf.data.Dataset.from_generator(
        lambda n, x: (x * i for i in range(n)), tf.float32, [], args=(3, 2.0)
    ).repeat(2),
    "generator of another type": lambda tf: tf.data.Dataset.from_generator(lambda: iter([1, "a"]), tf.int32),
    "generator of another shape": lambda tf: tf.data.Dataset.from_generator(lambda: iter([[1, 2]]), tf.int32, [3]),
    "generator of another structure": lambda tf: tf.data.Dataset.from_generator(
        lambda: iter([1]), (tf.int32, tf.int32)
    ),
    "no generator": lambda tf: tf.data.Dataset.from_generator(3, tf.int32),
}

ORDERS = {
    "repeated": lambda tf: tf.data.Dataset.range(2).repeat(2),
    "repeated none": lambda tf: tf.data.Dataset.range(2).repeat(0),
    "nothing repeated": lambda tf: tf.data.Dataset.range(0).repeat(),
    "taken": lambda tf: tf.data.Dataset.range(5).take(2),
    "taken all": lambda tf: tf.data.Dataset.range(5).take(-1),
    "skipped": lambda tf: tf.data.Dataset.range(5).skip(3),
    "skipped all": lambda tf: tf.data.Dataset.range(5).skip(-1),
    "shards": lambda tf: tf.data.Dataset.range(7).shard(3, 1),
    "no shard": lambda tf: tf.data.Dataset.range(3).shard(2, 5),
    "enumerated": lambda tf: tf.data.Dataset.range(3).map(lambda x: (x, -x)).enumerate(5),
    "cached": lambda tf: tf.data.Dataset.range(3).map(lambda x: tf.random_uniform([], seed=1)).cache().repeat(2),
    "prefetched": lambda tf: tf.data.Dataset.range(5).prefetch(2),
    "negative prefetch": lambda tf: tf.data.Dataset.range(5).prefetch(-2),
    "unique": lambda tf: repeated(tf, [3, 1, 3, 2, 1]).apply(tf.data.experimental.unique()),
    "counted": lambda tf: tf.data.experimental.Counter(2, 3).take(3),
    "taken while": lambda tf: tf.data.Dataset.range(9).apply(tf.data.experimental.take_while(lambda x: x * x < 20)),
    "chosen": lambda tf: tf.data.experimental.choose_from_datasets(
        [tf.data.Dataset.range(4), tf.data.Dataset.range(10, 15)], tf.data.Dataset.range(2).repeat(4)
    ),
    "chosen out of range": lambda tf: tf.data.experimental.choose_from_datasets(
        [tf.data.Dataset.range(4)], tf.data.Dataset.range(2)
    ),
}

SHUFFLES = {
    "shuffled": lambda tf: tf.data.Dataset.range(10).shuffle(4, seed=7),
    "whole": lambda tf: tf.data.Dataset.range(10).shuffle(100, seed=7),
    "one by one": lambda tf: tf.data.Dataset.range(4).shuffle(1, seed=7),
    "again and again": lambda tf: tf.data.Dataset.range(6).shuffle(10, seed=7).repeat(3),
    "always the same": lambda tf: (
        tf.data.Dataset.range(6).shuffle(10, seed=7, reshuffle_each_iteration=False).repeat(3)
    ),
    "across rounds": lambda tf: tf.data.Dataset.range(6).repeat(3).shuffle(4, seed=7),
    "in one": lambda tf: tf.data.Dataset.range(6).apply(tf.data.experimental.shuffle_and_repeat(4, 3, seed=7)),
    "in one, large": lambda tf: tf.data.Dataset.range(5).apply(tf.data.experimental.shuffle_and_repeat(12, 4, seed=7)),
    "in one, endless": lambda tf: (
        tf.data.Dataset.range(4).apply(tf.data.experimental.shuffle_and_repeat(3, seed=7)).take(11)
    ),
    "graph seed": lambda tf: seeded(tf, 5, lambda D: D.range(6).shuffle(4).repeat(2)),
    "both seeds": lambda tf: seeded(tf, 5, lambda D: D.range(6).shuffle(4, seed=2).batch(4).repeat(2)),
    "rows": lambda tf: (
        tf.data.Dataset.from_tensor_slices((np.arange(12).reshape(6, 2), list("abcdef"))).shuffle(4, seed=3).batch(4)
    ),
    "rows again": lambda tf: tf.data.Dataset.from_tensor_slices(np.arange(7)).shuffle(20, seed=3).repeat(2).batch(4),
    "mapped rows": lambda tf: tf.data.Dataset.from_tensor_slices(np.arange(7)).map(lambda x: x * 2).shuffle(3, seed=3),
    "no buffer": lambda tf: tf.data.Dataset.range(3).shuffle(0),
    "random numbers": lambda tf: tf.data.experimental.RandomDataset(seed=3).take(5),
    "mapped, graph seed": lambda tf: seeded(
        tf, 5, lambda D: D.range(4).map(lambda x: tf.random_uniform([], maxval=1000, dtype=tf.int32)).repeat(2)
    ),
    "mapped": lambda tf: tf.data.Dataset.range(4).map(lambda x: tf.random_shuffle([1, 2, 3, 4], seed=2)).repeat(2),
    "sampled": lambda tf: tf.data.experimental.sample_from_datasets(
        [tf.data.Dataset.range(4), tf.data.Dataset.range(10, 15)], [0.3, 0.7], seed=3
    ),
    "sampled evenly": lambda tf: tf.data.experimental.sample_from_datasets(
        [tf.data.Dataset.range(4), tf.data.Dataset.range(10, 15)], seed=3
    ),
    "sampled by a dataset": lambda tf: tf.data.experimental.sample_from_datasets(
        [tf.data.Dataset.range(4), tf.data.Dataset.range(10, 15)],
        tf.data.Dataset.from_tensors([0.3, 0.7]).repeat(),
        seed=3,
    ),
    "resampled": lambda tf: (
        tf.data.Dataset.range(30)
        .map(lambda x: tf.cast(x % 3, tf.int32))
        .apply(tf.data.experimental.rejection_resample(lambda x: x, [0.2, 0.3, 0.5], seed=5))
    ),
    "resampled from known": lambda tf: (
        tf.data.Dataset.range(40)
        .map(lambda x: tf.cast(x % 3, tf.int32))
        .apply(tf.data.experimental.rejection_resample(lambda x: x, [0.1, 0.2, 0.7], [0.3, 0.3, 0.4], seed=5))
    ),
}

BATCHES = {
    "batches": lambda tf: tf.data.Dataset.range(5).batch(2),
    "whole batches": lambda tf: tf.data.Dataset.range(5).batch(2, drop_remainder=True),
    "batches of strings": lambda tf: tf.data.Dataset.from_tensor_slices(list("abc")).map(lambda x: x + "!").batch(2),
    "batches of batches": lambda tf: tf.data.Dataset.range(9).batch(2).batch(2, True),
    "no batch": lambda tf: tf.data.Dataset.range(3).batch(0),
    "shapes that differ": lambda tf: growing(tf).prefetch(1).batch(3),
    "mapped shapes that differ": lambda tf: growing(tf).batch(3),
    "padded": lambda tf: growing(tf).padded_batch(3, [None]),
    "padded to": lambda tf: growing(tf).padded_batch(2, [6], np.int64(-1), drop_remainder=True),
    "padded too short": lambda tf: growing(tf).padded_batch(3, [2]),
    "padded strings": lambda tf: (
        growing(tf).map(lambda x: (tf.as_string(x), tf.size(x))).padded_batch(3, ([-1], []), ("?", 0))
    ),
    "padded wrongly": lambda tf: tf.data.Dataset.range(3).padded_batch(2, [3]),
    "padded with another type": lambda tf: tf.data.Dataset.range(3).padded_batch(2, [], 0.5),
    "windows": lambda tf: tf.data.Dataset.range(7).window(3, 2, 2).flat_map(lambda x: x.batch(3)),
    "whole windows": lambda tf: tf.data.Dataset.range(7).window(3, drop_remainder=True).flat_map(lambda x: x.batch(3)),
    "gaps": lambda tf: tf.data.Dataset.range(9).window(2, 4).flat_map(lambda x: x.batch(3)),
    "windows of pairs": lambda tf: (
        tf.data.Dataset.range(5)
        .map(lambda x: (x, x + 10))
        .window(2)
        .flat_map(lambda x, y: tf.data.Dataset.zip((x.batch(2), y.batch(2))))
    ),
    "no window": lambda tf: tf.data.Dataset.range(7).window(0),
    "unbatched": lambda tf: tf.data.Dataset.from_tensors(([1, 2, 3], [[4], [5], [6]])).unbatch(),
    "unbatched wrongly": lambda tf: tf.data.Dataset.from_tensors(([1, 2, 3], [4, 5])).unbatch(),
    "dense to sparse": lambda tf: growing(tf).apply(tf.data.experimental.dense_to_sparse_batch(2, [5])),
    "dense to sparse, too long": lambda tf: growing(tf).apply(tf.data.experimental.dense_to_sparse_batch(2, [2])),
    "map and batch": lambda tf: tf.data.Dataset.range(5).apply(
        tf.data.experimental.map_and_batch(lambda x: (x * 2, [x]), 2, drop_remainder=True)
    ),
    "contrib": lambda tf: tf.data.Dataset.range(5).apply(tf.contrib.data.batch_and_drop_remainder(2)),
    "sliding": lambda tf: tf.data.Dataset.range(6).apply(tf.contrib.data.sliding_window_batch(3, window_shift=2)),
    "grouped": lambda tf: tf.data.Dataset.range(9).apply(
        tf.data.experimental.group_by_window(lambda x: x % 3, lambda k, d: d.batch(2), 2)
    ),
    "grouped by size": lambda tf: tf.data.Dataset.range(9).apply(
        tf.data.experimental.group_by_window(
            lambda x: x % 2, lambda k, d: d.batch(9).map(lambda b: (k, b)), window_size_func=lambda k: k + 1
        )
    ),
    "reduced by key": lambda tf: tf.data.Dataset.range(9).apply(
        tf.data.experimental.group_by_reducer(
            lambda x: x % 2,
            tf.data.experimental.Reducer(lambda k: np.int64(0), lambda s, x: s + x, lambda s: tf.cast(s, tf.float32)),
        )
    ),
    "buckets": lambda tf: (
        growing(tf)
        .repeat(2)
        .apply(tf.data.experimental.bucket_by_sequence_length(lambda x: tf.shape(x)[0], [3, 5], [2, 2, 2]))
    ),
    "buckets to their boundaries": lambda tf: growing(tf).apply(
        tf.data.experimental.bucket_by_sequence_length(
            lambda x: tf.shape(x)[0], [3, 7], [2, 2, 2], pad_to_bucket_boundary=True
        )
    ),
}

FUNCTIONS = {
    "mapped": lambda tf: tf.data.Dataset.range(4).map(lambda x: x * x),
    "mapped to a list": lambda tf: tf.data.Dataset.range(2).map(lambda x: [x, x]),
    "mapped to nothing": lambda tf: tf.data.Dataset.range(2).map(lambda x: None),
    "mapped to text": lambda tf: tf.data.Dataset.range(2).map(lambda x: "a"),
    "mapped pairs": lambda tf: tf.data.Dataset.from_tensor_slices(([1, 2], [3.0, 4.0])).map(
        lambda x, y: {"x": x, "y": (y, y + 1)}
    ),
    "mapped to sparse": lambda tf: tf.data.Dataset.range(2).map(lambda x: tf.SparseTensor([[0, x]], [x], [1, 3])),
    "python function": lambda tf: tf.data.Dataset.range(3).map(lambda x: tf.py_func(lambda y: y * 2, [x], tf.int64)),
    "in parallel": lambda tf: tf.data.Dataset.range(9).map(lambda x: x * x, num_parallel_calls=3),
    "condition": lambda tf: tf.data.Dataset.range(4).map(lambda x: tf.cond(x > 1, lambda: x * 10, lambda: -x)),
    "loop": lambda tf: tf.data.Dataset.range(4).map(
        lambda x: tf.while_loop(lambda i: i < 10, lambda i: i * 2 + 1, [x])
    ),
    "captured": lambda tf: (lambda c: tf.data.Dataset.range(3).map(lambda x: x + c))(tf.constant(5, tf.int64)),
    "errors": lambda tf: tf.data.Dataset.from_tensor_slices([1.0, 0.0, 2.0]).map(
        lambda x: tf.check_numerics(1 / x, "bad")
    ),
    "errors in parallel": lambda tf: (
        tf.data.Dataset.from_tensor_slices([1.0, 0.0, 2.0])
        .map(lambda x: tf.check_numerics(1 / x, "bad"), num_parallel_calls=2)
        .prefetch(2)
    ),
    "ignored errors": lambda tf: (
        tf.data.Dataset.from_tensor_slices([1.0, 0.0, 2.0])
        .map(lambda x: tf.check_numerics(1 / x, "bad"))
        .apply(tf.data.experimental.ignore_errors())
    ),
    "filtered": lambda tf: tf.data.Dataset.range(9).filter(lambda x: tf.equal(x % 3, 0)),
    "filtered by a number": lambda tf: tf.data.Dataset.range(3).filter(lambda x: x),
    "flat": lambda tf: repeated(tf, [2, 0, 3]).flat_map(lambda x: tf.data.Dataset.range(x)),
    "flat of tensors": lambda tf: tf.data.Dataset.range(3).flat_map(lambda x: x).batch(1),
    "interleaved": lambda tf: repeated(tf, [1, 4, 2, 3, 5]).interleave(
        lambda x: tf.data.Dataset.from_tensors(x).repeat(x), 2, 1
    ),
    "interleaved blocks": lambda tf: repeated(tf, [1, 4, 2, 3, 5]).interleave(
        lambda x: tf.data.Dataset.from_tensors(x).repeat(x), 3, 2
    ),
    "interleaved in parallel": lambda tf: repeated(tf, [1, 4, 2, 3, 5]).interleave(
        lambda x: tf.data.Dataset.from_tensors(x).repeat(x), 3, 2, num_parallel_calls=3
    ),
    "interleaved by threads": lambda tf: repeated(tf, [1, 4, 2, 0, 3, 5]).apply(
        tf.data.experimental.parallel_interleave(lambda x: tf.data.Dataset.from_tensors(x).repeat(x), 3, 2)
    ),
    "no cycle": lambda tf: repeated(tf, [1]).interleave(lambda x: tf.data.Dataset.range(x), 0),
    "scanned": lambda tf: tf.data.Dataset.range(5).apply(
        tf.data.experimental.scan(np.int64(1), lambda s, x: (s + x, s * x))
    ),
    "scanned with growing state": lambda tf: tf.data.Dataset.range(3).apply(
        tf.data.experimental.scan(tf.constant([0], tf.int64), lambda s, x: (tf.concat([s, [x]], 0), s))
    ),
    "scanned with another type": lambda tf: tf.data.Dataset.range(3).apply(
        tf.data.experimental.scan(0.5, lambda s, x: (x, x))
    ),
}

TABLES = {
    "source": SOURCES,
    "order": ORDERS,
    "shuffle": SHUFFLES,
    "batch": BATCHES,
    "function": FUNCTIONS,
}


def _of_table(table):
    twice = table is SHUFFLES
    return lambda tf: {name: elements(tf, build, 2 if twice else 1) for name, build in sorted(table.items())}


for _name, _table in TABLES.items():
    CASES[_name] = _of_table(_table)


# ---------------------------------------------------------------- iterators


@case
def one_shot(tf):
    found = []
    following = tf.data.Dataset.range(3).make_one_shot_iterator().get_next()
    for _ in range(2):  # each session has its own
        with tf.Session() as session:
            found.append(values(tf, session, following))
    held = tf.placeholder(tf.int32, [2])
    variable = tf.Variable(1.0)
    for build in (
        lambda: tf.data.Dataset.from_tensor_slices(held),
        lambda: tf.data.Dataset.range(3).map(lambda x: tf.cast(x, tf.float32) + variable),
        lambda: tf.data.Dataset.from_tensors(tf.random_uniform([])),
    ):
        try:
            found.append(plain(build().make_one_shot_iterator().get_next().shape.as_list()))
        except Exception as exception:
            found.append(words(exception))
    return found


@case
def initializable(tf):
    held = tf.placeholder(tf.int64, [])
    iterator = tf.data.Dataset.range(held).make_initializable_iterator()
    following, found = iterator.get_next(), []
    with tf.Session() as session:
        try:
            session.run(following)
        except Exception as exception:
            found.append(words(exception))
        for count in (2, 3):
            session.run(iterator.initializer, {held: count})
            found.append(values(tf, session, following))
        session.run(iterator.initializer, {held: 5})
        session.run(following)
        session.run(iterator.initializer, {held: 1})
        found.append(values(tf, session, following))
    return found


@case
def variables_and_tables(tf):
    variable = tf.Variable(10, dtype=tf.int64)
    resource = tf.get_variable("r", [], tf.int64, tf.constant_initializer(7, tf.int64), use_resource=True)
    iterator = tf.data.Dataset.range(3).map(lambda x: x + variable + resource).make_initializable_iterator()
    following, found = iterator.get_next(), []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(iterator.initializer)
        found.append(plain(session.run(following)))
        session.run(resource.assign(100))
        found.append(plain(session.run(following)))
    return found


@case
def reinitializable(tf):
    iterator = tf.data.Iterator.from_structure(tf.int64, tf.TensorShape([None]))
    following, found = iterator.get_next(), []
    first = iterator.make_initializer(tf.data.Dataset.range(3).batch(2))
    second = iterator.make_initializer(tf.data.Dataset.from_tensors(np.array([7, 8, 9])), name="second")
    found.append([first.name, second.name, str(following.shape)])
    for dataset in (
        tf.data.Dataset.range(3),
        tf.data.Dataset.from_tensors([1.0]),
        tf.data.Dataset.from_tensors((np.array([1]), np.array([1]))),
    ):
        try:
            iterator.make_initializer(dataset)
        except Exception as exception:
            found.append(type(exception).__name__)
    with tf.Session() as session:
        for initializer in (first, second, first):
            session.run(initializer)
            found.append(values(tf, session, following))
    return found


@case
def feedable(tf):
    handle = tf.placeholder(tf.string, [])
    fed = tf.data.Iterator.from_string_handle(handle, tf.int64, [])
    following, found = fed.get_next(), []
    first = tf.data.Dataset.range(4).make_one_shot_iterator()
    second = tf.data.Dataset.range(10, 14).make_initializable_iterator()
    others = [
        tf.data.Dataset.from_tensors(1.0).make_one_shot_iterator(),
        tf.data.Dataset.range(2).batch(2).make_one_shot_iterator(),
        tf.data.Dataset.range(2).map(lambda x: (x, x)).make_one_shot_iterator(),
    ]
    with tf.Session() as session:
        handles = session.run([first.string_handle(), second.string_handle()])
        session.run(second.initializer)
        for which in (0, 1, 1, 0, 0, 1):
            found.append(plain(session.run(following, {handle: handles[which]})))
        found.append(plain(session.run(first.get_next())))
        for other in others:
            try:
                session.run(following, {handle: session.run(other.string_handle())})
            except Exception as exception:
                found.append(words(exception))
    return found


@case
def shared(tf):
    iterators = [tf.data.Dataset.range(5).make_initializable_iterator(shared_name="mine") for _ in range(2)]
    following, found = [i.get_next() for i in iterators], []
    with tf.Session() as session:
        session.run(iterators[0].initializer)
        for which in (0, 1, 0, 1):
            found.append(plain(session.run(following[which])))
    return found


@case
def optionals(tf):
    iterator = tf.data.Dataset.range(2).make_one_shot_iterator()
    optional = tf.data.experimental.get_next_as_optional(iterator)
    has, value, found = optional.has_value(), optional.get_value(), []
    with tf.Session() as session:
        found.append(plain(session.run([has, value])))
        found.append(plain(session.run([has, value])))
        found.append(plain(session.run(has)))
        try:
            session.run(value)
        except Exception as exception:
            found.append(words(exception))
        made = tf.data.experimental.Optional.from_value((1, {"a": [2.0]}))
        none = tf.data.experimental.Optional.none_from_structure(made.value_structure)
        found.append(plain(session.run([made.has_value(), made.get_value(), none.has_value()])))
    return found


@case
def properties(tf):
    dataset = tf.data.Dataset.from_tensor_slices(
        {"a": ([1, 2], tf.SparseTensor([[0, 0]], [1.0], [2, 3])), "b": ["x", "y"]}
    ).batch(2)
    iterator = dataset.make_one_shot_iterator()
    found = [repr(dataset)]
    for thing in (dataset, iterator):
        found.append(repr(thing.output_types))
        found.append(repr(thing.output_shapes))
        found.append(sorted(c.__name__ for c in (*thing.output_classes["a"], thing.output_classes["b"])))
    return found


@case
def whole_datasets(tf):
    D, found = tf.data.Dataset, []
    size = tf.data.experimental.cardinality
    sizes = [
        D.range(7),
        D.range(7).repeat(),
        D.range(7).repeat(3).batch(2),
        D.range(7).batch(2, True),
        D.range(7).filter(lambda x: x > 1),
        D.range(7).repeat().take(3),
        D.range(7).skip(9),
        D.range(7).shard(3, 0),
        D.zip((D.range(7), D.range(3).repeat())),
        D.range(7).concatenate(D.range(2)),
        D.range(7).window(3, 2),
        D.range(7).shuffle(3).prefetch(1).map(lambda x: x).cache(),
        D.range(7).flat_map(lambda x: D.range(x)),
    ]
    tensors = [
        *map(size, sizes),
        D.range(5).reduce(np.int64(0), lambda s, x: s + x),
        D.range(5).reduce({"n": 0, "s": 1.0}, lambda s, x: {"n": s["n"] + 1, "s": s["s"] * 2}),
        D.range(0).reduce(7.0, lambda s, x: s),
        tf.data.experimental.get_single_element(D.range(9).skip(8)),
    ]
    with tf.Session() as session:
        found.append(plain(session.run(tensors)))
        for dataset in (D.range(0), D.range(2)):
            try:
                session.run(tf.data.experimental.get_single_element(dataset))
            except Exception as exception:
                found.append(words(exception))
        try:
            D.range(5).reduce(0, lambda s, x: x)
        except Exception as exception:
            found.append(words(exception))
    return found


@case
def options(tf):
    chosen = tf.data.Options()
    found = [chosen.experimental_deterministic]
    chosen.experimental_optimization.autotune = False
    chosen.experimental_optimization.apply_default_optimizations = False
    chosen.experimental_threading.private_threadpool_size = 3
    dataset = tf.data.Dataset.range(6).shuffle(10, seed=7).repeat(2).with_options(chosen)
    found.append(dataset.options().experimental_threading.private_threadpool_size)
    iterator = dataset.make_initializable_iterator()
    following = iterator.get_next()
    found.append([op.type for op in tf.get_default_graph().get_operations() if op.type != "Const"])
    with tf.Session() as session:
        session.run(iterator.initializer)
        found.append(values(tf, session, following))
    for name, value in (("experimental_deterministic", 3), ("nonsense", 3)):
        try:
            setattr(chosen, name, value)
        except Exception as exception:
            found.append(type(exception).__name__)
    return found


# ---------------------------------------------------------------- files


@case
def files(tf):
    folder = tempfile.mkdtemp()
    try:
        found = []
        names = [os.path.join(folder, name) for name in ("a.txt", "b.txt", "c.gz")]
        with open(names[0], "wb") as f:
            f.write(b"one\r\ntwo\n\nfour")
        with open(names[1], "wb") as f:
            f.write(b"5\n")
        with gzip.open(names[2], "wb") as f:
            f.write(b"six\nseven\n")
        records = os.path.join(folder, "r")
        with tf.python_io.TFRecordWriter(records) as writer:
            for i in range(4):
                writer.write(b"record %d" % i)
        damaged = os.path.join(folder, "d")
        with open(records, "rb") as f, open(damaged, "wb") as g:
            g.write(f.read()[:-3])
        fixed = os.path.join(folder, "f")
        with open(fixed, "wb") as f:
            f.write(b"HHaaabbbcccF")
        with open(os.path.join(folder, "t.csv"), "w") as f:
            f.write('x,y,z\n1,2.5,"a,b"\n,3,c\n4,,"d\ne"\n')
        csv = os.path.join(folder, "t.csv")
        D = tf.data
        builds = {
            "lines": lambda tf: D.TextLineDataset(names[:2]),
            "compressed lines": lambda tf: D.TextLineDataset(names[2], "GZIP"),
            "lines by turns": lambda tf: D.TextLineDataset(names[:2], num_parallel_reads=2),
            "lines of a dataset": lambda tf: D.TextLineDataset(D.Dataset.from_tensor_slices(names[:2])),
            "lines of numbers": lambda tf: D.TextLineDataset(D.Dataset.range(2)),
            "missing": lambda tf: D.TextLineDataset("/nowhere/at/all"),
            "records": lambda tf: D.TFRecordDataset(records),
            "records twice": lambda tf: D.TFRecordDataset([records, records], num_parallel_reads=2),
            "damaged": lambda tf: D.TFRecordDataset(damaged).apply(D.experimental.ignore_errors()),
            "fixed": lambda tf: D.FixedLengthRecordDataset(fixed, 3, 2, 1),
            "csv": lambda tf: D.experimental.CsvDataset(csv, [tf.constant([7]), [0.5], tf.string], header=True),
            "csv columns": lambda tf: D.experimental.CsvDataset(csv, [tf.string], header=True, select_cols=[2]),
            "csv required": lambda tf: D.experimental.CsvDataset(csv, [tf.int32], header=True, select_cols=[0]),
        }
        for name in sorted(builds):
            found.append([name, elements(tf, builds[name])])
        listed = tf.data.Dataset.list_files(os.path.join(folder, "*.txt"), shuffle=False)
        following = listed.make_one_shot_iterator().get_next()
        shuffled = tf.data.Dataset.list_files(os.path.join(folder, "*"), seed=3)
        later = shuffled.make_initializable_iterator()
        none = tf.data.Dataset.list_files(os.path.join(folder, "*.no")).make_initializable_iterator()
        cached = tf.data.Dataset.range(3).map(lambda x: (x, tf.as_string(x))).cache(os.path.join(folder, "cache"))
        kept = cached.repeat(2).make_initializable_iterator()
        written = tf.data.experimental.TFRecordWriter(os.path.join(folder, "w")).write(
            tf.data.Dataset.range(3).map(tf.as_string)
        )
        with tf.Session() as session:
            names_of = lambda found: [os.path.basename(n) for n in found]  # noqa: E731
            found.append(names_of(values(tf, session, following)))
            session.run(later.initializer)
            found.append(names_of(values(tf, session, later.get_next())))
            try:
                session.run(none.initializer)
            except Exception as exception:
                found.append(words(exception)[0])
            session.run(kept.initializer)
            found.append(values(tf, session, kept.get_next()))
            found.append(sorted(n for n in os.listdir(folder) if n.startswith("cache")))
            session.run(kept.initializer)
            found.append(values(tf, session, kept.get_next()))
            session.run(written)
            found.append([r.decode() for r in tf.python_io.tf_record_iterator(os.path.join(folder, "w"))])
        return [_without(folder, x) for x in found]
    finally:
        shutil.rmtree(folder)


def _without(folder, value):
    if isinstance(value, (list, tuple)):
        return [_without(folder, x) for x in value]
    return value.replace(folder, "FOLDER") if isinstance(value, str) else value
