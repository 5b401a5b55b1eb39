"""tf.keras: models and layers that train themselves, on graphs and sessions. Loaded when first used."""

__version__ = "2.2.4-tf"
