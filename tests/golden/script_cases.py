"""Python functions in graphs under TensorFlow 1.15.5; the results are kept in scripts.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

# ruff: noqa: B023  (what a loop's functions bind is used before the loop goes on)

import re

import numpy as np
from state_cases import error, nodes, plain


def run(tf, fetches, feed=None):
    """The value, or class and words of the error without the tokens of functions and the traceback."""
    with tf.Session() as session:
        try:
            return plain(session.run(fetches, feed))
        except Exception as exception:
            words = str(exception).split("\n")[0]
            return [type(exception).__name__, re.sub(r"pyfunc_\d+", "pyfunc", words)]


def case_values(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    feed = {x: [1.0, 2.0]}
    return [
        run(tf, tf.py_func(lambda a: a * 2, [x], tf.float32), feed),
        run(tf, tf.py_func(lambda a: (a * 2, a + 1), [x], [tf.float32, tf.float32]), feed),
        run(tf, tf.py_func(lambda a: [a * 2], [x], [tf.float32]), feed),
        run(tf, tf.py_func(lambda: np.float64(3.0), [], tf.float64)),
        run(tf, tf.py_func(lambda: 3.0, [], tf.float64)),
        run(tf, tf.py_func(lambda: 3, [], tf.int64)),
        run(tf, tf.py_func(lambda: True, [], tf.bool)),
        run(tf, tf.py_func(lambda a, b: a + b, [tf.constant([1, 2]), 3], tf.int32)),
        run(tf, tf.py_func(lambda a: np.array([[1, 2], [3, 4]])[::-1].T.astype(np.float32), [x], tf.float32), feed),
        run(tf, tf.numpy_function(lambda a: np.sinh(a), [tf.constant(0.0)], tf.float32)),
        run(tf, tf.py_func(lambda a: np.float32(a.sum()), [x], tf.float32, stateful=False), feed),
    ]


def case_strings(tf):
    words = tf.constant(["a", "\u00e9"])
    return [
        run(tf, tf.py_func(lambda a: str([type(a).__name__, a.dtype.kind, type(a[0]).__name__]), [words], tf.string)),
        run(tf, tf.py_func(lambda a: type(a).__name__, [tf.constant("one")], tf.string)),
        run(tf, tf.py_func(lambda a: a, [words], tf.string)),
        run(tf, tf.py_func(lambda: b"bytes", [], tf.string)),
        run(tf, tf.py_func(lambda: "text", [], tf.string)),
        run(tf, tf.py_func(lambda: ["a", "bcd"], [], [tf.string, tf.string])),
        run(tf, tf.py_func(lambda: np.array(["a", "bcd"]), [], tf.string)),
        run(tf, tf.py_func(lambda: np.array([b"a", b"bcd"]), [], tf.string)),
        run(tf, tf.py_func(lambda: np.array([b"a", b"bcd"], object), [], tf.string)),
    ]


def case_results_that_do_not_fit(tf):
    return [
        run(tf, tf.py_func(lambda: np.float64(1.0), [], tf.float32)),
        run(tf, tf.py_func(lambda: 3, [], tf.int32)),
        run(tf, tf.py_func(lambda: (1.0, 2.0), [], [tf.float64])),
        run(tf, tf.py_func(lambda: 1.0, [], [tf.float64, tf.float64])),
        run(tf, tf.py_func(lambda: None, [], tf.float32)),
        run(tf, tf.py_func(lambda: None, [], [])),
        run(tf, tf.py_func(lambda: 7, [], [])),
        run(tf, tf.py_func(lambda: "a", [], tf.float32)),
        run(tf, tf.py_func(lambda: [1.0, 2.0], [], tf.float64)),
    ]


def case_errors(tf):
    result = []
    for kind in (
        ValueError, TypeError, StopIteration, MemoryError, NotImplementedError, RuntimeError, KeyError, IndexError,
        ZeroDivisionError, AssertionError,
    ):  # fmt: skip

        def fail():
            raise kind("words")

        result.append(run(tf, tf.py_func(fail, [], tf.float32)))
    return result


def case_errors_of_tensorflow(tf):
    def fail():
        raise tf.errors.NotFoundError(None, None, "lost")

    return run(tf, tf.py_func(fail, [], tf.float32))[:1]


def case_state(tf):
    calls = []

    def count(x):
        calls.append(x.tolist())
        return np.int64(len(calls))

    x = tf.constant(5)
    stateful = tf.py_func(count, [x], tf.int64)
    with tf.Session() as session:
        first = [int(session.run(stateful)) for _ in range(3)]
        twice = [int(v) for v in session.run([stateful, stateful + 0])]
    return [first, twice, calls]


def case_graph(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.py_func(lambda a: a, [x, 3], tf.float32)
    many = tf.py_func(lambda a: a, [x], [tf.float32, tf.int32], name="many")
    op = tf.py_func(lambda a: a, [x], [], name="nothing")
    stateless = tf.py_func(lambda a: a, [x], tf.float32, stateful=False)
    return [
        nodes(tf),
        [y.shape.ndims, y.op.type, stateless.op.type, type(op).__name__, type(many).__name__],
        [d.name for d in y.op.get_attr("Tin")],
        [d.name for d in many[0].op.get_attr("Tout")],
        re.sub(r"\d", "", y.op.get_attr("token").decode()),
        [g if g is None else g.name for g in tf.gradients(y, x)],
        error(tf.py_func, 3, [x], tf.float32),
        error(tf.py_func, lambda: 1, [object()], tf.float32)[1].split(": [<object")[0],
    ]


def case_own_gradient(tf):
    """The usual way to give a Python function a gradient."""
    tf.RegisterGradient("CubeOfGoldenCases")(lambda op, dy: dy * 3.0 * tf.square(op.inputs[0]))
    x = tf.constant([1.0, 2.0])
    with tf.get_default_graph().gradient_override_map({"PyFunc": "CubeOfGoldenCases"}):
        y = tf.py_func(lambda a: a**3, [x], [tf.float32])[0]
    return run(tf, [y, tf.gradients(y, x)[0]])


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
