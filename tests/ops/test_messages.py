"""tf.Print, tf.print, tf.strings.format write what TensorFlow writes."""

from __future__ import annotations

import sys

import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("message_cases", "messages.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name, capfd):
    with capfd.disabled():  # the cases catch the streams themselves
        GOLDEN.check(name)


def test_python_streams_are_written_to(capsys):
    x = tf.constant([1.0, 2.0])
    with tf.Session() as session:
        session.run([tf.Print(x, [x], "Print: "), tf.print("print:", x), tf.print(x, output_stream=sys.stdout)])
    out, err = capsys.readouterr()
    assert sorted(err.splitlines()) == ["Print: [1 2]", "print: [1 2]"]
    assert out == "[1 2]\n"


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_levels_of_logging(level, capsys):
    with tf.Session() as session:
        session.run(tf.print("words", tf.constant(1), output_stream=getattr(tf.logging, level)))
    line = capsys.readouterr().err
    assert line.endswith(f": {level[0].upper()} words 1\n")


def test_print_happens_each_time_and_before_what_depends_on_it(capsys):
    x = tf.placeholder(tf.int32, [])
    with tf.control_dependencies([tf.print("x is", x)]):
        y = x * 2
    with tf.Session() as session:
        assert [session.run(y, {x: i}) for i in range(3)] == [0, 2, 4]
    assert capsys.readouterr().err == "x is 0\nx is 1\nx is 2\n"


def test_placeholder_that_the_words_contain():
    text = tf.constant(3)
    with tf.Session() as session:
        assert session.run(tf.strings.format("{}{} of {}", [text], placeholder="{}{")) == b"3} of {}"
        assert session.run(tf.strings.format("{x} [%]", text, placeholder="%")) == b"{x} [3]"


def test_first_n_counts_in_each_session(capsys):
    x = tf.Print(tf.constant(1), [tf.constant("now")], first_n=1)
    for _ in range(2):
        with tf.Session() as session:
            session.run(x)
            session.run(x)
    assert capsys.readouterr().err == "[now]\n[now]\n"
