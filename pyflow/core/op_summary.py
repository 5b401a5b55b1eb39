"""Ops and dtypes in the words of TensorFlow's runtime, for error messages."""

from __future__ import annotations

from typing import Any

from pyflow.core.dtypes import DType
from pyflow.core.registry import Arg, Attr, OpDef

_RUNTIME_NAMES = {"float32": "float", "float64": "double", "float16": "half"}
_LONGEST_LIST = 10  # a longer one is shown by its first and last items


def dtype_name(dtype: DType) -> str:
    """`float`, `double_ref` ...: a dtype's name in the runtime."""
    base = dtype.base_dtype.name
    return _RUNTIME_NAMES.get(base, base) + ("_ref" if dtype._is_ref_dtype else "")


def summarize(definition: OpDef) -> str:
    """`Op<name=Neg; signature=x:T -> y:T; attr=T:type,allowed=[DT_HALF, ...]>`."""
    inputs = ", ".join(map(_argument, definition.inputs))
    outputs = ", ".join(map(_argument, definition.outputs))
    attrs = "".join(f"; attr={_attr(spec)}" for spec in definition.attrs.values())
    stateful = "; is_stateful=true" if definition.stateful else ""
    return f"Op<name={definition.name}; signature={inputs} -> {outputs}{attrs}{stateful}>"


def _argument(arg: Arg) -> str:
    kind = arg.list_attr or arg.type_attr or dtype_name(arg.dtype)  # type: ignore[arg-type]
    kind = f"{arg.number_attr}*{kind}" if arg.number_attr else kind
    return f"{arg.name}:Ref({kind})" if arg.is_ref else f"{arg.name}:{kind}"


def _attr(spec: Attr) -> str:
    text = f"{spec.name}:{spec.kind}"
    if not spec.required:
        text += f",default={attr_value(spec.default)}"
    if spec.minimum is not None:
        text += f",min={spec.minimum}"
    if spec.allowed:
        text += f",allowed=[{', '.join(map(attr_value, spec.allowed))}]"
    return text


def attr_value(value: Any) -> str:
    """An attr's value as the runtime prints it: `DT_FLOAT`, `"SAME"`, `[1, 2]`, `true`."""
    if isinstance(value, DType):
        return f"DT_{dtype_name(value).upper()}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        shown = [attr_value(item) for item in value]
        if len(shown) > _LONGEST_LIST:
            shown[_LONGEST_LIST // 2 : -_LONGEST_LIST // 2] = ["..."]
        return f"[{', '.join(shown)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
