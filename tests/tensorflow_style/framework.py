"""Tests of graphs, sessions and variables, written as TensorFlow's own are."""

from __future__ import absolute_import, division, print_function

import numpy as np

from tensorflow.core.framework import graph_pb2
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.client import session
from tensorflow.python.framework import constant_op, dtypes, errors, errors_impl, ops, random_seed, tensor_util
from tensorflow.python.framework import test_util
from tensorflow.python.framework import device as pydev
from tensorflow.python.ops import array_ops, check_ops, control_flow_ops, init_ops, math_ops, partitioned_variables
from tensorflow.python.ops import random_ops, resource_variable_ops, script_ops, state_ops, variable_scope, variables
from tensorflow.python.ops import gradients_impl  # pylint: disable=unused-import
from tensorflow.python.platform import googletest, test
from tensorflow.python.platform import tf_logging as logging
from tensorflow.python.training import adam, gradient_descent, momentum, moving_averages, training_util
from tensorflow.python.util import compat, nest

ops._set_call_cpp_shape_fn = None


class SessionTest(test_util.TensorFlowTestCase):
    def testUseExistingGraph(self):
        with ops.Graph().as_default() as g, ops.device("/cpu:0"):
            a = constant_op.constant(6.0, shape=[1, 1])
            b = constant_op.constant(7.0, shape=[1, 1])
            c = math_ops.matmul(a, b, name="matmul")
        with session.Session(graph=g):
            self.assertAllEqual(c.eval(), [[42.0]])

    def testErrorPayload(self):
        with session.Session():
            a = array_ops.placeholder(dtypes.float32)
            with self.assertRaisesOpError(lambda e: e.op == a.op):
                a.eval()

    def testFetchNestingEmptyOneLevel(self):
        with session.Session() as sess:
            res = sess.run({"a": constant_op.constant(1), "b": [constant_op.constant(2), []]})
            self.assertEqual((res["a"], res["b"]), (1, [2, []]))

    def testConfig(self):
        config = config_pb2.ConfigProto(allow_soft_placement=True, device_count={"CPU": 1})
        with session.Session(config=config) as sess:
            self.assertIn("CPU", [d.device_type for d in sess.list_devices()])

    def testGraphDef(self):
        with session.Session() as sess:
            with self.assertRaisesRegexp(RuntimeError, "empty"):
                sess.run([])
            constant_op.constant(5.0, name="c")
            self.assertIsInstance(sess.graph_def, graph_pb2.GraphDef)
            self.assertEqual(sess.graph_def.node[0].op, "Const")

    def testPartial(self):
        with session.Session() as sess:
            x, y = array_ops.placeholder(dtypes.int32), array_ops.placeholder(dtypes.int32)
            add = sess.make_callable(x + y, feed_list=[x, y])
            self.assertEqual(add(1, 2), 3)


class GraphTest(test_util.TensorFlowTestCase):
    def setUp(self):
        ops.reset_default_graph()

    def _AssertDefault(self, expected):
        self.assertIs(expected, ops.get_default_graph())

    def testNested(self):
        g = ops.Graph()
        with g.as_default():
            self._AssertDefault(g)
            with ops.Graph().as_default() as g1:
                self._AssertDefault(g1)

    def testNames(self):
        g = ops.Graph()
        with g.as_default():
            with ops.name_scope("scope1") as scope1:
                self.assertEqual("scope1/", scope1)
                self.assertEqual("scope1/a", constant_op.constant(1, name="a").op.name)
                self.assertEqual("scope1", ops.get_name_scope())
            self.assertEqual("scope1_1/a", g.unique_name("scope1_1/a"))
        self.assertEqual("s/a", ops.prepend_name_scope("a", "s"))

    def testDevice(self):
        with ops.device(pydev.merge_device("/device:GPU:0")):
            self.assertDeviceEqual(constant_op.constant(1).device, "/device:GPU:0")

    def testGraphDefText(self):
        with ops.Graph().as_default() as g:
            control_flow_ops.no_op(name="a")
        self.assertProtoEqualsVersion("node { name: 'a' op: 'NoOp' }", g.as_graph_def())
        self.assertEqual("NoOp", test_util.get_node_def_from_graph("a", g.as_graph_def()).op)
        self.assertIsNone(test_util.get_node_def_from_graph("b", g.as_graph_def()))
        test.assert_equal_graph_def(g.as_graph_def(), g.as_graph_def())
        with self.assertRaises(AssertionError):
            test.assert_equal_graph_def(g.as_graph_def(), graph_pb2.GraphDef())

    def testControl(self):
        with ops.Graph().as_default():
            a, b = constant_op.constant(1), constant_op.constant(2)
            with ops.control_dependencies([a]), ops.control_dependencies([b.op]):
                c = constant_op.constant(3)
            self.assertItemsEqual([a.op, b.op], c.op.control_inputs)

    def testCollections(self):
        with ops.Graph().as_default():
            ops.add_to_collection("key", 12)
            self.assertEqual([12], ops.get_collection("key"))
            self.assertEqual([], ops.get_collection(ops.GraphKeys.TRAINABLE_VARIABLES))

    def testGradientRegistry(self):
        @ops.RegisterGradient("ReluInStyle")
        def _grad(op, grad):
            return grad * 10.0

        with ops.Graph().as_default() as g, self.session(graph=g):
            x = constant_op.constant([1.0])
            with g.gradient_override_map({"Relu": "ReluInStyle"}):
                from tensorflow.python.ops import nn_ops

                y = nn_ops.relu(x)
            self.assertAllEqual([10.0], gradients_impl.gradients(y, x)[0].eval())
            self.assertTrue(callable(ops.get_gradient_function(y.op)))


