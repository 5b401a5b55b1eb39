"""Graph: names, scopes, control dependencies, devices, colocation, collections, lookups; as TF 1.15 does them."""

import pytest

from pyflow.core.convert import convert_to_tensor_v2
from pyflow.core.dtypes import float32
from pyflow.core.errors import NotFoundError
from pyflow.core.gradient_registry import RegisterGradient
from pyflow.core.graph import Graph
from pyflow.core.scopes import (
    colocate_with,
    control_dependencies,
    device,
    get_default_graph,
    name_scope,
    name_scope_v2,
    reset_default_graph,
)
from pyflow.ops.constant import constant
from pyflow.ops.matmul import MatMul
from pyflow.protos.graph_pb2 import AttrValue


def test_names_are_made_unique_without_regard_to_case():
    names = [constant(1, name=n).op.name for n in ("a", "a", "A", "a_1", "b/c", "b/c", "a")]
    assert names == ["a", "a_1", "A_2", "a_1_1", "b/c", "b/c_1", "a_3"]


def test_a_name_that_ends_with_a_slash_is_taken_as_it_is():
    assert constant(1, name="x/").op.name == "x"


@pytest.mark.parametrize("name", ["_a", "a b", "-a", "", "ä"])
def test_an_invalid_node_name_is_rejected(name):
    if name == "":
        assert constant(1, name=name).op.name == "Const"
        return
    with pytest.raises(ValueError, match="is not a valid node name"):
        constant(1, name=name)


def test_name_scopes_nest_and_are_made_unique():
    with name_scope("s") as outer:
        assert outer == "s/"
        with name_scope("t") as inner:
            assert inner == "s/t/"
            assert constant(1, name="c").op.name == "s/t/c"
        with name_scope("t") as again:
            assert again == "s/t_1/"
        with name_scope(None):
            assert constant(1, name="c").op.name == "c"
    with name_scope(outer):
        assert constant(1, name="c").op.name == "s/c"


def test_a_name_scope_wants_a_name_when_it_has_values():
    with pytest.raises(ValueError, match="At least one of name"):
        with name_scope(None, None, [constant(1)]):
            pass


def test_a_name_scope_rejects_bad_names():
    for bad in ("_a", "a b"):
        with pytest.raises(ValueError, match="is not a valid scope name"):
            with get_default_graph().name_scope(bad):
                pass


def test_values_of_two_graphs_do_not_mix():
    a = constant(1)
    with Graph().as_default():
        b = constant(2)
    with pytest.raises(ValueError, match="must be from the same graph as"):
        with name_scope("s", values=[a, b]):
            pass


def test_an_op_goes_to_the_graph_of_its_inputs():
    with Graph().as_default() as other:
        a = constant([[1.0]])
    assert MatMul(a, a).graph is other


def test_control_dependencies_accumulate_and_are_cleared_by_none():
    a, b = constant(1, name="a"), constant(2, name="b")
    with control_dependencies([a]):
        with control_dependencies([b.op]):
            c = constant(3, name="c")
            with control_dependencies(None):
                d = constant(4, name="d")
    assert c.op.control_inputs == [a.op, b.op]
    assert d.op.control_inputs == []


def test_control_inputs_that_follow_from_data_inputs_are_left_out():
    a = constant([[1.0]], name="a")
    with control_dependencies([a]):
        b = constant([[1.0]], name="b")
        c = MatMul(b, b)
    assert b.op.control_inputs == [a.op]
    assert c.op.control_inputs == []


def test_control_dependencies_take_only_graph_elements():
    with pytest.raises(TypeError, match="Can not convert a int into a Tensor or Operation"):
        control_dependencies([1])


def test_inner_device_scopes_win_and_merge():
    with device("/job:ps/cpu:0"):
        with device("/gpu:1"):
            a = constant(1)
        with device(lambda op: "/task:3" if op.type == "Const" else None):
            b = constant(1)
        with device(None):
            c = constant(1)
    assert a.device == "/job:ps/device:GPU:1"
    assert b.device == "/job:ps/task:3/device:CPU:0"
    assert c.device == ""


