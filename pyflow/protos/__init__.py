"""TensorFlow 1.15's messages: one `*_pb2` module per subject, generated from the .proto file beside it (see README.md).

Field names, numbers and types are TensorFlow's, so files interchange. The proto package is `pyflow`, because both
libraries may be loaded in one process and a descriptor pool takes each name once. Nothing is imported from here until
it is needed: `from pyflow.protos.graph_pb2 import GraphDef`.
"""

from __future__ import annotations

# TensorFlow's name of each module of messages, and the module here that has the same messages (and others).
TENSORFLOW_MODULES: dict[str, str] = {
    "tensorflow.contrib.tensorboard.plugins.projector.projector_config_pb2": "contrib_pb2",
    "tensorflow.contrib.training.python.training.hparam_pb2": "contrib_pb2",
    "tensorflow.core.example.example_parser_configuration_pb2": "example_pb2",
    "tensorflow.core.example.example_pb2": "example_pb2",
    "tensorflow.core.example.feature_pb2": "example_pb2",
    "tensorflow.core.framework.allocation_description_pb2": "step_stats_pb2",
    "tensorflow.core.framework.attr_value_pb2": "graph_pb2",
    "tensorflow.core.framework.cost_graph_pb2": "step_stats_pb2",
    "tensorflow.core.framework.device_attributes_pb2": "device_pb2",
    "tensorflow.core.framework.function_pb2": "graph_pb2",
    "tensorflow.core.framework.graph_pb2": "graph_pb2",
    "tensorflow.core.framework.node_def_pb2": "graph_pb2",
    "tensorflow.core.framework.op_def_pb2": "graph_pb2",
    "tensorflow.core.framework.reader_base_pb2": "checkpoint_pb2",
    "tensorflow.core.framework.resource_handle_pb2": "tensor_pb2",
    "tensorflow.core.framework.step_stats_pb2": "step_stats_pb2",
    "tensorflow.core.framework.summary_pb2": "event_pb2",
    "tensorflow.core.framework.tensor_description_pb2": "step_stats_pb2",
    "tensorflow.core.framework.tensor_pb2": "tensor_pb2",
    "tensorflow.core.framework.tensor_shape_pb2": "tensor_pb2",
    "tensorflow.core.framework.tensor_slice_pb2": "tensor_pb2",
    "tensorflow.core.framework.types_pb2": "types_pb2",
    "tensorflow.core.framework.variable_pb2": "variable_pb2",
    "tensorflow.core.framework.versions_pb2": "graph_pb2",
    "tensorflow.core.lib.core.error_codes_pb2": "error_codes_pb2",
    "tensorflow.core.profiler.tfprof_log_pb2": "profiler_pb2",
    "tensorflow.core.profiler.tfprof_output_pb2": "profiler_pb2",
    "tensorflow.core.protobuf.cluster_pb2": "device_pb2",
    "tensorflow.core.protobuf.config_pb2": "config_pb2",
    "tensorflow.core.protobuf.control_flow_pb2": "control_flow_pb2",
    "tensorflow.core.protobuf.debug_pb2": "config_pb2",
    "tensorflow.core.protobuf.device_properties_pb2": "device_pb2",
    "tensorflow.core.protobuf.meta_graph_pb2": "meta_graph_pb2",
    "tensorflow.core.protobuf.named_tensor_pb2": "tensor_pb2",
    "tensorflow.core.protobuf.queue_runner_pb2": "queue_runner_pb2",
    "tensorflow.core.protobuf.rewriter_config_pb2": "rewriter_config_pb2",
    "tensorflow.core.protobuf.saved_model_pb2": "meta_graph_pb2",
    "tensorflow.core.protobuf.saved_object_graph_pb2": "object_graph_pb2",
    "tensorflow.core.protobuf.saver_pb2": "meta_graph_pb2",
    "tensorflow.core.protobuf.struct_pb2": "struct_pb2",
    "tensorflow.core.protobuf.tensor_bundle_pb2": "checkpoint_pb2",
    "tensorflow.core.protobuf.tensorflow_server_pb2": "config_pb2",
    "tensorflow.core.protobuf.trackable_object_graph_pb2": "object_graph_pb2",
    "tensorflow.core.protobuf.verifier_config_pb2": "rewriter_config_pb2",
    "tensorflow.core.util.event_pb2": "event_pb2",
    "tensorflow.core.util.saved_tensor_slice_pb2": "checkpoint_pb2",
    "tensorflow.python.training.checkpoint_state_pb2": "checkpoint_pb2",
}
