"""What a model function is called for."""

from __future__ import annotations

from pyflow.core.api import export

# The names of metrics that an evaluation always, or a head usually, has.
LOSS_METRIC_KEY = "loss"
AVERAGE_LOSS_METRIC_KEY = "average_loss"


@export("estimator.ModeKeys")
class ModeKeys:
    """What a model function is called for: training, evaluation, prediction."""

    TRAIN = "train"
    EVAL = "eval"
    PREDICT = "infer"


EstimatorModeKeys = ModeKeys


def is_train(mode: str) -> bool:
    return mode == "train"


def is_eval(mode: str) -> bool:
    """Whether a mode is that of evaluation, of estimators or of Keras."""
    return mode in ("test", "eval")


def is_predict(mode: str) -> bool:
    """Whether a mode is that of prediction, of estimators or of Keras."""
    return mode in ("predict", "infer")
