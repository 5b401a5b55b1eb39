"""tf.contrib.crf under TensorFlow 1.15.5; the results are kept in crf.json. Python 3.7 runs it too."""

import numpy as np

LENGTHS = [4, 2, 1, 0]
STEPS = {"known": [4, 4, 3], "single": [4, 1, 3], "unknown": [None, None, 3]}


def numbers(*shape):
    return np.sin(np.arange(np.prod(shape)) * 1.7).reshape(shape).astype(np.float32)


def of_steps(static):
    def case(tf):
        crf = tf.contrib.crf
        steps = static[1] or 4
        scores = tf.placeholder(tf.float32, static)
        tags = tf.placeholder(tf.int32, static[:2])
        lengths = tf.constant([min(n, steps) for n in LENGTHS])
        transitions = tf.constant(numbers(3, 3) * 0.7)
        likelihood, params = crf.crf_log_likelihood(scores, tags, lengths, transitions)
        allowed = tf.constant(numbers(4, steps, 3) > -0.6)
        decoded, best = crf.crf_decode(scores, transitions, lengths)
        fetches = [
            crf.crf_sequence_score(scores, tags, lengths, transitions),
            crf.crf_log_norm(scores, lengths, transitions),
            crf.crf_multitag_sequence_score(scores, allowed, lengths, transitions),
            likelihood,
            decoded,
            best,
            tf.gradients(tf.reduce_sum(likelihood), [scores])[0],
        ]
        if static[1] != 1:
            fetches.append(tf.gradients(tf.reduce_sum(likelihood), [transitions])[0])
        feed = {scores: numbers(4, steps, 3), tags: np.arange(4 * steps).reshape(4, steps) * 5 % 3}
        with tf.Session() as session:
            return [value.tolist() for value in session.run(fetches, feed)]

    return case


def case_variable(tf):
    with tf.variable_scope("crf"):
        _, params = tf.contrib.crf.crf_log_likelihood(
            tf.ones([2, 3, 5]), tf.constant([[0, 1, 2], [1, 2, 3]]), tf.constant([3, 2])
        )
    return [params.name, params.shape.as_list()]


def case_viterbi(tf):
    tags, score = tf.contrib.crf.viterbi_decode(numbers(5, 3), numbers(3, 3) * 0.7)
    return [[int(tag) for tag in tags], float(score)]


CASES = {name[5:]: function for name, function in list(globals().items()) if name.startswith("case_")}
for key in STEPS:
    CASES["steps_" + key] = of_steps(STEPS[key])
