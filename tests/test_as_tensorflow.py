"""PyFlow under the name `tensorflow`: the imports of public programs and of TensorFlow's own tests work.

Each group of imports runs in a process of its own, where TensorFlow cannot be found.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pyflow
from pyflow import internal_paths

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.native
assert pyflow


def run(code: str) -> str:
    """What a program prints that runs with PyFlow as TensorFlow."""
    program = f"from pyflow import as_tensorflow\nas_tensorflow.install()\n{code}"
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


PUBLIC = """
import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tensorflow.contrib.layers as contrib_layers
from tensorflow import flags
from tensorflow.contrib import layers
from tensorflow.contrib.layers import l2_regularizer
from tensorflow.examples.tutorials.mnist import input_data
assert tf is tf1 and tf.compat.v1 is tf
assert contrib_layers is layers and l2_regularizer is tf.contrib.layers.l2_regularizer
assert flags is tf.app.flags or flags.DEFINE_string is tf.app.flags.DEFINE_string
assert tf.nn.relu is tf1.nn.relu and tf.__version__ == "1.15.0"
assert callable(input_data.read_data_sets)
import tensorflow.nn
assert tensorflow.nn is tf.nn and tf.__spec__.name == "pyflow" and tf.nn.__name__ == "pyflow.nn"
"""

FRAMEWORK = """
from tensorflow.python.framework import constant_op
from tensorflow.python.framework import dtypes
from tensorflow.python.framework import errors
from tensorflow.python.framework import errors_impl
from tensorflow.python.framework import ops
from tensorflow.python.framework import random_seed
from tensorflow.python.framework import sparse_tensor
from tensorflow.python.framework import tensor_shape
from tensorflow.python.framework import tensor_util
from tensorflow.python.framework import test_util
from tensorflow.python.framework import versions
from tensorflow.python.framework.ops import Tensor, GraphKeys
import tensorflow as tf
assert ops.Tensor is tf.Tensor is Tensor and ops.GraphKeys is tf.GraphKeys is GraphKeys
assert ops.Graph is tf.Graph and ops.Operation is tf.Operation and ops.IndexedSlices is tf.IndexedSlices
assert ops.convert_to_tensor is tf.convert_to_tensor and ops.RegisterGradient is tf.RegisterGradient
assert ops.control_dependencies is tf.control_dependencies and ops.reset_default_graph is tf.reset_default_graph
assert ops.prepend_name_scope("^a", "s") == "^s/a" and ops.strip_name_scope("^s/a", "s") == "^a"
assert ops.name_from_scope_name("a/b/") == "a/b" and ops.uid() != ops.uid()
assert not ops.executing_eagerly_outside_functions() and not ops.inside_function()
assert dtypes.float32 is tf.float32 and dtypes.as_dtype is tf.as_dtype
assert constant_op.constant is tf.constant and errors.NotFoundError is errors_impl.NotFoundError
assert random_seed.get_seed(None) == (None, None) or len(random_seed.get_seed(None)) == 2
assert sparse_tensor.SparseTensor is tf.SparseTensor and sparse_tensor.SparseTensorValue is tf.SparseTensorValue
assert tensor_shape.TensorShape is tf.TensorShape and tensor_shape.unknown_shape().ndims is None
assert tensor_shape.as_shape([2]).as_list() == [2] and tensor_shape.scalar().ndims == 0
assert tensor_util.constant_value(constant_op.constant(3)) == 3 and tensor_util.is_tensor(constant_op.constant(3))
assert tensor_util.make_tensor_proto([1.0]).tensor_shape.dim[0].size == 1
assert versions.VERSION == tf.VERSION and versions.GRAPH_DEF_VERSION == tf.GRAPH_DEF_VERSION
assert test_util.TensorFlowTestCase is tf.test.TestCase and callable(test_util.run_deprecated_v1)
"""

OPS = """
from tensorflow.python.eager import context
from tensorflow.python.ops import array_ops, bitwise_ops, check_ops, clip_ops, confusion_matrix, control_flow_ops
from tensorflow.python.ops import custom_gradient, data_flow_ops, embedding_ops, gen_array_ops, gen_math_ops
from tensorflow.python.ops import gen_nn_ops, gen_state_ops, gradient_checker, gradients, gradients_impl
from tensorflow.python.ops import init_ops, linalg_ops, logging_ops, math_ops, nn, nn_impl, nn_ops
from tensorflow.python.ops import partitioned_variables, random_ops, resource_variable_ops, script_ops, sort_ops
from tensorflow.python.ops import special_math_ops, standard_ops, state_ops, template, variable_scope, variables
from tensorflow.python.ops import array_grad, math_grad, nn_grad, linalg_grad
import tensorflow.python.ops.nn_grad
import tensorflow as tf
assert not context.executing_eagerly()
assert array_ops.placeholder is tf.placeholder and array_ops.strided_slice is tf.strided_slice
assert bitwise_ops.bitwise_and is tf.bitwise.bitwise_and and clip_ops.clip_by_value is tf.clip_by_value
assert control_flow_ops.group is tf.group and check_ops.assert_equal is tf.assert_equal
assert confusion_matrix.confusion_matrix is tf.confusion_matrix
assert data_flow_ops.dynamic_stitch.__name__ == "dynamic_stitch" or data_flow_ops.dynamic_stitch is tf.dynamic_stitch
assert embedding_ops.embedding_lookup is tf.nn.embedding_lookup and linalg_ops.cholesky is tf.cholesky
assert gradient_checker.compute_gradient_error is tf.test.compute_gradient_error
assert gradients.gradients is gradients_impl.gradients is tf.gradients
assert init_ops.zeros_initializer is tf.zeros_initializer and init_ops.Constant is tf.constant_initializer
assert math_ops.reduce_mean is tf.reduce_mean and math_ops.matmul is tf.matmul and math_ops.cast is tf.cast
assert nn.relu is nn_ops.relu is tf.nn.relu and nn.moments is nn_impl.moments is tf.nn.moments
assert random_ops.random_normal is tf.random_normal and script_ops.py_func is tf.py_func
assert sort_ops.argsort is tf.argsort and special_math_ops.einsum is tf.einsum and template.make_template
assert state_ops.assign is tf.assign and state_ops.scatter_add is tf.scatter_add and callable(state_ops.variable_op_v2)
assert standard_ops.reduce_sum is tf.reduce_sum and partitioned_variables.fixed_size_partitioner
assert variable_scope.get_variable is tf.get_variable and variable_scope.VariableScope is tf.VariableScope
assert variables.VariableV1 is tf.Variable and isinstance(tf.Variable(0), variables.Variable)
assert variables.global_variables_initializer is tf.global_variables_initializer
assert resource_variable_ops.ResourceVariable and callable(resource_variable_ops.is_resource_variable)
product = gen_math_ops.mat_mul([[1.0]], [[2.0]], transpose_b=True)
assert product.op.type == "MatMul" and gen_math_ops._sum([1.0], axis=0).op.type == "Sum"
assert gen_array_ops.gather_v2([1, 2], [0], 0).op.type == "GatherV2" and gen_nn_ops.relu_grad([1.0], [1.0]).op.name
assert tf.raw_ops.ExpandDims(input=[1.0], axis=0).shape == [1, 1]
from tensorflow.python.ops import gen_decode_proto_ops, proto_ops
from tensorflow.python.ops.ragged import ragged_gather_ops, ragged_math_ops, ragged_squeeze_op, segment_id_ops
assert ragged_math_ops.range is tf.ragged.range and ragged_gather_ops.gather and ragged_squeeze_op.squeeze
assert segment_id_ops.row_splits_to_segment_ids is tf.ragged.row_splits_to_segment_ids
assert callable(gen_decode_proto_ops.decode_proto_v2) and proto_ops.decode_proto is tf.io.decode_proto
"""

PLATFORM = """
from tensorflow.core.framework import graph_pb2, attr_value_pb2, node_def_pb2, summary_pb2, types_pb2
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2, rewriter_config_pb2, saver_pb2
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.util import event_pb2
from tensorflow.python.client import device_lib, session, timeline
from tensorflow.python.lib.io import file_io
from tensorflow.python.platform import app, flags, gfile, googletest, resource_loader, test, tf_logging
from tensorflow.python.platform import tf_logging as logging
from tensorflow.python.training import adam, gradient_descent, learning_rate_decay, momentum, moving_averages
from tensorflow.python.training import optimizer, rmsprop, training_ops, training_util, slot_creator
from tensorflow.python.util import all_util, compat, deprecation, keyword_args, nest, object_identity
from tensorflow.python.util import tf_contextlib, tf_decorator, tf_export, tf_inspect
from tensorflow.python.util.compat import collections_abc
import tensorflow as tf
assert graph_pb2.GraphDef is tf.GraphDef is GraphDef and config_pb2.ConfigProto is tf.ConfigProto
assert event_pb2.Event().wall_time == 0 and summary_pb2.Summary() is not None
assert session.Session is tf.Session and session.InteractiveSession is tf.InteractiveSession
assert [d.device_type for d in device_lib.list_local_devices()] == ["CPU"]
assert gfile.Open is tf.gfile.Open and gfile.Exists is tf.gfile.Exists and test.TestCase is tf.test.TestCase
assert callable(googletest.main) and googletest.GetTempDir() and test.mock.Mock and test.main
assert flags.DEFINE_integer is tf.flags.DEFINE_integer and flags.FLAGS is tf.flags.FLAGS and app.run is tf.app.run
assert logging.info is tf.logging.info and logging.INFO == 20
assert adam.AdamOptimizer is tf.train.AdamOptimizer and optimizer.Optimizer is tf.train.Optimizer
assert gradient_descent.GradientDescentOptimizer is tf.train.GradientDescentOptimizer
assert moving_averages.assign_moving_average and learning_rate_decay.exponential_decay
assert callable(training_ops.apply_gradient_descent) and training_util.get_global_step is tf.train.get_global_step
assert nest.flatten([1, [2]]) == [1, 2] and compat.as_bytes("a") == b"a" and collections_abc.Mapping
assert tf_inspect.getargspec(lambda a, b=1: 0).defaults == (1,)
"""


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(code, id=name)
        for name, code in {"public": PUBLIC, "framework": FRAMEWORK, "ops": OPS, "platform": PLATFORM}.items()
    ],
)
def test_imports_find_what_lives_here(code):
    run(code)


MISSING = """
statements = [{0!r}]
for statement in statements:
    try:
        exec(statement)
    except ImportError as error:
        print(error)
    else:
        print("no error")
