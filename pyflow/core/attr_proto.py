"""Attrs between the registry's Python form and `AttrValue`.

| kind | Python form |
| --- | --- |
| int, float, bool | int, float, bool |
| string | str (bytes that are not UTF-8 as surrogates); bytes where no signature says that the attr is text |
| type, shape, tensor | DType, TensorShape, numpy array |
| func | `FunctionAttr` |
| list(...) | list of these |
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.tensor_proto import array_to_proto, proto_to_array


class FunctionAttr(NamedTuple):
    """The name of a function in the graph's library, and values for the function's own attrs."""

    name: str
    attrs: dict[str, Any] = {}


# The field of `AttrValue`, and of `AttrValue.ListValue`, that holds each kind.
_FIELDS = {
    "int": "i",
    "float": "f",
    "bool": "b",
    "string": "s",
    "type": "type",
    "shape": "shape",
    "tensor": "tensor",
    "func": "func",
}
_KINDS = {field: kind for kind, field in _FIELDS.items()}


def _bytes_of(value: Any) -> bytes:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)


def _tensor_of(value: Any) -> Any:
    return array_to_proto(value) if isinstance(value, np.ndarray) else value


def function_to_proto(value: Any) -> Any:
    """A `NameAttrList` of a `FunctionAttr`, a (name, attrs) pair, or just a name."""
    from pyflow.protos.graph_pb2 import NameAttrList

    if isinstance(value, NameAttrList):
        return value
    name, attrs = (value, {}) if isinstance(value, str) else value
    return NameAttrList(name=name, attr={key: attr_to_proto("", item) for key, item in attrs.items()})


def function_from_proto(proto: Any) -> FunctionAttr:
    """The `FunctionAttr` of a `NameAttrList`."""
    return FunctionAttr(proto.name, {key: attr_from_proto("", item) for key, item in sorted(proto.attr.items())})


_TO_PROTO: dict[str, Callable] = {
    "int": int,
    "float": float,
    "bool": bool,
    "string": _bytes_of,
    "type": lambda value: dtypes.as_dtype(value).as_datatype_enum,
    "shape": lambda value: as_shape(value).as_proto(),
    "tensor": _tensor_of,
    "func": function_to_proto,
}
_FROM_PROTO: dict[str, Callable] = {
    "string": lambda value: value.decode("utf-8", "surrogateescape"),
    "type": dtypes.as_dtype,
    "shape": TensorShape,
    "tensor": proto_to_array,
    "func": function_from_proto,
}


def attr_to_proto(kind: str, value: Any) -> Any:
    """The `AttrValue` of an attr.

    Args:
      kind: as in op signatures ("int", "list(type)" ...); "" lets the value decide.
      value: the Python form; an `AttrValue` is given back as it is.

    Raises:
      TypeError: the value is not of that kind, or of no kind at all.
    """
    from pyflow.protos.graph_pb2 import AttrValue

    if isinstance(value, AttrValue):
        return value
    kind = kind or natural_kind(value)
    proto = AttrValue()
    if kind.startswith("list"):
        proto.list.SetInParent()
        item_kind = kind[5:-1]
        if item_kind:
            convert = _TO_PROTO[item_kind]
            getattr(proto.list, _FIELDS[item_kind]).extend(convert(item) for item in value)
    elif kind in ("shape", "tensor", "func"):
        getattr(proto, kind).CopyFrom(_TO_PROTO[kind](value))
    else:
        setattr(proto, _FIELDS[kind], _TO_PROTO[kind](value))
    return proto


def attr_from_proto(kind: str, proto: Any) -> Any:
    """The Python form of an `AttrValue`.

    Args:
      kind: as in op signatures; "" lets the message decide, and strings stay bytes.

    Raises:
      TypeError: the message holds another kind.
      ValueError: it holds a placeholder for an attr of a function, or a malformed tensor.
    """
    field = proto.WhichOneof("value")
    if field == "placeholder":
        raise ValueError(f"An attr still stands for the attr '{proto.placeholder}' of its function")
    if field is None and not kind:
        return None
    if field == "list" and (not kind or kind.startswith("list(")):
        return _list_from_proto(kind[5:-1], proto.list)
    if field is None or (kind and _FIELDS.get(kind) != field):
        raise TypeError(f"Expected an attr of kind {kind}, got {_KINDS.get(field or '', field or 'nothing')}.")
    value = getattr(proto, field)
    convert = _FROM_PROTO.get(kind or _without_text(field))
    return value if convert is None else convert(value)


def _list_from_proto(kind: str, items: Any) -> list:
    held = [field.name for field, _ in items.ListFields()]
    if len(held) > 1 or (kind and held and held[0] != _FIELDS[kind]):
        raise TypeError(f"Expected a list of attrs of kind {kind or 'one'}, got {', '.join(_KINDS[h] for h in held)}.")
    if not held:
        return []
    convert = _FROM_PROTO.get(kind or _without_text(held[0]))
    values = getattr(items, held[0])
    return list(values) if convert is None else [convert(value) for value in values]


def _without_text(field: str) -> str:
    return "" if field == "s" else _KINDS[field]


def natural_kind(value: Any) -> str:
    """The kind of an attr that no signature knows, told from its value.

    Raises:
      TypeError: it is of no kind.
    """
    for kind, python_type in _NATURAL:
        if isinstance(value, python_type):
            return kind
    if isinstance(value, (list, tuple)):
        return f"list({natural_kind(value[0]) if value else ''})"
    raise TypeError(f"An attr cannot hold {value!r} of type '{type(value).__name__}'")


_NATURAL: tuple[tuple[str, Any], ...] = (
    ("bool", (bool, np.bool_)),
    ("int", (int, np.integer)),
    ("float", (float, np.floating)),
    ("string", (str, bytes)),
    ("type", DType),
    ("shape", TensorShape),
    ("tensor", np.ndarray),
    ("func", FunctionAttr),
)
