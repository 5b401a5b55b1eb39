"""tf.estimator: a model function that is trained, evaluated and exported in a folder. Loaded when first used."""
