"""Assertions under TensorFlow 1.15.5; the results are kept in checks.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

# ruff: noqa: B023  (what a loop's functions bind is used before the loop goes on)

import functools
import re

import numpy as np
from state_cases import error, plain
from state_cases import nodes as all_nodes

COMPARISONS = ("equal", "none_equal", "less", "less_equal", "greater", "greater_equal", "near")
SIGNS = ("negative", "positive", "non_negative", "non_positive")


def nodes(tf):
    """The graph's nodes but the assertions and what is within their guards."""
    return [n for n in all_nodes(tf) if "/" not in n[0] or not re.search(r"(^|/)Assert(_\d+)?(/|$)", n[0])]


def outcome(tf, make, feed=None):
    """What building and running an assertion raises, all lines of it but what tells where the node was made."""
    try:
        check = make()
    except Exception as exception:
        return ["building", type(exception).__name__, str(exception)]
    if check is None:
        return None
    with tf.Session() as session:
        try:
            session.run(check, feed)
        except Exception as exception:
            message = str(exception).split("\n\n")[0].split("\n\t")[0]
            return [
                "running", type(exception).__name__, re.sub(r"\(defined at [^)]*\)", "", message).split("\n[[")[0],
            ]  # fmt: skip
    return [check.name.split("/Assert")[0]]


def comparison(tf, name):
    """A comparison of known values and of fed ones, which hold or don't."""
    check = getattr(tf, "assert_" + name)
    result = []
    for x, y in (
        ([1.0, 2.0], [1.0, 2.0]),
        ([1.0, 2.0], [3.0, 4.0]),
        ([3.0, 4.0], [1.0, 2.0]),
        ([[1.0, 5.0]], 3.0),
        ([], []),
    ):
        x, y = np.array(x, np.float32), np.array(y, np.float32)
        tf.reset_default_graph()
        result.append(outcome(tf, lambda: check(x, y)))
        tf.reset_default_graph()
        a = tf.placeholder(tf.float32, x.shape, name="a")
        b = tf.placeholder(tf.float32, y.shape, name="b")
        result.append(outcome(tf, lambda: check(a, b), {a: x, b: y}))
        tf.reset_default_graph()
        a = tf.placeholder(tf.float32, x.shape, name="a")
        result.append(
            outcome(tf, lambda: check(a, y, message="words", summarize=1, name="named", data=[a, "and", [7]]), {a: x})
        )
    tf.reset_default_graph()
    check(tf.placeholder(tf.int32, [2], name="a"), [1, 2]) if name != "near" else None
    check(tf.placeholder(tf.float32, [2], name="b"), [1.0, 2.0], message="words")
    return [result, nodes(tf)]


def sign(tf, name):
    check = getattr(tf, "assert_" + name)
    result = []
    for x in ([1.0, 2.0], [-1.0, -2.0], [0.0], []):
        x = np.array(x, np.float32)
        for message in (None, "words"):
            tf.reset_default_graph()
            result.append(outcome(tf, lambda: check(x, message=message)))
        tf.reset_default_graph()
        a = tf.placeholder(tf.float32, x.shape, name="a")
        result.append(outcome(tf, lambda: check(a), {a: x}))
    tf.reset_default_graph()
    check(tf.placeholder(tf.int32, [2], name="a"))
    check(tf.placeholder(tf.float32, [2], name="b"), message="words", name="named")
    return [result, nodes(tf)]


def case_same_tensor(tf):
    x = tf.placeholder(tf.float32, [2])
    tf.assert_less_equal(x, x)
    return [tf.assert_equal(x, x).name, nodes(tf)]


def case_tolerances(tf):
    x = tf.placeholder(tf.float64, [2], name="x")
    return [
        outcome(tf, lambda: tf.assert_near(x, [1.0, 2.0]), {x: [1.0, 2.0 + 1e-15]}),
        outcome(tf, lambda: tf.assert_near(x, [1.0, 2.0], rtol=0.1), {x: [1.05, 2.1]}),
        outcome(tf, lambda: tf.assert_near(x, [1.0, 2.0], atol=0.1), {x: [1.05, 2.05]}),
        outcome(tf, lambda: tf.assert_near(x, [1.0, 2.0], rtol=0.0, atol=0.01, message="far"), {x: [1.05, 2.05]}),
        outcome(tf, lambda: tf.assert_near(tf.constant([1, 2]), [1, 2])),
    ]


