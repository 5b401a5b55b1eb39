"""Loops as one function, or as the steps of their rounds: what is changed in place must look as if it were not."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from pyflow.ops.tensor_list_ops import EmptyTensorList, TensorListPopBack, TensorListPushBack
from pyflow.runtime import unrolling


@pytest.fixture(autouse=True, params=[0, 10], ids=["as_a_loop", "as_steps"])
def most_rounds(request, monkeypatch):
    monkeypatch.setattr(unrolling, "FEW", unrolling.FEW._replace(rounds=request.param))


def run(fetches, feeds=None):
    with tf.Session() as session:
        return session.run(fetches, feeds)


def repeat(count, body, *variables):
    variables = map(tf.convert_to_tensor, variables)
    return tf.while_loop(lambda i, *_: i < count, lambda i, *v: (i + 1, *body(i, *v)), [0, *variables])[1:]


class TestVariables:
    def test_two_that_change_places(self):
        a, b = tf.placeholder(tf.float32, [2]), tf.placeholder(tf.float32, [2])
        x, y = repeat(3, lambda i, x, y: (y, x), a, b)
        for order in ([x, y], [y, x]):
            given = {a: np.ones(2, np.float32), b: np.zeros(2, np.float32)}
            first, second = run(order, given)
            first += 5
            assert given[a].tolist() == [1, 1] and given[b].tolist() == [0, 0]
            assert (second == (1 if order[0] is x else 0)).all()

    def test_what_is_given_is_not_changed_by_sums(self):
        start = tf.placeholder(tf.float32, [2])
        given = np.ones(2, np.float32)
        (total,) = repeat(3, lambda i, s: (s + [1.0, 2.0],), start)
        assert run(total, {start: given}).tolist() == [4, 7] and given.tolist() == [1, 1]

    def test_a_sum_that_the_round_looks_at_as_well(self):
        total, seen = repeat(3, lambda i, s, seen: (s + [1.0, 2.0], seen + tf.reduce_sum(s)), [0.0, 0.0], 0.0)
        assert [v.tolist() for v in run([total, seen])] == [[3, 6], 9]

    def test_a_sum_with_itself(self):
        (total,) = repeat(3, lambda i, s: (s + s,), [1.0, 2.0])
        assert run(total).tolist() == [8, 16]

    def test_two_equal_sums(self):
        a, b = repeat(3, lambda i, a, b: (a + [1.0], b + [1.0]), [0.0], [1.0])
        assert [v.tolist() for v in run([a, b])] == [[3], [4]]

    def test_no_round(self):
        start = tf.placeholder(tf.float32, [2])
        given = np.ones(2, np.float32)
        (total,) = repeat(0, lambda i, s: (s + [1.0, 2.0],), start)
        result = run(total, {start: given})
        result += 1
        assert given.tolist() == [1, 1]

    def test_a_variable_read_before_it_changes(self):
        v = tf.get_variable("v", initializer=[1.0, 2.0], use_resource=True)

        def body(i, last):
            old = v.read_value()
            with tf.control_dependencies([old]):
                with tf.control_dependencies([v.assign_add([1.0, 1.0])]):
                    return (tf.identity(old),)

        (last,) = repeat(3, body, [0.0, 0.0])
        with tf.Session() as session:
            session.run(v.initializer)
            assert session.run(last).tolist() == [3, 4] and session.run(v).tolist() == [4, 5]


class TestLists:
    def test_each_round_pushes_its_own_array(self):
        rows = tf.scan(lambda s, x: s * 2 + x, np.arange(12, dtype=np.float32).reshape(4, 3))
        expected = [[0, 1, 2], [3, 6, 9], [12, 19, 26], [33, 48, 63]]
        assert run(rows).tolist() == expected

    def test_numbers_that_a_round_computes(self):
        x = tf.placeholder(tf.float32, [4])
        y = tf.map_fn(lambda v: tf.nn.softplus(v) * tf.sigmoid(v), x)
        (dx,) = tf.gradients(y, [x])
        given = np.array([-1.0, 0.5, 2.0, 3.0])
        sigmoid = 1 / (1 + np.exp(-given))
        values, slopes = run([y, dx], {x: given})
        np.testing.assert_allclose(values, np.log1p(np.exp(given)) * sigmoid, rtol=1e-5)
        expected = sigmoid**2 + np.log1p(np.exp(given)) * sigmoid * (1 - sigmoid)
        np.testing.assert_allclose(slopes, expected, rtol=1e-5)

    def test_a_list_used_after_the_loop_and_before(self):
        before = TensorListPushBack(EmptyTensorList(-1, -1, element_dtype=tf.float32), [1.0])
        (after,) = repeat(2, lambda i, items: (TensorListPushBack(items, [tf.cast(i, tf.float32)]),), before)
        lengths = [raw.TensorListLength(before), raw.TensorListLength(after)]
        stacked = raw.TensorListStack(after, [1], element_dtype=tf.float32)
        assert [np.asarray(v).tolist() for v in run([*lengths, stacked])] == [1, 3, [[1], [0], [1]]]

    def test_popping_more_than_there_is(self):
        start = TensorListPushBack(EmptyTensorList(-1, -1, element_dtype=tf.float32), [1.0])

        def body(i, items, last):
            rest, element = TensorListPopBack(items, [1], element_dtype=tf.float32)
            return rest, element

        _, last = repeat(2, body, start, [0.0])
        with pytest.raises(tf.errors.InvalidArgumentError, match="Trying to pop from an empty list."):
            run(last)


@pytest.mark.parametrize("rounds", [0, 1, 5, 64, 65, 200])
def test_gradients_of_weights_are_summed_over_the_rounds(rounds):
    rng = np.random.RandomState(0)
    w, b, x = rng.randn(3, 3) * 0.3, rng.randn(3) * 0.1, rng.randn(2, 3)
    weights, bias, start = tf.constant(w), tf.constant(b), tf.constant(x)
    (state,) = repeat(rounds, lambda i, s: (tf.tanh(tf.nn.bias_add(tf.matmul(s, weights), bias)),), start)
    found = run(tf.gradients(tf.reduce_sum(state), [weights, bias, start]))
    states = [x]
    for _ in range(rounds):
        states.append(np.tanh(states[-1] @ w + b))
    ds, dw, db = np.ones_like(x), np.zeros_like(w), np.zeros_like(b)
    for before, after in zip(states[-2::-1], states[:0:-1]):
        dz = ds * (1 - after**2)
        dw, db, ds = dw + before.T @ dz, db + dz.sum(0), dz @ w.T
    for value, expected in zip(found, (dw, db, ds)):
        np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-12)


def test_an_error_in_a_round_names_its_node():
    (value,) = repeat(3, lambda i, v: (tf.check_numerics(1.0 / v, "bad", name="checked"),), [0.0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="checked"):
        run(value)


def test_a_loop_with_lists_is_traced():
    x = tf.placeholder(tf.float32, [2, 3])
    grown = tf.map_fn(tf.tanh, x)
    metadata = tf.RunMetadata()
    with tf.Session() as sess:
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        sess.run(tf.gradients(grown, x), {x: [[1.0] * 3] * 2}, options=options, run_metadata=metadata)
    assert any("While" in node.timeline_label for node in metadata.step_stats.dev_stats[0].node_stats)
