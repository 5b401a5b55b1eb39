"""How collections' items become protocol buffers and come back, and how names move between name scopes on the way."""

from __future__ import annotations

import re
from typing import Any, Callable

from pyflow.core.stages import Table

_functions: dict[str, tuple[Any, Callable | None, Callable | None]] = Table()


def register_proto_function(
    collection_name: str, proto_type: Any = None, to_proto: Callable | None = None, from_proto: Callable | None = None
) -> None:
    """Says how the items of a collection are written to and read from a MetaGraphDef.

    Args:
      proto_type: the protocol buffer class; None for plain values.
      to_proto: from (item, export_scope=) to such a buffer, or None when the item is outside of the scope.
      from_proto: from (buffer, import_scope=) to an item.

    Raises:
      TypeError: a function cannot be called.
    """
    if to_proto and not callable(to_proto):
        raise TypeError("to_proto must be callable.")
    if from_proto and not callable(from_proto):
        raise TypeError("from_proto must be callable.")
    _functions[collection_name] = proto_type, to_proto, from_proto


def get_collection_proto_type(collection_name: str) -> Any:
    """The protocol buffer class of a collection's items, or None."""
    return _functions.get(collection_name, (None, None, None))[0]


def get_to_proto_function(collection_name: str) -> Callable | None:
    """The function that writes an item of the collection, or None."""
    return _functions.get(collection_name, (None, None, None))[1]


def get_from_proto_function(collection_name: str) -> Callable | None:
    """The function that reads an item of the collection, or None."""
    return _functions.get(collection_name, (None, None, None))[2]


def prepend_name_scope(name: str, import_scope: str | None) -> str:
    """The name a node ("a", "^a", "loc:@a") has after its graph was imported under `import_scope`."""
    if not import_scope:
        return name
    scope = import_scope.removesuffix("/")
    return re.sub(r"([\^]|loc:@|^)(.*)", lambda m: f"{m[1]}{scope}/{m[2]}", name, count=1)


def strip_name_scope(name: str, export_scope: str | None) -> str:
    """The name a node has in a file that holds only what is inside `export_scope`."""
    if not export_scope:
        return name
    scope = re.escape(export_scope.removesuffix("/"))
    return re.sub(r"([\^]|loc:@|^)" + scope + r"[\/]+(.*)", r"\1\2", name, count=1)
