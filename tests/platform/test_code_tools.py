"""Tools of TensorFlow's own code that programs and its tests take over: registries, locks, arguments of callables."""

import functools
import threading

import pytest

import pyflow as tf
from pyflow.platform.code import callables, registries
from pyflow.platform.code.group_lock import GroupLock
from pyflow.platform.code.traceable import TraceableObject, TraceableStack
from pyflow.test.test_util import assert_meta_graph_protos_equal


def several(a, b=1, *c, **d):
    pass


class Caller:
    def __call__(self, x, y):
        pass

    def method(self, z):
        pass


@pytest.mark.parametrize(
    ("fn", "names"),
    [
        (several, ("a", "b")),
        (functools.partial(several, 1), ("b",)),
        (functools.partial(several, b=1), ("a",)),
        (Caller(), ("x", "y")),
        (Caller().method, ("z",)),
        (Caller.method, ("self", "z")),
    ],
)
def test_names_of_the_arguments_that_are_left(fn, names):
    assert callables.fn_args(fn) == names


def test_whether_any_keyword_goes():
    assert callables.has_kwargs(functools.partial(several, 1)) and not callables.has_kwargs(Caller())
    with pytest.raises(TypeError, match="fn should be a function-like object, but is of type <class 'int'>."):
        callables.has_kwargs(3)


def test_names_and_code_of_callables():
    found = [callables.get_func_name(f) for f in (several, Caller().method, functools.partial(several))]
    assert found == ["several", "Caller.method", "<class 'functools.partial'>"]
    assert callables.get_func_code(several) is several.__code__
    assert callables.get_func_code(functools.partial(several)) is None
    with pytest.raises(ValueError, match="Argument must be callable"):
        callables.get_func_name(3)


def test_arguments_by_keyword_only():
    double = callables.keyword_args_only(lambda a: 2 * a)
    assert double(a=3) == 6
    with pytest.raises(ValueError, match="Must use keyword args to call <lambda>."):
        double(3)


def test_a_registry_gives_each_name_once():
    registry = registries.Registry("animal")
    registry.register(Caller)
    assert registry.lookup("Caller") is Caller and list(registry.list()) == ["Caller"]
    with pytest.raises(KeyError, match=r"Registering two animal with name 'Caller'! \(Previous registration was in"):
        registry.register(Caller)
    with pytest.raises(LookupError, match="animal registry has no entry for: other"):
        registry.lookup("other")


def test_statistics_of_nodes_add_up():
    @registries.RegisterStatistics("OfThisTest", "flops")
    def flops(graph, node):
        return registries.OpStats("flops", 30)

    graph = tf.get_default_graph()
    total = registries.OpStats("flops")
    total += registries.get_stats_for_node_def(graph, tf.NodeDef(op="OfThisTest"), "flops")
    total += registries.get_stats_for_node_def(graph, tf.NodeDef(op="Another"), "flops")
    assert total.value == 30
    with pytest.raises(ValueError, match="Can't add an OpStat of type flops to one of bytes."):
        total += registries.OpStats("bytes", 1)
    with pytest.raises(TypeError, match="op_type must not contain a comma."):
        registries.RegisterStatistics("a,b", "flops")


def test_things_know_where_they_were_pushed():
    stack = TraceableStack()
    assert stack.push_obj("a") == stack.push_obj("b") == TraceableObject.SUCCESS
    assert list(stack.peek_objs()) == ["b", "a"] and stack.peek_top_obj() == "b" and len(stack.copy()) == 2
    assert next(iter(stack.peek_traceable_objs())).filename == __file__
    assert TraceableObject(3).set_filename_and_line_from_caller(10**6) == TraceableObject.HEURISTIC_USED


def test_groups_are_checked():
    with pytest.raises(ValueError, match="num_groups must be a positive integer, got 0"):
        GroupLock(0)
    with pytest.raises(ValueError, match="group_id=5 should be between 0 and num_groups=2"):
        GroupLock().acquire(5)


@pytest.mark.native
def test_one_group_is_inside_at_a_time():
    lock, order = GroupLock(), []

    def enter():
        with lock.group(1):
            order.append("second")

    with lock.group(0), lock.group(0):
        thread = threading.Thread(target=enter)
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_meta_graphs_are_compared():
    case = tf.test.TestCase("run")
    with tf.Graph().as_default():
        tf.constant(1.0, name="a")
        one = tf.train.export_meta_graph()
        tf.add_to_collection("number", 3)
        other = tf.train.export_meta_graph()
    assert_meta_graph_protos_equal(case, one, one)
    with pytest.raises(AssertionError):
        assert_meta_graph_protos_equal(case, one, other)


@pytest.mark.parametrize(
    ("actual", "expected", "words"),
    [
        ("a NoOp", "", r"Found unexpected node '\{\{node a\}\} = NoOp\[\]\(\)'"),
        ("", "b NoOp y", r"Did not find expected node '\{\{node b\}\} = NoOp\[\]\(y\)'"),
        ("a NoOp", "a Const", "Node named 'a' has op 'NoOp' that is not expected 'Const'"),
        ("a NoOp x", "a NoOp", "Node named 'a' has inputs 'x' that don't match expected ''"),
        ("a NoOp x", "a NoOp y", "Node named 'a' has input 0 'x' that doesn't match expected 'y'"),
        ("a NoOp", "a NoOp ^y", "Node named 'a' missing expected control input '\\^y'"),
    ],
)
def test_what_is_different_in_a_graph_is_told(actual, expected, words):
    def graph_def(text):
        name, op, *inputs = text.split() or (None, None)
        return tf.GraphDef(node=[tf.NodeDef(name=name, op=op, input=inputs)] if name else [])

    tf.test.assert_equal_graph_def(graph_def(actual), graph_def(actual))
    with pytest.raises(AssertionError, match=words):
        tf.test.assert_equal_graph_def(graph_def(actual), graph_def(expected))


def test_only_graph_defs_are_compared():
    with pytest.raises(TypeError, match="Expected tf.GraphDef for actual, got int"):
        tf.test.assert_equal_graph_def(3, tf.GraphDef())
