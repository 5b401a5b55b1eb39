"""Ops that write values as serialized Summary messages, for event files: see `tf.summary`."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from pyflow.core.dtypes import (
    DType,
    as_dtype,
    bfloat16,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
)
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, one_of, op, sample
from pyflow.core.tensor_proto import make_tensor_proto
from pyflow.ops.image_png import write_png
from pyflow.ops.shape_rules import scalar
from pyflow.ops.summary_encoding import encode_wav, normalize_image

_REAL = (float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64)
_IMAGE = (uint8, float32, float16, float64)
_BAD_COLOR = np.array([255, 0, 0, 255], np.uint8)


def _new_summary() -> Any:
    from pyflow.protos.event_pb2 import Summary

    return Summary()


def _serialized(summary: Any) -> np.ndarray:
    return np.array(summary.SerializeToString(), object)


def _shown(shape: Any) -> str:
    return f"[{','.join(map(str, shape))}]"


def _text(tag: Any, words: str) -> str:
    """A tag as text.

    Raises:
      InvalidArgumentError: it isn't a scalar, in these words, or not UTF-8.
    """
    if np.ndim(tag):
        raise InvalidArgumentError(None, None, words)
    return _decoded(np.asarray(tag, object)[()])


def _decoded(tag: bytes) -> str:
    try:
        return tag.decode()
    except UnicodeDecodeError:
        raise InvalidArgumentError(None, None, f"tag {tag!r} is not UTF-8") from None


@op("ScalarSummary(tags: string, values: T) -> (summary: string)", T=_REAL)
class ScalarSummary:
    """A summary of one number for each tag."""

    shape = scalar

    def cpu(tags, values):
        if np.shape(tags) != np.shape(values):
            only = f" (tag '{_decoded(np.asarray(tags, object).flat[0])}')" if np.size(tags) == 1 else ""
            shapes = f"{_shown(np.shape(tags))} != {_shown(np.shape(values))}"
            raise InvalidArgumentError(None, None, f"tags and values not the same shape: {shapes}{only}")
        summary = _new_summary()
        numbers = np.asarray(values).astype(np.float32).reshape(-1).tolist()
        for tag, number in zip(np.asarray(tags, object).reshape(-1), numbers):
            summary.value.add(tag=_decoded(tag), simple_value=number)
        return _serialized(summary)

    grad = NOT_DIFFERENTIABLE
    samples = [sample("loss", 0.5), sample(["a", "b"], [1.5, -2.0])]


@op("HistogramSummary(tag: string, values: T) -> (summary: string)", T=one_of(_REAL, default=float32))
class HistogramSummary:
    """A summary of how many values fall between which limits, and their sums."""

    shape = scalar

    def cpu(ctx, tag, values):
        tag = _text(tag, "tags must be scalar")
        numbers = np.asarray(values).astype(np.float64).reshape(-1)
        bad = numbers[~np.isfinite(numbers)]
        if bad.size:
            kind = "Nan" if np.isnan(bad[0]) else "Infinity"
            raise InvalidArgumentError(None, None, f"{kind} in summary histogram for: {ctx.op_name}")
        summary = _new_summary()
        _fill_histogram(summary.value.add(tag=tag).histo, numbers)
        return _serialized(summary)

    grad = NOT_DIFFERENTIABLE
    samples = [sample("weights", [0.5, -1.0, 0.0, 0.5]), sample("none", np.zeros(0, np.int64))]


def _fill_histogram(histogram: Any, numbers: np.ndarray) -> None:
    limits = _histogram_limits()
    places = np.minimum(np.searchsorted(limits, numbers, side="right"), len(limits) - 1)
    counts = np.bincount(places, minlength=len(limits))
    histogram.min, histogram.max = limits[-1], limits[0]
    if numbers.size:
        histogram.min, histogram.max = numbers.min(), numbers.max()
        # Accumulated one after the other, so that the rounding is TensorFlow's.
        histogram.sum = np.add.accumulate(numbers)[-1]
        histogram.sum_squares = np.add.accumulate(numbers * numbers)[-1]
    histogram.num = numbers.size
    # Of neighbouring empty buckets the last alone is kept.
    kept = (counts > 0) | np.append(counts[1:] > 0, True)
    histogram.bucket_limit.extend(limits[kept].tolist())
    histogram.bucket.extend(counts[kept].tolist())


@functools.cache
def _histogram_limits() -> np.ndarray:
    """The upper ends of a histogram's buckets: 1e-12 * 1.1**n below 1e20 and the largest float64, with either sign."""
    positive, limit = [], 1e-12
    while limit < 1e20:
        positive.append(limit)
        limit *= 1.1
    positive.append(float(np.finfo(np.float64).max))
    return np.array([*(-x for x in reversed(positive)), 0.0, *positive])


