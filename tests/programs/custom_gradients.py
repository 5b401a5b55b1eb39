import numpy as np
import tensorflow as tf


@tf.RegisterGradient("QuantizeGrad")
def sign_grad(op, grad):
    input = op.inputs[0]
    cond = (input >= -1) & (input <= 1)
    zeros = tf.zeros_like(grad)
    return tf.where(cond, grad, zeros)


def binary(x):
    with tf.get_default_graph().gradient_override_map({"Sign": "QuantizeGrad"}):
        return tf.sign(x)


@tf.custom_gradient
def log1pexp(x):
    e = tf.exp(x)

    def grad(dy):
        return dy * (1 - 1 / (1 + e))

    return tf.log(1 + e), grad


class FlipGradientBuilder:
    def __init__(self):
        self.num_calls = 0

    def __call__(self, x, l=1.0):
        grad_name = "FlipGradient%d" % self.num_calls

        @tf.RegisterGradient(grad_name)
        def _flip_gradients(op, grad):
            return [tf.negative(grad) * l]

        g = tf.get_default_graph()
        with g.gradient_override_map({"Identity": grad_name}):
            y = tf.identity(x)
        self.num_calls += 1
        return y


flip = FlipGradientBuilder()


def py_func(func, inp, Tout, stateful=True, name=None, grad=None):
    rnd = "PyFuncGrad" + "X1"
    tf.RegisterGradient(rnd)(grad)
    g = tf.get_default_graph()
    with g.gradient_override_map({"PyFunc": rnd}):
        return tf.py_func(func, inp, Tout, stateful=stateful, name=name)


x = tf.constant([-3.0, -0.5, 0.2, 4.0])
y = binary(x)
z = log1pexp(x * 30)
f = flip(x * x, 0.5)


def mysq(a):
    return np.square(a)


sq = py_func(mysq, [x], [tf.float32], name="MySquare", grad=lambda op, g: g * 20 * op.inputs[0])
nograd = tf.py_func(lambda a, b: (a + b, a.sum()), [x, 2.0], [tf.float32, tf.float32])


@tf.custom_gradient
def clip_grad_layer(x):
    def grad(dy):
        return tf.clip_by_value(dy, -0.1, 0.1)

    return tf.identity(x), grad


with tf.Session() as s:
    print(s.run([y] + tf.gradients(y, x)))
    print(s.run([z] + tf.gradients(z, x)))
    print(s.run([f] + tf.gradients(f, x)))
    print(s.run([sq] + tf.gradients(sq, x)))
    print(s.run(nograd), nograd)
    print(s.run(tf.gradients(clip_grad_layer(x) * 5, x)))
    print(tf.gradients(tf.argmax(x), x), tf.gradients(tf.stop_gradient(x) * 2, x))
    h = tf.hessians(tf.reduce_sum(x**3), x)
    print(s.run(h))
    g2 = tf.gradients(tf.gradients(tf.sin(x), x)[0], x)
    print(s.run(g2))
    print(s.run(tf.gradients([x * 2, x * x], [x], grad_ys=[tf.ones(4), tf.fill([4], 3.0)])))
    try:
        tf.gradients(tf.py_func(mysq, [x], tf.float32), x)[0].eval()
    except Exception as e:
        print(type(e).__name__, e)
