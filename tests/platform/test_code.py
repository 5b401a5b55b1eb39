"""What TensorFlow keeps in tensorflow.python.util: decorators, introspection, deprecation, collections by identity."""

from __future__ import annotations

import functools
import gc
import logging

import pytest

import pyflow as tf
from pyflow.platform.code import decorators, deprecation, exports, framework, identity, inspection


def added(a, b, c=3, *rest, d=4, **more):
    """Adds."""
    return a + b + c


def twice(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return 2 * function(*args, **kwargs)

    return decorators.make_decorator(function, wrapper)


def test_decorator_remembers_what_it_wraps():
    doubled = twice(added)
    assert (doubled(1, 2), doubled.__name__, doubled.__doc__) == (12, "added", "Adds.")
    found, target = decorators.unwrap(twice(doubled))
    assert ([d.decorator_name for d in found], target) == (["twice", "twice"], added)
    assert decorators.has_decorator(doubled) and not decorators.has_decorator(added)


def test_rewrap_puts_another_function_inside():
    doubled = twice(added)
    decorators.rewrap(doubled, added, max)
    assert decorators.unwrap(doubled)[1] is max
    assert decorators.rewrap(added, added, max) is max
    with pytest.raises(ValueError, match="do not wrap"):
        decorators.rewrap(doubled, added, max)


def test_context_manager_keeps_its_arguments_in_sight():
    @decorators.contextmanager
    def block(x, y=2):
        yield x + y

    with block(1) as value:
        assert value == 3
    assert inspection.getfullargspec(block).args == ["x", "y"]


def test_arguments_are_those_of_the_wrapped_function():
    spec = inspection.getfullargspec(twice(added))
    assert (spec.args, spec.varargs, spec.varkw, spec.defaults) == (["a", "b", "c"], "rest", "more", (3,))
    with pytest.raises(ValueError, match="keyword-only"):
        inspection.getargspec(added)
    assert inspection.getargspec(lambda x, y=1: x) == (["x", "y"], None, None, (1,))
    assert str(inspection.fullargspec_to_signature(spec)) == "(a, b, c=3, *rest, d=4, **more)"
    assert inspection.getcallargs(twice(added), 1, b=2) == {"a": 1, "b": 2, "c": 3, "rest": (), "d": 4, "more": {}}


def test_declared_arguments_win():
    spec = inspection.FullArgSpec(["x"], None, None, None, [], None, {})
    wrapped = decorators.make_decorator(added, lambda x: x, "declared", decorator_argspec=spec)
    assert inspection.getfullargspec(wrapped).args == ["x"]


def test_arguments_of_objects_partials_and_methods():
    class Caller:
        def __call__(self, x, y=1):
            return x

        def method(self, z):
            return z

    assert inspection.getfullargspec(Caller()).args == ["self", "x", "y"]
    assert inspection.getcallargs(Caller().method, 5)["z"] == 5
    assert inspection.isanytargetmethod(Caller().method) and not inspection.isanytargetmethod(added)


@pytest.fixture
def warnings(monkeypatch):
    """The warnings that are logged."""
    found = []
    monkeypatch.setattr(deprecation, "_PRINTED_WARNING", set())
    monkeypatch.setattr(tf.get_logger(), "handle", lambda record: found.append(record.getMessage()))
    assert tf.get_logger().isEnabledFor(logging.WARNING)
    return found


def test_deprecated_function_warns_once(warnings):
    @deprecation.deprecated("2030-01-01", "Use that.")
    def this():
        """Does this."""
        return 1

    assert this() + this() == 2
    assert len(warnings) == 1
    assert "is deprecated and will be removed after 2030-01-01.\nInstructions for updating:\nUse that." in warnings[0]
    assert __file__ in warnings[0]
    assert this.__doc__.startswith("Does this. (deprecated)")


def test_deprecated_arguments_and_values_warn(warnings):
    @deprecation.deprecated_args(None, "Use new.", "old", ("other", None))
    @deprecation.deprecated_arg_values(None, "Don't.", new=7)
    def function(new=None, old=None, other=None):
        return new

    function(1)
    function(1, other=None)
    assert warnings == []
    function(1, old=2)
    function(1, None, 3)
    function(7)
    assert [w.partition(" with ")[2].partition(" is ")[0] for w in warnings] == ["old", "other", "new=7"]


def test_silence_is_silent(warnings):
    deprecated = deprecation.deprecated(None, "Use that.")(added)
    with deprecation.silence():
        deprecated(1, 2)
    assert warnings == []
    deprecation.deprecated_alias("tf.old", "tf.new", added)(1, 2)
    assert "The name tf.old is deprecated. Please use tf.new instead." in warnings[0]


def test_deprecation_wants_a_date_and_instructions():
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        deprecation.deprecated("tomorrow", "Use that.")
    with pytest.raises(ValueError, match="without conversion instructions"):
        deprecation.deprecated(None, "")


def test_argument_by_its_new_or_old_name():
    assert deprecation.deprecated_argument_lookup("axis", 1, "dim", None) == 1
    assert deprecation.deprecated_argument_lookup("axis", None, "dim", 2) == 2
    with pytest.raises(ValueError, match="Cannot specify both 'dim' and 'axis'"):
        deprecation.deprecated_argument_lookup("axis", 1, "dim", 2)


def test_sets_and_dictionaries_by_identity():
    a, b = [1], [1]
    items = identity.ObjectIdentitySet([a, a, b])
    assert len(items) == 2 and a in items and [1] not in items
    items.discard(a)
    assert a not in items and len(items.difference([b])) == 0 and len(items.intersection([a, b])) == 1
    table = identity.ObjectIdentityDictionary()
    table[a], table[b] = 1, 2
    assert (table[a], table[b], len(table)) == (1, 2, 2)
    assert identity.Reference(a) == identity.Reference(a) != identity.Reference(b)
    assert identity.Reference(a).deref() is a


def test_weak_collections_let_go():
    class Thing:
        pass

    kept, lost = Thing(), Thing()
    things, table = identity.ObjectIdentityWeakSet([kept, lost]), identity.ObjectIdentityWeakKeyDictionary()
    table[kept], table[lost] = 1, 2
    del lost
    gc.collect()
    assert list(things) == [kept] and list(table.items()) == [(kept, 1)]


def test_keyword_only_function():
    function = exports.kwarg_only(lambda x: x)
    assert function(x=1) == 1
    with pytest.raises(TypeError, match="only takes keyword args"):
        function(1)


def test_lazy_module_loads_when_asked():
    names: dict = {}
    names["lazy"] = exports.LazyLoader("lazy", names, "colorsys")
    assert names["lazy"].rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)
    assert type(names["lazy"]).__name__ == "module"


