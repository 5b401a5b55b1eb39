"""Images as pixels of one byte and sounds as WAV files in memory, as summaries carry them."""

from __future__ import annotations

import struct

import numpy as np

from pyflow.core.errors import InvalidArgumentError


def encode_wav(sound: np.ndarray, sample_rate: int) -> bytes:
    """A WAV file of 16-bit samples.

    Args:
      sound: float [frames, channels]; -1 ... 1 is what 16 bits hold, and what exceeds it is cut off.
      sample_rate: Hz.

    Raises:
      InvalidArgumentError: no samples, or a number of channels or samples a second that a WAV file cannot say.
    """
    channels = sound.shape[1]
    if sound.size == 0:
        raise InvalidArgumentError(None, None, "audio is null")
    if not 0 < sample_rate < 1 << 32:
        raise InvalidArgumentError(None, None, f"sample_rate must be in (0, 2^32), got: {sample_rate}")
    if not 0 < channels < 1 << 16:
        raise InvalidArgumentError(None, None, f"num_channels must be in (0, 2^16), got: {channels}")
    scaled = sound.astype(np.float32) * np.float32(1 << 15)
    # Halves are rounded away from zero.
    rounded = np.copysign(np.floor(np.abs(scaled) + np.float32(0.5)), scaled)
    samples = np.clip(rounded, -(1 << 15), (1 << 15) - 1).astype("<i2").tobytes()
    frame_bytes = 2 * channels
    form = struct.pack("<HHIIHH", 1, channels, sample_rate, sample_rate * frame_bytes & 0xFFFFFFFF, frame_bytes, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


def normalize_image(image: np.ndarray, bad_color: np.ndarray) -> np.ndarray:
    """A floating image [height, width, channels] as uint8.

    Without negative values the largest becomes 255; with some, 0 becomes 128 and the largest magnitude spans 127.
    Pixels with a value that is not finite take the first channels of `bad_color`, and count for nothing else.
    """
    finite = np.isfinite(image).all(axis=-1)
    good, real = image[finite], image.dtype.type
    scale, offset = np.float32(0), 0
    if good.size:
        # In float32 whatever the dtype of the image is, as TensorFlow rounds it.
        low, high = np.float32(good.min()), np.float32(good.max())
        reach, span, offset = (np.maximum(-low, np.abs(high)), 127, 128) if low < 0 else (high, 255, 0)
        scale = np.float32(0) if reach < np.float32(1e-6) else np.float32(span) / reach
    result = np.empty(image.shape, np.uint8)
    result[finite] = (good * real(scale) + real(offset)).astype(np.uint8)
    result[~finite] = bad_color[: image.shape[-1]]
    return result
