"""Neighbouring element-wise steps are one dispatch, and only where that changes no result."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.runtime.webgpu.on_device import cpu_session, dispatches

pytestmark = pytest.mark.native

_rng = np.random.RandomState(2)
ROWS = _rng.randn(30, 20).astype(np.float32)
SOFT = tf.ConfigProto(allow_soft_placement=True)


@pytest.fixture(autouse=True)
def on_the_gpu(adapter):
    with tf.device("/gpu:0"):
        yield


def runs(fetches, feeds=None, after=(), count=2):
    """What `count` runs give on the device (the same as on the CPU), then `after`; and the dispatches of the former."""

    def values(session):
        session.run(tf.global_variables_initializer())
        return [session.run(fetches, feeds) for _ in range(count)]

    with cpu_session() as sess:
        expected = [values(sess), sess.run(after)]
    with tf.Session(config=SOFT) as sess:
        found = values(sess)
        number = dispatches(sess)
        found = [found, sess.run(after)]
    for value, wanted in zip(tf.nest.flatten(found), tf.nest.flatten(expected)):
        if wanted is not None:
            np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-6)
    return number


def variable(value=ROWS, **arguments):
    return tf.Variable(value, **arguments)


class TestChains:
    x = property(lambda self: tf.placeholder(tf.float32, ROWS.shape, name="x"))

    def test_multiplying_adding_and_relu(self):
        x = self.x
        w, b = tf.placeholder(tf.float32, [20]), tf.placeholder(tf.float32, [30, 1])
        y = tf.nn.relu(x * w + b)
        assert runs(y, {x: ROWS, w: ROWS[0], b: ROWS[:, :1]}) == 1

    def test_branches_that_meet_again(self):
        x = self.x
        a, b = tf.sigmoid(x), tf.tanh(x * 2.0)
        assert runs(a * b + (a - b), {x: ROWS}) == 1

    def test_branches_of_different_inputs(self):
        x, y, z = self.x, self.x, self.x
        out = tf.sigmoid(x) * z + tf.sigmoid(y) * tf.tanh(z)
        assert runs(out, {x: ROWS, y: ROWS + 1, z: ROWS - 1}) == 1

    def test_the_gates_of_an_lstm(self):
        x, c = tf.placeholder(tf.float32, [30, 80]), self.x
        i, j, f, o = tf.split(x, 4, 1)
        new_c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
        h = tf.tanh(new_c) * tf.sigmoid(o)
        assert runs([new_c, h], {x: np.tile(ROWS, 4), c: ROWS}) == 1

    def test_reshaping_in_between_costs_nothing(self):
        x = self.x
        y = tf.reshape(tf.nn.relu(x), [600]) * 2.0
        z = tf.expand_dims(tf.reshape(y + tf.reshape(x, [600]), [10, 60]), 0) - 1.0
        assert runs(z, {x: ROWS}) == 1

    def test_what_is_fetched_in_the_middle(self):
        x = self.x
        y = tf.nn.relu(x)
        z = y * 2.0
        assert runs([y, z, tf.reshape(y, [-1])], {x: ROWS}) == 1

    def test_broadcasting_what_was_computed_takes_another(self):
        x, row = self.x, tf.placeholder(tf.float32, [20])
        assert runs(tf.exp(row * 0.5) * x, {x: ROWS, row: ROWS[1]}) == 2

    def test_single_numbers_are_computed_along(self):
        x = self.x
        scale = tf.exp(tf.reduce_sum(variable(ROWS[0, :4])) * 0.0 + 1.0)
        assert runs(x * scale, {x: ROWS}) == runs(x * tf.identity(tf.reduce_sum(variable(ROWS[0, :4]))), {x: ROWS})

    def test_a_product_parts_what_comes_before_from_what_follows(self):
        x = self.x
        y = tf.nn.relu(x)
        assert runs(tf.matmul(y, y, transpose_b=True) + 1.0, {x: ROWS}) == 2

    def test_more_inputs_than_can_be_bound(self):
        inputs = [self.x for _ in range(19)]
        total = inputs[0]
        for i, each in enumerate(inputs[1:]):
            total = total * 0.5 + each * float(i)
        number = runs(total, {each: ROWS + i for i, each in enumerate(inputs)})
        assert number <= 4


class TestProducts:
    """What follows a product element by element is done where the product would be stored."""

    @staticmethod
    def operands(m, k, n):
        left, right = (_rng.randn(*shape).astype(np.float32) for shape in ((m, k), (k, n)))
        return tf.constant(left, name="left"), variable(right * np.float32(0.1 if k < 100 else 0.01))

    # sizes for vectors of four, odd ones, few, many, and few with so many terms that they are split
    SIZES = [(24, 16, 32), (9, 7, 5), (2, 3, 2), (100, 64, 132), (65, 33, 67), (8, 2048, 12)]

    @pytest.mark.parametrize("m, k, n", SIZES)
    def test_bias_and_activation(self, m, k, n):
        left, right = self.operands(m, k, n)
        bias = variable(np.linspace(-1, 1, n).astype(np.float32))
        product = tf.matmul(left, right)
        number = runs(tf.nn.relu(tf.nn.bias_add(product, bias)))
        assert number == (2 if k == 2048 else 1)
        assert runs([product, tf.tanh(product) * tf.reshape(left, [-1])[0]]) == number

    def test_integers(self):
        left = tf.placeholder(tf.int32, [9, 7])
        product = tf.matmul(left, left, transpose_b=True) * 2 + 1
        assert runs(product, {left: np.arange(63).reshape(9, 7)}) == 1

    @pytest.mark.parametrize("n", [8, 7])
    def test_batches(self, n):
        left = variable(_rng.randn(3, 10, 12).astype(np.float32))
        right = variable(_rng.randn(12, n).astype(np.float32))
        scale = variable(_rng.randn(3, 1, 1).astype(np.float32))
        product = tf.matmul(left, tf.tile(right[tf.newaxis], [3, 1, 1]))
        assert runs(tf.sigmoid(product) * scale + tf.cast(product > 0, tf.float32)) == 3  # two for the tiles

    @pytest.mark.parametrize("depth", [8, 5])
    def test_convolutions(self, depth):
        x, w = (variable(_rng.randn(*shape).astype(np.float32)) for shape in ((2, 9, 9, 4), (3, 3, 4, depth)))
        y = tf.nn.relu(tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME") + variable(np.ones(depth, np.float32)))
        assert runs(y) == 1

    def test_what_comes_from_the_side(self):
        left, right = self.operands(30, 16, 20)
        x = tf.placeholder(tf.float32, ROWS.shape)
        assert runs(tf.nn.relu(tf.matmul(left, right) + tf.exp(x * 0.5)), {x: ROWS}) == 1

    def test_a_sum_of_two_products(self):
        left, right = self.operands(30, 16, 20)
        x = tf.placeholder(tf.float32, ROWS.shape)
        assert runs(tf.matmul(left, right) + tf.matmul(x, tf.constant(ROWS[:20])), {x: ROWS}) == 2

    def test_another_layout_of_the_result(self):
        left, right = self.operands(30, 16, 20)
        product = tf.matmul(left, right)
        assert runs(tf.reshape(product, [20, 30]) * 2.0 + tf.reshape(tf.constant(ROWS), [20, 30])) == 1
        assert runs(tf.transpose(product) + 1.0) == 2

    def test_truth_values_and_a_number(self):
        left, right = self.operands(30, 16, 20)
        product, scale = tf.matmul(left, right), tf.exp(variable(np.float32(0.5)))
        assert runs([product > 0.0, tf.where(product > 0.5, product, tf.ones_like(product)) * scale, scale]) == 1

    def test_a_gradient_and_the_update_with_it(self):
        left, right = self.operands(30, 16, 20)
        loss = tf.reduce_sum(tf.matmul(left, right) * tf.constant(ROWS)) + 0.1 * tf.nn.l2_loss(right)
        step = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
        average = tf.train.ExponentialMovingAverage(0.9)
        with tf.control_dependencies([step]):
            both = average.apply([right])
        assert runs(both, after=[right, average.average(right)]) == 1

    def test_an_operand_is_not_changed_while_others_need_it(self):
        v = variable(ROWS[:20])
        product = tf.matmul(v, tf.constant(ROWS[:20] * 0.1))
        assert runs(tf.assign(v, product * 0.1).op, after=v, count=3) == 2
        with tf.control_dependencies([product]):
            step = tf.assign_add(v, product)
        runs([product * 2.0, step.op], after=v, count=3)

    def test_an_update_after_another_use_of_the_variable(self):
        first, second = variable(ROWS[:, :4]), variable(ROWS[:4])
        x = tf.constant(ROWS)
        loss = tf.reduce_sum(tf.square(tf.matmul(tf.nn.relu(tf.matmul(x, tf.constant(ROWS.T)) @ first), second)))
        runs(tf.train.GradientDescentOptimizer(1e-9).minimize(loss), after=[first, second], count=3)

    FOLLOWED = {
        "sum of rows": lambda x: tf.reduce_sum(x, [1, 2, 3]),
        "mean of columns": lambda x: tf.reduce_mean(x, [0, 1, 2]),
        "greatest of all": lambda x: tf.reduce_max(x),
        "loss": lambda x: tf.nn.l2_loss(x),
        "softmax": tf.nn.softmax,
        "max pooling": lambda x: tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
        "average pooling": lambda x: tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
        "depthwise": lambda x: tf.nn.depthwise_conv2d(x, ROWS[:4, :12].reshape(2, 2, 12, 1), [1] * 4, "SAME"),
        "sum of tensors": lambda x: tf.accumulate_n([x, x[:, ::-1], x]),
        "sums of segments": lambda x: tf.unsorted_segment_sum(x, tf.constant([1, 0]), 3),
    }  # fmt: skip

    @pytest.mark.parametrize("name", FOLLOWED)
    def test_what_else_has_steps_behind_it(self, name):
        x = tf.placeholder(tf.float32, [2, 5, 7, 12])
        y = self.FOLLOWED[name](x)
        feeds = {x: _rng.randn(2, 5, 7, 12).astype(np.float32)}
        assert runs([tf.nn.relu(y * 2.0 - 0.5), y], feeds) == runs(y, feeds)

    def test_places_of_the_greatest_and_truth_values(self):
        x = tf.placeholder(tf.float32, ROWS.shape)
        right = tf.cast(tf.equal(tf.argmax(x, 1), tf.constant(np.arange(30) % 20)), tf.float32)
        assert runs(right, {x: ROWS}) == 1
        assert runs(tf.logical_not(tf.reduce_all(x > -1.0, 1)), {x: ROWS}) == 2

    def test_batch_normalization_and_its_gradients(self):
        x, scale = variable(_rng.randn(4, 5, 6, 8).astype(np.float32)), variable(np.ones(8, np.float32))
        y, _, _ = tf.nn.fused_batch_norm(x, scale, scale * 0.5)
        loss = tf.reduce_sum(tf.square(tf.nn.relu(y)))
        runs([loss, tf.train.GradientDescentOptimizer(0.1).minimize(loss)], after=[x, scale], count=1)

    def test_more_steps_than_have_room_there(self):
        left, right = self.operands(30, 16, 20)
        y = tf.matmul(left, right)
        for i in range(30):
            y = tf.sin(y) + float(i)
        assert runs(y) <= 3


class TestManyElements:
    """An invocation does four of them at a time, as far as what it needs lies that way."""

    @pytest.mark.parametrize("shape", [(64, 64), (41, 100), (5, 3, 7, 40), (4100,), (4097,), (50, 90)])
    def test_what_broadcasts(self, shape):
        x = variable(_rng.randn(*shape).astype(np.float32))
        y = x
        for kept in list(np.ndindex(*[2] * len(shape)))[:8]:
            other = [size if k else 1 for size, k in zip(shape, kept)]
            y = y * 0.5 + variable(_rng.randn(*other).astype(np.float32))
        assert runs([y, y > 0.0, tf.cast(y * 10.0, tf.int32)]) <= 2

    def test_what_comes_from_other_places(self):
        x, row = variable(_rng.randn(64, 80).astype(np.float32)), variable(_rng.randn(80).astype(np.float32))
        assert runs(tf.reverse(x, [1]) * row + x + tf.transpose(tf.reshape(x, [80, 64]))) == 1

    def test_truth_values(self):
        x = tf.placeholder(tf.bool, [64, 80])
        flags = _rng.rand(64, 80) > 0.5
        assert runs([tf.logical_not(x), tf.logical_and(x, x[::-1])], {x: flags}) == 1

    def test_random_numbers_are_the_same(self):
        assert runs(tf.nn.dropout(variable(np.ones((64, 80), np.float32)), keep_prob=0.5, seed=3)) >= 1


class TestUpdates:
    def test_a_step_and_its_moving_average(self):
        v = variable()
        step = tf.train.GradientDescentOptimizer(0.1).apply_gradients([(tf.constant(ROWS * 2), v)])
        average = tf.train.ExponentialMovingAverage(0.9)
        with tf.control_dependencies([step]):
            both = average.apply([v])
        assert runs(both, after=[v, average.average(v)]) == 1

    @pytest.mark.parametrize("use_resource", [False, True])
    def test_a_gradient_of_the_variable_itself(self, use_resource):
        v = variable(use_resource=use_resource)
        loss = tf.reduce_sum(tf.square(v - 1.0))
        step = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
        assert runs(step, after=v) == 1

    @pytest.mark.parametrize("use_resource", [False, True])
    def test_adam_is_one_dispatch_for_each_variable(self, use_resource):
        v, w = variable(use_resource=use_resource), variable(ROWS[:7], use_resource=use_resource)
        gradients = [(tf.constant(ROWS), v), (tf.constant(ROWS[:7]), w)]
        optimizer = tf.train.AdamOptimizer(0.1)
        step = optimizer.apply_gradients(gradients)
        assert runs(step, after=[v, w, *optimizer.variables()]) == 2

    def test_assignments_one_after_the_other(self):
        v = variable()
        with tf.control_dependencies([tf.assign_add(v, tf.ones(ROWS.shape))]):
            with tf.control_dependencies([tf.assign(v, v * 2.0)]):
                last = tf.assign_sub(v, tf.fill(ROWS.shape, 0.5))
        assert runs(last, after=v) == 1

    def test_swapping_two_variables(self):
        v, w = variable(use_resource=True), variable(ROWS * 2, use_resource=True)
        old_v, old_w = v.read_value(), w.read_value()
        with tf.control_dependencies([old_v, old_w]):
            swap = tf.group(v.assign(old_w), w.assign(old_v))
        assert runs(swap, after=[v, w], count=3) == 1

    def test_fetching_the_value_before_the_update(self):
        v = variable(use_resource=True)
        old = v.read_value()
        with tf.control_dependencies([old]):
            step = v.assign_add(tf.ones(ROWS.shape), read_value=False)
        assert runs([old, step], after=v) == 1


class TestOrder:
    """A variable's old value is used before the new one is written, wherever the steps are done."""

    def test_rows_of_the_old_value(self):
        v = variable(ROWS[:20], use_resource=True)
        turned = tf.transpose(v) * 2.0  # needs elements that other invocations overwrite
        with tf.control_dependencies([turned]):
            step = v.assign(turned)
        assert runs(step.op, after=v, count=3) == 2

    def test_broadcasting_the_old_value(self):
        v, w = variable(ROWS[:1], use_resource=True), variable(ROWS)
        first = tf.assign(w, w + v.read_value())
        with tf.control_dependencies([first]):
            second = v.assign(v.read_value() * 2.0)
        runs([first, second.op], after=[v, w], count=3)

    @pytest.mark.parametrize("use_resource", [False, True])
    def test_a_use_that_waits_for_the_host(self, use_resource):
        v = variable(use_resource=use_resource)
        x = tf.placeholder(tf.float32, ROWS.shape)
        with tf.device("/cpu:0"):
            late = tf.py_func(lambda a: a + np.float32(1), [x], tf.float32)
            late.set_shape(ROWS.shape)
        used = tf.nn.relu(late) * v
        with tf.control_dependencies([used]):
            step = tf.assign_add(v, tf.ones(ROWS.shape))
        runs([used, step.op], {x: ROWS}, after=v)

    def test_a_use_without_a_dependency_comes_before_a_later_update(self):
        v = variable(use_resource=True)
        x = tf.placeholder(tf.float32, ROWS.shape)
        value = v.read_value()
        with tf.device("/cpu:0"):
            late = tf.py_func(lambda a: a + np.float32(1), [x], tf.float32)
            late.set_shape(ROWS.shape)
        used = late * value
        with tf.control_dependencies([value]):
            step = v.assign_add(tf.ones(ROWS.shape))
        runs([used, step.op], {x: ROWS}, after=v)

    def test_reading_after_the_update(self):
        v = variable(use_resource=True)
        before = tf.reduce_sum(v.read_value() * 1.0)
        with tf.control_dependencies([before]):
            with tf.control_dependencies([v.assign_add(tf.ones(ROWS.shape))]):
                after = v.read_value() * 3.0
        runs([before, after], after=v)

    def test_an_alias_of_a_value_keeps_its_place(self):
        x = tf.placeholder(tf.float32, ROWS.shape)
        v = variable(ROWS.reshape(600))
        y = tf.reshape(tf.nn.relu(x) + 1.0, [600])
        product = tf.matmul(tf.reshape(y, [20, 30]), tf.reshape(y, [30, 20]))
        step = tf.assign(v, y * 2.0)
        runs([tf.reduce_sum(product), step.op, y], {x: ROWS}, after=v)

    @pytest.mark.parametrize("use_resource", [False, True])
    def test_fetching_a_variable_beside_its_update(self, use_resource):
        v = variable(use_resource=use_resource)
        runs([v, tf.assign(v, v * 2.0).op], after=v)

    def test_the_host_sees_what_the_device_wrote_to_a_reference(self):
        v = variable()
        x = tf.placeholder(tf.float32, ROWS.shape)
        with tf.control_dependencies([tf.assign(v, tf.sin(x))]), tf.device("/cpu:0"):
            y = tf.py_func(lambda a: a * np.float32(2), [v.value()], tf.float32)
        runs(y, {x: ROWS}, after=v)


