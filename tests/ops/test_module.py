"""tf.Module and tf.CriticalSection; values are TensorFlow 1.15.5's."""

from __future__ import annotations

import threading

import pytest

import pyflow as tf


class Inner(tf.Module):
    def __init__(self, name=None):
        super().__init__(name=name)
        self.v = tf.Variable(2.0, trainable=False, name="v")
        self.d = {"a": tf.Variable(0.0, name="a")}


class OuterPart(tf.Module):
    def __init__(self, name=None):
        super().__init__(name=name)
        with self.name_scope:
            self.w = tf.Variable(1.0, name="w")
            self.parts = [Inner(), Inner("other")]

    @tf.Module.with_name_scope
    def __call__(self, x):
        return tf.multiply(x, self.w, name="y")


def names(things):
    return [thing.name for thing in things]


def test_module_finds_what_is_within():
    part = OuterPart()
    assert part.name == "outer_part" and part(2.0).name == "outer_part/y:0"
    scope = "outer_part/"
    assert names(part.variables) == [scope + n for n in ("w:0", "a:0", "v:0", "a_1:0", "v_1:0")]
    assert names(part.trainable_variables) == [scope + n for n in ("w:0", "a:0", "a_1:0")]
    assert names(part.submodules) == ["inner", "other"]
    with pytest.raises(ValueError, match="'bad name' is not a valid module name"):
        OuterPart("bad name")


def test_section_is_entered_by_one_operation_after_the_other():
    v = tf.Variable(0.0, use_resource=True)
    section = tf.CriticalSection(name="cs")
    added = section.execute(lambda: v.assign_add(1.0))
    again = section.execute(lambda: v.assign_add(1.0))
    assert section.name == "cs" and added.name == "critical_section_execute/Identity_1:0"
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run([added, again]) == [1.0, 2.0]


def test_section_cannot_enter_itself():
    section = tf.CriticalSection()
    with pytest.raises(ValueError, match="attempts to directly access the CriticalSection"):
        section.execute(lambda: section.execute(lambda: tf.constant(1.0)))


def test_a_failed_run_leaves_the_section():
    section = tf.CriticalSection()
    with tf.Session() as session:
        for _ in range(2):
            with pytest.raises(tf.errors.InvalidArgumentError):
                session.run(section.execute(lambda: tf.check_numerics(float("nan"), "no number")))


@pytest.mark.native
def test_section_is_entered_by_one_thread_at_a_time():
    inside, most = [], []

    def enter(x):
        inside.append(x)
        most.append(len(inside))
        inside.pop()
        return x

    result = tf.CriticalSection().execute(lambda: tf.py_func(enter, [1.0], tf.float32))
    with tf.Session() as session:
        threads = [threading.Thread(target=session.run, args=(result,)) for _ in range(8)]
        [t.start() for t in threads]
        [t.join() for t in threads]
    assert most == [1] * 8


def test_gradient_by_computing_once_more():
    calls = []

    @tf.recompute_grad
    def wave(x):
        calls.append(x)
        return tf.sin(x * x)

    x = tf.constant(3.0)
    (slope,) = tf.gradients(wave(x), x)
    with tf.Session() as session:
        assert session.run(slope) == session.run(tf.cos(x * x) * 2 * x) and len(calls) == 2
