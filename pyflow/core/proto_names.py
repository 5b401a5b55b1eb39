"""The public names of TensorFlow's messages (`tf.ConfigProto`, `tf.train.Example` ...)."""

from __future__ import annotations

import importlib

from pyflow.core.api import export

_TOP = {
    "config_pb2": "ConfigProto GPUOptions GraphOptions OptimizerOptions RunMetadata RunOptions",
    "graph_pb2": "AttrValue GraphDef NameAttrList NodeDef",
    "meta_graph_pb2": "MetaGraphDef TensorInfo",
    "event_pb2": "Event HistogramProto LogMessage SessionLog Summary SummaryMetadata",
}
_TRAIN = {
    "example_pb2": "BytesList Example Feature FeatureList FeatureLists Features FloatList Int64List SequenceExample",
    "meta_graph_pb2": "SaverDef",
    "device_pb2": "ClusterDef JobDef",
    "config_pb2": "ServerDef",
    "queue_runner_pb2": "QueueRunnerDef",
}
_SUMMARY = {"event_pb2": "Event SessionLog Summary TaggedRunMetadata"}


def _publish(table: dict[str, str], prefix: str) -> None:
    for module_name, names in table.items():
        module = importlib.import_module(f"pyflow.protos.{module_name}")
        for name in names.split():
            export(prefix + name)(getattr(module, name))


_publish(_TOP, "")
_publish(_TRAIN, "train.")
_publish(_SUMMARY, "summary.")
export("summary.SummaryDescription")(importlib.import_module("pyflow.protos.event_pb2").SummaryDescription)
