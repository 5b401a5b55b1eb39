"""The part of the table of internal paths (`internal_paths.py`) that networks and their tests import from.

`PATHS` goes on with the table. `NAMES_ALONE` are modules that are imported beside others or for what they register,
and of which PyFlow has no names: the import works, and asking for a name in one says what is missing.
"""

PATHS = """
python.framework.graph_io @train @io
python.framework.load_library @
python.framework.tensor_conversion_registry @
python.framework.kernels
python.framework.op_def_registry
python.framework.test_ops ops!
python.eager.wrap_function ?function
python.eager.test @test
python.ops.cond_v2 ops.cond
python.ops.control_flow_util_v2
python.ops.ctc_ops @nn ops!
python.ops.initializers_ns @initializers
python.ops.inplace_ops ops!
python.ops.losses.loss_reduction ?losses.mean_squared_error @losses
python.ops.signal.util_ops @signal
python.ops.tensor_array_grad ops.tensor_array_ops
python.ops.unconnected_gradients @
python.ops.summary_ops_v2 ?summary.scalar @summary
python.training.checkpoint_ops train.remapped_variables @train
python.training.distribution_strategy_context @distribute
python.training.saving.functional_saver train.saver_nodes
python.training.summary_io @summary @train
python.training.tracking
python.training.tracking.base
python.training.tracking.tracking
python.summary.writer.event_file_writer ?summary.FileWriter summary.event_file_writer
python.util.function_utils platform.code.callables platform.code.inspection
contrib.framework.python.framework ?contrib.framework.arg_scope @contrib.framework
contrib.framework.python.framework.checkpoint_utils ?contrib.framework.arg_scope @contrib.framework
contrib.framework.python.framework.experimental ?contrib.framework.arg_scope @contrib.framework
contrib.framework.python.framework.graph_util ?contrib.framework.arg_scope @contrib.framework
contrib.framework.python.framework.tensor_util ?contrib.framework.arg_scope contrib.framework_tensors
 contrib.framework_shapes @contrib.framework
contrib.framework.python.ops.checkpoint_ops ?contrib.framework.arg_scope @contrib.framework
contrib.framework.python.ops.ops ?contrib.framework.arg_scope @contrib.framework
contrib.framework.python.ops.prettyprint_ops ?contrib.framework.arg_scope @contrib.framework
contrib.framework.python.ops.script_ops ?contrib.framework.arg_scope @contrib.framework
contrib.framework.python.ops.sort_ops ?contrib.framework.arg_scope @contrib.framework
contrib.framework.python.ops.critical_section_ops ?contrib.framework.arg_scope @contrib.framework
contrib.layers.python.ops ?contrib.layers.conv2d @contrib.layers
contrib.layers.python.ops.sparse_ops ?contrib.layers.conv2d @contrib.layers
contrib.layers.python.ops.bucketization_op ?contrib.layers.conv2d @contrib.layers
contrib.layers.python.layers.feature_column ?contrib.layers.conv2d @contrib.layers contrib.column_base
 contrib.column_numeric contrib.column_sparse contrib.column_embedded contrib.column_parsing
contrib.layers.python.layers.feature_column_ops ?contrib.layers.conv2d @contrib.layers contrib.column_parsing
 contrib.column_inputs
contrib.layers.python.layers.rev_block_lib ?contrib.layers.conv2d @contrib.layers
contrib.layers.python.layers.target_column ?contrib.layers.conv2d @contrib.layers
contrib.lookup.lookup_ops ?contrib.lookup.HashTable @contrib.lookup contrib.lookup @lookup
contrib.losses.python.losses.loss_ops ?contrib.losses.log_loss @contrib.losses
contrib.losses.python.metric_learning ?contrib.losses.log_loss @contrib.losses.metric_learning
contrib.losses.python.metric_learning.metric_loss_ops ?contrib.losses.log_loss @contrib.losses.metric_learning
contrib.metrics.python.ops.confusion_matrix_ops ?contrib.metrics.f1_score @contrib.metrics
contrib.metrics.python.ops.histogram_ops ?contrib.metrics.f1_score @contrib.metrics
contrib.opt.python ?contrib.opt.NadamOptimizer
contrib.opt.python.training ?contrib.opt.NadamOptimizer
contrib.opt.python.training.sign_decay ?contrib.opt.NadamOptimizer @contrib.opt.python.training.sign_decay
contrib.rnn.python.tools ?contrib.rnn.BasicLSTMCell
contrib.rnn.ops ?contrib.rnn.BasicLSTMCell
contrib.rnn.ops.gen_gru_ops ?contrib.rnn.BasicLSTMCell ops!
contrib.rnn.ops.gen_lstm_ops ?contrib.rnn.BasicLSTMCell ops!
contrib.seq2seq.ops ?contrib.seq2seq.sequence_loss
contrib.seq2seq.ops.gen_beam_search_ops ?contrib.seq2seq.gather_tree ops!
contrib.slim.python.slim.summaries ?contrib.slim.conv2d @contrib.slim.summaries
contrib.slim.python.slim.data ?contrib.slim.conv2d @contrib.slim
contrib.slim.python.slim.data.data_decoder ?contrib.slim.conv2d @contrib.slim.data_decoder
contrib.slim.python.slim.data.data_provider ?contrib.slim.conv2d @contrib.slim.data_provider
contrib.slim.python.slim.data.dataset ?contrib.slim.conv2d @contrib.slim.dataset
contrib.slim.python.slim.data.dataset_data_provider ?contrib.slim.conv2d @contrib.slim.dataset_data_provider
contrib.slim.python.slim.data.parallel_reader ?contrib.slim.conv2d @contrib.slim.parallel_reader
contrib.slim.python.slim.data.prefetch_queue ?contrib.slim.conv2d @contrib.slim.prefetch_queue
contrib.slim.python.slim.data.tfexample_decoder ?contrib.slim.conv2d @contrib.slim.tfexample_decoder
contrib.training.python.training.bucket_ops ?contrib.training.train @contrib.training
contrib.training.python.training.resample ?contrib.training.train @contrib.training
contrib.training.python.training.sampling_ops ?contrib.training.train @contrib.training
contrib.training.python.training.sequence_queueing_state_saver ?contrib.training.train @contrib.training
contrib.training.python.training.tensor_queue_dataset ?contrib.training.train @contrib.training
contrib.training.python.training.tuner ?contrib.training.train @contrib.training
"""