"""


@pytest.mark.parametrize(
    "statement, words",
    [
        ("import tensorflow.contrib.boosted_trees", "'tensorflow.contrib.boosted_trees'"),
        ("from tensorflow.contrib import boosted_trees", "'boosted_trees'"),
        ("from tensorflow.python.ops import no_such_module", "'no_such_module' from 'tensorflow.python.ops'"),
        ("import tensorflow.python.no_such_package.module", "'tensorflow.python.no_such_package'"),
        ("from tensorflow.python.ops.math_ops import no_such_op", "'no_such_op' from 'tensorflow.python.ops.math_ops'"),
        ("from tensorflow.python.keras.layers import Danse", "'Danse' from 'tensorflow.python.keras.layers'"),
        ("import tensorflow.python.keras.no_module", "'tensorflow.python.keras.no_module'"),
    ],
)
def test_import_of_what_is_not_there_names_it(statement, words):
    assert words in run(MISSING.format(statement))


def test_name_that_is_not_there_is_explained():
    code = "import tensorflow as tf\ntry:\n    tf.kerus\nexcept AttributeError as error:\n    print(error)"
    assert "'tf.kerus' is not supported by PyFlow" in run(code)


def test_everything_can_be_imported_from_a_module():
    code = "from tensorflow.python.framework.dtypes import *\nfrom tensorflow.python.util.nest import *\n"
    assert run(code + "import tensorflow as tf\nprint(float32 is tf.float32, flatten((1, 2)))") == "True [1, 2]\n"


def test_what_a_test_puts_in_a_modules_place_takes_effect():
    code = """
