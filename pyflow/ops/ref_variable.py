"""RefVariable: the classic variable, a `VariableV2` node that ops change through its reference."""

from __future__ import annotations

import contextlib
import logging
from typing import Any, Callable, Iterator

from pyflow.core import dtypes
from pyflow.core.collection_protos import prepend_name_scope, strip_name_scope
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor, register_tensor_conversion_function
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.init_scope import init_scope
from pyflow.core.node_count import count_named
from pyflow.core.registry import NOT_DIFFERENTIABLE, op, raw
from pyflow.core.scopes import add_to_collections, colocate_with, device, get_default_graph, name_scope
from pyflow.core.shapes import unknown_shape
from pyflow.core.tensor import Tensor
from pyflow.ops import state, state_scatter
from pyflow.ops.initial_values import guarded
from pyflow.ops.shape_rules import merge
from pyflow.ops.variable_base import Variable, validate_synchronization_aggregation_trainable


@op("_ValueOrInitialValue(ref: Ref(T), initial_value: T) -> (value: T)", T=dtypes.ANY)
class ValueOrInitialValue:
    """A variable's value once it has one, before that `initial_value`."""

    stateful = True

    def shape(ref, initial_value):
        return merge(ref, initial_value)

    def cpu(ref, initial_value):
        return (initial_value if ref.value is None else ref.value).copy()

    grad = NOT_DIFFERENTIABLE


@contextlib.contextmanager
def colocated_with_name(name: str) -> Iterator[None]:
    """Puts new nodes into the colocation group of the node `name`, which need not exist yet."""
    graph = get_default_graph()
    outer, graph._scoped_attrs = graph._scoped_attrs, {**graph._scoped_attrs, "_class": [b"loc:@" + name.encode()]}
    try:
        yield
    finally:
        graph._scoped_attrs = outer


def checked_collections(collections: Any, trainable: bool) -> Any:
    """The collections that a new variable joins.

    Raises:
      ValueError: they are no list, tuple or set.
    """
    if collections is None:
        collections = [GraphKeys.GLOBAL_VARIABLES]
    if not isinstance(collections, (list, tuple, set)):
        raise ValueError(
            "collections argument to Variable constructor must be a list, tuple, or set. "
            f"Got {collections} of type {type(collections)}"
        )
    if trainable and GraphKeys.TRAINABLE_VARIABLES not in collections:
        collections = [*collections, GraphKeys.TRAINABLE_VARIABLES]
    return collections


def check_outside_control_flow(initial_value: Tensor, name: str) -> None:
    """Raises ValueError when an initial value was made inside a loop or a branch."""
    if initial_value.op._get_control_flow_context() is not None:
        raise ValueError(
            f"Initializer for variable {name} is from inside a control-flow construct, such as a loop or conditional. "
            "When creating a variable inside a loop or conditional, use a lambda as the initializer."
        )


