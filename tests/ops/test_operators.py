"""Python's operators on tensors: node names and types, the other operand's dtype, errors."""

import operator

import numpy as np
import pytest

import pyflow as tf


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


FLOATS = [
    (operator.add, "add", "AddV2"),
    (operator.sub, "sub", "Sub"),
    (operator.mul, "mul", "Mul"),
    (operator.truediv, "truediv", "RealDiv"),
    (operator.floordiv, "floordiv", "FloorDiv"),
    (operator.mod, "mod", "FloorMod"),
    (operator.pow, "pow", "Pow"),
    (operator.lt, "Less", "Less"),
    (operator.le, "LessEqual", "LessEqual"),
    (operator.gt, "Greater", "Greater"),
    (operator.ge, "GreaterEqual", "GreaterEqual"),
]
NUMBERS = [7.5, 2.0]


@pytest.mark.parametrize("function, name, type_", FLOATS, ids=[row[1] for row in FLOATS])
def test_operator_of_two_tensors(function, name, type_):
    x, y = (tf.constant(n, name=v) for n, v in zip(NUMBERS, "xy"))
    result = function(x, y)
    assert (result.op.name, result.op.type) == (name, type_)
    np.testing.assert_allclose(run(result), function(*NUMBERS))


@pytest.mark.parametrize("function, name, type_", FLOATS, ids=[row[1] for row in FLOATS])
def test_operator_with_a_number_on_either_side(function, name, type_):
    x, y = NUMBERS
    after, before = function(tf.constant(x), y), function(x, tf.constant(y))
    assert after.op.inputs[1].op.name == f"{name}/y"
    np.testing.assert_allclose(run([after, before]), [function(x, y)] * 2)


@pytest.mark.parametrize("function, name, type_", FLOATS[:7], ids=[row[1] for row in FLOATS[:7]])
def test_the_operand_on_the_left_is_called_x(function, name, type_):
    assert function(8.0, tf.constant(2.0)).op.inputs[0].op.name == f"{name}/x"


BOOLS = [
    (operator.and_, "and", "LogicalAnd"),
    (operator.or_, "or", "LogicalOr"),
    (operator.xor, "xor", "LogicalAnd"),
]


@pytest.mark.parametrize("function, name, type_", BOOLS, ids=[row[1] for row in BOOLS])
def test_operator_of_booleans(function, name, type_):
    x, y = np.array([True, True, False, False]), np.array([True, False, True, False])
    for a, b in ((tf.constant(x), tf.constant(y)), (tf.constant(x), y), (x, tf.constant(y))):
        result = function(a, b)
        assert result.op.type == type_
        assert result.op.name.split("_")[0] == name
        np.testing.assert_array_equal(run(result), function(x, y))


@pytest.mark.parametrize(
    "function, type_, value",
    [(operator.neg, "Neg", [1, -2]), (operator.abs, "Abs", [1, 2]), (operator.pos, None, None)],
)
def test_unary_operators(function, type_, value):
    x = tf.constant([-1, 2])
    if type_ is None:
        with pytest.raises(TypeError):
            function(x)
        return
    result = function(x)
    assert result.op.name == result.op.type == type_
    assert run(result).tolist() == value


def test_invert_is_logical():
    result = ~tf.constant([True, False])
    assert result.op.type == "LogicalNot"
    assert run(result).tolist() == [False, True]
    with pytest.raises(TypeError, match="Input 'x' of 'LogicalNot' Op has type int32 that does not match expected"):
        ~tf.constant(3)


def test_matmul():
    result = tf.constant([[1.0, 2.0]]) @ tf.constant([[3.0], [4.0]])
    assert (result.op.name, result.op.type) == ("matmul", "MatMul")
    assert run(result).tolist() == [[11.0]]
    assert run([[1.0, 2.0]] @ tf.constant([[3.0], [4.0]])).tolist() == [[11.0]]


def test_numpy_leaves_its_operators_to_tensors():
    array, x = np.ones([2], np.float32), tf.constant([1.0, 2.0])
    for result in (array + x, array * x, array - x):
        assert isinstance(result, tf.Tensor)


def test_equality_is_identity():
    x, y = tf.constant(1), tf.constant(1)
    assert x == x and x != y and len({x, y}) == 2


class TestDtypes:
    def test_a_number_takes_the_dtype_of_the_tensor(self):
        for dtype in (tf.float16, tf.float64, tf.int64, tf.uint8, tf.complex64):
            assert (tf.constant(2, dtype) + 3).dtype == dtype
            assert (3 * tf.constant(2, dtype)).dtype == dtype

    def test_an_integer_tensor_does_not_take_a_fraction(self):
        with pytest.raises(TypeError, match="Input 'y' of 'Mul' Op has type float32 that does not match type int32"):
            tf.constant([1]) * 1.5
        with pytest.raises(TypeError):
            1.5 * tf.constant([1])

    def test_tensors_of_two_dtypes_do_not_mix(self):
        with pytest.raises(
            TypeError, match="Input 'y' of 'AddV2' Op has type int32 that does not match type float32 of argument 'x'"
        ):
            tf.constant([1.0]) + tf.constant([1])
        with pytest.raises(TypeError, match="x and y must have the same dtype, got tf.float32 != tf.int32"):
            tf.constant([1.0]) / tf.constant([1])

    def test_booleans_do_not_add(self):
        with pytest.raises(
            TypeError,
            match="Value passed to parameter 'x' has DataType bool not in list of allowed values: bfloat16, float16",
        ):
            tf.constant(True) + tf.constant(True)

    def test_integers_divide_to_floats(self):
        assert (tf.constant(3) / tf.constant(2)).dtype == tf.float64
        assert run([1, 2] / tf.constant([4, 4])).tolist() == [0.25, 0.5]
        assert (tf.constant(3) // 2).dtype == tf.int32


def test_another_type_may_take_the_operator_over():
    class Unit:
        def __radd__(self, other):
            return "taken over"

    assert tf.constant(1.0) + Unit() == "taken over"


class TestSparse:
    def sparse(self, values=(2.0, 4.0)):
        return tf.SparseTensor([[0, 1], [2, 0]], list(values), [3, 2])

    @pytest.mark.parametrize(
        "function, dense, expected",
        [
            (operator.mul, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [4.0, 20.0]),
            (operator.mul, [10.0, 20.0], [40.0, 40.0]),
            (operator.mul, 3.0, [6.0, 12.0]),
            (operator.truediv, [[10.0], [20.0], [40.0]], [0.2, 0.1]),
        ],
    )
    def test_a_dense_operand_is_broadcast(self, function, dense, expected):
        result = function(self.sparse(), dense)
        assert isinstance(result, tf.SparseTensor)
        np.testing.assert_allclose(run(result.values), expected, rtol=1e-6)

    def test_integers_divide_to_floats(self):
        assert run((self.sparse([2, 4]) / tf.constant([[10], [20], [40]])).values).tolist() == [0.2, 0.1]

    def test_a_dense_tensor_on_the_left(self):
        assert run((tf.constant([10.0, 20.0]) * self.sparse()).values).tolist() == [40.0, 40.0]

    def test_the_dense_side_alone_is_broadcast(self):
        with pytest.raises(tf.errors.InvalidArgumentError, match="broadcasts dense to sparse only"):
            run((self.sparse() * tf.constant([1.0, 2.0, 3.0])).values)
