"""tf.signal's frames, windows and spectra under TensorFlow 1.15.5; the results are kept in signal.json. Python 3.7 runs
it too."""

import numpy as np


def run(tf, *tensors):
    with tf.Session() as session:
        values = [session.run(t) for t in tensors]
    shapes = [None if t.shape.ndims is None else t.shape.as_list() for t in tensors]
    return [[shape, plain(value)] for shape, value in zip(shapes, values)]


def plain(value):
    if np.iscomplexobj(value):
        return [np.real(value).tolist(), np.imag(value).tolist()]
    return value.tolist()


def refused(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Exception as error:
        return [type(error).__name__, str(error).split("\n")[0]]
    return None


def wave(*shape):
    return np.sin(np.arange(np.prod(shape)) ** 1.5).reshape(shape).astype(np.float32)


def case_frames(tf):
    x = tf.constant(np.arange(10.0))
    y = tf.constant(np.arange(24).reshape(2, 6, 2))
    z = tf.placeholder_with_default(tf.constant(np.arange(7.0)), [None])
    return run(
        tf,
        tf.signal.frame(x, 4, 2),
        tf.signal.frame(x, 3, 4),
        tf.signal.frame(x, 3, 4, pad_end=True, pad_value=-1),
        tf.signal.frame(x, 12, 4),
        tf.signal.frame(x, 12, 4, pad_end=True),
        tf.signal.frame(y, 2, 3, axis=1),
        tf.signal.frame(y, 5, 3, axis=-2, pad_end=True, pad_value=7),
    ) + [run(tf, tf.signal.frame(z, 3, 2, pad_end=True))[0][1]]


def case_sums_of_frames(tf):
    x = tf.constant(np.arange(24.0).reshape(2, 3, 4))
    return run(tf, *[tf.signal.overlap_and_add(x, step) for step in (1, 2, 3, 4, 6)])


def case_windows(tf):
    windows = []
    for function in (tf.signal.hann_window, tf.signal.hamming_window):
        for length in (1, 4, 5):
            for periodic in (True, False):
                windows.append(function(length, periodic=periodic))
    windows.append(tf.signal.hann_window(6, dtype=tf.float64))
    inverse = tf.signal.inverse_stft_window_fn(3)
    windows.append(inverse(8, tf.float32))
    return run(tf, *windows)


def case_spectra(tf):
    x = tf.constant(wave(2, 40))
    spectra = tf.signal.stft(x, 8, 4)
    back = tf.signal.inverse_stft(spectra, 8, 4, window_fn=tf.signal.inverse_stft_window_fn(4))
    return run(
        tf,
        spectra,
        tf.signal.stft(x, 6, 4, fft_length=16, window_fn=None, pad_end=True),
        tf.signal.stft(x, 10, 5, window_fn=tf.signal.hamming_window),
        back,
        tf.signal.inverse_stft(spectra, 10, 5, fft_length=8),
        tf.signal.inverse_stft(spectra, 6, 3, fft_length=8, window_fn=None),
    )


def case_mel(tf):
    logs = tf.constant(wave(2, 3, 8))
    return run(
        tf,
        tf.signal.linear_to_mel_weight_matrix(5, 20),
        tf.signal.linear_to_mel_weight_matrix(4, 17, 16000, 50.0, 7000.0, dtype=tf.float64),
        tf.signal.mfccs_from_log_mel_spectrograms(logs),
    )


def case_refused(tf):
    mel = tf.signal.linear_to_mel_weight_matrix
    return [
        refused(tf.signal.hann_window, 4, dtype=tf.int32),
        refused(mel, 0),
        refused(mel, sample_rate=0),
        refused(mel, lower_edge_hertz=-1.0),
        refused(mel, lower_edge_hertz=10.0, upper_edge_hertz=5.0),
        refused(mel, upper_edge_hertz=5000.0),
        refused(mel, dtype=tf.int32),
        refused(tf.signal.overlap_and_add, tf.ones([2, 3]), 1.5),
        refused(tf.signal.overlap_and_add, tf.ones([3]), 1)[0],
        refused(tf.signal.stft, tf.ones([3]), [1], 1)[0],
    ]


CASES = {name[5:]: function for name, function in list(globals().items()) if name.startswith("case_")}
