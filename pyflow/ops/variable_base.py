"""tf.Variable: what every kind of variable shares, and how `tf.Variable(...)` chooses the kind."""

from __future__ import annotations

import enum
from typing import Any, Callable

from pyflow.core.api import export
from pyflow.core.collection_protos import prepend_name_scope, strip_name_scope
from pyflow.core.init_scope import init_scope
from pyflow.core.scopes import get_default_graph, get_default_session
from pyflow.core.tensor import Tensor, _Reference
from pyflow.ops.variable_members import VariableMembers


@export("VariableSynchronization")
class VariableSynchronization(enum.Enum):
    """When copies of a variable on several devices are brought together; one process has one copy."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


@export("VariableAggregation")
class VariableAggregation(enum.Enum):
    """How copies of a variable on several devices are brought together; one process has one copy."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3
    ONLY_FIRST_TOWER = 3  # noqa: PIE796  (the older name)

    def __hash__(self) -> int:
        return hash(self.value)


def validate_synchronization_aggregation_trainable(
    synchronization: Any, aggregation: Any, trainable: bool | None, name: str | None
) -> tuple[VariableSynchronization, VariableAggregation, bool]:
    """The three settings with defaults filled in.

    Raises:
      ValueError: one of them is no mode.
    """
    try:
        aggregation = VariableAggregation(aggregation or VariableAggregation.NONE)
    except ValueError:
        raise ValueError(f"Invalid variable aggregation mode: {aggregation} for variable: {name}") from None
    try:
        synchronization = VariableSynchronization(synchronization or VariableSynchronization.AUTO)
    except ValueError:
        raise ValueError(f"Invalid variable synchronization mode: {synchronization} for variable: {name}") from None
    if trainable is None:
        trainable = synchronization is not VariableSynchronization.ON_READ
    return synchronization, aggregation, trainable


def default_variable_creator(next_creator: Any = None, **kwargs: Any) -> Variable:
    """Makes the variable that the arguments of `tf.Variable` describe; replaced by `variable_scope`."""
    raise NotImplementedError("variable_scope needs to be imported")


def _wrapped(creator: Callable, next_creator: Callable) -> Callable:
    return lambda **kwargs: creator(next_creator, **kwargs)


