"""Tests of array and math ops, written as TensorFlow's own are."""

from __future__ import absolute_import, division, print_function

import itertools

import numpy as np

from tensorflow.python.framework import constant_op, dtypes, errors, errors_impl, ops, sparse_tensor, tensor_shape
from tensorflow.python.framework import test_util
from tensorflow.python.ops import array_ops, gen_array_ops, gen_math_ops, gradient_checker, gradients_impl, math_ops
from tensorflow.python.ops import nn_ops, random_ops
from tensorflow.python.platform import test


class ConcatTest(test_util.TensorFlowTestCase):
    @test_util.run_deprecated_v1
    def testHStack(self):
        with self.session(use_gpu=True):
            p1 = array_ops.placeholder(dtypes.float32, shape=[4, 4])
            p2 = array_ops.placeholder(dtypes.float32, shape=[4, 4])
            c = array_ops.concat([p1, p2], 0)
            params = {p1: np.random.rand(4, 4).astype("f"), p2: np.random.rand(4, 4).astype("f")}
            result = c.eval(feed_dict=params)
        self.assertEqual(result.shape, c.get_shape())
        self.assertAllEqual(result[:4, :], params[p1])
        self.assertAllEqual(result[4:, :], params[p2])

    def testConcatInvalidShapes(self):
        with self.assertRaisesRegexp(ValueError, r"Dimension 0 in both shapes must be equal"):
            array_ops.concat([array_ops.ones([2, 2]), array_ops.ones([3, 3])], 1)


class BooleanMaskTest(test_util.TensorFlowTestCase):
    def setUp(self):
        self.rng = np.random.RandomState(42)

    def CheckVersusNumpy(self, ndims_mask, arr_shape, make_mask=None):
        arr_size = arr_shape[:ndims_mask]
        mask = self.rng.randint(0, 2, size=arr_size).astype(bool) if make_mask is None else make_mask(arr_size)
        arr = np.random.rand(*arr_shape)
        masked_arr = arr[mask]
        with self.cached_session():
            masked_tensor = array_ops.boolean_mask(arr, mask)
            self.assertEqual(masked_tensor.get_shape()[1:].as_list(), list(masked_arr.shape[1:]))
            self.assertAllClose(masked_arr, self.evaluate(masked_tensor))

    def testMaskDim1ArrDim2Axis1(self):
        for ndims_mask, arr_shape in itertools.product((1, 2), ((3, 2), (2, 5, 4))):
            self.CheckVersusNumpy(ndims_mask, arr_shape)

    def testEmptyOutput(self):
        self.CheckVersusNumpy(1, (2, 3), make_mask=lambda size: np.zeros(size, bool))


class StridedSliceChecker(object):
    REF_TENSOR = np.arange(1, 97, dtype=np.float32).reshape(2, 4, 3, 4)

    def __init__(self, test_case):
        self.test = test_case
        self.x = constant_op.constant(self.REF_TENSOR)

    def __getitem__(self, spec):
        op = self.x.__getitem__(spec)
        tensor = self.test.evaluate(op)
        self.test.assertAllEqual(self.REF_TENSOR[spec], tensor)
        self.test.assertAllEqual(tensor.shape, op.get_shape())
        return tensor


class StridedSliceTest(test_util.TensorFlowTestCase):
    @test_util.run_in_graph_and_eager_modes
    def testBasicSlice(self):
        checker = StridedSliceChecker(self)
        _ = checker[:, :, :]
        _ = checker[..., 1:3]
        _ = checker[::2, ::-1, 1, array_ops.newaxis]
        _ = checker[-1, ..., 2:0:-1]
        _ = checker[0, 1, 2, 3]

    @test_util.run_v1_only("b/120545219")
    def testInvalid(self):
        with self.assertRaisesRegexp(ValueError, "Multiple ellipses"):
            _ = constant_op.constant([[1]])[..., ...]
        with self.assertRaisesWithPredicateMatch(TypeError, lambda e: "Only integers, slices" in str(e)):
            _ = constant_op.constant([1])["a"]


class PadTest(test.TestCase):
    @test_util.run_deprecated_v1
    def testGradient(self):
        with self.cached_session():
            x = constant_op.constant(np.random.rand(2, 3), dtype=dtypes.float64)
            y = array_ops.pad(x, constant_op.constant([[1, 0], [0, 2]]))
            jacob_t, jacob_n = gradient_checker.compute_gradient(
                x, [2, 3], y, [3, 5], x_init_value=np.random.rand(2, 3), delta=1e-4
            )
        self.assertAllClose(jacob_t, jacob_n, rtol=1e-5, atol=1e-5)

    def testInputDims(self):
        with test_util.use_gpu():
            with self.assertRaises((ValueError, errors.InvalidArgumentError)):
                array_ops.pad(array_ops.reshape([1, 2], shape=[1, 2, 1, 1]), array_ops.reshape([1, 2], shape=[1, 2]))


