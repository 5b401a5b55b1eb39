"""Ops of the registry as `OpDef` protocol buffers."""

from __future__ import annotations

import functools
from typing import Any

from pyflow.core.attr_proto import attr_to_proto
from pyflow.core.build import check_attr
from pyflow.core.registry import OPS, Arg, Attr, OpDef


@functools.cache
def op_def(definition: OpDef) -> Any:
    """An op's signature as an `OpDef`, without descriptions. The message is shared: do not change it."""
    from pyflow.protos.graph_pb2 import OpDef as OpDefProto

    proto = OpDefProto(name=definition.name, is_stateful=definition.stateful)
    for arg in definition.inputs:
        _write_arg(proto.input_arg.add(), arg)
    for arg in definition.outputs:
        _write_arg(proto.output_arg.add(), arg)
    for spec in definition.attrs.values():
        _write_attr(proto.attr.add(), definition, spec)
    return proto


def _write_arg(proto: Any, arg: Arg) -> None:
    proto.name, proto.is_ref = arg.name, arg.is_ref
    proto.number_attr, proto.type_attr, proto.type_list_attr = arg.number_attr, arg.type_attr, arg.list_attr
    if arg.dtype is not None:
        proto.type = arg.dtype.as_datatype_enum


def _write_attr(proto: Any, definition: OpDef, spec: Attr) -> None:
    proto.name, proto.type = spec.name, spec.kind
    if not spec.required:
        proto.default_value.CopyFrom(default_attr(definition, spec))
    if spec.minimum is not None:
        proto.has_minimum, proto.minimum = True, spec.minimum
    if spec.allowed is not None:
        kind = spec.kind.removeprefix("list(").removesuffix(")")
        proto.allowed_values.CopyFrom(attr_to_proto(f"list({kind})", spec.allowed))


def default_attr(definition: OpDef, spec: Attr) -> Any:
    """The default of an attr as an `AttrValue`."""
    return attr_to_proto(spec.kind, check_attr(definition, spec, spec.default))


def op_list_for(op_types: Any) -> Any:
    """The registered ones among some op types as an `OpList`, by name."""
    from pyflow.protos.graph_pb2 import OpList

    return OpList(op=[op_def(OPS[op_type]) for op_type in sorted(set(op_types)) if op_type in OPS])


def strip_default_attrs(graph_def: Any) -> None:
    """Removes from the nodes of a GraphDef, and of its functions, the attrs that have their default value."""
    for node in (*graph_def.node, *(node for function in graph_def.library.function for node in function.node_def)):
        definition = OPS.get(node.op)
        if definition is None:
            continue
        for name, spec in definition.attrs.items():
            if not spec.required and name in node.attr and node.attr[name] == _default(definition, spec):
                del node.attr[name]


def _default(definition: OpDef, spec: Attr) -> Any:
    return next(attr.default_value for attr in op_def(definition).attr if attr.name == spec.name)
