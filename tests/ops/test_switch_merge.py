"""`Switch` and `Merge` as programs of old use them: what is dead, what ends that; seen in TensorFlow 1.15.5."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops.switch_merge import _SwitchRefOrTensor, merge, switch

NO_VALUE = r"Retval\[0\] does not have value"


@pytest.fixture
def sess():
    with tf.Session() as session:
        yield session


@pytest.fixture
def pred():
    return tf.placeholder_with_default(True, [])


@pytest.fixture
def x():
    return tf.constant([1.0, 2.0])


def test_one_of_two_outputs_arrives(sess, x, pred):
    false, true = switch(x, pred)
    assert sess.run(true).tolist() == [1, 2] and sess.run(false, {pred: False}).tolist() == [1, 2]
    for dead in (false, false + 1, [true, false + 1]):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Retval\[\d\] does not have value"):
            sess.run(dead)


def test_what_has_no_result_is_left_out_where_its_input_is_dead(sess, x, pred):
    sess.run(tf.group(switch(x, pred)[0]))


def test_the_first_that_arrives(sess, x, pred):
    false, true = switch(x, pred)
    merged = merge([false * 2, true * 3])
    output, index = sess.run(merged)
    assert output.tolist() == [3, 6] and index == 1 and index.dtype == np.int32
    output, index = sess.run(merged, {pred: False})
    assert output.tolist() == [2, 4] and index == 0
    assert sess.run(merge([x, x + 1])).value_index == 0


@pytest.mark.parametrize("case", range(4))
def test_one_of_many_cases(sess, x, case):
    chosen = tf.placeholder_with_default(case, [])
    merged = merge([switch(x, tf.equal(chosen, i))[1] * float(i + 1) for i in range(4)])[0]
    assert sess.run(tf.reduce_sum(merged) + 1) == 3 * (case + 1) + 1
    (gradient,) = tf.gradients(merged, x)
    assert sess.run(gradient).tolist() == [case + 1] * 2


def test_a_merge_to_which_nothing_comes(sess, x):
    merged = merge([switch(x, False)[1], switch(x, False)[1] * 2]).output
    for dead in (merged, merged + 1):
        with pytest.raises(tf.errors.InvalidArgumentError, match=NO_VALUE):
            sess.run(dead)


def test_merges_inside_of_what_is_dead(sess, x, pred):
    outer = switch(x, True)
    inner_false, inner_true = switch(outer[0], pred)
    inner = merge([inner_false + 1, inner_true + 2]).output
    assert sess.run(merge([inner, outer[1] * 10]).output).tolist() == [10, 20]


@pytest.mark.parametrize("value", [True, False])
def test_gradients_of_both_ways(sess, x, pred, value):
    false, true = switch(x, pred)
    (gradient,) = tf.gradients(merge([false * 2, true * 3]).output, x)
    assert sess.run(gradient, {pred: value}).tolist() == ([3, 3] if value else [2, 2])


def test_control_dependencies(sess, x, pred):
    false, true = switch(x, pred)
    variable = tf.Variable([0.0, 0.0])
    sess.run(variable.initializer)
    with tf.control_dependencies([false + 1]):
        dead = variable.assign([5.0, 5.0])
    sess.run(dead.op)
    assert sess.run(variable).tolist() == [0, 0]
    with tf.control_dependencies([true + 1]):
        alive = variable.assign([7.0, 7.0])
    assert sess.run(alive).tolist() == [7, 7]
    with tf.control_dependencies([false.op]):  # the switch itself does run
        waiting = tf.identity(x)
    assert sess.run(waiting).tolist() == [1, 2]


def test_references_of_variables(sess, pred):
    variable = tf.Variable([1.0, 2.0])
    sess.run(variable.initializer)
    false, true = _SwitchRefOrTensor(variable._ref(), pred)
    assert true.op.type == "RefSwitch" and sess.run(true).tolist() == [1, 2]
    merged = merge([false, true]).output
    assert merged.op.type == "RefMerge"
    sess.run(tf.assign(merged, [9.0, 9.0]))
    assert sess.run(variable).tolist() == [9, 9]


def test_slices_and_sparse_tensors(sess, x, pred):
    slices = tf.IndexedSlices(tf.constant([[1.0, 2.0]]), tf.constant([0]), tf.constant([3, 2]))
    merged, _ = merge(list(switch(slices, pred)))
    assert sess.run(merged.values).tolist() == [[1, 2]]
    merged, _ = merge([switch(slices, pred)[1], tf.zeros([3, 2])])
    assert sess.run(merged.indices).tolist() == [0]
    sparse = tf.SparseTensor([[0, 1]], [2.0], [1, 3])
    merged, _ = merge(list(switch(sparse, pred)))
    assert sess.run(merged).values.tolist() == [2]


def test_inside_of_loops_and_branches(sess, x, pred):
    def step(i):
        false, true = switch(i, i > 1)
        return merge([false + 1, true + 2]).output

    assert sess.run(tf.while_loop(lambda i: i < 4, step, [0])) == 4
    (first, second) = (lambda: merge(list(switch(x, x[0] > 1))).output + 1), (lambda: x)
    assert sess.run(tf.cond(pred, first, second)).tolist() == [2, 3]


def test_arguments_that_do_not_fit(sess, x, pred):
    with pytest.raises(TypeError, match="Input 'pred' of 'Switch' Op has type float32 that does not match expected"):
        switch(x, 1.0)
    with pytest.raises(ValueError, match="Shape must be rank 0 but is rank 1"):
        switch(x, [True])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must be a scalar, but it has shape \[1\]"):
        sess.run(switch(x, tf.placeholder_with_default([True], None)))
    with pytest.raises(ValueError, match="At least one of the merge inputs is None"):
        merge([x, None])


def test_results_are_not_overwritten(sess, pred):
    """What a dead value may be is no part of the plan of buffers: nothing else may be written into what arrives."""
    x = tf.placeholder(tf.float32, [200, 200])
    doubled = x * 2.0
    merged = merge([switch(doubled, pred)[0], tf.identity(switch(doubled, pred)[1])]).output
    others = [tf.exp(doubled - float(i)) for i in range(4)]
    total = tf.add_n(others) + merged
    fed = np.full([200, 200], 3.0, np.float32)
    kept, summed = sess.run([merged, total], {x: fed})
    again = sess.run(merged, {x: fed * 2})
    assert (kept == 6).all() and (again == 12).all()
    np.testing.assert_allclose(summed, sum(np.exp(6.0 - i) for i in range(4)) + 6, rtol=1e-5)
