"""ResourceVariable: a variable behind a handle, whose reads are snapshots."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.collection_protos import prepend_name_scope
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.init_scope import init_scope
from pyflow.core.registry import raw
from pyflow.core.scopes import (
    add_to_collection,
    add_to_collections,
    colocate_with,
    device,
    get_default_graph,
    name_scope,
)
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops import resource_state
from pyflow.ops.initial_values import guarded
from pyflow.ops.ref_variable import check_outside_control_flow, checked_collections, colocated_with_name
from pyflow.ops.resource_variable_base import BaseResourceVariable, UnreadVariable, is_resource_variable
from pyflow.ops.variable_base import Variable, validate_synchronization_aggregation_trainable

__all__ = [
    "BaseResourceVariable",
    "ResourceVariable",
    "UninitializedVariable",
    "UnreadVariable",
    "is_resource_variable",
]


class ResourceVariable(BaseResourceVariable):
    """A variable behind a handle; see `Variable` for the arguments."""

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        dtype: Any = None,
        variable_def: Any = None,
        import_scope: str | None = None,
        constraint: Callable | None = None,
        distribute_strategy: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ):
        if variable_def:
            if initial_value is not None:
                raise ValueError("variable_def and initial_value are mutually exclusive.")
            self._init_from_proto(variable_def, import_scope)
            return
        settings = validate_synchronization_aggregation_trainable(synchronization, aggregation, trainable, name)
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        collections = checked_collections(collections, settings[2])
        if constraint is not None and not callable(constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        with init_scope():
            with name_scope(name, "Variable", [] if callable(initial_value) else [initial_value]) as scope:
                self._make(initial_value, dtype, shape, scope, caching_device)
            self._set_up(*settings, constraint)
            add_to_collections(collections, self)

    def _make(self, initial_value: Any, dtype: Any, shape: Any, scope: str, caching_device: Any) -> None:
        handle_name = scope.removesuffix("/")
        with colocated_with_name(handle_name):
            with name_scope("Initializer"), device(None):
                value = initial_value() if callable(initial_value) else initial_value
                value = convert_to_tensor(value, name="initial_value", dtype=dtype)
            if shape is None:
                shape = value.shape
            elif not value.shape.is_compatible_with(shape):
                raise ValueError(
                    f"The initial value's shape ({value.shape}) is not compatible with the explicitly supplied `shape` "
                    f"argument ({shape})."
                )
            dtype = value.dtype.base_dtype
            self._handle = _handle(shape, dtype, handle_name, scope)
        check_outside_control_flow(value, scope)
        self._shape, self._dtype, self._handle_name = TensorShape(shape), dtype, handle_name + ":0"
        self._unique_id = handle_name
        self._initial_value = value
        with name_scope("IsInitialized"):
            self._is_initialized_op = resource_state.VarIsInitializedOp(self._handle)
        with name_scope("Assign") as assign, colocate_with(None, ignore_existing=True), device(self._handle.device):
            self._initializer_op = resource_state.AssignVariableOp(self._handle, guarded(value, scope), name=assign)
        with name_scope("Read"):
            with device(self._handle.device):
                self._graph_element = self._read_variable_op()
            self._cached_value = None
            if caching_device is not None:
                with colocate_with(None, ignore_existing=True), device(caching_device):
                    self._cached_value = raw.Identity(self._graph_element)

    def _init_from_proto(self, variable_def: Any, import_scope: str | None) -> None:
        from pyflow.protos.variable_pb2 import VariableDef

        assert isinstance(variable_def, VariableDef)
        if not variable_def.is_resource:
            raise ValueError("Trying to restore Variable as ResourceVariable.")
        graph = get_default_graph()

        def element(name: str) -> Any:
            return graph.as_graph_element(prepend_name_scope(name, import_scope))

        self._handle = element(variable_def.variable_name)
        self._shape = self._handle.op.attrs["shape"]
        self._dtype = self._handle.op.attrs["dtype"]
        self._handle_name = self._unique_id = self._handle.name
        self._initializer_op = element(variable_def.initializer_name)
        self._initial_value = element(variable_def.initial_value_name) if variable_def.initial_value_name else None
        settings = validate_synchronization_aggregation_trainable(
            variable_def.synchronization, variable_def.aggregation, variable_def.trainable, variable_def.variable_name
        )
        self._set_up(*settings, None)
        if variable_def.snapshot_name:
            snapshot = element(variable_def.snapshot_name)
            self._cached_value = snapshot if snapshot.op.type != "ReadVariableOp" else None
            while snapshot.op.type != "ReadVariableOp":
                snapshot = snapshot.op.inputs[0]
            self._graph_element = snapshot
        else:
            self._graph_element = graph.get_tensor_by_name(self._handle.op.name + "/Read/ReadVariableOp:0")
        if variable_def.HasField("save_slice_info_def"):
            self._save_slice_info = Variable.SaveSliceInfo(
                save_slice_info_def=variable_def.save_slice_info_def, import_scope=import_scope
            )


def _handle(shape: Any, dtype: Any, shared_name: str, name: str) -> Tensor:
    return resource_state.VarHandleOp(
        shape=shape, dtype=dtype, shared_name=shared_name, name=name, container=get_default_graph()._container or ""
    )


class UninitializedVariable(BaseResourceVariable):
    """A variable behind a handle, without an initial value."""

    def __init__(
        self,
        trainable: bool | None = None,
        caching_device: Any = None,
        name: str | None = None,
        shape: Any = None,
        dtype: Any = None,
        constraint: Callable | None = None,
        synchronization: Any = None,
        aggregation: Any = None,
        extra_handle_data: Any = None,
        distribute_strategy: Any = None,
        **unused_kwargs: Any,
    ):
        settings = validate_synchronization_aggregation_trainable(synchronization, aggregation, trainable, name)
        with init_scope(), name_scope(name, "Variable") as scope:
            self._shape, self._dtype = TensorShape(shape), dtypes.as_dtype(dtype)
            self._unique_id = scope.removesuffix("/")
            self._handle_name = self._unique_id + ":0"
            self._handle = _handle(self._shape, self._dtype, self._unique_id, scope)
            with name_scope("Read"), device(self._handle.device):
                self._graph_element = self._read_variable_op()
            add_to_collection(GraphKeys.GLOBAL_VARIABLES, self)
        self._set_up(*settings, constraint)
