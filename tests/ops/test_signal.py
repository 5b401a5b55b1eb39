"""tf.signal's frames, windows and spectra are those of TensorFlow 1.15.5."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("signal_cases", "signal.json")


def flat(value):
    return np.array(value, np.float64)


@pytest.mark.parametrize("name", sorted(set(GOLDEN.cases) - {"refused", "frames"}))
def test_as_in_tensorflow(name):
    for ours, theirs in zip(GOLDEN.run(name), GOLDEN.expected[name], strict=True):
        assert ours[0] == theirs[0]
        np.testing.assert_allclose(flat(ours[1]), flat(theirs[1]), rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("name", ["frames", "refused"])
def test_exactly_as_in_tensorflow(name):
    GOLDEN.check(name)


def test_a_signal_comes_back():
    signal = np.sin(np.arange(60) ** 1.5).astype(np.float32)
    spectra = tf.signal.stft(signal, 12, 4)
    back = tf.signal.inverse_stft(spectra, 12, 4, window_fn=tf.signal.inverse_stft_window_fn(4))
    with tf.Session() as session:
        np.testing.assert_allclose(session.run(back)[12:48], signal[12:48], atol=1e-5)
