"""TensorFlow's internal module paths that public programs import from, and where their names live here.

A line of the table is a path below `tensorflow`, then what is searched, in that order: modules of PyFlow (`ops.state`),
public names (`@` for `tf.`, `@nn` for `tf.nn.`), and `ops!`, the raw ops by their names in snake case. A path with
`?layers.dense` can be imported when there is a `tf.layers.dense`.
"""

from __future__ import annotations

import functools

from pyflow import internal_keras_paths as keras_paths
from pyflow import internal_network_paths as networks
from pyflow.core.api import PUBLIC
from pyflow.internal_decoder_paths import DECODER_PATHS
from pyflow.internal_extra_paths import EXTRA_PATHS
from pyflow.protos import TENSORFLOW_MODULES

_TABLE = """
python @
python.client
python.client.device_lib runtime.placement platform.devices
python.client.session runtime.session runtime.fetches @
python.client.timeline runtime.timeline
python.compat
python.compat.compat platform.compat
python.data @data
python.data.experimental @data.experimental
python.data.experimental.ops @data.experimental
python.data.ops
python.data.ops.dataset_ops data.dataset data.structure @data
python.data.ops.iterator_ops data.iterator data.optional @data
python.data.ops.optional_ops data.optional
python.data.ops.readers data.readers
python.data.util
python.data.util.nest data.nest
python.data.util.options data.options
python.data.util.random_seed data.random_seed
python.data.util.structure data.structure
python.eager
python.eager.backprop ops.gradient_tape
python.eager.context core.execution_mode
python.eager.def_function ops.graph_function
python.eager.function ops.graph_function
python.framework
python.framework.common_shapes ops.shape_rules ops.array_broadcasting
python.framework.constant_op ops.constant @
python.framework.device core.device platform.devices
python.framework.device_spec core.device
python.framework.dtypes core.dtypes @ @dtypes
python.framework.errors core.errors @errors
python.framework.errors_impl core.errors @errors
python.framework.framework_lib @
python.framework.graph_util train.graph_util @graph_util
python.framework.graph_util_impl train.graph_util @graph_util
python.framework.function ops.defun ops.defun_graph
python.framework.importer core.graph_import
python.framework.indexed_slices core.indexed_slices core.convert core.type_specs
python.framework.meta_graph train.meta_graph train.meta_graph_import train.scoped_graph
python.framework.ops core.scopes core.graph core.operation core.tensor core.convert core.indexed_slices core.collections
 core.gradient_registry core.init_scope core.execution_mode core.collection_protos platform.code.framework
 platform.code.registries @
python.framework.random_seed core.seeds
python.framework.smart_cond ops.smart_cond
python.framework.sparse_tensor core.sparse_tensor core.type_specs platform.code.framework
python.framework.tensor_shape core.shapes core.dimension @
python.framework.tensor_util core.constants core.tensor_proto platform.code.framework core.tensor
python.framework.tensor_spec core.type_specs
python.framework.type_spec core.type_specs
python.framework.test_util test.test_util test.test_case test.image_layouts
python.framework.versions platform.version @
python.lib
python.lib.io
python.lib.io.file_io platform.file_io
python.ops
python.ops.array_grad
python.ops.array_ops ops.array @ ops!
python.ops.bitwise_ops @bitwise ops!
python.ops.candidate_sampling_ops @nn @random ops!
python.ops.check_ops @ @debugging ops.checks
python.ops.clip_ops @ ops!
python.ops.confusion_matrix @ @math
python.ops.control_flow_ops ops.control_flow ops.cond ops.while_loop ops.switch_merge @ ops!
python.ops.control_flow_util core.execution_mode
python.ops.control_flow_v2_toggles core.execution_mode
python.ops.custom_gradient ops.custom_gradient @
python.ops.data_flow_grad
python.ops.data_flow_ops ops.queue ops.staging ops.barrier io.record_input @ ops!
python.ops.embedding_ops @nn
python.ops.gradient_checker test.gradient_checker
python.ops.gradient_checker_v2 test.function_gradients
python.ops.gradients autodiff ops.custom_gradient @
python.ops.gradients_impl autodiff ops.custom_gradient @
python.ops.gradients_util autodiff
python.ops.histogram_ops @
python.ops.init_ops ops.initializers @ @initializers
python.ops.linalg @linalg
python.ops.linalg.linalg @linalg
python.ops.linalg.linalg_impl @linalg
python.ops.linalg_grad
python.ops.linalg_ops @linalg @ ops!
python.ops.linalg_ops_impl @linalg
python.ops.logging_ops @ ops!
python.ops.math_grad
python.ops.math_ops ops.cast @ @math ops!
python.ops.nn @nn
python.ops.nn_grad
python.ops.nn_impl @nn
python.ops.nn_ops @nn ops! ops.nn_dropout
python.ops.numerics ?verify_tensor_all_finite @ @debugging
python.ops.partitioned_variables ops.variable_partitions @
python.ops.random_grad
python.ops.random_ops @ @random ops!
python.ops.resources ops.resources
python.ops.resource_variable_ops ops.resource_variable ops.resource_state ops.resource_variable_base ops!
python.ops.script_ops ops.script @ ops!
python.ops.sort_ops @
python.ops.sparse_ops @ @sparse ops.sparse_dense ops.second_signatures ops!
python.ops.special_math_ops ops.einsum @ @math
python.ops.standard_ops @
python.ops.state_grad
python.ops.state_ops ops.state ops.state_scatter @ ops!
python.ops.stateless_random_ops @random ops!
python.ops.template ops.template
python.ops.weights_broadcast_ops ops.weights_broadcasting
python.ops.variable_scope ops.variable_scope ops.variable_scope_object ops.variable_store ops.variable_getters
 ops.variable_kinds @
python.ops.variables ops.variable_v2 ops.variables ops.variable_base ops.ref_variable ops.partitioned_variable @
python.platform
python.platform.app platform.app @app
python.platform.benchmark test.test_case @test
python.platform.flags platform.flags
python.platform.gfile platform.gfile
python.platform.googletest test.test_case
python.platform.resource_loader platform.resource_loader
python.platform.test @test test.test_case
python.platform.tf_logging platform.logging
python.saved_model train.saved_model_names @saved_model
python.saved_model.builder train.saved_model_builder @saved_model.builder
python.saved_model.builder_impl train.saved_model_builder
python.saved_model.constants train.saved_model_names
python.saved_model.loader train.saved_model_loader @saved_model.loader
python.saved_model.loader_impl train.saved_model_loader
python.saved_model.main_op @saved_model.main_op
python.saved_model.main_op_impl @saved_model.main_op
python.saved_model.saved_model @saved_model
python.saved_model.signature_constants train.saved_model_names
python.saved_model.signature_def_utils train.signature_defs
python.saved_model.signature_def_utils_impl train.signature_defs
python.saved_model.simple_save train.saved_model_builder
python.saved_model.tag_constants train.saved_model_names
python.saved_model.utils train.signature_defs
python.saved_model.utils_impl train.signature_defs
python.tools.freeze_graph tools.freeze_graph
python.tools.strip_unused_lib tools.strip_unused
python.training
python.training.adadelta @train
python.training.adagrad @train
python.training.adagrad_da @train
python.training.adam @train
python.training.basic_loops train.basic_loops
python.training.basic_session_run_hooks train.step_hooks train.tensor_hooks train.saving_hooks @train
python.training.coordinator train.coordinator
python.training.device_setter train.device_setter
python.training.evaluation train.evaluation
python.training.ftrl @train
python.training.gradient_descent @train
python.training.learning_rate_decay @train
python.training.momentum @train
python.training.monitored_session train.monitored_session train.session_creators train.wrapped_sessions train.scaffold
python.training.moving_averages train.moving_averages @train
python.training.optimizer train.optimizer
python.training.proximal_adagrad @train
python.training.proximal_gradient_descent @train
python.training.rmsprop @train
python.training.saver train.saver train.saver_nodes train.checkpoint_management train.meta_graph
 train.meta_graph_import @train
python.training.server_lib train.server_lib
python.training.session_manager train.session_manager
python.training.session_run_hook train.session_run_hook
python.training.slot_creator train.slot_creator
python.training.sync_replicas_optimizer train.sync_replicas
python.training.supervisor train.supervisor train.supervisor_services
python.training.training @train
python.training.training_ops ops!
python.training.training_util train.global_step @train
python.util
python.util.all_util platform.code.exports
python.util.compat platform.compat platform.code.exports
python.util.decorator_utils platform.code.deprecation
python.util.deprecation platform.code.deprecation
python.util.dispatch platform.code.exports
python.util.lazy_loader platform.code.exports
python.util.nest core.nest core.structures core.shallow_structures
python.util.object_identity platform.code.identity
python.util.tf_contextlib platform.code.decorators
python.util.tf_decorator platform.code.decorators
python.util.tf_export platform.code.exports
python.util.tf_inspect platform.code.inspection
python.util.tf_should_use platform.code.exports
python.layers ?layers.dense
python.layers.base layers.layer @layers
python.layers.convolutional layers.convolution layers.separable_convolution layers.transposed_convolution @layers
python.layers.core layers.dense_layer layers.plain_layers @layers
python.layers.layers ?layers.dense @layers
python.layers.normalization layers.batch_normalization @layers
python.layers.pooling layers.pooling @layers
python.layers.utils layers.window_arguments ops.smart_cond
python.lib.io.python_io @python_io
python.lib.io.tf_record io.tf_record @python_io
python.ops.functional_ops ops.functional_calls ops.sequence_loops ops.defun @ ops!
python.ops.image_ops ?image.resize_images image.resizing_v2 @image ops!
python.ops.image_ops_impl image.resizing_v2 @image platform.code.images image.image_shapes image.orientation
python.ops.io_ops io.readers @ @io ops!
python.ops.list_ops ops!
python.ops.manip_ops @manip @ ops!
python.ops.sets ops.sets @sets
python.ops.sets_impl ops.sets @sets
python.ops.signal @signal
python.ops.signal.dct_ops ops.dct @signal
python.ops.signal.fft_ops ops.fft ops.fft_real @signal
python.ops.spectral_ops @signal ops!
python.ops.while_v2 ops.while_loop
python.ops.lookup_ops ops.lookup ops.lookup_initializers ops.lookup_vocabulary ops.table_initialization @lookup ops!
python.ops.losses ?losses.mean_squared_error
python.ops.losses.losses ?losses.mean_squared_error @losses
python.ops.losses.losses_impl ?losses.mean_squared_error losses.weighted_loss @losses
python.ops.losses.util ?losses.mean_squared_error @losses
python.ops.map_fn ops.sequence_loops @
python.ops.metrics @metrics
python.ops.metrics_impl metrics.streaming metrics.classes metrics.counts metrics.ranking metrics.means @metrics
python.ops.parsing_ops ops.decode_raw ops.decode_csv ops.parse_features @ @io ops!
python.ops.rnn nn.rnn_steps nn.static_rnn nn.dynamic_rnn nn.bidirectional_rnn @nn
python.ops.rnn_cell @nn.rnn_cell
python.ops.rnn_cell_impl nn.cell_base nn.cell_sizes nn.cell_wrappers nn.lstm_cells @nn.rnn_cell
python.ops.rnn_cell_wrapper_impl nn.dropout_wrapper nn.cell_wrappers
python.ops.string_ops ops.string_pieces ops.string_letters ops.string_hash_buckets ops.string_reduction ops.unicode
 ops.unicode_functions ops.second_signatures
 @ @strings ops!
python.ops.tensor_array_ops ops.tensor_array ops.tensor_array_ops @ ops!
python.summary ?summary.scalar
python.summary.summary ?summary.scalar @summary
python.training.checkpoint_utils train.checkpoint_reader train.evaluation @train
python.training.input ?train.batch @train
python.summary.summary_iterator @train
python.summary.writer ?summary.FileWriter
python.summary.writer.writer @summary
python.summary.writer.writer_cache @summary
python.training.py_checkpoint_reader train.checkpoint_reader
python.training.queue_runner ?train.QueueRunner @train
python.training.queue_runner_impl ?train.QueueRunner @train
python.training.saving
python.training.saving.saveable_object ops.saveable_object
python.training.saving.saveable_object_util train.saveables
python.training.warm_starting_util train.warm_start
python.pywrap_tensorflow ?train.NewCheckpointReader @train
contrib.data.python ?contrib.data.map_and_batch
contrib.data.python.ops ?contrib.data.map_and_batch
contrib.framework.python ?contrib.framework.arg_scope
contrib.framework.python.ops ?contrib.framework.arg_scope @contrib.framework
contrib.framework.python.ops.arg_scope ?contrib.framework.arg_scope @contrib.framework
contrib.framework.python.ops.variables ?contrib.framework.arg_scope @contrib.framework
contrib.layers.python ?contrib.layers.conv2d
contrib.layers.python.layers ?contrib.layers.conv2d @contrib.layers
contrib.layers.python.layers.initializers ?contrib.layers.xavier_initializer @contrib.layers
contrib.layers.python.layers.layers ?contrib.layers.conv2d @contrib.layers contrib.layer_parts contrib.layer_variables
 contrib.pooling_layers
contrib.layers.python.layers.regularizers ?contrib.layers.l2_regularizer @contrib.layers
contrib.layers.python.layers.embedding_ops ?contrib.layers.conv2d @contrib.layers
contrib.layers.python.layers.encoders ?contrib.layers.conv2d @contrib.layers
contrib.layers.python.layers.normalization ?contrib.layers.conv2d @contrib.layers
contrib.layers.python.layers.optimizers ?contrib.layers.conv2d @contrib.layers contrib.optimize_loss
contrib.layers.python.layers.summaries ?contrib.layers.conv2d @contrib.layers.summaries
contrib.layers.python.layers.utils ?contrib.layers.conv2d contrib.layer_collections
contrib.training.python ?contrib.training.train
contrib.training.python.training ?contrib.training.train
contrib.training.python.training.device_setter ?contrib.training.train @contrib.training
contrib.training.python.training.evaluation ?contrib.training.train @contrib.training
contrib.training.python.training.training ?contrib.training.train @contrib.training
contrib.slim.python ?contrib.slim.conv2d
contrib.slim.python.slim ?contrib.slim.conv2d @contrib.slim
contrib.slim.python.slim.evaluation ?contrib.slim.conv2d @contrib.slim.evaluation
contrib.slim.python.slim.learning ?contrib.slim.conv2d @contrib.slim.learning
contrib.slim.python.slim.model_analyzer ?contrib.slim.conv2d @contrib.slim.model_analyzer
contrib.slim.python.slim.nets ?contrib.slim.nets.vgg.vgg_16 @contrib.slim.nets
contrib.slim.python.slim.nets.alexnet ?contrib.slim.nets.vgg.vgg_16 @contrib.slim.nets.alexnet
contrib.slim.python.slim.nets.inception ?contrib.slim.nets.vgg.vgg_16 @contrib.slim.nets.inception
contrib.slim.python.slim.nets.inception_v1 ?contrib.slim.nets.vgg.vgg_16 @contrib.slim.nets.inception
contrib.slim.python.slim.nets.inception_v2 ?contrib.slim.nets.vgg.vgg_16 @contrib.slim.nets.inception
contrib.slim.python.slim.nets.inception_v3 ?contrib.slim.nets.vgg.vgg_16 @contrib.slim.nets.inception
contrib.slim.python.slim.nets.overfeat ?contrib.slim.nets.vgg.vgg_16 @contrib.slim.nets.overfeat
contrib.slim.python.slim.nets.resnet_utils ?contrib.slim.nets.vgg.vgg_16 @contrib.slim.nets.resnet_utils
contrib.slim.python.slim.nets.resnet_v1 ?contrib.slim.nets.vgg.vgg_16 @contrib.slim.nets.resnet_v1
contrib.slim.python.slim.nets.resnet_v2 ?contrib.slim.nets.vgg.vgg_16 @contrib.slim.nets.resnet_v2
contrib.slim.python.slim.nets.vgg ?contrib.slim.nets.vgg.vgg_16 @contrib.slim.nets.vgg
contrib.slim.python.slim.queues ?contrib.slim.conv2d @contrib.slim.queues
contrib.losses.python ?contrib.losses.log_loss
contrib.losses.python.losses ?contrib.losses.log_loss @contrib.losses
contrib.rnn.python ?contrib.rnn.BasicLSTMCell
contrib.rnn.python.ops ?contrib.rnn.BasicLSTMCell @contrib.rnn
contrib.rnn.python.ops.core_rnn_cell ?contrib.rnn.BasicLSTMCell contrib.rnn_core @contrib.rnn
contrib.rnn.python.ops.fused_rnn_cell ?contrib.rnn.BasicLSTMCell contrib.rnn_networks
contrib.rnn.python.ops.gru_ops ?contrib.rnn.BasicLSTMCell contrib.rnn_block_cells
contrib.rnn.python.ops.lstm_ops ?contrib.rnn.BasicLSTMCell contrib.rnn_block_cells
contrib.rnn.python.ops.rnn ?contrib.rnn.BasicLSTMCell contrib.rnn_networks
contrib.rnn.python.ops.rnn_cell ?contrib.rnn.BasicLSTMCell contrib.rnn_core contrib.rnn_gated_cells
 contrib.rnn_lstm_variants contrib.rnn_weight_norm contrib.rnn_conv_cells contrib.rnn_shards @contrib.rnn
contrib.legacy_seq2seq.python ?contrib.legacy_seq2seq.rnn_decoder
contrib.legacy_seq2seq.python.ops ?contrib.legacy_seq2seq.rnn_decoder
contrib.legacy_seq2seq.python.ops.seq2seq ?contrib.legacy_seq2seq.rnn_decoder contrib.legacy_decoders
 @contrib.legacy_seq2seq
contrib.metrics.python ?contrib.metrics.f1_score
contrib.metrics.python.metrics ?contrib.metrics.f1_score
contrib.metrics.python.metrics.classification ?contrib.metrics.f1_score @contrib.metrics
contrib.metrics.python.ops ?contrib.metrics.f1_score
contrib.metrics.python.ops.metric_ops ?contrib.metrics.f1_score @contrib.metrics
python.ops.distributions @distributions
python.ops.distributions.distribution distributions.distribution
python.ops.distributions.distributions @distributions
python.ops.distributions.kullback_leibler distributions.kullback_leibler
python.ops.distributions.special_math distributions.normal_integral
python.profiler @profiler
python.profiler.model_analyzer @profiler
python.profiler.option_builder @profiler
contrib.crf.python ?contrib.crf.crf_decode
contrib.crf.python.ops ?contrib.crf.crf_decode
contrib.crf.python.ops.crf ?contrib.crf.crf_decode @contrib.crf
contrib.learn.python ?contrib.learn.ModeKeys
contrib.learn.python.learn ?contrib.learn.ModeKeys @contrib.learn
contrib.learn.python.learn.datasets ?contrib.learn.ModeKeys @contrib.learn.datasets
contrib.learn.python.learn.datasets.base ?contrib.learn.ModeKeys @contrib.learn.datasets.base
contrib.learn.python.learn.datasets.mnist ?contrib.learn.ModeKeys @contrib.learn.datasets.mnist
contrib.learn.python.learn.preprocessing ?contrib.learn.ModeKeys @contrib.learn.preprocessing
contrib.learn.python.learn.preprocessing.categorical ?contrib.learn.ModeKeys @contrib.learn.preprocessing
contrib.learn.python.learn.preprocessing.categorical_vocabulary ?contrib.learn.ModeKeys @contrib.learn.preprocessing
contrib.learn.python.learn.preprocessing.text ?contrib.learn.ModeKeys @contrib.learn.preprocessing
contrib.tensorboard.plugins.projector.projector ?contrib.tensorboard.plugins.projector.ProjectorConfig
 @contrib.tensorboard.plugins.projector
contrib.training.python.training.hparam ?contrib.training.HParams @contrib.training
tools
tools.docs
tools.docs.doc_controls platform.code.exports
"""

