"""What summaries hold and how their nodes are named under TensorFlow 1.15.5; the results are kept in summaries.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Serialized messages are compared byte for byte,
but for PNG files, which two encoders may compress in their own ways: those are compared by their pixels.
Runs under Python 3.7 as well.
"""

import struct
import zlib

import numpy as np


def serialized(tf, make):
    """(bytes of the summary in hex, names of the nodes with their inputs)."""
    with tf.Graph().as_default():
        tensor = make(tf)
        nodes = [[n.name, n.op, list(n.input)] for n in tf.get_default_graph().as_graph_def().node]
        with tf.Session() as sess:
            return [sess.run(tensor).hex(), nodes]


def error_of(tf, make):
    with tf.Graph().as_default():
        try:
            tensor = make(tf)
            with tf.Session() as sess:
                sess.run(tensor)
        except (ValueError, TypeError) as error:
            return [type(error).__name__, str(error)]
        except tf.errors.OpError as error:
            return [type(error).__name__, error.message.split("\n")[0].split(" [[")[0].strip()]
    return None


def predict(kind, left, above, corner):
    if kind < 3:
        return (0, left, above)[kind]
    if kind == 3:
        return (left + above) // 2
    guess = left + above - corner
    return min((left, above, corner), key=lambda c: abs(guess - c))


def decode_png(data):
    """[height, width, channels, all the values] of an 8-bit PNG file."""
    position, chunks = 8, {}
    while position < len(data):
        size, kind = struct.unpack(">I4s", data[position : position + 8])
        content = data[position + 8 : position + 8 + size]
        check = struct.unpack(">I", data[position + 8 + size : position + 12 + size])[0]
        assert check == zlib.crc32(kind + content)
        chunks[kind] = chunks.get(kind, b"") + content
        position += 12 + size
    width, height, depth, color, _, _, _ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    channels = {0: 1, 4: 2, 2: 3, 6: 4}[color]
    assert depth == 8
    raw, stride = zlib.decompress(chunks[b"IDAT"]), width * channels
    rows = [[0] * stride]
    for y in range(height):
        kind = raw[y * (stride + 1)]
        row = []
        for i, value in enumerate(raw[y * (stride + 1) + 1 : (y + 1) * (stride + 1)]):
            left = row[i - channels] if i >= channels else 0
            corner = rows[-1][i - channels] if i >= channels else 0
            row.append((value + predict(kind, left, rows[-1][i], corner)) % 256)
        rows.append(row)
    return [height, width, channels, [value for row in rows[1:] for value in row]]


def images(tf, make):
    """[tag, height, width, colorspace, decoded PNG] of every image of a summary."""
    data, nodes = serialized(tf, make)
    summary = tf.Summary.FromString(bytes.fromhex(data))
    values = [(v.tag, v.image) for v in summary.value]
    rows = [[tag, i.height, i.width, i.colorspace, decode_png(i.encoded_image_string)] for tag, i in values]
    return [rows, nodes]


