"""tf.train: optimisers, moving averages, learning-rate schedules."""
