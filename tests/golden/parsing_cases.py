"""What parsing Examples, comma-separated values and bytes gives under TensorFlow 1.15.5. Runs under Python 3.7 too."""

import gzip
import zlib

from outcomes import error, nodes, outcome, plain, shapes


def feature(tf, values):
    f = tf.train.Feature
    if values is None:
        return f()
    if values and isinstance(values[0], bytes):
        return f(bytes_list=tf.train.BytesList(value=values))
    if values and isinstance(values[0], float):
        return f(float_list=tf.train.FloatList(value=values))
    return f(int64_list=tf.train.Int64List(value=values))


def features(tf, named):
    return tf.train.Features(feature={key: feature(tf, values) for key, values in named.items()})


def example(tf, named):
    return named if isinstance(named, bytes) else tf.train.Example(features=features(tf, named)).SerializeToString()


def sequence(tf, context, lists):
    steps = {k: tf.train.FeatureList(feature=[feature(tf, step) for step in v]) for k, v in lists.items()}
    return tf.train.SequenceExample(
        context=features(tf, context), feature_lists=tf.train.FeatureLists(feature_list=steps)
    ).SerializeToString()


# name: the examples, and how their features are described.
EXAMPLES = {
    "missing": ([{"a": [1]}, {}], lambda tf: {"a": tf.FixedLenFeature([], tf.int64)}),
    "missing float": ([{}], lambda tf: {"a": tf.FixedLenFeature([], tf.float32)}),
    "missing string": ([{}], lambda tf: {"a": tf.FixedLenFeature([2], tf.string)}),
    "too many": ([{"a": [1]}, {"a": [1, 2]}], lambda tf: {"a": tf.FixedLenFeature([], tf.int64)}),
    "too few": ([{"a": [1]}], lambda tf: {"a": tf.FixedLenFeature([2, 2], tf.int64)}),
    "too few strings": ([{"a": [b"x"]}], lambda tf: {"a": tf.FixedLenFeature([2], tf.string)}),
    "other type": ([{"a": [1.0]}], lambda tf: {"a": tf.FixedLenFeature([], tf.int64)}),
    "other type, sparse": ([{"a": [1]}], lambda tf: {"a": tf.VarLenFeature(tf.float32)}),
    "other type, steps": (
        [{"a": [1]}], lambda tf: {"a": tf.FixedLenSequenceFeature([], tf.float32, allow_missing=True)}
    ),
    "broken step": ([{"a": [1, 2, 3]}], lambda tf: {"a": tf.FixedLenSequenceFeature([2], tf.int64, True)}),
    "no message": ([b"\x0a\x05abc"], lambda tf: {"a": tf.FixedLenFeature([], tf.int64)}),
    "feature without values": ([{"a": None}], lambda tf: {"a": tf.FixedLenFeature([], tf.int64)}),
    "default": ([{"a": None}, {}, {"a": [5]}], lambda tf: {"a": tf.FixedLenFeature([], tf.int64, 7)}),
    "default of strings": ([{}, {"a": [b"x", b"y"]}], lambda tf: {"a": tf.FixedLenFeature([2], tf.string, ["p", "q"])}),
    "default string": ([{}, {"a": [b"x"]}], lambda tf: {"a": tf.FixedLenFeature([], tf.string, "p")}),
    "empty list": ([{"a": []}], lambda tf: {"a": tf.FixedLenFeature([], tf.int64)}),
    "steps": (
        [{"a": [1, 2]}, {}, {"a": [1, 2, 3, 4]}], lambda tf: {"a": tf.FixedLenSequenceFeature([2], tf.int64, True)}
    ),
    "steps with default": (
        [{"a": [1, 2]}, {}, {"a": [1, 2, 3]}],
        lambda tf: {"a": tf.FixedLenSequenceFeature([], tf.int64, allow_missing=True, default_value=9)},
    ),
    "steps of strings": (
        [{"a": [b"x"]}, {}, {"a": [b"", b"yy"]}], lambda tf: {"a": tf.FixedLenSequenceFeature([], tf.string, True)}
    ),
    "steps that must be there": ([{"a": [1]}], lambda tf: {"a": tf.FixedLenSequenceFeature([], tf.int64)}),
    "sparse": (
        [{"i": [3, 1], "v": [1.0, 2.0]}, {}], lambda tf: {"a": tf.SparseFeature("i", "v", tf.float32, 5)}
    ),
    "sparse, of two dimensions": (
        [{"i": [3, 1], "j": [0, 1], "v": [1.0, 2.0]}, {"i": [2], "j": [1], "v": [3.0]}],
        lambda tf: {"a": tf.SparseFeature(["i", "j"], "v", tf.float32, [5, 2])},
    ),
    "sparse, too few indices": (
        [{"i": [3], "v": [1.0, 2.0]}], lambda tf: {"a": tf.SparseFeature("i", "v", tf.float32, 5)}
    ),
    "alike": (
        [{"a": [i, -i], "b": [b"%03d" % i], "c": [i * 0.5, 1e9, -i / 3.0], "d": [200 + i]} for i in range(9)],
        lambda tf: {
            "a": tf.FixedLenFeature([2], tf.int64), "b": tf.FixedLenFeature([], tf.string),
            "c": tf.VarLenFeature(tf.float32), "d": tf.VarLenFeature(tf.int64),
        },
    ),
    "mixed": (
        [
            {"a": [2**k - 1] * (1 + k % 3), "b": [b"x" * k] * (1 + k % 2), "c": [0.5] * (1 + k % 4)}
            for k in range(0, 63, 7)
        ]
        + [{"a": [-1, 2**62]}, {}, {"a": None, "b": None}] + [{"a": [7], "b": [b"same"], "c": [1.0]}] * 5,
        lambda tf: {
            "a": tf.VarLenFeature(tf.int64), "b": tf.VarLenFeature(tf.string),
            "c": tf.FixedLenSequenceFeature([], tf.float32, allow_missing=True),
        },
    ),
    "shape unknown": ([{}], lambda tf: {"a": tf.FixedLenFeature([None], tf.int64)}),
    "shape partly unknown": ([{}], lambda tf: {"a": tf.FixedLenFeature([2, None], tf.int64)}),
    "no shape": ([{}], lambda tf: {"a": tf.FixedLenFeature(None, tf.int64)}),
    "no dtype": ([{}], lambda tf: {"a": tf.FixedLenFeature([2], None)}),
    "int32": ([{}], lambda tf: {"a": tf.FixedLenFeature([2], tf.int32)}),
    "no feature": ([{}], lambda tf: {"a": 3}),
    "no features": ([{}], lambda tf: {}),
    "default of another size": ([{}], lambda tf: {"a": tf.FixedLenFeature([2], tf.int64, [1, 2, 3])}),
    "conflicting types": (
        [{}], lambda tf: {"a": tf.VarLenFeature(tf.int64), "b": tf.SparseFeature("i", "a", tf.float32, 5)}
    ),
}  # fmt: skip