_OPTIMIZERS = """adamax addsign adam_gs_optimizer agn_optimizer drop_stale_gradient_optimizer elastic_average_optimizer
external_optimizer ggt lars_optimizer lazy_adam_gs_optimizer lazy_adam_optimizer model_average_optimizer
moving_average_optimizer multitask_optimizer_wrapper nadam_optimizer powersign reg_adagrad_optimizer shampoo
variable_clipping_optimizer weight_decay_optimizers"""

for _name in _OPTIMIZERS.split():
    PATHS += f"contrib.opt.python.training.{_name} ?contrib.opt.NadamOptimizer @contrib.opt\n"

_NAMES_ALONE = {
    "python.data": "benchmarks kernel_tests util.convert util.sparse util.traverse",
    "python.data.experimental.ops": """distribute distribute_options map_defun matching_files optimization sleep
        snapshot stats_aggregator stats_ops stats_options threadpool""",
    "python.eager": """cancellation core execute execution_callbacks executor forwardprop graph_only_ops
        imperative_grad lift_to_graph monitoring profiler remote tape""",
    "python.framework": """auto_control_deps c_api_util composite_tensor composite_tensor_utils config
        convert_to_constants error_interpolation func_graph function_def_to_graph graph_to_function_def op_callbacks
        op_def_library registry subscribe tensor_like test_combinations traceable_stack""",
    "python.ops": """batch_ops clustering_ops collective_ops control_flow_grad control_flow_state
        control_flow_v2_func_graphs critical_section_ops cudnn_rnn_grad default_gradient image_grad init_ops_v2
        manip_grad nccl_ops op_selector optional_grad parallel_for parallel_for.control_flow_ops
        parallel_for.gradients ragged rnn_grad sdca_ops session_ops sparse_grad spectral_ops_test_util
        stateful_random_ops summary_op_util""",
    "python.ops.distributions": "bijector bijector_impl identity_bijector transformed_distribution util",
    "python.ops.linalg": """adjoint_registrations cholesky_registrations inverse_registrations linear_operator_addition
        linear_operator_algebra linear_operator_test_util linear_operator_util matmul_registrations
        registrations_util solve_registrations""",
    "python.ops.ragged": """ragged_config ragged_dispatch ragged_map_ops ragged_operators ragged_tensor_shape
        ragged_util""",
    "python.platform": "build_info status_bar sysconfig",
    "python.profiler": "profiler profile_context tfprof_logger",
    "python.saved_model": "load model_utils save",
    "python.summary": "plugin_asset writer.event_file_writer_v2",
    "python.training": "distribute experimental tracking.data_structures tracking.layer_utils tracking.python_state",
    "python.util": """example_parser_configuration future_api lock_util memory module_wrapper protobuf
        protobuf.compare serialization tf_stack""",
}

GENERATED = """audio batch checkpoint clustering collective ctc cudnn_rnn decode_proto encode_proto experimental_dataset
nccl ragged_array ragged_conversion ragged_math sdca stateful_random summary"""

