"""Arguments of make_tensor_proto; what TensorFlow 1.15.5 makes of them is kept in tensor_protos.json.

Each is Python source, evaluated with `tf` and `np`. Runs under Python 3.7 as well.
"""

import collections

import numpy as np

Pair = collections.namedtuple("Pair", "a b")

NUMBERS = """
1.0
1
2 ** 40
[2 ** 40, 1]
[1, 2]
[1.5, 1]
[1.0, 2.0], np.float64
1, tf.float32
1, "float"
1.0, 101
True
[True, False]
[True, 2]
[True, 1.5]
True, tf.int32
[True, False], tf.int32
True, tf.float32
1 + 2j
[1, 1j]
[1 + 2j], tf.complex64
1.5, tf.complex64
[1, 2], tf.complex128
1.5, tf.float16
[1.5, 2], tf.float16
1.5, tf.bfloat16
[1.5, 2.5], tf.bfloat16
1, tf.bfloat16
[1, 2], tf.uint16
5, tf.uint16
5, tf.int16
5, tf.int8
5, tf.uint32
[5], tf.uint64
1e+60, tf.float32
float("nan")
2 ** 31, tf.int32
[2 ** 31], tf.int32
300, tf.uint8
[-1], tf.uint8
2 ** 63
[2 ** 63], tf.int64
[(1,), (2,)], tf.qint8
(3,), tf.quint8
[(1,), (2,)], tf.qint16
Pair(1, 2)
Pair(1, 2), tf.float32
[tf.Dimension(3), 2], tf.int64
tf.Dimension(3), tf.int32
"""

ARRAYS = """
np.float16(2)
np.float64(3)
np.uint64(5)
np.int64(3), tf.float32
[np.float64(3)]
[np.float32(3), np.float64(2)]
[np.int64(3)]
[np.int8(3)]
np.bool_(True), tf.bool
np.array([1, 2], np.int64)
np.array([1.0, 2.0])
np.array(1.5), tf.int32
np.array([1, 0]), tf.bool
np.array([1, 2]), tf.bfloat16
np.float32(1.5), tf.bfloat16
np.array([1, 2]), tf.qint8
np.array(["1.5"]), tf.float32
np.array([[1, 2], [3, 4]], np.float32).T
np.zeros((2, 2), np.float32, order="F")
np.zeros([0, 3])
np.array(["a", "b\\0"])
np.array([b"a", b"b"], object)
np.array("abc")
np.str_("abc")
memoryview(b"ab")
bytearray(b"ab")
"""

STRINGS = """
["a", b"b"]
[["a"], ["b"]]
u"\\u00e9"
b"a\\0b"
"a", tf.string, []
[np.str_("abc")]
[np.bytes_("x")], tf.string
"x", shape=[2]
["x", "y"], shape=[2, 1]
[b"", b"a"], shape=[2]
"""

SHAPES = """
[], tf.float32
[]
[], shape=[0, 3]
[1.0, 2.0], shape=[2, 0]
3, shape=[2, 2]
[1, 2], shape=[2, 2]
[[1, 2]], shape=[4]
[True], shape=[3]
[1], shape=[]
1.0, shape=[1]
1, shape=[tf.Dimension(2)]
1, shape=np.array([2])
3, np.int32, shape=tf.TensorShape([2, 1])
[], tf.float32, shape=[2]
np.zeros([0]), tf.float32, [2]
1, shape=[], verify_shape=True
3, tf.float32, [2], allow_broadcast=True
"""

ERRORS = """
[1, 2.5], tf.int32
1.5, tf.int32
"a", tf.float32
b"a", tf.int32
"a", tf.bool
1, tf.bool
[1, True], tf.bool
1j, tf.float32
1, tf.string
[1, 2], tf.string
[None], tf.string
[1.5, "x"], tf.float32
[[1, 2], [3, "x"]], tf.int32
[[1, None]], tf.float32
[Pair(1.5, 2)], tf.int32
1, tf.qint8
slice(1), tf.int32
None
None, tf.int32
[None]
[1, None]
[1, "a"]
[True, "a"]
{1: 2}
set([1])
2 ** 70
slice(1)
len
[[1], [2, 3]]
[[1, 2], 3]
[1, [2]]
[["a"], ["b", "c"]]
[["a"], "b"], tf.string
[[], [1]]
[[[1, 2], [3]], [[4], [5]]]
np.array([1, 2]), tf.string
np.datetime64("2010")
np.array([(1,)], dtype=[("a", np.int64)])
1.5, tf.resource
np.array([1.0, 2.0]), tf.resource
[1, 2, 3], shape=[2]
[1, 2], shape=[]
np.zeros([4]), tf.float32, [2]
np.array([1, 2]), shape=[0]
3, np.int32, shape=(-1,)
3, shape=2
[1, 2], shape=[3], verify_shape=True
[1], shape=[], verify_shape=True
"a", shape=[2, 2], verify_shape=True
[3, 4], tf.float32, [3], allow_broadcast=True
1, allow_broadcast=True, verify_shape=True
"""

CASES = (NUMBERS + ARRAYS + STRINGS + SHAPES + ERRORS).split("\n")
CASES = [case for case in CASES if case]


def evaluate(case, tf, function):
    """function(the arguments that the case says)."""
    return eval("function(%s)" % case, {"tf": tf, "np": np, "Pair": Pair, "function": function})  # noqa: UP031
