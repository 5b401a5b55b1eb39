"""tf.contrib.deprecated: summaries as before TensorFlow 1.0, with tags that are tensors."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.core.tensor import Tensor

_SPACE = "contrib.deprecated."


def _collected(summary: Tensor, collections: Any) -> Tensor:
    get_default_graph().add_to_collections([GraphKeys.SUMMARIES] if collections is None else collections, summary)
    return summary


@export(_SPACE + "scalar_summary")
def scalar_summary(tags: Any, values: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """A summary of numbers, with a tag for each."""
    with name_scope(name, "ScalarSummary", [tags, values]) as scope:
        return _collected(raw.ScalarSummary(tags=tags, values=values, name=scope), collections)


@export(_SPACE + "histogram_summary")
def histogram_summary(tag: Any, values: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """A summary of how numbers are distributed."""
    with name_scope(name, "HistogramSummary", [tag, values]) as scope:
        return _collected(raw.HistogramSummary(tag=tag, values=values, name=scope), collections)


@export(_SPACE + "image_summary")
def image_summary(
    tag: Any, tensor: Any, max_images: int = 3, collections: Any = None, name: str | None = None
) -> Tensor:
    """A summary of images [n, height, width, channels]."""
    with name_scope(name, "ImageSummary", [tag, tensor]) as scope:
        return _collected(raw.ImageSummary(tag=tag, tensor=tensor, max_images=max_images, name=scope), collections)


@export(_SPACE + "audio_summary")
def audio_summary(
    tag: Any, tensor: Any, sample_rate: Any, max_outputs: int = 3, collections: Any = None, name: str | None = None
) -> Tensor:
    """A summary of sounds [n, frames, channels] or [n, frames]."""
    with name_scope(name, "AudioSummary", [tag, tensor]) as scope:
        rate = convert_to_tensor(sample_rate, dtype=dtypes.float32, name="sample_rate")
        made = raw.AudioSummaryV2(tag=tag, tensor=tensor, max_outputs=max_outputs, sample_rate=rate, name=scope)
        return _collected(made, collections)


@export(_SPACE + "merge_summary")
def merge_summary(inputs: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """Several summaries as one."""
    with name_scope(name, "MergeSummary", inputs):
        merged = raw.MergeSummary(inputs=inputs, name=name)
        get_default_graph().add_to_collections([] if collections is None else collections, merged)
        return merged


@export(_SPACE + "merge_all_summaries")
def merge_all_summaries(key: str = GraphKeys.SUMMARIES) -> Any:
    """All summaries of the graph as one, or None without any."""
    summaries = get_default_graph().get_collection(key)
    return merge_summary(summaries) if summaries else None
