"""TensorFlow 2.21 still declares the ops as PyFlow does, but for what has been added to them since 1.15.

That the declarations are 1.15's is tested in tests/test_op_definitions.py.
"""

from __future__ import annotations

from typing import Any

import pytest

import pyflow
from pyflow.core import dtypes
from pyflow.core.dtypes import DType, as_dtype
from pyflow.core.registry import OPS, Arg, Attr, OpDef
from tests.interop.test_ops import OF_CONTRIB, attr_value

assert pyflow  # importing it registers the ops

REMOVED = {"CompareAndBitpack", "MatrixExponential", "TopK", *OF_CONTRIB}
# Dtypes that are not taken any more.
INTEGERS, COMPLEX = {dtypes.int32, dtypes.int64}, {dtypes.complex64, dtypes.complex128}
NARROWED = {
    **dict.fromkeys(("Acos", "Asin", "Atan", "Tan"), INTEGERS),
    **dict.fromkeys(("ArgMax", "ArgMin", "Max", "Min"), COMPLEX),
}


@pytest.fixture(scope="module")
def definitions(tensorflow) -> Any:
    from tensorflow.python.framework import op_def_registry

    return op_def_registry


def describe_arg(arg: Arg) -> str:
    kind = arg.type_attr or arg.list_attr or (arg.dtype.name if arg.dtype else "")
    return f"{arg.name}: {arg.number_attr} * {kind}{' ref' if arg.is_ref else ''}"


def describe_their_arg(arg: Any, added: dict[str, Any]) -> str:
    """A type attr that has been added stands for its default."""
    dtype = added[arg.type_attr].default_value.type if arg.type_attr in added else arg.type
    kind = as_dtype(dtype).name if dtype else arg.type_attr or arg.type_list_attr
    return f"{arg.name}: {arg.number_attr} * {kind}{' ref' if arg.is_ref else ''}"


def plain(value: Any) -> Any:
    """A default or allowed value of ours, in the form in which `attr_value` gives theirs."""
    if isinstance(value, DType):
        return value.as_datatype_enum
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.encode() if isinstance(value, str) else value


def attr_differences(op_type: str, attr: Attr, theirs: Any) -> list[str]:
    found = []
    if attr.kind != theirs.type:
        found.append(f"attr {attr.name} is a {attr.kind} instead of a {theirs.type}")
    if not attr.required and not theirs.HasField("default_value"):
        found.append(f"attr {attr.name} has no default there")
    elif not attr.required and attr.kind not in ("shape", "tensor"):
        ours, default = plain(attr.default), attr_value(theirs.default_value)
        first = default[0] if isinstance(default, list) and default else default
        if ours != (pytest.approx(default) if isinstance(first, float) else default):
            found.append(f"attr {attr.name} defaults to {ours} instead of {default}")
    if theirs.HasField("allowed_values"):
        allowed = set(attr.allowed or ["everything"]) - NARROWED.get(op_type, set())
        more = set(plain(list(allowed))) - set(attr_value(theirs.allowed_values))
        if more:
            found.append(f"attr {attr.name} allows {more} too")
    return found


def differences(definition: OpDef, theirs: Any) -> list[str]:
    found = []
    attrs = {attr.name: attr for attr in theirs.attr}
    added = {name: attr for name, attr in attrs.items() if name not in definition.attrs and attr.type == "type"}
    for ours, given in ((definition.inputs, theirs.input_arg), (definition.outputs, theirs.output_arg)):
        here, there = list(map(describe_arg, ours)), [describe_their_arg(arg, added) for arg in given]
        if here != there:
            found.append(f"{here} instead of {there}")
    for name, attr in definition.attrs.items():
        unknown = [f"attr {name} is unknown there"]
        found += attr_differences(definition.name, attr, attrs[name]) if name in attrs else unknown
    for name, attr in attrs.items():
        counted = any(arg.number_attr == name for arg in (*definition.inputs, *definition.outputs))
        if name not in definition.attrs and not counted and not attr.HasField("default_value"):
            found.append(f"attr {name} is missing")
    if theirs.is_stateful and not definition.stateful:
        found.append("is not stateful")
    return found


@pytest.mark.parametrize("name", sorted(name for name in OPS if not name.startswith("_") and name not in REMOVED))
def test_op_is_declared_as_in_tensorflow_today(name, definitions):
    theirs = definitions.get(name)
    assert theirs is not None, "TensorFlow has no such op any more"
    assert differences(OPS[name], theirs) == []


@pytest.mark.parametrize("name", sorted(REMOVED))
def test_op_is_gone_there(name, definitions):
    theirs = definitions.get(name)
    assert theirs is None or theirs.HasField("deprecation")
