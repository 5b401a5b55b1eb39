"""The attrs of a `NodeDef`, checked against the op's signature, with TensorFlow's words for what is wrong with them."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.attr_proto import attr_from_proto
from pyflow.core.build import check_attr
from pyflow.core.dtypes import DType
from pyflow.core.op_summary import dtype_name, summarize
from pyflow.core.registry import Attr, OpDef

_defaults: dict[str, dict[str, Any]] = {}

# Attrs that ops have got since 1.15 and that change no value: what a variable is called in messages, which input of
# a product is a gradient, a check. Nodes may have them, and lose them.
_HINTS = frozenset(("debug_name", "allowed_devices", "grad_a", "grad_b", "grad_x", "grad_y", "validate_shape"))
# Types of shapes that TensorFlow 2 can vary and that were int32 before.
_NEWER_TYPES = frozenset(("shape_type", "Tshape"))


def _is_newer_default(key: str, value: Any) -> bool:
    """Whether an attr that newer programs write says that all is as it was before there was the attr."""
    if key in _NEWER_TYPES:
        return value.type == dtypes.int32.as_datatype_enum
    return value.WhichOneof("value") == "b" and not value.b


def read_attrs(definition: OpDef, node: Any, name: str) -> dict[str, Any]:
    """All attrs of a node in the registry's form: those it has, and defaults for those it lacks.

    Args:
      node: the NodeDef. Its attrs whose names start with an underscore need not be in the signature.
      name: the name that the node is going to have.

    Raises:
      ValueError: an attr is missing, unknown, of another kind, or has a value that is not allowed.
    """
    given = node.attr
    attrs: dict[str, Any] = {}
    for key, spec in definition.attrs.items():
        if key in given:
            attrs[key] = _read(definition, spec, given[key], name)
        elif spec.required:
            missing = [f"'{k}'" for k, other in definition.attrs.items() if other.required and k not in given]
            words = f"attr{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
            raise ValueError(f"NodeDef missing {words} from {summarize(definition)}; NodeDef: {{{{node {name}}}}}")
        else:
            attrs[key] = _default(definition, spec)
    if len(given) == len(attrs) and all(key in attrs for key in given):
        return attrs
    for key in sorted(given):
        if key in attrs or key == "_output_shapes" or key in _HINTS:
            continue
        if _is_newer_default(key, given[key]):
            continue
        if not key.startswith("_"):
            raise ValueError(
                f"NodeDef mentions attr '{key}' not in {summarize(definition)}; NodeDef: {{{{node {name}}}}}. (Check "
                "whether your GraphDef-interpreting binary is up to date with your GraphDef-generating binary.)."
            )
        attrs[key] = attr_from_proto("", given[key])
    return attrs


def _default(definition: OpDef, spec: Attr) -> Any:
    known = _defaults.setdefault(definition.name, {})
    if spec.name not in known:
        known[spec.name] = check_attr(definition, spec, spec.default)
    value = known[spec.name]
    return list(value) if isinstance(value, list) else value


def _read(definition: OpDef, spec: Attr, proto: Any, name: str) -> Any:
    try:
        value = attr_from_proto(spec.kind, proto)
    except TypeError:
        held = proto.WhichOneof("value")
        kind = _HELD.get(held, held) if held != "list" else f"list({_list_kind(proto.list)})"
        problem = f"AttrValue had value with type '{kind}' when '{spec.kind}' expected\n\t for attr '{spec.name}'"
        raise _invalid(definition, name, problem) from None
    except ValueError as error:
        raise _invalid(definition, name, f"{error}\n\t for attr '{spec.name}'") from None
    if spec.allowed is not None or spec.minimum is not None:
        _check(definition, spec, value, name)
    return value


_HELD: dict[str | None, str] = {"s": "string", "i": "int", "f": "float", "b": "bool", None: ""}


def _list_kind(items: Any) -> str:
    held = items.ListFields()
    name = held[0][0].name if held else None
    return _HELD.get(name, name or "")


def _check(definition: OpDef, spec: Attr, value: Any, name: str) -> None:
    is_list = isinstance(value, list)
    if spec.minimum is not None and (len(value) if is_list else value) < spec.minimum:
        what, size = ("Length", len(value)) if is_list else ("Value", value)
        raise _invalid(
            definition, name, f"{what} for attr '{spec.name}' of {size} must be at least minimum {spec.minimum}"
        )
    if spec.allowed is None:
        return
    for item in value if is_list else (value,):
        if item not in spec.allowed:
            allowed = ", ".join(map(_shown, spec.allowed))
            problem = f"Value for attr '{spec.name}' of {_shown(item)} is not in the list of allowed values: {allowed}"
            raise _invalid(definition, name, problem)


def _shown(value: Any) -> str:
    return dtype_name(value) if isinstance(value, DType) else f'"{value}"'


def _invalid(definition: OpDef, name: str, problem: str) -> ValueError:
    return ValueError(f"{problem}\n\t; NodeDef: {{{{node {name}}}}}; {summarize(definition)}")