def fed(tf, strings, parse):
    """What `parse` makes of strings that are fed, as they are in programs."""
    with tf.Graph().as_default():
        try:
            source = tf.placeholder(tf.string, [None] if isinstance(strings, list) else [])
            parsed = parse(source)
            with tf.Session() as session:
                return [plain(session.run(parsed, {source: strings})), shapes(parsed)]
        except Exception as exception:
            return error(exception)


def example_case(examples, describe):
    def case(tf):
        strings = [example(tf, named) for named in examples]
        names = [f"n{i}" for i in range(len(strings))]
        return {
            "batch": fed(tf, strings, lambda s: tf.parse_example(s, describe(tf))),
            "named": fed(tf, strings, lambda s: tf.parse_example(s, describe(tf), example_names=names)),
            "single": fed(tf, strings[-1], lambda s: tf.parse_single_example(s, describe(tf))),
            "single, named": fed(
                tf, strings[-1], lambda s: tf.parse_single_example(s, describe(tf), example_names="n")
            ),
        }

    return case


FULL = {"a": [1]}, {"b": [[1], [2]], "w": [[b"x", b"y"], [b""], [b"z"]]}
# name: context and lists of the example, and how they are described.
SEQUENCES = {
    "full": (
        FULL,
        lambda tf: {"a": tf.FixedLenFeature([], tf.int64), "v": tf.VarLenFeature(tf.int64)},
        lambda tf: {"b": tf.FixedLenSequenceFeature([], tf.int64), "w": tf.VarLenFeature(tf.string)},
    ),
    "context missing": (({}, {}), lambda tf: {"a": tf.FixedLenFeature([], tf.int64)}, None),
    "context with default": (({}, {}), lambda tf: {"a": tf.FixedLenFeature([2], tf.int64, [3, 4])}, None),
    "context too large": (({"a": [1, 2]}, {}), lambda tf: {"a": tf.FixedLenFeature([], tf.int64)}, None),
    "context of other type": (({"a": [1.5]}, {}), lambda tf: {"a": tf.FixedLenFeature([], tf.int64)}, None),
    "context of other type, sparse": (({"a": [1.5]}, {}), lambda tf: {"a": tf.VarLenFeature(tf.int64)}, None),
    "list missing": (({}, {}), None, lambda tf: {"b": tf.FixedLenSequenceFeature([], tf.int64)}),
    "list may be missing": (({}, {}), None, lambda tf: {"b": tf.FixedLenSequenceFeature([2], tf.int64, True)}),
    "step too large": (({}, {"b": [[1], [1, 2]]}), None, lambda tf: {"b": tf.FixedLenSequenceFeature([], tf.int64)}),
    "step of other type": (({}, {"b": [[1], [1.0]]}), None, lambda tf: {"b": tf.FixedLenSequenceFeature([], tf.int64)}),
    "step without values": (({}, {"b": [[1], None]}), None, lambda tf: {"b": tf.FixedLenSequenceFeature([], tf.int64)}),
    "step of other type, sparse": (({}, {"b": [[1], [1.0]]}), None, lambda tf: {"b": tf.VarLenFeature(tf.int64)}),
    "step without values, sparse": (({}, {"b": [[1], None]}), None, lambda tf: {"b": tf.VarLenFeature(tf.int64)}),
    "steps of two": (({}, {"b": [[1, 2], [3, 4]]}), None, lambda tf: {"b": tf.FixedLenSequenceFeature([2], tf.int64)}),
    "default for steps": (({}, {}), None, lambda tf: {"b": tf.FixedLenSequenceFeature([], tf.int64, True, 5)}),
    "nothing": (({}, {}), None, None),
}