def ranks(tf):
    """Tensors of known and unknown rank: name, and what makes one of them with a value to feed."""
    return {
        "scalar": lambda: (tf.placeholder(tf.float32, [], name="x"), 1.0),
        "vector": lambda: (tf.placeholder(tf.float32, [2], name="x"), [1.0, 2.0]),
        "unknown_scalar": lambda: (tf.placeholder(tf.float32, name="x"), 1.0),
        "unknown_matrix": lambda: (tf.placeholder(tf.float32, name="x"), [[1.0, 2.0]]),
    }


def rank(tf, name):
    result = []
    for check, given in (
        (tf.assert_rank, 0), (tf.assert_rank, 1), (tf.assert_rank_at_least, 1), (tf.assert_rank_in, (0, 2)),
    ):  # fmt: skip
        for options in ({}, {"message": "words", "name": "named"}):
            tf.reset_default_graph()
            x, value = ranks(tf)[name]()
            result.append([outcome(tf, lambda: check(x, given, **options), {x: value}), [n[:2] for n in nodes(tf)]])
    return result


def case_rank_errors(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    unknown = tf.placeholder(tf.float32, name="unknown")
    fed = tf.placeholder(tf.int32, name="fed")
    return [
        outcome(tf, lambda: tf.assert_rank(x, [1])),
        outcome(tf, lambda: tf.assert_rank(x, 1.0)),
        outcome(tf, lambda: tf.assert_rank_in(x, (1, 1.5))),
        outcome(tf, lambda: tf.assert_rank_in(x, (1, [2]))),
        outcome(tf, lambda: tf.assert_rank_at_least(x, [0])),
        outcome(tf, lambda: tf.assert_rank(x, fed), {x: [1.0, 2.0], fed: 1}),
        outcome(tf, lambda: tf.assert_rank(x, fed), {x: [1.0, 2.0], fed: 2}),
        outcome(tf, lambda: tf.assert_rank(x, fed), {x: [1.0, 2.0], fed: [1]}),
        outcome(tf, lambda: tf.assert_rank_in(unknown, (0, fed)), {unknown: [1.0], fed: 1}),
        outcome(tf, lambda: tf.assert_rank_in(unknown, (0, fed)), {unknown: [1.0], fed: 2}),
    ]


def case_types(tf):
    x, i = tf.placeholder(tf.float32, [2], name="x"), tf.placeholder(tf.int64, [2], name="i")
    return [
        outcome(tf, lambda: tf.assert_integer(x)),
        outcome(tf, lambda: tf.assert_integer(x, message="words", name="named")),
        outcome(tf, lambda: tf.assert_integer(i), {}),
        outcome(tf, lambda: tf.assert_type(x, tf.int32)),
        outcome(tf, lambda: tf.assert_type(x, tf.int32, message="words")),
        outcome(tf, lambda: tf.assert_type(x, tf.float32, name="named"), {}),
        tf.is_numeric_tensor(x),
        tf.is_numeric_tensor(tf.constant("a")),
        tf.is_numeric_tensor(tf.constant(True)),
        tf.is_numeric_tensor(1.0),
        tf.is_numeric_tensor(tf.Variable(1.0)),
        tf.debugging.assert_same_float_dtype([x]).name,
        tf.debugging.assert_same_float_dtype().name,
        tf.debugging.assert_same_float_dtype([x, None], tf.float32).name,
        error(tf.debugging.assert_same_float_dtype, [x, i]),
        error(tf.debugging.assert_same_float_dtype, [i]),
        error(tf.debugging.assert_same_float_dtype, [x], tf.float64),
        error(tf.debugging.assert_same_float_dtype, None, tf.int32),
        error(tf.debugging.assert_scalar, x),
        tf.debugging.assert_scalar(3).name,
        tf.debugging.assert_scalar(tf.constant(1.0, name="c")).name,
    ]


def case_iterables(tf):
    def check(value):
        what = error(tf.debugging.assert_proper_iterable, value)
        return None if what is None else [what[0], what[1].split(".")[0]]

    return [check(v) for v in ([1], (1,), {"a": 1}, {1}, "text", b"bytes", 3, np.zeros(2), tf.zeros(2))]


def case_order(tf):
    result = []
    for values in ([], [1], [1, 2, 3], [1, 1, 2], [2, 1], [[1, 2], [3, 4]], [[1, 3], [2, 4]]):
        tf.reset_default_graph()
        x = tf.constant(np.array(values, np.int32))
        with tf.Session() as session:
            result.append(plain(session.run([tf.is_non_decreasing(x), tf.is_strictly_increasing(x)])))
    return [result, error(tf.is_non_decreasing, ["a", "b"])]


def case_assert(tf):
    x = tf.placeholder(tf.float32, [5], name="x")
    s = tf.constant([["a", "b"], ["c", "d"]], name="s")
    feed = {x: [1.5, 2.0, 1 / 3.0, 1e10, 5.0]}

    def held(condition, data, **options):
        return outcome(tf, lambda: tf.Assert(condition, data, **options), feed)

    return [
        held(x[0] > 2.0, [x]),
        held(x[0] > 2.0, [x], summarize=5),
        held(x[0] > 2.0, [x], summarize=-1),
        held(x[0] > 2.0, ["words", x, s, 3, True, 2.5, [1, 2, 3, 4, 5]], name="named"),
        held(x[0] > 1.0, [x]),
        held(False, ["words", 7]),
        held(True, ["words"]),
        held(tf.constant(False), ["words"]),
        held(tf.constant(False), [tf.constant(3)]),
        held(tf.constant([True, False]), ["vector"]),
        held(False, [x, s]),
    ]


def case_assert_nodes(tf):
    x = tf.placeholder(tf.bool, [], name="x")
    tf.Assert(x, ["words", 3])
    tf.Assert(x, [tf.constant([1, 2])], name="named", summarize=7)
    with tf.name_scope("scope"):
        tf.Assert(True, [3, "b"])
    return all_nodes(tf)


def case_shapes(tf):
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    y = tf.placeholder(tf.float32, [2], name="y")
    unknown = tf.placeholder(tf.float32, name="unknown")
    partly = tf.placeholder(tf.float32, [None, 3], name="partly")
    feed = {x: np.ones((2, 3)), y: np.ones(2), unknown: np.ones((4, 5)), partly: np.ones((7, 3))}
    check = tf.debugging.assert_shapes
    results = []
    for shapes in (
        [(x, ("N", "M")), (y, ("N",))],
        [(x, ("N", "M")), (y, ("M",))],
        [(x, (2, 3))],
        [(x, (2, 4))],
        [(x, (2,))],
        [(x, ("N", "N"))],
        [(unknown, ("N", "M"))],
        [(unknown, ("N", "N"))],
        [(unknown, (4, 6))],
        [(unknown, ("N",))],
        [(partly, ("N", 3)), (x, ("K", 3))],
        [(partly, ("N", 3)), (x, ("N", 3))],
        [(partly, ("*", 3)), (x, ("*", "Q"))],
        [(x, (None, 3)), (y, (".",))],
        [(x, ("*", "N")), (y, ("*", "N"))],
        [(x, (3, "*"))],
        [(x, 7)],
        [],
    ):
        results.append(outcome(tf, lambda: check(shapes), feed))
    results.append(outcome(tf, lambda: check([(x, (2, 4))], message="words", name="named"), feed))
    results.append(outcome(tf, lambda: check({y: ("N",)}), feed))
    return results


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
CASES.update({"assert_" + name: functools.partial(comparison, name=name) for name in COMPARISONS})
CASES.update({"assert_" + name: functools.partial(sign, name=name) for name in SIGNS})
CASES.update({"rank_of_" + name: functools.partial(rank, name=name) for name in ranks(type("module", (), {}))})
