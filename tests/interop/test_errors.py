"""Wrong programs give errors of the class that TensorFlow 2.21 gives, in words that say the same.

What 1.15 itself said is compared word for word in tests/test_public_errors.py.
"""

from __future__ import annotations

import re

import pytest

import pyflow
from tests.golden_cases import Golden

PROGRAMS = Golden("error_cases", "errors.json").cases
# What has changed since 1.15.
ACCEPTED = {
    "cross_entropy_unnamed": "labels and logits may be given by position now",
    "run_cholesky": "gives NaNs now",
}
REWORDED = {"constant_ragged", "einsum_letters", "get_variable_without_shape", "int_times_float", "multiply_by_text"}


def words(message: str) -> set[str]:
    return set(re.findall(r"[a-z_0-9.]+", message.lower()))


def outcome(tf, name: str) -> tuple[str, str]:
    with tf.Graph().as_default():
        kind, message = PROGRAMS[name](tf)
    return kind, message


@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - set(ACCEPTED)))
def test_error_is_that_of_tensorflow_today(name, tensorflow):
    (kind, message), (their_kind, their_message) = outcome(pyflow, name), outcome(tensorflow, name)
    assert kind == their_kind, their_message
    if name not in REWORDED:
        ours, theirs = words(message), words(their_message)
        assert len(ours & theirs) >= 0.5 * min(len(ours), len(theirs)), f"{message!r} here, {their_message!r} there"


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_program_is_no_longer_wrong_there(name, tensorflow):
    assert outcome(tensorflow, name)[0] == "no error"
    assert outcome(pyflow, name)[0] != "no error"