class RefVariable(Variable):
    """A variable whose tensor is a mutable reference; see `Variable` for the arguments."""

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
        constraint: Callable | None = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ):
        self._save_slice_info = None
        self._initial_value: Any = None
        self._constraint = constraint
        if variable_def:
            if initial_value:
                raise ValueError("variable_def and initial_value are mutually exclusive.")
            self._init_from_proto(variable_def, import_scope)
            return
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        settings = validate_synchronization_aggregation_trainable(synchronization, aggregation, trainable, name)
        self._synchronization, self._aggregation, self._trainable = settings
        collections = checked_collections(collections, self._trainable)
        if constraint is not None and not callable(constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        self._caching_device = caching_device
        with init_scope():
            with name_scope(name, "Variable", [] if callable(initial_value) else [initial_value]) as scope:
                self._make_variable(initial_value, dtype, shape, validate_shape, scope)
                self._make_initializer(validate_shape, scope)
                with device(caching_device) if caching_device is not None else colocate_with(self._variable.op):
                    self._snapshot = raw.Identity(self._variable, name="read")
            add_to_collections(collections, self)

    def _make_variable(self, initial_value: Any, dtype: Any, shape: Any, validate_shape: bool, scope: str) -> None:
        with contextlib.ExitStack() as stack:
            if callable(initial_value):
                stack.enter_context(colocated_with_name(scope.removesuffix("/")))
                with name_scope("Initializer"), device(None):
                    self._initial_value = convert_to_tensor(initial_value(), name="initial_value", dtype=dtype)
            else:
                self._initial_value = convert_to_tensor(initial_value, name="initial_value", dtype=dtype)
                check_outside_control_flow(self._initial_value, scope)
            if shape is None:
                shape = self._initial_value.get_shape() if validate_shape else unknown_shape()
            self._variable = state.variable_op_v2(shape, self._initial_value.dtype.base_dtype, name=scope)

    def _make_initializer(self, validate_shape: bool, scope: str) -> None:
        if validate_shape and not self._initial_value.get_shape().is_fully_defined():
            raise ValueError(f"initial_value must have a shape specified: {self._initial_value}")
        value = guarded(self._initial_value, scope)
        self._initializer_op = state.assign(self._variable, value, validate_shape=validate_shape).op

    def _init_from_proto(self, variable_def: Any, import_scope: str | None) -> None:
        from pyflow.protos.variable_pb2 import VariableDef

        assert isinstance(variable_def, VariableDef)
        graph = get_default_graph()

        def element(name: str) -> Any:
            return graph.as_graph_element(prepend_name_scope(name, import_scope))

        self._variable = element(variable_def.variable_name)
        self._initializer_op = element(variable_def.initializer_name)
        self._initial_value = element(variable_def.initial_value_name) if variable_def.initial_value_name else None
        settings = validate_synchronization_aggregation_trainable(
            variable_def.synchronization, variable_def.aggregation, variable_def.trainable, variable_def.variable_name
        )
        self._synchronization, self._aggregation, self._trainable = settings
        self._snapshot = element(variable_def.snapshot_name)
        if variable_def.HasField("save_slice_info_def"):
            self._save_slice_info = Variable.SaveSliceInfo(
                save_slice_info_def=variable_def.save_slice_info_def, import_scope=import_scope
            )
        self._caching_device = None

    # ---------------------------------------------------------------- what it is

    name = property(lambda self: self._variable.name)
    op = property(lambda self: self._variable.op)
    graph = property(lambda self: self._variable.graph)
    device = property(lambda self: self._variable.device)
    dtype = property(lambda self: self._variable.dtype)
    shape = property(lambda self: self._variable.get_shape())
    initializer = property(lambda self: self._initializer_op, doc="The operation that assigns the initial value.")
    initial_value = property(lambda self: self._initial_value, doc="The tensor that `initializer` assigns.")
    trainable = property(lambda self: self._trainable)
    synchronization = property(lambda self: self._synchronization)
    aggregation = property(lambda self: self._aggregation)
    constraint = property(lambda self: self._constraint)
    _distribute_strategy = None

    def _as_graph_element(self) -> Tensor:
        return self._variable

    def _ref(self) -> Tensor:
        return self._variable

    def value(self) -> Tensor:
        """The tensor that ops read (`name/read`)."""
        return self._snapshot

    def read_value(self) -> Tensor:
        """A new read of the variable, which sees what happened in enclosing control dependencies."""
        return raw.Identity(self._variable, name="read")

    def set_shape(self, shape: Any) -> None:
        """Merges `shape` into the static shape of the variable and of its read."""
        self._variable.set_shape(shape)
        self._snapshot.set_shape(shape)

    def eval(self, session: Any = None) -> Any:
        """The value in `session`, or in the default session, as a numpy array."""
        return self._variable.eval(session=session)

    def _value_or_initial_value(self) -> Tensor:
        count_named(self.graph, "IsVariableInitialized")
        with name_scope("cond"):
            # The parts of a conditional, a read of the variable in one branch, and the initial value in the other.
            count_named(self.graph, "Switch", "switch_t", "switch_f", "pred_id", "read", "Switch", "Switch")
            return ValueOrInitialValue(self._variable, self._initial_value, name="Merge")

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The variable as a `VariableDef`, or None when it lies outside of `export_scope`."""
        from pyflow.protos.variable_pb2 import VariableDef

        if export_scope is not None and not self._variable.name.startswith(export_scope):
            return None
        definition = VariableDef(
            variable_name=strip_name_scope(self._variable.name, export_scope),
            initializer_name=strip_name_scope(self.initializer.name, export_scope),
            snapshot_name=strip_name_scope(self._snapshot.name, export_scope),
            trainable=self.trainable,
            synchronization=self.synchronization.value,
            aggregation=self.aggregation.value,
        )
        if self._initial_value is not None:
            definition.initial_value_name = strip_name_scope(self._initial_value.name, export_scope)
        if self._save_slice_info:
            definition.save_slice_info_def.MergeFrom(self._save_slice_info.to_proto(export_scope=export_scope))
        return definition

    # ---------------------------------------------------------------- changing it

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Replaces the value; gives the variable after that, or with `read_value=False` the operation."""
        changed = state.assign(self._variable, value, use_locking=use_locking, name=name)
        return changed if read_value else changed.op

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Adds `delta`; gives the variable after that, or with `read_value=False` the operation."""
        changed = state.assign_add(self._variable, delta, use_locking=use_locking, name=name)
        return changed if read_value else changed.op

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Subtracts `delta`; gives the variable after that, or with `read_value=False` the operation."""
        changed = state.assign_sub(self._variable, delta, use_locking=use_locking, name=name)
        return changed if read_value else changed.op

    def _scatter(self, operation: Any, sparse_delta: Any, use_locking: bool, name: str | None) -> Tensor:
        if not isinstance(sparse_delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
        return operation(self._variable, sparse_delta.indices, sparse_delta.values, use_locking=use_locking, name=name)

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Subtracts `IndexedSlices` from the rows they name."""
        return self._scatter(state_scatter.ScatterSub, sparse_delta, use_locking, name)

    def scatter_add(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Adds `IndexedSlices` to the rows they name."""
        return self._scatter(state_scatter.ScatterAdd, sparse_delta, use_locking, name)

    def scatter_max(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """The larger of `IndexedSlices` and the rows they name."""
        return self._scatter(state_scatter.ScatterMax, sparse_delta, use_locking, name)

    def scatter_min(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """The smaller of `IndexedSlices` and the rows they name."""
        return self._scatter(state_scatter.ScatterMin, sparse_delta, use_locking, name)

    def scatter_mul(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Multiplies the rows that `IndexedSlices` name."""
        return self._scatter(state_scatter.ScatterMul, sparse_delta, use_locking, name)

    def scatter_div(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Divides the rows that `IndexedSlices` name."""
        return self._scatter(state_scatter.ScatterDiv, sparse_delta, use_locking, name)

    def scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Replaces the rows that `IndexedSlices` name."""
        return self._scatter(state_scatter.ScatterUpdate, sparse_delta, use_locking, name)

    def batch_scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Replaces slices; see `tf.batch_scatter_update`."""
        return state_scatter.batch_scatter_update(
            self, sparse_delta.indices, sparse_delta.values, use_locking=use_locking, name=name
        )

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Subtracts `updates` [..., slice] at `indices` [..., depth]."""
        return state_scatter.ScatterNdSub(self._variable, indices, updates, use_locking=True, name=name)

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Adds `updates` [..., slice] at `indices` [..., depth]."""
        return state_scatter.ScatterNdAdd(self._variable, indices, updates, use_locking=True, name=name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Writes `updates` [..., slice] at `indices` [..., depth]."""
        return state_scatter.ScatterNdUpdate(self._variable, indices, updates, use_locking=True, name=name)

    def _strided_slice_assign(
        self, begin: Any, end: Any, strides: Any, value: Any, name: str | None = None, **masks: int
    ) -> Tensor:
        return raw.StridedSliceAssign(self._variable, begin, end, strides, value, name=name, **masks)

    def count_up_to(self, limit: int) -> Tensor:
        """The value before it is increased by one, until it reaches `limit`."""
        return state.CountUpTo(self._variable, limit=limit)


def _to_tensor(v: RefVariable, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if dtype is not None and not dtype.is_compatible_with(v.dtype):
        raise ValueError(
            f"Incompatible type conversion requested to type '{dtype.name}' for variable of type '{v.dtype.name}'"
        )
    return v._ref() if as_ref else v.value()


register_tensor_conversion_function(RefVariable, _to_tensor)


def _warn_in_place(operator: str, advice: str) -> None:
    plain = "__" + operator.removeprefix("__i")

    def run(self: RefVariable, other: Any) -> Any:
        if operator not in _warned:
            _warned.add(operator)
            logging.getLogger("tensorflow").warning(advice)
        return getattr(self, plain)(other)

    run.__name__ = operator
    setattr(RefVariable, operator, run)


_warned: set[str] = set()
for _sign, _name in (("+", "add"), ("-", "sub"), ("*", "mul"), ("/", "truediv"), ("**", "pow")):
    _method = f"variable.assign_{_name}" if _sign in "+-" else f"`var.assign(var {_sign} other)`"
    _warn_in_place(
        f"__i{_name}__",
        f"Variable {_sign}= will be deprecated. Use {_method} if you want assignment to the variable value or "
        f"'x = x {_sign} y' if you want a new python Tensor object.",
    )
