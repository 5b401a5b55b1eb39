"""Attrs of a node in the two forms that programs see: TF's Python values and `AttrValue` protocol buffers."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.attr_proto import FunctionAttr, attr_from_proto, function_to_proto
from pyflow.core.registry import OpDef
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor_proto import array_to_proto


def python_attr(op: Any, name: str) -> Any:
    """What `Operation.get_attr` returns."""
    return _python_form(op.attrs[name])


def _python_form(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, TensorShape):
        return value.as_proto()
    if isinstance(value, np.ndarray):
        return array_to_proto(value)
    if isinstance(value, FunctionAttr):
        return function_to_proto(value)
    if isinstance(value, list):
        return [_python_form(v) for v in value]
    return value


def registry_attr(value: Any) -> Any:
    """The registry's form of an `AttrValue` (anything else is taken as it is)."""
    return attr_from_proto("", value) if type(value).__name__ == "AttrValue" else value


def complete_attrs(definition: OpDef, inputs: Any, attrs: dict[str, Any], output_types: Any = None) -> dict[str, Any]:
    """All attrs of a new node: those given, those that its inputs determine, defaults for the rest.

    Raises:
      ValueError: a required attr is given neither way.
    """
    from pyflow.core.build import check_attr

    known: dict[str, Any] = {}
    for name, value in attrs.items():
        value = registry_attr(value)
        known[name] = check_attr(definition, definition.attrs[name], value) if name in definition.attrs else value
    start = 0
    remaining = len(inputs)
    for i, arg in enumerate(definition.inputs):
        if arg.is_list:
            singles_after = sum(not a.is_list for a in definition.inputs[i + 1 :])
            count = known.get(arg.number_attr) if arg.number_attr else None
            if count is None:
                count = len(known[arg.list_attr]) if arg.list_attr in known else remaining - start - singles_after
            if arg.number_attr:
                known.setdefault(arg.number_attr, count)
            types = [t.dtype.base_dtype for t in inputs[start : start + count]]
            if arg.list_attr:
                known.setdefault(arg.list_attr, types)
            elif arg.type_attr and types:
                known.setdefault(arg.type_attr, types[0])
            start += count
        else:
            if start >= remaining:
                raise ValueError(f"Op {definition.name} has {remaining} inputs, fewer than its signature asks for")
            if arg.type_attr:
                known.setdefault(arg.type_attr, inputs[start].dtype.base_dtype)
            start += 1
    for i, arg in enumerate(definition.outputs):
        if output_types and arg.type_attr and i < len(output_types):
            known.setdefault(arg.type_attr, dtypes.as_dtype(output_types[i]).base_dtype)
    for name, spec in definition.attrs.items():
        if name not in known:
            if spec.required:
                raise ValueError(f"NodeDef missing attr '{name}' from Op<name={definition.name}>")
            known[name] = check_attr(definition, spec, spec.default)
    return known
