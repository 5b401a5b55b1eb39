"""The nodes that datasets and iterators make under TensorFlow 1.15.5; the results are kept in data_graphs.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import numpy as np
from outcomes import plain

CASES = {}


def nodes(tf, build):
    """Name, type and inputs of each node that `build(tf.data.Dataset)` makes; of functions their number of inputs."""
    with tf.Graph().as_default() as graph:
        build(tf.data.Dataset)
        made = [[op.name, op.type, [x.name for x in op.inputs]] for op in graph.get_operations()]
        return [made, sorted(len(f.signature.input_arg) for f in graph.as_graph_def().library.function)]


def captured(tf, D):
    c = tf.constant(5, tf.int64)
    return D.range(10).map(lambda x: x * 2 + c).filter(lambda x: x < 5)


def feedable(tf):
    iterator = tf.data.Iterator.from_structure(tf.int32, tf.TensorShape([]))
    iterator.get_next()
    iterator.make_initializer(tf.data.Dataset.range(3).map(lambda x: tf.cast(x, tf.int32)))
    handle = tf.placeholder(tf.string, [])
    tf.data.Iterator.from_string_handle(handle, tf.int32).get_next()


BUILDS = {
    "one shot": lambda tf, D: D.from_tensor_slices([1, 2, 3]).make_one_shot_iterator().get_next(),
    "initializable": lambda tf, D: (
        D.from_tensor_slices({"a": [1, 2], "b": ([1.0, 2.0],)}).batch(2).make_initializable_iterator().get_next()
    ),
    "orders": lambda tf, D: D.from_tensors((1, 2.0)).repeat().shuffle(10, seed=3).repeat(2).take(3).skip(1).prefetch(2),
    "functions": captured,
    "parallel": lambda tf, D: (
        D.range(3)
        .map(lambda x: x, num_parallel_calls=2)
        .flat_map(lambda x: D.from_tensors(x))
        .interleave(lambda x: D.from_tensors(x), 2)
        .interleave(lambda x: D.from_tensors(x), 2, num_parallel_calls=2)
    ),
    "structures": lambda tf, D: D.zip((D.range(2), {"x": D.range(3)})).concatenate(
        D.zip((D.range(2), {"x": D.range(3)}))
    ),
    "batches": lambda tf, D: D.range(8).shard(2, 1).cache().padded_batch(2, []).unbatch().enumerate(),
    "windows": lambda tf, D: D.range(4).window(2),
    "reduced": lambda tf, D: D.range(5).reduce(np.int64(0), lambda a, b: a + b),
    "listed": lambda tf, D: D.list_files("/tmp/*.py"),
    "lines": lambda tf, D: tf.data.TextLineDataset(["a"]),
    "records": lambda tf, D: tf.data.TFRecordDataset(["a", "b"], num_parallel_reads=2),
    "fixed": lambda tf, D: tf.data.FixedLengthRecordDataset("a", 3),
    "generated": lambda tf, D: D.from_generator(lambda: iter([1, 2]), tf.int32),
    "feedable": lambda tf, D: feedable(tf),
    "fused": lambda tf, D: (
        D.range(10)
        .apply(tf.data.experimental.map_and_batch(lambda x: x, 2))
        .apply(tf.data.experimental.shuffle_and_repeat(3, 2, seed=1))
        .apply(tf.data.experimental.ignore_errors())
    ),
    "grouped": lambda tf, D: (
        D.range(10)
        .apply(tf.data.experimental.group_by_window(lambda x: x % 2, lambda k, d: d.batch(2), 3))
        .apply(tf.data.experimental.scan(np.int64(0), lambda s, x: (s, x)))
    ),
    "sampled": lambda tf, D: tf.data.experimental.sample_from_datasets([D.range(3), D.range(4)], [0.5, 0.5], seed=3),
    "single": lambda tf, D: tf.data.experimental.get_single_element(D.range(1)),
    "optional": lambda tf, D: tf.data.experimental.get_next_as_optional(
        D.range(1).make_one_shot_iterator()
    ).get_value(),
    "counted": lambda tf, D: tf.data.experimental.Counter(2),
}


def _case(build):
    return lambda tf: nodes(tf, lambda D: build(tf, D))


for _name, _build in BUILDS.items():
    CASES[_name] = _case(_build)


def exported(tf):
    """The graph of a pipeline as its makers export it."""
    offset = tf.constant(5, tf.int64)
    dataset = (
        tf.data.Dataset.range(6)
        .map(lambda x: x + offset)
        .shuffle(3, seed=1)
        .repeat(2)
        .filter(lambda x: x > 5)
        .flat_map(lambda x: tf.data.Dataset.from_tensors((x, tf.fill([x], tf.as_string(x)))))
        .padded_batch(3, ([], [None]))
        .prefetch(1)
    )
    for name, iterator in (
        ("one_shot", tf.data.make_one_shot_iterator(dataset)),
        ("other", tf.data.make_initializable_iterator(dataset)),
    ):
        for i, part in enumerate(iterator.get_next()):
            tf.identity(part, name=f"{name}_{i}")
    return offset.graph.as_graph_def()


def run_exported(tf, graph_def):
    """What the exported pipeline gives."""
    with tf.Graph().as_default():
        tf.import_graph_def(graph_def, name="")
        names = ["one_shot_0:0", "one_shot_1:0", "other_0:0", "other_1:0"]
        with tf.Session() as session:
            session.run("MakeIterator")
            return [[plain(part) for part in session.run(names)] for _ in range(3)]
