"""tf.signal: short-time Fourier transforms, mel spectra, MFCCs."""

from __future__ import annotations

import math
from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.node_count import counted_as
from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_padding import pad
from pyflow.ops.array_shape import shape
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.dct import dct
from pyflow.ops.fft_real import irfft, rfft
from pyflow.ops.math_binary import maximum, minimum
from pyflow.ops.math_binary import pow as power
from pyflow.ops.math_rounding import ceil
from pyflow.ops.math_unary import log, rsqrt, square
from pyflow.ops.ranges import linspace
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.signal_frames import frame, known, overlap_and_add
from pyflow.ops.signal_windows import hann_window

# Of the mel scale as HTK has it: mel(f) = Q * ln(1 + f / BREAK).
_MEL_BREAK_HERTZ = 700.0
_MEL_Q = 1127.0


def _enclosing_power_of_two(value: Tensor) -> Tensor:
    number = constant_value(value)
    if number is not None:
        return convert_to_tensor(int(2 ** math.ceil(math.log(number) / math.log(2.0))))
    exponent = ceil(log(cast(value, dtypes.float32)) / math.log(2.0))
    return cast(power(2.0, exponent), value.dtype)


@export("signal.stft", "contrib.signal.stft")
def stft(
    signals: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Callable | None = hann_window,
    pad_end: bool = False,
    name: str | None = None,
) -> Tensor:
    """The Fourier transforms of frames of real signals.

    Args:
      signals: float32 [..., samples].
      frame_length, frame_step: samples of a frame, and between the starts of two.
      fft_length: of the transforms; the least power of two that is not less than `frame_length` by default.
      window_fn: from `frame_length` and `dtype=` to what each frame is multiplied by; None for nothing.
      pad_end: fill the last frames with zeros rather than leave them out.

    Returns:
      complex64 [..., frames, fft_length // 2 + 1].
    """
    with name_scope(name, "stft", [signals, frame_length, frame_step]):
        signals = convert_to_tensor(signals, name="signals")
        signals.shape.with_rank_at_least(1)
        length = convert_to_tensor(frame_length, name="frame_length")
        length.shape.assert_has_rank(0)
        step = convert_to_tensor(frame_step, name="frame_step")
        step.shape.assert_has_rank(0)
        if fft_length is None:
            fft_length = _enclosing_power_of_two(length)
        else:
            fft_length = convert_to_tensor(fft_length, name="fft_length")
        frames = frame(signals, length, step, pad_end=pad_end)
        if window_fn is not None:
            frames = frames * window_fn(length, dtype=frames.dtype)
        return rfft(frames, [fft_length])


@export("signal.inverse_stft", "contrib.signal.inverse_stft")
def inverse_stft(
    stfts: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Callable | None = hann_window,
    name: str | None = None,
) -> Tensor:
    """Signals [..., samples] from the Fourier transforms [..., frames, fft_length // 2 + 1] of their frames.

    With `window_fn=inverse_stft_window_fn(frame_step, forward)` it inverts `stft`, but for the ends.
    """
    with name_scope(name, "inverse_stft", [stfts]):
        stfts = convert_to_tensor(stfts, name="stfts")
        stfts.shape.with_rank_at_least(2)
        length_tensor = convert_to_tensor(frame_length, name="frame_length")
        length_tensor.shape.assert_has_rank(0)
        step = convert_to_tensor(frame_step, name="frame_step")
        step.shape.assert_has_rank(0)
        if fft_length is None:
            fft_length = _enclosing_power_of_two(length_tensor)
        else:
            fft_length = convert_to_tensor(fft_length, name="fft_length")
            fft_length.shape.assert_has_rank(0)
        frames = irfft(stfts, [fft_length])
        length, transformed = known(length_tensor), known(fft_length)
        rank = frames.shape.ndims
        if rank is None:
            raise NotImplementedError("tf.signal.inverse_stft of transforms of unknown rank")
        frames = frames[..., : minimum(length_tensor, shape(frames)[-1])]
        missing: Any = maximum(0, length_tensor - fft_length)
        if isinstance(length, int) and isinstance(transformed, int):
            missing = max(0, length - transformed)
        frames = pad(frames, [[0, 0]] * (rank - 1) + [[0, missing]])
        if isinstance(length, int):
            frames.set_shape([*frames.shape.as_list()[:-1], length])
        if window_fn is not None:
            frames = frames * window_fn(length_tensor, dtype=stfts.dtype.real_dtype)
        return overlap_and_add(frames, step)


