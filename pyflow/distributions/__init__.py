"""tf.distributions: random variables with densities, moments and samples."""