NAMES_ALONE = [f"{package}.{name}" for package, names in _NAMES_ALONE.items() for name in names.split()]

# What TensorFlow calls things that have other names here, by paths: aliases, and internals that its tests reach for.
_OTHER_NAMES = """
contrib.seq2seq.python.ops.beam_search_decoder _mask_probs=_only_end _beam_search_step=beam_step _get_scores=_scores
 _check_batch_beam=_assertion _check_static_batch_beam_maybe=_may_be_sorted
contrib.seq2seq.python.ops.helper _unstack_ta=unstacked
contrib.seq2seq.python.ops.attention_wrapper _luong_score=_by_products _bahdanau_score=_by_sums
 _prepare_memory=_masked_memory _maybe_mask_score=_masked_score _BaseAttentionMechanism=MemoryAttention
contrib.layers.python.layers.layers _build_variable_getter=model_variable_getter
 _add_variable_to_collections=collect_variable
python.ops.cond_v2 cond_v2=cond
python.ops.image_ops_impl _ImageDimensions=dimensions _is_tensor=is_tensor fix_image_flip_shape=keep_shape
python.ops.metrics_impl _streaming_confusion_matrix=add_to_confusion_matrix _remove_squeezable_dimensions=matched
python.ops.nn_ops _get_noise_shape=_noise_shape
python.ops.losses.losses_impl _num_present=num_present _safe_mean=_mean
python.ops.ragged.ragged_array_ops boolean_mask=ragged_boolean_mask expand_dims=ragged_expand_dims
 rank=ragged_rank size=ragged_size tile=ragged_tile
python.ops.ragged.ragged_batch_gather_ops batch_gather=ragged_batch_gather
python.ops.ragged.ragged_concat_ops concat=ragged_concat stack=ragged_stack
python.ops.ragged.ragged_conversion_ops ragged_to_dense=to_tensor
python.ops.ragged.ragged_gather_ops gather=ragged_gather gather_nd=ragged_gather_nd
python.ops.ragged.ragged_getitem ragged_tensor_getitem=ragged_getitem
python.ops.ragged.ragged_math_ops segment_max=unsorted_segment_max segment_mean=unsorted_segment_mean
 segment_min=unsorted_segment_min segment_prod=unsorted_segment_prod segment_sqrt_n=unsorted_segment_sqrt_n
 segment_sum=unsorted_segment_sum
python.ops.ragged.ragged_squeeze_op squeeze=ragged_squeeze
python.ops.ragged.ragged_where_op where=ragged_where
python.ops.tensor_array_grad _GetGradSource=gradient_source
python.layers.convolutional separable_convolution2d=separable_conv2d convolution2d_transpose=conv2d_transpose
 deconvolution2d=conv2d_transpose deconv2d=conv2d_transpose convolution3d_transpose=conv3d_transpose
 deconvolution3d=conv3d_transpose deconv3d=conv3d_transpose Deconvolution2D=Conv2DTranspose Deconv2D=Conv2DTranspose
 Deconvolution3D=Conv3DTranspose Deconv3D=Conv3DTranspose
python.layers.normalization BatchNorm=BatchNormalization batch_norm=batch_normalization
python.layers.pooling AvgPool2D=AveragePooling2D MaxPool2D=MaxPooling2D max_pool2d=max_pooling2d
 avg_pool2d=average_pooling2d
python.layers.utils constant_value=smart_constant_value
python.framework.random_seed set_seed=set_random_seed
python.training.summary_io SummaryWriterCache=FileWriterCache
python.training.checkpoint_management update_checkpoint_state_internal=write_checkpoint_state
python.framework.meta_graph strip_graph_default_valued_attrs=_strip_default_attrs
python.ops.gradients_util IsTrainable=is_trainable
python.ops.rnn_cell_wrapper_impl DropoutWrapperBase=DropoutWrapper ResidualWrapperBase=ResidualWrapper
 DeviceWrapperBase=DeviceWrapper
python.lib.io.file_io copy_v2=copy create_dir_v2=create_dir delete_file_v2=delete_file rename_v2=rename
 delete_recursively_v2=delete_recursively file_exists_v2=file_exists get_matching_files_v2=get_matching_files
 is_directory_v2=is_directory list_directory_v2=list_directory recursive_create_dir_v2=recursive_create_dir
 stat_v2=stat walk_v2=walk
"""


def other_names(path: str) -> dict[str, str]:
    """From names in a module of TensorFlow's to what they are called here."""
    for line in _OTHER_NAMES.replace("\n ", " ").splitlines():
        known, _, pairs = line.partition(" ")
        if known == path:
            return dict(pair.split("=") for pair in pairs.split())  # type: ignore[misc]
    return {}