class VariableMetaclass(type):
    """Sends `tf.Variable(...)` through the creators of `tf.variable_creator_scope`."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Variable:
            return _create(*args, **kwargs)
        return super().__call__(*args, **kwargs)


def _create(
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
    use_resource: bool | None = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
    shape: Any = None,
) -> Variable:
    create: Callable = _wrapped(lambda _, **kwargs: default_variable_creator(None, **kwargs), lambda: None)
    for _, creator in get_default_graph()._variable_creator_stack:
        create = _wrapped(creator, create)
    return create(
        initial_value=initial_value,
        trainable=trainable,
        collections=collections,
        validate_shape=validate_shape,
        caching_device=caching_device,
        name=name,
        variable_def=variable_def,
        dtype=dtype,
        expected_shape=expected_shape,
        import_scope=import_scope,
        constraint=constraint,
        use_resource=use_resource,
        synchronization=synchronization,
        aggregation=VariableAggregation.NONE if aggregation is None else aggregation,
        shape=shape,
    )


@export("Variable")
class Variable(VariableMembers, metaclass=VariableMetaclass):
    """A tensor whose value a session keeps from run to run, and that ops can change.

    Args:
      initial_value: a tensor, a value that can become one, or a function without arguments that returns such.
      trainable: whether it joins the collection TRAINABLE_VARIABLES, which optimizers change.
      collections: the collections to join; by default [GLOBAL_VARIABLES].
      validate_shape: whether its shape must be known and may not change.
      caching_device: where reads of it are cached.
      name: by default "Variable", made unique.
      variable_def: a `VariableDef` that names the nodes of a variable in the default graph, instead of all else.
      dtype: what `initial_value` is converted to.
      import_scope: prefix of the names in `variable_def`.
      constraint: function from a value to an allowed one, for optimizers to apply after an update.
      use_resource: whether to make a resource variable, whose reads are snapshots; by default the variable scope says.
      shape: the static shape; by default that of `initial_value`.

    Raises:
      ValueError: there is no initial value or its shape is not known, or an argument is of the wrong kind.

    See https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/Variable.
    """

    # numpy must leave `array + variable` to Variable.__radd__.
    __array_priority__ = 100

    _value_or_initial_value: Any
    _strided_slice_assign: Any
    _save_slice_info: Any = None

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
        use_resource: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        shape: Any = None,
    ):
        """For the signature: a call makes a subclass's instance."""

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.get_shape()} dtype={self.dtype.name}>"

    def get_shape(self) -> Any:
        return self.shape

    @property
    def _shared_name(self) -> str:
        return self.name[: self.name.index(":")]

    def initialized_value(self) -> Tensor:
        """The value if there is one, else the initial value: for the initial values of other variables."""
        with init_scope():
            return self._value_or_initial_value()

    def load(self, value: Any, session: Any = None) -> None:
        """Gives the variable a value in `session`, or in the default session, without adding to the graph.

        Raises:
          ValueError: there is no session.
        """
        session = session or get_default_session()
        if session is None:
            raise ValueError("Either session argument should be provided or default session should be established")
        session.run(self.initializer, {self.initializer.inputs[1]: value})

    def _set_save_slice_info(self, save_slice_info: Any) -> None:
        self._save_slice_info = save_slice_info

    def _get_save_slice_info(self) -> Any:
        return self._save_slice_info

    def experimental_ref(self) -> Any:
        return _Reference(self)  # type: ignore[arg-type]

    @staticmethod
    def from_proto(variable_def: Any, import_scope: str | None = None) -> Variable:
        """The variable whose nodes a `VariableDef` names."""
        from pyflow.ops.ref_variable import RefVariable

        return RefVariable(variable_def=variable_def, import_scope=import_scope)

    def __getitem__(self, slice_spec: Any) -> Tensor:
        """A slice of the value; the slice's `assign(value)` changes that part of the variable."""
        sliced = self.value()[slice_spec]
        if sliced.op.type == "StridedSlice":
            _, begin, end, strides = sliced.op.inputs
            masks = {key: value for key, value in sliced.op.attrs.items() if key.endswith("_mask")}

            def assign(value: Any, name: str = f"{sliced.op.name}/_assign") -> Any:
                return self._strided_slice_assign(begin, end, strides, value, name, **masks)

            sliced.assign = assign
        return sliced

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __iter__(self) -> Any:
        raise TypeError("'Variable' object is not iterable.")

    class SaveSliceInfo:
        """Which part of a larger, saved tensor a variable is.

        Attributes:
          full_name: the name the whole is saved under.
          full_shape: the shape of the whole, list of int.
          var_offset: where this part begins in each dimension.
          var_shape: the shape of this part.
        """

        def __init__(
            self,
            full_name: Any = None,
            full_shape: Any = None,
            var_offset: Any = None,
            var_shape: Any = None,
            save_slice_info_def: Any = None,
            import_scope: str | None = None,
        ):
            if save_slice_info_def:
                full_name = prepend_name_scope(save_slice_info_def.full_name, import_scope)
                full_shape = list(save_slice_info_def.full_shape)
                var_offset = list(save_slice_info_def.var_offset)
                var_shape = list(save_slice_info_def.var_shape)
            self.full_name, self.full_shape = full_name, full_shape
            self.var_offset, self.var_shape = var_offset, var_shape

        @property
        def spec(self) -> str:
            """The form that the save ops take: `4 3 0,2:0,3`."""
            parts = ":".join(f"{offset},{size}" for offset, size in zip(self.var_offset, self.var_shape))
            return " ".join(str(d) for d in self.full_shape) + " " + parts

        def to_proto(self, export_scope: str | None = None) -> Any:
            """A `SaveSliceInfoDef`, or None when the name lies outside of `export_scope`."""
            from pyflow.protos.variable_pb2 import SaveSliceInfoDef

            if export_scope is not None and not self.full_name.startswith(export_scope):
                return None
            return SaveSliceInfoDef(
                full_name=strip_name_scope(self.full_name, export_scope),
                full_shape=self.full_shape,
                var_offset=self.var_offset,
                var_shape=self.var_shape,
            )


def _overload(operator: str) -> None:
    def run(self: Variable, *args: Any, **kwargs: Any) -> Any:
        # Looked up at the call: the operators of Tensor are defined by a module that comes later.
        return getattr(Tensor, operator)(self.value(), *args, **kwargs)

    run.__name__ = operator
    setattr(Variable, operator, run)


for _operator in Tensor.OVERLOADABLE_OPERATORS - {"__getitem__", "__eq__", "__ne__"}:
    _overload(_operator)
