"""tf.contrib.slim under TensorFlow 1.15.5: losses, train operations, analysis; the results are kept in slim.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import functools

import numpy as np
from contrib_layer_cases import extra
from layer_cases import X, everything, rounded, waves
from loss_cases import LABELS, PREDICTIONS
from state_cases import error

LOSSES = {
    "absolute_difference": {},
    "cosine_distance": {"axis": 1},
    "log_loss": {},
    "mean_squared_error": {},
    "mean_pairwise_squared_error": {},
    "sigmoid_cross_entropy": {"label_smoothing": 0.1},
    "softmax_cross_entropy": {"label_smoothing": 0.2},
}


def case_of_loss(tf, name):
    function = getattr(tf.contrib.slim.losses, name)
    given = tf.constant(PREDICTIONS), tf.constant(LABELS)
    outputs = [function(*given, **LOSSES[name])]
    outputs.append(function(*given, weights=[1.0, 0.0, 2.0], scope="mine", **LOSSES[name]))
    return [extra(tf, "losses")] + everything(tf, outputs)


def case_other_losses(tf):
    losses = tf.contrib.slim.losses
    outputs = [
        losses.sparse_softmax_cross_entropy(tf.constant(PREDICTIONS), tf.constant([[1], [0], [3]])),
        losses.hinge_loss(tf.constant(PREDICTIONS), tf.constant(LABELS)),
        losses.compute_weighted_loss(tf.constant(PREDICTIONS), tf.constant([[1.0], [0.5], [0.0]])),
    ]
    losses.add_loss(tf.constant(2.0))
    tf.add_to_collection("regularization_losses", tf.constant(1.0))
    outputs += [losses.get_total_loss(), losses.get_total_loss(False, name="mine")]
    found = [[t.name for t in losses.get_losses()], [t.name for t in losses.get_regularization_losses()]]
    return [found, error(losses.cosine_distance, *outputs[:2])] + everything(tf, outputs)


def trained(tf, **arguments):
    slim = tf.contrib.slim
    v = tf.get_variable("v", initializer=np.array([1.0, -2.0, 3.0], np.float32))
    w = tf.get_variable("w", initializer=np.float32(0.5))
    count = tf.Variable(0.0, trainable=False, name="count")
    tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, tf.assign_add(count, 1.0, name="counted"))
    loss = tf.reduce_sum(v * v) * w
    op = slim.learning.create_train_op(loss, tf.train.GradientDescentOptimizer(0.1), **arguments)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(op)
        session.run(op)
        values = session.run(tf.global_variables())
    names = [x.name for x in tf.global_variables()]
    tags = sorted(t.op.name for t in tf.get_collection("summaries"))
    return [op.name, names, rounded(values), tags, [o.name for o in tf.get_collection("train_op")]]


TRAINED = {
    "plain": {},
    "clipped": {"clip_gradient_norm": 1.0, "summarize_gradients": True},
    "multiplied": {"gradient_multipliers": {"w": 0.0, "v": 2.0}, "check_numerics": False},
    "without_step": {"global_step": None, "update_ops": []},
}


def case_arg_scope_of_a_model(tf):
    slim = tf.contrib.slim
    scope = slim.arg_scope(
        [slim.conv2d, slim.fully_connected],
        weights_initializer=waves(tf),
        weights_regularizer=slim.l2_regularizer(0.01),
        normalizer_fn=slim.batch_norm,
        normalizer_params={"is_training": False},
    )
    with tf.variable_scope("model"), scope:
        net = slim.conv2d(tf.constant(X.reshape(1, 4, 3, 1)), 2, [2, 2], scope="conv1")
        net = slim.max_pool2d(net, [2, 2], scope="pool1")
        net = slim.flatten(net)
        net = slim.stack(net, slim.fully_connected, [3, 2], scope="fc")
    restored = slim.get_variables_to_restore(exclude=["model/fc"])
    found = [v.name for v in slim.get_model_variables()], [v.name for v in restored]
    return [found, list(slim.model_analyzer.analyze_vars(tf.global_variables()))] + everything(
        tf, net, with_nodes=False
    )


def case_summaries(tf):
    summaries = tf.contrib.slim.summaries
    x = tf.constant(X, name="x")
    total = tf.reduce_sum(x)
    summaries.add_histogram_summaries([x, x], prefix="a")
    summaries.add_scalar_summary(total)
    summaries.add_scalar_summaries([total], prefix="p")
    summaries.add_zero_fraction_summary(x, name="named")
    return [extra(tf, "summaries"), tf.contrib.slim.model_analyzer.tensor_description(x)]


CASES = {
    name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_") and name != "case_of_loss"
}
for _name in LOSSES:
    CASES["loss_" + _name] = functools.partial(case_of_loss, name=_name)
for _name, _arguments in TRAINED.items():
    CASES["train_op_" + _name] = functools.partial(trained, **_arguments)
