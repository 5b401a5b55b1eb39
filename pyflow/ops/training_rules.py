"""The update rules of the optimisers, as TensorFlow's kernels compute them.

`var` and the slots are arrays that change in place; `grad` has their shape; everything else is a scalar of their dtype.
"""

from __future__ import annotations

import numpy as np

from pyflow.ops.gpu import INDEXED, update
from pyflow.ops.training_updates import define_updates


def gradient_descent(var, alpha, grad):
    var -= grad * alpha


def momentum(var, accum, lr, grad, momentum, use_nesterov):
    accum *= momentum
    accum += grad
    if use_nesterov:
        var -= grad * lr + accum * momentum * lr
    else:
        var -= accum * lr


def keras_momentum(var, accum, lr, grad, momentum, use_nesterov):
    accum *= momentum
    accum -= grad * lr
    if use_nesterov:
        var += accum * momentum - grad * lr
    else:
        var += accum


def adagrad(var, accum, lr, grad, update_slots):
    if update_slots:
        accum += np.square(grad)
    var -= grad * lr / np.sqrt(accum)


def adadelta(var, accum, accum_update, lr, rho, epsilon, grad):
    accum *= rho
    accum += np.square(grad) * (1 - rho)
    update = np.sqrt(accum_update + epsilon) / np.sqrt(accum + epsilon) * grad
    var -= update * lr
    accum_update *= rho
    accum_update += np.square(update) * (1 - rho)


def adam(var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad, use_nesterov):
    alpha = lr * np.sqrt(1 - beta2_power) / (1 - beta1_power)
    m += (grad - m) * (1 - beta1)
    v += (np.square(grad) - v) * (1 - beta2)
    step = (grad * (1 - beta1) + m * beta1) if use_nesterov else m
    var -= step * alpha / (np.sqrt(v) + epsilon)


def ada_max(var, m, v, beta1_power, lr, beta1, beta2, epsilon, grad):
    m += (grad - m) * (1 - beta1)
    np.maximum(v * beta2, np.abs(grad), out=v)
    var -= lr / (1 - beta1_power) * (m / (v + epsilon))


def rms_prop(var, ms, mom, lr, rho, momentum, epsilon, grad):
    ms += (np.square(grad) - ms) * (1 - rho)
    mom *= momentum
    mom += grad * lr / np.sqrt(ms + epsilon)
    var -= mom


def centered_rms_prop(var, mg, ms, mom, lr, rho, momentum, epsilon, grad):
    ms += (np.square(grad) - ms) * (1 - rho)
    mg += (grad - mg) * (1 - rho)
    mom *= momentum
    mom += grad * lr / np.sqrt(ms - np.square(mg) + epsilon)
    var -= mom


def shrunk(value, threshold):
    """`value` moved towards zero by `threshold`."""
    return np.sign(value) * np.maximum(np.abs(value) - threshold, 0)


def proximal_gradient_descent(var, alpha, l1, l2, grad):
    moved = var - grad * alpha
    var[...] = (shrunk(moved, alpha * l1) if l1 > 0 else moved) / (1 + alpha * l2)


def proximal_adagrad(var, accum, lr, l1, l2, grad):
    accum += np.square(grad)
    rate = lr / np.sqrt(accum)
    moved = var - grad * rate
    var[...] = (shrunk(moved, rate * l1) if l1 > 0 else moved) / (1 + rate * l2)


def adagrad_da(var, gradient_accumulator, gradient_squared_accumulator, grad, lr, l1, l2, global_step):
    step = grad.dtype.type(global_step)
    gradient_accumulator += grad
    gradient_squared_accumulator += np.square(grad)
    total = shrunk(gradient_accumulator, l1 * step) if l1 > 0 else gradient_accumulator
    var[...] = -lr * total / (l2 * step * lr + np.sqrt(gradient_squared_accumulator))


def ftrl(var, accum, linear, grad, lr, l1, l2, lr_power):
    ftrl_v2(var, accum, linear, grad, lr, l1, l2, grad.dtype.type(0), lr_power)


