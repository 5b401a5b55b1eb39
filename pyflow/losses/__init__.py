"""tf.losses: how far predictions are from labels, as a number to be minimised."""
