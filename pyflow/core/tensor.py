"""Tensor: a symbolic handle on one output of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflow.core.api import export
from pyflow.core.dtypes import DType
from pyflow.core.errors import OperatorNotAllowedInGraphError
from pyflow.core.shapes import TensorShape, as_shape

if TYPE_CHECKING:
    from pyflow.core.graph import Graph
    from pyflow.core.operation import Operation

StaticShape = tuple["int | None", ...] | None
UNSEEN = object()  # the value of a tensor of which nobody has asked whether it is constant


@export("Tensor")
class Tensor:
    """One output of an `Operation`: it has a dtype and a (perhaps partly known) shape, but no value.

    A value exists only while a `Session` runs. Arithmetic operators and indexing are added by `ops.operators`.
    """

    # numpy must leave `array + tensor` to Tensor.__radd__.
    __array_priority__ = 100

    OVERLOADABLE_OPERATORS = frozenset(
        f"__{name}__"
        for name in (
            "add radd sub rsub mul rmul div rdiv truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul rmatmul "
            "lt le gt ge ne eq and rand or ror xor rxor getitem invert neg abs"
        ).split()
    )

    if TYPE_CHECKING:  # the operators that ops.operators adds
        __add__: Any
        __radd__: Any
        __sub__: Any
        __rsub__: Any
        __mul__: Any
        __rmul__: Any
        __div__: Any
        __rdiv__: Any
        __truediv__: Any
        __rtruediv__: Any
        __floordiv__: Any
        __rfloordiv__: Any
        __mod__: Any
        __rmod__: Any
        __pow__: Any
        __rpow__: Any
        __matmul__: Any
        __rmatmul__: Any
        __lt__: Any
        __le__: Any
        __gt__: Any
        __ge__: Any
        __ne__: Any
        __and__: Any
        __rand__: Any
        __or__: Any
        __ror__: Any
        __xor__: Any
        __rxor__: Any
        __getitem__: Any
        __invert__: Any
        __neg__: Any
        __abs__: Any

    def __init__(self, op: Operation, value_index: int, dtype: DType):
        self._op = op
        self._value_index = value_index
        self._dtype = dtype
        self._static_shape: StaticShape = None
        self._static_value: Any = UNSEEN
        self._consumers: list[Operation] = []

    op = property(lambda self: self._op, doc="The `Operation` that produces this tensor.")
    value_index = property(lambda self: self._value_index, doc="The index among its operation's outputs.")
    dtype = property(lambda self: self._dtype, doc="The `DType` of the elements.")
    graph: Graph = property(lambda self: self._op.graph, doc="The `Graph` that holds this tensor.")  # type: ignore
    device = property(lambda self: self._op.device, doc="The name of the device it is computed on, or ''.")

    @property
    def name(self) -> str:
        return f"{self._op.name}:{self._value_index}"

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape before running."""
        return TensorShape(self._static_shape)

    def get_shape(self) -> TensorShape:
        return TensorShape(self._static_shape)

    def _shape_as_list(self) -> list[int | None] | None:
        return None if self._static_shape is None else list(self._static_shape)

    @property
    def _rank(self) -> int | None:
        return None if self._static_shape is None else len(self._static_shape)

    def _as_node_def_input(self) -> str:
        return f"{self._op.name}:{self._value_index}" if self._value_index else self._op.name

    @property
    def _shape(self) -> TensorShape:
        return TensorShape(self._static_shape)

    def _shape_tuple(self) -> StaticShape:
        return self._static_shape

    def set_shape(self, shape: Any) -> None:
        """Merges `shape` into what is known.

        Raises:
          ValueError: `shape` contradicts what is known already.
        """
        known = TensorShape(self._static_shape)
        wanted = as_shape(shape)
        try:
            self._static_shape = known.merge_with(wanted).as_tuple()
        except ValueError:
            if known.ndims == wanted.ndims:
                for i, (a, b) in enumerate(zip(known.as_list(), wanted.as_list())):
                    if a is not None and b is not None and a != b:
                        raise ValueError(
                            f"Dimension {i} in both shapes must be equal, but are {a} and {b}. "
                            f"Shapes are {_brackets(known)} and {_brackets(wanted)}."
                        ) from None
            raise ValueError(f"Shapes must be equal rank, but are {known.ndims} and {wanted.ndims}") from None

    def consumers(self) -> list[Operation]:
        """The operations that take this tensor as an input."""
        return list(self._consumers)

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Runs this tensor in `session`, or in the default session; returns a numpy value.

        Raises:
          ValueError: there is no session, or it runs another graph.
        """
        from pyflow.core.scopes import session_for

        return session_for(self, session, "evaluate tensor using `eval()`").run(self, feed_dict)

    def experimental_ref(self) -> Any:
        return _Reference(self)

    def __iter__(self) -> Any:
        raise self._not_allowed("iterating over `tf.Tensor`")

    def __len__(self) -> int:
        raise TypeError(
            f"len is not well defined for symbolic Tensors. ({self.name}) Please call `x.shape` rather than `len(x)` "
            "for shape information."
        )

    def __bool__(self) -> bool:
        raise self._not_allowed("using a `tf.Tensor` as a Python `bool`")

    def _not_allowed(self, what: str) -> OperatorNotAllowedInGraphError:
        return OperatorNotAllowedInGraphError(
            f"{what} is not allowed in Graph execution. "
            "Use Eager execution or decorate this function with @tf.function."
        )

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise NotImplementedError(f"Cannot convert a symbolic Tensor ({self.name}) to a numpy array.")

    def __copy__(self) -> Tensor:
        return self

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: Any) -> bool:
        return self is other

    def __str__(self) -> str:
        shape = "" if self._static_shape is None else f", shape={self.shape}"
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}"{shape}, dtype={self._dtype.name}{device})'

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self.shape} dtype={self._dtype.name}>"

    @staticmethod
    def _override_operator(operator: str, function: Any) -> None:
        # Looked up in the classes only: getattr would find type.__or__, which joins types.
        existing = next((vars(c)[operator] for c in Tensor.__mro__ if operator in vars(c)), None)
        if existing is not None and existing not in (getattr(object, operator, None), Tensor.__dict__.get("__eq__")):
            raise ValueError(f"operator {operator} cannot be overwritten again on class {Tensor}.")
        if operator not in Tensor.OVERLOADABLE_OPERATORS:
            raise ValueError(f"Overriding {operator} is disallowed")
        setattr(Tensor, operator, function)

    def _as_tf_output(self) -> Tensor:
        return self


class _Reference:
    """Hashable stand-in for a tensor, as `experimental_ref()` gives it."""

    def __init__(self, tensor: Tensor):
        self._tensor = tensor

    def deref(self) -> Tensor:
        return self._tensor

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, _Reference) and self._tensor is other._tensor

    def __hash__(self) -> int:
        return id(self._tensor)


def _brackets(shape: TensorShape) -> str:
    return brackets(shape.as_tuple())


def brackets(shape: StaticShape) -> str:
    """A shape the way TensorFlow's runtime prints it: `[2,?]`, or `?` for an unknown rank."""
    if shape is None:
        return "?"
    return "[" + ",".join("?" if d is None else str(d) for d in shape) + "]"
