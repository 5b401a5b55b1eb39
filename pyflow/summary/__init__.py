"""tf.summary: values for TensorBoard, and the event files they are written to."""
