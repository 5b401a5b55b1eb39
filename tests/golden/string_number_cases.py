"""What tf.string_to_number gives under TensorFlow 1.15.5; the results are kept in string_numbers.json.

Runs under Python 3.7 as well.
"""

TEXTS = ("1", "-1.5", " 2 ", "+3", "1e3", "1E-2", ".5", "5.", "", " ", "abc", "1a", "1 2", "inf", "-Infinity", "nan",
         "1_0", "0x10", "1e", "--1", "1e400", "1e-400", "2147483647", "2147483648", "-2147483648",
         "9223372036854775808", "0.1", "123456789.123", "e5", ".", "007", "\t8\n")  # fmt: skip
DTYPES = ("float32", "float64", "int32", "int64")


def case(dtype):
    def results(tf):
        values = []
        with tf.Session() as session:
            source = tf.placeholder(tf.string)
            number = tf.string_to_number(source, getattr(tf, dtype))
            for text in TEXTS:
                try:
                    values.append(repr(session.run(number, {source: text}).item()))
                except Exception as error:
                    values.append([type(error).__name__, str(error).split("\n")[0]])
        return values

    return results


def graph(tf):
    made = [
        tf.string_to_number(["1"]),
        tf.strings.to_number([["1", "2"]], tf.int64, "n"),
        tf.string_to_number(input=tf.constant("3")),
    ]
    with tf.Session() as session:
        return [[t.name, t.shape.as_list(), session.run(t).tolist()] for t in made]


CASES = {dtype: case(dtype) for dtype in DTYPES}
CASES["graph"] = graph