def ftrl_v2(var, accum, linear, grad, lr, l1, l2, l2_shrinkage, lr_power):
    total = accum + np.square(grad)
    old, new = (np.sqrt(accum), np.sqrt(total)) if lr_power == -0.5 else (accum**-lr_power, total**-lr_power)
    linear += grad + 2 * l2_shrinkage * var - (new - old) / lr * var
    shrink = l1 * np.sign(linear) - linear
    var[...] = np.where(np.abs(linear) > l1, shrink / (new / lr + 2 * l2), 0)
    accum[...] = total


def add_sign(var, m, lr, alpha, sign_decay, beta, grad):
    m *= beta
    m += grad * (1 - beta)
    var -= lr * (alpha + sign_decay * np.sign(grad) * np.sign(m)) * grad


def power_sign(var, m, lr, logbase, sign_decay, beta, grad):
    m *= beta
    m += grad * (1 - beta)
    var -= lr * np.exp(logbase * sign_decay * np.sign(grad) * np.sign(m)) * grad


define_updates(
    "GradientDescent",
    "var* alpha delta",
    None,
    gradient_descent,
    "var -= alpha * delta.",
    gpu=update(var="var - alpha * delta"),
)
define_updates(
    "Momentum",
    "var* accum* lr grad momentum",
    "var* accum* lr grad indices momentum",
    momentum,
    "accum = momentum * accum + grad; var -= lr * accum (Nesterov: var -= lr * (grad + momentum * accum)).",
    gpu=update(accum="accum * momentum + grad", var="var - lr * select(accum, grad + accum * momentum, use_nesterov)"),
    use_nesterov=False,
)
define_updates(
    "KerasMomentum",
    "var* accum* lr grad momentum",
    "var* accum* lr grad indices momentum",
    keras_momentum,
    "accum = momentum * accum - lr * grad; var += accum (Nesterov: var += momentum * accum - lr * grad).",
    gpu=update(
        accum="accum * momentum - lr * grad", var="var + select(accum, accum * momentum - lr * grad, use_nesterov)"
    ),
    kinds=("Resource",),
    use_nesterov=False,
)
define_updates(
    "Adagrad",
    "var* accum* lr grad",
    "var* accum* lr grad indices",
    adagrad,
    "accum += grad²; var -= lr * grad / √accum (Duchi et al., 2011).",
    gpu=update(accum="select(accum, accum + grad * grad, update_slots)", var="var - lr * grad / sqrt(accum)"),
    update_slots=True,
)
define_updates(
    "Adadelta",
    "var* accum* accum_update* lr rho epsilon grad",
    "var* accum* accum_update* lr rho epsilon grad indices",
    adadelta,
    "Steps in the units of the variable, from averages of squared gradients and updates (Zeiler, 2012).",
    gpu=update(
        accum="accum * rho + grad * grad * (1.0 - rho)",
        var="var - lr * sqrt((accum_update + epsilon) / (accum + epsilon)) * grad",
        accum_update="accum_update * rho + (accum_update + epsilon) / (accum + epsilon) * grad * grad * (1.0 - rho)",
    ),
)
define_updates(
    "Adam",
    "var* m* v* beta1_power beta2_power lr beta1 beta2 epsilon grad",
    None,
    adam,
    "Adam (Kingma and Ba, 2014), in the form with epsilon outside of the bias correction.",
    gpu=update(
        m="m + (grad - m) * (1.0 - beta1)",
        v="v + (grad * grad - v) * (1.0 - beta2)",
        var="var - select(m, grad * (1.0 - beta1) + m * beta1, use_nesterov) * (lr * sqrt(1.0 - beta2_power) / "
        "(1.0 - beta1_power)) / (sqrt(v) + epsilon)",
    ),
    use_nesterov=False,
)
define_updates(
    "AdaMax",
    "var* m* v* beta1_power lr beta1 beta2 epsilon grad",
    None,
    ada_max,
    "Adam with the infinity norm (Kingma and Ba, 2014, section 7.1).",
    gpu=update(
        m="m + (grad - m) * (1.0 - beta1)",
        v="larger(v * beta2, abs(grad))",
        var="var - lr / (1.0 - beta1_power) * (m / (v + epsilon))",
    ),
)
define_updates(
    "RMSProp",
    "var* ms* mom* lr rho momentum epsilon grad",
    "var* ms* mom* lr rho momentum epsilon grad indices",
    rms_prop,
    "Gradients divided by a running average of their magnitude (Hinton, lecture 6e).",
    gpu=update(
        ms="ms + (grad * grad - ms) * (1.0 - rho)",
        mom="mom * momentum + lr * grad / sqrt(ms + epsilon)",
        var="var - mom",
    ),
)
define_updates(
    "CenteredRMSProp",
    "var* mg* ms* mom* lr rho momentum epsilon grad",
    "var* mg* ms* mom* lr rho momentum epsilon grad indices",
    centered_rms_prop,
    "RMSProp with the variance instead of the second moment.",
    gpu=update(
        ms="ms + (grad * grad - ms) * (1.0 - rho)",
        mg="mg + (grad - mg) * (1.0 - rho)",
        mom="mom * momentum + lr * grad / sqrt(ms - mg * mg + epsilon)",
        var="var - mom",
    ),
)
define_updates(
    "ProximalGradientDescent",
    "var* alpha l1 l2 delta",
    "var* alpha l1 l2 grad indices",
    proximal_gradient_descent,
    "Gradient descent, then the proximal step of l1 and l2 (Duchi and Singer, 2009).",
    gpu=update(var="proximal(var - delta * alpha, alpha, l1, l2)"),
)
define_updates(
    "ProximalAdagrad",
    "var* accum* lr l1 l2 grad",
    "var* accum* lr l1 l2 grad indices",
    proximal_adagrad,
    "Adagrad, then the proximal step of l1 and l2 (Duchi and Singer, 2009).",
    gpu=update(accum="accum + grad * grad", var="proximal(var - grad * (lr / sqrt(accum)), lr / sqrt(accum), l1, l2)"),
)
define_updates(
    "AdagradDA",
    "var* gradient_accumulator* gradient_squared_accumulator* grad lr l1 l2 global_step",
    "var* gradient_accumulator* gradient_squared_accumulator* grad indices lr l1 l2 global_step",
    adagrad_da,
    "Adagrad by dual averaging (Duchi et al., 2011).",
    gpu=update(
        types=INDEXED,
        gradient_accumulator="gradient_accumulator + grad",
        gradient_squared_accumulator="gradient_squared_accumulator + grad * grad",
        var="-lr * select(gradient_accumulator, shrunk(gradient_accumulator, l1 * f32(global_step)), l1 > 0.0) / "
        "(l2 * f32(global_step) * lr + sqrt(gradient_squared_accumulator))",
    ),
)
define_updates(
    "Ftrl",
    "var* accum* linear* grad lr l1 l2 lr_power",
    "var* accum* linear* grad indices lr l1 l2 lr_power",
    ftrl,
    "FTRL-proximal (McMahan et al., 2013).",
    gpu=update(
        linear="linear + grad - (ftrl_rate(accum + grad * grad, lr_power) - ftrl_rate(accum, lr_power)) / lr * var",
        accum="accum + grad * grad",
        var="ftrl_solution(linear, ftrl_rate(accum, lr_power) / lr, l1, l2)",
    ),
)
define_updates(
    "FtrlV2",
    "var* accum* linear* grad lr l1 l2 l2_shrinkage lr_power",
    "var* accum* linear* grad indices lr l1 l2 l2_shrinkage lr_power",
    ftrl_v2,
    "FTRL-proximal with shrinkage of the variable beside the l2 penalty of the loss.",
    gpu=update(
        linear="linear + grad + 2.0 * l2_shrinkage * var - (ftrl_rate(accum + grad * grad, lr_power) - "
        "ftrl_rate(accum, lr_power)) / lr * var",
        accum="accum + grad * grad",
        var="ftrl_solution(linear, ftrl_rate(accum, lr_power) / lr, l1, l2)",
    ),
)
define_updates(
    "AddSign",
    "var* m* lr alpha sign_decay beta grad",
    None,
    add_sign,
    "Steps that grow where gradient and momentum agree in sign (Bello et al., 2017).",
    gpu=update(m="m * beta + grad * (1.0 - beta)", var="var - lr * (alpha + sign_decay * sign(grad) * sign(m)) * grad"),
)
define_updates(
    "PowerSign",
    "var* m* lr logbase sign_decay beta grad",
    None,
    power_sign,
    "As AddSign, by a power (Bello et al., 2017).",
    gpu=update(
        m="m * beta + grad * (1.0 - beta)",
        var="var - lr * exponential(logbase * sign_decay * sign(grad) * sign(m)) * grad",
    ),
)
