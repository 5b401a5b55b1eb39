"""Attrs as AttrValue and back, kind by kind."""

from __future__ import annotations

import numpy as np
import pytest

from pyflow.core import dtypes
from pyflow.core.attr_proto import FunctionAttr, attr_from_proto, attr_to_proto, natural_kind
from pyflow.core.shapes import TensorShape
from pyflow.protos.graph_pb2 import AttrValue, NameAttrList

FUNCTION = FunctionAttr("body", {"T": dtypes.float32, "n": 2, "label": b"x"})
CASES = [
    ("int", -3, AttrValue(i=-3)),
    ("float", 0.5, AttrValue(f=0.5)),
    ("bool", False, AttrValue(b=False)),
    ("string", "é", AttrValue(s="é".encode())),
    ("string", "\udcff", AttrValue(s=b"\xff")),
    ("type", dtypes.int64, AttrValue(type=9)),
    ("shape", TensorShape([None, 2]), AttrValue(shape={"dim": [{"size": -1}, {"size": 2}]})),
    ("shape", TensorShape(None), AttrValue(shape={"unknown_rank": True})),
    ("tensor", np.array(1.5, np.float32), AttrValue(tensor={"dtype": 1, "tensor_shape": {}, "float_val": [1.5]})),
    ("list(int)", [1, 2], AttrValue(list={"i": [1, 2]})),
    ("list(int)", [], AttrValue(list={})),
    ("list(float)", [0.5], AttrValue(list={"f": [0.5]})),
    ("list(bool)", [True, False], AttrValue(list={"b": [True, False]})),
    ("list(string)", ["a", ""], AttrValue(list={"s": [b"a", b""]})),
    ("list(type)", [dtypes.float32, dtypes.string], AttrValue(list={"type": [1, 7]})),
    ("list(shape)", [TensorShape([])], AttrValue(list={"shape": [{}]})),
    ("func", FunctionAttr("body"), AttrValue(func={"name": "body"})),
    (
        "func",
        FUNCTION,
        AttrValue(func={"name": "body", "attr": {"T": {"type": 1}, "n": {"i": 2}, "label": {"s": b"x"}}}),
    ),
    ("list(func)", [FunctionAttr("body")], AttrValue(list={"func": [{"name": "body"}]})),
]


def same(a, b):
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, TensorShape):
        return a.as_tuple() == b.as_tuple()
    return type(a) is type(b) and bool(np.all(a == b))


@pytest.mark.parametrize("kind, value, proto", CASES, ids=lambda x: x if isinstance(x, str) and x.isascii() else "")
def test_attr_is_written_and_read(kind, value, proto):
    assert attr_to_proto(kind, value) == proto
    assert attr_to_proto(kind, value).HasField(proto.WhichOneof("value"))
    assert same(attr_from_proto(kind, proto), value)


@pytest.mark.parametrize("kind, value, proto", CASES, ids=lambda x: x if isinstance(x, str) and x.isascii() else "")
def test_kind_is_told_from_the_value_or_the_message(kind, value, proto):
    is_empty = isinstance(value, list) and not value
    assert natural_kind(value) == ("list()" if is_empty else kind)
    assert attr_to_proto("", value) == proto
    back = attr_from_proto("", proto)
    if "string" in kind:
        back = [b.decode() for b in back] if isinstance(back, list) else back.decode("utf-8", "surrogateescape")
    assert same(back, value)


def test_messages_are_taken_as_they_are():
    value = AttrValue(i=3)
    assert attr_to_proto("int", value) is value
    assert attr_to_proto("func", NameAttrList(name="f")).func.name == "f"
    assert attr_to_proto("func", "f").func.name == "f"


@pytest.mark.parametrize(
    "kind, proto", [("int", AttrValue(f=1.0)), ("list(int)", AttrValue(i=1)), ("type", AttrValue())]
)
def test_another_kind_is_an_error(kind, proto):
    with pytest.raises(TypeError, match="Expected an attr of kind"):
        attr_from_proto(kind, proto)


@pytest.mark.parametrize("proto", [AttrValue(list={"f": [1.0]}), AttrValue(list={"i": [1], "f": [1.0]})])
def test_another_kind_in_a_list_is_an_error(proto):
    with pytest.raises(TypeError, match="Expected a list of attrs of kind int, got "):
        attr_from_proto("list(int)", proto)


def test_a_placeholder_is_an_error():
    with pytest.raises(ValueError, match="attr 'T' of its function"):
        attr_from_proto("type", AttrValue(placeholder="T"))


def test_what_is_no_attr_is_an_error():
    with pytest.raises(TypeError, match="An attr cannot hold"):
        attr_to_proto("", object())
