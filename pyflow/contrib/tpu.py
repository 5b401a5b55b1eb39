"""tf.contrib.tpu: what programs written for TPUs use of it where there is none."""

from pyflow.estimator import tpu_config, tpu_estimator, tpu_spec

__all__ = ["tpu_config", "tpu_estimator", "tpu_spec"]
