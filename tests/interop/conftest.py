"""TensorFlow in graph mode, to compare with. Where Python is too new for it, the folder is left out; pytest says so."""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings

import pytest

TOO_NEW = sys.version_info >= (3, 14) and importlib.util.find_spec("tensorflow") is None
collect_ignore_glob = ["*"] if TOO_NEW else []


def pytest_report_header() -> str | None:
    return "tests/interop is left out: no TensorFlow for this Python" if TOO_NEW else None


@pytest.fixture(scope="session")
def tensorflow():
    """`tf.compat.v1` of TensorFlow 2.21, as it was in version 1: graphs, sessions, reference variables."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow.compat.v1 as tf
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    return tf


@pytest.fixture
def tf1(tensorflow):
    """The same, with an empty default graph."""
    tensorflow.reset_default_graph()
    with tensorflow.Graph().as_default():
        yield tensorflow