def random_graph(rng):
    """(fetches, fed tensor, variables) of arbitrary steps and updates, in an order that dependencies fix in part."""
    x = tf.placeholder(tf.float32, (6, 20))
    shapes = [(6, 20), (6, 20), (6, 20), (120,), (6, 1), (20,), ()]
    whole = [tf.Variable(rng.uniform(0.5, 1, s).astype(np.float32), use_resource=bool(rng.randint(2))) for s in shapes]
    flat, column, row, number = whole[3:]
    values, steps = [x * 0.5], []

    def on_the_host(a):
        with tf.device("/cpu:0"):
            b = tf.py_func(lambda a: a * np.float32(0.9), [a], tf.float32)
        b.set_shape(a.shape)
        return b

    making = [
        lambda a, b, v: tf.tanh(a) + b * 0.5,
        lambda a, b, v: tf.reshape(tf.reshape(a, [120]) * 0.9 + flat, [6, 20]),
        lambda a, b, v: tf.tanh(tf.matmul(a, b, transpose_b=True)) @ tf.sigmoid(b) * 0.2,
        lambda a, b, v: a * v + column,
        lambda a, b, v: tf.reverse(a, [1]) * row + tf.transpose(tf.reshape(tf.transpose(v), [20, 6])) * 0.1,
        lambda a, b, v: on_the_host(a),
        lambda a, b, v: v.read_value() * number,
    ]
    changing = [
        lambda a, b, v: tf.assign(v, tf.sin(a)),
        lambda a, b, v: tf.assign_add(flat, tf.reshape(a, [120]) * 0.1),
        lambda a, b, v: tf.assign(column, tf.reduce_mean(b * v, 1, keepdims=True)),
        lambda a, b, v: tf.assign_add(number, tf.reduce_mean(a) * 0.01),
    ]

    for _ in range(rng.randint(8, 30)):
        with tf.control_dependencies(steps[-1:] + ([values[-1]] if rng.randint(2) else [])):
            a, b = (values[rng.randint(len(values))] for _ in range(2))
            v = whole[rng.randint(3)]
            kind = rng.randint(len(making) + len(changing))
            if kind < len(making):
                values.append(making[kind](a, b, v))
            else:
                steps.append(changing[kind - len(making)](a, b, v).op)
    return [values[-4:], steps], x, whole


@pytest.mark.parametrize("seed", range(10))
def test_random_graphs_give_what_the_cpu_gives(seed):
    fetches, x, variables = random_graph(np.random.RandomState(seed))
    runs(fetches, {x: ROWS[:6]}, after=variables)
