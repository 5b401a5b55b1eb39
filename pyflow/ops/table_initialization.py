"""The operations that fill lookup tables, as one."""

from __future__ import annotations

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.operation import Operation
from pyflow.core.scopes import get_collection
from pyflow.ops.control_flow import group, no_op


@export("tables_initializer", "initializers.tables_initializer")
def tables_initializer(name: str = "init_all_tables") -> Operation:
    """An operation that fills all tables of the default graph; it does nothing where there are none."""
    initializers = get_collection(GraphKeys.TABLE_INITIALIZERS)
    return group(*initializers, name=name) if initializers else no_op(name=name)


@export("initialize_all_tables")
def initialize_all_tables(name: str = "init_all_tables") -> Operation:
    """The old name of `tables_initializer`."""
    return tables_initializer(name)