RNG = np.random.RandomState(0)
SMOOTH = np.add.outer(np.arange(9), np.arange(7))[None, :, :, None].astype(np.float32)
PIXELS = RNG.randint(0, 256, [4, 5, 6, 3]).astype(np.uint8)
SIGNED = RNG.standard_normal([2, 4, 3, 3]).astype(np.float32)
POSITIVE = np.abs(RNG.standard_normal([2, 4, 3, 4])).astype(np.float32)
BROKEN = np.where(RNG.uniform(size=[2, 4, 3, 1]) < 0.3, np.nan, 1.0).astype(np.float32) * SIGNED[..., :1]
SOUND = (RNG.uniform(size=[4, 50, 2]) * 2.4 - 1.2).astype(np.float32)
MANY = (RNG.standard_normal(1000) * np.exp(RNG.standard_normal(1000) * 6)).astype(np.float32)
EDGES = np.array([0.0, -0.0, 1e-13, -1e-13, 1e-12, -1e-12, 1.1e-12, 1e20, -1e20, 1e300, -1e300, 1.0, 1.1])
NUMBERS = ["float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "uint16"]


def scalar(value, name="loss"):
    return lambda tf: tf.summary.scalar(name, tf.constant(value))


def histogram(values):
    return lambda tf: tf.summary.histogram("h", tf.constant(values))


def scoped(tf):
    """Names, tags and collections in all sorts of scopes."""
    with tf.Graph().as_default():
        x, found = tf.constant(1.0, name="x"), []
        found.append(tf.summary.scalar("loss", x))
        found.append(tf.summary.scalar("loss", x))
        found.append(tf.summary.scalar("a b(c)/d:0", x))
        found.append(tf.summary.scalar("/leading", x, collections=["mine"]))
        with tf.name_scope("outer"):
            found.append(tf.summary.scalar("loss", x))
            found.append(tf.summary.scalar("loss", x, family="fam"))
            found.append(tf.summary.histogram("h", x, family="fam ily", collections=[]))
            found.append(tf.summary.histogram(None, x))
            found.append(tf.summary.image("i", tf.zeros([1, 2, 2, 1]), family="fam", max_outputs=1))
            found.append(tf.summary.audio("au", tf.zeros([1, 3]), 8000, family="fam", max_outputs=1))
            found.append(tf.summary.text("t", tf.constant("words")))
            found.append(tf.summary.tensor_summary("ts", x, family="fam"))
        found.append(tf.summary.merge(found[:2]))
        found.append(tf.summary.merge(found[:2], name="my merge", collections=["merged"]))
        found.append(tf.summary.merge_all())
        found.append(tf.summary.merge_all(scope="outer", name="all"))
        found.append(tf.summary.merge_all("mine"))
        graph = tf.get_default_graph()
        with tf.Session() as sess:
            tags = [[v.tag for v in tf.Summary.FromString(s).value] for s in sess.run(found)]
        nodes = [[n.name, n.op, list(n.input)] for n in graph.as_graph_def().node]
        keys = ["summaries", "mine", "merged"]
        collections = [[t.name for t in tf.get_collection(key)] for key in keys]
        shapes = [t.shape.as_list() for t in found]
        return [[t.name for t in found], tags, shapes, nodes, collections, tf.summary.merge_all("none") is None]


def metadata(tf):
    return tf.summary.tensor_summary(
        "m", tf.constant([1, 2]), "told", display_name="shown", summary_metadata=tf.SummaryMetadata()
    )


def raw_tensor_summary(value, **attrs):
    def make(tf):
        return tf.raw_ops.TensorSummary(tensor=tf.constant(value), name="raw", **attrs)

    return make


def merged_twice(tf):
    a = tf.summary.scalar("a", 1.0)
    return tf.summary.merge([a, a])


def bad_image(shape, dtype=np.float32):
    return lambda tf: tf.summary.image("i", tf.constant(np.zeros(shape, dtype)))


def with_bad_color(color):
    return lambda tf: tf.raw_ops.ImageSummary(
        tag="i", tensor=BROKEN, bad_color=tf.make_tensor_proto(np.array(color, np.uint8))
    )


ERRORS = {
    "scalar of a vector": scalar([1.0, 2.0]),
    "scalar of a string": lambda tf: tf.summary.scalar("s", tf.constant("a")),
    "scalar of a bool": lambda tf: tf.summary.scalar("s", tf.constant(True)),
    "histogram of nan": histogram([1.0, np.nan]),
    "histogram of infinity": histogram([np.inf, np.nan]),
    "image of three dimensions": bad_image([2, 2, 3]),
    "image of two channels": bad_image([1, 2, 2, 2]),
    "image of int32": bad_image([1, 2, 2, 1], np.int32),
    "no image": lambda tf: tf.summary.image("i", tf.zeros([1, 2, 2, 1]), max_outputs=0),
    "text of numbers": lambda tf: tf.summary.text("t", tf.constant(1.0, name="x")),
    "audio of one dimension": lambda tf: tf.summary.audio("a", tf.zeros([3]), 8000),
    "audio without frames": lambda tf: tf.summary.audio("a", tf.zeros([1, 0]), 8000),
    "audio without channels": lambda tf: tf.summary.audio("a", tf.zeros([1, 2, 0]), 8000),
    "audio without rate": lambda tf: tf.summary.audio("a", tf.zeros([1, 2]), 0.0),
    "tag twice": merged_twice,
    "merge of words": lambda tf: tf.summary.merge([tf.constant("words")]),
    "merge of nothing": lambda tf: tf.summary.merge([]),
    "short bad color": lambda tf: tf.raw_ops.ImageSummary(
        tag="i", tensor=SIGNED, bad_color=tf.make_tensor_proto(np.array([1, 2], np.uint8))
    ),
}

MESSAGES = {
    "edges": histogram(EDGES),
    "empty": histogram(np.zeros([0], np.float32)),
    "many": histogram(MANY),
    "one": histogram(np.float32(3.5)),
    "bools as ints": histogram(np.array([[0, 1], [1, 1]], np.int32)),
    "scalar of double": scalar(np.float64(1) / 3),
    "scalar nan": scalar(np.float32(np.nan)),
    "scalar huge": scalar(np.float64(1e300)),
    "sounds": lambda tf: tf.summary.audio("s", tf.constant(SOUND), 44100),
    "one sound": lambda tf: tf.summary.audio("s", tf.constant(SOUND[..., 0]), 8000.5, max_outputs=1),
    "halves": lambda tf: tf.summary.audio("s", tf.constant([[0.5, -0.5, 1.5, -1.5, 2.5]]) / 32768.0, 8000),
    "text": lambda tf: tf.summary.text("t", tf.constant("# words")),
    "text table": lambda tf: tf.summary.text("t", tf.constant([["a", "b"], ["c", ""]])),
    "metadata": metadata,
    "tensor": lambda tf: tf.summary.tensor_summary("t", tf.constant(SIGNED)),
    "tensor empty": lambda tf: tf.summary.tensor_summary("t", tf.zeros([0, 3])),
    "tensor complex": lambda tf: tf.summary.tensor_summary("t", tf.constant([1 + 2j])),
    "tensor bool": lambda tf: tf.summary.tensor_summary("t", tf.constant(True)),
    "tensor half": lambda tf: tf.summary.tensor_summary("t", tf.constant(np.float16([1.5, 2]))),
    "raw tensor": raw_tensor_summary([1.0, 2.0], description="{}", labels=["a"], display_name="d"),
    "raw strings": raw_tensor_summary(["a", "b"]),
    "raw scalars": lambda tf: tf.raw_ops.ScalarSummary(tags=["a", "b"], values=[1.0, 2.0]),
}
MESSAGES.update({"scalar " + t: scalar(np.array(7, t)) for t in NUMBERS})
MESSAGES.update({"histogram " + t: histogram(np.array([1, 7, 3, 3], t)) for t in NUMBERS})

IMAGES = {
    "bytes": lambda tf: tf.summary.image("i", tf.constant(PIXELS)),
    "one": lambda tf: tf.summary.image("i", tf.constant(PIXELS), max_outputs=1),
    "signed": lambda tf: tf.summary.image("i", tf.constant(SIGNED)),
    "signed halves": lambda tf: tf.summary.image("i", tf.constant(SIGNED.astype(np.float16))),
    "signed doubles": lambda tf: tf.summary.image("i", tf.constant(SIGNED.astype(np.float64))),
    "positive": lambda tf: tf.summary.image("i", tf.constant(POSITIVE)),
    "positive halves": lambda tf: tf.summary.image("i", tf.constant(POSITIVE.astype(np.float16))),
    "smooth": lambda tf: tf.summary.image("i", tf.constant(SMOOTH)),
    "tiny": lambda tf: tf.summary.image("i", tf.constant(SIGNED * np.float32(1e-8))),
    "broken": lambda tf: tf.summary.image("i", tf.constant(BROKEN)),
    "nothing finite": lambda tf: tf.summary.image("i", tf.constant(BROKEN) / 0.0 * 0.0),
    "bad color": with_bad_color([9, 8, 7]),
    "zeros": lambda tf: tf.summary.image("i", tf.zeros([1, 2, 2, 1])),
}

CASES = {"scopes": scoped}
CASES.update({"error: " + k: lambda tf, make=make: error_of(tf, make) for k, make in ERRORS.items()})
CASES.update({"message: " + k: lambda tf, make=make: serialized(tf, make) for k, make in MESSAGES.items()})
CASES.update({"image: " + k: lambda tf, make=make: images(tf, make) for k, make in IMAGES.items()})
