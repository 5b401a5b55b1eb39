"""The part of the table of internal paths (`internal_paths.py`) about what few programs import."""

from pyflow.internal_estimator_paths import ESTIMATOR_PATHS

_PATHS = """
python.tools
python.tools.inspect_checkpoint tools.inspect_checkpoint
python.tools.optimize_for_inference_lib tools.optimize_for_inference
python.debug platform.debug_wrappers
python.debug.lib
python.debug.lib.debug_data platform.debug_wrappers
python.debug.wrappers
python.debug.wrappers.hooks platform.debug_wrappers
python.debug.wrappers.local_cli_wrapper platform.debug_wrappers
python.module
python.module.module ops.module @
python.ops.gen_checkpoint_ops ops!
python.ops.inplace_ops ops.inplace
python.ops.critical_section_ops ops.critical_section @
python.ops.parallel_for
python.ops.parallel_for.control_flow_ops ops.parallel_for
python.ops.parallel_for.gradients ops.jacobians
python.ops.ragged.ragged_array_ops ops.ragged_joining ops.ragged_selection @ragged
python.ops.ragged.ragged_batch_gather_ops ops.ragged_selection
python.ops.ragged.ragged_concat_ops ops.ragged_joining @ragged
python.ops.ragged.ragged_conversion_ops ops.ragged_conversion
python.ops.ragged.ragged_factory_ops @ragged
python.ops.ragged.ragged_functional_ops @ragged
python.ops.ragged.ragged_gather_ops ops.ragged_selection
python.ops.ragged.ragged_getitem ops.ragged_selection
python.ops.ragged.ragged_math_ops @ragged @ @math
python.ops.ragged.ragged_squeeze_op ops.ragged_joining
python.ops.ragged.ragged_string_ops @strings ops.ragged_strings
python.ops.ragged.ragged_tensor ops.ragged_tensor ops.ragged_specs @
python.ops.ragged.ragged_tensor_value @ragged ops.ragged_tensor_value
python.ops.ragged.ragged_where_op ops.ragged_selection
python.ops.ragged.segment_id_ops @ragged
python.ops.proto_ops io.proto_messages
python.ops.session_ops ops.session_ops @
python.ops.stateful_random_ops ops.random_generator ops.random_stateful
python.training.checkpoint_management train.checkpoint_management train.object_checkpoint @train
python.training.tracking.util train.object_checkpoint train.object_graph @train
contrib.framework.python.ops.audio_ops ?contrib.framework.arg_scope ops.audio ops!
python.ops.gen_audio_ops ops!
contrib.cudnn_rnn.python
contrib.cudnn_rnn.python.layers @contrib.cudnn_rnn contrib.cudnn_layers
contrib.cudnn_rnn.python.layers.cudnn_rnn @contrib.cudnn_rnn contrib.cudnn_layers
contrib.cudnn_rnn.python.ops
contrib.cudnn_rnn.python.ops.cudnn_rnn_ops @contrib.cudnn_rnn contrib.cudnn_parameters
contrib.distributions.python
contrib.distributions.python.ops @contrib.distributions
contrib.distributions.python.ops.bijectors @contrib.distributions.bijectors
contrib.distributions.python.ops.distribution_util contrib.sample_statistics contrib.bijectors_affine
contrib.distributions.python.ops.sample_stats @contrib.distributions
contrib.graph_editor.select contrib.graph_selection
contrib.graph_editor.reroute contrib.graph_rewiring
contrib.graph_editor.subgraph contrib.graph_rewiring
contrib.graph_editor.transform contrib.graph_rewiring
contrib.graph_editor.util contrib.graph_selection
contrib.image.python
contrib.image.python.ops
contrib.image.python.ops.dense_image_warp contrib.image_warps
contrib.image.python.ops.image_ops @contrib.image
contrib.image.python.ops.interpolate_spline contrib.image_warps
contrib.image.python.ops.sparse_image_warp contrib.image_warps
contrib.losses.python.metric_learning @contrib.losses.metric_learning
contrib.losses.python.metric_learning.metric_loss_ops contrib.metric_learning
contrib.nn.python
contrib.nn.python.ops @contrib.nn
contrib.nn.python.ops.alpha_dropout contrib.activations
contrib.opt.python
contrib.opt.python.training @contrib.opt
contrib.opt.python.training.external_optimizer contrib.external_optimizers
contrib.opt.python.training.lazy_adam_optimizer @contrib.opt
contrib.opt.python.training.moving_average_optimizer @contrib.opt
contrib.opt.python.training.multitask_optimizer_wrapper contrib.wrapping_optimizers
contrib.opt.python.training.shampoo contrib.shampoo
contrib.opt.python.training.matrix_functions contrib.shampoo
contrib.opt.python.training.variable_clipping_optimizer @contrib.opt
contrib.opt.python.training.weight_decay_optimizers @contrib.opt
contrib.sparsemax.python
contrib.sparsemax.python.ops
contrib.sparsemax.python.ops.sparsemax @contrib.sparsemax
contrib.sparsemax.python.ops.sparsemax_loss @contrib.sparsemax
python.data.util.convert data.conversions
python.data.util.sparse data.sparse_components
python.framework.registry platform.code.registries
python.framework.traceable_stack platform.code.traceable
python.util.lock_util platform.code.group_lock
python.util.keyword_args platform.code.callables
python.feature_column
python.feature_column.dense_features feature_column.dense_features
python.feature_column.dense_features_v2 feature_column.dense_features
python.feature_column.feature_column feature_column.former_names feature_column.column feature_column.column_lists
 feature_column.sources feature_column.input_layers feature_column.linear_models feature_column.shared_embedding
python.feature_column.feature_column_lib feature_column.newer_names feature_column.dense_features
 feature_column.column feature_column.column_lists feature_column.linear_models @feature_column
python.feature_column.feature_column_v2 feature_column.newer_names feature_column.dense_features feature_column.column
 feature_column.column_lists feature_column.sources feature_column.shared_embedding
 feature_column.categorical_columns feature_column.combined_columns feature_column.dense_columns
 feature_column.numeric_columns feature_column.sequence_columns @feature_column
python.feature_column.sequence_feature_column feature_column.sequence_columns feature_column.dense_features
 feature_column.sequence_input
python.feature_column.serialization feature_column.serialization
python.feature_column.utils feature_column.column_arguments feature_column.sequence_columns
contrib.feature_column.python ?contrib.feature_column.sequence_input_layer
contrib.feature_column.python.feature_column ?contrib.feature_column.sequence_input_layer
contrib.feature_column.python.feature_column.sequence_feature_column
 ?contrib.feature_column.sequence_input_layer contrib.sequence_input_layer feature_column.dense_features
 feature_column.sequence_input @contrib.feature_column
"""

EXTRA_PATHS = _PATHS.rstrip() + ESTIMATOR_PATHS
