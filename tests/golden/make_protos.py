"""Writes proto_fields.json and protos/: the fields of TensorFlow's messages, and some messages that it wrote.

Run it with TensorFlow 1.15.5 (Python 3.7):

python tests/golden/make_protos.py
"""

import importlib
import json
import os
import runpy

import tensorflow as tf
from google.protobuf import json_format, text_format
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import rewriter_config_pb2, tensor_bundle_pb2
from tensorflow.core.util import saved_tensor_slice_pb2
from tensorflow.python.training import checkpoint_state_pb2

HERE = os.path.dirname(os.path.abspath(__file__))


def field_line(field):
    """What a field is, in one line: name, number, type, label, the type's name if it has one, and its oneof."""
    kind = (field.message_type or field.enum_type).full_name if field.message_type or field.enum_type else ""
    oneof = field.containing_oneof.name if field.containing_oneof else ""
    parts = [field.name, field.number, field.type, field.label, kind.replace("tensorflow.", "", 1), oneof]
    return " ".join(map(str, parts)).rstrip()


def describe(message, fields):
    """Adds the lists of fields of a message and of the messages inside it."""
    fields[message.full_name.replace("tensorflow.", "", 1)] = [field_line(field) for field in message.fields]
    for inner in message.nested_types:
        describe(inner, fields)
    for enum in message.enum_types:
        describe_enum(enum, fields)


def describe_enum(enum, fields):
    fields[enum.full_name.replace("tensorflow.", "", 1)] = [f"{v.name} {v.number}" for v in enum.values]


def all_fields():
    fields = {}
    modules = runpy.run_path(os.path.join(HERE, "../../pyflow/protos/__init__.py"))["TENSORFLOW_MODULES"]
    for name in modules:
        module = importlib.import_module(name)
        for message in module.DESCRIPTOR.message_types_by_name.values():
            describe(message, fields)
        for enum in module.DESCRIPTOR.enum_types_by_name.values():
            describe_enum(enum, fields)
    return fields


def a_graph():
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", [2, 1], initializer=tf.zeros_initializer())
    tf.add_to_collection("answers", 42)
    loop = tf.while_loop(lambda i: i < 3, lambda i: i + 1, [tf.constant(0)])
    with tf.control_dependencies([loop]):
        return tf.matmul(x, w, name="y")


def messages():
    """Messages by name."""
    y = a_graph()
    yield "graph_def", tf.get_default_graph().as_graph_def(add_shapes=True)
    saver = tf.train.Saver(max_to_keep=3, keep_checkpoint_every_n_hours=0.5)
    meta_graph = saver.export_meta_graph()
    signature = tf.saved_model.build_signature_def(
        {"x": tf.saved_model.build_tensor_info(y.op.inputs[0])}, None, "predict"
    )
    meta_graph.signature_def["serving_default"].CopyFrom(signature)
    del meta_graph.meta_info_def.stripped_op_list.op[3:]
    yield "meta_graph_def", meta_graph
    value = tf.Summary.Value(tag="h", histo=tf.HistogramProto(min=-1, max=2, num=3, bucket_limit=[0, 2], bucket=[1, 2]))
    value.metadata.plugin_data.plugin_name = "histograms"
    summary = tf.Summary(value=[value, tf.Summary.Value(tag="loss", simple_value=0.25)])
    yield "event", tf.Event(wall_time=1.5e9, step=7, summary=summary)
    log = tf.SessionLog(status=tf.SessionLog.CHECKPOINT, checkpoint_path="model.ckpt-7")
    yield "session_log_event", tf.Event(wall_time=1.5e9, file_version="brain.Event:2", session_log=log)
    header = tensor_bundle_pb2.BundleHeaderProto(num_shards=2)
    header.version.producer = 1
    yield "bundle_header", header
    entry = tensor_bundle_pb2.BundleEntryProto(
        dtype=types_pb2.DT_FLOAT, shard_id=1, offset=2**40, size=8, crc32c=2**31 + 5
    )
    entry.shape.CopyFrom(tf.TensorShape([2, 1]).as_proto())
    entry.slices.add().extent.add(start=0, length=1)
    entry.slices[0].extent.add()
    yield "bundle_entry", entry
    slices = saved_tensor_slice_pb2.SavedTensorSlices()
    slices.data.name = "w"
    slices.data.data.CopyFrom(tf.make_tensor_proto([[1.5], [2.5]]))
    yield "saved_tensor_slices", slices
    features = {
        "bytes": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"\x00\xff", b""])),
        "floats": tf.train.Feature(float_list=tf.train.FloatList(value=[0.5, -1e30])),
        "ints": tf.train.Feature(int64_list=tf.train.Int64List(value=[-1, 2**62])),
        "missing": tf.train.Feature(),
    }
    yield "example", tf.train.Example(features=tf.train.Features(feature=features))
    lists = {"steps": tf.train.FeatureList(feature=[features["ints"], features["floats"]])}
    context = tf.train.Features(feature={"id": features["bytes"]})
    yield (
        "sequence_example",
        tf.train.SequenceExample(context=context, feature_lists=tf.train.FeatureLists(feature_list=lists)),
    )
    config = tf.ConfigProto(
        allow_soft_placement=True,
        device_count={"GPU": 0, "CPU": 2},
        gpu_options=tf.GPUOptions(allow_growth=True, per_process_gpu_memory_fraction=0.25),
        graph_options=tf.GraphOptions(optimizer_options=tf.OptimizerOptions(opt_level=tf.OptimizerOptions.L0)),
    )
    config.graph_options.rewrite_options.constant_folding = rewriter_config_pb2.RewriterConfig.OFF
    config.cluster_def.job.add(name="ps").tasks[1] = "localhost:2222"
    yield "config", config
    yield (
        "checkpoint_state",
        checkpoint_state_pb2.CheckpointState(
            model_checkpoint_path="model.ckpt-2",
            all_model_checkpoint_paths=["model.ckpt-1", "model.ckpt-2"],
            all_model_checkpoint_timestamps=[1.5, 2.5],
            last_preserved_timestamp=0.5,
        ),
    )


def main():
    lines = [f"{json.dumps(name)}: {json.dumps(fields)}" for name, fields in sorted(all_fields().items())]
    with open(os.path.join(HERE, "proto_fields.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")
    for name, message in messages():
        path = os.path.join(HERE, "protos", name)
        with open(path + ".pb", "wb") as f:
            f.write(message.SerializeToString(deterministic=True))
        if name in ("graph_def", "config", "checkpoint_state"):
            with open(path + ".pbtxt", "w") as f:
                f.write(text_format.MessageToString(message))
            with open(path + ".json", "w") as f:
                f.write(json_format.MessageToJson(message, indent=None, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
