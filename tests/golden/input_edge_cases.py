"""Corners of the input layer, run under TensorFlow 1.15.5; the results are kept in input_edges.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import shutil
import tempfile

import numpy as np
from data_cases import elements, values
from outcomes import outcome, shapes

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def table(name, builds, run):
    CASES[name] = lambda tf: {key: run(tf, build) for key, build in sorted(builds.items())}


def sparse(tf, dtype=np.int32):
    return tf.SparseTensor([[0, 1], [1, 0], [2, 3]], np.array([1, 2, 3], dtype), [3, 4])


def sparse_value(tf, i):
    return tf.SparseTensorValue(indices=[[0]], values=(i * [1]), dense_shape=[1])


def choices(tf):
    tf.set_random_seed(11)
    return tf.data.experimental.sample_from_datasets([tf.data.Dataset.range(9), tf.data.Dataset.range(100, 109)])


table(
    "datasets",
    {
        "sparse values with lists": lambda tf: tf.data.Dataset.range(3).map(lambda i: sparse_value(tf, i)).batch(2),
        "chosen by the graph's seed": choices,
        "taken while it is no bool": lambda tf: tf.data.Dataset.range(3).apply(
            tf.data.experimental.take_while(lambda x: x)
        ),
        "rows of unequal number": lambda tf: (
            tf.data.Dataset.range(2).map(lambda x: (tf.range(x), tf.range(x + 1))).apply(tf.data.experimental.unbatch())
        ),
        "rows out of order": lambda tf: tf.data.Dataset.from_sparse_tensor_slices(
            tf.SparseTensor([[2, 1], [0, 0]], [1, 2], [3, 2])
        ),
        "numbers too large for their type": lambda tf: tf.data.Dataset.from_generator(
            lambda: iter([3000000000]), tf.int32
        ),
        "rows of a negative length": lambda tf: tf.data.Dataset.from_tensors([1]).apply(
            tf.data.experimental.dense_to_sparse_batch(2, [-1])
        ),
    },
    lambda tf, build: elements(tf, build, 2),
)

table(
    "results",
    {
        "how many are taken": lambda tf: tf.data.experimental.cardinality(tf.data.Dataset.range(4).take(-1)),
        "reshaped to nothing": lambda tf: tf.sparse.reshape(sparse(tf), [0, -1]),
        "empty reshaped": lambda tf: tf.sparse.reshape(
            tf.SparseTensor(np.zeros([0, 2], np.int64), np.zeros([0]), [0, 3]), [-1, 0]
        ),
        "sparse of another type": lambda tf: tf.deserialize_many_sparse(
            tf.serialize_many_sparse(sparse(tf)), tf.float32
        ),
        "no sparse": lambda tf: tf.deserialize_many_sparse([["a", "b", "c"]], tf.int32),
        "negative segment": lambda tf: tf.sparse_segment_sum(np.ones([2, 2], np.float32), [0], [-1]),
        "complex bytes": lambda tf: tf.decode_raw(["ABCDEFGH"], tf.complex64, little_endian=False),
        "default of two dimensions": lambda tf: tf.decode_csv(["1"], [[[1]]]),
        "no default": lambda tf: tf.decode_csv(["1"], []),
        "no such character": lambda tf: tf.strings.unicode_encode([[0x110000]], "UTF-8", errors="strict"),
        "position in a matrix": lambda tf: tf.strings.substr([[b"ab", b""]], [[0, 1]], [[1, 1]]),
        "both kinds of centers": lambda tf: tf.image.resize_bilinear(
            np.ones([1, 2, 2, 1]), [3, 3], align_corners=True, half_pixel_centers=True
        ),
        "as many boxes as there are": lambda tf: tf.image.non_max_suppression(
            np.array([[0, 0, 1, 1], [2, 2, 3, 3]], np.float32), np.array([0.5, 0.75], np.float32), -1
        ),
        "average loss": lambda tf: tf.nn.compute_average_loss([[1.0, 2.0], [3.0, 4.0]], sample_weight=[0.5, 1.0]),
        "average of one loss": lambda tf: tf.nn.compute_average_loss(5.0),
        "regularization": lambda tf: tf.nn.scale_regularization_loss([1.0, 2.0]),
        "enqueued nothing": lambda tf: tf.PaddingFIFOQueue(9, [tf.int32], shapes=[(None,)]).enqueue([]),
    },
    outcome,
)


@case
def sparse_shapes(tf):
    s = sparse(tf)
    made = [
        tf.sparse.transpose(s),
        tf.sparse.slice(s, [0, 0], [2, 2]),
        tf.sparse.retain(s, [True, False, True]),
        tf.sparse.expand_dims(s, 0),
        tf.sparse.reshape(s, [2, -1]),
        tf.string_split(["a b"]),
        *tf.sparse.split(sp_input=s, num_split=2, axis=1),
    ]
    return [str(x.get_shape()) for x in made]


@case
def cached_in_a_file(tf):
    folder = tempfile.mkdtemp()
    try:
        kept = tf.data.Dataset.range(3).map(lambda i: tf.SparseTensor([[0]], i * [1], [1])).cache(folder + "/kept")
        part = tf.data.Dataset.range(4).cache(folder + "/part").take(2)
        return [_run(tf, dataset) for dataset in (kept, part)]
    finally:
        shutil.rmtree(folder)


def _run(tf, dataset):
    iterator = tf.data.make_initializable_iterator(dataset)
    following, found = iterator.get_next(), []
    with tf.Session() as session:
        for _ in range(2):
            session.run(iterator.initializer)
            found.append(values(tf, session, following))
    return found


@case
def padding_in_a_run(tf):
    height = tf.placeholder(tf.int32)
    padded = tf.image.pad_to_bounding_box(np.ones([5, 6, 3], np.float32), 0, 0, height, 9)
    try:
        with tf.Session() as session:
            session.run(padded, {height: 2})
    except tf.errors.InvalidArgumentError as error:
        return error.message.split("\n")[0].split("}} ")[-1]


@case
def table_without_values(tf):
    table = tf.contrib.lookup.HashTable(tf.contrib.lookup.KeyValueTensorInitializer(["a"], [1]), -1)
    with tf.Session() as session:
        return int(session.run(table.size()))


def _drawn(tf, draw):
    with tf.Graph().as_default():
        generator = tf.random.experimental.Generator.from_seed(7, 1)
        try:
            drawn = draw(tf, generator)
        except ValueError as error:
            return str(error)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            found = [session.run(drawn).tolist() for _ in range(2)]
            return [drawn.name, shapes(drawn), repr(found), session.run(generator.state).tolist()]


table(
    "generator",
    {
        "normal": lambda tf, g: g.normal([3], dtype=tf.float64),
        "truncated": lambda tf, g: g.truncated_normal([2, 2], mean=1.0, stddev=2.0, dtype=tf.float64),
        "uniform": lambda tf, g: g.uniform([], minval=-1, maxval=3),
        "integers": lambda tf, g: g.uniform([5], minval=1, maxval=30, dtype=tf.int32),
        "unsigned": lambda tf, g: g.uniform([5], minval=1, maxval=30, dtype=tf.uint64),
        "all integers": lambda tf, g: g.uniform_full_int([2], dtype=tf.uint32),
        "no maximum": lambda tf, g: g.uniform([5], dtype=tf.int32),
        "seeds": lambda tf, g: g.make_seeds(2),
    },
    _drawn,
)


def _scaled(tf, arguments):
    from tensorflow.python.ops import image_ops

    kernel, size, antialias = arguments
    picture = (np.arange(2 * 7 * 9, dtype=np.float32) ** 2 % 11 + 20).reshape(2, 7, 9, 1)
    with tf.Graph().as_default():
        images = tf.constant(picture)
        resized = image_ops.resize_images_v2(images, size, kernel, antialias=antialias)
        with tf.Session() as session:
            found, slope = session.run([resized, tf.gradients(resized, images)[0]])
    return [found.shape, found.ravel().tolist()[:40], slope.ravel().tolist()[:40]]


KERNELS = ("bilinear", "bicubic", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")


@case
def scaled_images(tf):
    sizes = ([3, 4], [14, 5], [1, 1])
    every = [(kernel, size, smooth) for kernel in KERNELS for size in sizes for smooth in (False, True)]
    return [_scaled(tf, arguments) for arguments in every]


@case
def generator_states(tf):
    state = tf.random.experimental.create_rng_state
    seeds = (0, -1, 2**70 + 5, [1, 2], [1, 2, 3, 4], [2**64 - 1])
    return [state(seed, algorithm).tolist() for seed in seeds for algorithm in (1, 2)]