from tensorflow.python.platform import tf_logging
from tensorflow.python.training import basic_session_run_hooks
tf_logging.info = print
basic_session_run_hooks.CheckpointSaverHook("folder", save_steps=1)"""
    assert run(code) == "Create CheckpointSaverHook.\n"


def test_contrib_is_whole_whichever_module_exports_to_it():
    code = "import tensorflow as tf; print(tf.contrib.layers.conv2d is not None, tf.contrib.staging is not None)"
    assert run(code) == "True True\n"


def test_installing_twice_is_installing_once():
    assert run("as_tensorflow.install()\nimport tensorflow, pyflow, sys\nprint(tensorflow is pyflow)") == "True\n"


def test_tensorflow_that_is_loaded_already_keeps_its_name():
    code = (
        "import sys, types\nsys.modules['tensorflow'] = types.ModuleType('tensorflow')\n"
        "try:\n    as_tensorflow.install()\nexcept ImportError as error:\n    print(error)"
    )
    assert "imported in this process already" in run(code)


@pytest.mark.parametrize("path", internal_paths.known_paths())
def test_path_leads_to_modules(path):
    for place in internal_paths.places(path):
        if place[0] != "@" and place[-1] != "!":
            importlib.import_module(place)


NETWORKS = """
from tensorflow.python import keras
from tensorflow.python.eager import wrap_function
from tensorflow.python.framework import func_graph, graph_io, test_ops
from tensorflow.python.keras.engine import base_layer, input_spec
from tensorflow.python.ops import control_flow_grad, control_flow_util_v2, ctc_ops, gen_ctc_ops, sparse_grad
from tensorflow.python.ops.losses import loss_reduction
from tensorflow.python.ops.ragged import ragged_factory_ops
from tensorflow.python.training.tracking import util as trackable_utils
import tensorflow.python.ops.tensor_array_grad
from tensorflow.contrib.framework.python.framework import checkpoint_utils, tensor_util
from tensorflow.contrib.losses.python.losses import loss_ops
from tensorflow.contrib.opt.python.training import nadam_optimizer, sign_decay
from tensorflow.contrib.training.python.training import bucket_ops
import tensorflow as tf
assert base_layer.InputSpec is input_spec.InputSpec is tf.layers.InputSpec
assert graph_io.write_graph is tf.train.write_graph and loss_reduction.Reduction is tf.losses.Reduction
assert nadam_optimizer.NadamOptimizer is tf.contrib.opt.NadamOptimizer and sign_decay.get_cosine_decay_fn
assert bucket_ops.bucket is tf.contrib.training.bucket and loss_ops.log_loss is tf.contrib.losses.log_loss
assert tensor_util.remove_squeezable_dimensions is tf.contrib.framework.remove_squeezable_dimensions
assert keras.Model is tf.keras.Model
"""


INTERNALS = """
from tensorflow.python.framework import smart_cond
from tensorflow.python.layers import convolutional, normalization, pooling, utils
from tensorflow.python.ops import math_ops, tensor_array_grad
from tensorflow.python.ops.losses import losses_impl
from tensorflow.contrib.rnn.python.ops import lstm_ops
from tensorflow.contrib.seq2seq.python.ops import beam_search_decoder
import tensorflow as tf
assert convolutional.deconv2d is tf.layers.conv2d_transpose and pooling.MaxPool2D is tf.layers.MaxPooling2D
assert normalization.batch_norm is tf.layers.batch_normalization and math_ops.reduce_sum_v1 is tf.reduce_sum
assert [utils.conv_input_length(3, 4, padding, 2) for padding in ("same", "valid", "full")] == [4, 8, 2]
x = tf.constant([1.0, 2.0])
(dx,) = tf.gradients(tf.TensorArray(tf.float32, 2).unstack(x).stack(), x)
assert tensor_array_grad._GetGradSource(dx) == "gradients"
assert losses_impl._num_present(x, tf.constant(1.0)).op.name == "num_present"
one, two, three = (lambda: tf.constant(1)), (lambda: tf.constant(2)), (lambda: tf.constant(3))
assert smart_cond.smart_case([(True, one), (False, two)], default=three, exclusive=True).op.type == "Const"
assert smart_cond.smart_case([(tf.placeholder(tf.bool, []), one)], three).name == "smart_case_1/cond/Merge:0"
assert not beam_search_decoder._check_static_batch_beam_maybe(tf.TensorShape([2, 3]), 2, 3)
inputs, weights = [tf.constant([[0.1 * i, 0.2]]) for i in range(3)], tf.reshape(tf.range(32.0) * 0.01, [4, 8])
*_, h = lstm_ops._block_lstm(tf.constant(3, tf.int64), inputs, tf.ensure_shape(weights, [4, 8]), tf.zeros([8]))
with tf.Session() as session:
    assert abs(session.run(h)[2] - [[0.0149, 0.0169]]).max() < 5e-5
