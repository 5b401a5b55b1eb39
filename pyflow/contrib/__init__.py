"""tf.contrib: helpers that TensorFlow 1 kept outside of its core. Loaded when first used."""
