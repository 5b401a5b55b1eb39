"""tf.losses under TensorFlow 1.15.5: nodes, values, collections, errors; the results are kept in losses.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import functools

import numpy as np
from state_cases import error, nodes

LOSSES = {
    "absolute_difference": {},
    "cosine_distance": {"axis": 1},
    "hinge_loss": {},
    "huber_loss": {"delta": 0.7},
    "log_loss": {},
    "mean_squared_error": {},
    "mean_pairwise_squared_error": {},
    "sigmoid_cross_entropy": {"label_smoothing": 0.1},
    "softmax_cross_entropy": {"label_smoothing": 0.2},
}
WEIGHTS = {"one": 1.0, "scalar": 0.5, "integer": 2, "rows": [[1.0], [0.0], [2.0]], "zero": 0.0}
PREDICTIONS = np.array([[0.2, 0.5, 0.3, 0.7], [0.9, 0.4, 0.6, 0.1], [0.3, 0.8, 0.5, 0.9]], np.float32)
LABELS = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]], np.float32)


def rounded(value):
    return np.asarray(value, np.float64).round(5).tolist()


def everything(tf, loss, with_nodes=True):
    with tf.Session() as session:
        value = session.run(loss)
    graph = nodes(tf) if with_nodes else len(nodes(tf))
    return [graph, [t.name for t in tf.get_collection("losses")], loss.name, str(loss.shape), rounded(value)]


def case_of_loss(tf, name, weights):
    function = getattr(tf.losses, name)
    with_nodes = weights == "rows"
    weights = WEIGHTS[weights]
    if isinstance(weights, list) and "cross" in name:
        weights = [w[0] for w in weights] if name[:3] == "sof" else weights
    return everything(tf, function(LABELS, PREDICTIONS, weights=weights, **LOSSES[name]), with_nodes)


def case_sparse(tf, weights):
    weights = WEIGHTS[weights]
    return everything(tf, tf.losses.sparse_softmax_cross_entropy([[1], [0], [3]], PREDICTIONS, weights=weights))


def case_reduction(tf, reduction):
    labels = tf.placeholder_with_default(LABELS, [None, 4])
    loss = tf.losses.mean_squared_error(labels, PREDICTIONS, weights=[[1.0], [0.0], [2.0]], reduction=reduction)
    return everything(tf, loss)


def case_double(tf):
    losses = tf.constant([1.0, 2.0, 4.0], tf.float64)
    return everything(tf, tf.losses.compute_weighted_loss(losses, np.array([1.0, 0.0, 0.5])))


def case_scopes(tf):
    with tf.name_scope("tower"):
        first = tf.losses.mean_squared_error(LABELS, PREDICTIONS, scope="mine")
    second = tf.losses.absolute_difference(LABELS, PREDICTIONS, loss_collection=None)
    third = tf.losses.hinge_loss(LABELS, PREDICTIONS, loss_collection="others")
    tf.losses.add_loss(tf.constant(2.0, name="extra"))
    tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, tf.constant(3.0, name="penalty"))
    totals = [
        tf.losses.get_total_loss(),
        tf.losses.get_total_loss(False, name="mean"),
        tf.losses.get_total_loss(scope="tower"),
        tf.losses.get_regularization_loss(),
        tf.losses.get_regularization_loss("nowhere"),
    ]
    found = [[t.name for t in tf.losses.get_losses(*a)] for a in ((), ("tower",), (None, "others"))]
    with tf.Session() as session:
        return [t.name for t in [first, second, third] + totals], found, rounded(session.run(totals))


def case_errors(tf):
    loss = tf.losses.mean_squared_error
    return [
        error(loss, None, PREDICTIONS),
        error(loss, LABELS, None),
        error(loss, LABELS[:2], PREDICTIONS),
        error(loss, LABELS, PREDICTIONS, weights=[1.0, 2.0, 3.0]),
        error(loss, LABELS, PREDICTIONS, weights=[[1.0], [2.0]]),
        error(loss, LABELS, PREDICTIONS, reduction="other"),
        error(tf.losses.cosine_distance, LABELS, PREDICTIONS),
        error(tf.losses.cosine_distance, LABELS, PREDICTIONS, axis=1, dim=1),
        error(tf.losses.sparse_softmax_cross_entropy, [0, 1], PREDICTIONS),
        error(tf.losses.get_total_loss),
    ]


def case_gradients(tf):
    result = {}
    for name, arguments in sorted(LOSSES.items()):
        tf.reset_default_graph()
        x = tf.constant(PREDICTIONS)
        loss = getattr(tf.losses, name)(LABELS, x, **arguments)
        with tf.Session() as session:
            result[name] = rounded(session.run(tf.gradients(loss, x)[0]))
    return result


CASES = {
    name[5:]: value
    for name, value in dict(globals()).items()
    if name.startswith("case_") and name not in ("case_of_loss", "case_sparse", "case_reduction")
}
for _name in LOSSES:
    for _weights in WEIGHTS:
        CASES[_name + "_" + _weights] = functools.partial(case_of_loss, name=_name, weights=_weights)
for _weights in WEIGHTS:
    CASES["sparse_" + _weights] = functools.partial(case_sparse, weights=_weights)
for _reduction in ("none", "weighted_sum", "weighted_sum_over_batch_size", "weighted_mean"):
    CASES["reduction_" + _reduction] = functools.partial(case_reduction, reduction=_reduction)
