"""tf.keras: models and layers that train themselves, on graphs and sessions. Loaded when first used."""