class MatMulTest(test.TestCase):
    def _compare(self, dtype, use_placeholder):
        a_np, b_np = np.random.rand(3, 4).astype(dtype), np.random.rand(5, 4).astype(dtype)
        with self.session(use_gpu=True) as sess, test_util.device(use_gpu=False):
            if use_placeholder:
                a, b = array_ops.placeholder(a_np.dtype), array_ops.placeholder(b_np.dtype)
                val = sess.run(math_ops.matmul(a, b, transpose_b=True), feed_dict={a: a_np, b: b_np})
            else:
                val = self.evaluate(math_ops.matmul(a_np, b_np, adjoint_b=True))
            self.assertAllCloseAccordingToType(np.matmul(a_np, b_np.T), val, half_rtol=5e-3)

    @test_util.run_deprecated_v1
    def testAll(self):
        for dtype, placeholder in itertools.product((np.float16, np.float32, np.float64), (True, False)):
            self._compare(dtype, placeholder)

    def testRawOp(self):
        self.assertEqual(gen_math_ops.mat_mul([[1.0]], [[2.0]]).op.type, "MatMul")
        self.assertEqual(gen_array_ops.identity(1).dtype, dtypes.int32)


class ReductionTest(test.TestCase):
    @test_util.run_deprecated_v1
    def testPartialShapes(self):
        c_unknown = array_ops.placeholder(dtypes.float32)
        self.assertEqual(
            tensor_shape.unknown_shape(),
            math_ops.reduce_sum(c_unknown, [1, 2]).get_shape().ndims or tensor_shape.unknown_shape(),
        )
        c_known_rank = array_ops.placeholder(dtypes.float32)
        c_known_rank.set_shape(tensor_shape.unknown_shape(rank=3))
        s = math_ops.reduce_sum(c_known_rank, [1], keepdims=True)
        self.assertEqual(3, s.get_shape().rank)

    @test_util.run_deprecated_v1
    def testInvalidIndex(self):
        input_tensor = ops.convert_to_tensor(np.arange(0, 10).reshape([2, 5]))
        with self.assertRaisesWithPredicateMatch(ValueError, lambda e: "Invalid reduction dimension" in str(e)):
            math_ops.reduce_sum(input_tensor, [0, 2])

    def testUInt8(self):
        for dtype in (dtypes.uint8, dtypes.int16, dtypes.complex64):
            x = np.arange(6).reshape(2, 3).astype(dtype.as_numpy_dtype)
            self.assertAllEqual(x.sum(1).astype(x.dtype), self.evaluate(math_ops.reduce_sum(x, 1)))


class RunTimeErrorsTest(test.TestCase):
    @test_util.run_deprecated_v1
    def testOpErrors(self):
        with self.cached_session():
            indices = array_ops.placeholder(dtypes.int32)
            gathered = array_ops.gather(constant_op.constant([1.0, 2.0]), indices)
            with self.assertRaisesOpError(r"indices\[0\] = 7 is not in \[0, 2\)"):
                gathered.eval({indices: [7]})
            with self.assertRaisesRegexp(errors_impl.InvalidArgumentError, "Incompatible shapes"):
                a, b = array_ops.placeholder(dtypes.float32), array_ops.placeholder(dtypes.float32)
                (a + b).eval({a: np.ones([2]), b: np.ones([3])})

    def testSparse(self):
        t = sparse_tensor.SparseTensor([[0, 1]], [2.0], [1, 3])
        value = self.evaluate(t)
        self.assertIsInstance(value, sparse_tensor.SparseTensorValue)
        self.assertAllEqual(value.dense_shape, [1, 3])


class GradientTest(test.TestCase):
    @test_util.run_deprecated_v1
    def testSoftmaxGradient(self):
        x_shape = [3, 4]
        with self.cached_session():
            np.random.seed(1)
            x = constant_op.constant(np.random.rand(*x_shape), dtype=dtypes.float64)
            y = nn_ops.softmax(x)
            self.assertLess(gradient_checker.compute_gradient_error(x, x_shape, y, x_shape), 1e-7)

    @test_util.run_deprecated_v1
    def testIndexedSlices(self):
        with ops.Graph().as_default(), self.session():
            params = random_ops.random_uniform([4, 2], seed=1)
            (grad,) = gradients_impl.gradients(array_ops.gather(params, [0, 0, 3]), params)
            self.assertIsInstance(grad, ops.IndexedSlices)
            self.assertAllEqual([[2, 2], [0, 0], [0, 0], [1, 1]], ops.convert_to_tensor(grad).eval())


class ShapesTest(test_util.TensorFlowTestCase):
    @test_util.run_deprecated_v1
    def testShapeNKnownAndUnknown(self):
        x = array_ops.placeholder(dtypes.float32, [None, 2])
        self.assertEqual([None, 2], x.shape.as_list())
        with self.assertRaises(ValueError):
            x.set_shape([1, 3])
        self.assertShapeEqual(np.zeros([3, 4]), array_ops.zeros([3, 4]))

    def testProto(self):
        self.assertProtoEquals("dim { size: 2 } dim { size: -1 }", tensor_shape.TensorShape([2, None]).as_proto())


if __name__ == "__main__":
    test.main()
