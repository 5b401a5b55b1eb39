"""tf.test: the test case that TensorFlow programs derive their tests from, and gradient checks."""