def sequence_case(parts, context, lists):
    def case(tf):
        string = sequence(tf, *parts)
        c, q = context and context(tf), lists and lists(tf)
        return {
            "single": fed(tf, string, lambda s: tf.parse_single_sequence_example(s, c, q)),
            "named": fed(tf, string, lambda s: tf.parse_single_sequence_example(s, c, q, example_name="n")),
            "batch": fed(tf, [string, string], lambda s: tf.io.parse_sequence_example(s, c, q)),
            "mixed": fed(
                tf, [string, sequence(tf, *FULL)], lambda s: tf.io.parse_sequence_example(s, c, q, ["n0", "n1"])
            ),
        }

    return case


# records, defaults (a value, or a dtype where the field must be there), further arguments
CSV = [
    (["1,2,a", '3,4,"b ""q"" x"'], [0, 0.0, ""], {}), ("1,,a", [0, 7, "d"], {}), ("1,,a", [0, "int32", "d"], {}),
    ("1,2", [0, 7, "d"], {}), ("1,2,3,4", [0, 7, "d"], {}), ("x,2,3", [0, 7, "d"], {}), ("1.5,2", ["int32", 7], {}),
    ("1;2", [0, 0], {"field_delim": ";"}), ('"1",2', [0, 0], {}), ('a"b,2', ["", 0], {}), ('"a"b,2', ["", 0], {}),
    ('"a,2', ["", 0], {}), ('a"b,"2', ["", ""], {"use_quote_delim": False}), ("1,NA,3", [0, 5, 6], {"na_value": "NA"}),
    ("1,2,3", [0, 5], {"select_cols": [0, 2]}), ("1,2,3", [0, 5], {"select_cols": [2, 0]}),
    ("1,2,3", [0, 5], {"select_cols": [0, 5]}), ("1,2,3", [0, 5], {"select_cols": [-1, 5]}),
    ("1,2,3", [0, 5], {"select_cols": [0]}), ("", ["x"], {}), ("", ["x", "y"], {}), ("a,", ["x", "y"], {}),
    ("1, 2 ,3", [0, 0, 0], {}), ("1,2\n", [0, ""], {}), ("a\nb,2", ["", 0], {}), ('"a\nb",2', ["", 0], {}),
    ("\n1,2", [0, 0], {}), ("3000000000", [0], {}), ("3000000000", ["int64"], {}), ("a\tb", ["", ""],
    {"field_delim": "\t"}), ("a", [""], {"field_delim": "ab"}), ("a", [[1, 2]], {}), ('"1" ,2', ["", ""], {}),
    ("1.5e3,-inf", ["float64", 0.0], {}), (["1,2", "3"], [0, 0], {}), (["1,2", "3,x"], [0, 0], {}), (",", ["", ""], {}),
    ('"",""', ["d", "e"], {}), ('"a",', ["d", "e"], {}), ('a,"', ["d", "e"], {}), ("1,nan,-.5", [0, 0.0, 0.0], {}),
]  # fmt: skip