class VariablesTest(test.TestCase):
    @test_util.run_v1_only("b/120545219")
    def testInitialization(self):
        with self.cached_session():
            var0 = variables.VariableV1(0.0)
            self.assertEqual("Variable:0", var0.name)
            self.assertEqual([], var0.get_shape())
            with self.assertRaisesOpError("Attempting to use uninitialized value"):
                self.evaluate(var0)
            self.evaluate(variables.global_variables_initializer())
            self.assertAllClose(0.0, self.evaluate(var0))

    @test_util.run_deprecated_v1
    def testAssignments(self):
        with self.cached_session():
            var = variables.Variable(0.0)
            variables.global_variables_initializer().run()
            self.assertAllClose(1.0, var.assign_add(1.0).eval())
            self.assertAllClose(4.0, state_ops.assign(var, 4.0).eval())
            with self.assertRaisesRegexp(errors.OutOfRangeError, "Reached limit of 1"):
                counter = variables.VariableV1(1)
                counter.initializer.run()
                counter.count_up_to(1).eval()

    @test_util.run_deprecated_v1
    def testVarScopeInitializer(self):
        init = init_ops.constant_initializer(0.3)
        with variable_scope.variable_scope("tower0", initializer=init) as tower:
            w = variable_scope.get_variable("w", [])
            self.assertEqual(w.name, "tower0/w:0")
        with variable_scope.variable_scope(tower, reuse=True):
            self.assertIs(w, variable_scope.get_variable("w"))
        with self.assertRaisesRegexp(ValueError, "does not exist"):
            with variable_scope.variable_scope("tower0", reuse=True):
                variable_scope.get_variable("v", [1])

    def testResource(self):
        with ops.Graph().as_default(), self.session():
            v = resource_variable_ops.ResourceVariable([1.0, 2.0], name="res")
            v.initializer.run()
            self.assertTrue(resource_variable_ops.is_resource_variable(v))
            self.assertAllEqual([2.0, 4.0], v.assign_add(v).eval())

    def testPartitioned(self):
        with ops.Graph().as_default(), self.session():
            v = variable_scope.get_variable("v", [4, 2], partitioner=partitioned_variables.fixed_size_partitioner(2))
            self.evaluate(variables.global_variables_initializer())
            self.assertEqual((4, 2), ops.convert_to_tensor(v).eval().shape)


class TrainingTest(test.TestCase):
    @test_util.run_deprecated_v1
    def testBasic(self):
        for dtype in [dtypes.float32, dtypes.float64]:
            with self.cached_session():
                var0 = variables.Variable([1.0, 2.0], dtype=dtype)
                grads0 = constant_op.constant([0.1, 0.1], dtype=dtype)
                sgd_op = gradient_descent.GradientDescentOptimizer(3.0).apply_gradients(zip([grads0], [var0]))
                self.evaluate(variables.global_variables_initializer())
                sgd_op.run()
                self.assertAllCloseAccordingToType([1.0 - 3.0 * 0.1, 2.0 - 3.0 * 0.1], self.evaluate(var0))

    @test_util.run_deprecated_v1
    def testSlots(self):
        with self.cached_session():
            var = variables.Variable([1.0, 2.0])
            opt = momentum.MomentumOptimizer(learning_rate=2.0, momentum=0.9)
            opt.minimize(math_ops.reduce_sum(var), global_step=training_util.get_or_create_global_step())
            self.assertEqual(["momentum"], opt.get_slot_names())
            self.assertEqual(var.get_shape(), opt.get_slot(var, "momentum").get_shape())
            optimizer = adam.AdamOptimizer()
            optimizer.minimize(math_ops.reduce_sum(var))
            self.evaluate(variables.global_variables_initializer())
            self.assertAllClose([0.9, 0.999], [self.evaluate(p) for p in optimizer._get_beta_accumulators()])

    @test_util.run_deprecated_v1
    def testMovingAverage(self):
        with self.cached_session():
            var = variables.Variable([10.0, 11.0])
            val = constant_op.constant([1.0, 2.0], dtypes.float32)
            assign = moving_averages.assign_moving_average(var, val, 0.25, zero_debias=False)
            self.evaluate(variables.global_variables_initializer())
            assign.op.run()
            self.assertAllClose([10.0 * 0.25 + 1.0 * 0.75, 11.0 * 0.25 + 2.0 * 0.75], self.evaluate(var))


