"""Resources of a graph besides variables: their collections, and operations over all of them.

TensorFlow keeps this in `tensorflow.python.ops.resources`.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from pyflow.core import dtypes
from pyflow.core.collections import GraphKeys
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.scopes import add_to_collection, device, get_collection, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_selection import boolean_mask
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import group, no_op


class _Resource(NamedTuple):
    handle: Tensor
    create: Operation
    is_initialized: Tensor


def register_resource(handle: Tensor, create_op: Operation, is_initialized_op: Tensor, is_shared: bool = True) -> None:
    """Adds a resource to those that are made at the start of a session.

    Args:
      create_op: makes it.
      is_initialized_op: a bool scalar: whether it is made.
      is_shared: whether several workers use one.
    """
    key = GraphKeys.RESOURCES if is_shared else GraphKeys.LOCAL_RESOURCES
    add_to_collection(key, _Resource(handle, create_op, is_initialized_op))


def shared_resources() -> list[Any]:
    """The resources that several workers use."""
    return get_collection(GraphKeys.RESOURCES)


def local_resources() -> list[Any]:
    """The resources that each worker has of its own."""
    return get_collection(GraphKeys.LOCAL_RESOURCES)


def report_uninitialized_resources(
    resource_list: list[Any] | None = None, name: str = "report_uninitialized_resources"
) -> Tensor:
    """A 1-D string tensor of the names of those resources (by default all) that are not made yet."""
    if resource_list is None:
        resource_list = shared_resources() + local_resources()
    with name_scope(name), device(os.environ.get("TF_DEVICE_FOR_UNINITIALIZED_VARIABLE_REPORTING", "/cpu:0")):
        if not resource_list:
            return constant([], dtype=dtypes.string)
        missing = raw.LogicalNot(raw.Pack([r.is_initialized for r in resource_list], name="stack"))
        return boolean_mask(constant([r.handle.name for r in resource_list]), missing)


def initialize_resources(resource_list: list[Any], name: str = "init") -> Operation:
    """An operation that makes the resources."""
    if resource_list:
        return group(*[r.create for r in resource_list], name=name)
    return no_op(name=name)
