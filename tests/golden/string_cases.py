"""What operations on strings give under TensorFlow 1.15.5. Runs under Python 3.7 too."""

import numpy as np
from outcomes import error, nodes, plain, shapes


def fed(tf, strings, build):
    """What `build` makes of strings that are fed, as they are in programs."""
    with tf.Graph().as_default():
        try:
            array = np.array(strings)
            source = tf.placeholder(tf.string, array.shape)
            tensors = build(tf, source)
            with tf.Session() as session:
                return [plain(session.run(tensors, {source: strings})), shapes(tensors)]
        except Exception as exception:
            return error(exception)


def each(given, build):
    """A case: what `build(tf, source, *arguments)` gives for each of (strings, arguments)."""

    def case(tf):
        def run(strings, arguments):
            return fed(tf, strings, lambda tf, source: build(tf, source, *arguments))

        return [run(strings, arguments) for strings, arguments in given]

    return case


WORDS = ["", "a", "ab", "abc", "abcd", "hello", "hello world", "hello world!!", "abcdefghijklmnop",
         "abcdefghijklmnopq",
         "x" * 31, "x" * 32, "x" * 33, "y" * 63, "y" * 64, "z" * 65, "z" * 128,
         "w" * 200, "\u00e9\u4e2d\u6587"]  # fmt: skip
BAD = b"a\xffb\xe4\xb8c\x01\xed\xa0\x80"
NUMBERS = {
    "int32": [1, -5, 300], "float32": [1.5, -0.1, 1e10, float("nan"), float("inf"), 1.0 / 3],
    "float64": [1.5, 1e-10, 1.0 / 3], "bool": [True, False], "complex64": [1 + 2j], "int8": [-7], "int64": [2**40],
}  # fmt: skip
FORMATS = [{}, {"precision": 3}, {"scientific": True}, {"shortest": True}, {"width": 8}, {"width": 8, "fill": "0"},
           {"width": 8, "fill": "-"}, {"fill": " ", "width": 6}, {"precision": 2, "width": 9, "fill": "+"},
           {"fill": "ab"}, {"fill": "x"}, {"fill": "+"}, {"fill": "#", "width": 9},
           {"scientific": True, "shortest": True}]  # fmt: skip
SQUARE = [["a", "b"], ["c", "d"]]


def as_string(tf):
    def run(dtype, values, kwargs):
        return fed(tf, ["x"], lambda tf, _: tf.as_string(tf.constant(values, getattr(tf, dtype)), **kwargs))

    return [run(dtype, values, kwargs) for dtype, values in sorted(NUMBERS.items()) for kwargs in FORMATS]


def fingerprint(tf):
    given = [["abc", "def"], [["abc", "b"], ["def", ""]], np.arange(6, dtype=np.int32).reshape(2, 3)]
    return [fed(tf, ["x"], lambda tf, _, g=g: tf.fingerprint(g)) for g in given]


def graph(tf):
    def build(tf):
        x = tf.placeholder(tf.string, [None, 2])
        tf.string_split(tf.placeholder(tf.string, [None]))
        tf.strings.split(tf.placeholder(tf.string, [None]), sep=",")
        tf.substr(x, [0], [1])
        tf.regex_replace(x, "a", "b")
        tf.regex_replace(x, tf.constant("a"), "b")
        tf.strings.regex_full_match(x, "a")
        tf.strings.length(x)
        tf.strings.lower(x)
        tf.reduce_join(x, 0)
        tf.reduce_join(x)
        tf.reduce_join(x, 0, name="own")
        tf.as_string(tf.placeholder(tf.int32, [None]))
        tf.string_to_hash_bucket(x, 3)
        tf.string_to_hash_bucket_fast(x, 3)
        tf.string_to_hash_bucket_strong(x, 3, [1, 2])
        tf.strings.unicode_decode("abc", "UTF-8")
        tf.encode_base64(x)
        tf.string_strip(x)
        tf.strings.unsorted_segment_join(x, [0, 1], 3)
        tf.fingerprint(x)

    return nodes(tf, build)


