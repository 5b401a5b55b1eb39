"""tf.contrib.opt's optimisers under TensorFlow 1.15.5; the results are kept in contrib_optimizers.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import functools
import importlib

import numpy as np
from optimizer_cases import LOSSES, START, digits
from state_cases import error

STEPS = 6


def decay_module(tf):
    assert tf.contrib.opt  # its modules are there once it has been loaded
    return importlib.import_module(tf.__name__ + ".contrib.opt.python.training.sign_decay")


def optimizers(opt, sign_decay):
    return {
        "AdaMax": lambda: opt.AdaMaxOptimizer(0.1, epsilon=1e-3),
        "Nadam": lambda: opt.NadamOptimizer(0.1),
        "LazyAdam": lambda: opt.LazyAdamOptimizer(0.1),
        "AddSign": lambda: opt.AddSignOptimizer(0.05, alpha=0.5),
        "AddSign_linear": lambda: opt.AddSignOptimizer(0.05, sign_decay_fn=sign_decay.get_linear_decay_fn(5)),
        "PowerSign": lambda: opt.PowerSignOptimizer(0.05, base=2.0, beta=0.5),
        "PowerSign_cosine": lambda: opt.PowerSignOptimizer(0.05, sign_decay_fn=sign_decay.get_cosine_decay_fn(5)),
        "MomentumW": lambda: opt.MomentumWOptimizer(0.05, 0.1, 0.9),
        "AdamW": lambda: opt.AdamWOptimizer(0.05, 0.1),
    }


NAMES = sorted(optimizers(None, None))


def trained(tf, name, kind, use_resource):
    """Names, and values after some steps, of a variable and of all that the optimiser made for it."""
    tf.reset_default_graph()
    v = tf.Variable(np.array(START, np.float32), name="v", use_resource=use_resource)
    step = tf.Variable(0, trainable=False, name="step")
    optimizer = optimizers(tf.contrib.opt, decay_module(tf))[name]()
    train = optimizer.minimize(LOSSES[kind](tf, v), global_step=step)
    slots = optimizer.get_slot_names()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(STEPS):
            session.run(train)
        values = [digits(x) for x in session.run([v] + [optimizer.get_slot(v, slot) for slot in slots])]
    return [[slots, [x.name for x in tf.global_variables()], train.name], values]


def kinds(tf, name, kind):
    # TensorFlow's AddSign and PowerSign know no sparse gradients of resource variables.
    resources = (False,) if kind == "sparse" and "Sign" in name else (False, True)
    return [trained(tf, name, kind, use_resource) for use_resource in resources]


def case_decays(tf):
    sign_decay = decay_module(tf)
    step = tf.placeholder(tf.int32, [])
    decays = [
        sign_decay.get_linear_decay_fn(10),
        sign_decay.get_cosine_decay_fn(10),
        sign_decay.get_cosine_decay_fn(10, num_periods=2, zero_after=1.0),
        sign_decay.get_restart_decay_fn(10),
        sign_decay.get_restart_decay_fn(10, num_periods=2, zero_after=1.5),
    ]
    values = [decay(step) for decay in decays]
    with tf.Session() as session:
        result = [[round(float(x), 5) for x in session.run(values, {step: s})] for s in (0, 1, 4, 7, 9, 13)]
    return [[["errors", [error(decay, None)[0] for decay in decays]]], result]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
for _name in NAMES:
    for _kind in LOSSES:
        if _name.endswith("W") and _kind == "sparse":
            continue  # TensorFlow leaves it to chance whether a gradient is computed before the decay or after it
        CASES["_".join([_name, _kind])] = functools.partial(kinds, name=_name, kind=_kind)
