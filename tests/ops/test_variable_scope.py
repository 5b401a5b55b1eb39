"""get_variable, variable scopes, partitioned variables and templates."""

from __future__ import annotations

import threading

import pytest

import pyflow as tf
from pyflow.ops import variable_scope
from tests.golden_cases import Golden

GOLDEN = Golden("variable_scope_cases", "variable_scopes.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


def test_the_error_for_a_duplicate_says_where_the_first_was_made():
    tf.get_variable("v", [1])
    with pytest.raises(ValueError) as caught:
        tf.get_variable("v", [1])
    lines = str(caught.value).split("\n")
    assert __file__ in lines[2] and 'tf.get_variable("v", [1])' in lines[3]


def test_each_graph_has_its_own_scopes_and_variables():
    with tf.variable_scope("a"):
        with tf.Graph().as_default():
            assert tf.get_variable_scope().name == ""
            assert tf.get_variable("v", [1]).name == "v:0"
        assert tf.get_variable("v", [1]).name == "a/v:0"


@pytest.mark.native
def test_each_thread_has_its_own_scope():
    graph, seen = tf.get_default_graph(), []

    def work():
        with graph.as_default():
            seen.append(tf.get_variable_scope().name)
            with tf.variable_scope("b"):
                seen.append(tf.get_variable("v", [1]).name)

    with tf.variable_scope("a"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert tf.get_variable_scope().name == "a"
    assert seen == ["", "b/v:0"]


def test_scopes_are_left_when_an_error_passes():
    with pytest.raises(KeyError), tf.variable_scope("a"), tf.variable_scope("b"):
        raise KeyError
    assert tf.get_variable_scope().name == ""
    assert tf.constant(1, name="c").name == "c:0"


def test_an_initializer_that_cannot_be_inspected_needs_a_shape():
    with pytest.raises(ValueError, match="The initializer passed is not valid"):
        tf.get_variable("v", initializer=tf.zeros_initializer())


def test_scopes_left_in_the_wrong_order_are_an_error_that_changes_nothing():
    with tf.variable_scope("a"):
        scope = tf.variable_scope("b")
        scope.__enter__()
        with tf.variable_scope("c"), pytest.raises(RuntimeError, match="Improper nesting of variable_scope"):
            scope.__exit__(None, None, None)
        assert tf.get_variable_scope().name == "a/b"
        scope.__exit__(None, None, None)
        assert tf.get_variable_scope().name == "a"
    assert tf.constant(1, name="c").name == "c:0"


def test_creator_scopes_left_in_the_wrong_order_are_an_error():
    scope = tf.variable_creator_scope(lambda create, **kwargs: create(**kwargs))
    scope.__enter__()
    with tf.variable_creator_scope(lambda create, **kwargs: create(**kwargs)):
        with pytest.raises(RuntimeError, match="without proper nesting"):
            scope.__exit__(None, None, None)


def test_a_store_of_its_own():
    store = variable_scope.EagerVariableStore()
    with store.as_default():
        v = tf.get_variable("v", [1])
        w = tf.get_variable("w", [1], trainable=False)
    assert store.variables() == [v, w]
    assert store.trainable_variables() == [v] and store.non_trainable_variables() == [w]
    assert tf.get_variable("v", [1]).name == "v_1:0"


def test_an_initial_value_that_is_no_value():
    with pytest.raises(TypeError):
        tf.get_variable("v", initializer={})
