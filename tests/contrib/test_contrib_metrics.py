"""tf.contrib.metrics gives what it gives under TensorFlow 1.15.5."""

from __future__ import annotations

import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("contrib_metric_cases", "contrib_metrics.json")


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_metric_is_tensorflow_s(name):
    GOLDEN.check(name, rtol=2e-3)


def test_arguments_are_checked():
    metrics, x = tf.contrib.metrics, tf.placeholder(tf.float32, [None, None])
    with pytest.raises(ValueError, match="`num_classes` must be >= 2"):
        metrics.cohen_kappa(x, x, 1)
    with pytest.raises(ValueError, match="other than the dimension to concatenate along must have statically known"):
        metrics.streaming_concat(x)
    with pytest.raises(ValueError, match="curve must be either ROC or PR, A unknown"):
        metrics.streaming_dynamic_auc(x, x, curve="A")
