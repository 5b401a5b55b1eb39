"""What metrics give under TensorFlow 1.15.5, batch after batch, and the variables and nodes they make."""

import numpy as np
from outcomes import error

RANDOM = np.random.RandomState(3)
BATCHES = 3
FLOATS = {"labels": RANDOM.uniform(-1, 1, (BATCHES, 4, 3)), "predictions": RANDOM.uniform(-1, 1, (BATCHES, 4, 3))}
BINARY = {"labels": RANDOM.randint(0, 2, (BATCHES, 8)), "predictions": RANDOM.uniform(0, 1, (BATCHES, 8)).round(3)}
CLASSES = {"labels": RANDOM.randint(0, 4, (BATCHES, 6)), "predictions": RANDOM.randint(0, 4, (BATCHES, 6))}
BOOLS = {"labels": RANDOM.randint(0, 2, (BATCHES, 6)), "predictions": RANDOM.randint(0, 2, (BATCHES, 6))}
RANKED = {"labels": RANDOM.randint(0, 5, (BATCHES, 4, 2)), "predictions": RANDOM.permutation(60).reshape(BATCHES, 4, 5)}
SINGLE = {"labels": RANDOM.randint(0, 5, (BATCHES, 4)), "predictions": RANDOM.permutation(60).reshape(BATCHES, 4, 5)}
TYPES = {"labels": "float32", "predictions": "float32"}
WHOLE = {"labels": "int64", "predictions": "int64"}
RANKS = {"labels": "int64", "predictions": "float32"}


def rounded(value):
    return [float(f"{x:.5g}") if x == x else "nan" for x in np.asarray(value, np.float64).reshape(-1)]


def types_in(graph):
    """The types of the nodes, where there are no branches: those are made in different ways."""
    types = sorted(op.type for op in graph.get_operations() if "ssert" not in op.name)
    return [] if {"Switch", "If", "StatelessIf"} & set(types) else types


def case(build, data, types, weights=None):
    """Values before, after each batch and at the end; names of variables; names of nodes."""

    def run(tf):
        with tf.Graph().as_default() as graph:
            try:
                sources = {key: tf.placeholder(types[key], data[key].shape[1:], name=key) for key in sorted(data)}
                extra = {} if weights is None else {"weights": tf.constant(weights, tf.float32)}
                extra.update(metrics_collections="values", updates_collections="updates")
                metric, update = build(tf, **sources, **extra)
                results = []
                with tf.Session() as session:
                    session.run(tf.local_variables_initializer())
                    for i in range(BATCHES):
                        feeds = {sources[key]: data[key][i] for key in data}
                        results.append([rounded(session.run(metric)), rounded(session.run(update, feeds))])
                    results.append(rounded(session.run(metric)))
                return {
                    "results": results,
                    "variables": [v.name for v in tf.get_collection(tf.GraphKeys.METRIC_VARIABLES)],
                    "local": [v.name for v in tf.local_variables()],
                    "collections": [x.name for x in tf.get_collection("values") + tf.get_collection("updates")],
                    "metric": [metric.name, update.name],
                    "types": types_in(graph),
                }
            except Exception as exception:
                return error(exception)

    return run


