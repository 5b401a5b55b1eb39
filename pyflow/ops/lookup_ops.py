"""The ops on lookup tables. A table is a resource of the session, found by its shared name or its node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, Attr, attr, op
from pyflow.ops.lookup_tables import DenseTable, StaticTable, Table
from pyflow.ops.shape_rules import merge, no_outputs, scalar


def as_table(handle: Any) -> Table:
    """The table behind a handle, which is the table itself, or lies in an array."""
    return handle.item() if isinstance(handle, np.ndarray) else handle


def _session_table(ctx: Any, container: str, shared_name: str, make: Callable[[], Table]) -> Table:
    table = ctx.resources.get_or_create(Table, container, shared_name or ctx.op_name, make)
    attrs = ctx.op.attrs
    if table.value_dtype is not attrs["value_dtype"] or table.key_dtype is not make().key_dtype:
        words = f"Conflicting key/value dtypes of table {shared_name or ctx.op_name}"
        raise InvalidArgumentError(None, None, words)
    return table


class _StaticBody:
    """A table that is filled once."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(ctx, container, shared_name, key_dtype, value_dtype):
        return _session_table(ctx, container, shared_name, lambda: StaticTable(key_dtype, value_dtype))


class _MutableBody:
    """A table whose values may change."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(ctx, container, shared_name, key_dtype, value_dtype):
        return _session_table(ctx, container, shared_name, lambda: Table(key_dtype, value_dtype))


class _MutableOfTensorsBody:
    """A table whose values are vectors and may change."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(ctx, container, shared_name, key_dtype, value_dtype, value_shape):
        return _session_table(
            ctx, container, shared_name, lambda: Table(key_dtype, value_dtype, value_shape.as_list())
        )


def _dense_table(ctx, empty_key, deleted_key, container, shared_name, key_dtype, value_dtype, value_shape, **sizes):
    return _session_table(
        ctx,
        container,
        shared_name,
        lambda: DenseTable(
            key_dtype, value_dtype, value_shape.as_tuple(), np.asarray(empty_key), np.asarray(deleted_key), **sizes
        ),
    )


def _no_dense_table(ctx: Any, empty_key: Any) -> Any:
    raise NotImplementedError("MutableDenseHashTable (without a deleted_key; MutableDenseHashTableV2 has one)")


class _DenseBody:
    """A table in an array of buckets."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE
    cpu = _no_dense_table


class _DenseBodyV2:
    """A table in an array of buckets, which two keys mark as empty or deleted."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(
        ctx, empty_key, deleted_key, container, shared_name, key_dtype, value_dtype, value_shape, initial_num_buckets,
        max_load_factor,
    ):  # fmt: skip
        return _dense_table(
            ctx, empty_key, deleted_key, container, shared_name, key_dtype, value_dtype, value_shape,
            buckets=initial_num_buckets, load=max_load_factor,
        )  # fmt: skip


class _FindBody:
    """The values of keys, and a default value for those that are not there."""

    stateful = True
    grad = NOT_DIFFERENTIABLE

    def shape(keys, default_value):
        if keys is None or default_value is None:
            return None
        return (*keys, *default_value)

    def cpu(table_handle, keys, default_value):
        return as_table(table_handle).find(keys, default_value)


class _InsertBody:
    """Sets the values of keys."""

    stateful = True
    shape = no_outputs
    grad = NOT_DIFFERENTIABLE

    def cpu(table_handle, keys, values):
        as_table(table_handle).insert(keys, values)
        return ()


class _RemoveBody:
    """Takes keys out."""

    stateful = True
    shape = no_outputs
    grad = NOT_DIFFERENTIABLE

    def cpu(table_handle, keys):
        as_table(table_handle).remove(keys)
        return ()


class _SizeBody:
    """How many keys a table has."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(table_handle):
        return np.int64(as_table(table_handle).size())


class _ExportBody:
    """All keys and their values."""

    stateful = True
    grad = NOT_DIFFERENTIABLE

    def shape():
        return [(None,), None]

    def cpu(table_handle):
        return as_table(table_handle).export()


class _FillBody:
    """Makes keys and values the contents of a table."""

    stateful = True
    grad = NOT_DIFFERENTIABLE

    def shape(keys, values):
        if keys is not None and len(keys) == 1 and values is not None and len(values) == 1:
            merge(keys, values)
        return []

    def cpu(table_handle, keys, values):
        as_table(table_handle).fill(keys, values)
        return ()


def _define(name: str, signature: str, body: type, newer: Any = None, newer_inputs: str = "", **attrs: Any) -> Any:
    """The op in both forms: `name`, with tables by reference, and `nameV2`, with handles; gives the second."""
    op(name + signature.replace("HANDLE", "Ref(string)"), **attrs)(body)
    signature = signature.replace("HANDLE", "resource").replace("key: key_dtype", f"key: key_dtype{newer_inputs}", 1)
    return op(f"{name}V2{signature}", **attrs)(newer or body)


def _type() -> Attr:
    return attr("type")


_MAKES = "() -> (table_handle: HANDLE)"


def _sharing() -> dict[str, Any]:
    return {
        "container": "", "shared_name": "", "use_node_name_sharing": False, "key_dtype": _type(),
        "value_dtype": _type(),
    }  # fmt: skip


HashTableV2 = _define("HashTable", _MAKES, _StaticBody, **_sharing())
MutableHashTableV2 = _define("MutableHashTable", _MAKES, _MutableBody, **_sharing())
MutableHashTableOfTensorsV2 = _define(
    "MutableHashTableOfTensors", _MAKES, _MutableOfTensorsBody, **_sharing(), value_shape=attr("shape", default=[])
)
MutableDenseHashTableV2 = _define(
    "MutableDenseHashTable",
    "(empty_key: key_dtype) -> (table_handle: HANDLE)",
    _DenseBody,
    newer=_DenseBodyV2,
    newer_inputs=", deleted_key: key_dtype",
    **_sharing(),
    value_shape=attr("shape", default=[]),
    initial_num_buckets=131072,
    max_load_factor=0.8,
)
LookupTableFindV2 = _define(
    "LookupTableFind",
    "(table_handle: HANDLE, keys: Tin, default_value: Tout) -> (values: Tout)",
    _FindBody,
    Tin=_type(),
    Tout=_type(),
)
LookupTableInsertV2 = _define(
    "LookupTableInsert", "(table_handle: HANDLE, keys: Tin, values: Tout) -> ()", _InsertBody, Tin=_type(), Tout=_type()
)
LookupTableImportV2 = _define(
    "LookupTableImport", "(table_handle: HANDLE, keys: Tin, values: Tout) -> ()", _FillBody, Tin=_type(), Tout=_type()
)
InitializeTableV2 = _define(
    "InitializeTable", "(table_handle: HANDLE, keys: Tkey, values: Tval) -> ()", _FillBody, Tkey=_type(), Tval=_type()
)
LookupTableSizeV2 = _define("LookupTableSize", "(table_handle: HANDLE) -> (size: int64)", _SizeBody)
LookupTableExportV2 = _define(
    "LookupTableExport",
    "(table_handle: HANDLE) -> (keys: Tkeys, values: Tvalues)",
    _ExportBody,
    Tkeys=_type(),
    Tvalues=_type(),
)
LookupTableRemoveV2 = op("LookupTableRemoveV2(table_handle: resource, keys: Tin) -> ()", Tin=_type())(_RemoveBody)