@op(
    "ImageSummary(tag: string, tensor: T) -> (summary: string)",
    max_images=attr("int", default=3, minimum=1),
    T=one_of(_IMAGE, default=float32),
    bad_color=attr("tensor", default=_BAD_COLOR),
)
class ImageSummary:
    """A summary of the first images of a batch [batch, height, width, 1, 3 or 4], as PNG files.

    Floating ones are scaled, each by itself, to the range of uint8; pixels that aren't finite become `bad_color`.
    """

    shape = scalar

    def cpu(tag, tensor, max_images, bad_color):
        tag, shape = _text(tag, "Tags must be a scalar"), np.shape(tensor)
        if len(shape) != 4 or shape[3] not in (1, 3, 4):
            words = f"Tensor must be 4-D with last dim 1, 3, or 4, not {_shown(shape)}"
            raise InvalidArgumentError(None, None, words)
        _check_bad_color(bad_color, shape[3], tensor.dtype != np.uint8)
        summary = _new_summary()
        for i, image in enumerate(tensor[:max_images]):
            value = summary.value.add(tag=f"{tag}/image/{i}" if max_images > 1 else f"{tag}/image")
            pixels = image if image.dtype == np.uint8 else normalize_image(image, bad_color)
            value.image.height, value.image.width, value.image.colorspace = shape[1:]
            value.image.encoded_image_string = write_png(pixels)
        return _serialized(summary)

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample("x", np.array([0, 255, 17, 3], np.uint8).reshape(1, 2, 2, 1), max_images=1),
        sample("y", np.array([0.0, 1.0, -0.5, 0.25, 2.0, np.nan], np.float32).reshape(2, 1, 1, 3)),
    ]


def _check_bad_color(bad_color: np.ndarray, depth: int, is_used: bool) -> None:
    if bad_color.dtype != np.uint8:
        words = f"bad_color must be uint8, got {as_dtype(bad_color.dtype).name}"
        raise InvalidArgumentError(None, None, words)
    if bad_color.ndim != 1:
        raise InvalidArgumentError(None, None, f"bad_color must be a vector, got shape {_shown(bad_color.shape)}")
    if is_used and len(bad_color) < depth:
        words = f"expected depth <= bad_color.size, got depth = {depth}, bad_color.size = {len(bad_color)}"
        raise InvalidArgumentError(None, None, words)


def _audio_summary(tag: Any, tensor: np.ndarray, sample_rate: float, max_outputs: int) -> np.ndarray:
    tag, shape = _text(tag, "Tag must be a scalar"), np.shape(tensor)
    if not 2 <= len(shape) <= 3:
        raise InvalidArgumentError(None, None, f"Tensor must be 3-D or 2-D, got: {_shown(shape)}")
    if sample_rate <= 0:
        raise InvalidArgumentError(None, None, "sample_rate must be > 0")
    summary = _new_summary()
    for i, sound in enumerate(tensor[:max_outputs]):
        value = summary.value.add(tag=f"{tag}/audio/{i}" if max_outputs > 1 else f"{tag}/audio")
        sound = sound[:, np.newaxis] if sound.ndim == 1 else sound
        value.audio.sample_rate = sample_rate
        value.audio.length_frames, value.audio.num_channels = sound.shape
        value.audio.content_type = "audio/wav"
        value.audio.encoded_audio_string = encode_wav(sound, int(sample_rate))
    return _serialized(summary)


@op(
    "AudioSummary(tag: string, tensor: float32) -> (summary: string)",
    sample_rate=attr("float"),
    max_outputs=attr("int", default=3, minimum=1),
)
class AudioSummary:
    """A summary of the first sounds of a batch [batch, frames] or [batch, frames, channels], as WAV files."""

    shape = scalar

    def cpu(tag, tensor, sample_rate, max_outputs):
        return _audio_summary(tag, tensor, sample_rate, max_outputs)

    grad = NOT_DIFFERENTIABLE
    samples = [sample("a", [[0.0, 0.5, -1.0, 1.5]], sample_rate=8000.0)]


