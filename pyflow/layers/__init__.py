"""tf.layers: layers with their variables, as functions and as objects."""
