"""What tf.logging says, as a list of lines, at INFO and above."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import pyflow as tf


@contextlib.contextmanager
def logged() -> Iterator[list[str]]:
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record):
            lines.append(record.getMessage())

    logger, handler, level = tf.get_logger(), Handler(), tf.logging.get_verbosity()
    logger.addHandler(handler)
    tf.logging.set_verbosity(tf.logging.INFO)
    try:
        yield lines
    finally:
        tf.logging.set_verbosity(level)
        logger.removeHandler(handler)
