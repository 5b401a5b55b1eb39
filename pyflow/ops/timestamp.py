"""tf.timestamp: the time at which a run comes by."""

from __future__ import annotations

import time

import numpy as np

from pyflow.core.api import export
from pyflow.core.registry import NOT_DIFFERENTIABLE, op
from pyflow.ops.shape_rules import scalar


@op("Timestamp() -> (ts: float64)")
class Timestamp:
    """Seconds since 1970, as float64."""

    shape = scalar

    def cpu():
        return np.array(time.time(), np.float64)

    grad = NOT_DIFFERENTIABLE
    stateful = True


timestamp = export("timestamp")(Timestamp)