# Modules generated from the ops' declarations: they hold the raw ops, whichever module each is declared in.
_OF_DATASETS = """batching cardinality counter dataset_ops enumerate_ops error_ops get_single_element grouping
interleave_ops iterator_ops optimization_options parsing_ops prefetching_ops random_ops readers resampling scan_ops
shuffle_ops sleep optimization sliding take_while_ops threading_options threadpool unique writers"""
_DATASETS = "data.batching data.dataset data.grouping data.interleaving data.iterator_state data.options data.reduction"
_GENERATED = """array bitwise candidate_sampling control_flow data_flow dataset functional image io linalg list logging
lookup manip math nn parsing random resource_variable rnn script set sparse spectral state stateful_random
stateless_random string training user"""

# Modules that each hold some of the names of one public module.
_PARTS = {
    "python.ops.distributions": """bernoulli beta categorical dirichlet dirichlet_multinomial exponential gamma laplace
        multinomial normal student_t uniform""",
    "python.ops.signal": "mel_ops mfcc_ops reconstruction_ops shape_ops signal spectral_ops window_ops",
    "python.ops.linalg": """linear_operator linear_operator_adjoint linear_operator_block_diag linear_operator_circulant
        linear_operator_composition linear_operator_diag linear_operator_full_matrix linear_operator_householder
        linear_operator_identity linear_operator_inversion linear_operator_kronecker linear_operator_low_rank_update
        linear_operator_lower_triangular linear_operator_toeplitz linear_operator_zeros""",
}


