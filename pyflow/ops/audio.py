"""tf.audio, and what tf.contrib.framework's audio_ops make of speech: wave files, spectra, mel frequency cepstra."""

from __future__ import annotations

import functools
import struct
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op, sample


def _fail(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks of a wave file by their names."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        found = data[:4].decode("latin-1")
        raise _fail(f"Header mismatch: Expected RIFF but found {found}")
    found, at = {}, 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        found.setdefault(name, data[at + 8 : at + 8 + size])
        if name == b"data" and at + 8 + size > len(data):
            raise _fail("Data too short when trying to read string")
        at += 8 + size
    return found


# Two samples of one channel.
_TINY = struct.pack("<4sI8sIHHIIHH4sI2h", b"RIFF", 40, b"WAVEfmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", 4, 9, -9)


@op("DecodeWav(contents: string) -> (audio: float32, sample_rate: int32)", desired_channels=-1, desired_samples=-1)
class DecodeWav:
    """The samples of a wave file of 16 bits, [samples, channels] within [-1, 1), and their rate in Hz.

    With `desired_channels` or `desired_samples` there are so many, cut or filled with zeros.
    """

    def shape(contents, desired_channels, desired_samples):
        if contents:
            raise ShapeError(f"Shape must be rank 0 but is rank {len(contents)}")
        samples = None if desired_samples == -1 else desired_samples
        return [(samples, None if desired_channels == -1 else desired_channels), ()]

    def cpu(contents, desired_channels, desired_samples):
        chunks = _chunks(np.asarray(contents, object).item())
        header = chunks.get(b"fmt ", b"")
        if len(header) not in (16, 18):
            raise _fail(f"Bad file size for WAV: Expected 16 or 18, but got{len(header)}")
        kind, channels = (int.from_bytes(header[i : i + 2], "little") for i in (0, 2))
        rate, bits = int.from_bytes(header[4:8], "little"), int.from_bytes(header[14:16], "little")
        if kind != 1:
            raise _fail(f"Bad audio format for WAV: Expected 1 (PCM), but got{kind}")
        if bits != 16:
            raise _fail(f"Can only read 16-bit WAV files, but received {bits}")
        if b"data" not in chunks:
            raise _fail("No data chunk found in WAV")
        whole = np.frombuffer(chunks[b"data"][: len(chunks[b"data"]) // (2 * channels) * 2 * channels], "<i2")
        decoded = whole.reshape(-1, channels).astype(np.float32) / np.float32(32768)
        rows = len(decoded) if desired_samples == -1 else desired_samples
        columns = channels if desired_channels == -1 else desired_channels
        audio = np.zeros((rows, columns), np.float32)
        for column in range(columns):  # channels that are not there repeat the last that is
            source = decoded[:rows, min(column, channels - 1)]
            audio[: len(source), column] = source
        return audio, np.int32(rate)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_TINY), sample(_TINY, desired_channels=2, desired_samples=3)]


@op("EncodeWav(audio: float32, sample_rate: int32) -> (contents: string)")
class EncodeWav:
    """A wave file of 16 bits of samples [samples, channels] within [-1, 1]."""

    def shape(audio, sample_rate):
        if audio is not None and len(audio) != 2:
            raise ShapeError(f"Shape must be rank 2 but is rank {len(audio)}")
        return ()

    def cpu(audio, sample_rate):
        channels, rate = audio.shape[1], int(sample_rate)
        scaled = np.clip(audio * np.float32(32768), -32768, 32767)
        data = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).clip(-32768, 32767).astype("<i2").tobytes()
        block = 2 * channels
        header = struct.pack("<4sI8sIHHIIHH", b"RIFF", 36 + len(data), b"WAVEfmt ", 16, 1, channels, rate,
                             rate * block, block, 16)  # fmt: skip
        return np.array(header + struct.pack("<4sI", b"data", len(data)) + data, object)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[0.5], [-0.25]], 8000)]


