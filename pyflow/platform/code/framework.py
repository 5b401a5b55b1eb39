"""Names of tensorflow.python.framework that programs use and that nothing else here needs."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from pyflow.core.gradient_registry import gradient_function as get_gradient_function  # noqa: F401  (its name there)
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.scopes import default_graph_stack, get_default_graph, graph_of
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.smart_cond import smart_cond, smart_constant_value  # noqa: F401  (their place there)
from pyflow.ops.variable_base import Variable

_get_graph_from_inputs = graph_of
_numbers = itertools.count()


class EagerTensor:
    """No value is one: everything is evaluated by a session."""


def executing_eagerly_outside_functions() -> bool:
    """False: there is no eager execution."""
    return False


def inside_function() -> bool:
    """Whether the default graph is the body of a function."""
    return bool(getattr(get_default_graph(), "building_function", False))


def has_default_graph() -> bool:
    """Whether a graph has been made the default one with `as_default`."""
    return default_graph_stack.top() is not None


def uid() -> int:
    """A number not given before in this process."""
    return next(_numbers)


def tensor_id(tensor: Any) -> int:
    """A number of a tensor's own."""
    return getattr(tensor, "_id", id(tensor))


def get_name_scope() -> str:
    """The current name scope of the default graph, without the slash at its end."""
    return get_default_graph().get_name_scope()


def name_from_scope_name(name: str) -> str:
    """A scope's name without the slash at its end."""
    return name[:-1] if name.endswith("/") else name


def strip_name_scope(name: str, export_scope: str | None) -> str:
    """A node's name, as seen from inside a scope; `^` and `loc:@` before it stay."""
    if not export_scope:
        return name
    scope = export_scope.rstrip("/")
    for mark in ("^", "loc:@", ""):
        if name.startswith(f"{mark}{scope}/"):
            return mark + name[len(mark) + len(scope) + 1 :]
    return name


def prepend_name_scope(name: str, import_scope: str | None) -> str:
    """A node's name, put into a scope; `^` and `loc:@` before it stay."""
    if not import_scope:
        return name
    mark = next(m for m in ("^", "loc:@", "") if name.startswith(m))
    return f"{mark}{import_scope.rstrip('/')}/{name[len(mark) :]}"


@contextlib.contextmanager
def NullContextmanager(*args: Any, **kwargs: Any) -> Iterator[None]:
    """Does nothing, whatever it is given."""
    yield


def register_dense_tensor_like_type(tensor_type: type) -> None:
    """Does nothing: what has a conversion function is taken as a tensor."""


def dismantle_graph(graph: Any) -> None:
    """Does nothing: Python frees a graph when nothing refers to it."""


class RegisterShape:
    """A decorator without effect: an op's shape rule stands with the op."""

    def __init__(self, op_type: str):
        self._op_type = op_type

    def __call__(self, f: Callable) -> Callable:
        return f


def is_dense_tensor_like(t: Any) -> bool:
    """Whether a value is a tensor or variable."""
    return isinstance(t, (Tensor, Variable))


def is_tensor(x: Any) -> bool:
    """Whether a value is a tensor, sparse tensor, indexed slices or variable."""
    return isinstance(x, (Tensor, SparseTensor, IndexedSlices, Variable))


def is_sparse(x: Any) -> bool:
    """Whether a value is a sparse tensor."""
    return isinstance(x, SparseTensor)
