"""Ops are declared as TensorFlow 1.15 declares them (tests/tf115/ops.tsv): arguments, attrs, defaults, types."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

import pyflow
from pyflow.core.dtypes import FLOATING, DType
from pyflow.core.registry import OPS, Arg, Attr, OpDef
from tests.tf115.symbols import TABLE as SYMBOLS

assert pyflow  # importing it registers the ops

TABLE = SYMBOLS.with_name("ops.tsv")
# Allowed by PyFlow and not by TensorFlow 1.15: op and attr, and why.
WIDER: dict[str, str] = {}


def read_table() -> dict[str, tuple[str, dict[str, str]]]:
    """Op type to its signature and its attrs, each as text: `T: type in [float32,float64] = float32`."""
    table = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]:
        signature, _, attrs = line.partition("\t")
        table[signature.partition("(")[0]] = signature, dict(text.split(": ", 1) for text in attrs.split("|") if text)
    return table


THEIRS = read_table()


def as_text(value: Any) -> str:
    """A default or allowed value as the table has it."""
    if isinstance(value, DType):
        return value.name
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(as_text, value))}]"
    if isinstance(value, np.ndarray):
        return "tensor"
    if hasattr(value, "as_list"):
        return as_text(value.as_list()) if value.ndims is not None else "?"
    return str(value)


def describe_arg(arg: Arg) -> str:
    kind = arg.type_attr or arg.list_attr or (arg.dtype.name if arg.dtype else "")
    kind = f"Ref({kind})" if arg.is_ref else kind
    return f"{arg.name}: {arg.number_attr} * {kind}" if arg.number_attr else f"{arg.name}: {kind}"


def describe(definition: OpDef) -> str:
    inputs, outputs = (", ".join(map(describe_arg, args)) for args in (definition.inputs, definition.outputs))
    return f"{definition.name}({inputs}) -> ({outputs})"


def differences(definition: OpDef) -> list[str]:
    if definition.name not in THEIRS:
        return ["TensorFlow has no such op"]
    signature, attrs = THEIRS[definition.name]
    found = [] if describe(definition) == signature else [f"{describe(definition)} instead of {signature}"]
    counted = {arg.number_attr for arg in (*definition.inputs, *definition.outputs)}
    found += [f"attr {name} is missing" for name in attrs if name not in definition.attrs and name not in counted]
    for name, attr in definition.attrs.items():
        if name in attrs:
            found += compare_attr(definition.name, attr, attrs[name])
        else:
            found.append(f"attr {name} is unknown there")
    return found


def compare_attr(op_type: str, attr: Attr, text: str) -> list[str]:
    match = re.fullmatch(r"(?P<kind>[\w()]+)(?: in \[(?P<allowed>.*?)\])?(?: = (?P<default>.*))?", text)
    assert match, text
    found = []
    default = None if attr.required else as_text(attr.default)
    if attr.kind == "shape" and attr.default is None:
        default = "?"
    if attr.kind != match["kind"]:
        found.append(f"attr {attr.name} is a {attr.kind} instead of a {match['kind']}")
    if default != match["default"]:
        found.append(f"attr {attr.name} defaults to {default} instead of {match['default']}")
    if match["allowed"] is not None and f"{op_type}.{attr.name}" not in WIDER:
        more = set(map(as_text, attr.allowed) if attr.allowed else ["everything"]) - set(match["allowed"].split(","))
        if more:
            found.append(f"attr {attr.name} allows {', '.join(sorted(more))} too")
    return found


# A leading underscore marks ops of the runtime's own, here as there: no file holds them.
@pytest.mark.parametrize("name", sorted(name for name in OPS if not name.startswith("_")))
def test_op_is_declared_as_in_tensorflow(name):
    assert differences(OPS[name]) == []


@pytest.mark.parametrize(
    "signature, attrs, difference",
    [
        ("Elu(x: T) -> (activations: T)", {"T": FLOATING}, "Elu(x: T) -> (activations: T) instead of"),
        ("Elu(features: T) -> (activations: float)", {"T": FLOATING}, "instead of"),
        ("Elu(features: T) -> (activations: T)", {"T": FLOATING, "alpha": 1.0}, "attr alpha is unknown there"),
        ("Elu(features: T) -> (activations: T)", {"T": Attr("type")}, "attr T allows everything too"),
        ("Reward(x: int32) -> (y: int32)", {}, "TensorFlow has no such op"),
        ("LeakyRelu(features: T) -> (activations: T)", {"T": FLOATING, "alpha": 0.1}, "defaults to 0.1 instead of 0.2"),
        ("LeakyRelu(features: T) -> (activations: T)", {"T": FLOATING}, "attr alpha is missing"),
    ],
)
def test_difference_is_found(signature, attrs, difference):
    body = type("Body", (), {"shape": lambda: None, "cpu": lambda: None})
    assert any(difference in text for text in differences(OpDef(signature, attrs, body)))