@functools.cache
def _entries() -> dict[str, list[str]]:
    table = _TABLE.strip() + DECODER_PATHS.rstrip() + networks.PATHS.rstrip() + EXTRA_PATHS.rstrip()
    lines = table.replace("\n ", " ").splitlines()
    entries: dict[str, list[str]] = {path: list(places) for path, *places in (line.split() for line in lines)}
    entries |= {f"python.ops.gen_{name}_ops": ["ops!"] for name in (_GENERATED + " " + networks.GENERATED).split()}
    for name in _OF_DATASETS.split():
        entries[f"python.data.experimental.ops.{name}"] = ["@data.experimental", "data.trials", *_DATASETS.split()]
        entries[f"contrib.data.python.ops.{name}"] = ["?contrib.data.map_and_batch", "@contrib.data", "data.trials"]
    for package, parts in _PARTS.items():
        entries |= {f"{package}.{part}": ["@" + package.rpartition(".")[2]] for part in parts.split()}
    entries |= keras_paths.entries() | {"python.training.gen_training_ops": ["ops!"]}
    entries |= {path: [] for path in networks.NAMES_ALONE if path not in entries}
    for module in TENSORFLOW_MODULES:  # the packages that hold modules of messages
        parts = module.split(".")
        for end in range(2, len(parts)):
            if parts[1] == "core":
                entries.setdefault(".".join(parts[1:end]), [])
    return entries


def is_known(path: str) -> bool:
    """Whether a path below `tensorflow` stands for anything here."""
    found = _entries().get(path)
    return found is not None and all(place[1:] in PUBLIC for place in found if place[0] == "?")


def known_paths() -> list[str]:
    """All paths below `tensorflow` that stand for something here."""
    return sorted(filter(is_known, _entries()))


def places(path: str) -> list[str]:
    """Where to look names up: PyFlow's modules, "@" and a namespace, or "ops!"."""
    return [p if p[0] == "@" or p[-1] == "!" else f"pyflow.{p}" for p in _entries()[path] if p[0] != "?"]