W4 = [1.0, 0.0, 2.0, 0.5]
CASES = {
    "mean": case(lambda tf, predictions, labels, **k: tf.metrics.mean(predictions, **k), FLOATS, TYPES),
    "mean of weighted": case(
        lambda tf, predictions, labels, **k: tf.metrics.mean(predictions, **k), FLOATS, TYPES, [[w] for w in W4]),
    "mean_tensor": case(lambda tf, predictions, labels, **k: tf.metrics.mean_tensor(predictions, **k), FLOATS, TYPES),
    "mean_tensor of weighted": case(
        lambda tf, predictions, labels, **k: tf.metrics.mean_tensor(predictions, **k), FLOATS, TYPES,
        [[w] for w in W4]),
    "percentage_below": case(
        lambda tf, predictions, labels, **k: tf.metrics.percentage_below(predictions, 0.2, **k), FLOATS, TYPES),
    "accuracy": case(lambda tf, **k: tf.metrics.accuracy(**k), CLASSES, WHOLE),
    "accuracy of weighted": case(lambda tf, **k: tf.metrics.accuracy(name="own", **k), CLASSES, RANKS, 2.0),
    "mean_absolute_error": case(lambda tf, **k: tf.metrics.mean_absolute_error(**k), FLOATS, TYPES),
    "mean_squared_error": case(lambda tf, **k: tf.metrics.mean_squared_error(**k), FLOATS, TYPES, [[w] for w in W4]),
    "root_mean_squared_error": case(lambda tf, **k: tf.metrics.root_mean_squared_error(**k), FLOATS, TYPES),
    "mean_relative_error": case(
        lambda tf, **k: tf.metrics.mean_relative_error(normalizer=k["labels"], **k), FLOATS, TYPES),
    "mean_cosine_distance": case(lambda tf, **k: tf.metrics.mean_cosine_distance(dim=1, **k), FLOATS, TYPES),
    "mean_iou": case(lambda tf, **k: tf.metrics.mean_iou(num_classes=5, **k), CLASSES, WHOLE),
    "mean_iou of weighted": case(
        lambda tf, **k: tf.metrics.mean_iou(num_classes=4, **k), CLASSES, WHOLE, W4 + [1.0, 3.0]),
    "mean_per_class_accuracy": case(
        lambda tf, **k: tf.metrics.mean_per_class_accuracy(num_classes=4, **k), CLASSES, WHOLE),
    "auc": case(lambda tf, **k: tf.metrics.auc(**k), BINARY, RANKS),
    "auc of weighted": case(lambda tf, **k: tf.metrics.auc(num_thresholds=5, **k), BINARY, RANKS, W4 + W4),
    "auc of precision": case(
        lambda tf, **k: tf.metrics.auc(curve="PR", summation_method="careful_interpolation", **k), BINARY, RANKS),
    "auc of precision from above": case(
        lambda tf, **k: tf.metrics.auc(curve="PR", summation_method="majoring", thresholds=[0.5, 0.2], **k),
        BINARY, RANKS),
    "auc from below": case(lambda tf, **k: tf.metrics.auc(summation_method="minoring", **k), BINARY, RANKS),
    "auc of nothing": case(lambda tf, **k: tf.metrics.auc(curve="X", **k), BINARY, RANKS),
    "auc of what is no probability": case(lambda tf, **k: tf.metrics.auc(**k), FLOATS, TYPES),
    "precision_at_k of a class": case(lambda tf, **k: tf.metrics.precision_at_k(k=3, class_id=2, **k), RANKED, RANKS),
    "precision_at_k of weighted": case(lambda tf, **k: tf.metrics.precision_at_k(k=2, **k), RANKED, RANKS, W4),
    "sensitivity": case(lambda tf, **k: tf.metrics.sensitivity_at_specificity(specificity=0.6, **k), BINARY, RANKS),
    "specificity": case(lambda tf, **k: tf.metrics.specificity_at_sensitivity(sensitivity=0.6, **k), BINARY, RANKS),
}  # fmt: skip
for _name in ("true_positives", "false_positives", "true_negatives", "false_negatives", "precision", "recall"):
    CASES[_name] = case(lambda tf, n=_name, **k: getattr(tf.metrics, n)(**k), BOOLS, WHOLE)
    CASES[_name + " of weighted"] = case(
        lambda tf, n=_name, **k: getattr(tf.metrics, n)(**k), BOOLS, WHOLE, W4 + [1.0, 3.0]
    )
    CASES[_name + "_at_thresholds"] = case(
        lambda tf, n=_name + "_at_thresholds", **k: getattr(tf.metrics, n)(thresholds=[0.1, 0.5, 0.9], **k),
        BINARY, RANKS,
    )  # fmt: skip
for _name in ("precision_at_k", "recall_at_k", "average_precision_at_k"):
    CASES[_name] = case(lambda tf, n=_name, **k: getattr(tf.metrics, n)(k=3, **k), RANKED, RANKS)
    CASES[_name + " of single labels"] = case(lambda tf, n=_name, **k: getattr(tf.metrics, n)(k=2, **k), SINGLE, RANKS)


def contrib(name, *arguments):
    def build(tf, labels, predictions, **kwargs):
        return getattr(tf.contrib.metrics, name)(predictions, labels, *arguments, **kwargs)

    return build


CASES.update(
    {
        "contrib: accuracy": case(contrib("streaming_accuracy"), CLASSES, WHOLE),
        "contrib: auc": case(contrib("streaming_auc", None, 50), BINARY, RANKS),
        "contrib: mean_iou": case(contrib("streaming_mean_iou", 5), CLASSES, WHOLE),
        "contrib: precision": case(contrib("streaming_precision"), BOOLS, WHOLE, W4 + [1.0, 3.0]),
        "contrib: sparse_precision_at_k": case(contrib("streaming_sparse_precision_at_k", 3), RANKED, RANKS),
        "contrib: recall_at_k": case(contrib("streaming_recall_at_k", 2), SINGLE, RANKS),
        "contrib: false_positive_rate": case(contrib("streaming_false_positive_rate"), BOOLS, WHOLE),
        "contrib: false_negative_rate": case(contrib("streaming_false_negative_rate"), BOOLS, WHOLE),
        "contrib: covariance": case(contrib("streaming_covariance"), FLOATS, TYPES),
        "contrib: covariance of weighted": case(contrib("streaming_covariance"), BINARY, TYPES, W4 + W4),
        "contrib: pearson_correlation": case(contrib("streaming_pearson_correlation"), FLOATS, TYPES),
        "contrib: f1_score": case(lambda tf, **k: tf.contrib.metrics.f1_score(**k), BINARY, RANKS),
        "contrib: count": case(
            lambda tf, predictions, labels, **k: tf.contrib.metrics.count(predictions, **k), FLOATS, TYPES, 2.0
        ),
    }
)
