"""The ops that TensorFlow registers for its own tests: signatures of every kind, and nothing that they compute.

They are no part of the ops until `install()`, which importing `tensorflow.python.framework.test_ops` does.
"""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, OPS, Attr, attr, op
from pyflow.ops.shape_rules import with_parameters

_ANY = attr("type")
_EITHER = (dtypes.string, dtypes.bool)


def _at_least(minimum: int, kind: str = "int", **options: Any) -> Attr:
    return Attr(kind, minimum=minimum, **options)


# Of each op: its signature, then its attrs. A type that is `T` alone is the attr of that name.
_OPS: dict[str, dict[str, Any]] = {
    "A() -> (out: float32)": {},
    "Attr() -> ()": {"a": attr("int")},
    "AttrBool() -> ()": {"a": attr("bool")},
    "AttrBoolList() -> ()": {"a": attr("list(bool)")},
    "AttrDefault() -> ()": {"a": "banana"},
    "AttrEmptyListDefault() -> ()": {"a": attr("list(float)", default=[])},
    "AttrEnum() -> ()": {"a": attr("string", allowed=("apples", "oranges"))},
    "AttrEnumList() -> ()": {"a": attr("list(string)", allowed=("apples", "oranges"))},
    "AttrFloat() -> ()": {"a": attr("float")},
    "AttrListDefault() -> ()": {"a": attr("list(int)", default=[5, 15])},
    "AttrListMin() -> ()": {"a": _at_least(2, "list(int)")},
    "AttrListTypeDefault(a: N*T, b: N*T) -> ()": {"T": dtypes.int32, "N": _at_least(1)},
    "AttrMin() -> ()": {"a": _at_least(5)},
    "AttrPartialShape() -> ()": {"a": attr("shape")},
    "AttrPartialShapeList() -> ()": {"a": attr("list(shape)")},
    "AttrShape() -> ()": {"a": attr("shape")},
    "AttrShapeList() -> ()": {"a": attr("list(shape)")},
    "AttrTypeDefault(a: T) -> ()": {"T": dtypes.int32},
    "B() -> (out: float32)": {},
    "Binary(a: T, b: T) -> (out: T)": {"T": _ANY},
    "ComplexStruct() -> (a: n_a*int32, b: n_b*int64, c: t_c)": {
        "n_a": _at_least(0),
        "n_b": _at_least(0),
        "t_c": _at_least(0, "list(type)"),
    },
    "CopyOp(a: T) -> (b: T)": {"T": _ANY},
    "FiveFloatOutputs() -> (a: float32, b: float32, c: float32, d: float32, e: float32)": {},
    "FloatInput(a: float32) -> ()": {},
    "FloatOutput() -> (a: float32)": {},
    "FloatOutputStringOutput() -> (a: float32, b: string)": {},
    "Foo1(a: float32, b: int32, c: int32) -> (d: float32, e: int32)": {},
    "Foo2(a: float32, b: string, c: string) -> (d: float32, e: int32)": {},
    "Foo3(a: float32, b: string, c: float32) -> (d: float32, e: int32)": {},
    "FuncAttr() -> ()": {"f": attr("func")},
    "FuncListAttr() -> ()": {"f": attr("list(func)")},
    "InPolymorphicTwice(a: N*T, b: M*T) -> ()": {"T": _ANY, "N": _at_least(0), "M": _at_least(0)},
    "Int64Output() -> (out: int64)": {},
    "IntAttr() -> (out: int64)": {"foo": 1},
    "IntInput(a: int32) -> ()": {},
    "IntInputFloatInput(a: int32, b: float32) -> ()": {},
    "IntInputIntOutput(a: int32) -> (b: int32)": {},
    "IntOutput() -> (a: int32)": {},
    "IntOutputFloatOutput() -> (a: int32, b: float32)": {},
    "KernelLabel() -> (result: string)": {},
    "KernelLabelRequired(input: int32) -> (result: string)": {},
    "ListInput(a: N*T) -> ()": {"N": _at_least(1), "T": _ANY},
    "ListOutput() -> (a: T)": {"T": _at_least(1, "list(type)")},
    "MixedStruct() -> (a: n_a*int32, b: float32)": {"n_a": _at_least(0)},
    "NInPolymorphicTwice(a: N*T, b: N*T) -> ()": {"T": _ANY, "N": _at_least(0)},
    "NInTwice(a: N*int32, b: N*string) -> ()": {"N": _at_least(0)},
    "NInTwoTypeVariables(a: N*S, b: N*T) -> ()": {"S": _ANY, "T": _ANY, "N": _at_least(0)},
    "NIntsIn(a: N*int32) -> ()": {"N": _at_least(2)},
    "NIntsOut() -> (a: N*int32)": {"N": _at_least(2)},
    "NIntsOutDefault() -> (a: N*int32)": {"N": _at_least(2, default=3)},
    "NPolymorphicIn(a: N*T) -> ()": {"T": _ANY, "N": _at_least(2)},
    "NPolymorphicOut() -> (a: N*T)": {"T": _ANY, "N": _at_least(2)},
    "NPolymorphicOutDefault() -> (a: N*T)": {"T": dtypes.bool, "N": _at_least(2, default=2)},
    "NPolymorphicRestrictIn(a: N*T) -> ()": {"T": _EITHER, "N": _at_least(2)},
    "NPolymorphicRestrictOut() -> (a: N*T)": {"T": _EITHER, "N": _at_least(2)},
    "None() -> ()": {},
    "Old() -> ()": {},
    "OpWithDefaultAttr() -> (a: int32)": {"default_float": 123.0},
    "OpWithFutureDefaultAttr() -> ()": {},
    "OutT() -> (a: T)": {"T": _ANY},
    "OutTypeList() -> (out: T)": {"T": _at_least(0, "list(type)")},
    "OutTypeListRestrict() -> (out: t)": {"t": attr("list(type)", allowed=_EITHER)},
    "Polymorphic(a: T) -> (out: T)": {"T": _ANY},
    "PolymorphicDefaultOut() -> (out: T)": {"T": dtypes.string},
    "PolymorphicOut() -> (out: T)": {"T": _ANY},
    "RefIn(a: Ref(T)) -> ()": {"T": _ANY},
    "RefInputFloatInput(a: Ref(float32), b: float32) -> ()": {},
    "RefInputFloatInputIntOutput(a: Ref(float32), b: float32) -> (c: int32)": {},
    "RefInputIntInput(a: Ref(int32), b: int32) -> ()": {},
    "RefOut() -> (a: Ref(T))": {"T": _ANY},
    "RefOutput() -> (a: Ref(int32))": {},
    "RefOutputFloatOutput() -> (a: Ref(float32), b: float32)": {},
    "ReservedAttr() -> ()": {"range": attr("int")},
    "ReservedInput(input: int32) -> ()": {},
    "Restrict(a: T) -> (out: T)": {"T": _EITHER},
    "Simple(a: int32) -> (out: float32)": {},
    "SimpleStruct() -> (a: n_a*int32)": {"n_a": _at_least(0)},
    "StringListAttr() -> ()": {"a": attr("list(string)"), "b": attr("string")},
    "TestAttr() -> (out: T)": {"T": (dtypes.float32, dtypes.float64)},
    "TestStringOutput(input: float32) -> (output1: float32, output2: string)": {},
    "TwoFloatInputs(a: float32, b: float32) -> ()": {},
    "TwoFloatInputsFloatOutput(a: float32, b: float32) -> (c: float32)": {},
    "TwoFloatInputsIntOutput(a: float32, b: float32) -> (c: int32)": {},
    "TwoFloatOutputs() -> (a: float32, b: float32)": {},
    "TwoIntInputs(a: int32, b: int32) -> ()": {},
    "TwoIntOutputs() -> (a: int32, b: int32)": {},
    "TwoRefsIn(a: Ref(T), b: Ref(T)) -> ()": {"T": _ANY},
    "TypeList(a: T) -> ()": {"T": _at_least(0, "list(type)")},
    "TypeListRestrict(a: T) -> ()": {"T": attr("list(type)", allowed=_EITHER)},
    "TypeListTwice(a: T, b: T) -> ()": {"T": _at_least(0, "list(type)")},
    "Unary(a: T) -> (b: T)": {"T": _ANY},
}