"""


TEST_OPS = """
from tensorflow.python.framework import dtypes, ops, test_ops
import tensorflow as tf
op = ops.get_default_graph().create_op("FloatOutputStringOutput", [], [dtypes.float32, dtypes.string], name="pair")
assert [(t.name, t.dtype) for t in op.outputs] == [("pair:0", tf.float32), ("pair:1", tf.string)]
assert [t.name for t in test_ops.n_ints_out(N=3)] == ["NIntsOut:0", "NIntsOut:1", "NIntsOut:2"]
assert test_ops.two_int_outputs()._fields == ("a", "b") and test_ops.attr_default().get_attr("a") == b"banana"
assert [t.dtype for t in test_ops.list_output([tf.int32, tf.float32])] == [tf.int32, tf.float32]
assert test_ops.ref_output().dtype == dtypes.int32_ref and test_ops.none().type == "None"
for call, words in (
    (lambda: test_ops.n_ints_in([1]), "List argument 'a' to 'NIntsIn' Op with length 1 shorter than minimum length 2."),
    (lambda: test_ops.attr_min(2), "Attr 'a' of 'AttrMin' Op passed 2 less than minimum 5."),
    (lambda: test_ops.attr_enum("x"), "Attr 'a' of 'AttrEnum' Op passed string 'x' not in"),
    (lambda: test_ops.restrict(1), "DataType int32 not in list of allowed values: string, bool"),
    (lambda: tf.Session().run(test_ops.float_output()), "No OpKernel was registered to support Op 'FloatOutput'"),
):
    try:
        call()
    except Exception as error:
        assert words in str(error), error
    else:
        raise AssertionError(words)
"""


@pytest.mark.parametrize("imports", [NETWORKS, INTERNALS, TEST_OPS])
def test_imports_of_the_tests_of_networks(imports):
    run(imports)
