"""Optimisers do what TensorFlow 1.15.5's do, and what their papers say."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("optimizer_cases", "optimizers.json")
TRAINED = [name for name in sorted(GOLDEN.cases) if name.endswith(("_dense", "_sparse"))]
TOLERANCES = {"float16": (5e-3, 1e-3), "float32": (2e-5, 1e-7), "float64": (1e-9, 1e-12)}


@pytest.mark.parametrize("name", sorted(set(GOLDEN.cases) - set(TRAINED)))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


@pytest.mark.parametrize("name", TRAINED)
def test_variables_and_slots_after_steps(name):
    expected, given = GOLDEN.expected[name], GOLDEN.run(name)
    assert len(given) == len(expected)
    for ours, theirs in zip(given, expected):
        rtol, atol = TOLERANCES[theirs["variables"][0][1].removesuffix("_ref")]
        for step in ("0", "9"):
            np.testing.assert_allclose(ours.pop(step), theirs.pop(step), rtol, atol)
        assert ours == theirs


# ---------------------------------------------------------------- the papers' formulas, in float64


def shrink(x, by):
    return np.sign(x) * np.maximum(np.abs(x) - by, 0.0)


def gradient_descent(x, grads, rate=0.1):
    for g in grads:
        x = x - rate * g
    return x


def momentum(x, grads, rate=0.1, decay=0.9, nesterov=False):
    speed = np.zeros_like(x)
    for g in grads:
        speed = decay * speed + g
        x = x - rate * (g + decay * speed if nesterov else speed)
    return x


def adagrad(x, grads, rate=0.5, start=0.1):
    total = np.full_like(x, start)
    for g in grads:
        total = total + g**2
        x = x - rate * g / np.sqrt(total)
    return x


def adadelta(x, grads, rate=2.0, rho=0.9, epsilon=1e-3):
    squares, updates = np.zeros_like(x), np.zeros_like(x)
    for g in grads:
        squares = rho * squares + (1 - rho) * g**2
        step = np.sqrt(updates + epsilon) / np.sqrt(squares + epsilon) * g
        updates = rho * updates + (1 - rho) * step**2
        x = x - rate * step
    return x


def adam(x, grads, rate=0.1, b1=0.9, b2=0.99, epsilon=1e-8):
    m, v = np.zeros_like(x), np.zeros_like(x)
    for t, g in enumerate(grads, 1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        x = x - rate * np.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + epsilon)
    return x


def rms_prop(x, grads, rate=0.05, decay=0.8, inertia=0.5, epsilon=1e-3, centered=False):
    squares, mean, speed = np.ones_like(x), np.zeros_like(x), np.zeros_like(x)
    for g in grads:
        squares = decay * squares + (1 - decay) * g**2
        mean = decay * mean + (1 - decay) * g
        spread = squares - mean**2 if centered else squares
        speed = inertia * speed + rate * g / np.sqrt(spread + epsilon)
        x = x - speed
    return x


def proximal_gradient_descent(x, grads, rate=0.1, l1=0.5, l2=0.2):
    for g in grads:
        x = shrink(x - rate * g, rate * l1) / (1 + rate * l2)
    return x


def proximal_adagrad(x, grads, rate=0.5, start=0.1, l1=0.2, l2=0.1):
    total = np.full_like(x, start)
    for g in grads:
        total = total + g**2
        own = rate / np.sqrt(total)
        x = shrink(x - own * g, own * l1) / (1 + own * l2)
    return x


def adagrad_da(x, grads, rate=0.5, start=0.1, l1=0.05, l2=0.1):
    total, squares = np.zeros_like(x), np.full_like(x, start)
    for t, g in enumerate(grads, 1):
        total, squares = total + g, squares + g**2
        x = -rate * shrink(total, l1 * t) / (l2 * t * rate + np.sqrt(squares))
    return x


def ftrl(x, grads, rate=0.5, power=-0.7, start=0.2, l1=0.1, l2=0.2, shrinkage=0.0):
    squares, z = np.full_like(x, start), np.zeros_like(x)
    for g in grads:
        total = squares + g**2
        z = z + g + 2 * shrinkage * x - (total**-power - squares**-power) / rate * x
        x = -shrink(z, l1) / (total**-power / rate + 2 * l2)
        squares = total
    return x


FORMULAS = {
    "gradient descent": (gradient_descent, lambda s: tf.train.GradientDescentOptimizer(0.1)),
    "momentum": (momentum, lambda s: tf.train.MomentumOptimizer(0.1, 0.9)),
    "nesterov": (
        lambda x, g: momentum(x, g, nesterov=True),
        lambda s: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    ),
    "adagrad": (adagrad, lambda s: tf.train.AdagradOptimizer(0.5)),
    "adadelta": (adadelta, lambda s: tf.train.AdadeltaOptimizer(2.0, 0.9, 1e-3)),
    "adam": (adam, lambda s: tf.train.AdamOptimizer(0.1, 0.9, 0.99)),
    "rms prop": (rms_prop, lambda s: tf.train.RMSPropOptimizer(0.05, 0.8, 0.5, 1e-3)),
    "centered rms prop": (
        lambda x, g: rms_prop(x, g, centered=True),
        lambda s: tf.train.RMSPropOptimizer(0.05, 0.8, 0.5, 1e-3, centered=True),
    ),
    "proximal gradient descent": (
        proximal_gradient_descent,
        lambda s: tf.train.ProximalGradientDescentOptimizer(0.1, 0.5, 0.2),
    ),
    "proximal adagrad": (proximal_adagrad, lambda s: tf.train.ProximalAdagradOptimizer(0.5, 0.1, 0.2, 0.1)),
    "adagrad by dual averaging": (
        adagrad_da,
        lambda s: tf.train.AdagradDAOptimizer(0.5, s, l1_regularization_strength=0.05, l2_regularization_strength=0.1),
    ),
    "ftrl": (ftrl, lambda s: tf.train.FtrlOptimizer(0.5, -0.7, 0.2, 0.1, 0.2)),
    "ftrl with shrinkage": (
        lambda x, g: ftrl(x, g, shrinkage=0.3),
        lambda s: tf.train.FtrlOptimizer(0.5, -0.7, 0.2, 0.1, 0.2, l2_shrinkage_regularization_strength=0.3),
    ),
}


@pytest.mark.parametrize("use_resource", [False, True])
@pytest.mark.parametrize("shape", [(4, 3), (70_000,)], ids=["one block", "several blocks"])
@pytest.mark.parametrize("name", FORMULAS)
def test_formula(name, shape, use_resource):
    formula, make = FORMULAS[name]
    rng = np.random.default_rng(1)
    start, grads = rng.normal(size=shape), rng.normal(size=(5, *shape))
    v = tf.Variable(start, use_resource=use_resource)
    step = tf.train.create_global_step()
    gradient = tf.placeholder(tf.float64, shape)
    train = make(step).apply_gradients([(gradient, v)], global_step=step)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for g in grads:
            session.run(train, {gradient: g})
        # Parameters that are Python floats become float32 tensors first.
        np.testing.assert_allclose(session.run(v), formula(start, grads), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", FORMULAS)
def test_repeated_rows_count_as_their_sum(name):
    rng = np.random.default_rng(2)
    rows, indices = rng.normal(size=(5, 2)).astype(np.float32), [3, 0, 3, 2, 3]
    summed = np.stack([rows[1], rows[3], rows[0] + rows[2] + rows[4]])
    values = []
    for gradient in (
        tf.IndexedSlices(tf.constant(rows), tf.constant(indices)),
        tf.IndexedSlices(tf.constant(summed), tf.constant([0, 2, 3])),
    ):
        v = tf.Variable(np.arange(8.0, dtype=np.float32).reshape(4, 2))
        step = tf.Variable(0, dtype=tf.int64, trainable=False)
        train = FORMULAS[name][1](step).apply_gradients([(gradient, v)])
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            session.run(train)
            values.append(session.run(v))
    np.testing.assert_allclose(values[0], values[1], rtol=1e-5, atol=1e-6)
    assert np.any(values[0] != np.arange(8.0).reshape(4, 2))


@pytest.mark.parametrize("name", sorted(set(FORMULAS) - {"adam", "adagrad by dual averaging"}))
def test_rows_without_gradient_stay(name):
    v = tf.Variable([[1.0], [2.0], [3.0]])
    step = tf.train.create_global_step()
    gradient = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([1]))
    train = FORMULAS[name][1](step).apply_gradients([(gradient, v)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        after = session.run(v)[:, 0].tolist()
    assert after[0] == 1.0 and after[2] == 3.0 and after[1] < 2.0


def test_a_gradient_of_another_shape_changes_nothing():
    v = tf.Variable([1.0, 2.0])
    gradient = tf.placeholder(tf.float32)
    train = tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients([(gradient, v)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="do not have the same shape"):
            session.run(train, {gradient: [1.0, 2.0, 3.0]})
        assert session.run(v).tolist() == [1.0, 2.0]


def test_an_index_outside_changes_nothing():
    v = tf.Variable([[1.0], [2.0]])
    gradient = tf.IndexedSlices(tf.constant([[1.0], [1.0]]), tf.constant([0, 2]))
    train = tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients([(gradient, v)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="out of range"):
            session.run(train)
        assert session.run(v).tolist() == [[1.0], [2.0]]


def test_a_loss_can_be_a_function():
    v = tf.Variable([1.0, 2.0])
    train = tf.train.GradientDescentOptimizer(0.5).minimize(lambda: tf.reduce_sum(v * [1.0, 3.0]), var_list=[v])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run(v).tolist() == [0.5, 0.5]


def test_own_optimizer():
    class SignDescent(tf.train.Optimizer):
        def __init__(self, rate):
            super().__init__(False, "SignDescent")
            self._rate = rate

        def _apply_dense(self, grad, var):
            return var.assign_sub(self._rate * tf.sign(grad)).op

    v = tf.Variable([1.0, -2.0])
    train = SignDescent(0.25).minimize(tf.reduce_sum(v * v))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run(v).tolist() == [0.75, -1.75]
        rows = tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]))
        with pytest.raises(NotImplementedError):
            SignDescent(0.25).apply_gradients([(rows, v)])


@pytest.mark.parametrize("use_resource", [False, True])
@pytest.mark.parametrize(
    "make, dense, sparse",
    [
        (lambda: tf.train.GradientDescentOptimizer(0.5), [0.0, 1.0], [-1.0, 2.0]),
        (lambda: tf.train.MomentumOptimizer(0.5, 0.9), [-0.44921875, 0.55078125], [-1.8984375, 2.0]),
        (lambda: tf.train.RMSPropOptimizer(0.5), [0.0, 1.0], [-0.671875, 2.0]),
    ],
    ids=["gradient descent", "momentum", "rms prop"],
)
def test_bfloat16(make, dense, sparse, use_resource):
    """The dense values are TensorFlow's, bit for bit."""
    gradient = tf.cast([1.0, 1.0], tf.bfloat16)
    for given, expected in ((gradient, dense), (tf.IndexedSlices(gradient, tf.constant([0, 0])), sparse)):
        v = tf.Variable(tf.cast([1.0, 2.0], tf.bfloat16), use_resource=use_resource)
        train = make().apply_gradients([(given, v)])
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            session.run(train)
            session.run(train)
            assert session.run(tf.cast(v, tf.float32)).tolist() == expected


