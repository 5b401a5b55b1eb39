"""Connectionist temporal classification under TensorFlow 1.15.5; the results are kept in ctc.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import numpy as np
from layer_cases import rounded
from state_cases import error, nodes, plain

WAVES = np.sin(np.arange(4 * 2 * 4, dtype=np.float32) * 1.7).reshape(4, 2, 4) * 2


def sparse_labels(tf, labels):
    indices = [(b, i) for b, label in enumerate(labels) for i in range(len(label))]
    values = [v for label in labels for v in label]
    return tf.SparseTensor(
        np.array(indices, np.int64).reshape(-1, 2), np.array(values, np.int32), np.array([len(labels), 9], np.int64)
    )


def loss_and_gradient(tf, x, labels, lengths, **settings):
    """The loss and its gradient; the first line of an error in a run."""
    x = tf.placeholder_with_default(x, None)
    loss = tf.nn.ctc_loss(
        sparse_labels(tf, labels), x, tf.placeholder_with_default(np.array(lengths, np.int32), None), **settings
    )
    with tf.Session() as session:
        try:
            losses, gradient = session.run([loss, loss.op.outputs[1]])
            return [str(v) if np.isinf(v) else rounded(v) for v in losses] + rounded(gradient)
        except Exception as exception:
            return [type(exception).__name__, str(exception).split("\n")[0]]


def case_losses(tf):
    x = WAVES
    steep = x.astype(np.float64)
    steep[:, :, 3] += 200
    return [
        loss_and_gradient(tf, x, [[0, 1], [2]], [4, 3]),
        loss_and_gradient(tf, x.astype(np.float64), [[0, 1], [2]], [4, 3]),
        loss_and_gradient(tf, x, [[0, 0], [2, 2]], [4, 3]),
        loss_and_gradient(tf, x, [[0, 0], [2, 2]], [4, 3], ctc_merge_repeated=False),
        loss_and_gradient(tf, x, [[0, 0], [2, 2]], [4, 3], preprocess_collapse_repeated=True),
        loss_and_gradient(tf, x, [[0, 3], [1, 4]], [4, 3]),
        loss_and_gradient(tf, x, [[0, 1], [1, 2, 0, 1]], [4, 3], ignore_longer_outputs_than_inputs=True),
        loss_and_gradient(tf, x, [[0, 1], [1, 1, 1]], [4, 3]),
        loss_and_gradient(tf, x, [[0, 1], [1, 1, 1]], [4, 2], preprocess_collapse_repeated=True),
        loss_and_gradient(
            tf,
            x,
            [[0, 1], [1, 1, 1]],
            [4, 2],
            preprocess_collapse_repeated=True,
            ignore_longer_outputs_than_inputs=True,
        ),
        loss_and_gradient(tf, x, [[0, 1], [1]], [4, 0], ignore_longer_outputs_than_inputs=True),
        loss_and_gradient(tf, steep.astype(np.float32), [[0, 1], [1]], [4, 3]),
        loss_and_gradient(tf, steep, [[0, 1], [1]], [4, 3]),
        loss_and_gradient(tf, x.transpose(1, 0, 2), [[0, 1], [2]], [4, 3], time_major=False),
    ]


def case_errors(tf):
    x = WAVES
    return [
        loss_and_gradient(tf, x, [[0, 1], []], [4, 3]),
        loss_and_gradient(tf, x, [[3, 0], [1]], [4, 3]),
        loss_and_gradient(tf, x, [[0, 1], [2, 3, 1]], [4, 3]),
        loss_and_gradient(tf, x, [[-1, 0], [1]], [4, 3]),
        loss_and_gradient(tf, x, [[0, 1], [1, 2, 0, 1]], [4, 3]),
        loss_and_gradient(tf, x, [[0, 1], [1]], [4, 0]),
        loss_and_gradient(tf, x, [[0, 1], [1]], [4, 5]),
        loss_and_gradient(tf, x, [[0, 1], [1]], [4, -1]),
        loss_and_gradient(tf, x, [[0, 1], [1]], [4]),
        loss_and_gradient(tf, x, [[0, 1], [1], [2]], [4, 3]),
        loss_and_gradient(tf, x, [[0, 1]], [4, 3]),
        loss_and_gradient(tf, x[0], [[0, 1], [1]], [4, 3]),
        loss_and_gradient(tf, x, [[0, 1], [1]], [[4, 3]]),
        error(tf.nn.ctc_loss, [[1]], x, [4, 3]),
        error(tf.nn.ctc_loss, sparse_labels(tf, [[0], [1]]), x[0], [4, 3]),
        error(tf.nn.ctc_loss, sparse_labels(tf, [[0], [1]]), x, [4, 3, 2]),
        error(tf.nn.ctc_loss, sparse_labels(tf, [[0], [1]]), x, [[4, 3]]),
        error(tf.nn.ctc_loss, sparse_labels(tf, [[0], [1]]), x, [4, 3], logits=x),
        error(tf.nn.ctc_greedy_decoder, x, [4, 3, 2]),
        error(tf.nn.ctc_beam_search_decoder, x[0], [4, 3]),
        error(tf.nn.ctc_beam_search_decoder, x, [4, 3], beam_width=0),
        error(tf.nn.ctc_beam_search_decoder, x, [4, 3], top_paths=0),
    ]


def case_damaged_labels(tf):
    found = []
    for rows in (
        [(1, 0), (0, 0), (0, 1)],
        [(0, 1), (0, 0), (1, 0)],
        [(0, 0), (0, 0), (1, 0)],
        [(0, 0), (0, 2), (1, 1)],
        [(0, 0), (0, 1), (-1, 0)],
    ):
        labels = tf.SparseTensor(np.array(rows, np.int64), np.array([2, 0, 1], np.int32), np.array([2, 9], np.int64))
        with tf.Session() as session:
            loss = tf.nn.ctc_loss(labels, WAVES, [4, 3])
            try:
                found.append(rounded(session.run(loss)))
            except Exception as exception:
                found.append([type(exception).__name__, str(exception).split("\n")[0]])
    return found


def case_graph(tf):
    x = tf.placeholder(tf.float32, [None, 2, 4], name="x")
    loss = tf.nn.ctc_loss(sparse_labels(tf, [[0, 1], [2]]), x, [4, 3])
    (dx,) = tf.gradients(loss * [1.0, 2.0], x)
    (decoded,), score = tf.nn.ctc_greedy_decoder(x, [4, 3])
    paths, scores = tf.nn.ctc_beam_search_decoder(x, [4, 3], 5, 2)
    shapes = [str(t.shape) for t in (loss, dx, decoded.indices, decoded.values, decoded.dense_shape, score)]
    shapes += [str(t.shape) for t in (paths[1].indices, paths[1].values, paths[1].dense_shape, scores)]
    with tf.Session() as session:
        values = session.run([loss, dx], {x: WAVES})
    return nodes(tf) + shapes + rounded(values) + [error(tf.gradients, dx, x)]


def decoded(tf, x, lengths, beams, **settings):
    decoder = tf.nn.ctc_beam_search_decoder if beams else tf.nn.ctc_greedy_decoder
    x, lengths = (tf.placeholder_with_default(v, None) for v in (x, np.asarray(lengths, np.int32)))
    paths, scores = decoder(x, lengths, **settings)
    with tf.Session() as session:
        try:
            found = session.run([[[p.indices, p.values, p.dense_shape] for p in paths], scores])
            return [plain(found[0]), rounded(found[1])]
        except Exception as exception:
            return [type(exception).__name__, str(exception).split("\n")[0]]


def case_decoders(tf):
    x = np.array(
        [[[3, 1, 0], [0, 0, 2]], [[3, 1, 0], [0, 0.5, 2]], [[0, 1, 3], [0, 1, 0.2]], [[3, 1, 0], [0, 1, 0.3]]],
        np.float32,
    )
    long = np.sin(np.arange(12 * 3 * 5) * 2.3).reshape(12, 3, 5) * 2
    return [
        decoded(tf, x, [4, 3], False),
        decoded(tf, x, [4, 3], False, merge_repeated=False),
        decoded(tf, x, [4, 3], True, beam_width=3, top_paths=2),
        decoded(tf, x, [4, 3], True, beam_width=3, top_paths=2, merge_repeated=False),
        decoded(tf, x.astype(np.float64), [4, 3], True),
        decoded(tf, x, [4, 0], False),
        decoded(tf, x, [4, 0], True),
        decoded(tf, x, [4, 0], True, top_paths=2),
        decoded(tf, x, [4, 4], True, top_paths=5, beam_width=3),
        decoded(tf, x, [4, -1], False),
        decoded(tf, x, [4, 5], False),
        decoded(tf, x, [4, 5], True),
        decoded(tf, x, [4], False),
        decoded(tf, x, [[4, 3]], False),
        decoded(tf, x[0], [4, 3], False),
        decoded(tf, long, [12, 7, 9], False),
        decoded(tf, long, [12, 7, 9], True, beam_width=4, top_paths=4),
        decoded(tf, long, [12, 7, 9], True, beam_width=20, top_paths=5, merge_repeated=False),
        decoded(tf, long.astype(np.float32), [12, 7, 9], True, top_paths=3),
        decoded(tf, long, [12, 7, 9], True, beam_width=1),
        decoded(tf, long, [2, 1, 1], True, beam_width=100, top_paths=3),
    ]


def dense(tf, x, labels, label_lengths, lengths, **settings):
    x = tf.constant(x)
    labels = labels(tf) if callable(labels) else tf.constant(labels)
    loss = tf.nn.ctc_loss_v2(labels, x, label_lengths, lengths, **settings)
    (dx,) = tf.gradients(loss, x)
    with tf.Session() as session:
        return rounded(session.run([loss, dx])[0]) + rounded(session.run(dx))


def case_dense_losses(tf):
    labels = [[1, 2, 0], [3, 0, 0]]
    repeated = [[1, 1, 0], [3, 1, 2]]
    flat = WAVES.transpose(1, 0, 2)
    found = [
        dense(tf, WAVES, labels, [2, 1], [4, 3]),
        dense(tf, WAVES, repeated, [2, 3], [4, 3]),
        dense(tf, WAVES, repeated, [2, 3], [4, 3], unique=tf.nn.ctc_unique_labels(tf.constant(repeated))),
        dense(tf, flat, labels, [2, 1], [4, 3], logits_time_major=False),
        dense(tf, WAVES, [[0, 2, 0], [3, 0, 0]], [2, 1], [4, 3], blank_index=1),
        dense(tf, WAVES, [[0, 2, 0], [1, 0, 0]], [2, 1], [4, 3], blank_index=-1),
        dense(tf, WAVES, [[1, 0], [0, 0]], [1, 0], [4, 3]),
        dense(tf, WAVES, lambda tf: sparse_labels(tf, [[0, 1], [3]]), None, [4, 3], blank_index=2),
        dense(tf, WAVES, lambda tf: sparse_labels(tf, [[0, 1], [2]]), None, [4, 3], blank_index=-1),
    ]
    return found + [error(tf.nn.ctc_loss_v2, sparse_labels(tf, [[0, 1], [3]]), WAVES, None, [4, 3])]


def case_labels(tf):
    labels = tf.constant([[1, 1, 2, 2, 1], [3, 3, 3, 0, 0]])
    collapsed, lengths = tf.nn.collapse_repeated(labels, [5, 3])
    unique = tf.nn.ctc_unique_labels(labels)
    with tf.Session() as session:
        return plain(session.run([collapsed, lengths] + list(unique))) + [
            [str(t.shape) for t in [collapsed, lengths] + list(unique)]
        ]


CASES = {name[5:]: thing for name, thing in sorted(globals().items()) if name.startswith("case_")}