def test_colocation_takes_group_and_device():
    with device("/cpu:0"):
        a = constant(1, name="a")
    with colocate_with(a.op), device("/gpu:0"):
        b = constant(2)
    assert b.op.colocation_groups() == [b"loc:@a"]
    assert b.device == "/device:CPU:0"
    assert a.op.colocation_groups() == [b"loc:@a"]


def test_collections_keep_order_and_filter_by_scope():
    graph = get_default_graph()
    a, b = constant(1, name="x/a"), constant(1, name="b")
    graph.add_to_collections(["k", "k", "l"], a)
    graph.add_to_collection("k", b)
    assert graph.get_collection("k") == [a, b]
    assert graph.get_collection("k", scope="x/") == [a]
    assert graph.get_collection("nothing") == []
    graph.get_collection_ref("k").clear()
    assert graph.get_collection("k") == []
    assert set(graph.get_all_collection_keys()) == {"k", "l"}
    copy = graph.get_collection("l")
    copy.append(b)
    assert graph.get_collection("l") == [a]


def test_a_finalized_graph_takes_no_nodes():
    graph = get_default_graph()
    constant(1)
    graph.finalize()
    assert graph.finalized
    with pytest.raises(RuntimeError, match="Graph is finalized and cannot be modified."):
        constant(2)
    with pytest.raises(RuntimeError):
        graph.add_to_collection("k", 1)


LOOKUPS = [
    ("get_tensor_by_name", "a", ValueError, "The name 'a' refers to an Operation, not a Tensor."),
    ("get_tensor_by_name", "b", ValueError, r"The name 'b' looks like an \(invalid\) Operation name, not a Tensor."),
    ("get_tensor_by_name", "a:x", ValueError, "looks a like a Tensor name, but is not a valid one."),
    ("get_tensor_by_name", "b:0", KeyError, "The operation, 'b', does not exist in the graph."),
    ("get_tensor_by_name", "a:1", KeyError, "The operation, 'a', exists but only has 1 outputs."),
    ("get_tensor_by_name", 1, TypeError, r"Tensor names are strings \(or similar\), not int."),
    ("get_operation_by_name", "b", KeyError, "The name 'b' refers to an Operation not in the graph."),
    ("get_operation_by_name", "a:0", ValueError, "Name 'a:0' appears to refer to a Tensor, not a Operation."),
    ("get_operation_by_name", 1, TypeError, r"Operation names are strings \(or similar\), not int."),
]


@pytest.mark.parametrize("method, name, error, words", LOOKUPS)
def test_failed_lookups_say_why(method, name, error, words):
    constant(1, name="a")
    with pytest.raises(error, match=words):
        getattr(get_default_graph(), method)(name)


def test_lookups_find_nodes_and_tensors():
    a = constant(1, name="a")
    graph = get_default_graph()
    assert graph.get_tensor_by_name("a:0") is a
    assert graph.get_operation_by_name("a") is a.op
    assert graph.as_graph_element("a") is a.op
    assert graph.as_graph_element(a) is a
    with pytest.raises(ValueError, match="is not an element of this graph."):
        Graph().as_graph_element(a)


def test_a_failed_node_leaves_no_trace():
    a = constant([[1.0, 2.0]], name="a")
    before = get_default_graph().version
    with pytest.raises(
        ValueError, match=r"Dimensions must be equal, but are 2 and 1 for 'MatMul' \(op: 'MatMul'\) with input "
    ):
        MatMul(a, a)
    assert get_default_graph().version == before
    assert a.consumers() == []


def test_tensors_print_as_tensorflow_prints_them():
    a = constant([1, 2], name="a")
    assert str(a) == 'Tensor("a:0", shape=(2,), dtype=int32)'
    assert repr(a) == "<tf.Tensor 'a:0' shape=(2,) dtype=int32>"
    assert repr(a.op) == "<tf.Operation 'a' type=Const>"
    with device("/gpu:0"):
        assert str(constant(1, name="b")) == 'Tensor("b:0", shape=(), dtype=int32, device=/device:GPU:0)'


def test_a_tensor_is_no_bool_no_list_and_no_array():
    import numpy as np

    a = constant([1, 2])
    with pytest.raises(TypeError, match="using a `tf.Tensor` as a Python `bool` is not allowed"):
        bool(a)
    with pytest.raises(TypeError, match="iterating over `tf.Tensor` is not allowed"):
        list(a)
    with pytest.raises(NotImplementedError, match="Cannot convert a symbolic Tensor"):
        np.array(a)