@pytest.mark.parametrize("use_resource", [False, True])
def test_no_rows_at_all(use_resource):
    v = tf.Variable([[1.0], [2.0]], use_resource=use_resource)
    nothing = tf.IndexedSlices(tf.zeros([0, 1]), tf.zeros([0], tf.int32))
    train = tf.train.MomentumOptimizer(0.5, 0.9).apply_gradients([(nothing, v)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run(v).tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize("use_resource", [False, True])
def test_training_before_initialising(use_resource):
    v = tf.Variable([1.0], name="v", use_resource=use_resource)
    train = tf.train.AdamOptimizer().apply_gradients([(tf.constant([1.0]), v)])
    with tf.Session() as session, pytest.raises(tf.errors.FailedPreconditionError):
        session.run(train)


def test_values_fetched_before_a_step_stay():
    v = tf.Variable([1.0, 2.0])
    train = tf.train.MomentumOptimizer(0.5, 0.9).apply_gradients([(tf.constant([1.0, 1.0]), v)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.run(v)
        session.run(train)
        assert before.tolist() == [1.0, 2.0] and session.run(v).tolist() == [0.5, 1.5]


@pytest.mark.parametrize("use_resource", [False, True])
@pytest.mark.parametrize(
    "gradient, words",
    [
        (2.0, "Shapes must be equal rank, but are 1 and 0 for 'Momentum/update_x/{}ApplyMomentum'"),
        ([1.0, 2.0, 3.0], r"Dimension 0 in both shapes must be equal, but are 2 and 3. Shapes are \[2\] and \[3\]."),
    ],
)
def test_gradient_of_another_shape_than_the_variable(use_resource, gradient, words):
    with tf.Graph().as_default():
        x = tf.get_variable("x", [2], use_resource=use_resource)
        with pytest.raises(ValueError, match=words.format("Resource" if use_resource else "")):
            tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients([(tf.constant(gradient), x)])


def test_learning_rate_is_a_scalar():
    with tf.Graph().as_default():
        x = tf.get_variable("x", [2])
        with pytest.raises(ValueError, match="Shape must be rank 0 but is rank 1 for"):
            tf.train.GradientDescentOptimizer([0.1]).apply_gradients([(tf.ones([2]), x)])


@pytest.mark.parametrize(
    ("optimizer", "names"),
    [
        (lambda: tf.train.AdamOptimizer(), ["_lr_t", "_beta1_t", "_beta2_t", "_epsilon_t"]),
        (lambda: tf.train.AdadeltaOptimizer(), ["_lr_t", "_rho_t", "_epsilon_t"]),
        (lambda: tf.train.MomentumOptimizer(0.1, 0.9), ["_learning_rate_tensor", "_momentum_tensor"]),
        (lambda: tf.train.RMSPropOptimizer(0.1), ["_learning_rate_tensor", "_decay_tensor", "_epsilon_tensor"]),
        (lambda: tf.train.FtrlOptimizer(0.1), ["_l1_regularization_strength_tensor", "_learning_rate_power_tensor"]),
    ],
)
def test_tensors_of_hyperparameters_are_attributes(optimizer, names):
    made = optimizer()
    made.minimize(tf.square(tf.get_variable("v", [])))
    assert all(isinstance(getattr(made, name), tf.Tensor) for name in names)


def test_subclasses_replace_the_tensors_of_hyperparameters():
    class Halved(tf.train.AdamOptimizer):
        def _prepare(self):
            super()._prepare()
            self._lr_t = self._lr_t / 2.0

        def _apply_sparse(self, grad, var):
            return self._apply_sparse_shared(
                grad.values, var, grad.indices, lambda x, i, v: tf.scatter_add(x, i, v, use_locking=self._use_locking)
            )

    v = tf.Variable([1.0, 1.0])
    train = Halved(0.2).minimize(tf.reduce_sum(v) + 0.0 * tf.reduce_sum(tf.gather(v, [0])))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        np.testing.assert_allclose(sess.run(v), [0.9, 0.9], rtol=1e-5)
