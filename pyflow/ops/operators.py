"""Python's operators on tensors: `x + y` makes a node `add`, `x[1]` a strided slice, and so on."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops import comparison, division, math_binary, math_unary

Binary = Callable[..., Any]


def _binary_operator(function: Binary, name: str) -> tuple[Binary, Binary]:
    """`x.__name__(y)` and `y.__rname__(x)`: the other operand takes the tensor's dtype where it can."""

    def left(x: Any, y: Any) -> Any:
        with name_scope(None, name, [x, y]) as scope:
            if not isinstance(y, (Tensor, SparseTensor)):
                try:
                    y = convert_to_tensor(y, dtype_hint=x.dtype.base_dtype, name="y")
                except TypeError:
                    # The other operand may know how to deal with tensors.
                    if hasattr(type(y), f"__r{name}__"):
                        return NotImplemented
                    raise
            return function(x, y, name=scope)

    def right(y: Any, x: Any) -> Any:
        with name_scope(None, name, [x, y]) as scope:
            x = convert_to_tensor(x, dtype=y.dtype.base_dtype, name="x")
            return function(x, y, name=scope)

    left.__doc__ = right.__doc__ = function.__doc__
    return left, right


def _add(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x + y."""
    return (math_binary.Add if x.dtype == dtypes.string else math_binary.AddV2)(x, y, name=name)


def _mul(x: Any, y: Any, name: str | None = None) -> Any:
    """x * y."""
    if isinstance(y, SparseTensor):
        values = raw.SparseDenseCwiseMul(y.indices, y.values, y.dense_shape, x, name=name)
        return SparseTensor(y.indices, values, y.dense_shape)
    return math_binary.Mul(x, y, name=name)


def _matmul(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x @ y."""
    from pyflow.ops.matmul import matmul

    return matmul(x, y, name=name)


def _unary(definition: Any) -> Callable[[Any], Tensor]:
    # A plain function, so that it binds to the tensor as a method.
    def operator(x: Any) -> Tensor:
        return definition(x)

    operator.__doc__ = definition.__doc__
    return operator


def _comparison(definition: Any) -> Callable[[Any, Any], Tensor]:
    def operator(x: Any, y: Any) -> Tensor:
        return definition(x, y)

    operator.__doc__ = definition.__doc__
    return operator


BINARY: dict[str, Binary] = {
    "add": _add,
    "sub": math_binary.Sub,
    "mul": _mul,
    "div": division.div,
    "truediv": division.truediv,
    "floordiv": division.floordiv,
    "mod": division.FloorMod,
    "pow": math_binary.pow,
    "and": comparison.LogicalAnd,
    "or": comparison.LogicalOr,
    "xor": comparison.logical_xor,
    "matmul": _matmul,
}

for _name, _function in BINARY.items():
    _left, _right = _binary_operator(_function, _name)
    Tensor._override_operator(f"__{_name}__", _left)
    Tensor._override_operator(f"__r{_name}__", _right)
for _name, _definition in (
    ("lt", comparison.Less),
    ("le", comparison.LessEqual),
    ("gt", comparison.Greater),
    ("ge", comparison.GreaterEqual),
):
    Tensor._override_operator(f"__{_name}__", _comparison(_definition))
for _name, _definition in (("neg", math_unary.Neg), ("abs", math_unary.abs), ("invert", comparison.LogicalNot)):
    Tensor._override_operator(f"__{_name}__", _unary(_definition))


def _sparse_operator(function: Binary, name: str) -> Binary:
    """`sparse op dense`: a sparse tensor of the same coordinates."""

    def operator(x: SparseTensor, y: Any) -> SparseTensor:
        with name_scope(None, name, [x, y]) as scope:
            y = convert_to_tensor(y, dtype=x.dtype.base_dtype, name="y")
            values = function(x.indices, x.values, x.dense_shape, y, name=scope)
            return SparseTensor(x.indices, values, x.dense_shape)

    operator.__doc__ = f"A sparse tensor with the values that `{name}` gives; `y` is broadcast to the shape of `x`."
    return operator


def _sparse_truediv(indices: Any, values: Any, shape: Any, y: Any, name: str | None = None) -> Tensor:
    from pyflow.ops.cast import cast

    with name_scope(name, "truediv", [indices, values, shape, y]) as scope:
        a, b = values.dtype.base_dtype, y.dtype.base_dtype
        if a != b:
            raise TypeError(f"x and y must have the same dtype, got {a!r} != {b!r}")
        if a not in division.TRUE_DIVISION_DTYPES:
            raise TypeError(f"Invalid dtype {a!r} in __truediv__")
        dtype = division.TRUE_DIVISION_DTYPES[a]
        if dtype is not None:
            values, y = cast(values, dtype), cast(y, dtype)
        return raw.SparseDenseCwiseDiv(indices, values, shape, y, name=scope)


SparseTensor._override_operator("__div__", _sparse_operator(lambda *a, **k: raw.SparseDenseCwiseDiv(*a, **k), "div"))
SparseTensor._override_operator("__truediv__", _sparse_operator(_sparse_truediv, "truediv"))
SparseTensor._override_operator("__mul__", _sparse_operator(lambda *a, **k: raw.SparseDenseCwiseMul(*a, **k), "mul"))
