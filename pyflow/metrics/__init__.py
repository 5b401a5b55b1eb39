"""tf.metrics: numbers that grow with the batches they have seen, each as a value and an operation that adds a batch."""
