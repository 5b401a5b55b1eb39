"""Expressions, and what each gives under TensorFlow 1.15.5: its value and static shape, or the error; see
expressions.json.

An expression is evaluated with `tf` and `np`.
"""

import numpy as np
from outcomes import outcome

ARRAY = """
tf.argmax([float('nan'), 1.0, 2.0])
tf.argmin([[float('nan'), 1.0], [2.0, float('nan')]], 1)
tf.unique_with_counts([[1.0, 2.0]])
tf.unique_with_counts(tf.placeholder_with_default([1.0, 1.0], None))
tf.gather(np.ones([2, 3, 4]), [0, 1], batch_dims=1)
tf.gather(np.ones([2, 3, 4]), 1, batch_dims=-1)
tf.scatter_nd([0], 1.0, [3])
tf.tensor_scatter_update(1.0, [[0]], [1.0])
tf.transpose(np.ones([2, 3]), [-1, 0])
tf.transpose(np.ones([2, 3]), [0, 0])
tf.unstack(np.ones([0, 2]))
tf.reshape([1.0, 2.0], 2)
tf.one_hot(np.zeros([0, 2], np.int32), 3)
tf.one_hot(np.zeros([0], np.int32), 2, 'a', 'b')
tf.where(True)
tf.where(tf.placeholder_with_default([True], None), 1.0, 2.0)
tf.pad([1.0], tf.placeholder_with_default([[1, 1], [1, 1]], None), 'REFLECT')
tf.quantize([-1.0, 0.3, 9.0], -1.0, 6.0, tf.quint8)
tf.quantize(0.3, -1.0, 6.0, tf.qint32)
tf.roll(3.0, [1], 0)
len(tf.constant([1.0]))
tf.Variable([1.0, 2.0])[:1].assign(tf.ones([]))
tf.Variable([1.0, 2.0])[:1].assign(tf.ones([3, 1]))
""".strip().splitlines()
TYPES = """
tf.bitwise.bitwise_and(tf.constant([1.0]), tf.constant([1]))
tf.placeholder(tf.float32, [])
tf.placeholder(tf.float32, [-1])
tf.stack(tf.ones([2, 2]), 1)
tf.dynamic_stitch([[0], [1]], [[1.0]])
tf.concat(0, [tf.constant([1]), tf.constant([1.0])])
tf.fill(3, 7)
tf.random_normal(3)
tf.fake_quant_with_min_max_args([1.0], num_bits=1)
tf.igamma(2, tf.constant([1.0]))
tf.math.xlogy(2, tf.constant([1.0]))
tf.check_numerics(1.0)
tf.nn.conv3d(np.ones([1, 2, 2, 2, 1]), np.ones([1, 1, 1, 1, 1]), 1, "SAME")
tf.nn.conv2d(np.ones([1, 2, 2, 2]), np.ones([1, 1, 2, 2]), [1, 1, 1, 2], "SAME")
tf.nn.avg_pool(np.ones([1, 2, 2, 2]), [1, 1, 1, 2], [1, 1, 1, 1], "VALID")
tf.nn.avg_pool(np.ones([1, 2, 2, 2]), [2, 1, 1, 1], [1, 1, 1, 1], "VALID")
""".strip().splitlines()

SUMS = """
tf.add_n([tf.placeholder_with_default([1.0], None), tf.placeholder_with_default([1.0, 2.0], None)], name='total')
tf.accumulate_n([tf.placeholder_with_default([1.0], None), tf.constant([1.0, 2.0])])
tf.where(tf.placeholder_with_default([[True]], None), [1.0, 2.0], [1.0, 2.0], name='chosen')
tf.range([1, 2])
tf.linspace([0.0], 1.0, 3)
tf.Assert(False, 1)
tf.is_non_decreasing(tf.constant([1, 2], tf.uint16))
tf.bitcast(tf.constant([True]), tf.int8)
tf.check_numerics(tf.constant([1]), 'm')
tf.einsum('ij,jk->ik', tf.placeholder(tf.float32), tf.ones([2, 2]))
tf.linalg.tridiagonal_solve(np.float32([[4, 1, 0], [1, 4, 1], [0, 1, 4]]), np.float32([1, 2, 3]), 'matrix')
tf.linalg.tridiagonal_solve(np.float32([[4, 1, 0], [1, 4, 1], [0, 1, 4]]), np.ones([1, 2, 3], np.float32), 'matrix')
tf.signal.frame(tf.placeholder_with_default(np.arange(10.0), None), 4, 3)
tf.signal.frame(tf.placeholder_with_default(np.arange(10.0), None), 4, 3, True, 1.0)
tf.linalg.LinearOperatorFullMatrix([[1]])
""".strip().splitlines()

CHECKS = """
tf.linalg.LinearOperatorDiag([1.0, 0.0]).assert_non_singular()
tf.linalg.LinearOperatorDiag([1.0, 0.0]).assert_positive_definite()
tf.linalg.LinearOperatorDiag([1.0, 1j]).assert_positive_definite()
tf.linalg.LinearOperatorDiag([1.0, 1j]).assert_self_adjoint()
tf.linalg.LinearOperatorDiag([1.0, 0.0]).assert_self_adjoint()
tf.linalg.LinearOperatorFullMatrix([[4.0, 1.0], [1.0, -3.0]]).assert_positive_definite()
tf.linalg.LinearOperatorFullMatrix([[4.0, 1.0], [1.0, -3.0]], is_self_adjoint=True).assert_positive_definite()
tf.linalg.LinearOperatorFullMatrix([[4.0, 1.0], [2.0, -3.0]]).assert_self_adjoint()
tf.linalg.LinearOperatorFullMatrix([[4.0, 0.0], [0.0, 0.0]]).assert_non_singular()
tf.linalg.LinearOperatorLowerTriangular([[4.0, 0.0], [1.0, 0.0]]).assert_non_singular()
tf.linalg.LinearOperatorIdentity(3).assert_positive_definite()
tf.linalg.LinearOperatorScaledIdentity(3, 0.0).assert_non_singular()
tf.linalg.LinearOperatorScaledIdentity(3, -1.0).assert_positive_definite()
tf.linalg.LinearOperatorScaledIdentity(3, tf.constant(1j, tf.complex64)).assert_self_adjoint()
tf.linalg.LinearOperatorZeros(3).assert_non_singular()
tf.linalg.LinearOperatorZeros(3).assert_positive_definite()
tf.linalg.LinearOperatorAdjoint(tf.linalg.LinearOperatorDiag([1.0, 0.0])).assert_non_singular()
tf.linalg.LinearOperatorInversion(tf.linalg.LinearOperatorDiag([1.0, 0.0])).assert_self_adjoint()
[tf.linalg.LinearOperatorDiag([1.0]).batch_shape_tensor(), tf.linalg.LinearOperatorDiag([1.0]).range_dimension_tensor()]
""".strip().splitlines()


def case(source):
    def program(tf):
        def build(tf):
            return eval(source, {"tf": tf, "np": np})

        return outcome(tf, build, initialize=True)

    return program


CASES = {source: case(source) for source in ARRAY + TYPES + SUMS + CHECKS}