def test_shapes_merge_and_contradictions_are_errors():
    a = constant([[1, 2]])
    a.set_shape([None, 2])
    assert a.get_shape().as_list() == [1, 2]
    with pytest.raises(ValueError, match="Dimension 1 in both shapes must be equal, but are 2 and 3"):
        a.set_shape([1, 3])


def test_the_default_graph_can_be_reset_only_outside_of_as_default():
    constant(1)
    reset_default_graph()
    assert get_default_graph().get_operations() == []
    with Graph().as_default():
        with pytest.raises(AssertionError, match="Do not use tf.reset_default_graph"):
            reset_default_graph()


def test_op_seeds_follow_the_graph():
    from pyflow.core.seeds import get_seed, set_random_seed

    assert get_seed(None) == (None, None)
    assert get_seed(7) == (87654321, 7)
    set_random_seed(5)
    constant(1)
    assert get_seed(None) == (5, 1)
    assert get_seed(9) == (5, 9)
    set_random_seed(0)
    assert get_seed(0) == (0, 2**31 - 1)


def test_creation_is_traced_to_the_users_line():
    op = constant(1).op
    filename, _, function, text = (
        op.traceback[-1]
        if "test_graph" in op.traceback[-1][0]
        else next(f for f in reversed(op.traceback) if f[0].endswith("test_graph.py"))
    )
    assert filename.endswith("test_graph.py")
    assert function == "test_creation_is_traced_to_the_users_line"
    assert text == "op = constant(1).op"


def test_long_chains_need_no_deep_recursion():
    x = constant([[1.0, 0.0], [0.0, 1.0]])
    y, shape = x, constant([2, 2])
    for _ in range(1500):
        y = MatMul(y, x)
        shape = shape + 0
    assert y.shape.as_list() == [2, 2]
    from pyflow.core.registry import raw

    assert raw.Reshape(y, shape).shape.as_list() == [2, 2]


def test_an_attr_scope_gives_new_nodes_its_attrs():
    graph = get_default_graph()
    with graph._attr_scope({"_mark": AttrValue(s=b"outer"), "_other": AttrValue(i=3)}):
        with graph._attr_scope({"_mark": None}):
            inner = constant(1).op
        outer = constant(1).op
    assert outer.get_attr("_mark") == b"outer" and outer.get_attr("_other") == 3 == inner.get_attr("_other")
    with pytest.raises(ValueError, match="has no attr named '_mark'"):
        inner.get_attr("_mark")
    with pytest.raises(TypeError, match="attr_map must be a dictionary"), graph._attr_scope({"_mark": 3}):
        pass


def test_an_op_type_that_nobody_defined_is_not_found():
    with pytest.raises(NotFoundError, match="Op type not registered 'Nope' in binary running on"):
        get_default_graph().create_op("Nope", [], [])


def test_tensors_have_no_length():
    with pytest.raises(TypeError, match=r"len is not well defined for symbolic Tensors. \(Const:0\)"):
        len(constant([1, 2]))


def test_nodes_tell_their_types_and_lose_attrs():
    node = MatMul(constant([[1.0]]), constant([[2.0]])).op
    assert node._output_types == [1] and [t.name for t in node._input_types] == ["float32", "float32"]
    node._clear_attr("transpose_a")
    with pytest.raises(ValueError, match="has no attr named 'transpose_a'"):
        node.get_attr("transpose_a")


def test_newer_names_take_newer_arguments():
    assert convert_to_tensor_v2(1, None, float32).dtype == float32
    with name_scope_v2("a") as scope:
        assert scope == "a/" and constant(1).op.name == "a/Const"
    with pytest.raises(ValueError, match="name for name_scope must be a string."):
        name_scope_v2(None)


def test_a_gradient_is_registered_once():
    RegisterGradient("OfTestGraph")(lambda op, dy: dy)
    words = r"Registering two gradient with name 'OfTestGraph'! \(Previous registration was in .*test_graph.py:\d+\)"
    with pytest.raises(KeyError, match=words):
        RegisterGradient("OfTestGraph")(lambda op, dy: dy)
