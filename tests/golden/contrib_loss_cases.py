"""tf.contrib's rarer losses, activations and copies under TensorFlow 1.15.5; kept in contrib_losses.json."""

import numpy as np
from state_cases import error

RNG = np.random.RandomState(4)
ROWS, OTHERS = RNG.randn(2, 6, 4).astype(np.float32)
LABELS = np.array([0, 1, 0, 2, 1, 0], np.int32)


def digits(x):
    return [float(f"{v:.5g}") if np.isfinite(v) else str(v) for v in np.asarray(x, np.float64).ravel()]


def with_gradient(tf, function, *values):
    """A result, its name, and its gradients."""
    inputs = [tf.constant(v) for v in values]
    y = function(*inputs)
    gradients = tf.gradients(y, inputs)
    with tf.Session() as session:
        return [y.name, y.shape.as_list(), [digits(v) for v in session.run([y] + gradients)]]


def case_metric_learning(tf):
    m = tf.contrib.losses.metric_learning
    same = np.float32([1, 0, 1, 0, 0, 1])
    sparse = [tf.SparseTensor([[0]], [1], [4]), tf.SparseTensor([[0], [2]], [1, 1], [4])] * 3
    return [
        with_gradient(tf, lambda x: m.triplet_semihard_loss(LABELS, x), ROWS),
        with_gradient(tf, lambda x: m.triplet_semihard_loss(LABELS, x, margin=0.2), ROWS / 3),
        with_gradient(tf, lambda x: m.lifted_struct_loss(LABELS, x), ROWS),
        with_gradient(tf, lambda x, y: m.contrastive_loss(same, x, y, 2.0), ROWS, OTHERS),
        with_gradient(tf, lambda x, y: m.npairs_loss(LABELS, x, y), ROWS, OTHERS),
        with_gradient(tf, lambda x, y: m.npairs_loss_multilabel(sparse, x, y, 0.1), ROWS, OTHERS)[1:],
        error(m.npairs_loss_multilabel, [1, 2], ROWS, OTHERS),
    ]


def case_activations(tf):
    nn, sm = tf.contrib.nn, tf.contrib.sparsemax
    shares = np.abs(ROWS) / np.abs(ROWS).sum(1, keepdims=True)
    odd = np.float32([[1, np.inf, 0], [np.nan, 0, 1], [-np.inf, 0, 0.1]])
    return [
        with_gradient(tf, sm.sparsemax, ROWS),
        with_gradient(tf, lambda z: sm.sparsemax_loss(z, sm.sparsemax(z), tf.constant(shares)), ROWS),
        with_gradient(tf, lambda x: nn.alpha_dropout(x, 0.6, seed=3), ROWS)[1:],
        with_gradient(tf, lambda x, a: nn.scaled_softplus(x, a), ROWS, np.float32(1.5))[1:],
        with_gradient(tf, lambda x, a: nn.scaled_softplus(x, a, clip=1.0), ROWS, np.float32(0.5))[1:],
        with_gradient(tf, lambda z: nn.deprecated_flipped_softmax_cross_entropy_with_logits(z, shares), ROWS)[1:],
        error(nn.alpha_dropout, ROWS, 1.5),
        digits(tf.Session().run(sm.sparsemax(odd))),
    ]


def case_copies(tf):
    copy = tf.contrib.copy_graph
    v = tf.Variable([1.0, 2.0], name="v")
    x = tf.placeholder(tf.float32, [2], name="x")
    with tf.name_scope("inner"):
        y = tf.multiply(x + v, 2.0, name="y")
    tf.add_to_collection("results", y)
    other = tf.Graph()
    results = []
    for scope in ("", "there"):
        w = copy.copy_variable_to_graph(v, other, scope)
        z = copy.copy_op_to_graph(y, other, [w], scope)
        with tf.Session(graph=other) as session:
            session.run(w.initializer)
            value = session.run(z, {copy.get_copied_op(x, other, scope): [3.0, 4.0]})
        results.append([w.name, z.name, sorted(other.get_all_collection_keys()), digits(value)])
    results.append(sorted(op.name for op in other.get_operations() if "initial" not in op.name))
    return results


def case_summaries(tf):
    d = tf.contrib.deprecated
    made = [d.scalar_summary("a", 1.0), d.scalar_summary(["b", "c"], [2.0, 3.0]), d.histogram_summary("h", [1.0, 2.0]),
            d.image_summary("i", np.zeros((1, 2, 2, 1), np.float32)), d.audio_summary("s", np.zeros((1, 4)), 8000.0)]
    merged = d.merge_all_summaries()
    with tf.Session() as session:
        text = session.run(merged)
    summary = tf.Summary.FromString(text)
    return [[t.name for t in made], merged.name, [v.tag for v in summary.value]]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