def csv(tf):
    def run(records, defaults, kwargs):
        def build(tf):
            made = []
            for d in defaults:
                if isinstance(d, str) and d in ("int32", "int64", "float64"):
                    made.append(tf.constant([], getattr(tf, d)))
                else:
                    made.append(d if isinstance(d, list) else [d])
            return tf.decode_csv(records, made, **kwargs)

        return outcome(tf, build)

    return [run(*given) for given in CSV]


RAW = [
    (b"\1\2\3\4", "uint8", {}), ([b"\1\2\3\4", b"abcd"], "int16", {}),
    (b"\1\2\3\4", "int16", {"little_endian": False}),
    (b"\1\2\3", "int16", {}), ([b"a", b"bc"], "uint8", {}), ([], "uint8", {}), (b"", "uint8", {}),
    (b"\0\1", "bool", {}),
    (b"\1\2\3\4\5\6\7\x08", "complex64", {}), (b"\0\0\x80\x3f", "float32", {}), (b"ab", "string", {}),
    ([[b"ab"], [b"cd"]], "uint16", {}), (b"\0\x3c", "float16", {}),
]  # fmt: skip


def raw(tf):
    def run(text, dtype, kwargs):
        return outcome(tf, lambda tf: tf.decode_raw(tf.constant(text, tf.string), getattr(tf, dtype), **kwargs))

    builders = [lambda tf: tf.decode_raw("ab"), lambda tf: tf.decode_raw(bytes="ab", out_type=tf.int8)]
    return [run(*given) for given in RAW] + [outcome(tf, build) for build in builders]


def compressed(tf):
    given = [
        ([zlib.compress(b"abc")], "ZLIB"), ([gzip.compress(b"abc")], "GZIP"), ([b"abc"], ""), ([b"abc"], "GZIP"),
        ([b"abc"], "FOO"), (zlib.compress(b"abc"), "ZLIB"),
    ]  # fmt: skip
    return [outcome(tf, lambda tf, g=g: tf.decode_compressed(*g)) for g in given]


def messages(tf):
    builders = [
        lambda tf: tf.parse_tensor(tf.serialize_tensor(tf.constant([[1.0, 2.0]])), tf.float32),
        lambda tf: tf.serialize_tensor(tf.constant([1, 2])),
        lambda tf: tf.serialize_tensor(tf.constant(["a", "b"])),
        lambda tf: tf.serialize_tensor(tf.constant(True)),
        lambda tf: tf.parse_tensor(tf.serialize_tensor(tf.constant(["a", "b"])), tf.string),
        lambda tf: tf.parse_tensor(tf.serialize_tensor(tf.constant([1, 2])), tf.float32),
        lambda tf: tf.parse_tensor([b"junk"], tf.float32),
        lambda tf: tf.parse_example(
            tf.decode_json_example(['{"features":{"feature":{"a":{"int64List":{"value":["1"]}}}}}']),
            {"a": tf.FixedLenFeature([], tf.int64)},
        ),
    ]
    return [outcome(tf, build) for build in builders]


def graph(tf):
    i64 = tf.int64
    described = {
        "a": tf.FixedLenFeature([], i64), "b": tf.FixedLenFeature([2], tf.float32, [1.0, 2.0]),
        "v": tf.VarLenFeature(tf.string), "s x": tf.FixedLenSequenceFeature([2], i64, True, default_value=3),
        "sp": tf.SparseFeature("i", "vv", tf.float32, 5),
    }  # fmt: skip

    def build(tf):
        tf.parse_example(tf.placeholder(tf.string, [None]), described)
        tf.parse_single_example(tf.placeholder(tf.string, []), described)
        tf.parse_single_example(tf.placeholder(tf.string, []), {"a": described["a"], "v": described["v"]},
                                example_names="x", name="own")  # fmt: skip
        tf.decode_raw(tf.placeholder(tf.string), tf.uint8)
        tf.decode_csv(tf.placeholder(tf.string), [[1], ["a"]])
        context = {"a": tf.FixedLenFeature([], i64, 3), "v": tf.VarLenFeature(i64)}
        lists = {"b": tf.FixedLenSequenceFeature([], i64), "w": tf.VarLenFeature(tf.string)}
        tf.parse_single_sequence_example(tf.placeholder(tf.string, []), context, lists)
        tf.io.parse_sequence_example(tf.placeholder(tf.string, [None]), context, lists)
        tf.read_file("a")
        tf.matching_files("a*")
        tf.write_file("a", "b")

    return nodes(tf, build)


CASES = {"example: " + name: example_case(*given) for name, given in EXAMPLES.items()}
CASES.update({"sequence: " + name: sequence_case(*given) for name, given in SEQUENCES.items()})
CASES.update(csv=csv, raw=raw, compressed=compressed, messages=messages, graph=graph)