@export("signal.inverse_stft_window_fn", "contrib.signal.inverse_stft_window_fn")
def inverse_stft_window_fn(
    frame_step: Any, forward_window_fn: Callable = hann_window, name: str | None = None
) -> Callable:
    """The window with which `inverse_stft` inverts an `stft` with the window `forward_window_fn`."""

    def window_fn(frame_length: Any, dtype: Any) -> Tensor:
        with name_scope(name, "inverse_stft_window_fn", [forward_window_fn]):
            step = known(convert_to_tensor(frame_step, name="frame_step"))
            length = known(convert_to_tensor(frame_length, name="frame_length"))
            window = forward_window_fn(length, dtype=dtype)
            overlaps = -(-length // step)
            squares = pad(square(window), [[0, overlaps * step - length]])
            sums = reduce_sum(reshape(squares, [overlaps, step]), 0, keepdims=True)
            sums = reshape(tile(sums, [overlaps, 1]), [overlaps * step])
            return window / sums[:length]

    return window_fn


def _mel(hertz: Any) -> Any:
    return _MEL_Q * log(1.0 + hertz / _MEL_BREAK_HERTZ)


@export("signal.linear_to_mel_weight_matrix", "contrib.signal.linear_to_mel_weight_matrix")
def linear_to_mel_weight_matrix(
    num_mel_bins: int = 20,
    num_spectrogram_bins: Any = 129,
    sample_rate: Any = 8000,
    lower_edge_hertz: float = 125.0,
    upper_edge_hertz: float = 3800.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """What a spectrum [..., num_spectrogram_bins] is multiplied by to have [..., num_mel_bins]: triangular bands that
    are as wide on the mel scale, between two edges.

    Args:
      num_spectrogram_bins: those of a spectrum from 0 to half of `sample_rate` (in hertz).

    Returns:
      [num_spectrogram_bins, num_mel_bins] of `dtype`.

    Raises:
      ValueError: no bands, edges that are negative, in the wrong order or above half of the sample rate, or a dtype
        not of floats.
    """
    with counted_as(get_default_graph(), 123), name_scope(name, "linear_to_mel_weight_matrix"):
        dtype = dtypes.as_dtype(dtype)
        if isinstance(sample_rate, Tensor):
            sample_rate = constant_value(sample_rate)
            if sample_rate is None:
                raise ValueError(
                    "`sample_rate` was a non-constant Tensor. Must be a Python float or a constant Tensor."
                )
        _check_mel(num_mel_bins, sample_rate, lower_edge_hertz, upper_edge_hertz, dtype)
        sample_rate = cast(sample_rate, dtype)
        lower = convert_to_tensor(lower_edge_hertz, dtype, name="lower_edge_hertz")
        upper = convert_to_tensor(upper_edge_hertz, dtype, name="upper_edge_hertz")
        nyquist = sample_rate / 2.0
        # The lowest bin, at 0 hertz, is in no band.
        bins = reshape(_mel(linspace(convert_to_tensor(0.0, dtype), nyquist, num_spectrogram_bins)[1:]), [-1, 1])
        edges = linspace(_mel(lower), _mel(upper), num_mel_bins + 2)
        low, center, high = (reshape(edges[i : num_mel_bins + i], [1, num_mel_bins]) for i in range(3))
        rising, falling = (bins - low) / (center - low), (high - bins) / (high - center)
        weights = maximum(convert_to_tensor(0.0, dtype), minimum(rising, falling))
        return pad(weights, [[1, 0], [0, 0]], name=name)


def _check_mel(num_mel_bins: int, sample_rate: Any, lower: float, upper: float, dtype: Any) -> None:
    if num_mel_bins <= 0:
        raise ValueError(f"num_mel_bins must be positive. Got: {num_mel_bins}")
    if sample_rate <= 0.0:
        raise ValueError(f"sample_rate must be positive. Got: {sample_rate}")
    if lower < 0.0:
        raise ValueError(f"lower_edge_hertz must be non-negative. Got: {lower}")
    if lower >= upper:
        raise ValueError(f"lower_edge_hertz {lower:.1f} >= upper_edge_hertz {upper:.1f}")
    if upper > sample_rate / 2:
        raise ValueError(
            "upper_edge_hertz must not be larger than the Nyquist frequency (sample_rate / 2). "
            f"Got: {upper} for sample_rate: {sample_rate}"
        )
    if not dtype.is_floating:
        raise ValueError(f"dtype must be a floating point type. Got: {dtype}")


@export("signal.mfccs_from_log_mel_spectrograms", "contrib.signal.mfccs_from_log_mel_spectrograms")
def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Any, name: str | None = None) -> Tensor:
    """Mel-frequency cepstral coefficients: the DCT-II of logarithms of mel spectra, float32 [..., num_mel_bins], scaled
    as HTK does.

    Raises:
      ValueError: there are no mel bins.
    """
    with name_scope(name, "mfccs_from_log_mel_spectrograms", [log_mel_spectrograms]):
        spectra = convert_to_tensor(log_mel_spectrograms)
        bins = None if spectra.shape.ndims is None else spectra.shape.as_list()[-1]
        if bins == 0:
            raise ValueError(f"num_mel_bins must be positive. Got: {spectra}")
        count = cast(shape(spectra)[-1], dtypes.float32) if bins is None else convert_to_tensor(float(bins))
        return dct(spectra, type=2) * rsqrt(count * 2.0)
