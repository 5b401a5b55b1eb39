"""The messages have TensorFlow 1.15's fields, and what TensorFlow wrote is read and written again byte for byte."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path

import pytest
from google.protobuf import json_format, text_format

import pyflow.protos
from pyflow.protos import checkpoint_pb2, config_pb2, event_pb2, example_pb2, graph_pb2, meta_graph_pb2, types_pb2

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
FIELDS = json.loads((GOLDEN / "proto_fields.json").read_text())
MODULES = [m.name for m in pkgutil.iter_modules(pyflow.protos.__path__) if m.name.endswith("_pb2")]
# What the profiler computes with, but neither reads nor gives.
LEFT_OUT = {
    f"tfprof.{name}" for name in ("ExecMemory", "ExecProfile", "ExecTime", "Memory", "ProfileNode", "ProfileProto")
}
WRITTEN = {
    "bundle_entry": checkpoint_pb2.BundleEntryProto,
    "bundle_header": checkpoint_pb2.BundleHeaderProto,
    "checkpoint_state": checkpoint_pb2.CheckpointState,
    "config": config_pb2.ConfigProto,
    "event": event_pb2.Event,
    "example": example_pb2.Example,
    "graph_def": graph_pb2.GraphDef,
    "meta_graph_def": meta_graph_pb2.MetaGraphDef,
    "saved_tensor_slices": checkpoint_pb2.SavedTensorSlices,
    "sequence_example": example_pb2.SequenceExample,
    "session_log_event": event_pb2.Event,
}


def read(name):
    data = (GOLDEN / "protos" / f"{name}.pb").read_bytes()
    return data, WRITTEN[name].FromString(data)


def field_line(field):
    kind = (field.message_type or field.enum_type).full_name if field.message_type or field.enum_type else ""
    oneof = field.containing_oneof.name if field.containing_oneof else ""
    label = 3 if field.is_repeated else 1
    parts = [field.name, field.number, field.type, label, kind.replace("pyflow.", "", 1), oneof]
    return " ".join(map(str, parts)).rstrip()


def describe(descriptor, found):
    name = descriptor.full_name.replace("pyflow.", "", 1)
    if hasattr(descriptor, "values"):
        found[name] = [f"{value.name} {value.number}" for value in descriptor.values]
        return
    found[name] = [field_line(field) for field in descriptor.fields]
    for inner in [*descriptor.nested_types, *descriptor.enum_types]:
        describe(inner, found)


def our_fields(module):
    found = {}
    file = importlib.import_module(f"pyflow.protos.{module}").DESCRIPTOR
    for descriptor in [*file.message_types_by_name.values(), *file.enum_types_by_name.values()]:
        describe(descriptor, found)
    return found


@pytest.mark.parametrize("module", MODULES)
def test_fields_are_tensorflows(module):
    found = our_fields(module)
    assert found
    assert found == {name: FIELDS.get(name) for name in found}


def test_no_message_of_those_modules_is_missing():
    ours = {name for module in MODULES for name in our_fields(module)}
    missing = {name for name in FIELDS if name not in ours}
    prefixes = tuple(f"{name}." for name in LEFT_OUT)
    assert {name for name in missing if not name.startswith(prefixes)} - {"tfprof.Tuple"} == LEFT_OUT


def test_each_module_stands_for_one_of_tensorflows():
    assert {*pyflow.protos.TENSORFLOW_MODULES.values()} == {*MODULES}


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_what_tensorflow_wrote_is_written_again(name):
    data, message = read(name)
    assert message.ByteSize() == len(data)
    assert message.SerializeToString(deterministic=True) == data


def test_nothing_of_what_tensorflow_wrote_is_unknown():
    _, meta_graph = read("meta_graph_def")
    assert meta_graph.meta_info_def.tensorflow_version == "1.15.5"
    assert meta_graph.saver_def.max_to_keep == 3
    assert meta_graph.collection_def["answers"].int64_list.value == [42]
    assert meta_graph.signature_def["serving_default"].method_name == "predict"
    assert [node.name for node in meta_graph.graph_def.node if node.op == "MatMul"] == ["y"]
    _, entry = read("bundle_entry")
    assert (entry.dtype, entry.offset, entry.crc32c) == (types_pb2.DT_FLOAT, 2**40, 2**31 + 5)
    assert [extent.WhichOneof("has_length") for extent in entry.slices[0].extent] == ["length", None]
    _, event = read("event")
    assert event.WhichOneof("what") == "summary"
    assert event.summary.value[0].histo.bucket == [1, 2]
    _, example = read("example")
    assert example.features.feature["ints"].int64_list.value == [-1, 2**62]


@pytest.mark.parametrize("name", ["graph_def", "config", "checkpoint_state"])
def test_text_and_json_of_tensorflow_are_read(name):
    _, message = read(name)
    text = (GOLDEN / "protos" / f"{name}.pbtxt").read_text()
    assert text_format.Parse(text, WRITTEN[name]()) == message
    assert json_format.Parse((GOLDEN / "protos" / f"{name}.json").read_text(), WRITTEN[name]()) == message


@pytest.mark.parametrize("name", ["graph_def", "config"])
def test_text_and_json_are_read_back(name):
    _, message = read(name)
    assert text_format.Parse(text_format.MessageToString(message), WRITTEN[name]()) == message
    assert json_format.Parse(json_format.MessageToJson(message), WRITTEN[name]()) == message


def test_config_as_programs_make_it():
    config = config_pb2.ConfigProto(
        allow_soft_placement=True,
        log_device_placement=False,
        gpu_options=config_pb2.GPUOptions(allow_growth=True),
        device_count={"GPU": 0},
    )
    config.gpu_options.per_process_gpu_memory_fraction = 0.4
    config.graph_options.optimizer_options.global_jit_level = config_pb2.OptimizerOptions.ON_1
    assert config.device_count["GPU"] == 0 and "GPU" in config.device_count
    assert config.HasField("gpu_options") and not config.HasField("rpc_options")
    assert str(config.gpu_options) == "per_process_gpu_memory_fraction: 0.4\nallow_growth: true\n"
    with pytest.raises(ValueError, match="no_such_option"):
        config_pb2.ConfigProto(no_such_option=1)
    with pytest.raises(TypeError):
        config.allow_soft_placement = "yes"


def test_enums_are_reached_through_module_and_message():
    assert types_pb2.DataType.Name(types_pb2.DT_HALF) == "DT_HALF"
    assert config_pb2.RunOptions.FULL_TRACE == config_pb2.RunOptions.TraceLevel.Value("FULL_TRACE") == 3
    assert config_pb2.OptimizerOptions.L0 == -1


def test_a_damaged_message_is_an_error():
    from google.protobuf.message import DecodeError

    data, _ = read("graph_def")
    with pytest.raises(DecodeError):
        graph_pb2.GraphDef.FromString(data[:-1])