@op(
    "AudioSpectrogram(input: float32) -> (spectrogram: float32)",
    window_size=attr("int"),
    stride=attr("int"),
    magnitude_squared=False,
)
class AudioSpectrogram:
    """Magnitudes [channels, frames, bins] of the spectra of windowed pieces of sounds [samples, channels].

    There are as many bins as for the next power of two.
    """

    def shape(input, window_size, stride):
        if input is None:
            return (None, None, None)
        if len(input) != 2:
            raise ShapeError(f"Shape must be rank 2 but is rank {len(input)}")
        samples = input[0]
        frames = None if samples is None else 0 if samples < window_size else 1 + (samples - window_size) // stride
        return (input[1], frames, _transform_size(window_size) // 2 + 1)

    def cpu(input, window_size, stride, magnitude_squared, out):
        if out.size == 0:
            return
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window_size) / window_size)
        pieces = np.lib.stride_tricks.sliding_window_view(input.T, window_size, axis=1)[:, ::stride]
        spectrum = np.fft.rfft(pieces * window, _transform_size(window_size))
        squares = spectrum.real**2 + spectrum.imag**2
        out[...] = squares if magnitude_squared else np.sqrt(squares)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.sin(np.arange(24.0)).reshape(12, 2), window_size=5, stride=2)]


def _transform_size(window: int) -> int:
    return 1 << max(0, (window - 1).bit_length())


def _to_mel(frequency: np.ndarray | float) -> np.ndarray:
    return 1127.0 * np.log1p(np.asarray(frequency) / 700.0)


@functools.lru_cache(16)
def _mel_matrix(bins: int, rate: float, channels: int, lower: float, upper: float) -> np.ndarray:
    """float64[bins, channels]: how much of each bin each band takes; triangles, evenly spaced in mel."""
    low, high = _to_mel(lower), _to_mel(upper)
    centers = low + (high - low) / (channels + 1) * np.arange(1, channels + 2)
    step = 0.5 * rate / (bins - 1)
    matrix = np.zeros((bins, channels))
    for i in range(int(1.5 + lower / step), min(int(upper / step), bins - 1) + 1):
        mel = float(_to_mel(i * step))
        band = int(np.searchsorted(centers[:channels], mel)) - 1
        below = centers[band] if band >= 0 else low
        weight = (centers[band + 1] - mel) / (centers[band + 1] - below)
        if band >= 0:
            matrix[i, band] = weight
        if band + 1 < channels:
            matrix[i, band + 1] = 1.0 - weight
    return matrix


@op(
    "Mfcc(spectrogram: float32, sample_rate: int32) -> (output: float32)",
    upper_frequency_limit=4000.0,
    lower_frequency_limit=20.0,
    filterbank_channel_count=40,
    dct_coefficient_count=13,
)
class Mfcc:
    """Mel frequency cepstral coefficients [channels, frames, coefficients] of squared magnitudes."""

    def shape(spectrogram, dct_coefficient_count):
        if spectrogram is None:
            return (None, None, dct_coefficient_count)
        if len(spectrogram) != 3:
            raise ShapeError(f"Shape must be rank 3 but is rank {len(spectrogram)}")
        return (*spectrogram[:2], dct_coefficient_count)

    def cpu(
        spectrogram,
        sample_rate,
        upper_frequency_limit,
        lower_frequency_limit,
        filterbank_channel_count,
        dct_coefficient_count,
        out,
    ):
        count = filterbank_channel_count
        rate, bins = float(sample_rate), spectrogram.shape[2]
        mel = _mel_matrix(bins, rate, count, float(lower_frequency_limit), float(upper_frequency_limit))
        bands = np.log(np.maximum(np.sqrt(spectrogram.astype(np.float64)) @ mel, 1e-12))
        turns = np.arange(dct_coefficient_count)[:, None] * np.pi / count * (np.arange(count) + 0.5)
        out[...] = bands @ (np.sqrt(2.0 / count) * np.cos(turns)).T

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(np.linspace(0.5, 2, 33).reshape(1, 1, 33), 8000, filterbank_channel_count=6, dct_coefficient_count=4)
    ]


@export("audio.decode_wav")
def decode_wav(contents: Any, desired_channels: int = -1, desired_samples: int = -1, name: str | None = None) -> Any:
    """The samples of a wave file, float32[samples, channels] within [-1, 1), and their rate in Hz.

    Args:
      contents: string, the file.
      desired_channels, desired_samples: how many there shall be; -1 for what there is.
    """
    return DecodeWav(contents, desired_channels=desired_channels, desired_samples=desired_samples, name=name)


@export("audio.encode_wav")
def encode_wav(audio: Any, sample_rate: Any, name: str | None = None) -> Any:
    """A wave file of 16 bits, a string, of samples float32[samples, channels] within [-1, 1]."""
    return EncodeWav(audio, sample_rate, name=name)


audio_spectrogram, mfcc = AudioSpectrogram, Mfcc