class MiscTest(googletest.TestCase):
    def testPyFunc(self):
        with session.Session():
            y = script_ops.py_func(lambda x: x + x, [np.float32(3)], dtypes.float32)
            self.assertEqual(y.eval(), 6)

    def testSeeds(self):
        with ops.Graph().as_default():
            random_seed.set_random_seed(7)
            self.assertEqual((7, 3), random_seed.get_seed(3))
            op = random_ops.random_uniform([2], 0, 5, dtypes.int32).op
            while op.type != "RandomUniformInt":
                op = op.inputs[0].op
            self.assertEqual(7, op.get_attr("seed"))

    def testCheckOps(self):
        with ops.Graph().as_default():
            with self.assertRaises((ValueError, errors_impl.InvalidArgumentError)):
                check_ops.assert_rank(constant_op.constant([1]), 3)

    def testUtil(self):
        self.assertEqual([1, 2, 3], nest.flatten({"a": 1, "b": (2, [3])}))
        self.assertEqual("a", compat.as_str(b"a"))
        self.assertEqual(3, tensor_util.constant_value(constant_op.constant(3)))
        with test.mock.patch.object(logging, "warn") as mock_log:
            logging.warn("hello")
        self.assertEqual(1, mock_log.call_count)

    def testTempDir(self):
        self.assertTrue(test.get_temp_dir())
        self.assertFalse(test.is_gpu_available() and test.is_built_with_cuda())


class HarnessTest(test_util.TensorFlowTestCase):
    def testComparisons(self):
        self.assertAllClose({"a": [1.0, 2.0]}, {"a": np.array([1.0, 2.0 + 1e-7])})
        self.assertArrayNear([1.0, 2.0], [1.0, 2.0], 0.001)
        self.assertNDArrayNear(np.ones(2), np.ones(2), 0.1)
        self.assertAllGreater([2, 3], 1)
        self.assertAllInRange([1, 2], 1, 2)
        self.assertAllInSet([1, 2], {1, 2})
        self.assertNotAllClose([1.0], [2.0])
        self.assertNotAllEqual([1], [2])
        self.assertNear(1.0, 1.01, 0.1)
        self.assertStartsWith("abc", "ab")
        self.assertEndsWith("abc", "bc")
        self.assertContainsInOrder(["a", "c"], "abc")
        self.assertContainsSubset([1], [1, 2])
        self.assertNoCommonElements([1], [2])
        self.assertSequenceStartsWith([1], [1, 2])
        self.assertRegexMatch("abc", ["x", "b."])
        for check, wrong in (
            (self.assertEndsWith, ("abc", "ab")),
            (self.assertContainsInOrder, (["c", "a"], "abc")),
            (self.assertContainsSubset, ([3], [1, 2])),
            (self.assertNoCommonElements, ([2], [2])),
            (self.assertSequenceStartsWith, ([2], [1, 2])),
            (self.assertRegexMatch, ("abc", ["x"])),
        ):
            with self.assertRaises(AssertionError):
                check(*wrong)
        with self.assertRaisesRegexp(AssertionError, "Not equal to tolerance"):
            self.assertAllClose([1.0, 2.0], [1.0, 3.0])
        with self.assertRaisesRegexp(AssertionError, "Shape mismatch|shape"):
            self.assertAllEqual([1, 2], [1, 2, 3])

    def testThreads(self):
        def fails():
            raise ValueError("expected")

        thread = self.checkedThread(target=fails)
        thread.start()
        with self.assertRaises(self.failureException) as fail:
            thread.join()
        self.assertIn("expected", str(fail.exception))

    @test_util.skip_if(True)
    def testSkipped(self):
        self.fail("not skipped")

    @test_util.run_gpu_only
    def testOnGpu(self):
        self.fail("not skipped")

    @test_util.run_v2_only
    def testOfVersion2(self):
        self.fail("not skipped")


if __name__ == "__main__":
    test.main()
