"""What variables behind a handle have in common: reading, assigning, scattering."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

from pyflow.core.collection_protos import register_proto_function, strip_name_scope
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor, register_tensor_conversion_function
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.scopes import (
    colocate_with,
    control_dependencies,
    default_graph_stack,
    device,
    get_default_graph,
    name_scope,
)
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops import resource_state
from pyflow.ops.cond import cond
from pyflow.ops.state_scatter import batch_scatter_update
from pyflow.ops.variable_base import Variable, VariableAggregation, VariableSynchronization


class BaseResourceVariable(Variable):
    """A variable whose ops work on a handle; each use of its value is a read at that point of the graph."""

    _handle: Tensor
    _handle_name: str
    _unique_id: str
    _shape: TensorShape
    _dtype: Any
    _graph_element: Any
    _is_initialized_op: Any = None
    _initializer_op: Any = None
    _initial_value: Any = None
    _cached_value: Any = None
    _trainable = True
    _synchronization = VariableSynchronization.AUTO
    _aggregation = VariableAggregation.NONE
    _constraint: Any = None
    _distribute_strategy = None
    _in_graph_mode = True
    _should_act_as_resource_variable = True

    def _set_up(self, synchronization: Any, aggregation: Any, trainable: bool, constraint: Any) -> None:
        self._synchronization, self._aggregation, self._trainable = synchronization, aggregation, trainable
        self._constraint = constraint

    # ---------------------------------------------------------------- what it is

    name = property(lambda self: self._handle_name)
    op = property(lambda self: self._handle.op)
    graph = property(lambda self: self._handle.graph)
    device = property(lambda self: self._handle.device)
    dtype = property(lambda self: self._dtype)
    shape = property(lambda self: self._shape)
    handle = property(lambda self: self._handle, doc="The resource tensor.")
    initializer = property(lambda self: self._initializer_op, doc="The operation that assigns the initial value.")
    create = initializer
    initial_value = property(lambda self: self._initial_value, doc="The tensor that `initializer` assigns.")
    trainable = property(lambda self: self._trainable)
    synchronization = property(lambda self: self._synchronization)
    aggregation = property(lambda self: self._aggregation)
    constraint = property(lambda self: self._constraint)

    def __bool__(self) -> bool:
        return bool(self.read_value())

    def __int__(self) -> int:
        raise NotImplementedError("numpy() is only available when eager execution is enabled.")

    def __copy__(self) -> BaseResourceVariable:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        raise NotImplementedError("__deepcopy__() is only available when eager execution is enabled.")

    def __reduce__(self) -> Any:
        self.numpy()

    def _shape_as_list(self) -> list[int | None] | None:
        return None if self._shape.ndims is None else self._shape.as_list()

    def _shape_tuple(self) -> tuple[int | None, ...] | None:
        return self._shape.as_tuple()

    def numpy(self) -> Any:
        raise NotImplementedError("numpy() is only available when eager execution is enabled.")

    def _as_graph_element(self) -> Any:
        return self._graph_element

    def set_shape(self, shape: Any) -> None:
        raise NotImplementedError("ResourceVariable does not implement set_shape()")

    def eval(self, session: Any = None) -> Any:
        """The value in `session`, or in the default session, as a numpy array."""
        return self._graph_element.eval(session=session)

    def is_initialized(self, name: str | None = None) -> Tensor:
        """A bool scalar: whether the variable has a value."""
        return resource_state.VarIsInitializedOp(self._handle, name=name)

    def _value_or_initial_value(self) -> Tensor:
        return cond(self.is_initialized(), self.read_value, lambda: self._initial_value)

    # ---------------------------------------------------------------- reading

    def _read_variable_op(self) -> Tensor:
        return resource_state.ReadVariableOp(self._handle, dtype=self._dtype)

    def value(self) -> Tensor:
        """A read at this point of the graph (or the cached value)."""
        if self._cached_value is not None:
            return self._cached_value
        with colocate_with(None, ignore_existing=True), device(self._handle.device):
            return self._read_variable_op()

    def read_value(self) -> Tensor:
        """A read at this point of the graph."""
        with name_scope("Read"), device(self._handle.device):
            value = self._read_variable_op()
        return raw.Identity(value)

    def sparse_read(self, indices: Any, name: str | None = None) -> Tensor:
        """Rows of the variable: `tf.gather` without reading the whole."""
        with name_scope("Gather" if name is None else name) as name:
            value = raw.ResourceGather(self._handle, indices, dtype=self._dtype, name=name)
        return raw.Identity(value)

    def gather_nd(self, indices: Any, name: str | None = None) -> Tensor:
        """Slices of the variable: `tf.gather_nd` without reading the whole."""
        with name_scope("GatherNd" if name is None else name) as name:
            value = raw.ResourceGatherNd(self._handle, indices, dtype=self._dtype, name=name)
        return raw.Identity(value)

    def _to_tensor(self, dtype: Any = None, as_ref: bool = False) -> Tensor:
        if dtype is not None and not dtype.is_compatible_with(self.dtype):
            raise ValueError(
                f"Incompatible type conversion requested to type {dtype.name!r} for variable of type "
                f"{self.dtype.name!r}"
            )
        return self.read_value().op.inputs[0] if as_ref else self.value()

    # ---------------------------------------------------------------- changing it

    def _lazy_read(self, op: Operation) -> UnreadVariable:
        return UnreadVariable(self, op)

    def _changed(self, op: Operation, read_value: bool) -> Any:
        return self._lazy_read(op) if read_value else op

    @contextlib.contextmanager
    def _own_graph(self) -> Iterator[None]:
        """Outside of any `Graph.as_default()`, the variable's graph becomes the default one."""
        with contextlib.nullcontext() if default_graph_stack.items else self.graph.as_default():
            yield

    @contextlib.contextmanager
    def _after_cached_read(self) -> Iterator[None]:
        with self._own_graph(), control_dependencies([] if self._cached_value is None else [self._cached_value]):
            yield

    def assign(self, value: Any, use_locking: Any = None, name: str | None = None, read_value: bool = True) -> Any:
        """Replaces the value; gives the variable after that, or with `read_value=False` the operation."""
        with self._own_graph():
            value = convert_to_tensor(value, dtype=self.dtype)
            self._shape.assert_is_compatible_with(value.shape)
            return self._changed(resource_state.AssignVariableOp(self._handle, value, name=name), read_value)

    def assign_add(self, delta: Any, use_locking: Any = None, name: str | None = None, read_value: bool = True) -> Any:
        """Adds `delta`; gives the variable after that, or with `read_value=False` the operation."""
        with self._after_cached_read():
            delta = convert_to_tensor(delta, dtype=self.dtype)
            return self._changed(resource_state.AssignAddVariableOp(self._handle, delta, name=name), read_value)

    def assign_sub(self, delta: Any, use_locking: Any = None, name: str | None = None, read_value: bool = True) -> Any:
        """Subtracts `delta`; gives the variable after that, or with `read_value=False` the operation."""
        with self._after_cached_read():
            delta = convert_to_tensor(delta, dtype=self.dtype)
            return self._changed(resource_state.AssignSubVariableOp(self._handle, delta, name=name), read_value)

    def _scatter(self, op_type: str, sparse_delta: Any, name: str | None) -> Any:
        if not isinstance(sparse_delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
        updates = convert_to_tensor(sparse_delta.values, self.dtype)
        return self._lazy_read(getattr(raw, op_type)(self._handle, sparse_delta.indices, updates, name=name))

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Subtracts `IndexedSlices` from the rows they name."""
        return self._scatter("ResourceScatterSub", sparse_delta, name)

    def scatter_add(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Adds `IndexedSlices` to the rows they name."""
        return self._scatter("ResourceScatterAdd", sparse_delta, name)

    def scatter_max(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """The larger of `IndexedSlices` and the rows they name."""
        return self._scatter("ResourceScatterMax", sparse_delta, name)

    def scatter_min(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """The smaller of `IndexedSlices` and the rows they name."""
        return self._scatter("ResourceScatterMin", sparse_delta, name)

    def scatter_mul(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Multiplies the rows that `IndexedSlices` name."""
        return self._scatter("ResourceScatterMul", sparse_delta, name)

    def scatter_div(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Divides the rows that `IndexedSlices` name."""
        return self._scatter("ResourceScatterDiv", sparse_delta, name)

    def scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Replaces the rows that `IndexedSlices` name."""
        return self._scatter("ResourceScatterUpdate", sparse_delta, name)

    def batch_scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Replaces slices; see `tf.batch_scatter_update`."""
        if not isinstance(sparse_delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
        changed = batch_scatter_update(
            self, sparse_delta.indices, sparse_delta.values, use_locking=use_locking, name=name
        )
        return self._lazy_read(changed.op)

    def _scatter_nd(self, op_type: str, indices: Any, updates: Any, name: str | None) -> Any:
        updates = convert_to_tensor(updates, self.dtype)
        return self._lazy_read(getattr(raw, op_type)(self._handle, indices, updates, name=name))

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Subtracts `updates` [..., slice] at `indices` [..., depth]."""
        return self._scatter_nd("ResourceScatterNdSub", indices, updates, name)

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Adds `updates` [..., slice] at `indices` [..., depth]."""
        return self._scatter_nd("ResourceScatterNdAdd", indices, updates, name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Writes `updates` [..., slice] at `indices` [..., depth]."""
        return self._scatter_nd("ResourceScatterNdUpdate", indices, updates, name)

    def _strided_slice_assign(
        self, begin: Any, end: Any, strides: Any, value: Any, name: str | None = None, **masks: int
    ) -> Any:
        with self._after_cached_read():
            value = convert_to_tensor(value, dtype=self.dtype)
            return self._lazy_read(
                raw.ResourceStridedSliceAssign(self._handle, begin, end, strides, value, name=name, **masks)
            )

    def count_up_to(self, limit: int) -> Tensor:
        """The value before it is increased by one, until it reaches `limit`."""
        return resource_state.ResourceCountUpTo(self._handle, limit=limit, T=self.dtype)

    # ---------------------------------------------------------------- files

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The variable as a `VariableDef`, or None when it lies outside of `export_scope`."""
        from pyflow.protos.variable_pb2 import VariableDef

        if export_scope is not None and not self._handle.name.startswith(export_scope):
            return None
        read = self._graph_element if self._cached_value is None else self._cached_value
        definition = VariableDef(
            variable_name=strip_name_scope(self._handle.name, export_scope),
            initializer_name=strip_name_scope(self.initializer.name, export_scope),
            snapshot_name=strip_name_scope(read.name, export_scope),
            is_resource=True,
            trainable=self.trainable,
            synchronization=self.synchronization.value,
            aggregation=self.aggregation.value,
        )
        if self._initial_value is not None:
            definition.initial_value_name = strip_name_scope(self._initial_value.name, export_scope)
        if self._save_slice_info:
            definition.save_slice_info_def.MergeFrom(self._save_slice_info.to_proto(export_scope=export_scope))
        return definition

    @staticmethod
    def from_proto(variable_def: Any, import_scope: str | None = None) -> Variable:
        """The variable whose nodes a `VariableDef` names."""
        from pyflow.ops.resource_variable import ResourceVariable

        return ResourceVariable(variable_def=variable_def, import_scope=import_scope)


class UnreadVariable(BaseResourceVariable):
    """A variable after an operation that changed it: reading it waits for that operation."""

    def __init__(self, variable: BaseResourceVariable, parent_op: Operation):
        self._handle, self._dtype, self._shape = variable._handle, variable._dtype, variable._shape
        self._unique_id = variable._unique_id
        self._handle_name = self._handle.name + ":0"
        self._parent_op = parent_op
        self._graph_element = None if get_default_graph().building_function else self._read_variable_op()

    name = property(lambda self: self._parent_op.name)
    op = property(lambda self: self._parent_op)

    def value(self) -> Tensor:
        return self._read_variable_op()

    def read_value(self) -> Tensor:
        return self._read_variable_op()

    def _read_variable_op(self) -> Tensor:
        with control_dependencies([self._parent_op]):
            return super()._read_variable_op()


_UnreadVariable = UnreadVariable


def _refuse_in_place(operator: str, sign: str, advice: str) -> None:
    def refuse(self: BaseResourceVariable, other: Any) -> Any:
        raise RuntimeError(f"Variable {sign}= value not supported. Use {advice} to get a new Tensor object.")

    refuse.__name__ = operator
    setattr(BaseResourceVariable, operator, refuse)


for _operator, _sign in (("__iadd__", "+"), ("__isub__", "-")):
    _method = f"variable.assign_{_operator[3:6]}(value)"
    _refuse_in_place(_operator, _sign, f"{_method} to modify the variable value and variable = variable {_sign} value")
for _operator, _sign in (("__imul__", "*"), ("__itruediv__", "/"), ("__ipow__", "**")):
    _refuse_in_place(
        _operator, _sign, f"`var.assign(var {_sign} value)` to modify the variable or `var = var {_sign} value`"
    )


def _convert(value: BaseResourceVariable, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    return value._to_tensor(dtype, as_ref)


register_tensor_conversion_function(BaseResourceVariable, _convert)


def is_resource_variable(value: Any) -> bool:
    """Whether a variable is one behind a handle."""
    return isinstance(value, BaseResourceVariable) or hasattr(value, "_should_act_as_resource_variable")


def _to_proto(variable: Any, export_scope: str | None = None) -> Any:
    return variable.to_proto(export_scope=export_scope)


def _from_proto(variable_def: Any, import_scope: str | None = None) -> Variable:
    kind = BaseResourceVariable if variable_def.is_resource else Variable
    return kind.from_proto(variable_def, import_scope=import_scope)


def _register_protos() -> None:
    from pyflow.protos.variable_pb2 import VariableDef

    for key in (
        GraphKeys.GLOBAL_VARIABLES,
        GraphKeys.TRAINABLE_VARIABLES,
        GraphKeys.MOVING_AVERAGE_VARIABLES,
        GraphKeys.LOCAL_VARIABLES,
        GraphKeys.MODEL_VARIABLES,
        GraphKeys.GLOBAL_STEP,
        GraphKeys.METRIC_VARIABLES,
    ):
        register_proto_function(key, proto_type=VariableDef, to_proto=_to_proto, from_proto=_from_proto)


_register_protos()
