"""The metrics that only tf.contrib.metrics has; what they give under TensorFlow 1.15.5, batch after batch."""

import numpy as np

RANDOM = np.random.RandomState(0)
PREDICTIONS = RANDOM.uniform(size=[3, 8]).round(2)
LABELS = (RANDOM.uniform(size=[3, 8]) < PREDICTIONS).astype(np.int64)
WEIGHTS = RANDOM.uniform(size=[3, 8]).round(2)


def _values(value):
    return [np.round(np.asarray(x, np.float64), 4).tolist() for x in (value if isinstance(value, tuple) else [value])]


def _case(metric):
    def case(tf):
        with tf.Graph().as_default():
            p, w = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
            y = tf.placeholder(tf.int64, [None])
            value, update = metric(tf, tf.contrib.metrics, p, y, w)
            found = [[v.name for v in tf.local_variables()]]
            with tf.Session() as session:
                session.run(tf.local_variables_initializer())
                for batch in zip(PREDICTIONS, LABELS, WEIGHTS):
                    feeds = dict(zip([p, y, w], batch))
                    session.run(update, feeds)
                    found.append(_values(session.run(value, feeds)))
        return found

    return case


METRICS = {
    "false_positive_rates": lambda tf, m, p, y, w: m.streaming_false_positive_rate_at_thresholds(p, y, [0.2, 0.8], w),
    "false_negative_rates": lambda tf, m, p, y, w: m.streaming_false_negative_rate_at_thresholds(p, y, [0.2, 0.8]),
    "curve_points": lambda tf, m, p, y, w: m.streaming_curve_points(y, p, num_thresholds=5),
    "curve_points_pr": lambda tf, m, p, y, w: m.streaming_curve_points(y, p, w, num_thresholds=5, curve="PR"),
    "recall_at_precision": lambda tf, m, p, y, w: m.recall_at_precision(y, p, 0.7),
    "recall_at_precision_strict": lambda tf, m, p, y, w: m.recall_at_precision(y, p, 0.7, w, strict_mode=True),
    "precision_at_recall": lambda tf, m, p, y, w: m.precision_at_recall(y, p, 0.7, w),
    "equal_thresholds": lambda tf, m, p, y, w: m.precision_recall_at_equal_thresholds(y > 0, p, w, 5),
    "kappa": lambda tf, m, p, y, w: m.cohen_kappa(y, tf.cast(p > 0.5, tf.int64), 2),
    "kappa_weighted": lambda tf, m, p, y, w: m.cohen_kappa(y, tf.cast(p > 0.5, tf.int64), 2, w),
    "concat": lambda tf, m, p, y, w: m.streaming_concat(p),
    "concat_some": lambda tf, m, p, y, w: m.streaming_concat(tf.reshape(p, [2, 4]), axis=1, max_size=6),
    "dynamic_auc": lambda tf, m, p, y, w: m.streaming_dynamic_auc(y, p),
    "dynamic_auc_pr": lambda tf, m, p, y, w: m.streaming_dynamic_auc(y, p, curve="PR", weights=w),
    "confidence": lambda tf, m, p, y, w: m.auc_with_confidence_intervals(y, p),
    "confidence_plain": lambda tf, m, p, y, w: m.auc_with_confidence_intervals(y, p, w, 0.9, False),
    "histogram": lambda tf, m, p, y, w: m.auc_using_histogram(y > 0, p, [0.0, 1.0], nbins=7),
}
CASES = {name: _case(metric) for name, metric in METRICS.items()}
