"""What tf.quantize and tf.dequantize give under TensorFlow 1.15.5; the results are kept in quantization.json.

Runs under Python 3.7 as well.
"""

import numpy as np

DTYPES = ("qint8", "quint8", "qint16", "quint16", "qint32")
MODES = ("MIN_COMBINED", "MIN_FIRST", "SCALED")
RANGES = ((-1.0, 2.0), (0.0, 6.0), (-3.0, -1.0), (0.5, 4.0), (0.0, 0.0))
# Away from the middles between two steps, where the last digit of a product decides.
VALUES = np.array([-5.1, -1.0, -0.613, 0.0, 0.004, 0.3331, 1.987, 2.0, 5.01, 99.0], np.float32)
COARSE = ("qint8", "quint8")


def attempt(function):
    """What a call returns, or the class and the first line of what it raises."""
    try:
        return function()
    except Exception as error:
        return [type(error).__name__, str(error).split("\n")[0]]


def quantized(tf, dtype, mode, limits, **kwargs):
    result = tf.quantize(VALUES, limits[0], limits[1], getattr(tf, dtype), mode, **kwargs)
    with tf.Session() as session:
        output, low, high = session.run(result)
    ints = output.view(np.dtype(getattr(tf, dtype).as_numpy_dtype)[0])  # TensorFlow gives plain ints already
    return [ints.tolist(), round(float(low), 5), round(float(high), 5)]


def dequantized(tf, dtype, mode, limits):
    stored = np.dtype(getattr(tf, dtype).as_numpy_dtype)
    info = np.iinfo(stored[0])
    most = info.max - 1000 if dtype == "qint32" else info.max  # TensorFlow takes the largest for the smallest
    ints = np.array([info.min, most, info.max // 2, info.max // 5, info.max // 7 * 5], stored[0])
    result = tf.dequantize(tf.constant(ints.view(stored)), limits[0], limits[1], mode)
    with tf.Session() as session:
        return [round(float(x), 5) for x in session.run(result)]


def case(function, *args, **kwargs):
    return lambda tf: attempt(lambda: function(tf, *args, **kwargs))


CASES = {}
for _mode in MODES:
    for _number, _limits in enumerate(RANGES):
        for _dtype in DTYPES:
            _name = "-".join((_mode, _dtype, str(_number)))
            if _dtype in COARSE:
                CASES["quantize-" + _name] = case(quantized, _dtype, _mode, _limits)
            CASES["dequantize-" + _name] = case(dequantized, _dtype, _mode, _limits)
del CASES["quantize-SCALED-quint8-2"]  # infinite steps: positive numbers come out as the largest there
CASES["even"] = case(quantized, "qint8", "SCALED", (-1.0, 2.0), round_mode="HALF_TO_EVEN")
CASES["even_elsewhere"] = case(quantized, "qint8", "MIN_FIRST", (-1.0, 2.0), round_mode="HALF_TO_EVEN")
CASES["reversed_range"] = case(quantized, "qint8", "MIN_FIRST", (2.0, 1.0))
CASES["range_of_rank_1"] = case(quantized, "qint8", "MIN_FIRST", ([2.0], [1.0]))
CASES["unknown_mode"] = case(quantized, "qint8", "FIRST", (0.0, 1.0))
CASES["unquantized"] = case(quantized, "int8", "SCALED", (0.0, 1.0))