CASES = {
    "string_split": each(
        [(["a b  c", "x y"], ()), (["a,b"], (",",)), ([" a b "], ("",)), (["a,,b"], (",", False)), (["abc"], ("",)),
         (["a<>b>c", "d"], ("<>",)), (["", "x"], ()), (["a,b,"], (",",)), (["a b"], (" ", False)), ("a b", ())],
        lambda tf, s, *rest: tf.string_split(s, *rest)),
    "pieces of nothing": each(
        [(["", "a  b", " "], (" ",)), (["", "a,;b"], (",;",)), (["", "ab"], ("",))],
        lambda tf, s, marks: tf.string_split(s, marks, skip_empty=False)),
    "strings.split": each(
        [(["a b  c", "x y"], ()), (["a,b"], (",",)), ([" a b "], ("",)), (["a,,b"], (",",)), (["a<>b>c", "d"], ("<>",)),
         (["", "x"], ()), (["a,b,"], (",",)), (["a b c", "d"], (" ", 1)), (["  a  b ", "d"], ("", 1)),
         (["a b"], (None, 0)), (["a\tb\nc"], ()), ([" a "], (None, 0)), ([""], (",",)), (["a,b,c"], (",", 0))],
        lambda tf, s, *rest: tf.strings.split(s, *rest)),
    "substr": each(
        [(["hello", "w\u00f6rld"], (1, 3)), (["hello", "ab"], ([1, -1], [2, 1])), (["hello"], (-3, 2)),
         (["ab"], (3, 1)), (["ab"], (-3, 1)), ("hello", (0, -1)), (["ab", "cd"], ([[0], [1]], [[1], [1]])),
         (["ab"], (2, 5)),
         (["a", "b", "c"], ([1, 2], [1, 2]))],
        lambda tf, s, *rest: tf.substr(s, *rest)),
    "substr of characters": each(
        [(["hello", "w\u00f6rld"], (1, 3)), (["hello"], (-3, 2)), (["ab"], (3, 1)), ("hello", (0, -1)),
         (["ab"], (2, 5))],
        lambda tf, s, *rest: tf.strings.substr(s, *rest, unit="UTF8_CHAR")),
    "regex_replace": each(
        [(["abcabc", "xyz"], ("a(b)", "\\1-\\0")), ("aaa", ("a", "b", False)), ("a.b", ("\\.", "x")),
         ("abc", ("[", "x")), ("abc", ("(a", "x")), ("a\u00e9", (".", "x")), ("abc", ("", "-")),
         ("ab\ncd", ("^.", "x")), ("ab\ncd", ("(?m)^.", "x")), ("abc", ("b*", "x")), ("a-b_c", ("\\W", "")),
         ("ab12", ("[[:digit:]]+", "#")), ("abc", ("b", "\\\\")), ("a b", ("\\s", "")), ("ABC", ("(?i)b", "x"))],
        lambda tf, s, *rest: tf.regex_replace(s, *rest)),
    "patterns of RE2": each(
        [("a\n", ("a$",)), ("a\nb", ("(?m)a$",)), ("a.b axb", (r"\Qa.b\E",)), ("aa", ("a**",)), ("aa", ("a++",)),
         ("aa", (r"(a)\1",)), ("b", ("(?<!a)b",)), ("ab", ("a(?=b)",)), ("]a", ("[]a]+",)), ("a{,2}", ("a{,2}",)),
         ("ABc", (r"\p{Lu}+",)), ("a1", (r"\pN",)), ("a-1", (r"[\pL-]+",)), ("a1", (r"\PL",)), ("y", (r"\y",)),
         ("a\vb c", (r"\s",)), ("a\vb c", (r"[^\s]",)), ("a", ("a)",)), ("a", (r"a\z",)), ("ba", (r"\Aa",))],
        lambda tf, s, pattern: tf.regex_replace(s, pattern, "-")),
    "regex_full_match": each(
        [(["abc", "abcd"], ("abc",)), ("abc", ("[",)), (["a\nb"], ("a.b",)), ("a\u00e9", ("a.",)), ("x", ("(?i)X",))],
        lambda tf, s, *rest: tf.strings.regex_full_match(s, *rest)),
    "hash buckets": each(
        [(WORDS, (2**62,)), (WORDS, (10,)), (WORDS, (0,))],
        lambda tf, s, n: [tf.string_to_hash_bucket(s, n), tf.string_to_hash_bucket_fast(s, n),
                          tf.string_to_hash_bucket_strong(s, n, key=[1, 2]), tf.strings.to_hash_bucket_strong(
                              s, n, key=[2**40, 77])]),
    "strong hash without a key": each([(WORDS, ())], lambda tf, s: tf.string_to_hash_bucket_strong(s, 3, key=[1])),
    "fingerprint": fingerprint,
    "as_string": as_string,
    "base64": each(
        [(["a", "ab", "abc", "\u00ff\u00fe"], ())],
        lambda tf, s: [tf.encode_base64(s), tf.encode_base64(s, pad=True), tf.decode_base64(tf.encode_base64(s))]),
    "base64 decoded": each(
        [(["YQ", "YQ==", "YWI", "YWJj"], ()), ("Y", ()), ("Y!==", ()), ("+/+/", ()), ("YQ=", ()), ("", ())],
        lambda tf, s: tf.decode_base64(s)),
    "letters": each(
        [([" a b\t\n", "\x0bx", "\u00e9 ", "ABC \u00c9", "abc \u00e9\u00df"], ())],
        lambda tf, s: [tf.string_strip(s), tf.strings.lower(s), tf.strings.upper(s), tf.strings.lower(s, "utf-8"),
                       tf.strings.upper(s, "utf-8"), tf.strings.length(s), tf.strings.length(s, unit="UTF8_CHAR")]),
    "unknown encoding": each([(["a"], ())], lambda tf, s: tf.strings.lower(s, "x")),
    "reduce_join": each(
        [(SQUARE, (axis,)) for axis in (0, 1, -1, [0, 1], [1, 0], [], None, 2, [0, 0])],
        lambda tf, s, axis: [tf.reduce_join(s, axis, separator="-"), tf.reduce_join(s, axis, keep_dims=True)]),
    "unsorted_segment_join": each(
        [(SQUARE, ([0, 0], 2)), (SQUARE, ([[0, 1], [1, 0]], 2)), (["a"], ([5], 2)), (["a", "b"], ([0, -1], 2))],
        lambda tf, s, *rest: tf.strings.unsorted_segment_join(s, *rest, separator=",")),
    "unicode": each(
        [("a\u00e9\u4e2d\U0001f600", ())],
        lambda tf, s: [tf.strings.unicode_decode(s, "UTF-8"), tf.strings.bytes_split(s)]
        + list(tf.strings.unicode_decode_with_offsets(s, "UTF-8"))),
    "malformed": each(
        [([BAD, b"ok"], ({},)), ([BAD], ({"errors": "ignore"},)), ([BAD], ({"errors": "strict"},)),
         ([BAD], ({"replacement_char": 63},)), ([BAD], ({"replace_control_characters": True},))],
        lambda tf, s, kwargs: [tf.strings.unicode_transcode(s, "UTF-8", "UTF-16-BE", **kwargs),
                               tf.strings.unicode_decode(s[0], "UTF-8", **kwargs)]),
    "transcoded": each(
        [([b"\x00a\x00\xe9"], ("UTF-16-BE",)), ([b"caf\xe9"], ("ISO-8859-1",)), ([b"a\0\0\0"], ("UTF-32-LE",)),
         ([b"\xff\xfea\0"], ("UTF-16",)), ([b"a"], ("FOO",)), ([b"a"], ("US-ASCII",))],
        lambda tf, s, encoding: tf.strings.unicode_transcode(s, encoding, "UTF-8")),
    "encoded": each(
        [("x", ([97, 233, 20013], "UTF-8")), ("x", ([97, 233], "UTF-16-BE")), ("x", ([97], "UTF-32-BE")),
         ("x", ([97, 0xD800, 0x110000], "UTF-8")), ("x", ([97, 0x110000], "UTF-8", "ignore")),
         ("x", ([[97, 98], [99, 100]], "UTF-8"))],
        lambda tf, s, *rest: tf.strings.unicode_encode(*rest)),
    "scripts": each(
        [("x", ([97, 0x4E2D, 0x3042, 32, 0x410, 0x5D0, 0x627, 0x1F600, 0xAC00, 0x30A2, 0x391, 0x110000, -1, 48,
                 0x301],))],
        lambda tf, s, points: tf.strings.unicode_script(points)),
    "graph": graph,
}  # fmt: skip
