"""tf.audio and audio_ops under TensorFlow 1.15.5; the results are kept in audio.json. Python 3.7 runs it too."""

import importlib

import numpy as np
from state_cases import error

RNG = np.random.RandomState(6)
SOUND = (np.sin(np.arange(400)[:, None] * [0.05, 0.31]) * 0.6 + RNG.randn(400, 2) * 0.05).astype(np.float32)


def digits(x):
    return [float(f"{v:.5g}") for v in np.ravel(x)]


def run(tf, *tensors):
    with tf.Session() as session:
        return [[t.shape.as_list(), digits(session.run(t))] for t in tensors]


def case_wave_files(tf):
    sound = np.float32([[0.5, -1.0], [0.25, 1.0], [-0.3, 1.5], [0.00004, -0.00002]])
    text = tf.audio.encode_wav(sound, 8000)
    decoded = [tf.audio.decode_wav(text), tf.audio.decode_wav(text, desired_channels=1),
               tf.audio.decode_wav(text, desired_samples=6), tf.audio.decode_wav(text, 1, 2),
               tf.audio.decode_wav(tf.audio.encode_wav(sound[:, :1], 100), 3)]
    with tf.Session() as session:
        data = session.run(text)
    return [list(bytearray(data)), [run(tf, d.audio, d.sample_rate) for d in decoded]]


def case_features(tf):
    audio_ops = importlib.import_module("tensorflow.contrib.framework.python.ops.audio_ops")
    sound = tf.constant(SOUND[:, :1])
    spectra = [audio_ops.audio_spectrogram(sound, window_size=64, stride=32, magnitude_squared=True),
               audio_ops.audio_spectrogram(sound, window_size=50, stride=20)]
    features = [audio_ops.mfcc(spectra[0], 8000), audio_ops.mfcc(spectra[0], 16000, dct_coefficient_count=5),
                audio_ops.mfcc(spectra[0], 8000, 3000, 100, 10, 6)]
    return run(tf, spectra[0][:, :3], spectra[1][:, :4], *features)


def case_errors(tf):
    def decode(data):
        with tf.Graph().as_default(), tf.Session() as session:
            session.run(tf.audio.decode_wav(data))

    return [error(decode, b"RIFX" + b"0" * 60), error(tf.audio.encode_wav, [1.0], 8000)]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