def test_names_in_scopes():
    assert framework.prepend_name_scope("loc:@a", "s/") == "loc:@s/a"
    assert framework.strip_name_scope("s/a", "s") == "a" and framework.strip_name_scope("sa", "s") == "sa"
    with tf.name_scope("outer"):
        assert framework.get_name_scope() == "outer"


def test_condition_known_without_a_run():
    assert framework.smart_constant_value(True) is True and framework.smart_constant_value(0) is False
    assert framework.smart_constant_value(tf.constant(True)) is True
    assert framework.smart_constant_value(tf.placeholder(tf.bool)) is None
    with pytest.raises(TypeError, match="must be a Tensor"):
        framework.smart_constant_value("yes")


def test_raw_ops_take_keywords_only():
    assert tf.raw_ops.Sum(input=[1.0, 2.0], axis=0, keep_dims=True).shape == [1]
    assert tf.raw_ops.Select(condition=[True], x=[1], y=[2]).op.type == "Select"
    with pytest.raises(TypeError):
        tf.raw_ops.Add(1, 2)
    with pytest.raises(AttributeError, match=r"'tf.raw_ops.NoSuchOp' is not supported"):
        tf.raw_ops.NoSuchOp  # noqa: B018
    assert "MatMul" in dir(tf.raw_ops)
