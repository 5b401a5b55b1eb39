"""Matrix products: values for every dtype and transposition, gradients, node names, errors."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.numeric_gradient import gradient_error

DTYPES = ["float16", "float32", "float64", "int32", "int64", "complex64", "complex128"]


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


def numbers(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(-5, 6, shape).astype(dtype)
    return x + 1j * rng.integers(-5, 6, shape).astype(x.real.dtype) if x.dtype.kind == "c" else x


def turned(x, how):
    x = x if how == "" else np.swapaxes(x, -1, -2)
    return np.conj(x) if how == "adjoint" else x


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("of_a", ["", "transpose", "adjoint"])
@pytest.mark.parametrize("of_b", ["", "transpose", "adjoint"])
@pytest.mark.parametrize("batches", [([], []), ([2], [2]), ([3, 1], [2]), ([0], [1])])
def test_matmul(dtype, of_a, of_b, batches):
    a, b = numbers([*batches[0], 2, 3], dtype), numbers([*batches[1], 3, 4], dtype, 1)
    given_a = a if not of_a else np.swapaxes(a, -1, -2)
    given_b = b if not of_b else np.swapaxes(b, -1, -2)
    options = {f"{how}_{of}": True for how, of in ((of_a, "a"), (of_b, "b")) if how}
    product = tf.matmul(tf.constant(given_a), tf.constant(given_b), **options)
    expected = np.matmul(turned(given_a, of_a), turned(given_b, of_b))
    assert product.shape == expected.shape
    value = run(product)
    assert value.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize("shapes", [((2, 0), (0, 3)), ((0, 2), (2, 3)), ((2, 3), (3, 0)), ((2, 0, 3), (2, 3, 4))])
def test_product_of_empty_matrices(shapes):
    value = run(tf.matmul(tf.zeros(shapes[0]), tf.ones(shapes[1])))
    np.testing.assert_array_equal(value, np.zeros((*shapes[0][:-1], shapes[1][-1])))


@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("transpose_b", [False, True])
@pytest.mark.parametrize("batches", [([], []), ([2], [2]), ([2, 1], [3])])
def test_gradient_of_matmul(transpose_a, transpose_b, batches):
    a = numbers([*batches[0], *((3, 2) if transpose_a else (2, 3))], "float64")
    b = numbers([*batches[1], *((4, 3) if transpose_b else (3, 4))], "float64")
    assert gradient_error(lambda a, b: tf.matmul(a, b, transpose_a, transpose_b), a, b) < 1e-6


def test_gradient_of_complex_product_is_conjugated():
    a, b = tf.constant([[1 + 2j]]), tf.constant([[3 - 1j]])
    da, db = run(tf.gradients(tf.matmul(a, b), [a, b], grad_ys=tf.constant([[1 + 0j]])))
    assert (da, db) == (3 + 1j, 1 - 2j)


def test_float16_is_summed_in_single_precision():
    ones = tf.ones([1, 4096], tf.float16)
    assert run(tf.matmul(ones, ones, transpose_b=True)) == 4096


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_sparse_hint_changes_the_op_and_not_the_result(dtype):
    a, b = tf.cast([[1.0, 0.0], [0.0, 2.0]], dtype), tf.cast([[3.0], [4.0]], dtype)
    product = tf.matmul(a, b, a_is_sparse=True)
    assert product.dtype == dtype
    assert "SparseMatMul" in {op.type for op in product.graph.get_operations()}
    assert run(tf.cast(product, tf.float32)).tolist() == [[3], [8]]
    da, db = run([tf.cast(g, tf.float32) for g in tf.gradients(product, [a, b])])
    assert da.tolist() == [[3, 4], [3, 4]]
    assert db.tolist() == [[1], [2]]


def test_products_of_bfloat16_and_float32_are_single_precision():
    product = tf.matmul(tf.cast([[2.0]], tf.bfloat16), tf.constant([[3.0]]))
    assert product.dtype == tf.float32
    assert run(product) == 6


def test_matvec():
    a, b = numbers([2, 3, 4], "float64"), numbers([2, 4], "float64", 1)
    np.testing.assert_array_equal(run(tf.linalg.matvec(a, b)), np.einsum("bij,bj->bi", a, b))
    np.testing.assert_array_equal(run(tf.linalg.matvec(a[0].T, b[0], transpose_a=True)), a[0] @ b[0])


def test_node_names():
    a, b = tf.placeholder(tf.float32, [2, 3], "a"), tf.placeholder(tf.float32, [3, 2], "b")
    product = tf.matmul(a, b)
    assert tf.matmul(a, b, name="product").name == "product:0"
    tf.gradients(product, [a, b])
    names = [op.name for op in product.graph.get_operations()]
    assert names[:4] == ["a", "b", "MatMul", "product"]
    assert names[-2:] == ["gradients/MatMul_grad/MatMul", "gradients/MatMul_grad/MatMul_1"]


def placeholder(*shape):
    return tf.placeholder(tf.float32, shape)


@pytest.mark.parametrize(
    "a, b, words",
    [
        (
            [2, 3],
            [2, 3],
            r"Dimensions must be equal, but are 3 and 2 for 'MatMul' \(op: 'MatMul'\) with input shapes: ",
        ),
        ([2], [2, 3], r"Shape must be rank 2 but is rank 1 for 'MatMul' \(op: 'MatMul'\) with input shapes: \[2\], "),
        ([3, 2, 3], [4, 3, 2], r"Dimensions must be equal, but are 3 and 4 for 'MatMul' \(op: 'BatchMatMulV2'\)"),
    ],
)
def test_static_shapes_that_do_not_fit(a, b, words):
    with pytest.raises(ValueError, match=words):
        tf.matmul(placeholder(*a), placeholder(*b))


@pytest.mark.parametrize(
    "op, a, b, words",
    [
        ("MatMul", [2, 3], [2, 3], "Matrix size-incompatible: In[0]: [2,3], In[1]: [2,3]"),
        ("MatMul", [2], [2, 3], "In[0] is not a matrix. Instead it has shape [2]"),
        ("BatchMatMulV2", [2, 3], [2, 3], "In[0] mismatch In[1] shape: 3 vs. 2: [2,3] [2,3] 0 0"),
        ("BatchMatMulV2", [2], [2, 3], "In[0] ndims must be >= 2: 1"),
        (
            "BatchMatMulV2",
            [2, 2, 3],
            [3, 3, 2],
            "In[0] and In[1] must have compatible batch dimensions: [2,2,3] vs. [3,3,2]",
        ),
        ("BatchMatMul", [2, 2, 3], [3, 3, 2], "In[0].dim(0) and In[1].dim(0) must be the same: [2,2,3] vs [3,3,2]"),
        ("BatchMatMul", [2, 2, 3], [3, 2], "In[0] and In[1] has different ndims: [2,2,3] vs. [3,2]"),
        ("SparseMatMul", [2, 3], [2, 3], "Matrix size incompatible: a: [2,3], b: [2,3]"),
    ],
)
def test_shapes_in_a_run_that_do_not_fit(op, a, b, words):
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    product = getattr(raw, op)(x, y)
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        run(product, {x: np.zeros(a), y: np.zeros(b)})
    assert words in str(error.value)


def test_arguments_that_contradict_each_other():
    with pytest.raises(ValueError, match="Only one of transpose_a and adjoint_a can be True."):
        tf.matmul(placeholder(2, 2), placeholder(2, 2), transpose_a=True, adjoint_a=True)
    with pytest.raises(ValueError, match="Only one of transpose_b and adjoint_b can be True."):
        tf.matmul(placeholder(2, 2), placeholder(2, 2), transpose_b=True, adjoint_b=True)


def test_dtypes_that_are_not_taken():
    with pytest.raises(
        TypeError, match="Input 'b' of 'MatMul' Op has type float32 that does not match type int32 of arg"
    ):
        tf.matmul(tf.constant([[1]]), tf.constant([[1.0]]))
    with pytest.raises(
        TypeError, match="uint8 not in list of allowed values: bfloat16, float16, float32, float64, int32"
    ):
        tf.matmul(tf.constant([[1]], tf.uint8), tf.constant([[1]], tf.uint8))


def test_static_shapes_of_batches():
    unknown = tf.placeholder(tf.float32)
    assert raw.BatchMatMul(unknown, placeholder(3, 4, 2)).shape.as_list() == [3, None, 2]
    assert raw.BatchMatMulV2(unknown, placeholder(3, 4, 2)).shape.ndims is None
    assert raw.BatchMatMulV2(placeholder(None, 3, 4), placeholder(2, 4, 2)).shape.as_list() == [2, 3, 2]


@pytest.mark.parametrize("rows, terms, columns", [(1, 8, 1), (4, 16, 16), (16, 3, 2), (5, 1, 7), (2, 0, 3)])
def test_few_terms_are_added_in_order_whatever_the_blas(rows, terms, columns):
    rng = np.random.default_rng(1)
    a = rng.standard_normal((rows, terms)).astype(np.float32)
    b = rng.standard_normal((terms, columns)).astype(np.float32)
    # With a vector each product is rounded before it is added, otherwise the sum only.
    precision = np.float32 if 1 in (rows, columns) else np.float64
    expected = np.zeros((rows, columns), np.float32)
    for i in range(terms):
        expected = (expected + a[:, i, None].astype(precision) * b[i].astype(precision)).astype(np.float32)
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(tf.matmul(tf.identity(a), b)), expected)
