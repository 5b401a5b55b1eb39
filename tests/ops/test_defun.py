"""Defun: functions of the graph's library. Names, words of errors and numbers are TensorFlow 1.15.5's."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops import defun as function
from pyflow.ops import functional_calls
from pyflow.ops.defun import Defun


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def run(value):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(value)


def library(graph):
    return {f.signature.name: f for f in graph.as_graph_def().library.function}


class TestNames:
    def test_node_and_function_have_the_given_name(self, graph):
        @Defun(tf.float32, tf.float32, func_name="APlus2B", out_names=["result"])
        def a_plus_2b(a, b):
            return a + b * 2

        call = a_plus_2b([1.0], [2.0])
        definition = library(graph)["APlus2B"]
        assert call.op.name == call.op.type == "APlus2B" and call.shape.ndims is None
        assert [a.name for a in definition.signature.input_arg] == ["a", "b"]
        assert [a.name for a in definition.signature.output_arg] == ["result"]
        assert [n.name for n in definition.node_def] == ["mul/y", "mul", "add"]
        assert dict(definition.ret) == {"result": "add:z:0"} and list(definition.node_def[2].input) == ["a", "mul:z:0"]

    def test_outputs_are_called_after_the_nodes_that_compute_them(self, graph):
        @Defun(tf.float32, func_name="Twice")
        def twice(a):
            b = a + 1.0
            return b, b

        assert run(twice(1.0)) == (2, 2)
        definition = library(graph)["Twice"]
        assert [a.name for a in definition.signature.output_arg] == ["add", "add_0"]
        assert [n.name for n in definition.node_def] == ["add/y", "add_1"]
        assert dict(definition.ret) == {"add": "add_1:z:0", "add_0": "add_1:z:0"}

    def test_functions_without_a_name_are_told_apart_by_their_content(self):
        def foo(x):
            return x + 1

        first, second = Defun(tf.float32)(foo), Defun(tf.float32)(foo)
        assert first.name == second.name and first.name.startswith("foo_") and len(first.name) == 15

    def test_one_name_for_two_functions(self):
        same = [Defun(tf.float32, func_name="Foo")(lambda x: x + 1) for _ in range(2)]
        assert run([f(100.0) for f in same]) == [101, 101]
        with pytest.raises(tf.errors.InvalidArgumentError, match="Cannot add function 'Foo' because a different"):
            Defun(tf.float32, func_name="Foo")(lambda x: x + 2)(100.0)

    @pytest.mark.parametrize(
        "names, words",
        [
            (["a", "b", "c"], "output names size = 3 outputs size = 2"),
            (["a", "a"], "Name 'a' appears more than once in 'output_names' array"),
        ],
    )
    def test_names_of_outputs_that_cannot_be(self, names, words):
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            Defun(tf.float32, func_name="F", out_names=names)(lambda a: (a, a))(1.0)


class TestErrors:
    @pytest.mark.parametrize(
        "make, words",
        [
            (lambda: Defun(func_name="F")(lambda: (None, None)).definition, "Function F can not return None."),
            (lambda: Defun()(lambda a=12: a), "with argument defaults or keywords arguments are not supported"),
            (lambda: Defun()(lambda **k: 1), "with argument defaults or keywords arguments are not supported"),
            (lambda: Defun(tf.float32)(lambda a, b: a), "fewer arguments than the number of specified input types."),
            (lambda: Defun(tf.float32)(lambda: 1), "fewer arguments than the number of specified input types."),
            (lambda: Defun(func_name="F")(lambda: tf.constant(1))(1), "Expected number of arguments: 0, received: 1"),
            (lambda: Defun(func_name="F")(lambda: tf.constant(1))(device="/cpu:0"), "Unknown keyword arguments"),
            (
                lambda: Defun(tf.float32, tf.float32, func_name="F")(lambda a, b: a)(1, [2.0]),
                "Input 'a' passed int32 expected float while building NodeDef 'F' using Op<name=F; "
                "signature=a:float, b:float -> a:float>",
            ),
            (lambda: Defun(func_name="F", grad_func=1, python_grad_func=1)(lambda: 1)(), "Gradient defined twice"),
        ],
    )
    def test_words(self, make, words):
        with pytest.raises(ValueError) as caught:
            make()
        assert words in str(caught.value)


class TestOverloads:
    def test_a_function_for_each_dtype(self, graph):
        @Defun()
        def sinh(x):
            """Docs."""
            return 1 / 2.0 * (tf.exp(x) - tf.exp(-x))

        assert sinh.__doc__ == "Docs." and sinh.__name__ == "sinh"
        single, double = sinh(0.25), sinh(tf.constant(0.25, tf.float64))
        assert (single.dtype, double.dtype) == (tf.float32, tf.float64) and len(library(graph)) == 2
        np.testing.assert_allclose(run([single, double]), np.sinh([0.25, 0.25]), rtol=1e-6)
        x = tf.constant(0.5)
        np.testing.assert_allclose(run(tf.gradients(sinh(x), x)), [np.cosh(0.5)], rtol=1e-6)

    def test_dtypes_are_added_to_a_given_name(self):
        identity = Defun(func_name="I")(lambda x: x)
        assert [identity(1.0).op.type, identity(1).op.type] == ["I_f32", "I_i32"]


class TestCaptures:
    def test_what_is_outside_becomes_an_argument(self):
        x, v = tf.constant([1.0]), tf.get_variable("v", [], initializer=tf.ones_initializer())
        inside = []

        @Defun(tf.float32)
        def f(a):
            w = tf.get_variable("w", [1], initializer=tf.ones_initializer())
            y = a * x + v + w
            inside.append((function.get_extra_vars(), function.get_extra_inputs(), function.get_extra_args()))
            return y

        y = f(2.0)
        variables, inputs, arguments = inside[0]
        assert [t.name for t in f.captured_inputs] == ["Const:0", "v/read:0", "w/read:0"]
        assert [v.name for v in variables] == ["w:0"] and inputs == f.captured_inputs and len(arguments) == 3
        assert run([y, *tf.gradients(y, [x, v])]) == [[4], [2], 1] and not function.get_extra_inputs()

    def test_by_value(self):
        x, v = tf.constant([1.0]) * 3, tf.Variable(1.0, name="v")
        f = Defun(tf.float32, capture_by_value=True, func_name="F1")(lambda a: a * x)
        assert run(f(2.0)) == [6] and f.captured_inputs == []
        with pytest.raises(ValueError, match="Cannot capture a stateful node .name:v, type:VariableV2. by value."):
            Defun(capture_by_value=True, func_name="F2")(lambda: v + 1)()

    def test_control_dependencies_are_not_captured(self):
        x = tf.constant(1.0)

        @Defun()
        def waiting():
            with tf.control_dependencies([x]):
                return tf.constant(1)

        with pytest.raises(ValueError, match="is not an element of this graph"):
            waiting()


class TestGradients:
    def test_of_a_declared_function(self, graph):
        @Defun(tf.float32, tf.float32, tf.float32)
        def gradient(a, b, dz):
            return dz * 2.0, dz * 3.0

        add = Defun(tf.float32, tf.float32, grad_func=gradient, func_name="F3")(lambda a, b: a + b)
        x = tf.constant(1.0)
        assert run(tf.gradients(add(x, x), x)) == [5] and add.grad_func_name == gradient.name
        assert [g.gradient_func for g in graph.as_graph_def().library.gradient] == [gradient.name]

    def test_of_a_rule(self):
        add = Defun(tf.float32, tf.float32, python_grad_func=lambda op, dz: [dz * 10.0, dz * 20.0], func_name="F4")(
            lambda a, b: a + b
        )
        x = tf.constant(1.0)
        assert run(tf.gradients(add(x, x), x)) == [30]

    def test_of_the_body(self):
        x = tf.placeholder(tf.float32, [3])
        (dx,) = tf.gradients(Defun(tf.float32, func_name="Sq")(lambda a: a * a + 1.0)(x), x)
        assert dx.name == "gradients/Sq_grad/SymbolicGradient:0" and dx.shape == [3]
        with tf.Session() as session:
            assert session.run(dx, {x: [1, 2, 3]}).tolist() == [2, 4, 6]

    def test_asked_for_by_name(self):
        Defun(tf.float32, func_name="Sq")(lambda x: x * x + 1.0).add_to_graph(tf.get_default_graph())

        @Defun(tf.float32, tf.float32)
        def slope(x, dy):
            return function.symbolic_gradient(input=[x, dy], Tout=[tf.float32], f="Sq", name="dx")

        np.testing.assert_allclose(run(slope([2.0], [0.1])), [0.4], rtol=1e-6)


def test_shape_function():
    assert Defun(tf.float32, shape_func=lambda op: [op.inputs[0].shape], func_name="F5")(lambda x: x * 2)(
        tf.zeros([2, 3])
    ).shape == [
        2,
        3,
    ]


def test_functions_of_a_library_can_be_called_in_another_graph(graph):
    gradient = Defun(tf.float32, tf.float32, func_name="F6")(lambda a, dz: dz * 2.0)
    Defun(tf.float32, grad_func=gradient, func_name="F")(lambda a: a * 7)(1.0)
    found = {f.name: f for f in function.from_library(graph.as_graph_def().library)}
    assert found["F"].declared_input_types == (tf.float32,) and found["F"].grad_func_name == gradient.name
    with tf.Graph().as_default():
        x = tf.constant(2.0)
        y = found["F"](x)
        assert run([y, *tf.gradients(y, x)]) == [14, 2]


class TestFunctionalOps:
    """`If`, `While` and `For` of tensorflow.python.ops.functional_ops."""

    def test_conditional(self):
        twice = Defun(tf.float32, func_name="Twice")(lambda x: x * 2)
        more = Defun(tf.float32, func_name="More")(lambda x: x * 3 + 1)
        for value, result, slope in ((-1.0, -2, 3), (2.0, 4, 2)):
            x = tf.constant(value)
            (y,) = functional_calls.If(x > 0, [x], twice, more)
            assert run([y, *tf.gradients(y, x)]) == [result, slope]
        assert run(functional_calls.If("", [1.0], twice, more)) == [4]

    def test_loop(self):
        k = tf.constant(3.0)
        cond = Defun(tf.float32, tf.float32, func_name="Cond")(lambda n, x: n > 0)
        body = Defun(tf.float32, tf.float32, func_name="Body")(lambda n, x: (n - 1, x + n * k))
        assert run(functional_calls.While([10.0, 0.0], cond, body)) == [0, 165]
        with pytest.raises(ValueError, match="'cond' argument must be a function without implicitly captured inputs"):
            functional_calls.While([1.0, 0.0], Defun(tf.float32, tf.float32, func_name="C")(lambda n, x: n > k), body)
        with pytest.raises(ValueError, match="signatures do not match. .tf.float32,. vs .tf.float32, tf.float32."):
            functional_calls.While([1.0, 0.0], Defun(tf.float32, func_name="C1")(lambda n: n > 0), body)

    @pytest.mark.parametrize("bounds, total", [((0, 10, 1), 45), ((10, 0, -1), 55), ((0, 0, 1), 0), ((1, 20, 3), 70)])
    def test_counted_loop(self, bounds, total):
        add = Defun(tf.int32, tf.float32, func_name="Add")(lambda i, x: x + tf.cast(i, tf.float32))
        assert run(functional_calls.For(*bounds, [0.0], add)) == [total]

    def test_gradient_and_calls(self):
        product = Defun(tf.float32, tf.float32, func_name="Product")(lambda x, y: x * y)
        assert run(functional_calls.Gradient([2.0, 3.0, 10.0], product)) == [30, 20]
        assert run(functional_calls.partitioned_call([tf.constant(2.0), tf.constant(3.0)], product)) == [6]
