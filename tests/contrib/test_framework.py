"""tf.contrib.framework: looking variables up."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

framework = tf.contrib.framework


def names(variables) -> list[str]:
    return [v.op.name for v in variables]


@pytest.fixture
def variables():
    with tf.variable_scope("a"):
        tf.get_variable("w", [2])
        tf.get_variable("bias", [2], trainable=False)
    with tf.variable_scope("b") as scope:
        tf.get_variable("w", [2])
        tf.get_variable("w2", [2], collections=[tf.GraphKeys.LOCAL_VARIABLES])
        tf.add_to_collection(tf.GraphKeys.MODEL_VARIABLES, tf.get_variable("model", [1]))
    tf.get_variable("w", [1])
    return scope


def test_lookups(variables):
    assert names(framework.get_variables()) == ["a/w", "a/bias", "b/w", "b/model", "w"]
    assert names(framework.get_variables("a")) == ["a/w", "a/bias"]
    assert names(framework.get_variables(variables)) == ["b/w", "b/model"]
    assert names(framework.get_variables("a", suffix="w")) == ["a/w"]
    assert names(framework.get_variables_by_suffix("s")) == ["a/bias"]
    assert names(framework.get_variables_by_name("w")) == ["a/w", "b/w", "w"]
    assert names(framework.get_trainable_variables("a")) == ["a/w"]
    assert names(framework.get_local_variables()) == ["b/w2"]
    assert names(framework.get_model_variables("b")) == ["b/model"]


def test_unique_variable(variables):
    assert framework.get_unique_variable("a/w").op.name == "a/w"
    with pytest.raises(ValueError, match="Couldn't find variable c"):
        framework.get_unique_variable("c")
    with pytest.raises(ValueError, match="Variable b/mo does not uniquely identify a variable"):
        framework.get_unique_variable("b/mo")


def test_filters(variables):
    everything = tf.global_variables()
    assert names(framework.filter_variables(everything, ["w"], ["^a"])) == ["b/w", "w"]
    assert names(framework.filter_variables(everything, ["w"], reg_search=False)) == ["w"]
    assert names(framework.filter_variables(everything, exclude_patterns=["/"])) == ["w"]


def test_assigning_values(variables):
    assign = framework.assign_from_values_fn({"a/w": np.array([1.0, 2.0]), "w": np.array(3.0)})
    with tf.Session() as session:
        assign(session)
        assert session.run(framework.get_unique_variable("a/w")).tolist() == [1.0, 2.0]
        assert session.run(framework.get_unique_variable("w")).tolist() == [3.0]
    with pytest.raises(ValueError, match="Variable nothing wasn't found"):
        framework.assign_from_values({"nothing": np.zeros(1)})


def test_name_of_a_partition():
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(2)):
        parts = list(tf.get_variable("w", [4]))
    assert framework.get_variable_full_name(parts[1]) == "p/w"
    assert framework.get_variable_full_name(tf.get_variable("v", [1])) == "v"


def test_second_names():
    assert framework.get_or_create_global_step is tf.train.get_or_create_global_step
    assert framework.nest.flatten([1, (2, 3)]) == [1, 2, 3]
    assert framework.nest.map_structure(lambda x: x + 1, {"a": 1}) == {"a": 2}
    assert framework.is_tensor(tf.constant(1)) and tf.is_tensor(tf.Variable(1)) and not tf.is_tensor(1)
    step = framework.create_global_step()
    assert framework.assert_or_get_global_step() is step
    with tf.name_scope("outer"):
        assert framework.get_name_scope() == "outer"
    with pytest.raises(TypeError, match="does not have integer type"):
        framework.assert_or_get_global_step(global_step_tensor=tf.constant(1.0))
