"""tf.feature_column: how raw features become the numbers that a model is fed. Loaded when first used."""
