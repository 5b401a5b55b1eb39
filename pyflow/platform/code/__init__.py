"""What TensorFlow keeps in `tensorflow.python.util`: decorators, introspection, deprecation, collections by identity.

PyFlow itself does not use them; programs and tests that import from TensorFlow's internals do.
"""
