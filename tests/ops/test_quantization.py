"""Quantized dtypes: from floats and back, as in TensorFlow 1.15.5."""

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("quantization_cases", "quantization.json")
DTYPES = [tf.qint8, tf.quint8, tf.qint16, tf.quint16]


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_case_gives_what_tensorflow_gives(name):
    GOLDEN.check(name)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("mode", ["MIN_COMBINED", "MIN_FIRST", "SCALED"])
def test_there_and_back_is_off_by_less_than_a_step(dtype, mode):
    values = np.linspace(0.0, 6.0, 50, dtype=np.float32)
    output, low, high = tf.quantize(values, 0.0, 6.0, dtype, mode)
    step = 12.1 / 2 ** (8 * dtype.size)
    with tf.Session() as session:
        np.testing.assert_allclose(session.run(tf.dequantize(output, low, high, mode)), values, rtol=0, atol=step)


def test_range_without_positive_numbers_has_no_scale_for_unsigned_ints():
    with tf.Session() as session:
        result = session.run(tf.quantize([-1.0, 1.0], -3.0, -1.0, tf.quint8, "SCALED"))
    assert result.output.view(np.uint8).tolist() == [0, 0] and (result.output_min, result.output_max) == (0, 0)


def test_old_order_of_arguments():
    with tf.Session() as session:
        one, other = session.run(
            [
                tf.quantize([0.3, 0.6], 0.0, 1.0, tf.qint8, "SCALED", "HALF_TO_EVEN", "name"),
                tf.quantize_v2([0.3, 0.6], 0.0, 1.0, tf.qint8, "SCALED", "name", "HALF_TO_EVEN"),
            ]
        )
    assert one.output.tolist() == other.output.tolist()
