"""tf.summary.scalar and its kin: nodes that give serialized Summary messages."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import float32, string
from pyflow.core.scopes import get_collection, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops import summary as ops
from pyflow.platform import compat
from pyflow.summary.scopes import clean_tag, collect, summary_scope

_DEFAULT = [GraphKeys.SUMMARIES]


@export("summary.scalar")
def scalar(name: str, tensor: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """A summary of one number.

    Args:
      name: of the node, and the tag of its values; made unique.
      tensor: a real scalar.
      collections: keys of the graph collections to add the summary to; None for GraphKeys.SUMMARIES.
      family: goes in front of the tag, for TensorBoard to group by.

    Returns:
      A string scalar: a serialized Summary.
    """
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        summary = ops.ScalarSummary(tags=tag, values=tensor, name=scope)
        collect(summary, collections, _DEFAULT)
    return summary


@export("summary.histogram")
def histogram(name: str, values: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """A summary of how the values of a real tensor are distributed.

    Args: as those of `scalar`.

    Raises:
      InvalidArgumentError: in the run, when a value isn't finite.
    """
    with summary_scope(name, family, "HistogramSummary", values=[values]) as (tag, scope):
        summary = ops.HistogramSummary(tag=tag, values=values, name=scope)
        collect(summary, collections, _DEFAULT)
    return summary


@export("summary.image")
def image(name: str, tensor: Any, max_outputs: int = 3, collections: Any = None, family: str | None = None) -> Tensor:
    """A summary of images.

    Args:
      name: the tags are "name/image/0" ..., or "name/image" if `max_outputs` is 1.
      tensor: [batch, height, width, channels] with 1 (grey), 3 (RGB) or 4 (RGBA) channels: uint8, or floating, which
        is scaled image by image: the largest value becomes 255, or if there are negative ones 0 becomes 128.
      max_outputs: how many images of the batch at most.
      collections, family: as those of `scalar`.
    """
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        summary = ops.ImageSummary(tag=tag, tensor=tensor, max_images=max_outputs, name=scope)
        collect(summary, collections, _DEFAULT)
    return summary


@export("summary.audio")
def audio(
    name: str,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int = 3,
    collections: Any = None,
    family: str | None = None,
) -> Tensor:
    """A summary of sounds.

    Args:
      name: the tags are "name/audio/0" ..., or "name/audio" if `max_outputs` is 1.
      tensor: float32 [batch, frames] or [batch, frames, channels] with values in -1 ... 1.
      sample_rate: Hz.
      max_outputs: how many sounds of the batch at most.
      collections, family: as those of `scalar`.
    """
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        sample_rate = convert_to_tensor(sample_rate, dtype=float32, name="sample_rate")
        summary = ops.AudioSummaryV2(
            tag=tag, tensor=tensor, max_outputs=max_outputs, sample_rate=sample_rate, name=scope
        )
        collect(summary, collections, _DEFAULT)
    return summary


@export("summary.text")
def text(name: str, tensor: Tensor, collections: Any = None) -> Tensor:
    """A summary of strings, which TensorBoard shows as Markdown, in tables if there are several.

    Raises:
      ValueError: `tensor` isn't one of strings.
    """
    from pyflow.protos.event_pb2 import SummaryMetadata

    if tensor.dtype != string:
        raise ValueError(f"Expected tensor {tensor.name} to have dtype string, got {tensor.dtype}")
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    return tensor_summary(name=name, tensor=tensor, summary_metadata=metadata, collections=collections)


@export("summary.tensor_summary")
def tensor_summary(
    name: str,
    tensor: Any,
    summary_description: str | None = None,
    collections: Any = None,
    summary_metadata: Any = None,
    family: str | None = None,
    display_name: str | None = None,
) -> Tensor:
    """A summary of a whole tensor of any type.

    Args:
      summary_description: for TensorBoard, in Markdown.
      summary_metadata: a SummaryMetadata, which says what is to show the values; the description and the display name
        are set in it.
      display_name: what TensorBoard shows instead of the tag.
      name, collections, family: as those of `scalar`.
    """
    from pyflow.protos.event_pb2 import SummaryMetadata

    if summary_metadata is None:
        summary_metadata = SummaryMetadata()
    if summary_description is not None:
        summary_metadata.summary_description = summary_description
    if display_name is not None:
        summary_metadata.display_name = display_name
    serialized = summary_metadata.SerializeToString()
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        summary = ops.TensorSummaryV2(tensor=tensor, tag=tag, name=scope, serialized_summary_metadata=serialized)
        collect(summary, collections, _DEFAULT)
    return summary


@export("summary.merge")
def merge(inputs: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """One summary with the values of several.

    Args:
      inputs: a list of string tensors: serialized Summary messages.
      collections: keys of the graph collections to add the summary to; None for none.

    Raises:
      InvalidArgumentError: in the run, when two values have the same tag.
    """
    name = clean_tag(name)
    with name_scope(name, "Merge", inputs):
        summary = ops.MergeSummary(inputs=inputs, name=name)
        collect(summary, collections, [])
    return summary


@export("summary.merge_all")
def merge_all(key: str = GraphKeys.SUMMARIES, scope: str | None = None, name: str | None = None) -> Tensor | None:
    """One summary with the values of all that the default graph has collected under `key`; None if there are none.

    Args:
      scope: only summaries whose names match this expression (`re.match`).
    """
    summaries = get_collection(key, scope=scope)
    return merge(summaries, name=name) if summaries else None


@export("summary.get_summary_description")
def get_summary_description(node_def: Any) -> Any:
    """The SummaryDescription of a TensorSummary node.

    Raises:
      ValueError: the NodeDef is of another op.
    """
    from google.protobuf import json_format

    from pyflow.protos.event_pb2 import SummaryDescription

    if node_def.op != "TensorSummary":
        raise ValueError(f"Can't get_summary_description on {node_def.op}")
    description = compat.as_str_any(node_def.attr["description"].s)
    return json_format.Parse(description, SummaryDescription())


@export("summary.all_v2_summary_ops")
def all_v2_summary_ops() -> list[Any]:
    """The operations of the default graph that write summaries by themselves, as tf.contrib.summary makes them."""
    return get_collection(GraphKeys._SUMMARY_COLLECTION)