def install() -> None:
    """Registers the ops; calling it again does nothing."""
    if "FloatOutput" in OPS:
        return
    for signature, attrs in _OPS.items():
        _register(signature, attrs)


def _register(signature: str, attrs: dict[str, Any]) -> None:
    name = signature.partition("(")[0]

    def cpu(*_: Any) -> Any:
        raise InvalidArgumentError(None, None, f"No OpKernel was registered to support Op '{name}'")

    # The number of outputs may be an attr's, so the rule gets all attrs and the number is counted from the signature.
    parameters = list(attrs)

    def shape(*values: Any) -> Any:
        given = dict(zip(parameters, values))
        counts = [_count(a, given) for a in OPS[name].outputs]
        return None if OPS[name].single_output else [None] * sum(counts)

    body = {
        "__doc__": "An op of TensorFlow's tests.",
        "__module__": __name__,
        "shape": with_parameters(parameters, shape),
        "cpu": with_parameters([], cpu),
        "grad": NOT_DIFFERENTIABLE,
    }
    op(signature, **{key: _copy(value) for key, value in attrs.items()})(type(name, (), body))


def _count(argument: Any, given: dict[str, Any]) -> int:
    if argument.list_attr:
        return len(given[argument.list_attr])
    return int(given[argument.number_attr]) if argument.number_attr else 1


def _copy(spec: Any) -> Any:
    """An attr of its own: the registry writes its name into it."""
    return Attr(spec.kind, spec.default, spec.allowed, spec.minimum) if isinstance(spec, Attr) else spec
