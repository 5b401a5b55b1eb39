"""tf.py_func: Python functions in graphs."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops.script import PyFunc
from tests.golden_cases import Golden

GOLDEN = Golden("script_cases", "scripts.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name, rtol=1e-6)


def test_the_function_may_keep_and_change_its_arguments():
    kept = []

    def change(x):
        kept.append(x)
        x += 1
        return x

    x = tf.placeholder(tf.float32, [2])
    y = tf.py_func(change, [x], tf.float32)
    fed = np.array([1.0, 2.0], np.float32)
    with tf.Session() as session:
        assert session.run([x * 1.0, y], {x: fed})[1].tolist() == [2.0, 3.0]
        assert session.run(y, {x: fed * 10}).tolist() == [11.0, 21.0]
    assert fed.tolist() == [1.0, 2.0]
    assert [k.tolist() for k in kept] == [[2.0, 3.0], [11.0, 21.0]]


def test_what_it_returns_may_change_later():
    shared = np.zeros(2)

    def count():
        shared[:] += 1
        return shared

    y = tf.py_func(count, [], tf.float64)
    with tf.Session() as session:
        first, second = session.run(y), session.run(y)
    assert first.tolist() == [1.0, 1.0] and second.tolist() == [2.0, 2.0]


def test_shapes_may_differ_from_run_to_run():
    n = tf.placeholder(tf.int32, [])
    y = tf.py_func(lambda k: np.arange(k, dtype=np.float32), [n], tf.float32)
    total = tf.reduce_sum(y)
    with tf.Session() as session:
        assert [session.run(total, {n: k}) for k in (0, 3, 5)] == [0.0, 3.0, 10.0]
    assert y.shape.ndims is None
    y.set_shape([None])
    assert y.shape.as_list() == [None]


def test_the_cause_of_an_error_is_kept():
    def fail():
        raise KeyError("lost")

    with tf.Session() as session, pytest.raises(tf.errors.UnknownError) as caught:
        session.run(tf.py_func(fail, [], tf.float32, name="failing"))
    assert isinstance(caught.value.__cause__, KeyError)
    assert "failing" in str(caught.value)


def test_a_graph_keeps_its_functions_and_nobody_else():
    class Function:
        def __call__(self):
            return 1.0

    def build():
        with tf.Graph().as_default() as graph:
            y = tf.py_func(Function(), [], tf.float64)
        gc.collect()
        with tf.Session(graph=graph) as session:
            assert session.run(y) == 1.0
        (registered,) = graph._py_funcs_used_in_graph
        return weakref.ref(registered.function)

    function = build()
    gc.collect()
    assert function() is None


def test_a_graph_from_elsewhere_has_no_function():
    (y,) = PyFunc(input=[], token="pyfunc_of_another_process", Tout=[tf.float32])
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="callback .* is not found"):
        session.run(y)
