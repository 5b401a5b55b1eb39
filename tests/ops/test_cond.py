"""tf.cond, tf.case and tf.switch_case: only the branch taken runs, and gradients flow through it."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error

ONE = lambda: tf.constant(1)  # noqa: E731


def run(fetches, feeds=None):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches, feeds)


def test_only_the_branch_taken_runs():
    p = tf.placeholder(tf.bool, [])
    count = tf.Variable(0)
    never = tf.Variable(0)
    y = tf.cond(p, lambda: tf.assign_add(count, 1), lambda: tf.assign_add(never, 1))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert [sess.run(y, {p: True}), sess.run(y, {p: True}), sess.run(y, {p: False})] == [1, 2, 1]
        assert sess.run([count, never]) == [2, 1]


def test_names_are_those_of_tensorflow():
    x = tf.constant(1.0)
    y = tf.cond(x > 0, lambda: x + 1, lambda: x - 1)
    assert y.name == "cond/Merge:0" and y.shape.as_list() == []
    assert "cond/pred_id" in [op.name for op in tf.get_default_graph().get_operations()]


@pytest.mark.parametrize("value", [1.5, -1.5])
def test_gradients_are_those_of_the_branch_taken(value):
    def f(x, y):
        return tf.cond(
            tf.reduce_sum(x) > 0, lambda: tf.sin(x) * y, lambda: tf.cond(y > 9, lambda: x, lambda: x * x * y)
        )

    assert gradient_error(f, [value, value], 0.5) < 1e-6


def test_gradient_of_what_one_branch_does_not_use_is_zero_there():
    x, y = tf.constant(2.0), tf.constant(3.0)
    p = tf.placeholder(tf.bool, [])
    grads = tf.gradients(tf.cond(p, lambda: x * x, lambda: y * 2), [x, y])
    assert run(grads, {p: True}) == [4, 0] and run(grads, {p: False}) == [0, 2]


def test_variables_made_in_a_branch_belong_to_the_graph():
    p = tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: tf.get_variable("v", initializer=3.0) + 1, lambda: tf.constant(0.0))
    assert [v.name for v in tf.trainable_variables()] == ["v:0"]
    assert run(y, {p: True}) == 4 and tf.gradients(y, tf.trainable_variables())[0] is not None


def test_structures_come_back_as_the_branches_return_them():
    p = tf.placeholder(tf.bool, [])
    x = tf.constant([1.0, 2.0])
    sparse = tf.SparseTensor([[0, 1]], [5.0], [1, 2])
    result = tf.cond(p, lambda: {"a": x, "b": (1, sparse)}, lambda: {"a": -x, "b": (2, sparse)})
    given = run(result, {p: False})
    np.testing.assert_array_equal(given["a"], [-1, -2])
    assert given["b"][0] == 2 and given["b"][1].values.tolist() == [5]


def test_a_list_of_one_is_unpacked_unless_strict():
    p = tf.constant(True)
    assert isinstance(tf.cond(p, lambda: [ONE()], lambda: [ONE()]), tf.Tensor)
    assert isinstance(tf.cond(p, lambda: [ONE()], lambda: [ONE()], strict=True), list)


def test_operations_of_branches_run():
    v = tf.Variable(0)
    p = tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: tf.group(tf.assign(v, 5)), tf.no_op)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(y, {p: False}) and sess.run(v) == 0
        assert sess.run(y, {p: True}) and sess.run(v) == 5


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ((True, ONE, ONE), TypeError, "pred must not be a Python bool"),
        ((None, ONE), TypeError, "false_fn argument required"),
        ((None, None, ONE), TypeError, "true_fn argument required"),
        ((None, 1, ONE), TypeError, "true_fn must be callable"),
        ((None, lambda: None, ONE), ValueError, "true_fn must have a return value"),
        ((None, ONE, lambda: tf.constant(1.0)), ValueError, "must have the same type: int32, float32"),
        ((None, lambda: [ONE(), ONE()], ONE), ValueError, "have the same nested structure"),
        ((None, list, list), ValueError, "must return at least one result"),
    ],
)
def test_what_is_no_conditional_is_refused(arguments, error, words):
    pred, *functions = arguments
    with pytest.raises((error, ValueError), match=words):
        tf.cond(tf.constant(True) if pred is None else pred, *functions)


def test_a_branch_s_tensor_cannot_be_used_outside():
    leaked = []

    def branch():
        leaked.append(tf.constant(1.0) + 1)
        return leaked[-1]

    tf.cond(tf.constant(True), branch, branch)
    with pytest.raises(ValueError, match="Cannot use 'cond/add' as input to 'Neg' because 'cond/add' is in a cond"):
        tf.negative(leaked[0])


def test_an_error_names_the_node_in_the_branch():
    x = tf.placeholder(tf.float32, [None])
    y = tf.cond(tf.constant(True), lambda: tf.check_numerics(x, "bad", name="check"), lambda: x)
    with pytest.raises(tf.errors.InvalidArgumentError, match="bad : Tensor had NaN") as caught:
        run(y, {x: [np.nan]})
    assert caught.value.op.name == "cond/check"


def test_case_takes_the_first_true_predicate():
    x = tf.placeholder(tf.int32, [])
    y = tf.case([(x > 5, lambda: x * 10), (x > 2, lambda: x * 100)], default=lambda: -x)
    assert [run(y, {x: n}) for n in (6, 3, 1)] == [60, 300, -1]


def test_case_checks_its_predicates():
    x = tf.placeholder(tf.int32, [])
    exclusive = tf.case([(x > 5, ONE), (x > 2, ONE)], default=ONE, exclusive=True)
    with pytest.raises(tf.errors.InvalidArgumentError, match="more than 1 conditions"):
        run(exclusive, {x: 7})
    without_default = tf.case([(x > 5, ONE), (x > 2, ONE)])
    with pytest.raises(tf.errors.InvalidArgumentError, match="None of conditions evaluated as True"):
        run(without_default, {x: 0})


def test_switch_case_goes_by_index():
    x = tf.placeholder(tf.int32, [])
    y = tf.switch_case(x, [lambda: tf.constant(10), lambda: tf.constant(20)], default=lambda: tf.constant(-1))
    assert [run(y, {x: n}) for n in (0, 1, 5, -3)] == [10, 20, -1, -1]


def test_switch_case_names_and_words_are_tensorflows():
    functions = [lambda: tf.constant(1), lambda: tf.constant(2)]
    assert tf.switch_case(tf.placeholder(tf.int32, []), functions).name.endswith("switch_case/indexed_case/Identity:0")
    with pytest.raises(ValueError, match=r"indices \(keys\) must form contiguous range of \[0 to 2\) but found {0,2}"):
        tf.switch_case(tf.placeholder(tf.int32, []), dict(zip([0, 2], functions)))
