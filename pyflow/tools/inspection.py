"""`pyflow inspect`: which kind of file something is, and what is in it."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from google.protobuf import text_format
from google.protobuf.message import DecodeError

from pyflow.core import dtypes
from pyflow.core.errors import OpError
from pyflow.io import crc32c
from pyflow.io.events import read_events
from pyflow.io.record import read_records
from pyflow.protos.event_pb2 import Event
from pyflow.protos.example_pb2 import Example, SequenceExample
from pyflow.protos.graph_pb2 import GraphDef
from pyflow.protos.meta_graph_pb2 import MetaGraphDef, SavedModel
from pyflow.tools.graph_report import describe_graph, describe_meta_graph
from pyflow.tools.progress import progress
from pyflow.tools.tensor_files import checkpoint_prefix, read_tensors
from pyflow.train.checkpoint_management import checkpoint_exists, latest_checkpoint
from pyflow.train.saved_model_loader import maybe_saved_model_directory, parse_saved_model

_TABLE_MAGIC = bytes.fromhex("57fb808b247547db")  # at the end of an index file, and of a checkpoint of version 1
_MOST_TEXT = 1 << 28


class UnknownFile(ValueError):
    """Nothing that can be inspected."""


def inspect(path: str) -> Iterator[str]:
    """Lines of text about a checkpoint, graph, SavedModel, file of records or events, npz or safetensors file.

    Raises:
      UnknownFile: it is none of these.
      OpError, OSError, ValueError: it is damaged.
    """
    if os.path.isdir(path):
        yield from _inspect_folder(path)
    elif not os.path.exists(path):
        if not checkpoint_exists(path):
            raise UnknownFile(f"There is no file or checkpoint {path}")
        yield from _inspect_tensors(path, "checkpoint")
    else:
        yield from _inspect_file(path)


def _inspect_folder(path: str) -> Iterator[str]:
    found = False
    if maybe_saved_model_directory(path):
        found = True
        model = parse_saved_model(path)
        yield from _describe_saved_model(path, model)
        variables = os.path.join(path, "variables", "variables")
        if checkpoint_exists(variables):
            yield from _inspect_tensors(variables, "variables")
    newest = latest_checkpoint(path)
    if newest is not None:
        found = True
        yield from _inspect_tensors(newest, "the folder's newest checkpoint")
    for events in sorted(glob.glob(os.path.join(glob.escape(path), "*tfevents*"))):
        found = True
        yield from _inspect_events(events)
    if not found:
        raise UnknownFile(f"{path} is a folder without a SavedModel, a checkpoint or event files")


def _inspect_file(path: str) -> Iterator[str]:
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        start = file.read(16)
        file.seek(max(size - 8, 0))
        end = file.read(8)
    if size == 0:
        raise UnknownFile(f"{path} is empty")
    name = os.path.basename(path)
    if end == _TABLE_MAGIC or (".data-" in name and checkpoint_exists(checkpoint_prefix(path))):
        yield from _inspect_tensors(checkpoint_prefix(path), "checkpoint")
    elif _begins_with_record(start):
        yield from _inspect_events(path) if _is_event_file(path) else _inspect_records(path, "")
    elif start[:2] == b"\x1f\x8b":
        yield from _inspect_records(path, "GZIP")
    elif start[:4] == b"PK\x03\x04" and path.endswith(".npz"):
        yield from _inspect_tensors(path, "npz file")
    elif path.endswith(".safetensors"):
        yield from _inspect_tensors(path, "safetensors file")
    elif name == "checkpoint" and b"model_checkpoint_path" in start + b"_path":
        yield from _inspect_folder(os.path.dirname(path) or ".")
    else:
        yield from _inspect_message(path, size)


def _begins_with_record(start: bytes) -> bool:
    return len(start) >= 12 and crc32c.masked_value(start[:8]) == int.from_bytes(start[8:12], "little")


# ---------------------------------------------------------------- tensors


def _inspect_tensors(path: str, kind: str) -> Iterator[str]:
    tensors = read_tensors(path)
    numbers = sum(int(np.prod(t.shape, dtype=np.int64)) for t in tensors)
    yield f"{path}: {kind}, {len(tensors)} tensors, {numbers} elements"
    width = max((len(t.name) for t in tensors), default=0)
    for tensor in progress(tensors, "Reading"):
        shape = "[" + ",".join(map(str, tensor.shape)) + "]"
        yield f"  {tensor.name:{width}}  {tensor.dtype.name:8}  {shape:14} {_statistics(tensor)}".rstrip()


def _statistics(tensor: Any) -> str:
    value = tensor.read()
    if tensor.dtype is dtypes.bfloat16:
        value = dtypes.bfloat16_to_float32(value)
    if value.size == 0 or value.dtype.kind not in "fiubc":
        return ""
    if value.size == 1:
        return f"= {value.reshape(-1)[0]}"
    if value.dtype.kind == "c":
        return f"|x| max {np.abs(value).max():.6g}"
    wide = value.astype(np.float64)
    with np.errstate(all="ignore"):
        text = f"min {wide.min():.6g}  mean {wide.mean():.6g}  max {wide.max():.6g}  std {wide.std():.6g}"
    bad = int(np.size(wide) - np.isfinite(wide).sum())
    return text + (f"  {bad} not finite" if bad else "")


# ---------------------------------------------------------------- records


def _is_event_file(path: str) -> bool:
    try:
        first = next(iter(read_records(path)), b"")
        return Event.FromString(first).file_version.startswith("brain.Event")
    except (OpError, DecodeError):
        return False


def _inspect_events(path: str) -> Iterator[str]:
    steps, kinds, tags = [], Counter[str](), {}
    for event in read_events(path):
        kinds[event.WhichOneof("what") or "nothing"] += 1
        steps.append(event.step)
        for value in event.summary.value if event.HasField("summary") else ():
            kind = value.WhichOneof("value") or "nothing"
            tags.setdefault((value.tag, kind), []).append((event.step, getattr(value, "simple_value", 0.0)))
    yield f"{path}: event file, {len(steps)} events, steps {min(steps, default=0)} to {max(steps, default=0)}"
    yield "  " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    for (tag, kind), values in sorted(tags.items()):
        last = f", last {values[-1][1]:.6g}" if kind == "simple_value" else ""
        yield f"  {tag}: {len(values)} × {kind}, steps {values[0][0]} to {values[-1][0]}{last}"


def _inspect_records(path: str, compression: str) -> Iterator[str]:
    count = total = 0
    first = b""
    for record in read_records(path, compression):
        first = record if count == 0 else first
        count += 1
        total += len(record)
    packed = f", {compression}" if compression else ""
    yield f"{path}: TFRecord file{packed}, {count} records, {total} bytes"
    if count:
        yield from _describe_record(first)


def _describe_record(record: bytes) -> Iterator[str]:
    for kind in (Example, SequenceExample):
        try:
            parsed = kind.FromString(record)
        except DecodeError:
            continue
        if isinstance(parsed, Example):
            features, sequences = dict(parsed.features.feature), {}
        else:
            features, sequences = dict(parsed.context.feature), dict(parsed.feature_lists.feature_list)
        if not (features or sequences) or parsed.ByteSize() != len(record):
            continue
        yield f"  the first is a tf.train.{kind.__name__}:"
        for key, feature in sorted(features.items()):
            held = feature.WhichOneof("kind")
            count = len(getattr(feature, held).value) if held else 0
            yield f"    {key}: {count} × {(held or 'nothing').removesuffix('_list')}"
        for key, steps in sorted(sequences.items()):
            yield f"    {key}: {len(steps.feature)} steps"
        return
    yield f"  the first begins with {record[:16]!r}"


# ---------------------------------------------------------------- graphs


def _inspect_message(path: str, size: int) -> Iterator[str]:
    with open(path, "rb") as file:
        content = file.read()
    found = as_message(content, size)
    if found is None:
        raise UnknownFile(
            f"{path} is no checkpoint, graph, SavedModel, TFRecord or event file, npz or safetensors file"
        )
    if isinstance(found, SavedModel):
        yield from _describe_saved_model(path, found)
    elif isinstance(found, MetaGraphDef):
        yield f"{path}: MetaGraphDef"
        yield from describe_meta_graph(found)
    else:
        yield f"{path}: GraphDef"
        yield from describe_graph(found)


def _describe_saved_model(path: str, model: Any) -> Iterator[str]:
    yield f"{path}: SavedModel, {len(model.meta_graphs)} graph(s)"
    for meta_graph in model.meta_graphs:
        yield from describe_meta_graph(meta_graph)


def as_message(content: bytes, size: int) -> Any:
    """The graph in a file, binary or text, or None."""
    kinds = (SavedModel, MetaGraphDef, GraphDef)
    for kind in kinds:
        try:
            message = kind.FromString(content)
        except DecodeError:
            continue
        if _has_graph(message):
            return message
    if size > _MOST_TEXT or b"{" not in content[:4096]:
        return None
    for kind in kinds:
        try:
            message = text_format.Parse(content.decode(), kind(), allow_unknown_field=False)
        except (text_format.ParseError, UnicodeDecodeError, RecursionError):
            continue
        if _has_graph(message):
            return message
    return None


def _has_graph(message: Any) -> bool:
    if isinstance(message, SavedModel):
        return len(message.meta_graphs) > 0 and all(len(m.graph_def.node) for m in message.meta_graphs)
    graph_def = message.graph_def if isinstance(message, MetaGraphDef) else message
    return len(graph_def.node) > 0 and all(node.name and node.op for node in graph_def.node)
