"""From a Python call `MatMul(a, b, transpose_a=True)` to a node: inputs become tensors, type attrs are inferred."""

from __future__ import annotations

import collections
import contextlib
import re
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.convert import convert, internal_convert_n_to_tensor
from pyflow.core.registry import REQUIRED, Arg, Attr, OpDef
from pyflow.core.scopes import graph_of, name_scope
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.tensor import Tensor

_result_types: dict[str, Any] = {}


def apply(definition: OpDef, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Adds a node of the op to the graph of its inputs, or to the default graph.

    Returns:
      A `Tensor` for one output, a list for one list output, a namedtuple for several, the `Operation` for none.

    Raises:
      TypeError: arguments are missing, unknown or of dtypes that the op does not take.
      ValueError: an attr has a value that is not allowed, or the shapes don't fit.
    """
    name, keywords = _bind(definition, args, kwargs)
    values = [keywords.pop(n) for n in definition.input_names]
    graph = graph_of(_flat(definition, values))
    with contextlib.ExitStack() as stack:
        from pyflow.core.scopes import get_default_graph

        if graph is not get_default_graph():
            stack.enter_context(graph.as_default())
        scope = stack.enter_context(name_scope(definition.name if name is None else name))
        inferred: dict[str, Any] = {}
        owner: dict[str, str] = {}
        inputs: list[Tensor] = []
        for arg, value in zip(definition.inputs, values):
            inputs += _convert_input(definition, arg, value, inferred, owner)
            _check_types(definition, arg, inferred)
        attrs = {
            # An inferred dtype was checked above, where the message names the argument that it came from.
            n: v if n in inferred and spec.kind in ("type", "list(type)") else check_attr(definition, spec, v)
            for n, spec, v in _attr_values(definition, keywords, inferred)
        }
        if definition.has_ref_input:
            flat_args = definition.group_inputs(inputs, attrs)
            for arg, tensor in zip(definition.inputs, flat_args):
                for t in tensor if isinstance(tensor, list) else [tensor]:
                    if arg.is_ref:
                        stack.enter_context(graph.colocate_with(t))
        op = graph.add_node(definition, inputs, attrs, scope)
    return _result(definition, op)


def python_name(op_type: str) -> str:
    """The name of the function that makes such nodes: conv2d_backprop_input for Conv2DBackpropInput."""
    return re.sub("([A-Z])([A-Z][a-z])|([a-z])([A-Z])", r"\1\3_\2\4", op_type).lower()


def _bind(definition: OpDef, args: tuple, kwargs: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    parameters = definition.parameters
    if len(args) > len(parameters) + 1:
        name = python_name(definition.name)
        raise TypeError(f"{name}() takes at most {len(parameters) + 1} arguments but {len(args)} were given")
    keywords = dict(zip((*parameters, "name"), args))
    for key, value in kwargs.items():
        if key in keywords:
            raise TypeError(f"{python_name(definition.name)}() got multiple values for argument '{key}'")
        if key != "name" and key not in parameters:
            if key not in definition.attrs:
                name = python_name(definition.name)
                raise TypeError(f"{name}() got an unexpected keyword argument '{key}'")
        keywords[key] = value
    for parameter in parameters:
        if parameter not in keywords:
            if parameter in definition.input_names or definition.attrs[parameter].required:
                name = python_name(definition.name)
                raise TypeError(f"{name}() missing 1 required positional argument: '{parameter}'")
    return keywords.pop("name", None), keywords


def _flat(definition: OpDef, values: list) -> list:
    flat = []
    for arg, value in zip(definition.inputs, values):
        if arg.is_list and isinstance(value, (list, tuple)):
            flat += value
        else:
            flat.append(value)
    return flat


def _convert_input(definition: OpDef, arg: Arg, value: Any, inferred: dict, owner: dict) -> list[Tensor]:
    op = definition.name
    if arg.is_list:
        if not isinstance(value, (list, tuple)):
            told = f"'{python_name(op)}' Op, not {value!r}" if arg.number_attr else f"'{op}' Op, not {value}"
            raise TypeError(f"Expected list for '{arg.name}' argument to {told}.")
        return _convert_list(definition, arg, value, inferred, owner)
    dtype = arg.dtype or inferred.get(arg.type_attr)
    preferred = None if dtype is not None else _default_type(definition.attrs.get(arg.type_attr))
    try:
        tensor = convert(value, dtype, arg.name, arg.is_ref, preferred)
    except TypeError as error:
        if dtype is None:
            raise
        raise TypeError(
            f"Expected {dtype.name} passed to parameter '{arg.name}' of op '{op}', got {value!r} of type "
            f"'{type(value).__name__}' instead. Error: {error}"
        ) from None
    except ValueError as error:
        observed = _type_of(value)
        if observed is None:
            raise ValueError(f"Tried to convert '{arg.name}' to a tensor and failed. Error: {error}") from None
        if dtype is None or observed == dtype.name:
            raise
        prefix = f"Input '{arg.name}' of '{op}' Op has type {observed} that does not match"
        if arg.dtype is not None:
            raise TypeError(f"{prefix} expected type of {arg.dtype.name}.") from None
        raise TypeError(f"{prefix} type {dtype.name} of argument '{owner[arg.type_attr]}'.") from None
    if arg.is_ref and not tensor.dtype._is_ref_dtype:
        raise TypeError(f"'{op}' Op requires that input '{arg.name}' be a mutable tensor (e.g.: a tf.Variable)")
    if arg.type_attr and arg.type_attr not in inferred:
        inferred[arg.type_attr] = tensor.dtype.base_dtype
        owner[arg.type_attr] = arg.name
    return [tensor]


def _convert_list(definition: OpDef, arg: Arg, values: Any, inferred: dict, owner: dict) -> list[Tensor]:
    dtype = arg.dtype or inferred.get(arg.type_attr) if not arg.list_attr else None
    if dtype is None and arg.number_attr:
        dtype = next((v.dtype.base_dtype for v in values if isinstance(getattr(v, "dtype", None), dtypes.DType)), None)
    preferred = None if dtype is not None else _default_type(definition.attrs.get(arg.type_attr))
    if arg.list_attr and arg.list_attr in inferred:
        tensors = [
            convert(v, d, f"{arg.name}_{i}", arg.is_ref)
            for i, (v, d) in enumerate(zip(values, inferred[arg.list_attr]))
        ]
    elif dtype is None and arg.number_attr and len(values) > 1:
        # The first value decides the dtype of plain Python values that follow, as in a list given to tf.concat.
        tensors = internal_convert_n_to_tensor(values, None, arg.name, arg.is_ref, preferred)
    else:
        try:
            tensors = internal_convert_n_to_tensor(values, dtype, arg.name, arg.is_ref, preferred)
        except (TypeError, ValueError):
            raise TypeError(_list_mismatch(definition, arg, values, dtype)) from None
    if arg.number_attr:
        known = inferred.setdefault(arg.number_attr, len(tensors))
        if known != len(tensors):
            raise ValueError(
                f"List argument '{arg.name}' to '{python_name(definition.name)}' Op with length {len(tensors)} must "
                f"match length {known} of argument '{owner.get(arg.number_attr, '')}'."
            )
        owner.setdefault(arg.number_attr, arg.name)
        minimum = definition.attrs[arg.number_attr].minimum
        if minimum is not None and len(tensors) < minimum:
            raise ValueError(
                f"List argument '{arg.name}' to '{definition.name}' Op with length {len(tensors)} shorter than minimum "
                f"length {minimum}."
            )
        base = {t.dtype.base_dtype for t in tensors}
        if len(base) > 1:
            raise TypeError(_list_mismatch(definition, arg, tensors, None))
        if arg.type_attr and base:
            inferred.setdefault(arg.type_attr, base.pop())
            owner.setdefault(arg.type_attr, arg.name)
    elif arg.list_attr:
        inferred.setdefault(arg.list_attr, [t.dtype.base_dtype for t in tensors])
        owner.setdefault(arg.list_attr, arg.name)
        minimum = definition.attrs[arg.list_attr].minimum
        if minimum is not None and len(tensors) < minimum:
            raise ValueError(
                f"Attr '{arg.list_attr}' of '{definition.name}' Op passed list of length {len(tensors)} less than "
                f"minimum {minimum}."
            )
    return tensors


def _list_mismatch(definition: OpDef, arg: Arg, values: Any, dtype: Any) -> str:
    types = ", ".join(_type_of(v) or "<NOT CONVERTIBLE TO TENSOR>" for v in values)
    prefix = f"Tensors in list passed to '{arg.name}' of '{definition.name}' Op have types [{types}]"
    if not arg.number_attr:
        return f"{prefix} that are invalid. Tensors: {list(values)}"
    if arg.dtype is not None and dtype is not None:
        return f"{prefix} that do not match expected type {dtype.name}."
    return f"{prefix} that don't all match."


def _type_of(value: Any) -> str | None:
    try:
        return convert(value, as_ref=False).dtype.base_dtype.name
    except (TypeError, ValueError):
        return None


def _default_type(spec: Attr | None) -> Any:
    return None if spec is None or spec.default is REQUIRED else spec.default


def _attr_values(definition: OpDef, keywords: dict, inferred: dict) -> Any:
    for name, spec in definition.attrs.items():
        if name in inferred:
            yield name, spec, inferred[name]
        elif name in keywords:
            yield name, spec, spec.default if keywords[name] is None and not spec.required else keywords[name]
        elif not spec.required:
            yield name, spec, spec.default
        else:
            raise TypeError(f"No argument for attr '{name}' of op '{definition.name}'")


def _check_types(definition: OpDef, arg: Arg, attrs: dict[str, Any]) -> None:
    name = arg.type_attr or arg.list_attr
    if name not in attrs:
        return
    allowed = definition.attrs[name].allowed
    if allowed is None:
        return
    for dtype in arg.dtypes(attrs):
        if dtype.base_dtype not in allowed:
            raise TypeError(
                f"Value passed to parameter '{arg.name}' has DataType {dtype.base_dtype.name} not in list of allowed "
                "values: "
                f"{', '.join(d.name for d in allowed)}"
            )


def check_attr(definition: OpDef, spec: Attr, value: Any) -> Any:
    """An attr's value in the registry's form.

    Raises:
      TypeError, ValueError: the value is of the wrong kind or not allowed.
    """
    op, name = definition.name, spec.name
    if spec.kind.startswith("list("):
        if not isinstance(value, (list, tuple)):
            if isinstance(value, (TensorShape, np.ndarray)) and spec.kind == "list(int)":
                value = list(value)
            else:
                raise TypeError(f"Expected list for '{name}' argument to '{python_name(op)}' Op, not {value!r}.")
        element = Attr(spec.kind[5:-1], allowed=spec.allowed)
        element.name = name
        values = [check_attr(definition, element, v) for v in value]
        if spec.minimum is not None and len(values) < spec.minimum:
            raise ValueError(
                f"Attr '{name}' of '{op}' Op passed list of length {len(values)} less than minimum {spec.minimum}."
            )
        return values
    if spec.kind == "type":
        dtype = dtypes.as_dtype(value).base_dtype
        if spec.allowed is not None and dtype not in spec.allowed:
            raise TypeError(
                f"Value passed to parameter '{name}' has DataType {dtype.name} not in list of allowed values: "
                f"{', '.join(d.name for d in spec.allowed)}"
            )
        return dtype
    if spec.kind == "int":
        try:
            value = int(value)
        except (TypeError, ValueError):
            raise TypeError(f"Expected int for argument '{name}' not {value!r}.") from None
        if spec.minimum is not None and value < spec.minimum:
            raise ValueError(f"Attr '{name}' of '{op}' Op passed {value} less than minimum {spec.minimum}.")
        return value
    if spec.kind == "float":
        try:
            return float(value)
        except (TypeError, ValueError):
            raise TypeError(f"Expected float for argument '{name}' not {value!r}.") from None
    if spec.kind == "bool":
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f"Expected bool for argument '{name}' not {value!r}.")
        return bool(value)
    if spec.kind == "string":
        if not isinstance(value, (str, bytes)):
            raise TypeError(f"Expected string for argument '{name}' not {value!r}.")
        text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
        if spec.allowed and text not in spec.allowed:
            allowed = '", "'.join(spec.allowed)
            raise ValueError(f"Attr '{name}' of '{op}' Op passed string '{text}' not in: \"{allowed}\".")
        return text
    if spec.kind == "shape":
        try:
            return as_shape(value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"Error converting {name} to a TensorShape: {error}.") from None
    if spec.kind == "tensor" and not isinstance(value, np.ndarray):
        from pyflow.core.tensor_proto import proto_to_array

        return proto_to_array(value) if hasattr(value, "tensor_shape") else np.asarray(value)
    return value


def _result(definition: OpDef, op: Any) -> Any:
    if definition.single_output:
        return op.outputs[0]
    if not definition.outputs:
        return op
    grouped, start = [], 0
    for arg in definition.outputs:
        count = len(arg.dtypes(op.attrs))
        part = op.outputs[start : start + count]
        grouped.append(list(part) if arg.is_list else part[0])
        start += count
    if len(grouped) == 1:
        return op if not grouped[0] and definition.outputs[0].list_attr else grouped[0]
    kind = _result_types.get(definition.name)
    if kind is None:
        kind = collections.namedtuple(definition.name, [arg.name for arg in definition.outputs])  # type: ignore[misc]
        _result_types[definition.name] = kind
    return kind(*grouped)