@op(
    "AudioSummaryV2(tag: string, tensor: float32, sample_rate: float32) -> (summary: string)",
    max_outputs=attr("int", default=3, minimum=1),
)
class AudioSummaryV2:
    """AudioSummary with the sample rate, in Hz, as an input."""

    shape = scalar

    def cpu(tag, tensor, sample_rate, max_outputs):
        if np.ndim(sample_rate):
            words = f"sample_rate must be a scalar, got: {_shown(np.shape(sample_rate))}"
            raise InvalidArgumentError(None, None, words)
        return _audio_summary(tag, tensor, float(sample_rate), max_outputs)

    grad = NOT_DIFFERENTIABLE
    samples = [sample("a", [[[0.0, 0.5], [-1.0, 1.5]]], 8000.0, max_outputs=1)]


def _tensor_proto(tensor: Any, dtype: DType) -> Any:
    """A TensorProto as the summary kernels write it: raw bytes for all but strings."""
    from pyflow.protos.tensor_pb2 import TensorProto

    array = np.asarray(tensor)
    if dtype is string:
        return make_tensor_proto(array, dtype=dtype)
    if dtype is bfloat16:
        raise NotImplementedError("TensorSummary of bfloat16")
    proto = TensorProto(dtype=dtype.as_datatype_enum)
    proto.tensor_shape.SetInParent()
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    proto.tensor_content = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return proto


@op(
    "TensorSummary(tensor: T) -> (summary: string)",
    T=attr("type"),
    description="",
    labels=attr("list(string)", default=[]),
    display_name="",
)
class TensorSummary:
    """A summary of a whole tensor, named after its node. `labels` and `display_name` are not used."""

    stateful = True  # two of the same tensor say their own names, so they are not one
    shape = scalar

    def cpu(ctx, tensor, T):
        summary = _new_summary()
        summary.value.add(node_name=ctx.op_name, tensor=_tensor_proto(tensor, T))
        return _serialized(summary)

    grad = NOT_DIFFERENTIABLE


@op("TensorSummaryV2(tag: string, tensor: T, serialized_summary_metadata: string) -> (summary: string)", T=attr("type"))
class TensorSummaryV2:
    """A summary of a whole tensor with a tag and a serialized SummaryMetadata, which says what is to show it."""

    shape = scalar

    def cpu(tag, tensor, serialized_summary_metadata, T):
        tag, summary = _text(tag, "tag must be scalar"), _new_summary()
        if np.ndim(serialized_summary_metadata):
            raise InvalidArgumentError(None, None, "serialized_summary_metadata must be scalar")
        value = summary.value.add(tag=tag, tensor=_tensor_proto(tensor, T))
        _parse(value.metadata, serialized_summary_metadata, "Could not parse serialized_summary_metadata")
        return _serialized(summary)

    grad = NOT_DIFFERENTIABLE
    samples = [sample("t", [1, 2, 3], ""), sample("s", ["a", "b"], "")]


@op("MergeSummary(inputs: N * string) -> (summary: string)", N=attr("int", minimum=1))
class MergeSummary:
    """One summary with the values of all those serialized in the inputs."""

    shape = scalar

    def cpu(inputs):
        merged, tags = _new_summary(), set()
        for serialized in inputs:
            for item in np.asarray(serialized, object).reshape(-1):
                summary = _new_summary()
                _parse(summary, item, "Could not parse one of the summary inputs")
                for value in summary.value:
                    if value.tag and value.tag in tags:
                        words = f"Duplicate tag {value.tag} found in summary inputs"
                        raise InvalidArgumentError(None, None, words)
                    tags.add(value.tag)
                merged.value.extend(summary.value)
        return _serialized(merged)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(["", ""])]


def _parse(message: Any, serialized: Any, words: str) -> None:
    from google.protobuf.message import DecodeError

    try:
        message.ParseFromString(np.asarray(serialized, object)[()])
    except (DecodeError, UnicodeDecodeError):  # the latter from protobuf's pure Python
        raise InvalidArgumentError(None, None, words) from None
