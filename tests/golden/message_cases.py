"""What tf.Print, tf.print and tf.strings.format write under TensorFlow 1.15.5; the results are kept in messages.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import os
import sys
import tempfile

import numpy as np
from state_cases import error, nodes

ARRAYS = {
    "scalar": np.float32(1.5),
    "third": np.float32(1 / 3.0),
    "double": np.float64(1 / 3.0),
    "half": np.float16(1 / 3.0),
    "large": np.array([1e10, -1e-10, 123456789.0, 1e38], np.float32),
    "special": np.array([np.inf, -np.inf, np.nan, 0.0, -0.0], np.float32),
    "ints": np.arange(10),
    "bytes": np.array([-1, 2], np.int8),
    "unsigned": np.array([1, 255], np.uint8),
    "bools": np.array([True, False, True]),
    "matrix": np.arange(12, dtype=np.float32).reshape(3, 4) / 4,
    "cube": np.arange(24, dtype=np.int32).reshape(2, 3, 4),
    "long_cube": np.arange(7 * 2 * 7, dtype=np.int64).reshape(7, 2, 7),
    "text": np.array(["a", 'b"c', "new\nline", "\u00e9"], object),
    "one_text": np.array("say 'hi'", object),
    "nothing": np.zeros([0], np.float32),
    "no_rows": np.zeros([0, 3], np.float32),
    "no_columns": np.zeros([2, 0], np.float32),
    "complex": np.array([1 + 2j, 0.5j], np.complex64),
    "one": np.array([[[7]]]),
}


def constant(tf, value):
    return tf.constant(value, tf.string) if value.dtype == object else tf.constant(value)


def written(stream, function):
    """What a function writes to a stream of the process: 1 for the standard output, 2 for the standard error.

    TensorFlow writes from C++, below Python's streams; the file is swapped under both.
    """
    own = sys.stdout if stream == 1 else sys.stderr
    own.flush()
    kept = os.dup(stream)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), stream)
        try:
            function()
            own.flush()
        finally:
            os.dup2(kept, stream)
            os.close(kept)
        file.seek(0)
        return file.read().decode()


def run_written(tf, fetch, stream=2, times=1):
    with tf.Session() as session:
        session.run(tf.no_op())

        def run():
            for _ in range(times):
                session.run(fetch)

        return written(stream, run)


def case_print(tf):
    """tf.Print of all kinds of arrays."""
    result = {}
    for name in ARRAYS:
        if name != "complex":
            tf.reset_default_graph()
            x = constant(tf, ARRAYS[name])
            result[name] = [
                run_written(tf, tf.Print(1.0, [x])),
                run_written(tf, tf.Print(1.0, [x, x], "words: ", summarize=5)),
                run_written(tf, tf.Print(1.0, [x], summarize=-1)),
            ]
    return result


def case_print_options(tf):
    x = tf.constant([1.0, 2.0])
    return [
        run_written(tf, tf.Print(x, [x], first_n=2), times=4),
        run_written(tf, tf.Print(x, [x], "again"), times=2),
        run_written(tf, tf.Print(x, [x, 7, "text", [1.0, 2.0]], name="named")),
        run_written(tf, tf.Print(x, [], "nothing but words")),
        [n[:3] for n in nodes(tf, "Print")],
        error(tf.Print, x, x[0]),
        tf.gradients(tf.Print(x, [x]) * 3.0, x)[0].name,
    ]


def case_format(tf):
    result = {}
    for name in ARRAYS:
        tf.reset_default_graph()
        x = constant(tf, ARRAYS[name])
        if name != "complex":
            texts = [
                tf.strings.format("<{}>", x),
                tf.strings.format("{} and {}", (x, x), summarize=1),
                tf.strings.format("%t", [x], placeholder="%t", summarize=-1),
            ]
            with tf.Session() as session:
                result[name] = [text.decode("utf-8", "replace") for text in session.run(texts)]
    return result


def case_format_errors(tf):
    x = tf.constant(1.0)
    made = tf.strings.format("nothing", [])
    with tf.Session() as session:
        text = session.run(made).decode()
    return [
        error(tf.strings.format, "{} {}", [x]),
        error(tf.strings.format, "", [x]),
        text,
        tf.strings.format("{}", x).name,
        tf.strings.format("{}", x, name="named").name,
    ]


def case_print_v2(tf):
    """tf.print of tensors, Python values and structures, to several streams."""
    x, text = tf.constant([[1.0, 2.5], [3.0, 4.0]]), tf.constant("text")
    path = os.path.join(tempfile.mkdtemp(), "out.txt")
    to_file = tf.print("a line", x[0], output_stream="file://" + path)
    result = [
        run_written(tf, tf.print(x)),
        run_written(tf, tf.print("words", x, 7, text, True, None)),
        run_written(tf, tf.print("to", "stdout", x, output_stream=sys.stdout), stream=1),
        run_written(tf, tf.print("many", tf.range(20))),
        run_written(tf, tf.print(tf.range(20), summarize=2)),
        run_written(tf, tf.print(tf.range(20), summarize=-1)),
        run_written(tf, tf.print("a", "b", x[0], sep=", ", end="!\n")),
        run_written(tf, tf.print("no end", end="")),
        run_written(tf, tf.print({"b": x[0], "a": [1, text, (x[1],)]})),
        run_written(tf, tf.print([x[0, 0], "b"], (1, 2), ())),
        run_written(tf, tf.print(tf.Variable(3.0).initial_value, "{} %s")),
        run_written(tf, tf.print()),
        run_written(tf, tf.print("twice"), times=2),
        run_written(tf, tf.print(np.array([1.0, 2.0]), 2.5)),
        run_written(tf, tf.print(tf.SparseTensor([[0, 1], [2, 0]], [3.0, 4.0], [3, 2]))),
        error(tf.print, x, nonsense=1),
        error(tf.print, x, output_stream=7),
        tf.print(x).type,
        tf.print(x, name="named").name,
    ]
    with tf.Session() as session:
        session.run(to_file)
        session.run(to_file)
    with open(path) as file:
        result.append(file.read())
    return result


def case_print_v2_nodes(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    tf.print("words", x, [x, 3])
    tf.print(x, name="named", output_stream=sys.stdout, end="")
    tf.print("plain")
    return nodes(tf)


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
